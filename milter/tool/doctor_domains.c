/*
 * The doctor on the managed domains: SPF, DMARC, MX and what is told beside them.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "core/core.h"
#include "core/look.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/evidence.h"
#include "evidence/spf/spf.h"
#include "facts/message.h"
#include "settings/settings.h"
#include "tool/doctor.h"
#include "tool/doctor_looks.h"

enum { RECORD_MAX = 1000, MX_MAX = 10 };

static const char *
safe(const struct doctor *doctor, const char *text)
{
	return log_safe(doctor->arena, slice_of(text), RECORD_MAX);
}

/* ---- SPF ---- */

static void
propose(struct doctor *doctor, const char *domain, const struct evidence *evidence,
    struct spf_proposal *proposal_r)
{
	const struct egress_evidence *egress = &evidence->egress;
	struct ip *ips = arena_array(doctor->arena, egress->n, sizeof(*ips));
	struct spf_wish wish = {
		.domain = domain, .helo = egress->helo, .ips = ips,
		.include = egress->is_relay ? egress->relay_include : NULL,
	};

	for (size_t i = 0; i < egress->n; i++)
		ips[wish.n++] = egress->addresses[i].ip;
	spf_propose(doctor->arena, doctor->dns, doctor->settings->resolver.deadline,
	    &wish, proposal_r);
}

static void
list_costs(struct doctor *doctor, struct doctor_line *line,
    const struct spf_proposal *proposal)
{
	const char *costs = "";

	for (size_t i = 0; i < proposal->n_costs; i++)
		costs = arena_printf(doctor->arena, "%s%s%s (%u)", costs,
		    i > 0 ? ", " : "", proposal->costs[i].term,
		    proposal->costs[i].lookups);
	doctor_fix(doctor, line, "Bring the record down to %d lookups by leaving out "
	    "what no longer sends for the domain. Each term costs: %s.",
	    SPF_LOOKUPS_MAX, costs);
}

/* The whole record as it would pass, or what keeps it from that. */
static void
fix_by_proposal(struct doctor *doctor, struct doctor_line *line, const char *domain,
    const struct spf_proposal *proposal)
{
	if (proposal->record == NULL) {
		if (proposal->n_costs > 0)
			list_costs(doctor, line, proposal);
		return;
	}
	if (*proposal->changes == '\0')
		return;
	if (strcmp(line->id, "spf-none") == 0)
		doctor_fix(doctor, line, "Publish this, with what else sends for the domain:");
	else
		doctor_fix(doctor, line, "Publish this in place of what stands there (%s; "
		    "it takes %u of %d lookups):", proposal->changes, proposal->lookups,
		    SPF_LOOKUPS_MAX);
	line->paste = NULL;
	doctor_paste_txt(doctor, line, domain, proposal->record);
}

static void
say_spf_ok(struct doctor *doctor, const char *domain, const struct evidence *evidence)
{
	const struct spf_evidence *spf = &evidence->spf;
	const struct egress_evidence *egress = &evidence->egress;
	struct spf_proposal proposal;
	const char *addresses = "";
	struct doctor_line *line;

	if (spf->known != KNOWN_VALUE || !spf->all_pass)
		return;
	if (egress->is_relay) {
		doctor_say(doctor, DOCTOR_OK, "spf", domain, "SPF lets in the relay %s",
		    safe(doctor, egress->via));
		return;
	}
	for (size_t i = 0; i < egress->n; i++)
		addresses = arena_printf(doctor->arena, "%s%s%s", addresses,
		    i > 0 ? ", " : "", ip_text(doctor->arena, &egress->addresses[i].ip));
	propose(doctor, domain, evidence, &proposal);
	if (!proposal.breaks_for_others) {
		doctor_say(doctor, DOCTOR_OK, "spf", domain, "SPF passes for %s (the record "
		    "takes %u of %d lookups)", addresses, proposal.lookups,
		    SPF_LOOKUPS_MAX);
		return;
	}
	line = doctor_say(doctor, DOCTOR_WARNING, "spf", domain, "SPF passes for %s, which "
	    "the record names early; for others that it lets in receivers give up on "
	    "it (permerror).", addresses);
	fix_by_proposal(doctor, line, domain, &proposal);
}

/* The fix of a finding about SPF: the whole record, as it would pass. */
static void
propose_spf(struct doctor *doctor, struct doctor_line *line, const char *domain,
    const struct evidence *evidence)
{
	struct spf_proposal proposal;

	if (!evidence->egress.known)
		return;
	propose(doctor, domain, evidence, &proposal);
	fix_by_proposal(doctor, line, domain, &proposal);
}

/* ---- DMARC ---- */

static const char *
policy_name(enum dmarc_policy policy)
{
	switch (policy) {
	case DMARC_POLICY_NONE:
		return "none";
	case DMARC_POLICY_QUARANTINE:
		return "quarantine";
	case DMARC_POLICY_REJECT:
		return "reject";
	}
	return "";
}

/* The record with p=quarantine where it says none; NULL where it is not found. */
static const char *
with_quarantine(const struct doctor *doctor, const char *record)
{
	struct slice text = slice_of(record);
	size_t at = slice_find_nocase(text, "p=none");

	if (at == text.n || (at > 0 && record[at - 1] != ' ' && record[at - 1] != ';'))
		return NULL;
	return arena_printf(doctor->arena, "%.*sp=quarantine%s", (int)at, record,
	    record + at + strlen("p=none"));
}

static void
say_policy(struct doctor *doctor, const char *domain, const struct dmarc_evidence *dmarc)
{
	const struct dmarc_record *record = &dmarc->record;
	const char *changed = with_quarantine(doctor, record->text);
	struct doctor_line *line;

	if (dmarc->policy_as_published != DMARC_POLICY_NONE) {
		doctor_say(doctor, DOCTOR_OK, "dmarc-policy", domain, "DMARC policy %s, "
		    "from _dmarc.%s%s", policy_name(dmarc->policy_as_published),
		    safe(doctor, record->found_at),
		    record->testing ? ", one step milder while t=y stands there" : "");
		return;
	}
	line = doctor_say(doctor, DOCTOR_ADVICE, "dmarc-policy", domain, "The DMARC "
	    "policy at _dmarc.%s is none: forged mail in the name of the domain is "
	    "delivered.", safe(doctor, record->found_at));
	doctor_fix(doctor, line, "When the reports of some weeks show that all your own "
	    "mail passes, ask for quarantine:");
	if (changed != NULL && doctor_whole(doctor, changed) != NULL &&
	    strcmp(record->found_at, domain) == 0)
		doctor_paste_txt(doctor, line, arena_printf(doctor->arena, "_dmarc.%s",
		    domain), changed);
}

static void
say_alignment(struct doctor *doctor, const char *domain,
    const struct dmarc_evidence *dmarc)
{
	bool strict = dmarc->policy != DMARC_POLICY_NONE;
	struct doctor_line *line;

	if (!dmarc->spf_aligned_known || !dmarc->dkim_aligned_known) {
		if (!dmarc->spf_aligned_pass && !dmarc->dkim_aligned_pass)
			doctor_say(doctor, DOCTOR_UNKNOWN, "dmarc-alignment", domain,
			    "Whether mail of the domain passes DMARC could not be told.");
	} else if (dmarc->spf_aligned_pass && dmarc->dkim_aligned_pass) {
		doctor_say(doctor, DOCTOR_OK, "dmarc-alignment", domain, "mail passes "
		    "DMARC by SPF and by DKIM");
	} else if (!dmarc->spf_aligned_pass && !dmarc->dkim_aligned_pass) {
		line = doctor_say(doctor, strict ? DOCTOR_FAULT : DOCTOR_WARNING,
		    "dmarc-alignment", domain, "Neither SPF nor DKIM passes for mail of "
		    "the domain, so it fails DMARC, with policy %s.",
		    policy_name(dmarc->policy));
		doctor_fix(doctor, line, "Mend what is said of its key and of its SPF "
		    "record.");
	} else if (!dmarc->dkim_aligned_pass) {
		line = doctor_say(doctor, DOCTOR_WARNING, "dmarc-alignment", domain,
		    "Mail of the domain passes DMARC by SPF alone, which does not survive "
		    "forwarding; Microsoft wants both.");
		doctor_fix(doctor, line, "Mend what is said of its key, or make one: "
		    "mailworthy keygen %s", domain);
	} else {
		line = doctor_say(doctor, DOCTOR_WARNING, "dmarc-alignment", domain,
		    "Mail of the domain passes DMARC by DKIM alone; Microsoft wants both.");
		doctor_fix(doctor, line, "Mend what is said of its SPF record.");
	}
}

static void
say_dmarc(struct doctor *doctor, const char *domain, const struct dmarc_evidence *dmarc)
{
	if (dmarc->known != KNOWN_VALUE)
		return;		/* a check tells it */
	say_policy(doctor, domain, dmarc);
	say_alignment(doctor, domain, dmarc);
}

/* ---- mail to the domain ---- */

static const struct dns_answer *
ask(struct lookups *lookups, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = dns_get(lookups, name, type);

	while (answer->status == DNS_PENDING && lookups_wait(lookups))
		answer = dns_get(lookups, name, type);
	return answer;
}

/* Names without an address, with commas between; "" for none. */
static const char *
without_address(struct doctor *doctor, struct lookups *lookups,
    const struct dns_answer *mx)
{
	const char *names = "";

	for (size_t i = 0; i < mx->n && i < MX_MAX; i++) {
		const char *name = mx->rrs[i].name;
		const struct dns_answer *v4 = ask(lookups, name, DNS_A);
		const struct dns_answer *v6 = ask(lookups, name, DNS_AAAA);

		if ((v4->status == DNS_NODATA || v4->status == DNS_NXDOMAIN) &&
		    (v6->status == DNS_NODATA || v6->status == DNS_NXDOMAIN))
			names = arena_printf(doctor->arena, "%s%s%s", names,
			    *names != '\0' ? ", " : "", safe(doctor, name));
	}
	return names;
}

static void
say_mx(struct doctor *doctor, const char *domain, struct lookups *lookups)
{
	const struct dns_answer *mx = ask(lookups, domain, DNS_MX);
	struct doctor_line *line;
	const char *lost;

	if (mx->status == DNS_TEMPFAIL) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "mx", domain, "The MX records could not "
		    "be asked for: %s.", mx->error != NULL ? mx->error : "no answer");
		return;
	}
	if (mx->status != DNS_OK) {
		if (mx->status == DNS_NXDOMAIN)
			return;		/* author-domain-missing tells it */
		line = doctor_say(doctor, DOCTOR_WARNING, "mx", domain, "There is no MX "
		    "record: answers and bounces go to the address of the name itself, "
		    "if there is one.");
		doctor_fix(doctor, line, "Publish where mail to the domain is taken, as in");
		doctor_paste(doctor, line, "%s. IN MX 10 mail.%s.", doctor_place_of(doctor, line,
		    domain), domain);
		return;
	}
	if (mx->n == 1 && *mx->rrs[0].name == '\0')
		return;			/* null MX: author-domain-missing tells it */
	lost = without_address(doctor, lookups, mx);
	if (*lost == '\0') {
		doctor_say(doctor, DOCTOR_OK, "mx", domain, "%zu MX record%s, each with "
		    "an address", mx->n, mx->n == 1 ? "" : "s");
		return;
	}
	line = doctor_say(doctor, DOCTOR_WARNING, "mx", domain, "MX records name hosts "
	    "without an address: %s.", lost);
	doctor_fix(doctor, line, "Publish A or AAAA records for them, or take their MX "
	    "records out.");
}

/* The first TXT record of the name that begins so; NULL. */
static const char *
find_txt(struct doctor *doctor, const struct dns_answer *answer, const char *start)
{
	for (size_t i = 0; i < answer->n && answer->status == DNS_OK; i++) {
		if (slice_starts_nocase(answer->rrs[i].text, start))
			return log_safe(doctor->arena, answer->rrs[i].text, RECORD_MAX);
	}
	return NULL;
}

/* A record that is good to have: the line says it is there, or how it would be. */
static void
say_extra(struct doctor *doctor, const char *domain, struct lookups *lookups,
    const char *id, const char *prefix, const char *start, const char *there,
    const char *missing, const char *fix, const char *record)
{
	const char *name = arena_printf(doctor->arena, "%s.%s", prefix, domain);
	const struct dns_answer *answer = ask(lookups, name, DNS_TXT);
	const char *found = find_txt(doctor, answer, start);
	struct doctor_line *line;

	if (answer->status == DNS_TEMPFAIL) {
		doctor_say(doctor, DOCTOR_UNKNOWN, id, domain, "The TXT record of %s could "
		    "not be asked for: %s.", name, answer->error != NULL ?
		    answer->error : "no answer");
	} else if (found != NULL) {
		doctor_say(doctor, DOCTOR_OK, id, domain, "%s (%s)", there, found);
	} else {
		line = doctor_say(doctor, DOCTOR_ADVICE, id, domain, "%s", missing);
		doctor_fix(doctor, line, "%s", fix);
		doctor_paste_txt(doctor, line, name, record);
	}
}

static void
say_extras(struct doctor *doctor, const char *domain, struct lookups *lookups,
    const struct dmarc_evidence *dmarc)
{
	struct arena *arena = doctor->arena;

	if (dns_get(lookups, domain, DNS_MX)->status == DNS_NXDOMAIN)
		return;
	say_extra(doctor, domain, lookups, "tls-rpt", "_smtp._tls", "v=TLSRPTv1",
	    "reports about TLS are asked for",
	    "Nobody is asked to report when mail to the domain cannot be encrypted.",
	    "Publish where reports about TLS are to go (RFC 8460):",
	    arena_printf(arena, "v=TLSRPTv1; rua=mailto:postmaster@%s", domain));
	say_extra(doctor, domain, lookups, "mta-sts", "_mta-sts", "v=STSv1",
	    arena_printf(arena, "MTA-STS is announced; the policy at https://mta-sts.%s/"
		".well-known/mta-sts.txt was not looked at", domain),
	    "MTA-STS is not announced: mail to the domain can be read on the way by "
	    "whoever takes TLS out of the conversation.",
	    arena_printf(arena, "Put a policy at https://mta-sts.%s/.well-known/"
		"mta-sts.txt (RFC 8461: version, mode: testing, one mx: line for each MX "
		"host, max_age), then publish, with a new id at each change:", domain),
	    "v=STSv1; id=1");
	if (dmarc->known == KNOWN_VALUE && dmarc->policy != DMARC_POLICY_NONE)
		say_extra(doctor, domain, lookups, "bimi", "default._bimi", "v=BIMI1",
		    "a logo is published; neither it nor its certificate was looked at",
		    "DMARC is enforced, so Gmail, Yahoo and Apple could show your logo "
		    "beside the mail (BIMI); Gmail and Apple want a mark certificate "
		    "for it.",
		    "Put the logo (SVG Tiny PS) on a web server, and publish:",
		    arena_printf(arena, "v=BIMI1; l=https://www.%s/logo.svg; a=", domain));
}

/* ---- the section ---- */

static bool
is_of_domain(const struct doctor_hit *hit)
{
	return strncmp(hit->check->id, "egress-", 7) != 0 &&
	    strncmp(hit->check->id, "dkim-", 5) != 0;
}

static void
say_hits(struct doctor *doctor, const struct doctor_look *look)
{
	const struct evidence *evidence = look_input(look->look)->evidence;
	bool proposed = false;		/* one record mends all that is said of SPF */

	for (size_t i = 0; i < look->n_hits; i++) {
		struct doctor_line *line;

		if (!is_of_domain(&look->hits[i]))
			continue;
		line = doctor_say_hit(doctor, &look->hits[i], look->domain);
		if (strncmp(look->hits[i].check->id, "spf-", 4) != 0 ||
		    line->grade == DOCTOR_UNKNOWN || proposed)
			continue;
		propose_spf(doctor, line, look->domain, evidence);
		proposed = true;
	}
}

static void
look_at(struct doctor *doctor, const char *domain)
{
	const struct doctor_look *look;
	const struct evidence *evidence;
	struct lookups *lookups;

	doctor_progress(doctor, "asking DNS about %s", domain);
	look = doctor_look_at(doctor, domain);
	evidence = look_input(look->look)->evidence;
	lookups = lookups_new(doctor->dns, doctor->arena,
	    doctor->settings->resolver.deadline, DNS_QUERIES_MAX);
	dns_get(lookups, domain, DNS_MX);	/* on their way together */
	dns_get(lookups, arena_printf(doctor->arena, "_smtp._tls.%s", domain), DNS_TXT);
	dns_get(lookups, arena_printf(doctor->arena, "_mta-sts.%s", domain), DNS_TXT);
	say_hits(doctor, look);
	say_spf_ok(doctor, domain, evidence);
	say_dmarc(doctor, domain, &evidence->dmarc);
	say_mx(doctor, domain, lookups);
	say_extras(doctor, domain, lookups, &evidence->dmarc);
}

/* --domain may name one that nobody has set up yet. */
static void
say_unmanaged(struct doctor *doctor, const char *domain)
{
	struct doctor_line *line;

	if (keyring_find(snapshot_keyring(doctor->snapshot), domain, doctor->arena) != NULL ||
	    settings_find_domain(doctor->settings, domain) != NULL)
		return;
	line = doctor_say(doctor, DOCTOR_ADVICE, "domains", domain, "The domain is not "
	    "managed here: its mail is judged and leaves unsigned.");
	doctor_fix(doctor, line, "Make a key, publish its record, and put the lines it "
	    "prints into the configuration:");
	doctor_paste(doctor, line, "mailworthy keygen %s", domain);
}

void
doctor_domains(struct doctor *doctor)
{
	size_t n, i;
	const char *const *domains = doctor_domain_names(doctor, &n);
	struct doctor_line *line;

	for (i = 0; i < n; i++) {
		say_unmanaged(doctor, domains[i]);
		look_at(doctor, domains[i]);
	}
	if (n > 0)
		return;
	line = doctor_say(doctor, DOCTOR_WARNING, "domains", "",
	    "No domain is managed here: nothing is signed.");
	doctor_fix(doctor, line, "Make a key, publish its record, and put the lines it "
	    "prints into the configuration:");
	doctor_paste(doctor, line, "mailworthy keygen DOMAIN");
}
