/*
 * What `mailworthy held` prints.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/check.h"
#include "record/writer.h"
#include "tool/held.h"
#include "tool/page.h"
#include "tool/tool.h"
#include "tool/words.h"

enum {
	COLUMN = 14,		/* of what stands after a label */
	RECEIVER_COLUMN = 27,
	MINUTE = 60, HOUR = 3600, DAY = 86400,
};

const char *
held_age(struct arena *arena, time_t then, time_t now)
{
	long age = now > then ? (long)(now - then) : 0;

	if (age < MINUTE)
		return "just now";
	if (age < 2 * HOUR)
		return arena_printf(arena, "%ld min ago", age / MINUTE);
	if (age < 2 * DAY)
		return arena_printf(arena, "%ld h ago", age / HOUR);
	return arena_printf(arena, "%ld days ago", age / DAY);
}

const char *
held_time(struct arena *arena, time_t when)
{
	char text[32];
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) == 0)
		return "?";
	return arena_strdup(arena, text);
}

static bool
is_by_score(const struct journal_event *event)
{
	return strcmp(event->cause, "hold-below") == 0;
}

const char *
held_why(const struct journal_event *event)
{
	const struct journal_finding *finding = journal_cause(event);
	const struct check *check = check_find(event->cause);

	if (event->reason != NULL)
		return event->reason;
	if (strcmp(event->cause, "edit-refused") == 0)
		return "The MTA refused an edit of ours, so the message was deferred, not half "
		    "edited.";
	if (finding != NULL && finding->text != NULL)
		return finding->text;
	return check != NULL ? check->meaning : "";
}

const char *
held_fix(const struct journal_event *event)
{
	const struct journal_finding *finding = journal_cause(event);
	const struct check *check = check_find(event->cause);

	if (finding != NULL && finding->fix != NULL)
		return finding->fix;
	if (check != NULL)
		return check->fix;
	if (is_by_score(event))
		return "Mend the findings of the message (`mailworthy held ID` lists them), or "
		    "set another hold-below.";
	return "The log of the MTA and that of mailworthyd say more.";
}

bool
held_is_unsigned(const struct journal_event *event)
{
	return event->must_sign && !event->is_signed;
}

const char *
held_rcpts(struct arena *arena, const struct hold *hold)
{
	const char *first = NULL;
	size_t total = 0;

	if (hold->event != NULL) {
		first = hold->event->n_rcpts > 0 ? hold->event->rcpts[0] : NULL;
		total = hold->event->rcpt_count;
	} else if (hold->entry->n_rcpts > 0) {
		first = hold->entry->rcpts[0];
		total = hold->entry->n_rcpts;
	}
	if (first == NULL)
		return arena_printf(arena, "%zu recipients", total);
	if (total <= 1)
		return first;
	return arena_printf(arena, "%s and %zu more", first, total - 1);
}

const char *
held_release_command(struct arena *arena, enum queue_mta mta, const char *id)
{
	switch (mta) {
	case QUEUE_MTA_SENDMAIL:
		return arena_printf(arena, "sendmail -qQ -qI%s -Q && sendmail -qI%s", id, id);
	case QUEUE_MTA_POSTFIX:
	case QUEUE_MTA_UNKNOWN:
		break;
	}
	return arena_printf(arena, "postsuper -H %s", id);
}

const char *
held_delete_command(struct arena *arena, enum queue_mta mta, const char *id)
{
	switch (mta) {
	case QUEUE_MTA_SENDMAIL:
		return arena_printf(arena, "rm /var/spool/mqueue/hf%s /var/spool/mqueue/df%s",
		    id, id);
	case QUEUE_MTA_POSTFIX:
	case QUEUE_MTA_UNKNOWN:
		break;
	}
	return arena_printf(arena, "postsuper -d %s", id);
}

bool
held_is_shown(const struct held_view *view, const struct hold *hold)
{
	time_t when = hold->event != NULL ? hold->event->time : hold->entry->arrived;

	if (view->since != 0 && when < view->since)
		return false;
	return view->all || hold->state == QUEUE_HELD || hold->state == QUEUE_UNKNOWN;
}

/* ---- text ---- */

static void
put(struct page *page, const char *label, const char *text)
{
	page_tab(page, 2);
	page_put(page, PAGE_DIM, label);
	page_tab(page, COLUMN);
	page_wrap(page, COLUMN, text);
}

/* A command stands unbroken, whatever the width: it is there to be copied. */
static void
put_command(struct page *page, const char *label, const char *command)
{
	page_tab(page, 2);
	page_put(page, PAGE_DIM, label);
	page_tab(page, COLUMN);
	page_put(page, PAGE_BOLD, command);
	page_end(page);
}

static const char *
state_text(struct arena *arena, const struct hold *hold)
{
	const char *off = hold->seen_off == 0 ? "" : held_time(arena, hold->seen_off);
	const char *held = hold->seen_held == 0 ? NULL : held_time(arena, hold->seen_held);
	const char *between = hold->seen_off == 0 ? "" : held == NULL ?
	    arena_printf(arena, ", by %s", off) : strcmp(held, off) == 0 ?
	    arena_printf(arena, ", at %s", off) :
	    arena_printf(arena, ", between %s and %s", held, off);

	switch (hold->state) {
	case QUEUE_HELD:
		return "on hold";
	case QUEUE_WAITING:
		return arena_printf(arena, "released%s; not delivered to all yet", between);
	case QUEUE_GONE:
		return arena_printf(arena, "not in the queue any more: released and delivered, "
		    "or deleted%s. The log of the MTA says which", between);
	case QUEUE_UNKNOWN:
		break;
	}
	return "not known: the queue cannot be read";
}

static void
show_head(struct page *page, const char *id, enum queue_state state, time_t when,
    time_t now)
{
	page_end(page);
	page_put(page, PAGE_BOLD, id != NULL ? id : "(no queue id)");
	page_tab(page, COLUMN);
	page_put(page, state == QUEUE_HELD ? PAGE_WARN : PAGE_PLAIN,
	    arena_printf(page->arena, "%s, %s", held_age(page->arena, when, now),
	    held_time(page->arena, when)));
	page_end(page);
}

static const char *
sender_of(const struct journal_event *event)
{
	if (event->author != NULL && *event->author != '\0')
		return event->author;
	if (event->mail_from == NULL)
		return "nobody";
	return *event->mail_from != '\0' ? event->mail_from : "<> (null reverse-path)";
}

static void
show_event(struct page *page, const struct journal_event *event, const char *rcpts)
{
	put(page, "From", sender_of(event));
	put(page, "To", rcpts);
	if (event->subject != NULL)
		put(page, "Subject", *event->subject != '\0' ? event->subject : "(none)");
	put(page, "Cause", arena_printf(page->arena, "%s: %s", event->cause,
	    held_why(event)));
	put(page, "Fix", held_fix(event));
}

static void
show_way_out(struct page *page, enum queue_mta mta, const struct journal_event *event,
    const char *id)
{
	if (id == NULL || !queue_is_id(id))
		return;
	if (event == NULL || !held_is_unsigned(event)) {
		put_command(page, "Release", held_release_command(page->arena, mta, id));
		return;
	}
	put(page, "Caution", "It could not be signed. The MTA does not ask mailworthy again "
	    "when it releases a message, so it would leave unsigned. When the cause is "
	    "mended, have it judged and signed anew:");
	put_command(page, "", arena_printf(page->arena, "mailworthy held --again %s", id));
}

static void
show_hold(struct page *page, const struct holds *holds, const struct held_view *view,
    const struct hold *hold)
{
	const struct journal_event *event = hold->event;
	enum queue_mta mta = queue_mta(holds->queue);

	if (event == NULL) {
		show_head(page, hold->entry->id, hold->state, hold->entry->arrived, view->now);
		if (hold->entry->sender != NULL)
			put(page, "From", *hold->entry->sender != '\0' ?
			    hold->entry->sender : "<> (null reverse-path)");
		if (hold->entry->n_rcpts > 0)
			put(page, "To", held_rcpts(page->arena, hold));
		put(page, "Cause", "not held by mailworthy, as far as its journal goes: by hand, "
		    "by another filter or an access table, or longer ago");
		show_way_out(page, mta, NULL, hold->entry->id);
		return;
	}
	show_head(page, event->queue_id, hold->state, event->time, view->now);
	if (hold->state != QUEUE_HELD)
		put(page, "State", state_text(page->arena, hold));
	show_event(page, event, held_rcpts(page->arena, hold));
	if (hold->state == QUEUE_HELD || hold->state == QUEUE_UNKNOWN)
		show_way_out(page, mta, event, event->queue_id);
}

static struct page
page_of(FILE *out, struct arena *arena)
{
	return (struct page){ .out = out, .arena = arena, .colour = tool_colour(out),
	    .width = tool_width(out) };
}

static void
show_summary(struct page *page, const struct holds *holds, size_t shown)
{
	const char *error = queue_error(holds->queue);

	if (error != NULL && shown == 0)
		page_wrap(page, 0, arena_printf(page->arena, "mailworthy put no message on "
		    "hold; the queue cannot be read (%s)", error));
	else if (error != NULL)
		page_wrap(page, 0, arena_printf(page->arena, "%zu message%s put on hold; "
		    "whether %s still there is not known, since the queue cannot be read "
		    "(%s)", shown, shown == 1 ? " was" : "s were", shown == 1 ? "it is" :
		    "they are", error));
	else
		page_wrap(page, 0, holds->n_held == 0 ? "No message is on hold" :
		    arena_printf(page->arena, "%zu message%s on hold", holds->n_held,
		    holds->n_held == 1 ? " is" : "s are"));
	if (holds->bad_lines > 0)
		page_wrap(page, 0, arena_printf(page->arena, "%zu line%s of the journal cannot "
		    "be read", holds->bad_lines, holds->bad_lines == 1 ? "" : "s"));
}

void
held_show_list(FILE *out, const struct holds *holds, const struct held_view *view,
    struct arena *arena)
{
	struct page page = page_of(out, arena);
	size_t shown = 0;

	for (size_t i = 0; i < holds->n; i++)
		shown += held_is_shown(view, &holds->p[i]);
	show_summary(&page, holds, shown);
	for (size_t i = 0; i < holds->n; i++) {
		if (held_is_shown(view, &holds->p[i]))
			show_hold(&page, holds, view, &holds->p[i]);
	}
	if (shown == 0 || (holds->n_held == 0 && queue_error(holds->queue) == NULL))
		return;
	page_end(&page);
	page_wrap(&page, 0, "A released message leaves as it is: the MTA does not ask "
	    "mailworthy again. `mailworthy held ID` tells all of one. These commands are "
	    "root's; to delete one:");
	put_command(&page, "", held_delete_command(arena, queue_mta(holds->queue), "ID"));
}

static void
show_findings(struct page *page, const struct journal_event *event)
{
	if (event->n_findings > 0)
		page_heading(page, "What was found");	/* as in `mailworthy check` */
	for (size_t i = 0; i < event->n_findings; i++) {
		const struct journal_finding *finding = &event->findings[i];
		const struct check *check = check_find(finding->id);

		page_put(page, PAGE_BOLD, arena_printf(page->arena, "  %d.%d  %s",
		    finding->weight / 10, finding->weight % 10, finding->id));
		if (finding->covered_by != NULL)
			page_put(page, PAGE_DIM, arena_printf(page->arena, ", counted under %s",
			    finding->covered_by));
		else if (finding->shadow)
			page_put(page, PAGE_DIM, ", in shadow");
		else if (is_by_score(event) && check != NULL && !check_is_for_hold(check))
			page_put(page, PAGE_DIM, ", does not count towards hold-below");
		page_end(page);
		put(page, "What", finding->text != NULL ? finding->text :
		    check != NULL ? check->meaning : "");
		put(page, "Fix", finding->fix != NULL ? finding->fix :
		    check != NULL ? check->fix : "");
	}
}

static const char *
receiver_words(const char *name)
{
	for (int i = 0; i < RECEIVERS; i++) {
		if (strcmp(receiver_name((enum receiver)i), name) == 0)
			return receiver_title((enum receiver)i);
	}
	return name;
}

static void
show_receivers(struct page *page, const struct journal_event *event)
{
	if (event->n_receivers > 0)
		page_heading(page, "What the receivers would say");
	for (size_t i = 0; i < event->n_receivers; i++) {
		page_tab(page, 2);
		page_put(page, PAGE_PLAIN, receiver_words(event->receivers[i].name));
		page_tab(page, RECEIVER_COLUMN);
		page_wrap(page, RECEIVER_COLUMN, event->receivers[i].says);
	}
}

static const char *
verdict_text(const struct journal_event *event, const struct hold *hold,
    struct arena *arena)
{
	if (hold != NULL)
		return hold->state == QUEUE_HELD ? "put on hold, and it is there still" :
		    arena_printf(arena, "put on hold; now %s", state_text(arena, hold));
	if (strcmp(event->verdict, "recipients") == 0)
		return arena_printf(arena, "%zu recipient%s refused, the others not (%s%s)",
		    event->n_refused, event->n_refused == 1 ? "" : "s",
		    event->n_refused > 0 ? event->refused[0] : "not named",
		    event->n_refused > 1 ? " ..." : "");
	return arena_printf(arena, "%s%s%s", strcmp(event->verdict, "reject") == 0 ?
	    "refused" : "deferred: the client was asked to try again",
	    event->reply != NULL ? " with " : "", event->reply != NULL ? event->reply : "");
}

void
held_show_one(FILE *out, const struct holds *holds, const struct hold *hold,
    const struct journal_event *event, const struct held_view *view, struct arena *arena)
{
	struct page page = page_of(out, arena);
	struct hold as_hold = { .state = QUEUE_UNKNOWN };

	if (hold != NULL && hold->event == NULL) {
		show_hold(&page, holds, view, hold);
		return;
	}
	if (hold != NULL)
		event = hold->event;
	as_hold.event = (struct journal_event *)(uintptr_t)event;
	show_head(&page, event->queue_id, hold != NULL ? hold->state : QUEUE_UNKNOWN,
	    event->time, view->now);
	put(&page, "Verdict", verdict_text(event, hold, arena));
	show_event(&page, event, held_rcpts(arena, &as_hold));
	if (event->message_id != NULL)
		put(&page, "Message-ID", event->message_id);
	if (event->auth_user != NULL)
		put(&page, "Login", event->auth_user);
	if (event->client_addr != NULL)
		put(&page, "Client", event->client_addr);
	if (event->stream != NULL)
		put(&page, "Stream", event->stream);
	if (event->score >= 0)
		put(&page, "Score", arena_printf(arena, "%d.%d of 10%s", event->score / 10,
		    event->score % 10, is_by_score(event) ? ", by all findings" : ""));
	if (hold != NULL)
		put(&page, "Signed", event->is_signed ? "yes, before it was held" : "no");
	if (hold != NULL && (hold->state == QUEUE_HELD || hold->state == QUEUE_UNKNOWN)) {
		show_way_out(&page, queue_mta(holds->queue), event, event->queue_id);
		if (event->queue_id != NULL && queue_is_id(event->queue_id))
			put_command(&page, "Delete", held_delete_command(arena,
			    queue_mta(holds->queue), event->queue_id));
	}
	show_receivers(&page, event);
	show_findings(&page, event);
}

/* ---- JSON ---- */

static json_t *
time_json(time_t when)
{
	char text[32];
	struct tm tm;

	if (when == 0 || gmtime_r(&when, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

static json_t *
texts_json(const char *const *texts, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		writer_append(list, writer_word(texts[i]));
	return list;
}

static void
put_event(json_t *object, const struct journal_event *event)
{
	json_t *findings = json_array(), *receivers = json_object();

	writer_put(object, "verdict", writer_word(event->verdict));
	writer_put(object, "cause", writer_word(event->cause));
	writer_put(object, "why", writer_word(held_why(event)));
	writer_put(object, "fix", writer_word(held_fix(event)));
	writer_put(object, "author", writer_word(event->author));
	writer_put(object, "author_domain", writer_word(event->author_domain));
	writer_put(object, "mail_from", writer_word(event->mail_from));
	writer_put(object, "subject", writer_word(event->subject));
	writer_put(object, "message_id", writer_word(event->message_id));
	writer_put(object, "stream", writer_word(event->stream));
	writer_put(object, "auth_user", writer_word(event->auth_user));
	writer_put(object, "client_addr", writer_word(event->client_addr));
	writer_put(object, "rcpt_to", texts_json(event->rcpts, event->n_rcpts));
	writer_put(object, "rcpt_count", json_integer((json_int_t)event->rcpt_count));
	writer_put(object, "score", event->score >= 0 ? writer_points(event->score) :
	    json_null());
	writer_put(object, "signed", json_boolean(event->is_signed));
	for (size_t i = 0; i < event->n_receivers; i++)
		writer_put(receivers, event->receivers[i].name,
		    writer_word(event->receivers[i].says));
	writer_put(object, "receivers", receivers);
	for (size_t i = 0; i < event->n_findings; i++) {
		const struct journal_finding *finding = &event->findings[i];
		json_t *one = json_object();

		writer_put(one, "id", writer_word(finding->id));
		writer_put(one, "severity", writer_word(finding->severity));
		writer_put(one, "weight", writer_points(finding->weight));
		writer_put(one, "text", writer_word(finding->text));
		writer_put(one, "fix", writer_word(finding->fix));
		writer_put(one, "shadow", json_boolean(finding->shadow));
		writer_put(one, "covered_by", writer_word(finding->covered_by));
		writer_append(findings, one);
	}
	writer_put(object, "findings", findings);
}

static json_t *
hold_json(const struct holds *holds, const struct hold *hold, struct arena *arena)
{
	const struct journal_event *event = hold->event;
	const char *id = event != NULL ? event->queue_id : hold->entry->id;
	json_t *object = json_object();
	bool can_release = id != NULL && queue_is_id(id) && (event == NULL ||
	    !held_is_unsigned(event)) && hold->state == QUEUE_HELD;

	writer_put(object, "queue_id", writer_word(id));
	writer_put(object, "state", writer_word(queue_state_name(hold->state)));
	writer_put(object, "held_at", time_json(event != NULL ? event->time :
	    hold->entry->arrived));
	writer_put(object, "seen_held", time_json(hold->seen_held));
	writer_put(object, "seen_gone", time_json(hold->seen_off));
	writer_put(object, "release", can_release ? writer_word(held_release_command(arena,
	    queue_mta(holds->queue), id)) : json_null());
	writer_put(object, "ours", json_boolean(event != NULL));
	if (event != NULL)
		put_event(object, event);
	return object;
}

/* The same members, so that one reader does for both; `state` says what it was. */
static json_t *
refused_json(const struct journal_event *event)
{
	json_t *object = json_object();

	writer_put(object, "queue_id", writer_word(event->queue_id));
	writer_put(object, "state", writer_word(strcmp(event->verdict, "tempfail") == 0 ?
	    "deferred" : "refused"));
	writer_put(object, "refused_at", time_json(event->time));
	writer_put(object, "reply", writer_word(event->reply));
	writer_put(object, "held_at", json_null());
	writer_put(object, "seen_held", json_null());
	writer_put(object, "seen_gone", json_null());
	writer_put(object, "release", json_null());
	writer_put(object, "ours", json_boolean(true));
	writer_put(object, "rcpt_refused", texts_json(event->refused, event->n_refused));
	put_event(object, event);
	return object;
}

void
held_show_json(FILE *out, const struct holds *holds, const struct held_shown *shown,
    struct arena *arena)
{
	json_t *object = json_object(), *queue = json_object(), *list = json_array();
	struct buf text;

	writer_put(queue, "mta", writer_word(queue_mta(holds->queue) == QUEUE_MTA_POSTFIX ?
	    "postfix" : queue_mta(holds->queue) == QUEUE_MTA_SENDMAIL ? "sendmail" : NULL));
	writer_put(queue, "error", writer_word(queue_error(holds->queue)));
	writer_put(queue, "on_hold", queue_error(holds->queue) == NULL ?
	    json_integer((json_int_t)holds->n_held) : json_null());
	writer_put(object, "v", json_integer(1));
	writer_put(object, "queue", queue);
	for (size_t i = 0; i < shown->n_holds; i++)
		writer_append(list, hold_json(holds, shown->holds[i], arena));
	for (size_t i = 0; i < shown->n_refused; i++)
		writer_append(list, refused_json(shown->refused[i]));
	writer_put(object, "messages", list);
	writer_write(object, arena, WRITER_LINE_MAX, &text);
	fprintf(out, "%s\n", buf_str(&text));
}
