/*
 * The doctor on Postfix: which ways into it ask us, and which do not.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "settings/settings.h"
#include "tool/doctor_mta.h"

#define SHOWN_MAX 200

const char *
mta_shown(const struct mta *mta, const char *value)
{
	return log_safe(mta->doctor->arena, slice_of(value), SHOWN_MAX);
}

/* ---- listeners ---- */

/* What stands behind the last ':' of a service's name. */
static const char *
port_of(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon == NULL ? name : colon + 1;
}

static bool
is_one_of(const char *text, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(text, *names) == 0)
			return true;
	return false;
}

static bool
is_loopback(const struct mta *mta, const struct postfix_service *service)
{
	static const char *const starts[] = { "127.", "localhost:", "[::1]:", "::1:" };
	const char *all = postfix_get(mta->postfix, "inet_interfaces");

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (slice_starts_nocase(slice_of(service->name), starts[i]))
			return true;
	if (strchr(service->name, ':') != NULL)
		return false;
	return strcmp(all, "loopback-only") == 0 || strcmp(all, "localhost") == 0 ||
	    strcmp(all, "127.0.0.1") == 0;
}

static bool
is_submission(const struct postfix_service *service)
{
	static const char *const ports[] = { "submission", "587", "smtps", "submissions",
	    "465", NULL };

	return is_one_of(port_of(service->name), ports);
}

static const char *
off_reason(const struct mta *mta, const struct postfix_service *service)
{
	if (postfix_has_word(postfix_get_in(mta->postfix, service,
	    "receive_override_options"), "no_milters"))
		return "receive_override_options has no_milters";
	if (*postfix_get_in(mta->postfix, service, "smtpd_proxy_filter") != '\0')
		return "smtpd_proxy_filter hands the text of each message to a proxy "
		    "instead of to milters";
	return NULL;
}

bool
mta_names_us(const struct mta *mta, const struct postfix_service *service,
    const struct postfix_milter *milters, size_t n, size_t *at_r)
{
	for (*at_r = 0; *at_r < n; ++*at_r)
		if (postfix_milter_is(mta->postfix, service, &milters[*at_r],
		    mta->doctor->settings->socket))
			return true;
	return false;
}

static void
read_listener(const struct mta *mta, const struct postfix_service *service,
    struct mta_listener *listener)
{
	const struct postfix *postfix = mta->postfix;
	const char *main_filter = postfix_get(postfix, "content_filter");

	listener->service = service;
	listener->milters = postfix_milters(mta->doctor->arena,
	    postfix_get_in(postfix, service, "smtpd_milters"), &listener->n);
	mta_names_us(mta, service, listener->milters, listener->n, &listener->ours);
	listener->off = off_reason(mta, service);
	listener->filter = postfix_get_in(postfix, service, "content_filter");
	listener->loopback = is_loopback(mta, service);
	listener->submission = is_submission(service);
	/* mail comes back where the filter is switched off for one listener alone, or
	 * from a filter that is named for others on a port of its own */
	listener->returns = postfix_overrides(service, "content_filter") &&
	    *listener->filter == '\0' && (*main_filter != '\0' || listener->loopback);
}

struct mta_listener *
mta_listeners_read(struct mta *mta, size_t *n_r)
{
	struct mta_listener *listeners = arena_array(mta->doctor->arena,
	    mta->postfix->n_services + 1, sizeof(*listeners));
	const struct postfix_service *service = NULL;

	*n_r = 0;
	while ((service = postfix_next(mta->postfix, service, "smtpd")) != NULL)
		read_listener(mta, service, &listeners[(*n_r)++]);
	return listeners;
}

bool
mta_asks_us(const struct mta_listener *listener)
{
	return listener->off == NULL && listener->ours < listener->n;
}

/* ---- judging them ---- */

static bool
any_asks_us(const struct mta_listener *listeners, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mta_asks_us(&listeners[i]))
			return true;
	return false;
}

static void
say_off(struct mta *mta, const struct mta_listener *listener)
{
	struct doctor_line *line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-listener",
	    listener->service->name, "smtpd_milters names mailworthy, but %s: what comes in "
	    "here is neither judged nor signed.", listener->off);

	doctor_fix(mta->doctor, line, "Take that out for \"%s\" in %s/master.cf or main.cf, "
	    "or name mailworthy where the message comes back from the filter.",
	    listener->service->name, mta->postfix->dir);
}

static void
say_not_asked(struct mta *mta, const struct mta_listener *listener, bool any)
{
	bool login = postfix_is_yes(postfix_get_in(mta->postfix, listener->service,
	    "smtpd_sasl_auth_enable"));
	const char *name = listener->service->name;
	struct doctor_line *line;

	if (listener->submission || !any) {
		line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-listener", name, "It does "
		    "not ask mailworthy: mail that %s here leaves unjudged and unsigned.",
		    listener->submission ? "users submit" : "comes in");
	} else if (login) {
		line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-listener", name,
		    "It does not ask mailworthy, and users may log in here: what they submit "
		    "leaves unjudged and unsigned.");
	} else if (listener->loopback) {
		line = doctor_say(mta->doctor, DOCTOR_ADVICE, "mta-listener", name,
		    "It does not ask mailworthy. Programs of this host that submit here send "
		    "unjudged and unsigned mail.");
	} else {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-listener", name, "does not ask "
		    "mailworthy, as fits where only mail from outside comes in");
		return;
	}
	mta_fix_list(mta, line, listener->service, "smtpd_milters");
}

static void
say_maps(struct mta *mta)
{
	const char *maps = postfix_get(mta->postfix, "smtpd_milter_maps");

	if (*maps == '\0')
		return;
	doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_ADVICE, "mta-listener",
	    "smtpd_milter_maps", "For clients that %s names, what stands there is asked "
	    "instead of smtpd_milters; with DISABLE nothing is.", mta_shown(mta, maps)),
	    "See that no client that sends for you stands in it without mailworthy.");
}

void
mta_listeners(struct mta *mta)
{
	struct mta_listener *listeners;
	size_t n;
	bool any;

	listeners = mta_listeners_read(mta, &n);
	any = any_asks_us(listeners, n);
	for (size_t i = 0; i < n; i++) {
		const struct mta_listener *listener = &listeners[i];

		if (listener->returns)
			continue;	/* judged with its content filter */
		if (listener->ours < listener->n && listener->off != NULL)
			say_off(mta, listener);
		else if (mta_asks_us(listener))
			doctor_say(mta->doctor, DOCTOR_OK, "mta-listener",
			    listener->service->name, "asks mailworthy");
		else if (*listener->filter == '\0' || !any)
			say_not_asked(mta, listener, any);
	}
	if (n == 0)
		doctor_say(mta->doctor, DOCTOR_UNKNOWN, "mta-listener", "",
		    "master.cf has no smtpd: mail comes in by the sendmail command alone.");
	say_maps(mta);
}

/* ---- mail without a client ---- */

static const struct postfix_service *
find_unix(const struct mta *mta, const char *name)
{
	for (size_t i = 0; i < mta->postfix->n_services; i++) {
		const struct postfix_service *service = &mta->postfix->services[i];

		if (strcmp(service->name, name) == 0 && strcmp(service->type, "inet") != 0)
			return service;
	}
	return NULL;
}

const struct postfix_service *
mta_cleanup(const struct mta *mta)
{
	const struct postfix_service *pickup = postfix_next(mta->postfix, NULL, "pickup");
	const char *name = postfix_get_in(mta->postfix, pickup, "cleanup_service_name");

	return find_unix(mta, *name == '\0' ? "cleanup" : name);
}

static void
say_bounces(struct mta *mta)
{
	struct doctor_line *line;

	if (postfix_has_word(postfix_get(mta->postfix, "internal_mail_filter_classes"),
	    "bounce")) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-bounces", "", "bounces of this host "
		    "are signed as well");
		return;
	}
	line = doctor_say(mta->doctor, DOCTOR_ADVICE, "mta-bounces", "", "Bounces that Postfix "
	    "writes itself do not reach mailworthy and leave unsigned: where your domain "
	    "has p=quarantine or p=reject and SPF does not pass for the HELO name, they are "
	    "lost.");
	doctor_fix(mta->doctor, line, "mailworthy never holds or refuses them, so this is safe "
	    "in %s/main.cf; then `postfix reload`:", mta->postfix->dir);
	doctor_paste(mta->doctor, line, "internal_mail_filter_classes = bounce");
}

static bool
is_local_off(const struct mta *mta)
{
	return postfix_has_word(postfix_get_in(mta->postfix, postfix_next(mta->postfix, NULL,
	    "pickup"), "receive_override_options"), "no_milters");
}

static bool
is_local_named(const struct mta *mta)
{
	const struct postfix_service *cleanup = mta_cleanup(mta);
	struct postfix_milter *milters;
	size_t n, at;

	milters = postfix_milters(mta->doctor->arena, postfix_get_in(mta->postfix, cleanup,
	    "non_smtpd_milters"), &n);
	return mta_names_us(mta, cleanup, milters, n, &at);
}

bool
mta_local_asks_us(const struct mta *mta)
{
	return is_local_named(mta) && !is_local_off(mta);
}

void
mta_local_mail(struct mta *mta)
{
	const struct postfix_service *cleanup = mta_cleanup(mta);
	const struct postfix_service *pickup = postfix_next(mta->postfix, NULL, "pickup");
	struct doctor_line *line;

	if (pickup == NULL) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-local", "", "nothing is taken from the "
		    "sendmail command (master.cf has no pickup)");
		return;
	}
	if (!mta_local_asks_us(mta) && mta_local_comes_back(mta)) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-local", "", "mail of the sendmail command "
		    "is judged and signed when it comes back from the content filter");
		return;
	}
	if (!is_local_named(mta)) {
		line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-local", "", "non_smtpd_milters "
		    "does not name mailworthy: what programs of this host hand to the "
		    "sendmail command (web pages, cron, PHP) leaves unjudged and unsigned.");
		mta_fix_list(mta, line, cleanup, "non_smtpd_milters");
		return;
	}
	if (is_local_off(mta)) {
		line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-local", pickup->name,
		    "non_smtpd_milters names mailworthy, but receive_override_options has "
		    "no_milters here: mail of the sendmail command leaves unjudged and "
		    "unsigned.");
		doctor_fix(mta->doctor, line, "Take no_milters out of \"pickup\" in "
		    "%s/master.cf, then `postfix reload`.", mta->postfix->dir);
		return;
	}
	doctor_say(mta->doctor, DOCTOR_OK, "mta-local", "", "mail of the sendmail command is "
	    "judged and signed");
	say_bounces(mta);
}
