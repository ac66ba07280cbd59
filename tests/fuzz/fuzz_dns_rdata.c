/*
 * Record data: the first byte chooses the type, the rest is the data.  What
 * comes out must be canonical and stay so.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "dns/name.h"
#include "dns/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_SOA, DNS_PTR, DNS_MX, DNS_TXT,
		DNS_AAAA };
	struct arena *arena = arena_new();
	char text[DNS_NAME_TEXT_MAX];
	struct slice rdata;
	struct dns_rr rr;

	if (size > 0) {
		rdata = (struct slice){ (const char *)data + 1, size - 1 };
		if (dns_rdata_parse(arena, types[data[0] % 6], rdata, &rr) &&
		    rr.name != NULL && (!dns_name_canonical(rr.name, text) ||
		    strcmp(rr.name, text) != 0))
			bug("not canonical: %s", rr.name);
	}
	arena_free(&arena);
	return 0;
}
