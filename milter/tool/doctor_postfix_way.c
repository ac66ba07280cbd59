/*
 * The doctor on Postfix: the names, addresses and relays by which mail leaves.
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/egress.h"
#include "mail/domain.h"
#include "settings/settings.h"
#include "tool/doctor_mta.h"

#define SIZE_LIMIT 52428800	/* no large receiver takes more */

static void
fix_main(struct mta *mta, struct doctor_line *line)
{
	doctor_fix(mta->doctor, line, "In %s/main.cf, then `postfix reload`:",
	    mta->postfix->dir);
}

/* A name that the world can look up (RFC 5321 section 2.3.5). */
static bool
is_public_name(const char *name)
{
	static const char *const tops[] = { "local", "localhost", "localdomain", "internal",
	    "intranet", "lan", "home", "corp", "private", "home.arpa" };

	if (strchr(name, '.') == NULL)
		return false;
	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (domain_is_under(name, tops[i]))
			return false;
	return true;
}

/* "[mail.example.com]:587" without what is not the name. */
static const char *
host_of(struct mta *mta, const char *next_hop)
{
	struct slice name = slice_of(next_hop);

	if (name.n > 0 && *name.p == '[') {
		name = slice_sub(name, 1, name.n);
		name.n = slice_find(name, ']');
	} else {
		name.n = slice_find(name, ':');
	}
	return slice_dup_lower(mta->doctor->arena, name);
}

static bool
is_this_host(const char *host)
{
	struct ip ip;

	return strcmp(host, "localhost") == 0 ||
	    (ip_parse(slice_of(host), &ip) && ip_is_loopback(&ip));
}

/* ---- names ---- */

static const char *
lower(struct mta *mta, const char *text)
{
	return slice_dup_lower(mta->doctor->arena, slice_of(text));
}

static void
judge_names(struct mta *mta)
{
	const struct settings *settings = mta->doctor->settings;
	const char *name = lower(mta, postfix_get(mta->postfix, "myhostname"));
	const char *origin = lower(mta, postfix_get(mta->postfix, "myorigin"));
	struct doctor_line *line;

	if (!is_public_name(name)) {
		line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-names", "myhostname",
		    "\"%s\" is no name that the world can look up: receivers refuse it as HELO "
		    "name, and Message-IDs show it.", mta_shown(mta, name));
		doctor_fix(mta->doctor, line, "Set it to the name that the PTR record of the "
		    "egress address has, in %s/main.cf, for example:", mta->postfix->dir);
		doctor_paste(mta->doctor, line, "myhostname = mail.%s", settings->n_domains > 0 &&
		    *settings->domains[0].name != '*' ? settings->domains[0].name :
		    "example.com");
	}
	if (!is_public_name(origin))
		doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_WARNING, "mta-names",
		    "myorigin", "Mail of programs of this host comes from root@%s, which is no "
		    "domain of the world: it cannot be signed, and receivers refuse it.",
		    mta_shown(mta, origin)), "In %s/main.cf set myorigin to a domain of yours.",
		    mta->postfix->dir);
	else if (settings->n_domains > 0 && settings_find_domain(settings, origin) == NULL)
		doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_WARNING, "mta-names",
		    "myorigin", "Mail of programs of this host comes from root@%s, and no "
		    "domain section covers that: it leaves unsigned.", mta_shown(mta, origin)),
		    "In %s/main.cf set myorigin to a managed domain, or add domain \"%s\" to %s.",
		    mta->postfix->dir, mta_shown(mta, origin), settings->path);
	else
		doctor_say(mta->doctor, DOCTOR_OK, "mta-names", "", "%s; local mail comes from "
		    "%s", mta_shown(mta, name), mta_shown(mta, origin));
}

static const struct settings_egress *
default_egress(const struct mta *mta)
{
	const struct settings *settings = mta->doctor->settings;

	for (size_t i = 0; i < settings->n_egresses; i++)
		for (size_t k = 0; k < settings->egresses[i].domains.n; k++)
			if (strcmp(settings->egresses[i].domains.p[k], "*") == 0)
				return &settings->egresses[i];
	return &settings->egresses[0];
}

static void
judge_helo(struct mta *mta, const struct postfix_service *service)
{
	const struct settings *settings = mta->doctor->settings;
	const char *name = lower(mta, postfix_get_in(mta->postfix, service, "smtp_helo_name"));
	const char *where = service->name;
	struct doctor_line *line;

	if (*name == '\0')
		name = lower(mta, postfix_get(mta->postfix, "myhostname"));
	for (size_t i = 0; i < settings->n_egresses; i++) {
		const char *helo = settings->egresses[i].helo;

		if (strcmp(helo, "auto") == 0 || slice_is(slice_of(helo), name))
			return;		/* one of them is meant */
	}
	line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-helo", where, "It says HELO %s, but "
	    "%s says helo = \"%s\": HELO is judged under the wrong name.", mta_shown(mta, name),
	    settings->path, default_egress(mta)->helo);
	doctor_fix(mta->doctor, line, "In the egress section of %s:", settings->path);
	doctor_paste(mta->doctor, line, "helo = \"auto\"");
}

/* ---- addresses ---- */

static bool
is_listed(const struct mta *mta, const struct ip *ip)
{
	const struct settings *settings = mta->doctor->settings;
	const struct egress_facts *facts = mta->doctor->egress;

	for (size_t i = 0; i < settings->n_egresses; i++) {
		const struct settings_egress *egress = &settings->egresses[i];

		for (size_t k = 0; k < egress->n_addresses; k++)
			if (ip_eq(&egress->addresses[k], ip))
				return true;
		for (size_t k = 0; egress->kind == EGRESS_AUTO && k < facts->n; k++)
			if (ip_eq(&facts->ips[k], ip))
				return true;
	}
	return false;
}

void
mta_judge_address(struct mta *mta, const char *where, const char *value)
{
	struct doctor_line *line;
	struct ip ip;

	if (!ip_parse(slice_of(value), &ip) || ip_is_private(&ip) || is_listed(mta, &ip))
		return;
	line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-egress", where, "Mail leaves from "
	    "%s, which no egress section lists: SPF and PTR are judged for other addresses.",
	    mta_shown(mta, value));
	doctor_fix(mta->doctor, line, "In %s, beside the other addresses:",
	    mta->doctor->settings->path);
	doctor_paste(mta->doctor, line, "egress \"default\" { addresses = {\"%s\"} }",
	    mta_shown(mta, value));
}

static bool
has_family(const struct settings_egress *egress, unsigned char family)
{
	for (size_t i = 0; i < egress->n_addresses; i++)
		if (egress->addresses[i].family == family)
			return true;
	return false;
}

/* Mail to hosts that have IPv6 leaves by it where this host has it. */
static void
judge_ipv6(struct mta *mta)
{
	const struct settings_egress *egress = default_egress(mta);
	const struct egress_facts *facts = mta->doctor->egress;
	const char *protocols = postfix_get(mta->postfix, "inet_protocols");
	struct doctor_line *line;

	if (egress->kind != EGRESS_LIST || has_family(egress, 6) ||
	    (!postfix_has_word(protocols, "all") && !postfix_has_word(protocols, "ipv6")))
		return;
	for (size_t i = 0; i < facts->n; i++) {
		if (facts->ips[i].family != 6)
			continue;
		line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-egress", ip_text(
		    mta->doctor->arena, &facts->ips[i]), "This host has a public IPv6 address, "
		    "and inet_protocols lets mail leave by it, but egress \"%s\" lists IPv4 "
		    "only: Gmail and others refuse IPv6 without PTR and SPF.", egress->name);
		doctor_fix(mta->doctor, line, "Add the address to the egress section, the SPF "
		    "record and PTR; or, in %s/main.cf, then `postfix reload`:",
		    mta->postfix->dir);
		doctor_paste(mta->doctor, line, "inet_protocols = ipv4");
		return;
	}
}

/* ---- relays ---- */

static bool
is_known_relay(const struct mta *mta, const char *host)
{
	const struct settings *settings = mta->doctor->settings;

	for (size_t i = 0; i < settings->n_egresses; i++)
		if (settings->egresses[i].via != NULL &&
		    slice_is(slice_of(settings->egresses[i].via), host))
			return true;
	return false;
}

void
mta_judge_relay(struct mta *mta, const char *next_hop, const char *setting)
{
	const char *host = host_of(mta, next_hop);
	struct doctor_line *line;

	if (*host == '\0')
		return;
	if (is_this_host(host) || is_known_relay(mta, host)) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-relay", host, "%s %s", setting,
		    is_this_host(host) ? "is a program of this host; recipients are not judged, "
		    "for it may know addresses that DNS does not" :
		    "has its egress section");
		return;
	}
	line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-relay", host, "Mail leaves by this "
	    "relay (%s), but no egress section has it: SPF is judged for addresses of this "
	    "host, from which no receiver sees mail come, and recipients are not judged at all, "
	    "for a host that mailworthy does not know may know addresses that DNS does not.",
	    setting);
	doctor_fix(mta->doctor, line, "In %s:", mta->doctor->settings->path);
	doctor_paste(mta->doctor, line, "egress \"default\" { via = \"%s\" }",
	    mta_shown(mta, host));
}

static void
judge_relay(struct mta *mta)
{
	const struct settings_egress *egress = default_egress(mta);
	const char *relay = postfix_get(mta->postfix, "relayhost");
	bool by_sender = *postfix_get(mta->postfix, "sender_dependent_relayhost_maps") != '\0' ||
	    *postfix_get(mta->postfix, "sender_dependent_default_transport_maps") != '\0';
	struct doctor_line *line;

	mta_judge_relay(mta, relay, "relayhost");
	if (*relay == '\0' && egress->kind == EGRESS_RELAY && !by_sender &&
	    strchr(postfix_get(mta->postfix, "default_transport"), ':') == NULL) {
		line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-relay", egress->via,
		    "egress \"%s\" says that mail leaves by this relay, but relayhost is empty: "
		    "Postfix delivers by itself.", egress->name);
		doctor_fix(mta->doctor, line, "Take via out of the egress section, or, in "
		    "%s/main.cf, then `postfix reload`:", mta->postfix->dir);
		doctor_paste(mta->doctor, line, "relayhost = [%s]", egress->via);
	}
	if (by_sender)
		doctor_fix(mta->doctor, doctor_say(mta->doctor, DOCTOR_ADVICE, "mta-relay", "",
		    "Which relay mail leaves by depends on the sender."), "See that each such "
		    "domain stands in `domains` of an egress section of its own.");
}

/* ---- the rest ---- */

static void
judge_tls(struct mta *mta, const struct postfix_service *service)
{
	const char *level = postfix_get_in(mta->postfix, service, "smtp_tls_security_level");
	const char *host = host_of(mta, postfix_get(mta->postfix, "relayhost"));
	bool off = strcmp(level, "none") == 0 || (*level == '\0' &&
	    !postfix_is_yes(postfix_get_in(mta->postfix, service, "smtp_use_tls")) &&
	    !postfix_is_yes(postfix_get_in(mta->postfix, service, "smtp_enforce_tls")));
	bool discarded = postfix_has_word(postfix_get_in(mta->postfix, service,
	    "smtp_discard_ehlo_keywords"), "starttls");
	struct doctor_line *line;

	if (!off && !discarded) {
		doctor_say(mta->doctor, DOCTOR_OK, "mta-tls", service->name,
		    "mail leaves encrypted where the other host can (%s)",
		    *level == '\0' ? "smtp_use_tls" : mta_shown(mta, level));
		return;
	}
	if (is_this_host(host))
		return;
	line = doctor_say(mta->doctor, DOCTOR_FAULT, "mta-tls", service->name, "Mail leaves "
	    "without TLS: Gmail requires it of senders.");
	if (off)
		mta_fix_setting(mta, line, service, "smtp_tls_security_level", "may");
	if (discarded)
		doctor_fix(mta->doctor, line, "Take starttls out of smtp_discard_ehlo_keywords in "
		    "%s/%s, then `postfix reload`.%s%s", mta->postfix->dir, postfix_overrides(
		    service, "smtp_discard_ehlo_keywords") ? "master.cf" : "main.cf",
		    off ? " " : "", off ? line->fix : "");
}

static void
judge_size(struct mta *mta)
{
	unsigned long size;
	struct doctor_line *line;

	if (!slice_number(slice_of(postfix_get(mta->postfix, "message_size_limit")),
	    (unsigned long)-1, &size) || (size > 0 && size <= SIZE_LIMIT))
		return;
	line = doctor_say(mta->doctor, DOCTOR_ADVICE, "mta-size", "message_size_limit",
	    "It lets in messages that large receivers do not take (Gmail 25 MB, most others "
	    "less): users learn of it by a bounce.");
	fix_main(mta, line);
	doctor_paste(mta->doctor, line, "message_size_limit = %d", SIZE_LIMIT / 2);
}

static void
judge_soft_bounce(struct mta *mta)
{
	struct doctor_line *line;

	if (!postfix_is_yes(postfix_get(mta->postfix, "soft_bounce")))
		return;
	line = doctor_say(mta->doctor, DOCTOR_WARNING, "mta-soft-bounce", "", "soft_bounce turns "
	    "every refusal into a deferral, those of mailworthy too: users are told after "
	    "days, and refused addresses are tried again and again.");
	fix_main(mta, line);
	doctor_paste(mta->doctor, line, "soft_bounce = no");
}

/* The services that stand for a way of their own: "smtp", and those with values. */
static bool
is_of_its_own(const struct postfix_service *service)
{
	static const char *const names[] = { "smtp_helo_name", "smtp_bind_address",
	    "smtp_bind_address6", "smtp_tls_security_level", "smtp_use_tls" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (postfix_overrides(service, names[i]))
			return true;
	return strcmp(service->name, "smtp") == 0;
}

void
mta_way_out(struct mta *mta)
{
	const struct postfix_service *service = NULL;

	judge_names(mta);
	judge_relay(mta);
	while ((service = postfix_next(mta->postfix, service, "smtp")) != NULL) {
		if (!is_of_its_own(service))
			continue;
		judge_helo(mta, service);
		mta_judge_address(mta, service->name, postfix_get_in(mta->postfix, service,
		    "smtp_bind_address"));
		mta_judge_address(mta, service->name, postfix_get_in(mta->postfix, service,
		    "smtp_bind_address6"));
		judge_tls(mta, service);
	}
	judge_ipv6(mta);
	judge_size(mta);
	judge_soft_bounce(mta);
}
