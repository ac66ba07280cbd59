/*
 * What DNS says of our own domains, keys and egress addresses, asked at start
 * and on a timer, apart from any message: so that a fault is said long before
 * mail suffers.
 */
#ifndef MW_CORE_HEALTH_H
#define MW_CORE_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>

struct core;
struct evidence;
struct health;
struct snapshot;

#define HEALTH_SECONDS 900		/* between two rounds */
#define HEALTH_DOMAINS_MAX 1000		/* domains whose records are judged in a round */

struct health *health_new(void);
void health_free(struct health **health);

/* The MTA's name for itself (macro j), with which it says HELO where neither the
 * configuration nor Postfix tells.  From any thread; true for the first name. */
bool health_note_mta_name(struct health *health, const char *name);

/* Gets what each round finds out of each managed domain, before it is judged. */
void health_on_evidence(struct health *health,
    void (*saw)(void *ctx, const char *domain, const struct evidence *evidence), void *ctx);

/*
 * One round: every key's record is looked at and remembered, then the host's
 * and the domains' own findings are judged.  `say` gets each finding that is
 * new or gone since the last round.  Waits for DNS; stop is looked at between
 * domains (may be NULL).
 */
void health_round(struct health *health, struct core *core, struct snapshot *snapshot,
    void (*say)(void *ctx, const char *domain, const char *id, const char *text,
	const char *fix), void *ctx, const atomic_int *stop);

#endif
