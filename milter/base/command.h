/*
 * Runs a program of this host without a shell and takes what it writes.
 */
#ifndef MW_BASE_COMMAND_H
#define MW_BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

#define COMMAND_ARGUMENTS_MAX 64

struct command {
	const char *const *argv;	/* ends with NULL; argv[0] is a whole path */
	struct slice input;		/* its standard input */
	unsigned timeout_ms;
	size_t output_max;		/* octets; more is a failure */
	bool for_postfix;		/* the instance that MAIL_CONFIG names */
};

struct command_output {
	int status;			/* exit status */
	struct slice out, err;		/* in the arena; err is cut at 4 KB */
};

/*
 * 0 when the program ran to its end, whatever its exit status; -1 and *error_r
 * when it could not be started, was killed, wrote more than output_max or did
 * not end in time (it is killed then).  Its environment is PATH, LC_ALL, and
 * LD_LIBRARY_PATH where we have one; with for_postfix MAIL_CONFIG, too.
 */
int command_run(struct arena *arena, const struct command *command,
    struct command_output *output_r, const char **error_r);

/* Whether a path may stand in a command that people paste: absolute, of bytes that no
 * shell knows. */
bool command_is_plain(const char *path);

/* The first of PATHS (ends with NULL) that may be run, or NULL. */
const char *command_find(const char *const *paths);

#endif
