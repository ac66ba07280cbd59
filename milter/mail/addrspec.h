/*
 * One addr-spec (RFC 5322 section 3.4.1, obsolete forms and routes included):
 * what stands inside <> or alone.
 */
#ifndef MW_MAIL_ADDRSPEC_H
#define MW_MAIL_ADDRSPEC_H

#include "base/slice.h"

struct address;
struct arena;

/* Fills all of the address but the name, and adds to its faults. */
void addrspec_parse(struct arena *arena, struct slice spec, struct address *address);

#endif
