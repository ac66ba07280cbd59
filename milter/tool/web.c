/*
 * The HTML page of `mailworthy check --html`.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/slice.h"
#include "config.h"
#include "dkim/sign.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "mail/date.h"
#include "mail/view.h"
#include "settings/settings.h"
#include "tool/page.h"
#include "tool/web.h"
#include "tool/words.h"
#include "verdict/text.h"

enum {
	TEXT_MAX = 4000, REMOTE_MAX = 400, VALUE_MAX = 2000,
	FIELDS_SHOWN = 200, LINKS_SHOWN = 100, PARTS_SHOWN = 300,
	SCORE_GOOD = 80, SCORE_FAIR = 50,
};

struct web {
	FILE *out;
	struct arena *arena;
	const struct check_input *judged;
	const struct verdict *verdict;
	const struct plan *plan;
	int kill_switch;
	const char *signed_names;	/* ":from:to:", lower-case; NULL: no signature */
};

/* ---- text ---- */

static void
put_raw(const struct web *web, const char *html)
{
	fputs(html, web->out);
}

static void
put_slice(const struct web *web, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			put_raw(web, "&amp;");
			break;
		case '<':
			put_raw(web, "&lt;");
			break;
		case '>':
			put_raw(web, "&gt;");
			break;
		case '"':
			put_raw(web, "&quot;");
			break;
		case '\'':
			put_raw(web, "&#39;");
			break;
		default:
			fputc(text.p[i], web->out);
		}
	}
}

/* Text of ours; its remote parts are harmless already. */
static void
put_text(const struct web *web, const char *text)
{
	put_slice(web, slice_of(text_for_people(web->arena, text, TEXT_MAX)));
}

static void
put_remote_slice(const struct web *web, struct slice text, size_t max)
{
	put_slice(web, slice_of(log_safe(web->arena, text, max)));
}

static void
put_remote(const struct web *web, const char *text)
{
	put_remote_slice(web, slice_of(text), REMOTE_MAX);
}

/* A DNS record in the text stands apart, to be copied. */
static void
put_prose(const struct web *web, const char *text)
{
	struct slice rest = slice_of(text_for_people(web->arena, text, TEXT_MAX));
	size_t start, end;

	while (page_find_record(rest, &start, &end)) {
		put_slice(web, slice_sub(rest, 0, start));
		put_raw(web, "<pre>");
		put_slice(web, slice_sub(rest, start, end - start));
		put_raw(web, "</pre>");
		rest = slice_sub(rest, end, rest.n);
	}
	if (rest.n > 1 || !slice_eq(rest, SLICE(".")))
		put_slice(web, rest);
}

static void
put_tag(const struct web *web, const char *kind, const char *text)
{
	fprintf(web->out, "<span class=\"tag%s\">", kind);
	put_text(web, text);
	put_raw(web, "</span> ");
}

static void
put_pair(const struct web *web, const char *label, const char *remote,
    const char *otherwise)
{
	put_raw(web, "<dt>");
	put_text(web, label);
	put_raw(web, "</dt><dd>");
	if (remote != NULL && *remote != '\0')
		put_remote(web, remote);
	else
		put_text(web, otherwise);
	put_raw(web, "</dd>\n");
}

/* ---- head ---- */

static const char *
score_class(int score)
{
	return score >= SCORE_GOOD ? "good" : score >= SCORE_FAIR ? "warn" : "bad";
}

static const char *
recipients_text(const struct web *web)
{
	const struct message *message = web->judged->message;

	if (message->n_rcpts == 0)
		return "";
	if (message->rcpts_total == 1)
		return message->rcpts[0].address.text;
	return arena_printf(web->arena, "%s and %zu more",
	    message->rcpts[0].address.text, message->rcpts_total - 1);
}

static void
print_head(const struct web *web)
{
	const struct message *message = web->judged->message;
	const struct verdict *verdict = web->verdict;
	const char *note = words_score_note(web->arena, verdict);
	const char *mode = words_mode(web->judged, web->kill_switch);

	put_raw(web, "<header>\n<h1>");
	if (message->subject != NULL && *message->subject != '\0')
		put_remote(web, message->subject);
	else
		put_raw(web, "(no subject)");
	fprintf(web->out, "</h1>\n<div class=\"top\"><div class=\"score %s\"><b>%d.%d</b>"
	    "<small>of 10</small></div>\n<div class=\"verdict %s\">",
	    score_class(verdict->score), verdict->score / 10, verdict->score % 10,
	    verdict->would == ACTION_NONE ? "" : "bad");
	put_text(web, words_would(web->judged, verdict));
	if (note != NULL) {
		put_raw(web, "<p class=\"note\">Score: ");
		put_text(web, note);
		put_raw(web, ".</p>");
	}
	if (mode != NULL) {
		put_raw(web, "<p class=\"note\">Mode: ");
		put_text(web, mode);
		put_raw(web, ".</p>");
	}
	put_raw(web, "</div></div>\n<dl>");
	put_pair(web, "From", message->author.text, "nobody");
	put_pair(web, "Envelope", message->mail_from.text, message->mail_from_is_null ?
	    "<> (null reverse-path)" : "not known");
	put_pair(web, "To", recipients_text(web), "nobody");
	if (words_stream(web->judged) != NULL)
		put_pair(web, "Stream", NULL, words_stream(web->judged));
	put_pair(web, "Size", NULL, words_size(web->arena, message->size));
	put_pair(web, "Judged", NULL, date_format(web->arena, message->now));
	put_raw(web, "</dl>\n</header>\n");
}

static void
print_receivers(const struct web *web)
{
	put_raw(web, "<section><h2>What the receivers would say</h2>\n"
	    "<div class=\"receivers\">\n");
	for (int i = 0; i < RECEIVERS; i++) {
		const struct receiver_opinion *opinion = &web->verdict->receivers[i];

		fprintf(web->out, "<div class=\"receiver %s\"><b>%s</b>",
		    opinion->accept ? "yes" : "no", receiver_title((enum receiver)i));
		if (opinion->accept) {
			put_raw(web, "<span class=\"good\">accept</span></div>\n");
			continue;
		}
		put_raw(web, "<span class=\"bad\">");
		put_text(web, opinion->reply);
		put_raw(web, "</span><p class=\"note\">");
		put_text(web, opinion->because);
		put_raw(web, "</p></div>\n");
	}
	put_raw(web, "</div></section>\n");
}

/* ---- findings ---- */

static void
print_part(const struct web *web, const char *label, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	fprintf(web->out, "<div class=\"part\"><span class=\"label\">%s</span><div>", label);
	put_prose(web, text);
	put_raw(web, "</div></div>\n");
}

static const char *
severity_class(enum severity severity)
{
	switch (severity) {
	case SEVERITY_INFO:
		return "";
	case SEVERITY_WARNING:
		return "warn";
	case SEVERITY_ERROR:
		return "bad";
	}
	return "";
}

static void
print_finding(const struct web *web, const struct finding *finding)
{
	const char *remark = words_remark(web->arena, finding);
	bool silent = finding->shadow || finding->exempt || finding->covered_by != NULL;

	fprintf(web->out, "<div class=\"finding %s%s\"><h4><span class=\"weight %s\">"
	    "%d.%d</span> <code>%s</code> ", severity_name(finding->severity),
	    silent ? " silent" : "", severity_class(finding->severity),
	    finding->weight / 10, finding->weight % 10, finding->check->id);
	if (remark != NULL)
		put_tag(web, "", remark);
	put_raw(web, "</h4>\n");
	print_part(web, "What", finding->text);
	print_part(web, "Why", words_why(finding));
	print_part(web, "Fix", finding->fix);
	put_raw(web, "</div>\n");
}

/* One family of one reader: the postmaster or the author of the mail. */
static void
print_family(const struct web *web, enum check_family family, bool for_postmaster)
{
	size_t n = 0;

	for (size_t i = 0; i < web->verdict->n_findings; i++) {
		const struct finding *finding = &web->verdict->findings[i];

		if (finding->check->family != family ||
		    words_for_postmaster(finding) != for_postmaster)
			continue;
		/* the postmaster's part is nearly all identity */
		if (n++ == 0 && !for_postmaster)
			fprintf(web->out, "<h3>%s</h3>\n", check_family_name(family));
		print_finding(web, finding);
	}
}

static bool
any_for(const struct web *web, bool for_postmaster)
{
	for (size_t i = 0; i < web->verdict->n_findings; i++)
		if (words_for_postmaster(&web->verdict->findings[i]) == for_postmaster)
			return true;
	return false;
}

static void
print_findings(const struct web *web, const char *heading, bool for_postmaster)
{
	bool done[FAMILIES] = { false };

	if (!any_for(web, for_postmaster))
		return;
	fprintf(web->out, "<section><h2>%s</h2>\n", heading);
	/* the heaviest finding first, and with it its family */
	for (size_t i = 0; i < web->verdict->n_findings; i++) {
		const struct finding *finding = &web->verdict->findings[i];
		enum check_family family = finding->check->family;

		if (words_for_postmaster(finding) != for_postmaster || done[family])
			continue;
		print_family(web, family, for_postmaster);
		done[family] = true;
	}
	put_raw(web, "</section>\n");
}

/* ---- structure ---- */

static void
print_node(const struct web *web, const struct view_part *part)
{
	if (*part->section != '\0')
		put_tag(web, "", part->section);
	put_raw(web, "<code>");
	put_text(web, part->type);
	put_raw(web, "</code> ");
	if (part->filename != NULL) {
		put_raw(web, "<b>");
		put_remote(web, part->filename);
		put_raw(web, "</b> ");
	}
	put_raw(web, "<span class=\"note\">");
	put_text(web, words_part(web->arena, part));
	put_raw(web, "</span> ");
	if (part->malformed != NULL)
		put_tag(web, " off", part->malformed);
	if (part->bad_encoding)
		put_tag(web, " off", "broken encoding");
	if (part->over_limit)
		put_tag(web, " off", "not read to the end");
	if (part->in_signed)
		put_tag(web, " on", "signed");
}

/* The parts stand in order: a deeper one opens a list, a shallower closes some. */
static void
print_structure(const struct web *web)
{
	const struct view *view = web->judged->message->view;
	unsigned depth = 0;

	if (view == NULL || view->n_parts == 0)
		return;
	put_raw(web, "<section><h2>Structure</h2>\n");
	for (size_t i = 0; i < view->n_parts && i < PARTS_SHOWN; i++) {
		const struct view_part *part = &view->parts[i];

		if (part->depth <= depth)
			put_raw(web, "</li>\n");
		for (; depth > part->depth; depth--)
			put_raw(web, "</ul></li>\n");
		for (; depth < part->depth; depth++)
			put_raw(web, depth == 0 ? "<ul class=\"tree\">\n" : "<ul>\n");
		put_raw(web, "<li>");
		print_node(web, part);
	}
	put_raw(web, "</li>");
	for (; depth > 1; depth--)
		put_raw(web, "</ul></li>");
	put_raw(web, "</ul>\n");
	if (view->n_parts > PARTS_SHOWN || view->over_limit)
		put_raw(web, "<p class=\"note\">Not all parts are shown.</p>\n");
	put_raw(web, "</section>\n");
}

static void
print_links(const struct web *web)
{
	const struct view *view = web->judged->message->view;

	if (view == NULL || view->n_links == 0)
		return;
	fprintf(web->out, "<section><details><summary>Links (%zu)</summary>\n<table><tr>"
	    "<th>Text</th><th>Target</th></tr>\n", view->links_total);
	for (size_t i = 0; i < view->n_links && i < LINKS_SHOWN; i++) {
		const struct view_link *link = &view->links[i];

		put_raw(web, "<tr><td>");
		if (link->text != NULL)
			put_remote(web, link->text);
		else
			put_raw(web, "<span class=\"note\">in running text</span>");
		put_raw(web, "</td><td><code>");
		put_remote(web, link->target);
		put_raw(web, "</code></td></tr>\n");
	}
	put_raw(web, "</table></details></section>\n");
}

/* ---- header and signature ---- */

static bool
is_signed(const struct web *web, struct slice name)
{
	if (web->signed_names == NULL)
		return false;
	return strstr(web->signed_names, arena_printf(web->arena, ":%s:",
	    slice_dup_lower(web->arena, name))) != NULL;
}

/* In one line; the tabs it was folded with are blanks to a reader. */
static struct slice
field_line(const struct web *web, struct slice value)
{
	struct slice line = header_unfold(web->arena, value);
	char *text = slice_dup(web->arena, line);

	for (size_t i = 0; i < line.n; i++) {
		if (text[i] == '\t')
			text[i] = ' ';
	}
	return (struct slice){ text, line.n };
}

static void
print_field(const struct web *web, struct slice name, struct slice value,
    const char *tag, bool is_signed_field)
{
	put_raw(web, "<div>");
	if (tag != NULL)
		put_tag(web, "", tag);
	if (is_signed_field)
		put_tag(web, " on", "signed");
	put_raw(web, "<b>");
	put_remote_slice(web, name, REMOTE_MAX);
	put_raw(web, ":</b> ");
	put_remote_slice(web, field_line(web, value), VALUE_MAX);
	put_raw(web, "</div>\n");
}

static void
print_inserted(const struct web *web)
{
	for (size_t i = web->plan->n_edits; i > 0; i--) {
		const struct edit *edit = &web->plan->edits[i - 1];

		if (edit->kind == EDIT_INSERT_HEADER)
			print_field(web, slice_of(edit->name), slice_of(edit->value),
			    "added", is_signed(web, slice_of(edit->name)));
	}
}

static void
print_fields(const struct web *web)
{
	const struct headers *headers = web->judged->message->headers;
	size_t n = headers_kept(headers);

	put_raw(web, "<section><h2>Header</h2>\n<div class=\"fields\">\n");
	print_inserted(web);
	for (size_t i = 0; i < n && i < FIELDS_SHOWN; i++) {
		const struct header *header = headers_at(headers, i);

		if (header->id == HDR_X_MAILWORTHY && web->plan->n_edits > 0)
			print_field(web, header->name, header->value, "removed", false);
		else
			print_field(web, header->name, header->value, NULL,
			    is_signed(web, header->name));
	}
	put_raw(web, "</div>\n");
	if (headers_total(headers) > FIELDS_SHOWN)
		fprintf(web->out, "<p class=\"note\">%d of %zu fields are shown.</p>\n",
		    FIELDS_SHOWN, headers_total(headers));
	put_raw(web, "</section>\n");
}

static void
print_signatures(const struct web *web)
{
	const struct dkim_evidence *dkim = &web->judged->evidence->dkim;

	put_raw(web, "<section><h2>Signature</h2>\n");
	if (dkim->n_own == 0 || dkim->cannot_sign != NULL) {
		put_raw(web, "<div>");
		put_prose(web, words_no_signature(web->judged));
		put_raw(web, "</div>\n");
	}
	for (size_t i = 0; i < dkim->n_own; i++) {
		const struct own_signature *own = &dkim->own[i];

		put_raw(web, "<p>");
		put_text(web, arena_printf(web->arena, "d=%s s=%s: %s (key in DNS: %s)",
		    own->key->domain, own->key->selector, words_prediction(own),
		    key_dns_name(own->state)));
		put_raw(web, "</p>\n");
	}
	for (size_t i = 0; i < dkim->n_existing; i++) {
		const struct verified *existing = &dkim->existing[i];

		put_raw(web, "<p>");
		put_remote(web, existing->sdid);
		put_text(web, arena_printf(web->arena, ": came with the message, %s%s%s",
		    dkim_result_name(existing->result),
		    existing->reason != NULL ? ": " : "",
		    existing->reason != NULL ? existing->reason : ""));
		put_raw(web, "</p>\n");
	}
	for (size_t i = 0; i < web->plan->n_repaired; i++)
		fprintf(web->out, "%s%s", i == 0 ? "<p>Mended before signing: " : ", ",
		    web->plan->repaired[i]);
	put_raw(web, web->plan->n_repaired > 0 ? ".</p></section>\n" : "</section>\n");
}

static void
print_open(const struct web *web)
{
	const struct verdict *verdict = web->verdict;

	if (verdict->n_dunno == 0)
		return;
	fprintf(web->out, "<section><details><summary>What could not be told (%zu)"
	    "</summary>\n<table>\n", verdict->n_dunno);
	for (size_t i = 0; i < verdict->n_dunno; i++) {
		put_raw(web, "<tr><td><code>");
		put_text(web, verdict->open[i].id);
		put_raw(web, "</code></td><td>");
		put_text(web, words_open(web->judged, &verdict->open[i]));
		put_raw(web, "</td></tr>\n");
	}
	put_raw(web, "</table></details></section>\n");
}

/* ":from:to:" of the first signature, which is the one every receiver reads. */
static const char *
signed_names(struct arena *arena, const struct dkim_evidence *dkim)
{
	const char *names = NULL;

	for (size_t i = 0; i < dkim->n_own && names == NULL; i++)
		if (dkim->own[i].value != NULL)
			names = text_signed_names(arena, dkim->own[i].value);
	if (names == NULL)
		return NULL;
	return arena_printf(arena, ":%s:", slice_dup_lower(arena, slice_of(names)));
}

void
web_print(FILE *out, const struct check_input *judged, const struct verdict *verdict,
    const struct plan *plan, int kill_switch)
{
	struct web web = {
		.out = out, .arena = judged->arena, .judged = judged,
		.verdict = verdict, .plan = plan, .kill_switch = kill_switch,
		.signed_names = signed_names(judged->arena, &judged->evidence->dkim),
	};

	put_raw(&web, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	    "style-src 'unsafe-inline'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
	    "<title>mailworthy: ");
	put_remote(&web, judged->message->subject != NULL ? judged->message->subject : "");
	put_raw(&web, "</title>\n<style>\n");
	put_raw(&web, web_style);
	put_raw(&web, "</style>\n</head>\n<body>\n<main>\n");
	print_head(&web);
	print_receivers(&web);
	print_findings(&web, "Identity: for the postmaster", true);
	print_findings(&web, "Format and content: for the author of the mail", false);
	print_structure(&web);
	print_links(&web);
	print_fields(&web);
	print_signatures(&web);
	print_open(&web);
	put_raw(&web, "<footer>mailworthy " PACKAGE_VERSION ". mailworthy-checks(7) tells "
	    "what each check means.</footer>\n</main>\n</body>\n</html>\n");
}
