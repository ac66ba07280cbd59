/*
 * Date fields: what was read is written and read again.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena *arena = arena_new();
	time_t when, again;

	/* A zone can move a date out of the years that are written with four digits. */
	if (date_parse(text, &when) && when > -2208988800 && when < 253402300800 &&
	    (!date_parse(slice_of(date_format(arena, when)), &again) || again != when))
		bug("%lld", (long long)when);
	arena_free(&arena);
	return 0;
}
