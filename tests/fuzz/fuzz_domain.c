/*
 * Domain names: what comes out is canonical, and its own A-label form.
 */
#include <stdint.h>

#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/domain.h"
#include "mail/psl.h"
#include "mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena *arena = arena_new();
	const char *name = domain_to_ascii(arena, text), *again;

	if (name != NULL) {
		if (!domain_is_queryable(name))
			bug("not to be asked for: %s", name);
		again = domain_to_ascii(arena, slice_of(name));
		if (again == NULL || strcmp(again, name) != 0)
			bug("not canonical: %s", name);
		if (!utf8_valid(slice_of(domain_to_utf8(arena, name))))
			bug("U-labels are no UTF-8");
		domain_mixes_scripts(arena, name);
	}
	name = slice_dup(arena, text);
	domain_to_utf8(arena, name);
	again = psl_org_domain(name);
	if (again != NULL && !domain_is_under(name, again))
		bug("%s is not under %s", name, again);
	arena_free(&arena);
	return 0;
}
