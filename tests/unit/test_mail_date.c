/*
 * Date fields.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/date.h"

#define GOOD 1795297200		/* Sat, 21 Nov 2026 21:40:00 UTC */

static const struct { const char *text; time_t when;
} good[] = {
	{ "Sat, 21 Nov 2026 21:40:00 +0000", GOOD },
	{ " Sat, 21 Nov 2026 21:40:00 +0000", GOOD },
	{ "Sat,\r\n 21 Nov 2026\n\t21:40:00 +0000", GOOD },
	{ "21 Nov 2026 21:40:00 +0000", GOOD },
	{ "21 Nov 2026 21:40 +0000", GOOD },
	{ "Mon, 21 Nov 2026 21:40:00 +0000", GOOD }, /* wrong weekday */
	{ "sat, 21 nov 2026 21:40:00 gmt", GOOD },
	{ "Sat, 21 Nov 2026 23:10:00 +0130", GOOD },
	{ "Sat, 21 Nov 2026 13:40:00 -0800", GOOD },
	{ "Sat, 21 Nov 2026 13:40:00 PST", GOOD },
	{ "Sat, 21 Nov 2026 17:40:00 EDT", GOOD },
	{ "Sat, 21 Nov 2026 21:40:00 UT", GOOD },
	{ "Sat, 21 Nov 2026 21:40:00 UTC", GOOD },
	{ "Sat, 21 Nov 2026 21:40:00 Z", GOOD },
	{ "Sat, 21 Nov 2026 21:40:00 A", GOOD }, /* military: known to mean nothing */
	{ "Sat, 21 Nov 2026 21:40:00 CEST", GOOD }, /* so are these */
	{ "Sat, 21 Nov 2026 21:40:00 -0000", GOOD },
	{ "Sat, 21 Nov 2026 21:40:00 +0000 (UTC)", GOOD },
	{ "Sat (day), 21 (no \\) end) Nov 2026 21(h (in h)):40:00 +0000", GOOD },
	{ "Sat, 21 Nov 26 21:40:00 +0000", GOOD },
	{ "Sat, 21 Nov 126 21:40:00 +0000", GOOD },
	{ "Fri, 1 Jan 99 00:00:00 +0000", 915148800 },
	{ "Thu, 29 Feb 2024 00:00:00 +0000", 1709164800 },
	{ "Thu, 1 Jan 1970 00:00:00 +0000", 0 },
	{ "Wed, 31 Dec 1969 23:59:59 +0000", -1 },
	{ "Mon, 1 Jan 1900 00:00:00 +0000", -2208988800 },
	{ "Fri, 31 Dec 9999 23:59:60 +0000", 253402300800 },
	{ "Sat, 1 Jan 2000 00:00:00 +9959", 946684800 - 99 * 3600 - 59 * 60 },
};

static const char *const bad[] = {
	"", " ", "now", "Sat, 21 Nov 2026", "Sat, 21 Nov 2026 21:40:00",
	"Sat 21 Nov 2026 21:40:00 +0000",	/* no comma */
	"Saturday, 21 Nov 2026 21:40:00 +0000",
	"Xxx, 21 Nov 2026 21:40:00 +0000",
	"Sat, Nov 21 2026 21:40:00 +0000",
	"Sat Nov 21 21:40:00 2026",
	"2026-11-21T21:40:00Z",
	"Sat, 0 Nov 2026 21:40:00 +0000",
	"Sat, 31 Nov 2026 21:40:00 +0000",
	"Sat, 29 Feb 2026 21:40:00 +0000",
	"Sat, 29 Feb 2100 21:40:00 +0000",
	"Sat, 021 Nov 2026 21:40:00 +0000",
	"Sat, 21 November 2026 21:40:00 +0000",
	"Sat, 21 Nov 1899 21:40:00 +0000",
	"Sat, 21 Nov 20260 21:40:00 +0000",
	"Sat, 21 Nov 2026 24:00:00 +0000",
	"Sat, 21 Nov 2026 21:60:00 +0000",
	"Sat, 21 Nov 2026 21:40:61 +0000",
	"Sat, 21 Nov 2026 21:40:00.5 +0000",
	"Sat, 21 Nov 2026 9:40:00 PM +0000",
	"Sat, 21 Nov 2026 21:40:00 +000",
	"Sat, 21 Nov 2026 21:40:00 +00:00",
	"Sat, 21 Nov 2026 21:40:00 +0060",
	"Sat, 21 Nov 2026 21:40:00 GMT+0200",
	"Sat, 21 Nov 2026 21:40:00 +0000 x",
	"Sat, 21 Nov 2026 21:40:00 +0000 (UTC",
	"Sat, -1 Nov 2026 21:40:00 +0000",
	"Sat, 21 Nov 2026 99999999999999999999:40:00 +0000",
};

static void
test_good(void **state)
{
	time_t when;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct slice text = exact(good[i].text);

		when = 7;
		if (!date_parse(text, &when) || when != good[i].when)
			fail_msg("%s: %lld", good[i].text, (long long)when);
		exact_drop(text);
	}
}

static void
test_bad(void **state)
{
	time_t when;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct slice text = exact(bad[i]);

		if (date_parse(text, &when))
			fail_msg("taken: %s", bad[i]);
		exact_drop(text);
	}
	assert_false(
	    date_parse((struct slice){ "21 Nov\0 2026 21:40 +0000", 24 }, &when));
}

/* Every prefix of a date is read to its end and no further. */
static void
test_prefixes(void **state)
{
	struct slice whole = SLICE("Sat, 21 Nov 2026 21:40:00 +0000");
	time_t when;

	(void)state;
	for (size_t n = 0; n < whole.n; n++) {
		struct slice text = exact_bytes(whole.p, n);

		assert_false(date_parse(text, &when));
		exact_drop(text);
	}
}

static void
test_format(void **state)
{
	struct arena *arena = arena_new();
	time_t when;

	(void)state;
	assert_string_equal(
	    date_format(arena, GOOD), "Sat, 21 Nov 2026 21:40:00 +0000");
	assert_string_equal(date_format(arena, 0), "Thu, 01 Jan 1970 00:00:00 +0000");
	for (time_t t = 0; t < 4102444800; t += 86400 * 13 + 3607) {
		assert_true(date_parse(slice_of(date_format(arena, t)), &when));
		assert_int_equal(when, t);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
