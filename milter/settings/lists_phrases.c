/*
 * Phrases of one language: a phrase a line below [subject] or [body].
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/errors.h"
#include "settings/lists_store.h"

/* One file being read. */
struct phrase_file {
	struct list_source *source;
	struct lists *lists;
	const char *language;
	struct map *seen;	/* text -> position + 1 */
	unsigned where;		/* of the section, 0 before the first */
	size_t capacity;
};

static void
add_phrase(struct phrase_file *file, const char *text)
{
	struct lists *lists = file->lists;
	struct phrase *more;

	/* Doubles; what other files added is copied once. */
	if (lists->n_phrases >= file->capacity) {
		file->capacity = 2 * lists->n_phrases + 64;
		more = arena_array(file->source->arena, file->capacity, sizeof(*more));
		if (lists->n_phrases > 0)
			memcpy(more, lists->phrases, lists->n_phrases * sizeof(*more));
		lists->phrases = more;
	}
	lists->phrases[lists->n_phrases++] = (struct phrase){
		.text = arena_strdup(file->source->arena, text),
		.language = file->language,
		.where = file->where,
	};
	map_set(file->seen, text, (void *)(uintptr_t)lists->n_phrases);
}

/* A phrase may stand in both sections, once in each. */
static void
read_phrase(struct phrase_file *file, const char *text)
{
	struct list_source *source = file->source;
	uintptr_t position = (uintptr_t)map_get(file->seen, text);
	struct phrase *known = position == 0 ? NULL : &file->lists->phrases[position - 1];

	if (file->where == 0) {
		errors_add(source->errors, source->file, source->line, NULL,
		    "expected [subject] or [body] before the first phrase (got %s)",
		    errors_shown(source->errors, text));
	} else if (known != NULL && (known->where & file->where) != 0) {
		errors_add(source->errors, source->file, source->line, NULL,
		    "expected each phrase once in a section (%s stands above already)",
		    errors_shown(source->errors, text));
	} else if (known != NULL) {
		known->where |= file->where;
	} else if (file->lists->n_phrases < PHRASES_MAX) {
		add_phrase(file, text);
	} else {
		errors_add(source->errors, source->file, source->line, NULL,
		    "expected at most %d phrases in all files", PHRASES_MAX);
	}
}

static void
read_section(struct phrase_file *file, const char *line)
{
	struct list_source *source = file->source;

	if (strcmp(line, "[subject]") == 0)
		file->where = PHRASE_SUBJECT;
	else if (strcmp(line, "[body]") == 0)
		file->where = PHRASE_BODY;
	else
		errors_add(source->errors, source->file, source->line, NULL,
		    "expected [subject] or [body] (got %s)",
		    errors_shown(source->errors, line));
}

void
lists_parse_phrases(struct list_source *source, const char *language,
    struct lists *lists)
{
	struct phrase_file file = {
		.source = source, .lists = lists,
		.language = arena_strdup(source->arena, language),
		.seen = map_new(source->work),
	};
	struct slice rest = source->text;
	const char *line;

	while (list_next_line(source, &rest, PHRASE_MAX, &line)) {
		line = slice_dup_lower(source->work, slice_of(line));
		if (line[0] == '[')
			read_section(&file, line);
		else
			read_phrase(&file, line);
	}
}
