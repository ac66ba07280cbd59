/*
 * The listening socket.
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/slice.h"
#include "daemon/daemon.h"
#include "proto/proto.h"
#include "settings/settings.h"

enum { ANSWER_MS = 2000 };	/* for a daemon that is there to answer */

static char *socket_path;	/* of the unix socket we made, for listen_close() */

struct address_text {
	const char *path;		/* unix */
	const char *host, *port;	/* inet */
	bool is_inet6;
};

/* "host:port", "[v6]:port" or "port@host". */
static bool
split_inet(struct arena *arena, const char *text, struct address_text *address_r)
{
	const char *at = strchr(text, '@');
	const char *colon = strrchr(text, ':');

	if (at != NULL) {
		address_r->port = arena_strndup(arena, text, (size_t)(at - text));
		address_r->host = arena_strdup(arena, at + 1);
	} else if (colon != NULL) {
		address_r->host = arena_strndup(arena, text, (size_t)(colon - text));
		address_r->port = arena_strdup(arena, colon + 1);
	} else {
		address_r->host = "127.0.0.1";
		address_r->port = arena_strdup(arena, text);
	}
	if (address_r->host[0] == '[')
		address_r->host = arena_strndup(arena, address_r->host + 1,
		    strcspn(address_r->host + 1, "]"));
	return *address_r->port != '\0';
}

static bool
split_socket(struct arena *arena, const char *text, struct address_text *address_r)
{
	struct slice whole = slice_of(text);

	memset(address_r, 0, sizeof(*address_r));
	if (slice_starts_nocase(whole, "unix:"))
		address_r->path = text + 5;
	else if (slice_starts_nocase(whole, "local:"))
		address_r->path = text + 6;
	else if (text[0] == '/')
		address_r->path = text;
	else if (slice_starts_nocase(whole, "inet6:")) {
		address_r->is_inet6 = true;
		return split_inet(arena, text + 6, address_r);
	} else if (slice_starts_nocase(whole, "inet:"))
		return split_inet(arena, text + 5, address_r);
	return address_r->path != NULL && address_r->path[0] == '/';
}

/*
 * A socket that refuses is free.  One that we may not reach, or whose queue is
 * full, belongs to somebody.
 */
static bool
answers(int family, const struct sockaddr *address, socklen_t size)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t error_size = sizeof(error);

	if (fd == -1)
		return false;
	if (connect(fd, address, size) != 0)
		error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (poll(&pollfd, 1, ANSWER_MS) == 1)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
	}
	close(fd);
	return error == 0 || error == EAGAIN || error == EACCES || error == ETIMEDOUT;
}

/* smfi_opensocket() takes a live daemon's socket file without a word. */
static bool
unix_in_use(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	return answers(AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
}

static bool
inet_in_use(const struct address_text *text)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list = NULL, *each;
	bool yes = false;

	if (getaddrinfo(text->host, text->port, &hints, &list) != 0)
		return false;
	for (each = list; each != NULL && !yes; each = each->ai_next)
		yes = answers(each->ai_family, each->ai_addr, each->ai_addrlen);
	freeaddrinfo(list);
	return yes;
}

/*
 * libmilter writes an added header and the final reply as two packets; with
 * Nagle's algorithm and delayed acknowledgement each message costs 40 ms.
 * Accepted sockets inherit the option.
 */
static void
set_listener_options(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10), listening = 0, one = 1;
		struct sockaddr_storage name;
		socklen_t size = sizeof(listening), name_size = sizeof(name);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
		    !listening ||
		    getsockname(fd, (struct sockaddr *)&name, &name_size) != 0)
			continue;
		if (name.ss_family == AF_INET || name.ss_family == AF_INET6)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	closedir(dir);
}

static int
set_owner(const struct settings *settings, const char *path, struct arena *arena,
    const char **error_r)
{
	struct group *group;

	if (chmod(path, settings->socket_mode) != 0) {
		*error_r = arena_printf(arena, "socket %s: cannot set its mode: %s", path,
		    strerror(errno));
		return -1;
	}
	if (settings->socket_group == NULL || *settings->socket_group == '\0')
		return 0;
	group = getgrnam(settings->socket_group);
	if (group == NULL) {
		*error_r = arena_printf(arena, "socket-group: there is no group \"%s\" on "
		    "this host; name the group of the MTA, or \"\" for none",
		    settings->socket_group);
		return -1;
	}
	if (chown(path, (uid_t)-1, group->gr_gid) != 0) {
		*error_r = arena_printf(arena, "socket %s: cannot give it to group %s: %s; "
		    "start as root, or make user %s a member of that group", path,
		    settings->socket_group, strerror(errno), settings->user);
		return -1;
	}
	return 0;
}

static int
check_free(const struct address_text *address, const char *socket, struct arena *arena,
    const char **error_r)
{
	struct stat st;

	if (address->path == NULL ? inet_in_use(address) : unix_in_use(address->path)) {
		*error_r = arena_printf(arena, "socket %s is in use: another daemon answers "
		    "there; stop it, or set another `socket`", socket);
		return -1;
	}
	if (address->path != NULL && lstat(address->path, &st) == 0 &&
	    !S_ISSOCK(st.st_mode)) {
		*error_r = arena_printf(arena, "socket %s: there is a file of that name that "
		    "is no socket; remove it, or set another `socket`", address->path);
		return -1;
	}
	return 0;
}

int
listen_open(const struct settings *settings, const char *socket, struct arena *arena,
    const char **error_r)
{
	struct address_text address;
	const char *name;

	if (!split_socket(arena, socket, &address)) {
		*error_r = arena_printf(arena, "socket: expected \"unix:/path\" or "
		    "\"inet:host:port\", got \"%s\"", socket);
		return -1;
	}
	if (check_free(&address, socket, arena, error_r) != 0)
		return -1;
	if (address.path != NULL)
		name = arena_printf(arena, "unix:%s", address.path);
	else
		name = arena_printf(arena, "inet%s:%s@%s", address.is_inet6 ||
		    strchr(address.host, ':') != NULL ? "6" : "", address.port, address.host);
	if (proto_register(name, error_r) != 0)
		return -1;
	errno = 0;
	if (proto_listen() != 0) {
		*error_r = arena_printf(arena, "cannot listen on %s: %s", socket,
		    errno != 0 ? strerror(errno) : "see the system's log");
		return -1;
	}
	set_listener_options();
	if (address.path == NULL)
		return 0;
	socket_path = strdup(address.path);
	return set_owner(settings, address.path, arena, error_r);
}

void
listen_close(void)
{
	if (socket_path == NULL)
		return;
	unlink(socket_path);
	free(socket_path);
	socket_path = NULL;
}
