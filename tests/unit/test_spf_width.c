/*
 * How wide a record is.
 */
#include "exact.h"
#include "slow_dns.h"

#include "base/arena.h"
#include "evidence/spf/spf.h"

static const char zone[] =
    "wide.example.net TXT \"v=spf1 ip4:10.0.0.0/12 ?all\"\n"
    "open.example.net TXT \"v=spf1 +all\"\n"
    "soft.example.net TXT \"v=spf1 ?all\"\n"
    "broken.example.net TXT \"v=spf1 +all x\"\n"
    "self.example.net TXT \"v=spf1 include:self.example.net ip4:10.0.0.0/9 -all\"\n"
    "down.example.net TXT !servfail\n"
    "two.example.net TXT \"v=spf1 +all\"\n"
    "two.example.net TXT \"v=spf1 -all\"\n";

static const struct {
	const char *record;
	char breadth;			/* '+' anybody, 'w' wide, '-' neither */
	const char *term;
} cases[] = {
	{ "ip4:192.0.2.0/24 -all", '-', NULL },
	{ "ip4:10.0.0.0/16 ip6:2001:db8::/32 ~all", '-', NULL },
	{ "+all", '+', "+all (in the record of example.com)" },
	{ "all", '+', "all (in the record of example.com)" },
	{ "a ALL -all", '+', "ALL (in the record of example.com)" },
	{ "-all +all", '-', NULL },
	{ "?all", 'w', "?all (in the record of example.com)" },
	{ "mx ?all", '-', NULL },
	{ "~all", '-', NULL },
	{ "", '-', NULL },
	{ "ip4:10.0.0.0/15 -all", 'w', "ip4:10.0.0.0/15 (in the record of example.com)" },
	{ "ip4:10.0.0.0/8 -all", 'w', "ip4:10.0.0.0/8 (in the record of example.com)" },
	{ "ip4:10.0.0.0/7 -all", '+', "ip4:10.0.0.0/7 (in the record of example.com)" },
	{ "ip4:10.0.0.0/12 ip4:0.0.0.0/0 -all", '+',
	    "ip4:0.0.0.0/0 (in the record of example.com)" },
	{ "-ip4:0.0.0.0/0 ~ip4:10.0.0.0/9 ?ip4:10.0.0.0/9", '-', NULL },
	{ "ip6:2001:db8::/31 -all", 'w', "ip6:2001:db8::/31 (in the record of example.com)" },
	{ "ip6:2001::/16 -all", 'w', "ip6:2001::/16 (in the record of example.com)" },
	{ "ip6:2000::/15 -all", '+', "ip6:2000::/15 (in the record of example.com)" },
	{ "a/0 -all", '+', "a/0 (in the record of example.com)" },
	{ "mx//24 -all", 'w', "mx//24 (in the record of example.com)" },
	{ "include:wide.example.net -all", 'w',
	    "ip4:10.0.0.0/12 (in the record of wide.example.net)" },
	{ "include:OPEN.example.net. -all", '+', "+all (in the record of open.example.net)" },
	{ "?include:open.example.net -all", '-', NULL },
	{ "include:soft.example.net -all", '-', NULL },
	{ "redirect=soft.example.net", 'w', "?all (in the record of soft.example.net)" },
	{ "-all redirect=open.example.net", '-', NULL },
	{ "redirect=open.example.net", '+', "+all (in the record of open.example.net)" },
	{ "include:%{d2}.open.example.net -all", '-', NULL },
	{ "include:self.example.net -all", 'w',
	    "ip4:10.0.0.0/9 (in the record of self.example.net)" },
	{ "include:broken.example.net -all", '-', NULL },
	{ "include:down.example.net include:two.example.net -all", '-', NULL },
	{ "+all nonsense", '-', NULL },
};

static void
test_width(void **state)
{
	struct spf_width width;
	int rounds;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct lookups *lookups = slow_dns_new(arena, slice_of(arena_printf(arena,
		    "%sexample.com TXT \"v=spf1 %s\"\n", zone, cases[i].record)));

		slow_dns_slow(lookups, true);
		for (rounds = 0; spf_width(arena, lookups, "example.com", &width) == 1; rounds++)
			assert_true(lookups_wait(lookups));
		assert_in_range(rounds, 1, 3);
		if (width.plus_all != (cases[i].breadth == '+') ||
		    width.wide != (cases[i].breadth == 'w'))
			fail_msg("%s", cases[i].record);
		if (cases[i].term == NULL)
			assert_null(width.term);
		else
			assert_string_equal(width.term, cases[i].term);
		arena_free(&arena);
	}
}

static void
test_no_record(void **state)
{
	struct arena *arena = arena_new();
	struct lookups *lookups = slow_dns_new(arena, slice_of(zone));
	struct spf_width width;

	(void)state;
	assert_int_equal(spf_width(arena, lookups, "none.example.com", &width), 0);
	assert_false(width.plus_all || width.wide);
	assert_int_equal(spf_width(arena, lookups, "localhost", &width), 0);
	assert_int_equal(spf_width(arena, lookups, "down.example.net", &width), 0);
	assert_false(width.plus_all || width.wide);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
