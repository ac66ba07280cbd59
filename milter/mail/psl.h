/* The public suffix list, through libpsl (builtin list). */
#ifndef MW_MAIL_PSL_H
#define MW_MAIL_PSL_H

#include <stdbool.h>

/* The registrable domain of an A-label name: a pointer into `name`, or NULL for
 * a public suffix, an address or nonsense. */
const char *psl_org_domain(const char *name);

bool psl_is_public_suffix(const char *name);

#endif
