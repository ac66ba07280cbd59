/*
 * Replies and texts on their way out: codes, length, hostile text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"
#include "verdict/text.h"

static struct judged_case c;

static int
setup(void **state)
{
	(void)state;
	judged_begin(&c);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	judged_end(&c);
	return 0;
}

static const char *
reply_for(const char *id, enum action action, const char *text, const char *fix)
{
	judged_hit(&c, id, FAMILY_IDENTITY, 60, action);
	judged_result(&c)->text = text;
	judged_result(&c)->fix = fix;
	judged_make(&c);
	return c.verdict.reply;
}

static void
test_codes(void **state)
{
	static const struct {
		const char *id;
		enum action action;
		const char *reply;
	} rows[] = {
		{ "dmarc-fail", ACTION_REJECT,
		    "550 5.7.1 mailworthy dmarc-fail: T. Fix: F" },
		{ "dmarc-fail", ACTION_TEMPFAIL,
		    "451 4.7.1 mailworthy dmarc-fail: T. Fix: F" },
		{ "dkim-cannot-sign", ACTION_TEMPFAIL,
		    "451 4.7.20 mailworthy dkim-cannot-sign: T. Fix: F" },
		{ "dkim-cannot-sign", ACTION_REJECT,
		    "550 5.7.20 mailworthy dkim-cannot-sign: T. Fix: F" },
		{ "from-multiple", ACTION_REJECT,
		    "550 5.7.1 mailworthy from-multiple: T. Fix: F" },
		{ "header-size", ACTION_REJECT,
		    "552 5.3.4 mailworthy header-size: T. Fix: F" },
		{ "message-oversize", ACTION_REJECT,
		    "552 5.3.4 mailworthy message-oversize: T. Fix: F" },
		{ "attachment-blocked", ACTION_REJECT,
		    "552 5.7.0 mailworthy attachment-blocked: T. Fix: F" },
		{ "spf-fail", ACTION_REJECT,
		    "550 5.7.23 mailworthy spf-fail: T. Fix: F" },
		{ "egress-no-ptr", ACTION_TEMPFAIL,
		    "451 4.7.25 mailworthy egress-no-ptr: T. Fix: F" },
		{ "author-domain-missing", ACTION_REJECT,
		    "550 5.1.8 mailworthy author-domain-missing: T. Fix: F" },
		{ "unheard-of", ACTION_REJECT,
		    "550 5.7.1 mailworthy unheard-of: T. Fix: F" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(reply_for(rows[i].id, rows[i].action, "T", "F"),
		    rows[i].reply);
		teardown(state);
		setup(state);
	}
}

static void
test_punctuation(void **state)
{
	assert_string_equal(reply_for("a", ACTION_REJECT, "Ends.", "Do it."),
	    "550 5.7.1 mailworthy a: Ends. Fix: Do it.");
	teardown(state);
	setup(state);
	assert_string_equal(reply_for("a", ACTION_REJECT, "Text", ""),
	    "550 5.7.1 mailworthy a: Text");
}

static void
assert_fit_for_smtp(const char *reply)
{
	assert_in_range(strlen(reply), 1, 500);
	for (const char *p = reply; *p != '\0'; p++) {
		assert_in_range((unsigned char)*p, 0x20, 0x7e);
		assert_int_not_equal(*p, '%');
	}
}

static void
test_hostile_text(void **state)
{
	static const struct { const char *text, *shown; } rows[] = {
		{ "100% of %s %n", "100\\x25 of \\x25s \\x25n" },
		{ "a\r\n250 ok", "a  250 ok" },
		{ "tab\there", "tab here" },
		{ "nul\\x00 kept", "nul\\x00 kept" },
		{ "caf\xc3\xa9", "caf\\xC3\\xA9" },
		{ "bad \xff\xfe", "bad \\xFF\\xFE" },
		{ "esc \033[31m", "esc \\x1B[31m" },
		{ "del \x7f", "del \\x7F" },
	};
	char expected[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reply = reply_for("a", ACTION_REJECT, rows[i].text, "F");

		snprintf(expected, sizeof(expected),
		    "550 5.7.1 mailworthy a: %s. Fix: F", rows[i].shown);
		assert_string_equal(reply, expected);
		assert_fit_for_smtp(reply);
		teardown(state);
		setup(state);
	}
}

static void
test_lengths(void **state)
{
	static const size_t lengths[] = { 0, 1, 100, 158, 159, 160, 161, 200, 300, 400,
	    401,
	    450, 499, 500, 501, 2000 };
	char text[2001], fix[2001];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			const char *reply;

			memset(text, 't', sizeof(text));
			memset(fix, j % 2 == 0 ? 'f' : '%', sizeof(fix));
			text[lengths[i]] = fix[lengths[j]] = '\0';
			reply = reply_for("dkim-cannot-sign", ACTION_TEMPFAIL, text,
			    fix);
			assert_fit_for_smtp(reply);
			if (lengths[i] + lengths[j] < 440 && j % 2 == 0) {
				assert_non_null(strstr(reply, text));
				assert_non_null(strstr(reply, fix));
			} else if (lengths[i] == 2000) {
				assert_non_null(strstr(reply, "..."));
				assert_non_null(strstr(reply, "tttttttttt"));
			}
			if (lengths[j] > 0)
				assert_non_null(strstr(reply, " Fix: "));
			teardown(state);
			setup(state);
		}
	}
}

static void
test_hold_reason(void **state)
{
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	text[5] = '%';
	text[7] = '\n';
	reply_for("nul-byte", ACTION_HOLD, text, "F");
	assert_null(c.verdict.reply);
	assert_int_equal(strlen(c.verdict.hold_reason), 200);
	assert_fit_for_smtp(c.verdict.hold_reason);
	assert_int_equal(strncmp(c.verdict.hold_reason,
	    "mailworthy nul-byte: xxxxx\\x25x x", 33), 0);
}

/* Cut where an escape stands: never half of it. */
static void
test_cut_of_escapes(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(text_for_smtp(arena, "abcdefgh", 8), "abcdefgh");
	assert_string_equal(text_for_smtp(arena, "abcdefghi", 8), "abcde...");
	assert_string_equal(text_for_smtp(arena, "abc%e", 8), "abc\\x25e");
	assert_string_equal(text_for_smtp(arena, "abc%ef", 8), "abc...");
	assert_string_equal(text_for_smtp(arena, "a%efg%", 8), "a\\x25...");
	assert_string_equal(text_for_smtp(arena, "%%%", 3), "...");
	assert_string_equal(text_for_smtp(arena, "%%%", 2), "");
	assert_string_equal(text_for_smtp(arena, NULL, 8), "");
	arena_free(&arena);
}

static void
test_for_people(void **state)
{
	static const struct { const char *text; size_t max; const char *shown; } rows[] = {
		{ "plain", 100, "plain" },
		{ "caf\xc3\xa9 100%", 100, "caf\xc3\xa9 100%" },
		{ "once \\x0A safe", 100, "once \\x0A safe" },
		{ "line\nend", 100, "line end" },
		{ "esc \033[31m", 100, "esc \\x1B[31m" },
		{ "c1 \xc2\x9b", 100, "c1 \\xC2\\x9B" },
		{ "bidi \xe2\x80\xae", 100, "bidi \\xE2\\x80\\xAE" },
		{ "bad \xff\\\xfe", 100, "bad \\xFF\\\\xFE" },
		{ "too long", 5, "too l..." },
		{ "", 5, "" },
		{ NULL, 5, "" },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_for_people(arena, rows[i].text, rows[i].max),
		    rows[i].shown);
	arena_free(&arena);
}

static void
test_signed_names(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(text_signed_names(arena,
	    "v=1; a=rsa-sha256;\n\tbh=h=x;\n\th=from:to:\n\t subject; b=abc"),
	    "from:to:subject");
	assert_string_equal(text_signed_names(arena, "H=from"), "from");
	assert_null(text_signed_names(arena, "v=1; bh=x"));
	assert_null(text_signed_names(arena, ""));
	arena_free(&arena);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_codes),
		TEST(test_punctuation),
		TEST(test_hostile_text),
		TEST(test_lengths),
		TEST(test_hold_reason),
		cmocka_unit_test(test_cut_of_escapes),
		cmocka_unit_test(test_for_people),
		cmocka_unit_test(test_signed_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
