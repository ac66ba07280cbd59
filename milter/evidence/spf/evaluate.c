/*
 * check_host() of RFC 7208 section 4 over answers that are here already.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "dns/name.h"
#include "evidence/spf/eval.h"
#include "evidence/spf/fetch.h"
#include "mail/domain.h"

enum { TEXT_MAX = 200 };	/* of remote text in a sentence */

enum match { MATCH_NO, MATCH_YES, MATCH_PENDING, MATCH_TEMPERROR, MATCH_PERMERROR };

static int check_host(struct spf_eval *eval, const char *domain,
    enum spf_result *result_r);

static const char *
quoted(struct spf_eval *eval, struct slice text)
{
	return log_safe(eval->arena, text, TEXT_MAX);
}

/* Names the term at fault and says why: the first to do so is right. */
static void
blame(struct spf_eval *eval, struct slice term, const char *problem)
{
	struct spf_answer *answer = eval->answer;

	if (answer->problem != NULL)
		return;
	answer->problem = problem;
	answer->term_domain = eval->values.domain;
	if (term.n > 0)
		answer->term = quoted(eval, term);
}

/* "the term of the domain", as problems begin. */
static const char *
term_name(struct spf_eval *eval, const struct spf_term *term)
{
	return arena_printf(eval->arena, "\"%s\" in the SPF record of %s",
	    quoted(eval, term->text), quoted(eval, slice_of(eval->values.domain)));
}

static enum match
temperror(struct spf_eval *eval, const struct spf_term *term, const struct dns_answer *dns)
{
	struct slice none = { NULL, 0 };

	blame(eval, term == NULL ? none : term->text, arena_printf(eval->arena,
	    "DNS could not be asked for the %s records of %s (%s)",
	    dns_type_name(dns->type), quoted(eval, slice_of(dns->name)),
	    dns->error == NULL ? "no reason given" : dns->error));
	return MATCH_TEMPERROR;
}

/* An answer that the result will rest on. */
static const struct dns_answer *
ask(struct spf_eval *eval, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = dns_get(eval->lookups, name, type);

	if (answer->status != DNS_PENDING && answer->ttl < eval->answer->ttl)
		eval->answer->ttl = answer->ttl;
	return answer;
}

/*
 * Section 4.6.4 limits the terms whose queries find nothing, so a term counts
 * once.  A name that cannot be asked in DNS is no query.
 */
static enum match
note_void(struct spf_eval *eval, const struct spf_term *term, const char *name)
{
	struct spf_answer *answer = eval->answer;
	char canonical[DNS_NAME_TEXT_MAX];

	if (eval->void_counted || !dns_name_canonical(name, canonical))
		return MATCH_NO;
	eval->void_counted = true;
	if (++answer->voids <= SPF_VOIDS_MAX)
		return MATCH_NO;
	blame(eval, term->text, arena_printf(eval->arena,
	    "%s is term number %u that finds no DNS record (%s); more than %d make"
	    " receivers give up on the record (RFC 7208 section 4.6.4)", term_name(eval, term),
	    answer->voids, quoted(eval, slice_of(name)), SPF_VOIDS_MAX));
	return MATCH_PERMERROR;
}

static bool
is_on_path(const struct spf_eval *eval, const char *domain)
{
	for (size_t i = 0; i < eval->path_n; i++) {
		if (strcmp(eval->path[i], domain) == 0)
			return true;
	}
	return false;
}

/* Section 4.6.4: false when the term is one too many. */
static bool
count_lookup(struct spf_eval *eval, const struct spf_term *term)
{
	const char *where;

	if (++eval->answer->lookups <= SPF_LOOKUPS_MAX)
		return true;
	where = term_name(eval, term);
	if (eval->path_n > 1) {
		eval->path_n--;
		if (is_on_path(eval, eval->values.domain))
			where = arena_printf(eval->arena, "%s leads in a circle and", where);
		eval->path_n++;
	}
	blame(eval, term->text, arena_printf(eval->arena,
	    "%s is DNS-asking term number %u; more than %d make receivers give up on the"
	    " record (RFC 7208 section 4.6.4)", where, eval->answer->lookups,
	    SPF_LOOKUPS_MAX));
	return false;
}

/* Does the address lie in the network around one of the host's addresses? */
static enum match
match_host(struct spf_eval *eval, const struct spf_term *term, const char *host)
{
	const struct dns_answer *answer = ask(eval, host, eval->address_type);
	unsigned bits = eval->values.ip.family == 4 ? term->bits4 : term->bits6;

	switch (answer->status) {
	case DNS_OK:
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return note_void(eval, term, host);
	case DNS_TEMPFAIL:
		return temperror(eval, term, answer);
	case DNS_PENDING:
		return MATCH_PENDING;
	}
	for (size_t i = 0; i < answer->n; i++) {
		if (ip_prefix_eq(&answer->rrs[i].ip, &eval->values.ip, bits))
			return MATCH_YES;
	}
	return MATCH_NO;
}

/* Stable, by preference; the answer itself belongs to others. */
static const struct dns_rr **
sort_exchanges(struct arena *arena, const struct dns_answer *answer)
{
	const struct dns_rr **rrs = arena_array(arena, answer->n, sizeof(rrs[0]));
	size_t at;

	for (size_t i = 0; i < answer->n; i++) {
		for (at = i; at > 0 && rrs[at - 1]->preference > answer->rrs[i].preference; at--)
			rrs[at] = rrs[at - 1];
		rrs[at] = &answer->rrs[i];
	}
	return rrs;
}

/* Section 5.4.  A null MX names no host. */
static enum match
match_exchanges(struct spf_eval *eval, const struct spf_term *term,
    const struct dns_answer *answer)
{
	const struct dns_rr **rrs;
	enum match match = MATCH_NO, one;

	if (answer->n > SPF_HOSTS_MAX) {
		blame(eval, term->text, arena_printf(eval->arena,
		    "%s leads to %zu MX hosts; more than %d make receivers give up on the"
		    " record (RFC 7208 section 4.6.4)", term_name(eval, term), answer->n,
		    SPF_HOSTS_MAX));
		return MATCH_PERMERROR;
	}
	rrs = sort_exchanges(eval->arena, answer);
	for (size_t i = 0; i < answer->n; i++) {
		if (rrs[i]->name[0] == '\0')
			continue;
		/* Behind one that is pending the others are only asked for. */
		if (match == MATCH_PENDING) {
			dns_get(eval->lookups, rrs[i]->name, eval->address_type);
			continue;
		}
		one = match_host(eval, term, rrs[i]->name);
		if (one != MATCH_NO && one != MATCH_PENDING)
			return one;
		match = one;
	}
	return match;
}

static enum match
match_mx(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	const struct dns_answer *answer = ask(eval, target, DNS_MX);

	switch (answer->status) {
	case DNS_OK:
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return note_void(eval, term, target);
	case DNS_TEMPFAIL:
		return temperror(eval, term, answer);
	case DNS_PENDING:
		return MATCH_PENDING;
	}
	return match_exchanges(eval, term, answer);
}

static enum match
match_exists(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	const struct dns_answer *answer = ask(eval, target, DNS_A);

	switch (answer->status) {
	case DNS_OK:
		return MATCH_YES;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return note_void(eval, term, target);
	case DNS_TEMPFAIL:
		return temperror(eval, term, answer);
	case DNS_PENDING:
		return MATCH_PENDING;
	}
	return MATCH_NO;
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
	const struct dns_answer *answer = ask(eval, spf_ptr_name(eval->arena,
	    &eval->values.ip), DNS_PTR);

	if (eval->names_known == SPF_NAMES_KNOWN || answer->status == DNS_PENDING)
		return answer;
	eval->n_names = 0;
	eval->names_known = SPF_NAMES_KNOWN;
	for (size_t i = 0; answer->status == DNS_OK && i < answer->n && i < SPF_HOSTS_MAX;
	    i++) {
		if (answer->rrs[i].name[0] != '\0' &&
		    !validate_name(eval, answer->rrs[i].name))
			eval->names_known = SPF_NAMES_PENDING;
	}
	return answer;
}

/* An error while asking means no match (section 5.5). */
static enum match
match_ptr(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	const struct dns_answer *answer = validate_names(eval);

	if (eval->names_known != SPF_NAMES_KNOWN)
		return MATCH_PENDING;
	for (size_t i = 0; i < eval->n_names; i++) {
		if (domain_is_under(eval->names[i], target))
			return MATCH_YES;
	}
	if (answer->status == DNS_NODATA || answer->status == DNS_NXDOMAIN)
		return note_void(eval, term, answer->name);
	return MATCH_NO;
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
static enum match
term_target(struct spf_eval *eval, const struct spf_term *term, const char **target_r)
{
	*target_r = eval->values.domain;
	if (!term->has_domain)
		return MATCH_NO;
	if ((term->letters & SPF_LETTER('p')) != 0) {
		if (eval->names_known == SPF_NAMES_UNKNOWN && !count_lookup(eval, term))
			return MATCH_PERMERROR;
		validate_names(eval);
		if (eval->names_known != SPF_NAMES_KNOWN)
			return MATCH_PENDING;
		eval->values.validated = choose_validated(eval);
	}
	*target_r = spf_expand(eval->arena, &eval->values, term->domain);
	return MATCH_NO;
}

/* Runs check_host() for another domain and comes back to this one. */
static int
check_other(struct spf_eval *eval, const char *domain, enum spf_result *result_r)
{
	const char *outer = eval->values.domain;
	int pending;

	eval->path[eval->path_n++] = domain;
	eval->values.domain = domain;
	pending = check_host(eval, domain, result_r);
	eval->values.domain = outer;
	eval->path_n--;
	return pending;
}

static void
blame_missing(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	blame(eval, term->text, arena_printf(eval->arena,
	    "%s points to %s, which publishes no SPF record", term_name(eval, term),
	    target[0] == '\0' ? "no name" : quoted(eval, slice_of(target))));
}

/* Section 5.2, the table of results. */
static enum match
match_include(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	enum spf_result result = SPF_NONE;
	int pending;

	eval->depth++;
	pending = check_other(eval, target, &result);
	eval->depth--;
	if (pending)
		return MATCH_PENDING;
	switch (result) {
	case SPF_PASS:
		return MATCH_YES;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return MATCH_NO;
	case SPF_TEMPERROR:
		return MATCH_TEMPERROR;
	case SPF_NONE:
		blame_missing(eval, term, target);
		return MATCH_PERMERROR;
	case SPF_PERMERROR:
		return MATCH_PERMERROR;
	}
	return MATCH_PERMERROR;
}

static enum match
match_term(struct spf_eval *eval, const struct spf_term *term)
{
	const char *target;
	enum match match;

	eval->void_counted = false;
	if (spf_kind_asks_dns(term->kind) && !count_lookup(eval, term))
		return MATCH_PERMERROR;
	match = term_target(eval, term, &target);
	if (match != MATCH_NO)
		return match;
	switch (term->kind) {
	case SPF_KIND_ALL:
		return MATCH_YES;
	case SPF_KIND_IP4:
	case SPF_KIND_IP6:
		return ip_net_contains(&term->net, &eval->values.ip) ? MATCH_YES : MATCH_NO;
	case SPF_KIND_INCLUDE:
		return match_include(eval, term, target);
	case SPF_KIND_A:
		return match_host(eval, term, target);
	case SPF_KIND_MX:
		return match_mx(eval, term, target);
	case SPF_KIND_PTR:
		return match_ptr(eval, term, target);
	case SPF_KIND_EXISTS:
		return match_exists(eval, term, target);
	case SPF_KIND_REDIRECT:
	case SPF_KIND_EXP:
	case SPF_KIND_UNKNOWN_MODIFIER:
		break;
	}
	return MATCH_NO;
}

static enum spf_result
qualifier_result(char qualifier)
{
	return qualifier == '-' ? SPF_FAIL : qualifier == '~' ? SPF_SOFTFAIL :
	    qualifier == '?' ? SPF_NEUTRAL : SPF_PASS;
}

/* Section 6.1. */
static int
follow_redirect(struct spf_eval *eval, const struct spf_term *term,
    enum spf_result *result_r)
{
	const char *target;
	enum match match = MATCH_PERMERROR;

	if (count_lookup(eval, term))
		match = term_target(eval, term, &target);
	if (match == MATCH_PENDING)
		return 1;
	if (match == MATCH_PERMERROR) {
		*result_r = SPF_PERMERROR;
		return 0;
	}
	if (check_other(eval, target, result_r) == 1)
		return 1;
	if (*result_r == SPF_NONE) {
		blame_missing(eval, term, target);
		*result_r = SPF_PERMERROR;
	}
	return 0;
}

/* Sections 4.6.2, 4.6.3, 4.7. */
static int
evaluate_record(struct spf_eval *eval, const struct spf_record *record,
    enum spf_result *result_r)
{
	for (size_t i = 0; i < record->n; i++) {
		switch (match_term(eval, &record->terms[i])) {
		case MATCH_NO:
			continue;
		case MATCH_YES:
			*result_r = qualifier_result(record->terms[i].qualifier);
			if (eval->depth > 0)
				return 0;
			eval->answer->term = quoted(eval, record->terms[i].text);
			eval->answer->term_domain = eval->values.domain;
			return 0;
		case MATCH_PENDING:
			spf_foresee(eval, record, i + 1);
			return 1;
		case MATCH_TEMPERROR:
			*result_r = SPF_TEMPERROR;
			return 0;
		case MATCH_PERMERROR:
			*result_r = SPF_PERMERROR;
			return 0;
		}
	}
	*result_r = SPF_NEUTRAL;
	return record->has_redirect ? follow_redirect(eval, &record->redirect, result_r) : 0;
}

/* Reads the one record there is; -1 after saying why that cannot be. */
static int
read_record(struct spf_eval *eval, const struct spf_published *published,
    struct spf_record *record_r)
{
	const char *domain = quoted(eval, slice_of(eval->values.domain));
	struct spf_fault fault = { .term = { NULL, 0 } };

	if (published->n > 1) {
		blame(eval, fault.term, arena_printf(eval->arena, "%s publishes %zu SPF"
		    " records where only one may stand (RFC 7208 section 4.5)", domain,
		    published->n));
		return -1;
	}
	if (published->text.n > SPF_RECORD_MAX || spf_record_parse(eval->arena,
	    published->text, SPF_TERMS_MAX - eval->terms, record_r, &fault) == -1) {
		blame(eval, fault.term, arena_printf(eval->arena,
		    "the SPF record of %s is broken%s%s%s: %s", domain,
		    fault.term.n > 0 ? " at \"" : "", quoted(eval, fault.term),
		    fault.term.n > 0 ? "\"" : "",
		    fault.why == NULL ? "it is too long" : fault.why));
		return -1;
	}
	eval->terms += record_r->n;
	if ((record_r->letters & (SPF_LETTER('s') | SPF_LETTER('l'))) != 0)
		eval->answer->uses_local_part = true;
	if ((record_r->letters & SPF_LETTER('h')) != 0)
		eval->answer->uses_helo = true;
	return 0;
}

/* Section 4.  1 when an answer is pending. */
static int
check_host(struct spf_eval *eval, const char *domain, enum spf_result *result_r)
{
	struct spf_published published = spf_fetch(eval->lookups, domain);
	struct spf_record record;

	if (published.status == DNS_PENDING)
		return 1;
	if (published.answer != NULL && published.answer->ttl < eval->answer->ttl)
		eval->answer->ttl = published.answer->ttl;
	if (eval->path_n == 1) {
		eval->answer->records_found = (unsigned)published.n;
		eval->answer->record = log_safe(eval->arena, published.text, SPF_RECORD_MAX);
	}
	if (published.status == DNS_TEMPFAIL) {
		temperror(eval, NULL, published.answer);
		*result_r = SPF_TEMPERROR;
		return 0;
	}
	*result_r = published.n == 0 ? SPF_NONE : SPF_PERMERROR;
	if (published.n == 0 || read_record(eval, &published, &record) == -1)
		return 0;
	return evaluate_record(eval, &record, result_r);
}

static void
set_values(struct spf_eval *eval, const struct spf_query *query)
{
	struct spf_values *values = &eval->values;

	values->ip = query->ip;
	values->local_part = query->local_part == NULL || query->local_part[0] == '\0' ?
	    "postmaster" : query->local_part;
	values->sender_domain = query->domain;
	values->domain = query->domain;
	values->helo = query->helo == NULL ? "" : query->helo;
	values->sender = arena_printf(eval->arena, "%s@%s", values->local_part,
	    values->sender_domain);
	eval->address_type = values->ip.family == 6 ? DNS_AAAA : DNS_A;
}

int
spf_check(struct arena *arena, struct lookups *lookups, const struct spf_query *query,
    struct spf_answer *answer_r)
{
	struct spf_eval eval = { .arena = arena, .lookups = lookups, .answer = answer_r };
	size_t n = strlen(query->domain);

	*answer_r = (struct spf_answer){ .record = "", .ttl = UINT32_MAX };
	set_values(&eval, query);
	if (n > 0 && query->domain[n - 1] == '.')
		eval.values.domain = arena_strndup(arena, query->domain, n - 1);
	eval.path[eval.path_n++] = eval.values.domain;
	if (check_host(&eval, eval.values.domain, &answer_r->result) == 1)
		return 1;
	if (answer_r->ttl == UINT32_MAX)
		answer_r->ttl = 0;
	if (answer_r->result == SPF_NONE)
		answer_r->problem = arena_printf(arena, "%s publishes no SPF record",
		    quoted(&eval, slice_of(eval.values.domain)));
	return 0;
}

const char *
spf_result_name(enum spf_result result)
{
	switch (result) {
	case SPF_NONE:
		return "none";
	case SPF_NEUTRAL:
		return "neutral";
	case SPF_PASS:
		return "pass";
	case SPF_FAIL:
		return "fail";
	case SPF_SOFTFAIL:
		return "softfail";
	case SPF_TEMPERROR:
		return "temperror";
	case SPF_PERMERROR:
		return "permerror";
	}
	return "none";
}
