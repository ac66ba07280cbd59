/*
 * The doctor on Postfix: how we are asked, and beside whom.
 */
#include <string.h>

#include "base/arena.h"
#include "settings/settings.h"
#include "tool/doctor_mta.h"

enum { MARGIN = 5 };	/* seconds for what is not waiting */

static const struct signer {
	const char *name;
	const char *const ports[4];
	const char *in_path;
	bool may;		/* only when it is told to */
} signers[] = {
	{ "OpenDKIM", { "8891", "12301" }, "opendkim", false },
	{ "dkimpy-milter", { "8892" }, "dkimpy", false },
	{ "Rspamd", { "11332" }, "rspamd", true },
	{ "amavis", { "10024", "8894" }, "amavis", true },
};

static const struct signer *
find_signer(const struct postfix_milter *milter)
{
	for (size_t i = 0; i < sizeof(signers) / sizeof(signers[0]); i++) {
		const char *const *port = signers[i].ports;

		if (milter->kind == MILTER_UNIX && strstr(milter->path,
		    signers[i].in_path) != NULL)
			return &signers[i];
		for (; milter->kind == MILTER_INET && *port != NULL; port++)
			if (strcmp(milter->port, *port) == 0)
				return &signers[i];
		if (milter->kind == MILTER_INET && strstr(milter->host,
		    signers[i].in_path) != NULL)
			return &signers[i];
	}
	return NULL;
}

static void
say_signer(struct mta *mta, const char *where, const struct postfix_milter *milter,
    const struct signer *signer)
{
	struct doctor_line *line = doctor_say(mta->doctor,
	    signer->may ? DOCTOR_ADVICE : DOCTOR_WARNING, "mta-second-signer", where,
	    "%s looks like %s, which %s with DKIM beside mailworthy%s.",
	    mta_shown(mta, milter->text), signer->name,
	    signer->may ? "signs outbound mail" : "signs",
	    signer->may ? " when it is told to" :
	    ": a message gets two signatures, of which one may break or be made with an "
	    "old key");

	if (signer->may)
		doctor_fix(mta->doctor, line, strcmp(signer->name, "Rspamd") == 0 ?
		    "In /etc/rspamd/local.d/dkim_signing.conf set enabled = false;, and let "
		    "`mailworthy doctor --send` show that one signature is left." :
		    "See that it does not sign, and let `mailworthy doctor --send` show that "
		    "one signature is left.");
	else
		doctor_fix(mta->doctor, line, "Once mailworthy signs, take it out of the list "
		    "where mail is sent, or set its Mode to v (verify only).");
}

bool
mta_say_signer(struct mta *mta, const char *where, const struct postfix_milter *milter)
{
	const struct signer *signer = find_signer(milter);

	if (signer != NULL)
		say_signer(mta, where, milter, signer);
	return signer != NULL;
}

/* Those behind us change what we signed. */
void
mta_say_behind(struct mta *mta, const char *where, const struct postfix_milter *milter)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-order", where,
	    "%s is asked after mailworthy: what it changes in a message breaks the signature.",
	    mta_shown(mta, milter->text));

	doctor_fix(mta->doctor, line, "Name mailworthy last in the list.");
}

static void
judge_neighbours(struct mta *mta, const char *where, const struct postfix_milter *milters,
    size_t n, size_t ours)
{
	bool alone = true;

	for (size_t i = 0; i < n; i++) {
		bool signs = i != ours && mta_say_signer(mta, where, &milters[i]);

		if (!signs && i > ours)
			mta_say_behind(mta, where, &milters[i]);
		alone = alone && !signs && i <= ours;
	}
	if (alone)
		doctor_say(mta->doctor, DOCTOR_OK, "mta-order", where, n == 1 ?
		    "no other milter is asked" : "mailworthy is asked last");
}

/* ---- what Postfix does while we are away ---- */

enum { ACTION, COMMAND_TIMEOUT, CONTENT_TIMEOUT, PROTOCOL, SETTINGS };
static const char *const main_names[SETTINGS] = { "milter_default_action",
    "milter_command_timeout", "milter_content_timeout", "milter_protocol" };

/* A way into Postfix and how it asks us there. */
struct asking {
	struct mta *mta;
	const char *where;		/* for people */
	const struct postfix_service *service;
	const char *list;		/* smtpd_milters or non_smtpd_milters */
	const char *own[SETTINGS];	/* of the braces in the list, or NULL */
	const char *values[SETTINGS];	/* that count */
	const char *better[SETTINGS];	/* NULL: it is well */
};

/* The name under which the value is set that counts. */
static const char *
name_of(const struct asking *asking, int which)
{
	return asking->own[which] == NULL ? main_names[which] : arena_printf(
	    asking->mta->doctor->arena, "%s of mailworthy in %s", main_names[which] +
	    strlen("milter_"), asking->list);
}

/* Each value where it is set.  What stands in braces is mended in one line. */
static void
fix_asking(const struct asking *asking, struct doctor_line *line, int which)
{
	struct mta_wish wishes[SETTINGS];
	size_t n = 0;

	if (asking->own[which] == NULL) {
		mta_fix_setting(asking->mta, line, asking->service, main_names[which],
		    asking->better[which]);
		return;
	}
	for (int i = 0; i < SETTINGS; i++)
		if (asking->own[i] != NULL && asking->better[i] != NULL)
			wishes[n++] = (struct mta_wish){ main_names[i] + strlen("milter_"),
			    asking->better[i] };
	mta_fix_setting(asking->mta, line, asking->service, asking->list,
	    mta_list_mended(asking->mta, asking->service, asking->list, wishes, n));
}

static bool
is_waiting(const char *action)
{
	return slice_is(slice_of(action), "tempfail") ||
	    slice_is(slice_of(action), "quarantine") || slice_is(slice_of(action), "shutdown");
}

static void
judge_action(const struct asking *asking)
{
	struct mta *mta = asking->mta;
	const char *action = asking->values[ACTION], *where = asking->where;
	struct doctor_line *line;

	if (asking->better[ACTION] == NULL) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-default-action", where,
		    "mail waits while mailworthy does not run (%s)", mta_shown(mta, action));
		return;
	}
	if (slice_is(slice_of(action), "accept"))
		line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-default-action", where,
		    "%s is accept: while mailworthy does not run or cannot be reached, mail "
		    "leaves unjudged and unsigned, and nobody is told.", name_of(asking, ACTION));
	else
		line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-default-action", where,
		    "%s is %s: while mailworthy does not run or cannot be reached, mail "
		    "bounces.", name_of(asking, ACTION), mta_shown(mta, action));
	fix_asking(asking, line, ACTION);
}

/* What we may wait for, at the end of a message or before. */
static long
wait_max(const struct settings *settings, int which)
{
	long dns = (long)settings->resolver.deadline;

	if (which == CONTENT_TIMEOUT && (long)settings->opinions.timeout > dns &&
	    (*settings->opinions.rspamd != '\0' || *settings->opinions.spamassassin != '\0' ||
	    *settings->opinions.clamav != '\0'))
		return (long)settings->opinions.timeout;
	return dns;
}

/* Postfix's default, or more where we may wait longer; NULL: it is enough. */
static const char *
better_timeout(const struct asking *asking, int which)
{
	long seconds = postfix_seconds(asking->values[which], 's');
	long wanted = wait_max(asking->mta->doctor->settings, which) + MARGIN;
	long usual = which == CONTENT_TIMEOUT ? 300 : 30;

	if (seconds < 0 || seconds >= wanted)
		return NULL;
	return arena_printf(asking->mta->doctor->arena, "%lds", wanted > usual ? wanted : usual);
}

static void
judge_timeout(const struct asking *asking, int which)
{
	struct mta *mta = asking->mta;

	if (asking->better[which] == NULL)
		return;
	fix_asking(asking, doctor_say(mta->doctor, DOCTOR_FAULT, "mta-timeouts", asking->where,
	    "%s is %s, but mailworthy may wait %ld s for DNS and other filters: on a slow day "
	    "Postfix gives up on it first.", name_of(asking, which), mta_shown(mta,
	    asking->values[which]), wait_max(mta->doctor->settings, which)), which);
}

/* ---- what we are told ---- */

static long
version_of(const char *protocol)
{
	struct slice text = slice_of(protocol);
	unsigned long version;

	text.n = slice_find(slice_sub(text, 0, slice_find(text, ' ')), ',');
	return slice_number(text, 1000, &version) ? (long)version : -1;
}

/* With version 6 we ask for the macros ourselves, whatever these say. */
static void
judge_macros(struct mta *mta, const char *where)
{
	static const struct { const char *list, *macro, *for_what; } wanted[] = {
		{ "milter_connect_macros", "{daemon_name}", "ignore-daemons" },
		{ "milter_mail_macros", "{auth_authen}", "who logged in: without it "
		    "mail of users is taken for inbound mail" },
		{ "milter_rcpt_macros", "{rcpt_mailer}", "which recipients stay here" },
		{ "milter_end_of_data_macros", "i", "the queue id in the record" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const char *list = postfix_get(mta->postfix, wanted[i].list);

		if (!postfix_knows(mta->postfix, wanted[i].list) ||
		    postfix_has_word(list, wanted[i].macro))
			continue;
		doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_FAULT, "mta-macros",
		    where, "%s lacks %s, which tells %s.", wanted[i].list, wanted[i].macro,
		    wanted[i].for_what), "Take the line with %s out of %s/main.cf: the "
		    "default has it. Then `postfix reload`.", wanted[i].list,
		    mta->postfix->dir);
	}
}

static void
judge_protocol(const struct asking *asking)
{
	struct mta *mta = asking->mta;

	if (asking->better[PROTOCOL] == NULL)
		return;
	fix_asking(asking, doctor_say(mta->doctor, DOCTOR_FAULT, "mta-protocol", asking->where,
	    "%s is %s: Postfix then hands over neither blanks at the start of a field nor the "
	    "macros that mailworthy asks for, and some signatures break.", name_of(asking,
	    PROTOCOL), mta_shown(mta, asking->values[PROTOCOL])), PROTOCOL);
	judge_macros(mta, asking->where);
}

static void
judge_daemon_name(struct mta *mta, const struct mta_listener *listener)
{
	const struct settings *settings = mta->doctor->settings;
	const char *name = postfix_get_in(mta->postfix, listener->service,
	    "milter_macro_daemon_name");

	for (size_t i = 0; i < settings->ignore_daemons.n; i++) {
		if (!slice_is(slice_of(name), settings->ignore_daemons.p[i]))
			continue;
		doctor_say(mta->doctor, DOCTOR_OK, "mta-daemon-name", listener->service->name,
		    "asks mailworthy, which leaves its mail alone (ignore-daemons has \"%s\")",
		    mta_shown(mta, name));
		if (!listener->submission)
			continue;
		doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_FAULT,
		    "mta-daemon-name", listener->service->name, "Users submit here, but "
		    "ignore-daemons has its milter_macro_daemon_name, \"%s\": their mail is "
		    "neither judged nor signed.", mta_shown(mta, name)),
		    "Give the listener of inbound mail a name of its own with -o "
		    "milter_macro_daemon_name=... in master.cf, and name that one.");
	}
}

/* A name that no listener has does nothing. */
static void
judge_ignored(struct mta *mta, const struct mta_listener *listeners, size_t n)
{
	const struct settings *settings = mta->doctor->settings;

	for (size_t i = 0; i < settings->ignore_daemons.n; i++) {
		const char *name = settings->ignore_daemons.p[i];
		bool found = strchr(name, '@') != NULL;	/* address@port */

		for (size_t k = 0; k < n && !found; k++)
			found = slice_is(slice_of(postfix_get_in(mta->postfix,
			    listeners[k].service, "milter_macro_daemon_name")), name);
		if (!found)
			doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_WARNING,
			    "mta-daemon-name", name, "ignore-daemons has this name, but no "
			    "listener of Postfix has it: it does nothing."),
			    "In %s/master.cf, below the smtpd that takes mail from outside: -o "
			    "milter_macro_daemon_name=%s", mta->postfix->dir, name);
	}
}

static void
judge_one(struct asking asking, const struct postfix_milter *milters, size_t n, size_t ours)
{
	const struct postfix_milter *us = &milters[ours];
	const char *const own[SETTINGS] = { us->default_action, us->command_timeout,
	    us->content_timeout, us->protocol };
	long version;

	for (int i = 0; i < SETTINGS; i++) {
		asking.own[i] = own[i];
		asking.values[i] = own[i] != NULL ? own[i] : postfix_get_in(
		    asking.mta->postfix, asking.service, main_names[i]);
	}
	version = version_of(asking.values[PROTOCOL]);
	asking.better[ACTION] = is_waiting(asking.values[ACTION]) ? NULL : "tempfail";
	asking.better[COMMAND_TIMEOUT] = better_timeout(&asking, COMMAND_TIMEOUT);
	asking.better[CONTENT_TIMEOUT] = better_timeout(&asking, CONTENT_TIMEOUT);
	asking.better[PROTOCOL] = version < 0 || version >= 6 ? NULL : "6";
	judge_neighbours(asking.mta, asking.where, milters, n, ours);
	judge_action(&asking);
	judge_timeout(&asking, CONTENT_TIMEOUT);
	judge_timeout(&asking, COMMAND_TIMEOUT);
	judge_protocol(&asking);
}

/* The settings by which two ways into Postfix may differ, as one text. */
static const char *
fingerprint(const struct mta *mta, const struct postfix_service *service, const char *list)
{
	const char *text = list;

	for (int i = 0; i < SETTINGS; i++)
		text = arena_printf(mta->doctor->arena, "%s\n%s", text,
		    postfix_get_in(mta->postfix, service, main_names[i]));
	return text;
}

static void
judge_local(struct mta *mta, const char *const *seen, size_t n_seen)
{
	const struct postfix_service *cleanup = mta_cleanup(mta);
	const char *list = postfix_get_in(mta->postfix, cleanup, "non_smtpd_milters");
	const char *print = fingerprint(mta, cleanup, list);
	struct postfix_milter *milters;
	size_t n, at;

	for (size_t i = 0; i < n_seen; i++)
		if (strcmp(seen[i], print) == 0)
			return;
	milters = postfix_milters(mta->doctor->arena, list, &n);
	if (mta_names_us(mta, cleanup, milters, n, &at))
		judge_one((struct asking){ .mta = mta, .where = "sendmail command",
		    .service = cleanup, .list = "non_smtpd_milters" }, milters, n, at);
}

/* Each set of settings once: most listeners share theirs. */
void
mta_milter_settings(struct mta *mta)
{
	struct mta_listener *listeners;
	const char **seen;
	size_t n, n_seen = 0, k;

	listeners = mta_listeners_read(mta, &n);
	seen = arena_array(mta->doctor->arena, n + 1, sizeof(*seen));
	for (size_t i = 0; i < n; i++) {
		const struct mta_listener *listener = &listeners[i];
		const char *print = fingerprint(mta, listener->service, postfix_get_in(
		    mta->postfix, listener->service, "smtpd_milters"));

		if (!mta_asks_us(listener))
			continue;
		judge_daemon_name(mta, listener);
		for (k = 0; k < n_seen && strcmp(seen[k], print) != 0; k++)
			;
		if (k < n_seen)
			continue;
		seen[n_seen++] = print;
		judge_one((struct asking){ .mta = mta, .where = listener->service->name,
		    .service = listener->service, .list = "smtpd_milters" },
		    listener->milters, listener->n, listener->ours);
	}
	judge_local(mta, seen, n_seen);
	judge_ignored(mta, listeners, n);
}
