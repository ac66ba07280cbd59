/*
 * DKIM: what DNS shows of the keys that sign this message, and the signatures
 * that it already carries (RFC 6376, 8301).
 */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"

#define BITS_WEAK 1024		/* below: receivers take the signature for none */
#define BITS_ADVISED 2048

/* The line to publish for a key of ours, or NULL. */
static const char *
key_record_line(const struct check_input *input, const struct ring_key *key)
{
	const char *type;

	if (key == NULL || key->key == NULL)
		return NULL;
	type = key_type(key->key) == KEY_RSA ? "rsa" : "ed25519";
	return check_txt(input, key->dns_name, arena_printf(input->arena,
	    "v=DKIM1; k=%s; p=%s", type, key_public_base64(key->key)));
}

static void
fix_publish(const struct check_input *input, struct check_result *result,
    const struct ring_key *key)
{
	const char *line = key_record_line(input, key);

	if (line != NULL)
		check_fix(input, result, "Publish exactly this one TXT record: %s",
		    line);
}

/* The keys of which DNS shows `wanted`; first_r is the first of them. */
static void
tally_keys(const struct check_input *input, enum key_dns wanted,
    struct check_tally *tally, const struct own_signature **first_r)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;
	size_t i;

	*first_r = NULL;
	check_tally_init(tally, input);
	if (dkim->managed != NULL && dkim->n_own == 0)
		tally->dunno = true;
	for (i = 0; i < dkim->n_own; i++) {
		const struct own_signature *own = &dkim->own[i];
		enum key_dns state = own->record_known == KNOWN_ABSENT ?
		    KEY_DNS_MISSING : own->state;

		if (!check_tally_known(tally, own->record_known))
			continue;
		if (state == KEY_DNS_UNKNOWN)
			tally->dunno = true;
		if (state != wanted || own->key == NULL)
			continue;
		check_tally_hit(tally, own->key->dns_name);
		if (*first_r == NULL)
			*first_r = own;
	}
}

void
check_dkim_unsigned(const struct check_input *input, struct check_result *result)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;
	const char *domain = input->message->author_domain;

	if (dkim->managed != NULL || dkim->existing_total > 0 || dkim->n_own > 0) {
		check_ok(result);
		return;
	}
	if (domain == NULL) {
		check_dunno(result);
		return;
	}
	check_hit(input, result, "%s is not among the domains managed here, and the "
	    "message carries no DKIM signature: it leaves unsigned.", check_safe(input,
	    domain));
	check_fix(input, result, "If %s is yours, make a key with \"mailworthy keygen "
	    "%s\", publish the record it prints and add the domain to the "
	    "configuration.", check_safe(input, domain), check_safe(input, domain));
}

void
check_dkim_cannot_sign(const struct check_input *input, struct check_result *result)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;

	if (dkim->usable == RING_UNSEEN) {
		check_dunno(result);
		return;
	}
	if (dkim->cannot_sign == NULL) {
		check_ok(result);
		return;
	}
	check_hit(input, result, "The message of %s cannot be signed: %s",
	    check_safe(input, dkim->managed), dkim->cannot_sign);
	switch (dkim->usable) {
	case RING_NOT_IN_DNS:
		if (dkim->n_own > 0)
			fix_publish(input, result, dkim->own[0].key);
		break;
	case RING_USABLE:
		check_fix(input, result, "Mend the cause named here; mail of %s waits "
		    "until then.", check_safe(input, dkim->managed));
		break;
	case RING_NO_DOMAIN:
	case RING_NO_KEY:
	case RING_UNSEEN:
		break;		/* the catalogue's: give it a key */
	}
}

void
check_dkim_key_missing(const struct check_input *input, struct check_result *result)
{
	const struct own_signature *first;
	struct check_tally tally;

	tally_keys(input, KEY_DNS_MISSING, &tally, &first);
	if (!check_tally_any(&tally, result))
		return;
	check_hit(input, result, "DNS has no key record at %s: no receiver can verify "
	    "what this key signs.", buf_str(&tally.names));
	fix_publish(input, result, first->key);
}

void
check_dkim_key_mismatch(const struct check_input *input, struct check_result *result)
{
	const struct own_signature *first;
	struct check_tally tally;

	tally_keys(input, KEY_DNS_MISMATCH, &tally, &first);
	if (!check_tally_any(&tally, result))
		return;
	check_hit(input, result, "The key published at %s is not the one in %s: every "
	    "signature by it fails.", buf_str(&tally.names),
	    check_safe(input, first->key->path));
	fix_publish(input, result, first->key);
}

void
check_dkim_key_revoked(const struct check_input *input, struct check_result *result)
{
	const struct own_signature *first;
	struct check_tally tally;

	tally_keys(input, KEY_DNS_REVOKED, &tally, &first);
	if (!check_tally_any(&tally, result))
		return;
	check_hit(input, result, "The record at %s has an empty p=: the key is "
	    "revoked.", buf_str(&tally.names));
	check_fix(input, result, "Sign with a new key under a new selector "
	    "(\"mailworthy keygen %s\"), or, where the key was revoked by mistake, "
	    "publish its record again.", first->key->domain);
}

void
check_dkim_record_malformed(const struct check_input *input, struct check_result
    *result)
{
	const struct own_signature *first;
	struct check_tally tally;

	tally_keys(input, KEY_DNS_MALFORMED, &tally, &first);
	if (!check_tally_any(&tally, result) || first == NULL)
		return;
	check_hit(input, result, "The key record at %s cannot be used: %s.",
	    buf_str(&tally.names), first->problem != NULL ?
	    check_safe(input, first->problem) : "it cannot be read");
	fix_publish(input, result, first->key);
}

void
check_dkim_key_weak(const struct check_input *input, struct check_result *result)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;
	unsigned weakest = BITS_ADVISED;
	struct check_tally tally;
	size_t i;

	check_tally_init(&tally, input);
	for (i = 0; i < dkim->n_own; i++) {
		const struct ring_key *key = dkim->own[i].key;
		unsigned bits;

		if (key == NULL || key->key == NULL) {
			tally.dunno = true;
			continue;
		}
		bits = key_bits(key->key);
		if (key_type(key->key) != KEY_RSA || bits >= BITS_ADVISED)
			continue;
		check_tally_hit(&tally, arena_printf(input->arena, "%s (%u bits)",
		    key->dns_name, bits));
		weakest = bits < weakest ? bits : weakest;
	}
	if (!check_tally_any(&tally, result))
		return;
	if (weakest >= BITS_WEAK)
		result->weight = 5;
	check_hit(input, result, "The RSA key %s is shorter than the %u bits that "
	    "receivers advise%s.", buf_str(&tally.names), BITS_ADVISED, weakest <
	    BITS_WEAK ? ", and below the 1024 that they require" : "");
}

void
check_dkim_key_testing(const struct check_input *input, struct check_result *result)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;
	struct check_tally tally;
	size_t i;

	check_tally_init(&tally, input);
	for (i = 0; i < dkim->n_own; i++)
		if (check_tally_known(&tally, dkim->own[i].record_known) &&
		    dkim->own[i].testing && dkim->own[i].key != NULL)
			check_tally_hit(&tally, dkim->own[i].key->dns_name);
	if (check_tally_any(&tally, result))
		check_hit(input, result, "The key record at %s says t=y (testing): "
		    "receivers may treat its signatures as none.",
		    buf_str(&tally.names));
}

static bool
is_broken(enum dkim_result result)
{
	switch (result) {
	case DKIM_FAIL:
	case DKIM_POLICY:
	case DKIM_NEUTRAL:
	case DKIM_PERMERROR:
		return true;
	case DKIM_NONE:
	case DKIM_PASS:
	case DKIM_TEMPERROR:
		break;
	}
	return false;
}

void
check_dkim_existing_broken(const struct check_input *input, struct check_result *result)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;
	struct check_tally tally;
	size_t i;

	check_tally_init(&tally, input);
	if (dkim->existing_total > dkim->n_existing)
		tally.dunno = true;
	if (dkim->existing_total > 0 && !dkim->existing_known)
		tally.temperror = true;
	for (i = 0; i < dkim->n_existing; i++) {
		const struct verified *existing = &dkim->existing[i];

		if (existing->result == DKIM_TEMPERROR)
			tally.temperror = true;
		if (is_broken(existing->result))
			check_tally_hit(&tally, arena_printf(input->arena, "d=%s s=%s "
			    "(%s: %s)", check_safe(input, existing->sdid),
			    check_safe(input, existing->selector),
			    dkim_result_name(existing->result), existing->reason != NULL
			    ? check_safe(input, existing->reason) : "does not verify"));
	}
	if (check_tally_any(&tally, result))
		check_hit(input, result, "A DKIM-Signature that the message already "
		    "carries does not verify: %s.", buf_str(&tally.names));
}

void
check_dkim_existing_length(const struct check_input *input, struct check_result *result)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;
	struct check_tally tally;
	size_t i;

	check_tally_init(&tally, input);
	if (dkim->existing_total > dkim->n_existing)
		tally.dunno = true;
	for (i = 0; i < dkim->n_existing; i++)
		if (dkim->existing[i].has_length)
			check_tally_hit(&tally, arena_printf(input->arena, "d=%s s=%s",
			    check_safe(input, dkim->existing[i].sdid),
			    check_safe(input, dkim->existing[i].selector)));
	if (check_tally_any(&tally, result))
		check_hit(input, result, "A DKIM-Signature that the message already "
		    "carries covers a part of the body only (l=): %s.",
		    buf_str(&tally.names));
}
