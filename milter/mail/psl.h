/*
 * The public suffix list, through libpsl (builtin list).  The names here keep
 * clear of those the library exports.
 */
#ifndef MW_MAIL_PSL_H
#define MW_MAIL_PSL_H

#include <stdbool.h>

/* The registrable domain of an A-label name (lower-case, without the final
 * dot): a pointer into `name`, or NULL for a public suffix, an address or
 * nonsense. */
const char *psl_org_domain(const char *name);

/* A name the list has as a suffix; a top label it does not know is one too. */
bool psl_is_suffix(const char *name);

#endif
