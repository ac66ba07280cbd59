/*
 * A header section: fields end at NUL, the first colon ends a name.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);
	struct slice line, unfolded;
	size_t colon, total = 0;

	while (slice_split(&text, '\0', &line)) {
		colon = slice_find(line, ':');
		headers_add(headers, slice_sub(line, 0, colon),
		    slice_sub(line, colon < line.n ? colon + 1 : colon, line.n));
		total++;
	}
	if (headers_total(headers) != total)
		bug("%zu fields of %zu", headers_total(headers), total);
	for (size_t i = 0; i < headers_kept(headers); i++) {
		unfolded = header_unfold(arena, headers_at(headers, i)->value);
		if (slice_find(unfolded, '\n') < unfolded.n)
			bug("a fold is left");
	}
	arena_free(&arena);
	return 0;
}
