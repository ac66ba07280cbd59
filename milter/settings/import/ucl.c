/*
 * Reads a part of UCL.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "settings/import/ucl.h"

enum { TEXT_MAX = 1024 * 1024 };

struct reader {
	struct arena *arena;
	struct slice rest;
	unsigned line;
	unsigned depth;
	size_t nodes;
	ucl_say_fn *say;
	void *context;
};

static void
say(struct reader *reader, const char *text)
{
	reader->say(reader->context, reader->line, text);
}

static bool
at_end(const struct reader *reader)
{
	return reader->rest.n == 0;
}

static char
now(const struct reader *reader)
{
	return reader->rest.n > 0 ? reader->rest.p[0] : '\0';
}

static bool
at(const struct reader *reader, const char *text)
{
	size_t n = strlen(text);

	return reader->rest.n >= n && memcmp(reader->rest.p, text, n) == 0;
}

static void
step(struct reader *reader)
{
	if (now(reader) == '\n')
		reader->line++;
	reader->rest.p++;
	reader->rest.n--;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
skip_line(struct reader *reader)
{
	while (!at_end(reader) && now(reader) != '\n')
		step(reader);
}

/* Comments of this kind may lie within each other. */
static void
skip_comment(struct reader *reader)
{
	unsigned depth = 0;

	do {
		if (at(reader, "/*") || at(reader, "*/")) {
			depth += now(reader) == '/' ? 1u : -1u;
			step(reader);
		}
		if (!at_end(reader))
			step(reader);
	} while (depth > 0 && !at_end(reader));
}

/* Blanks and comments; `stops` at the end of a line where that is one. */
static void
skip(struct reader *reader, bool stops)
{
	while (!at_end(reader)) {
		if (now(reader) == '#')
			skip_line(reader);
		else if (at(reader, "/*"))
			skip_comment(reader);
		else if (is_blank(now(reader)) || (now(reader) == '\n' && !stops))
			step(reader);
		else
			break;
	}
}

static struct ucl *
add(struct reader *reader, struct ucl *parent, enum ucl_kind kind, const char *key)
{
	struct ucl *node = arena_alloc(reader->arena, sizeof(*node));

	node->kind = kind;
	node->key = key;
	node->text = "";
	node->line = reader->line;
	reader->nodes++;
	if (parent->last != NULL)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

static const char *
read_quoted(struct reader *reader, char quote)
{
	struct buf text;

	buf_init(&text, reader->arena, TEXT_MAX);
	step(reader);
	while (!at_end(reader) && now(reader) != quote) {
		if (now(reader) == '\\' && quote == '"' && reader->rest.n > 1) {
			step(reader);
			if (now(reader) == 'n' || now(reader) == 't')
				buf_add_char(&text, now(reader) == 'n' ? '\n' : '\t');
			else
				buf_add_char(&text, now(reader));
		} else if (now(reader) != '\0') {
			buf_add_char(&text, now(reader));
		}
		step(reader);
	}
	if (at_end(reader))
		say(reader, "a string is not closed");
	else
		step(reader);
	return buf_str(&text);
}

/* <<WORD: the lines up to one that is WORD. */
static const char *
read_here(struct reader *reader)
{
	struct slice word = { reader->rest.p + 2, 0 }, line;
	const char *start;

	while (word.n + 2 < reader->rest.n && word.p[word.n] >= 'A' && word.p[word.n] <= 'Z')
		word.n++;
	skip_line(reader);
	if (!at_end(reader))
		step(reader);
	start = reader->rest.p;
	while (!at_end(reader)) {
		line = slice_sub(reader->rest, 0, slice_find(reader->rest, '\n'));
		line = slice_trim(line);
		if (line.n == word.n + 1 && strchr(";,", line.p[word.n]) != NULL)
			line.n--;
		if (slice_eq(line, word)) {
			const char *text = slice_dup(reader->arena,
			    (struct slice){ start, (size_t)(line.p - start) });

			skip_line(reader);
			return text;
		}
		skip_line(reader);
		if (!at_end(reader))
			step(reader);
	}
	say(reader, "a text that begins with << is not ended");
	return "";
}

static const char *
read_word(struct reader *reader, const char *stops)
{
	struct slice word = { reader->rest.p, 0 };

	while (!at_end(reader) && now(reader) != '\0' && now(reader) != '\n' &&
	    now(reader) != '#' && strchr(stops, now(reader)) == NULL) {
		word.n++;
		step(reader);
	}
	return slice_dup(reader->arena, slice_trim(word));
}

static const char *
read_key(struct reader *reader)
{
	if (now(reader) == '"' || now(reader) == '\'')
		return read_quoted(reader, now(reader));
	return read_word(reader, " \t\r=:;,{}[]\"'");
}

static void read_members(struct reader *reader, struct ucl *object, char end);

static void
read_value(struct reader *reader, struct ucl *parent, const char *key)
{
	char c = now(reader);
	struct ucl *node;

	if (c == '{' || c == '[') {
		node = add(reader, parent, c == '{' ? UCL_OBJECT : UCL_LIST, key);
		step(reader);
		read_members(reader, node, c == '{' ? '}' : ']');
		return;
	}
	node = add(reader, parent, UCL_TEXT, key);
	if (c == '"' || c == '\'')
		node->text = read_quoted(reader, c);
	else if (at(reader, "<<") && reader->rest.n > 2 && reader->rest.p[2] >= 'A' &&
	    reader->rest.p[2] <= 'Z')
		node->text = read_here(reader);
	else
		node->text = read_word(reader, parent->kind == UCL_LIST ? ",;]}{[" : ";}{[");
	if (!at_end(reader) && now(reader) == '\0')
		step(reader);
}

/* Nothing but names stands before a brace on this line. */
static bool
is_at_name(const struct reader *reader)
{
	for (size_t i = 0; i < reader->rest.n; i++) {
		if (reader->rest.p[i] == '{')
			return i > 0;
		if (strchr("\n;,}]=#[", reader->rest.p[i]) != NULL)
			return false;
	}
	return false;
}

/* KEY NAME { ... }: objects within objects. */
static struct ucl *
read_names(struct reader *reader, struct ucl *object, const char **key)
{
	while (is_at_name(reader) && reader->nodes < UCL_NODES_MAX) {
		object = add(reader, object, UCL_OBJECT, *key);
		*key = read_key(reader);
		if (**key == '\0') {
			say(reader, "expected a name before \"{\"");
			if (!at_end(reader))
				step(reader);
		}
		skip(reader, true);
	}
	return object;
}

/* KEY [NAME ...] { ... } or KEY VALUE. */
static void
read_member(struct reader *reader, struct ucl *object)
{
	const char *key = read_key(reader);

	if (*key == '\0') {
		say(reader, "expected a name");
		if (!at_end(reader))
			step(reader);
		return;
	}
	skip(reader, true);
	if (now(reader) == '=' || now(reader) == ':') {
		step(reader);
		skip(reader, true);
	} else {
		object = read_names(reader, object, &key);
	}
	read_value(reader, object, key);
}

static void
read_members(struct reader *reader, struct ucl *object, char end)
{
	reader->depth++;
	for (;;) {
		skip(reader, false);
		if (at_end(reader) || reader->nodes >= UCL_NODES_MAX ||
		    reader->depth > UCL_DEPTH_MAX) {
			if (end != '\0' || !at_end(reader))
				say(reader, at_end(reader) ? "a brace is not closed" :
				    "too much of it, or nested too deeply");
			reader->rest.n = 0;
			break;
		}
		if (now(reader) == end && end != '\0') {
			step(reader);
			break;
		}
		if (now(reader) == ',' || now(reader) == ';') {
			step(reader);
		} else if (now(reader) == '}' || now(reader) == ']' || now(reader) == '\0') {
			say(reader, "a bracket too many");
			step(reader);
		} else if (object->kind == UCL_LIST) {
			read_value(reader, object, "");
		} else if (now(reader) == '.') {
			say(reader, "macros such as .include are not followed: write here what "
			    "they bring");
			skip_line(reader);
		} else {
			read_member(reader, object);
		}
	}
	reader->depth--;
}

const struct ucl *
ucl_parse(struct arena *arena, struct slice text, ucl_say_fn *say_fn, void *context)
{
	struct reader reader = { .arena = arena, .rest = text, .line = 1, .say = say_fn,
		.context = context };
	struct ucl *root = arena_alloc(arena, sizeof(*root));

	root->kind = UCL_OBJECT;
	root->key = "";
	root->line = 1;
	read_members(&reader, root, '\0');
	return root;
}

const struct ucl *
ucl_find(const struct ucl *object, const char *key)
{
	const struct ucl *found = NULL;

	for (const struct ucl *child = object->first; child != NULL; child = child->next) {
		if (slice_is(slice_of(key), child->key))
			found = child;
	}
	return found;
}
