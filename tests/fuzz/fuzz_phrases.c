/* Both matchers find the same.  The input: lines of
 * phrases, an empty line, a text. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/phrases.h"

enum { LIST_MAX = 50 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, line;
	const struct phrase *found[LIST_MAX], *own_found[LIST_MAX];
	struct arena *arena = arena_new();
	struct phrases *phrases, *own;
	struct phrase list[LIST_MAX];
	struct phrase_text text = { PHRASE_BODY, { NULL, 0 } };
	const char *error;
	size_t n = 0, n_found;

	while (slice_split(&rest, '\n', &line) && line.n > 0 && n < LIST_MAX)
		list[n++] = (struct phrase){ slice_dup(arena, slice_sub(line, 0, PHRASE_MAX)),
		    "xx", PHRASE_BODY };
	text.text = rest;
	phrases = phrases_new(list, n, &error);
	own = phrases_new_own(list, n, &error);
	n_found = phrases_find(phrases, &text, 1, found, LIST_MAX);
	if (phrases_find(own, &text, 1, own_found, LIST_MAX) != n_found ||
	    (n_found > 0 && memcmp(found, own_found, n_found * sizeof(found[0])) != 0))
		bug("the matchers differ");
	phrases_free(&phrases);
	phrases_free(&own);
	arena_free(&arena);
	return 0;
}
