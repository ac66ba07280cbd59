/*
 * Domain names: A-labels, host name syntax, scripts.  libidn2 is called here.
 */
#ifndef MW_MAIL_DOMAIN_H
#define MW_MAIL_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

#define DOMAIN_MAX 253		/* octets in text form without the final dot */
#define DOMAIN_LABEL_MAX 63

/*
 * The name in A-label form, lower-case, without the final dot; NULL when it
 * is no valid name (RFC 5890, IDNA2008 with UTS #46 mapping; underscores are
 * allowed, an address literal is not).
 */
const char *domain_to_ascii(struct arena *arena, struct slice name);

/* U-label form for people; the input when it has none. */
const char *domain_to_utf8(struct arena *arena, const char *ascii);

/* LDH labels of 1-63, 253 octets, at least one dot, top label not numeric. */
bool domain_is_fqdn(const char *name);

/* Octets and labels only: fit to be asked in DNS. */
bool domain_is_queryable(const char *name);

/* name == parent or ends in "." parent (both lower-case A-labels). */
bool domain_is_under(const char *name, const char *parent);

/* The name without its first label, or NULL at the last. */
const char *domain_parent(const char *name);

size_t domain_labels(const char *name);

/* "[192.0.2.1]", "192.0.2.1". */
bool domain_is_literal(struct slice name);

/*
 * True when a label of the name (U-label form) mixes scripts above the
 * "highly restrictive" level of UTS #39 section 5.2: one script, or Latin
 * with the Japanese, Chinese or Korean sets.
 */
bool domain_mixes_scripts(struct arena *arena, const char *ascii);

#endif
