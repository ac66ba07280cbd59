/*
 * The HTTP server.  We accept ourselves and give libmicrohttpd what we took:
 * left to itself it spins where descriptors have run out.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/mem.h"
#include "base/slice.h"
#include "daemon/http.h"

struct guest {				/* an open connection; the thread's own */
	int fd;				/* -1: the place is free */
	int64_t since_us;
};

struct door {				/* a socket we listen on */
	int fd;
	bool asks_host;			/* reached by browsers of this host */
	int64_t closed_until_us;	/* descriptors had run out */
	struct guest guests[HTTP_CONNECTIONS];
};

struct http {
	struct http_options options;
	struct MHD_Daemon *server;
	struct door doors[HTTP_SOCKETS];
	int wake;			/* eventfd: there is something to look at */
	int epoll;			/* the server's */
	int fd_max;			/* descriptors above it are for mail */
	atomic_bool end, ended;
};

static int64_t
now_us(void)
{
	return clock_mono_us(&clock_system);
}

/* ---- a request ---- */

static const struct http_document
not_found = { MHD_HTTP_NOT_FOUND, "text/plain",
	"There are /metrics, /status and /health.\n", 41 },
not_allowed = { MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "Only GET and HEAD.\n", 19 },
not_local = { MHD_HTTP_FORBIDDEN, "text/plain",
	"Ask by the address, as in http://127.0.0.1:9325/metrics.\n", 57 };

bool
http_host_is_local(const char *host)
{
	struct slice name = slice_of(host);
	size_t colon = slice_find(name, ':');
	struct ip ip;

	if (name.n > 2 && name.p[0] == '[' && slice_find(name, ']') < name.n)
		name = slice_sub(name, 1, slice_find(name, ']') - 1);
	else if (colon < name.n)
		name = slice_sub(name, 0, colon);
	if (name.n == 9 && strncasecmp(name.p, "localhost", 9) == 0)
		return true;
	return ip_parse(name, &ip);
}

static enum MHD_Result
answer(struct MHD_Connection *connection, const struct http_document *document)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(document->n,
	    (void *)(uintptr_t)document->text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", document->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Connection", "close");
	if (document->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, document->status, response);
	MHD_destroy_response(response);
	return result;
}

static const struct door *
door_of(const struct http *http, int fd)
{
	for (size_t d = 0; d < HTTP_SOCKETS; d++)
		for (size_t g = 0; g < HTTP_CONNECTIONS; g++)
			if (http->doors[d].guests[g].fd == fd)
				return &http->doors[d];
	return NULL;
}

static bool
is_welcome(const struct http *http, struct MHD_Connection *connection)
{
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_CONNECTION_FD);
	const struct door *door = info != NULL ? door_of(http, info->connect_fd) : NULL;

	return door != NULL && (!door->asks_host || host == NULL || http_host_is_local(host));
}

static enum MHD_Result
handle(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version __attribute__((unused)),
    const char *upload __attribute__((unused)),
    size_t *upload_size __attribute__((unused)), void **own __attribute__((unused)))
{
	struct http *http = ctx;
	struct http_document document;
	enum MHD_Result result;
	struct arena *arena;

	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer(connection, &not_allowed);
	if (!is_welcome(http, connection))
		return answer(connection, &not_local);
	arena = arena_new();
	result = answer(connection, http->options.document(http->options.ctx, url, arena,
	    &document) ? &document : &not_found);
	arena_free(&arena);
	return result;
}

/* ---- connections ---- */

static void
leaves(void *ctx, struct MHD_Connection *connection,
    void **own __attribute__((unused)), enum MHD_ConnectionNotificationCode code)
{
	struct http *http = ctx;
	const union MHD_ConnectionInfo *info;

	if (code != MHD_CONNECTION_NOTIFY_CLOSED)
		return;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (size_t d = 0; d < HTTP_SOCKETS && info != NULL; d++)
		for (size_t g = 0; g < HTTP_CONNECTIONS; g++)
			if (http->doors[d].guests[g].fd == info->connect_fd)
				http->doors[d].guests[g].fd = -1;
}

static struct guest *
free_place(struct door *door)
{
	for (size_t g = 0; g < HTTP_CONNECTIONS; g++)
		if (door->guests[g].fd == -1)
			return &door->guests[g];
	return NULL;
}

/* The connection ends with the server's next look at it. */
static bool
send_off(struct guest *guest, int64_t now, int64_t most_us)
{
	if (guest->fd == -1 || now - guest->since_us < most_us)
		return false;
	shutdown(guest->fd, SHUT_RDWR);
	return true;
}

static void
send_off_late(struct http *http, int64_t now)
{
	for (size_t d = 0; d < HTTP_SOCKETS; d++)
		for (size_t g = 0; g < HTTP_CONNECTIONS; g++)
			send_off(&http->doors[d].guests[g], now, HTTP_SECONDS * 1000000LL);
}

static void
take(struct http *http, struct door *door, struct guest *place, int64_t now)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	int fd = accept4(door->fd, (struct sockaddr *)&from, &size,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd == -1) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			door->closed_until_us = now + 1000000;
		return;
	}
	if (fd > http->fd_max) {
		close(fd);
		door->closed_until_us = now + 100000;
		return;
	}
	*place = (struct guest){ .fd = fd, .since_us = now };
	/* on failure it has closed the descriptor */
	if (MHD_add_connection(http->server, fd, (struct sockaddr *)&from, size) != MHD_YES)
		place->fd = -1;
}

/* Who came first gives way to those that wait. */
static void
open_door(struct http *http, struct door *door, int64_t now)
{
	struct guest *place = free_place(door);

	if (place != NULL) {
		take(http, door, place, now);
		return;
	}
	for (size_t g = 0; g < HTTP_CONNECTIONS; g++)
		send_off(&door->guests[g], now, HTTP_PATIENCE_MS * 1000LL);
}

/* ---- the thread ---- */

static bool
has_guests(const struct http *http)
{
	for (size_t d = 0; d < HTTP_SOCKETS; d++)
		for (size_t g = 0; g < HTTP_CONNECTIONS; g++)
			if (http->doors[d].guests[g].fd != -1)
				return true;
	return false;
}

/*
 * A full door is looked at when somebody may have left, not at once again: a
 * waiting connection would keep us busy.
 */
static int
prepare_poll(struct http *http, struct pollfd *fds, int64_t now)
{
	int wait_ms = has_guests(http) ? 1000 : -1;
	MHD_UNSIGNED_LONG_LONG server_ms;

	fds[0] = (struct pollfd){ .fd = http->wake, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = http->epoll, .events = POLLIN };
	for (size_t d = 0; d < HTTP_SOCKETS; d++) {
		struct door *door = &http->doors[d];
		bool closed = now < door->closed_until_us;

		fds[2 + d] = (struct pollfd){ .fd = closed ? -1 : door->fd,
			.events = POLLIN };
		if (door->fd != -1 && (closed || free_place(door) == NULL))
			wait_ms = 100;
		if (door->fd != -1 && !closed && free_place(door) == NULL)
			fds[2 + d].fd = -1;
	}
	/* what it has read already wakes nobody */
	if (MHD_get_timeout(http->server, &server_ms) == MHD_YES && (wait_ms == -1 ||
	    server_ms < (MHD_UNSIGNED_LONG_LONG)wait_ms))
		wait_ms = (int)server_ms;
	return wait_ms;
}

static bool
somebody_waits(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return fd != -1 && poll(&pollfd, 1, 0) == 1;
}

static void *
run(void *ctx)
{
	struct pollfd fds[2 + HTTP_SOCKETS];
	struct http *http = ctx;

	prctl(PR_SET_NAME, "mw-http");
	while (!atomic_load(&http->end)) {
		int64_t now = now_us();
		int wait_ms = prepare_poll(http, fds, now);

		poll(fds, 2 + HTTP_SOCKETS, wait_ms);
		now = now_us();
		for (size_t d = 0; d < HTTP_SOCKETS; d++) {
			struct door *door = &http->doors[d];

			if (now >= door->closed_until_us && somebody_waits(door->fd))
				open_door(http, door, now);
		}
		send_off_late(http, now);
		MHD_run(http->server);
	}
	MHD_stop_daemon(http->server);
	atomic_store(&http->ended, true);
	return NULL;
}

/* ---- life ---- */

/* Loopback is where every browser of the host can be led to. */
static bool
is_loopback(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	uint16_t port;
	struct ip ip;

	return getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
	    ip_from_sockaddr((const struct sockaddr *)&address, &ip, &port) &&
	    ip_is_loopback(&ip);
}

static bool
start_server(struct http *http)
{
	const union MHD_DaemonInfo *info;
	struct rlimit limit;

	http->server = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0,
	    NULL, NULL, handle, http,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)(HTTP_SOCKETS * HTTP_CONNECTIONS),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_REQUEST_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_SECONDS,
	    MHD_OPTION_NOTIFY_CONNECTION, leaves, http, MHD_OPTION_END);
	if (http->server == NULL)
		return false;
	info = MHD_get_daemon_info(http->server, MHD_DAEMON_INFO_EPOLL_FD);
	http->epoll = info != NULL ? info->epoll_fd : -1;
	http->fd_max = INT32_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < INT32_MAX)
		http->fd_max = (int)limit.rlim_cur - HTTP_SPARE_FDS;
	return true;
}

static struct http *
make(const struct http_options *options)
{
	struct http *http = mem_alloc(sizeof(*http));

	http->options = *options;
	for (size_t d = 0; d < HTTP_SOCKETS; d++) {
		struct door *door = &http->doors[d];

		door->fd = options->sockets[d];
		door->asks_host = door->fd != -1 && is_loopback(door->fd);
		for (size_t g = 0; g < HTTP_CONNECTIONS; g++)
			door->guests[g].fd = -1;
	}
	http->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return http;
}

struct http *
http_start(const struct http_options *options, const char **error_r)
{
	struct http *http = make(options);
	pthread_t thread;

	*error_r = "out of descriptors or memory";
	if (http->wake != -1 && start_server(http)) {
		if (pthread_create(&thread, NULL, run, http) == 0) {
			pthread_detach(thread);
			return http;
		}
		*error_r = "cannot start a thread";
		MHD_stop_daemon(http->server);
	}
	http_free(&http);
	return NULL;
}

void
http_end(struct http *http)
{
	const uint64_t one = 1;

	if (http == NULL)
		return;
	atomic_store(&http->end, true);
	/* the counter cannot be full */
	if (write(http->wake, &one, sizeof(one)) != sizeof(one))
		return;
}

bool
http_ended(const struct http *http)
{
	return http == NULL || atomic_load(&http->ended);
}

void
http_free(struct http **http_p)
{
	struct http *http = *http_p;

	*http_p = NULL;
	if (http == NULL)
		return;
	if (http->wake != -1)
		close(http->wake);
	free(http);
}
