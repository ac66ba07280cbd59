/*
 * The sockets of the sink, and of who hands mail over.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/log.h"
#include "tool/sink.h"

#define MESSAGES_MAX 200

struct connection {
	int fd;				/* -1: free */
	struct arena *arena;
	struct sink_session session;
	size_t said;			/* octets of session.out that are sent */
};

struct sink {
	struct arena *arena;
	int fd;
	unsigned port;
	const char *recipient;
	bool offers_8bitmime;
	struct connection connections[SINK_CONNECTIONS_MAX];
	struct slice messages[MESSAGES_MAX];
	size_t n_messages, n_taken;
};

static void
keep(void *context, struct slice message)
{
	struct sink *sink = context;

	if (sink->n_messages < MESSAGES_MAX)
		sink->messages[sink->n_messages++] = (struct slice){
		    arena_strndup(sink->arena, message.p, message.n), message.n };
}

static bool
make_address(const char *address, unsigned port, struct sockaddr_storage *storage_r,
    socklen_t *n_r)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)storage_r;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage_r;
	struct ip ip;

	memset(storage_r, 0, sizeof(*storage_r));
	if (!ip_parse(slice_of(address), &ip))
		return false;
	if (ip.family == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		memcpy(&v4->sin_addr, ip.bytes, 4);
		*n_r = sizeof(*v4);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		memcpy(&v6->sin6_addr, ip.bytes, 16);
		*n_r = sizeof(*v6);
	}
	return true;
}

static unsigned
port_of(int fd)
{
	struct sockaddr_storage storage;
	socklen_t n = sizeof(storage);
	struct ip ip;
	uint16_t port = 0;

	if (getsockname(fd, (struct sockaddr *)&storage, &n) == 0)
		ip_from_sockaddr((const struct sockaddr *)&storage, &ip, &port);
	return port;
}

struct sink *
sink_open(struct arena *arena, const char *address, unsigned port, const char *recipient,
    const char **error_r)
{
	struct sink *sink = arena_alloc(arena, sizeof(*sink));
	struct sockaddr_storage storage;
	socklen_t n;
	int on = 1;

	if (!make_address(address, port, &storage, &n)) {
		*error_r = arena_printf(arena, "\"%s\" is no IP address", address);
		return NULL;
	}
	sink->fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sink->fd != -1)
		setsockopt(sink->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sink->fd == -1 || bind(sink->fd, (struct sockaddr *)&storage, n) != 0 ||
	    listen(sink->fd, SINK_CONNECTIONS_MAX) != 0) {
		*error_r = arena_printf(arena, "port %u of %s cannot be listened at: %s", port,
		    address, strerror(errno));
		if (sink->fd != -1)
			close(sink->fd);
		return NULL;
	}
	sink->arena = arena;
	sink->port = port_of(sink->fd);
	sink->recipient = recipient;
	sink->offers_8bitmime = true;
	for (size_t i = 0; i < SINK_CONNECTIONS_MAX; i++)
		sink->connections[i].fd = -1;
	return sink;
}

static void
drop(struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	arena_free(&connection->arena);
}

void
sink_close(struct sink **sink)
{
	for (size_t i = 0; i < SINK_CONNECTIONS_MAX; i++)
		if ((*sink)->connections[i].fd != -1)
			drop(&(*sink)->connections[i]);
	close((*sink)->fd);
	*sink = NULL;
}

unsigned
sink_port(const struct sink *sink)
{
	return sink->port;
}

void
sink_offer_8bitmime(struct sink *sink, bool offer)
{
	sink->offers_8bitmime = offer;
}

bool
sink_take(struct sink *sink, struct slice *message_r)
{
	if (sink->n_taken == sink->n_messages)
		return false;
	*message_r = sink->messages[sink->n_taken++];
	return true;
}

/* ---- serving ---- */

static void
greet(struct sink *sink)
{
	int fd = accept4(sink->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (size_t i = 0; fd != -1 && i < SINK_CONNECTIONS_MAX; i++) {
		struct connection *connection = &sink->connections[i];

		if (connection->fd != -1)
			continue;
		connection->fd = fd;
		connection->said = 0;
		connection->arena = arena_new();
		sink_session_begin(&connection->session, connection->arena,
		    sink->recipient, sink->offers_8bitmime, keep, sink);
		return;
	}
	if (fd != -1)
		close(fd);
}

static void
talk(struct connection *connection, short events)
{
	struct sink_session *session = &connection->session;
	char chunk[16384];
	ssize_t n = 0;

	if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
		n = read(connection->fd, chunk, sizeof(chunk));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			drop(connection);
			return;
		}
		if (n > 0)
			sink_session_feed(session, (struct slice){ chunk, (size_t)n });
	}
	if (connection->said < session->out.n) {
		n = send(connection->fd, buf_str(&session->out) + connection->said,
		    session->out.n - connection->said, MSG_NOSIGNAL);
		if (n > 0)
			connection->said += (size_t)n;
		else if (n < 0 && errno != EAGAIN && errno != EINTR)
			drop(connection);
	}
	if (connection->fd != -1 && connection->said == session->out.n) {
		buf_clear(&session->out);
		connection->said = 0;
		if (session->quit)
			drop(connection);
	}
}

/* One round of poll(); false when the time is over, *ready_r for fd. */
static bool
serve_once(struct sink *sink, int fd, int timeout_ms, bool *ready_r)
{
	struct pollfd fds[SINK_CONNECTIONS_MAX + 2];
	int n;

	fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = sink->fd, .events = POLLIN };
	for (size_t i = 0; i < SINK_CONNECTIONS_MAX; i++) {
		struct connection *connection = &sink->connections[i];

		fds[i + 2] = (struct pollfd){ .fd = connection->fd, .events = POLLIN };
		if (connection->fd != -1 && connection->said < connection->session.out.n)
			fds[i + 2].events |= POLLOUT;
	}
	n = poll(fds, SINK_CONNECTIONS_MAX + 2, timeout_ms);
	if (n <= 0)
		return n < 0 && errno == EINTR;
	for (size_t i = 0; i < SINK_CONNECTIONS_MAX; i++)
		if (sink->connections[i].fd != -1 && fds[i + 2].revents != 0)
			talk(&sink->connections[i], fds[i + 2].revents);
	if (fds[1].revents != 0)
		greet(sink);
	*ready_r = fds[0].revents != 0;
	return true;
}

bool
sink_serve(struct sink *sink, int fd, int timeout_ms)
{
	int64_t until = clock_mono_us(&clock_system) + (int64_t)timeout_ms * 1000;
	bool ready = false;

	for (;;) {
		int64_t left = (until - clock_mono_us(&clock_system)) / 1000;

		if (left < 0 || !serve_once(sink, fd, (int)left, &ready) || ready)
			return ready;
		if (fd == -1 && sink->n_taken < sink->n_messages)
			return false;
		if (left == 0)
			return false;
	}
}

/* ---- the client ---- */

struct client {
	struct sink *sink;
	struct arena *arena;
	int fd;
	int timeout_ms;
	struct buf reply;
	bool has_8bitmime;
};

static bool
wait_readable(struct client *client)
{
	struct pollfd ready = { .fd = client->fd, .events = POLLIN };

	if (client->sink != NULL)
		return sink_serve(client->sink, client->fd, client->timeout_ms);
	return poll(&ready, 1, client->timeout_ms) > 0;
}

/* The last line of a reply has a blank behind its code (RFC 5321 section 4.2.1). */
static bool
is_whole(struct slice reply)
{
	struct slice line;

	if (reply.n < 2 || reply.p[reply.n - 1] != '\n')
		return false;
	while (slice_split(&reply, '\n', &line))
		if (line.n >= 4 && line.p[3] != '-')
			return true;
	return false;
}

/* 0 when the reply begins with the digit. */
static int
expect(struct client *client, char digit, const char *what, const char **error_r)
{
	char chunk[1024];
	ssize_t n;

	buf_clear(&client->reply);
	while (!is_whole((struct slice){ buf_str(&client->reply), client->reply.n })) {
		if (!wait_readable(client)) {
			*error_r = arena_printf(client->arena, "no answer to %s in time", what);
			return -1;
		}
		n = read(client->fd, chunk, sizeof(chunk));
		if (n <= 0 || client->reply.truncated) {
			*error_r = arena_printf(client->arena,
			    "the connection ended after %s", what);
			return -1;
		}
		buf_add(&client->reply, chunk, (size_t)n);
	}
	if (*buf_str(&client->reply) == digit)
		return 0;
	*error_r = arena_printf(client->arena, "%s was answered with: %s", what,
	    log_safe(client->arena, slice_trim((struct slice){ buf_str(&client->reply),
	    client->reply.n }), 300));
	return -1;
}

static int
send_all(struct client *client, struct slice bytes, const char **error_r)
{
	while (bytes.n > 0) {
		ssize_t n = send(client->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*error_r = arena_printf(client->arena, "sending failed: %s",
			    strerror(errno));
			return -1;
		}
		bytes = slice_sub(bytes, (size_t)n, bytes.n);
	}
	return 0;
}

static int
command(struct client *client, char digit, const char *what, const char *line,
    const char **error_r)
{
	if (send_all(client, slice_of(line), error_r) != 0)
		return -1;
	return expect(client, digit, what, error_r);
}

static int
open_connection(struct client *client, const struct submission *submission,
    const char **error_r)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *one;
	int error = getaddrinfo(submission->host, submission->port, &hints, &list);

	if (error != 0) {
		*error_r = arena_printf(client->arena, "%s: %s", submission->host,
		    gai_strerror(error));
		return -1;
	}
	client->fd = -1;
	for (one = list; one != NULL && client->fd == -1; one = one->ai_next) {
		client->fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (client->fd != -1 && connect(client->fd, one->ai_addr, one->ai_addrlen) != 0) {
			*error_r = arena_printf(client->arena, "no connection to %s port %s: %s",
			    submission->host, submission->port, strerror(errno));
			close(client->fd);
			client->fd = -1;
		}
	}
	freeaddrinfo(list);
	return client->fd == -1 ? -1 : 0;
}

/* Dots at the start of lines doubled, the last line ended (RFC 5321 section
 * 4.5.2). */
static struct slice
stuff(struct arena *arena, struct slice message)
{
	struct buf out;
	bool at_start = true;

	buf_init(&out, arena, 2 * message.n + 8);
	for (size_t i = 0; i < message.n; i++) {
		if (at_start && message.p[i] == '.')
			buf_add_char(&out, '.');
		buf_add_char(&out, message.p[i]);
		at_start = message.p[i] == '\n';
	}
	buf_add_str(&out, at_start ? ".\r\n" : "\r\n.\r\n");
	return (struct slice){ buf_str(&out), out.n };
}

static int
converse(struct client *client, const struct submission *submission, const char **error_r)
{
	struct arena *arena = client->arena;

	if (expect(client, '2', "the connection", error_r) != 0 ||
	    command(client, '2', "EHLO", arena_printf(arena, "EHLO %s\r\n", submission->helo),
	    error_r) != 0)
		return -1;
	client->has_8bitmime = slice_find_nocase((struct slice){ buf_str(&client->reply),
	    client->reply.n }, "8BITMIME") < client->reply.n;
	if (command(client, '2', "MAIL", arena_printf(arena, "MAIL FROM:<%s>%s\r\n",
	    submission->from, submission->is_8bit && client->has_8bitmime ?
	    " BODY=8BITMIME" : ""), error_r) != 0 ||
	    command(client, '2', "RCPT", arena_printf(arena, "RCPT TO:<%s>\r\n",
	    submission->to), error_r) != 0 ||
	    command(client, '3', "DATA", "DATA\r\n", error_r) != 0 ||
	    send_all(client, stuff(arena, submission->message), error_r) != 0 ||
	    expect(client, '2', "the message", error_r) != 0)
		return -1;
	/* it is theirs now, whatever they say to this */
	return send_all(client, SLICE("QUIT\r\n"), error_r);
}

int
sink_submit(struct sink *sink, struct arena *arena, const struct submission *submission,
    int timeout_ms, const char **error_r)
{
	struct client client = { .sink = sink, .arena = arena, .timeout_ms = timeout_ms };
	int status;

	buf_init(&client.reply, arena, SINK_REPLY_MAX);
	if (open_connection(&client, submission, error_r) != 0)
		return -1;
	status = converse(&client, submission, error_r);
	close(client.fd);
	return status;
}
