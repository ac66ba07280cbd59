/*
 * From a verdict to edits and an answer.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "mail/changes.h"
#include "settings/settings.h"
#include "verdict/fold.h"
#include "verdict/plan.h"

enum {
	INSERTS_MAX = 6,	/* Message-ID, Date, X-Mailworthy, two signatures; body */
	REPAIRS_MAX = 4,
	TRACE_LINE = 72,
	TRACE_MAX = 4096,
};

static const char trace_name[] = "X-Mailworthy";

static void
add_edit(struct plan *plan, enum edit_kind kind, const char *name, const char *value,
    unsigned index)
{
	plan->edits[plan->n_edits++] = (struct edit){
		.kind = kind, .name = name, .value = value, .index = index,
	};
}

static void
insert(struct plan *plan, const char *name, const char *value)
{
	add_edit(plan, EDIT_INSERT_HEADER, name, value, 0);
}

/* ";\n\tfindings=a,b", folded between ids. */
static void
add_findings(struct buf *out, const struct verdict *verdict)
{
	size_t column = TRACE_LINE;
	const char *before = "; findings=";

	for (size_t i = 0; i < verdict->n_findings; i++) {
		const struct finding *finding = &verdict->findings[i];
		size_t n = strlen(finding->check->id);

		if (!finding_counts(finding, false))
			continue;
		if (*before == ';') {
			buf_add_str(out, ";\n\tfindings=");
			column = strlen("\tfindings=");
			before = ",";
		} else {
			buf_add_str(out, before);
			column++;
			if (column + n > TRACE_LINE) {
				buf_add_str(out, "\n\t");
				column = 1;
			}
		}
		buf_add(out, finding->check->id, n);
		column += n;
	}
}

static const char *
trace_value(const struct check_input *input, const struct verdict *verdict)
{
	struct buf out;

	buf_init(&out, input->arena, TRACE_MAX);
	buf_printf(&out, " v=1; score=%d.%d; verdict=%s", verdict->score / 10,
	    verdict->score % 10, action_name(verdict->action));
	if (input->settings->trace_header == TRACE_FULL)
		add_findings(&out, verdict);
	return buf_str(&out);
}

/* What was mended: the header section step by step, the body. */
static void
plan_mended(const struct message_repair *repair, struct plan *plan)
{
	static const enum edit_kind kinds[] = {
		[CHANGE_SET] = EDIT_CHANGE_HEADER,
		[CHANGE_DELETE] = EDIT_DELETE_HEADER,
		[CHANGE_INSERT] = EDIT_INSERT_HEADER,
	};

	for (size_t i = 0; i < repair->n_steps; i++) {
		const struct change *step = &repair->steps[i];

		add_edit(plan, kinds[step->kind], step->name, step->value, step->index);
	}
	if (repair->body != NULL)
		add_edit(plan, EDIT_REPLACE_BODY, NULL, NULL, 0);
	plan->body = repair->body;
}

/*
 * Sendmail has a Date and a Message-ID of its own ready for a message without, which
 * it shows to no filter and sends beside one that is inserted.  To change the first
 * is to change that one.
 */
static void
add_field(const struct check_input *input, struct plan *plan, const char *name,
    const char *text)
{
	const char *value = arena_printf(input->arena, " %s", text);

	if (input->message->session->mta == MTA_SENDMAIL)
		add_edit(plan, EDIT_CHANGE_HEADER, name, value, 1);
	else
		insert(plan, name, value);
}

static void
plan_repairs(const struct check_input *input, struct plan *plan)
{
	const struct message *message = input->message;
	const char **repaired = arena_array(input->arena, REPAIRS_MAX,
	    sizeof(*repaired));

	plan->repaired = repaired;
	if (message->added_message_id != NULL)
		add_field(input, plan, "Message-Id", message->added_message_id);
	if (message->added_date != NULL) {
		add_field(input, plan, "Date", message->added_date);
		repaired[plan->n_repaired++] = "date";
	}
	if (message->added_message_id != NULL)
		repaired[plan->n_repaired++] = "message-id";
	if (message->repair != NULL && message->repair->headers)
		repaired[plan->n_repaired++] = "headers";
	if (message->repair != NULL && message->repair->encoding)
		repaired[plan->n_repaired++] = "encoding";
}

/* The last one inserted stands on top: RSA, which every receiver can verify. */
static void
plan_signatures(const struct check_input *input, struct plan *plan)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;

	for (size_t i = dkim->n_own; i > 0; i--) {
		const struct own_signature *own = &dkim->own[i - 1];

		if (own->made && own->value != NULL)
			insert(plan, "DKIM-Signature",
			    arena_printf(input->arena, " %s", own->value));
	}
}

/* Index 0 is above everything, so the lowest is inserted first. */
static void
plan_edits(const struct check_input *input, const struct verdict *verdict,
    struct plan *plan)
{
	const struct message_repair *repair = input->message->repair;
	size_t copies = headers_count(input->message->headers, HDR_X_MAILWORTHY);
	size_t steps = repair != NULL ? repair->n_steps : 0;

	plan->edits = arena_array(input->arena, steps + copies + INSERTS_MAX,
	    sizeof(*plan->edits));
	if (repair != NULL)
		plan_mended(repair, plan);
	for (size_t i = copies; i > 0; i--)
		add_edit(plan, EDIT_DELETE_HEADER, trace_name, NULL, (unsigned)i);
	plan_repairs(input, plan);
	if (input->settings->trace_header != TRACE_NONE)
		insert(plan, trace_name, trace_value(input, verdict));
	plan_signatures(input, plan);
}

/* "550 5.7.1 text" taken apart for smfi_setreply(). */
static void
plan_reply(const struct check_input *input, const char *reply, struct plan *plan)
{
	struct slice rest = slice_of(reply), code, esc;

	if (!slice_split(&rest, ' ', &code) || !slice_split(&rest, ' ', &esc))
		return;
	plan->reply_code = slice_dup(input->arena, code);
	plan->reply_esc = slice_dup(input->arena, esc);
	plan->reply_text = slice_dup(input->arena, rest);
}

void
plan_make(const struct check_input *input, const struct verdict *verdict,
    struct plan *plan_r)
{
	*plan_r = (struct plan){ .action = verdict->action };
	switch (verdict->action) {
	case ACTION_TEMPFAIL:
	case ACTION_REJECT:
		plan_reply(input, verdict->reply, plan_r);
		return;
	case ACTION_HOLD:
		plan_r->hold_reason = verdict->hold_reason;
		break;
	case ACTION_NONE:
		break;
	}
	if (verdict->mode == MODE_ENFORCE &&
	    input->message->direction == DIRECTION_OUTBOUND)
		plan_edits(input, verdict, plan_r);
}
