/*
 * Types of one plain value: words, numbers, points.  The others are in
 * types_text.c and types_list.c.
 */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "settings/errors.h"
#include "settings/types.h"

/* Members that hold a word's position are enums. */
static_assert(sizeof(enum mode) == sizeof(int), "enums are as wide as int");

void *
type_member(const struct option *option, void *section)
{
	return (char *)section + option->offset;
}

const void *
type_member_const(const struct option *option, const void *section)
{
	return (const char *)section + option->offset;
}

void
type_wrong(struct reading *reading, const struct option *option,
    const struct value *value, const char *expected)
{
	errors_add(reading->errors, reading->file, value->line, option->name,
	    "expected %s (got %s)", expected, errors_shown(reading->errors, value->text));
}

void
type_quote(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

int
limits_find(const char *limits, const char *word)
{
	struct slice rest = slice_of(limits), part;
	int position = 0;

	while (slice_split(&rest, '|', &part)) {
		if (slice_eq(part, slice_of(word)))
			return position;
		position++;
	}
	return -1;
}

struct slice
limits_word(const char *limits, unsigned position)
{
	struct slice rest = slice_of(limits), part = { NULL, 0 };

	while (slice_split(&rest, '|', &part) && position > 0)
		position--;
	return part;
}

const char *
limits_text(struct arena *arena, const char *limits)
{
	struct slice rest = slice_of(limits), part;
	struct buf text;

	buf_init(&text, arena, 1024);
	while (slice_split(&rest, '|', &part)) {
		if (text.n > 0)
			buf_add_str(&text, rest.n > 0 ? ", " : " or ");
		buf_add_slice(&text, part);
	}
	return buf_str(&text);
}

static void
set_choice(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	int position = limits_find(option->limits, value->text);

	if (position < 0)
		type_wrong(reading, option, value,
		    limits_text(reading->work, option->limits));
	else
		memcpy(type_member(option, section), &position, sizeof(position));
}

static bool
format_choice(const struct option *option, const void *section, struct buf *out)
{
	int position;

	memcpy(&position, type_member_const(option, section), sizeof(position));
	if (position < 0)
		return false;
	buf_add_slice(out, limits_word(option->limits, (unsigned)position));
	return true;
}

/* "1-30" */
static void
limits_range(const char *limits, unsigned long *least_r, unsigned long *most_r)
{
	struct slice rest = slice_of(limits), part = { NULL, 0 };

	*least_r = *most_r = 0;
	slice_split(&rest, '-', &part);
	slice_number(part, UINT32_MAX, least_r);
	slice_number(rest, UINT32_MAX, most_r);
}

static void
set_number(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	unsigned long least, most, number;

	limits_range(option->limits, &least, &most);
	if (!slice_number(slice_of(value->text), most, &number) || number < least)
		type_wrong(reading, option, value, arena_printf(reading->work,
		    "a whole number from %lu to %lu", least, most));
	else
		*(unsigned *)type_member(option, section) = (unsigned)number;
}

static bool
format_number(const struct option *option, const void *section, struct buf *out)
{
	buf_printf(out, "%u", *(const unsigned *)type_member_const(option, section));
	return true;
}

/* "2", "0.5": tenths; false for anything else, so for a second decimal. */
static bool
points_parse(struct slice text, unsigned long most, int *tenths_r)
{
	size_t dot = slice_find(text, '.');
	struct slice decimals = slice_sub(text, dot + 1, text.n);
	unsigned long whole, tenth = 0;

	if (!slice_number(slice_sub(text, 0, dot), most, &whole))
		return false;
	if (dot < text.n && (decimals.n != 1 || !slice_number(decimals, 9, &tenth)))
		return false;
	if (whole == most && tenth > 0)
		return false;
	*tenths_r = (int)(whole * 10 + tenth);
	return true;
}

static void
set_points(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	unsigned long least, most;

	limits_range(option->limits, &least, &most);
	if (!points_parse(slice_of(value->text), most, type_member(option, section)))
		type_wrong(reading, option, value, arena_printf(reading->work,
		    "points from %lu to %lu with at most one decimal, as in 0.5", least,
		    most));
}

static bool
format_points(const struct option *option, const void *section, struct buf *out)
{
	int tenths = *(const int *)type_member_const(option, section);

	if (tenths < 0)
		return false;
	buf_printf(out, "%d.%d", tenths / 10, tenths % 10);
	return true;
}

static void
set_yesno(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	int position = limits_find("false|true|no|yes|off|on", value->text);

	if (position < 0)
		type_wrong(reading, option, value, "true or false");
	else
		*(bool *)type_member(option, section) = position % 2 == 1;
}

static bool
format_yesno(const struct option *option, const void *section, struct buf *out)
{
	buf_add_str(out, *(const bool *)type_member_const(option, section) ? "true" :
	    "false");
	return true;
}

static void
set_octal(struct reading *reading, const struct option *option, void *section,
    const struct value *value)
{
	const char *digits = value->text;
	unsigned number = 0;
	size_t n = strlen(digits);

	if (n < 3 || n > 4 || strspn(digits, "01234567") != n || (n == 4 && *digits != '0')) {
		type_wrong(reading, option, value,
		    "permissions in octal from 0000 to 0777, as in 0660");
		return;
	}
	for (; *digits != '\0'; digits++)
		number = number * 8 + (unsigned)(*digits - '0');
	*(unsigned *)type_member(option, section) = number;
}

static bool
format_octal(const struct option *option, const void *section, struct buf *out)
{
	buf_printf(out, "\"%04o\"", *(const unsigned *)type_member_const(option, section));
	return true;
}

static const struct type types_plain[OPTION_TYPES] = {
	[TYPE_CHOICE] = { set_choice, NULL, format_choice },
	[TYPE_NUMBER] = { set_number, NULL, format_number },
	[TYPE_POINTS] = { set_points, NULL, format_points },
	[TYPE_YESNO] = { set_yesno, NULL, format_yesno },
	[TYPE_OCTAL] = { set_octal, NULL, format_octal },
};

static const struct type *
type_of(const struct option *option)
{
	const struct type *type = type_of_text(option->type);

	if (type == NULL)
		type = type_of_list(option->type);
	return type != NULL ? type : &types_plain[option->type];
}

/* The default in place of values. */
static struct values
values_default(struct reading *reading, const struct option *option)
{
	struct values values = { .is_given = true };
	struct slice rest = slice_of(option->fallback), part;
	size_t n = 1;

	for (size_t i = 0; i < rest.n; i++)
		n += rest.p[i] == '|' ? 1 : 0;
	values.p = arena_array(reading->work, n, sizeof(*values.p));
	while (slice_split(&rest, '|', &part))
		values.p[values.n++].text = slice_dup(reading->work, part);
	return values;
}

void
type_set(struct reading *reading, const struct option *option, void *section,
    const struct values *values)
{
	const struct type *type = type_of(option);
	struct values defaults;

	if (!values->is_given && option->fallback == NULL)
		return;
	if (!values->is_given) {
		defaults = values_default(reading, option);
		values = &defaults;
	}
	if (type->set_list != NULL)
		type->set_list(reading, option, section, values);
	else if (values->is_list)
		errors_add(reading->errors, reading->file, values->line, option->name,
		    "expected one value (got a list in braces)");
	else if (values->n == 0)
		type->set_one(reading, option, section, &(struct value){ "", 0 });
	else
		type->set_one(reading, option, section, &values->p[0]);
}

bool
type_format(const struct option *option, const void *section, struct buf *out)
{
	return type_of(option)->format(option, section, out);
}
