/*
 * What the outside told us about one message.  Filled by the collectors, read
 * by checks, verdict and record.  Every item is unknown (never a reason to
 * stop mail), absent, a value, or a temporary error.
 */
#ifndef MW_EVIDENCE_EVIDENCE_H
#define MW_EVIDENCE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "dkim/keyring.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "evidence/spf/spf.h"

struct provider;

enum known {
	KNOWN_NO,		/* nobody could tell, or nobody asked */
	KNOWN_ABSENT,		/* a clear no */
	KNOWN_VALUE,
	KNOWN_TEMPERROR,	/* asked, and DNS could not tell */
};

/* How mail of this message leaves. */
struct egress_address {
	struct ip ip;
	enum known spf_known;		/* KNOWN_VALUE: spf is filled */
	struct spf_answer spf;
	bool second_asked;		/* libspf2 was asked ... */
	enum spf_result second;		/* ... and says */
	/* iprev (RFC 8601 section 2.7.3) */
	enum known ptr_known;		/* KNOWN_ABSENT: no PTR */
	const char *ptr_name;		/* the first name that leads back, else the first */
	bool ptr_forward;		/* a name leads back to the address */
	enum known ptr_forward_known;
	/* HELO name resolves to this address */
	enum known helo_known;		/* KNOWN_ABSENT: no address record at all */
	bool helo_forward;
};

enum helo_source {			/* who told the name that we say HELO with */
	HELO_UNTOLD,
	HELO_CONFIGURED,		/* option helo */
	HELO_MTA_SETTINGS,		/* main.cf or sendmail.cf */
	HELO_MACRO,			/* macro j of a connection */
};

struct egress_evidence {
	const char *name;		/* of the egress section */
	bool known;			/* at least one public address, or a relay */
	bool is_relay;
	const char *via;		/* the relay's host */
	const char *relay_include;	/* spf-include */
	enum known relay_known;		/* the record could be read */
	bool relay_authorised;		/* it includes the relay's name */
	const char *helo;		/* name we say EHLO with, or NULL */
	enum helo_source helo_source;
	bool takes_utf8;		/* the MTA says that it demands SMTPUTF8 for no
					 * local mail, whatever stands in the header */
	struct egress_address *addresses;
	size_t n;
};

struct spf_evidence {			/* of the identity judged, for all addresses */
	const char *domain;		/* MAIL FROM domain, else HELO; NULL: neither */
	bool is_helo;			/* null reverse-path */
	enum known known;		/* some address was judged */
	enum spf_result worst;		/* over the egress addresses (or the relay) */
	enum spf_result best;
	bool all_pass, any_pass;
	const struct egress_address *worst_address;
	enum known width_known;
	struct spf_width width;
};

struct own_signature {			/* one that we make, or would make in audit mode */
	const struct ring_key *key;
	bool made;			/* sign.h gave a value */
	const char *value;
	const char *error;
	const char *signed_names;	/* h=, ":" between; NULL when not made */
	enum known record_known;	/* KNOWN_VALUE: state is what DNS said now */
	enum key_dns state;
	bool testing;
	const char *problem;		/* MALFORMED record: which fault */
	enum dkim_result predicted;	/* what a verifier will say */
	bool doubtful;			/* MALFORMED, but our key stands there: some
					 * receivers verify, some do not */
	const char *breaks;		/* what will break it on the way, or NULL */
	const char *breaks_fix;		/* NULL: the check of what is wrong has it */
};

struct dkim_evidence {
	enum ring_usable usable;
	const char *managed;		/* name of the managed domain, NULL when none */
	struct own_signature own[2];	/* RING_NOT_IN_DNS: the newest keys, none made */
	size_t n_own;
	const char *cannot_sign;	/* managed and cannot: the cause with the fix; else NULL */
	const struct verified *existing;
	size_t n_existing;		/* judged */
	size_t existing_total;
	bool existing_known;		/* false: some could not be judged */
	bool any_pass;			/* a signature, ours or not, will verify */
};

enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };
enum align_mode { ALIGN_RELAXED, ALIGN_STRICT };
enum dmarc_result {
	DMARC_UNKNOWN,			/* an input is not known */
	DMARC_NO_RECORD, DMARC_PASS, DMARC_FAIL, DMARC_NO_AUTHOR, DMARC_PERMERROR,
};

struct dmarc_record {			/* parsed, RFC 9989 section 4.7 */
	const char *text;
	const char *found_at;		/* the name below _dmarc. */
	bool has_p;
	enum dmarc_policy p, sp, np;	/* as they apply (sp from p ...) */
	bool has_sp, has_np;
	enum align_mode adkim, aspf;
	bool testing;			/* t=y */
	char psd;			/* 'y', 'n', 'u' */
	bool has_rua;
	const char *rua;		/* raw value */
	const char *problem;		/* faults met, for people; NULL */
};

struct aligned_domain {
	const char *domain;
	bool is_dkim;			/* else SPF */
	bool passed;
	bool aligned;
};

struct dmarc_evidence {
	enum known known;		/* of the record: KNOWN_ABSENT none in the tree */
	struct dmarc_record record;	/* KNOWN_VALUE */
	bool malformed;			/* ABSENT, but something stands there: found_at, text */
	const char *malformed_why;
	const char *org_domain;		/* of the author domain, by tree walk; where org_known
					 * is ABSENT (no record in the tree) by the list */
	const char *org_domain_psl;	/* by the public suffix list, may be NULL */
	enum known org_known;
	enum dmarc_policy policy;	/* that applies (p, sp, np), t=y applied */
	enum dmarc_policy policy_as_published;
	enum dmarc_result result;
	struct aligned_domain identifiers[8];	/* SPF first, then DKIM */
	size_t n_identifiers;
	bool spf_aligned_pass, dkim_aligned_pass;
	bool spf_aligned_known, dkim_aligned_known;
	bool envelope_aligned;		/* envelope org domain is the author's (relaxed) */
	enum known envelope_known;	/* ABSENT: null reverse-path */
	enum known rua_known;		/* foreign domains were asked to agree; ABSENT: no rua */
	const char *rua_refused;	/* the first that has not agreed, or NULL */
};

struct name_evidence {			/* a sender domain, as receivers test it */
	const char *domain;		/* NULL: nothing to judge */
	enum known exists;		/* KNOWN_ABSENT: NXDOMAIN */
	enum known mx, address;		/* MX records; A or AAAA */
	bool null_mx;
	enum known soa;			/* SOA at the name or above it, below the suffix */
};

struct destination {			/* a domain of recipients, as a sender sees it */
	const char *domain;		/* A-label, lower-case */
	size_t rcpts;			/* recipients there */
	enum known exists;		/* KNOWN_ABSENT: NXDOMAIN */
	enum known mx, address;		/* MX records; A or AAAA */
	bool null_mx;
	bool confirmed;			/* a clear no was said by two answers, neither
					 * out of date */
	bool routed_by_hand;		/* the MTA's next hop is neither its MX nor our
					 * relay: DNS does not decide */
	enum known provider_known;	/* KNOWN_ABSENT: none of those listed */
	const struct provider *provider;	/* by MX suffix */
	const char *likely;		/* large mailbox domain it is a slip of; NULL */
};

struct destinations_evidence {
	struct destination *p;		/* of recipients that leave by SMTP */
	size_t n;
	size_t skipped;			/* domains beyond the limit, not asked */
	size_t unknown_mailer;		/* recipients whose {rcpt_mailer} nobody told */
};

#define DESTINATIONS_MAX 100		/* domains of one message */
#define DESTINATIONS_QUERIES 4		/* of one domain at RCPT */
#define DESTINATIONS_SECONDS 3		/* that one domain is waited for at RCPT, and
					 * all of them at end of message where nothing
					 * else is waited for */

enum opinion_from { OPINION_SPAMASSASSIN, OPINION_RSPAMD, OPINION_CLAMAV, OPINIONS };

struct opinion {			/* what another filter says of the message */
	bool asked;			/* an address is configured */
	enum known known;		/* TEMPERROR: down, slow, not understood */
	const char *error;		/* for people, where not known */
	bool is_bad;			/* over its own threshold; a virus */
	int score, threshold;		/* its own points, in hundredths */
	const char *symbols;		/* names of its rules, comma apart, harmless; "" */
	const char *virus;		/* harmless; NULL */
};

enum author_kind { AUTHOR_KIND_OTHER, AUTHOR_KIND_MAILBOX_PROVIDER };

struct evidence {
	struct egress_evidence egress;
	struct spf_evidence spf;
	struct dkim_evidence dkim;
	struct dmarc_evidence dmarc;
	struct name_evidence author_name;	/* author domain */
	struct name_evidence envelope_name;	/* MAIL FROM domain, where it differs */
	enum author_kind author_kind;
	bool login_checked;		/* a logins table exists and a login was given */
	bool login_owns_author;
	struct destinations_evidence destinations;
	struct opinion opinions[OPINIONS];
	unsigned dns_queries;		/* sent to the network for this message */
	bool dns_over;			/* budget or deadline was reached */
};

#endif
