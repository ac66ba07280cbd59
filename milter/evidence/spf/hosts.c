/*
 * Mechanisms that compare the client's address with hosts in DNS: a, mx, ptr
 * and exists (RFC 7208 sections 5.3 to 5.5, 5.7).
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/spf/eval.h"
#include "mail/domain.h"

/* An answer that the result will rest on. */
static const struct dns_answer *
ask(struct spf_eval *eval, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = dns_get(eval->lookups, name, type);

	if (answer->status != DNS_PENDING && answer->ttl < eval->answer->ttl)
		eval->answer->ttl = answer->ttl;
	return answer;
}

/* Does the address lie in the network around one of the host's addresses? */
static enum spf_match
match_host(struct spf_eval *eval, const struct spf_term *term, const char *host)
{
	const struct dns_answer *answer = ask(eval, host, eval->address_type);
	unsigned bits = eval->values.ip.family == 4 ? term->bits4 : term->bits6;

	switch (answer->status) {
	case DNS_OK:
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return spf_note_void(eval, term, host);
	case DNS_TEMPFAIL:
		return spf_temperror(eval, term, answer);
	case DNS_PENDING:
		return SPF_MATCH_PENDING;
	}
	for (size_t i = 0; i < answer->n; i++) {
		if (ip_prefix_eq(&answer->rrs[i].ip, &eval->values.ip, bits))
			return SPF_MATCH_YES;
	}
	return SPF_MATCH_NO;
}

/* Stable, by preference; the answer itself belongs to others. */
static const struct dns_rr **
sort_exchanges(struct arena *arena, const struct dns_answer *answer)
{
	const struct dns_rr **rrs = arena_array(arena, answer->n, sizeof(rrs[0]));
	const struct dns_rr *rr;
	size_t at;

	for (size_t i = 0; i < answer->n; i++) {
		rr = &answer->rrs[i];
		for (at = i; at > 0 && rrs[at - 1]->preference > rr->preference; at--)
			rrs[at] = rrs[at - 1];
		rrs[at] = rr;
	}
	return rrs;
}

/* Section 5.4.  A null MX names no host. */
static enum spf_match
match_exchanges(struct spf_eval *eval, const struct spf_term *term,
    const struct dns_answer *answer)
{
	const struct dns_rr **rrs;
	enum spf_match match = SPF_MATCH_NO, one;

	if (answer->n > SPF_HOSTS_MAX) {
		spf_blame(eval, term->text,
		    arena_printf(eval->arena,
			"%s leads to %zu MX hosts; more than %d make receivers"
			" give up on the record (RFC 7208 section 4.6.4)",
			spf_term_name(eval, term), answer->n, SPF_HOSTS_MAX));
		return SPF_MATCH_PERMERROR;
	}
	rrs = sort_exchanges(eval->arena, answer);
	for (size_t i = 0; i < answer->n; i++) {
		if (rrs[i]->name[0] == '\0')
			continue;
		/* Behind one that is pending the others are only asked for. */
		if (match == SPF_MATCH_PENDING) {
			dns_get(eval->lookups, rrs[i]->name, eval->address_type);
			continue;
		}
		one = match_host(eval, term, rrs[i]->name);
		if (one != SPF_MATCH_NO && one != SPF_MATCH_PENDING)
			return one;
		match = one;
	}
	return match;
}

static enum spf_match
match_mx(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	const struct dns_answer *answer = ask(eval, target, DNS_MX);

	switch (answer->status) {
	case DNS_OK:
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return spf_note_void(eval, term, target);
	case DNS_TEMPFAIL:
		return spf_temperror(eval, term, answer);
	case DNS_PENDING:
		return SPF_MATCH_PENDING;
	}
	return match_exchanges(eval, term, answer);
}

static enum spf_match
match_exists(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	const struct dns_answer *answer = ask(eval, target, DNS_A);

	switch (answer->status) {
	case DNS_OK:
		return SPF_MATCH_YES;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return spf_note_void(eval, term, target);
	case DNS_TEMPFAIL:
		return spf_temperror(eval, term, answer);
	case DNS_PENDING:
		return SPF_MATCH_PENDING;
	}
	return SPF_MATCH_NO;
}

/* Adds the name when it leads back to the address; errors skip it. */
static bool
validate_name(struct spf_eval *eval, const char *name)
{
	const struct dns_answer *answer = ask(eval, name, eval->address_type);

	if (answer->status == DNS_PENDING)
		return false;
	for (size_t i = 0; answer->status == DNS_OK && i < answer->n; i++) {
		if (!ip_eq(&answer->rrs[i].ip, &eval->values.ip))
			continue;
		eval->names[eval->n_names++] = name;
		break;
	}
	return true;
}

/* Section 5.5: fills the validated names; the answer for the PTR records. */
static const struct dns_answer *
validate_names(struct spf_eval *eval)
{
	const struct dns_answer *answer;
	size_t n;

	answer = ask(eval, spf_ptr_name(eval->arena, &eval->values.ip), DNS_PTR);
	if (eval->names_known == SPF_NAMES_KNOWN || answer->status == DNS_PENDING)
		return answer;
	eval->n_names = 0;
	eval->names_known = SPF_NAMES_KNOWN;
	n = answer->status != DNS_OK ? 0 :
	    answer->n < SPF_HOSTS_MAX ? answer->n : SPF_HOSTS_MAX;
	for (size_t i = 0; i < n; i++) {
		if (answer->rrs[i].name[0] != '\0' &&
		    !validate_name(eval, answer->rrs[i].name))
			eval->names_known = SPF_NAMES_PENDING;
	}
	return answer;
}

/* An error while asking means no match (section 5.5). */
static enum spf_match
match_ptr(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	const struct dns_answer *answer = validate_names(eval);

	if (eval->names_known != SPF_NAMES_KNOWN)
		return SPF_MATCH_PENDING;
	for (size_t i = 0; i < eval->n_names; i++) {
		if (domain_is_under(eval->names[i], target))
			return SPF_MATCH_YES;
	}
	if (answer->status == DNS_NODATA || answer->status == DNS_NXDOMAIN)
		return spf_note_void(eval, term, answer->name);
	return SPF_MATCH_NO;
}

/* The name that %{p} stands for (section 7.3): the domain's own, if there is one. */
static const char *
choose_validated(const struct spf_eval *eval)
{
	const char *domain = eval->values.domain, *chosen = NULL;

	for (size_t i = 0; i < eval->n_names; i++) {
		if (strcmp(eval->names[i], domain) == 0)
			return eval->names[i];
		if (chosen == NULL || (domain_is_under(eval->names[i], domain) &&
		    !domain_is_under(chosen, domain)))
			chosen = eval->names[i];
	}
	return chosen;
}

/*
 * The target-name of a term: its domain-spec expanded, or the current domain.
 * The PTR query of %{p} is one of the ten lookups, once.
 */
enum spf_match
spf_term_target(struct spf_eval *eval, const struct spf_term *term,
    const char **target_r)
{
	*target_r = eval->values.domain;
	if (!term->has_domain)
		return SPF_MATCH_NO;
	if ((term->letters & SPF_LETTER('p')) != 0) {
		if (eval->names_known == SPF_NAMES_UNKNOWN &&
		    !spf_count_lookup(eval, term))
			return SPF_MATCH_PERMERROR;
		validate_names(eval);
		if (eval->names_known != SPF_NAMES_KNOWN)
			return SPF_MATCH_PENDING;
		eval->values.validated = choose_validated(eval);
	}
	*target_r = spf_expand(eval->arena, &eval->values, term->domain);
	return SPF_MATCH_NO;
}

enum spf_match
spf_match_hosts(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	/* Macros may come out empty; the root is not meant. */
	if (target[0] == '\0')
		return SPF_MATCH_NO;
	switch (term->kind) {
	case SPF_KIND_A:
		return match_host(eval, term, target);
	case SPF_KIND_MX:
		return match_mx(eval, term, target);
	case SPF_KIND_PTR:
		return match_ptr(eval, term, target);
	case SPF_KIND_EXISTS:
		return match_exists(eval, term, target);
	case SPF_KIND_ALL:
	case SPF_KIND_INCLUDE:
	case SPF_KIND_IP4:
	case SPF_KIND_IP6:
	case SPF_KIND_REDIRECT:
	case SPF_KIND_EXP:
	case SPF_KIND_UNKNOWN_MODIFIER:
		break;
	}
	return SPF_MATCH_NO;
}
