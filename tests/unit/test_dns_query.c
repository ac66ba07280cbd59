/*
 * The resolver over a backend that the test commands: age of answers, joined
 * questions, stale answers, budget and deadline.
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
#include "base/clock.h"
#include "dns/backend.h"
#include "dns/dns.h"

enum { OPEN_MAX_TEST = 2100 };

/* Keeps the questions until the test answers them. */
struct puppet {
	struct dns_backend backend;
	struct dns_query *open[OPEN_MAX_TEST];
	size_t n_open;
	size_t n_asked;
};

struct rig {
	struct arena *arena;
	struct clock_fake clock;
	struct puppet *puppet;
	struct dns *dns;
};

static void
puppet_start(struct dns_backend *backend, struct dns_query *query)
{
	struct puppet *puppet = (struct puppet *)backend;

	assert_true(puppet->n_open < OPEN_MAX_TEST);
	puppet->open[puppet->n_open++] = query;
	puppet->n_asked++;
}

static void
puppet_free(struct dns_backend *backend)
{
	struct puppet *puppet = (struct puppet *)backend;

	while (puppet->n_open > 0)
		dns_query_abort(puppet->open[--puppet->n_open]);
	free(puppet);
}

static struct rig
rig_new(void)
{
	struct rig rig = { .arena = arena_new() };

	return rig;
}

static void
rig_open(struct rig *rig)
{
	clock_fake_init(&rig->clock, 1700000000);
	rig->puppet = calloc(1, sizeof(*rig->puppet));
	rig->puppet->backend.start = puppet_start;
	rig->puppet->backend.free = puppet_free;
	rig->dns = dns_new_backend(&rig->puppet->backend, &rig->clock.clock);
}

static void
rig_close(struct rig *rig)
{
	arena_free(&rig->arena);
	dns_free(&rig->dns);
}

static struct lookups *
message(struct rig *rig)
{
	return lookups_new(rig->dns, rig->arena, 10, DNS_QUERIES_MAX);
}

/* Answers the oldest open question with one TXT record. */
static void
answer_text(struct rig *rig, const char *text, uint32_t ttl)
{
	struct dns_rr rr = { .text = slice_of(text), .n_strings = 1 };
	struct dns_answer answer = { .status = DNS_OK, .rrs = &rr, .n = 1, .ttl = ttl,
		.server = "192.0.2.53@53" };

	assert_true(rig->puppet->n_open > 0);
	rig->puppet->n_open--;
	dns_query_done(rig->puppet->open[0], &answer);
	memmove(rig->puppet->open, rig->puppet->open + 1,
	    rig->puppet->n_open * sizeof(rig->puppet->open[0]));
}

static void
answer_status(struct rig *rig, enum dns_status status, uint32_t ttl)
{
	struct dns_answer answer = { .status = status, .ttl = ttl };

	assert_true(rig->puppet->n_open > 0);
	answer.error = status == DNS_TEMPFAIL ? "broken" : NULL;
	dns_query_done(rig->puppet->open[--rig->puppet->n_open], &answer);
}

static const struct dns_answer *
get(struct lookups *lookups, const char *name)
{
	return dns_get(lookups, name, DNS_TXT);
}

static void
seconds(struct rig *rig, int64_t n)
{
	clock_fake_advance(&rig->clock, n * 1000000);
}

static void
test_ttl(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *first, *later;
	struct lookups *lookups;
	struct dns_stats stats;

	(void)state;
	rig_open(&rig);
	lookups = message(&rig);
	first = get(lookups, "a.example.com");
	assert_int_equal(first->status, DNS_PENDING);
	assert_string_equal(first->canonical, "a.example.com");
	assert_int_equal(lookups_pending(lookups), 1);
	answer_text(&rig, "one", 100);
	/* Nothing changes under a collector's hands. */
	assert_int_equal(get(lookups, "a.example.com")->status, DNS_PENDING);
	assert_true(lookups_wait(lookups));
	assert_int_equal(first->status, DNS_OK);
	assert_true(slice_is(first->rrs[0].text, "one"));
	assert_string_equal(first->server, "192.0.2.53@53");
	assert_int_equal(first->ttl, 100);
	/* From the cache, younger by what has passed. */
	seconds(&rig, 60);
	lookups = message(&rig);
	later = get(lookups, "A.EXAMPLE.COM");
	assert_int_equal(later->status, DNS_OK);
	assert_int_equal(later->ttl, 40);
	assert_int_equal(lookups_queries(lookups), 0);
	assert_int_equal(rig.puppet->n_asked, 1);
	/* Expired: asked again; the message that has it keeps it. */
	seconds(&rig, 41);
	assert_int_equal(get(lookups, "a.example.com")->status, DNS_OK);
	lookups = message(&rig);
	later = get(lookups, "a.example.com");
	assert_int_equal(later->status, DNS_PENDING);
	assert_int_equal(lookups_queries(lookups), 1);
	answer_text(&rig, "two", 100);
	assert_true(lookups_wait(lookups));
	assert_true(slice_is(later->rrs[0].text, "two"));
	assert_false(later->stale);
	assert_true(slice_is(first->rrs[0].text, "one"));
	dns_stats(rig.dns, &stats);
	assert_int_equal(stats.queries, 2);
	assert_int_equal(stats.answers, 2);
	assert_int_equal(stats.cache_hits, 1);
	assert_int_equal(stats.cache_misses, 2);
	assert_int_equal(stats.clear, 2);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(stats.times.total, 2);
	assert_int_equal(stats.in_flight, 0);
	assert_int_equal(stats.cache_entries, 1);
	rig_close(&rig);
}

/* Seconds after which the answer is asked for anew. */
static uint32_t
remembered(enum dns_status status, uint32_t ttl)
{
	struct rig rig = rig_new();
	struct lookups *lookups;
	uint32_t left;

	rig_open(&rig);
	lookups = message(&rig);
	get(lookups, "a.example.com");
	if (status == DNS_OK)
		answer_text(&rig, "x", ttl);
	else
		answer_status(&rig, status, ttl);
	lookups_wait(lookups);
	lookups = message(&rig);
	left = get(lookups, "a.example.com")->ttl;
	rig_close(&rig);
	return left;
}

static void
test_ttl_bounds(void **state)
{
	(void)state;
	assert_int_equal(remembered(DNS_OK, 0), 0);
	assert_int_equal(remembered(DNS_OK, 1), 1);
	assert_int_equal(remembered(DNS_OK, 604800), 86400);
	assert_int_equal(remembered(DNS_NODATA, 77), 77);
	assert_int_equal(remembered(DNS_NXDOMAIN, 77), 77);
	assert_int_equal(remembered(DNS_NXDOMAIN, 86400), 3600);
	assert_int_equal(remembered(DNS_TEMPFAIL, 86400), 30);
}

static void
test_refresh_before_the_end(void **state)
{
	struct rig rig = rig_new();
	struct lookups *lookups;

	(void)state;
	rig_open(&rig);
	lookups = message(&rig);
	get(lookups, "a.example.com");
	answer_text(&rig, "one", 100);
	lookups_wait(lookups);
	seconds(&rig, 89);
	get(message(&rig), "a.example.com");
	assert_int_equal(rig.puppet->n_open, 0);
	seconds(&rig, 2);
	lookups = message(&rig);
	assert_int_equal(get(lookups, "a.example.com")->ttl, 9);
	assert_int_equal(rig.puppet->n_open, 1);
	assert_int_equal(lookups_queries(lookups), 0);
	/* Once is enough. */
	get(message(&rig), "a.example.com");
	assert_int_equal(rig.puppet->n_open, 1);
	/* A failure does no harm while the old answer is good. */
	answer_status(&rig, DNS_TEMPFAIL, 0);
	assert_true(slice_is(get(message(&rig), "a.example.com")->rrs[0].text, "one"));
	assert_int_equal(rig.puppet->n_open, 1);
	answer_text(&rig, "two", 100);
	lookups = message(&rig);
	assert_true(slice_is(get(lookups, "a.example.com")->rrs[0].text, "two"));
	assert_int_equal(get(message(&rig), "a.example.com")->ttl, 100);
	rig_close(&rig);
}

static void
test_joined(void **state)
{
	struct rig rig = rig_new();
	struct arena *other = arena_new();
	struct lookups *one, *two;
	const struct dns_answer *of_one, *of_two;

	(void)state;
	rig_open(&rig);
	one = message(&rig);
	two = lookups_new(rig.dns, other, 10, 10);
	of_one = get(one, "a.example.com");
	of_two = get(two, "A.example.com.");
	assert_int_equal(dns_get(two, "a.example.com", DNS_A)->status, DNS_PENDING);
	assert_int_equal(rig.puppet->n_asked, 2);
	answer_text(&rig, "x", 100);
	assert_true(lookups_wait(one));
	assert_true(lookups_wait(two));
	assert_int_equal(of_one->status, DNS_OK);
	assert_int_equal(of_two->status, DNS_OK);
	assert_ptr_not_equal(of_one->rrs, of_two->rrs);
	assert_int_equal(lookups_pending(two), 1);
	/* A message that goes away leaves its question to the cache. */
	arena_free(&other);
	answer_status(&rig, DNS_NODATA, 60);
	assert_int_equal(dns_get(one, "a.example.com", DNS_A)->status, DNS_NODATA);
	rig_close(&rig);
}

static void
test_stale(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *answer;
	struct lookups *lookups;
	struct dns_stats stats;

	(void)state;
	rig_open(&rig);
	lookups = message(&rig);
	get(lookups, "a.example.com");
	answer_text(&rig, "good", 100);
	lookups_wait(lookups);
	seconds(&rig, 101);
	lookups = message(&rig);
	answer = get(lookups, "a.example.com");
	assert_int_equal(answer->status, DNS_PENDING);
	answer_status(&rig, DNS_TEMPFAIL, 0);
	lookups_wait(lookups);
	assert_int_equal(answer->status, DNS_OK);
	assert_true(answer->stale);
	assert_true(slice_is(answer->rrs[0].text, "good"));
	/* For half a minute nobody asks again. */
	seconds(&rig, 29);
	answer = get(message(&rig), "a.example.com");
	assert_true(answer->stale);
	assert_int_equal(answer->ttl, 1);
	assert_int_equal(rig.puppet->n_open, 0);
	dns_stats(rig.dns, &stats);
	assert_int_equal(stats.stale, 2);
	assert_int_equal(stats.clear, 1);
	assert_int_equal(stats.failures, 1);
	/* Up to a day after it ended. */
	seconds(&rig, 86400 - 31);
	lookups = message(&rig);
	answer = get(lookups, "a.example.com");
	answer_status(&rig, DNS_TEMPFAIL, 0);
	lookups_wait(lookups);
	assert_true(answer->stale);
	seconds(&rig, 31);
	lookups = message(&rig);
	answer = get(lookups, "a.example.com");
	answer_status(&rig, DNS_TEMPFAIL, 0);
	lookups_wait(lookups);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_false(answer->stale);
	assert_string_equal(answer->error, "broken");
	/* DNS is back. */
	seconds(&rig, 31);
	lookups = message(&rig);
	answer = get(lookups, "a.example.com");
	answer_text(&rig, "new", 100);
	lookups_wait(lookups);
	assert_true(slice_is(answer->rrs[0].text, "new"));
	assert_false(answer->stale);
	rig_close(&rig);
}

/* A clear "no" is stale data too, and a later clear "no" replaces data. */
static void
test_stale_no(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *answer;
	struct lookups *lookups;

	(void)state;
	rig_open(&rig);
	lookups = message(&rig);
	get(lookups, "a.example.com");
	answer_text(&rig, "good", 100);
	lookups_wait(lookups);
	seconds(&rig, 101);
	lookups = message(&rig);
	answer = get(lookups, "a.example.com");
	answer_status(&rig, DNS_NXDOMAIN, 60);
	lookups_wait(lookups);
	assert_int_equal(answer->status, DNS_NXDOMAIN);
	assert_false(answer->stale);
	seconds(&rig, 61);
	lookups = message(&rig);
	answer = get(lookups, "a.example.com");
	answer_status(&rig, DNS_TEMPFAIL, 0);
	lookups_wait(lookups);
	assert_int_equal(answer->status, DNS_NXDOMAIN);
	assert_true(answer->stale);
	rig_close(&rig);
}

/* A remembered failure is waited for 0.3 s only. */
static void
test_failed_before(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *answer;
	struct lookups *lookups;
	int64_t start_us;

	(void)state;
	rig_open(&rig);
	lookups = message(&rig);
	get(lookups, "a.example.com");
	answer_status(&rig, DNS_TEMPFAIL, 0);
	lookups_wait(lookups);
	answer = get(message(&rig), "a.example.com");
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_false(answer->over_budget);
	seconds(&rig, 31);
	lookups = message(&rig);
	answer = get(lookups, "a.example.com");
	assert_int_equal(answer->status, DNS_PENDING);
	start_us = clock_mono_us(&clock_system);
	while (lookups_wait(lookups))
		;
	start_us = clock_mono_us(&clock_system) - start_us;
	assert_in_range(start_us, 250000, 900000);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->error, "broken");
	assert_false(lookups_over(lookups));
	/* The question goes on, for the next message. */
	answer_text(&rig, "mended", 100);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_int_equal(get(message(&rig), "a.example.com")->status, DNS_OK);
	rig_close(&rig);
}

static void
test_budget(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *answer;
	struct lookups *lookups;

	(void)state;
	rig_open(&rig);
	lookups = message(&rig);
	get(lookups, "old.example.com");
	answer_text(&rig, "old", 10);
	lookups_wait(lookups);
	seconds(&rig, 11);
	lookups = lookups_new(rig.dns, rig.arena, 10, 2);
	get(lookups, "a.example.com");
	get(lookups, "b.example.com");
	assert_false(lookups_over(lookups));
	answer = get(lookups, "c.example.com");
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_true(answer->over_budget);
	assert_string_equal(answer->error,
	    "the limit of 2 DNS queries for one message is reached");
	assert_string_equal(answer->canonical, "c.example.com");
	assert_true(lookups_over(lookups));
	assert_int_equal(lookups_queries(lookups), 2);
	/* An old answer is better than none, and a fresh one is free. */
	answer = get(lookups, "old.example.com");
	assert_int_equal(answer->status, DNS_OK);
	assert_true(answer->stale);
	answer_text(&rig, "a", 100);
	lookups = lookups_new(rig.dns, rig.arena, 10, 0);
	assert_int_equal(get(lookups, "a.example.com")->status, DNS_OK);
	assert_false(lookups_over(lookups));
	rig_close(&rig);
}

static void
test_deadline(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *answer;
	struct lookups *lookups;

	(void)state;
	rig_open(&rig);
	lookups = lookups_new(rig.dns, rig.arena, 1, 10);
	answer = get(lookups, "a.example.com");
	get(lookups, "b.example.com");
	while (lookups_wait(lookups))
		;
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_true(answer->over_budget);
	assert_string_equal(answer->error,
	    "DNS had not answered after the 1 s that one message may take");
	assert_true(lookups_over(lookups));
	assert_true(get(lookups, "c.example.com")->over_budget);
	/* What comes late is there for the next message. */
	answer_text(&rig, "late", 100);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_int_equal(get(message(&rig), "a.example.com")->status, DNS_OK);
	rig_close(&rig);
}

static void
test_in_flight(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *answer;
	struct lookups *lookups;
	char name[40];

	(void)state;
	rig_open(&rig);
	lookups = lookups_new(rig.dns, rig.arena, 10, 5000);
	for (int i = 0; i < 2001; i++) {
		snprintf(name, sizeof(name), "n%d.example.com", i);
		answer = get(lookups, name);
		assert_int_equal(answer->status, i < 2000 ? DNS_PENDING : DNS_TEMPFAIL);
	}
	assert_true(answer->over_budget);
	assert_string_equal(answer->error, "too many DNS queries are under way");
	answer_text(&rig, "x", 100);
	assert_int_equal(get(lookups, "more.example.com")->status, DNS_PENDING);
	rig_close(&rig);
}

static void
test_many_records(void **state)
{
	struct dns_rr rrs[300];
	struct dns_answer answer = { .status = DNS_OK, .rrs = rrs, .n = 300, .ttl = 9,
		.canonical = "there.example.org", .secure = true };
	struct rig rig = rig_new();
	const struct dns_answer *got;
	struct lookups *lookups;

	(void)state;
	memset(rrs, 0, sizeof(rrs));
	for (unsigned i = 0; i < 300; i++) {
		rrs[i].name = i % 2 == 0 ? "mx.example.com" : "";
		rrs[i].preference = i;
	}
	rig_open(&rig);
	lookups = message(&rig);
	got = dns_get(lookups, "a.example.com", DNS_MX);
	dns_query_done(rig.puppet->open[--rig.puppet->n_open], &answer);
	lookups_wait(lookups);
	assert_int_equal(got->n, DNS_RRS_MAX);
	assert_string_equal(got->canonical, "there.example.org");
	assert_string_equal(got->rrs[254].name, "mx.example.com");
	assert_string_equal(got->rrs[255].name, "");
	assert_int_equal(got->rrs[255].preference, 255);
	assert_null(got->rrs[0].text.p);
	assert_true(got->secure);
	assert_null(got->server);
	rig_close(&rig);
}

/* A second opinion is another query, whatever is kept or under way. */
static void
test_again(void **state)
{
	struct rig rig = rig_new();
	struct lookups *lookups;
	const struct dns_answer *first, *again;

	(void)state;
	rig_open(&rig);
	get(message(&rig), "a.example.com");
	again = dns_get_again(message(&rig), "a.example.com", DNS_TXT);
	assert_int_equal(again->type, DNS_TXT);
	assert_string_equal(again->name, "a.example.com");
	assert_int_equal(rig.puppet->n_open, 2);
	answer_text(&rig, "one", 100);
	answer_text(&rig, "two", 100);
	lookups = message(&rig);
	first = get(lookups, "a.example.com");
	assert_true(slice_is(first->rrs[0].text, "one"));
	again = dns_get_again(lookups, "A.example.com", DNS_TXT);
	assert_int_equal(again->status, DNS_PENDING);
	assert_int_equal(lookups_queries(lookups), 1);
	/* A failure is one, and costs nobody the answer that is kept. */
	answer_status(&rig, DNS_TEMPFAIL, 0);
	lookups_wait(lookups);
	assert_int_equal(again->status, DNS_TEMPFAIL);
	assert_ptr_equal(dns_get_again(lookups, "a.example.com", DNS_TXT), again);
	assert_true(slice_is(get(message(&rig), "a.example.com")->rrs[0].text, "one"));
	lookups = message(&rig);
	again = dns_get_again(lookups, "a.example.com", DNS_TXT);
	assert_int_equal(again->status, DNS_PENDING);
	answer_status(&rig, DNS_NXDOMAIN, 100);
	lookups_wait(lookups);
	assert_int_equal(again->status, DNS_NXDOMAIN);
	rig_close(&rig);
}

static void
test_limit(void **state)
{
	struct rig rig = rig_new();
	struct lookups *lookups;

	(void)state;
	rig_open(&rig);
	lookups = message(&rig);
	get(lookups, "a.example.com");
	lookups_limit(lookups, 60);
	lookups_limit(lookups, 0);
	assert_true(lookups_wait(lookups));
	assert_int_equal(get(lookups, "a.example.com")->status, DNS_TEMPFAIL);
	assert_true(lookups_over(lookups));
	rig_close(&rig);
}

/* The resolver ends while questions are open. */
static void
test_end(void **state)
{
	struct rig rig = rig_new();

	(void)state;
	rig_open(&rig);
	get(message(&rig), "a.example.com");
	get(message(&rig), "b.example.com");
	rig_close(&rig);
	assert_null(rig.dns);
	dns_free(&rig.dns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_ttl_bounds),
		cmocka_unit_test(test_refresh_before_the_end),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_stale_no),
		cmocka_unit_test(test_failed_before),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_in_flight),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
