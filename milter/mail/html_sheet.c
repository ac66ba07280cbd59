/*
 * Style elements: what is imported, and what @media shows again.
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "mail/html_value.h"

enum { NAMES_MAX = 2000, NAME_SIZE = 64 };

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || (unsigned char)c >= 0x80;
}

/* What a rule with these declarations shows of an element hidden inline. */
static unsigned
shows(struct slice declarations)
{
	enum {
		box = CSS_DISPLAY_OTHER | CSS_VISIBILITY_VISIBLE | CSS_OPACITY_OTHER |
		    CSS_MAX_HEIGHT_OTHER | CSS_HEIGHT_OTHER | CSS_OVERFLOW_OTHER |
		    CSS_INDENT_OTHER | CSS_FONT_UNKNOWN,
	};
	struct css_style style;
	unsigned bits = 0;

	css_style_read(declarations, CSS_FONT_DEFAULT, &style);
	if ((style.flags & CSS_DISPLAY_NONE) != 0)
		return 0;
	if ((style.flags & box) != 0 || ((style.flags & CSS_FONT_SIZE) != 0 &&
	    style.font_size > 3 * CSS_PX / 2))
		bits |= CSS_SHOWS_BOX;
	if (style.colour.known != CSS_INHERIT || style.background.known != CSS_INHERIT)
		bits |= CSS_SHOWS_COLOUR;
	return bits;
}

static void
add_name(struct css_sheet *sheet, struct slice name, unsigned bits)
{
	char key[NAME_SIZE];
	unsigned *value;

	if (name.n == 0 || name.n >= sizeof(key))
		return;
	memcpy(key, name.p, name.n);
	key[name.n] = '\0';
	if (sheet->shown == NULL)
		sheet->shown = map_new(sheet->arena);
	value = map_get(sheet->shown, key);
	if (value == NULL) {
		if (map_count(sheet->shown) >= NAMES_MAX)
			return;
		value = arena_alloc(sheet->arena, sizeof(*value));
		map_set(sheet->shown, key, value);
	}
	*value |= bits;
}

/* ".name", "#name", "[class=name]", "[class~="name"]". */
static void
add_names(struct css_sheet *sheet, struct slice selector, unsigned bits)
{
	size_t i = 0, start;

	while (i < selector.n) {
		char c = selector.p[i++];

		if (c != '.' && c != '#' && c != '=')
			continue;
		if (c == '=' && i < selector.n &&
		    (selector.p[i] == '"' || selector.p[i] == '\''))
			i++;
		for (start = i; i < selector.n && is_name_char(selector.p[i]); i++)
			;
		add_name(sheet, slice_sub(selector, start, i - start), bits);
	}
}

/* "@import url("x") screen" or "@import 'x'" */
static void
read_import(struct css_sheet *sheet, struct slice text)
{
	static const char ends[] = "\"')\t\n\r\f ";
	size_t i = strlen("@import"), start;

	while (i < text.n && strchr(ends, text.p[i]) != NULL)
		i++;
	if (slice_starts_nocase(slice_sub(text, i, text.n), "url(")) {
		i += 4;
		while (i < text.n && strchr(ends, text.p[i]) != NULL)
			i++;
	}
	for (start = i; i < text.n && strchr(ends, text.p[i]) == NULL; i++)
		;
	if (i > start)
		sheet->import(sheet->context, slice_sub(text, start, i - start));
}

static void
skip_comment(struct slice *text)
{
	size_t end = slice_find_nocase(*text, "*/");

	*text = slice_sub(*text, end < text->n ? end + 2 : end, text->n);
}

/* The text before the next "{", "}" or ";", which is given. */
static char
take_prelude(struct slice *text, struct slice *prelude_r)
{
	size_t i;

	*prelude_r = *text;
	for (i = 0; i < text->n; i++) {
		char c = text->p[i];

		if (c == '/' && i + 1 < text->n && text->p[i + 1] == '*') {
			*text = slice_sub(*text, i + 2, text->n);
			skip_comment(text);
			*prelude_r = *text;
			i = (size_t)-1;
		} else if (c == '{' || c == '}' || c == ';') {
			*prelude_r = slice_trim(slice_sub(*text, 0, i));
			*text = slice_sub(*text, i + 1, text->n);
			return c;
		}
	}
	*text = slice_sub(*text, text->n, 0);
	return '\0';
}

static bool
is_group(struct slice prelude)
{
	return slice_starts_nocase(prelude, "@media") ||
	    slice_starts_nocase(prelude, "@supports") ||
	    slice_starts_nocase(prelude, "@layer") ||
	    slice_starts_nocase(prelude, "@-moz-document");
}

void
css_sheet_read(struct css_sheet *sheet, struct slice text)
{
	struct slice prelude, block;
	unsigned depth = 0, media = 0, bits;
	size_t end;
	char c;

	while ((c = take_prelude(&text, &prelude)) != '\0') {
		if (c == ';' && slice_starts_nocase(prelude, "@import")) {
			read_import(sheet, prelude);
		} else if (c == '}' && depth > 0) {
			depth--;
			media = media > depth ? 0 : media;
		} else if (c == '{' && is_group(prelude)) {
			depth++;
			if (media == 0 && slice_starts_nocase(prelude, "@media"))
				media = depth;
		} else if (c == '{') {
			end = slice_find(text, '}');
			block = slice_sub(text, 0, end);
			text = slice_sub(text, end < text.n ? end + 1 : end, text.n);
			bits = media > 0 ? shows(block) : 0;
			if (bits != 0)
				add_names(sheet, prelude, bits);
		}
	}
}

unsigned
css_sheet_shows(const struct css_sheet *sheet, const char *names)
{
	struct slice rest = slice_of(names), one;
	char key[NAME_SIZE];
	const unsigned *value;
	unsigned bits = 0;

	if (sheet->shown == NULL)
		return 0;
	while (slice_split(&rest, ' ', &one)) {
		if (one.n == 0 || one.n >= sizeof(key))
			continue;
		memcpy(key, one.p, one.n);
		key[one.n] = '\0';
		value = map_get(sheet->shown, key);
		bits |= value != NULL ? *value : 0;
	}
	return bits;
}
