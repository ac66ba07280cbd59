/*
 * The mail that tells of what was held or refused: plain text, plain words.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/spool.h"
#include "checks/check.h"
#include "facts/message.h"
#include "mail/date.h"
#include "mail/encoder.h"
#include "settings/settings.h"
#include "tool/held.h"
#include "tool/notify.h"

enum {
	BODY_MAX = 64 * 1024,
	WIDTH = 72,
	SENDERS_SHOWN = 10,
	EXAMPLES_SHOWN = 5,
	CAUSES_SHOWN = 50,
	CHUNK = 4096,
	LINE_OCTETS_MAX = 998,
};

/* ---- text ---- */

/* Words of the text in lines of WIDTH, each after `indent` blanks. */
static void
wrap(struct buf *out, size_t indent, const char *text)
{
	struct slice rest = slice_of(text), word;
	size_t column = 0;

	while (slice_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (column > 0 && column + 1 + word.n > WIDTH) {
			buf_add_char(out, '\n');
			column = 0;
		}
		if (column == 0) {
			buf_printf(out, "%*s", (int)indent, "");
			column = indent;
		} else {
			buf_add_char(out, ' ');
			column++;
		}
		buf_add_slice(out, word);
		column += word.n;
	}
	buf_add_char(out, '\n');
}

static void
heading(struct buf *out, const char *text)
{
	buf_printf(out, "\n%s\n", text);
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- what happened ---- */

static const char *
verdict_of(const struct notify_group *group)
{
	return group->events[0]->verdict;
}

static bool
is_verdict(const struct notify_group *group, const char *verdict)
{
	return strcmp(verdict_of(group), verdict) == 0;
}

static size_t
recipients_refused(const struct notify_group *group)
{
	size_t n = 0;

	for (size_t i = 0; i < group->n; i++)
		n += group->events[i]->n_refused > 0 ? group->events[i]->n_refused : 1;
	return n;
}

/* "3 messages held", "100 refused", "12 attempts deferred". */
static const char *
what(struct arena *arena, const struct notify_group *group)
{
	if (is_verdict(group, "hold"))
		return arena_printf(arena, "%zu message%s held", group->n, plural(group->n));
	if (is_verdict(group, "reject"))
		return arena_printf(arena, "%zu message%s refused", group->n,
		    plural(group->n));
	if (is_verdict(group, "recipients"))
		return arena_printf(arena, "%zu recipient%s refused",
		    recipients_refused(group), plural(recipients_refused(group)));
	return arena_printf(arena, "%zu attempt%s deferred", group->n, plural(group->n));
}

/* Clients try again what was deferred, and some what was refused. */
static size_t
different(struct arena *arena, const struct notify_group *group)
{
	struct map *seen = map_new(arena);
	size_t unknown = 0;

	for (size_t i = 0; i < group->n; i++) {
		if (group->events[i]->message_id == NULL)
			unknown++;
		else
			map_set(seen, group->events[i]->message_id, seen);
	}
	return unknown + map_count(seen);
}

static void
tell_what(struct buf *out, const struct digest_input *input,
    const struct notify_group *group)
{
	struct arena *arena = input->arena;
	const struct journal_event *first = group->events[0], *last =
	    group->events[group->n - 1];
	size_t n = different(arena, group);
	const char *since = held_time(arena, first->time);
	const char *until = held_time(arena, last->time);
	bool at_once = strcmp(since, until) == 0;
	const char *count = n == group->n ? "" : arena_printf(arena, " (%zu different "
	    "message%s)", n, plural(n));

	wrap(out, 0, arena_printf(arena, "mailworthy on %s: %s%s for one cause, %s%s%s.",
	    input->host, what(arena, group), count, at_once ? "at " : "between ", since,
	    at_once ? "" : arena_printf(arena, " and %s", until)));
	if (is_verdict(group, "reject") || is_verdict(group, "recipients"))
		wrap(out, 0, "The program that sent the mail was told so in the reply; it can "
		    "be sent again once it is mended.");
	if (is_verdict(group, "tempfail"))
		wrap(out, 0, "The program that sends the mail was asked to try again later: "
		    "nothing is lost as long as it does, and nothing leaves before this is "
		    "mended.");
	heading(out, "What is wrong");
	buf_printf(out, "  %s\n", first->cause);
	wrap(out, 2, held_why(last));
	heading(out, "How to mend it");
	wrap(out, 2, held_fix(last));
}

/* ---- who and which ---- */

struct sender {
	const char *name;
	size_t n;
};

static const char *
sender_name(const struct journal_event *event)
{
	if (event->author != NULL && *event->author != '\0')
		return event->author;
	if (event->mail_from != NULL && *event->mail_from != '\0')
		return event->mail_from;
	return "(no author)";
}

static size_t
count_senders(const struct digest_input *input, const struct notify_group *group,
    struct sender *senders)
{
	struct map *by_name = map_new(input->arena);
	size_t n = 0;

	for (size_t i = 0; i < group->n; i++) {
		const char *name = sender_name(group->events[i]);
		struct sender *sender = map_get(by_name, name);

		if (sender == NULL) {
			sender = &senders[n++];
			sender->name = name;
			map_set(by_name, name, sender);
		}
		sender->n++;
	}
	return n;
}

/* Those with most first; only so many are shown that sorting all is not worth it. */
static struct sender *
take_most(struct sender *senders, size_t n)
{
	struct sender *most = &senders[0];

	for (size_t i = 1; i < n; i++) {
		if (senders[i].n > most->n)
			most = &senders[i];
	}
	return most;
}

static void
tell_senders(struct buf *out, const struct digest_input *input,
    const struct notify_group *group)
{
	struct sender *senders = arena_array(input->arena, group->n, sizeof(*senders));
	size_t n = count_senders(input, group, senders), shown;

	heading(out, "From");
	for (shown = 0; shown < n && shown < SENDERS_SHOWN; shown++) {
		struct sender *sender = take_most(senders, n);

		buf_printf(out, "  %6zu  %s\n", sender->n, sender->name);
		sender->n = 0;
	}
	if (n > shown)
		buf_printf(out, "          and %zu sender%s more\n", n - shown,
		    n - shown == 1 ? "" : "s");
}

static const char *
event_rcpts(struct arena *arena, const struct journal_event *event)
{
	struct hold hold = { .event = (struct journal_event *)(uintptr_t)event };

	if (strcmp(event->verdict, "recipients") == 0)
		return event->n_refused > 0 ? event->refused[0] : "not named";
	return held_rcpts(arena, &hold);
}

static void
tell_examples(struct buf *out, const struct digest_input *input,
    const struct notify_group *group)
{
	heading(out, group->n == 1 ? "The message" : "The first ones");
	for (size_t i = 0; i < group->n && i < EXAMPLES_SHOWN; i++) {
		const struct journal_event *event = group->events[i];

		buf_printf(out, "  %s, %s\n", event->queue_id != NULL ? event->queue_id :
		    "(no queue id)", held_time(input->arena, event->time));
		buf_printf(out, "    From     %s\n", sender_name(event));
		buf_printf(out, "    To       %s\n", event_rcpts(input->arena, event));
		if (event->subject != NULL)
			buf_printf(out, "    Subject  %s\n", event->subject);
	}
}

/* ---- the way out ---- */

static const struct hold *
hold_of(const struct holds *holds, const struct journal_event *event)
{
	for (size_t i = 0; i < holds->n; i++) {
		if (holds->p[i].event != NULL && holds->p[i].event->n == event->n)
			return &holds->p[i];
	}
	return NULL;
}

static size_t
on_hold_still(const struct digest_input *input, const struct notify_group *group,
    bool *unsigned_r)
{
	size_t n = 0;

	*unsigned_r = false;
	for (size_t i = 0; i < group->n; i++) {
		const struct hold *hold = hold_of(input->holds, group->events[i]);

		if (hold == NULL || hold->state != QUEUE_HELD)
			continue;
		n++;
		*unsigned_r |= held_is_unsigned(hold->event);
	}
	return n;
}

static void
tell_way_out(struct buf *out, const struct digest_input *input,
    const struct notify_group *group)
{
	struct arena *arena = input->arena;
	enum queue_mta mta = queue_mta(input->holds->queue);
	const char *error = queue_error(input->holds->queue);
	bool is_unsigned;
	size_t n = on_hold_still(input, group, &is_unsigned);

	heading(out, "On hold");
	if (error != NULL)
		wrap(out, 2, arena_printf(arena, "Which of them are on hold still is not known: "
		    "the queue cannot be read (%s).", error));
	else
		wrap(out, 2, arena_printf(arena, "%zu of these %s on hold still; %zu message%s "
		    "on hold in all.", n, n == 1 ? "is" : "are", input->holds->n_held,
		    input->holds->n_held == 1 ? " is" : "s are"));
	buf_printf(out, "\n  all of them          mailworthy held\n"
	    "  one in full          mailworthy held ID\n");
	if (is_unsigned)
		buf_add_str(out, "  sign it and send it  mailworthy held --again ID\n");
	else
		buf_printf(out, "  release one as it is %s\n",
		    held_release_command(arena, mta, "ID"));
	buf_printf(out, "  delete one           %s\n",
	    held_delete_command(arena, mta, "ID"));
	if (!is_unsigned)
		return;
	buf_add_char(out, '\n');
	wrap(out, 2, "Some could not be signed. The MTA does not ask mailworthy again when it "
	    "releases a message, so these would leave unsigned: mend the cause and use "
	    "--again.");
}

/* ---- the message ---- */

/* Neither recoded nor cut on its way (RFC 5322 section 2.1.1). */
static bool
is_plain(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		n = *text == '\n' ? 0 : n + 1;
		if ((unsigned char)*text > 126 || n > LINE_OCTETS_MAX)
			return false;
	}
	return true;
}

/* Quoted-printable; NULL where there is no room for it. */
static const char *
encoded(struct arena *arena, const char *text)
{
	struct spool *spool = spool_new(arena, 4 * BODY_MAX);
	struct encoder *encoder = arena_alloc(arena, sizeof(*encoder));
	struct slice rest = slice_of(text), line;
	char chunk[CHUNK];
	struct buf out;
	long n;

	encoder_init(encoder, ENCODER_QP, spool);
	while (slice_split(&rest, '\n', &line)) {
		encoder_add(encoder, line.p, line.n);
		encoder_add(encoder, "\r\n", 2);
	}
	if (encoder_finish(encoder, true) != 0 || spool_failed(spool))
		return NULL;
	buf_init(&out, arena, 4 * BODY_MAX);
	for (uint64_t at = 0; (n = spool_read(spool, at, chunk, sizeof(chunk))) > 0;
	    at += (uint64_t)n) {
		for (long i = 0; i < n; i++) {
			if (chunk[i] != '\r')
				buf_add_char(&out, chunk[i]);
		}
	}
	return buf_str(&out);
}

/*
 * The author is the MTA itself, as of its own reports: it completes the
 * address with its domain.  The null reverse-path is set by who sends it.
 */
static const char *
message(const struct digest_input *input, const char *subject, const char *body)
{
	const char *code = is_plain(body) ? body : encoded(input->arena, body);

	if (code == NULL)
		return NULL;
	return arena_printf(input->arena, "From: mailworthy <MAILER-DAEMON>\n"
	    "To: %s\n"
	    "Subject: [mailworthy] %s\n"
	    "Date: %s\n"
	    "Auto-Submitted: auto-generated\n"
	    MESSAGE_NOTICE_FIELD ": 1\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: %s\n\n%s", input->settings->notify, subject,
	    date_format(input->arena, input->now), code == body ? "7bit" :
	    "quoted-printable", code);
}

static void
tell_end(struct buf *out, const struct digest_input *input)
{
	buf_add_str(out, "\n-- \n");
	wrap(out, 0, arena_printf(input->arena, "At most one such mail an hour for each cause. "
	    "The option notify in %s names who gets them.", input->settings->path));
}

const char *
digest_one(const struct digest_input *input, const struct notify_group *group)
{
	struct buf body;

	buf_init(&body, input->arena, BODY_MAX);
	tell_what(&body, input, group);
	tell_senders(&body, input, group);
	tell_examples(&body, input, group);
	if (is_verdict(group, "hold"))
		tell_way_out(&body, input, group);
	tell_end(&body, input);
	return message(input, arena_printf(input->arena, "%s: %s", what(input->arena, group),
	    group->events[0]->cause), buf_str(&body));
}

const char *
digest_many(const struct digest_input *input, const struct notify_group *const *groups,
    size_t n)
{
	struct buf body;

	buf_init(&body, input->arena, BODY_MAX);
	wrap(&body, 0, arena_printf(input->arena, "mailworthy on %s: mail was held, deferred or "
	    "refused for %zu cause%s more in this hour. `mailworthy held` lists what is on "
	    "hold.", input->host, n, n == 1 ? "" : "s"));
	for (size_t i = 0; i < n && i < CAUSES_SHOWN; i++) {
		const struct journal_event *last = groups[i]->events[groups[i]->n - 1];

		heading(&body, arena_printf(input->arena, "%s: %s",
		    what(input->arena, groups[i]), last->cause));
		wrap(&body, 2, held_why(last));
		wrap(&body, 2, arena_printf(input->arena, "Fix: %s", held_fix(last)));
	}
	if (n > CAUSES_SHOWN)
		buf_printf(&body, "\nand %zu cause%s more\n", n - CAUSES_SHOWN,
		    n - CAUSES_SHOWN == 1 ? "" : "s");
	tell_end(&body, input);
	return message(input, arena_printf(input->arena, "%zu cause%s more", n,
	    n == 1 ? "" : "s"),
	    buf_str(&body));
}
