/*
 * Answers of other filters: the first octet chooses which.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "evidence/opinion/opinion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dialect *const dialects[] = {
		&dialect_spamd, &dialect_rspamd, &dialect_clamd,
	};
	struct arena *arena;
	struct opinion opinion = { .symbols = "" };

	if (size == 0)
		return 0;
	arena = arena_new();
	dialects[data[0] % 3]->understand(arena,
	    (struct slice){ (const char *)data + 1, size - 1 }, &opinion);
	if (opinion.known != KNOWN_VALUE && opinion.error == NULL)
		bug("not understood, and no word why");
	if (opinion.symbols == NULL)
		bug("no symbols");
	arena_free(&arena);
	return 0;
}
