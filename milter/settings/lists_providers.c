/*
 * Receivers of many domains: a section each.
 *
 *	[gmail]
 *	title  = Gmail
 *	mx     = google.com googlemail.com
 *	size   = 26214400
 *	blocks = gmail
 *	source = where the figures are from
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/errors.h"
#include "settings/lists_store.h"
#include "settings/names.h"

enum { PROVIDERS_MAX = 256, LINE_BYTES_MAX = 1000 };

/* A size that is none would refuse all mail, or none. */
#define SIZE_LEAST 1000000UL
#define SIZE_MOST 100000000000UL

/* One file being read. */
struct provider_file {
	struct list_source *source;
	struct lists *lists;
	struct provider *open;		/* section being read, NULL */
	unsigned open_line;
	struct map *names;
	struct map *keys;		/* of the open section */
	size_t capacity;
};

static void
wrong(struct provider_file *file, const char *expected, struct slice got)
{
	struct list_source *source = file->source;

	errors_add(source->errors, source->file, source->line, NULL, "expected %s (got %s)",
	    expected, errors_shown(source->errors, slice_dup(source->work, got)));
}

static void
close_section(struct provider_file *file)
{
	struct list_source *source = file->source;

	if (file->open == NULL)
		return;
	if (map_get(file->keys, "title") == NULL || map_get(file->keys, "mx") == NULL)
		errors_add(source->errors, source->file, file->open_line, NULL,
		    "expected title and mx in [%s]", file->open->name);
	file->open = NULL;
}

static void
open_section(struct provider_file *file, struct slice line)
{
	struct arena *arena = file->source->arena;
	struct slice name = slice_sub(line, 1, line.n - 2);
	const char *text;

	close_section(file);
	if (line.p[line.n - 1] != ']' || !name_is_of(name, "-")) {
		wrong(file, "a section as in [gmail]", line);
		return;
	}
	text = slice_dup_lower(arena, name);
	if (map_get(file->names, text) != NULL) {
		wrong(file, "each provider once", name);
		return;
	}
	if (file->lists->n_providers == file->capacity) {
		wrong(file, "fewer providers", name);
		return;
	}
	file->open = &file->lists->providers[file->lists->n_providers++];
	file->open->name = text;
	file->open->title = text;
	file->open->source = "";
	file->open_line = file->source->line;
	file->keys = map_new(file->source->work);
	map_set(file->names, text, file->open);
}

static void
read_mx(struct provider_file *file, struct slice words)
{
	struct slice word;
	const char *name;

	while (slice_split(&words, ' ', &word)) {
		word = slice_trim(word);
		if (word.n == 0)
			continue;
		name = slice_dup_lower(file->source->work, word);
		if (!name_is_domain(word))
			wrong(file, "names that MX hosts end in, as in google.com", word);
		else if (map_get(file->lists->by_mx, name) != NULL)
			wrong(file, "each name in one provider", word);
		else
			map_set(file->lists->by_mx, name, file->open);
	}
}

static void
read_blocks(struct provider_file *file, struct slice words)
{
	struct slice word;
	enum list list;

	while (slice_split(&words, ' ', &word)) {
		word = slice_trim(word);
		if (word.n == 0)
			continue;
		list = list_by_name(arena_printf(file->source->work, "blocked-%s",
		    slice_dup_lower(file->source->work, word)));
		if (list == LISTS)
			wrong(file, "gmail, microsoft or owa", word);
		else
			file->open->blocks[list] = true;
	}
}

static void
read_size(struct provider_file *file, struct slice value)
{
	unsigned long size;

	if (slice_number(value, SIZE_MOST, &size) && size >= SIZE_LEAST)
		file->open->size_max = size;
	else
		wrong(file, "bytes of a message, at least 1000000", value);
}

static void
read_key(struct provider_file *file, struct slice key, struct slice value)
{
	const char *name = slice_dup_lower(file->source->work, key);

	if (map_get(file->keys, name) != NULL) {
		wrong(file, "each key once in a section", key);
		return;
	}
	map_set(file->keys, name, file->open);
	if (strcmp(name, "title") == 0)
		file->open->title = slice_dup(file->source->arena, value);
	else if (strcmp(name, "source") == 0)
		file->open->source = slice_dup(file->source->arena, value);
	else if (strcmp(name, "mx") == 0)
		read_mx(file, value);
	else if (strcmp(name, "size") == 0)
		read_size(file, value);
	else if (strcmp(name, "blocks") == 0)
		read_blocks(file, value);
	else
		wrong(file, "title, mx, size, blocks or source", key);
}

static void
read_line(struct provider_file *file, struct slice line)
{
	size_t equals = slice_find(line, '=');
	struct slice key = slice_trim(slice_sub(line, 0, equals));
	struct slice value = slice_trim(slice_sub(line, equals + 1, line.n));

	if (line.p[0] == '[')
		open_section(file, line);
	else if (equals == line.n || key.n == 0 || value.n == 0)
		wrong(file, "KEY = VALUE", line);
	else if (file->open != NULL)
		read_key(file, key, value);
	else if (file->lists->n_providers == 0)
		wrong(file, "a section as in [gmail] first", line);
}

void
lists_parse_providers(struct list_source *source, struct lists *lists)
{
	struct provider_file file = {
		.source = source, .lists = lists, .capacity = PROVIDERS_MAX,
		.names = map_new(source->work),
	};
	struct slice rest = source->text;
	const char *line;

	lists->by_mx = map_new(source->arena);
	lists->providers = arena_array(source->arena, PROVIDERS_MAX,
	    sizeof(*lists->providers));
	while (list_next_line(source, &rest, LINE_BYTES_MAX, &line))
		read_line(&file, slice_of(line));
	close_section(&file);
}
