/*
 * The map and its hash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"

static void
count_in_order(void *ctx, const char *key, void *value)
{
	size_t *n = ctx;
	char want[32];

	snprintf(want, sizeof(want), "key%zu", *n);
	assert_string_equal(key, want);
	assert_true((uintptr_t)value == *n + 1000);
	(*n)++;
}

static void
test_many(void **state)
{
	struct arena *arena = arena_new();
	struct map *map = map_new(arena);
	char key[32];
	size_t n = 0;

	(void)state;
	assert_null(map_get(map, ""));
	for (uintptr_t i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key%zu", (size_t)i);
		map_set(map, key, (void *)(i + 1));
		map_set(map, key, (void *)(i + 1000));
	}
	assert_int_equal(map_count(map), 5000);
	for (uintptr_t i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key%zu", (size_t)i);
		assert_ptr_equal(map_get(map, key), (void *)(i + 1000));
	}
	assert_null(map_get(map, "key5000"));
	assert_null(map_get(map, "KEY1"));
	map_each(map, count_in_order, &n);
	assert_int_equal(n, 5000);
	map_set(map, "", map);
	assert_ptr_equal(map_get(map, ""), map);
	arena_free(&arena);
}

/*
 * SipHash-1-3 under the key 00..0f of the bytes 00, 01, ..., as the reference
 * implementation gives it.
 */
static void
test_hash_vectors(void **state)
{
	static const uint64_t wanted[] = {
		0xabac0158050fc4dcu, 0xc9f49bf37d57ca93u, 0x82cb9b024dc7d44du,
		0x8bf80ab8e7ddf7fbu, 0xcf75576088d38328u, 0xdef9d52f49533b67u,
		0xc50d2b50c59f22a7u, 0xd3927d989bb11140u, 0x369095118d299a8eu,
	};
	const struct hash_key key = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
	char bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_true(hash_bytes(&key, (struct slice){ bytes, i }) == wanted[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_hash_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
