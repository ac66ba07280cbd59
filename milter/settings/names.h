/*
 * The form of names that settings hold.
 */
#ifndef MW_SETTINGS_NAMES_H
#define MW_SETTINGS_NAMES_H

#include <stdbool.h>

#include "base/slice.h"

/* Labels of letters, digits and '-', at least two of them; no final dot. */
bool name_is_domain(struct slice name);

/* Likewise, one label is enough; '_' may stand in it (RFC 6376 3.1, RFC 7208). */
bool name_is_dns(struct slice name);

/* "*", "*.name" or a name. */
bool name_is_pattern(struct slice name);

/* The name is the parent or ends in "." and the parent. */
bool name_is_under(const char *name, const char *parent);

bool name_is_mailbox(struct slice name);	/* local@domain */
bool name_is_account(struct slice name);
bool name_is_ascii(struct slice name);

/* Letters, digits and any of `more`; not empty. */
bool name_is_of(struct slice name, const char *more);

#endif
