/*
 * A resolver for tests of collectors: answers from zone text, but only one
 * round after it was asked, so that tests see what is asked together.  It
 * stands in for dns/dns.h at link time.
 */
#ifndef TESTS_UNIT_SLOW_DNS_H
#define TESTS_UNIT_SLOW_DNS_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/dns.h"

struct arena;

/*
 * Lines "NAME TYPE DATA" as in dns_new_zone(), without TTL, wildcards and
 * comments.  All answers live for 300 seconds, or as slow_dns_ttl() said.
 */
struct lookups *slow_dns_new(struct arena *arena, struct slice zone);

/* Answers at once when not slow (as made: at once). */
void slow_dns_slow(struct lookups *lookups, bool slow);

void slow_dns_ttl(struct lookups *lookups, const char *name, enum dns_type type,
    uint32_t ttl);

/* "TYPE NAME" of the questions still open, in the order asked, joined with ", ". */
const char *slow_dns_open(struct lookups *lookups);

#endif
