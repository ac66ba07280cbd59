/*
 * Puts a line into a configuration file that a person wrote, and leaves all
 * else as it is, byte for byte.
 */
#ifndef MW_TOOL_CONFEDIT_H
#define MW_TOOL_CONFEDIT_H

#include "base/slice.h"

struct arena;
struct stat;

/*
 * The text with `entry` (key "2026b" { file = "..." }) after the last key of the
 * section `domain "NAME"` that begins on that line: of several there the one of
 * that name; indented as that key is.
 * NULL and *error_r when there is no such section with a key.
 */
const char *confedit_add_key(struct arena *arena, struct slice text, unsigned line,
    const char *name, const char *entry, const char **error_r);

/*
 * Writes the text in place of the file: beside it first, with its owner and
 * permissions, tried with the parser (and the keys it names), to disk, then
 * over it.  A symbolic link stays one.  0, or -1 with *error_r and the file as it was.
 */
int confedit_replace(struct arena *arena, const char *path, struct slice before,
    const char *text, const char **error_r);

/* Gives a new file the owner and the permissions of the one it is to replace; 0 or -1
 * (errno).  Only the owner may be another's where that is oneself. */
int confedit_make_like(int fd, const struct stat *st);

#endif
