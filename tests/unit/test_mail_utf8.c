/*
 * UTF-8: what is one, and what a broken one counts as.
 */
#include "exact.h"

#include "mail/utf8.h"

struct row {
	const char *bytes;
	size_t taken;
	unsigned codepoint;
	bool valid;
};

static const struct row rows[] = {
	{ "a", 1, 'a', true },
	{ "\x7f", 1, 0x7f, true },
	{ "\xc2\x80", 2, 0x80, true },
	{ "\xdf\xbf", 2, 0x7ff, true },
	{ "\xe0\xa0\x80", 3, 0x800, true },
	{ "\xef\xbf\xbd", 3, 0xfffd, true },
	{ "\xed\x9f\xbf", 3, 0xd7ff, true },
	{ "\xf0\x90\x80\x80", 4, 0x10000, true },
	{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff, true },
	/* overlong, surrogates, beyond the end, stray and missing bytes */
	{ "\xc0\x80", 1, 0xfffd, false },
	{ "\xc1\xbf", 1, 0xfffd, false },
	{ "\xe0\x9f\xbf", 1, 0xfffd, false },
	{ "\xf0\x8f\xbf\xbf", 1, 0xfffd, false },
	{ "\xed\xa0\x80", 1, 0xfffd, false },
	{ "\xf4\x90\x80\x80", 1, 0xfffd, false },
	{ "\xf5\x80\x80\x80", 1, 0xfffd, false },
	{ "\xff", 1, 0xfffd, false },
	{ "\x80", 1, 0xfffd, false },
	{ "\xc3", 1, 0xfffd, false },
	{ "\xc3" "a", 1, 0xfffd, false },
	{ "\xe2\x82", 1, 0xfffd, false },
	{ "\xf0\x9f\x98", 1, 0xfffd, false },
};

static void
test_next(void **state)
{
	unsigned codepoint;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice text = exact(rows[i].bytes);

		assert_int_equal(utf8_next(text, &codepoint), rows[i].taken);
		assert_int_equal(codepoint, rows[i].codepoint);
		assert_int_equal(utf8_valid(text), rows[i].valid);
		exact_drop(text);
	}
	assert_int_equal(utf8_next(SLICE(""), &codepoint), 0);
	assert_int_equal(codepoint, 0);
}

static void
test_text(void **state)
{
	struct slice text = exact("abcdefgh\xc3\xa4\n\xe2\x82\xac");

	(void)state;
	assert_true(utf8_valid(text));
	assert_true(utf8_valid(SLICE("")));
	assert_true(utf8_valid((struct slice){ "a\0b", 3 }));
	text.n--;
	assert_false(utf8_valid(text));
	exact_drop(text);
	assert_int_equal(utf8_length(""), 0);
	assert_int_equal(utf8_length("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
