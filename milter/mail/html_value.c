/*
 * Values in CSS.
 */
#include <string.h>

#include "mail/html_value.h"

enum { NUMBER_MAX = 10 * 1000 * 1000, HUNDRED = 100 };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static struct slice
trim(struct slice a)
{
	while (a.n > 0 && is_blank(a.p[0]))
		a = slice_sub(a, 1, a.n);
	while (a.n > 0 && is_blank(a.p[a.n - 1]))
		a.n--;
	return a;
}

/* Where the byte stands outside of quotes and brackets, or the end. */
static size_t
find_outside(struct slice text, char wanted, bool blank_too)
{
	char quote = '\0';
	int depth = 0;
	size_t i;

	/* Most styles have neither quotes nor brackets. */
	for (i = 0; !blank_too && i < text.n; i++) {
		char c = text.p[i];

		if (c == wanted)
			return i;
		if (c == '"' || c == '\'' || c == '(')
			break;
	}
	for (; i < text.n; i++) {
		char c = text.p[i];

		if (quote != '\0') {
			quote = c == quote ? '\0' : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '(') {
			depth++;
		} else if (c == ')') {
			depth -= depth > 0;
		} else if (depth == 0 && (c == wanted || (blank_too && is_blank(c)))) {
			return i;
		}
	}
	return text.n;
}

bool
css_take_declaration(struct slice *rest, struct slice *name_r, struct slice *value_r)
{
	struct slice one;
	size_t end, colon;

	while (rest->n > 0) {
		end = find_outside(*rest, ';', false);
		one = slice_sub(*rest, 0, end);
		*rest = slice_sub(*rest, end < rest->n ? end + 1 : end, rest->n);
		colon = slice_find(one, ':');
		if (colon == one.n)
			continue;
		*name_r = trim(slice_sub(one, 0, colon));
		*value_r = trim(slice_sub(one, colon + 1, one.n));
		return true;
	}
	return false;
}

bool
css_take_token(struct slice *rest, struct slice *token_r)
{
	size_t end;

	*rest = trim(*rest);
	if (rest->n == 0)
		return false;
	end = find_outside(*rest, ',', true);
	*token_r = slice_sub(*rest, 0, end);
	*rest = slice_sub(*rest, end < rest->n ? end + 1 : end, rest->n);
	return true;
}

/* Takes a number in hundredths off the front. */
static bool
take_number(struct slice *rest, int *number_r)
{
	bool is_negative = false, has_digit = false;
	long number = 0, unit = HUNDRED;
	size_t i = 0;

	if (rest->n > 0 && (rest->p[0] == '-' || rest->p[0] == '+'))
		is_negative = rest->p[i++] == '-';
	for (; i < rest->n && rest->p[i] >= '0' && rest->p[i] <= '9'; i++) {
		has_digit = true;
		if (number < NUMBER_MAX)
			number = number * 10 + (rest->p[i] - '0') * HUNDRED;
	}
	if (i < rest->n && rest->p[i] == '.') {
		for (i++; i < rest->n && rest->p[i] >= '0' && rest->p[i] <= '9'; i++) {
			has_digit = true;
			unit /= 10;
			number += (rest->p[i] - '0') * unit;
			/* 0.001 is not 0. */
			if (unit == 0 && number == 0 && rest->p[i] != '0')
				number = 1;
		}
	}
	*number_r = (int)(is_negative ? -number : number);
	*rest = slice_sub(*rest, i, rest->n);
	return has_digit;
}

bool
css_read_number(struct slice value, int *number_r)
{
	if (!take_number(&value, number_r))
		return false;
	return value.n == 0 || (value.n == 1 && value.p[0] == '%');
}

static const struct {
	const char *unit;
	int hundredths;			/* of a pixel */
} units[] = {
	{ "px", 100 }, { "pt", 133 }, { "rem", 1600 }, { "pc", 1600 }, { "in", 9600 },
	{ "cm", 3780 }, { "mm", 378 }, { "vw", 600 }, { "vh", 800 },
};

bool
css_read_length(struct slice value, int font_size, int *length_r)
{
	long scale = HUNDRED;
	int number;

	if (!take_number(&value, &number))
		return false;
	if (font_size == 0)
		font_size = CSS_FONT_DEFAULT;
	if (value.n == 0 || number == 0) {
		scale = HUNDRED;
	} else if (slice_is(value, "em")) {
		scale = font_size;
	} else if (slice_is(value, "ex") || slice_is(value, "ch")) {
		scale = font_size / 2;
	} else {
		scale = 0;
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if (slice_is(value, units[i].unit))
				scale = units[i].hundredths;
		}
		if (scale == 0)
			return false;
	}
	number = number > NUMBER_MAX ? NUMBER_MAX : number < -NUMBER_MAX ? -NUMBER_MAX :
	    number;
	scale *= number;
	scale /= HUNDRED;
	*length_r = (int)(scale > NUMBER_MAX ? NUMBER_MAX : scale < -NUMBER_MAX ?
	    -NUMBER_MAX : scale);
	return true;
}

static const struct {
	const char *name;
	int pixels;
} font_sizes[] = {
	{ "xx-small", 9 }, { "x-small", 10 }, { "small", 13 }, { "medium", 16 },
	{ "large", 18 }, { "x-large", 24 }, { "xx-large", 32 }, { "smaller", 13 },
	{ "larger", 19 }, { "initial", 16 },
};

bool
css_read_font_size(struct slice value, int parent, int *size_r)
{
	struct slice rest = value;
	int number;
	long size;

	for (size_t i = 0; i < sizeof(font_sizes) / sizeof(font_sizes[0]); i++) {
		if (slice_is(value, font_sizes[i].name)) {
			*size_r = font_sizes[i].pixels * CSS_PX;
			return true;
		}
	}
	if (!take_number(&rest, &number) || number < 0)
		return false;
	if ((rest.n == 1 && rest.p[0] == '%') || slice_is(rest, "em")) {
		size = (long)parent * number / HUNDRED / (rest.n == 1 ? HUNDRED : 1);
		*size_r = (int)(size > NUMBER_MAX ? NUMBER_MAX : size);
		return true;
	}
	return css_read_length(value, parent, size_r);
}

bool
css_is_weight(struct slice value)
{
	int number;

	return take_number(&value, &number) && value.n == 0 && number >= HUNDRED;
}
