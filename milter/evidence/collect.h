/*
 * Fills the evidence: a table of collectors, each run until it no longer waits
 * for DNS; independent questions are asked at once; one budget, one deadline.
 */
#ifndef MW_EVIDENCE_COLLECT_H
#define MW_EVIDENCE_COLLECT_H

#include "evidence/evidence.h"

struct arena;
struct cache_stats;
struct clock;
struct dns;
struct egress_facts;
struct keyring;
struct lookups;
struct message;
struct results_cache;
struct settings;
struct sightings;
struct signer;
struct verifier;

struct collect_input {
	const struct settings *settings;
	const struct keyring *ring;
	struct sightings *sightings;	/* may be NULL */
	struct results_cache *cache;	/* may be NULL: nothing is kept */
	const struct egress_facts *egress;	/* addresses of this host, may be NULL */
	const struct message *message;	/* frozen */
	const struct ring_choice *choice;	/* keys chosen at end of header */
	const struct signature *signatures;	/* made by the signer */
	size_t n_signatures;
	struct verifier *verifier;	/* body seen, or NULL */
	const struct clock *clock;
	struct arena *arena;
	struct lookups *lookups;
};

/* Waits on lookups as long as needed; always fills the whole evidence. */
void evidence_collect(const struct collect_input *input, struct evidence *evidence_r);

/*
 * The recipients' domains alone, as RCPT wants them: of the input only
 * settings, cache, message, clock, arena and lookups are used; no other part
 * of the evidence is known.
 */
void evidence_collect_destinations(const struct collect_input *input,
    struct evidence *evidence_r);

/* Judgements shared by all messages, each for the smallest TTL it rests on. */
struct results_cache *results_cache_new(void);
void results_cache_free(struct results_cache **cache);
void results_cache_clear(struct results_cache *cache);
void results_cache_stats(struct results_cache *cache, struct cache_stats *stats_r);

/* Where mail leaves this host: asked once at start and on reload. */
struct egress_facts;
struct egress_facts *egress_facts_new(void);	/* asks interfaces and postconf(1): may fork */
/* The same of another MTA than the usual one: postconf(1) and the directory it is
 * asked about, or a sendmail.cf, and then no Postfix.  NULL: the usual. */
struct egress_facts *egress_facts_of(const char *postconf, const char *postfix_dir,
    const char *sendmail_cf);
struct egress_facts *egress_facts_fixed(const struct ip *ips, size_t n);	/* tests, tool */
void egress_facts_free(struct egress_facts **facts);

#endif
