/*
 * The `mailworthy` command: one function a subcommand, a table, shared helpers.
 */
#ifndef MW_TOOL_TOOL_H
#define MW_TOOL_TOOL_H

#include <stdbool.h>
#include <stdio.h>

#include "base/slice.h"

struct arena;

#define TOOL_CONFIG SYSCONFDIR "/mailworthy/mailworthy.conf"

enum tool_exit {
	TOOL_OK = 0,		/* would pass */
	TOOL_STOPPED = 1,	/* would be held, deferred or refused */
	TOOL_USAGE = 2,		/* usage or configuration */
};

struct subcommand {
	const char *name;
	const char *arguments;
	const char *summary;
	int (*run)(int argc, char **argv);	/* argv[0]: "mailworthy NAME" */
};

/* Runs the subcommand that argv names. Exit status. */
int tool_run(int argc, char **argv);

int tool_check(int argc, char **argv);
int tool_doctor(int argc, char **argv);
int tool_explain(int argc, char **argv);
int tool_held(int argc, char **argv);
int tool_import(int argc, char **argv);
int tool_keygen(int argc, char **argv);
int tool_notify(int argc, char **argv);
int tool_mode(int argc, char **argv);
int tool_status(int argc, char **argv);

/* "mailworthy: ..." on standard error; the value is TOOL_USAGE, and whoever analyses
 * a caller sees that it is. */
#define tool_error(...) tool_usage_of(tool_say(__VA_ARGS__))
int tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline int
tool_usage_of(int said)
{
	(void)said;
	return TOOL_USAGE;
}

/*
 * Where the help is, after getopt(3) has named a wrong option, and an argument
 * that is one too many; argv as a subcommand gets it.  The value is TOOL_USAGE.
 */
int tool_wrong_option(char **argv);
int tool_extra_argument(char **argv, const char *argument);

/* A whole file or, for "-", standard input, at most max bytes. */
bool tool_read(struct arena *arena, const char *path, size_t max, struct slice *bytes_r,
    const char **error_r);

/* Colour is wanted on this stream: a terminal, NO_COLOR unset, TERM not dumb. */
bool tool_colour(FILE *out);
unsigned tool_width(FILE *out);		/* columns, 80 when unknown */

#endif
