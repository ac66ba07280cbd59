/*
 * Encoded words (RFC 2047) and charsets, through GMime's leaf functions.
 */
#ifndef MW_MAIL_ENCODED_H
#define MW_MAIL_ENCODED_H

#include <stdbool.h>

#include "base/slice.h"
#include "mail/utf8.h"

struct arena;

#define ENCODED_WORD_MAX 75		/* octets of one encoded word (section 2) */
#define ENCODED_CHARSETS_MAX 8		/* different charsets read in one value */

struct encoded_facts {
	bool has_encoded_word;
	bool broken;		/* =? that is no valid encoded word, grown together with
				 * text (section 5), unknown charset or encoding, bytes
				 * that are no text in the charset */
	bool split_character;	/* a UTF-8 character in two words: not all join them */
	bool too_long;		/* one over ENCODED_WORD_MAX */
	bool raw_8bit;		/* bytes over 127 outside encoded words */
	bool raw_not_utf8;	/* of which some are no UTF-8 */
};

/*
 * The value unfolded and decoded to valid UTF-8, in the arena (U+FFFD for what
 * cannot be read and for NUL; a broken encoded word stays as it is).  Words
 * side by side in one charset are joined before they are converted, as most
 * readers do.  facts_r may be NULL.  Cost is linear; input is capped by the
 * caller (HEADER_VALUE_MAX).
 */
const char *encoded_decode(struct arena *arena, struct slice value,
    struct encoded_facts *facts_r);

#endif
