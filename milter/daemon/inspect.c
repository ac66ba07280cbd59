/*
 * What the daemon tells without serving: the effective settings, the versions.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "core/core.h"
#include "core/health.h"
#include "core/modefile.h"
#include "core/notice.h"
#include "core/versions.h"
#include "daemon/daemon.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "proto/proto.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "verdict/verdict.h"

enum { UNANSWERED_SHOWN = 5 };

static void
say(void *ctx, const char *domain, const char *id, const char *text, const char *fix)
{
	unsigned *n = ctx;

	if (text == NULL)
		return;
	(*n)++;
	fprintf(stderr, "%s: %s: %s\n", domain, id, text);
	if (fix != NULL)
		fprintf(stderr, "    Fix: %s\n", fix);
}

static atomic_int late;		/* set by the alarm */

static void
be_late(int number __attribute__((unused)))
{
	atomic_store(&late, 1);
}

/* ---- what could not be asked ---- */

struct unanswered {
	struct arena *arena;
	struct map *met;
	const char *names;		/* the first ones */
	unsigned n;
};

static void
add_unanswered(struct unanswered *un, const char *name)
{
	if (map_get(un->met, name) != NULL)
		return;
	map_set(un->met, name, un);
	if (un->n++ < UNANSWERED_SHOWN)
		un->names = arena_printf(un->arena, "%s%s%s", un->names,
		    un->n > 1 ? ", " : "", name);
}

static void
look_for_unanswered(void *ctx, const char *domain, const struct evidence *evidence)
{
	struct unanswered *un = ctx;
	const struct egress_evidence *egress = &evidence->egress;

	if (evidence->spf.known == KNOWN_TEMPERROR || (evidence->spf.known == KNOWN_VALUE &&
	    evidence->spf.worst == SPF_TEMPERROR))
		add_unanswered(un, arena_printf(un->arena, "SPF of %s", domain));
	if (evidence->dmarc.known == KNOWN_TEMPERROR)
		add_unanswered(un, arena_printf(un->arena, "_dmarc.%s", domain));
	for (size_t i = 0; i < egress->n; i++)
		if (egress->addresses[i].ptr_known == KNOWN_TEMPERROR)
			add_unanswered(un, arena_printf(un->arena, "PTR of %s",
			    ip_text(un->arena, &egress->addresses[i].ip)));
}

/* Silence would read as "all is well". */
static void
say_unanswered(struct unanswered *un, const struct keyring *ring,
    struct sightings *sightings)
{
	struct sighting seen;

	for (size_t i = 0; i < keyring_count(ring); i++) {
		const struct ring_key *key = keyring_at(ring, i);

		if (!sightings_get(sightings, key, &seen) || seen.state == KEY_DNS_UNKNOWN)
			add_unanswered(un, key->dns_name);
	}
	if (un->n > 0)
		fprintf(stderr, "DNS gave no answer, so nothing is said of: %s%s\n", un->names,
		    un->n > UNANSWERED_SHOWN ? arena_printf(un->arena, " and %u more",
		    un->n - UNANSWERED_SHOWN) : "");
}

/* What DNS says of keys, domains and egress addresses: warnings only. */
static void
look_at_dns(struct snapshot *snapshot, struct arena *arena)
{
	const struct settings *settings = snapshot_settings(snapshot);
	struct core_options parts = { .clock = &clock_system };
	struct egress_facts *egress = egress_facts_new();
	struct sightings *sightings = sightings_open(NULL);
	struct health *health = health_new();
	const char *error = "";
	struct unanswered un = { .arena = arena, .met = map_new(arena), .names = "" };
	struct core *core;
	unsigned n = 0;

	parts.dns = dns_new(&settings->resolver, &clock_system, arena, &error);
	parts.egress = egress;
	parts.sightings = sightings;
	core = parts.dns != NULL ? core_new(&parts, &error) : NULL;
	if (core == NULL) {
		fprintf(stderr, "DNS was not asked: %s\n", error);
	} else {
		health_on_evidence(health, look_for_unanswered, &un);
		signal(SIGALRM, be_late);
		alarm(DAEMON_INSPECT_SECONDS);
		health_round(health, core, snapshot, say, &n, &late);
		alarm(0);
		if (atomic_load(&late) == 0)
			say_unanswered(&un, snapshot_keyring(snapshot), sightings);
		core_free(&core);
	}
	if (atomic_load(&late) != 0)
		fprintf(stderr, "DNS was not asked for the rest: it took longer than %d s\n",
		    DAEMON_INSPECT_SECONDS);
	if (n > 0)
		fprintf(stderr, "%u finding%s about DNS; the configuration itself is fine\n", n,
		    n == 1 ? "" : "s");
	if (parts.dns != NULL)
		dns_free(&parts.dns);
	health_free(&health);
	sightings_close(&sightings);
	egress_facts_free(&egress);
}

/* Keys that are the service's alone. */
static void
say_unseen(const struct settings *settings, struct files *files)
{
	for (size_t i = 0; i < settings->n_domains; i++) {
		const struct settings_domain *domain = &settings->domains[i];

		for (size_t k = 0; k < domain->n_keys; k++)
			if (files_get(files, domain->keys[k].file)->error == ENOKEY)
				fprintf(stderr, "%s: key %s: %s was not looked at: only the "
				    "service has it (LoadCredential= in its unit)\n",
				    domain->name, domain->keys[k].selector,
				    domain->keys[k].file);
	}
}

/* What a start on this host would be refused for, though the file is well. */
static int
look_at_host(const struct settings *settings, const char *given, struct arena *arena)
{
	struct privileges privileges;
	const char *error = "", *socket = listen_socket(settings, given, arena, &error);
	gid_t gid;

	if (socket != NULL && privileges_find(settings, &privileges, arena, &error) == 0 &&
	    (strncmp(socket, "unix:", 5) != 0 ||
	    listen_group(settings, &gid, arena, &error) == 0))
		return 0;
	fprintf(stderr, "%s\n", error);
	return 1;
}

static void
say_mode(const struct settings *settings)
{
	int mode = modefile_read(settings->state_dir);

	if (mode == MODEFILE_UNSEEN)
		fprintf(stderr, "mode %s, as the configuration says; " MODEFILE_UNSEEN_TEXT "\n",
		    mode_name(settings->mode));
	else if (mode != -1)
		fprintf(stderr, "mode %s is in force for everything (mailworthy mode); "
		    "`mailworthy mode file` ends that\n", mode_name((enum mode)mode));
}

/* What a postmaster should know of a file that is well. */
static void
say_notes(const struct settings *settings, struct arena *arena)
{
	const char *problem = notice_problem(settings, clock_now(&clock_system), arena);

	say_mode(settings);
	if (!settings->sandbox)
		fputs("The daemon will run without its sandbox (sandbox = no).\n", stderr);
	if (*settings->remarks != '\0')
		fprintf(stderr, "Imported, and not as it was:\n%s\n", settings->remarks);
	if (settings->n_domains == 0)
		fputs("No domain is managed here: nothing will be signed. "
		    "`mailworthy keygen DOMAIN` tells what to do.\n", stderr);
	if (problem != NULL)
		fprintf(stderr, "%s; " NOTICE_MEND ".\n", problem);
}

int
daemon_check(const struct daemon_options *options)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *error = "";
	struct snapshot *snapshot = snapshot_load_outside(files, options->config, arena, &error);
	int status = 1;

	if (snapshot == NULL) {
		fprintf(stderr, "%s\n", error);
	} else {
		const struct settings *settings = snapshot_settings(snapshot);

		settings_dump(settings, stdout);
		fflush(stdout);
		say_unseen(settings, files);
		say_notes(settings, arena);
		status = look_at_host(settings, options->socket, arena);
		if (status == 0)
			look_at_dns(snapshot, arena);
		snapshot_unref(&snapshot);
	}
	files_free(&files);
	arena_free(&arena);
	return status;
}

void
daemon_print_versions(void)
{
	char text[32];

	versions_print(stdout);
	printf("libmilter %s\n", proto_version(text, sizeof(text)));
}
