/*
 * Sender Policy Framework, RFC 7208, our own evaluator: check_host() of
 * section 4 over answers that are here already; asks for what is missing and
 * says so, then is run again from the start.
 */
#ifndef MW_EVIDENCE_SPF_SPF_H
#define MW_EVIDENCE_SPF_SPF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"

struct arena;
struct lookups;

#define SPF_LOOKUPS_MAX 10	/* section 4.6.4 */
#define SPF_VOIDS_MAX 2
#define SPF_RECORD_MAX 65535
#define SPF_TERMS_MAX 10000	/* of the whole tree */

enum spf_result {
	SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL,
	SPF_TEMPERROR, SPF_PERMERROR,
};

struct spf_query {
	struct ip ip;			/* the address mail would come from */
	const char *helo;		/* HELO name, A-label */
	const char *local_part;		/* "postmaster" when the identity has none */
	const char *domain;		/* A-label, lower-case */
	const char *receiver;		/* %{r}, may be NULL */
};

/* Texts are harmless (log_safe) and live in the arena. */
struct spf_answer {
	enum spf_result result;
	const char *record;		/* the domain's own record, "" when none */
	/*
	 * The term that gave the result ("include:_spf.example.net", "-all"), of
	 * the domain's record or the one it redirects to; for temperror and
	 * permerror the term at fault, however deep.  NULL when no term was it.
	 */
	const char *term;
	const char *term_domain;	/* domain whose record holds it */
	const char *problem;		/* none, temperror, permerror: why; else NULL */
	unsigned lookups;		/* terms that asked DNS, whole tree */
	unsigned voids;			/* terms that found nothing there */
	unsigned records_found;		/* SPF records at the name */
	bool uses_local_part;		/* %{s} or %{l} in a record: do not cache */
	bool uses_helo;			/* %{h} */
	uint32_t ttl;			/* smallest of all answers used, or 0 */
};

/*
 * 0 when *answer_r is final, 1 when something is pending in `lookups`: wait,
 * then call again.  What can be foreseen is asked for at once.  Lookups and
 * voids count as RFC 7208 section 4.6.4 has it: over the whole tree, only what
 * evaluation really came to; %{p} is a lookup once; a term is void once; more
 * than 10 MX records are a permerror, of PTR records the first 10 count.
 */
int spf_check(struct arena *arena, struct lookups *lookups,
    const struct spf_query *query, struct spf_answer *answer_r);

const char *spf_result_name(enum spf_result result);

/*
 * What a record admits, without an address: for spf-too-wide.  Looks at the
 * domain's record and at what it includes or redirects to by plain names, at
 * terms that admit ("+") before the first "all".  0 / 1 as above; a record
 * that cannot be had or read is not wide.
 */
struct spf_width {
	bool plus_all;			/* +all, or a net wider than /8, /16 (v6) */
	bool wide;			/* ?all alone, nets wider than /16, /32 (v6) */
	const char *term;		/* the widest, with its domain, or NULL */
};
int spf_width(struct arena *arena, struct lookups *lookups, const char *domain,
    struct spf_width *width_r);

/*
 * A record to publish in place of what is there, with which every address
 * passes, whoever asks, within the limits of section 4.6.4; judged by
 * spf_check() before it is handed out.  Waits for DNS.  What is there is kept
 * as far as it can be: missing addresses go in front, where a match ends the
 * evaluation before anything is asked; several records become one; terms
 * that cannot be read or lead nowhere go; a record that lets in everybody is
 * closed; a and mx give way to their addresses only where the lookups would not
 * suffice.  What others include is left alone: their addresses change.
 */
struct spf_wish {
	const char *domain;		/* A-label */
	const char *helo;		/* may be NULL */
	const struct ip *ips;		/* that mail leaves from */
	size_t n;
	const char *include;		/* of a relay, or NULL */
};

struct spf_cost {
	const char *term;
	unsigned lookups;		/* that it takes at most, itself included */
};

struct spf_proposal {
	const char *record;		/* NULL: none, why says it */
	const char *why;
	const char *changes;		/* "ip4:192.0.2.1 added; ptr left out", "" */
	unsigned lookups, voids;	/* for a client that nothing matches */
	bool breaks_for_others;		/* what is published, for clients that it does
					 * not let in by its first terms */
	struct spf_cost *costs;		/* where record is NULL for its lookups */
	size_t n_costs;
};

struct dns;
void spf_propose(struct arena *arena, struct dns *dns, unsigned deadline,
    const struct spf_wish *wish, struct spf_proposal *proposal_r);

/*
 * libspf2's reading behind the guard of a second opinion: same answers, same
 * limits on what it is given.  asked_r is false where it must not be asked
 * (no record; a record in the tree over 1,000 bytes, with over 10 macros, with
 * macros as %{S} or %{d2r} or not accepted by our parser; over 40 lookups; a
 * loopback address) or failed.
 * Call it once spf_check() is final: it asks one name at a time.
 */
int spf_second_opinion(struct arena *arena, struct lookups *lookups,
    const struct spf_query *query, bool *asked_r, enum spf_result *result_r);

#endif
