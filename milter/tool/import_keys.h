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

struct import_keys {
	const char **refused;	/* "/path: why, and what to do": no start with these */
	size_t n_refused;
	bool more_refused;	/* the last one tells of more */
	const char **closed;	/* the service's user may not read these */
	size_t n_closed;
	const char **copies;	/* of each closed: the command that copies it, or "" */
	size_t n_copies;
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
