/*
 * The little of CSS that tells whether a text is seen: one style attribute,
 * and what a style element shows again by @media.  For mail/html*.c only.
 */
#ifndef MW_MAIL_HTML_CSS_H
#define MW_MAIL_HTML_CSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct map;

/* Lengths are in hundredths of a CSS pixel. */
#define CSS_PX 100
#define CSS_FONT_DEFAULT (16 * CSS_PX)

enum css_known { CSS_INHERIT, CSS_KNOWN, CSS_UNKNOWN };

struct css_colour {
	enum css_known known;
	uint8_t red, green, blue;
};

enum css_flag {				/* seen in a style */
	CSS_DISPLAY_NONE = 1 << 0,
	CSS_DISPLAY_OTHER = 1 << 1,
	CSS_VISIBILITY_HIDDEN = 1 << 2,
	CSS_VISIBILITY_VISIBLE = 1 << 3,
	CSS_OPACITY_0 = 1 << 4,
	CSS_OPACITY_OTHER = 1 << 5,
	CSS_MAX_HEIGHT_0 = 1 << 6,
	CSS_MAX_HEIGHT_OTHER = 1 << 7,
	CSS_HEIGHT_0 = 1 << 8,
	CSS_HEIGHT_OTHER = 1 << 9,
	CSS_OVERFLOW_HIDDEN = 1 << 10,
	CSS_OVERFLOW_OTHER = 1 << 11,
	CSS_OFFSET = 1 << 12,		/* moved out of sight */
	CSS_INDENT_OUT = 1 << 13,	/* text-indent out of sight: is inherited */
	CSS_INDENT_OTHER = 1 << 14,
	CSS_FONT_SIZE = 1 << 15,	/* font_size is set */
	CSS_FONT_UNKNOWN = 1 << 16,	/* a size that cannot be told */
	CSS_WIDTH = 1 << 17,		/* width is set */
	CSS_HEIGHT = 1 << 18,		/* height is set */
};

struct css_style {
	unsigned flags;
	int font_size;
	int width, height;		/* as lengths */
	struct css_colour colour, background;
};

/* A style attribute; font_size is the parent's, which "em" and "%" refer to. */
void css_style_read(struct slice text, int font_size, struct css_style *style_r);

/* The value of an attribute as color, bgcolor, text: "#fff", "ffffff", "white". */
struct css_colour css_attribute_colour(const char *value);

/* Sum of the differences of the three; both known. */
int css_colour_distance(const struct css_colour *a, const struct css_colour *b);

enum {					/* what @media shows again; bits */
	CSS_SHOWS_BOX = 1,
	CSS_SHOWS_COLOUR = 2,
};

/* Class and id names @media shows again, and the sheets imported. */
struct css_sheet {
	struct arena *arena;
	struct map *shown;		/* name -> unsigned *; NULL: none */
	void (*import)(void *context, struct slice url);
	void *context;
};

void css_sheet_read(struct css_sheet *sheet, struct slice text);

/* Bits for a blank-separated list of names. */
unsigned css_sheet_shows(const struct css_sheet *sheet, const char *names);

#endif
