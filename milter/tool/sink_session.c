/*
 * What an SMTP server says to what it hears.
 */
#include <string.h>

#include "base/arena.h"
#include "tool/sink.h"

static void
say(struct sink_session *session, const char *text)
{
	buf_add_str(&session->out, text);
	buf_add_str(&session->out, "\r\n");
}

void
sink_session_begin(struct sink_session *session, struct arena *arena,
    const char *recipient, bool offers_8bitmime,
    void (*take)(void *context, struct slice message), void *context)
{
	memset(session, 0, sizeof(*session));
	session->arena = arena;
	session->recipient = recipient;
	session->offers_8bitmime = offers_8bitmime;
	session->take = take;
	session->context = context;
	buf_init(&session->line, arena, SINK_LINE_MAX);
	buf_init(&session->data, arena, SINK_MESSAGE_MAX);
	buf_init(&session->out, arena, SINK_MESSAGE_MAX);
	say(session, "220 mailworthy.test ESMTP a sink for messages of mailworthy doctor");
}

/* "RCPT TO:<a@b> ..." names the one. */
static bool
is_for_us(const struct sink_session *session, struct slice line)
{
	size_t start = slice_find(line, '<'), end = slice_find(line, '>');

	return start < end && end < line.n && slice_is(slice_sub(line, start + 1,
	    end - start - 1), session->recipient);
}

static void
take_command(struct sink_session *session, struct slice line)
{
	if (slice_starts_nocase(line, "EHLO")) {
		say(session, "250-mailworthy.test");
		if (session->offers_8bitmime) {	/* the second demands the first */
			say(session, "250-8BITMIME");
			say(session, "250-SMTPUTF8");
		}
		say(session, "250 ENHANCEDSTATUSCODES");
	} else if (slice_starts_nocase(line, "RCPT")) {
		session->has_rcpt = session->has_rcpt || is_for_us(session, line);
		say(session, is_for_us(session, line) ? "250 2.1.5 ok" :
		    "550 5.1.1 nobody but the doctor's own recipient");
	} else if (slice_starts_nocase(line, "DATA")) {
		session->in_data = session->has_rcpt;
		buf_clear(&session->data);
		say(session, session->has_rcpt ? "354 go on" : "503 5.5.1 no recipient");
	} else if (slice_starts_nocase(line, "QUIT")) {
		session->quit = true;
		say(session, "221 2.0.0 bye");
	} else if (slice_starts_nocase(line, "MAIL") || slice_starts_nocase(line, "RSET")) {
		session->has_rcpt = false;
		say(session, "250 2.0.0 ok");
	} else if (slice_starts_nocase(line, "HELO") || slice_starts_nocase(line, "NOOP")) {
		say(session, "250 2.0.0 ok");
	} else {
		say(session, "502 5.5.2 unknown here");
	}
}

/* A line of the message, with its end. */
static void
take_data(struct sink_session *session, struct slice line)
{
	if (slice_eq(line, SLICE(".\r\n"))) {
		session->in_data = session->has_rcpt = false;
		if (session->data.truncated) {
			say(session, "552 5.3.4 larger than any of the doctor's");
			return;
		}
		session->take(session->context, (struct slice){ buf_str(&session->data),
		    session->data.n });
		say(session, "250 2.0.0 kept");
		return;
	}
	if (line.n > 0 && *line.p == '.')
		line = slice_sub(line, 1, line.n);
	buf_add_slice(&session->data, line);
}

/* No message of the doctor's has such a line: what has is refused at its end. */
static void
drop_line(struct sink_session *session)
{
	if (session->in_data)
		session->data.truncated = true;
	else
		say(session, "500 5.5.2 line too long");
	buf_clear(&session->line);
}

void
sink_session_feed(struct sink_session *session, struct slice bytes)
{
	struct buf *line = &session->line;

	for (size_t i = 0; i < bytes.n && !session->quit; i++) {
		buf_add_char(line, bytes.p[i]);
		if (bytes.p[i] == '\n' && line->n > 1 && line->p[line->n - 2] == '\r') {
			struct slice whole = { buf_str(line), line->n };

			if (session->in_data)
				take_data(session, whole);
			else
				take_command(session, slice_trim(whole));
			buf_clear(line);
		} else if (line->n == SINK_LINE_MAX) {
			drop_line(session);
		}
	}
}
