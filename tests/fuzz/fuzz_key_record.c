/*
 * A key record out of DNS, in one or two TXT records.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "dkim/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice texts[2] = { { (const char *)data, size }, { "v=DKIM1; p=", 11 } };
	size_t n_strings[2] = { size / 255 + 1, 1 };
	struct arena *arena = arena_new();
	struct key_record record;

	key_record_parse(arena, texts, n_strings, 1, &record);
	if ((record.status == KEY_RECORD_MALFORMED) != (record.problem != NULL))
		bug("status %d", record.status);
	if (record.status == KEY_RECORD_VALID && record.bits == 0)
		bug("a key without bits");
	key_record_parse(arena, texts, n_strings, 2, &record);
	if (record.status != KEY_RECORD_MALFORMED)
		bug("two records are one too many");
	arena_free(&arena);
	return 0;
}
