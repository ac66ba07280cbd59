/*
 * One DMARC record (RFC 9989 sections 4.7, 4.8 and the recovery rules of
 * 4.10.1).  Our reading finds the tags and drops what the RFC says to ignore;
 * libopendmarc parses what is left.
 */
#ifndef MW_EVIDENCE_DMARC_RECORD_H
#define MW_EVIDENCE_DMARC_RECORD_H

#include "base/slice.h"
#include "evidence/evidence.h"

struct arena;

#define DMARC_RECORD_MAX 4096	/* octets read of one record; longer ones are none */

enum dmarc_reading {
	DMARC_READ_OTHER,	/* no DMARC record; *why_r set where it was meant as one */
	DMARC_READ_NO_POLICY,	/* one, but no policy can be taken from it: *why_r */
	DMARC_READ_USABLE,
};

/* Fills record_r (but found_at) unless the answer is DMARC_READ_OTHER. */
enum dmarc_reading dmarc_record_read(struct arena *arena, struct slice text,
    struct dmarc_record *record_r, const char **why_r);

/*
 * Takes the next URI off a rua value; false at its end.  Blanks and an obsolete
 * "!size" are taken off; domain_r is that of a mailto: address, A-label, else
 * NULL.
 */
bool dmarc_next_uri(struct arena *arena, struct slice *rest, struct slice *uri_r,
    const char **domain_r);

#endif
