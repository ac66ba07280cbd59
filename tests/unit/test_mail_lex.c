/*
 * Blanks, comments, quoted strings.
 */
#include "exact.h"

#include "mail/lex.h"

static const struct { const char *text; size_t quoted, comment, skip; } rows[] = {
	{ "", 0, 0, 0 },
	{ "a", 0, 0, 0 },
	{ "\"\"", 2, 0, 0 },
	{ "\"a b\" c", 5, 0, 0 },
	{ "\"a\\\"b\"c", 6, 0, 0 },
	{ "\"a\\\\\"c", 5, 0, 0 },
	{ "\"", 0, 0, 0 },
	{ "\"a\\\"", 0, 0, 0 },
	{ "\"a\\", 0, 0, 0 },
	{ "()", 0, 2, 2 },
	{ "(a (b) c) d", 0, 9, 10 },
	{ "(a \\) b)c", 0, 8, 8 },
	{ "(a \"(\" b)c)", 0, 11, 11 },
	{ "(", 0, 0, 0 },
	{ "((a)", 0, 0, 0 },
	{ "(a\\)", 0, 0, 0 },
	{ " \t\r\n(a) (b)\n x", 0, 0, 14 - 1 },
	{ " (a", 0, 0, 1 },
};

static void
test_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice text = exact(rows[i].text);
		struct lex lex = { .text = text };

		/* Twice: what is found out once must not change the answer. */
		for (int k = 0; k < 2; k++) {
			assert_int_equal(lex_quoted(&lex, 0), rows[i].quoted);
			assert_int_equal(lex_comment(&lex, 0), rows[i].comment);
			assert_int_equal(lex_skip(&lex, 0), rows[i].skip);
		}
		assert_int_equal(lex_quoted(&lex, text.n), text.n);
		assert_int_equal(lex_skip(&lex, text.n), text.n);
		exact_drop(text);
	}
}

/* A quote that never ends leaves the ones before it alone. */
static void
test_open(void **state)
{
	struct slice text = exact("\"a\" \"b (c) (d");
	struct lex lex = { .text = text };

	(void)state;
	assert_int_equal(lex_quoted(&lex, 4), 4);
	assert_int_equal(lex_quoted(&lex, 0), 3);
	assert_int_equal(lex_comment(&lex, 11), 11);
	assert_int_equal(lex_comment(&lex, 7), 10);
	exact_drop(text);
}

static void
test_unquote(void **state)
{
	static const struct { const char *quoted, *text; } said[] = {
		{ "\"\"", "" }, { "\"a b\"", "a b" }, { "\"a\\\"b\"", "a\"b" },
		{ "\"\\\\\"", "\\" }, { "\"a\r\n b\"", "a b" },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct slice quoted = exact(said[i].quoted);
		size_t n = lex_unquote(quoted, out);

		assert_true(slice_eq((struct slice){ out, n }, slice_of(said[i].text)));
		exact_drop(quoted);
	}
}

static void
test_atext(void **state)
{
	(void)state;
	for (int c = 0; c < 128; c++) {
		bool special = c <= ' ' || c == 127 ||
		    strchr("()<>[]:;@\\,.\"", c) != NULL;

		assert_int_equal(lex_is_atext((char)c), !special);
	}
	assert_true(lex_is_atext((char)0xc3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_unquote),
		cmocka_unit_test(test_atext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
