/*
 * The doctor on the daemon: does somebody speak the milter protocol at the socket
 * of the configuration.  Whether the MTA gets there from its chroot is told
 * beside the MTA's settings.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/slice.h"
#include "settings/settings.h"
#include "tool/doctor.h"

enum {
	TIMEOUT_MS = 3000,
	/* The first packet of an MTA (libmilter's protocol, version 6): what it can
	 * do, all of it. */
	OPTNEG_SIZE = 13,
	OPTNEG_VERSION = 6, OPTNEG_ACTIONS = 0x1ff, OPTNEG_STEPS = 0x1fffff,
};

/* ---- connecting ---- */

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd != -1 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static bool
is_connected(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (poll(&ready, 1, TIMEOUT_MS) != 1) {
		errno = ETIMEDOUT;
		return false;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return false;
	errno = error;
	return error == 0;
}

/* "PORT@HOST"; the host may be missing: this one. */
static int
connect_inet(struct arena *arena, const char *text, int family)
{
	const struct addrinfo hints = {
		.ai_family = family, .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	size_t n = strcspn(text, "@");
	const char *host = text[n] == '@' ? text + n + 1 : NULL;
	struct addrinfo *list = NULL;
	int fd = -1, error;

	if (getaddrinfo(host, arena_strndup(arena, text, n), &hints, &list) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd != -1 && connect(fd, list->ai_addr, list->ai_addrlen) != 0 &&
	    (errno != EINPROGRESS || !is_connected(fd))) {
		error = errno;
		close(fd);
		errno = error;
		fd = -1;
	}
	error = errno;
	freeaddrinfo(list);
	errno = error;
	return fd;
}

static int
connect_to(struct arena *arena, const char *socket)
{
	if (strncmp(socket, "unix:", 5) == 0)
		return connect_unix(socket + 5);
	if (strncmp(socket, "inet6:", 6) == 0)
		return connect_inet(arena, socket + 6, AF_INET6);
	return connect_inet(arena, socket + strlen("inet:"), AF_INET);
}

/* ---- the conversation ---- */

static void
put_number(unsigned char *at, uint32_t number)
{
	number = htonl(number);
	memcpy(at, &number, sizeof(number));
}

/* Exactly n bytes; false where they do not come. */
static bool
read_bytes(int fd, unsigned char *bytes, size_t n, int64_t until_us)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t have = 0;

	while (have < n) {
		int64_t left = (until_us - clock_mono_us(&clock_system)) / 1000;
		ssize_t got;

		if (left <= 0 || poll(&ready, 1, (int)left) <= 0)
			return false;
		got = read(fd, bytes + have, n - have);
		if (got <= 0 && !(got == -1 && (errno == EINTR || errno == EAGAIN)))
			return false;
		if (got > 0)
			have += (size_t)got;
	}
	return true;
}

/* Whether a milter answers the first packet of an MTA; it is told goodbye. */
static bool
negotiates(int fd, uint32_t *version_r, uint32_t *actions_r)
{
	static const unsigned char quit[] = { 0, 0, 0, 1, 'Q' };
	int64_t until_us = clock_mono_us(&clock_system) + TIMEOUT_MS * 1000;
	unsigned char packet[4 + OPTNEG_SIZE];
	uint32_t numbers[3];

	put_number(packet, OPTNEG_SIZE);
	packet[4] = 'O';
	put_number(packet + 5, OPTNEG_VERSION);
	put_number(packet + 9, OPTNEG_ACTIONS);
	put_number(packet + 13, OPTNEG_STEPS);
	if (send(fd, packet, sizeof(packet), MSG_NOSIGNAL) != (ssize_t)sizeof(packet) ||
	    !read_bytes(fd, packet, sizeof(packet), until_us) || packet[4] != 'O')
		return false;
	memcpy(numbers, packet + 5, sizeof(numbers));
	*version_r = ntohl(numbers[0]);
	*actions_r = ntohl(numbers[1]);
	(void)!send(fd, quit, sizeof(quit), MSG_NOSIGNAL);
	return true;
}

/* ---- the section ---- */

static void
say_no_answer(struct doctor *doctor, const char *at, int error)
{
	struct doctor_line *line;

	if (error == EACCES || error == EPERM) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "daemon", at, "This user may not connect "
		    "to the socket; run the doctor as root to see whether the daemon "
		    "answers.");
		return;
	}
	line = doctor_say(doctor, DOCTOR_FAULT, "daemon", at, "Nobody answers at the "
	    "socket: %s. The MTA does with mail what its milter_default_action says.",
	    error == ENOENT ? "it is not there" : strerror(error));
	doctor_fix(doctor, line, "Start the daemon; the mail log says why where it does not "
	    "stay up. With systemd:");
	doctor_paste(doctor, line, "systemctl enable --now mailworthy");
}

void
doctor_daemon(struct doctor *doctor)
{
	const char *socket = doctor->settings->socket;
	const char *at = settings_socket_shown(doctor->arena, socket);
	struct doctor_line *line;
	uint32_t version, actions;
	int fd;

	doctor_progress(doctor, "asking the daemon at %s", at);
	fd = connect_to(doctor->arena, socket);
	if (fd == -1) {
		say_no_answer(doctor, at, errno);
		return;
	}
	if (negotiates(fd, &version, &actions)) {
		doctor_say(doctor, DOCTOR_OK, "daemon", at, "a milter answers, and "
		    "negotiates protocol version %u", version);
	} else {
		line = doctor_say(doctor, DOCTOR_FAULT, "daemon", at, "Somebody listens at "
		    "the socket, and does not answer as a milter does within %d s.",
		    TIMEOUT_MS / 1000);
		doctor_fix(doctor, line, "Look at who holds the socket, and whether the daemon "
		    "hangs:");
		if (strncmp(socket, "unix:", 5) == 0)
			doctor_paste(doctor, line, "ss -xlp | grep %s", socket + 5);
		else
			doctor_paste(doctor, line, "ss -tlp");
	}
	close(fd);
}
