/*
 * One run of check_host(), shared by the files of the evaluator.
 */
#ifndef MW_EVIDENCE_SPF_EVAL_H
#define MW_EVIDENCE_SPF_EVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "dns/dns.h"
#include "evidence/spf/grammar.h"
#include "evidence/spf/macro.h"
#include "evidence/spf/spf.h"

struct arena;

#define SPF_HOSTS_MAX 10		/* MX or PTR records followed, section 4.6.4 */
#define SPF_DEPTH_MAX (SPF_LOOKUPS_MAX + 2)

enum spf_names { SPF_NAMES_UNKNOWN, SPF_NAMES_PENDING, SPF_NAMES_KNOWN };

struct spf_eval {
	struct arena *arena;
	struct lookups *lookups;
	struct spf_answer *answer;
	struct spf_values values;	/* domain is that of the record at hand */
	enum dns_type address_type;	/* A or AAAA, after the client */
	size_t terms;			/* parsed so far, whole tree */
	unsigned depth;			/* of includes */
	const char *path[SPF_DEPTH_MAX];	/* domains from the first to this one */
	size_t path_n;
	bool void_counted;		/* for the term at hand */
	/* validated names of the client (section 5.5), once for the whole check */
	enum spf_names names_known;
	const char *names[SPF_HOSTS_MAX];
	size_t n_names;
};

enum spf_match {
	SPF_MATCH_NO, SPF_MATCH_YES, SPF_MATCH_PENDING, SPF_MATCH_TEMPERROR,
	SPF_MATCH_PERMERROR,
};

/* limits.c: remote text made harmless, at a length fit for a sentence. */
const char *spf_quoted(struct spf_eval *eval, struct slice text);

/* "term" in the SPF record of the domain at hand: how problems begin. */
const char *spf_term_name(struct spf_eval *eval, const struct spf_term *term);

/* Names the term at fault, which may be empty, and says why.  The first counts. */
void spf_blame(struct spf_eval *eval, struct slice term, const char *problem);

/* DNS could not tell; the term may be NULL. */
enum spf_match spf_temperror(struct spf_eval *eval, const struct spf_term *term,
    const struct dns_answer *dns);

/*
 * A query of the term has found nothing: SPF_MATCH_NO, or SPF_MATCH_PERMERROR
 * when that was one term too many.
 */
enum spf_match spf_note_void(struct spf_eval *eval, const struct spf_term *term,
    const char *name);

/* A term that asks DNS begins: false when it is one too many. */
bool spf_count_lookup(struct spf_eval *eval, const struct spf_term *term);

/*
 * hosts.c: the target-name of a term, its domain-spec expanded or the domain at
 * hand.  SPF_MATCH_NO when *target_r is set, else why it cannot be.
 */
enum spf_match spf_term_target(struct spf_eval *eval, const struct spf_term *term,
    const char **target_r);

/* a, mx, ptr, exists. */
enum spf_match spf_match_hosts(struct spf_eval *eval, const struct spf_term *term,
    const char *target);

/*
 * foresee.c: asks for what the terms from `from` on will ask DNS for, and what
 * the records they lead to will, as far as it can be told now and within the
 * lookups left.  Counts nothing.
 */
void spf_foresee(struct spf_eval *eval, const struct spf_record *record, size_t from);

#endif
