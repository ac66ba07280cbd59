/*
 * Answers of DNS blocklists: listed only by a code that is documented.
 */
#include "exact.h"

#include "base/arena.h"
#include "base/clock.h"
#include "dns/dns.h"
#include "evidence/blocklist.h"
#include "settings/settings.h"

/* A zone's A records, and what they mean. */
static const struct {
	const char *records[3];		/* "" none: NXDOMAIN */
	enum listing listing;
	const char *text;		/* part of it */
	const char *code;
} cases[] = {
	{ { NULL }, LISTING_CLEAN, "", NULL },
	{ { "!nodata" }, LISTING_CLEAN, "", NULL },
	{ { "!servfail" }, LISTING_UNKNOWN, "", NULL },
	{ { "127.0.0.2" }, LISTING_LISTED, "SBL", "127.0.0.2" },
	{ { "127.0.0.6" }, LISTING_LISTED, "XBL", "127.0.0.6" },
	{ { "127.0.0.11" }, LISTING_LISTED, "customer's line", "127.0.0.11" },
	/* not documented */
	{ { "127.0.0.1" }, LISTING_UNKNOWN, "does not document", "127.0.0.1" },
	{ { "127.0.0.8" }, LISTING_UNKNOWN, "does not document", "127.0.0.8" },
	{ { "127.0.1.2" }, LISTING_UNKNOWN, "does not document", "127.0.1.2" },
	{ { "127.1.0.2" }, LISTING_UNKNOWN, "does not document", "127.1.0.2" },
	{ { "127.0.0.8", "127.0.0.2" }, LISTING_LISTED, "SBL", "127.0.0.2" },
	{ { "127.0.0.2", "127.0.0.8" }, LISTING_LISTED, "SBL", "127.0.0.2" },
	/* errors */
	{ { "127.255.255.252" }, LISTING_UNKNOWN, "slip in the name", "127.255.255.252" },
	{ { "127.255.255.254" }, LISTING_UNKNOWN, "public resolvers", "127.255.255.254" },
	{ { "127.255.255.255" }, LISTING_UNKNOWN, "too many questions", "127.255.255.255" },
	{ { "127.255.255.7" }, LISTING_UNKNOWN, "does not like", "127.255.255.7" },
	{ { "127.0.0.2", "127.255.255.254" }, LISTING_UNKNOWN, "public", "127.255.255.254" },
	{ { "127.255.255.254", "127.0.0.2" }, LISTING_UNKNOWN, "public", "127.255.255.254" },
	/* a resolver that invents, a zone that was sold */
	{ { "192.0.2.66" }, LISTING_UNKNOWN, "no code", "192.0.2.66" },
	{ { "127.0.0.2", "192.0.2.66" }, LISTING_UNKNOWN, "no code", "192.0.2.66" },
	{ { "128.0.0.2" }, LISTING_UNKNOWN, "no code", "128.0.0.2" },
};

static struct arena *arena;
static const struct blocklist *zen, *dbl;

static void
judge(const struct settings_blocklist *settings, const struct blocklist *known,
    const char *const *records, struct listing_answer *answer_r)
{
	const char *text = "example.org A 192.0.2.1\n", *error;
	const struct dns_answer *answer;
	struct arena *work = arena_new();
	struct lookups *lookups;
	struct dns *dns;

	for (size_t i = 0; i < 3 && records[i] != NULL; i++)
		text = arena_printf(arena, "%sx.example.org A %s\n", text, records[i]);
	dns = dns_new_zone(slice_of(text), &clock_system, arena, &error);
	assert_non_null(dns);
	lookups = lookups_new(dns, work, 10, 10);
	answer = dns_get(lookups, "x.example.org", DNS_A);
	while (answer->status == DNS_PENDING && lookups_wait(lookups))
		answer = dns_get(lookups, "x.example.org", DNS_A);
	blocklist_judge(arena, settings, known, answer, answer_r);
	answer_r->text = arena_strdup(arena, answer_r->text);
	arena_free(&work);
	dns_free(&dns);
}

static void
test_answers(void **state)
{
	struct settings_blocklist settings = { .zone = "zen.spamhaus.org" };
	struct listing_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge(&settings, zen, cases[i].records, &answer);
		if (answer.listing != cases[i].listing ||
		    strstr(answer.text, cases[i].text) == NULL)
			fail_msg("case %zu: %d, %s", i, (int)answer.listing, answer.text);
		if (cases[i].code == NULL)
			assert_null(answer.code);
		else
			assert_string_equal(answer.code, cases[i].code);
	}
}

/* Codes of the configuration stand in place of those known. */
static void
test_own_codes(void **state)
{
	const char *codes[] = { "127.0.0.4-127.0.0.7", "127.0.0.9" };
	struct settings_blocklist settings = { .zone = "zen.spamhaus.org",
		.codes = { codes, 2 } };
	static const struct {
		const char *record[3];
		enum listing listing;
	} own[] = {
		{ { "127.0.0.2" }, LISTING_UNKNOWN }, { { "127.0.0.3" }, LISTING_UNKNOWN },
		{ { "127.0.0.4" }, LISTING_LISTED }, { { "127.0.0.7" }, LISTING_LISTED },
		{ { "127.0.0.8" }, LISTING_UNKNOWN }, { { "127.0.0.9" }, LISTING_LISTED },
	};
	struct listing_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		judge(&settings, zen, own[i].record, &answer);
		assert_int_equal(answer.listing, own[i].listing);
		judge(&settings, NULL, own[i].record, &answer);
		assert_int_equal(answer.listing, own[i].listing);
	}
}

static void
test_names(void **state)
{
	struct settings_blocklist settings = { .zone = "dnsbl.example.org" };
	struct ip v4, v6;

	(void)state;
	assert_true(ip_parse(SLICE("192.0.2.99"), &v4));
	assert_true(ip_parse(SLICE("2001:db8:1:2:3:4:567:89ab"), &v6));
	assert_string_equal(blocklist_name_of_ip(arena, &settings, &v4),
	    "99.2.0.192.dnsbl.example.org");
	/* the example of RFC 5782 section 2.4 */
	assert_string_equal(blocklist_name_of_ip(arena, &settings, &v6),
	    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2."
	    "dnsbl.example.org");
	assert_string_equal(blocklist_name_of_domain(arena, &settings, "example.com"),
	    "example.com.dnsbl.example.org");
	settings.key = "k3y";
	assert_string_equal(blocklist_name_of_ip(arena, &settings, &v4),
	    "99.2.0.192.k3y.dnsbl.example.org");
}

static void
test_controls(void **state)
{
	struct settings_blocklist settings = { .zone = "l.example" };

	(void)state;
	assert_string_equal(blocklist_control(arena, &settings, NULL, BLOCKLIST_IPV4, true),
	    "2.0.0.127.l.example");
	assert_string_equal(blocklist_control(arena, &settings, NULL, BLOCKLIST_IPV4, false),
	    "1.0.0.127.l.example");
	assert_string_equal(blocklist_control(arena, &settings, NULL, BLOCKLIST_IPV6, true),
	    "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.l.example");
	assert_string_equal(blocklist_control(arena, &settings, NULL, BLOCKLIST_IPV6, false),
	    "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.l.example");
	assert_string_equal(blocklist_control(arena, &settings, NULL, BLOCKLIST_DOMAINS, true),
	    "test.l.example");
	assert_string_equal(blocklist_control(arena, &settings, dbl, BLOCKLIST_DOMAINS, true),
	    "dbltest.com.l.example");
	assert_string_equal(blocklist_control(arena, &settings, dbl, BLOCKLIST_DOMAINS, false),
	    "invalid.l.example");
}

static void
test_known(void **state)
{
	struct settings_blocklist settings = { .zone = "zen.spamhaus.org" };

	(void)state;
	assert_int_equal(blocklist_of(&settings, zen), BLOCKLIST_IPV4 | BLOCKLIST_IPV6);
	assert_int_equal(blocklist_of(&settings, NULL), BLOCKLIST_IPV4);
	settings.of = BLOCKLIST_DOMAINS;
	assert_int_equal(blocklist_of(&settings, zen), BLOCKLIST_DOMAINS);
	assert_null(lists_blocklist(lists_new_builtin(arena), "example.org"));
}

static int
set_up(void **state)
{
	const struct lists *lists;

	(void)state;
	arena = arena_new();
	lists = lists_new_builtin(arena);
	zen = lists_blocklist(lists, "zen.spamhaus.org");
	dbl = lists_blocklist(lists, "dbl.spamhaus.org");
	assert_non_null(zen);
	assert_non_null(dbl);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_own_codes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_controls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_known, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
