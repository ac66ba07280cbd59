/* Names that hide what a file is.  For checks/ only. */
#ifndef MW_CHECKS_DISGUISE_H
#define MW_CHECKS_DISGUISE_H

#include "checks/check.h"

/*
 * How the name deceives, for people: a second suffix behind a harmless one, a
 * character that turns or hides, a content of another kind.  NULL when it does
 * not.  name and content (a suffix that the bytes stand for) may be NULL.
 */
const char *disguise_of(const struct check_input *input, const char *name,
    const char *content, bool is_entry);

#endif
