/*
 * Zone text to records (grammar: dns_new_zone() in dns.h).
 */
#ifndef MW_DNS_ZONE_TEXT_H
#define MW_DNS_ZONE_TEXT_H

#include "dns/dns.h"

struct map;

enum { ZONE_CNAME = 5, ZONE_ANY = 255 };	/* beside enum dns_type */

#define ZONE_SOA_MINIMUM 60	/* of an SOA written as its first name alone */

enum zone_rule {
	ZONE_DATA,		/* a record */
	ZONE_SERVFAIL,		/* !servfail and so on */
	ZONE_TIMEOUT,
	ZONE_NODATA,
	ZONE_NXDOMAIN,
};

struct zone_record {
	struct zone_record *next;	/* in the order of the text */
	unsigned type;
	enum zone_rule rule;
	uint32_t ttl;
	uint32_t minimum;		/* SOA */
	struct dns_rr rr;		/* the target of a CNAME is rr.name */
};

struct zone_node {
	struct zone_record *records;	/* none: something lies below the name */
};

/* Fills a map of canonical name to struct zone_node.  NULL, or an error text
 * "line N: ..." in the arena. */
char *zone_text_read(struct slice text, struct map *nodes, struct arena *arena);

#endif
