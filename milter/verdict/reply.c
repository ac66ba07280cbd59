/*
 * The SMTP reply and the reason of a hold: code, enhanced code, the check's
 * id and the fix in one line.
 */
#include <string.h>

#include "base/arena.h"
#include "facts/message.h"
#include "settings/settings.h"
#include "verdict/fold.h"
#include "verdict/text.h"

enum {
	REPLY_MAX = 500,	/* RFC 5321 section 4.5.3.1.5: 512 with CRLF */
	HOLD_REASON_MAX = 200,
	TEXT_LEAST = 160,	/* kept of what is wrong when the fix is long */
};

struct code {
	const char *id;
	const char *reject;
	const char *tempfail;
};

/* The first fits every check not named. */
static const struct code codes[] = {
	{ NULL, "550 5.7.1", "451 4.7.1" },
	/* RFC 7372 sections 3.1 to 3.3 */
	{ "dkim-cannot-sign", "550 5.7.20", "451 4.7.20" },
	{ "dkim-unsigned", "550 5.7.20", "451 4.7.20" },
	{ "spf-fail", "550 5.7.23", "451 4.7.23" },
	{ "spf-permerror", "550 5.7.24", "451 4.7.24" },
	{ "egress-no-ptr", "550 5.7.25", "451 4.7.25" },
	{ "egress-ptr-mismatch", "550 5.7.25", "451 4.7.25" },
	/* RFC 3463 sections 3.2, 3.4 and 3.5 */
	{ "author-domain-missing", "550 5.1.8", "451 4.1.8" },
	{ "header-size", "552 5.3.4", "452 4.3.4" },
	{ "message-oversize", "552 5.3.4", "452 4.3.4" },
	/* as Gmail answers */
	{ "attachment-blocked", "552 5.7.0", "451 4.7.0" },
	{ "hop-count", "554 5.4.6", "451 4.4.6" },
};

static const char *
code_for(const struct finding *finding, enum action action, struct arena *arena)
{
	const struct code *code = &codes[0];

	if (finding->enhanced != NULL)
		return arena_printf(arena, action == ACTION_TEMPFAIL ? "451 4.%s" :
		    "550 5.%s", finding->enhanced);

	for (size_t i = 1; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i].id, finding->check->id) == 0)
			code = &codes[i];
	}
	return action == ACTION_TEMPFAIL ? code->tempfail : code->reject;
}

static const char *
full_stop(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && strchr(".!?", text[n - 1]) != NULL ? "" : ".";
}

/*
 * What is wrong and what to do.  Where both are too long the fix is what the
 * reader needs more, so it is shortened last.
 */
static const char *
say(const struct finding *finding, const char *head, size_t max, struct arena *arena)
{
	static const char link[] = " Fix: ";
	size_t left = max - strlen(head) - strlen(link) - 1;
	const char *text = text_for_smtp(arena, finding->text, TEXT_LEAST);
	const char *fix = text_for_smtp(arena, finding->fix, left - strlen(text));

	text = text_for_smtp(arena, finding->text, left - strlen(fix));
	if (*fix == '\0')
		return arena_printf(arena, "%s%s", head, text);
	return arena_printf(arena, "%s%s%s%s%s", head, text, full_stop(text), link,
	    fix);
}

static const char *
hold_reason(const struct check_input *input, const struct verdict *verdict)
{
	const struct finding *finding = verdict->decisive;
	int score, least;

	if (finding->action >= ACTION_HOLD)
		return text_for_smtp(input->arena, arena_printf(input->arena,
		    "mailworthy %s: %s", finding->check->id, finding->text),
		    HOLD_REASON_MAX);
	score = verdict_score(verdict->findings, verdict->n_findings, true);
	least = verdict_hold_below(input->settings, input->message);
	return text_for_smtp(input->arena, arena_printf(input->arena,
	    "mailworthy hold-below: format and deception score %d.%d is below %d.%d; "
	    "heaviest: %s", score / 10, score % 10, least / 10, least % 10,
	    finding->check->id), HOLD_REASON_MAX);
}

void
verdict_write_reply(const struct check_input *input, struct verdict *verdict)
{
	const struct finding *finding = verdict->decisive;
	const char *head;

	switch (verdict->would) {
	case ACTION_NONE:
		return;
	case ACTION_HOLD:
		verdict->hold_reason = hold_reason(input, verdict);
		return;
	case ACTION_TEMPFAIL:
	case ACTION_REJECT:
		head = arena_printf(input->arena, "%s mailworthy %s: ",
		    code_for(finding, verdict->would, input->arena), finding->check->id);
		verdict->reply = say(finding, head, REPLY_MAX, input->arena);
		return;
	}
}
