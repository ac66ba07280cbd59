/*
 * The arena: alignment, zeroing, text copies, deferred calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void
test_alloc_is_zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 17, 1000, 4096, 5000, 100000 };
	struct arena *arena = arena_new();
	unsigned char *p, *before = NULL;

	(void)state;
	for (size_t round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			p = arena_alloc(arena, sizes[i]);
			assert_non_null(p);
			assert_ptr_not_equal(p, before);
			assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
			for (size_t j = 0; j < sizes[i]; j++)
				assert_int_equal(p[j], 0);
			memset(p, 0xff, sizes[i]);
			before = p;
		}
	}
	assert_true(arena_size(arena) >= 50 * 100000);
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void
test_blocks_do_not_overlap(void **state)
{
	struct arena *arena = arena_new();
	unsigned char *blocks[500];

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		blocks[i] = arena_alloc(arena, i * 7);
		memset(blocks[i], (int)(i & 0xff), i * 7);
	}
	for (size_t i = 0; i < 500; i++) {
		for (size_t j = 0; j < i * 7; j++)
			assert_int_equal(blocks[i][j], i & 0xff);
	}
	arena_free(&arena);
}

static void
test_texts(void **state)
{
	struct arena *arena = arena_new();
	char *copy;

	(void)state;
	assert_string_equal(arena_strdup(arena, "abc"), "abc");
	assert_string_equal(arena_strdup(arena, ""), "");
	copy = arena_strndup(arena, "a\0b", 3);
	assert_memory_equal(copy, "a\0b", 4);
	assert_string_equal(arena_strndup(arena, NULL, 0), "");
	assert_string_equal(arena_printf(arena, "%s-%d", "x", 42), "x-42");
	copy = arena_printf(arena, "%10000d", 1);
	assert_int_equal(strlen(copy), 10000);
	arena_free(&arena);
}

struct trail {
	struct arena *arena;
	char seen[8];
	size_t n;
};

static void
leave_a(void *object)
{
	struct trail *trail = object;

	trail->seen[trail->n++] = 'a';
}

static void
leave_b_then_a(void *object)
{
	struct trail *trail = object;

	trail->seen[trail->n++] = 'b';
	arena_defer(trail->arena, leave_a, trail);
}

static void
test_count(void **state)
{
	static const struct { uint64_t n; const char *text; } rows[] = {
		{ 0, "0" }, { 9, "9" }, { 999, "999" }, { 1000, "1,000" }, { 26214400, "26,214,400" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(arena_count(arena, rows[i].n), rows[i].text);
	arena_free(&arena);
}

static void
test_deferred_newest_first(void **state)
{
	struct trail trail = { .n = 0 };
	struct arena *arena = arena_new();

	(void)state;
	trail.arena = arena;
	arena_defer(arena, leave_a, &trail);
	arena_defer(arena, leave_b_then_a, &trail);
	arena_free(&arena);
	assert_string_equal(trail.seen, "baa");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc_is_zeroed_and_aligned),
		cmocka_unit_test(test_blocks_do_not_overlap),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_deferred_newest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
