/*
 * Asks all configured filters at once: non-blocking sockets, one poll, one
 * deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/spool.h"
#include "evidence/opinion/breaker.h"
#include "evidence/opinion/opinion.h"
#include "facts/message.h"
#include "settings/settings.h"

enum { PIECE = 32 * 1024, GREETING_MAX = 16 * 1024, LENGTH_BYTES = 4 };

enum progress { SENDING, RECEIVING, DONE };

struct talk {
	const struct dialect *dialect;
	const char *where;		/* its socket */
	struct opinion *opinion;
	struct arena *arena;
	struct slice header;		/* of the message */
	const struct spool *body;
	enum progress progress;
	int fd;
	struct slice greeting;		/* what is left of it */
	uint64_t at;			/* of header and body taken */
	bool ended;			/* clamd's empty piece was taken */
	bool is_silent;			/* not reached, or no answer in time */
	unsigned char piece[LENGTH_BYTES + PIECE];
	size_t piece_at, piece_n;
	struct buf answer;
};

static const char *
address_of(const struct settings *settings, enum opinion_from from)
{
	switch (from) {
	case OPINION_SPAMASSASSIN:
		return settings->opinions.spamassassin;
	case OPINION_RSPAMD:
		return settings->opinions.rspamd;
	case OPINION_CLAMAV:
		return settings->opinions.clamav;
	case OPINIONS:
		break;
	}
	return "";
}

static const struct dialect *const dialects[OPINIONS] = {
	[OPINION_SPAMASSASSIN] = &dialect_spamd,
	[OPINION_RSPAMD] = &dialect_rspamd,
	[OPINION_CLAMAV] = &dialect_clamd,
};

bool
opinions_wanted(const struct settings *settings)
{
	for (int i = 0; i < OPINIONS; i++)
		if (*address_of(settings, (enum opinion_from)i) != '\0')
			return true;
	return false;
}

uint64_t
opinions_size_max(const struct settings *settings)
{
	return (uint64_t)settings->opinions.max_size * 1000 * 1000;
}

/* ---- the message as text ---- */

/* A value with the line ends of the wire. */
static void
add_value(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n' && (i == 0 || value.p[i - 1] != '\r'))
			buf_add_char(out, '\r');
		buf_add_char(out, value.p[i]);
	}
}

static void
add_field(struct buf *out, struct slice name, struct slice value)
{
	buf_add_slice(out, name);
	buf_add_char(out, ':');
	add_value(out, value);
	buf_add_str(out, "\r\n");
}

static struct slice
header_text(const struct opinion_request *request)
{
	const struct message *message = request->message;
	struct buf out;

	buf_init(&out, request->arena, 2 * HEADERS_BYTES_MAX);
	if (message->added_date != NULL)
		buf_printf(&out, "Date: %s\r\n", message->added_date);
	if (message->added_message_id != NULL)
		buf_printf(&out, "Message-ID: %s\r\n", message->added_message_id);
	for (size_t i = 0; i < headers_kept(message->headers); i++) {
		const struct header *header = headers_at(message->headers, i);

		add_field(&out, header->name, header->value);
	}
	buf_add_str(&out, "\r\n");
	return (struct slice){ buf_str(&out), out.n };
}

/* ---- sockets ---- */

/* "unix:/path", "inet:PORT@ADDRESS", "inet6:PORT@ADDRESS": as settings_socket()
 * writes them.  Length of the address, 0 when it has none. */
static socklen_t
socket_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_un *local = (struct sockaddr_un *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	const char *colon = strchr(text, ':'), *at = strchr(text, '@');
	unsigned long port;

	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:", 5) == 0) {
		if (strlen(text + 5) >= sizeof(local->sun_path))
			return 0;
		local->sun_family = AF_UNIX;
		memcpy(local->sun_path, text + 5, strlen(text + 5) + 1);
		return sizeof(*local);
	}
	if (colon == NULL || at == NULL || !slice_number(
	    (struct slice){ colon + 1, (size_t)(at - colon - 1) }, 65535, &port))
		return 0;
	if (inet_pton(AF_INET, at + 1, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, at + 1, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return sizeof(*v6);
	}
	return 0;
}

static void
talk_end(struct talk *talk, const char *error)
{
	if (talk->fd >= 0)
		close(talk->fd);
	talk->fd = -1;
	talk->progress = DONE;
	if (error != NULL) {
		talk->opinion->known = KNOWN_TEMPERROR;
		talk->opinion->error = error;
	}
}

static void
talk_unreached(struct talk *talk, const char *why)
{
	talk->is_silent = true;
	talk_end(talk, arena_printf(talk->arena, "%s cannot be reached at %s: %s",
	    talk->dialect->name, settings_socket_shown(talk->arena, talk->where), why));
}

static void
talk_begin(struct talk *talk, const char *where)
{
	struct sockaddr_storage address;
	socklen_t n = socket_address(where, &address);

	talk->where = where;
	talk->fd = -1;
	if (n > 0)
		talk->fd = socket(address.ss_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (talk->fd < 0 || (connect(talk->fd, (struct sockaddr *)&address, n) != 0 &&
	    errno != EINPROGRESS))
		talk_unreached(talk, n == 0 ? "not an address" : strerror(errno));
}

/* The next octets of header and body; 0 at the end, -1 when they are lost. */
static long
take(struct talk *talk, unsigned char *out, size_t n)
{
	struct slice part;

	if (talk->at >= talk->header.n)
		return spool_read(talk->body, talk->at - talk->header.n, out, n);
	part = slice_sub(talk->header, (size_t)talk->at, n);
	memcpy(out, part.p, part.n);
	return (long)part.n;
}

/* Fills the piece to send; false when there is none. */
static bool
next_piece(struct talk *talk)
{
	size_t room = talk->dialect->is_chunked ? LENGTH_BYTES : 0;
	uint32_t length;
	long n;

	if (talk->ended)
		return false;
	n = take(talk, talk->piece + room, PIECE);
	if (n < 0) {
		talk_end(talk, "the body could not be read again");
		return false;
	}
	talk->at += (uint64_t)n;
	talk->ended = n == 0;
	if (talk->dialect->is_chunked) {
		length = htonl((uint32_t)n);
		memcpy(talk->piece, &length, sizeof(length));
	}
	talk->piece_at = 0;
	talk->piece_n = room + (size_t)n;
	return talk->piece_n > 0;
}

/* Octets sent, 0 when it must wait, -1 when it ended. */
static ssize_t
send_some(struct talk *talk, const void *bytes, size_t n)
{
	ssize_t sent = send(talk->fd, bytes, n, MSG_NOSIGNAL);

	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return 0;
	/* It may have said why before it closed. */
	talk->progress = RECEIVING;
	return -1;
}

static void
go_on_sending(struct talk *talk)
{
	ssize_t n;

	while (talk->greeting.n > 0) {
		n = send_some(talk, talk->greeting.p, talk->greeting.n);
		if (n <= 0)
			return;
		talk->greeting = slice_sub(talk->greeting, (size_t)n, talk->greeting.n);
	}
	for (;;) {
		while (talk->piece_at < talk->piece_n) {
			n = send_some(talk, talk->piece + talk->piece_at,
			    talk->piece_n - talk->piece_at);
			if (n <= 0)
				return;
			talk->piece_at += (size_t)n;
		}
		if (!next_piece(talk)) {
			if (talk->progress == SENDING)
				talk->progress = RECEIVING;
			return;
		}
	}
}

/* Two letters are no answer; an answer that ends itself with NUL is whole. */
static void
hear_out(struct talk *talk)
{
	struct slice answer = { buf_str(&talk->answer), talk->answer.n };

	talk->dialect->understand(talk->arena, answer, talk->opinion);
	if (talk->opinion->known == KNOWN_VALUE)
		talk_end(talk, NULL);
	else
		talk_end(talk, arena_printf(talk->arena, "%s: %s", talk->dialect->name,
		    answer.n == 0 ? "it closed the connection without an answer" :
		    talk->opinion->error));
}

static void
go_on_receiving(struct talk *talk)
{
	char bytes[16 * 1024];
	ssize_t n;

	while ((n = recv(talk->fd, bytes, sizeof(bytes), 0)) > 0) {
		buf_add(&talk->answer, bytes, (size_t)n);
		if (talk->answer.truncated) {
			talk_end(talk, arena_printf(talk->arena, "%s: its answer is too "
			    "long", talk->dialect->name));
			return;
		}
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	hear_out(talk);
}

static void
talk_go_on(struct talk *talk, short events)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if ((events & POLLERR) != 0 && talk->at == 0 &&
	    getsockopt(talk->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error != 0) {
		talk_unreached(talk, strerror(error));
		return;
	}
	if (talk->progress == SENDING)
		go_on_sending(talk);
	if (talk->progress == RECEIVING)
		go_on_receiving(talk);
}

/* Until all are done or the time is over. */
static void
converse(struct talk *talks, size_t n, const struct clock *clock, unsigned seconds)
{
	int64_t until = clock_mono_us(clock) + (int64_t)seconds * 1000000, left;
	struct pollfd ready[OPINIONS];
	size_t open = 0;

	/* one that is not there may have ended at once */
	for (size_t i = 0; i < n; i++)
		open += talks[i].progress != DONE;
	while (open > 0 && (left = until - clock_mono_us(clock)) > 0) {
		for (size_t i = 0; i < n; i++)
			ready[i] = (struct pollfd){
				.fd = talks[i].progress == DONE ? -1 : talks[i].fd,
				.events = talks[i].progress == SENDING ? POLLOUT : POLLIN,
			};
		if (poll(ready, n, (int)(left / 1000) + 1) < 0 && errno != EINTR)
			break;
		open = 0;
		for (size_t i = 0; i < n; i++) {
			if (ready[i].fd >= 0 && ready[i].revents != 0)
				talk_go_on(&talks[i], ready[i].revents);
			open += talks[i].progress != DONE;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (talks[i].progress == DONE)
			continue;
		talks[i].is_silent = true;
		talk_end(&talks[i], arena_printf(talks[i].arena,
		    "%s gave no answer in %u seconds", talks[i].dialect->name, seconds));
	}
}

static void
prepare(struct talk *talk, const struct opinion_request *request,
    const struct dialect *dialect, struct slice header, struct opinion *opinion)
{
	struct buf greeting;

	talk->dialect = dialect;
	talk->opinion = opinion;
	talk->arena = request->arena;
	talk->header = header;
	talk->body = request->body;
	buf_init(&greeting, request->arena, GREETING_MAX);
	dialect->greet(request, header.n + spool_size(request->body), &greeting);
	talk->greeting = (struct slice){ buf_str(&greeting), greeting.n };
	buf_init(&talk->answer, request->arena, OPINION_ANSWER_MAX);
}

/* Why the message is handed to nobody, or NULL. */
static const char *
cannot_ask(const struct opinion_request *request)
{
	uint64_t max = opinions_size_max(request->settings);

	if (request->message->size > max)
		return arena_printf(request->arena, "the message is larger than the %llu "
		    "MB that are handed on (opinions, max-size)",
		    (unsigned long long)(max / 1000000));
	if (request->body == NULL || spool_failed(request->body))
		return "the body could not be kept for it";
	return NULL;
}

/* False when it is not asked, for it does not answer. */
static bool
may_ask(const struct opinion_request *request, enum opinion_from from, const char *where,
    struct opinion *opinion)
{
	const char *why = request->breakers == NULL ? NULL :
	    breaker_why_not(request->breakers, from, where, request->clock, request->arena);

	if (why == NULL)
		return true;
	opinion->known = KNOWN_TEMPERROR;
	opinion->error = arena_printf(request->arena, "%s was %s", dialects[from]->name, why);
	return false;
}

void
opinions_ask(const struct opinion_request *request, struct opinion opinions_r[OPINIONS])
{
	const char *where, *error = cannot_ask(request);
	enum opinion_from asked[OPINIONS];
	struct talk *talks;
	struct slice header;
	size_t n = 0;

	memset(opinions_r, 0, OPINIONS * sizeof(*opinions_r));
	for (int i = 0; i < OPINIONS; i++) {
		opinions_r[i].asked =
		    *address_of(request->settings, (enum opinion_from)i) != '\0';
		opinions_r[i].symbols = "";
		opinions_r[i].error = opinions_r[i].asked ? error : NULL;
	}
	if (error != NULL || !opinions_wanted(request->settings))
		return;
	talks = arena_array(request->arena, OPINIONS, sizeof(*talks));
	header = header_text(request);
	for (int i = 0; i < OPINIONS; i++) {
		where = address_of(request->settings, (enum opinion_from)i);
		if (*where == '\0' ||
		    !may_ask(request, (enum opinion_from)i, where, &opinions_r[i]))
			continue;
		asked[n] = (enum opinion_from)i;
		prepare(&talks[n], request, dialects[i], header, &opinions_r[i]);
		talk_begin(&talks[n++], where);
	}
	converse(talks, n, request->clock, request->settings->opinions.timeout);
	for (size_t i = 0; i < n && request->breakers != NULL; i++)
		breaker_tell(request->breakers, asked[i], talks[i].dialect->name,
		    talks[i].is_silent ? talks[i].opinion->error : NULL, request->clock);
}
