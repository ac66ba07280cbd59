/*
 * HTML parts, in one piece and byte by byte.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct html_facts
read_html(struct arena *arena, const uint8_t *data, size_t size, size_t step)
{
	struct html *html = html_new(arena);
	struct html_facts facts;

	for (size_t i = 0; i < size; i += step)
		html_add(html, (const char *)data + i, size - i < step ? size - i : step);
	html_finish(html, &facts);
	return facts;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct html_facts all = read_html(arena, data, size, size + 1);
	struct html_facts one = read_html(arena, data, size, 1);

	if (all.size != size || all.n_links > all.links_total || all.text.n > HTML_TEXT_MAX)
		bug("impossible facts");
	if (!all.over_limit && !one.over_limit && (!slice_eq(all.text, one.text) ||
	    all.hidden != one.hidden || all.n_links != one.n_links))
		bug("pieces make a difference");
	arena_free(&arena);
	return 0;
}
