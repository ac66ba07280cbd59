/*
 * Tables of header_checks(5) and their like: what a rule does, and to which
 * field, as far as its pattern says it plainly.
 */
#include <string.h>

#include "base/arena.h"
#include "tool/postfix.h"

#define FIELD_NAME_MAX 77

static bool
is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= '0' && byte <= '9') || byte == '-';
}

/* Whether it adds to or takes from the message (header_checks(5), ACTIONS). */
static bool
is_change(const char *action)
{
	static const char *const names[] = { "REPLACE", "PREPEND", "IGNORE", "STRIP" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(action, names[i]) == 0)
			return true;
	return false;
}

/* "/^Subject: .../" is about Subject; "/^(To|Cc):/" or "/./" about who knows. */
static const char *
field_of(struct arena *arena, struct slice inside)
{
	size_t n = 1, behind;

	if (inside.n < 2 || inside.p[0] != '^')
		return "";
	while (n < inside.n && is_name_byte(inside.p[n]))
		n++;
	if (n == 1 || n > FIELD_NAME_MAX || n == inside.n)
		return "";
	behind = n;
	if (inside.p[behind] == '\\' && behind + 1 < inside.n)
		behind++;		/* a blank or colon behind a backslash */
	if (inside.p[behind] != ':')
		return "";
	return slice_dup_lower(arena, slice_sub(inside, 1, n - 1));
}

/* "PREPEND X-Note: text" adds X-Note. */
static const char *
prepended_field(struct arena *arena, struct slice text)
{
	struct slice name;

	text = slice_trim(text);
	text = slice_trim(slice_sub(text, strlen("PREPEND"), text.n));
	name = slice_sub(text, 0, slice_find(text, ':'));
	if (name.n == 0 || name.n == text.n || name.n > FIELD_NAME_MAX)
		return "";
	return slice_dup_lower(arena, slice_trim(name));
}

/* Where the pattern that begins the text ends, with its flags; 0 for none. */
static size_t
pattern_end(struct slice text, struct slice *inside_r)
{
	char mark = text.n > 0 ? *text.p : '\0';
	size_t n = 1;

	if (mark == '\0' || mark == ' ' || mark == '\t' || is_name_byte(mark))
		return 0;
	while (n < text.n && text.p[n] != mark)
		n += text.p[n] == '\\' ? 2 : 1;
	if (n >= text.n)
		return 0;
	*inside_r = slice_sub(text, 1, n - 1);
	for (n++; n < text.n && text.p[n] != ' ' && text.p[n] != '\t'; n++)
		;
	return n;
}

static char *
upper(char *text)
{
	for (char *p = text; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return text;
}

static bool
read_rule(struct arena *arena, struct slice line, struct postfix_rule *rule_r)
{
	struct slice inside, action;
	size_t end;

	if (line.n > 0 && *line.p == '!')	/* where it does not match */
		line = slice_trim(slice_sub(line, 1, line.n));
	end = pattern_end(line, &inside);
	if (end == 0)
		return false;
	action = slice_trim(slice_sub(line, end, line.n));
	action.n = slice_find(slice_sub(action, 0, slice_find(action, '\t')), ' ');
	rule_r->pattern = slice_dup(arena, slice_sub(line, 0, end));
	rule_r->field = field_of(arena, inside);
	rule_r->action = upper(slice_dup(arena, action));
	rule_r->changes = is_change(rule_r->action);
	if (strcmp(rule_r->action, "PREPEND") == 0)	/* a field of another name */
		rule_r->field = prepended_field(arena, slice_sub(line, end, line.n));
	return action.n > 0;
}

static bool
is_skipped(struct slice line)
{
	struct slice bare = slice_trim(line);

	return bare.n == 0 || *bare.p == '#' ||
	    slice_starts_nocase(bare, "if ") || slice_starts_nocase(bare, "if/") ||
	    slice_starts_nocase(bare, "if!") || slice_is(bare, "endif");
}

struct postfix_rule *
postfix_rules(struct arena *arena, struct slice text, size_t *n_r)
{
	struct postfix_rule *rules = arena_array(arena, POSTFIX_RULES_MAX, sizeof(*rules));
	struct slice line;

	*n_r = 0;
	for (unsigned number = 1; *n_r < POSTFIX_RULES_MAX && slice_split(&text, '\n', &line);
	    number++) {
		/* what begins with a blank goes on with the line before: its text */
		if (is_skipped(line) || *line.p == ' ' || *line.p == '\t')
			continue;
		if (read_rule(arena, slice_trim(line), &rules[*n_r]))
			rules[(*n_r)++].line = number;
	}
	return rules;
}
