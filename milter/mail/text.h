/*
 * What code points do to a text for people: hide, turn round, decorate.
 * All read UTF-8; an invalid byte counts as U+FFFD.
 */
#ifndef MW_MAIL_TEXT_H
#define MW_MAIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum {					/* bits of text_odd() */
	TEXT_ODD_CONTROL = 1,		/* C0 but TAB, DEL, C1 */
	TEXT_ODD_TAG = 2,		/* U+E0000 to E007F, outside flags */
	TEXT_ODD_BIDI_OVERRIDE = 4,	/* U+202D, U+202E */
	TEXT_ODD_BIDI_EMBEDDING = 8,	/* U+202A to 202C: old, and honest in itself */
	TEXT_ODD_BIDI_ISOLATE = 16,	/* U+2066 to 2069: templates use them */
	TEXT_ODD_JOINER = 32,		/* U+200C, U+200D outside emoji and the scripts
					 * that need them */
};

/*
 * Bits for what the text holds.  codepoint_r, if not NULL, gets the first code
 * point whose bit is in `wanted`, or 0.
 */
unsigned text_odd(struct slice text, unsigned wanted, unsigned *codepoint_r);

/* Nothing but blanks and invisible code points, or nothing at all. */
bool text_is_blank(struct slice text);

/* A code point that shows nothing: blanks, zero-width ones, fillers. */
bool text_is_invisible(unsigned codepoint);

/* Zero-width and direction characters, which have no place in a URL or a word;
 * not U+00AD and U+034F, which templates put there honestly. */
bool text_is_zero_width(unsigned codepoint);

/* What does not count as a character read: blanks and what stands in for them. */
bool text_is_filler(unsigned codepoint);

/* Characters without fillers. */
size_t text_count(struct slice text);

/* A pictograph: emoji, flags, dingbats such as check marks and stars. */
bool text_is_emoji(unsigned codepoint);
bool text_has_emoji(struct slice text);

/* Begins with "Re:", "Fwd:", "AW:", "SV:", "Re[2]:" and the like. */
bool text_has_reply_prefix(struct slice text);

/* Begins or ends with a count as mail programs show one: "(2)", "[3]". */
bool text_has_count(struct slice text);

#endif
