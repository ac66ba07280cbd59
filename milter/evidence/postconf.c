/*
 * Asks Postfix's postconf(1) how its SMTP client sends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/slice.h"
#include "evidence/egress.h"

enum { VALUES = 8 };

/* A child with its output in *fd_r, or -1. */
static pid_t
start(const char *program, int *fd_r)
{
	/* posix_spawn() wants them without const and leaves them as they are */
	static char words[][32] = { "postconf", "-hx", "smtp_bind_address",
	    "smtp_bind_address6", "inet_interfaces", "inet_protocols", "myhostname",
	    "smtp_helo_name", "smtputf8_enable", "smtputf8_autodetect_classes" };
	static char variables[][48] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	    "LC_ALL=C" };
	char *argv[] = { words[0], words[1], words[2], words[3], words[4], words[5],
	    words[6], words[7], words[8], words[9], NULL };
	char *environment[] = { variables[0], variables[1], NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	error = posix_spawn(&pid, program, &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		return -1;
	}
	*fd_r = ends[0];
	return pid;
}

/* Bytes read until the end, or -1 on timeout, failure, or too much. */
static ssize_t
read_all(int fd, char *text, size_t size)
{
	int64_t until = clock_mono_us(&clock_system) + POSTCONF_TIMEOUT_MS * 1000;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int64_t left;
	size_t n = 0;
	ssize_t got;

	while (n < size) {
		left = (until - clock_mono_us(&clock_system)) / 1000;
		if (left <= 0)
			return -1;
		got = poll(&ready, 1, (int)left);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		got = read(fd, text + n, size - n);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got == 0)
			return (ssize_t)n;
		if (got > 0)
			n += (size_t)got;
	}
	return -1;
}

static int
wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int
postconf_ask(struct arena *arena, const char *program, struct postconf *postconf_r)
{
	const char **values[VALUES] = { &postconf_r->bind_address,
	    &postconf_r->bind_address6, &postconf_r->inet_interfaces,
	    &postconf_r->inet_protocols, &postconf_r->myhostname,
	    &postconf_r->helo_name, &postconf_r->utf8_enable,
	    &postconf_r->utf8_classes };
	char *text = arena_alloc(arena, POSTCONF_OUTPUT_MAX);
	struct slice rest, line;
	ssize_t n;
	pid_t pid;
	int fd;

	pid = start(program, &fd);
	if (pid < 0)
		return -1;
	n = read_all(fd, text, POSTCONF_OUTPUT_MAX);
	close(fd);
	if (n < 0)
		kill(pid, SIGKILL);
	if (wait_for(pid) != 0 || n < 0)
		return -1;
	rest = (struct slice){ text, (size_t)n };
	for (size_t i = 0; i < VALUES; i++) {
		if (!slice_split(&rest, '\n', &line))
			line = SLICE("");
		*values[i] = slice_dup_lower(arena, slice_trim(line));
	}
	return 0;
}
