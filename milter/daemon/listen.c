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
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/socketfile.h"
#include "proto/proto.h"
#include "settings/settings.h"

enum { ANSWER_MS = 1000 };	/* for a daemon that is there to answer */

static char *socket_path;	/* of the unix socket we made, for listen_close() */
static struct {			/* where we listen; written before there are threads */
	struct sockaddr_storage address;
	socklen_t size;
} own;

/* 0 when somebody takes the connection, else errno. */
static int
try_connect(int family, const struct sockaddr *address, socklen_t size)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t error_size = sizeof(error);

	if (fd == -1)
		return errno;
	if (connect(fd, address, size) != 0)
		error = errno;
	if (error == EINPROGRESS) {
		error = ETIMEDOUT;
		if (poll(&pollfd, 1, ANSWER_MS) == 1)
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size);
	}
	close(fd);
	return error;
}

/*
 * smfi_opensocket() takes a live daemon's socket file without a word.  One
 * whose queue is full or that we may not reach belongs to somebody, too.
 */
bool
listen_is_in_use(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int error;

	if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode) || strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	error = try_connect(AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
	return error == 0 || error == EAGAIN || error == EACCES;
}

static int
check_unix(const char *path, struct arena *arena, const char **error_r)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return 0;
	if (listen_is_in_use(path)) {
		*error_r = arena_printf(arena, "socket unix:%s is in use: another daemon "
		    "answers there; stop it, or set another `socket`", path);
		return -1;
	}
	if (!S_ISSOCK(st.st_mode)) {
		*error_r = arena_printf(arena, "socket unix:%s: there is a file of that name "
		    "that is no socket; remove it, or set another `socket`", path);
		return -1;
	}
	return 0;
}

/* The port and the host of "inet:port@host", as settings_socket() made it. */
static int
check_inet(const char *socket, struct arena *arena, const char **error_r)
{
	const char *port = strchr(socket, ':') + 1, *host = strchr(socket, '@') + 1;
	struct addrinfo hints = {
		.ai_family = socket[4] == '6' ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL, *each;
	bool in_use = false;
	int error;

	port = arena_strndup(arena, port, (size_t)(host - 1 - port));
	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0) {
		*error_r = arena_printf(arena, "socket %s: no address for %s: %s",
		    settings_socket_shown(arena, socket), host, gai_strerror(error));
		return -1;
	}
	for (each = list; each != NULL && !in_use; each = each->ai_next)
		in_use = try_connect(each->ai_family, each->ai_addr, each->ai_addrlen) == 0;
	freeaddrinfo(list);
	if (!in_use)
		return 0;
	*error_r = arena_printf(arena, "socket %s is in use: another daemon answers there; "
	    "stop it, or set another `socket`", settings_socket_shown(arena, socket));
	return -1;
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
		struct sockaddr_storage name = { 0 };
		socklen_t size = sizeof(listening), name_size = sizeof(name);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
		    !listening ||
		    getsockname(fd, (struct sockaddr *)&name, &name_size) != 0)
			continue;
		own.address = name;
		own.size = name_size;
		if (name.ss_family == AF_INET || name.ss_family == AF_INET6)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	closedir(dir);
}

/* Who started as root serves as another, and must reach the socket then. */
static uid_t
owner_of(const struct settings *settings)
{
	struct passwd *passwd = geteuid() == 0 && *settings->user != '\0' ?
	    getpwnam(settings->user) : NULL;

	return passwd != NULL ? passwd->pw_uid : (uid_t)-1;
}

int
listen_group(const struct settings *settings, gid_t *gid_r, struct arena *arena,
    const char **error_r)
{
	struct group *group;

	*gid_r = (gid_t)-1;
	if (settings->socket_group == NULL || *settings->socket_group == '\0')
		return 0;
	group = getgrnam(settings->socket_group);
	if (group == NULL) {
		*error_r = arena_printf(arena, "socket-group: there is no group \"%s\" on "
		    "this host; name the group of the MTA, or \"\" for none",
		    settings->socket_group);
		return -1;
	}
	*gid_r = group->gr_gid;
	return 0;
}

static int
set_group(const struct settings *settings, const char *path, int fd, struct arena *arena,
    const char **error_r)
{
	gid_t gid;

	if (listen_group(settings, &gid, arena, error_r) != 0)
		return -1;
	if (gid != (gid_t)-1 && socketfile_own(fd, (uid_t)-1, gid) != 0) {
		*error_r = arena_printf(arena, "socket %s: cannot give it to group %s: %s; "
		    "start as root, or make user %s a member of that group", path,
		    settings->socket_group, strerror(errno), settings->user);
		return -1;
	}
	return 0;
}

static int
set_owner(const struct settings *settings, const char *path, struct arena *arena,
    const char **error_r)
{
	int fd = socketfile_open(path), status = -1;

	if (fd == -1)
		*error_r = arena_printf(arena, "socket %s: it was taken away as soon as it was "
		    "made: %s", path, strerror(errno));
	else if (socketfile_own(fd, owner_of(settings), (gid_t)-1) != 0)
		*error_r = arena_printf(arena, "socket %s: cannot give it to user %s: %s",
		    path, settings->user, strerror(errno));
	else if (socketfile_mode(fd, settings->socket_mode) != 0)
		*error_r = arena_printf(arena, "socket %s: cannot set its mode: %s", path,
		    strerror(errno));
	else
		status = set_group(settings, path, fd, arena, error_r);
	if (fd != -1)
		close(fd);
	return status;
}

const char *
listen_socket(const struct settings *settings, const char *given, struct arena *arena,
    const char **error_r)
{
	const char *socket = given == NULL ? settings->socket : settings_socket(arena, given);

	if (socket == NULL)
		*error_r = arena_printf(arena, "-p: expected %s, got \"%s\"",
		    SETTINGS_SOCKET_FORM, given);
	return socket;
}

int
listen_open(const struct settings *settings, const char *socket, struct arena *arena,
    const char **error_r)
{
	const char *path = strncmp(socket, "unix:", 5) == 0 ? socket + 5 : NULL, *why;

	if ((path != NULL ? check_unix(path, arena, error_r) :
	    check_inet(socket, arena, error_r)) != 0 ||
	    proto_register(socket, error_r) != 0)
		return -1;
	errno = 0;
	if (proto_listen() != 0) {
		why = errno != 0 ? strerror(errno) : "see the system's log";
		*error_r = arena_printf(arena, "cannot listen on %s: %s",
		    settings_socket_shown(arena, socket), why);
		return -1;
	}
	set_listener_options();
	if (path == NULL)
		return 0;
	socket_path = strdup(path);
	return set_owner(settings, path, arena, error_r);
}

void
listen_knock(void)
{
	int fd = socket(own.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);

	if (fd == -1)
		return;
	/* a full queue will wake libmilter without us */
	(void)!connect(fd, (const struct sockaddr *)&own.address, own.size);
	close(fd);
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
