/*
 * The doctor on blocklists: those of the configuration are asked about the
 * addresses mail leaves from and about the managed domains.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "core/look.h"
#include "dns/dns.h"
#include "evidence/blocklist.h"
#include "evidence/egress.h"
#include "evidence/evidence.h"
#include "settings/settings.h"
#include "tool/doctor.h"
#include "tool/doctor_looks.h"

enum { REMOTE_MAX = 300, QUERIES_MAX = 5000 };

/* One list being asked. */
struct asking {
	struct doctor *doctor;
	const struct settings_blocklist *settings;
	const struct blocklist *known;		/* or NULL */
	struct lookups *lookups;
	size_t clean;				/* found in none */
};

static const struct dns_answer *
ask(struct asking *asking, const char *name, enum dns_type type, bool again)
{
	const struct dns_answer *answer;

	do
		answer = again ? dns_get_again(asking->lookups, name, type) :
		    dns_get(asking->lookups, name, type);
	while (answer->status == DNS_PENDING && lookups_wait(asking->lookups));
	return answer;
}

static void
judge(struct asking *asking, const char *name, bool again, struct listing_answer *answer_r)
{
	blocklist_judge(asking->doctor->arena, asking->settings, asking->known,
	    ask(asking, name, DNS_A, again), answer_r);
}

/* Whether the list tells the truth of what everybody knows; else the line. */
static bool
is_trusted(struct asking *asking, unsigned of, const char *kind)
{
	struct doctor *doctor = asking->doctor;
	const char *zone = asking->settings->zone;
	struct listing_answer listed, clean;

	judge(asking, blocklist_control(doctor->arena, asking->settings, asking->known, of,
	    true), false, &listed);
	judge(asking, blocklist_control(doctor->arena, asking->settings, asking->known, of,
	    false), false, &clean);
	if (listed.listing == LISTING_LISTED && clean.listing == LISTING_CLEAN)
		return true;
	if (clean.listing == LISTING_LISTED)
		doctor_say(doctor, DOCTOR_UNKNOWN, "blocklist", zone, "The list answers for "
		    "%s that nobody lists, so its answers mean nothing.", kind);
	else if (listed.listing == LISTING_UNKNOWN || clean.listing == LISTING_UNKNOWN)
		doctor_say(doctor, DOCTOR_UNKNOWN, "blocklist", zone, "The list was not asked "
		    "about %s: %s%s%s%s.", kind, listed.listing == LISTING_UNKNOWN ?
		    listed.text : clean.text, listed.code != NULL ? " (" : "",
		    listed.code != NULL ? listed.code : "", listed.code != NULL ? ")" : "");
	else
		doctor_say(doctor, DOCTOR_UNKNOWN, "blocklist", zone, "The list does not know "
		    "its own test entry for %s: it lists none, is given up, or does not "
		    "answer this resolver.", kind);
	return false;
}

/* The list's own words for it. */
static const char *
reason(struct asking *asking, const char *name)
{
	const struct dns_answer *txt = ask(asking, name, DNS_TXT, false);

	if (txt->status != DNS_OK || txt->n == 0)
		return "";
	return arena_printf(asking->doctor->arena, " It says: %s",
	    log_safe(asking->doctor->arena, txt->rrs[0].text, REMOTE_MAX));
}

static void
say_listed(struct asking *asking, const char *subject, const char *name,
    const struct listing_answer *answer)
{
	struct doctor *doctor = asking->doctor;
	const char *page = asking->known != NULL ? asking->known->page : "";
	struct doctor_line *line;

	line = doctor_say(doctor, DOCTOR_FAULT, "blocklist-listed", subject, "%s lists it "
	    "(%s%s%s).%s", asking->settings->zone, answer->code, *answer->text != '\0' ?
	    ", " : "", answer->text, reason(asking, name));
	doctor_fix(doctor, line, "Find what was sent (a stolen password, a form that is "
	    "abused, a list nobody asked for) and end it first; then ask to be taken "
	    "off%s", *page != '\0' ? ":" : ".");
	if (*page != '\0')
		doctor_paste(doctor, line, "%s", page);
}

/* A listing counts when it is seen twice. */
static void
look_at(struct asking *asking, const char *subject, const char *name)
{
	struct listing_answer answer;

	judge(asking, name, false, &answer);
	if (answer.listing == LISTING_LISTED)
		judge(asking, name, true, &answer);
	switch (answer.listing) {
	case LISTING_CLEAN:
		asking->clean++;
		break;
	case LISTING_LISTED:
		say_listed(asking, subject, name, &answer);
		break;
	case LISTING_UNKNOWN:
		doctor_say(asking->doctor, DOCTOR_UNKNOWN, "blocklist", subject, "Whether %s "
		    "lists it could not be told: %s%s%s%s.", asking->settings->zone,
		    answer.text, answer.code != NULL ? " (" : "", answer.code != NULL ?
		    answer.code : "", answer.code != NULL ? ")" : "");
		break;
	}
}

/* ---- what is asked about ---- */

/* The addresses of all egress sections, each once. */
static struct ip *
all_addresses(struct doctor *doctor, size_t *n_r)
{
	const struct settings *settings = doctor->settings;
	size_t n = doctor->egress->n, most;
	struct ip *ips;

	for (size_t i = 0; i < settings->n_egresses; i++)
		n += settings->egresses[i].n_addresses;
	ips = arena_array(doctor->arena, n, sizeof(*ips));
	most = n;
	n = 0;
	for (size_t i = 0; i < settings->n_egresses; i++) {
		const struct settings_egress *egress = &settings->egresses[i];
		bool is_auto = egress->kind == EGRESS_AUTO;
		const struct ip *from = is_auto ? doctor->egress->ips : egress->addresses;
		size_t n_from = is_auto ? doctor->egress->n : egress->n_addresses;

		if (egress->kind == EGRESS_RELAY)
			continue;
		for (size_t j = 0; j < n_from && n < most; j++) {
			bool seen = ip_is_private(&from[j]);

			for (size_t k = 0; k < n && !seen; k++)
				seen = ip_eq(&ips[k], &from[j]);
			if (!seen)
				ips[n++] = from[j];
		}
	}
	*n_r = n;
	return ips;
}

static void
ask_about_ips(struct asking *asking, unsigned of, unsigned char family)
{
	struct doctor *doctor = asking->doctor;
	size_t n, of_family = 0;
	struct ip *ips = all_addresses(doctor, &n);

	for (size_t i = 0; i < n; i++)
		of_family += ips[i].family == family;
	if (of_family == 0 || !is_trusted(asking, of, family == 6 ? "IPv6 addresses" :
	    "IPv4 addresses"))
		return;
	for (size_t i = 0; i < n; i++) {
		if (ips[i].family == family)
			look_at(asking, ip_text(doctor->arena, &ips[i]),
			    blocklist_name_of_ip(doctor->arena, asking->settings, &ips[i]));
	}
}

static void
ask_about_domains(struct asking *asking)
{
	struct doctor *doctor = asking->doctor;
	const char *const *names;
	size_t n;

	names = doctor_domain_names(doctor, &n);
	if (n == 0 || !is_trusted(asking, BLOCKLIST_DOMAINS, "domains"))
		return;
	for (size_t i = 0; i < n; i++)
		look_at(asking, names[i], blocklist_name_of_domain(doctor->arena,
		    asking->settings, names[i]));
}

static void
ask_list(struct doctor *doctor, const struct settings_blocklist *settings)
{
	struct asking asking = {
		.doctor = doctor, .settings = settings,
		.known = lists_blocklist(doctor->settings->lists, settings->zone),
		.lookups = lookups_new(doctor->dns, doctor->arena,
		    doctor->settings->resolver.deadline, QUERIES_MAX),
	};
	unsigned of = blocklist_of(settings, asking.known);

	doctor_progress(doctor, "asking the blocklist %s", settings->zone);
	if (of & BLOCKLIST_IPV4)
		ask_about_ips(&asking, BLOCKLIST_IPV4, 4);
	if (of & BLOCKLIST_IPV6)
		ask_about_ips(&asking, BLOCKLIST_IPV6, 6);
	if (of & BLOCKLIST_DOMAINS)
		ask_about_domains(&asking);
	if (asking.clean > 0)
		doctor_say(doctor, DOCTOR_OK, "blocklist", settings->zone, "knows its test "
		    "entries, and does not list %zu %s of yours", asking.clean,
		    (of & BLOCKLIST_DOMAINS) == 0 ? asking.clean == 1 ? "address" :
		    "addresses" : asking.clean == 1 ? "domain" : "domains");
}

void
doctor_blocklists(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->settings->n_blocklists; i++)
		ask_list(doctor, &doctor->settings->blocklists[i]);
}
