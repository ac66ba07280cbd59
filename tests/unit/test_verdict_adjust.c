/*
 * What is done: modes, local mail, the MTA's own DSNs, the null reverse-path,
 * hold-below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judged.h"

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

static void
again(void **state)
{
	teardown(state);
	setup(state);
}

static void
test_modes(void **state)
{
	static const struct {
		enum mode file;
		int domain;		/* -1 none */
		int override;
		enum mode mode;
	} rows[] = {
		{ MODE_AUDIT, -1, -1, MODE_AUDIT },
		{ MODE_ENFORCE, -1, -1, MODE_ENFORCE },
		{ MODE_AUDIT, MODE_ENFORCE, -1, MODE_ENFORCE },
		{ MODE_ENFORCE, MODE_AUDIT, -1, MODE_AUDIT },
		{ MODE_ENFORCE, MODE_ENFORCE, MODE_AUDIT, MODE_AUDIT },
		{ MODE_AUDIT, MODE_AUDIT, MODE_ENFORCE, MODE_ENFORCE },
		{ MODE_ENFORCE, -1, MODE_AUDIT, MODE_AUDIT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.settings->mode = rows[i].file;
		c.domain->has_mode = rows[i].domain >= 0;
		if (c.domain->has_mode)
			c.domain->mode = (enum mode)rows[i].domain;
		judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_REJECT);
		verdict_make_table(&c.input, rows[i].override, c.table, c.n_checks,
		    &c.verdict);
		assert_int_equal(c.verdict.mode, rows[i].mode);
		assert_int_equal(c.verdict.would, ACTION_REJECT);
		assert_int_equal(c.verdict.action,
		    rows[i].mode == MODE_ENFORCE ? ACTION_REJECT : ACTION_NONE);
		assert_non_null(c.verdict.reply);
		again(state);
	}
}

/* The mode of a domain is not that of its neighbours or of no author. */
static void
test_mode_of_other_domains(void **state)
{
	(void)state;
	c.domain->has_mode = true;
	c.domain->mode = MODE_AUDIT;
	c.message->author_domain = "example.org";
	assert_int_equal(verdict_mode(c.settings, c.message, -1), MODE_ENFORCE);
	c.message->author_domain = NULL;
	assert_int_equal(verdict_mode(c.settings, c.message, -1), MODE_ENFORCE);
}

/* The stream goes before the domain, the kill switch before the stream. */
static void
test_mode_of_streams(void **state)
{
	static const struct {
		enum mode file;
		int domain, stream, override;	/* -1 none */
		enum mode mode;
	} rows[] = {
		{ MODE_ENFORCE, -1, MODE_AUDIT, -1, MODE_AUDIT },
		{ MODE_AUDIT, -1, MODE_ENFORCE, -1, MODE_ENFORCE },
		{ MODE_ENFORCE, MODE_ENFORCE, MODE_AUDIT, -1, MODE_AUDIT },
		{ MODE_AUDIT, MODE_AUDIT, MODE_ENFORCE, -1, MODE_ENFORCE },
		{ MODE_ENFORCE, MODE_AUDIT, -1, -1, MODE_AUDIT },
		{ MODE_ENFORCE, -1, -1, -1, MODE_ENFORCE },
		{ MODE_ENFORCE, -1, MODE_ENFORCE, MODE_AUDIT, MODE_AUDIT },
		{ MODE_AUDIT, -1, MODE_AUDIT, MODE_ENFORCE, MODE_ENFORCE },
	};
	struct settings_stream stream = { .hold_below = -1 };

	(void)state;
	c.message->declared = &stream;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.settings->mode = rows[i].file;
		c.domain->has_mode = rows[i].domain >= 0;
		c.domain->mode = rows[i].domain == MODE_ENFORCE ? MODE_ENFORCE :
		    MODE_AUDIT;
		stream.mode = rows[i].stream;
		assert_int_equal(verdict_mode(c.settings, c.message, rows[i].override),
		    rows[i].mode);
	}
}

static void
test_hold_below_of_streams(void **state)
{
	static const struct { int whole, stream; enum action would; } rows[] = {
		{ 0, 80, ACTION_HOLD }, { 0, 70, ACTION_NONE }, { 80, -1, ACTION_HOLD },
		{ 80, 0, ACTION_NONE }, { 80, 70, ACTION_NONE }, { 0, -1, ACTION_NONE },
	};
	struct settings_stream stream = { .mode = -1 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stream.hold_below = rows[i].stream;
		c.settings->hold_below = rows[i].whole;
		c.message->declared = &stream;
		judged_hit(&c, "line-long", FAMILY_FORMAT, 30, ACTION_NONE);
		judged_make(&c);
		assert_int_equal(c.verdict.would, rows[i].would);
		if (rows[i].stream == 80)
			assert_non_null(strstr(c.verdict.hold_reason,
			    "score 7.0 is below 8.0"));
		again(state);
	}
}

static void
test_local_and_dsn(void **state)
{
	static const struct {
		bool local, dsn;
		enum action asked, done;
	} rows[] = {
		{ false, false, ACTION_NONE, ACTION_NONE },
		{ false, false, ACTION_HOLD, ACTION_HOLD },
		{ false, false, ACTION_TEMPFAIL, ACTION_TEMPFAIL },
		{ false, false, ACTION_REJECT, ACTION_REJECT },
		{ true, false, ACTION_NONE, ACTION_NONE },
		{ true, false, ACTION_HOLD, ACTION_HOLD },
		{ true, false, ACTION_TEMPFAIL, ACTION_HOLD },
		{ true, false, ACTION_REJECT, ACTION_REJECT },
		{ true, true, ACTION_NONE, ACTION_NONE },
		{ true, true, ACTION_HOLD, ACTION_NONE },
		{ true, true, ACTION_TEMPFAIL, ACTION_NONE },
		{ true, true, ACTION_REJECT, ACTION_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.message->is_local = rows[i].local;
		c.message->is_own_dsn = rows[i].dsn;
		judged_hit(&c, "dkim-cannot-sign", FAMILY_IDENTITY, 60, rows[i].asked);
		judged_make(&c);
		assert_int_equal(c.verdict.would, rows[i].done);
		assert_int_equal(c.verdict.action, rows[i].done);
		assert_int_equal(c.verdict.n_findings, 1);
		assert_int_equal(c.verdict.score, 40);
		assert_true((c.verdict.decisive != NULL) ==
		    (rows[i].done != ACTION_NONE));
		assert_true((c.verdict.hold_reason != NULL) ==
		    (rows[i].done == ACTION_HOLD));
		assert_true((c.verdict.reply != NULL) == (rows[i].done > ACTION_HOLD));
		again(state);
	}
}

static void
test_null_sender(void **state)
{
	static const struct {
		const char *id;
		bool is_null;
		enum action done;
	} rows[] = {
		{ "from-missing", true, ACTION_NONE },
		{ "from-multiple", true, ACTION_NONE },
		{ "from-malformed", true, ACTION_NONE },
		{ "from-multiple", false, ACTION_REJECT },
		{ "nul-byte", true, ACTION_REJECT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.message->mail_from_is_null = rows[i].is_null;
		judged_hit(&c, rows[i].id, FAMILY_FORMAT, 70, ACTION_REJECT);
		judged_make(&c);
		assert_int_equal(c.verdict.would, rows[i].done);
		again(state);
	}
}

static void
test_strongest_then_heaviest(void **state)
{
	(void)state;
	judged_hit(&c, "line-long", FAMILY_FORMAT, 90, ACTION_HOLD);
	judged_hit(&c, "bare-cr-lf", FAMILY_FORMAT, 10, ACTION_REJECT);
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_REJECT);
	judged_hit(&c, "spf-fail", FAMILY_IDENTITY, 50, ACTION_TEMPFAIL);
	judged_make(&c);
	assert_int_equal(c.verdict.would, ACTION_REJECT);
	assert_string_equal(c.verdict.decisive->check->id, "nul-byte");
}

/* The action of a covered finding was asked for, so it is done. */
static void
test_covered_still_acts(void **state)
{
	(void)state;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_NONE)->covers =
	    "header-duplicate";
	judged_hit(&c, "header-duplicate", FAMILY_FORMAT, 50, ACTION_HOLD);
	judged_make(&c);
	assert_int_equal(c.verdict.would, ACTION_HOLD);
	assert_int_equal(c.verdict.score, 30);
}

static void
test_hold_below(void **state)
{
	static const struct {
		const char *what;
		enum check_family family;
		int weight, hold_below;
		bool is_host, shadow, held;
	} rows[] = {
		{ "off", FAMILY_FORMAT, 70, 0, false, false, false },
		{ "format", FAMILY_FORMAT, 51, 50, false, false, true },
		{ "deception", FAMILY_DECEPTION, 51, 50, false, false, true },
		{ "not below", FAMILY_FORMAT, 50, 50, false, false, false },
		{ "capped", FAMILY_DECEPTION, 90, 40, false, false, false },
		{ "identity", FAMILY_IDENTITY, 70, 50, false, false, false },
		{ "cosmetic", FAMILY_COSMETIC, 70, 100, false, false, false },
		{ "attachment", FAMILY_ATTACHMENT, 60, 50, false, false, false },
		{ "host", FAMILY_FORMAT, 70, 50, true, false, false },
		{ "shadow", FAMILY_FORMAT, 70, 50, false, true, false },
		{ "absurd", FAMILY_IDENTITY, 70, 2000, false, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.settings->hold_below = rows[i].hold_below;
		judged_hit(&c, "spf-fail", FAMILY_IDENTITY, 90, ACTION_NONE);
		judged_hit(&c, "checked", rows[i].family, rows[i].weight,
		    ACTION_NONE)->is_host = rows[i].is_host;
		judged_tune(&c, "checked")->shadow = rows[i].shadow;
		judged_make(&c);
		if ((c.verdict.would == ACTION_HOLD) != rows[i].held)
			fail_msg("%s", rows[i].what);
		if (rows[i].held) {
			assert_string_equal(c.verdict.decisive->check->id, "checked");
			assert_string_equal(c.verdict.hold_reason,
			    "mailworthy hold-below: format and deception score 4.9 is "
			    "below 5.0; heaviest: checked");
		}
		again(state);
	}
}

static void
test_hold_below_and_stronger(void **state)
{
	(void)state;
	c.settings->hold_below = 90;
	judged_hit(&c, "line-long", FAMILY_FORMAT, 70, ACTION_NONE);
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 10, ACTION_REJECT);
	judged_make(&c);
	assert_int_equal(c.verdict.would, ACTION_REJECT);
	assert_string_equal(c.verdict.decisive->check->id, "nul-byte");
}

static void
test_hold_below_spares_dsn(void **state)
{
	(void)state;
	c.settings->hold_below = 90;
	c.message->is_local = c.message->is_own_dsn = true;
	judged_hit(&c, "line-long", FAMILY_FORMAT, 70, ACTION_NONE);
	judged_make(&c);
	assert_int_equal(c.verdict.would, ACTION_NONE);
}

static void
test_words(void **state)
{
	(void)state;
	assert_string_equal(action_name(ACTION_NONE), "pass");
	assert_string_equal(action_name(ACTION_HOLD), "hold");
	assert_string_equal(action_name(ACTION_TEMPFAIL), "tempfail");
	assert_string_equal(action_name(ACTION_REJECT), "reject");
	assert_string_equal(severity_name(SEVERITY_INFO), "info");
	assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
	assert_string_equal(severity_name(SEVERITY_ERROR), "error");
	assert_string_equal(mode_name(MODE_AUDIT), "audit");
	assert_string_equal(mode_name(MODE_ENFORCE), "enforce");
	assert_string_equal(receiver_name(RECEIVER_GMAIL), "gmail");
	assert_string_equal(receiver_name(RECEIVER_MICROSOFT), "microsoft");
	assert_string_equal(receiver_name(RECEIVER_YAHOO), "yahoo");
	assert_string_equal(receiver_name(RECEIVER_APPLE), "apple");
	for (int i = 0; i < RECEIVERS; i++)
		assert_true(*receiver_title((enum receiver)i) != '\0');
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_modes),
		TEST(test_mode_of_other_domains),
		TEST(test_local_and_dsn),
		TEST(test_null_sender),
		TEST(test_strongest_then_heaviest),
		TEST(test_covered_still_acts),
		TEST(test_mode_of_streams),
		TEST(test_hold_below_of_streams),
		TEST(test_hold_below),
		TEST(test_hold_below_and_stronger),
		TEST(test_hold_below_spares_dsn),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
