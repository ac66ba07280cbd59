/*
 * milter-load: the MTA's side of the milter protocol, for measuring.  Sends a
 * message file again and again over some connections and tells rate and the
 * time from end of body to the final answer.
 *
 *   milter-load -s unix:/path|inet:host:port [-c connections] [-n messages]
 *       [-r messages a session] [-f sender] FILE
 *
 * Prints: messages seconds rate p50_us p99_us max_us accepted other signed
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65535
#define HEADERS_MAX 1000

enum {			/* steps of the negotiation (mfdef.h) */
	NO_CONNECT = 0x1, NO_HELO = 0x2, NO_MAIL = 0x4, NO_RCPT = 0x8, NO_BODY = 0x10,
	NO_HEADERS = 0x20, NO_EOH = 0x40, NR_HEADER = 0x80, NO_DATA = 0x200,
	NR_CONNECT = 0x1000, NR_HELO = 0x2000, NR_MAIL = 0x4000, NR_RCPT = 0x8000,
	NR_DATA = 0x10000, NR_EOH = 0x40000, NR_BODY = 0x80000, LEAD_SPACE = 0x100000,
	ALL_STEPS = 0x1fffff,
};

static struct {
	const char *socket, *sender;
	unsigned connections, per_session;
	unsigned long messages;
	char *text;
	size_t size;
	struct { char *p; size_t n; } headers[HEADERS_MAX];	/* name NUL value NUL */
	size_t n_headers;
	const char *body;
	size_t body_size;
} load = { .sender = "<sender@example.com>", .connections = 4, .messages = 1000,
    .per_session = 100 };

static atomic_ulong next_message, accepted, others, signed_ones;
static uint32_t *times_us;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- wire ---- */

struct wire {
	int fd;
	uint32_t steps;
	unsigned char *out;	/* packets not written yet */
	size_t n, capacity;
	unsigned char in[CHUNK + 64];
};

static void
put(struct wire *wire, const void *bytes, size_t n)
{
	while (wire->n + n > wire->capacity) {
		wire->capacity = wire->capacity == 0 ? 65536 : wire->capacity * 2;
		wire->out = realloc(wire->out, wire->capacity);
	}
	memcpy(wire->out + wire->n, bytes, n);
	wire->n += n;
}

static void
packet(struct wire *wire, char command, const void *bytes, size_t n)
{
	uint32_t size = htonl((uint32_t)n + 1);

	put(wire, &size, 4);
	put(wire, &command, 1);
	put(wire, bytes, n);
}

static void
flush_out(struct wire *wire)
{
	size_t done = 0;

	while (done < wire->n) {
		ssize_t sent = send(wire->fd, wire->out + done, wire->n - done, MSG_NOSIGNAL);

		if (sent <= 0)
			die("send");
		done += (size_t)sent;
	}
	wire->n = 0;
}

static void
read_all(struct wire *wire, void *bytes, size_t n)
{
	unsigned char *p = bytes;

	while (n > 0) {
		ssize_t got = recv(wire->fd, p, n, 0);

		if (got <= 0)
			die("the filter closed the connection");
		p += got;
		n -= (size_t)got;
	}
}

/* The next answer's command; its bytes stay in wire->in. */
static char
answer(struct wire *wire, size_t *n_r)
{
	uint32_t size;

	flush_out(wire);
	read_all(wire, &size, 4);
	size = ntohl(size);
	if (size == 0 || size > sizeof(wire->in))
		die("answer size");
	read_all(wire, wire->in, size);
	*n_r = size - 1;
	return (char)wire->in[0];
}

static void
command(struct wire *wire, char name, const void *bytes, size_t n, uint32_t no_reply)
{
	size_t got;

	packet(wire, name, bytes, n);
	if ((wire->steps & no_reply) == 0)
		answer(wire, &got);
}

static void
macros(struct wire *wire, char stage, const char *pairs, size_t n)
{
	char text[512];

	text[0] = stage;
	memcpy(text + 1, pairs, n);
	packet(wire, 'D', text, n + 1);
}

#define TEXT(literal) literal, sizeof(literal)

/* ---- session ---- */

static int
open_socket(void)
{
	int fd, one = 1;

	if (strncmp(load.socket, "unix:", 5) == 0) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };

		snprintf(address.sun_path, sizeof(address.sun_path), "%s", load.socket + 5);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
			die(load.socket);
	} else {
		struct sockaddr_in address = { .sin_family = AF_INET };
		char host[64];
		int port;

		if (sscanf(load.socket, "inet:%63[^:]:%d", host, &port) != 2)
			die("socket: unix:/path or inet:host:port");
		inet_pton(AF_INET, host, &address.sin_addr);
		address.sin_port = htons((uint16_t)port);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
			die(load.socket);
		/* as Postfix: it writes whole commands at once */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	return fd;
}

static void
begin_session(struct wire *wire)
{
	uint32_t offer[3] = { htonl(6), htonl(0x1ff), htonl(ALL_STEPS) };
	uint32_t agreed[3];
	static const char connect_data[] = "client.example.com\0" "4\x30\x39" "192.0.2.99";
	size_t n;

	wire->fd = open_socket();
	wire->n = 0;
	wire->steps = 0;
	packet(wire, 'O', offer, sizeof(offer));
	if (answer(wire, &n) != 'O' || n < sizeof(agreed))
		die("negotiation");
	memcpy(agreed, wire->in + 1, sizeof(agreed));
	wire->steps = ntohl(agreed[2]);
	macros(wire, 'C', TEXT("j\0mail.example.com\0{daemon_name}\0submission\0"
	    "{client_port}\0" "12345"));
	if ((wire->steps & NO_CONNECT) == 0)
		command(wire, 'C', connect_data, sizeof(connect_data), NR_CONNECT);
	if ((wire->steps & NO_HELO) == 0)
		command(wire, 'H', TEXT("client.example.com"), NR_HELO);
}

static void
end_session(struct wire *wire)
{
	packet(wire, 'Q', "", 0);
	flush_out(wire);
	close(wire->fd);
}

static void
send_headers(struct wire *wire)
{
	size_t i;

	for (i = 0; i < load.n_headers && (wire->steps & NO_HEADERS) == 0; i++)
		command(wire, 'L', load.headers[i].p, load.headers[i].n, NR_HEADER);
	if ((wire->steps & NO_EOH) == 0)
		command(wire, 'N', "", 0, NR_EOH);
}

/* A field the filter adds; one that is inserted has its place in front. */
static bool
is_signature(const struct wire *wire, char command, size_t n)
{
	static const char name[] = "DKIM-Signature";
	size_t at = command == 'i' ? 4 : 0;

	return (command == 'h' || command == 'i') && n >= at + sizeof(name) &&
	    memcmp(wire->in + 1 + at, name, sizeof(name)) == 0;
}

/* The time from end of message to the final answer, microseconds. */
static uint32_t
send_message(struct wire *wire, unsigned long number)
{
	char id[64], mail[256];
	size_t at, n;
	int64_t begun;
	bool is_signed = false;
	char final;
	int id_size = snprintf(id, sizeof(id), "i%cQ%lu", '\0', number) + 1;

	macros(wire, 'M', TEXT("{auth_authen}\0sender@example.com\0{auth_type}\0PLAIN"));
	n = (size_t)snprintf(mail, sizeof(mail), "%s", load.sender) + 1;
	command(wire, 'M', mail, n, NR_MAIL);
	macros(wire, 'R', TEXT("{rcpt_mailer}\0smtp\0{rcpt_host}\0example.net"));
	command(wire, 'R', TEXT("<someone@example.net>"), NR_RCPT);
	if ((wire->steps & NO_DATA) == 0)
		command(wire, 'T', "", 0, NR_DATA);
	send_headers(wire);
	for (at = 0; at < load.body_size && (wire->steps & NO_BODY) == 0; at += n) {
		n = load.body_size - at < CHUNK ? load.body_size - at : CHUNK;
		command(wire, 'B', load.body + at, n, NR_BODY);
		flush_out(wire);
	}
	macros(wire, 'E', id, (size_t)id_size);
	begun = now_us();
	packet(wire, 'E', "", 0);
	do {	/* edits come first */
		final = answer(wire, &n);
		is_signed = is_signed || is_signature(wire, final, n);
	} while (strchr("acdrty", final) == NULL);
	if (is_signed)
		atomic_fetch_add(&signed_ones, 1);
	atomic_fetch_add(final == 'a' || final == 'c' ? &accepted : &others, 1);
	return (uint32_t)(now_us() - begun);
}

static void *
run(void *arg)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	unsigned in_session = 0;
	unsigned long number;

	(void)arg;
	while ((number = atomic_fetch_add(&next_message, 1)) < load.messages) {
		if (in_session == 0)
			begin_session(wire);
		times_us[number] = send_message(wire, number);
		if (++in_session == load.per_session) {
			end_session(wire);
			in_session = 0;
		}
	}
	if (in_session > 0)
		end_session(wire);
	free(wire->out);
	free(wire);
	return NULL;
}

/* ---- message ---- */

static void
read_file(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		die(path);
	fseek(file, 0, SEEK_END);
	load.size = (size_t)ftell(file);
	rewind(file);
	load.text = malloc(load.size + 1);
	if (fread(load.text, 1, load.size, file) != load.size)
		die(path);
	load.text[load.size] = '\0';
	fclose(file);
}

/* The file has CRLF line ends; folds keep theirs as LF, as Postfix does. */
static void
split_message(void)
{
	char *p = load.text, *end = load.text + load.size;

	while (p < end && !(p[0] == '\r' && p[1] == '\n')) {
		char *line = p, *colon, *stop = p, *out;
		size_t n = 0;

		do {
			stop = strstr(stop, "\r\n");
			if (stop == NULL)
				die("the file needs CRLF line ends");
			stop += 2;
		} while (*stop == ' ' || *stop == '\t');
		colon = memchr(line, ':', (size_t)(stop - line));
		if (colon == NULL || load.n_headers == HEADERS_MAX)
			die("header");
		out = malloc((size_t)(stop - line) + 2);
		memcpy(out, line, (size_t)(colon - line));
		n = (size_t)(colon - line);
		out[n++] = '\0';
		for (colon++; colon < stop - 2; colon++)
			if (*colon != '\r')
				out[n++] = *colon;
		out[n++] = '\0';
		load.headers[load.n_headers].p = out;
		load.headers[load.n_headers++].n = n;
		p = stop;
	}
	load.body = p + 2;
	load.body_size = (size_t)(end - load.body);
}

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void
report(int64_t took_us)
{
	qsort(times_us, load.messages, sizeof(*times_us), by_size);
	printf("%lu %.3f %.1f %u %u %u %lu %lu %lu\n", load.messages, (double)took_us / 1e6,
	    (double)load.messages * 1e6 / (double)took_us, times_us[load.messages / 2],
	    times_us[load.messages * 99 / 100], times_us[load.messages - 1],
	    atomic_load(&accepted), atomic_load(&others), atomic_load(&signed_ones));
}

int
main(int argc, char **argv)
{
	pthread_t *threads;
	int64_t begun;
	unsigned i;
	int option;

	while ((option = getopt(argc, argv, "s:c:n:r:f:")) != -1) {
		switch (option) {
		case 's': load.socket = optarg; break;
		case 'c': load.connections = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'n': load.messages = strtoul(optarg, NULL, 10); break;
		case 'r': load.per_session = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'f': load.sender = optarg; break;
		default: return 2;
		}
	}
	if (load.socket == NULL || optind + 1 != argc || load.messages == 0 ||
	    load.connections == 0) {
		fprintf(stderr, "usage: milter-load -s socket [-c connections] [-n messages] "
		    "[-r per session] [-f <sender>] FILE\n");
		return 2;
	}
	read_file(argv[optind]);
	split_message();
	times_us = calloc(load.messages, sizeof(*times_us));
	threads = calloc(load.connections, sizeof(*threads));
	begun = now_us();
	for (i = 0; i < load.connections; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	for (i = 0; i < load.connections; i++)
		pthread_join(threads[i], NULL);
	report(now_us() - begun);
	return 0;
}
