/*
 * DNS health: each managed domain looked at, and what is new or gone told.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "checks/check.h"
#include "checks/common.h"
#include "core/core.h"
#include "core/health.h"
#include "core/look.h"
#include "core/parts.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "settings/settings.h"

#define KEYS_AT_ONCE 100

struct health {
	struct arena *arena;		/* of the map */
	struct map *standing;		/* "domain id" -> what was said */
	void (*saw)(void *, const char *, const struct evidence *);	/* NULL: nobody */
	void *saw_ctx;
	pthread_mutex_t mutex;		/* of the name */
	char mta_name[256];		/* "": not known */
};

struct round {
	struct health *health;
	struct core *core;
	struct snapshot *snapshot;
	struct map *found;		/* as standing, of this round */
	const char *mta_name;		/* NULL: not known */
	void (*say)(void *, const char *, const char *, const char *, const char *);
	void *ctx;
};

struct health *
health_new(void)
{
	struct health *health = mem_alloc(sizeof(*health));

	health->arena = arena_new();
	health->standing = map_new(health->arena);
	pthread_mutex_init(&health->mutex, NULL);
	return health;
}

void
health_on_evidence(struct health *health,
    void (*saw)(void *, const char *, const struct evidence *), void *ctx)
{
	health->saw = saw;
	health->saw_ctx = ctx;
}

bool
health_note_mta_name(struct health *health, const char *name)
{
	bool first;

	pthread_mutex_lock(&health->mutex);
	first = health->mta_name[0] == '\0';
	if (strcmp(health->mta_name, name) != 0)
		snprintf(health->mta_name, sizeof(health->mta_name), "%s", name);
	pthread_mutex_unlock(&health->mutex);
	return first;
}

/* NULL: not known. */
static const char *
mta_name_of(struct health *health, struct arena *arena)
{
	const char *name;

	pthread_mutex_lock(&health->mutex);
	name = health->mta_name[0] != '\0' ? arena_strdup(arena, health->mta_name) : NULL;
	pthread_mutex_unlock(&health->mutex);
	return name;
}

void
health_free(struct health **health_p)
{
	struct health *health = *health_p;

	*health_p = NULL;
	if (health == NULL)
		return;
	pthread_mutex_destroy(&health->mutex);
	arena_free(&health->arena);
	free(health);
}

/*
 * Every key of the configuration, also one that does not sign: a new key that
 * nobody published would else wait in silence for its turn.
 */
static void
judge_key(struct round *round, const struct ring_key *key, struct arena *arena)
{
	const struct check *check;
	struct sighting seen;
	const char *id, *key_text, *text;
	const struct check_input input = { .arena = arena };

	if (!sightings_get(core_parts(round->core)->sightings, key, &seen))
		return;
	check = look_key_check(seen.state);
	if (check == NULL)
		return;
	id = check->id;
	key_text = arena_printf(arena, "%s %s of key %s", key->domain, id, key->selector);
	map_set(round->found, key_text, round);
	if (map_get(round->health->standing, key_text) != NULL)
		return;
	text = arena_printf(arena, "DNS shows at %s: %s%s%s", key->dns_name,
	    key_dns_name(seen.state), seen.problem[0] != '\0' ? ", " : "", seen.problem);
	round->say(round->ctx, key->domain, strchr(key_text, ' ') + 1, text, arena_printf(arena,
	    "Publish: %s (or take the key out of the configuration)", check_txt(&input,
	    key->dns_name, look_key_record(arena, key->key))));
}

/* Asks for the records of keys [from, to) at once and remembers the answers. */
static void
look_at_keys(struct round *round, size_t from, size_t to)
{
	const struct core_options *parts = core_parts(round->core);
	const struct keyring *ring = snapshot_keyring(round->snapshot);
	const struct settings *settings = snapshot_settings(round->snapshot);
	struct arena *arena = arena_new();
	struct lookups *lookups = lookups_new(parts->dns, arena,
	    settings->resolver.deadline, KEYS_AT_ONCE);
	size_t i;

	for (i = from; i < to; i++)
		dns_get(lookups, keyring_at(ring, i)->dns_name, DNS_TXT);
	while (lookups_wait(lookups))
		continue;
	for (i = from; i < to; i++)
		sightings_note(parts->sightings, keyring_at(ring, i),
		    dns_get(lookups, keyring_at(ring, i)->dns_name, DNS_TXT),
		    clock_now(parts->clock));
	for (i = from; i < to; i++)
		judge_key(round, keyring_at(ring, i), arena);
	arena_free(&arena);
}

/* judge_key() has said it. */
static bool
is_of_key(const struct check *check)
{
	int state;

	for (state = KEY_DNS_UNKNOWN; state <= KEY_DNS_MALFORMED; state++)
		if (look_key_check((enum key_dns)state) == check)
			return true;
	return false;
}

struct visit {
	struct round *round;
	const char *domain;
	struct arena *arena;		/* of the look */
};

static void
judge(void *ctx, const struct check *check, const struct check_result *result)
{
	struct visit *visit = ctx;
	struct round *round = visit->round;
	struct map *standing = round->health->standing;
	const char *key;

	if (is_of_key(check))
		return;
	key = arena_printf(visit->arena, "%s %s", visit->domain, check->id);
	if (result->status == CHECK_DUNNO || result->status == CHECK_TEMPERROR) {
		/* nobody could tell: what stood, stands */
		void *before = map_get(standing, key);

		if (before != NULL)
			map_set(round->found, key, before);
		return;
	}
	if (result->status != CHECK_HIT)
		return;
	map_set(round->found, key, round);
	if (map_get(standing, key) == NULL)
		round->say(round->ctx, visit->domain, check->id, result->text,
		    result->fix != NULL ? result->fix : check->fix);
}

static void
look_at_domain(struct round *round, const char *domain)
{
	struct look *look = look_new(round->core, round->snapshot, domain, round->mta_name);
	struct visit visit = { round, domain, look_input(look)->arena };

	if (round->health->saw != NULL)
		round->health->saw(round->health->saw_ctx, domain,
		    look_input(look)->evidence);
	look_judge(look, judge, &visit);
	look_free(&look);
}

/* Says what has gone since the last round. */
static void
say_gone(void *ctx, const char *key, void *value __attribute__((unused)))
{
	struct round *round = ctx;
	const char *blank = strchr(key, ' ');
	struct arena *arena;

	if (blank == NULL || map_get(round->found, key) != NULL)
		return;
	arena = arena_new();
	round->say(round->ctx, arena_strndup(arena, key, (size_t)(blank - key)), blank + 1,
	    NULL, NULL);
	arena_free(&arena);
}

static bool
stopped(const atomic_int *stop)
{
	return stop != NULL && atomic_load(stop) != 0;
}

static void
look_at_domains(struct round *round, const atomic_int *stop)
{
	const struct settings *settings = snapshot_settings(round->snapshot);
	const struct keyring *ring = snapshot_keyring(round->snapshot);
	struct arena *arena = arena_new();
	struct map *seen = map_new(arena);
	size_t i;

	for (i = 0; i < settings->n_domains; i++)
		if (strchr(settings->domains[i].name, '*') == NULL &&
		    map_count(seen) < HEALTH_DOMAINS_MAX && !stopped(stop)) {
			map_set(seen, settings->domains[i].name, round);
			look_at_domain(round, settings->domains[i].name);
		}
	for (i = 0; i < keyring_count(ring); i++) {
		const char *domain = keyring_at(ring, i)->domain;

		if (strchr(domain, '*') != NULL || map_get(seen, domain) != NULL ||
		    map_count(seen) >= HEALTH_DOMAINS_MAX || stopped(stop))
			continue;
		map_set(seen, domain, round);
		look_at_domain(round, domain);
	}
	arena_free(&arena);
}

void
health_round(struct health *health, struct core *core, struct snapshot *snapshot,
    void (*say)(void *, const char *, const char *, const char *, const char *),
    void *ctx, const atomic_int *stop)
{
	struct arena *arena = arena_new();
	struct round round = {
		.health = health, .core = core, .snapshot = snapshot,
		.found = map_new(arena), .mta_name = mta_name_of(health, arena),
		.say = say, .ctx = ctx,
	};
	size_t n = keyring_count(snapshot_keyring(snapshot));
	size_t i;

	for (i = 0; i < n && !stopped(stop); i += KEYS_AT_ONCE)
		look_at_keys(&round, i, i + KEYS_AT_ONCE < n ? i + KEYS_AT_ONCE : n);
	look_at_domains(&round, stop);
	if (stopped(stop)) {
		arena_free(&arena);
		return;
	}
	map_each(health->standing, say_gone, &round);
	arena_free(&health->arena);
	health->arena = arena;
	health->standing = round.found;
}
