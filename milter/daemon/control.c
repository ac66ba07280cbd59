/*
 * The sockets of those who watch: opened once by the master, so that their
 * names stay valid while a worker is replaced; the worker serves them.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/socketfile.h"
#include "settings/settings.h"

enum { SOCKET_MODE = 0660, DIRECTORY_MODE = 0750 };

static char *made[2];		/* socket files, for control_close() */
static size_t n_made;

static int
refuse(int fd, const char *what, struct arena *arena, const char **error_r)
{
	*error_r = arena_printf(arena, "%s: %s", what, strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

/* What the package or systemd has made otherwise. */
static void
make_directory(const struct privileges *privileges, const char *path, struct arena *arena)
{
	const char *directory = dirname(arena_strdup(arena, path));
	int fd;

	if (!privileges->root || mkdir(directory, DIRECTORY_MODE) != 0)
		return;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fchown(fd, privileges->uid, privileges->gid) != 0)
		log_warning("cannot give %s to the daemon: %s", directory, strerror(errno));
	if (fd != -1)
		close(fd);
}

static int
bind_unix(int fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int status;

	memcpy(address.sun_path, path, strlen(path));
	before = umask(0777 & ~SOCKET_MODE);
	status = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(before);
	return status;
}

static int
give(const struct privileges *privileges, const char *path)
{
	int fd = socketfile_open(path), status;

	if (fd == -1)
		return -1;
	status = socketfile_own(fd, privileges->uid, privileges->gid);
	close(fd);
	return status;
}

/* For the daemon's account and its group. */
static int
open_unix(const struct privileges *privileges, const char *path, struct arena *arena,
    const char **error_r)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd == -1)
		return refuse(fd, "cannot make a socket", arena, error_r);
	make_directory(privileges, path, arena);
	if (listen_is_in_use(path)) {
		close(fd);
		*error_r = "another daemon answers there";
		return -1;
	}
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	if (bind_unix(fd, path) != 0)
		return refuse(fd, "cannot make the socket", arena, error_r);
	made[n_made++] = strdup(path);
	if (privileges->root && give(privileges, path) != 0)
		return refuse(fd, "cannot give the socket to the daemon", arena, error_r);
	if (listen(fd, DAEMON_CONTROL_BACKLOG) != 0)
		return refuse(fd, "cannot listen", arena, error_r);
	return fd;
}

/* "inet:PORT@ADDRESS" as settings_socket() writes it. */
static int
open_inet(const char *name, struct arena *arena, const char **error_r)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	const char *port = strchr(name, ':') + 1, *host = strchr(name, '@') + 1;
	uint16_t number = htons((uint16_t)strtoul(port, NULL, 10));
	struct ip ip;
	int fd, one = 1, status;

	if (!ip_parse(slice_of(host), &ip)) {
		*error_r = "no address";
		return -1;
	}
	fd = socket(ip.family == 6 ? AF_INET6 : AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return refuse(fd, "cannot make a socket", arena, error_r);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	v4.sin_port = v6.sin6_port = number;
	memcpy(&v4.sin_addr, ip.bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, ip.bytes, sizeof(v6.sin6_addr));
	status = ip.family == 6 ? bind(fd, (const struct sockaddr *)&v6, sizeof(v6)) :
	    bind(fd, (const struct sockaddr *)&v4, sizeof(v4));
	if (status != 0 || listen(fd, DAEMON_CONTROL_BACKLOG) != 0)
		return refuse(fd, "cannot listen", arena, error_r);
	if (!ip_is_loopback(&ip))
		log_warning("metrics and status can be read by everybody who reaches %s port "
		    "%u: let a firewall choose who does", host, (unsigned)ntohs(number));
	return fd;
}

static int
open_one(const struct privileges *privileges, const char *name, struct arena *arena,
    const char **error_r)
{
	return strncmp(name, "unix:", 5) == 0 ?
	    open_unix(privileges, name + 5, arena, error_r) :
	    open_inet(name, arena, error_r);
}

int
control_open(const struct settings *settings, const struct privileges *privileges,
    struct arena *arena, int *control_r, int *metrics_r, const char **error_r)
{
	const char *why;

	*control_r = *metrics_r = -1;
	if (*settings->control != '\0') {
		*control_r = open_one(privileges, settings->control, arena, &why);
		if (*control_r == -1)
			log_warning("control %s: %s; the daemon serves, but `mailworthy "
			    "status` cannot ask it: make the directory for user %s, set "
			    "another `control`, or \"\" for none",
			    settings_socket_shown(arena, settings->control), why,
			    *settings->user != '\0' ? settings->user : "that runs it");
	}
	if (*settings->metrics == '\0')
		return 0;
	*metrics_r = open_one(privileges, settings->metrics, arena, &why);
	if (*metrics_r != -1)
		return 0;
	*error_r = arena_printf(arena, "metrics %s: %s; set another `metrics`, or \"\" for "
	    "none", settings_socket_shown(arena, settings->metrics), why);
	return -1;
}

void
control_close(void)
{
	while (n_made > 0) {
		n_made--;
		unlink(made[n_made]);
		free(made[n_made]);
		made[n_made] = NULL;
	}
}
