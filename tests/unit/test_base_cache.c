/*
 * The cache: times, bound, order, threads.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/cache.h"

static bool
held(struct cache *cache, const char *key, int64_t now_us)
{
	struct arena *arena = arena_new();
	struct cache_hit hit;
	bool found;

	found = cache_get(cache, key, arena, now_us, &hit);
	arena_free(&arena);
	return found;
}

static void
test_times(void **state)
{
	struct cache *cache = cache_new(10);
	struct arena *arena = arena_new();
	struct cache_stats stats;
	struct cache_hit hit;

	(void)state;
	assert_false(cache_get(cache, "a", arena, 0, &hit));
	cache_put(cache, "a", "value", 6, 100, 50, 30);
	assert_true(cache_get(cache, "a", arena, 120, &hit));
	assert_string_equal(hit.value, "value");
	assert_int_equal(hit.size, 6);
	assert_int_equal(hit.stored_us, 100);
	assert_int_equal(hit.expires_us, 150);
	/* Stale, but kept. */
	assert_true(cache_get(cache, "a", arena, 180, &hit));
	assert_true(hit.expires_us < 180);
	assert_false(cache_get(cache, "a", arena, 181, &hit));
	assert_null(hit.value);
	cache_stats(cache, &stats);
	assert_int_equal(stats.hits, 1);
	assert_int_equal(stats.misses, 3);
	assert_int_equal(stats.entries, 0);
	/* A new value takes the place of the old one. */
	cache_put(cache, "a", "1", 2, 0, 10, 0);
	cache_put(cache, "a", "22", 3, 5, 10, 0);
	assert_true(cache_get(cache, "a", arena, 12, &hit));
	assert_string_equal(hit.value, "22");
	cache_put(cache, "", NULL, 0, 0, 10, 0);
	assert_true(cache_get(cache, "", arena, 1, &hit));
	assert_int_equal(hit.size, 0);
	cache_clear(cache);
	assert_false(held(cache, "a", 12));
	arena_free(&arena);
	cache_free(&cache);
	assert_null(cache);
	cache_free(&cache);
}

static void
test_least_recently_used_goes(void **state)
{
	struct cache *cache = cache_new(3);

	(void)state;
	cache_put(cache, "a", "", 1, 0, 100, 0);
	cache_put(cache, "b", "", 1, 0, 100, 0);
	cache_put(cache, "c", "", 1, 0, 100, 0);
	assert_true(held(cache, "a", 1));
	cache_put(cache, "d", "", 1, 0, 100, 0);
	assert_true(held(cache, "a", 1));
	assert_false(held(cache, "b", 1));
	assert_true(held(cache, "c", 1));
	assert_true(held(cache, "d", 1));
	cache_free(&cache);
}

static void
test_bound(void **state)
{
	struct cache *cache = cache_new(2000);
	struct cache_stats stats;
	char key[32];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		cache_put(cache, key, key, sizeof(key), 0, 100, 0);
	}
	cache_stats(cache, &stats);
	assert_true(stats.entries <= 2000);
	assert_true(stats.entries > 1000);
	cache_free(&cache);
}

static void *
hammer(void *object)
{
	struct cache *cache = object;
	struct arena *arena = arena_new();
	struct cache_hit hit;
	char key[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "%d", i % 3000);
		if (cache_get(cache, key, arena, i, &hit) &&
		    strcmp(hit.value, key) != 0)
			return cache;
		cache_put(cache, key, key, strlen(key) + 1, i, i % 7, 10);
		if (i % 1000 == 0) {
			arena_free(&arena);
			arena = arena_new();
		}
	}
	arena_free(&arena);
	return NULL;
}

static void
test_threads(void **state)
{
	struct cache *cache = cache_new(1500);
	pthread_t threads[4];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, cache), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	cache_free(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_least_recently_used_goes),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
