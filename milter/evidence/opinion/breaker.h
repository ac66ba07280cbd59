/*
 * Filters that hang: one that gave no answer to BREAKER_FAILURES messages in a row
 * is left alone for a while, so that not every message waits its timeout for it.
 * When the pause is over one message asks again, the others go on without;
 * if that one hears nothing, the pause is doubled.  Beginning and end are said
 * in the log.
 *
 * Of those that answer, whatever it is, nothing is kept.  Thread-safe.
 */
#ifndef MW_EVIDENCE_BREAKER_H
#define MW_EVIDENCE_BREAKER_H

#include <stdbool.h>

#include "evidence/evidence.h"

struct arena;
struct breakers;
struct clock;

#define BREAKER_FAILURES 3
#define BREAKER_PAUSE 10		/* seconds, the first time */
#define BREAKER_PAUSE_MAX 320

struct breakers *breakers_new(void);
void breakers_free(struct breakers **breakers);

/*
 * NULL: ask the filter at that address, and tell the outcome.  Else why not, in
 * the arena.  Another address begins anew.
 */
const char *breaker_why_not(struct breakers *breakers, enum opinion_from from,
    const char *where, const struct clock *clock, struct arena *arena);

/* `name` is for people, `error` why there was no answer, NULL when there was. */
void breaker_tell(struct breakers *breakers, enum opinion_from from, const char *name,
    const char *error, const struct clock *clock);

#endif
