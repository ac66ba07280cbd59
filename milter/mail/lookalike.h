/*
 * Names that look alike: the part of the skeletons of UTS #39 section 4 that
 * Latin letters need, and digits that stand for letters.
 */
#ifndef MW_MAIL_LOOKALIKE_H
#define MW_MAIL_LOOKALIKE_H

#include <stdbool.h>

#include "base/slice.h"

/* False when the label (lower-case UTF-8) is plain: it can only look like itself. */
bool lookalike_possible(struct slice label);

/* The two look alike; also true of equal ones. */
bool lookalike_same(struct slice a, struct slice b);

#endif
