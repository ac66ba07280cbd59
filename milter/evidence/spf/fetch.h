/*
 * Records as they are published, RFC 7208 sections 4.3 to 4.5.  For this
 * folder only.
 */
#ifndef MW_EVIDENCE_SPF_FETCH_H
#define MW_EVIDENCE_SPF_FETCH_H

#include <stddef.h>

#include "base/slice.h"
#include "dns/dns.h"

struct spf_published {
	enum dns_status status;		/* DNS_NXDOMAIN too where the name is none */
	const struct dns_answer *answer;	/* NULL where nothing was asked */
	size_t n;			/* SPF records among the TXT records */
	struct slice text;		/* the first of them */
};

/* Asks for the TXT records of the domain; status DNS_PENDING when not here. */
struct spf_published spf_fetch(struct lookups *lookups, const char *domain);

#endif
