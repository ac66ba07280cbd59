/* A list of any kind, as the first octet says; what loads can be asked. */
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/errors.h"
#include "settings/lists_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct lists *lists = arena_alloc(arena, sizeof(*lists));
	unsigned kind = size > 0 ? data[0] % (LISTS + 3) : 0;
	struct list_source source = {
		.file = "f", .arena = arena, .work = arena, .errors = errors_new(arena),
		.text = slice_sub((struct slice){ (const char *)data, size }, 1, size),
	};
	const char *const *words;
	size_t n;

	lists->by_mx = map_new(arena);
	if (kind == LISTS)
		lists_parse_providers(&source, lists);
	else if (kind == LISTS + 2)
		lists_parse_blocklists(&source, lists);
	else if (kind == LISTS + 1)
		lists_parse_phrases(&source, "xx", lists);
	else
		lists_parse_words(&source, (enum list)kind, lists);
	for (words = kind < LISTS ? lists_words(lists, (enum list)kind, &n) : NULL;
	    words != NULL && n > 0; n--) {
		if (!lists_has_domain(lists, (enum list)kind, words[n - 1]))
			__builtin_trap();
	}
	lists_provider(lists, errors_text(source.errors));
	lists_blocklist(lists, "bl.example");
	arena_free(&arena);
	return 0;
}
