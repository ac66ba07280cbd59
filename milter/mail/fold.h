/*
 * Texts made alike before they are compared: letters small, blanks single,
 * signs that look the same the same, what shows nothing left out.
 */
#ifndef MW_MAIL_FOLD_H
#define MW_MAIL_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* The small letter (Unicode simple mappings of Latin, Greek, Cyrillic and
 * Armenian, one to one), or the code point itself. */
unsigned fold_lower(unsigned codepoint);

/*
 * Folds UTF-8 into `out`, which has room for text.n octets; returns how many
 * were written.  Invalid bytes become 0x01.  No blank stands first or last.
 */
size_t fold_text(struct slice text, char *out);

/*
 * A letter or digit of a script that separates words by blanks: beside it a
 * word goes on.
 */
bool fold_is_word(unsigned codepoint);

#endif
