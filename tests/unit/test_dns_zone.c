/*
 * The resolver over zone text: syntax, names, wildcards, chains, faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "dns/dns.h"

static const char zone_text[] =
    "; a comment\n"
    "\n"
    "example.com 3600 SOA ns.example.com. admin.example.com 1 2 3 4 120\n"
    "example.com 600 MX 10 MX1.example.com.\r\n"
    "example.com IN MX 20 mx2.example.com\n"
    "Example.COM. 100 IN TXT \"v=spf1 \" \"ip4:192.0.2.1 -all\"\n"
    "example.com TXT   bare; text with \"quotes\"  \n"
    "esc.example.com TXT \"a\\\"b\\\\c\\065\\;\"\n"
    "empty.example.com TXT \"\"\n"
    "a.example.com A 192.0.2.1\n"
    "a.example.com 30 A 192.0.2.2\n"
    "a.example.com AAAA 2001:db8::1\n"
    "1.2.0.192.in-addr.arpa PTR Host.Example.com.\n"
    "deep.ent.example.com A 192.0.2.3\n"
    "*.wild.example.com 90 TXT wild\n"
    "there.wild.example.com A 192.0.2.4\n"
    "*.fail.example.com ANY !servfail\n"
    "alias.example.com 50 CNAME a.example.com\n"
    "alias2.example.com CNAME alias.example.com\n"
    "to-nothing.example.com CNAME nothing.example.com\n"
    "to-fail.example.com CNAME x.fail.example.com\n"
    "loop1.example.com CNAME loop2.example.com\n"
    "loop2.example.com CNAME loop1.example.com\n"
    "down.example.com TXT !servfail\n"
    "down.example.com A 192.0.2.5\n"
    "lost.example.com ANY !timeout\n"
    "void.example.com ANY !nodata\n"
    "gone.example.com ANY !nxdomain\n"
    "below.gone.example.com A 192.0.2.6\n"
    "we\\.ird.example.com A 192.0.2.7\n";

struct rig {
	struct arena *arena;
	struct clock_fake clock;
	struct dns *dns;
	struct lookups *lookups;
};

static struct rig
rig_new(void)
{
	struct rig rig = { .arena = arena_new() };
	return rig;
}

static void
rig_open(struct rig *rig, const char *text)
{
	char *copy = malloc(strlen(text) + 1);
	const char *error = NULL;

	memcpy(copy, text, strlen(text));
	clock_fake_init(&rig->clock, 1700000000);
	rig->dns = dns_new_zone((struct slice){ copy, strlen(text) }, &rig->clock.clock,
	    rig->arena, &error);
	free(copy);
	if (rig->dns == NULL)
		fail_msg("%s", error);
	rig->lookups = lookups_new(rig->dns, rig->arena, 10, DNS_QUERIES_MAX);
}

static void
rig_close(struct rig *rig)
{
	arena_free(&rig->arena);
	dns_free(&rig->dns);
}

static void
test_statuses(void **state)
{
	static const struct {
		const char *name;
		enum dns_type type;
		enum dns_status status;
		const char *canonical;
		uint32_t ttl;
	} cases[] = {
		{ "example.com", DNS_MX, DNS_OK, "example.com", 300 },
		{ "EXAMPLE.com.", DNS_MX, DNS_OK, "example.com", 300 },
		{ "example.com", DNS_A, DNS_NODATA, "example.com", 120 },
		{ "com", DNS_A, DNS_NODATA, "com", 60 },
		{ "org", DNS_A, DNS_NXDOMAIN, "org", 60 },
		{ "ent.example.com", DNS_A, DNS_NODATA, "ent.example.com", 120 },
		{ "no.ent.example.com", DNS_A, DNS_NXDOMAIN, "no.ent.example.com", 120 },
		{ "deep.ent.example.com", DNS_A, DNS_OK, "deep.ent.example.com", 300 },
		{ "x.wild.example.com", DNS_TXT, DNS_OK, "x.wild.example.com", 90 },
		{ "x.y.wild.example.com", DNS_TXT, DNS_OK, "x.y.wild.example.com", 90 },
		{ "x.wild.example.com", DNS_A, DNS_NODATA, "x.wild.example.com", 120 },
		{ "there.wild.example.com", DNS_TXT, DNS_NODATA, "there.wild.example.com", 120 },
		{ "x.there.wild.example.com", DNS_TXT, DNS_NXDOMAIN,
		  "x.there.wild.example.com", 120 },
		{ "wild.example.com", DNS_TXT, DNS_NODATA, "wild.example.com", 120 },
		{ "*.wild.example.com", DNS_TXT, DNS_OK, "*.wild.example.com", 90 },
		{ "x.fail.example.com", DNS_MX, DNS_TEMPFAIL, "x.fail.example.com", 30 },
		{ "alias.example.com", DNS_A, DNS_OK, "a.example.com", 30 },
		{ "alias2.example.com", DNS_AAAA, DNS_OK, "a.example.com", 50 },
		{ "alias.example.com", DNS_TXT, DNS_NODATA, "a.example.com", 50 },
		{ "to-nothing.example.com", DNS_TXT, DNS_NXDOMAIN, "nothing.example.com", 120 },
		{ "to-fail.example.com", DNS_TXT, DNS_TEMPFAIL, "x.fail.example.com", 30 },
		{ "loop1.example.com", DNS_A, DNS_TEMPFAIL, "loop1.example.com", 30 },
		{ "down.example.com", DNS_TXT, DNS_TEMPFAIL, "down.example.com", 30 },
		{ "down.example.com", DNS_A, DNS_OK, "down.example.com", 300 },
		{ "down.example.com", DNS_MX, DNS_NODATA, "down.example.com", 120 },
		{ "void.example.com", DNS_TXT, DNS_NODATA, "void.example.com", 120 },
		{ "gone.example.com", DNS_TXT, DNS_NXDOMAIN, "gone.example.com", 120 },
		{ "below.gone.example.com", DNS_A, DNS_OK, "below.gone.example.com", 300 },
		{ "we\\.ird.example.com", DNS_A, DNS_OK, "we\\.ird.example.com", 300 },
		{ "we.ird.example.com", DNS_A, DNS_NXDOMAIN, "we.ird.example.com", 120 },
		/* Not fit for DNS: no query. */
		{ "", DNS_A, DNS_NXDOMAIN, "", 0 },
		{ "a..example.com", DNS_A, DNS_NXDOMAIN, "a..example.com", 0 },
		{ ".example.com", DNS_A, DNS_NXDOMAIN, ".example.com", 0 },
	};
	struct rig rig = rig_new();
	const struct dns_answer *answer;

	(void)state;
	rig_open(&rig, zone_text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer = dns_get(rig.lookups, cases[i].name, cases[i].type);
		if (answer->status != cases[i].status || answer->ttl != cases[i].ttl ||
		    strcmp(answer->canonical, cases[i].canonical) != 0)
			fail_msg("%s %s: %s %s %u", cases[i].name,
			    dns_type_name(cases[i].type), dns_status_name(answer->status),
			    answer->canonical, answer->ttl);
		assert_int_equal(answer->type, cases[i].type);
		assert_true((answer->status == DNS_TEMPFAIL) == (answer->error != NULL));
		assert_true((answer->status == DNS_OK) == (answer->n > 0));
	}
	assert_int_equal(lookups_queries(rig.lookups), 29);
	assert_false(lookups_wait(rig.lookups));
	rig_close(&rig);
}

static void
test_data(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *answer;

	(void)state;
	rig_open(&rig, zone_text);
	answer = dns_get(rig.lookups, "example.com", DNS_MX);
	assert_int_equal(answer->n, 2);
	assert_int_equal(answer->rrs[0].preference, 10);
	assert_string_equal(answer->rrs[0].name, "mx1.example.com");
	assert_int_equal(answer->rrs[1].preference, 20);
	answer = dns_get(rig.lookups, "example.com", DNS_TXT);
	assert_int_equal(answer->n, 2);
	assert_int_equal(answer->ttl, 100);
	assert_true(slice_is(answer->rrs[0].text, "v=spf1 ip4:192.0.2.1 -all"));
	assert_int_equal(answer->rrs[0].n_strings, 2);
	assert_true(slice_is(answer->rrs[1].text, "bare; text with \"quotes\""));
	assert_int_equal(answer->rrs[1].n_strings, 1);
	answer = dns_get(rig.lookups, "esc.example.com", DNS_TXT);
	assert_true(slice_is(answer->rrs[0].text, "a\"b\\cA;"));
	answer = dns_get(rig.lookups, "empty.example.com", DNS_TXT);
	assert_int_equal(answer->rrs[0].text.n, 0);
	assert_int_equal(answer->rrs[0].n_strings, 1);
	answer = dns_get(rig.lookups, "a.example.com", DNS_A);
	assert_int_equal(answer->n, 2);
	assert_string_equal(ip_text(rig.arena, &answer->rrs[1].ip), "192.0.2.2");
	answer = dns_get(rig.lookups, "a.example.com", DNS_AAAA);
	assert_string_equal(ip_text(rig.arena, &answer->rrs[0].ip), "2001:db8::1");
	answer = dns_get(rig.lookups, "1.2.0.192.in-addr.arpa", DNS_PTR);
	assert_string_equal(answer->rrs[0].name, "host.example.com");
	answer = dns_get(rig.lookups, "example.com", DNS_SOA);
	assert_string_equal(answer->rrs[0].name, "ns.example.com");
	assert_string_equal(answer->server, "zone");
	assert_false(answer->secure);
	rig_close(&rig);
}

static void
test_timeout(void **state)
{
	struct rig rig = rig_new();
	const struct dns_answer *lost, *again;
	struct lookups *later;

	(void)state;
	rig_open(&rig, zone_text);
	lost = dns_get(rig.lookups, "lost.example.com", DNS_A);
	assert_int_equal(lost->status, DNS_PENDING);
	assert_ptr_equal(lost, dns_get(rig.lookups, "lost.example.com.", DNS_A));
	assert_int_equal(lookups_pending(rig.lookups), 1);
	assert_true(lookups_wait(rig.lookups));
	assert_int_equal(lost->status, DNS_TEMPFAIL);
	assert_non_null(lost->error);
	assert_false(lost->over_budget);
	assert_int_equal(lookups_pending(rig.lookups), 0);
	assert_false(lookups_wait(rig.lookups));
	assert_false(lookups_over(rig.lookups));
	/* The next message does not wait for it. */
	later = lookups_new(rig.dns, rig.arena, 10, 10);
	again = dns_get(later, "lost.example.com", DNS_A);
	assert_int_equal(again->status, DNS_TEMPFAIL);
	assert_int_equal(lookups_queries(later), 0);
	/* Each round takes 4 of the 10 seconds: then the deadline is over. */
	dns_get(rig.lookups, "lost.example.com", DNS_MX);
	assert_true(lookups_wait(rig.lookups));
	assert_false(lookups_over(rig.lookups));
	dns_get(rig.lookups, "lost.example.com", DNS_TXT);
	assert_true(lookups_wait(rig.lookups));
	assert_true(lookups_over(rig.lookups));
	lost = dns_get(rig.lookups, "a.example.com", DNS_A);
	assert_int_equal(lost->status, DNS_TEMPFAIL);
	assert_true(lost->over_budget);
	rig_close(&rig);
}

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64

static void
test_syntax_errors(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} cases[] = {
		{ "example.com", "line 1: expected a type (A AAAA MX TXT PTR SOA CNAME ANY), "
		  "not \"\"" },
		{ "\n\nexample.com NS ns", "line 3: expected a type (A AAAA MX TXT PTR SOA "
		  "CNAME ANY), not \"NS\"" },
		{ "a..b A 192.0.2.1", "line 1: expected a domain name, not \"a..b\"" },
		{ "a A 192.0.2", "line 1: expected an IPv4 address, not \"192.0.2\"" },
		{ "a A 2001:db8::1", "line 1: expected an IPv4 address, not \"2001:db8::1\"" },
		{ "a AAAA 192.0.2.1", "line 1: expected an IPv6 address, not \"192.0.2.1\"" },
		{ "a A 192.0.2.1 x", "line 1: expected the end of the line, not \"x\"" },
		{ "a MX mx.example.com", "line 1: expected a number, not \"mx.example.com\"" },
		{ "a MX 65536 mx", "line 1: expected a number, not \"65536\"" },
		{ "a MX 10", "line 1: expected a domain name, not \"\"" },
		{ "a TXT", "line 1: expected a text, not \"\"" },
		{ "a TXT \"" X256 "\"", "line 1: expected at most 255 bytes in a string "
		    "(write several, or the text without quotes), not \"\"" X64 "xxxxxxxxxxxxxxx"
		    "...\"" },
		{ "a TXT \"open", "line 1: expected a closing quote, not \"\"open\"" },
		{ "a TXT \"\\", "line 1: expected \\\" \\\\ or \\DDD, not \"\"\\x5C\"" },
		{ "a TXT \"\\25\"", "line 1: expected \\\" \\\\ or \\DDD, not \"\"\\x5C25\"\"" },
		{ "a TXT \"\\256\"", "line 1: expected \\\" \\\\ or \\DDD, not \"\"\\x5C256\"\"" },
		{ "a TXT \"x\" y", "line 1: expected the end of the line, not \"y\"" },
		{ "a ANY 1", "line 1: expected !servfail, !timeout, !nodata or !nxdomain, "
		  "not \"1\"" },
		{ "a TXT !never", "line 1: expected !servfail, !timeout, !nodata or !nxdomain, "
		  "not \"!never\"" },
		{ "a SOA ns admin 1 2 3 4", "line 1: expected a number, not \"\"" },
	};
	struct arena *arena = arena_new();
	struct clock_fake clock;
	const char *error;

	(void)state;
	clock_fake_init(&clock, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *copy = malloc(strlen(cases[i].text) + 1);

		memcpy(copy, cases[i].text, strlen(cases[i].text));
		error = NULL;
		assert_null(dns_new_zone((struct slice){ copy, strlen(cases[i].text) },
		    &clock.clock, arena, &error));
		assert_string_equal(error, cases[i].error);
		free(copy);
	}
	arena_free(&arena);
}

static void
test_long_text(void **state)
{
	char line[1100] = "long.example.com TXT ";
	struct rig rig = rig_new();
	const struct dns_answer *answer;
	size_t n = strlen(line);

	(void)state;
	memset(line + n, 'x', 600);
	rig_open(&rig, line);
	answer = dns_get(rig.lookups, "long.example.com", DNS_TXT);
	assert_int_equal(answer->rrs[0].text.n, 600);
	assert_int_equal(answer->rrs[0].n_strings, 3);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_syntax_errors),
		cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
