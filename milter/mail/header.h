/*
 * The header section of one message, in order, bounded.  A field's value is
 * kept as the MTA handed it over: leading blanks and folds (LF or CRLF)
 * included, final line end not.  Names are matched without case up to the
 * end of the section, also beyond the limits: a second From is never hidden.
 */
#ifndef MW_MAIL_HEADER_H
#define MW_MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct headers;

#define HEADERS_MAX 5000		/* fields kept */
#define HEADERS_BYTES_MAX (1024 * 1024)	/* bytes kept of all fields */
#define HEADER_VALUE_MAX (64 * 1024)	/* bytes kept of one field */

enum header_id {
	HDR_OTHER,
	HDR_FROM, HDR_SENDER, HDR_REPLY_TO, HDR_TO, HDR_CC, HDR_BCC,
	HDR_DATE, HDR_MESSAGE_ID, HDR_IN_REPLY_TO, HDR_REFERENCES,
	HDR_SUBJECT, HDR_COMMENTS, HDR_KEYWORDS,
	HDR_RESENT_FROM, HDR_RESENT_SENDER, HDR_RESENT_TO, HDR_RESENT_CC,
	HDR_RESENT_DATE, HDR_RESENT_MESSAGE_ID,
	HDR_RECEIVED, HDR_RETURN_PATH,
	HDR_MIME_VERSION, HDR_CONTENT_TYPE, HDR_CONTENT_TRANSFER_ENCODING,
	HDR_CONTENT_ID, HDR_CONTENT_DESCRIPTION, HDR_CONTENT_DISPOSITION,
	HDR_CONTENT_LANGUAGE,
	HDR_LIST_ID, HDR_LIST_POST, HDR_LIST_HELP, HDR_LIST_OWNER,
	HDR_LIST_ARCHIVE, HDR_LIST_SUBSCRIBE, HDR_LIST_UNSUBSCRIBE,
	HDR_LIST_UNSUBSCRIBE_POST,
	HDR_PRECEDENCE, HDR_AUTO_SUBMITTED, HDR_FEEDBACK_ID, HDR_THREAD_INDEX,
	HDR_DKIM_SIGNATURE, HDR_AUTHENTICATION_RESULTS,
	HDR_ARC_SEAL, HDR_ARC_MESSAGE_SIGNATURE, HDR_ARC_AUTHENTICATION_RESULTS,
	HDR_X_MAILWORTHY,
	HDR_IDS
};

enum {					/* bits of header.odd, set while adding */
	HEADER_ODD_8BIT = 1,		/* a byte over 127 */
	HEADER_ODD_NUL = 2,
	HEADER_ODD_BARE_CR = 4,
	HEADER_ODD_LINE_LONG = 8,	/* a line over 998 octets, name included */
	HEADER_ODD_CUT = 16,		/* longer than HEADER_VALUE_MAX: cut */
	HEADER_ODD_NAME = 32,		/* name with bytes RFC 5322 does not allow */
	HEADER_ODD_CONTROL = 64,	/* control byte other than TAB, CR, LF, NUL */
};

struct header {
	enum header_id id;
	struct slice name;
	struct slice value;		/* as received, leading blank included */
	size_t full_size;		/* octets of the value as received */
	size_t longest_line;		/* octets, name and colon included */
	unsigned odd;			/* HEADER_ODD_ bits */
	unsigned index;			/* place among fields of this name, from 1,
					 * also for names without an id */
};

struct headers *headers_new(struct arena *arena);

/* Copies name and value. */
void headers_add(struct headers *headers, struct slice name, struct slice value);

/* Fields that can be looked at, and all with those beyond the limits. */
size_t headers_kept(const struct headers *headers);
size_t headers_total(const struct headers *headers);

/* Octets of all fields on the wire: name, ":", value with CRLF folds, CRLF. */
size_t headers_bytes(const struct headers *headers);

/* Something was not kept: fields after a limit, the end of a long value.  What
 * is kept is the beginning of the section, without holes. */
bool headers_over_limit(const struct headers *headers);

const struct header *headers_at(const struct headers *headers, size_t i);

/* Occurrences of a field, also beyond the limits. */
size_t headers_count(const struct headers *headers, enum header_id id);

/* The first, the last field of that kind that was kept, or NULL. */
const struct header *headers_first(const struct headers *headers, enum header_id id);
const struct header *headers_last(const struct headers *headers, enum header_id id);

/* The next of the same kind after h, or NULL. */
const struct header *headers_next(const struct headers *headers,
    const struct header *h);

/* The id of a name; HDR_OTHER for names not listed. */
enum header_id header_id_of(struct slice name);
const char *header_id_name(enum header_id id);	/* "From"; canonical spelling */

/* The value without fold line ends (RFC 5322 section 2.2.3), trimmed: in the arena,
 * or a piece of `value` itself when it has none. */
struct slice header_unfold(struct arena *arena, struct slice value);

#endif
