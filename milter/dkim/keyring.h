/*
 * The keys of the managed domains and what DNS has shown of them.  Built with
 * a settings snapshot; the sightings live beside it in `struct sightings` and
 * survive reloads and restarts.
 */
#ifndef MW_DKIM_KEYRING_H
#define MW_DKIM_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "dkim/key.h"

struct arena;
struct dns_answer;
struct files;
struct keyring;
struct settings;
struct settings_domain;
struct sightings;

enum key_dns {			/* what DNS shows of a key */
	KEY_DNS_UNKNOWN,	/* not asked yet, or never a clear answer */
	KEY_DNS_MATCH,
	KEY_DNS_MISSING,
	KEY_DNS_MISMATCH,
	KEY_DNS_REVOKED,
	KEY_DNS_MALFORMED,
};

struct ring_key {		/* one key of one domain; of keyring_at(): as long as the ring */
	const char *domain;	/* d= */
	const char *selector;	/* s= */
	const char *path;
	const struct key *key;
	const struct settings_domain *settings;
	const char *dns_name;	/* selector._domainkey.domain */
	const struct ring_domain *among;	/* the keys it takes turns with; one of them */
};

/*
 * Loads every key the settings name, path templates included, checks the
 * permissions of file and parents, and signs once with each.  NULL and
 * *error_r (lines "FILE:LINE: ...", of too many the last "N more keys ...") when one
 * is unusable.  A missing key file
 * is an error unless it comes from a template.
 */
struct keyring *keyring_new(const struct settings *settings, struct files *files,
    struct arena *arena, const char **error_r);

/* For a user who may not read the keys: those are left out, not an error. */
struct keyring *keyring_new_lenient(const struct settings *settings,
    struct files *files, struct arena *arena, const char **error_r);

/* For mailworthyd -n, outside of the service: credentials that are not there are
 * left out. */
struct keyring *keyring_new_outside(const struct settings *settings,
    struct files *files, struct arena *arena, const char **error_r);

/* For the doctor: whatever cannot be used is left out and told of in *errors_r,
 * "" for nothing.  Never NULL. */
struct keyring *keyring_new_partial(const struct settings *settings,
    struct files *files, struct arena *arena, const char **errors_r);
void keyring_free(struct keyring **ring);

size_t keyring_count(const struct keyring *ring);
const struct ring_key *keyring_at(const struct keyring *ring, size_t i);

/*
 * The managed domain whose keys sign for author domain `domain` or NULL.
 * d= is the author domain itself for "*.name" and "*", the name of the section
 * else, and what sign-as names before both.  Lives as long as the ring or, made up
 * for a domain under a star, as the arena, whichever ends first.
 */
struct ring_domain {
	const char *sdid;			/* d= to sign with */
	const struct settings_domain *settings;
	const struct ring_key *const *keys;	/* in file order */
	size_t n_keys;
	bool unseen;				/* some keys could not be read */
};
const struct ring_domain *keyring_find(const struct keyring *ring, const char *domain,
    struct arena *arena);

/* ---- what DNS has shown ---- */

struct sighting {
	enum key_dns state;		/* the last clear answer */
	time_t since;			/* first of an unbroken run of that state */
	time_t last;			/* time of the last clear answer */
	time_t expires;			/* when caches forget that answer */
	time_t last_match;		/* 0 never */
	uint32_t ttl;			/* of the last matching record */
	time_t first_bad, second_bad;	/* two clear refusals at least 60 s apart, 0 */
	bool testing;			/* t=y */
	unsigned record_bits;
	char resolver[64];		/* who said so last */
	char problem[200];		/* MALFORMED: which fault */
	bool holds_key;			/* MALFORMED, but our key stands there: some
					 * receivers overlook the fault, so it is doubt
					 * and no refusal; not kept over a restart */
};

/* Reads the file when it is there (a broken file is said once and forgotten). */
struct sightings *sightings_open(const char *path);	/* NULL path: memory only */
void sightings_close(struct sightings **sightings);

/*
 * Judges an answer for the key and remembers it.  A TEMPFAIL, a stale answer,
 * and an answer noted before that comes out of a cache again change nothing.
 */
void sightings_note(struct sightings *sightings, const struct ring_key *key,
    const struct dns_answer *answer, time_t now);

/* False when nothing is known. Thread-safe copies. */
bool sightings_get(struct sightings *sightings, const struct ring_key *key,
    struct sighting *sighting_r);

/* Writes the file whole with fsync when something changed; 0 or -1 (errno). */
int sightings_save(struct sightings *sightings);

/* ---- the choice ---- */

enum ring_usable {
	RING_USABLE,		/* sign with the chosen keys */
	RING_NO_DOMAIN,		/* not a domain of ours */
	RING_NO_KEY,		/* managed, no key */
	RING_UNSEEN,		/* managed, and this user may not read the keys */
	RING_NOT_IN_DNS,	/* two clear refusals for every key, last TTL over */
};

struct ring_choice {
	enum ring_usable usable;
	const struct ring_domain *domain;
	const struct ring_key *rsa;	/* signs; NULL unless usable */
	const struct ring_key *ed25519;	/* signs in addition to rsa only */
	struct sighting rsa_sighting, ed25519_sighting;
	bool rsa_known, ed25519_known;	/* sightings are filled */
};

/* What signs now, by what DNS has shown; never waits.  No domain (NULL):
 * RING_NO_DOMAIN.  Lives as keyring_find() says. */
void keyring_choose(const struct keyring *ring, struct sightings *sightings,
    const char *domain, time_t now, struct arena *arena, struct ring_choice *choice_r);

/* The same for the section of a key, whatever its d= (sign-as). */
void keyring_choose_among(const struct ring_domain *domain, struct sightings *sightings,
    time_t now, struct ring_choice *choice_r);

/* When a key that does not sign will, should DNS go on to show what it shows; 0:
 * it signs, or a later key is before it, or its record is not there. */
time_t keyring_takes_over(struct sightings *sightings, const struct ring_key *key,
    time_t now);

/* The key that has taken over from it: a later one of its algorithm that DNS has
 * shown for long enough.  NULL: none has. */
const struct ring_key *keyring_superseded_by(struct sightings *sightings,
    const struct ring_key *key, time_t now);

const char *key_dns_name(enum key_dns state);	/* "match", "missing", ... */

#endif
