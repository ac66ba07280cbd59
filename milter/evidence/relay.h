/*
 * SPF where a smarthost delivers: its addresses are its own affair, so the
 * question is whether the sender's record includes the name it tells its
 * customers to include.
 */
#ifndef MW_EVIDENCE_RELAY_H
#define MW_EVIDENCE_RELAY_H

#include <stdbool.h>

#include "evidence/evidence.h"

struct collection;

#define RELAY_RECORDS_MAX 10	/* records read, as many as SPF may ask for */

struct relay_answer {
	enum known known;
	bool authorised;	/* an include or redirect names it, at any depth */
	enum spf_result result;	/* PASS, else what the record ends with */
	uint32_t ttl;
};

/* 1 when an answer is pending. */
int relay_judge(const struct collection *c, const char *domain, const char *include,
    struct relay_answer *answer_r);

#endif
