/*
 * A body; the first line is its Content-Type.  Chunks of any size say the same.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/body.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size }, type = { "", 0 };
	const size_t chunks[] = { size + 1, 1, 7, size / 2 + 1 };
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);
	struct body_facts facts[4], *f = facts;
	struct body *body;

	slice_split(&bytes, '\n', &type);
	headers_add(headers, SLICE("Content-Type"), type);
	for (; f < facts + 4; f++) {
		body = body_new(arena, headers);
		for (size_t i = 0; i < bytes.n; i += chunks[f - facts])
			body_add(body, bytes.p + i,
			    slice_sub(bytes, i, chunks[f - facts]).n);
		body_finish(body, f);
		if (f->lines != facts->lines ||
		    f->longest_line != facts->longest_line ||
		    f->bare_cr != facts->bare_cr || f->bare_lf != facts->bare_lf ||
		    f->nul_bytes != facts->nul_bytes || f->parts != facts->parts ||
		    f->levels != facts->levels || f->over_limit != facts->over_limit ||
		    !f->undeclared_8bit != !facts->undeclared_8bit)
			bug("chunks of %zu", chunks[f - facts]);
	}
	arena_free(&arena);
	return 0;
}
