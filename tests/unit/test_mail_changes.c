/*
 * Changes of a header section, and the steps that lead there.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/changes.h"
#include "mail/header.h"

static struct headers *
section(struct arena *arena)
{
	struct headers *headers = headers_new(arena);

	headers_add(headers, SLICE("Subject"), SLICE(" one"));
	headers_add(headers, SLICE("X-A"), SLICE(" a1"));
	headers_add(headers, SLICE("x-a"), SLICE(" a2"));
	headers_add(headers, SLICE("X-B"), SLICE(" b"));
	headers_add(headers, SLICE("X-A"), SLICE(" a3"));
	return headers;
}

static const char *
text(struct arena *arena, const struct headers *headers)
{
	const char *all = "";

	for (size_t i = 0; i < headers_kept(headers); i++) {
		const struct header *h = headers_at(headers, i);

		all = arena_printf(arena, "%s%.*s:%.*s|", all, (int)h->name.n, h->name.p,
		    (int)h->value.n, h->value.p);
	}
	return all;
}

static void
test_none(void **state)
{
	struct arena *arena = arena_new();
	struct changes *changes = changes_new(arena, section(arena));
	size_t n;

	(void)state;
	changes_steps(changes, &n);
	assert_int_equal(n, 0);
	assert_string_equal(text(arena, changes_result(changes)),
	    "Subject: one|X-A: a1|x-a: a2|X-B: b|X-A: a3|");
	arena_free(&arena);
}

/* As an MTA carries them out: by the index a field has then. */
static void
test_all(void **state)
{
	static const struct change expected[] = {
		{ CHANGE_SET, "Subject", " two", 1 },
		{ CHANGE_SET, "x-a", " changed", 2 },
		{ CHANGE_DELETE, "X-A", NULL, 3 },
		{ CHANGE_DELETE, "X-B", NULL, 1 },
		{ CHANGE_DELETE, "X-A", NULL, 1 },
		{ CHANGE_INSERT, "X-C", " c", 0 },
		{ CHANGE_INSERT, "X-D", " d", 0 },
	};
	struct arena *arena = arena_new();
	struct changes *changes = changes_new(arena, section(arena));
	const struct change *steps;
	size_t n;

	(void)state;
	changes_set(changes, 0, " first");
	changes_set(changes, 0, " two");
	changes_delete(changes, 1);
	changes_set(changes, 2, " changed");
	changes_set(changes, 3, " lost");
	changes_delete(changes, 3);
	changes_delete(changes, 4);
	changes_insert(changes, "X-C", " c");
	changes_insert(changes, "X-D", " d");
	assert_string_equal(text(arena, changes_result(changes)),
	    "X-D: d|X-C: c|Subject: two|x-a: changed|");
	steps = changes_steps(changes, &n);
	assert_int_equal(n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(steps[i].kind, expected[i].kind);
		assert_string_equal(steps[i].name, expected[i].name);
		assert_int_equal(steps[i].index, expected[i].index);
		assert_true(slice_eq(slice_of(steps[i].value),
		    slice_of(expected[i].value)));
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
