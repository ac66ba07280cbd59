/*
 * What the keyring complains of, taken apart: "FILE:LINE: PATH: what is wrong", a
 * line each, where the end of what is wrong may be the command that mends it.
 */
#ifndef MW_TOOL_COMPLAINT_H
#define MW_TOOL_COMPLAINT_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

struct complaint {
	const char *text;	/* all but the place */
	const char *path;	/* of the key; "" where it is of several */
	const char *what;	/* what follows the path */
	const char *command;	/* within it, to be pasted; NULL for none, or where the
				 * path is no good in a shell */
	const char *before;	/* the text before a command that ends it; else NULL */
};

/* The next one of *rest; false at the end.  All is in the arena. */
bool complaint_next(struct arena *arena, struct slice *rest,
    struct complaint *complaint_r);

#endif
