/*
 * Code points that hide, turn round or decorate.
 */
#include "exact.h"

#include "mail/text.h"

#define ZWNJ "\xe2\x80\x8c"
#define ZWJ "\xe2\x80\x8d"
#define RLO "\xe2\x80\xae"
#define FSI "\xe2\x81\xa8"
#define MAN "\xf0\x9f\x91\xa8"			/* U+1F468 */
#define LAPTOP "\xf0\x9f\x92\xbb"		/* U+1F4BB */
#define VS16 "\xef\xb8\x8f"
#define FLAG "\xf0\x9f\x8f\xb4"			/* U+1F3F4 */
#define TAG_G "\xf3\xa0\x81\xa7"		/* U+E0067 */
#define TAG_END "\xf3\xa0\x81\xbf"		/* U+E007F */

static const struct { const char *text; unsigned odd, first; } rows[] = {
	{ "", 0, 0 },
	{ "Hello, world", 0, 0 },
	{ "a\tb", 0, 0 },
	{ "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80", 0, 0 },
	{ "a\x1b[31m", TEXT_ODD_CONTROL, 0x1b },
	{ "a\nb", TEXT_ODD_CONTROL, 0x0a },
	{ "a\x7f", TEXT_ODD_CONTROL, 0x7f },
	{ "a\xc2\x85", TEXT_ODD_CONTROL, 0x85 },
	{ "a\xc2\xa0" "b", 0, 0 },
	{ "abc" RLO "gpj.exe", TEXT_ODD_BIDI_OVERRIDE, 0x202e },
	{ "\xe2\x80\xad", TEXT_ODD_BIDI_OVERRIDE, 0x202d },
	{ "\xe2\x80\xaa" "a\xe2\x80\xac", TEXT_ODD_BIDI_EMBEDDING, 0x202a },
	{ FSI "Anna\xe2\x81\xa9", TEXT_ODD_BIDI_ISOLATE, 0x2068 },
	{ "\xe2\x80\x8f\xe2\x80\x8e", 0, 0 },		/* direction marks */
	{ FSI RLO, TEXT_ODD_BIDI_ISOLATE | TEXT_ODD_BIDI_OVERRIDE, 0x2068 },
	{ "a" TAG_G, TEXT_ODD_TAG, 0xe0067 },
	{ "\xf3\xa0\x80\x81", TEXT_ODD_TAG, 0xe0001 },
	{ FLAG TAG_G TAG_END, 0, 0 },
	{ FLAG "x" TAG_G, TEXT_ODD_TAG, 0xe0067 },
	/* joiners where they belong */
	{ MAN ZWJ LAPTOP, 0, 0 },
	{ MAN VS16 ZWJ LAPTOP, 0, 0 },
	{ "\xd9\x85\xdb\x8c" ZWNJ "\xd8\xae\xd9\x88\xd8\xa7\xd9\x87\xd9\x85", 0, 0 },
	{ "\xe0\xa4\x95\xe0\xa5\x8d" ZWJ "\xe0\xa4\xb7", 0, 0 },
	{ "\xe0\xb4\xa8\xe0\xb5\x8d" ZWJ, 0, 0 },
	/* and where not */
	{ "pay" ZWNJ "pal", TEXT_ODD_JOINER, 0x200c },
	{ "pay" ZWJ "pal", TEXT_ODD_JOINER, 0x200d },
	{ ZWJ, TEXT_ODD_JOINER, 0x200d },
	{ MAN ZWNJ LAPTOP, TEXT_ODD_JOINER, 0x200c },
	{ MAN ZWJ "a", TEXT_ODD_JOINER, 0x200d },
	{ "\xff\xe2\x80", 0, 0 },
};

static void
test_odd(void **state)
{
	unsigned odd, first;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice text = exact(rows[i].text);

		odd = text_odd(text, ~0u, &first);
		if (odd != rows[i].odd || first != rows[i].first)
			fail_msg("row %zu: %u U+%X", i, odd, first);
		assert_int_equal(text_odd(text, 0, NULL), odd);
		exact_drop(text);
	}
	/* The first that was asked for. */
	text_odd(slice_of(FSI RLO), TEXT_ODD_BIDI_OVERRIDE, &first);
	assert_int_equal(first, 0x202e);
}

static void
test_blank(void **state)
{
	static const char *const blank[] = {
		"", " ", " \t\r\n", "\xc2\xa0", "\xc2\xad", ZWNJ ZWJ "\xe2\x80\x8b",
		"\xe2\xa0\x80", "\xe3\x80\x80", "\xef\xbb\xbf", "\xe3\x85\xa4",
		"\xef\xbe\xa0", "\xcd\x8f", "\xe1\xa0\x8e", VS16, TAG_G,
	};
	static const char *const shown[] = {
		"a", " a", ".", "\xff", "\xe2\x80\x90", MAN, "\xe2\x80\x8b.",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++)
		assert_true(text_is_blank(slice_of(blank[i])));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		assert_false(text_is_blank(slice_of(shown[i])));
}

static void
test_emoji(void **state)
{
	static const char *const with[] = {
		MAN,
		("Shop " LAPTOP),
		"\xe2\x9c\x85 Shop",
		"\xe2\x9c\x93",
		"\xe2\x98\x85",
		"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
		"\xe2\xad\x90",
	};
	static const char *const without[] = {
		"",
		"Shop",
		"Shop \xc2\xae",
		"Shop \xe2\x84\xa2",
		"\xe6\x97\xa5\xe6\x9c\xac",
		"1\xe2\x86\x92.",
		"\xe2\x82\xac",
		"\xff",
		"\xf0\x9f",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		assert_true(text_has_emoji(slice_of(with[i])));
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		assert_false(text_has_emoji(slice_of(without[i])));
}

static void
test_reply_prefix(void **state)
{
	static const char *const with[] = {
		"Re: hello", " RE:hello", "AW: x", "Fwd: x", "FW :x", "Re[2]: x", "Sv:",
		"Antw: x",
	};
	static const char *const without[] = {
		"", "Re", "Re hello", "Reply: x", "Rex: y", ":", "Subject: Re: x",
		"Regarding your order: x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		struct slice text = exact(with[i]);

		if (!text_has_reply_prefix(text))
			fail_msg("%s", with[i]);
		exact_drop(text);
	}
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		struct slice text = exact(without[i]);

		if (text_has_reply_prefix(text))
			fail_msg("%s", without[i]);
		exact_drop(text);
	}
}

static void
test_count(void **state)
{
	static const char *const with[] = { "Anna (2)", "(13) Anna", "[3] Anna",
		"(1)" };
	static const char *const without[] = {
		"", "Anna", "Anna (1999)", "Anna (x)", "Anna ()", "Anna (2", "Anna(2)",
		"Anna (2) Bell", "Anna (2]", "2", "(", "()",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		assert_true(text_has_count(slice_of(with[i])));
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		struct slice text = exact(without[i]);

		if (text_has_count(text))
			fail_msg("%s", without[i]);
		exact_drop(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_emoji),
		cmocka_unit_test(test_reply_prefix),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
