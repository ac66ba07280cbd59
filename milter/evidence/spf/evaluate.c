/*
 * check_host() of RFC 7208 section 4 over answers that are here already.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "evidence/spf/eval.h"
#include "evidence/spf/fetch.h"

static int check_host(struct spf_eval *eval, const char *domain,
    enum spf_result *result_r);

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
	spf_blame(eval, term->text, arena_printf(eval->arena,
	    "%s points to %s, which publishes no SPF record", spf_term_name(eval, term),
	    target[0] == '\0' ? "no name" : spf_quoted(eval, slice_of(target))));
}

/* Section 5.2, the table of results. */
static enum spf_match
match_include(struct spf_eval *eval, const struct spf_term *term, const char *target)
{
	enum spf_result result = SPF_NONE;
	int pending;

	eval->depth++;
	pending = check_other(eval, target, &result);
	eval->depth--;
	if (pending)
		return SPF_MATCH_PENDING;
	switch (result) {
	case SPF_PASS:
		return SPF_MATCH_YES;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return SPF_MATCH_NO;
	case SPF_TEMPERROR:
		return SPF_MATCH_TEMPERROR;
	case SPF_NONE:
		blame_missing(eval, term, target);
		return SPF_MATCH_PERMERROR;
	case SPF_PERMERROR:
		return SPF_MATCH_PERMERROR;
	}
	return SPF_MATCH_PERMERROR;
}

static enum spf_match
match_term(struct spf_eval *eval, const struct spf_term *term)
{
	const char *target;
	enum spf_match match;

	eval->void_counted = false;
	if (spf_kind_asks_dns(term->kind) && !spf_count_lookup(eval, term))
		return SPF_MATCH_PERMERROR;
	match = spf_term_target(eval, term, &target);
	if (match != SPF_MATCH_NO)
		return match;
	switch (term->kind) {
	case SPF_KIND_ALL:
		return SPF_MATCH_YES;
	case SPF_KIND_IP4:
	case SPF_KIND_IP6:
		return ip_net_contains(&term->net, &eval->values.ip) ?
		    SPF_MATCH_YES : SPF_MATCH_NO;
	case SPF_KIND_INCLUDE:
		return match_include(eval, term, target);
	case SPF_KIND_A:
	case SPF_KIND_MX:
	case SPF_KIND_PTR:
	case SPF_KIND_EXISTS:
		return spf_match_hosts(eval, term, target);
	case SPF_KIND_REDIRECT:
	case SPF_KIND_EXP:
	case SPF_KIND_UNKNOWN_MODIFIER:
		break;
	}
	return SPF_MATCH_NO;
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
	enum spf_match match = SPF_MATCH_PERMERROR;

	if (spf_count_lookup(eval, term))
		match = spf_term_target(eval, term, &target);
	if (match == SPF_MATCH_PENDING)
		return 1;
	if (match == SPF_MATCH_PERMERROR) {
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
		case SPF_MATCH_NO:
			continue;
		case SPF_MATCH_YES:
			*result_r = qualifier_result(record->terms[i].qualifier);
			if (eval->depth > 0)
				return 0;
			eval->answer->term = spf_quoted(eval, record->terms[i].text);
			eval->answer->term_domain = spf_quoted(eval,
			    slice_of(eval->values.domain));
			return 0;
		case SPF_MATCH_PENDING:
			spf_foresee(eval, record, i + 1);
			return 1;
		case SPF_MATCH_TEMPERROR:
			*result_r = SPF_TEMPERROR;
			return 0;
		case SPF_MATCH_PERMERROR:
			*result_r = SPF_PERMERROR;
			return 0;
		}
	}
	*result_r = SPF_NEUTRAL;
	if (!record->has_redirect)
		return 0;
	return follow_redirect(eval, &record->redirect, result_r);
}

/* Reads the one record there is; -1 after saying why that cannot be. */
static int
read_record(struct spf_eval *eval, const struct spf_published *published,
    struct spf_record *record_r)
{
	const char *domain = spf_quoted(eval, slice_of(eval->values.domain));
	struct spf_fault fault = { .term = { NULL, 0 } };

	if (published->n > 1) {
		spf_blame(eval, fault.term, arena_printf(eval->arena,
		    "%s publishes %zu SPF records where only one may stand"
		    " (RFC 7208 section 4.5)", domain, published->n));
		return -1;
	}
	if (published->text.n > SPF_RECORD_MAX || spf_record_parse(eval->arena,
	    published->text, SPF_TERMS_MAX - eval->terms, record_r, &fault) == -1) {
		spf_blame(eval, fault.term, arena_printf(eval->arena,
		    "the SPF record of %s is broken%s%s%s: %s", domain,
		    fault.term.n > 0 ? " at \"" : "", spf_quoted(eval, fault.term),
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
		eval->answer->record =
		    log_safe(eval->arena, published.text, SPF_RECORD_MAX);
	}
	if (published.status == DNS_TEMPFAIL) {
		spf_temperror(eval, NULL, published.answer);
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
	struct spf_eval eval = {
		.arena = arena, .lookups = lookups, .answer = answer_r
	};
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
		    spf_quoted(&eval, slice_of(eval.values.domain)));
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
