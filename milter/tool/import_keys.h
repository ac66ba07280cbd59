/*
 * The key files that an imported configuration names, as mailworthyd will judge
 * them at its start.
 */
#ifndef MW_TOOL_IMPORT_KEYS_H
#define MW_TOOL_IMPORT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct files;
struct import;

struct import_key_line {
	const char *text;	/* "/path: why" */
	const char *command;	/* what mends it, on a line of its own; NULL for none */
};

struct import_key_lines {
	struct import_key_line *p;
	size_t n;
};

struct import_keys {
	struct import_key_lines refused;	/* no start with these */
	bool more_refused;	/* the last one tells of more */
	struct import_key_lines closed;	/* the service's user may not read these */
	const char *user;	/* that user; NULL where this host has none of the name */
	size_t unseen;		/* this user may not read so many */
};

/*
 * Looks at the keys of the configuration `text`, which is what is written.  Each file
 * is told of once, and no key that stands in a table itself.  Nothing is told of
 * settings that do not load, nor of more text than a file may have.
 */
void import_keys_look(struct arena *arena, struct files *files,
    const struct import *import, struct slice text, struct import_keys *keys_r);

#endif
