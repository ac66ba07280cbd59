/*
 * Encoded words: what comes out is always UTF-8.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/encoded.h"
#include "mail/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena *arena = arena_new();
	struct encoded_facts facts;
	const char *decoded = encoded_decode(arena, text, &facts);

	if (!utf8_valid(slice_of(decoded)))
		bug("no UTF-8");
	if (facts.raw_not_utf8 && !facts.raw_8bit)
		bug("raw bytes without raw bytes");
	text_odd(slice_of(decoded), ~0u, NULL);
	text_is_blank(slice_of(decoded));
	text_has_emoji(slice_of(decoded));
	text_has_reply_prefix(slice_of(decoded));
	text_has_count(slice_of(decoded));
	arena_free(&arena);
	return 0;
}
