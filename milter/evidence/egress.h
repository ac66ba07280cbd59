/*
 * What this host says of the way its mail leaves; asked once, kept.
 */
#ifndef MW_EVIDENCE_EGRESS_H
#define MW_EVIDENCE_EGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"

#define EGRESS_ADDRESSES_MAX 64	/* judged for one message */

struct arena;
struct postconf;

struct egress_facts {
	struct arena *arena;
	struct ip *ips;			/* public ones, each once */
	size_t n;
	const char *myhostname;		/* Postfix's, lower-case, NULL */
	const char *helo_name;		/* its smtp_helo_name where set apart, NULL */
	bool takes_utf8;		/* it demands SMTPUTF8 for no local mail, whatever
					 * stands in the header */
	/* Sendmail's sendmail.cf, where it could be read; else as it is by default */
	size_t sendmail_line_max;	/* octets its SMTP mailers leave whole */
	bool sendmail_keeps_mime;	/* no MIME writer goes over what it sends */
};

/* What the sendmail.cf says; the default where there is none. */
void egress_ask_sendmail(struct egress_facts *facts, const char *path);

/*
 * The addresses mail leaves from: for each family Postfix's bind address, else
 * its one listening address (postconf(5), inet_interfaces), else the
 * interfaces'.  Private ones are left out.  postconf may be NULL.
 */
void egress_choose(struct egress_facts *facts, const struct postconf *postconf,
    const struct ip *interfaces, size_t n_interfaces);

#endif
