/*
 * Lists and phrases: a file of the directory that the option names, else the
 * one that is built in.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "settings/build.h"
#include "settings/errors.h"
#include "settings/lists_store.h"

/* Where lists come from. */
struct lists_reading {
	struct lists *lists;
	struct arena *arena, *work;
	struct errors *errors;
	struct files *files;		/* NULL: only what is built in */
};

static void
parse(struct lists_reading *in, const char *file, const char *name, struct slice text)
{
	struct list_source source = {
		.file = file, .text = text, .arena = in->arena, .work = in->work,
		.errors = in->errors,
	};
	const char *slash = strchr(name, '/') + 1;
	const char *stem = arena_strndup(in->work, slash, strlen(slash) - strlen(".txt"));

	if (slice_starts_nocase(text, "\xef\xbb\xbf"))	/* an editor's mark */
		source.text = slice_sub(text, 3, text.n);
	if (strncmp(name, "phrases/", 8) == 0)
		lists_parse_phrases(&source, stem, in->lists);
	else if (strcmp(stem, "providers") == 0)
		lists_parse_providers(&source, in->lists);
	else if (strcmp(stem, "blocklists") == 0)
		lists_parse_blocklists(&source, in->lists);
	else
		lists_parse_words(&source, list_by_name(stem), in->lists);
}

static void
parse_file(struct lists_reading *in, const char *path, const char *name)
{
	const struct file *file = files_get(in->files, path);

	if (file->bytes == NULL)
		errors_add(in->errors, path, 0, NULL, "cannot be read: %s",
		    strerror(file->error));
	/* comments alone make an empty list; nothing at all is an accident */
	else if (file->size == 0)
		errors_add(in->errors, path, 0, NULL, "an empty file: was it cut off while "
		    "it was saved? For an empty list write a comment into it");
	else if (file->size > LIST_FILE_MAX)
		errors_add(in->errors, path, 0, NULL, "expected at most %d bytes (got %zu)",
		    LIST_FILE_MAX, file->size);
	else
		parse(in, path, name, (struct slice){ file->bytes, file->size });
}

static bool
is_list(const char *stem)
{
	return strcmp(stem, "providers") == 0 || strcmp(stem, "blocklists") == 0 ||
	    list_by_name(stem) != LISTS;
}

/* "en", "pt-br": what can be shown as a language. */
static bool
is_language(const char *stem)
{
	return strlen(stem) <= 16 && strchr(stem, '.') == NULL;
}

/* The files of a directory: name as the built-in one has it -> path. */
static struct map *
find_files(struct lists_reading *in, const char *directory, const char *kind)
{
	struct map *found = map_new(in->work);
	bool is_phrases = strcmp(kind, "phrases") == 0;
	const struct file_match *match;
	size_t n = 0;

	if (in->files == NULL || directory == NULL || *directory == '\0')
		return found;
	match = files_match(in->files, arena_printf(in->work, "%s/%%d.txt", directory), &n);
	for (size_t i = 0; i < n; i++) {
		if (is_phrases ? is_language(match[i].domain) : is_list(match[i].domain))
			map_set(found, arena_printf(in->work, "%s/%s.txt", kind,
			    match[i].domain), (void *)(uintptr_t)match[i].path);
		else
			errors_add(in->errors, match[i].path, 0, NULL, "expected the name "
			    "of %s", is_phrases ? "a language, as in en.txt" :
			    "a list of mailworthy-lists(5)");
	}
	return found;
}

struct read_added {
	struct lists_reading *in;
	struct map *known;
};

/* A file that stands in place of none. */
static void
read_added(void *ctx, const char *name, void *path)
{
	struct read_added *added = ctx;

	if (map_get(added->known, name) == NULL)
		parse_file(added->in, path, name);
}

/* All files of a kind: those built in, each in favour of its namesake; others. */
static void
read_kind(struct lists_reading *in, const char *kind, struct map *found)
{
	struct read_added added = { in, map_new(in->work) };
	const struct list_builtin *builtin;
	const char *path;

	for (size_t i = 0; i < list_n_builtins; i++) {
		builtin = &list_builtins[i];
		if (strncmp(builtin->name, kind, strlen(kind)) != 0)
			continue;
		path = map_get(found, builtin->name);
		map_set(added.known, builtin->name, in);
		if (path != NULL)
			parse_file(in, path, builtin->name);
		else
			parse(in, builtin->name, builtin->name,
			    (struct slice){ builtin->text, builtin->size });
	}
	map_each(found, read_added, &added);
}

static void
check_found(struct reading *reading, const char *option, unsigned line,
    const char *directory, const struct map *found)
{
	if (directory != NULL && *directory != '\0' && map_count(found) == 0)
		errors_add(reading->errors, reading->file, line, option,
		    "expected a directory with a file of %s in it (got %s)",
		    strcmp(option, "phrases") == 0 ? "phrases, en.txt or the like," :
		    "mailworthy-lists(5)", errors_shown(reading->errors, directory));
}

void
build_lists(struct reading *reading, unsigned lists_line, unsigned phrases_line)
{
	struct settings *settings = reading->settings;
	struct lists_reading in = {
		.lists = arena_alloc(reading->arena, sizeof(struct lists)),
		.arena = reading->arena, .work = reading->work,
		.errors = reading->errors, .files = reading->files,
	};
	struct map *lists = find_files(&in, settings->lists_dir, "lists");
	struct map *phrases = find_files(&in, settings->phrases_dir, "phrases");

	check_found(reading, "lists", lists_line, settings->lists_dir, lists);
	check_found(reading, "phrases", phrases_line, settings->phrases_dir, phrases);
	read_kind(&in, "lists", lists);
	read_kind(&in, "phrases", phrases);
	settings->lists = in.lists;
}

const struct lists *
lists_new_builtin(struct arena *arena)
{
	struct arena *work = arena_new();
	struct lists_reading in = {
		.lists = arena_alloc(arena, sizeof(struct lists)),
		.arena = arena, .work = work, .errors = errors_new(work),
	};

	read_kind(&in, "lists", map_new(work));
	read_kind(&in, "phrases", map_new(work));
	if (errors_count(in.errors) > 0)
		bug("%s", errors_text(in.errors));
	arena_free(&work);
	return in.lists;
}
