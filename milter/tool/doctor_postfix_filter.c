/*
 * The doctor on Postfix: content filters that take a message out of the queue
 * and hand it back, before or after it was signed.
 */
#include <string.h>

#include "base/arena.h"
#include "settings/settings.h"
#include "tool/doctor_mta.h"
#include "tool/tool.h"

#define TABLE_MAX (4 * 1024 * 1024)

/* How mail gets to the filter and back. */
struct passing {
	const struct mta_listener *front;	/* one that asks us before, or the first */
	const struct mta_listener *back;	/* one that asks us after, or the first */
	const char *filter;
	bool front_asks, back_asks;
	bool inbound;			/* mail from outside passes it, too */
	bool local, local_asks;		/* mail of the sendmail command does; asks before */
};

/* pickup hands mail to content_filter as smtpd does. */
static void
see_local(const struct mta *mta, struct passing *p)
{
	const struct postfix_service *pickup = postfix_next(mta->postfix, NULL, "pickup");
	const char *filter = postfix_get_in(mta->postfix, pickup, "content_filter");

	p->local = pickup != NULL && *filter != '\0';
	p->local_asks = p->local && mta_local_asks_us(mta);
	if (p->local && *p->filter == '\0')
		p->filter = filter;
}

static struct passing
see_passing(const struct mta *mta, const struct mta_listener *listeners, size_t n)
{
	struct passing p = { .filter = "" };

	for (size_t i = 0; i < n; i++) {
		const struct mta_listener *listener = &listeners[i];
		bool asks = mta_asks_us(listener);

		if (listener->returns) {
			if (p.back == NULL || (asks && !p.back_asks))
				p.back = listener;
			p.back_asks = p.back_asks || asks;
		} else if (*listener->filter != '\0') {
			if (p.front == NULL || (asks && !p.front_asks))
				p.front = listener;
			p.front_asks = p.front_asks || asks;
			p.filter = listener->filter;
			p.inbound = p.inbound || (!listener->submission &&
			    !listener->loopback);
		}
	}
	see_local(mta, &p);
	if (*p.filter == '\0')
		p.filter = postfix_get(mta->postfix, "content_filter");
	return p;
}

bool
mta_local_comes_back(struct mta *mta)
{
	struct mta_listener *listeners;
	struct passing p;
	size_t n;

	listeners = mta_listeners_read(mta, &n);
	p = see_passing(mta, listeners, n);
	return p.local && p.back_asks;
}

/* Takes us, and us alone, out of the list of who asks before the filter. */
static void
paste_front(struct mta *mta, struct doctor_line *line, const struct passing *p)
{
	const struct postfix_service *service = p->front->service;

	mta_paste_option(mta, line, "smtpd_milters", mta_list_without_us(mta, service,
	    "smtpd_milters"));
}

/* Where no_milters stands, the others of main.cf were asked before the filter. */
static void
paste_back(struct mta *mta, struct doctor_line *line, const struct passing *p)
{
	const struct postfix_service *service = p->back->service;
	const char *list = mta_list_with_us(mta, service, "smtpd_milters"), *address;

	if (p->back->off != NULL && !postfix_overrides(service, "smtpd_milters")) {
		address = postfix_milter_for(mta->postfix, mta->doctor->settings->socket,
		    service->chrooted);
		list = address != NULL ? address : list;
	}
	mta_paste_option(mta, line, "smtpd_milters", list);
}

/* What has to be done besides where mail comes back, as the end of a sentence. */
static const char *
also_there(struct mta *mta, const struct passing *p)
{
	if (p->back->off == NULL)
		return "";
	return arena_printf(mta->doctor->arena, " (where it is off now, since %s: take that out)",
	    p->back->off);
}

static void
say_local_twice(struct mta *mta, const struct passing *p)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-content-filter",
	    p->back->service->name, "A message of the sendmail command is judged and signed by "
	    "non_smtpd_milters, goes to the content filter %s, and is judged and signed again "
	    "when it comes back here.", mta_shown(mta, p->filter));

	mta_fix_setting(mta, line, mta_cleanup(mta), "non_smtpd_milters",
	    mta_list_without_us(mta, mta_cleanup(mta), "non_smtpd_milters"));
}

static void
say_local_before(struct mta *mta, const struct passing *p)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_WARNING,
	    "mta-content-filter", "sendmail command", "A message of the sendmail command is "
	    "signed and goes to the content filter %s then: what that changes breaks the "
	    "signature.", mta_shown(mta, p->filter));

	doctor_fix(mta->doctor, line, "Let `mailworthy doctor --send` show whether it changes "
	    "anything. If it does, ask mailworthy where mail comes back, and not in "
	    "non_smtpd_milters.");
}

static void
say_twice(struct mta *mta, const struct passing *p)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-content-filter",
	    p->back->service->name, "A message is judged and signed at \"%s\", goes to the "
	    "content filter %s, and is judged and signed again when it comes back here.",
	    p->front->service->name, mta_shown(mta, p->filter));

	doctor_fix(mta->doctor, line, "Ask mailworthy once, after the filter: in %s/master.cf, "
	    "below \"%s\", in place of a smtpd_milters that is there:", mta->postfix->dir,
	    p->front->service->name);
	paste_front(mta, line, p);
}

static void
say_before_filter(struct mta *mta, const struct passing *p)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_WARNING,
	    "mta-content-filter", p->front->service->name, "A message is signed here and goes "
	    "to the content filter %s then: a footer, a tag in the subject or text that it "
	    "writes anew breaks the signature.", mta_shown(mta, p->filter));

	if (p->back == NULL) {
		doctor_fix(mta->doctor, line, "Let `mailworthy doctor --send` show whether it "
		    "changes anything. If it does, ask mailworthy where mail comes back.");
		return;
	}
	if (mta_must_move(mta, p->back->service, "smtpd_milters")) {
		mta_fix_list(mta, line, p->back->service, "smtpd_milters");
		doctor_fix(mta->doctor, line, "Ask mailworthy where mail comes back, and once it "
		    "is, no more at \"%s\". %s", p->front->service->name, line->fix);
		return;
	}
	doctor_fix(mta->doctor, line, "Ask mailworthy after the filter instead: in "
	    "%s/master.cf, in place of a smtpd_milters that is there, the first line below "
	    "\"%s\", the second below \"%s\"%s:", mta->postfix->dir, p->front->service->name,
	    p->back->service->name, also_there(mta, p));
	paste_front(mta, line, p);
	paste_back(mta, line, p);
}

static bool
is_outbound_here(const struct settings *settings)
{
	struct ip loopback;

	if ((settings->outbound & OUTBOUND_ALL) != 0)
		return true;
	if ((settings->outbound & OUTBOUND_NETWORKS) == 0 ||
	    !ip_parse(SLICE("127.0.0.1"), &loopback))
		return false;
	for (size_t i = 0; i < settings->networks.n; i++)
		if (ip_net_contains(&settings->networks.p[i], &loopback))
			return true;
	return false;
}

/* Behind the filter a login is forgotten: the client is 127.0.0.1 for all mail. */
static void
say_behind_filter(struct mta *mta, const struct passing *p)
{
	const char *name = p->back->service->name;
	struct doctor_line *line;

	if (!is_outbound_here(mta->doctor->settings)) {
		line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-content-filter", name,
		    "Mail that comes back from the content filter comes from 127.0.0.1 "
		    "without a login, and mailworthy takes it for inbound mail: nothing is "
		    "signed.");
		doctor_fix(mta->doctor, line, "In %s:", mta->doctor->settings->path);
		doctor_paste(mta->doctor, line, "outbound = {authenticated, local, networks}");
		doctor_paste(mta->doctor, line, "networks = {\"127.0.0.0/8\", \"::1/128\"}");
	} else if (p->inbound) {
		line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-content-filter", name,
		    "Inbound mail passes the same content filter and comes back here, where "
		    "mailworthy cannot tell it from your own and judges it as outbound.");
		doctor_fix(mta->doctor, line, "Let the filter hand inbound mail back at another "
		    "port: a second listener in %s/master.cf without mailworthy.",
		    mta->postfix->dir);
	} else {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-content-filter", name,
		    "asks mailworthy once the content filter %s is done",
		    mta_shown(mta, p->filter));
	}
}

static void
say_never(struct mta *mta, const struct passing *p)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-content-filter",
	    p->front->service->name, "Mail goes to the content filter %s, and mailworthy is "
	    "asked neither before nor after: it leaves unjudged and unsigned.",
	    mta_shown(mta, p->filter));

	if (p->back == NULL)
		return;
	if (mta_must_move(mta, p->back->service, "smtpd_milters")) {
		mta_fix_list(mta, line, p->back->service, "smtpd_milters");
		return;
	}
	doctor_fix(mta->doctor, line, "In %s/master.cf, below \"%s\", in place of a "
	    "smtpd_milters that is there%s:", mta->postfix->dir, p->back->service->name,
	    also_there(mta, p));
	paste_back(mta, line, p);
}

/* Rules that send some mail to a filter (header_checks(5), FILTER). */
static void
judge_rules(struct mta *mta, const char *name)
{
	struct slice rest = slice_of(postfix_get(mta->postfix, name)), word, text;
	struct postfix_rule *rules;
	const char *path, *error;
	size_t n;

	while (postfix_word(&rest, &word)) {
		if (!slice_starts_nocase(word, "regexp:/") && !slice_starts_nocase(word, "pcre:/"))
			continue;
		path = slice_dup(mta->doctor->arena, slice_sub(word, slice_find(word, ':') + 1,
		    word.n));
		if (!tool_read(mta->doctor->arena, path, TABLE_MAX, &text, &error))
			continue;
		rules = postfix_rules(mta->doctor->arena, text, &n);
		for (size_t i = 0; i < n; i++)
			if (strcmp(rules[i].action, "FILTER") == 0)
				doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_WARNING,
				    "mta-content-filter", name, "%s line %u, %s, sends mail to a "
				    "content filter after it was signed.", mta_shown(mta, path),
				    rules[i].line, mta_shown(mta, rules[i].pattern)),
				    "See that the filter changes nothing, or ask mailworthy "
				    "where mail comes back from it.");
	}
}

void
mta_content_filter(struct mta *mta)
{
	struct mta_listener *listeners;
	struct passing p;
	size_t n;

	listeners = mta_listeners_read(mta, &n);
	p = see_passing(mta, listeners, n);
	judge_rules(mta, "header_checks");
	judge_rules(mta, "body_checks");
	if (p.local_asks && p.back_asks)
		say_local_twice(mta, &p);
	else if (p.local_asks && !p.front_asks)
		say_local_before(mta, &p);
	if (p.front == NULL) {
		if (p.local && p.back_asks)
			say_behind_filter(mta, &p);
		return;
	}
	if (p.front_asks && p.back_asks)
		say_twice(mta, &p);
	else if (p.front_asks)
		say_before_filter(mta, &p);
	else if (p.back_asks)
		say_behind_filter(mta, &p);
	else
		say_never(mta, &p);
}
