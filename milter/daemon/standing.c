/*
 * How the worker stands.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cache.h"
#include "base/map.h"
#include "base/mem.h"
#include "config.h"
#include "core/core.h"
#include "daemon/daemon.h"
#include "daemon/standing.h"
#include "dns/dns.h"
#include "evidence/results.h"
#include "proto/proto.h"
#include "settings/settings.h"

struct warning {
	char *domain, *id, *text, *fix;		/* fix may be NULL */
	time_t since;
};

struct seen_domain {
	char name[256];
	enum known spf_known, dmarc_known;
	enum spf_result spf;
	enum dmarc_policy dmarc;
};

struct seen_egress {
	char egress[64], address[256], ptr_name[256], helo[256];
	bool is_relay, ptr_forward, helo_forward;
	enum known ptr_known, helo_known;
	enum helo_source helo_source;
};

struct standing {
	struct standing_parts parts;
	time_t started;
	pthread_mutex_t lock;			/* of what follows */
	struct daemon_life life;
	struct { time_t at; uint64_t ended, failures; } before, then;	/* of DNS */
	struct warning warnings[STATUS_WARNINGS_MAX];
	size_t n_warnings, warnings_beyond;
	struct seen_domain domains[STATUS_DOMAINS_MAX];
	size_t n_domains;
	struct seen_egress egresses[STANDING_EGRESSES_MAX];
	size_t n_egresses;
};

struct standing *
standing_new(const struct standing_parts *parts)
{
	struct standing *standing = mem_alloc(sizeof(*standing));

	standing->parts = *parts;
	standing->life = *parts->life;
	standing->started = time(NULL);
	pthread_mutex_init(&standing->lock, NULL);
	return standing;
}

static void
warning_clear(struct warning *warning)
{
	free(warning->domain);
	free(warning->id);
	free(warning->text);
	free(warning->fix);
}

void
standing_free(struct standing **standing_p)
{
	struct standing *standing = *standing_p;

	*standing_p = NULL;
	if (standing == NULL)
		return;
	for (size_t i = 0; i < standing->n_warnings; i++)
		warning_clear(&standing->warnings[i]);
	pthread_mutex_destroy(&standing->lock);
	free(standing);
}

/* ---- what it is told ---- */

void
standing_reloaded(struct standing *standing, const char *error)
{
	pthread_mutex_lock(&standing->lock);
	daemon_life_reloaded(&standing->life, time(NULL), error);
	if (error == NULL)		/* the next round of health fills them anew */
		standing->n_egresses = standing->n_domains = 0;
	pthread_mutex_unlock(&standing->lock);
}

void
standing_tick(struct standing *standing)
{
	time_t now = time(NULL);
	struct dns_stats dns;

	pthread_mutex_lock(&standing->lock);
	/* a clock that was set back must not stop us */
	if (now - standing->then.at >= STANDING_WINDOW_SECONDS || now < standing->then.at) {
		dns_stats(standing->parts.dns, &dns);
		standing->before = standing->then;
		standing->then.at = now;
		standing->then.ended = dns.clear + dns.failures;
		standing->then.failures = dns.failures;
	}
	pthread_mutex_unlock(&standing->lock);
}

static char *
keep(const char *text)
{
	char *copy = NULL;

	if (text != NULL) {
		copy = mem_alloc(strlen(text) + 1);
		memcpy(copy, text, strlen(text));
	}
	return copy;
}

static void
add_warning(struct standing *standing, const char *domain, const char *id,
    const char *text, const char *fix)
{
	if (standing->n_warnings == STATUS_WARNINGS_MAX) {
		standing->warnings_beyond++;
		return;
	}
	standing->warnings[standing->n_warnings++] = (struct warning){
		keep(domain), keep(id), keep(text), keep(fix), time(NULL) };
}

static void
drop_warning(struct standing *standing, const char *domain, const char *id)
{
	struct warning *warning = standing->warnings;
	struct warning *end = warning + standing->n_warnings;

	while (warning < end && (strcmp(warning->id, id) != 0 ||
	    strcmp(warning->domain, domain) != 0))
		warning++;
	if (warning == end) {
		standing->warnings_beyond -= standing->warnings_beyond > 0;
		return;
	}
	warning_clear(warning);
	memmove(warning, warning + 1, (size_t)(end - warning - 1) * sizeof(*warning));
	standing->n_warnings--;
}

void
standing_say(struct standing *standing, const char *domain, const char *id,
    const char *text, const char *fix)
{
	pthread_mutex_lock(&standing->lock);
	if (text != NULL)
		add_warning(standing, domain, id, text, fix);
	else
		drop_warning(standing, domain, id);
	pthread_mutex_unlock(&standing->lock);
}

static void
copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from != NULL ? from : "");
}

static void
note_egress(struct standing *standing, const struct egress_evidence *egress,
    const char *address, const struct egress_address *facts)
{
	struct seen_egress *seen = standing->egresses;
	struct seen_egress *end = seen + standing->n_egresses;

	while (seen < end && (strcmp(seen->egress, egress->name) != 0 ||
	    strcmp(seen->address, address) != 0))
		seen++;
	if (seen == end) {
		if (standing->n_egresses == STANDING_EGRESSES_MAX)
			return;
		standing->n_egresses++;
	}
	memset(seen, 0, sizeof(*seen));
	copy(seen->egress, sizeof(seen->egress), egress->name);
	copy(seen->address, sizeof(seen->address), address);
	copy(seen->helo, sizeof(seen->helo), egress->helo);
	seen->helo_source = egress->helo_source;
	seen->is_relay = egress->is_relay;
	if (facts == NULL)
		return;
	seen->ptr_known = facts->ptr_known;
	copy(seen->ptr_name, sizeof(seen->ptr_name), facts->ptr_name);
	seen->ptr_forward = facts->ptr_forward;
	seen->helo_known = facts->helo_known;
	seen->helo_forward = facts->helo_forward;
}

static void
note_domain(struct standing *standing, const char *domain,
    const struct evidence *evidence)
{
	struct seen_domain *seen = standing->domains;
	struct seen_domain *end = seen + standing->n_domains;

	while (seen < end && strcmp(seen->name, domain) != 0)
		seen++;
	if (seen == end) {
		if (standing->n_domains == STATUS_DOMAINS_MAX)
			return;
		standing->n_domains++;
	}
	copy(seen->name, sizeof(seen->name), domain);
	seen->spf_known = evidence->spf.known;
	seen->spf = evidence->spf.worst;
	seen->dmarc_known = evidence->dmarc.known;
	seen->dmarc = evidence->dmarc.policy;
}

void
standing_saw(struct standing *standing, const char *domain,
    const struct evidence *evidence)
{
	const struct egress_evidence *egress = &evidence->egress;
	struct arena *arena = arena_new();

	pthread_mutex_lock(&standing->lock);
	note_domain(standing, domain, evidence);
	if (egress->is_relay)
		note_egress(standing, egress, egress->via != NULL ? egress->via : "", NULL);
	for (size_t i = 0; i < egress->n && egress->name != NULL; i++)
		note_egress(standing, egress, ip_text(arena, &egress->addresses[i].ip),
		    &egress->addresses[i]);
	pthread_mutex_unlock(&standing->lock);
	arena_free(&arena);
}

/* ---- a reading ---- */

static const char *
text_or_null(struct arena *arena, const char *text)
{
	return text != NULL && *text != '\0' ? arena_strdup(arena, text) : NULL;
}

static void
read_seen(struct standing *standing, struct arena *arena, struct status *status)
{
	size_t i;

	status->warnings = arena_array(arena, standing->n_warnings,
	    sizeof(*status->warnings));
	status->n_warnings = standing->n_warnings;
	status->warnings_total = standing->n_warnings + standing->warnings_beyond;
	for (i = 0; i < standing->n_warnings; i++) {
		const struct warning *warning = &standing->warnings[i];

		status->warnings[i] = (struct status_warning){
			arena_strdup(arena, warning->domain), arena_strdup(arena, warning->id),
			arena_strdup(arena, warning->text),
			text_or_null(arena, warning->fix), warning->since };
	}
	status->egresses = arena_array(arena, standing->n_egresses,
	    sizeof(*status->egresses));
	status->n_egresses = standing->n_egresses;
	for (i = 0; i < standing->n_egresses; i++) {
		const struct seen_egress *seen = &standing->egresses[i];

		status->egresses[i] = (struct status_egress){
			.egress = arena_strdup(arena, seen->egress),
			.address = arena_strdup(arena, seen->address),
			.is_relay = seen->is_relay,
			.helo = text_or_null(arena, seen->helo),
			.helo_source = seen->helo_source,
			.ptr_known = seen->ptr_known,
			.ptr_name = text_or_null(arena, seen->ptr_name),
			.ptr_forward = seen->ptr_forward,
			.helo_known = seen->helo_known,
			.helo_forward = seen->helo_forward };
	}
}

static void
read_life(const struct standing *standing, struct arena *arena, struct status *status)
{
	const struct daemon_life *life = &standing->life;

	status->started = life->started;
	status->restarts = life->restarts;
	status->generation = life->generation;
	status->loaded = life->loaded;
	status->reload_at = life->reload_at;
	status->reload_error = text_or_null(arena, life->reload_error);
}

static const struct seen_domain *
find_seen(const struct standing *standing, const char *domain)
{
	for (size_t i = 0; i < standing->n_domains; i++)
		if (strcmp(standing->domains[i].name, domain) == 0)
			return &standing->domains[i];
	return NULL;
}

static enum mode
mode_of(const struct status *status, const struct settings_domain *domain)
{
	if (status->kill_switch != -1)
		return (enum mode)status->kill_switch;
	return domain != NULL && domain->has_mode ? domain->mode : status->mode;
}

struct reading {
	const struct standing *standing;
	const struct snapshot *snapshot;
	struct arena *arena;
	struct map *met;		/* domains, by name */
	struct map *met_keys;		/* struct status_key, by DNS name and path */
	struct status *status;
};

static struct status_key *
read_key(const struct reading *reading, const struct ring_key *key)
{
	struct sightings *sightings = reading->standing->parts.sightings;
	struct status *status = reading->status;
	const struct ring_key *newer;
	struct status_key *one;

	if (status->n_keys < STATUS_KEYS_MAX)
		one = &status->keys[status->n_keys++];
	else
		one = arena_alloc(reading->arena, sizeof(*one));
	*one = (struct status_key){ .domain = key->domain, .selector = key->selector,
		.dns_name = key->dns_name, .type = key_type(key->key) };
	one->known = sightings_get(sightings, key, &one->seen);
	one->takes_over = keyring_takes_over(sightings, key, status->now);
	newer = keyring_superseded_by(sightings, key, status->now);
	one->superseded_by = newer != NULL ? newer->selector : NULL;
	status->keys_total++;
	status->keys_by_state[one->known ? one->seen.state : KEY_DNS_UNKNOWN]++;
	return one;
}

/* The keys of one domain; signs with `choice`.  Domains that sign as one have the
 * same keys: each is told of once. */
static void
read_keys(const struct reading *reading, const struct ring_choice *choice)
{
	const struct ring_domain *domain = choice->domain;

	for (size_t i = 0; i < domain->n_keys; i++) {
		const struct ring_key *key = domain->keys[i];
		const char *name = arena_printf(reading->arena, "%s %s", key->dns_name,
		    key->path);
		struct status_key *one = map_get(reading->met_keys, name);

		if (one == NULL) {
			one = read_key(reading, key);
			map_set(reading->met_keys, name, one);
		}
		one->signs = one->signs || key == choice->rsa || key == choice->ed25519;
	}
}

/* With the keys of `author`: of the domain itself, or of one that it signs for. */
static void
read_domain(const struct reading *reading, const char *name, const char *author,
    const struct settings_domain *settings)
{
	const struct standing *standing = reading->standing;
	struct status *status = reading->status;
	const struct seen_domain *seen;
	struct status_domain domain = { .name = name, .mode = mode_of(status, settings) };
	struct ring_choice choice;

	if (map_get(reading->met, name) != NULL)
		return;
	map_set(reading->met, name, reading->met);
	domain.is_pattern = strchr(name, '*') != NULL;
	keyring_choose(snapshot_keyring(reading->snapshot), standing->parts.sightings,
	    domain.is_pattern ? NULL : author, status->now, reading->arena, &choice);
	domain.usable = choice.usable;
	if (choice.domain != NULL)
		read_keys(reading, &choice);
	status->domains_total++;
	status->domains_cannot_sign += domain.mode == MODE_ENFORCE &&
	    domain.usable != RING_USABLE && !domain.is_pattern;
	if (status->n_domains == STATUS_DOMAINS_MAX)
		return;
	seen = find_seen(standing, name);
	if (seen != NULL) {
		domain.spf_known = seen->spf_known;
		domain.spf = seen->spf;
		domain.dmarc_known = seen->dmarc_known;
		domain.dmarc = seen->dmarc;
	}
	status->domains[status->n_domains++] = domain;
}

/* Sections, and the domains of patterns by the keys found. */
static void
read_domains(const struct standing *standing, const struct snapshot *snapshot,
    struct arena *arena, struct status *status)
{
	const struct settings *settings = snapshot_settings(snapshot);
	const struct keyring *ring = snapshot_keyring(snapshot);
	const struct reading reading = { .standing = standing, .snapshot = snapshot,
		.arena = arena, .met = map_new(arena), .met_keys = map_new(arena),
		.status = status };
	size_t i;

	status->domains = arena_array(arena, STATUS_DOMAINS_MAX, sizeof(*status->domains));
	status->keys = arena_array(arena, STATUS_KEYS_MAX, sizeof(*status->keys));
	for (i = 0; i < settings->n_domains; i++)
		read_domain(&reading, settings->domains[i].name, settings->domains[i].name,
		    &settings->domains[i]);
	for (i = 0; i < keyring_count(ring); i++) {
		const struct ring_key *key = keyring_at(ring, i);

		if (strchr(key->domain, '*') == NULL)
			read_domain(&reading, key->domain, keyring_find(ring, key->domain,
			    arena) != NULL ? key->domain : key->settings->name,
			    key->settings);
	}
}

static void
read_dns(const struct standing *standing, struct status *status)
{
	struct cache_stats results;
	struct dns_stats dns;

	dns_stats(standing->parts.dns, &dns);
	core_results_stats(standing->parts.core, &results);
	status->dns = (struct status_dns){
		.queries = dns.queries, .answers = dns.clear, .failures = dns.failures,
		.timeouts = dns.timeouts, .cache_hits = dns.cache_hits,
		.cache_misses = dns.cache_misses, .stale = dns.stale,
		.in_flight = dns.in_flight, .time = dns.times,
		.recent = dns.clear + dns.failures - standing->before.ended,
		.recent_failures = dns.failures - standing->before.failures,
	};
	status->caches[0] = (struct status_cache){ "dns", dns.cache_entries,
		dns.cache_entries_max, dns.cache_hits, dns.cache_misses };
	status->caches[1] = (struct status_cache){ "results", results.entries, RESULTS_MAX,
		results.hits, results.misses };
	status->n_caches = 2;
}

static uint64_t
count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t n = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n - 1;		/* without the one that reads */
}

/* Resident pages, the second number of /proc/self/statm. */
static uint64_t
resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	char line[128], *second;
	uint64_t pages = 0;

	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) != NULL && (second = strchr(line, ' ')) != NULL)
		pages = strtoull(second, NULL, 10);
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	uint64_t n = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
read_process(const struct standing *standing, struct status *status)
{
	const struct proto_state *proto = standing->parts.proto;
	struct rusage usage;
	struct rlimit limit;

	status->worker_started = standing->started;
	status->master_pid = (long)getppid();
	status->worker_pid = (long)getpid();
	status->connections = atomic_load(&proto->conversations);
	status->messages = atomic_load(&proto->messages);
	status->judging = atomic_load(&proto->judging);
	status->rss = resident_bytes();
	status->fds = count_descriptors();
	status->threads = count_threads();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		status->fds_max = limit.rlim_cur;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		status->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
		    1000000 + (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void
drop_snapshot(void *snapshot)
{
	struct snapshot *mine = snapshot;

	snapshot_unref(&mine);
}

void
standing_read(struct standing *standing, struct arena *arena, struct status *status_r)
{
	struct snapshot *snapshot = standing->parts.snapshot();
	const struct settings *settings = snapshot_settings(snapshot);

	/* names of domains and keys are the snapshot's */
	arena_defer(arena, drop_snapshot, snapshot);
	memset(status_r, 0, sizeof(*status_r));
	status_r->version = PACKAGE_VERSION;
	status_r->now = time(NULL);
	status_r->config = settings->path;
	status_r->socket = settings_socket_shown(arena, settings->socket);
	status_r->mode = settings->mode;
	status_r->kill_switch = core_mode(standing->parts.core);
	pthread_mutex_lock(&standing->lock);
	read_life(standing, arena, status_r);
	read_seen(standing, arena, status_r);
	read_domains(standing, snapshot, arena, status_r);
	read_dns(standing, status_r);
	pthread_mutex_unlock(&standing->lock);
	read_process(standing, status_r);
	counters_read(standing->parts.counters, arena, &status_r->counts);
	status_judge(status_r, arena);
}
