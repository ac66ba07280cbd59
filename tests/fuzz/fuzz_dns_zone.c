/*
 * Zone text, then a few questions to what was read.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "example.com", "a.example.com",
		"x.y.example.com", "1.2.0.192.in-addr.arpa", "a", "" };
	static const enum dns_type types[] = { DNS_A, DNS_SOA, DNS_PTR, DNS_MX, DNS_TXT,
		DNS_AAAA };
	struct slice zone = { (const char *)data, size };
	struct arena *arena = arena_new();
	struct lookups *lookups;
	struct clock_fake clock;
	const char *error;
	struct dns *dns;

	clock_fake_init(&clock, 1700000000);
	dns = dns_new_zone(zone, &clock.clock, arena, &error);
	if (dns != NULL) {
		lookups = lookups_new(dns, arena, 10, DNS_QUERIES_MAX);
		for (size_t i = 0; i < 36; i++)
			dns_get(lookups, names[i / 6], types[i % 6]);
		while (lookups_wait(lookups))
			;
	}
	arena_free(&arena);
	dns_free(&dns);
	return 0;
}
