/*
 * The doctor on the resolver: answers, how fast, and whether it tells the truth.
 */
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "dns/dns.h"
#include "dns/servers.h"
#include "settings/settings.h"
#include "tool/doctor.h"
#include "tool/doctor_looks.h"

enum { SLOW_US = 500 * 1000 };

static const struct dns_answer *
ask(struct lookups *lookups, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = dns_get_again(lookups, name, type);

	while (answer->status == DNS_PENDING && lookups_wait(lookups))
		answer = dns_get_again(lookups, name, type);
	return answer;
}

static struct lookups *
new_lookups(const struct doctor *doctor)
{
	return lookups_new(doctor->dns, doctor->arena, doctor->settings->resolver.deadline,
	    DNS_QUERIES_MAX);
}

/* "192.0.2.53@53, ..." */
static const char *
servers(const struct doctor *doctor)
{
	struct dns_servers chosen;
	const char *error, *text = "";

	if (doctor->options->zone != NULL)
		return doctor->options->zone;
	if (dns_servers_choose(&doctor->settings->resolver, doctor->arena, &chosen,
	    &error) != 0)
		return "no server";
	for (size_t i = 0; i < chosen.n; i++)
		text = arena_printf(doctor->arena, "%s%s%s", text, i > 0 ? ", " : "",
		    chosen.at[i]);
	return text;
}

/* A name that DNS surely can tell something of. */
static const char *
known_name(struct doctor *doctor)
{
	const char *const *names;
	size_t n;

	names = doctor_domain_names(doctor, &n);
	return n > 0 ? names[0] : "org";
}

/* False when there is no use in asking more. */
static bool
say_answers(struct doctor *doctor)
{
	const char *name = known_name(doctor), *at = servers(doctor);
	int64_t start_us = clock_mono_us(&clock_system), took_us;
	const struct dns_answer *answer = ask(new_lookups(doctor), name, DNS_SOA);
	struct doctor_line *line;

	took_us = clock_mono_us(&clock_system) - start_us;
	if (answer->status == DNS_TEMPFAIL) {
		line = doctor_say(doctor, DOCTOR_FAULT, "resolver", at, "DNS gave no answer to a "
		    "question about %s: %s. Without DNS nothing can be judged, and new keys "
		    "do not come into use.", name, answer->error != NULL ?
		    answer->error : "no reason given");
		doctor_fix(doctor, line, "See whether the servers run and whether a firewall "
		    "keeps port 53 (UDP and TCP) from this host; others can be named as "
		    "servers in the resolver section of %s.", doctor->settings->path);
		return false;
	}
	if (took_us > SLOW_US) {
		line = doctor_say(doctor, DOCTOR_WARNING, "resolver", at, "DNS took %ld ms for one "
		    "answer. Every message waits for what is not known yet.",
		    (long)(took_us / 1000));
		doctor_fix(doctor, line, "Run a resolver on this host (apt-get install unbound) "
		    "and name it:");
		doctor_paste(doctor, line, "resolver { servers = {\"127.0.0.1\"} }");
	} else {
		doctor_say(doctor, DOCTOR_OK, "resolver", at, "answers, the last one in %ld ms",
		    (long)(took_us / 1000));
	}
	return true;
}

/* A resolver that sells advertisements invents addresses for names that do not
 * exist; .invalid never does (RFC 6761 section 6.4). */
static void
say_invents(struct doctor *doctor)
{
	const char *name = arena_printf(doctor->arena, "mailworthy-%ld-%ld.invalid",
	    (long)doctor->report->now, (long)getpid());
	const struct dns_answer *answer = ask(new_lookups(doctor), name, DNS_A);
	struct doctor_line *line;

	if (answer->status == DNS_OK && answer->n > 0) {
		line = doctor_say(doctor, DOCTOR_FAULT, "resolver-invents", servers(doctor),
		    "DNS gives the address %s for a name that does not exist. Misspelt domains, "
		    "missing records and blocklists cannot be told so.",
		    ip_text(doctor->arena, &answer->rrs[0].ip));
		doctor_fix(doctor, line, "Use another resolver; one of your own is best:");
		doctor_paste(doctor, line, "resolver { servers = {\"127.0.0.1\"} }");
	} else if (answer->status == DNS_TEMPFAIL) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "resolver-invents", servers(doctor),
		    "DNS gave no answer about a name that does not exist.");
	} else {
		doctor_say(doctor, DOCTOR_OK, "resolver-invents", servers(doctor),
		    "says so when a name does not exist");
	}
}

/* dnssec-failed.org is signed wrongly on purpose, by Comcast. */
static void
say_validates(struct doctor *doctor)
{
	struct lookups *lookups = new_lookups(doctor);
	const struct dns_answer *answer = ask(lookups, "dnssec-failed.org", DNS_A);
	struct doctor_line *line;

	if (answer->status == DNS_TEMPFAIL && !answer->over_budget) {
		doctor_say(doctor, DOCTOR_OK, "resolver-dnssec", servers(doctor),
		    "validates DNSSEC: it does not answer for a domain that is signed wrongly "
		    "on purpose");
	} else if (answer->status == DNS_OK) {
		line = doctor_say(doctor, DOCTOR_ADVICE, "resolver-dnssec", servers(doctor),
		    "The resolver does not validate DNSSEC: it answers for a domain that is "
		    "signed wrongly on purpose.");
		doctor_fix(doctor, line, "Switch validation on, or run a resolver that "
		    "validates (unbound does as it is installed).");
	}
}

void
doctor_resolver(struct doctor *doctor)
{
	doctor_progress(doctor, "asking DNS servers about themselves");
	if (!say_answers(doctor))
		return;
	say_invents(doctor);
	say_validates(doctor);
}
