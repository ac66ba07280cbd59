/*
 * What the collectors of one message share.  A collector is a function that
 * fills its part of the evidence from answers that are here; where one is
 * pending it returns 1 and is run again from the start.  After the deadline
 * nothing is pending any more: what has not come is DNS_TEMPFAIL.
 */
#ifndef MW_EVIDENCE_COLLECTION_H
#define MW_EVIDENCE_COLLECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/dns.h"
#include "evidence/collect.h"
#include "evidence/evidence.h"
#include "facts/message.h"

enum collector {		/* in the order they are run */
	COLLECT_EGRESS,
	COLLECT_AUTHOR,
	COLLECT_SPF,
	COLLECT_HOSTS,
	COLLECT_NAMES,
	COLLECT_DESTINATIONS,
	COLLECT_DKIM,
	COLLECT_DMARC,
	COLLECTORS
};

struct collection {
	const struct collect_input *input;
	struct evidence *evidence;
	bool done[COLLECTORS];
	/* taken over by collect_dkim() when the verifier is through */
	bool existing_done;
	unsigned char *progress;	/* of each destination, its collector's own */
};

/* 0: filled; 1: something is pending in input->lookups. */
int collect_egress(struct collection *c);
int collect_author(struct collection *c);
int collect_spf(struct collection *c);
int collect_hosts(struct collection *c);
int collect_names(struct collection *c);
int collect_destinations(struct collection *c);
int collect_dkim(struct collection *c);
int collect_dmarc(struct collection *c);	/* after all others */

/* Fills breaks and breaks_fix of a signature that was made. */
void dkim_find_breaks(const struct collect_input *input, struct own_signature *own);

/* Asks, and lowers *ttl to the answer's. */
const struct dns_answer *collection_ask(const struct collection *c, const char *name,
    enum dns_type type, uint32_t *ttl);

/* VALUE, ABSENT or TEMPERROR; never for a pending answer. */
enum known known_of(const struct dns_answer *answer);

/* The weaker of two answers to one question: a value wins, then doubt. */
enum known known_either(enum known a, enum known b);

#endif
