/*
 * Carries a plan out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "facts/message.h"
#include "proto/conversation.h"
#include "verdict/plan.h"

/* libmilter wants its texts without const and copies them. */
static char *
unconst(const char *text)
{
	union { const char *in; char *out; } both = { .in = text };

	return both.out;
}

/* Without SMFIP_HDR_LEADSPC the MTA puts the blank after the colon itself. */
static const char *
value_for(const struct conversation *conversation, const char *value)
{
	if (!conversation->leading_spaces && value[0] == ' ')
		return value + 1;
	return value;
}

static int
apply_edit(SMFICTX *ctx, const struct conversation *conversation, const struct edit *edit)
{
	switch (edit->kind) {
	case EDIT_INSERT_HEADER:
		return smfi_insheader(ctx, 0, unconst(edit->name),
		    unconst(value_for(conversation, edit->value)));
	case EDIT_DELETE_HEADER:
		return smfi_chgheader(ctx, unconst(edit->name), (int)edit->index, NULL);
	}
	return MI_FAILURE;
}

static void
set_reply(SMFICTX *ctx, const char *code, const char *esc, const char *text)
{
	if (smfi_setreply(ctx, unconst(code), unconst(esc), unconst(text)) != MI_SUCCESS)
		log_error("the MTA interface refused the reply %s %s", code, esc);
}

static sfsistat
apply_failed(SMFICTX *ctx, const struct message *message)
{
	log_error("%s: the MTA refused an edit; the message is deferred, not half edited",
	    message->queue_id != NULL ? message->queue_id : "no queue id");
	set_reply(ctx, "451", "4.3.0", "mailworthy: the message could not be edited; "
	    "it will be tried again");
	return SMFIS_TEMPFAIL;
}

sfsistat
apply_refusal(SMFICTX *ctx, const struct plan *plan)
{
	set_reply(ctx, plan->reply_code, plan->reply_esc, plan->reply_text);
	return plan->action == ACTION_REJECT ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

sfsistat
apply_plan(SMFICTX *ctx, const struct conversation *conversation, const struct plan *plan)
{
	size_t i;

	switch (plan->action) {
	case ACTION_REJECT:
	case ACTION_TEMPFAIL:
		return apply_refusal(ctx, plan);
	case ACTION_NONE:
	case ACTION_HOLD:
		break;
	}
	for (i = 0; i < plan->n_edits; i++)
		if (apply_edit(ctx, conversation, &plan->edits[i]) != MI_SUCCESS)
			return apply_failed(ctx, conversation->message);
	if (plan->action == ACTION_HOLD &&
	    smfi_quarantine(ctx, unconst(plan->hold_reason)) != MI_SUCCESS)
		return apply_failed(ctx, conversation->message);
	return SMFIS_CONTINUE;
}
