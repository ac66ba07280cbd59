/*
 * The doctor on Sendmail: whether and how it asks us, and what it changes after.
 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "evidence/sendmail_cf.h"
#include "mail/sendmail.h"
#include "settings/settings.h"
#include "tool/doctor_mta.h"

#define LINE_LIMIT 998
#define MARGIN 5

struct sendmail {
	struct mta *mta;
	struct doctor *doctor;
	const struct sendmail_cf *cf;
	const struct sendmail_filter *asked[SENDMAIL_FILTERS_MAX];
	size_t n, ours;			/* n: we are not among them */
};

/* What to write into the .mc file that the .cf was made of. */
static void
fix_mc(struct sendmail *s, struct doctor_line *line)
{
	doctor_fix(s->doctor, line, "In the sendmail.mc that %s is made of; then make it anew and "
	    "restart Sendmail:", s->cf->path);
}

static void
paste_filter(struct sendmail *s, struct doctor_line *line)
{
	doctor_paste(s->doctor, line, "INPUT_MAIL_FILTER(`mailworthy', `S=%s, F=T, "
	    "T=S:4m;R:4m;E:10m')dnl", s->doctor->settings->socket);
}

static bool
is_ours(const struct sendmail *s, const struct sendmail_filter *filter)
{
	const char *socket = settings_socket(s->doctor->arena, filter->socket);
	const char *ours = s->doctor->settings->socket, *at;

	if (socket == NULL)
		return false;
	if (strcmp(socket, ours) == 0)
		return true;
	/* "localhost" and 127.0.0.1 at one port */
	at = strchr(socket, '@');
	return at != NULL && strchr(ours, '@') != NULL &&
	    (size_t)(at - socket) == (size_t)(strchr(ours, '@') - ours) &&
	    strncmp(socket, ours, (size_t)(at - socket)) == 0 &&
	    (strcmp(at, "@localhost") == 0 || strcmp(strchr(ours, '@'), "@localhost") == 0);
}

static void
find_ours(struct sendmail *s, const char *list)
{
	s->n = sendmail_cf_filters(s->cf, list, s->asked);
	for (s->ours = 0; s->ours < s->n; s->ours++)
		if (is_ours(s, s->asked[s->ours]))
			break;
}

static const char *
daemon_name(struct sendmail *s, const char *daemon)
{
	const char *name = sendmail_cf_equate(s->doctor->arena, daemon, "Name");
	const char *port = sendmail_cf_equate(s->doctor->arena, daemon, "Port");

	return arena_printf(s->doctor->arena, "%s%s%s", mta_shown(s->mta, name),
	    *name != '\0' && *port != '\0' ? ", port " : "", mta_shown(s->mta, port));
}

/* A daemon may have a list of its own, which stands above the option. */
static void
judge_daemons(struct sendmail *s)
{
	for (size_t i = 0; i < s->cf->n_daemons; i++) {
		const char *own = sendmail_cf_equate(s->doctor->arena, s->cf->daemons[i],
		    "InputMailFilters");
		struct slice list = slice_of(own);
		struct sendmail daemon = *s;
		struct doctor_line *line;

		if (list.n == 0)
			continue;
		/* commas part the equates, so names have ';' between */
		own = slice_dup(s->doctor->arena, list);
		for (char *p = arena_strdup(s->doctor->arena, own), *start = p;; p++) {
			if (*p == ';')
				*p = ',';
			if (*p == '\0') {
				own = start;
				break;
			}
		}
		find_ours(&daemon, own);
		if (daemon.ours < daemon.n)
			continue;
		line = doctor_say(s->doctor, DOCTOR_FAULT, "mta-listener",
		    daemon_name(s, s->cf->daemons[i]), "This daemon has filters of its own (%s), "
		    "and mailworthy is none of them: mail that comes in here leaves unjudged and "
		    "unsigned.", mta_shown(s->mta, own));
		doctor_fix(s->doctor, line, "Take InputMailFilters out of its DAEMON_OPTIONS, or "
		    "add mailworthy to it.");
	}
}

static bool
judge_asked(struct sendmail *s)
{
	struct doctor_line *line;

	if (s->ours < s->n) {
		doctor_say(s->doctor, DOCTOR_OK, "mta-listener", "", "mailworthy is asked "
		    "(InputMailFilters, \"%s\")", s->asked[s->ours]->name);
		judge_daemons(s);
		return true;
	}
	line = doctor_say(s->doctor, DOCTOR_FAULT, "mta-listener", "", "No filter in "
	    "InputMailFilters has mailworthy's socket, %s: all mail leaves unjudged and "
	    "unsigned.", s->doctor->settings->socket);
	fix_mc(s, line);
	paste_filter(s, line);
	return false;
}

/* ---- how ---- */

static struct postfix_milter
as_milter(struct sendmail *s, const struct sendmail_filter *filter)
{
	struct postfix_milter milter = { .text = filter->name, .kind = MILTER_OTHER,
	    .path = "", .host = "", .port = "" };
	struct slice socket = slice_of(filter->socket), rest;

	rest = slice_sub(socket, slice_find(socket, ':') + 1, socket.n);
	if (slice_starts_nocase(socket, "inet")) {
		milter.kind = MILTER_INET;
		milter.port = slice_dup(s->doctor->arena, slice_sub(rest, 0,
		    slice_find(rest, '@')));
		milter.host = slice_dup_lower(s->doctor->arena, slice_sub(rest,
		    slice_find(rest, '@') + 1, rest.n));
	} else {
		milter.kind = MILTER_UNIX;
		milter.path = slice_dup(s->doctor->arena, rest);
	}
	return milter;
}

static void
judge_neighbours(struct sendmail *s)
{
	bool alone = true;

	for (size_t i = 0; i < s->n; i++) {
		struct postfix_milter milter = as_milter(s, s->asked[i]);

		if (i == s->ours)
			continue;
		if (mta_say_signer(s->mta, s->asked[i]->name, &milter)) {
			alone = false;
		} else if (i > s->ours) {
			alone = false;
			mta_say_behind(s->mta, s->asked[i]->name, &milter);
		}
	}
	if (alone)
		doctor_say(s->doctor, DOCTOR_OK, "mta-order", "", s->n == 1 ?
		    "no other milter is asked" : "mailworthy is asked last");
}

static void
judge_flags(struct sendmail *s)
{
	const char *flags = s->asked[s->ours]->flags;
	struct doctor_line *line;

	if (strchr(flags, 'T') != NULL || strchr(flags, '4') != NULL) {
		doctor_say(s->doctor, DOCTOR_OK, "mta-default-action", "",
		    "mail waits while mailworthy does not run (F=%s)", mta_shown(s->mta, flags));
		return;
	}
	if (strchr(flags, 'R') != NULL)
		line = doctor_say(s->doctor, DOCTOR_WARNING, "mta-default-action", "", "With F=R "
		    "mail bounces while mailworthy does not run or cannot be reached.");
	else
		line = doctor_say(s->doctor, DOCTOR_WARNING, "mta-default-action", "", "Without F=T "
		    "mail leaves unjudged and unsigned while mailworthy does not run or cannot be "
		    "reached, and nobody is told.");
	fix_mc(s, line);
	paste_filter(s, line);
}

static void
judge_timeout(struct sendmail *s, char letter, long standard)
{
	long seconds = sendmail_cf_timeout(s->asked[s->ours]->timeouts, letter);
	long wanted = (long)s->doctor->settings->resolver.deadline + MARGIN;
	bool is_default = seconds < 0;
	struct doctor_line *line;

	if (is_default)
		seconds = standard;
	if (seconds == 0 || seconds >= wanted)		/* 0: for ever */
		return;
	line = doctor_say(s->doctor, DOCTOR_FAULT, "mta-timeouts", "", "Sendmail waits %ld s for "
	    "an answer (T=%c%s), but mailworthy may wait %ld s for DNS: on a slow day Sendmail "
	    "gives up on it first.", seconds, letter, is_default ? ", the default" : "",
	    wanted - MARGIN);
	fix_mc(s, line);
	paste_filter(s, line);
}

/* ---- local mail, bounces ---- */

static void
judge_local(struct sendmail *s)
{
	const char *dir = slice_dup(s->doctor->arena, (struct slice){ s->cf->path,
	    strrchr(s->cf->path, '/') == NULL ? 0 :
	    (size_t)(strrchr(s->cf->path, '/') - s->cf->path) });

	if (access(arena_printf(s->doctor->arena, "%s/submit.cf", dir), F_OK) == 0)
		doctor_say(s->doctor, DOCTOR_OK, "mta-local", "", "mail of the sendmail command "
		    "goes to the daemon by SMTP (submit.cf), and is judged there");
	else
		doctor_fix(s->doctor, doctor_say(s->doctor, DOCTOR_WARNING, "mta-local", "",
		    "There is no submit.cf beside %s: Sendmail then delivers mail of the sendmail "
		    "command by itself and asks no filter about it.", s->cf->path),
		    "Let FEATURE(`msp') make a submit.cf, as it comes with Sendmail.");
	doctor_say(s->doctor, DOCTOR_ADVICE, "mta-bounces", "", "Sendmail asks no filter about "
	    "bounces that it writes itself: they leave unsigned, and SPF of the HELO name must "
	    "pass.");
}

/* ---- after signing ---- */

/* Headers are written anew while a message is delivered, behind all filters. */
static void
judge_rewriting(struct sendmail *s)
{
	const char *as = sendmail_cf_macro(s->cf, "M");
	bool generics = map_get(s->cf->tables, "generics") != NULL;
	struct doctor_line *line;

	if (*as != '\0') {
		line = doctor_say(s->doctor, DOCTOR_FAULT, "mta-generic", "MASQUERADE_AS",
		    "Sendmail writes domains in From and other fields anew, to %s, while it "
		    "delivers, after the message was signed: each message it changes arrives with "
		    "a broken signature.", mta_shown(s->mta, as));
		doctor_fix(s->doctor, line, "Take MASQUERADE_AS out, and let programs write the "
		    "right domain themselves.");
	}
	if (generics)
		doctor_fix(s->doctor, doctor_say(s->doctor, DOCTOR_FAULT, "mta-generic",
		    "genericstable", "Sendmail writes senders in the header anew (genericstable) "
		    "while it delivers, after the message was signed: each message it changes "
		    "arrives with a broken signature."), "Take FEATURE(`genericstable') out.");
	if (*as == '\0' && !generics)
		doctor_say(s->doctor, DOCTOR_OK, "mta-generic", "",
		    "no address is written anew after signing");
}

static void
judge_8bit(struct sendmail *s)
{
	bool mended = (s->doctor->settings->repair & REPAIR_ENCODING) != 0;
	const char *mode = sendmail_cf_option(s->cf, "EightBitMode");
	struct doctor_line *line;

	if (slice_is(slice_of(sendmail_cf_option(s->cf, "SevenBitInput")), "True")) {
		line = doctor_say(s->doctor, DOCTOR_WARNING, "mta-8bit", "SevenBitInput",
		    "Sendmail takes the eighth bit off all that comes in: text in UTF-8 is "
		    "spoilt.");
		fix_mc(s, line);
		doctor_paste(s->doctor, line, "define(`confSEVEN_BIT_INPUT', `False')dnl");
	}
	if (*mode == 's') {
		line = doctor_say(s->doctor, DOCTOR_WARNING, "mta-8bit", "EightBitMode",
		    "With strict Sendmail refuses 8-bit text that is not declared, before "
		    "mailworthy could mend it.");
		fix_mc(s, line);
		doctor_paste(s->doctor, line, "define(`confEIGHT_BIT_HANDLING', `pass8')dnl");
	}
	if (mended) {
		doctor_say(s->doctor, DOCTOR_OK, "mta-8bit", "", "8-bit text is recoded before "
		    "signing (repair has encoding)");
		return;
	}
	line = doctor_say(s->doctor, DOCTOR_WARNING, "mta-8bit", "", "Where the next host does "
	    "not offer 8BITMIME Sendmail recodes 8-bit text after it was signed, and the "
	    "signature breaks.");
	doctor_fix(s->doctor, line, "Let mailworthy do it before it signs. In %s:",
	    s->doctor->settings->path);
	doctor_paste(s->doctor, line, "repair = {date, message-id, headers, encoding}");
}

static void
judge_mailers(struct sendmail *s)
{
	bool said = false, mended = (s->doctor->settings->repair & REPAIR_ENCODING) != 0;
	unsigned long least = mended ? SENDMAIL_LINE_MAX : LINE_LIMIT;

	for (size_t i = 0; i < s->cf->n_mailers; i++) {
		const struct sendmail_mailer *mailer = &s->cf->mailers[i];
		struct doctor_line *line;

		if (!mailer->is_smtp)
			continue;
		if (strchr(mailer->flags, '7') != NULL)
			doctor_fix(s->doctor, doctor_say(s->doctor, DOCTOR_FAULT, "mta-8bit",
			    mailer->name, "This mailer takes the eighth bit off (F=7) after the "
			    "message was signed."), "Take 7 out of its flags.");
		if (said || mailer->line_limit == 0 || mailer->line_limit >= least)
			continue;
		said = true;		/* those of SMTP share the value */
		line = doctor_say(s->doctor, DOCTOR_ADVICE, "mta-line-limit", mailer->name,
		    "Lines over %lu octets are cut after they were signed (L=), while mailworthy "
		    "mends those over %lu only: one in between breaks the signature.",
		    mailer->line_limit, least);
		fix_mc(s, line);
		doctor_paste(s->doctor, line, "define(`SMTP_MAILER_LL', `%d')dnl", LINE_LIMIT);
	}
}

static void
judge_mime(struct sendmail *s)
{
	struct doctor_line *line;

	if (sendmail_cf_keeps_mime(s->cf)) {
		doctor_say(s->doctor, DOCTOR_OK, "mta-mime", "MaxMimeHeaderLength",
		    "malformed MIME leaves as it was signed");
		return;
	}
	line = doctor_say(s->doctor, DOCTOR_ADVICE, "mta-mime", "MaxMimeHeaderLength",
	    "Sendmail writes malformed MIME anew after it was signed: it adds a last boundary "
	    "that is missing, and the signature breaks.");
	fix_mc(s, line);
	doctor_paste(s->doctor, line, "define(`confMAX_MIME_HEADER_LENGTH', `0/0')dnl");
}

/* ---- the way out ---- */

static void
judge_way(struct sendmail *s)
{
	struct slice relay = slice_of(sendmail_cf_macro(s->cf, "S"));
	const char *address = sendmail_cf_equate(s->doctor->arena,
	    sendmail_cf_option(s->cf, "ClientPortOptions"), "Address");

	/* "esmtp:[smtp.example.net]" */
	if (slice_find(relay, ':') < relay.n && *relay.p != '[')
		relay = slice_sub(relay, slice_find(relay, ':') + 1, relay.n);
	mta_judge_relay(s->mta, slice_dup(s->doctor->arena, relay), "SMART_HOST");
	mta_judge_address(s->mta, "ClientPortOptions", address);
}

void
mta_sendmail(struct mta *mta)
{
	struct sendmail *s = arena_alloc(mta->doctor->arena, sizeof(*s));

	s->mta = mta;
	s->doctor = mta->doctor;
	s->cf = mta->sendmail;
	find_ours(s, sendmail_cf_option(s->cf, "InputMailFilters"));
	if (judge_asked(s)) {
		judge_neighbours(s);
		judge_flags(s);
		judge_timeout(s, 'R', 10);
		judge_timeout(s, 'E', 300);
	}
	judge_local(s);
	judge_rewriting(s);
	judge_8bit(s);
	judge_mailers(s);
	judge_mime(s);
	judge_way(s);
}
