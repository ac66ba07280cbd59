/*
 * Header fields in a form that any host takes.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/encoded.h"
#include "mail/header.h"
#include "mail/mend.h"
#include "mended.h"

static const struct row {
	const char *name, *value;
	unsigned found;
	const char *out;		/* NULL: as it was */
} rows[] = {
	{ "Subject", " Lunch", 0, NULL },
	{ "Subject", "", 0, NULL },
	{ "Subject", " one\r\n two", 0, NULL },
	{ "Subject", " Caf\xc3\xa9 at noon", MEND_CHANGED,
	    " =?utf-8?q?Caf=C3=A9?= at noon" },
	{ "Subject", "Caf\xc3\xa9", MEND_CHANGED, " =?utf-8?q?Caf=C3=A9?=" },
	{ "Subject", " at Caf\xc3\xa9 Z\xc3\xbcrich\r\n\tnow", MEND_CHANGED,
	    " at =?utf-8?q?Caf=C3=A9_Z=C3=BCrich?=\tnow" },
	/* blanks between encoded words are not shown */
	{ "Subject", " =?utf-8?q?a?= \xc3\xa9 =?utf-8?q?b?=", MEND_CHANGED,
	    " =?utf-8?q?a?= =?utf-8?q?_=C3=A9_?= =?utf-8?q?b?=" },
	{ "Subject", " \xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", MEND_CHANGED,
	    " =?utf-8?b?0J/RgNC40LLQtdGC?=" },
	{ "Subject", " Caf\xe9", MEND_CHANGED, " =?iso-8859-1?q?Caf=E9?=" },
	{ "Subject", " one\rtwo", MEND_CHANGED, " one two" },
	{ "Subject", " one\r\r\n two", MEND_CHANGED, " one \r\n two" },
	{ "X-Odd", " caf\xc3\xa9", MEND_CHANGED, " =?utf-8?q?caf=C3=A9?=" },
	{ "From", " Ren\xc3\xa9 <r@example.com>", MEND_CHANGED,
	    " =?utf-8?q?Ren=C3=A9?= <r@example.com>" },
	{ "From", " Ren\xc3\xa9<r@example.com>", MEND_CHANGED,
	    " =?utf-8?q?Ren=C3=A9?= <r@example.com>" },
	{ "From", " \"Ren\xc3\xa9 \\\"x\\\"\" <r@example.com>", MEND_CHANGED,
	    " =?utf-8?q?Ren=C3=A9_=22x=22?= <r@example.com>" },
	{ "From", " M\xc3\xbcller, J\xc3\xb6rg <j@example.com>", MEND_CHANGED,
	    " =?utf-8?q?M=C3=BCller?= , =?utf-8?q?J=C3=B6rg?= <j@example.com>" },
	{ "From", " Doe, J\xc3\xb6rg <j@example.com>", MEND_CHANGED,
	    " Doe, =?utf-8?q?J=C3=B6rg?= <j@example.com>" },
	{ "From", " j@example.com (J\xc3\xb6rg \\(x\\))", MEND_CHANGED,
	    " j@example.com (=?utf-8?q?J=C3=B6rg_=28x=29?=)" },
	{ "From", " =?utf-8?q?A?= \xc3\x96 <a@example.com>", MEND_CHANGED,
	    " =?utf-8?q?A?= =?utf-8?b?IMOW?= <a@example.com>" },
	{ "To", " S\xc3\xbc" "d: a@example.com, \xc3\x84nne <b@example.com>;",
	    MEND_CHANGED,
	    " =?utf-8?q?S=C3=BCd?= : a@example.com, =?utf-8?q?=C3=84nne?=\n"
	    " <b@example.com>;" },
	{ "To", " j\xc3\xb6rg@example.com", MEND_LEFT, NULL },
	{ "To", " <j\xc3\xb6rg@example.com>", MEND_LEFT, NULL },
	{ "To", " \"j\xc3\xb6rg\"@example.com", MEND_LEFT, NULL },
	{ "To", " J\xc3\xb6rg <j\xc3\xb6rg@example.com>", MEND_CHANGED | MEND_LEFT,
	    " =?utf-8?q?J=C3=B6rg?= <j\xc3\xb6rg@example.com>" },
	{ "To", " J\xc3\xb6rg", MEND_LEFT, NULL },
	{ "To", " \"J\xc3\xb6rg <a@example.com>", MEND_CHANGED,
	    " =?utf-8?q?J=C3=B6rg?= <a@example.com>" },
	{ "List-Id", " K\xc3\xa4se <k.example.com>", MEND_CHANGED,
	    " =?utf-8?q?K=C3=A4se?= <k.example.com>" },
	{ "Content-Type", " text/plain; name=\"B\xc3\xa4r.txt\"; charset=utf-8",
	    MEND_CHANGED, " text/plain; name*=utf-8''B%C3%A4r.txt; charset=utf-8" },
	{ "Content-Disposition", " attachment; filename=B\xe4r.txt", MEND_CHANGED,
	    " attachment; filename*=iso-8859-1''B%E4r.txt" },
	{ "Content-Type", " multipart/mixed; boundary=\"\xc3\xa4\"", MEND_LEFT, NULL },
	{ "Message-ID", " <\xc3\xa4@example.com>", MEND_LEFT, NULL },
	{ "Received", " from \xc3\xa4 by b", MEND_LEFT, NULL },
	{ "DKIM-Signature", " v=1; \xc3\xa4", MEND_LEFT, NULL },
	{ "List-Unsubscribe", " <https://example.com/\xc3\xa4>", MEND_LEFT, NULL },
};

static const struct mend_options options = { .charset = "iso-8859-1" };

static unsigned
mend(struct arena *arena, struct slice name, struct slice value,
    const struct mend_options *with, struct slice *value_r)
{
	struct slice again;
	unsigned found = field_mend(arena, name, value, with, value_r);

	/* what was mended stays */
	if (found == MEND_CHANGED)
		assert_int_equal(field_mend(arena, name, *value_r, with, &again), 0);
	return found;
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct slice value = exact(rows[i].value), out;
		const char *expected = rows[i].out != NULL ? rows[i].out : rows[i].value;
		unsigned found = mend(arena, slice_of(rows[i].name), value, &options,
		    &out);

		if (found != rows[i].found || !slice_eq(out, slice_of(expected)))
			fail_msg("%s:%s: %u \"%.*s\", expected %u \"%s\"", rows[i].name,
			    rows[i].value, found, (int)out.n, out.p, rows[i].found,
			    expected);
		exact_drop(value);
		arena_free(&arena);
	}
}

static void
test_nul(void **state)
{
	struct arena *arena = arena_new();
	struct slice out;

	(void)state;
	assert_int_equal(mend(arena, SLICE("Subject"), SLICE(" a\0b"), &options, &out),
	    MEND_CHANGED);
	assert_true(slice_eq(out, SLICE(" ab")));
	/* it could be part of an address */
	assert_int_equal(mend(arena, SLICE("To"), SLICE(" a\0b@example.com"), &options,
	    &out), MEND_LEFT);
	assert_int_equal(mend(arena, SLICE("Content-Type"),
	    SLICE(" message/rfc822\0x\ry"), &options, &out), MEND_LEFT);
	assert_true(slice_eq(out, SLICE(" message/rfc822\0x\ry")));
	arena_free(&arena);
}

static void
test_smtputf8(void **state)
{
	const struct mend_options keep = { .keep_utf8 = true };
	struct arena *arena = arena_new();
	struct slice out;

	(void)state;
	assert_int_equal(mend(arena, SLICE("Subject"), SLICE(" Caf\xc3\xa9"), &keep, &out),
	    0);
	assert_int_equal(mend(arena, SLICE("Subject"), SLICE(" Caf\xe9"), &keep, &out),
	    MEND_CHANGED);
	assert_true(slice_eq(out, SLICE(" =?unknown-8bit?q?Caf=E9?=")));
	arena_free(&arena);
}

/* Encoded words: at most 75 octets, whole characters, and the same text. */
static void
assert_same_text(struct arena *arena, struct slice before, struct slice after)
{
	struct encoded_facts facts;

	assert_string_equal(encoded_decode(arena, after, &facts),
	    encoded_decode(arena, before, NULL));
	assert_false(facts.broken || facts.split_character || facts.too_long ||
	    facts.raw_8bit);
	assert_null(mended_odd(after) != NULL && strcmp(mended_odd(after),
	    "a LF that stands alone") != 0 ? mended_odd(after) : NULL);
}

static void
test_long_text(void **state)
{
	static const char *const units[] = {
		"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8c\x9e", "a\xf0\x9f\x8c\x9e",
		"Caf\xc3\xa9 ", "\xd0\xb6 ", "xxxxx\xc3\xa9", " \xc3\xa9",
	};
	static const char *const names[] = {
		"Subject", "Comments", "X-A-Field-With-A-Rather-Long-Name-Indeed",
	};

	(void)state;
	for (size_t i = 0; i < 8 * 3; i++) {
		for (size_t n = 1; n < 300; n = n * 2 + 1) {
			struct arena *arena = arena_new();
			struct slice value = exact_repeat(units[i / 3], n, "."), out;

			assert_int_equal(mend(arena, slice_of(names[i % 3]), value,
			    &options, &out), MEND_CHANGED);
			assert_same_text(arena, value, out);
			exact_drop(value);
			arena_free(&arena);
		}
	}
}

static size_t
longest(struct slice value)
{
	struct slice line;
	size_t n = 0;

	while (slice_split(&value, '\n', &line))
		n = line.n > n ? line.n : n;
	return n;
}

static const struct {
	const char *name, *unit, *end;
	bool mended;			/* else something is left */
} long_rows[] = {
	{ "Subject", "word ", "end", true },
	{ "Subject", "x", "", true },		/* becomes encoded words */
	{ "X-Data", "word ", "end", true },
	{ "X-Data", "x", "", false },
	{ "To", "a@example.com,", "b@example.com", true },
	{ "To", "\"a,b\" <a@example.com>, ", "b@example.com", true },
	{ "To", "x", "@example.com", false },
	{ "To", "(a,b)", " a@example.com", false },
	{ "References", "<a@example.com>", "", true },
	{ "References", "<a@example.com> ", "<b@example.com>", true },
	{ "Message-ID", "x", "", false },
	{ "Content-Type", "a=b;", "c=d", true },
	{ "Content-Type", "\"a;b\"", "", false },
	{ "List-Unsubscribe", "<https://example.com/a>, ", "<mailto:a@example.com>", true },
	{ "List-Unsubscribe", "x", "", false },
	{ "Received", "word ", "end", false },
	{ "DKIM-Signature", "a=b; ", "c=d", false },
};

static void
test_long_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(long_rows) / sizeof(long_rows[0]); i++) {
		struct arena *arena = arena_new();
		struct slice value = exact_repeat(long_rows[i].unit, 1200,
		    long_rows[i].end), out;
		unsigned found = mend(arena, slice_of(long_rows[i].name), value, &options,
		    &out);

		if (long_rows[i].mended ? found != MEND_CHANGED : (found & MEND_LEFT) == 0)
			fail_msg("%s:%s...: %u", long_rows[i].name, long_rows[i].unit, found);
		if (long_rows[i].mended)
			assert_in_range(longest(out), 1, MEND_LINE_MAX);
		exact_drop(value);
		arena_free(&arena);
	}
}

/* Nothing but line ends, and one blank each, is put in. */
static void
test_folds_only(void **state)
{
	struct arena *arena = arena_new();
	struct slice value = exact_repeat("a, \"b, c\" (d, e) <a@example.com>,", 200,
	    "b@example.com"), out;
	size_t k = 0;

	(void)state;
	assert_int_equal(mend(arena, SLICE("Cc"), value, &options, &out), MEND_CHANGED);
	for (size_t i = 0; i < out.n; i++) {
		if (out.p[i] == '\n') {
			assert_int_equal(out.p[i + 1], ' ');
			i += value.p[k] != ' ';
			continue;
		}
		assert_int_equal(out.p[i], value.p[k]);
		k++;
	}
	assert_int_equal(k, value.n);
	exact_drop(value);
	arena_free(&arena);
}

static void
test_charset(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(mend_charset(arena,
	    SLICE(" text/plain; charset=\"ISO-8859-15\"")), "iso-8859-15");
	assert_string_equal(mend_charset(arena, SLICE(" text/html; charset=windows-1252")),
	    "windows-1252");
	assert_null(mend_charset(arena, SLICE(" text/plain; charset=utf-8")));
	assert_null(mend_charset(arena, SLICE(" text/plain; charset=gb2312")));
	assert_null(mend_charset(arena, SLICE(" text/plain; charset=\"koi8-r?q\"")));
	assert_null(mend_charset(arena, SLICE(" text/plain")));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_smtputf8),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_folds_only),
		cmocka_unit_test(test_charset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
