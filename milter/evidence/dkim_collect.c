/*
 * DKIM: what DNS shows now of the keys we sign with, and what verifiers will
 * say of the signatures the message already carries.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "evidence/collection.h"
#include "evidence/results.h"

enum {
	CANNOT_SIGN_MAX = 4096,		/* octets of the text */
	REFUSAL_TTL_MAX = 60,		/* a refusal is asked for again after this */
};

/* What DNS shows of a key now. */
struct key_look {
	enum known known;
	enum key_dns state;
	bool testing;
	bool doubtful;
	const char *problem;
	uint32_t ttl;
};

static void
take(const struct collection *c, const struct sighting *seen, struct key_look *look)
{
	look->known = seen->state == KEY_DNS_UNKNOWN ? KNOWN_TEMPERROR : KNOWN_VALUE;
	look->state = seen->state;
	look->testing = seen->testing;
	look->doubtful = seen->state == KEY_DNS_MALFORMED && seen->holds_key;
	if (seen->problem[0] != '\0')
		look->problem = arena_strdup(c->input->arena, seen->problem);
}

/*
 * The ring judges the answer, so that all of us read a record alike: by
 * sightings of this moment, since those of the process keep to answers from
 * the network and know more than what is published now.  They stand in where
 * this answer is an expired one.
 */
static void
judge_answer(const struct collection *c, const struct ring_key *key,
    const struct dns_answer *answer, struct key_look *look)
{
	struct sightings *kept = c->input->sightings;
	struct sightings *now;
	struct sighting seen;

	look->known = KNOWN_TEMPERROR;
	if (answer->status == DNS_TEMPFAIL)
		return;
	if (kept != NULL)
		sightings_note(kept, key, answer, c->input->message->now);
	now = sightings_open(NULL);
	sightings_note(now, key, answer, c->input->message->now);
	if (sightings_get(now, key, &seen) ||
	    (kept != NULL && sightings_get(kept, key, &seen)))
		take(c, &seen, look);
	sightings_close(&now);
	look->ttl = answer->ttl;
	if (look->state != KEY_DNS_MATCH && look->ttl > REFUSAL_TTL_MAX)
		look->ttl = REFUSAL_TTL_MAX;
}

static int
look_at(const struct collection *c, const struct ring_key *key, struct key_look *look)
{
	const struct dns_answer *answer;
	struct key_look fresh = { .state = KEY_DNS_UNKNOWN };
	struct buf id, value;
	struct unpack unpack;
	enum result_age age;
	uint32_t flags;

	result_key(&id, c->input->arena, 'K');
	result_key_text(&id, key->dns_name);
	result_key_text(&id, key_fingerprint(key->key));
	age = results_get(c, &id, &unpack);
	if (age != RESULT_NONE) {
		look->known = KNOWN_VALUE;
		look->state = (enum key_dns)unpack_number(&unpack);
		flags = unpack_number(&unpack);
		look->testing = (flags & 1) != 0;
		look->doubtful = (flags & 2) != 0;
		look->problem = unpack_text(&unpack);
	}
	if (age == RESULT_FRESH)
		return 0;
	answer = dns_get(c->input->lookups, key->dns_name, DNS_TXT);
	if (answer->status == DNS_PENDING)
		return age == RESULT_NONE;
	judge_answer(c, key, answer, &fresh);
	if (age == RESULT_DUE && fresh.known != KNOWN_VALUE)
		return 0;
	*look = fresh;
	if (look->known != KNOWN_VALUE)
		return 0;
	pack_new(&value, c->input->arena);
	pack_number(&value, look->state);
	pack_number(&value, (uint32_t)look->testing | (uint32_t)look->doubtful << 1);
	pack_text(&value, look->problem);
	results_put(c, &id, &value, look->ttl);
	return 0;
}

/* RFC 6376 section 6.1.2, as opendkim and others word it. */
static enum dkim_result
predict(const struct own_signature *own)
{
	if (own->record_known != KNOWN_VALUE)
		return DKIM_TEMPERROR;
	switch (own->state) {
	case KEY_DNS_MATCH:
		return DKIM_PASS;
	case KEY_DNS_MISMATCH:
		return DKIM_FAIL;
	case KEY_DNS_MISSING:
	case KEY_DNS_REVOKED:
	case KEY_DNS_MALFORMED:
		return DKIM_PERMERROR;
	case KEY_DNS_UNKNOWN:
		break;
	}
	return DKIM_TEMPERROR;
}

static const struct signature *
find_signature(const struct collect_input *input, const struct ring_key *key)
{
	for (size_t i = 0; i < input->n_signatures; i++)
		if (input->signatures[i].key == key)
			return &input->signatures[i];
	return NULL;
}

/* Where the signer ran and gave nothing, nothing will be there to verify. */
static int
add_own(const struct collection *c, const struct ring_key *key)
{
	struct dkim_evidence *dkim = &c->evidence->dkim;
	struct own_signature *own = &dkim->own[dkim->n_own];
	const struct signature *signature = find_signature(c->input, key);
	struct key_look look = { .state = KEY_DNS_UNKNOWN };
	int waits = look_at(c, key, &look);

	*own = (struct own_signature){
		.key = key,
		.record_known = look.known,
		.state = look.state,
		.testing = look.testing,
		.doubtful = look.doubtful,
		.problem = look.problem,
	};
	dkim->n_own++;
	own->predicted = predict(own);
	if (signature != NULL) {
		own->made = signature->value != NULL;
		own->value = signature->value;
		own->error = signature->error;
		own->signed_names = own->made ? signature->signed_names : NULL;
	}
	if (dkim->usable != RING_USABLE || own->error != NULL)
		own->predicted = DKIM_NONE;
	if (own->made)
		dkim_find_breaks(c->input, own);
	if (own->breaks != NULL && own->predicted == DKIM_PASS)
		own->predicted = DKIM_FAIL;
	return waits;
}

/* The newest key of a type: the last in the file. */
static const struct ring_key *
newest(const struct ring_domain *domain, enum key_type type)
{
	for (size_t i = domain->n_keys; i > 0; i--)
		if (key_type(domain->keys[i - 1]->key) == type)
			return domain->keys[i - 1];
	return NULL;
}

/* The chosen keys, or those that would be chosen if DNS showed them. */
static int
collect_own(struct collection *c)
{
	const struct ring_choice *choice = c->input->choice;
	const struct ring_key *rsa = choice->rsa, *ed25519 = choice->ed25519;
	int waits = 0;

	if (choice->usable == RING_NOT_IN_DNS && choice->domain != NULL) {
		rsa = newest(choice->domain, KEY_RSA);
		ed25519 = newest(choice->domain, KEY_ED25519);
	}
	c->evidence->dkim.n_own = 0;
	if (rsa != NULL)
		waits |= add_own(c, rsa);
	if (ed25519 != NULL)
		waits |= add_own(c, ed25519);
	return waits;
}

static const char *
state_text(const struct own_signature *own)
{
	switch (own->state) {
	case KEY_DNS_MISSING:
		return "has no TXT record";
	case KEY_DNS_MISMATCH:
		return "holds another key";
	case KEY_DNS_REVOKED:
		return "says the key is revoked (empty p=)";
	case KEY_DNS_MALFORMED:
		return own->problem != NULL ? own->problem : "cannot be read as a key";
	case KEY_DNS_MATCH:
	case KEY_DNS_UNKNOWN:
		break;
	}
	return "has not shown the key";
}

static const char *
not_in_dns(const struct collection *c)
{
	const struct own_signature *own = &c->evidence->dkim.own[0];
	struct sighting seen;
	struct buf text;

	buf_init(&text, c->input->arena, CANNOT_SIGN_MAX);
	if (c->evidence->dkim.n_own == 0)
		return "no key of the domain can be found in DNS";
	buf_printf(&text, "%s %s", own->key->dns_name, state_text(own));
	if (c->input->sightings != NULL &&
	    sightings_get(c->input->sightings, own->key, &seen) &&
	    seen.resolver[0] != '\0')
		buf_printf(&text, " (says %s)", seen.resolver);
	return buf_str(&text);
}

static const char *
signing_error(const struct collect_input *input)
{
	const char *error = NULL;

	for (size_t i = 0; i < input->n_signatures; i++) {
		if (input->signatures[i].value != NULL)
			return NULL;
		error = input->signatures[i].error;
	}
	if (input->n_signatures == 0)
		return NULL;
	return arena_printf(input->arena, "signing failed: %s",
	    error != NULL ? error : "the library gave no signature");
}

static const char *
cannot_sign(const struct collection *c)
{
	const struct ring_choice *choice = c->input->choice;

	switch (choice->usable) {
	case RING_USABLE:
		return signing_error(c->input);
	case RING_NO_DOMAIN:
	case RING_UNSEEN:
		return NULL;
	case RING_NO_KEY:
		return arena_printf(c->input->arena, "no key is configured; make one "
		    "with \"mailworthy keygen %s\"", c->evidence->dkim.managed);
	case RING_NOT_IN_DNS:
		break;
	}
	return not_in_dns(c);
}

static void
name_managed(struct collection *c)
{
	const struct ring_choice *choice = c->input->choice;
	const char *author = c->input->message->author_domain;

	c->evidence->dkim.usable = choice->usable;
	if (choice->usable == RING_NO_DOMAIN)
		return;
	c->evidence->dkim.managed = author;
	if (choice->domain != NULL && choice->domain->sdid != NULL)
		c->evidence->dkim.managed = choice->domain->sdid;
}

/* All of them must have been judged for a clear "none of them passes". */
static bool
all_judged(const struct collection *c)
{
	const struct dkim_evidence *dkim = &c->evidence->dkim;

	if (dkim->existing_total > dkim->n_existing)
		return false;
	for (size_t i = 0; i < dkim->n_existing; i++)
		if (dkim->existing[i].result == DKIM_TEMPERROR)
			return false;
	return true;
}

static int
collect_existing(struct collection *c)
{
	const struct collect_input *input = c->input;
	struct dkim_evidence *dkim = &c->evidence->dkim;

	if (c->existing_done)
		return 0;
	dkim->existing_total = headers_count(input->message->headers,
	    HDR_DKIM_SIGNATURE);
	if (input->verifier != NULL) {
		if (verifier_finish(input->verifier, input->lookups, &dkim->existing,
		    &dkim->n_existing) != 0)
			return 1;
		dkim->existing_total = verifier_count(input->verifier);
	}
	dkim->existing_known = all_judged(c);
	c->existing_done = true;
	return 0;
}

static bool
any_pass(const struct dkim_evidence *dkim)
{
	for (size_t i = 0; i < dkim->n_own; i++)
		if (dkim->own[i].predicted == DKIM_PASS)
			return true;
	for (size_t i = 0; i < dkim->n_existing; i++)
		if (dkim->existing[i].result == DKIM_PASS)
			return true;
	return false;
}

int
collect_dkim(struct collection *c)
{
	int waits;

	name_managed(c);
	waits = collect_own(c) | collect_existing(c);
	if (waits != 0)
		return 1;
	c->evidence->dkim.cannot_sign = cannot_sign(c);
	c->evidence->dkim.any_pass = any_pass(&c->evidence->dkim);
	return 0;
}
