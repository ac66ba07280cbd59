/*
 * MIME fields with parameters, read as leniently as receivers read them.
 */
#include <string.h>

#include "base/arena.h"
#include "mail/content.h"
#include "mail/lex.h"

/* "name*0*=value": piece 0 of an extended parameter. */
struct segment {
	unsigned param;			/* number in content_type.params */
	unsigned long number;
	bool extended;			/* with a star after the number */
	struct slice value;		/* unquoted */
};

struct reader {
	struct arena *arena;
	struct lex lex;
	struct content_type *type;
	bool extended[CONTENT_PARAMS_MAX];	/* value came as name*= */
	struct segment segments[CONTENT_SEGMENTS_MAX];
	size_t n_segments;
};

/* RFC 2045 section 5.1: no blanks, controls or tspecials.  8-bit is let pass. */
static bool
is_token_char(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c > ' ' && c != 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* The token at *at, and what follows it skipped. */
static struct slice
take_token(struct lex *lex, size_t *at)
{
	size_t start = *at, i = start;

	while (i < lex->text.n && is_token_char(lex->text.p[i]))
		i++;
	*at = lex_skip(lex, i);
	return slice_sub(lex->text, start, i - start);
}

static bool
take_byte(struct lex *lex, size_t *at, char byte)
{
	if (*at >= lex->text.n || lex->text.p[*at] != byte)
		return false;
	*at = lex_skip(lex, *at + 1);
	return true;
}

/*
 * A quoted string, or anything without blanks up to ";": boundaries and file
 * names stand unquoted in much mail.  More than that is a fault, and read.
 */
static struct slice
take_value(struct reader *reader, size_t *at)
{
	struct lex *lex = &reader->lex;
	size_t start = *at, end = lex_quoted(lex, start);
	struct slice value;
	char *out;

	if (end > start) {
		out = arena_alloc(reader->arena, end - start);
		value.n = lex_unquote(slice_sub(lex->text, start, end - start), out);
		value.p = out;
	} else {
		while (end < lex->text.n && !lex_is_blank(lex->text.p[end]) &&
		    memchr(";(", lex->text.p[end], 2) == NULL)
			end++;
		value = slice_sub(lex->text, start, end - start);
	}
	*at = lex_skip(lex, end);
	if (lex_quoted(lex, start) == start && slice_find(value, '"') < value.n)
		reader->type->malformed = true;
	if (*at >= lex->text.n || lex->text.p[*at] == ';')
		return value;
	reader->type->malformed = true;
	if (lex_quoted(lex, start) == start) {
		*at += slice_find(slice_sub(lex->text, *at, lex->text.n), ';');
		value = slice_trim(slice_sub(lex->text, start, *at - start));
	}
	return value;
}

/* Number of the parameter, added when it is new; n_params when there are too many. */
static size_t
param_number(struct reader *reader, struct slice name)
{
	struct content_type *type = reader->type;

	for (size_t i = 0; i < type->n_params; i++) {
		if (slice_is(name, type->params[i].name))
			return i;
	}
	if (type->n_params == CONTENT_PARAMS_MAX)
		return CONTENT_PARAMS_MAX;
	type->params[type->n_params].name = slice_dup_lower(reader->arena, name);
	return type->n_params++;
}

static void
set_value(struct reader *reader, size_t number, struct slice value, bool extended,
    bool is_coded)
{
	struct content_param *param = &reader->type->params[number];

	if (param->value != NULL && reader->extended[number] == extended)
		reader->type->malformed = true;		/* twice */
	if (param->value != NULL && (reader->extended[number] || !extended))
		return;
	param->value = slice_dup(reader->arena, value);
	param->encoded_word = lex_has_encoded_word(value);
	param->extended = is_coded;
	reader->extended[number] = extended;
}

static void
add_segment(struct reader *reader, size_t param, struct slice index, struct slice value)
{
	struct segment *segment;
	bool extended = index.n > 1 && index.p[index.n - 1] == '*';
	unsigned long number;

	if (extended)
		index.n--;
	if (reader->n_segments == CONTENT_SEGMENTS_MAX ||
	    !slice_number(index, CONTENT_SEGMENTS_MAX, &number)) {
		reader->type->malformed = true;
		return;
	}
	segment = &reader->segments[reader->n_segments++];
	*segment = (struct segment){ (unsigned)param, number, extended, value };
}

static void
add_param(struct reader *reader, struct slice name, struct slice value)
{
	size_t star = slice_find(name, '*');
	size_t number = param_number(reader, slice_sub(name, 0, star));

	if (number == CONTENT_PARAMS_MAX)
		reader->type->malformed = true;
	else if (star == name.n)
		set_value(reader, number, value, false, false);
	else if (star + 1 == name.n)
		set_value(reader, number, value, true, true);
	else
		add_segment(reader, number, slice_sub(name, star + 1, name.n), value);
}

/* The next piece of a parameter, or NULL. */
static const struct segment *
find_segment(const struct reader *reader, size_t param, unsigned long number)
{
	for (size_t i = 0; i < reader->n_segments; i++) {
		if (reader->segments[i].param == param &&
		    reader->segments[i].number == number)
			return &reader->segments[i];
	}
	return NULL;
}

/* Pieces may come in any order; what is after a missing one is lost. */
static void
join_segments(struct reader *reader, size_t param)
{
	const struct segment *segment;
	struct slice whole = { "", 0 };
	unsigned long number = 0;
	char *out;

	while ((segment = find_segment(reader, param, number)) != NULL) {
		whole.n += segment->value.n;
		number++;
	}
	if (number == 0)
		return;
	out = arena_alloc(reader->arena, whole.n + 1);
	whole = (struct slice){ out, 0 };
	for (unsigned long i = 0; i < number; i++) {
		segment = find_segment(reader, param, i);
		memcpy(out + whole.n, segment->value.p, segment->value.n);
		whole.n += segment->value.n;
	}
	set_value(reader, param, whole, true, find_segment(reader, param, 0)->extended);
}

static void
read_params(struct reader *reader, size_t at)
{
	struct lex *lex = &reader->lex;
	struct slice name, value;

	while (at < lex->text.n) {
		if (!take_byte(lex, &at, ';')) {
			reader->type->malformed = true;
			at += slice_find(slice_sub(lex->text, at, lex->text.n), ';');
			continue;
		}
		name = take_token(lex, &at);
		if (name.n == 0 && (at >= lex->text.n || lex->text.p[at] == ';'))
			continue;
		if (!take_byte(lex, &at, '=') || name.n == 0) {
			reader->type->malformed = true;
			continue;
		}
		value = take_value(reader, &at);
		add_param(reader, name, value);
	}
	for (size_t i = 0; reader->n_segments > 0 && i < reader->type->n_params; i++)
		join_segments(reader, i);
	for (size_t i = 0; i < reader->type->n_params; i++) {
		if (reader->type->params[i].value == NULL)
			reader->type->params[i].value = "";
	}
}

void
content_type_parse(struct arena *arena, struct slice value,
    struct content_type *type_r)
{
	struct reader reader = { .arena = arena, .lex = { .text = value } };
	size_t at = lex_skip(&reader.lex, 0);
	struct slice type, subtype = { "", 0 };

	memset(type_r, 0, sizeof(*type_r));
	reader.type = type_r;
	type = take_token(&reader.lex, &at);
	if (take_byte(&reader.lex, &at, '/'))
		subtype = take_token(&reader.lex, &at);
	/* Without both it is text/plain to every reader (RFC 2045 section 5.2). */
	type_r->malformed = type.n == 0 || subtype.n == 0;
	type_r->type = type_r->malformed ? "text" : slice_dup_lower(arena, type);
	type_r->subtype = type_r->malformed ? "plain" : slice_dup_lower(arena, subtype);
	read_params(&reader, at);
}

void
content_disposition_parse(struct arena *arena, struct slice value,
    struct content_type *disposition_r)
{
	struct reader reader = { .arena = arena, .lex = { .text = value } };
	size_t at = lex_skip(&reader.lex, 0);

	memset(disposition_r, 0, sizeof(*disposition_r));
	reader.type = disposition_r;
	disposition_r->type = slice_dup_lower(arena, take_token(&reader.lex, &at));
	disposition_r->subtype = "";
	disposition_r->malformed = *disposition_r->type == '\0';
	read_params(&reader, at);
}

const char *
content_param(const struct content_type *type, const char *name)
{
	for (size_t i = 0; i < type->n_params; i++) {
		if (strcmp(type->params[i].name, name) == 0)
			return type->params[i].value;
	}
	return NULL;
}

enum transfer_encoding
transfer_encoding_parse(struct slice value)
{
	static const struct {
		const char *name;
		enum transfer_encoding encoding;
	} names[] = {
		{ "7bit", CTE_7BIT },
		{ "8bit", CTE_8BIT },
		{ "binary", CTE_BINARY },
		{ "quoted-printable", CTE_QUOTED_PRINTABLE },
		{ "base64", CTE_BASE64 },
	};
	struct lex lex = { .text = value };
	size_t at = lex_skip(&lex, 0);
	struct slice word = take_token(&lex, &at);

	if (at >= value.n && word.n == 0)
		return CTE_NONE;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_is(word, names[i].name))
			return names[i].encoding;
	}
	return CTE_UNKNOWN;
}
