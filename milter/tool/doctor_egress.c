/*
 * The doctor on the addresses that mail leaves from.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "core/look.h"
#include "dns/dns.h"
#include "evidence/egress.h"
#include "evidence/evidence.h"
#include "evidence/spf/spf.h"
#include "mail/domain.h"
#include "settings/settings.h"
#include "tool/doctor.h"
#include "tool/doctor_looks.h"

enum { REMOTE_MAX = 300 };

static const char *
safe(const struct doctor *doctor, const char *text)
{
	return text != NULL ? log_safe(doctor->arena, slice_of(text), REMOTE_MAX) : "";
}

/* A domain whose mail leaves through the section: a managed one, else what its
 * patterns let in. */
static const char *
domain_through(struct doctor *doctor, const struct settings_egress *egress)
{
	const char *host = doctor_host_name(doctor);
	const char *const *names;
	size_t n;

	names = doctor_domain_names(doctor, &n);
	for (size_t i = 0; i < n; i++) {
		if (settings_find_egress(doctor->settings, names[i]) == egress)
			return names[i];
	}
	for (size_t i = 0; i < egress->domains.n; i++) {
		const char *pattern = egress->domains.p[i];

		if (strcmp(pattern, "*") == 0 && host != NULL && domain_is_fqdn(host) &&
		    settings_find_egress(doctor->settings, host) == egress)
			return host;
		if (pattern[0] != '*')
			return pattern;
		if (pattern[1] == '.')
			return arena_printf(doctor->arena, "mail%s", pattern + 1);
	}
	return NULL;
}

static bool
is_well(const struct egress_address *address)
{
	return address->ptr_known == KNOWN_VALUE && address->ptr_forward &&
	    (address->helo_known == KNOWN_NO || address->helo_forward);
}

static void
say_address(struct doctor *doctor, const struct egress_evidence *egress,
    const struct egress_address *address)
{
	const char *text = ip_text(doctor->arena, &address->ip);

	if (!is_well(address))
		return;		/* the checks tell it */
	doctor_say(doctor, DOCTOR_OK, "egress", text, "its name %s leads back to it%s%s",
	    safe(doctor, address->ptr_name), address->helo_forward ?
	    ", and so does the HELO name " : "", address->helo_forward ?
	    safe(doctor, egress->helo) : "");
}

static void
say_private(struct doctor *doctor, const struct settings_egress *settings)
{
	struct doctor_line *line;

	for (size_t i = 0; i < settings->n_addresses; i++) {
		if (settings->kind != EGRESS_LIST || !ip_is_private(&settings->addresses[i]))
			continue;
		line = doctor_say(doctor, DOCTOR_WARNING, "egress-private",
		    ip_text(doctor->arena, &settings->addresses[i]), "The address is private: "
		    "no receiver sees mail come from it, and it was not judged.");
		doctor_fix(doctor, line, "Name in %s, egress \"%s\", the public address that "
		    "stands for it.", doctor->settings->path, settings->name);
	}
	if (settings->kind != EGRESS_AUTO || doctor->egress->n > 0)
		return;
	line = doctor_say(doctor, DOCTOR_WARNING, "egress-private", settings->name, "This "
	    "host has no public address of its own: it stands behind one (NAT) that "
	    "cannot be told from here.");
	doctor_fix(doctor, line, "Write the address that receivers see into %s:",
	    doctor->settings->path);
	doctor_paste(doctor, line, "egress \"%s\" { addresses = {\"ADDRESS\"} }",
	    settings->name);
}

/* Mail with the null sender is judged by the SPF of the HELO name. */
static void
say_helo_spf(struct doctor *doctor, const struct egress_evidence *egress)
{
	const char *helo = egress->helo;
	struct spf_wish wish = { .domain = helo, .helo = helo };
	struct spf_proposal proposal;
	struct doctor_line *line;
	struct ip ips[64];

	if (helo == NULL || !domain_is_fqdn(helo) || egress->n == 0)
		return;
	wish.ips = ips;
	for (size_t i = 0; i < egress->n && wish.n < 64; i++)
		ips[wish.n++] = egress->addresses[i].ip;
	spf_propose(doctor->arena, doctor->dns, doctor->settings->resolver.deadline,
	    &wish, &proposal);
	if (proposal.record != NULL && *proposal.changes == '\0') {
		doctor_say(doctor, DOCTOR_OK, "helo-spf", helo, "SPF of the HELO name "
		    "passes, by which bounces are judged");
	} else if (proposal.record != NULL) {
		line = doctor_say(doctor, DOCTOR_ADVICE, "helo-spf", helo, "Bounces are judged "
		    "by SPF of the HELO name, which does not pass for every address (%s).",
		    proposal.changes);
		doctor_fix(doctor, line, "Publish at the HELO name:");
		doctor_paste_txt(doctor, line, helo, proposal.record);
	}
}

static void
look_at(struct doctor *doctor, const struct settings_egress *settings)
{
	const char *domain = domain_through(doctor, settings);
	const struct doctor_look *look;
	const struct egress_evidence *egress;

	if (domain == NULL) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "egress", settings->name,
		    "No domain is known whose mail leaves by egress \"%s\".", settings->name);
		return;
	}
	doctor_progress(doctor, "asking DNS about the addresses of egress %s",
	    settings->name);
	look = doctor_look_at(doctor, domain);
	egress = &look_input(look->look)->evidence->egress;
	if (egress->is_relay) {
		doctor_say(doctor, DOCTOR_OK, "egress", settings->name, "mail leaves by the "
		    "relay %s, whose names and addresses are its own affair",
		    safe(doctor, egress->via));
		return;
	}
	say_private(doctor, settings);
	for (size_t i = 0; i < look->n_hits; i++) {
		if (strncmp(look->hits[i].check->id, "egress-", 7) == 0)
			doctor_say_hit(doctor, &look->hits[i], settings->name);
	}
	for (size_t i = 0; i < egress->n; i++)
		say_address(doctor, egress, &egress->addresses[i]);
	say_helo_spf(doctor, egress);
}

void
doctor_egress(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->settings->n_egresses; i++)
		look_at(doctor, &doctor->settings->egresses[i]);
}
