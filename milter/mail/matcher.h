/*
 * The two ways to find many literals at once (mail/phrases.c chooses): every
 * place where one ends is reported.  The bytes are compared as they are.
 * Immutable once made; scanning is thread-safe.
 */
#ifndef MW_MAIL_MATCHER_H
#define MW_MAIL_MATCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct aho;
struct hyperscan;

/* The literal of that index ends before octet `end`. */
typedef void matcher_hit_fn(void *ctx, size_t literal, size_t end);

/* Aho-Corasick of ours, in the arena; no literal is empty or stands twice. */
const struct aho *aho_new(struct arena *arena, const struct slice *literals, size_t n);
void aho_scan(const struct aho *aho, struct slice text, matcher_hit_fn *hit, void *ctx);

/*
 * Hyperscan or Vectorscan.  NULL where it was not built in, where the processor
 * is too old for it, or when it refuses the literals.  Freed with the arena.
 */
struct hyperscan *hyperscan_new(struct arena *arena, const struct slice *literals,
    size_t n);

/* False when it gave up, as it does for rare sets of literals (hs_scan: -13,
 * "unexpected internal error"); some hits may be reported by then. */
bool hyperscan_scan(struct hyperscan *hyperscan, struct slice text, matcher_hit_fn *hit,
    void *ctx);

/* "5.4.0", or NULL where hyperscan_new() gives NULL. */
const char *hyperscan_version(struct arena *arena);

#endif
