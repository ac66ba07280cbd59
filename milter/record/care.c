/*
 * What of a daemon's standing somebody should look at.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "record/status.h"
#include "verdict/verdict.h"

enum {
	CARE_MAX = 16,			/* kinds of care below */
	RESTART_SECONDS = 3600,		/* a restart is news for so long */
	DNS_LEAST = 4,			/* questions that tell something */
	FDS_PERCENT = 80,
	NAMES_SHOWN = 3,
};

static void
add(struct status *status, bool is_error, const char *text, const char *fix)
{
	if (status->n_care < CARE_MAX)
		status->care[status->n_care++] = (struct status_care){ is_error, text, fix };
}

/* "a.example, b.example and 4 more". */
static const char *
names_of_unsignable(const struct status *status, struct arena *arena)
{
	const char *names = "";
	size_t shown = 0, i;

	for (i = 0; i < status->n_domains && shown < NAMES_SHOWN; i++) {
		const struct status_domain *domain = &status->domains[i];

		if (domain->mode != MODE_ENFORCE || domain->usable == RING_USABLE ||
		    domain->is_pattern)
			continue;
		names = arena_printf(arena, "%s%s%s", names, shown > 0 ? ", " : "",
		    domain->name);
		shown++;
	}
	if (status->domains_cannot_sign > shown)
		names = arena_printf(arena, "%s and %zu more", names,
		    status->domains_cannot_sign - shown);
	return names;
}

static void
judge_signing(struct status *status, struct arena *arena)
{
	if (status->domains_cannot_sign == 0)
		return;
	add(status, true, arena_printf(arena, "no usable key for %s: mail of %s is stopped",
	    names_of_unsignable(status, arena),
	    status->domains_cannot_sign == 1 ? "this domain" : "these domains"),
	    "Publish the DNS record of a key in the configuration, or give the domain a key "
	    "(mailworthy keygen).");
}

static void
judge_dns(struct status *status, struct arena *arena)
{
	const struct status_dns *dns = &status->dns;

	if (dns->recent < DNS_LEAST || dns->recent_failures * 2 <= dns->recent)
		return;
	add(status, true, arena_printf(arena, "DNS: %" PRIu64 " of the last %" PRIu64
	    " questions had no clear answer", dns->recent_failures, dns->recent),
	    "Look at the servers of /etc/resolv.conf, or of section resolver.");
}

static void
judge_configuration(struct status *status, struct arena *arena)
{
	if (status->reload_error != NULL)
		add(status, false, arena_printf(arena, "the last reload was refused and an "
		    "older configuration is in force: %s", status->reload_error),
		    "Mend the file (mailworthyd -n checks it) and reload.");
	if (status->kill_switch != -1)
		add(status, false, arena_printf(arena, "mode %s is in force for everything, "
		    "whatever the configuration says",
		    mode_name((enum mode)status->kill_switch)),
		    "`mailworthy mode file` goes back to the configuration.");
}

static void
judge_process(struct status *status, struct arena *arena)
{
	if (status->restarts > 0 && status->now - status->worker_started < RESTART_SECONDS)
		add(status, false, arena_printf(arena, "the worker ended unasked and was "
		    "started again (%u since the daemon was started)", status->restarts),
		    "The daemon's log says how it ended.");
	if (status->fds_max > 0 && status->fds * 100 > status->fds_max * FDS_PERCENT)
		add(status, false, arena_printf(arena, "%" PRIu64 " of %" PRIu64 " file "
		    "descriptors are in use", status->fds, status->fds_max),
		    "Raise LimitNOFILE, or let the MTA open fewer connections.");
}

void
status_judge(struct status *status, struct arena *arena)
{
	status->care = arena_array(arena, CARE_MAX, sizeof(*status->care));
	status->n_care = 0;
	judge_signing(status, arena);
	judge_dns(status, arena);
	judge_configuration(status, arena);
	judge_process(status, arena);
	if (status->warnings_total > 0)
		add(status, false, arena_printf(arena, "%zu %s about host and domains %s",
		    status->warnings_total,
		    status->warnings_total == 1 ? "warning" : "warnings",
		    status->warnings_total == 1 ? "stands" : "stand"), NULL);
}

bool
status_has_error(const struct status *status)
{
	for (size_t i = 0; i < status->n_care; i++)
		if (status->care[i].is_error)
			return true;
	return false;
}
