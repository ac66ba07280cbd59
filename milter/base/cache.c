/*
 * A bounded cache under several locks.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cache.h"
#include "base/hash.h"
#include "base/mem.h"

/* A small cache is one shard, so that its bound and order are exact. */
enum { SHARDS = 16, SHARDED_FROM = 1024 };

struct node {
	struct node *chain;		/* next of the same bucket */
	struct node *newer, *older;	/* by last use */
	uint64_t hash;
	int64_t stored_us, expires_us, drop_us;
	char *key;
	size_t size;
	unsigned char value[];		/* size bytes, then the key */
};

struct shard {
	pthread_mutex_t lock;
	struct node **buckets;
	size_t n_buckets;		/* power of two */
	size_t n, max;
	struct node *newest, *oldest;
	uint64_t hits, misses;
};

struct cache {
	struct hash_key hash_key;
	struct shard shards[SHARDS];
	size_t n_shards;
};

static void
shard_init(struct shard *shard, size_t max)
{
	pthread_mutex_init(&shard->lock, NULL);
	shard->max = max;
	shard->n_buckets = 16;
	while (shard->n_buckets < max && shard->n_buckets < 65536)
		shard->n_buckets *= 2;
	shard->buckets = mem_array(shard->n_buckets, sizeof(*shard->buckets));
}

struct cache *
cache_new(size_t max_entries)
{
	struct cache *cache;

	cache = mem_alloc(sizeof(*cache));
	cache->hash_key = hash_key_new();
	cache->n_shards = max_entries >= SHARDED_FROM ? SHARDS : 1;
	if (max_entries == 0)
		max_entries = 1;
	for (size_t i = 0; i < cache->n_shards; i++)
		shard_init(&cache->shards[i], max_entries / cache->n_shards);
	return cache;
}

static struct node **
shard_bucket(struct shard *shard, uint64_t hash)
{
	return &shard->buckets[(hash >> 8) & (shard->n_buckets - 1)];
}

static struct node *
shard_find(struct shard *shard, uint64_t hash, const char *key)
{
	struct node *node = *shard_bucket(shard, hash);

	while (node != NULL && (node->hash != hash || strcmp(node->key, key) != 0))
		node = node->chain;
	return node;
}

static void
shard_unlink_use(struct shard *shard, struct node *node)
{
	*(node->newer != NULL ? &node->newer->older : &shard->newest) = node->older;
	*(node->older != NULL ? &node->older->newer : &shard->oldest) = node->newer;
}

static void
shard_link_newest(struct shard *shard, struct node *node)
{
	node->newer = NULL;
	node->older = shard->newest;
	*(shard->newest != NULL ? &shard->newest->newer : &shard->oldest) = node;
	shard->newest = node;
}

static void
shard_drop(struct shard *shard, struct node *node)
{
	struct node **at = shard_bucket(shard, node->hash);

	while (*at != node)
		at = &(*at)->chain;
	*at = node->chain;
	shard_unlink_use(shard, node);
	shard->n--;
	free(node);
}

static void
shard_clear(struct shard *shard)
{
	struct node *node, *older;

	for (node = shard->newest; node != NULL; node = older) {
		older = node->older;
		shard_drop(shard, node);
	}
}

void
cache_free(struct cache **cache)
{
	struct cache *gone = *cache;

	if (gone == NULL)
		return;
	*cache = NULL;
	for (size_t i = 0; i < gone->n_shards; i++) {
		shard_clear(&gone->shards[i]);
		free(gone->shards[i].buckets);
		pthread_mutex_destroy(&gone->shards[i].lock);
	}
	free(gone);
}

bool
cache_get(struct cache *cache, const char *key, struct arena *arena, int64_t now_us,
    struct cache_hit *hit_r)
{
	uint64_t hash = hash_bytes(&cache->hash_key, slice_of(key));
	struct shard *shard = &cache->shards[hash % cache->n_shards];
	struct node *node;

	memset(hit_r, 0, sizeof(*hit_r));
	pthread_mutex_lock(&shard->lock);
	node = shard_find(shard, hash, key);
	if (node != NULL && now_us > node->drop_us) {
		shard_drop(shard, node);
		node = NULL;
	}
	if (node != NULL && now_us < node->expires_us)
		shard->hits++;
	else
		shard->misses++;
	if (node != NULL) {
		shard_unlink_use(shard, node);
		shard_link_newest(shard, node);
		hit_r->value = arena_alloc(arena, node->size);
		memcpy(hit_r->value, node->value, node->size);
		hit_r->size = node->size;
		hit_r->expires_us = node->expires_us;
		hit_r->stored_us = node->stored_us;
	}
	pthread_mutex_unlock(&shard->lock);
	return node != NULL;
}

static struct node *
node_new(uint64_t hash, const char *key, const void *value, size_t size)
{
	size_t key_size = strlen(key) + 1;
	struct node *node;

	node = mem_alloc(sizeof(*node) + size + key_size);
	node->hash = hash;
	node->size = size;
	if (size > 0)
		memcpy(node->value, value, size);
	node->key = (char *)node->value + size;
	memcpy(node->key, key, key_size);
	return node;
}

void
cache_put(struct cache *cache, const char *key, const void *value, size_t size,
    int64_t now_us, int64_t ttl_us, int64_t keep_us)
{
	uint64_t hash = hash_bytes(&cache->hash_key, slice_of(key));
	struct shard *shard = &cache->shards[hash % cache->n_shards];
	struct node *node, *old, **bucket;

	node = node_new(hash, key, value, size);
	node->stored_us = now_us;
	node->expires_us = now_us + ttl_us;
	node->drop_us = node->expires_us + keep_us;
	pthread_mutex_lock(&shard->lock);
	old = shard_find(shard, hash, key);
	if (old == NULL && shard->n >= shard->max)
		old = shard->oldest;
	if (old != NULL)
		shard_drop(shard, old);
	bucket = shard_bucket(shard, hash);
	node->chain = *bucket;
	*bucket = node;
	shard_link_newest(shard, node);
	shard->n++;
	pthread_mutex_unlock(&shard->lock);
}

void
cache_clear(struct cache *cache)
{
	for (size_t i = 0; i < cache->n_shards; i++) {
		pthread_mutex_lock(&cache->shards[i].lock);
		shard_clear(&cache->shards[i]);
		pthread_mutex_unlock(&cache->shards[i].lock);
	}
}

void
cache_stats(struct cache *cache, struct cache_stats *stats_r)
{
	struct shard *shard;

	memset(stats_r, 0, sizeof(*stats_r));
	for (size_t i = 0; i < cache->n_shards; i++) {
		shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		stats_r->hits += shard->hits;
		stats_r->misses += shard->misses;
		stats_r->entries += shard->n;
		pthread_mutex_unlock(&shard->lock);
	}
}
