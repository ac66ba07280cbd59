/*
 * Life of sessions and messages.  Each lives in an arena of its own and is
 * the first thing allocated there.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "facts/message.h"
#include "mail/view.h"

enum { RCPTS_FIRST = 4 };

struct session *
session_new(void)
{
	struct arena *arena = arena_new();
	struct session *session = arena_alloc(arena, sizeof(*session));

	session->arena = arena;
	return session;
}

enum mta
session_mta(const char *version)
{
	return version != NULL && version[0] >= '0' && version[0] <= '9' ?
	    MTA_SENDMAIL : MTA_OTHER;
}

void
session_free(struct session **session)
{
	struct arena *arena;

	if (*session == NULL)
		return;
	arena = (*session)->arena;
	*session = NULL;
	arena_free(&arena);
}

struct message *
message_new(const struct session *session, time_t now, int64_t begun_us)
{
	struct arena *arena = arena_new();
	struct message *message = arena_alloc(arena, sizeof(*message));

	message->arena = arena;
	message->session = session;
	message->now = now;
	message->begun_us = begun_us;
	message->headers = headers_new(arena);
	return message;
}

void
message_free(struct message **message)
{
	struct arena *arena;

	if (*message == NULL)
		return;
	arena = (*message)->arena;
	*message = NULL;
	arena_free(&arena);
}

/* Room for one more; doubled, so that the arena holds at most twice the need. */
static void
make_room(struct message *message)
{
	size_t n = message->n_rcpts;
	struct rcpt *grown;

	if (n != 0 && (n < RCPTS_FIRST || (n & (n - 1)) != 0))
		return;
	grown = arena_array(message->arena, n == 0 ? RCPTS_FIRST : n * 2,
	    sizeof(*grown));
	if (n != 0)
		memcpy(grown, message->rcpts, n * sizeof(*grown));
	message->rcpts = grown;
}

bool
message_add_rcpt(struct message *message, const struct rcpt *rcpt)
{
	if (rcpt->refused_by != NULL)
		message->rcpts_refused++;
	else
		message->rcpts_total++;
	if (message->n_rcpts >= MESSAGE_RCPTS_KEPT)
		return false;
	make_room(message);
	message->rcpts[message->n_rcpts++] = *rcpt;
	return true;
}

enum rcpt_way
message_rcpt_way(const struct message *message, const struct rcpt *rcpt)
{
	static const char *const leaving[] = { "smtp", "relay", "esmtp" };
	/* Postfix's master.cf and Sendmail's mailers */
	static const char *const staying[] = {
		"local", "virtual", "lmtp", "error", "discard", "prog", "*file*",
		"*include*",
	};

	if (rcpt->mailer == NULL)
		return message->is_local ? RCPT_LEAVES : RCPT_UNKNOWN;
	for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++)
		if (strcasecmp(rcpt->mailer, leaving[i]) == 0)
			return RCPT_LEAVES;
	for (size_t i = 0; i < sizeof(staying) / sizeof(staying[0]); i++)
		if (strcasecmp(rcpt->mailer, staying[i]) == 0)
			return RCPT_STAYS;
	return RCPT_UNKNOWN;
}

void
message_add_body(struct message *message, const void *bytes, size_t n)
{
	if (message->body_reader != NULL)
		body_add(message->body_reader, bytes, n);
}

void
message_finish(struct message *message)
{
	message->view = view_empty();
	if (message->body_reader != NULL) {
		body_finish(message->body_reader, &message->body);
		message->view = body_view(message->body_reader);
	}
	message->size = headers_bytes(message->headers) + 2 + message->body.size;
}
