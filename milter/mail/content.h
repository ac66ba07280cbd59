/*
 * Content-Type, Content-Disposition and Content-Transfer-Encoding values
 * (RFC 2045, 2183, 2231).
 */
#ifndef MW_MAIL_CONTENT_H
#define MW_MAIL_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

enum transfer_encoding {
	CTE_NONE,		/* field absent: 7bit */
	CTE_7BIT, CTE_8BIT, CTE_BINARY, CTE_QUOTED_PRINTABLE, CTE_BASE64,
	CTE_UNKNOWN,
};

#define CONTENT_PARAMS_MAX 32		/* parameters kept */
#define CONTENT_SEGMENTS_MAX 64		/* pieces (RFC 2231 section 3) kept */

struct content_param {
	const char *name;	/* lower-case, in the arena */
	const char *value;	/* unquoted, RFC 2231 parts joined, not decoded */
	bool encoded_word;	/* value holds =?...?= (Outlook, PHP) */
	bool extended;		/* value is charset'language'octets as %XX (RFC 2231
				 * section 4) */
};

struct content_type {
	const char *type;	/* lower-case; "text" when absent */
	const char *subtype;	/* lower-case; "plain" when absent */
	struct content_param params[CONTENT_PARAMS_MAX];
	size_t n_params;
	bool malformed;		/* not as the grammar wants it, or over the limits */
};

/* Of a parameter given twice the first counts; name*=... goes before name=... */
void content_type_parse(struct arena *arena, struct slice value,
    struct content_type *type_r);

/* "attachment", "inline", "" with its parameters; type holds the word. */
void content_disposition_parse(struct arena *arena, struct slice value,
    struct content_type *disposition_r);

/* The value, NULL when absent. */
const char *content_param(const struct content_type *type, const char *name);

/* CTE_NONE for an empty value. */
enum transfer_encoding transfer_encoding_parse(struct slice value);

#endif
