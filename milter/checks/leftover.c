/*
 * What a mail merge left in the text: place holders that nobody filled in.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/readable.h"

enum {
	WORD_MAX = 64,			/* octets of a place holder */
	GREETING_MAX = 64,		/* octets of a line looked at for one */
	QUOTE_MAX = 60,
};

static bool
is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return is_small(c) || is_capital(c);
}

/* A blank: SP, TAB, or a no-break space (two octets). */
static size_t
blank_at(struct slice text, size_t i)
{
	if (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t'))
		return 1;
	return i + 1 < text.n && text.p[i] == '\xc2' && text.p[i + 1] == '\xa0' ? 2 : 0;
}

static size_t
skip_blanks(struct slice text, size_t i)
{
	size_t n;

	while ((n = blank_at(text, i)) > 0)
		i += n;
	return i;
}

static bool
has_at(struct slice text, size_t i, const char *what)
{
	size_t n = strlen(what);

	return i + n <= text.n && memcmp(text.p + i, what, n) == 0;
}

/* "{{ word }}", "[[ word ]]": octets of it, or 0. */
static size_t
match_doubled(struct slice text, const char *open, const char *close)
{
	struct slice near = slice_sub(text, 0, WORD_MAX);
	bool has_letter = false;
	size_t i, start;

	if (!has_at(near, 0, open))
		return 0;
	start = i = skip_blanks(near, 2);
	for (; i < near.n && (is_letter(near.p[i]) || is_digit(near.p[i]) ||
	    near.p[i] == '_' || near.p[i] == '.' || near.p[i] == '|'); i++)
		has_letter = has_letter || is_letter(near.p[i]);
	if (i == start || !has_letter)
		return 0;
	i = skip_blanks(near, i);
	return has_at(near, i, close) ? i + 2 : 0;
}

/* "*|FNAME|*" */
static size_t
match_starred(struct slice text)
{
	struct slice near = slice_sub(text, 0, WORD_MAX);
	bool has_letter = false;
	size_t i;

	if (!has_at(near, 0, "*|"))
		return 0;
	for (i = 2; i < near.n && (is_capital(near.p[i]) || is_digit(near.p[i]) ||
	    near.p[i] == '_' || near.p[i] == ':'); i++)
		has_letter = has_letter || is_capital(near.p[i]);
	return has_letter && has_at(near, i, "|*") ? i + 2 : 0;
}

/* "%FIRSTNAME%", "%NAME%" */
static size_t
match_percent(struct slice text)
{
	static const char *const whole[] = { "%NAME%", "%EMAIL%", "%FNAME%" };
	struct slice near = slice_sub(text, 0, WORD_MAX);
	size_t i;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (has_at(near, 0, whole[i]))
			return strlen(whole[i]);
	if (!has_at(near, 0, "%FIRST") && !has_at(near, 0, "%LAST"))
		return 0;
	for (i = 5; i < near.n && (is_capital(near.p[i]) || near.p[i] == '_' ||
	    near.p[i] == '-' || is_digit(near.p[i])); i++)
		;
	return i < near.n && near.p[i] == '%' ? i + 1 : 0;
}

static size_t
match_bracket(struct slice text)
{
	return has_at(text, 0, "[FNAME]") ? 7 : match_doubled(text, "[[", "]]");
}

/* The first place holder that begins with the byte; an empty slice for none. */
static struct slice
find_from(struct slice text, char first, size_t (*match)(struct slice text))
{
	struct slice rest = text;
	const char *at;
	size_t n;

	while (rest.n > 0 && (at = memchr(rest.p, first, rest.n)) != NULL) {
		rest = slice_sub(rest, (size_t)(at - rest.p), rest.n);
		n = match(rest);
		if (n > 0)
			return slice_sub(rest, 0, n);
		rest = slice_sub(rest, 1, rest.n);
	}
	return (struct slice){ NULL, 0 };
}

static size_t
match_brace(struct slice text)
{
	return match_doubled(text, "{{", "}}");
}

static struct slice
find_holder(struct slice text, bool with_brackets)
{
	struct slice found = find_from(text, '{', match_brace);

	if (found.n == 0)
		found = find_from(text, '%', match_percent);
	if (found.n == 0)
		found = find_from(text, '*', match_starred);
	if (found.n == 0 && with_brackets)
		found = find_from(text, '[', match_bracket);
	return found;
}

/* The word that greets, without case; octets of it, or 0. */
static size_t
greeting_at(struct slice line)
{
	static const char *const words[] = {
		"dear", "hi", "hello", "hey", "hallo", "liebe", "lieber", "bonjour",
		"cher", "ch\xc3\xa8re", "hola", "estimado", "estimada", "ol\xc3\xa1",
		"caro", "cara", "prezado", "prezada", "ciao", "gentile", "beste", "hej",
		"k\xc3\xa6re", "b\xc3\xa4sta", "witaj", "cze\xc5\x9b\xc4\x87",
	};
	size_t n;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (line.n == 0 || (line.p[0] | 0x20) != words[i][0])
			continue;
		n = strlen(words[i]);
		if (slice_starts_nocase(line, words[i]) && blank_at(line, n) > 0)
			return n;
	}
	return 0;
}

/* What programs write for nothing; "Nan" is a grandmother. */
static size_t
nothing_at(struct slice text)
{
	static const char *const words[] = { "undefined", "null", "none" };
	size_t n;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i]);
		if (slice_starts_nocase(text, words[i]))
			return n;
	}
	return has_at(text, 0, "NaN") ? 3 : 0;
}

/* "Dear undefined," "Dear ," as a line begins. */
static bool
is_bad_greeting(struct slice line)
{
	size_t i, n = greeting_at(line);

	if (n == 0)
		return false;
	i = skip_blanks(line, n);
	if (i < line.n && line.p[i] == ',')
		return true;
	n = nothing_at(slice_sub(line, i, line.n));
	if (n == 0)
		return false;
	i = skip_blanks(line, i + n);
	return i == line.n || strchr(",!.:;\r", line.p[i]) != NULL;
}

static struct slice
find_greeting(struct slice text)
{
	const char *end;

	while (text.n > 0) {
		struct slice line;

		end = memchr(text.p, '\n', text.n);
		line = slice_sub(text, 0, end != NULL ? (size_t)(end - text.p) : text.n);
		line = slice_trim(line);
		if (is_bad_greeting(slice_sub(line, 0, GREETING_MAX)))
			return line;
		if (end == NULL)
			break;
		text = slice_sub(text, (size_t)(end - text.p) + 1, text.n);
	}
	return (struct slice){ NULL, 0 };
}

void
check_template_leftover(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	const struct view_part *part;
	struct slice found;
	size_t at = 0;

	if (!readable_known(input, result))
		return;
	if (check_is_list(message)) {
		check_ok(result);
		return;
	}
	found = find_holder(slice_of(message->subject), false);
	if (found.n > 0) {
		check_hit(input, result, "The subject holds a place holder that nobody "
		    "filled in: %s", readable_quote(input, found, 0, QUOTE_MAX));
		return;
	}
	while ((part = readable_next(message->view, false, &at)) != NULL) {
		found = find_holder(part->text, true);
		if (found.n == 0)
			found = find_greeting(part->text);
		if (found.n == 0)
			continue;
		check_hit(input, result, "The text holds a place holder that nobody "
		    "filled in: \"%s\" in %s.", readable_quote(input, found, 0, QUOTE_MAX),
		    readable_name(input, part));
		return;
	}
	readable_end(input, result);
}
