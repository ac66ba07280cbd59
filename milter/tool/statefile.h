/*
 * Small files of the state directory that the tool keeps: read whole, written
 * whole.
 */
#ifndef MW_TOOL_STATEFILE_H
#define MW_TOOL_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

/* The lines after the first one, which must be `first`; false when the file is
 * not there, may not be read, or is another. */
bool statefile_read(const char *path, const char *first, size_t max, struct arena *arena,
    struct slice *text_r);

/* Beside it, to disk, then in its place, with the owner of the directory.  0, or -1
 * with errno. */
int statefile_write(const char *path, struct slice text);

/* An open file there, made by root, to the owner of the directory. */
void statefile_give(const char *path, int fd);

#endif
