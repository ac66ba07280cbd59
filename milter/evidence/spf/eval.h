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

/*
 * Asks for what the terms from `from` on will ask DNS for, and what the records
 * they lead to will, as far as it can be told now and within the lookups left.
 * Counts nothing.
 */
void spf_foresee(struct spf_eval *eval, const struct spf_record *record, size_t from);

#endif
