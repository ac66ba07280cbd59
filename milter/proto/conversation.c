/*
 * Life of a milter connection's state.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/core.h"
#include "facts/message.h"
#include "proto/conversation.h"
#include "proto/proto.h"
#include "record/counters.h"

struct conversation *
conversation_new(const struct proto_options *options)
{
	struct conversation *conversation;

	/* counted first: who has seen no conversation after `stopping` frees all */
	atomic_fetch_add(&options->state->conversations, 1);
	if (atomic_load(&options->state->stopping)) {
		atomic_fetch_sub(&options->state->conversations, 1);
		return NULL;
	}
	counters_add(options->counters, COUNTED_CONNECTION, 1);
	conversation = mem_alloc(sizeof(*conversation));
	conversation->options = options;
	conversation->snapshot = options->snapshot();
	return conversation;
}

struct message *
conversation_begin_message(struct conversation *conversation)
{
	const struct clock *clock = conversation->options->clock;

	conversation_abandon_message(conversation);
	atomic_fetch_add(&conversation->options->state->messages, 1);
	conversation->message = message_new(conversation->session, clock_now(clock),
	    clock_mono_us(clock));
	return conversation->message;
}

static void
write_event(const struct conversation *conversation, enum journal_kind kind,
    const char *line)
{
	if (line != NULL && conversation->options->write_event != NULL)
		conversation->options->write_event(kind, line);
}

void
conversation_record(const struct conversation *conversation)
{
	const struct proto_options *options = conversation->options;
	enum journal_kind kind = JOURNAL_REFUSED;
	const char *line;

	options->write_record(passage_record(conversation->passage,
	    options->record_is_syslog()));
	line = passage_event(conversation->passage, &kind);
	write_event(conversation, kind, line);
}

void
conversation_abandon_message(struct conversation *conversation)
{
	const struct proto_options *options = conversation->options;
	enum journal_kind kind = JOURNAL_REFUSED;
	const char *line;

	if (conversation->message != NULL)
		counters_add(options->counters, COUNTED_ABORTED, 1);
	if (conversation->message != NULL && conversation->rcpts != NULL &&
	    conversation->message->rcpts_refused > 0) {
		options->write_record(rcpt_stage_record(conversation->rcpts,
		    options->record_is_syslog()));
		line = rcpt_stage_event(conversation->rcpts, &kind);
		write_event(conversation, kind, line);
	}
	conversation_drop_message(conversation);
}

void
conversation_drop_message(struct conversation *conversation)
{
	conversation->passage = NULL;	/* both live in the message's arena */
	conversation->rcpts = NULL;
	if (conversation->message == NULL)
		return;
	message_free(&conversation->message);
	atomic_fetch_sub(&conversation->options->state->messages, 1);
}

void
conversation_free(struct conversation **conversation_p)
{
	struct conversation *conversation = *conversation_p;
	struct proto_state *state;

	*conversation_p = NULL;
	if (conversation == NULL)
		return;
	conversation_abandon_message(conversation);
	session_free(&conversation->session);
	snapshot_unref(&conversation->snapshot);
	state = conversation->options->state;
	free(conversation);
	atomic_fetch_sub(&state->conversations, 1);
}
