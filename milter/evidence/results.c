/*
 * The results cache and the form of its values.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cache.h"
#include "base/clock.h"
#include "base/mem.h"
#include "evidence/collect.h"
#include "evidence/collection.h"
#include "evidence/results.h"

#define SECOND_US INT64_C(1000000)
#define NO_TEXT UINT32_MAX

enum { KEY_MAX = 2048, DUE_PART = 10 };	/* due in the last tenth of its life */

struct results_cache {
	struct cache *cache;
};

struct results_cache *
results_cache_new(void)
{
	struct results_cache *results = mem_alloc(sizeof(*results));

	results->cache = cache_new(RESULTS_MAX);
	return results;
}

void
results_cache_free(struct results_cache **results)
{
	if (*results == NULL)
		return;
	cache_free(&(*results)->cache);
	free(*results);
	*results = NULL;
}

void
results_cache_clear(struct results_cache *results)
{
	cache_clear(results->cache);
}

void
results_cache_stats(struct results_cache *results, struct cache_stats *stats_r)
{
	cache_stats(results->cache, stats_r);
}

void
result_key(struct buf *key, struct arena *arena, char kind)
{
	buf_init(key, arena, KEY_MAX);
	buf_add_char(key, kind);
}

void
result_key_text(struct buf *key, const char *text)
{
	buf_add_char(key, '\n');
	if (text != NULL)
		buf_add_str(key, text);
}

void
result_key_ip(struct buf *key, const struct ip *ip)
{
	static const char hex[] = "0123456789abcdef";
	char text[2 * sizeof(ip->bytes)];
	size_t n = ip_bits(ip) / 8;

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = hex[ip->bytes[i] >> 4];
		text[2 * i + 1] = hex[ip->bytes[i] & 15];
	}
	buf_add_char(key, '\n');
	buf_add(key, text, 2 * n);
}

enum result_age
results_get(const struct collection *c, const struct buf *key, struct unpack *unpack_r)
{
	struct cache_hit hit;
	struct cache *cache;
	int64_t now;

	*unpack_r = (struct unpack){ 0 };
	if (c->input->cache == NULL || key->truncated)
		return RESULT_NONE;
	cache = c->input->cache->cache;
	now = clock_mono_us(c->input->clock);
	if (!cache_get(cache, buf_str(key), c->input->arena, now, &hit))
		return RESULT_NONE;
	if (now >= hit.expires_us)
		return RESULT_NONE;
	unpack_r->p = hit.value;
	unpack_r->n = hit.size;
	if (hit.expires_us - now <= (hit.expires_us - hit.stored_us) / DUE_PART)
		return RESULT_DUE;
	return RESULT_FRESH;
}

void
results_put(const struct collection *c, const struct buf *key, const struct buf *value,
    uint32_t ttl)
{
	if (c->input->cache == NULL || key->truncated || value->truncated || ttl == 0)
		return;
	if (ttl > RESULT_TTL_MAX)
		ttl = RESULT_TTL_MAX;
	cache_put(c->input->cache->cache, buf_str(key), value->p, value->n,
	    clock_mono_us(c->input->clock), (int64_t)ttl * SECOND_US, 0);
}

void
pack_new(struct buf *value, struct arena *arena)
{
	buf_init(value, arena, RESULT_SIZE_MAX);
}

void
pack_number(struct buf *value, uint32_t number)
{
	buf_add(value, (const char *)&number, sizeof(number));
}

void
pack_text(struct buf *value, const char *text)
{
	size_t n;

	if (text == NULL) {
		pack_number(value, NO_TEXT);
		return;
	}
	n = strlen(text) + 1;
	pack_number(value, (uint32_t)n);
	buf_add(value, text, n);
}

uint32_t
unpack_number(struct unpack *unpack)
{
	uint32_t number;

	if (unpack->n < sizeof(number)) {
		unpack->bad = true;
		return 0;
	}
	memcpy(&number, unpack->p, sizeof(number));
	unpack->p += sizeof(number);
	unpack->n -= sizeof(number);
	return number;
}

const char *
unpack_text(struct unpack *unpack)
{
	uint32_t n = unpack_number(unpack);
	const char *text = unpack->p;

	if (n == NO_TEXT || unpack->bad)
		return NULL;
	if (n == 0 || n > unpack->n) {
		unpack->bad = true;
		return NULL;
	}
	unpack->p += n;
	unpack->n -= n;
	return text;
}
