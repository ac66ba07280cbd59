/*
 * Which keys sign now, by what DNS has shown of them.  Doubt never stops mail:
 * only clear refusals do.
 */
#include <string.h>

#include "dkim/keyring.h"
#include "settings/settings.h"

struct view {				/* one key and what is known of it */
	const struct ring_key *key;
	bool known;
	struct sighting sighting;
};

static bool
is_match(const struct view *view)
{
	return view->known && view->sighting.state == KEY_DNS_MATCH;
}

static bool
is_bad(const struct view *view)
{
	if (!view->known)
		return false;
	switch (view->sighting.state) {
	case KEY_DNS_UNKNOWN:
	case KEY_DNS_MATCH:
		return false;
	case KEY_DNS_MISSING:
	case KEY_DNS_MISMATCH:
	case KEY_DNS_REVOKED:
		return true;
	case KEY_DNS_MALFORMED:
		return !view->sighting.holds_key;
	}
	return false;
}

/* The record has been there long enough for all who remember another. */
static bool
is_settled(const struct view *view, time_t now)
{
	return is_match(view) &&
	    now - view->sighting.since > (time_t)view->sighting.ttl;
}

/* Two clear refusals, and nobody can still hold a record that matched. */
static bool
is_refused(const struct view *view, time_t now)
{
	const struct sighting *s = &view->sighting;

	return is_bad(view) && s->second_bad != 0 &&
	    (s->last_match == 0 || now - s->last_match > (time_t)s->ttl);
}

/* a is the better key to sign with; equal ones stay in file order. */
static bool
is_better(const struct view *a, const struct view *b)
{
	if (is_match(a) || is_match(b))
		return is_match(a) &&
		    (!is_match(b) || a->sighting.since < b->sighting.since);
	if (is_bad(a) != is_bad(b))
		return is_bad(b);
	return is_bad(a) && a->sighting.last_match > b->sighting.last_match;
}

/* Of the keys of one algorithm, in file order, the one to sign with. */
static const struct view *
choose_view(const struct view *views, size_t n, enum key_type type, time_t now)
{
	const struct view *best = NULL;

	for (size_t i = n; i-- > 0;) {
		if (key_type(views[i].key->key) == type && is_settled(&views[i], now))
			return &views[i];
	}
	for (size_t i = 0; i < n; i++) {
		if (key_type(views[i].key->key) == type &&
		    (best == NULL || is_better(&views[i], best)))
			best = &views[i];
	}
	return best;
}

static bool
all_refused(const struct view *views, size_t n, enum key_type type, time_t now)
{
	for (size_t i = 0; i < n; i++) {
		if (key_type(views[i].key->key) == type && !is_refused(&views[i], now))
			return false;
	}
	return true;
}

/* Beside an RSA signature only, and not when DNS has said no. */
static void
choose_ed25519(const struct view *views, size_t n, time_t now,
    struct ring_choice *choice)
{
	const struct view *view = choose_view(views, n, KEY_ED25519, now);

	/* Never two signatures with one d= and s=. */
	if (view == NULL || strcmp(view->key->selector, choice->rsa->selector) == 0)
		return;
	choice->ed25519_known = view->known;
	choice->ed25519_sighting = view->sighting;
	if (!is_bad(view))
		choice->ed25519 = view->key;
}

/* The domain's keys in file order; how many. */
static size_t
look_at(const struct ring_domain *domain, struct sightings *sightings,
    struct view *views_r)
{
	size_t n = 0;

	for (; n < domain->n_keys && n < SETTINGS_KEYS_MAX; n++) {
		views_r[n] = (struct view){ .key = domain->keys[n] };
		views_r[n].known = sightings_get(sightings, views_r[n].key,
		    &views_r[n].sighting);
	}
	return n;
}

void
keyring_choose_among(const struct ring_domain *domain, struct sightings *sightings,
    time_t now, struct ring_choice *choice_r)
{
	struct view views[SETTINGS_KEYS_MAX];
	size_t n = look_at(domain, sightings, views);
	const struct view *rsa = choose_view(views, n, KEY_RSA, now);

	*choice_r = (struct ring_choice){ .domain = domain,
		.usable = domain->unseen ? RING_UNSEEN : RING_NO_KEY };
	if (rsa == NULL)
		return;
	choice_r->rsa_known = rsa->known;
	choice_r->rsa_sighting = rsa->sighting;
	choice_r->usable = RING_NOT_IN_DNS;
	if (all_refused(views, n, KEY_RSA, now))
		return;
	choice_r->usable = RING_USABLE;
	choice_r->rsa = rsa->key;
	choose_ed25519(views, n, now, choice_r);
}

void
keyring_choose(const struct keyring *ring, struct sightings *sightings,
    const char *name, time_t now, struct arena *arena, struct ring_choice *choice_r)
{
	const struct ring_domain *domain = name == NULL ? NULL :
	    keyring_find(ring, name, arena);

	if (domain != NULL)
		keyring_choose_among(domain, sightings, now, choice_r);
	else
		*choice_r = (struct ring_choice){ .usable = RING_NO_DOMAIN };
}

time_t
keyring_takes_over(struct sightings *sightings, const struct ring_key *key, time_t now)
{
	struct view views[SETTINGS_KEYS_MAX];
	size_t n = look_at(key->among, sightings, views), i;

	/* from the last on: who comes later takes over from it, too */
	for (i = n; i-- > 0;) {
		const struct view *view = &views[i];

		if (key_type(view->key->key) != key_type(key->key))
			continue;
		if (view->key == key)
			return is_match(view) && !is_settled(view, now) &&
			    choose_view(views, n, key_type(key->key), now) != view ?
			    view->sighting.since + (time_t)view->sighting.ttl + 1 : 0;
		if (is_match(view))
			return 0;
	}
	return 0;
}

const struct ring_key *
keyring_superseded_by(struct sightings *sightings, const struct ring_key *key, time_t now)
{
	struct view views[SETTINGS_KEYS_MAX];
	size_t n = look_at(key->among, sightings, views), i;

	for (i = n; i-- > 0 && views[i].key != key;) {
		if (key_type(views[i].key->key) == key_type(key->key) &&
		    is_settled(&views[i], now))
			return views[i].key;
	}
	return NULL;
}
