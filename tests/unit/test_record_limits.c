/*
 * The JSON line where it has a limit: whatever the message holds, a line is whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "judged.h"
#include "record/record.h"

enum { TEXT = 5000, MANY_RCPTS = 300, MANY_ADDRESSES = 200 };

static struct judged_case c;
static struct plan plan;
static struct record_input input;

static int
setup(void **state)
{
	(void)state;
	judged_begin(&c);
	memset(&plan, 0, sizeof(plan));
	input = (struct record_input){ &c.input, &c.verdict, &plan, NULL, 4200 };
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
judge(void)
{
	judged_make(&c);
	plan_make(&c.input, &c.verdict, &plan);
}

static void
add_rcpt(const char *text, const char *refused_by)
{
	struct rcpt rcpt = { .address = { .text = text }, .refused_by = refused_by };

	message_add_rcpt(c.message, &rcpt);
}

static json_t *
parse(const char *line)
{
	json_error_t error;
	json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, &error);

	if (record == NULL)
		fail_msg("%s in %.200s", error.text, line);
	return record;
}

static json_t *
record_of(bool for_syslog)
{
	return parse(record_line(&input, for_syslog, c.message->arena));
}

static const char *
text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static size_t
count_at(const json_t *object, const char *key)
{
	return json_array_size(json_object_get(object, key));
}

static const char *
last_edit(const json_t *record)
{
	const json_t *list = json_object_get(record, "edits");

	return json_string_value(json_array_get(list, json_array_size(list) - 1));
}

static void
test_5000_recipients(void **state)
{
	const char *line;
	json_t *record;

	(void)state;
	for (int i = 0; i < 5000; i++)
		add_rcpt(arena_printf(c.message->arena, "r%04d@example.net", i), NULL);
	judge();
	record = record_of(false);
	assert_int_equal(json_array_size(json_object_get(record, "rcpt_to")), 5000);
	assert_int_equal(json_integer_value(json_object_get(record, "rcpt_count")),
	    5000);
	json_decref(record);
	line = record_line(&input, true, c.message->arena);
	assert_in_range(strlen(line), 1, RECORD_SYSLOG_MAX);
	record = parse(line);
	assert_int_equal(json_array_size(json_object_get(record, "rcpt_to")),
	    RECORD_SYSLOG_RCPTS);
	assert_int_equal(json_integer_value(json_object_get(record, "rcpt_count")),
	    5000);
	json_decref(record);
}

static const char *
long_text(size_t n, char byte)
{
	char *text = arena_alloc(c.message->arena, n + 1);

	memset(text, byte, n);
	return text;
}

static void
fill_facts(const char *text)
{
	struct message *message = c.message;

	c.session->client_addr = (struct ip){ 6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
	c.session->helo = message->queue_id = message->auth_user = text;
	message->message_id = message->author_domain = message->subject = text;
	message->mail_from.text = message->author.text = text;
	message->size = UINT32_MAX;
	for (int i = 0; i < MANY_RCPTS; i++) {
		add_rcpt(text, NULL);
		add_rcpt(text, "rcpt-no-mail");
		message->rcpts_refused++;
	}
	/* what raw 8-bit text in each field makes of a message: an edit a field */
	for (int i = 0; i < HEADERS_MAX; i++)
		headers_add(message->headers, SLICE("X-Mailworthy"), SLICE(" a"));
}

static void
fill_evidence(const char *text)
{
	static struct egress_address addresses[MANY_ADDRESSES];
	static struct verified existing[VERIFY_MAX];
	static struct ring_key key;
	struct evidence *evidence = &c.evidence;

	for (int i = 0; i < MANY_ADDRESSES; i++)
		addresses[i] = (struct egress_address){ .ip = { 6, { 0x20, 1, [14] = 1, i } },
			.spf_known = KNOWN_VALUE, .spf.result = SPF_PERMERROR };
	evidence->egress.addresses = addresses;
	evidence->egress.n = MANY_ADDRESSES;
	evidence->egress.is_relay = true;
	evidence->egress.via = text;
	key.domain = key.selector = text;
	evidence->dkim.n_own = 2;
	for (int i = 0; i < 2; i++)
		evidence->dkim.own[i] = (struct own_signature){ .key = &key, .value = text,
			.state = KEY_DNS_MALFORMED };
	for (int i = 0; i < VERIFY_MAX; i++)
		existing[i] = (struct verified){ .sdid = text, .selector = text,
		    .algorithm = text, .has_length = true, .result = DKIM_PERMERROR,
		    .reason = text };
	evidence->dkim.existing = existing;
	evidence->dkim.n_existing = VERIFY_MAX;
	evidence->dmarc.org_domain = text;
	evidence->dmarc.n_identifiers = sizeof(evidence->dmarc.identifiers) /
	    sizeof(evidence->dmarc.identifiers[0]);
	for (size_t i = 0; i < evidence->dmarc.n_identifiers; i++)
		evidence->dmarc.identifiers[i] = (struct aligned_domain){ text, true, true,
			true };
}

/* An edit for each field of the message as it came, and what we insert. */
static void
fill_plan(const char *text)
{
	static const char *const repaired[] = { "date", "message-id", "headers", "encoding" };
	const size_t n = HEADERS_MAX + 6;

	plan.edits = arena_array(c.message->arena, n, sizeof(*plan.edits));
	plan.n_edits = n;
	for (size_t i = 0; i < n; i++)
		plan.edits[i] = (struct edit){ .kind = i < HEADERS_MAX ? EDIT_CHANGE_HEADER :
			EDIT_INSERT_HEADER, .name = text, .value = text };
	plan.repaired = repaired;
	plan.n_repaired = 4;
}

/* All there can be, each list full and each text long. */
static void
fill_worst(char byte, enum action action)
{
	const char *text = long_text(TEXT, byte);

	fill_facts(text);
	fill_evidence(text);
	for (int i = 0; i < JUDGED_CHECKS_MAX; i++) {
		judged_hit(&c, "encoded-word-misplaced", FAMILY_FORMAT, 15, i == 0 ? action :
		    ACTION_NONE);
		judged_result(&c)->text = judged_result(&c)->fix = text;
	}
	judge();
	fill_plan(text);
	plan.action = action;
	c.verdict.hold_reason = text;
	input.aborted = text;
}

/* In the ways that grow most in JSON. */
static const char bytes[] = { 'x', '"', '\\', '\n', '\xff' };

static void
test_syslog_limit(void **state)
{
	for (size_t b = 0; b < sizeof(bytes); b++) {
		const char *line;
		json_t *record;

		fill_worst(bytes[b], ACTION_NONE);
		json_decref(record_of(false));
		line = record_line(&input, true, c.message->arena);
		assert_in_range(strlen(line), 1, RECORD_SYSLOG_MAX);
		record = parse(line);
		assert_true(count_at(record, "findings") > 0);
		assert_true(count_at(record, "edits") > 1);
		assert_string_equal(text_at(record, "verdict"), "pass");
		assert_non_null(json_object_get(record, "elapsed_ms"));
		json_decref(record);
		teardown(state);
		setup(state);
	}
}

static void
test_event_limit(void **state)
{
	static const enum action actions[] = { ACTION_HOLD, ACTION_TEMPFAIL, ACTION_REJECT };

	for (size_t b = 0; b < sizeof(bytes); b++) {
		for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
			enum journal_kind kind;
			const char *line;
			json_t *event;

			fill_worst(bytes[b], actions[i]);
			line = record_journal_line(&input, &kind, c.message->arena);
			assert_non_null(line);
			assert_in_range(strlen(line), 1, JOURNAL_LINE_MAX);
			event = parse(line);
			assert_string_equal(text_at(event, "stopped"),
			    action_name(actions[i]));
			assert_string_equal(text_at(event, "cause"),
			    "encoded-word-misplaced");
			assert_true(count_at(event, "findings") > 0);
			json_decref(event);
			teardown(state);
			setup(state);
		}
	}
}

/* How many more there are is told last. */
static void
test_many_edits(void **state)
{
	enum journal_kind kind;
	json_t *record;

	(void)state;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_HOLD);
	judge();
	fill_plan("Subject");
	record = record_of(false);
	assert_int_equal(count_at(record, "edits"), HEADERS_MAX + 6);
	json_decref(record);
	record = record_of(true);
	assert_int_equal(count_at(record, "edits"), 65);
	assert_string_equal(last_edit(record), "and 4942 more");
	json_decref(record);
	record = parse(record_journal_line(&input, &kind, c.message->arena));
	assert_int_equal(kind, JOURNAL_HELD);
	assert_string_equal(last_edit(record), "and 4942 more");
	json_decref(record);
	plan.n_edits = 64;
	record = record_of(true);
	assert_int_equal(count_at(record, "edits"), 64);
	assert_string_equal(last_edit(record), "change Subject");
	json_decref(record);
}

/* Only as much is left out as must be. */
static void
test_syslog_shortens_texts_first(void **state)
{
	json_t *record;

	(void)state;
	for (int i = 0; i < 12; i++) {
		judged_hit(&c, "line-long", FAMILY_FORMAT, 20, ACTION_NONE);
		judged_result(&c)->text = long_text(1000, 'x');
	}
	judge();
	record = record_of(true);
	assert_int_equal(json_array_size(json_object_get(record, "findings")), 12);
	assert_int_equal(strlen(text_at(json_array_get(json_object_get(record,
	    "findings"),
	    11), "text")), 400 + 3);
	json_decref(record);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_5000_recipients),
		TEST(test_syslog_limit),
		TEST(test_event_limit),
		TEST(test_many_edits),
		TEST(test_syslog_shortens_texts_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
