/*
 * An SMTP server for one recipient, which keeps what it gets, and a client that
 * hands a message over while the server is served: one thread, one loop.
 */
#ifndef MW_TOOL_SINK_H
#define MW_TOOL_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct arena;

#define SINK_MESSAGE_MAX (4 * 1024 * 1024)
#define SINK_LINE_MAX 65536
#define SINK_CONNECTIONS_MAX 32
#define SINK_REPLY_MAX 4096

/* ---- one session, without a socket ---- */

struct sink_session {
	struct arena *arena;
	const char *recipient;		/* no other is taken */
	bool offers_8bitmime;
	bool in_data, has_rcpt, quit;
	struct buf line;		/* what is not yet a line */
	struct buf data;		/* the message so far, without dots of SMTP */
	struct buf out;			/* what is to be said */
	void (*take)(void *context, struct slice message);
	void *context;
};

void sink_session_begin(struct sink_session *session, struct arena *arena,
    const char *recipient, bool offers_8bitmime,
    void (*take)(void *context, struct slice message), void *context);
void sink_session_feed(struct sink_session *session, struct slice bytes);

/* ---- the server ---- */

struct sink;

/* Listens; NULL and *error_r.  Port 0 takes a free one. */
struct sink *sink_open(struct arena *arena, const char *address, unsigned port,
    const char *recipient, const char **error_r);
void sink_close(struct sink **sink);
unsigned sink_port(const struct sink *sink);

/* For sessions that begin after this. */
void sink_offer_8bitmime(struct sink *sink, bool offer);

/* Serves until fd (or -1) can be read from or the time is over; true for the
 * first. */
bool sink_serve(struct sink *sink, int fd, int timeout_ms);

/* The oldest message that was not taken yet; false when there is none.  It is
 * in the sink's arena. */
bool sink_take(struct sink *sink, struct slice *message_r);

/* ---- the client ---- */

struct submission {
	const char *host;		/* address or name */
	const char *port;
	const char *helo;
	const char *from, *to;
	bool is_8bit;
	struct slice message;		/* with CRLF */
};

/* 0, or -1 and *error_r with the server's reply.  `sink` may be NULL. */
int sink_submit(struct sink *sink, struct arena *arena, const struct submission *submission,
    int timeout_ms, const char **error_r);

#endif
