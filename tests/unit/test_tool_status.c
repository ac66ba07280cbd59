/*
 * The page of status against golden files (tests/unit/golden/), documents that
 * are none, and answers of a daemon.  WRITE_GOLDEN=1 in the environment writes
 * the files anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "record/status.h"
#include "tool/ask.h"
#include "tool/status.h"

enum { NOW = 1796070000, HOUR = 3600, DAY = 86400 };

static struct arena *arena;
static struct status status;

static struct status_key keys[] = {
	{ .domain = "example.com", .selector = "2025d",
	  .dns_name = "2025d._domainkey.example.com", .known = true,
	  .superseded_by = "2026a", .seen = { .state = KEY_DNS_MATCH,
	  .since = NOW - 200 * DAY, .last = NOW - 240, .last_match = NOW - 240 } },
	{ .domain = "example.com", .selector = "2026a",
	  .dns_name = "2026a._domainkey.example.com", .known = true, .signs = true,
	  .seen = { .state = KEY_DNS_MATCH, .since = NOW - 40 * DAY, .last = NOW - 240,
	  .last_match = NOW - 240 } },
	{ .domain = "example.com", .selector = "2026b",
	  .dns_name = "2026b._domainkey.example.com", .known = true,
	  .takes_over = NOW + HOUR, .seen = { .state = KEY_DNS_MATCH,
	  .since = NOW - 2 * HOUR, .last = NOW - 240, .testing = true } },
	{ .domain = "example.com", .selector = "ed", .type = KEY_ED25519,
	  .dns_name = "ed._domainkey.example.com", .known = true, .seen = {
	  .state = KEY_DNS_MALFORMED, .since = NOW - DAY, .problem = "no p=" } },
	{ .domain = "shop.example", .selector = "s1" },
};

static struct status_domain domains[] = {
	{ .name = "example.com", .mode = MODE_ENFORCE, .usable = RING_USABLE,
	  .spf_known = KNOWN_VALUE, .spf = SPF_PASS, .dmarc_known = KNOWN_VALUE,
	  .dmarc = DMARC_POLICY_REJECT },
	{ .name = "shop.example", .mode = MODE_AUDIT, .usable = RING_USABLE },
	{ .name = "lost.example", .mode = MODE_ENFORCE, .usable = RING_NOT_IN_DNS,
	  .spf_known = KNOWN_TEMPERROR, .dmarc_known = KNOWN_ABSENT },
	{ .name = "*.example.net", .is_pattern = true, .mode = MODE_ENFORCE },
};

static struct status_egress egresses[] = {
	{ .egress = "default", .address = "192.0.2.1", .helo = "mail.example.com",
	  .ptr_known = KNOWN_VALUE, .ptr_name = "mail.example.com", .ptr_forward = true,
	  .helo_known = KNOWN_VALUE, .helo_forward = true },
	{ .egress = "default", .address = "2001:db8::1", .ptr_known = KNOWN_ABSENT,
	  .helo = "mail.example.com", .helo_known = KNOWN_ABSENT },
	{ .egress = "relay", .address = "smtp.provider.example", .is_relay = true },
};

static struct status_warning warnings[] = {
	{ .domain = "lost.example", .id = "dkim-key-missing of key s1", .text =
	  "DNS shows at s1._domainkey.lost.example: missing", .fix = "Publish it.",
	  .since = NOW - 90 },
};

static int
setup(void **state)
{
	struct counters *counters = counters_new();

	(void)state;
	arena = arena_new();
	memset(&status, 0, sizeof(status));
	counters_read(counters, arena, &status.counts);
	counters_free(&counters);
	status.version = "1.2.3";
	status.now = NOW;
	status.started = NOW - 3 * DAY - 4 * HOUR;
	status.worker_started = status.started;
	status.generation = 1;
	status.loaded = status.started;
	status.config = "/etc/mailworthy/mailworthy.conf";
	status.socket = "unix:/var/spool/postfix/mailworthy/mailworthy.sock";
	status.kill_switch = -1;
	status.fds = 27;
	status.fds_max = 65536;
	status.rss = 21500000;
	status.threads = 11;
	status.cpu_us = 3210000;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void
fill(void)
{
	size_t n;

	status.mode = MODE_ENFORCE;
	status.worker_started = NOW - 120;
	status.restarts = 2;
	status.keys = keys;
	status.n_keys = status.keys_total = sizeof(keys) / sizeof(keys[0]);
	status.domains = domains;
	status.n_domains = sizeof(domains) / sizeof(domains[0]);
	status.domains_total = 1234;
	status.domains_cannot_sign = 1;
	status.egresses = egresses;
	status.n_egresses = sizeof(egresses) / sizeof(egresses[0]);
	status.warnings = warnings;
	status.n_warnings = status.warnings_total = 1;
	status.counts.by_verdict[ACTION_NONE] = 1234567;
	status.counts.by_verdict[ACTION_HOLD] = 30;
	status.counts.messages_total = 1234597;
	status.counts.would[ACTION_REJECT] = 7;
	status.counts.events[COUNTED_RCPT] = 2000000;
	status.counts.events[COUNTED_INBOUND] = 12;
	status.counts.events[COUNTED_CANNOT_SIGN] = 3;
	status.counts.eom = (struct histogram_read){ .counts = { [1] = 99, [8] = 1 },
		.total = 100 };
	status.counts.findings[check_find("subject-long") - check_table(&n)]
	    [FINDING_STANDS] = 1200;
	status.counts.findings[check_find("from-multiple") - check_table(&n)]
	    [FINDING_COVERED] = 5;
	status.counts.findings[check_find("to-missing") - check_table(&n)]
	    [FINDING_SHADOW] = 8;
	status.dns = (struct status_dns){ .queries = 5000, .answers = 4990, .failures = 9,
		.timeouts = 4, .stale = 2, .in_flight = 1, .time = {
		.counts = { [6] = 50, [11] = 50 }, .total = 100 } };
	status.caches[0] = (struct status_cache){ "dns", 1200, 200000, 93000, 7000 };
	status.n_caches = 1;
	status.connections = 4;
	status.messages = 3;
	status.judging = 1;
}

static char *
make_page(bool colour, unsigned width, int *care_r)
{
	struct page page = { .arena = arena, .colour = colour, .width = width };
	const char *document;
	size_t size;
	char *text;

	status_judge(&status, arena);
	document = status_json(&status, arena);
	page.out = open_memstream(&text, &size);
	*care_r = status_page(&page, slice_of(document));
	fclose(page.out);
	return text;
}

static void
compare_golden(const char *name, char *page)
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
		fputs(page, file);
		rewind(file);
	}
	expected[fread(expected, 1, sizeof(expected) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(page, expected);
	free(page);
}

static void
test_fresh(void **state)
{
	int care;
	char *page = make_page(false, 80, &care);

	(void)state;
	assert_int_equal(care, 0);
	compare_golden("status-fresh.txt", page);
}

static void
test_full(void **state)
{
	int care;
	char *page;

	(void)state;
	fill();
	page = make_page(false, 80, &care);
	assert_int_equal(care, 1);
	compare_golden("status-full.txt", page);
	compare_golden("status-colour.txt", make_page(true, 60, &care));
}

/* Of another version, or of somebody else: nothing breaks. */
static void
test_documents(void **state)
{
	static const struct { const char *text; int care; } cases[] = {
		{ "", -1 }, { "{", -1 }, { "[]", -1 }, { "{}", -1 }, { "null", -1 },
		{ "{\"v\":2,\"time\":1}", -1 }, { "{\"v\":1}", -1 },
		{ "{\"v\":1,\"time\":1}", 0 },
		{ "{\"v\":1,\"time\":1,\"care\":[]}", 0 },
		{ "{\"v\":1,\"time\":1,\"care\":[{}]}", 1 },
		{ "{\"v\":1,\"time\":1,\"care\":[7]}", 1 },
		{ "{\"v\":1,\"time\":1,\"domains\":[{},7,{\"domain\":\"a\"}],\"keys\":[{},"
		  "{\"domain\":\"a\"}],\"egress\":[{},3],\"warnings\":[{},{\"id\":\"x\"}],"
		  "\"warnings_total\":2,\"findings\":[{},{\"id\":\"y\",\"stands\":-3}],"
		  "\"caches\":[{}],\"messages\":7,\"dns\":[],\"process\":null}", 0 },
		{ "{\"v\":1,\"time\":1,\"version\":\"\\u001b[31m\\u202e\"}", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct page page = { .arena = arena, .width = 80 };
		size_t size;
		char *text;

		page.out = open_memstream(&text, &size);
		assert_int_equal(status_page(&page, slice_of(cases[i].text)), cases[i].care);
		assert_int_equal(status_care(slice_of(cases[i].text)), cases[i].care);
		fclose(page.out);
		assert_null(strchr(text, '\033'));
		free(text);
	}
}

static void
test_answers(void **state)
{
	static const struct { const char *text, *document, *error; } cases[] = {
		{ "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", NULL },
		{ "HTTP/1.1 200 OK\r\nX: y\r\ncontent-length:  0 \r\n\r\n", "", NULL },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", NULL, "cut short" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", NULL, "cut short" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc", NULL, "cut short" },
		{ "HTTP/1.1 200 OK\r\n\r\nabc", NULL, "cut short" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", NULL, "no mailworthyd" },
		{ "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", NULL, "403 Forbidden" },
		{ "HTTP/1.1 404\r\n\r\n", NULL, "404" },
		{ "HTTP/1.1\r\n\r\n", NULL, "no mailworthyd" },
		{ "220 mail.example.com ESMTP\r\n", NULL, "no mailworthyd" },
		{ "", NULL, "no mailworthyd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].text);
		char *copy = malloc(n > 0 ? n : 1);	/* an over-read is seen */
		const char *error = NULL;
		struct slice document;
		int result;

		memcpy(copy, cases[i].text, n);
		result = ask_read_answer((struct slice){ copy, n }, arena, &document, &error);
		if (cases[i].document == NULL) {
			assert_int_equal(result, -1);
			assert_non_null(strstr(error, cases[i].error));
		} else {
			assert_int_equal(result, 0);
			assert_int_equal(document.n, strlen(cases[i].document));
			assert_memory_equal(document.p, cases[i].document, document.n);
		}
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fresh, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_documents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
