/*
 * DNS health: the message path run with an imaginary message of each managed
 * domain, and only the findings about host and DNS kept.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "checks/check.h"
#include "core/core.h"
#include "core/health.h"
#include "core/parts.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "facts/message.h"
#include "mail/date.h"
#include "settings/settings.h"

#define KEYS_AT_ONCE 100

struct health {
	struct arena *arena;		/* of the map */
	struct map *standing;		/* "domain id" -> what was said */
	void (*saw)(void *, const char *, const struct evidence *);	/* NULL: nobody */
	void *saw_ctx;
};

struct round {
	struct health *health;
	struct core *core;
	struct snapshot *snapshot;
	struct map *found;		/* as standing, of this round */
	void (*say)(void *, const char *, const char *, const char *, const char *);
	void *ctx;
};

struct health *
health_new(void)
{
	struct health *health = calloc(1, sizeof(*health));

	if (health == NULL)
		bug("out of memory");
	health->arena = arena_new();
	health->standing = map_new(health->arena);
	return health;
}

void
health_on_evidence(struct health *health,
    void (*saw)(void *, const char *, const struct evidence *), void *ctx)
{
	health->saw = saw;
	health->saw_ctx = ctx;
}

void
health_free(struct health **health_p)
{
	struct health *health = *health_p;

	*health_p = NULL;
	if (health == NULL)
		return;
	arena_free(&health->arena);
	free(health);
}

/* The check that says it of a key that signs; NULL: nothing to say. */
static const char *
fault_of_key(enum key_dns state)
{
	switch (state) {
	case KEY_DNS_UNKNOWN:
	case KEY_DNS_MATCH:
		break;
	case KEY_DNS_MISSING:
		return "dkim-key-missing";
	case KEY_DNS_MISMATCH:
		return "dkim-key-mismatch";
	case KEY_DNS_REVOKED:
		return "dkim-key-revoked";
	case KEY_DNS_MALFORMED:
		return "dkim-record-malformed";
	}
	return NULL;
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

	if (!sightings_get(core_parts(round->core)->sightings, key, &seen))
		return;
	id = fault_of_key(seen.state);
	check = id != NULL ? check_find(id) : NULL;
	if (check == NULL)
		return;
	key_text = arena_printf(arena, "%s %s of key %s", key->domain, id, key->selector);
	map_set(round->found, key_text, round);
	if (map_get(round->health->standing, key_text) != NULL)
		return;
	text = arena_printf(arena, "DNS shows at %s: %s%s%s", key->dns_name,
	    key_dns_name(seen.state), seen.problem[0] != '\0' ? ", " : "", seen.problem);
	round->say(round->ctx, key->domain, strchr(key_text, ' ') + 1, text, arena_printf(arena,
	    "Publish %s. IN TXT \"v=DKIM1; k=%s; p=%s\" (in strings of at most 255 "
	    "octets), or take the key out of the configuration.", key->dns_name,
	    key_type(key->key) == KEY_RSA ? "rsa" : "ed25519",
	    key_public_base64(key->key)));
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

static void
add_header(struct message *message, const char *name, const char *value)
{
	headers_add(message->headers, slice_of(name), slice_of(value));
}

/* A faultless message from the domain's postmaster. */
static struct message *
imagine_message(const struct session *session, const struct core_options *parts,
    const char *domain)
{
	time_t now = clock_now(parts->clock);
	struct message *message = message_new(session, now, clock_mono_us(parts->clock));
	struct arena *arena = message->arena;
	const char *path = arena_printf(arena, "<postmaster@%s>", domain);

	message->direction = DIRECTION_OUTBOUND;
	message->mail_from_malformed = !address_path_parse(arena, slice_of(path),
	    &message->mail_from, &message->mail_from_is_null);
	add_header(message, "From", arena_printf(arena, " postmaster@%s", domain));
	add_header(message, "To", arena_printf(arena, " postmaster@%s", domain));
	add_header(message, "Date", arena_printf(arena, " %s", date_format(arena, now)));
	add_header(message, "Subject", " health");
	add_header(message, "Message-ID", arena_printf(arena, " <health@%s>", domain));
	message_read_headers(message);
	message_finish(message);
	return message;
}

/* judge_key() has said it. */
static bool
is_of_key(const char *id)
{
	int state;

	for (state = KEY_DNS_UNKNOWN; state <= KEY_DNS_MALFORMED; state++) {
		const char *fault = fault_of_key((enum key_dns)state);

		if (fault != NULL && strcmp(fault, id) == 0)
			return true;
	}
	return false;
}

static void
judge(struct round *round, const struct check_input *input, const char *domain)
{
	size_t n, i;
	const struct check *table = check_table(&n);

	for (i = 0; i < n; i++) {
		struct check_result result = {
			.status = CHECK_DUNNO,
			.weight = table[i].weight,
			.action = table[i].action,
		};
		const char *key, *fix;

		if (!table[i].is_host || table[i].stage != STAGE_EOM || is_of_key(table[i].id))
			continue;
		table[i].run(input, &result);
		key = arena_printf(input->arena, "%s %s", domain, table[i].id);
		if (result.status == CHECK_DUNNO || result.status == CHECK_TEMPERROR) {
			/* nobody could tell: what stood, stands */
			void *before = map_get(round->health->standing, key);

			if (before != NULL)
				map_set(round->found, key, before);
			continue;
		}
		if (result.status != CHECK_HIT)
			continue;
		fix = result.fix != NULL ? result.fix : table[i].fix;
		map_set(round->found, key, round);
		if (map_get(round->health->standing, key) == NULL)
			round->say(round->ctx, domain, table[i].id, result.text, fix);
	}
}

static void
look_at_domain(struct round *round, const char *domain)
{
	const struct core_options *parts = core_parts(round->core);
	const struct settings *settings = snapshot_settings(round->snapshot);
	struct session *session = session_new();
	struct message *message = imagine_message(session, parts, domain);
	struct ring_choice choice;
	struct evidence evidence;
	struct signature signatures[2] = { 0 };
	struct collect_input input = {
		.settings = settings,
		.ring = snapshot_keyring(round->snapshot),
		.sightings = parts->sightings,
		.egress = parts->egress,
		.message = message,
		.choice = &choice,
		.signatures = signatures,
		.clock = parts->clock,
		.arena = message->arena,
	};
	struct signer *signer;
	struct check_input judged = {
		.settings = settings, .message = message, .evidence = &evidence,
		.arena = message->arena,
	};

	memset(&evidence, 0, sizeof(evidence));
	keyring_choose(input.ring, parts->sightings, domain, message->now, &choice);
	if (choice.usable == RING_USABLE) {
		signer = signer_new(core_dkim(round->core), message->arena, choice.rsa,
		    choice.ed25519, message->headers, NULL, NULL, message->now);
		input.n_signatures = signer_finish(signer, signatures);
	}
	input.lookups = lookups_new(parts->dns, message->arena, settings->resolver.deadline,
	    DNS_QUERIES_MAX);
	evidence_collect(&input, &evidence);
	if (round->health->saw != NULL)
		round->health->saw(round->health->saw_ctx, domain, &evidence);
	judge(round, &judged, domain);
	message_free(&message);
	session_free(&session);
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
		.found = map_new(arena), .say = say, .ctx = ctx,
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
