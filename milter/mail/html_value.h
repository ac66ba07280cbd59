/*
 * Values in CSS: tokens, numbers, lengths, colours.  For mail/html*.c only.
 */
#ifndef MW_MAIL_HTML_VALUE_H
#define MW_MAIL_HTML_VALUE_H

#include <stdbool.h>

#include "base/slice.h"
#include "mail/html_css.h"

/* "name: value;" off the front; a ";" in quotes or brackets does not end it. */
bool css_take_declaration(struct slice *rest, struct slice *name_r,
    struct slice *value_r);

/* One of blank-separated values, brackets kept whole. */
bool css_take_token(struct slice *rest, struct slice *token_r);

/* In hundredths: "0", ".5", "-12.25"; false when something follows. */
bool css_read_number(struct slice value, int *number_r);

/* In hundredths of a pixel; a number alone counts as pixels. */
bool css_read_length(struct slice value, int font_size, int *length_r);

bool css_read_font_size(struct slice value, int parent, int *size_r);

/* A number of 1 to 1000 without a unit. */
bool css_is_weight(struct slice value);

/* False when it is no colour; CSS_INHERIT for what one sees through. */
bool css_read_colour(struct slice value, struct css_colour *colour_r);

#endif
