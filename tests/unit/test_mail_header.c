/*
 * The header section: order, places, limits, odd bytes.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/header.h"

static void
add(struct headers *headers, const char *name, const char *value)
{
	struct slice n = exact(name), v = exact(value);

	headers_add(headers, n, v);
	exact_drop(n);
	exact_drop(v);
}

static void
test_names(void **state)
{
	(void)state;
	for (enum header_id id = HDR_OTHER + 1; id < HDR_IDS; id++) {
		struct slice name = exact(header_id_name(id));

		assert_true(name.n > 0);
		assert_int_equal(header_id_of(name), id);
		assert_int_equal(
		    header_id_of(slice_sub(name, 0, name.n - 1)), HDR_OTHER);
		((char *)(uintptr_t)name.p)[0] |= 0x20;
		assert_int_equal(header_id_of(name), id);
		exact_drop(name);
	}
	assert_int_equal(header_id_of(SLICE("DATE")), HDR_DATE);
	assert_int_equal(header_id_of(SLICE("Date ")), HDR_OTHER);
	assert_int_equal(header_id_of(SLICE("")), HDR_OTHER);
	assert_string_equal(header_id_name(HDR_OTHER), "");
}

static void
test_order(void **state)
{
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);
	const struct header *h;

	(void)state;
	assert_null(headers_first(headers, HDR_FROM));
	assert_null(headers_at(headers, 0));
	add(headers, "From", " a@example.com");
	add(headers, "X-One", "1");
	add(headers, "fROM", " b@example.com");
	add(headers, "x-one", "2");
	add(headers, "X-Two", "3");
	add(headers, "X-ONE", "4");
	assert_int_equal(headers_kept(headers), 6);
	assert_int_equal(headers_total(headers), 6);
	assert_int_equal(headers_count(headers, HDR_FROM), 2);
	assert_int_equal(headers_count(headers, HDR_TO), 0);

	h = headers_first(headers, HDR_FROM);
	assert_true(slice_eq(h->value, SLICE(" a@example.com")));
	assert_int_equal(h->index, 1);
	h = headers_next(headers, h);
	assert_ptr_equal(h, headers_last(headers, HDR_FROM));
	assert_true(slice_eq(h->name, SLICE("fROM")));
	assert_int_equal(h->index, 2);
	assert_null(headers_next(headers, h));

	/* Fields without an id have places too, by name without case. */
	assert_int_equal(headers_at(headers, 1)->index, 1);
	assert_int_equal(headers_at(headers, 3)->index, 2);
	assert_int_equal(headers_at(headers, 4)->index, 1);
	assert_int_equal(headers_at(headers, 5)->index, 3);
	assert_null(headers_at(headers, 6));
	arena_free(&arena);
}

/* Blanks before the colon hide no field. */
static void
test_blanks_in_names(void **state)
{
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);

	(void)state;
	add(headers, "From", " a@example.com");
	add(headers, "From ", " b@example.com");
	add(headers, "FROM \t", " c@example.com");
	add(headers, " From", " d@example.com");
	add(headers, "X-One ", "1");
	add(headers, "X-One", "2");
	assert_int_equal(headers_count(headers, HDR_FROM), 3);
	assert_int_equal(headers_last(headers, HDR_FROM)->index, 3);
	assert_true(slice_eq(headers_at(headers, 1)->name, SLICE("From ")));
	assert_int_equal(headers_at(headers, 1)->odd, HEADER_ODD_NAME);
	assert_int_equal(headers_at(headers, 5)->index, 2);
	arena_free(&arena);
}

static void
test_odd(void **state)
{
	static const struct {
		const char *name, *value;
		size_t n;
		unsigned odd;
		size_t longest;
	} rows[] = {
#define ROW(name, value, odd, longest) { name, value, sizeof(value) - 1, odd, longest }
		ROW("Subject", " hello", 0, 14),
		ROW("Subject", "", 0, 8),
		ROW("Subject", " a\r\n bcdefghijkl", 0, 12),
		ROW("Subject", " a\n bcdefghijkl", 0, 12),
		ROW("Subject", " abc\n d", 0, 12),
		ROW("Subject", " abc\r\n d", 0, 12),
		ROW("Subject", "\n \n x\n", 0, 8),
		ROW("Subject", " a\tb", 0, 12),
		ROW("Subject", " \xc3\xa4", HEADER_ODD_8BIT, 11),
		ROW("Subject", " a\0b", HEADER_ODD_NUL, 12),
		ROW("Subject", " a\rb", HEADER_ODD_BARE_CR, 12),
		ROW("Subject", " a\r", HEADER_ODD_BARE_CR, 11),
		ROW("Subject", " a\r\r\n b", HEADER_ODD_BARE_CR, 11),
		ROW("Subject", " a\x1b[m", HEADER_ODD_CONTROL, 13),
		ROW("Subject", " a\x7f", HEADER_ODD_CONTROL, 11),
		ROW("Sub ject", "x", HEADER_ODD_NAME, 10),
		ROW("Sub\xc3\xa4", "x", HEADER_ODD_NAME, 7),
		ROW("A:B", "x", HEADER_ODD_NAME, 5),
		ROW("", "x", HEADER_ODD_NAME, 2),
#undef ROW
	};
	const struct header *h;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct headers *headers = headers_new(arena);
		struct slice name = exact(rows[i].name);
		struct slice value = exact_bytes(rows[i].value, rows[i].n);

		headers_add(headers, name, value);
		exact_drop(name);
		exact_drop(value);
		h = headers_at(headers, 0);
		assert_int_equal(h->odd, rows[i].odd);
		assert_int_equal(h->longest_line, rows[i].longest);
		assert_int_equal(h->full_size, rows[i].n);
		assert_int_equal(h->value.n, rows[i].n);
		arena_free(&arena);
	}
}

/* A line of 998 octets may be; CRLF counts where the MTA handed over LF. */
static void
test_sizes(void **state)
{
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);
	struct slice value = exact_repeat("x", 997 - 1, "");

	(void)state;
	headers_add(headers, SLICE("A"), value);
	assert_int_equal(headers_at(headers, 0)->longest_line, 998);
	assert_int_equal(headers_at(headers, 0)->odd, 0);
	headers_add(headers, SLICE("AB"), value);
	assert_int_equal(headers_at(headers, 1)->odd, HEADER_ODD_LINE_LONG);
	exact_drop(value);
	assert_int_equal(headers_bytes(headers), 1 + 1 + 996 + 2 + 2 + 1 + 996 + 2);
	add(headers, "C", " a\n b\r\n c");
	assert_int_equal(headers_bytes(headers), 2001 + 1 + 1 + 10 + 2);
	arena_free(&arena);
}

static void
test_cut(void **state)
{
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);
	struct slice value = exact_repeat("x", 1000 * 1000, "\r\n\x01");
	const struct header *h;

	(void)state;
	headers_add(headers, SLICE("X-Big"), value);
	add(headers, "From", " a@example.com");
	h = headers_at(headers, 0);
	assert_int_equal(h->value.n, HEADER_VALUE_MAX);
	assert_int_equal(h->full_size, value.n);
	/* What is beyond the cut was looked at. */
	assert_int_equal(
	    h->odd, HEADER_ODD_CUT | HEADER_ODD_LINE_LONG | HEADER_ODD_CONTROL);
	assert_true(headers_over_limit(headers));
	assert_non_null(headers_first(headers, HDR_FROM));
	exact_drop(value);
	arena_free(&arena);
}

static void
test_many(void **state)
{
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);

	(void)state;
	add(headers, "From", " a@example.com");
	for (size_t i = 0; i < 100000; i++)
		headers_add(headers, SLICE("X-Many"), SLICE(" x"));
	add(headers, "FROM", " b@example.com");
	assert_int_equal(headers_kept(headers), HEADERS_MAX);
	assert_int_equal(headers_total(headers), 100002);
	assert_true(headers_over_limit(headers));
	assert_int_equal(headers_count(headers, HDR_FROM), 2);
	assert_ptr_equal(
	    headers_first(headers, HDR_FROM), headers_last(headers, HDR_FROM));
	assert_int_equal(headers_at(headers, HEADERS_MAX - 1)->index, HEADERS_MAX - 1);
	arena_free(&arena);
}

/* What is kept has no holes: after the first field left out all are. */
static void
test_bytes_limit(void **state)
{
	struct arena *arena = arena_new();
	struct headers *headers = headers_new(arena);
	struct slice value = exact_repeat("x", HEADER_VALUE_MAX, "");

	(void)state;
	for (size_t i = 0; i < 20; i++)
		headers_add(headers, SLICE("X"), value);
	add(headers, "From", " a@example.com");
	exact_drop(value);
	assert_int_equal(headers_kept(headers), 15);
	assert_int_equal(headers_total(headers), 21);
	assert_int_equal(headers_count(headers, HDR_FROM), 1);
	assert_null(headers_first(headers, HDR_FROM));
	assert_true(headers_over_limit(headers));
	arena_free(&arena);
}

static void
test_unfold(void **state)
{
	static const struct { const char *value, *unfolded; } rows[] = {
		{ "", "" },
		{ " ", "" },
		{ " hello", "hello" },
		{ "hello \t", "hello" },
		{ " a\r\n b", "a b" },
		{ " a\n\tb", "a\tb" },
		{ " a\r\n \r\n b", "a  b" },
		{ "\r\n a", "a" },
		{ " a\nb", "a b" },
		{ " a\n\nb", "a  b" },
		{ " a\r\r\n b", "a\r b" },
		{ " a\rb", "a\rb" },
		{ " a\n b\n", "a b" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice value = exact(rows[i].value), unfolded;

		unfolded = header_unfold(arena, value);
		assert_true(slice_eq(unfolded, slice_of(rows[i].unfolded)));
		exact_drop(value);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_blanks_in_names),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bytes_limit),
		cmocka_unit_test(test_unfold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
