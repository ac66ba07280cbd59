/*
 * A body; the first line is its Content-Type.  Wherever it is cut, the same is
 * seen in it, and texts are UTF-8.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/body.h"
#include "mail/header.h"
#include "mail/utf8.h"
#include "mail/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct view *
read_body(struct arena *arena, struct slice type, struct slice bytes, unsigned seed)
{
	struct headers *headers = headers_new(arena);
	struct body_facts facts;
	struct body *body;
	size_t n;

	headers_add(headers, SLICE("Content-Type"), type);
	body = body_new(arena, headers);
	for (size_t i = 0; i < bytes.n; i += n) {
		n = bytes.n;
		if (seed != 0) {
			seed = seed * 1103515245u + 12345;
			n = 1 + (seed >> 16) % (seed % 5 == 0 ? 4000 : 30);
		}
		n = slice_sub(bytes, i, n).n;
		body_add(body, bytes.p + i, n);
	}
	body_finish(body, &facts);
	return body_view(body);
}

static void
compare(const struct view_part *a, const struct view_part *b)
{
	if (strcmp(a->section, b->section) != 0 || a->kind != b->kind ||
	    a->size != b->size || a->decoded_size != b->decoded_size ||
	    a->bad_encoding != b->bad_encoding || a->ascii_only != b->ascii_only ||
	    a->charset_unknown != b->charset_unknown || a->malformed != b->malformed ||
	    a->has_8bit != b->has_8bit ||
	    (!a->over_limit && !slice_eq(a->text, b->text)))
		bug("part %s", a->section);
	if (!utf8_valid(a->text))
		bug("text of part %s", a->section);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size }, type = { "", 0 };
	struct arena *arena = arena_new();
	const struct view *whole, *cut;

	slice_split(&bytes, '\n', &type);
	whole = read_body(arena, type, bytes, 0);
	cut = read_body(arena, type, bytes, (unsigned)size | 1);
	if (whole->n_parts != cut->n_parts || whole->n_links != cut->n_links)
		bug("%zu parts, %zu links", cut->n_parts, cut->n_links);
	for (size_t i = 0; i < whole->n_parts; i++)
		compare(&whole->parts[i], &cut->parts[i]);
	arena_free(&arena);
	return 0;
}
