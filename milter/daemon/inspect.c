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
	struct core *core;
	unsigned n = 0;

	parts.dns = dns_new(&settings->resolver, &clock_system, arena, &error);
	parts.egress = egress;
	parts.sightings = sightings;
	core = parts.dns != NULL ? core_new(&parts, &error) : NULL;
	if (core == NULL) {
		fprintf(stderr, "DNS was not asked: %s\n", error);
	} else {
		signal(SIGALRM, be_late);
		alarm(DAEMON_INSPECT_SECONDS);
		health_round(health, core, snapshot, say, &n, &late);
		alarm(0);
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

int
daemon_check(const struct daemon_options *options)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *error = "";
	struct snapshot *snapshot = snapshot_load_outside(files, options->config, arena, &error);
	const char *problem;
	int mode;

	if (snapshot == NULL) {
		fprintf(stderr, "%s\n", error);
		files_free(&files);
		arena_free(&arena);
		return 1;
	}
	settings_dump(snapshot_settings(snapshot), stdout);
	fflush(stdout);
	say_unseen(snapshot_settings(snapshot), files);
	files_free(&files);
	mode = modefile_read(snapshot_settings(snapshot)->state_dir);
	if (mode != -1)
		fprintf(stderr, "mode %s is in force for everything (mailworthy mode); "
		    "`mailworthy mode file` ends that\n",
		    mode == MODE_AUDIT ? "audit" : "enforce");
	if (!snapshot_settings(snapshot)->sandbox)
		fputs("The daemon will run without its sandbox (sandbox = no).\n", stderr);
	if (*snapshot_settings(snapshot)->remarks != '\0')
		fprintf(stderr, "Imported, and not as it was:\n%s\n",
		    snapshot_settings(snapshot)->remarks);
	if (snapshot_settings(snapshot)->n_domains == 0)
		fputs("No domain is managed here: nothing will be signed. "
		    "`mailworthy keygen DOMAIN` tells what to do.\n", stderr);
	problem = notice_problem(snapshot_settings(snapshot), clock_now(&clock_system), arena);
	if (problem != NULL)
		fprintf(stderr, "%s.\n", problem);
	look_at_dns(snapshot, arena);
	snapshot_unref(&snapshot);
	arena_free(&arena);
	return 0;
}

void
daemon_print_versions(void)
{
	char text[32];

	versions_print(stdout);
	printf("libmilter %s\n", proto_version(text, sizeof(text)));
}
