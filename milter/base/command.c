/*
 * A child whose output is read through two pipes until both end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/command.h"

#define ERROR_TEXT_MAX 4096
#define WAIT_US 2000		/* between looks whether a program has ended */

struct child {
	pid_t pid;
	int out, err;		/* what we read from; -1 at its end */
};

/* posix_spawn() wants words without const and leaves them as they are. */
static char **
copy_words(struct arena *arena, const char *const *words)
{
	char **copy = arena_array(arena, COMMAND_ARGUMENTS_MAX + 1, sizeof(*copy));

	for (size_t i = 0; i < COMMAND_ARGUMENTS_MAX && words[i] != NULL; i++)
		copy[i] = arena_strdup(arena, words[i]);
	return copy;
}

static char **
make_environment(struct arena *arena, bool for_postfix)
{
	static const char *const kept[] = { "LD_LIBRARY_PATH", "MAIL_CONFIG" };
	char **environment = arena_array(arena, 5, sizeof(*environment));
	size_t n = 0;

	environment[n++] = arena_strdup(arena, "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	environment[n++] = arena_strdup(arena, "LC_ALL=C");
	for (size_t i = 0; i < (for_postfix ? 2 : 1); i++) {
		const char *value = getenv(kept[i]);

		if (value != NULL)
			environment[n++] = arena_printf(arena, "%s=%s", kept[i], value);
	}
	return environment;
}

/* A file with the input, to be read from its start; NULL when there is no room. */
static FILE *
keep_input(struct slice input)
{
	FILE *file = tmpfile();

	if (file == NULL)
		return NULL;
	if (fwrite(input.p, 1, input.n, file) != input.n || fflush(file) != 0 ||
	    lseek(fileno(file), 0, SEEK_SET) != 0) {
		fclose(file);
		return NULL;
	}
	return file;
}

/* 0, or what errno says. */
static int
spawn(struct arena *arena, const struct command *command, int input, struct child *child)
{
	posix_spawn_file_actions_t actions;
	int out[2], err[2], error;

	if (pipe2(out, O_CLOEXEC) != 0)
		return errno;
	if (pipe2(err, O_CLOEXEC) != 0) {
		error = errno;
		close(out[0]);
		close(out[1]);
		return error;
	}
	posix_spawn_file_actions_init(&actions);
	if (input == -1)
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_adddup2(&actions, err[1], 2);
	error = posix_spawn(&child->pid, command->argv[0], &actions, NULL,
	    copy_words(arena, command->argv),
	    make_environment(arena, command->for_postfix));
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	close(err[1]);
	child->out = out[0];
	child->err = err[0];
	if (error != 0) {
		close(out[0]);
		close(err[0]);
	}
	return error;
}

/* Reads what is there; the descriptor is closed and -1 at its end. */
static void
read_some(int *fd, struct buf *buf)
{
	char chunk[8192];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0) {
		buf_add(buf, chunk, (size_t)n);
	} else if (n == 0 || errno != EINTR) {
		close(*fd);
		*fd = -1;
	}
}

/* NULL when both ended, else why they did not. */
static const char *
read_all(struct child *child, int64_t until_us, struct buf *out, struct buf *err)
{
	struct pollfd fds[2];
	int64_t left;
	int n;

	while (child->out != -1 || child->err != -1) {
		left = (until_us - clock_mono_us(&clock_system)) / 1000;
		fds[0] = (struct pollfd){ .fd = child->out, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = child->err, .events = POLLIN };
		n = left <= 0 ? 0 : poll(fds, 2, (int)left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return "it does not answer in time";
		if (fds[0].revents != 0)
			read_some(&child->out, out);
		if (fds[1].revents != 0)
			read_some(&child->err, err);
		if (out->truncated)
			return "it writes more than expected";
	}
	return NULL;
}

static void
close_pipes(struct child *child)
{
	if (child->out != -1)
		close(child->out);
	if (child->err != -1)
		close(child->err);
}

/* NULL when it ended by itself, else why not: it is killed then.  It may have closed
 * both pipes and go on. */
static const char *
wait_for(pid_t pid, int64_t until_us, const char *why, int *status_r)
{
	int status;
	pid_t ended;

	while (why == NULL && (ended = waitpid(pid, &status, WNOHANG)) != pid) {
		if (ended == -1 && errno != EINTR)
			return "its end was not told";
		if (clock_mono_us(&clock_system) > until_us)
			why = "it does not end in time";
		else
			usleep(WAIT_US);
	}
	if (why != NULL) {
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
			continue;
		return why;
	}
	*status_r = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return WIFEXITED(status) ? NULL : "a signal ended it";
}

int
command_run(struct arena *arena, const struct command *command,
    struct command_output *output_r, const char **error_r)
{
	struct child child = { .out = -1, .err = -1 };
	struct buf out, err;
	FILE *input = NULL;
	int64_t until_us;
	const char *why;
	int error;

	buf_init(&out, arena, command->output_max);
	buf_init(&err, arena, ERROR_TEXT_MAX);
	if (command->input.n > 0 && (input = keep_input(command->input)) == NULL) {
		*error_r = arena_printf(arena, "no temporary file: %s", strerror(errno));
		return -1;
	}
	error = spawn(arena, command, input == NULL ? -1 : fileno(input), &child);
	if (input != NULL)
		fclose(input);
	if (error != 0) {
		*error_r = arena_printf(arena, "%s cannot be started: %s", command->argv[0],
		    strerror(error));
		return -1;
	}
	until_us = clock_mono_us(&clock_system) + (int64_t)command->timeout_ms * 1000;
	why = read_all(&child, until_us, &out, &err);
	close_pipes(&child);
	output_r->status = -1;
	why = wait_for(child.pid, until_us, why, &output_r->status);
	output_r->out = (struct slice){ buf_str(&out), out.n };
	output_r->err = (struct slice){ buf_str(&err), err.n };
	if (why == NULL)
		return 0;
	*error_r = arena_printf(arena, "%s: %s", command->argv[0], why);
	return -1;
}

bool
command_is_plain(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789/._+,:@=-";

	return *path == '/' && path[strspn(path, plain)] == '\0';
}

const char *
command_find(const char *const *paths)
{
	for (; *paths != NULL; paths++)
		if (access(*paths, X_OK) == 0)
			return *paths;
	return NULL;
}
