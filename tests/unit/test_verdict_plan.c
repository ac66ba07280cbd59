/*
 * Edits and answers: their order, and where there are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/spool.h"
#include "judged.h"
#include "mail/changes.h"
#include "verdict/plan.h"

static struct judged_case c;
static struct plan plan;

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
make_plan(void)
{
	judged_make(&c);
	plan_make(&c.input, &c.verdict, &plan);
}

static void
sign_with_both(void)
{
	c.evidence.dkim.n_own = 2;
	c.evidence.dkim.own[0] = (struct own_signature){
		.made = true, .value = "a=rsa-sha256;\n\tb=R",
	};
	c.evidence.dkim.own[1] = (struct own_signature){
		.made = true, .value = "a=ed25519-sha256; b=E",
	};
}

static void
add_copies(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		headers_add(c.message->headers, SLICE("x-MAILWORTHY"),
		    SLICE(" forged"));
}

static void
assert_edit(size_t i, enum edit_kind kind, const char *name, const char *value,
    unsigned index)
{
	assert_in_range(i, 0, plan.n_edits - 1);
	assert_int_equal(plan.edits[i].kind, kind);
	assert_string_equal(plan.edits[i].name, name);
	assert_int_equal(plan.edits[i].index, index);
	if (value == NULL)
		assert_null(plan.edits[i].value);
	else
		assert_string_equal(plan.edits[i].value, value);
}

static void
test_all_edits(void **state)
{
	(void)state;
	sign_with_both();
	add_copies(3);
	c.message->added_date = "Sat, 21 Nov 2026 21:40:00 +0000";
	c.message->added_message_id = "<1@example.com>";
	make_plan();
	assert_int_equal(plan.n_edits, 8);
	assert_edit(0, EDIT_DELETE_HEADER, "X-Mailworthy", NULL, 3);
	assert_edit(1, EDIT_DELETE_HEADER, "X-Mailworthy", NULL, 2);
	assert_edit(2, EDIT_DELETE_HEADER, "X-Mailworthy", NULL, 1);
	assert_edit(3, EDIT_INSERT_HEADER, "Message-Id", " <1@example.com>", 0);
	assert_edit(4, EDIT_INSERT_HEADER, "Date", " Sat, 21 Nov 2026 21:40:00 +0000",
	    0);
	assert_edit(5, EDIT_INSERT_HEADER, "X-Mailworthy",
	    " v=1; score=10.0; verdict=pass", 0);
	assert_edit(6, EDIT_INSERT_HEADER, "DKIM-Signature", " a=ed25519-sha256; b=E",
	    0);
	assert_edit(7, EDIT_INSERT_HEADER, "DKIM-Signature", " a=rsa-sha256;\n\tb=R",
	    0);
	assert_int_equal(plan.n_repaired, 2);
	assert_string_equal(plan.repaired[0], "date");
	assert_string_equal(plan.repaired[1], "message-id");
	assert_int_equal(plan.action, ACTION_NONE);
	assert_null(plan.reply_code);
}

/* What was mended comes first: its indexes are those of the message as it came. */
static void
test_mended(void **state)
{
	static const struct change steps[] = {
		{ CHANGE_SET, "Subject", " =?utf-8?q?=C3=A9?=", 1 },
		{ CHANGE_DELETE, "Content-Transfer-Encoding", NULL, 2 },
		{ CHANGE_INSERT, "MIME-Version", " 1.0", 0 },
	};
	struct message_repair repair = {
		.headers = true, .encoding = true, .steps = steps, .n_steps = 3,
		.body = spool_new(c.message->arena, 100),
	};

	(void)state;
	add_copies(1);
	c.message->repair = &repair;
	c.message->added_date = "Sat, 21 Nov 2026 21:40:00 +0000";
	make_plan();
	assert_int_equal(plan.n_edits, 7);
	assert_edit(0, EDIT_CHANGE_HEADER, "Subject", " =?utf-8?q?=C3=A9?=", 1);
	assert_edit(1, EDIT_DELETE_HEADER, "Content-Transfer-Encoding", NULL, 2);
	assert_edit(2, EDIT_INSERT_HEADER, "MIME-Version", " 1.0", 0);
	assert_int_equal(plan.edits[3].kind, EDIT_REPLACE_BODY);
	assert_ptr_equal(plan.body, repair.body);
	assert_edit(4, EDIT_DELETE_HEADER, "X-Mailworthy", NULL, 1);
	assert_edit(5, EDIT_INSERT_HEADER, "Date", " Sat, 21 Nov 2026 21:40:00 +0000", 0);
	assert_int_equal(plan.n_repaired, 3);
	assert_string_equal(plan.repaired[1], "headers");
	assert_string_equal(plan.repaired[2], "encoding");

	c.settings->mode = MODE_AUDIT;
	make_plan();
	assert_int_equal(plan.n_edits, 0);
	assert_null(plan.body);
}

static void
test_few_edits(void **state)
{
	(void)state;
	c.settings->trace_header = TRACE_NONE;
	make_plan();
	assert_int_equal(plan.n_edits, 0);
	assert_int_equal(plan.n_repaired, 0);

	sign_with_both();
	c.evidence.dkim.own[0].made = false;
	make_plan();
	assert_int_equal(plan.n_edits, 1);
	assert_edit(0, EDIT_INSERT_HEADER, "DKIM-Signature", " a=ed25519-sha256; b=E",
	    0);

	c.evidence.dkim.own[1].value = NULL;
	c.message->added_message_id = "<1@example.com>";
	make_plan();
	assert_int_equal(plan.n_edits, 1);
	assert_int_equal(plan.n_repaired, 1);
	assert_string_equal(plan.repaired[0], "message-id");
}

/* Copies beyond what is kept of the header section are removed too. */
static void
test_many_copies(void **state)
{
	(void)state;
	c.settings->trace_header = TRACE_NONE;
	add_copies(HEADERS_MAX + 50);
	make_plan();
	assert_int_equal(plan.n_edits, HEADERS_MAX + 50);
	assert_edit(0, EDIT_DELETE_HEADER, "X-Mailworthy", NULL, HEADERS_MAX + 50);
	assert_edit(plan.n_edits - 1, EDIT_DELETE_HEADER, "X-Mailworthy", NULL, 1);
}

static void
test_no_edits(void **state)
{
	static const struct {
		enum mode mode;
		enum direction direction;
		enum action action;
		size_t edits;
	} rows[] = {
		{ MODE_ENFORCE, DIRECTION_OUTBOUND, ACTION_NONE, 4 },
		{ MODE_ENFORCE, DIRECTION_OUTBOUND, ACTION_HOLD, 4 },
		{ MODE_ENFORCE, DIRECTION_OUTBOUND, ACTION_TEMPFAIL, 0 },
		{ MODE_ENFORCE, DIRECTION_OUTBOUND, ACTION_REJECT, 0 },
		{ MODE_ENFORCE, DIRECTION_INBOUND, ACTION_NONE, 0 },
		{ MODE_AUDIT, DIRECTION_OUTBOUND, ACTION_NONE, 0 },
		{ MODE_AUDIT, DIRECTION_OUTBOUND, ACTION_HOLD, 0 },
		{ MODE_AUDIT, DIRECTION_OUTBOUND, ACTION_REJECT, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool enforce = rows[i].mode == MODE_ENFORCE;

		sign_with_both();
		add_copies(1);
		c.settings->mode = rows[i].mode;
		c.message->direction = rows[i].direction;
		judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, rows[i].action);
		make_plan();
		assert_int_equal(plan.n_edits, rows[i].edits);
		assert_int_equal(plan.action, enforce ? rows[i].action : ACTION_NONE);
		assert_true((plan.hold_reason != NULL) ==
		    (enforce && rows[i].action == ACTION_HOLD));
		assert_true((plan.reply_text != NULL) ==
		    (enforce && rows[i].action > ACTION_HOLD));
		teardown(state);
		setup(state);
	}
}

static void
test_reply(void **state)
{
	(void)state;
	judged_hit(&c, "dkim-cannot-sign", FAMILY_IDENTITY, 60, ACTION_TEMPFAIL);
	judged_result(&c)->text = "no key in DNS, 100% sure";
	make_plan();
	assert_string_equal(plan.reply_code, "451");
	assert_string_equal(plan.reply_esc, "4.7.20");
	assert_string_equal(plan.reply_text,
	    "mailworthy dkim-cannot-sign: no key in DNS, 100\\x25 sure. Fix: Mend it.");
}

static void
test_held_keeps_its_verdict(void **state)
{
	(void)state;
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_HOLD);
	make_plan();
	assert_int_equal(plan.n_edits, 1);
	assert_edit(0, EDIT_INSERT_HEADER, "X-Mailworthy",
	    " v=1; score=7.0; verdict=hold", 0);
	assert_string_equal(plan.hold_reason,
	    "mailworthy nul-byte: Receivers mind this.");
}

static void
test_trace_full(void **state)
{
	(void)state;
	c.settings->trace_header = TRACE_FULL;
	make_plan();
	assert_edit(0, EDIT_INSERT_HEADER, "X-Mailworthy",
	    " v=1; score=10.0; verdict=pass", 0);

	judged_hit(&c, "line-long", FAMILY_FORMAT, 20, ACTION_NONE)->covers =
	    "body-8bit";
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_NONE);
	judged_hit(&c, "body-8bit", FAMILY_COSMETIC, 3, ACTION_NONE);
	judged_hit(&c, "shadowed", FAMILY_FORMAT, 50, ACTION_REJECT);
	judged_tune(&c, "shadowed")->shadow = true;
	make_plan();
	assert_edit(0, EDIT_INSERT_HEADER, "X-Mailworthy",
	    " v=1; score=5.0; verdict=pass;\n\tfindings=nul-byte,line-long", 0);
}

static void
test_trace_folds(void **state)
{
	size_t longest = 0, line = strlen("X-Mailworthy:");

	(void)state;
	c.settings->trace_header = TRACE_FULL;
	for (int i = 0; i < JUDGED_CHECKS_MAX; i++)
		judged_hit(&c, "a-check-with-a-long-name", FAMILY_COSMETIC, 1,
		    ACTION_NONE);
	make_plan();
	for (const char *p = plan.edits[0].value; *p != '\0'; p++) {
		line = *p == '\n' ? 0 : line + 1;
		longest = line > longest ? line : longest;
		if (*p == '\n')
			assert_int_equal(p[1], '\t');
	}
	assert_in_range(longest, 40, 78);
	assert_null(strstr(plan.edits[0].value, ",,"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_edits),
		TEST(test_mended),
		TEST(test_few_edits),
		TEST(test_many_copies),
		TEST(test_no_edits),
		TEST(test_reply),
		TEST(test_held_keeps_its_verdict),
		TEST(test_trace_full),
		TEST(test_trace_folds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
