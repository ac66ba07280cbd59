/*
 * Reads statements: NAME = VALUE, NAME = {VALUE, ...}, NAME ["TITLE"] {...}.
 * libconfuse 3.3 stops at the first fault, takes an end of file for the end
 * of a section and expands variables, so it gets only what passed here.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "settings/errors.h"
#include "settings/scan.h"
#include "settings/syntax.h"

enum { TEXT_MAX = 256 * 1024 * 1024, DEPTH_MAX = 8 };

struct reader {
	struct scanner scanner;
	struct token now;		/* the token looked at */
	const char *file;
	struct arena *arena;
	struct errors *errors;
	struct buf main;		/* options at the top level */
	struct buf sections;		/* the other blocks, each terminated */
	struct buf ignored;
	struct block **end;		/* where the next block is linked */
};

/* Where statements stand; an unknown section is read, but not judged. */
struct place {
	enum section section;
	bool is_unknown;
	unsigned depth;
	struct buf *out;
};

static void
advance(struct reader *reader)
{
	reader->now = scanner_next(&reader->scanner);
}

static bool
is_at(const struct reader *reader, enum token_kind kind)
{
	return reader->now.kind == kind;
}

static bool
is_at_text(const struct reader *reader)
{
	return is_at(reader, TOKEN_WORD) || is_at(reader, TOKEN_STRING);
}

static const char *
token_shown(const struct reader *reader, const struct token *token)
{
	if (token->kind == TOKEN_END)
		return token->text;
	return errors_shown(reader->errors, token->text);
}

/* The token looked at, as an error shows it. */
static const char *
got(const struct reader *reader)
{
	return token_shown(reader, &reader->now);
}

static void
out_text(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '\'')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
}

static void
out_value(struct buf *out, unsigned line, const char *text)
{
	buf_printf(out, ", ':%u ", line);
	out_text(out, text);
	buf_add_char(out, '\'');
}

/* After "NAME =": a value or a list. */
static void
read_list(struct reader *reader, const struct token *name, struct buf *out)
{
	buf_printf(out, "%s += {'=%u list'", name->text, name->line);
	advance(reader);
	while (is_at_text(reader)) {
		out_value(out, reader->now.line, reader->now.text);
		advance(reader);
		if (!is_at(reader, TOKEN_COMMA))
			break;
		advance(reader);
	}
	buf_add_str(out, "}\n");
	if (is_at(reader, TOKEN_CLOSE)) {
		advance(reader);
		return;
	}
	errors_add(reader->errors, reader->file, reader->now.line, name->text,
	    "expected \",\" or \"}\" in the list (got %s)", got(reader));
	/* Go on behind what was meant to be the list; a word may be an option. */
	while (is_at(reader, TOKEN_STRING) || is_at(reader, TOKEN_COMMA) ||
	    (is_at(reader, TOKEN_WORD) && reader->now.line == name->line))
		advance(reader);
	if (is_at(reader, TOKEN_CLOSE))
		advance(reader);
}

static void
read_assignment(struct reader *reader, const struct token *name, struct buf *out)
{
	if (is_at(reader, TOKEN_APPEND))
		errors_add(reader->errors, reader->file, reader->now.line, name->text,
		    "expected \"=\" and the whole list (got \"+=\")");
	advance(reader);
	if (is_at(reader, TOKEN_OPEN)) {
		read_list(reader, name, out);
		return;
	}
	if (!is_at_text(reader)) {
		errors_add(reader->errors, reader->file, reader->now.line, name->text,
		    "expected a value after \"=\" (got %s)", got(reader));
		return;
	}
	buf_printf(out, "%s += {'=%u'", name->text, name->line);
	out_value(out, reader->now.line, reader->now.text);
	buf_add_str(out, "}\n");
	advance(reader);
}

/* Is NAME an option here?  Tells when not. */
static bool
check_option(struct reader *reader, const struct place *place, const struct token *name)
{
	enum section section;

	if (place->is_unknown)
		return false;
	if (option_find(place->section, name->text) != NULL)
		return true;
	if (section_find(place->section, name->text, &section))
		errors_add(reader->errors, reader->file, name->line, name->text,
		    "expected \"{\": this is a section (got %s)", got(reader));
	else
		errors_add(reader->errors, reader->file, name->line, name->text,
		    "unknown option%s", options_hint(reader->arena, place->section,
		    name->text));
	return false;
}

/* Is NAME a section here, with a title or without as it must be? */
static bool
check_section(struct reader *reader, const struct place *place, const struct token *name,
    const struct token *title, enum section *section_r)
{
	const struct section_info *info;

	if (place->is_unknown)
		return false;
	if (!section_find(place->section, name->text, section_r)) {
		if (option_find(place->section, name->text) != NULL)
			errors_add(reader->errors, reader->file, name->line, name->text,
			    "expected \"=\": this is an option (got %s)", got(reader));
		else
			errors_add(reader->errors, reader->file, name->line, name->text,
			    "unknown section%s", options_hint(reader->arena,
			    place->section, name->text));
		return false;
	}
	info = section_info(*section_r);
	if (info->has_title == (title != NULL))
		return true;
	if (info->has_title)
		errors_add(reader->errors, reader->file, name->line, name->text,
		    "expected %s in quotes before \"{\"", info->title_help);
	else
		errors_add(reader->errors, reader->file, name->line, name->text,
		    "expected \"{\": there is only one, without a name (got %s)",
		    errors_shown(reader->errors, title->text));
	return false;
}

static void read_statements(struct reader *reader, const struct place *place,
    const struct token *opened_by);

/* The text from `start` of reader->sections on is a block. */
static void
add_block(struct reader *reader, enum section section, size_t start)
{
	struct block *block = arena_alloc(reader->arena, sizeof(*block));

	buf_add_char(&reader->sections, '\0');
	block->section = section;
	block->start = start;
	*reader->end = block;
	reader->end = &block->next;
}

static void
read_section(struct reader *reader, const struct place *place, const struct token *name,
    const struct token *title)
{
	struct place inside = { SECTION_MAIN, false, place->depth + 1, NULL };
	size_t start = reader->sections.n;

	inside.is_unknown = !check_section(reader, place, name, title, &inside.section);
	inside.out = inside.is_unknown ? &reader->ignored : &reader->sections;
	if (place->depth > 0)
		buf_printf(inside.out, "%s {\n", name->text);
	buf_printf(inside.out, SYNTAX_TITLE " += {'=%u'", name->line);
	out_value(inside.out, name->line, title == NULL ? "" : title->text);
	buf_add_str(inside.out, "}\n");
	advance(reader);
	read_statements(reader, &inside, name);
	if (place->depth > 0)
		buf_add_str(inside.out, "}\n");
	else if (!inside.is_unknown)
		add_block(reader, inside.section, start);
}

/* Something else than "=" or "{" came after a name: `instead`. */
static void
complain_statement(struct reader *reader, const struct place *place,
    const struct token *name, const struct token *instead)
{
	unsigned line = name->line;
	enum section section;

	if (!place->is_unknown && (section_find(place->section, name->text, &section) ||
	    check_option(reader, place, name)))
		errors_add(reader->errors, reader->file, name->line, name->text,
		    "expected \"%s\" (got %s)",
		    option_find(place->section, name->text) != NULL ? "=" : "{",
		    token_shown(reader, instead));
	while (reader->now.line == line && !is_at(reader, TOKEN_END) &&
	    !is_at(reader, TOKEN_CLOSE))
		advance(reader);
}

static void
read_statement(struct reader *reader, const struct place *place)
{
	struct token name = reader->now, title, instead;

	advance(reader);
	if (is_at(reader, TOKEN_EQUAL) || is_at(reader, TOKEN_APPEND)) {
		read_assignment(reader, &name, check_option(reader, place, &name) ?
		    place->out : &reader->ignored);
		return;
	}
	if (is_at(reader, TOKEN_OPEN)) {
		read_section(reader, place, &name, NULL);
		return;
	}
	instead = reader->now;
	/* A word on another line is rather the next option than a title. */
	if (is_at(reader, TOKEN_STRING) ||
	    (is_at(reader, TOKEN_WORD) && reader->now.line == name.line)) {
		title = reader->now;
		advance(reader);
		if (is_at(reader, TOKEN_OPEN)) {
			read_section(reader, place, &name, &title);
			return;
		}
	}
	complain_statement(reader, place, &name, &instead);
}

/* A section of the top level begins inside of another: a brace is missing. */
static bool
is_at_lost_section(const struct reader *reader, const struct place *place)
{
	enum section section;

	return place->depth > 0 && is_at(reader, TOKEN_WORD) &&
	    section_find(SECTION_MAIN, reader->now.text, &section) &&
	    !section_find(place->section, reader->now.text, &section) &&
	    option_find(place->section, reader->now.text) == NULL;
}

/* Statements up to the brace that closes the section, or the end of the file. */
static void
read_statements(struct reader *reader, const struct place *place,
    const struct token *opened_by)
{
	while (!is_at(reader, TOKEN_END) && !is_at_lost_section(reader, place)) {
		if (is_at_text(reader) && place->depth < DEPTH_MAX) {
			read_statement(reader, place);
			continue;
		}
		if (is_at(reader, TOKEN_CLOSE) && opened_by != NULL) {
			advance(reader);
			return;
		}
		errors_add(reader->errors, reader->file, reader->now.line, NULL,
		    "expected an option or a section (got %s)", got(reader));
		advance(reader);
	}
	if (opened_by != NULL)
		errors_add(reader->errors, reader->file, opened_by->line, opened_by->text,
		    "this section is not closed: expected \"}\" before %s on line %u",
		    got(reader), reader->now.line);
}

struct block *
syntax_read(struct slice text, const char *file, struct arena *arena,
    struct errors *errors)
{
	struct reader reader = { .file = file, .arena = arena, .errors = errors };
	struct block *main = arena_alloc(arena, sizeof(*main)), *block;
	struct place top = { SECTION_MAIN, false, 0, &reader.main };

	scanner_init(&reader.scanner, text, file, arena, errors);
	buf_init(&reader.main, arena, TEXT_MAX);
	buf_init(&reader.sections, arena, TEXT_MAX);
	buf_init(&reader.ignored, arena, 0);
	reader.end = &main->next;
	advance(&reader);
	read_statements(&reader, &top, NULL);
	if (reader.main.truncated || reader.sections.truncated)
		errors_add(errors, file, 0, NULL, "expected a shorter file");
	main->section = SECTION_MAIN;
	main->text = buf_str(&reader.main);
	for (block = main->next; block != NULL; block = block->next)
		block->text = buf_str(&reader.sections) + block->start;
	return main;
}
