/*
 * Life of a milter connection's state.
 */
#include <stdlib.h>

#include "base/log.h"
#include "core/core.h"
#include "facts/message.h"
#include "proto/conversation.h"
#include "proto/proto.h"

struct conversation *
conversation_new(const struct proto_options *options)
{
	struct conversation *conversation = calloc(1, sizeof(*conversation));

	if (conversation == NULL)
		bug("out of memory");
	conversation->options = options;
	conversation->snapshot = options->snapshot();
	return conversation;
}

void
conversation_drop_message(struct conversation *conversation)
{
	conversation->passage = NULL;	/* lives in the message's arena */
	if (conversation->message != NULL)
		message_free(&conversation->message);
}

void
conversation_free(struct conversation **conversation_p)
{
	struct conversation *conversation = *conversation_p;

	*conversation_p = NULL;
	if (conversation == NULL)
		return;
	conversation_drop_message(conversation);
	if (conversation->session != NULL)
		session_free(&conversation->session);
	snapshot_unref(&conversation->snapshot);
	free(conversation);
}
