/*
 * What to publish so that the egress addresses pass.  Each proposal is put into
 * DNS and judged once more, by both evaluators.
 */
#include "exact.h"

#include "base/arena.h"
#include "base/clock.h"
#include "dns/dns.h"
#include "evidence/spf/spf.h"

static const char zone[] =
    "example.com MX 10 mx1.example.com\n"
    "example.com A 198.51.100.80\n"
    "mx1.example.com A 198.51.100.25\n"
    "mx1.example.com AAAA 2001:db8:25::1\n"
    "one.example.net TXT \"v=spf1 ip4:203.0.113.1 -all\"\n"
    "four.example.net TXT \"v=spf1 include:one.example.net a:one.example.net "
    "a:four.example.net a:x.example.net -all\"\n"
    "one.example.net A 203.0.113.1\n"
    "four.example.net A 203.0.113.4\n"
    "x.example.net A 203.0.113.5\n"
    "x.example.net AAAA 2001:db8:1::5\n"
    "one.example.net AAAA 2001:db8:1::1\n"
    "four.example.net AAAA 2001:db8:1::4\n"
    "example.com AAAA 2001:db8:1::80\n"
    "many.example.net TXT \"v=spf1 a:x.example.net a:x.example.net a:x.example.net "
    "a:x.example.net a:x.example.net a:x.example.net a:x.example.net "
    "a:x.example.net a:x.example.net a:x.example.net -all\"\n"
    "broken.example.net TXT \"v=spf1 nonsense -all\"\n"
    "down.example.net TXT !servfail\n";

static const struct {
	const char *published[3];
	const char *proposed;		/* NULL: none */
	const char *changes;		/* part of them, or of why not */
} cases[] = {
	/* nothing there */
	{ { NULL }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all", "ip4:192.0.2.1 added" },
	/* other TXT records do not count */
	{ { "google-site-verification=x" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all",
	    "ip6:2001:db8::1 added" },
	/* well already */
	{ { "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 -all" },
	    "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 -all", "" },
	/* one family misses: behind the addresses in front */
	{ { "v=spf1 ip4:192.0.2.1 mx -all" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 mx "
	    "-all", "ip6:2001:db8::1 added" },
	{ { "v=spf1 mx include:one.example.net ~all" }, "v=spf1 ip4:192.0.2.1 "
	    "ip6:2001:db8::1 mx include:one.example.net ~all", "added" },
	/* before what forbids it */
	{ { "v=spf1 -ip4:192.0.2.1 mx -all" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 "
	    "-ip4:192.0.2.1 mx -all", "added" },
	/* redirect stays where it is */
	{ { "v=spf1 redirect=one.example.net" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 "
	    "redirect=one.example.net", "added" },
	{ { "v=spf1 mx -all exp=why.example.com" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 "
	    "mx exp=why.example.com -all", "added" },
	/* several records become one; the milder end, never +all */
	{ { "v=spf1 mx -all", "v=spf1 include:one.example.net ~all" }, "v=spf1 "
	    "ip4:192.0.2.1 ip6:2001:db8::1 mx include:one.example.net ~all",
	    "2 records joined into one" },
	{ { "v=spf1 mx -all", "v=spf1 redirect=one.example.net" }, "v=spf1 ip4:192.0.2.1 "
	    "ip6:2001:db8::1 mx include:one.example.net -all", "joined" },
	/* lets in everybody */
	{ { "v=spf1 mx +all" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 mx ~all",
	    "+all changed to ~all" },
	{ { "v=spf1 ?all" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all", "?all changed" },
	{ { "v=spf1 mx ?all" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 mx ?all", "added" },
	/* behind all nothing counts, and must not begin to */
	{ { "v=spf1 ip4:192.0.2.1 -all ip4:203.0.113.0/24" }, "v=spf1 ip4:192.0.2.1 "
	    "ip6:2001:db8::1 -all", "ip4:203.0.113.0/24 left out" },
	/* no end */
	{ { "v=spf1 mx" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 mx ~all", "~all added" },
	/* cannot be read */
	{ { "v=spf1 ipv4:192.0.2.1 mx -all" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 mx "
	    "-all", "ipv4:192.0.2.1 left out: it cannot be read" },
	/* includes that break the record */
	{ { "v=spf1 include:gone.example.net include:broken.example.net mx ~all" },
	    "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 mx ~all",
	    "include:broken.example.net left out" },
	/* too many lookups: ptr goes, then a and mx give way */
	{ { "v=spf1 a mx ptr include:four.example.net include:one.example.net "
	    "a:x.example.net a:mx1.example.com -all" }, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 a mx "
	    "include:four.example.net include:one.example.net a:x.example.net a:mx1.example.com -all",
	    "ptr left out" },
	{ { "v=spf1 a mx a:mx1.example.com a:mx1.example.com/28 include:four.example.net "
	    "include:one.example.net a:x.example.net -all" }, "v=spf1 ip4:192.0.2.1 "
	    "ip6:2001:db8::1 ip4:198.51.100.80 ip6:2001:db8:1::80 ip4:198.51.100.25 ip6:2001:db8:25::1 "
	    "ip4:198.51.100.25/28 include:four.example.net include:one.example.net "
	    "ip4:203.0.113.5 ip6:2001:db8:1::5 -all", "mx replaced by its addresses" },
	/* what others include cannot be mended here */
	{ { "v=spf1 include:many.example.net include:four.example.net -all" }, NULL,
	    "DNS-asking term number 11" },
	{ { "v=spf1 a:v1.example.org a:v2.example.org a:v3.example.org mx -all" },
	    "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 mx -all", "it has no address" },
	{ { "v=spf1 include:down.example.net -all" }, NULL, "could not be asked" },
};

static struct dns *
make_dns(struct arena *arena, const char *const *records)
{
	const char *text = zone, *error;
	struct dns *dns;

	for (size_t i = 0; i < 3 && records[i] != NULL; i++)
		text = arena_printf(arena, "%sexample.com TXT \"%s\"\n", text, records[i]);
	dns = dns_new_zone(slice_of(text), &clock_system, arena, &error);
	assert_non_null(dns);
	return dns;
}

static const struct ip egress[] = {
	{ .family = 4, .bytes = { 192, 0, 2, 1 } },
	{ .family = 6, .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
};

/* Published as proposed, the addresses pass, and a stranger does not. */
static void
check_published(const char *record)
{
	const char *const records[3] = { record };
	struct ip stranger = { .family = 4, .bytes = { 100, 1, 2, 3 } };
	struct arena *arena = arena_new();
	struct dns *dns = make_dns(arena, records);
	struct spf_query query = { .domain = "example.com", .helo = "mail.example.com",
		.local_part = "postmaster" };
	struct spf_answer answer;
	enum spf_result second;
	bool asked;

	for (size_t i = 0; i < 3; i++) {
		struct lookups *lookups = lookups_new(dns, arena, 10, 100);

		query.ip = i < 2 ? egress[i] : stranger;
		while (spf_check(arena, lookups, &query, &answer) != 0)
			assert_true(lookups_wait(lookups));
		assert_int_equal(answer.records_found, 1);
		assert_in_range(answer.lookups, 0, SPF_LOOKUPS_MAX);
		if ((answer.result == SPF_PASS) != (i < 2))
			fail_msg("%s gives %s", record, spf_result_name(answer.result));
		while (spf_second_opinion(arena, lookups, &query, &asked, &second) != 0)
			lookups_wait(lookups);
		if (asked && (second == SPF_PASS) != (i < 2))
			fail_msg("libspf2: %s gives %s", record, spf_result_name(second));
	}
	arena_free(&arena);
	dns_free(&dns);
}

static void
test_proposals(void **state)
{
	struct spf_wish wish = { .domain = "example.com", .ips = egress, .n = 2 };
	struct spf_proposal proposal;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct dns *dns = make_dns(arena, cases[i].published);
		const char *text;

		spf_propose(arena, dns, 10, &wish, &proposal);
		if (cases[i].proposed == NULL || proposal.record == NULL) {
			if (cases[i].proposed != proposal.record)
				fail_msg("case %zu: %s, %s, %s", i, proposal.record != NULL ?
				    proposal.record : "none", proposal.why, proposal.changes);
		} else {
			assert_string_equal(proposal.record, cases[i].proposed);
			check_published(proposal.record);
		}
		text = proposal.record != NULL ? proposal.changes : proposal.why;
		if (cases[i].changes != NULL && strstr(text, cases[i].changes) == NULL)
			fail_msg("case %zu: %s", i, text);
		if (cases[i].changes != NULL && *cases[i].changes == '\0')
			assert_string_equal(text, "");
		arena_free(&arena);
		dns_free(&dns);
	}
}

static void
test_costs(void **state)
{
	const char *const published[3] = { "v=spf1 mx include:many.example.net "
	    "include:four.example.net -all" };
	struct spf_wish wish = { .domain = "example.com", .ips = egress, .n = 2 };
	struct arena *arena = arena_new();
	struct dns *dns = make_dns(arena, published);
	struct spf_proposal proposal;

	(void)state;
	spf_propose(arena, dns, 10, &wish, &proposal);
	assert_null(proposal.record);
	assert_int_equal(proposal.n_costs, 2);	/* mx gave way */
	assert_string_equal(proposal.costs[0].term, "include:many.example.net");
	assert_int_equal(proposal.costs[0].lookups, 11);
	assert_string_equal(proposal.costs[1].term, "include:four.example.net");
	assert_int_equal(proposal.costs[1].lookups, 5);
	arena_free(&arena);
	dns_free(&dns);
}

static void
test_relay(void **state)
{
	static const char *const published[][3] = {
		{ NULL }, { "v=spf1 mx -all" }, { "v=spf1 include:ONE.example.net -all" },
	};
	static const char *const wanted[] = {
		"v=spf1 include:one.example.net ~all",
		"v=spf1 include:one.example.net mx -all",
		"v=spf1 include:ONE.example.net -all",
	};
	struct spf_wish wish = { .domain = "example.com", .include = "one.example.net" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct arena *arena = arena_new();
		struct dns *dns = make_dns(arena, published[i]);
		struct spf_proposal proposal;

		spf_propose(arena, dns, 10, &wish, &proposal);
		assert_non_null(proposal.record);
		assert_string_equal(proposal.record, wanted[i]);
		arena_free(&arena);
		dns_free(&dns);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proposals),
		cmocka_unit_test(test_costs),
		cmocka_unit_test(test_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
