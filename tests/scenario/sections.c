/*
 * From the text of a scenario to sections, and from sections to what they
 * stand for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dkim/key.h"
#include "scenario.h"

#define FILE_MAX ((size_t)4 * 1024 * 1024)
#define MESSAGE_MAX ((size_t)64 * 1024 * 1024)

struct slice
read_whole(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	char *text;
	size_t n;

	if (file == NULL || fstat(fileno(file), &st) != 0) {
		perror(path);
		exit(2);
	}
	text = arena_alloc(arena, (size_t)st.st_size + 1);
	n = fread(text, 1, (size_t)st.st_size, file);
	fclose(file);
	return (struct slice){ text, n };
}

void
write_file(const char *path, struct slice text, mode_t mode)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || fwrite(text.p, 1, text.n, file) != text.n ||
	    fclose(file) != 0 || chmod(path, mode) != 0) {
		perror(path);
		exit(2);
	}
}

/* ---- what stands between two @ ---- */

/* The public half of a key of that name, or NULL. */
static const char *
public_half(struct scenario *s, struct slice name)
{
	const char *path, *error, *text;
	struct key *key;

	if (name.n == 0 || name.n > 32)
		return NULL;
	path = arena_printf(s->arena, "%s/%s.pem", s->keys, slice_dup(s->arena, name));
	if (access(path, R_OK) != 0)
		return NULL;
	key = key_parse(read_whole(s->arena, path), s->arena, &error);
	if (key == NULL)
		return NULL;
	text = arena_strdup(s->arena, key_public_base64(key));
	key_free(&key);
	return text;
}

static bool
expand_name(struct scenario *s, struct buf *out, struct slice name)
{
	const char *text = slice_eq(name, SLICE("KEYS")) ? s->keys :
	    slice_eq(name, SLICE("SCRATCH")) ? s->scratch : public_half(s, name);

	if (text == NULL)
		return false;
	buf_add_str(out, text);
	return true;
}

/* A byte, or bytes repeated; \n is a line end. */
static bool
expand_bytes(struct scenario *s, struct buf *out, struct slice name)
{
	char *text = slice_dup(s->arena, slice_sub(name, 0, 400)), *end;
	struct slice rest, part;
	unsigned long n;

	if (name.n == 2) {
		n = strtoul(text, &end, 16);
		if (*end == '\0')
			buf_add_char(out, (char)n);
		return *end == '\0';
	}
	if (strncmp(text, "REPEAT ", 7) != 0 || name.n > 400)
		return false;
	n = strtoul(text + 7, &end, 10);
	for (end++; n > 0; n--) {
		rest = slice_of(end);
		while (slice_find_nocase(rest, "\\n") < rest.n) {
			part = slice_sub(rest, 0, slice_find_nocase(rest, "\\n"));
			buf_add_slice(out, part);
			buf_add_str(out, "\r\n");
			rest = slice_sub(rest, part.n + 2, rest.n);
		}
		buf_add_slice(out, rest);
	}
	return true;
}

static void
expand(struct scenario *s, struct slice text, struct buf *out,
    bool (*one)(struct scenario *, struct buf *, struct slice))
{
	while (text.n > 0) {
		size_t at = slice_find(text, '@'), end;

		buf_add(out, text.p, at);
		text = slice_sub(text, at, text.n);
		if (text.n == 0)
			return;
		end = slice_find(slice_sub(text, 1, text.n), '@') + 1;
		if (end < text.n && one(s, out, slice_sub(text, 1, end - 1))) {
			text = slice_sub(text, end + 1, text.n);
		} else {
			buf_add_char(out, '@');
			text = slice_sub(text, 1, text.n);
		}
	}
}

const char *
expand_names(struct scenario *s, struct slice text)
{
	struct buf out;

	buf_init(&out, s->arena, FILE_MAX);
	expand(s, text, &out, expand_name);
	return buf_str(&out);
}

struct slice
expand_message(struct scenario *s, struct slice text)
{
	struct slice line;
	struct buf out;

	buf_init(&out, s->arena, MESSAGE_MAX);
	while (slice_split(&text, '\n', &line)) {
		expand(s, line, &out, expand_bytes);
		buf_add_str(&out, "\r\n");
	}
	return (struct slice){ buf_str(&out), out.n };
}

/* ---- a section on top of the standard's ---- */

static struct slice
next_word(struct slice *line)
{
	struct slice word;

	*line = slice_trim(*line);
	word = slice_sub(*line, 0, slice_find(*line, ' '));
	*line = slice_sub(*line, word.n, line->n);
	return word;
}

/* The name and the type of a record. */
static bool
read_record(struct slice line, struct slice *name_r, struct slice *type_r)
{
	unsigned long ttl;

	*name_r = next_word(&line);
	do {
		*type_r = next_word(&line);
	} while (slice_number(*type_r, INT32_MAX, &ttl) || slice_is(*type_r, "IN"));
	return name_r->n > 0 && name_r->p[0] != ';' && type_r->n > 0;
}

/* The lines say something of that name and type. */
static bool
zone_has(struct slice lines, struct slice name, struct slice type)
{
	struct slice line, other, other_type;

	while (slice_split(&lines, '\n', &line)) {
		if (read_record(line, &other, &other_type) &&
		    slice_eq_nocase(other, name) && (slice_eq_nocase(other_type, type) ||
		    slice_is(other_type, "ANY")))
			return true;
	}
	return false;
}

/* Records of the standard stay unless there are others of the name and type. */
static struct slice
merge_zone(struct scenario *s, struct slice standard, struct slice lines)
{
	struct slice line, name, type;
	struct buf out;

	buf_init(&out, s->arena, FILE_MAX);
	while (slice_split(&standard, '\n', &line)) {
		if (!read_record(line, &name, &type) || zone_has(lines, name, type))
			continue;
		buf_add_slice(&out, line);
		buf_add_char(&out, '\n');
	}
	buf_add_slice(&out, lines);
	return (struct slice){ buf_str(&out), out.n };
}

static struct slice
merge_lines(struct scenario *s, struct slice standard, struct slice lines)
{
	const char *text = arena_printf(s->arena, "%.*s%.*s", (int)standard.n,
	    standard.p, (int)lines.n, lines.p);

	return slice_of(text);
}

/* "Name: value" or "-Name" about the field of that name. */
static bool
fields_have(struct slice fields, struct slice name)
{
	struct slice line, other;

	while (slice_split(&fields, '\n', &line)) {
		if (line.n > 0 && line.p[0] == '-')
			other = slice_trim(slice_sub(line, 1, line.n));
		else
			other = slice_sub(line, 0, slice_find(line, ':'));
		if (slice_eq_nocase(other, name))
			return true;
	}
	return false;
}

/* Header section and body; false when there is no body. */
static bool
split_message(struct slice text, struct slice *fields_r, struct slice *body_r)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] == '\n')) {
			*fields_r = slice_sub(text, 0, i);
			*body_r = slice_sub(text, i + 1, text.n);
			return true;
		}
	}
	*fields_r = text;
	return false;
}

/* Fields and, if there is one, the body in place of the standard's. */
static struct slice
merge_message(struct scenario *s, struct slice standard, struct slice text)
{
	struct slice fields, body, own, own_body, line;
	struct buf out;

	split_message(standard, &fields, &body);
	if (split_message(text, &own, &own_body))
		body = own_body;
	buf_init(&out, s->arena, FILE_MAX);
	while (slice_split(&fields, '\n', &line)) {
		if (fields_have(own, slice_sub(line, 0, slice_find(line, ':'))))
			continue;
		buf_add_slice(&out, line);
		buf_add_char(&out, '\n');
	}
	while (slice_split(&own, '\n', &line)) {
		if (line.n > 0 && line.p[0] == '-')
			continue;
		buf_add_slice(&out, line);
		buf_add_char(&out, '\n');
	}
	buf_add_char(&out, '\n');
	buf_add_slice(&out, body);
	return (struct slice){ buf_str(&out), out.n };
}

/* ---- rounds ---- */

static void
set_section(struct scenario *s, struct slice title, struct slice text)
{
	const struct sections *standard = s->standard;
	struct sections *sections = &s->sections;
	struct slice name = next_word(&title);
	bool more = slice_is(slice_trim(title), "+");

	if (slice_is(name, "config")) {
		sections->config = more ?
		    merge_lines(s, standard->config, text) : text;
		sections->fresh_config = true;
	} else if (slice_is(name, "zone")) {
		sections->zone = more ? merge_zone(s, standard->zone, text) : text;
		sections->fresh_zone = true;
	} else if (slice_is(name, "session")) {
		sections->session = text;
		sections->fresh_session = true;
	} else if (slice_is(name, "message")) {
		sections->message = more ?
		    merge_message(s, standard->message, text) : text;
	} else if (slice_is(name, "expect")) {
		sections->expect = text;
	} else if (slice_is(name, "file")) {
		write_file(arena_printf(s->arena, "%s/%s", s->scratch,
		    slice_dup(s->arena, slice_trim(title))), text, 0644);
	} else if (slice_is(name, "service")) {
		service_begin(s, slice_dup(s->arena, slice_trim(title)),
		    expand_message(s, text));
	} else {
		scenario_die(s, "no such section", slice_dup(s->arena, name));
	}
}

/* The lines up to the next one that begins with "--- ". */
static struct slice
take_lines(struct slice *rest)
{
	struct slice text = *rest, line;

	while (rest->n > 0 && !slice_starts_nocase(*rest, "--- "))
		slice_split(rest, '\n', &line);
	text.n -= rest->n;
	return text;
}

bool
sections_next(struct scenario *s, struct slice *rest)
{
	struct slice title;

	if (rest->n == 0)
		return false;
	s->sections.fresh_config = s->sections.fresh_zone = s->round == 0;
	s->sections.fresh_session = false;
	s->sections.expect = (struct slice){ "", 0 };
	take_lines(rest);	/* title and remarks */
	while (slice_split(rest, '\n', &title)) {
		title = slice_trim(slice_sub(title, 4, title.n));
		if (slice_is(title, "then"))
			return true;
		set_section(s, title, take_lines(rest));
	}
	return true;
}
