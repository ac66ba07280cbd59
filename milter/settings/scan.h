/*
 * Words, strings and signs of a configuration text.
 */
#ifndef MW_SETTINGS_SCAN_H
#define MW_SETTINGS_SCAN_H

#include "base/slice.h"

struct arena;
struct errors;

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,		/* audit, 0.5, 127.0.0.1 */
	TOKEN_STRING,		/* "..." or '...' */
	TOKEN_OPEN,		/* { */
	TOKEN_CLOSE,		/* } */
	TOKEN_EQUAL,
	TOKEN_APPEND,		/* += */
	TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	unsigned line;
	const char *text;	/* value of a word or string, else the sign */
};

struct scanner {
	struct slice rest;
	unsigned line;
	const char *file;
	struct arena *arena;
	struct errors *errors;
};

void scanner_init(struct scanner *scanner, struct slice text, const char *file,
    struct arena *arena, struct errors *errors);

/*
 * The next token.  What is none is reported and passed over: strings that
 * are not closed on their line, unknown escapes, ${...}, control bytes.
 * Comments (# and // to the end of the line, C comments) are blanks.
 */
struct token scanner_next(struct scanner *scanner);

#endif
