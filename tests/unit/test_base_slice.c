/*
 * Slices: comparing, cutting, splitting, numbers.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"

/* A copy without terminator, so that a read too far is seen. */
static struct slice
exact(const char *text)
{
	struct slice copy = { malloc(strlen(text) + 1), strlen(text) };

	copy.p = realloc((char *)(uintptr_t)copy.p, copy.n == 0 ? 1 : copy.n);
	memcpy((char *)(uintptr_t)copy.p, text, copy.n);
	return copy;
}

static void
drop(struct slice copy)
{
	free((char *)(uintptr_t)copy.p);
}

static void
test_compare(void **state)
{
	struct slice a = exact("From"), empty = slice_of(NULL);

	(void)state;
	assert_int_equal(empty.n, 0);
	assert_true(slice_eq(empty, SLICE("")));
	assert_true(slice_eq(a, SLICE("From")));
	assert_false(slice_eq(a, SLICE("from")));
	assert_false(slice_eq(a, SLICE("Fro")));
	assert_true(slice_eq_nocase(a, SLICE("fROM")));
	assert_true(slice_is(a, "FROM"));
	assert_false(slice_is(a, "FROMX"));
	assert_true(slice_starts_nocase(a, "fr"));
	assert_true(slice_starts_nocase(a, ""));
	assert_false(slice_starts_nocase(a, "from:"));
	assert_true(slice_ends_nocase(a, "OM"));
	assert_true(slice_ends_nocase(empty, ""));
	assert_false(slice_ends_nocase(a, "xfrom"));
	/* '@' and '`', '[' and '{' differ by the case bit and are no letters. */
	assert_false(slice_eq_nocase(SLICE("@["), SLICE("`{")));
	/* Only ASCII has case. */
	assert_false(slice_is(SLICE("\xc3\x84"), "\xc3\xa4"));
	drop(a);
}

static void
test_cut(void **state)
{
	struct slice a = exact(" \t a b\r\n");

	(void)state;
	assert_true(slice_eq(slice_trim(a), SLICE("a b")));
	assert_int_equal(slice_trim(SLICE(" \r\n")).n, 0);
	assert_int_equal(slice_trim(slice_of(NULL)).n, 0);
	assert_true(slice_eq(slice_sub(a, 3, 1), SLICE("a")));
	assert_true(slice_eq(slice_sub(a, 3, SIZE_MAX), SLICE("a b\r\n")));
	assert_int_equal(slice_sub(a, 8, 5).n, 0);
	assert_int_equal(slice_sub(a, SIZE_MAX, SIZE_MAX).n, 0);
	assert_int_equal(slice_sub(slice_of(NULL), 3, 1).n, 0);
	drop(a);
}

static void
test_find(void **state)
{
	struct slice a = exact("abCabc");

	(void)state;
	assert_int_equal(slice_find(a, 'C'), 2);
	assert_int_equal(slice_find(a, 'x'), 6);
	assert_int_equal(slice_find(slice_of(NULL), 'x'), 0);
	assert_int_equal(slice_find_nocase(a, "ABC"), 0);
	assert_int_equal(slice_find_nocase(a, "cab"), 2);
	assert_int_equal(slice_find_nocase(a, "bcd"), 6);
	assert_int_equal(slice_find_nocase(a, "abcabcd"), 6);
	assert_int_equal(slice_find_nocase(a, ""), 0);
	drop(a);
}

static void
test_split(void **state)
{
	static const struct { const char *text, *parts; } cases[] = {
		{ "", "" },
		{ "a", "a|" },
		{ "a,,b", "a||b|" },
		{ ",a", "|a|" },
		{ "a,", "a|" },
		{ ",", "|" },
	};
	char seen[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice copy = exact(cases[i].text), rest = copy, part;
		size_t n = 0;

		while (slice_split(&rest, ',', &part)) {
			memcpy(seen + n, part.p, part.n);
			n += part.n;
			seen[n++] = '|';
		}
		seen[n] = '\0';
		assert_string_equal(seen, cases[i].parts);
		drop(copy);
	}
}

static void
test_number(void **state)
{
	static const struct {
		const char *text;
		unsigned long max;
		bool ok;
		unsigned long number;
	} cases[] = {
		{ "0", 0, true, 0 },
		{ "1", 0, false, 0 },
		{ "65535", 65535, true, 65535 },
		{ "65536", 65535, false, 0 },
		{ "007", 10, true, 7 },
		{ "", 10, false, 0 },
		{ "-1", 10, false, 0 },
		{ "+1", 10, false, 0 },
		{ " 1", 10, false, 0 },
		{ "1x", 100, false, 0 },
		{ "99999999999999999999999", ULONG_MAX, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
	};
	unsigned long number;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice copy = exact(cases[i].text);

		assert_int_equal(slice_number(copy, cases[i].max, &number), cases[i].ok);
		if (cases[i].ok)
			assert_true(number == cases[i].number);
		drop(copy);
	}
}

static void
test_copies(void **state)
{
	struct arena *arena = arena_new();
	struct slice a = exact("A\xc3\x84Z");

	(void)state;
	assert_string_equal(slice_dup(arena, a), "A\xc3\x84Z");
	assert_string_equal(slice_dup_lower(arena, a), "a\xc3\x84z");
	assert_string_equal(slice_dup(arena, slice_of(NULL)), "");
	drop(a);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
