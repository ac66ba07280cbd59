/*
 * Folding: what weighs, caps, covers, tuning, and that order is no matter.
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
test_nothing(void **state)
{
	(void)state;
	judged_add(&c, "spf-none", FAMILY_IDENTITY, 20, ACTION_NONE, CHECK_OK);
	judged_make(&c);
	assert_int_equal(c.verdict.score, 100);
	assert_int_equal(c.verdict.n_findings, 0);
	assert_int_equal(c.verdict.n_dunno, 0);
	assert_int_equal(c.verdict.would, ACTION_NONE);
	assert_null(c.verdict.decisive);
	assert_null(c.verdict.reply);
	assert_null(c.verdict.hold_reason);
}

static void
test_could_not_tell(void **state)
{
	(void)state;
	judged_add(&c, "spf-none", FAMILY_IDENTITY, 20, ACTION_REJECT, CHECK_TEMPERROR);
	judged_result(&c)->text = "the name servers are silent";
	judged_add(&c, "align-envelope", FAMILY_IDENTITY, 10, ACTION_REJECT,
	    CHECK_DUNNO);
	judged_make(&c);
	assert_int_equal(c.verdict.score, 100);
	assert_int_equal(c.verdict.would, ACTION_NONE);
	assert_int_equal(c.verdict.n_dunno, 2);
	assert_string_equal(c.verdict.dunno[0], "align-envelope");
	assert_false(c.verdict.open[0].temporary);
	assert_null(c.verdict.open[0].text);
	assert_string_equal(c.verdict.dunno[1], "spf-none");
	assert_true(c.verdict.open[1].temporary);
	assert_string_equal(c.verdict.open[1].text, "the name servers are silent");
}

static void
test_stages(void **state)
{
	(void)state;
	judged_hit(&c, "rcpt-typo", FAMILY_IDENTITY, 40, ACTION_REJECT)->stage =
	    STAGE_RCPT;
	judged_hit(&c, "checked", FAMILY_FORMAT, 10, ACTION_NONE);
	verdict_fold_rcpt(&c.input, c.table, c.n_checks, &c.verdict);
	assert_int_equal(c.verdict.n_findings, 1);
	assert_string_equal(c.verdict.findings[0].check->id, "rcpt-typo");
	judged_make(&c);
	assert_int_equal(c.verdict.n_findings, 2);
	assert_int_equal(c.verdict.would, ACTION_REJECT);
}

/* What is configured does not reach recipients that are well. */
static void
test_no_action(void **state)
{
	(void)state;
	judged_hit(&c, "checked", FAMILY_IDENTITY, 40, ACTION_REJECT);
	judged_results[0].no_action = true;
	judged_tune(&c, "checked")->action = ACTION_HOLD;
	judged_make(&c);
	assert_int_equal(c.verdict.n_findings, 1);
	assert_int_equal(c.verdict.would, ACTION_NONE);
	assert_int_equal(c.verdict.score, 60);
}

static void
test_enhanced(void **state)
{
	(void)state;
	judged_hit(&c, "checked", FAMILY_IDENTITY, 40, ACTION_REJECT);
	judged_results[0].enhanced = "1.10";
	judged_make(&c);
	assert_memory_equal(c.verdict.reply, "550 5.1.10 mailworthy checked:", 30);
	judged_tune(&c, "checked")->action = ACTION_TEMPFAIL;
	judged_make(&c);
	assert_memory_equal(c.verdict.reply, "451 4.1.10 mailworthy checked:", 30);
}

/* Of two that ask for the same the one that covers the other gives the reply. */
static void
test_the_better_words(void **state)
{
	(void)state;
	judged_hit(&c, "a-general", FAMILY_IDENTITY, 40, ACTION_REJECT);
	judged_hit(&c, "b-exact", FAMILY_IDENTITY, 40, ACTION_REJECT);
	judged_results[1].covers = "a-general";
	judged_make(&c);
	assert_string_equal(c.verdict.decisive->check->id, "b-exact");
	assert_string_equal(c.verdict.findings[0].covered_by, "b-exact");
}

static void
test_severity(void **state)
{
	static const struct { int weight; enum severity severity; } rows[] = {
		{ 0, SEVERITY_INFO }, { 4, SEVERITY_INFO }, { 5, SEVERITY_WARNING },
		{ 19, SEVERITY_WARNING }, { 20, SEVERITY_ERROR }, { 70,
		    SEVERITY_ERROR },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		judged_hit(&c, "line-long", FAMILY_FORMAT, rows[i].weight, ACTION_NONE);
		judged_make(&c);
		assert_int_equal(c.verdict.findings[0].severity, rows[i].severity);
		assert_int_equal(c.verdict.score, 100 - rows[i].weight);
		teardown(state);
		setup(state);
	}
}

static void
test_texts_of_the_catalogue(void **state)
{
	(void)state;
	judged_hit(&c, "line-long", FAMILY_FORMAT, 20, ACTION_NONE);
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_NONE);
	*judged_result(&c) = (struct check_result){
		CHECK_HIT, 30, ACTION_NONE, "3 NUL bytes", "Remove them.", NULL,
	};
	judged_make(&c);
	assert_string_equal(judged_find(&c, "line-long")->text, "Receivers mind this.");
	assert_string_equal(judged_find(&c, "line-long")->fix, "Mend it.");
	assert_string_equal(judged_find(&c, "nul-byte")->text, "3 NUL bytes");
	assert_string_equal(judged_find(&c, "nul-byte")->fix, "Remove them.");
}

static void
test_caps(void **state)
{
	static const struct { enum check_family family; int cap; } rows[] = {
		{ FAMILY_IDENTITY, 70 }, { FAMILY_FORMAT, 70 }, { FAMILY_DECEPTION,
		    60 },
		{ FAMILY_COSMETIC, 10 }, { FAMILY_BULK, 40 }, { FAMILY_ATTACHMENT, 60 },
		{ FAMILY_STATE, 50 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		judged_hit(&c, "a", rows[i].family, rows[i].cap - 3, ACTION_NONE);
		judged_hit(&c, "b", rows[i].family, 3, ACTION_NONE);
		judged_make(&c);
		assert_int_equal(c.verdict.score, 100 - rows[i].cap);
		judged_hit(&c, "c", rows[i].family, 90, ACTION_NONE);
		judged_make(&c);
		assert_int_equal(c.verdict.score, 100 - rows[i].cap);
		teardown(state);
		setup(state);
	}
}

static void
test_score_is_never_below_zero(void **state)
{
	(void)state;
	judged_hit(&c, "a", FAMILY_IDENTITY, 100, ACTION_NONE);
	judged_hit(&c, "b", FAMILY_FORMAT, 100, ACTION_NONE);
	judged_make(&c);
	assert_int_equal(c.verdict.score, 0);
}

static void
test_covers(void **state)
{
	(void)state;
	judged_hit(&c, "dkim-cannot-sign", FAMILY_IDENTITY, 60,
	    ACTION_TEMPFAIL)->covers =
	    "dkim-key-* spf-none";
	judged_hit(&c, "dkim-key-missing", FAMILY_IDENTITY, 40, ACTION_NONE);
	judged_hit(&c, "dkim-key-weak", FAMILY_IDENTITY, 5, ACTION_NONE);
	judged_hit(&c, "dkim-keyless", FAMILY_IDENTITY, 1, ACTION_NONE);
	judged_hit(&c, "spf-none", FAMILY_IDENTITY, 2, ACTION_NONE);
	judged_hit(&c, "spf-none-too", FAMILY_IDENTITY, 3, ACTION_NONE);
	judged_make(&c);
	assert_string_equal(judged_find(&c, "dkim-key-missing")->covered_by,
	    "dkim-cannot-sign");
	assert_string_equal(judged_find(&c, "dkim-key-weak")->covered_by,
	    "dkim-cannot-sign");
	assert_string_equal(judged_find(&c, "spf-none")->covered_by,
	    "dkim-cannot-sign");
	assert_null(judged_find(&c, "dkim-keyless")->covered_by);
	assert_null(judged_find(&c, "spf-none-too")->covered_by);
	assert_int_equal(c.verdict.n_findings, 6);
	assert_int_equal(c.verdict.score, 100 - 60 - 1 - 3);
}

/* Only what was found covers; a result may narrow what its check covers. */
static void
test_covers_by_result(void **state)
{
	(void)state;
	judged_hit(&c, "author-domain-missing", FAMILY_IDENTITY, 40,
	    ACTION_NONE)->covers =
	    "dmarc-none spf-none";
	judged_result(&c)->covers = "spf-none";
	judged_add(&c, "dmarc-fail", FAMILY_IDENTITY, 70, ACTION_NONE,
	    CHECK_OK)->covers =
	    "align-*";
	judged_hit(&c, "dmarc-none", FAMILY_IDENTITY, 20, ACTION_NONE);
	judged_hit(&c, "spf-none", FAMILY_IDENTITY, 20, ACTION_NONE);
	judged_hit(&c, "align-envelope", FAMILY_IDENTITY, 5, ACTION_NONE);
	judged_make(&c);
	assert_null(judged_find(&c, "dmarc-none")->covered_by);
	assert_non_null(judged_find(&c, "spf-none")->covered_by);
	assert_null(judged_find(&c, "align-envelope")->covered_by);
	assert_int_equal(c.verdict.score, 100 - 40 - 20 - 5);
}

static void
test_cover_of_two(void **state)
{
	(void)state;
	judged_hit(&c, "b", FAMILY_FORMAT, 30, ACTION_NONE)->covers = "z a";
	judged_hit(&c, "a", FAMILY_FORMAT, 40, ACTION_NONE)->covers = "z b";
	judged_hit(&c, "z", FAMILY_FORMAT, 50, ACTION_NONE);
	judged_make(&c);
	assert_string_equal(judged_find(&c, "z")->covered_by, "a");
	assert_string_equal(judged_find(&c, "b")->covered_by, "a");
	assert_null(judged_find(&c, "a")->covered_by);
	assert_int_equal(c.verdict.score, 60);
}

static void
test_shadow(void **state)
{
	(void)state;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT)->covers =
	    "header-duplicate";
	judged_hit(&c, "header-duplicate", FAMILY_FORMAT, 50, ACTION_NONE);
	judged_tune(&c, "from-multiple")->shadow = true;
	judged_make(&c);
	assert_int_equal(c.verdict.n_findings, 2);
	assert_true(judged_find(&c, "from-multiple")->shadow);
	assert_int_equal(judged_find(&c, "from-multiple")->weight, 70);
	assert_null(judged_find(&c, "header-duplicate")->covered_by);
	assert_int_equal(c.verdict.score, 50);
	assert_int_equal(c.verdict.would, ACTION_NONE);
	assert_null(c.verdict.decisive);
}

static void
test_weights(void **state)
{
	static const struct {
		int highest, level, tuned, weight;
	} rows[] = {
		{ 20, 20, -1, 20 },	/* not tuned */
		{ 70, 30, -1, 30 },
		{ 20, 20, 5, 5 },
		{ 20, 20, 0, 0 },
		{ 20, 20, 100, 100 },
		{ 70, 30, 35, 15 },	/* lower levels keep their share */
		{ 60, 5, 10, 1 },
		{ 60, 5, 5, 0 },
		{ 60, 0, 30, 0 },
		{ 0, 0, 30, 30 },	/* a check that weighs nothing by itself */
		{ 40, 200, -1, 100 },
		{ 40, -5, -1, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		judged_hit(&c, "hop-count", FAMILY_BULK, rows[i].highest, ACTION_NONE);
		judged_result(&c)->weight = rows[i].level;
		judged_tune(&c, "hop-count")->weight = rows[i].tuned;
		judged_make(&c);
		assert_int_equal(c.verdict.findings[0].weight, rows[i].weight);
		assert_int_equal(c.verdict.findings[0].level,
		    rows[i].level < 0 ? 0 : rows[i].level > 100 ? 100 : rows[i].level);
		teardown(state);
		setup(state);
	}
}

/* One finding beside another: what the first weighs, by family and weight. */
static void
test_weight_beside(void **state)
{
	static const struct {
		enum check_family family;
		int weight, expected, score;
		bool shadow;
	} rows[] = {
		{ FAMILY_FORMAT, 10, 10, 80, false },
		{ FAMILY_DECEPTION, 30, 10, 60, false },
		{ FAMILY_FORMAT, 9, 0, 91, false },
		{ FAMILY_FORMAT, 10, 0, 100, true },
		{ FAMILY_IDENTITY, 40, 0, 60, false },
		{ FAMILY_COSMETIC, 10, 0, 90, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		judged_hit(&c, "line-long", rows[i].family, rows[i].weight, ACTION_NONE);
		((struct settings_check *)(uintptr_t)settings_find_check(c.settings,
		    "line-long"))->shadow = rows[i].shadow;
		judged_hit(&c, "subject-long", FAMILY_COSMETIC, 10, ACTION_NONE);
		judged_result(&c)->weight = 0;
		judged_result(&c)->weight_beside = 10;
		judged_make(&c);
		assert_int_equal(judged_find(&c, "subject-long")->weight,
		    rows[i].expected);
		assert_int_equal(judged_find(&c, "subject-long")->severity,
		    rows[i].expected > 0 ? SEVERITY_WARNING : SEVERITY_INFO);
		assert_true(c.verdict.findings[0].weight >= c.verdict.findings[1].weight);
		/* Cosmetic findings weigh ten together at most. */
		assert_int_equal(c.verdict.score, rows[i].score);
		teardown(state);
		setup(state);
	}
}

static void
test_actions(void **state)
{
	(void)state;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT);
	judged_hit(&c, "line-long", FAMILY_FORMAT, 20, ACTION_NONE);
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_NONE);
	judged_tune(&c, "from-multiple")->action = ACTION_NONE;
	judged_tune(&c, "nul-byte")->action = ACTION_HOLD;
	judged_make(&c);
	assert_int_equal(c.verdict.would, ACTION_HOLD);
	assert_string_equal(c.verdict.decisive->check->id, "nul-byte");
	assert_int_equal(c.verdict.score, 100 - 70);
}

static void
test_exempt(void **state)
{
	static const struct { const char *pattern; bool exempt; } rows[] = {
		{ "billing@example.com", true },	/* author */
		{ "BILLING@example.com", true },
		{ "bounce@mail.example.com", true },	/* envelope */
		{ "@example.com", true },
		{ "@mail.example.com", true },
		{ "@*.example.com", true },
		{ "@other.example.com", false },
		{ "@example.org", false },
		{ "bill@example.com", false },
		{ "billing@example.co", false },
		{ "example.com", false },
		{ "@", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings_check *tuning;
		const char *patterns[] = { "nobody@example.net", rows[i].pattern };

		judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT);
		tuning = judged_tune(&c, "from-multiple");
		tuning->exempt = (struct settings_strings){ patterns, 2 };
		judged_make(&c);
		if (c.verdict.findings[0].exempt != rows[i].exempt)
			fail_msg("pattern %s", rows[i].pattern);
		assert_int_equal(c.verdict.score, rows[i].exempt ? 100 : 30);
		assert_int_equal(c.verdict.would,
		    rows[i].exempt ? ACTION_NONE : ACTION_REJECT);
		teardown(state);
		setup(state);
	}
}

/* Of several authors none is a reason to look away. */
static void
test_exempt_needs_one_author(void **state)
{
	const char *patterns[] = { "billing@example.com" };
	struct settings_check *tuning;

	(void)state;
	c.message->author_status = AUTHOR_SEVERAL;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT);
	tuning = judged_tune(&c, "from-multiple");
	tuning->exempt = (struct settings_strings){ patterns, 1 };
	judged_make(&c);
	assert_false(c.verdict.findings[0].exempt);
}

static void
fill_mixed_table(void)
{
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT)->covers =
	    "header-duplicate";
	judged_hit(&c, "header-duplicate", FAMILY_FORMAT, 50, ACTION_HOLD);
	judged_hit(&c, "dmarc-fail", FAMILY_IDENTITY, 70, ACTION_REJECT)->covers =
	    "align-* dmarc-spf-only";
	judged_hit(&c, "align-envelope", FAMILY_IDENTITY, 10, ACTION_NONE);
	judged_hit(&c, "to-missing", FAMILY_COSMETIC, 8, ACTION_NONE);
	judged_hit(&c, "body-8bit", FAMILY_COSMETIC, 8, ACTION_NONE);
	judged_hit(&c, "dkim-cannot-sign", FAMILY_IDENTITY, 60, ACTION_TEMPFAIL);
	judged_add(&c, "spf-none", FAMILY_IDENTITY, 20, ACTION_NONE, CHECK_DUNNO);
	judged_add(&c, "egress-helo", FAMILY_IDENTITY, 10, ACTION_NONE,
	    CHECK_TEMPERROR);
	judged_add(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_REJECT, CHECK_OK);
}

static void
assert_same_verdict(const struct verdict *a, const struct verdict *b)
{
	assert_int_equal(a->score, b->score);
	assert_int_equal(a->would, b->would);
	assert_int_equal(a->n_findings, b->n_findings);
	for (size_t i = 0; i < a->n_findings; i++) {
		assert_string_equal(a->findings[i].check->id, b->findings[i].check->id);
		assert_ptr_equal(a->findings[i].covered_by != NULL,
		    b->findings[i].covered_by != NULL);
	}
	assert_int_equal(a->n_dunno, b->n_dunno);
	for (size_t i = 0; i < a->n_dunno; i++)
		assert_string_equal(a->dunno[i], b->dunno[i]);
	assert_string_equal(a->decisive->check->id, b->decisive->check->id);
	assert_string_equal(a->reply, b->reply);
	for (size_t i = 0; i < RECEIVERS; i++) {
		assert_int_equal(a->receivers[i].accept, b->receivers[i].accept);
		if (a->receivers[i].finding != NULL)
			assert_string_equal(a->receivers[i].finding,
			    b->receivers[i].finding);
	}
}

/* What a stream sets goes before what is set for all mail, one by one. */
static void
test_tuning_of_streams(void **state)
{
	static const struct {
		int weight, action;		/* of all mail */
		bool shadow;
		struct settings_tuning own;
		int is_weight, is_action;
		bool is_shadow;
	} rows[] = {
		{ -1, -1, false, { .weight = -1, .action = -1, .shadow = -1 },
		    20, ACTION_HOLD, false },
		{ 5, ACTION_REJECT, true, { .weight = -1, .action = -1, .shadow = -1 },
		    5, ACTION_REJECT, true },
		{ 5, ACTION_REJECT, true, { .weight = 0, .action = -1, .shadow = -1 },
		    0, ACTION_REJECT, true },
		{ 5, ACTION_REJECT, true, { .weight = -1, .action = ACTION_NONE,
		    .shadow = -1 }, 5, ACTION_NONE, true },
		{ 5, ACTION_REJECT, true, { .weight = -1, .action = -1, .shadow = 0 },
		    5, ACTION_REJECT, false },
		{ -1, -1, false, { .weight = 7, .action = ACTION_TEMPFAIL, .shadow = 1 },
		    7, ACTION_TEMPFAIL, true },
	};
	struct settings_stream stream = { .mode = -1, .hold_below = -1 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings_tuning own = rows[i].own;
		struct settings_check *all = judged_tune(&c, "line-long");
		const struct finding *finding;

		own.id = "line-long";
		stream.checks = &own;
		stream.n_checks = 1;
		all->weight = rows[i].weight;
		all->action = rows[i].action;
		all->shadow = rows[i].shadow;
		c.message->declared = &stream;
		judged_hit(&c, "line-long", FAMILY_FORMAT, 20, ACTION_HOLD);
		judged_hit(&c, "hop-count", FAMILY_FORMAT, 20, ACTION_HOLD);
		judged_make(&c);
		finding = judged_find(&c, "line-long");
		assert_int_equal(finding->weight, rows[i].is_weight);
		assert_int_equal(finding->action, rows[i].is_action);
		assert_int_equal(finding->shadow, rows[i].is_shadow);
		assert_int_equal(judged_find(&c, "hop-count")->weight, 20);
		teardown(state);
		setup(state);
	}
}

static void
test_order_is_no_matter(void **state)
{
	struct check shuffled[JUDGED_CHECKS_MAX];
	struct verdict first, other;
	uint64_t seed = 1;

	(void)state;
	fill_mixed_table();
	judged_make(&c);
	first = c.verdict;
	assert_int_equal(first.score, 0);
	assert_string_equal(first.decisive->check->id, "dmarc-fail");
	for (int round = 0; round < 500; round++) {
		memcpy(shuffled, c.table, sizeof(shuffled));
		for (size_t i = c.n_checks - 1; i > 0; i--) {
			struct check swap = shuffled[i];
			size_t j;

			seed = seed * 6364136223846793005U + 1442695040888963407U;
			j = (seed >> 33) % (i + 1);
			shuffled[i] = shuffled[j];
			shuffled[j] = swap;
		}
		verdict_make_table(&c.input, -1, shuffled, c.n_checks, &other);
		assert_same_verdict(&first, &other);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_could_not_tell),
		TEST(test_stages),
		TEST(test_no_action),
		TEST(test_enhanced),
		TEST(test_the_better_words),
		TEST(test_severity),
		TEST(test_texts_of_the_catalogue),
		TEST(test_caps),
		TEST(test_score_is_never_below_zero),
		TEST(test_covers),
		TEST(test_covers_by_result),
		TEST(test_cover_of_two),
		TEST(test_shadow),
		TEST(test_weights),
		TEST(test_weight_beside),
		TEST(test_actions),
		TEST(test_exempt),
		TEST(test_exempt_needs_one_author),
		TEST(test_tuning_of_streams),
		TEST(test_order_is_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
