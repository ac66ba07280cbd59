/*
 * Asks the running daemon.
 */
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/log.h"
#include "settings/settings.h"
#include "tool/ask.h"

enum { CHUNK = 65536, SHOWN_MAX = 200 };

static int64_t
left_ms(int64_t until_us)
{
	int64_t left_us = until_us - clock_mono_us(&clock_system);

	return left_us > 0 ? left_us / 1000 + 1 : 0;
}

/* False when the time is over. */
static bool
wait_for(int fd, short events, int64_t until_us)
{
	struct pollfd pollfd = { .fd = fd, .events = events };
	int n;

	do
		n = poll(&pollfd, 1, (int)left_ms(until_us));
	while (n == -1 && errno == EINTR);
	return n == 1;
}

/* The size of the address, 0 when the name is none. */
static socklen_t
read_name(const char *name, struct sockaddr_storage *address_r)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	const char *host = strchr(name, '@');
	struct ip ip;

	if (strncmp(name, "unix:", 5) == 0 && strlen(name + 5) < sizeof(local.sun_path)) {
		memcpy(local.sun_path, name + 5, strlen(name + 5));
		memcpy(address_r, &local, sizeof(local));
		return sizeof(local);
	}
	if (host == NULL || !ip_parse(slice_of(host + 1), &ip))
		return 0;
	v4.sin_port = v6.sin6_port = htons((uint16_t)strtoul(strchr(name, ':') + 1, NULL,
	    10));
	if (ip.family == 6) {
		memcpy(&v6.sin6_addr, ip.bytes, sizeof(v6.sin6_addr));
		memcpy(address_r, &v6, sizeof(v6));
		return sizeof(v6);
	}
	memcpy(&v4.sin_addr, ip.bytes, sizeof(v4.sin_addr));
	memcpy(address_r, &v4, sizeof(v4));
	return sizeof(v4);
}

static const char *
group_of(const char *name, struct arena *arena)
{
	const struct group *group;
	struct stat st;

	if (strncmp(name, "unix:", 5) != 0 || stat(name + 5, &st) != 0)
		return "mailworthy";
	group = getgrgid(st.st_gid);
	return group != NULL ? arena_strdup(arena, group->gr_name) : "mailworthy";
}

static const char *
explain(const char *socket, int error, struct arena *arena)
{
	const char *name = settings_socket_shown(arena, socket);

	switch (error) {
	case ENOENT:
		return arena_printf(arena, "there is no socket %s: mailworthyd does not run, "
		    "or its option `control` names another (--config, --socket)", name);
	case ECONNREFUSED:
		return arena_printf(arena, "nobody answers at %s: mailworthyd does not run",
		    name);
	case EACCES:
	case EPERM:
		return arena_printf(arena, "you may not use %s: ask as root, or as a member of "
		    "the group %s", name, group_of(name, arena));
	case ETIMEDOUT:
	case EAGAIN:
		return arena_printf(arena, "no answer from %s within %d s: the daemon may be "
		    "starting its worker again; its log says so", name, ASK_SECONDS);
	}
	return arena_printf(arena, "cannot ask at %s: %s", name, strerror(error));
}

/* A descriptor that is connected, or -1 with errno. */
static int
reach(const char *name, int64_t until_us)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = read_name(name, &address), error_size;
	int fd, error = 0;

	errno = EINVAL;
	if (size == 0)
		return -1;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	/* the queue of a unix socket is full while its daemon is busy */
	while (connect(fd, (const struct sockaddr *)&address, size) != 0) {
		error = errno;
		if (error == EAGAIN && left_ms(until_us) > 0) {
			usleep(50000);
			continue;
		}
		if (error == EINPROGRESS) {
			error_size = sizeof(error);
			error = ETIMEDOUT;
			if (wait_for(fd, POLLOUT, until_us))
				getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
		}
		break;
	}
	if (error != 0 && error != EAGAIN) {
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* 0, or an error number. */
static int
talk(int fd, const char *request, int64_t until_us, struct buf *answer)
{
	size_t n = strlen(request), sent = 0;
	char *chunk = arena_alloc(answer->arena, CHUNK);
	ssize_t got = 1;

	while (sent < n) {
		if (!wait_for(fd, POLLOUT, until_us))
			return ETIMEDOUT;
		got = send(fd, request + sent, n - sent, MSG_NOSIGNAL);
		if (got == -1 && errno != EAGAIN && errno != EINTR)
			return errno;
		sent += got > 0 ? (size_t)got : 0;
	}
	for (;;) {
		if (!wait_for(fd, POLLIN, until_us))
			return ETIMEDOUT;
		got = recv(fd, chunk, CHUNK, 0);
		if (got == 0)
			return 0;
		if (got == -1 && errno != EAGAIN && errno != EINTR)
			return errno;
		if (got > 0)
			buf_add(answer, chunk, (size_t)got);
	}
}

/* The value of a header field, or an empty slice. */
static struct slice
find_field(struct slice head, const char *name)
{
	struct slice line, rest;

	while (slice_split(&head, '\n', &line)) {
		rest = line;
		if (slice_split(&rest, ':', &line) && slice_is(slice_trim(line), name))
			return slice_trim(rest);
	}
	return (struct slice){ "", 0 };
}

int
ask_read_answer(struct slice answer, struct arena *arena, struct slice *document_r,
    const char **error_r)
{
	size_t end = slice_find_nocase(answer, "\r\n\r\n");
	struct slice head = slice_sub(answer, 0, end);
	struct slice document = slice_sub(answer, end + 4, answer.n);
	unsigned long n;

	if (end == answer.n || !slice_starts_nocase(head, "HTTP/1.") || head.n < 12) {
		*error_r = "what answers there is no mailworthyd";
		return -1;
	}
	if (!slice_eq(slice_sub(head, 8, 5), SLICE(" 200 "))) {
		*error_r = arena_printf(arena, "the daemon does not tell: %s",
		    log_safe(arena, slice_trim(slice_sub(head, 9, SHOWN_MAX)), SHOWN_MAX));
		return -1;
	}
	if (!slice_number(find_field(head, "Content-Length"), ASK_OCTETS_MAX, &n) ||
	    n != document.n) {
		*error_r = "the answer is cut short: ask again";
		return -1;
	}
	*document_r = document;
	return 0;
}

int
ask_daemon(const char *socket, const char *path, struct arena *arena,
    struct slice *document_r, const char **error_r)
{
	const char *request = arena_printf(arena,
	    "GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	int64_t until_us = clock_mono_us(&clock_system) + ASK_SECONDS * INT64_C(1000000);
	int fd = reach(socket, until_us), error;
	struct buf answer;

	if (fd == -1) {
		*error_r = explain(socket, errno, arena);
		return -1;
	}
	buf_init(&answer, arena, ASK_OCTETS_MAX);
	error = talk(fd, request, until_us, &answer);
	close(fd);
	if (error != 0) {
		*error_r = explain(socket, error, arena);
		return -1;
	}
	return ask_read_answer((struct slice){ buf_str(&answer), answer.n }, arena,
	    document_r, error_r);
}
