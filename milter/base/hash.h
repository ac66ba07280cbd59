/*
 * A keyed hash for tables (SipHash-1-3): who does not know the key cannot
 * choose names that fall into one bucket.
 */
#ifndef MW_BASE_HASH_H
#define MW_BASE_HASH_H

#include <stdint.h>

#include "base/slice.h"

struct hash_key {
	uint64_t k0, k1;
};

/* A random key. */
struct hash_key hash_key_new(void);

uint64_t hash_bytes(const struct hash_key *key, struct slice bytes);

#endif
