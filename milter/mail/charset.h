/*
 * The octets of a text, in pieces, to valid UTF-8: byte order marks, the
 * charset as declared or as the HTML itself says, what is no text in it.
 */
#ifndef MW_MAIL_CHARSET_H
#define MW_MAIL_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct charset_reader;

#define CHARSET_HEAD 1024		/* octets of HTML looked at for <meta charset> */
#define CHARSET_PIECE 8192		/* octets handed over at once, at most */
#define CHARSET_LEFT 16			/* octets that may wait for the next piece */
#define CHARSET_MAX 16			/* different charsets converted in one message */
#define CHARSET_ERRORS_MAX 10000	/* then the rest of a text is not converted */

struct charset_facts {
	bool unknown;		/* declared, but there is no such charset, or octets are
				 * none of it, or a byte order mark says another */
	bool guessed;		/* octets that are no UTF-8 were taken for windows-1252 */
	bool ascii_only;	/* no octet over 127, no NUL; nor, in the charset declared,
				 * other characters written with such (ISO-2022-JP) */
	bool over_limit;	/* one charset too many in this message: not converted */
};

struct charset_reader *charset_new(struct arena *arena);

/*
 * A new text.  `declared` may be NULL: then valid UTF-8 is UTF-8 and any other
 * octet windows-1252, unless the HTML or a mark says something else.  sink gets
 * whole characters, and returns false when it wants no more.
 */
void charset_begin(struct charset_reader *reader, const char *declared, bool is_html,
    bool (*sink)(void *object, const char *text, size_t n), void *object);

/* False when the sink wants no more. */
bool charset_add(struct charset_reader *reader, const char *bytes, size_t n);
void charset_finish(struct charset_reader *reader, struct charset_facts *facts_r);

#endif
