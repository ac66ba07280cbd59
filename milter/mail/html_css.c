/*
 * Style attributes (CSS 2.2 and what is common beyond).
 */
#include <string.h>

#include "mail/html_css.h"
#include "mail/html_value.h"

enum { OFFSET_OUT = -100 * CSS_PX };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static void
set(struct css_style *style, bool is_first, unsigned first, unsigned second)
{
	style->flags &= ~(first | second);
	style->flags |= is_first ? first : second;
}

/* "background": an image hides the colour behind it. */
static void
read_background(struct slice value, struct css_style *style)
{
	struct css_colour colour, found = { .known = CSS_INHERIT };
	struct slice token;

	while (css_take_token(&value, &token)) {
		if (slice_find_nocase(token, "url(") < token.n ||
		    slice_find_nocase(token, "gradient(") < token.n ||
		    slice_find_nocase(token, "var(") < token.n) {
			found.known = CSS_UNKNOWN;
			break;
		}
		if (css_read_colour(token, &colour))
			found = colour;
	}
	style->background = found;
}

static void
read_background_image(struct slice value, struct css_style *style)
{
	if (!slice_is(value, "none") && !slice_is(value, "initial"))
		style->background.known = CSS_UNKNOWN;
}

static void
read_font_size(struct slice value, int parent, struct css_style *style)
{
	int size;

	style->flags &= ~(unsigned)(CSS_FONT_SIZE | CSS_FONT_UNKNOWN);
	if (css_read_font_size(value, parent, &size)) {
		style->flags |= CSS_FONT_SIZE;
		style->font_size = size;
	} else if (!slice_is(value, "inherit")) {
		style->flags |= CSS_FONT_UNKNOWN;
	}
}

/* "font": the size is the first length; a weight has no unit. */
static void
read_font(struct slice value, int parent, struct css_style *style)
{
	struct slice token, size;
	int ignored;

	while (css_take_token(&value, &token)) {
		size = slice_sub(token, 0, slice_find(token, '/'));
		if (!css_read_font_size(size, parent, &ignored))
			continue;
		if (size.n == token.n && css_is_weight(size))
			continue;
		read_font_size(size, parent, style);
		return;
	}
}

static bool
is_out(struct slice value, int font_size)
{
	int length;

	return css_read_length(value, font_size, &length) && length < OFFSET_OUT;
}

/* "margin": top, right, bottom, left. */
static void
read_margin(struct slice value, struct css_style *style)
{
	struct slice token, top = { NULL, 0 }, left = { NULL, 0 };

	for (int i = 0; css_take_token(&value, &token) && i < 4; i++) {
		if (i == 0)
			top = left = token;
		else if (i == 1 || i == 3)
			left = token;
	}
	if (is_out(top, CSS_FONT_DEFAULT) || is_out(left, CSS_FONT_DEFAULT))
		style->flags |= CSS_OFFSET;
}

static void
read_height(struct slice value, int font_size, struct css_style *style)
{
	int length;

	style->flags &= ~(unsigned)CSS_HEIGHT;
	if (css_read_length(value, font_size, &length)) {
		style->flags |= CSS_HEIGHT;
		style->height = length;
		set(style, length == 0, CSS_HEIGHT_0, CSS_HEIGHT_OTHER);
	} else {
		set(style, false, CSS_HEIGHT_0, CSS_HEIGHT_OTHER);
	}
}

enum property {
	PROPERTY_NONE, PROPERTY_BACKGROUND, PROPERTY_BACKGROUND_COLOUR,
	PROPERTY_BACKGROUND_IMAGE, PROPERTY_COLOUR, PROPERTY_DISPLAY, PROPERTY_FONT,
	PROPERTY_FONT_SIZE, PROPERTY_HEIGHT, PROPERTY_MARGIN, PROPERTY_MAX_HEIGHT,
	PROPERTY_OFFSET, PROPERTY_OPACITY, PROPERTY_OVERFLOW, PROPERTY_TEXT_INDENT,
	PROPERTY_VISIBILITY, PROPERTY_WIDTH,
};

static const struct {
	const char *name;
	enum property property;
} properties[] = {
	{ "background", PROPERTY_BACKGROUND },
	{ "background-color", PROPERTY_BACKGROUND_COLOUR },
	{ "background-image", PROPERTY_BACKGROUND_IMAGE },
	{ "bottom", PROPERTY_OFFSET },
	{ "color", PROPERTY_COLOUR },
	{ "display", PROPERTY_DISPLAY },
	{ "font", PROPERTY_FONT },
	{ "font-size", PROPERTY_FONT_SIZE },
	{ "height", PROPERTY_HEIGHT },
	{ "left", PROPERTY_OFFSET },
	{ "margin", PROPERTY_MARGIN },
	{ "margin-left", PROPERTY_OFFSET },
	{ "margin-top", PROPERTY_OFFSET },
	{ "max-height", PROPERTY_MAX_HEIGHT },
	{ "opacity", PROPERTY_OPACITY },
	{ "overflow", PROPERTY_OVERFLOW },
	{ "overflow-y", PROPERTY_OVERFLOW },
	{ "right", PROPERTY_OFFSET },
	{ "text-indent", PROPERTY_TEXT_INDENT },
	{ "top", PROPERTY_OFFSET },
	{ "visibility", PROPERTY_VISIBILITY },
	{ "width", PROPERTY_WIDTH },
};

static enum property
find_property(struct slice name)
{
	char first = name.n > 0 ? (char)(name.p[0] | 0x20) : '\0';

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		if (properties[i].name[0] == first &&
		    slice_is(name, properties[i].name))
			return properties[i].property;
	}
	return PROPERTY_NONE;
}

static void
read_box(enum property property, struct slice value, int font_size,
    struct css_style *style)
{
	int length;
	bool is_length = css_read_length(value, font_size, &length);

	if (property == PROPERTY_MAX_HEIGHT) {
		set(style, is_length && length == 0, CSS_MAX_HEIGHT_0,
		    CSS_MAX_HEIGHT_OTHER);
	} else if (property == PROPERTY_TEXT_INDENT) {
		set(style, is_length && length < OFFSET_OUT, CSS_INDENT_OUT,
		    CSS_INDENT_OTHER);
	} else if (property == PROPERTY_OFFSET && is_length && length < OFFSET_OUT) {
		style->flags |= CSS_OFFSET;
	} else if (property == PROPERTY_WIDTH) {
		style->flags &= ~(unsigned)CSS_WIDTH;
		style->flags |= is_length ? CSS_WIDTH : 0;
		style->width = is_length ? length : 0;
	}
}

static void
read_colour(struct slice value, struct css_style *style)
{
	if (slice_is(value, "inherit"))
		style->colour.known = CSS_INHERIT;
	else if (!css_read_colour(value, &style->colour) ||
	    style->colour.known == CSS_INHERIT)
		style->colour.known = CSS_UNKNOWN;
}

static void
read_background_colour(struct slice value, struct css_style *style)
{
	/* An image named before lies over the colour. */
	if (style->background.known == CSS_UNKNOWN)
		return;
	if (!css_read_colour(value, &style->background))
		style->background.known = CSS_UNKNOWN;
}

static void
read_declaration(struct slice name, struct slice value, int font_size,
    struct css_style *style)
{
	enum property property = find_property(name);
	int number;

	switch (property) {
	case PROPERTY_NONE:
		break;
	case PROPERTY_BACKGROUND:
		read_background(value, style);
		break;
	case PROPERTY_BACKGROUND_COLOUR:
		read_background_colour(value, style);
		break;
	case PROPERTY_BACKGROUND_IMAGE:
		read_background_image(value, style);
		break;
	case PROPERTY_COLOUR:
		read_colour(value, style);
		break;
	case PROPERTY_DISPLAY:
		set(style, slice_is(value, "none"), CSS_DISPLAY_NONE,
		    CSS_DISPLAY_OTHER);
		break;
	case PROPERTY_FONT:
		read_font(value, font_size, style);
		break;
	case PROPERTY_FONT_SIZE:
		read_font_size(value, font_size, style);
		break;
	case PROPERTY_HEIGHT:
		read_height(value, font_size, style);
		break;
	case PROPERTY_MARGIN:
		read_margin(value, style);
		break;
	case PROPERTY_OPACITY:
		set(style, css_read_number(value, &number) && number == 0,
		    CSS_OPACITY_0, CSS_OPACITY_OTHER);
		break;
	case PROPERTY_OVERFLOW:
		set(style, slice_is(value, "hidden"), CSS_OVERFLOW_HIDDEN,
		    CSS_OVERFLOW_OTHER);
		break;
	case PROPERTY_VISIBILITY:
		set(style, slice_is(value, "hidden"), CSS_VISIBILITY_HIDDEN,
		    CSS_VISIBILITY_VISIBLE);
		break;
	case PROPERTY_MAX_HEIGHT:
	case PROPERTY_OFFSET:
	case PROPERTY_TEXT_INDENT:
	case PROPERTY_WIDTH:
		read_box(property, value, font_size, style);
		break;
	}
}

/* Comments become nothing, so that "no/ * * /ne" hides nothing. */
static struct slice
without_comments(struct slice text, char *copy, size_t size)
{
	size_t n = 0;

	if (slice_find(text, '*') == text.n)
		return text;
	while (text.n > 0 && n < size) {
		if (slice_starts_nocase(text, "/*")) {
			text = slice_sub(text, 2, text.n);
			text = slice_sub(text, slice_find_nocase(text, "*/") + 2,
			    text.n);
			continue;
		}
		copy[n++] = text.p[0];
		text = slice_sub(text, 1, text.n);
	}
	return (struct slice){ copy, n };
}

static struct slice
without_important(struct slice value)
{
	size_t bang = slice_find(value, '!');

	if (bang == value.n)
		return value;
	value.n = bang;
	while (value.n > 0 && is_blank(value.p[value.n - 1]))
		value.n--;
	return value;
}

void
css_style_read(struct slice text, int font_size, struct css_style *style_r)
{
	char copy[2048];
	struct slice name, value;

	*style_r = (struct css_style){ 0 };
	text = without_comments(text, copy, sizeof(copy));
	while (css_take_declaration(&text, &name, &value))
		read_declaration(name, without_important(value), font_size, style_r);
}
