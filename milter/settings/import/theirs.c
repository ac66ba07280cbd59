/*
 * Options of other filters: what becomes of them, and files of them.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "settings/files.h"
#include "settings/import/theirs.h"

enum { DEPTH_MAX = 5 };

#define THEIRS(name, fate, text) { name, THEIRS_##fate, text },

static const struct theirs opendkim[] = {
#include "settings/import/opendkim.def"
};

static const struct theirs opendmarc[] = {
#include "settings/import/opendmarc.def"
};

static const struct theirs rspamd[] = {
#include "settings/import/rspamd.def"
};

#define TABLE(program, options) \
	{ (program), (options), sizeof(options) / sizeof((options)[0]) }

const struct theirs_table theirs_opendkim = TABLE("OpenDKIM", opendkim);
const struct theirs_table theirs_opendmarc = TABLE("OpenDMARC", opendmarc);
const struct theirs_table theirs_rspamd = TABLE("Rspamd", rspamd);

const struct theirs *
theirs_find(const struct theirs_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++) {
		if (slice_is(slice_of(name), table->p[i].name))
			return &table->p[i];
	}
	return NULL;
}

void
theirs_say(struct import *import, const struct theirs_table *table, const char *name,
    struct import_place at)
{
	const struct theirs *option = theirs_find(table, name);

	if (option == NULL) {
		import_say(import, IMPORT_WARNING, at, name, "%s has no such option that is "
		    "known here: it is left out", table->program);
		return;
	}
	switch (option->fate) {
	case THEIRS_TAKEN:
		break;
	case THEIRS_NEEDLESS:
		import_say(import, IMPORT_NOTE, at, option->name, "not needed: %s",
		    option->text);
		break;
	case THEIRS_NONE:
		import_say(import, IMPORT_WARNING, at, option->name, "no counterpart: %s",
		    option->text);
		break;
	case THEIRS_LOST:
		import_say(import, IMPORT_ERROR, at, option->name, "no counterpart: %s",
		    option->text);
		break;
	}
}

bool
theirs_yes(const char *value)
{
	return value[0] != '\0' && strchr("TtYy1", value[0]) != NULL;
}

/* ---- files ---- */

struct reader {
	struct import *import;
	theirs_option_fn *option;
	void *context;
	unsigned depth;
};

static void read_conf(struct reader *reader, const char *path, struct import_place from);

static void
read_line(struct reader *reader, struct slice line, struct import_place at)
{
	struct arena *arena = reader->import->arena;
	const char *name, *value;
	size_t n = 0;

	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	name = slice_dup(arena, slice_sub(line, 0, n));
	value = slice_dup(arena, slice_trim(slice_sub(line, n, line.n)));
	if (slice_is(slice_of(name), "Include"))
		read_conf(reader, value, at);
	else
		reader->option(reader->context, name, value, at);
}

static void
read_conf(struct reader *reader, const char *path, struct import_place from)
{
	struct import *import = reader->import;
	const struct file *file;
	struct import_place at;
	struct slice text, line;

	if (path[0] != '/' || reader->depth >= DEPTH_MAX) {
		import_say(import, IMPORT_ERROR, from, NULL, "expected a path that starts "
		    "with \"/\", at most %d files deep (got %s)", DEPTH_MAX,
		    import_shown(import, path));
		return;
	}
	file = files_get(import->files, path);
	if (file->bytes == NULL) {
		import_say(import, IMPORT_ERROR, from, NULL, "%s cannot be read: %s",
		    log_safe(import->arena, slice_of(path), 200), strerror(file->error));
		return;
	}
	if (!import_trusts(import, file, NULL))
		return;
	text = (struct slice){ file->bytes, file->size };
	at = (struct import_place){ file->path, 0 };
	reader->depth++;
	while (slice_split(&text, '\n', &line)) {
		at.line++;
		line = slice_sub(line, 0, slice_find(line, '\0'));
		line = slice_trim(slice_sub(line, 0, slice_find(line, '#')));
		if (line.n > 0)
			read_line(reader, line, at);
	}
	reader->depth--;
}

void
theirs_read(struct import *import, const char *path, struct import_place from,
    theirs_option_fn *option, void *context)
{
	struct reader reader = { import, option, context, 0 };

	read_conf(&reader, path, from);
}
