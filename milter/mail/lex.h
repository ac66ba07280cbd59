/*
 * The lexical pieces that structured header fields share: blanks, comments,
 * quoted strings (RFC 5322 section 3.2).  A piece that is opened and never
 * closed is no piece; that is found out once a text, so that reading stays
 * linear, and holds whenever that place is read again.
 */
#ifndef MW_MAIL_LEX_H
#define MW_MAIL_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct lex {
	struct slice text;
	/* position + 1 from where on no quoted string, no comment ends; 0: unknown */
	size_t open_quote, open_comment;
};

bool lex_is_blank(char byte);		/* SP, HTAB, CR, LF */

/* Position after the quoted string, comment that begins at `at`; `at` itself
 * when none does. */
size_t lex_quoted(struct lex *lex, size_t at);
size_t lex_comment(struct lex *lex, size_t at);

/* Position after blanks and comments. */
size_t lex_skip(struct lex *lex, size_t at);

/* RFC 5322 atext, and bytes over 127 (RFC 6532). */
bool lex_is_atext(char byte);

/* Something that begins as an encoded word, and something that ends as one. */
bool lex_has_encoded_word(struct slice text);

/* Writes what a quoted string says to out (never more than the string is
 * long); returns the bytes written. */
size_t lex_unquote(struct slice quoted, char *out);

#endif
