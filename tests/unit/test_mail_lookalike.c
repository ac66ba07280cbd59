/* Names that look alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exact.h"
#include "mail/lookalike.h"

static void
test_same(void **state)
{
	static const struct { const char *a, *b; bool same; } rows[] = {
		{ "paypal", "paypal", true },
		{ "paypa1", "paypal", true },
		{ "paypal", "paypa1", true },
		{ "m1crosoft", "microsoft", true },
		{ "g00g1e", "google", true },
		{ "rnicrosoft", "microsoft", true },
		{ "arnazon", "amazon", true },
		{ "vvhatsapp", "whatsapp", true },
		{ "4m4z0n", "amazon", true },
		{ "n3tfl1x", "netflix", true },
		{ "\xd1\x80\xd0\xb0\xd1\x83\xd1\x80\xd0\xb0\xd3\x8f", "paypal", true },
		{ "g\xce\xbf\xce\xbfgle", "google", true },
		{ "\xc9\xa1oogle", "google", true },
		{ "", "", true },
		{ "1cloud", "icloud", false },
		{ "1oad", "load", true },
		{ "paypal", "paypals", false },
		{ "paypals", "paypal", false },
		{ "", "a", false },
		{ "appie", "apple", false },
		{ "g\xc3\xb6\xc3\xb6gle", "google", false },
		{ "pay-pal", "paypal", false },
		{ "r", "rn", false },
		{ "v", "w", false },
		{ "\xd0\xbc\xd0\xb5\xd1\x82\xd0\xb0", "meta", false },
		{ "abc\xd1", "abc", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice a = exact(rows[i].a), b = exact(rows[i].b);

		if (lookalike_same(a, b) != rows[i].same)
			fail_msg("%s, %s", rows[i].a, rows[i].b);
		exact_drop(a);
		exact_drop(b);
	}
}

static void
test_possible(void **state)
{
	static const struct { const char *label; bool possible; } rows[] = {
		{ "paypa1", true }, { "g0ogle", true }, { "rnicrosoft", true },
		{ "vvest", true }, { "b\xc3\xbc" "cher", true }, { "modern", true },
		{ "paypal", false }, { "cdn2", false }, { "img-69", false }, { "nr", false },
		{ "r-n", false }, { "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice label = exact(rows[i].label);

		if (lookalike_possible(label) != rows[i].possible)
			fail_msg("%s", rows[i].label);
		exact_drop(label);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
