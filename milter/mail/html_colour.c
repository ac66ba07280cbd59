/*
 * Colours in CSS and in the old attributes of HTML.
 */
#include <stdlib.h>
#include <string.h>

#include "mail/html_value.h"

enum { NAME_MAX_COLOUR = 24 };

/* CSS Color 4 section 6.1, sorted. */
static const struct named {
	const char *name;
	unsigned rgb;
} names[] = {
	{ "aliceblue", 0xf0f8ff }, { "antiquewhite", 0xfaebd7 }, { "aqua", 0x00ffff },
	{ "aquamarine", 0x7fffd4 }, { "azure", 0xf0ffff }, { "beige", 0xf5f5dc },
	{ "bisque", 0xffe4c4 }, { "black", 0x000000 }, { "blanchedalmond", 0xffebcd },
	{ "blue", 0x0000ff }, { "blueviolet", 0x8a2be2 }, { "brown", 0xa52a2a },
	{ "burlywood", 0xdeb887 }, { "cadetblue", 0x5f9ea0 },
	{ "chartreuse", 0x7fff00 }, { "chocolate", 0xd2691e }, { "coral", 0xff7f50 },
	{ "cornflowerblue", 0x6495ed }, { "cornsilk", 0xfff8dc },
	{ "crimson", 0xdc143c }, { "cyan", 0x00ffff }, { "darkblue", 0x00008b },
	{ "darkcyan", 0x008b8b }, { "darkgoldenrod", 0xb8860b },
	{ "darkgray", 0xa9a9a9 }, { "darkgreen", 0x006400 }, { "darkgrey", 0xa9a9a9 },
	{ "darkkhaki", 0xbdb76b }, { "darkmagenta", 0x8b008b },
	{ "darkolivegreen", 0x556b2f }, { "darkorange", 0xff8c00 },
	{ "darkorchid", 0x9932cc }, { "darkred", 0x8b0000 },
	{ "darksalmon", 0xe9967a }, { "darkseagreen", 0x8fbc8f },
	{ "darkslateblue", 0x483d8b }, { "darkslategray", 0x2f4f4f },
	{ "darkslategrey", 0x2f4f4f }, { "darkturquoise", 0x00ced1 },
	{ "darkviolet", 0x9400d3 }, { "deeppink", 0xff1493 },
	{ "deepskyblue", 0x00bfff }, { "dimgray", 0x696969 }, { "dimgrey", 0x696969 },
	{ "dodgerblue", 0x1e90ff }, { "firebrick", 0xb22222 },
	{ "floralwhite", 0xfffaf0 }, { "forestgreen", 0x228b22 },
	{ "fuchsia", 0xff00ff }, { "gainsboro", 0xdcdcdc },
	{ "ghostwhite", 0xf8f8ff }, { "gold", 0xffd700 }, { "goldenrod", 0xdaa520 },
	{ "gray", 0x808080 }, { "green", 0x008000 }, { "greenyellow", 0xadff2f },
	{ "grey", 0x808080 }, { "honeydew", 0xf0fff0 }, { "hotpink", 0xff69b4 },
	{ "indianred", 0xcd5c5c }, { "indigo", 0x4b0082 }, { "ivory", 0xfffff0 },
	{ "khaki", 0xf0e68c }, { "lavender", 0xe6e6fa },
	{ "lavenderblush", 0xfff0f5 }, { "lawngreen", 0x7cfc00 },
	{ "lemonchiffon", 0xfffacd }, { "lightblue", 0xadd8e6 },
	{ "lightcoral", 0xf08080 }, { "lightcyan", 0xe0ffff },
	{ "lightgoldenrodyellow", 0xfafad2 }, { "lightgray", 0xd3d3d3 },
	{ "lightgreen", 0x90ee90 }, { "lightgrey", 0xd3d3d3 },
	{ "lightpink", 0xffb6c1 }, { "lightsalmon", 0xffa07a },
	{ "lightseagreen", 0x20b2aa }, { "lightskyblue", 0x87cefa },
	{ "lightslategray", 0x778899 }, { "lightslategrey", 0x778899 },
	{ "lightsteelblue", 0xb0c4de }, { "lightyellow", 0xffffe0 },
	{ "lime", 0x00ff00 }, { "limegreen", 0x32cd32 }, { "linen", 0xfaf0e6 },
	{ "magenta", 0xff00ff }, { "maroon", 0x800000 },
	{ "mediumaquamarine", 0x66cdaa }, { "mediumblue", 0x0000cd },
	{ "mediumorchid", 0xba55d3 }, { "mediumpurple", 0x9370db },
	{ "mediumseagreen", 0x3cb371 }, { "mediumslateblue", 0x7b68ee },
	{ "mediumspringgreen", 0x00fa9a }, { "mediumturquoise", 0x48d1cc },
	{ "mediumvioletred", 0xc71585 }, { "midnightblue", 0x191970 },
	{ "mintcream", 0xf5fffa }, { "mistyrose", 0xffe4e1 },
	{ "moccasin", 0xffe4b5 }, { "navajowhite", 0xffdead }, { "navy", 0x000080 },
	{ "oldlace", 0xfdf5e6 }, { "olive", 0x808000 }, { "olivedrab", 0x6b8e23 },
	{ "orange", 0xffa500 }, { "orangered", 0xff4500 }, { "orchid", 0xda70d6 },
	{ "palegoldenrod", 0xeee8aa }, { "palegreen", 0x98fb98 },
	{ "paleturquoise", 0xafeeee }, { "palevioletred", 0xdb7093 },
	{ "papayawhip", 0xffefd5 }, { "peachpuff", 0xffdab9 }, { "peru", 0xcd853f },
	{ "pink", 0xffc0cb }, { "plum", 0xdda0dd }, { "powderblue", 0xb0e0e6 },
	{ "purple", 0x800080 }, { "rebeccapurple", 0x663399 }, { "red", 0xff0000 },
	{ "rosybrown", 0xbc8f8f }, { "royalblue", 0x4169e1 },
	{ "saddlebrown", 0x8b4513 }, { "salmon", 0xfa8072 },
	{ "sandybrown", 0xf4a460 }, { "seagreen", 0x2e8b57 },
	{ "seashell", 0xfff5ee }, { "sienna", 0xa0522d }, { "silver", 0xc0c0c0 },
	{ "skyblue", 0x87ceeb }, { "slateblue", 0x6a5acd }, { "slategray", 0x708090 },
	{ "slategrey", 0x708090 }, { "snow", 0xfffafa }, { "springgreen", 0x00ff7f },
	{ "steelblue", 0x4682b4 }, { "tan", 0xd2b48c }, { "teal", 0x008080 },
	{ "thistle", 0xd8bfd8 }, { "tomato", 0xff6347 }, { "turquoise", 0x40e0d0 },
	{ "violet", 0xee82ee }, { "wheat", 0xf5deb3 }, { "white", 0xffffff },
	{ "whitesmoke", 0xf5f5f5 }, { "yellow", 0xffff00 },
	{ "yellowgreen", 0x9acd32 },
};

static void
set_rgb(struct css_colour *colour, unsigned rgb)
{
	*colour = (struct css_colour){
		CSS_KNOWN, (uint8_t)(rgb >> 16), (uint8_t)(rgb >> 8), (uint8_t)rgb,
	};
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 3, 4, 6 or 8 digits; the fourth and the last two are the alpha. */
static bool
read_hex(struct slice digits, struct css_colour *colour_r)
{
	size_t width = digits.n <= 4 ? 1 : 2;
	unsigned rgb = 0;
	int digit;

	if (digits.n != 3 && digits.n != 4 && digits.n != 6 && digits.n != 8)
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		digit = hex_value(digits.p[i]);
		if (digit < 0)
			return false;
		if (i >= 3 * width)
			continue;
		rgb = rgb << 4 | (unsigned)digit;
		if (width == 1)
			rgb = rgb << 4 | (unsigned)digit;
	}
	set_rgb(colour_r, rgb);
	if (digits.n == 4 || digits.n == 8)
		colour_r->known = hex_value(digits.p[digits.n - 1]) == 0 ? CSS_INHERIT :
		    hex_value(digits.p[digits.n - 1]) == 15 ? CSS_KNOWN : CSS_UNKNOWN;
	return true;
}

/* One of "255", "100%" of rgb(). */
static bool
read_part(struct slice token, unsigned *part_r)
{
	int number;

	if (!css_read_number(token, &number) || number < 0)
		return false;
	if (token.p[token.n - 1] == '%')
		number = (int)((long)number * 255 / 100);
	*part_r = number > 25500 ? 255 : (unsigned)number / 100;
	return true;
}

/* "rgb(1, 2, 3)", "rgba(1, 2, 3, 0.5)", "rgb(1 2 3 / 50%)" */
static bool
read_function(struct slice text, struct css_colour *colour_r)
{
	struct slice token;
	unsigned rgb = 0, part;
	int n = 0, alpha;

	text = slice_sub(text, slice_find(text, '(') + 1, text.n);
	text.n = slice_find(text, ')');
	while (css_take_token(&text, &token)) {
		if (token.n == 0 || slice_is(token, "/"))
			continue;
		if (n < 3) {
			if (!read_part(token, &part))
				return false;
			rgb = rgb << 8 | part;
			if (++n == 3)
				set_rgb(colour_r, rgb);
		} else if (css_read_number(token, &alpha)) {
			if (alpha == 0)
				colour_r->known = CSS_INHERIT;
			else if (alpha < (token.p[token.n - 1] == '%' ? 10000 : 100))
				colour_r->known = CSS_UNKNOWN;
		}
	}
	return n == 3;
}

static int
compare_name(const void *key, const void *named)
{
	return strcmp(key, ((const struct named *)named)->name);
}

static bool
read_name(struct slice text, struct css_colour *colour_r)
{
	char name[NAME_MAX_COLOUR];
	const struct named *found;

	if (text.n == 0 || text.n >= sizeof(name))
		return false;
	for (size_t i = 0; i < text.n; i++)
		name[i] = (char)(text.p[i] | 0x20);
	name[text.n] = '\0';
	found = bsearch(name, names, sizeof(names) / sizeof(names[0]), sizeof(names[0]),
	    compare_name);
	if (found != NULL)
		set_rgb(colour_r, found->rgb);
	return found != NULL;
}

bool
css_read_colour(struct slice value, struct css_colour *colour_r)
{
	*colour_r = (struct css_colour){ .known = CSS_UNKNOWN };
	if (value.n > 0 && value.p[0] == '#')
		return read_hex(slice_sub(value, 1, value.n), colour_r);
	if (slice_starts_nocase(value, "rgb(") || slice_starts_nocase(value, "rgba("))
		return read_function(value, colour_r);
	if (slice_is(value, "transparent") || slice_is(value, "none") ||
	    slice_is(value, "initial") || slice_is(value, "unset")) {
		colour_r->known = CSS_INHERIT;
		return true;
	}
	return read_name(value, colour_r);
}

struct css_colour
css_attribute_colour(const char *value)
{
	struct css_colour colour = { .known = CSS_INHERIT };
	struct slice text;

	if (value == NULL || *value == '\0')
		return colour;
	text = slice_trim(slice_of(value));
	if (read_name(text, &colour))
		return colour;
	if (text.n > 0 && text.p[0] == '#')
		text = slice_sub(text, 1, text.n);
	if ((text.n != 3 && text.n != 6) || !read_hex(text, &colour))
		colour.known = CSS_UNKNOWN;
	return colour;
}

int
css_colour_distance(const struct css_colour *a, const struct css_colour *b)
{
	return abs(a->red - b->red) + abs(a->green - b->green) + abs(a->blue - b->blue);
}
