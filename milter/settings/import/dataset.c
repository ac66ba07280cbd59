/*
 * Reads OpenDKIM's data sets.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "settings/files.h"
#include "settings/import/dataset.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct slice
trim(struct slice text)
{
	while (text.n > 0 && is_blank(text.p[0]))
		text = slice_sub(text, 1, text.n);
	while (text.n > 0 && is_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

static struct dataset_entry *
add(struct arena *arena, struct dataset *set)
{
	struct dataset_entry *more;

	/* Doubles at 0, 1, 2, 4, ... */
	if ((set->n & (set->n - 1)) == 0) {
		more = arena_array(arena, set->n == 0 ? 1 : 2 * set->n, sizeof(*more));
		if (set->n > 0)
			memcpy(more, set->p, set->n * sizeof(*more));
		set->p = more;
	}
	return &set->p[set->n++];
}

static void
add_split(struct arena *arena, struct dataset *set, struct slice text, size_t key_size,
    struct import_place at)
{
	struct dataset_entry *entry = add(arena, set);

	entry->key = slice_dup(arena, trim(slice_sub(text, 0, key_size)));
	entry->value = slice_dup(arena, trim(slice_sub(text, key_size + 1, text.n)));
	entry->at = at;
}

void
dataset_parse(struct arena *arena, struct slice text, const char *path,
    struct dataset *set)
{
	struct import_place at = { path, 0 };
	struct slice line;
	size_t n;

	while (slice_split(&text, '\n', &line) && set->n < IMPORT_ENTRIES_MAX) {
		at.line++;
		line = slice_sub(line, 0, slice_find(line, '\0'));
		line = trim(slice_sub(line, 0, slice_find(line, '#')));
		for (n = 0; n < line.n && !is_blank(line.p[n]); n++)
			;
		if (line.n > 0)
			add_split(arena, set, line, n, at);
	}
}

/* "a, b, x=y" */
static void
parse_list(struct arena *arena, struct slice text, struct import_place at,
    struct dataset *set)
{
	struct slice part;

	while (slice_split(&text, ',', &part) && set->n < IMPORT_ENTRIES_MAX) {
		part = trim(part);
		if (part.n > 0)
			add_split(arena, set, part, slice_find(part, '='), at);
	}
}

static bool
read_file(struct import *import, const char *option, const struct import_text *text,
    const char *path, struct dataset *set)
{
	const struct file *file = files_get(import->files, path);

	set->path = file->path;
	if (file->bytes == NULL) {
		import_say(import, IMPORT_ERROR, text->at, option,
		    "expected a file that can be read (%s: %s)",
		    log_safe(import->arena, slice_of(path), 200), strerror(file->error));
		return false;
	}
	if (!import_trusts(import, file, option))
		return false;
	dataset_parse(import->arena, (struct slice){ file->bytes, file->size }, file->path,
	    set);
	return true;
}

/* The kinds that ask a program or a database. */
static const char *
foreign_kind(struct slice text)
{
	static const char *const kinds[] = { "db:", "bdb:", "dsn:", "ldap:", "ldaps:",
		"ldapi:", "lua:", "memcache:", "erlang:", "mdb:", "repute:", "socket:", NULL };

	for (const char *const *kind = kinds; *kind != NULL; kind++) {
		if (slice_starts_nocase(text, *kind))
			return *kind;
	}
	return text.n > 3 && text.p[0] == '/' && slice_ends_nocase(text, ".db") ?
	    ".db" : NULL;
}

bool
dataset_read(struct import *import, const char *option, const struct import_text *text,
    const char *base, struct dataset *set_r)
{
	struct slice spec = trim(slice_of(text->text));
	const char *foreign = foreign_kind(spec), *path;
	bool is_file = slice_starts_nocase(spec, "file:");
	bool is_refile = slice_starts_nocase(spec, "refile:");

	if (text->set != NULL) {
		*set_r = *text->set;
		return true;
	}
	*set_r = (struct dataset){ is_refile ? DATASET_PATTERNS : DATASET_EXACT, NULL,
		NULL, 0 };
	if (foreign != NULL) {
		import_say(import, IMPORT_ERROR, text->at, option, "a table of the kind "
		    "\"%s\" cannot be read: write its content into a text file and name "
		    "that with file: or refile:", foreign);
		return false;
	}
	if (slice_starts_nocase(spec, "csl:"))
		spec = slice_sub(spec, 4, spec.n);
	else if (is_file || is_refile)
		spec = trim(slice_sub(spec, slice_find(spec, ':') + 1, spec.n));
	else
		is_file = spec.n > 0 && spec.p[0] == '/';
	if (!is_file && !is_refile) {
		parse_list(import->arena, spec, text->at, set_r);
		return true;
	}
	path = slice_dup(import->arena, spec);
	if (path[0] != '/' && base != NULL)
		path = arena_printf(import->arena, "%s/%s", base, path);
	if (path[0] != '/') {
		import_say(import, IMPORT_ERROR, text->at, option, "expected a path that "
		    "starts with \"/\" (got %s)", import_shown(import, path));
		return false;
	}
	return read_file(import, option, text, path, set_r);
}

void
dataset_append(struct arena *arena, struct dataset *set, const struct dataset_entry *more)
{
	*add(arena, set) = *more;
}

size_t
dataset_find(const char *pattern, const char *text)
{
	const char *at = text, *found;
	size_t n;

	for (;;) {
		pattern += strspn(pattern, "*");
		n = strcspn(pattern, "*");
		if (n == 0)
			return (size_t)(at - text);
		found = memmem(at, strlen(at), pattern, n);
		if (found == NULL)
			return SIZE_MAX;
		at = found + n;
		pattern += n;
	}
}

bool
dataset_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			again = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
