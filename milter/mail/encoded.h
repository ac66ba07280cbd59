/*
 * Encoded words (RFC 2047) and charsets, through GMime's leaf functions.
 */
#ifndef MW_MAIL_ENCODED_H
#define MW_MAIL_ENCODED_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

struct encoded_facts {
	bool has_encoded_word;
	bool broken;		/* =? that is no valid encoded word, unknown charset or encoding,
				 * bytes that are no text in the charset */
	bool too_long;		/* one over 75 characters (section 2) */
	bool raw_8bit;		/* bytes over 127 outside encoded words */
	bool raw_not_utf8;	/* of which some are no UTF-8 */
};

/*
 * The value unfolded and decoded to valid UTF-8, in the arena (U+FFFD for what
 * cannot be read).  facts_r may be NULL.  Cost is linear; input is capped by
 * the caller (HEADER_VALUE_MAX).
 */
const char *encoded_decode(struct arena *arena, struct slice value,
    struct encoded_facts *facts_r);

/* Characters (code points) of valid UTF-8. */
size_t utf8_length(const char *text);

/* Decodes one code point; returns the bytes taken, 0 at the end; U+FFFD with
 * 1 byte taken for an invalid byte. */
size_t utf8_next(struct slice text, unsigned *codepoint_r);
bool utf8_valid(struct slice text);

#endif
