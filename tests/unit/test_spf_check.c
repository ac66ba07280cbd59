/*
 * check_host() over answers that come late: what is asked together, and that
 * records made to do harm cost nothing.  What each rule of RFC 7208 gives is
 * in tests/suites/spf-cases.txt.
 */
#include <time.h>

#include "exact.h"
#include "slow_dns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "evidence/spf/spf.h"

static struct spf_query
query_of(const char *address, const char *domain)
{
	struct spf_query query = {
		.helo = "mail.example.com", .local_part = "user", .domain = domain,
	};

	assert_true(ip_parse(slice_of(address), &query.ip));
	return query;
}

/* Runs to the end; the questions of each round, joined with " / ". */
static const char *
run_rounds(struct arena *arena, struct lookups *lookups, const struct spf_query *query,
    struct spf_answer *answer)
{
	struct buf rounds;

	buf_init(&rounds, arena, 100000);
	while (spf_check(arena, lookups, query, answer) == 1) {
		buf_printf(&rounds, "%s%s", rounds.n > 0 ? " / " : "",
		    slow_dns_open(lookups));
		assert_true(lookups_wait(lookups));
	}
	assert_int_equal(lookups_pending(lookups), 0);
	return buf_str(&rounds);
}

static void
test_rounds(void **state)
{
	static const char zone[] =
	    "example.com TXT \"v=spf1 a mx include:a.example.net include:b.example.net"
	    " exists:%{i}.x.example.com -all\"\n"
	    "example.com A 198.51.100.1\n"
	    "example.com MX 10 mx1.example.com\n"
	    "example.com MX 20 mx2.example.com\n"
	    "example.com MX 0 .\n"
	    "mx1.example.com A 198.51.100.2\n"
	    "mx2.example.com A 198.51.100.3\n"
	    "a.example.net TXT \"v=spf1 include:c.example.net -all\"\n"
	    "b.example.net TXT \"v=spf1 redirect=d.example.net\"\n"
	    "c.example.net TXT \"v=spf1 ip4:198.51.100.4 -all\"\n"
	    "d.example.net TXT \"v=spf1 a:h.example.net -all\"\n"
	    "h.example.net A 192.0.2.1\n";
	static const struct { const char *address, *domain, *rounds; } cases[] = {
		/* All that one record names is asked for at once, then what that names. */
		{ "192.0.2.1", "example.com",
		    "TXT example.com / A example.com, MX example.com, TXT a.example.net,"
		    " TXT b.example.net, A 192.0.2.1.x.example.com / A mx1.example.com,"
		    " A mx2.example.com, TXT c.example.net, TXT d.example.net /"
		    " A h.example.net" },
		/* Nothing behind what certainly ends it. */
		{ "198.51.100.4", "a.example.net", "TXT a.example.net / TXT c.example.net" },
		{ "192.0.2.1", "none.example.com", "TXT none.example.com" },
		{ "192.0.2.1", "localhost", "" },
	};
	struct spf_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct lookups *lookups = slow_dns_new(arena, slice_of(zone));
		struct spf_query query = query_of(cases[i].address, cases[i].domain);

		slow_dns_slow(lookups, true);
		assert_string_equal(run_rounds(arena, lookups, &query, &answer),
		    cases[i].rounds);
		arena_free(&arena);
	}
}

/* What stands behind a network that holds the address is not asked for. */
static void
test_foresight_ends(void **state)
{
	static const struct { const char *record, *second_round; } cases[] = {
		{ "a ip4:192.0.2.0/24 mx", "A example.com" },
		{ "a ip4:198.51.100.0/24 mx", "A example.com, MX example.com" },
		{ "a ?all mx", "A example.com" },
		{ "a -all redirect=x.example.com", "A example.com" },
		{ "a redirect=x.example.com", "A example.com, TXT x.example.com" },
		{ "a ip6:::/0 exists:%{l}.x.example.com",
		    "A example.com, A user.x.example.com" },
		{ "a ptr", "A example.com, PTR 1.2.0.192.in-addr.arpa" },
		{ "a exists:%{p}.x.example.com", "A example.com, PTR 1.2.0.192.in-addr.arpa" },
		{ "a exists:%{h9}. exists:..x.example.com", "" },
		/* Ten terms may ask. */
		{ "a a:1.x.example a:2.x.example a:3.x.example a:4.x.example a:5.x.example"
		    " a:6.x.example a:7.x.example a:8.x.example a:9.x.example a:10.x.example",
		    "A example.com, A 1.x.example, A 2.x.example, A 3.x.example, A 4.x.example,"
		    " A 5.x.example, A 6.x.example, A 7.x.example, A 8.x.example,"
		    " A 9.x.example" },
	};
	struct spf_query query = query_of("192.0.2.1", "example.com");
	struct spf_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct lookups *lookups = slow_dns_new(arena, slice_of(arena_printf(arena,
		    "example.com TXT \"v=spf1 %s\"\n", cases[i].record)));

		slow_dns_slow(lookups, true);
		assert_int_equal(spf_check(arena, lookups, &query, &answer), 1);
		lookups_wait(lookups);
		spf_check(arena, lookups, &query, &answer);
		assert_string_equal(slow_dns_open(lookups), cases[i].second_round);
		arena_free(&arena);
	}
}

static void
test_ttl_and_macros_used(void **state)
{
	static const char zone[] =
	    "example.com TXT \"v=spf1 a include:b.example.com include:c.example.com -all"
	    " exp=%{s}.example.com\"\n"
	    "example.com A 192.0.2.1\n"
	    "b.example.com TXT \"v=spf1 exists:%{h}.x.example.com\"\n"
	    "c.example.com TXT \"v=spf1 a:%{L1}.example.com\"\n";
	struct arena *arena = arena_new();
	struct lookups *lookups = slow_dns_new(arena, slice_of(zone));
	struct spf_query query = query_of("192.0.2.1", "example.com");
	struct spf_answer answer;

	(void)state;
	slow_dns_ttl(lookups, "example.com", DNS_TXT, 200);
	slow_dns_ttl(lookups, "b.example.com", DNS_TXT, 50);
	assert_int_equal(spf_check(arena, lookups, &query, &answer), 0);
	assert_int_equal(answer.result, SPF_PASS);
	assert_int_equal(answer.ttl, 200);
	assert_false(answer.uses_helo);
	assert_false(answer.uses_local_part);
	assert_string_equal(answer.record, "v=spf1 a include:b.example.com"
	    " include:c.example.com -all exp=%{s}.example.com");
	assert_int_equal(answer.records_found, 1);
	assert_null(answer.problem);

	query = query_of("192.0.2.2", "example.com");
	assert_int_equal(spf_check(arena, lookups, &query, &answer), 0);
	assert_int_equal(answer.result, SPF_FAIL);
	assert_int_equal(answer.ttl, 50);
	assert_true(answer.uses_helo);
	assert_true(answer.uses_local_part);
	query.domain = "localhost";
	assert_int_equal(spf_check(arena, lookups, &query, &answer), 0);
	assert_int_equal(answer.ttl, 0);
	assert_string_equal(answer.record, "");
	arena_free(&arena);
}

/* Remote text in what people read is harmless. */
static void
test_texts_are_harmless(void **state)
{
	static const char zone[] = "example.com TXT \"v=spf1 \\027[31m\\010x -all\"\n";
	struct arena *arena = arena_new();
	struct lookups *lookups = slow_dns_new(arena, slice_of(zone));
	struct spf_query query = query_of("192.0.2.1", "example.com");
	struct spf_answer answer;

	(void)state;
	assert_int_equal(spf_check(arena, lookups, &query, &answer), 0);
	assert_int_equal(answer.result, SPF_PERMERROR);
	assert_string_equal(answer.term, "\\x1B[31m\\x0Ax");
	assert_null(strpbrk(answer.problem, "\033\n"));
	assert_null(strpbrk(answer.record, "\033\n"));
	arena_free(&arena);
}

static double
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

/* Records made to do harm: result, time, memory and number of questions. */
static void
harm(struct slice zone, const char *local_part, enum spf_result result, bool slow)
{
	struct arena *arena = arena_new(), *own = arena_new();
	struct lookups *lookups = slow_dns_new(own, zone);
	struct spf_query query = query_of("192.0.2.1", "example.com");
	struct spf_answer answer;
	enum spf_result second;
	double start = milliseconds();
	bool asked;

	query.local_part = local_part;
	slow_dns_slow(lookups, slow);
	while (spf_check(arena, lookups, &query, &answer) == 1)
		assert_true(lookups_wait(lookups));
	assert_int_equal(answer.result, result);
	while (spf_second_opinion(arena, lookups, &query, &asked, &second) == 1)
		assert_true(lookups_wait(lookups));
	assert_true(milliseconds() - start < 2000);	/* with sanitizers on a busy host */
	assert_true(arena_size(arena) < 40 << 20);
	assert_true(lookups_queries(lookups) <= 250);
	arena_free(&arena);
	arena_free(&own);
}

static struct buf
zone_new(struct arena *arena)
{
	struct buf zone;

	buf_init(&zone, arena, 4 << 20);
	return zone;
}

static void
repeat(struct buf *zone, const char *text, size_t n)
{
	while (n-- > 0)
		buf_add_str(zone, text);
}

static struct slice
zone_of(const struct buf *zone)
{
	return (struct slice){ zone->p, zone->n };
}

static void
test_harm_macros(void **state)
{
	struct arena *arena = arena_new();
	struct buf zone = zone_new(arena);
	char *local = calloc(1, 2001);

	(void)state;
	assert_non_null(local);
	/* 125 macros, 4,000 literal bytes. */
	buf_add_str(&zone, "example.com TXT \"v=spf1 exists:");
	repeat(&zone, "%{l}", 125);
	repeat(&zone, "x", 4000);
	buf_add_str(&zone, ".example -all\"\n");
	harm(zone_of(&zone), "user", SPF_FAIL, false);

	/* A record of macros only, each as long as can be, ten times over. */
	zone = zone_new(arena);
	memset(local, 'a', 2000);
	for (int i = 0; i < 10; i++) {
		buf_printf(&zone, "%d.example.com TXT \"v=spf1 include:", i);
		repeat(&zone, "%{S}", 15000);
		buf_printf(&zone, ".%d.example.com\"\n", i + 1);
	}
	buf_add_str(&zone, "example.com TXT \"v=spf1 redirect=0.example.com\"\n");
	harm(zone_of(&zone), local, SPF_PERMERROR, true);
	harm(zone_of(&zone), "u", SPF_PERMERROR, true);
	free(local);
	arena_free(&arena);
}

/* The explanation that overflows libspf2's stack: 127 macros and 100 bytes. */
static void
test_harm_explanation(void **state)
{
	struct arena *arena = arena_new();
	struct buf zone = zone_new(arena);

	(void)state;
	buf_add_str(&zone, "example.com TXT \"v=spf1 -all exp=x.example.com\"\n"
	    "x.example.com TXT \"");
	repeat(&zone, "%{l}", 127);
	repeat(&zone, "y", 100);
	buf_add_str(&zone, "\"\n");
	harm(zone_of(&zone), "user", SPF_FAIL, false);
	arena_free(&arena);
}

static void
test_harm_trees(void **state)
{
	struct arena *arena = arena_new();
	struct buf zone = zone_new(arena);

	(void)state;
	/* Ten includes in each of ten in each of ten. */
	buf_add_str(&zone, "example.com TXT \"v=spf1");
	for (int i = 0; i < 10; i++)
		buf_printf(&zone, " include:%d.example.com", i);
	buf_add_str(&zone, " -all\"\n");
	for (int i = 0; i < 10; i++) {
		buf_printf(&zone, "%d.example.com TXT \"v=spf1", i);
		for (int j = 0; j < 10; j++)
			buf_printf(&zone, " include:%d.%d.example.com", j, i);
		buf_add_str(&zone, " -all\"\n");
		for (int j = 0; j < 10; j++) {
			buf_printf(&zone, "%d.%d.example.com TXT \"v=spf1", j, i);
			for (int k = 0; k < 10; k++)
				buf_printf(&zone, " include:leaf.example.com");
			buf_add_str(&zone, " -all\"\n");
		}
	}
	buf_add_str(&zone, "leaf.example.com TXT \"v=spf1 -all\"\n");
	harm(zone_of(&zone), "user", SPF_PERMERROR, false);
	harm(zone_of(&zone), "user", SPF_PERMERROR, true);
	arena_free(&arena);
}

static void
test_harm_loops(void **state)
{
	static const struct { const char *zone; enum spf_result result; } cases[] = {
		{ "example.com TXT \"v=spf1 include:example.com -all\"\n", SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 redirect=example.com\"\n", SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 redirect=a.example.com\"\n"
		    "a.example.com TXT \"v=spf1 include:example.com\"\n", SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 include:%{d2r}.%{d2r}.%{d2r}.%{d2r}.x.example\"\n",
		    SPF_PERMERROR },
		/* The name grows as long as a name can. */
		{ "example.com TXT \"v=spf1 include:%{d}.%{d}.example.net\"\n"
		    "example.com.example.com.example.net TXT"
		    " \"v=spf1 include:%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}.%{d}\"\n",
		    SPF_PERMERROR },
		{ "example.com TXT \"v=spf1 a:%{p}.%{p}.%{p} ptr:%{p} -all\"\n"
		    "1.2.0.192.in-addr.arpa PTR example.com\nexample.com A 192.0.2.1\n",
		    SPF_PASS },
		{ "example.com TXT \"v=spf1 include:%{d2}.. -all\"\n", SPF_PERMERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		harm(slice_of(cases[i].zone), "user", cases[i].result, false);
		harm(slice_of(cases[i].zone), "user", cases[i].result, true);
	}
}

static void
test_harm_sizes(void **state)
{
	struct arena *arena = arena_new();
	struct buf zone = zone_new(arena);

	(void)state;
	buf_add_str(&zone, "example.com TXT \"v=spf1");
	repeat(&zone, " ip4:198.51.100.1", 3800);
	buf_add_str(&zone, " -all\"\n");
	harm(zone_of(&zone), "user", SPF_FAIL, false);

	zone = zone_new(arena);
	buf_add_str(&zone, "example.com TXT \"v=spf1");
	repeat(&zone, " a", 32000);
	buf_add_str(&zone, "\"\n");
	harm(zone_of(&zone), "user", SPF_PERMERROR, false);

	/* Each of ten records just under the limit of the whole tree. */
	zone = zone_new(arena);
	buf_add_str(&zone, "example.com TXT \"v=spf1 include:0.example.com\"\n");
	for (int i = 0; i < 11; i++) {
		buf_printf(&zone, "%d.example.com TXT \"v=spf1", i);
		repeat(&zone, " ip4:1.2.3.4", 1500);
		buf_printf(&zone, " include:%d.example.com ?all\"\n", i + 1);
	}
	harm(zone_of(&zone), "user", SPF_PERMERROR, true);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_foresight_ends),
		cmocka_unit_test(test_ttl_and_macros_used),
		cmocka_unit_test(test_texts_are_harmless),
		cmocka_unit_test(test_harm_macros),
		cmocka_unit_test(test_harm_explanation),
		cmocka_unit_test(test_harm_trees),
		cmocka_unit_test(test_harm_loops),
		cmocka_unit_test(test_harm_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
