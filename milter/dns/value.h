/*
 * An answer packed into one run of bytes, as the cache keeps it: pointers are
 * offsets until the copy that a message works on is unpacked.
 */
#ifndef MW_DNS_VALUE_H
#define MW_DNS_VALUE_H

#include "dns/dns.h"

#define DNS_TTL_MAX 86400		/* seconds a good answer is believed */
#define DNS_NEGATIVE_TTL_MAX 3600	/* RFC 2308 section 5: one to three hours */
#define DNS_FAILURE_SECONDS 30		/* RFC 9520: a failure is remembered */
#define DNS_FAILURE_KEEP_SECONDS 600	/* and is a second-best answer for longer */

struct dns_value {
	size_t size;			/* of all, this struct included */
	int64_t good_until_us;		/* end of the TTL the server gave; monotonic */
	uint32_t ttl;			/* seconds from the moment it is stored */
	struct dns_answer answer;	/* ttl and server's words as they came */
};

/*
 * Packs an answer for the name, with the TTL bounded by the limits above; at
 * most DNS_RRS_MAX records.  The answer's own name, type and ttl are not
 * looked at but for ttl.
 */
struct dns_value *dns_value_pack(struct arena *arena, const char *name,
    enum dns_type type, const struct dns_answer *answer, int64_t now_us);

/* A packed copy that says "stale" and is good for DNS_FAILURE_SECONDS. */
struct dns_value *dns_value_stale(struct arena *arena, const struct dns_value *packed);

/* A packed copy good for what is left of the TTL. */
struct dns_value *dns_value_until(struct arena *arena, const struct dns_value *packed,
    int64_t now_us);

struct dns_value *dns_value_copy(struct arena *arena, const struct dns_value *packed);

/* Offsets become pointers, in place, once.  The answer's ttl is not set. */
struct dns_answer *dns_value_unpack(struct dns_value *packed);

/* Data (or a clear no) that may be served stale at this moment. */
bool dns_value_usable_stale(const struct dns_value *packed, int64_t now_us);

#endif
