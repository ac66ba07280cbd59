/*
 * Buffers: growth, the upper size, clearing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"

static void
test_growth(void **state)
{
	struct arena *arena = arena_new();
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 100000);
	assert_string_equal(buf_str(&buf), "");
	for (int i = 0; i < 1000; i++)
		buf_printf(&buf, "%03d,", i);
	assert_int_equal(buf.n, 4000);
	assert_int_equal(strlen(buf_str(&buf)), 4000);
	assert_memory_equal(buf.p + 3996, "999,", 5);
	assert_false(buf.truncated);
	buf_clear(&buf);
	assert_string_equal(buf_str(&buf), "");
	buf_add_char(&buf, 'x');
	buf_add_slice(&buf, SLICE("y\0z"));
	assert_int_equal(buf.n, 4);
	assert_memory_equal(buf.p, "xy\0z", 5);
	arena_free(&arena);
}

static void
test_upper_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 5, 127, 128, 129, 300 };
	struct arena *arena = arena_new();
	struct buf buf;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_init(&buf, arena, sizes[i]);
		for (size_t n = 0; n < sizes[i]; n++) {
			buf_add_char(&buf, 'a');
			assert_false(buf.truncated);
		}
		buf_add(&buf, NULL, 0);
		assert_false(buf.truncated);
		buf_add_str(&buf, "bcd");
		assert_true(buf.truncated);
		assert_int_equal(buf.n, sizes[i]);
		assert_int_equal(strlen(buf_str(&buf)), sizes[i]);
		buf_clear(&buf);
		assert_false(buf.truncated);
	}
	buf_init(&buf, arena, 5);
	buf_add_str(&buf, "abcdefg");
	assert_string_equal(buf_str(&buf), "abcde");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_upper_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
