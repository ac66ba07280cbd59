/*
 * The report against golden files (tests/unit/golden/), widths and hostile
 * text.  WRITE_GOLDEN=1 in the environment writes the files anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>

#include "judged.h"
#include "core/modefile.h"
#include "record/record.h"
#include "tool/report.h"
#include "verdict/plan.h"

static struct judged_case c;
static struct plan plan;
static char *report;
static int kill_switch = -1;
static const struct ring_key ring_key = {
	.domain = "example.com", .selector = "2026a",
	.dns_name = "2026a._domainkey.example.com",
};

static int
setup(void **state)
{
	struct rcpt rcpt = { .address = { .text = "one@example.net" } };

	(void)state;
	judged_begin(&c);
	message_add_rcpt(c.message, &rcpt);
	message_add_rcpt(c.message, &rcpt);
	c.message->subject = "Your invoice";
	c.evidence.dkim.n_own = 1;
	c.evidence.dkim.own[0] = (struct own_signature){
		.key = &ring_key, .made = true, .record_known = KNOWN_VALUE,
		.state = KEY_DNS_MATCH, .predicted = DKIM_PASS,
		.value = "v=1; h=from:from:to:subject:date:message-id:mime-version:"
		    "content-type; b=x",
	};
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(report);
	report = NULL;
	kill_switch = -1;
	judged_end(&c);
	return 0;
}

static void
make_report(bool colour, unsigned width)
{
	size_t n;
	FILE *out;

	free(report);
	out = open_memstream(&report, &n);
	assert_non_null(out);
	judged_make(&c);
	plan_make(&c.input, &c.verdict, &plan);
	report_print(out, &c.input, &c.verdict, &plan, kill_switch, colour, width);
	assert_int_equal(fclose(out), 0);
}

static void
compare_golden(const char *name)
{
	static char expected[64 * 1024];
	const char *top = getenv("srcdir");
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/unit/golden/%s", top != NULL ? top : ".",
	    name);
	file = fopen(path, getenv("WRITE_GOLDEN") != NULL ? "w+" : "r");
	if (file == NULL)
		fail_msg("cannot open %s", path);
	if (getenv("WRITE_GOLDEN") != NULL) {
		fputs(report, file);
		rewind(file);
	}
	expected[fread(expected, 1, sizeof(expected) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(report, expected);
}

static void
bad_message(void)
{
	judged_hit(&c, "dmarc-fail", FAMILY_IDENTITY, 70, ACTION_REJECT)->covers =
	    "align-*";
	judged_result(&c)->text =
	    "Neither SPF nor DKIM passes for example.com, and its "
	    "policy is reject (v=DMARC1; p=reject at _dmarc.example.com).";
	judged_result(&c)->fix =
	    "Publish this record: 2026a._domainkey.example.com. IN TXT "
	    "\"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7x\" "
	    "\"second string; with blanks\" (and wait until resolvers show it).";
	judged_hit(&c, "align-envelope", FAMILY_IDENTITY, 10, ACTION_NONE);
	judged_hit(&c, "from-syntax", FAMILY_FORMAT, 20, ACTION_NONE);
	judged_hit(&c, "to-missing", FAMILY_COSMETIC, 3, ACTION_NONE);
	judged_tune(&c, "to-missing")->shadow = true;
	judged_hit(&c, "line-long", FAMILY_FORMAT, 20, ACTION_HOLD);
	judged_result(&c)->text = "line 17 of the body has 1,200 octets";
	judged_add(&c, "egress-helo", FAMILY_IDENTITY, 10, ACTION_NONE,
	    CHECK_TEMPERROR);
	judged_add(&c, "egress-no-ptr", FAMILY_IDENTITY, 10, ACTION_NONE,
	    CHECK_TEMPERROR);
	judged_add(&c, "author-not-owned", FAMILY_IDENTITY, 10, ACTION_NONE,
	    CHECK_DUNNO);
	judged_add(&c, "spf-none", FAMILY_IDENTITY, 10, ACTION_NONE, CHECK_DUNNO);
	judged_result(&c)->text = "libspf2 was not asked";
	c.evidence.spf.worst = SPF_FAIL;
	c.evidence.spf.all_pass = false;
	c.evidence.dkim.any_pass = false;
	c.evidence.dkim.own[0].predicted = DKIM_FAIL;
	c.evidence.dkim.own[0].state = KEY_DNS_MISMATCH;
	c.evidence.dmarc.result = DMARC_FAIL;
}

static void
test_good(void **state)
{
	(void)state;
	make_report(false, 80);
	compare_golden("report-good.txt");
}

static void
test_bad(void **state)
{
	(void)state;
	bad_message();
	make_report(false, 80);
	compare_golden("report-bad.txt");
}

static void
test_narrow(void **state)
{
	(void)state;
	bad_message();
	make_report(false, 50);
	compare_golden("report-narrow.txt");
}

static void
test_colour(void **state)
{
	(void)state;
	bad_message();
	make_report(true, 80);
	compare_golden("report-colour.txt");
}

/* Nothing can be seen: an ordinary user, no egress address, audit mode. */
static void
test_unknown(void **state)
{
	(void)state;
	c.settings->mode = MODE_AUDIT;
	c.message->mail_from_is_null = true;
	c.message->subject = NULL;
	c.evidence.dkim.n_own = 0;
	c.evidence.dkim.any_pass = false;
	c.evidence.egress = (struct egress_evidence){ .known = false };
	c.evidence.spf = (struct spf_evidence){ .domain = NULL };
	c.evidence.dmarc.result = DMARC_UNKNOWN;
	judged_hit(&c, "egress-unknown", FAMILY_IDENTITY, 0, ACTION_NONE);
	judged_add(&c, "spf-fail", FAMILY_IDENTITY, 50, ACTION_NONE, CHECK_DUNNO);
	judged_add(&c, "dkim-key-weak", FAMILY_IDENTITY, 50, ACTION_NONE, CHECK_DUNNO);
	make_report(false, 80);
	compare_golden("report-unknown.txt");
}

/* `mailworthy mode` stands above the configuration, here as in the daemon. */
static void
test_kill_switch(void **state)
{
	(void)state;
	c.settings->mode = MODE_ENFORCE;
	kill_switch = MODE_AUDIT;
	make_report(false, 80);
	assert_non_null(strstr(report, "audit, by `mailworthy mode audit`: mail is only"));
	c.settings->mode = MODE_AUDIT;
	kill_switch = MODE_ENFORCE;
	make_report(false, 80);
	assert_null(strstr(report, "audit"));
	kill_switch = -1;
	make_report(false, 80);
	assert_non_null(strstr(report, "audit: mail is only"));
	kill_switch = MODEFILE_UNSEEN;
	make_report(false, 80);
	assert_non_null(strstr(report, "audit: mail is only"));
	c.settings->mode = MODE_ENFORCE;
	make_report(false, 80);
	assert_non_null(strstr(report, "Mode      enforce, as the configuration says; this"));
}

static void
test_held(void **state)
{
	(void)state;
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_HOLD);
	headers_add(c.message->headers, SLICE("X-Mailworthy"), SLICE(" forged"));
	make_report(false, 80);
	compare_golden("report-held.txt");
}

/* Receivers refuse what is not set to be stopped here. */
static void
test_refused_elsewhere(void **state)
{
	(void)state;
	judged_hit(&c, "dmarc-fail", FAMILY_IDENTITY, 70, ACTION_NONE);
	c.evidence.spf.worst = SPF_FAIL;
	c.evidence.spf.all_pass = false;
	c.evidence.dkim.any_pass = false;
	c.evidence.dkim.own[0].predicted = DKIM_FAIL;
	c.evidence.dmarc.result = DMARC_FAIL;
	make_report(false, 80);
	assert_non_null(strstr(report,
	    "would pass: no finding below is set to stop it\n"));
}

/* Weights that sum up to more than the score shows. */
static void
test_capped(void **state)
{
	(void)state;
	judged_hit(&c, "dmarc-fail", FAMILY_IDENTITY, 40, ACTION_NONE);
	make_report(false, 80);
	assert_non_null(strstr(report, "6.0 of 10\n"));
	judged_hit(&c, "spf-fail", FAMILY_IDENTITY, 40, ACTION_NONE);
	make_report(false, 80);
	assert_non_null(strstr(report,
	    "3.0 of 10 (identity counts 7.0 at most)\n"));
}

/* The finding's text stands for the first sentence of the meaning. */
static void
test_why(void **state)
{
	(void)state;
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_NONE)->meaning =
	    "There are NUL bytes. Hosts on the way cut the text there.";
	judged_result(&c)->text = "The body holds 17 NUL bytes.";
	make_report(false, 80);
	assert_non_null(strstr(report, "What  The body holds 17 NUL bytes.\n"
	    "       Why   Hosts on the way cut the text there.\n"));
	assert_null(strstr(report, "There are"));
}

static void
test_sender_not_known(void **state)
{
	(void)state;
	c.message->mail_from.text = "";
	make_report(false, 80);
	assert_non_null(strstr(report, "Envelope  not known; name it with --from\n"));
}

static size_t
columns(const char *line, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)line[i] & 0xc0) != 0x80;
	return count;
}

/* No line is too long, but for DNS records; none ends in a blank. */
static void
test_widths(void **state)
{
	static const unsigned widths[] = { 0, 50, 51, 55, 72, 80, 99, 120, 5000 };

	(void)state;
	bad_message();
	c.message->subject = "gr\xc3\xbc\xc3\x9f gr\xc3\xbc\xc3\x9f gr\xc3\xbc\xc3\x9f "
	    "gr\xc3\xbc\xc3\x9f gr\xc3\xbc\xc3\x9f gr\xc3\xbc\xc3\x9f gr\xc3\xbc\xc3\x9f";
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		size_t width = widths[i] < 50 ? 50 : widths[i] > 120 ? 120 : widths[i];
		const char *line, *end;
		size_t n;

		make_report(false, widths[i]);
		for (line = report; *line != '\0'; line = end + 1) {
			end = strchr(line, '\n');
			assert_non_null(end);
			if (end > line)
				assert_int_not_equal(end[-1], ' ');
			n = (size_t)(end - line);
			if (slice_find_nocase((struct slice){ line, n },
			    " IN TXT ") == n)
				assert_in_range(columns(line, n), 0, width);
		}
	}
}

/* A record stands alone on its line, ready to be copied. */
static void
test_record_line(void **state)
{
	(void)state;
	bad_message();
	make_report(false, 60);
	assert_non_null(strstr(report,
	    "\n             2026a._domainkey.example.com. IN TXT "
	    "\"v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7x\" "
	    "\"second string; with blanks\"\n             (and wait"));
}

static void
test_mx_line(void **state)
{
	(void)state;
	judged_hit(&c, "author-domain-missing", FAMILY_IDENTITY, 40, ACTION_NONE);
	judged_result(&c)->fix =
	    "Correct the address, or publish an MX record: example.com. IN MX 10 HOST. "
	    "(HOST takes the mail).";
	make_report(false, 60);
	assert_non_null(strstr(report,
	    "\n             example.com. IN MX 10 HOST.\n             (HOST takes"));
}

static void
test_hostile_text(void **state)
{
	static const char hostile[] =
	    "\033]0;owned\007 \033[2J \x9b \xff \xe2\x80\xae %s%n "
	    "\r\nX: y IN TXT \"";

	(void)state;
	c.message->subject = hostile;
	c.message->author.text = c.message->mail_from.text = hostile;
	c.message->rcpts[0].address.text = hostile;
	judged_hit(&c, "nul-byte", FAMILY_FORMAT, 30, ACTION_REJECT);
	judged_result(&c)->text = judged_result(&c)->fix = hostile;
	judged_add(&c, "spf-none", FAMILY_IDENTITY, 10, ACTION_NONE, CHECK_DUNNO);
	judged_result(&c)->text = hostile;
	c.evidence.dkim.own[0].value = c.evidence.dkim.own[0].error = hostile;
	make_report(false, 80);
	for (const unsigned char *p = (const unsigned char *)report; *p != '\0'; p++) {
		if (*p != '\n')
			assert_in_range(*p, 0x20, 0x7e);
	}
	assert_null(strstr(report, "\nX: y"));
}

static void
test_json(void **state)
{
	json_error_t error;
	json_t *object;
	struct record_input input = { &c.input, &c.verdict, &plan, NULL, 1000 };
	size_t n;
	FILE *out;

	(void)state;
	bad_message();
	judged_make(&c);
	plan_make(&c.input, &c.verdict, &plan);
	out = open_memstream(&report, &n);
	report_print_json(out, &c.input, &c.verdict, &plan,
	    record_line(&input, false, c.message->arena));
	assert_int_equal(fclose(out), 0);
	assert_ptr_equal(strchr(report, '\n'), report + n - 1);
	object = json_loads(report, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(object);
	assert_int_equal(json_integer_value(json_object_get(object, "v")), 1);
	assert_string_equal(json_string_value(json_object_get(object, "would")),
	    "reject");
	assert_int_equal(json_array_size(json_object_get(json_object_get(object,
	    "details"),
	    "not_told")), 4);
	json_decref(object);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void
test_stream(void **state)
{
	static const struct {
		enum stream stream;
		bool is_section, names_kind;
		const char *line;		/* NULL: none */
	} rows[] = {
		{ STREAM_NONE, false, false, NULL },
		{ STREAM_BULK, false, false, "Stream    bulk\n" },
		{ STREAM_BULK, true, true, "Stream    bulk, section \"news\"\n" },
		{ STREAM_BULK, true, false,
		    "Stream    bulk, section \"news\" (the kind by its headers)\n" },
		{ STREAM_NONE, true, false, "Stream    section \"news\"\n" },
	};
	struct settings_stream stream = { .name = "news", .mode = -1, .hold_below = -1 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.message->stream = rows[i].stream;
		c.message->declared = rows[i].is_section ? &stream : NULL;
		c.message->stream_is_declared = rows[i].names_kind;
		make_report(false, 80);
		if (rows[i].line == NULL)
			assert_null(strstr(report, "Stream"));
		else
			assert_non_null(strstr(report, rows[i].line));
		teardown(state);
		setup(state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_good),
		TEST(test_bad),
		TEST(test_narrow),
		TEST(test_colour),
		TEST(test_unknown),
		TEST(test_kill_switch),
		TEST(test_held),
		TEST(test_refused_elsewhere),
		TEST(test_capped),
		TEST(test_why),
		TEST(test_stream),
		TEST(test_sender_not_known),
		TEST(test_widths),
		TEST(test_record_line),
		TEST(test_mx_line),
		TEST(test_hostile_text),
		TEST(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
