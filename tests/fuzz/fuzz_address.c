/*
 * The mailboxes of a header field, and an envelope path.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/address.h"
#include "mail/domain.h"
#include "mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena *arena = arena_new();
	struct address_list list;
	struct address path;
	unsigned faults = 0;
	bool is_null;

	address_list_parse(arena, text, &list);
	for (size_t i = 0; i < list.n; i++) {
		const struct address *a = &list.addresses[i];

		faults |= a->faults;
		if (!utf8_valid(slice_of(a->name)))
			bug("name is no UTF-8");
		if (*a->domain != '\0' && !domain_is_queryable(a->domain) &&
		    !domain_is_literal(slice_of(a->domain)))
			bug("domain %s", a->domain);
	}
	if ((faults & ~list.faults) != 0 || list.total < list.n)
		bug("faults %x of %x", list.faults, faults);
	address_path_parse(arena, text, &path, &is_null);
	arena_free(&arena);
	return 0;
}
