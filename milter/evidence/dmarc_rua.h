/*
 * Whether foreign domains named in rua= have agreed to take the reports
 * (RFC 9990 section 4).
 */
#ifndef MW_EVIDENCE_DMARC_RUA_H
#define MW_EVIDENCE_DMARC_RUA_H

#include "evidence/evidence.h"

struct collection;

#define DMARC_RUA_MAX 5		/* destinations asked of one record */

struct rua_answer {
	enum known known;	/* ABSENT: no rua; VALUE: every foreign domain answered */
	const char *refused;	/* the first that has not agreed, or NULL */
};

/* `org` is the organizational domain of the record's place, or NULL. 1 pending. */
int dmarc_rua_ask(const struct collection *c, const struct dmarc_record *record,
    const char *org, struct rua_answer *answer_r);

#endif
