/*
 * Charsets by the names that mail has for them.
 */
#include "exact.h"

#include <malloc.h>

#include "mail/decode.h"

static bool
is_known(const char *text)
{
	struct slice name = exact(text);
	iconv_t converter = decode_charset_open(name);

	exact_drop(name);
	if (converter == (iconv_t)-1)
		return false;
	decode_charset_close(converter);
	return true;
}

static void
test_names(void **state)
{
	static const char *const known[] = {
		"utf-8", "UTF8", "us-ascii", "iso-8859-1", "ISO8859_15", "iso-8859_2",
		"iso-8859-8-i", "ISO-8859-6-E", "windows-1252", "windows-cp1250",
		"Microsoft-CP1251", "cp850", "koi8-r", "big5-0", "gb-2312", "gb18030",
		"ks_c_5601-1987", "ksc-5601-1987", "windows-949", "shift_jis",
		"iso-2022-jp", "utf-7",
	};
	static const char *const unknown[] = {
		"", "x", "iso-8859", "iso-8859-", "iso-8859--i", "iso-8859-99",
		"windows-cp", "utf-8//IGNORE", "/", "utf-8/", "unknown-8bit",
		"x-unknown", "iso8859_1_and_many_more_letters_behind_it",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!is_known(known[i]))
			fail_msg("\"%s\" is not known", known[i]);
	}
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		if (is_known(unknown[i]))
			fail_msg("\"%s\" is known", unknown[i]);
	}
}

/* Any message may name charsets that nobody has: none is remembered. */
static void
test_unknown_ones_cost_nothing(void **state)
{
	size_t before = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		if (i == 1000)
			before = mallinfo2().uordblks;
		snprintf(name, sizeof(name), "x-made-up-%d", i);
		assert_false(is_known(name));
	}
	assert_true(mallinfo2().uordblks < before + 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_unknown_ones_cost_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
