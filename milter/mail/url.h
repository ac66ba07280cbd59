/*
 * URLs as they stand in links (RFC 3986, and what mail programs make of less).
 */
#ifndef MW_MAIL_URL_H
#define MW_MAIL_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

#define URL_MAX 8192		/* octets looked at; a longer one is cut */

enum url_kind {
	URL_NONE,		/* not a URL: fragment, relative, unreadable */
	URL_HTTP, URL_HTTPS,
	URL_MAILTO, URL_TEL,
	URL_JAVASCRIPT, URL_DATA, URL_FILE, URL_CID,
	URL_OTHER,		/* another scheme */
};

struct url {
	enum url_kind kind;
	const char *host;	/* A-label, lower-case, or the address as text; NULL */
	const char *host_shown;	/* the host as it was written, decoded; NULL */
	const char *org_domain;	/* of host by the public suffix list; NULL for an
				 * address or a name without one */
	bool host_is_ip;	/* also 0x7f000001, 2130706433, [2001:db8::1] */
	bool has_userinfo;
	unsigned port;		/* 0: none given or the scheme's own */
	bool has_invisible;	/* zero-width or bidi characters in it */
	struct slice path;	/* with query, as written */
};

/*
 * As a browser reads it: blanks and control characters around and inside the
 * scheme dropped, backslashes as slashes, percent-encoded hosts decoded.  A
 * value beginning "//" is https.  The arena holds the texts.
 */
void url_parse(struct arena *arena, struct slice value, struct url *url_r);

/*
 * The next http or https URL in running text (or "www." name) from *at on; false at
 * the end.  Trailing punctuation and brackets do not belong to it.
 */
bool url_find(struct slice text, size_t *at, struct slice *url_r);

#endif
