/*
 * Encoded words and charsets.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/encoded.h"

enum { WORD = 1, BROKEN = 2, SPLIT = 4, LONG = 8, RAW_8BIT = 16, NOT_UTF8 = 32 };

#define FFFD UTF8_REPLACEMENT
#define UE "\xc3\xbc"
#define J63 "JJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJJ"

static const struct { const char *value, *text; unsigned facts; } rows[] = {
	{ "", "", 0 },
	{ " hello world ", "hello world", 0 },
	{ " hello\r\n world", "hello world", 0 },
	{ "=?utf-8?q?J=C3=BCrgen?=", "J" UE "rgen", WORD },
	{ "=?UTF-8?Q?J=c3=bcrgen?=", "J" UE "rgen", WORD },
	{ "=?utf-8?B?SsO8cmdlbg==?=", "J" UE "rgen", WORD },
	{ "=?utf-8?b?SsO8cmdlbg?=", "J" UE "rgen", WORD },	/* no padding */
	{ "=?utf-8*de?q?J=C3=BCrgen?=", "J" UE "rgen", WORD },
	{ "=?iso-8859-1?q?J=FCrgen?=", "J" UE "rgen", WORD },
	{ "=?windows-1252?q?=80_5?=", "\xe2\x82\xac 5", WORD },
	{ "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac", WORD },
	{ "=?us-ascii?q?a_b?= c", "a b c", WORD },
	{ "=?utf-8?q?" "?= x", " x", WORD },
	/* blanks between words go, others stay */
	{ "=?utf-8?q?a?= =?utf-8?q?b?=", "ab", WORD },
	{ "=?utf-8?q?a?=\r\n\t =?utf-8?b?Yg==?=", "ab", WORD },
	{ "=?utf-8?q?a?= =?iso-8859-1?q?=FC?= c =?utf-8?q?d?=", "a" UE " c d", WORD },
	{ "x =?utf-8?q?a?= y", "x a y", WORD },
	/* a character in two words */
	{ "=?utf-8?q?J=C3?= =?utf-8?q?=BCrgen?=", "J" UE "rgen", WORD | SPLIT },
	{ "=?utf-8?q?J=C3?= x", "J" FFFD " x", WORD | BROKEN },
	{ "=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=",
	    "\xe6\x97\xa5\xe6\x9c\xac", WORD },
	/* no text in the charset */
	{ "=?utf-8?q?=FF?=", FFFD, WORD | BROKEN },
	{ "=?us-ascii?q?=C3=BC?=", UE, WORD | BROKEN },
	{ "=?gb2312?q?=FF=FFa?=", FFFD FFFD "a", WORD | BROKEN },
	{ "=?utf-8?q?a=00b?=", "a" FFFD "b", WORD },
	/* unknown charset: stays */
	{ "=?no-such-set?q?a?= b", "=?no-such-set?q?a?= b", WORD | BROKEN },
	{ "=?no-such-set?q?a?= =?utf-8?q?b?=", "=?no-such-set?q?a?= b", WORD | BROKEN },
	/* broken words stay; "=?" alone is no word */
	{ "=?utf-8?x?a?=", "=?utf-8?x?a?=", BROKEN },
	{ "=?utf-8?q?a", "=?utf-8?q?a", BROKEN },
	{ "=?utf-8?q?a?b?=", "=?utf-8?q?a?b?=", BROKEN },
	{ "=?utf-8?q?a?", "=?utf-8?q?a?", BROKEN },
	{ "=?utf-8?q", "=?utf-8?q", 0 },
	{ "1+1=? what", "1+1=? what", 0 },
	{ "=?", "=?", 0 },
	{ "=", "=", 0 },
	{ "=?=?=?", "=?=?=?", 0 },
	{ "=?" "?q?a?=", "=?" "?q?a?=", 0 },
	{ "=? utf-8?q?a?=", "=? utf-8?q?a?=", 0 },
	/* readable faults */
	{ "=?utf-8?q?a b?=", "a b", WORD | BROKEN },
	{ "=?utf-8?q?=ZZ=C?=", "=ZZ=C", WORD | BROKEN },
	{ "=?utf-8?b?Y*Q==?=", "a", WORD | BROKEN },
	{ "=?utf-8?b?A?=", "", WORD | BROKEN },
	{ "x=?utf-8?q?a?=", "xa", WORD | BROKEN },
	{ "=?utf-8?q?a?=x", "ax", WORD | BROKEN },
	{ "=?utf-8?q?a?==?utf-8?q?b?=", "ab", WORD | BROKEN },
	{ "(=?utf-8?q?a?=)", "(a)", WORD },
	{ "\"=?utf-8?q?a?=\"", "\"a\"", WORD },
	{ "=?utf-8?q?" J63 "?=", J63, WORD },
	{ "=?utf-8?q?" J63 "J?=", J63 "J", WORD | LONG },
	/* raw bytes */
	{ "J" UE "rgen", "J" UE "rgen", RAW_8BIT },
	{ "J\xfcrgen", "J" FFFD "rgen", RAW_8BIT | NOT_UTF8 },
	{ "J" UE " =?utf-8?q?=C3=BC?=", "J" UE " " UE, WORD | RAW_8BIT },
	{ "a\rb\x01", "a\rb\x01", 0 },
};

static unsigned
bits(const struct encoded_facts *facts)
{
	return (facts->has_encoded_word ? WORD : 0) | (facts->broken ? BROKEN : 0) |
	    (facts->split_character ? SPLIT : 0) | (facts->too_long ? LONG : 0) |
	    (facts->raw_8bit ? RAW_8BIT : 0) | (facts->raw_not_utf8 ? NOT_UTF8 : 0);
}

static void
test_decode(void **state)
{
	struct arena *arena = arena_new();
	struct encoded_facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice value = exact(rows[i].value);
		const char *text = encoded_decode(arena, value, &facts);

		exact_drop(value);
		if (strcmp(text, rows[i].text) != 0 || bits(&facts) != rows[i].facts)
			fail_msg("%s: [%s] %u", rows[i].value, text, bits(&facts));
		assert_string_equal(
		    encoded_decode(arena, slice_of(rows[i].value), NULL), rows[i].text);
	}
	assert_string_equal(encoded_decode(arena, (struct slice){ "a\0b", 3 }, NULL),
	    "a" FFFD "b");
	arena_free(&arena);
}

/* A value with every charset under the sun opens a few converters only. */
static void
test_charsets(void **state)
{
	struct arena *arena = arena_new();
	struct encoded_facts facts;
	struct slice value = exact("=?iso-8859-1?q?a?= =?iso-8859-2?q?b?= "
	    "=?iso-8859-3?q?c?= =?iso-8859-4?q?d?= =?iso-8859-5?q?e?= "
	    "=?iso-8859-6?q?f?= =?iso-8859-7?q?g?= =?iso-8859-8?q?h?= "
	    "=?iso-8859-9?q?i?=");

	(void)state;
	assert_string_equal(encoded_decode(arena, value, &facts),
	    "abcdefgh =?iso-8859-9?q?i?=");
	assert_true(facts.broken);
	exact_drop(value);
	value = exact_repeat("x", 50000, "?q?a?=");
	memcpy((char *)(uintptr_t)value.p, "=?", 2);
	encoded_decode(arena, value, &facts);
	assert_true(facts.broken);
	assert_false(facts.has_encoded_word);
	exact_drop(value);
	arena_free(&arena);
}

static void
test_many(void **state)
{
	static const char *const units[] = {
		"=?utf-8?q?a?= ", "=?iso-8859-1?q?=FC?= ", "=?utf-8?b?w7w=?=",
		"=?no-such?q?a?= ", "=?", "=?a?q?", "=?utf-8?q?=", "=?utf-8*", "\xff",
	};
	struct arena *arena;

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct slice value = exact_repeat(units[i], 50000, "");

		arena = arena_new();
		assert_true(utf8_valid(slice_of(encoded_decode(arena, value, NULL))));
		exact_drop(value);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
