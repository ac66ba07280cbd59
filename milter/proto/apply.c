/*
 * Carries a plan out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/spool.h"
#include "facts/message.h"
#include "proto/conversation.h"
#include "verdict/plan.h"

enum { BODY_CHUNK = 64 * 1024 };

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

/* In pieces, of which the second and later are added to the first. */
static int
replace_body(SMFICTX *ctx, const struct spool *body)
{
	unsigned char *chunk = mem_alloc(BODY_CHUNK);
	int status = MI_SUCCESS;
	uint64_t at = 0;
	long got = 0;

	if (spool_size(body) == 0)
		status = smfi_replacebody(ctx, chunk, 0);
	while (status == MI_SUCCESS &&
	    (got = spool_read(body, at, chunk, BODY_CHUNK)) > 0) {
		status = smfi_replacebody(ctx, chunk, (int)got);
		at += (uint64_t)got;
	}
	free(chunk);
	return got < 0 || at != spool_size(body) ? MI_FAILURE : status;
}

static int
apply_edit(SMFICTX *ctx, const struct conversation *conversation,
    const struct plan *plan, const struct edit *edit)
{
	switch (edit->kind) {
	case EDIT_INSERT_HEADER:
		return smfi_insheader(ctx, 0, unconst(edit->name),
		    unconst(value_for(conversation, edit->value)));
	case EDIT_DELETE_HEADER:
		return smfi_chgheader(ctx, unconst(edit->name), (int)edit->index, NULL);
	case EDIT_CHANGE_HEADER:
		return smfi_chgheader(ctx, unconst(edit->name), (int)edit->index,
		    unconst(value_for(conversation, edit->value)));
	case EDIT_REPLACE_BODY:
		return replace_body(ctx, plan->body);
	}
	return MI_FAILURE;
}

static void
set_reply(SMFICTX *ctx, const char *code, const char *esc, const char *text)
{
	if (smfi_setreply(ctx, unconst(code), unconst(esc), unconst(text)) != MI_SUCCESS)
		log_error("the MTA interface refused the reply %s %s", code, esc);
}

sfsistat
apply_failed(SMFICTX *ctx, const struct message *message, const char *why)
{
	log_error("%s: %s; the message is deferred, not half edited",
	    message->queue_id != NULL ? message->queue_id : "no queue id", why);
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
	static const char refused[] = "the MTA refused an edit";
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
		if (apply_edit(ctx, conversation, plan, &plan->edits[i]) != MI_SUCCESS)
			return apply_failed(ctx, conversation->message, refused);
	if (plan->action == ACTION_HOLD &&
	    smfi_quarantine(ctx, unconst(plan->hold_reason)) != MI_SUCCESS)
		return apply_failed(ctx, conversation->message, refused);
	return SMFIS_CONTINUE;
}
