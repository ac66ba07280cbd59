/*
 * The DNS tree walk (RFC 9989 section 4.10): which record applies to a domain,
 * and which name is its organizational domain.
 */
#ifndef MW_EVIDENCE_DMARC_TREE_H
#define MW_EVIDENCE_DMARC_TREE_H

#include "evidence/evidence.h"

struct collection;

#define DMARC_QUERIES_MAX 8

struct dmarc_walk {
	enum known known;	/* ABSENT: no usable record applies */
	struct dmarc_record record;	/* VALUE; text and found_at also where unusable */
	bool unusable;		/* the record that applies has no policy */
	const char *fault;	/* what stands where a record should and is none; NULL */
	const char *fault_at;	/* the name it stands at, without _dmarc. */
	enum known org_known;	/* ABSENT: no record in the tree */
	const char *org_domain;	/* the domain itself where ABSENT; NULL at TEMPERROR */
	uint32_t ttl;
};

/* Through the results cache.  1 when something is pending, else 0. */
int dmarc_walk(const struct collection *c, const char *domain,
    struct dmarc_walk *walk_r);

/*
 * The names to ask, longest first, pointers into `domain`; at most
 * DMARC_QUERIES_MAX.
 */
size_t dmarc_tree_names(const char *domain, const char *names_r[DMARC_QUERIES_MAX]);

#endif
