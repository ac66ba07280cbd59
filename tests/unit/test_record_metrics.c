/*
 * Metrics as text, the same standing as JSON, and what needs care.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "record/status.h"
#include "record/writer.h"

struct rig {
	struct arena *arena;
	struct counters *counters;
	struct status status;
	struct status_domain domains[2];
	struct status_key keys[2];
	struct buf text;
};

static void
begin(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->arena = arena_new();
	rig->counters = counters_new();
	counters_read(rig->counters, rig->arena, &rig->status.counts);
	rig->status.version = "1.2.3";
	rig->status.now = 2000000;
	rig->status.kill_switch = -1;
	rig->status.domains = rig->domains;
	rig->status.keys = rig->keys;
	rig->domains[0] = (struct status_domain){ .name = "a.example",
		.mode = MODE_ENFORCE, .usable = RING_NOT_IN_DNS };
	rig->domains[1] = (struct status_domain){ .name = "b.example",
		.mode = MODE_AUDIT, .usable = RING_NOT_IN_DNS };
	buf_init(&rig->text, rig->arena, STATUS_TEXT_MAX);
}

static void
end(struct rig *rig)
{
	counters_free(&rig->counters);
	arena_free(&rig->arena);
}

static void
assert_line(const struct rig *rig, const char *line)
{
	const char *text = buf_str(&rig->text), *at = strstr(text, line);

	while (at != NULL && (at[strlen(line)] != '\n' || (at > text && at[-1] != '\n')))
		at = strstr(at + 1, line);
	if (at == NULL)
		fail_msg("no line \"%s\"", line);
}

static void
test_labels(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig);
	rig.keys[0] = (struct status_key){ .domain = "a.example", .selector = "q\"b\\s\nl",
		.known = true, .seen = { .state = KEY_DNS_MATCH, .last_match = 77 },
		.signs = true };
	rig.keys[1] = (struct status_key){ .domain = "b\xc3\xbc.\xff", .selector = "\\xff",
		.type = KEY_ED25519 };
	rig.status.n_keys = 2;
	status_metrics(&rig.status, &rig.text);
	/* in a label \" is a quote and \\ a backslash */
	assert_line(&rig, "mailworthy_key_signs{domain=\"a.example\","
	    "selector=\"q\\\"b\\\\x5Cs\\\\x0Al\",algorithm=\"rsa-sha256\"} 1");
	assert_line(&rig, "mailworthy_key_last_match_time_seconds{domain=\"a.example\","
	    "selector=\"q\\\"b\\\\x5Cs\\\\x0Al\",algorithm=\"rsa-sha256\"} 77");
	assert_line(&rig, "mailworthy_key_state{domain=\"b\xc3\xbc.\\\\xFF\","
	    "selector=\"\\\\x5Cxff\",algorithm=\"ed25519-sha256\",state=\"unknown\"} 1");
	end(&rig);
}

static void
test_histogram(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig);
	rig.status.dns.time = (struct histogram_read){ .counts = { [1] = 2,
		[HISTOGRAM_STEPS] = 1 }, .total = 3, .sum_us = 12345678 };
	rig.status.cpu_us = 1000001;
	status_metrics(&rig.status, &rig.text);
	assert_line(&rig, "mailworthy_dns_query_seconds_bucket{le=\"0.000500\"} 0");
	assert_line(&rig, "mailworthy_dns_query_seconds_bucket{le=\"0.001000\"} 2");
	assert_line(&rig, "mailworthy_dns_query_seconds_bucket{le=\"10.000000\"} 2");
	assert_line(&rig, "mailworthy_dns_query_seconds_bucket{le=\"+Inf\"} 3");
	assert_line(&rig, "mailworthy_dns_query_seconds_sum 12.345678");
	assert_line(&rig, "mailworthy_dns_query_seconds_count 3");
	assert_line(&rig, "process_cpu_seconds_total 1.000001");
	end(&rig);
}

/* What never happened is told as 0, so that the first time is seen as a rise. */
static void
test_zeros(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig);
	status_metrics(&rig.status, &rig.text);
	assert_line(&rig, "mailworthy_messages_total{verdict=\"reject\",mode=\"enforce\","
	    "stream=\"bulk\"} 0");
	assert_line(&rig, "mailworthy_findings_total{check=\"from-multiple\","
	    "state=\"stands\"} 0");
	assert_line(&rig, "mailworthy_cannot_sign_total 0");
	assert_line(&rig, "mailworthy_build_info{version=\"1.2.3\"} 1");
	assert_line(&rig, "mailworthy_config_last_reload_successful 1");
	assert_false(rig.text.truncated);
	end(&rig);
}

static void
test_care(void **state)
{
	struct rig rig;

	(void)state;
	begin(&rig);
	status_judge(&rig.status, rig.arena);
	assert_int_equal(rig.status.n_care, 0);
	assert_false(status_has_error(&rig.status));

	rig.status.reload_error = "/f:3: modus: unknown option";
	rig.status.kill_switch = MODE_AUDIT;
	rig.status.restarts = 1;
	rig.status.worker_started = rig.status.now - 60;
	status_judge(&rig.status, rig.arena);
	assert_int_equal(rig.status.n_care, 3);
	assert_non_null(strstr(rig.status.care[0].text, "modus"));
	assert_false(status_has_error(&rig.status));
	/* after an hour it is no news */
	rig.status.worker_started = rig.status.now - 3700;
	status_judge(&rig.status, rig.arena);
	assert_int_equal(rig.status.n_care, 2);

	rig.status.n_domains = rig.status.domains_total = 2;
	rig.status.domains_cannot_sign = 1;
	status_judge(&rig.status, rig.arena);
	assert_true(status_has_error(&rig.status));
	assert_non_null(strstr(rig.status.care[0].text, "a.example"));
	assert_null(strstr(rig.status.care[0].text, "b.example"));
	end(&rig);
}

static void
test_care_dns(void **state)
{
	static const struct { uint64_t recent, failures; bool error; } cases[] = {
		{ 0, 0, false }, { 3, 3, false }, { 4, 2, false }, { 4, 3, true },
		{ 1000, 500, false }, { 1000, 501, true },
	};
	struct rig rig;

	(void)state;
	begin(&rig);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig.status.dns.recent = cases[i].recent;
		rig.status.dns.recent_failures = cases[i].failures;
		status_judge(&rig.status, rig.arena);
		assert_int_equal(status_has_error(&rig.status), cases[i].error);
	}
	end(&rig);
}

static json_t *
read_json(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

static void
test_json(void **state)
{
	struct rig rig;
	json_t *json, *key;

	(void)state;
	begin(&rig);
	rig.keys[0] = (struct status_key){ .domain = "\xff.example", .selector = "s1",
		.known = true, .seen = { .state = KEY_DNS_MALFORMED, .problem = "p= \x01" },
		.takes_over = 42, .superseded_by = "s\n2" };
	rig.status.n_keys = 1;
	json = read_json(status_json(&rig.status, rig.arena));
	key = json_array_get(json_object_get(json, "keys"), 0);
	assert_string_equal(json_string_value(json_object_get(key, "domain")),
	    "\\xFF.example");
	assert_string_equal(json_string_value(json_object_get(key, "problem")), "p= \\x01");
	assert_int_equal(json_integer_value(json_object_get(key, "takes_over")), 42);
	assert_string_equal(json_string_value(json_object_get(key, "superseded_by")),
	    "s\\x0A2");
	assert_true(json_is_null(json_object_get(key, "last_match")));
	assert_true(json_is_null(json_object_get(json, "mode_override")));
	json_decref(json);

	json = read_json(status_health_json(&rig.status, rig.arena));
	assert_string_equal(json_string_value(json_object_get(json, "status")), "ok");
	json_decref(json);
	end(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_care),
		cmocka_unit_test(test_care_dns),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
