/*
 * The report of `mailworthy check`.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/slice.h"
#include "dkim/sign.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "mail/view.h"
#include "record/record.h"
#include "settings/settings.h"
#include "tool/page.h"
#include "tool/report.h"
#include "tool/words.h"
#include "verdict/text.h"

enum {
	LABEL_COLUMN = 10,	/* after "Subject", "Verdict" */
	RECEIVER_COLUMN = 27,
	PART_COLUMN = 7,	/* id and parts of a finding */
	BODY_COLUMN = 13,	/* their texts */
	REMOTE_MAX = 300,
	NODE_INDENTS = 20, NODES_SHOWN = 50,
	SCORE_GOOD = 80, SCORE_FAIR = 50,
};

struct report {
	struct page page;
	const struct check_input *judged;
	const struct verdict *verdict;
	const struct plan *plan;
	int kill_switch;
};

static const char *
safe(const struct report *r, const char *text)
{
	return log_safe(r->judged->arena, slice_of(text), REMOTE_MAX);
}

/* ---- head ---- */

static void
print_line(struct report *r, const char *label, const char *text)
{
	page_put(&r->page, PAGE_DIM, label);
	page_tab(&r->page, LABEL_COLUMN);
	page_wrap(&r->page, LABEL_COLUMN, text);
}

static void
print_message(struct report *r)
{
	const struct message *message = r->judged->message;
	struct arena *arena = r->judged->arena;
	const char *to = "nobody";

	if (message->n_rcpts > 0)
		to = safe(r, message->rcpts[0].address.text);
	if (message->rcpts_total > 1)
		to = arena_printf(arena, "%s and %zu more", to,
		    message->rcpts_total - 1);
	print_line(r, "From", message->author.text != NULL ?
	    safe(r, message->author.text) : "nobody");
	print_line(r, "Envelope", message->mail_from_is_null ?
	    "<> (null reverse-path)" : *message->mail_from.text != '\0' ?
	    safe(r, message->mail_from.text) : "not known; name it with --from");
	print_line(r, "To", to);
	print_line(r, "Subject", message->subject != NULL && *message->subject != '\0' ?
	    safe(r, message->subject) : "(none)");
	if (words_stream(r->judged) != NULL)
		print_line(r, "Stream", words_stream(r->judged));
}

static enum page_style
score_style(int score)
{
	if (score >= SCORE_GOOD)
		return PAGE_GOOD;
	return score >= SCORE_FAIR ? PAGE_WARN : PAGE_BAD;
}

static void
print_verdict(struct report *r)
{
	const struct verdict *verdict = r->verdict;
	const struct check_input *judged = r->judged;
	const char *note = words_score_note(judged->arena, verdict);
	const char *mode = words_mode(judged, r->kill_switch);

	page_end(&r->page);
	page_put(&r->page, PAGE_DIM, "Score");
	page_tab(&r->page, LABEL_COLUMN);
	page_put(&r->page, score_style(verdict->score), arena_printf(judged->arena,
	    "%d.%d", verdict->score / 10, verdict->score % 10));
	page_put(&r->page, PAGE_PLAIN, note == NULL ? " of 10" :
	    arena_printf(judged->arena, " of 10 (%s)", note));
	page_end(&r->page);
	print_line(r, "Verdict", words_would(judged, verdict));
	if (mode != NULL)
		print_line(r, "Mode", mode);
}

/* ---- receivers ---- */

static void
print_receivers(struct report *r)
{
	page_heading(&r->page, "What the receivers would say");
	for (int i = 0; i < RECEIVERS; i++) {
		const struct receiver_opinion *opinion = &r->verdict->receivers[i];

		page_tab(&r->page, 2);
		page_put(&r->page, PAGE_PLAIN, receiver_title((enum receiver)i));
		page_tab(&r->page, RECEIVER_COLUMN);
		if (opinion->accept) {
			page_put(&r->page, PAGE_GOOD, "accept");
			page_end(&r->page);
			continue;
		}
		page_put(&r->page, PAGE_BAD, opinion->reply);
		page_end(&r->page);
		page_wrap(&r->page, 6, opinion->finding == NULL ?
		    opinion->because : arena_printf(r->judged->arena, "%s (%s)",
		    opinion->because, opinion->finding));
	}
}

/* ---- findings ---- */

static enum page_style
severity_style(enum severity severity)
{
	switch (severity) {
	case SEVERITY_INFO:
		return PAGE_PLAIN;
	case SEVERITY_WARNING:
		return PAGE_WARN;
	case SEVERITY_ERROR:
		return PAGE_BAD;
	}
	return PAGE_PLAIN;
}

static void
print_part(struct report *r, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	page_tab(&r->page, PART_COLUMN);
	page_put(&r->page, PAGE_DIM, label);
	page_tab(&r->page, BODY_COLUMN);
	page_wrap(&r->page, BODY_COLUMN, text);
}

static void
print_finding(struct report *r, const struct finding *finding)
{
	const char *note = words_remark(r->judged->arena, finding);

	page_tab(&r->page, 2);
	page_put(&r->page, severity_style(finding->severity), arena_printf(
	    r->judged->arena, "%d.%d", finding->weight / 10, finding->weight % 10));
	page_tab(&r->page, PART_COLUMN);
	page_put(&r->page, PAGE_BOLD, finding->check->id);
	page_wrap(&r->page, BODY_COLUMN, arena_printf(r->judged->arena, ", %s%s%s",
	    severity_name(finding->severity), note != NULL ? ", " : "",
	    note != NULL ? note : ""));
	print_part(r, "What", finding->text);
	print_part(r, "Why", words_why(finding));
	print_part(r, "Fix", finding->fix);
}

static void
print_findings(struct report *r, const char *heading, bool for_postmaster)
{
	bool any = false;

	for (size_t i = 0; i < r->verdict->n_findings; i++) {
		const struct finding *finding = &r->verdict->findings[i];

		if (words_for_postmaster(finding) != for_postmaster)
			continue;
		if (!any)
			page_heading(&r->page, heading);
		else
			page_end(&r->page);
		any = true;
		print_finding(r, finding);
	}
}

/* ---- structure ---- */

static void
print_node(struct report *r, const struct view_part *part)
{
	unsigned indent = 2 * (part->depth < NODE_INDENTS ? part->depth : NODE_INDENTS);

	page_tab(&r->page, indent);
	page_put(&r->page, PAGE_PLAIN, part->type);
	page_put(&r->page, PAGE_PLAIN, "  ");
	if (part->filename != NULL)
		page_put(&r->page, PAGE_BOLD, arena_printf(r->judged->arena, "%s  ",
		    safe(r, part->filename)));
	page_put(&r->page, PAGE_DIM, words_part(r->judged->arena, part));
	if (part->malformed != NULL)
		page_put(&r->page, PAGE_WARN, arena_printf(r->judged->arena, "  %s",
		    part->malformed));
	page_end(&r->page);
}

/* A message of one part has none worth showing. */
static void
print_structure(struct report *r)
{
	const struct view *view = r->judged->message->view;

	if (view == NULL || view->n_parts < 2)
		return;
	page_heading(&r->page, "Structure");
	for (size_t i = 0; i < view->n_parts && i < NODES_SHOWN; i++)
		print_node(r, &view->parts[i]);
	if (view->n_parts > NODES_SHOWN)
		page_wrap(&r->page, 2, arena_printf(r->judged->arena, "and %zu more",
		    view->n_parts - NODES_SHOWN));
}

/* ---- what is not known ---- */

/* Ids of one reason stand together; each reason is printed where it is first met. */
static void
print_open(struct report *r)
{
	const struct verdict *verdict = r->verdict;
	const char **reasons = arena_array(r->judged->arena, verdict->n_dunno,
	    sizeof(*reasons));

	if (verdict->n_dunno == 0)
		return;
	page_heading(&r->page, "What could not be told");
	for (size_t i = 0; i < verdict->n_dunno; i++)
		reasons[i] = words_open(r->judged, &verdict->open[i]);
	for (size_t i = 0; i < verdict->n_dunno; i++) {
		const char *ids = verdict->open[i].id, *reason = reasons[i];

		if (reason == NULL)
			continue;
		for (size_t j = i + 1; j < verdict->n_dunno; j++) {
			if (reasons[j] == NULL || strcmp(reasons[j], reason) != 0)
				continue;
			ids = arena_printf(r->judged->arena, "%s, %s", ids,
			    verdict->open[j].id);
			reasons[j] = NULL;
		}
		page_wrap(&r->page, 2, arena_printf(r->judged->arena, "%s:", ids));
		page_wrap(&r->page, 6, reason);
	}
}

/* ---- signature and edits ---- */

/* "from:to" as "from, to", so that it wraps. */
static const char *
listed(struct arena *arena, const char *names)
{
	struct slice rest = slice_of(names), name;
	const char *list = "";

	while (slice_split(&rest, ':', &name))
		list = arena_printf(arena, "%s%s%.*s", list, *list != '\0' ? ", " : "",
		    (int)name.n, name.p);
	return list;
}

static void
print_own(struct report *r, const struct own_signature *own)
{
	struct arena *arena = r->judged->arena;
	const char *names = NULL;

	page_tab(&r->page, 2);
	page_wrap(&r->page, 6, arena_printf(arena, "d=%s s=%s: %s (key in DNS: %s)",
	    safe(r, own->key->domain), safe(r, own->key->selector), words_prediction(own),
	    key_dns_name(own->state)));
	if (own->error != NULL)
		page_wrap(&r->page, 6, own->error);
	if (own->value != NULL)
		names = text_signed_names(arena, own->value);
	if (names != NULL)
		page_wrap(&r->page, 6, arena_printf(arena, "signs (h=): %s",
		    listed(arena, names)));
}

static void
print_existing(struct report *r, const struct verified *existing)
{
	page_tab(&r->page, 2);
	page_wrap(&r->page, 6, arena_printf(r->judged->arena,
	    "d=%s s=%s: came with the message, %s%s%s", safe(r, existing->sdid),
	    safe(r, existing->selector), dkim_result_name(existing->result),
	    existing->reason != NULL ? ": " : "",
	    existing->reason != NULL ? existing->reason : ""));
}

static void
print_signatures(struct report *r)
{
	const struct dkim_evidence *dkim = &r->judged->evidence->dkim;

	page_heading(&r->page, "Signature");
	if (dkim->n_own == 0 || dkim->cannot_sign != NULL)
		page_wrap(&r->page, 2, words_no_signature(r->judged));
	for (size_t i = 0; i < dkim->n_own; i++)
		print_own(r, &dkim->own[i]);
	for (size_t i = 0; i < dkim->n_existing; i++)
		print_existing(r, &dkim->existing[i]);
}

static const char *
edit_text(const struct report *r, const struct edit *edit, size_t run)
{
	struct arena *arena = r->judged->arena;
	const char *name = log_safe(arena, slice_of(edit->name), 80);

	switch (edit->kind) {
	case EDIT_INSERT_HEADER:
		return arena_printf(arena, "add %s", name);
	case EDIT_CHANGE_HEADER:
		return arena_printf(arena, "rewrite %s", name);
	case EDIT_REPLACE_BODY:
		return "encode the body anew";
	case EDIT_DELETE_HEADER:
		break;
	}
	return arena_printf(arena, "remove %s (%zu)", name, run);
}

static void
print_edits(struct report *r)
{
	const struct plan *plan = r->plan;
	size_t run;

	if (plan->n_edits == 0)
		return;
	page_heading(&r->page, "What would be changed");
	for (size_t i = 0; i < plan->n_edits; i += run) {
		const struct edit *edit = &plan->edits[i];

		run = 1;
		while (edit->kind == EDIT_DELETE_HEADER && i + run < plan->n_edits &&
		    plan->edits[i + run].kind == EDIT_DELETE_HEADER &&
		    slice_is(slice_of(edit->name), plan->edits[i + run].name))
			run++;
		page_wrap(&r->page, 2, edit_text(r, edit, run));
	}
}

static unsigned
clamp_width(unsigned width)
{
	return width < REPORT_WIDTH_MIN ? REPORT_WIDTH_MIN :
	    width > REPORT_WIDTH_MAX ? REPORT_WIDTH_MAX : width;
}

void
report_print(FILE *out, const struct check_input *judged,
    const struct verdict *verdict, const struct plan *plan, int kill_switch,
    bool colour, unsigned width)
{
	struct report r = {
		.page = { .out = out, .arena = judged->arena, .colour = colour,
		    .width = clamp_width(width) },
		.judged = judged,
		.verdict = verdict,
		.plan = plan,
		.kill_switch = kill_switch,
	};

	print_message(&r);
	print_verdict(&r);
	print_receivers(&r);
	print_findings(&r, "Identity: for the postmaster", true);
	print_findings(&r, "Format and content: for the author of the mail", false);
	print_structure(&r);
	print_open(&r);
	print_signatures(&r);
	print_edits(&r);
}

void
report_print_json(FILE *out, const struct check_input *judged,
    const struct verdict *verdict, const struct plan *plan, const char *record)
{
	struct record_input input = {
		.judged = judged, .verdict = verdict, .plan = plan,
	};

	fprintf(out, "%.*s,\"details\":%s}\n", (int)strlen(record) - 1, record,
	    record_details(&input, judged->arena));
}
