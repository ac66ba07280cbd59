/*
 * Last care for texts on their way out.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/slice.h"
#include "verdict/text.h"

static const char *
without_line_ends(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *p = copy; *p != '\0'; p++) {
		if (*p == '\n' || *p == '\r' || *p == '\t')
			*p = ' ';
	}
	return copy;
}

const char *
text_for_people(struct arena *arena, const char *text, size_t max)
{
	struct slice rest, part;
	struct buf out;
	bool first = true;

	if (text == NULL)
		return "";
	rest = slice_of(without_line_ends(arena, text));
	buf_init(&out, arena, max + 3);
	while (slice_split(&rest, '\\', &part)) {
		if (!first)
			buf_add_char(&out, '\\');
		first = false;
		if (out.n > max)
			break;
		buf_add_str(&out, log_safe(arena, part, max - out.n));
	}
	return buf_str(&out);
}

/* Cut so that "..." fits, never inside a \xHH. */
static void
cut(struct buf *out, size_t max)
{
	size_t n = max > 3 ? max - 3 : 0;

	for (size_t back = 1; back < 4 && back <= n; back++) {
		if (out->p[n - back] == '\\') {
			n -= back;
			break;
		}
	}
	out->n = n;
	out->p[n] = '\0';
	buf_add_str(out, max >= 3 ? "..." : "");
}

const char *
text_for_smtp(struct arena *arena, const char *text, size_t max)
{
	struct buf out;

	if (text == NULL)
		return "";
	text = without_line_ends(arena, text);
	buf_init(&out, arena, max + 4);
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p < 0x20 || *p > 0x7e || *p == '%')
			buf_printf(&out, "\\x%02X", (unsigned)*p);
		else
			buf_add_char(&out, (char)*p);
		if (out.n > max) {
			cut(&out, max);
			break;
		}
	}
	return buf_str(&out);
}

const char *
text_signed_names(struct arena *arena, const char *signature)
{
	struct slice rest = slice_of(signature), tag;
	struct buf out;

	while (slice_split(&rest, ';', &tag)) {
		tag = slice_trim(tag);
		if (!slice_starts_nocase(tag, "h="))
			continue;
		buf_init(&out, arena, tag.n);
		for (size_t i = 2; i < tag.n; i++) {
			if (strchr(" \t\r\n", tag.p[i]) == NULL)
				buf_add_char(&out, tag.p[i]);
		}
		return buf_str(&out);
	}
	return NULL;
}
