/*
 * A thread-safe cache of byte values under string keys, sharded, with a
 * time to live and a bound on entries (least recently used goes first).
 * Values are copied in and copied out, so nothing is shared.
 */
#ifndef MW_BASE_CACHE_H
#define MW_BASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct cache;

struct cache_hit {
	void *value;		/* copy in the arena given */
	size_t size;
	int64_t expires_us;	/* monotonic; in the past for a stale hit */
	int64_t stored_us;
};

struct cache_stats {
	uint64_t hits, misses, entries;
};

struct cache *cache_new(size_t max_entries);
void cache_free(struct cache **cache);

/* True and a copy when the key is held, expired or not: the caller looks at
 * expires_us.  Entries are dropped `keep_us` after they expired. */
bool cache_get(struct cache *cache, const char *key, struct arena *arena,
    int64_t now_us, struct cache_hit *hit_r);

void cache_put(struct cache *cache, const char *key, const void *value, size_t size,
    int64_t now_us, int64_t ttl_us, int64_t keep_us);

void cache_clear(struct cache *cache);
void cache_stats(struct cache *cache, struct cache_stats *stats_r);

#endif
