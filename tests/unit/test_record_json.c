/*
 * The JSON line: golden records, hostile text, privacy.
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

static struct judged_case c;
static struct plan plan;
static struct record_input input;
static const struct ring_key ring_key = {
	.domain = "example.com", .selector = "2026a",
	.dns_name = "2026a._domainkey.example.com",
};

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
add_rcpt(const char *text)
{
	struct rcpt rcpt = { .address = { .text = text } };

	message_add_rcpt(c.message, &rcpt);
}

/* Parsed back; what is no JSON or no valid UTF-8 fails here. */
static json_t *
parse(const char *line)
{
	json_error_t error;
	json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, &error);

	if (record == NULL)
		fail_msg("%s in %s", error.text, line);
	return record;
}

static json_t *
record_of(bool for_syslog)
{
	return parse(record_line(&input, for_syslog, c.message->arena));
}

static json_t *
event_of(enum journal_kind expected)
{
	enum journal_kind kind = JOURNAL_KINDS;
	const char *line = record_journal_line(&input, &kind, c.message->arena);

	if (line == NULL)
		fail_msg("no event");
	assert_true(strlen(line) <= JOURNAL_LINE_MAX);
	assert_int_equal(kind, expected);
	return parse(line);
}

static const char *
text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void
fill_facts(void)
{
	struct session *session = c.session;

	session->client_addr = (struct ip){ 4, { 198, 51, 100, 7 } };
	session->helo = "desk.example.com";
	c.message->queue_id = "4XyZ12";
	c.message->auth_user = "anna";
	c.message->message_id = "<1@example.com>";
	c.message->size = 2048;
	add_rcpt("one@example.net");
	add_rcpt("two@example.org");
	c.message->rcpts[1].refused_by = "rcpt-typo";
	c.message->rcpts_total--;
	c.message->rcpts_refused++;
	c.evidence.dkim.n_own = 1;
	c.evidence.dkim.own[0] = (struct own_signature){
		.key = &ring_key, .made = true, .value = "v=1; h=from:to; b=x",
		.record_known = KNOWN_VALUE, .state = KEY_DNS_MATCH,
		.predicted = DKIM_PASS,
	};
	c.evidence.dmarc.identifiers[0] = (struct aligned_domain){
		"mail.example.com", false, true, true };
	c.evidence.dmarc.identifiers[1] = (struct aligned_domain){
		"example.com", true, true, true };
	c.evidence.dmarc.identifiers[2] = (struct aligned_domain){
		"example.org", true, true, false };
	c.evidence.dmarc.identifiers[3] = (struct aligned_domain){
		"a.example.com", true, false, true };
	c.evidence.dmarc.n_identifiers = 4;
}

static const char golden[] =
    "{\"v\":1,\"time\":\"2026-11-21T21:40:00Z\",\"queue_id\":\"4XyZ12\","
    "\"client_addr\":\"198.51.100.7\",\"auth_user\":\"anna\","
    "\"helo\":\"desk.example.com\",\"mail_from\":\"bounce@mail.example.com\","
    "\"author\":\"billing@example.com\",\"author_domain\":\"example.com\","
    "\"rcpt_to\":[\"one@example.net\"],\"rcpt_count\":1,"
    "\"message_id\":\"<1@example.com>\",\"size\":2048,\"stream\":null,"
    "\"direction\":\"outbound\",\"mode\":\"enforce\","
    "\"egress\":[{\"address\":\"192.0.2.1\",\"spf\":\"pass\"},"
    "{\"address\":\"2001:db8::1\",\"spf\":\"pass\"}],"
    "\"dkim\":[{\"d\":\"example.com\",\"s\":\"2026a\",\"a\":null,"
    "\"status\":\"pass\",\"key\":\"match\"}],"
    "\"dmarc\":{\"result\":\"pass\",\"policy\":\"reject\","
    "\"org_domain\":\"example.com\","
    "\"aligned\":[\"spf:mail.example.com\",\"dkim:example.com\"]},"
    "\"receivers\":{\"gmail\":\"550 5.7.1\",\"microsoft\":\"accept\","
    "\"yahoo\":\"554 5.7.9\",\"apple\":\"accept\"},"
    "\"findings\":[{\"id\":\"from-multiple\",\"severity\":\"error\",\"weight\":7.0,"
    "\"text\":\"two From fields\",\"fix\":\"Keep one.\",\"shadow\":false,"
    "\"covered_by\":null},"
    "{\"id\":\"header-duplicate\",\"severity\":\"error\",\"weight\":5.0,"
    "\"text\":\"Receivers mind this.\",\"fix\":\"Mend it.\",\"shadow\":false,"
    "\"covered_by\":\"from-multiple\"},"
    "{\"id\":\"dkim-key-testing\",\"severity\":\"info\",\"weight\":0.2,"
    "\"text\":\"Receivers mind this.\",\"fix\":\"Mend it.\",\"shadow\":true,"
    "\"covered_by\":null}],"
    "\"repaired\":[\"date\"],"
    "\"edits\":[\"delete 2 X-Mailworthy\",\"insert Date\",\"insert X-Mailworthy\","
    "\"insert DKIM-Signature\"],"
    "\"rcpts_refused\":[{\"rcpt_to\":\"two@example.org\",\"id\":\"rcpt-typo\"}],"
    "\"score\":3.0,\"verdict\":\"hold\",\"would\":\"hold\",\"elapsed_ms\":4.2}";

static void
test_golden(void **state)
{
	(void)state;
	fill_facts();
	headers_add(c.message->headers, SLICE("X-Mailworthy"), SLICE(" a"));
	headers_add(c.message->headers, SLICE("X-Mailworthy"), SLICE(" b"));
	c.message->added_date = " now";
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_HOLD)->covers =
	    "header-duplicate";
	judged_result(&c)->text = "two From fields";
	judged_result(&c)->fix = "Keep one.";
	judged_hit(&c, "header-duplicate", FAMILY_FORMAT, 50, ACTION_NONE);
	judged_hit(&c, "dkim-key-testing", FAMILY_IDENTITY, 2, ACTION_NONE);
	judged_tune(&c, "dkim-key-testing")->shadow = true;
	judge();
	assert_string_equal(record_line(&input, false, c.message->arena), golden);
	assert_string_equal(record_line(&input, true, c.message->arena), golden);
	json_decref(record_of(false));
}

/* Nothing known: every key stands there still, null where there is no value. */
static void
test_aborted(void **state)
{
	static const char expected[] =
	    "{\"v\":1,\"time\":\"2026-11-21T21:40:00Z\",\"queue_id\":null,"
	    "\"client_addr\":null,\"auth_user\":null,\"helo\":null,\"mail_from\":\"\","
	    "\"author\":null,\"author_domain\":null,\"rcpt_to\":[],\"rcpt_count\":0,"
	    "\"message_id\":null,\"size\":0,\"stream\":null,\"direction\":\"outbound\","
	    "\"mode\":\"enforce\",\"egress\":[],\"dkim\":[],\"dmarc\":{"
	    "\"result\":\"unknown\",\"policy\":null,\"org_domain\":null,\"aligned\":[]},"
	    "\"receivers\":{\"gmail\":null,\"microsoft\":null,\"yahoo\":null,"
	    "\"apple\":null},\"findings\":[],\"repaired\":[],\"edits\":[],"
	    "\"rcpts_refused\":[],\"score\":null,\"verdict\":null,\"would\":null,"
	    "\"elapsed_ms\":0.0,\"aborted\":\"the client went away\"}";

	(void)state;
	c.message->mail_from_is_null = true;
	c.message->author = (struct address){ .text = NULL };
	c.message->author_domain = NULL;
	c.input.evidence = NULL;
	input = (struct record_input){
		.judged = &c.input, .aborted = "the client went away",
	};
	assert_string_equal(record_line(&input, false, c.message->arena), expected);
	assert_string_equal(record_line(&input, true, c.message->arena), expected);
}

static void
test_words(void **state)
{
	json_t *record, *entry;

	(void)state;
	c.message->stream = STREAM_DSN;
	c.message->direction = DIRECTION_INBOUND;
	c.settings->mode = MODE_AUDIT;
	c.addresses[0].spf_known = KNOWN_TEMPERROR;
	c.addresses[1].spf_known = KNOWN_NO;
	c.evidence.dmarc.known = KNOWN_ABSENT;
	c.evidence.dmarc.result = DMARC_NO_RECORD;
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_REJECT);
	judge();
	record = record_of(false);
	assert_string_equal(text_at(record, "stream"), "dsn");
	assert_string_equal(text_at(record, "direction"), "inbound");
	assert_string_equal(text_at(record, "mode"), "audit");
	assert_string_equal(text_at(record, "verdict"), "pass");
	assert_string_equal(text_at(record, "would"), "reject");
	entry = json_object_get(record, "egress");
	assert_string_equal(text_at(json_array_get(entry, 0), "spf"), "temperror");
	assert_true(json_is_null(json_object_get(json_array_get(entry, 1), "spf")));
	entry = json_object_get(record, "dmarc");
	assert_string_equal(text_at(entry, "result"), "none");
	assert_true(json_is_null(json_object_get(entry, "policy")));
	json_decref(record);
}

static void
test_relay_and_existing(void **state)
{
	static const struct verified existing = {
		.sdid = "example.net", .selector = "s1", .algorithm = "rsa-sha256",
		.result = DKIM_FAIL, .reason = "body changed",
	};
	json_t *record, *entry;

	(void)state;
	c.evidence.egress = (struct egress_evidence){
		.known = true, .is_relay = true, .via = "smtp.provider.example",
	};
	c.evidence.spf.worst = SPF_SOFTFAIL;
	c.evidence.dkim.existing = &existing;
	c.evidence.dkim.n_existing = 1;
	judge();
	record = record_of(false);
	entry = json_array_get(json_object_get(record, "egress"), 0);
	assert_string_equal(text_at(entry, "address"), "smtp.provider.example");
	assert_string_equal(text_at(entry, "spf"), "softfail");
	entry = json_array_get(json_object_get(record, "dkim"), 0);
	assert_string_equal(text_at(entry, "d"), "example.net");
	assert_string_equal(text_at(entry, "a"), "rsa-sha256");
	assert_string_equal(text_at(entry, "status"), "fail");
	assert_true(json_is_null(json_object_get(entry, "key")));
	json_decref(record);
}

/* ---- hostile text ---- */

static void
test_hostile_text(void **state)
{
	static const struct { const char *text, *shown; } rows[] = {
		{ "a\nb\r\t", "a\\x0Ab\\x0D\\x09" },
		{ "\033[2J", "\\x1B[2J" },
		{ "\"},{\"v\":2", "\"},{\"v\":2" },
		{ "back\\slash", "back\\x5Cslash" },
		{ "bad \xff \xc3", "bad \\xFF \\xC3" },
		{ "surrogate \xed\xa0\x80", "surrogate \\xED\\xA0\\x80" },
		{ "caf\xc3\xa9 \xf0\x9f\x93\xa7", "caf\xc3\xa9 \xf0\x9f\x93\xa7" },
		{ "bidi \xe2\x80\xae", "bidi \\xE2\\x80\\xAE" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *record;

		c.message->message_id = rows[i].text;
		c.message->auth_user = rows[i].text;
		c.session->helo = rows[i].text;
		c.message->mail_from.text = rows[i].text;
		c.message->author.text = rows[i].text;
		c.message->author_domain = rows[i].text;
		judge();
		record = record_of(false);
		assert_string_equal(text_at(record, "message_id"), rows[i].shown);
		assert_string_equal(text_at(record, "auth_user"), rows[i].shown);
		assert_string_equal(text_at(record, "helo"), rows[i].shown);
		assert_string_equal(text_at(record, "mail_from"), rows[i].shown);
		assert_string_equal(text_at(record, "author"), rows[i].shown);
		assert_string_equal(text_at(record, "author_domain"), rows[i].shown);
		json_decref(record);
	}
}

/* Texts of findings are neutralised once; what slipped through is caught. */
static void
test_texts_of_findings(void **state)
{
	json_t *record, *finding;

	(void)state;
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_NONE);
	judged_result(&c)->text = "seen \\x00 and \x01 and \xff";
	judged_result(&c)->fix = "first\nsecond";
	judge();
	record = record_of(false);
	finding = json_array_get(json_object_get(record, "findings"), 0);
	assert_string_equal(text_at(finding, "text"), "seen \\x00 and \\x01 and \\xFF");
	assert_string_equal(text_at(finding, "fix"), "first second");
	json_decref(record);
}

/* ---- privacy ---- */

static void
test_recipients_left_out(void **state)
{
	json_t *record, *refused;

	(void)state;
	c.settings->log_privacy = PRIVACY_NO_RECIPIENTS | PRIVACY_HASH_RECIPIENTS;
	fill_facts();
	judge();
	record = record_of(false);
	assert_int_equal(json_array_size(json_object_get(record, "rcpt_to")), 0);
	assert_int_equal(json_integer_value(json_object_get(record, "rcpt_count")), 1);
	refused = json_array_get(json_object_get(record, "rcpts_refused"), 0);
	assert_true(json_is_null(json_object_get(refused, "rcpt_to")));
	assert_string_equal(text_at(refused, "id"), "rcpt-typo");
	json_decref(record);
	assert_null(strstr(record_line(&input, false, c.message->arena),
	    "example.net"));
}

static void
test_recipients_hashed(void **state)
{
	json_t *record, *list;
	const char *first;

	(void)state;
	c.settings->log_privacy = PRIVACY_HASH_RECIPIENTS;
	add_rcpt("one@example.net");
	add_rcpt("two@example.net");
	add_rcpt("one@example.net");
	judge();
	record = record_of(false);
	list = json_object_get(record, "rcpt_to");
	assert_int_equal(json_array_size(list), 3);
	first = json_string_value(json_array_get(list, 0));
	assert_int_equal(strncmp(first, "hash:", 5), 0);
	assert_int_equal(strspn(first + 5, "0123456789abcdef"), 16);
	assert_int_equal(strlen(first), 5 + 16);
	assert_string_equal(first, json_string_value(json_array_get(list, 2)));
	assert_string_not_equal(first, json_string_value(json_array_get(list, 1)));
	assert_null(strstr(record_line(&input, false, c.message->arena),
	    "example.net"));
	json_decref(record);
}

/* Bounce addresses of mailing lists name the recipient (VERP). */
static void
test_senders_that_tell(void **state)
{
	static const struct {
		unsigned privacy;
		const char *sender, *shown;	/* NULL: hashed */
	} rows[] = {
		{ 0, "bounce+bert=example.net@example.com",
		    "bounce+bert=example.net@example.com" },
		{ PRIVACY_NO_SUBJECT, "bounce+bert=example.net@example.com",
		    "bounce+bert=example.net@example.com" },
		{ PRIVACY_NO_RECIPIENTS, "bounce+bert=example.net@example.com",
		    "@example.com" },
		{ PRIVACY_NO_RECIPIENTS, "bounce+BERT=Example.NET@example.com",
		    "@example.com" },
		{ PRIVACY_NO_RECIPIENTS, "b-bert%40example.net@example.com",
		    "@example.com" },
		{ PRIVACY_NO_RECIPIENTS, "\"bert@example.net\"@example.com",
		    "@example.com" },
		{ PRIVACY_HASH_RECIPIENTS, "bounce+bert=example.net@example.com", NULL },
		{ PRIVACY_NO_RECIPIENTS, "bounce+dora=example.net@example.com",
		    "bounce+dora=example.net@example.com" },
		{ PRIVACY_NO_RECIPIENTS, "anna@example.com", "anna@example.com" },
		/* to oneself: that tells nothing of whom it went to */
		{ PRIVACY_NO_RECIPIENTS, "carl@example.org", "carl@example.org" },
		{ PRIVACY_HASH_RECIPIENTS, "carl", "carl" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *record;
		const char *shown;

		c.settings->log_privacy = rows[i].privacy;
		c.message->mail_from.text = rows[i].sender;
		add_rcpt("carl@example.org");
		add_rcpt("Bert@example.net");
		judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_HOLD);
		judge();
		record = record_of(false);
		shown = text_at(record, "mail_from");
		if (rows[i].shown != NULL) {
			assert_string_equal(shown, rows[i].shown);
		} else {
			assert_memory_equal(shown, "hash:", 5);
			assert_int_equal(strspn(shown + 5, "0123456789abcdef"), 16);
			assert_string_equal(shown + 5 + 16, "@example.com");
		}
		json_decref(record);
		record = event_of(JOURNAL_HELD);
		if (rows[i].shown != NULL)
			assert_string_equal(text_at(record, "mail_from"), rows[i].shown);
		else
			assert_null(strstr(text_at(record, "mail_from"), "bert"));
		json_decref(record);
		teardown(state);
		setup(state);
	}
}

static void
test_texts_that_tell(void **state)
{
	static const struct {
		unsigned privacy;
		const char *id, *text;
		bool hidden;
	} rows[] = {
		{ 0, "subject-caps", "\"YOUR INVOICE 17\" has no small letter", false },
		{ PRIVACY_NO_SUBJECT, "subject-caps", "\"YOUR INV\" has no", true },
		{ PRIVACY_HASH_SUBJECT, "subject-long", "2000 octets", true },
		{ PRIVACY_NO_SUBJECT, "header-8bit", "Subject: YOUR INVOICE 17", true },
		{ PRIVACY_NO_SUBJECT, "header-8bit", "Subject: YOUR INVO...", true },
		{ PRIVACY_NO_SUBJECT, "header-8bit", "in the field To", false },
		{ PRIVACY_NO_RECIPIENTS, "header-8bit", "Subject: YOUR INVOICE 17",
		    false },
		{ PRIVACY_NO_RECIPIENTS, "rcpt-eai", "anything", true },
		{ PRIVACY_HASH_RECIPIENTS, "to-missing", "only one@example.net", true },
		{ PRIVACY_HASH_RECIPIENTS, "to-missing", "only x@example.org", false },
		{ PRIVACY_NO_SUBJECT, "rcpt-eai", "one@example.net", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *record, *finding;

		c.settings->log_privacy = rows[i].privacy;
		c.message->subject = "YOUR INVOICE 17 for one year";
		add_rcpt("one@example.net");
		judged_hit(&c, rows[i].id, FAMILY_FORMAT, 5, ACTION_NONE);
		judged_result(&c)->text = rows[i].text;
		judge();
		record = record_of(false);
		finding = json_array_get(json_object_get(record, "findings"), 0);
		assert_string_equal(text_at(finding, "text"),
		    rows[i].hidden ? "Receivers mind this." : rows[i].text);
		json_decref(record);
		teardown(state);
		setup(state);
	}
}

/* ---- details ---- */

static void
test_details(void **state)
{
	struct destination destinations[] = {
		{ .domain = "example.net", .rcpts = 2, .mx = KNOWN_VALUE },
		{ .domain = "gmial.com", .rcpts = 1, .mx = KNOWN_ABSENT,
		    .address = KNOWN_ABSENT, .likely = "gmail.com" },
		{ .domain = "down.example", .rcpts = 1, .mx = KNOWN_TEMPERROR },
	};
	json_t *details, *entry;

	(void)state;
	fill_facts();
	c.evidence.destinations.p = destinations;
	c.evidence.destinations.n = 3;
	c.addresses[0].spf.record = "v=spf1 ip4:192.0.2.1 -all";
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT);
	judged_add(&c, "spf-none", FAMILY_IDENTITY, 20, ACTION_NONE, CHECK_TEMPERROR);
	judged_result(&c)->text = "DNS is silent";
	judge();
	details = parse(record_details(&input, c.message->arena));
	entry = json_array_get(json_object_get(details, "egress"), 0);
	assert_string_equal(text_at(entry, "record"), "v=spf1 ip4:192.0.2.1 -all");
	entry = json_array_get(json_object_get(details, "destinations"), 0);
	assert_string_equal(text_at(entry, "domain"), "example.net");
	assert_true(json_is_true(json_object_get(entry, "takes_mail")));
	entry = json_array_get(json_object_get(details, "destinations"), 1);
	assert_true(json_is_false(json_object_get(entry, "takes_mail")));
	assert_string_equal(text_at(entry, "likely"), "gmail.com");
	entry = json_array_get(json_object_get(details, "destinations"), 2);
	assert_true(json_is_null(json_object_get(entry, "takes_mail")));
	entry = json_array_get(json_object_get(details, "signatures"), 0);
	assert_string_equal(text_at(entry, "h"), "from:to");
	entry = json_array_get(json_object_get(details, "receivers"), 0);
	assert_string_equal(text_at(entry, "reply"), "550 5.7.1");
	assert_string_equal(text_at(entry, "finding"), "from-multiple");
	entry = json_array_get(json_object_get(details, "findings"), 0);
	assert_string_equal(text_at(entry, "action"), "reject");
	assert_string_equal(text_at(entry, "meaning"), "Receivers mind this.");
	entry = json_array_get(json_object_get(details, "not_told"), 0);
	assert_string_equal(text_at(entry, "id"), "spf-none");
	assert_string_equal(text_at(entry, "why"), "DNS is silent");
	assert_non_null(strstr(text_at(details, "reply"), "550 5.7.1 mailworthy"));
	json_decref(details);
}

/* ---- events for the journal ---- */

static void
test_event_held(void **state)
{
	json_t *event;

	(void)state;
	fill_facts();
	c.message->subject = "Invoice\x1b[31m";
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_HOLD);
	judge();
	event = event_of(JOURNAL_HELD);
	assert_string_equal(text_at(event, "stopped"), "hold");
	assert_string_equal(text_at(event, "cause"), "from-multiple");
	assert_string_equal(text_at(event, "subject"), "Invoice\\x1B[31m");
	assert_string_equal(text_at(event, "queue_id"), "4XyZ12");
	assert_true(json_is_true(json_object_get(event, "signed")));
	assert_true(json_is_false(json_object_get(event, "must_sign")));
	assert_true(json_is_false(json_object_get(event, "notice")));
	assert_null(json_object_get(event, "reply"));
	assert_null(json_object_get(event, "reason"));
	assert_int_equal(json_array_size(json_object_get(event, "findings")), 1);
	json_decref(event);
}

static void
test_event_by_score(void **state)
{
	json_t *event;

	(void)state;
	c.settings->hold_below = 40;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_NONE);
	judge();
	event = event_of(JOURNAL_HELD);
	assert_string_equal(text_at(event, "cause"), "hold-below");
	assert_non_null(strstr(text_at(event, "reason"), "3.0 is below 4.0"));
	json_decref(event);
}

static void
test_event_refused(void **state)
{
	json_t *event;

	(void)state;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_REJECT);
	judge();
	event = event_of(JOURNAL_REFUSED);
	assert_string_equal(text_at(event, "stopped"), "reject");
	assert_string_equal(text_at(event, "reply"), "550 5.7.1");
	assert_true(json_is_false(json_object_get(event, "signed")));
	json_decref(event);
	/* an edit that the MTA refused */
	judged_end(&c);
	judged_begin(&c);
	judge();
	c.verdict.action = ACTION_TEMPFAIL;
	event = event_of(JOURNAL_REFUSED);
	assert_string_equal(text_at(event, "stopped"), "tempfail");
	assert_string_equal(text_at(event, "cause"), "edit-refused");
	json_decref(event);
}

static void
test_event_of_recipients(void **state)
{
	enum journal_kind kind;
	json_t *event;

	(void)state;
	fill_facts();
	judge();
	event = event_of(JOURNAL_REFUSED);
	assert_string_equal(text_at(event, "stopped"), "recipients");
	assert_string_equal(text_at(event, "cause"), "rcpt-typo");
	json_decref(event);
	input = (struct record_input){ .judged = &c.input, .aborted = "gone",
	    .enforced = true };
	event = event_of(JOURNAL_REFUSED);
	assert_string_equal(text_at(event, "cause"), "rcpt-typo");
	json_decref(event);
	c.message->rcpts_refused = 0;
	assert_null(record_journal_line(&input, &kind, c.message->arena));
}

static void
test_no_event(void **state)
{
	enum journal_kind kind;

	(void)state;
	judged_hit(&c, "from-multiple", FAMILY_FORMAT, 70, ACTION_NONE);
	judge();
	assert_null(record_journal_line(&input, &kind, c.message->arena));
}

static void
test_event_private(void **state)
{
	json_t *event;

	(void)state;
	fill_facts();
	c.message->subject = "Quarterly figures";
	c.settings->log_privacy = PRIVACY_NO_SUBJECT | PRIVACY_NO_RECIPIENTS;
	judged_hit(&c, "subject-caps", FAMILY_COSMETIC, 5, ACTION_HOLD);
	judged_result(&c)->text = "the subject is QUARTERLY";
	judge();
	event = event_of(JOURNAL_HELD);
	assert_true(json_is_null(json_object_get(event, "subject")));
	assert_int_equal(json_array_size(json_object_get(event, "rcpt_to")), 0);
	assert_string_equal(text_at(json_array_get(json_object_get(event, "findings"), 0),
	    "text"), "Receivers mind this.");
	json_decref(event);
	c.settings->log_privacy = PRIVACY_HASH_SUBJECT;
	event = event_of(JOURNAL_HELD);
	assert_memory_equal(text_at(event, "subject"), "hash:", 5);
	json_decref(event);
}

/* A digest that is stopped must not be told of in the next one. */
static void
test_event_of_a_notice(void **state)
{
	json_t *event;

	(void)state;
	c.settings->notify = "postmaster@example.com";
	add_rcpt("Postmaster@example.com");
	c.message->mail_from_is_null = true;
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 70, ACTION_REJECT);
	judge();
	event = event_of(JOURNAL_REFUSED);
	assert_true(json_is_true(json_object_get(event, "notice")));
	json_decref(event);
	c.message->mail_from_is_null = false;
	event = event_of(JOURNAL_REFUSED);
	assert_true(json_is_false(json_object_get(event, "notice")));
	json_decref(event);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_golden),
		TEST(test_aborted),
		TEST(test_words),
		TEST(test_relay_and_existing),
		TEST(test_hostile_text),
		TEST(test_texts_of_findings),
		TEST(test_recipients_left_out),
		TEST(test_recipients_hashed),
		TEST(test_senders_that_tell),
		TEST(test_texts_that_tell),
		TEST(test_details),
		TEST(test_event_held),
		TEST(test_event_by_score),
		TEST(test_event_refused),
		TEST(test_event_of_recipients),
		TEST(test_no_event),
		TEST(test_event_private),
		TEST(test_event_of_a_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
