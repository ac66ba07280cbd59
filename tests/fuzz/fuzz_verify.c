/*
 * A message with signatures: fields up to an empty line, then the body.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dkim_lib *lib;
	struct slice rest = { (const char *)data, size }, line;
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);
	const struct verified *verified;
	struct verifier *verifier;
	const char *error;
	struct dns *dns = dns_new_zone(SLICE("*.example.com 60 TXT \"v=DKIM1; k=ed25519; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"\n"), &clock_system, arena,
	    &error);
	size_t colon, n;

	if (lib == NULL)
		lib = dkim_lib_new(&error);
	while (slice_split(&rest, '\n', &line) && (colon = slice_find(line, ':')) < line.n)
		headers_add(headers, slice_sub(line, 0, colon),
		    slice_sub(line, colon + 1, line.n));
	verifier = verifier_new(lib, arena, headers, 1795262400);
	if (verifier != NULL) {
		verifier_body(verifier, rest.p, rest.n);
		while (verifier_finish(verifier, lookups_new(dns, arena, 1, 9), &verified,
		    &n) != 0)
			bug("the zone answers at once");
	}
	dns_free(&dns);
	arena_free(&arena);
	return 0;
}
