/*
 * A header field, its name up to the first colon.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/encoded.h"
#include "mail/header.h"
#include "mail/mend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where a line is folded some blanks may go. */
static bool
says_the_same(struct arena *arena, struct slice a, struct slice b)
{
	const char *x = encoded_decode(arena, a, NULL), *y = encoded_decode(arena, b, NULL);

	for (;; x++, y++) {
		x += strspn(x, " \t");
		y += strspn(y, " \t");
		if (*x != *y || *x == '\0')
			return *x == *y;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size }, name, value, again;
	struct mend_options options = { .charset = "iso-8859-1" };
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);
	const struct header *field;
	unsigned found;

	if (!slice_split(&bytes, ':', &name))
		name = SLICE("");
	found = field_mend(arena, name, bytes, &options, &value);
	if (((found & MEND_CHANGED) == 0) != slice_eq(value, bytes))
		bug("changed and unchanged");
	headers_add(headers, name, value);
	field = headers_at(headers, 0);
	if ((found & MEND_LEFT) == 0 && (field->odd & (HEADER_ODD_8BIT | HEADER_ODD_NUL |
	    HEADER_ODD_BARE_CR | HEADER_ODD_LINE_LONG)) != 0)
		bug("left without a word");
	if (slice_is(name, "Subject") && found == MEND_CHANGED && utf8_valid(bytes) &&
	    slice_find_nocase(bytes, "=?") == bytes.n &&
	    slice_find(bytes, '\r') == bytes.n && slice_find(bytes, '\0') == bytes.n &&
	    slice_find(bytes, '\n') == bytes.n && !says_the_same(arena, value, bytes))
		bug("the subject says something else");
	if (found == MEND_CHANGED && field_mend(arena, name, value, &options, &again) != 0)
		bug("mended twice");
	options.for_sendmail = options.exact = true;
	found = field_mend(arena, name, bytes, &options, &value);
	if ((found & MEND_LEFT) == 0 && field_mend(arena, name, value, &options, &again) != 0)
		bug("mended twice for Sendmail");
	arena_free(&arena);
	return 0;
}
