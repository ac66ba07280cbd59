/* SPF over the egress addresses: identity, worst and best, relay, width. */
#include "evidence_rig.h"

#include <stdio.h>

struct row {
	const char *what;
	const char *zone;
	const char *ips;	/* blank between */
	const char *envelope;	/* NULL: null reverse-path */
	const char *want;	/* "identity known worst best all any" */
};

static const char known_letters[] = {
	[KNOWN_NO] = '-', [KNOWN_ABSENT] = 'n', [KNOWN_VALUE] = 'y', [KNOWN_TEMPERROR] = '?',
};

static const struct row rows[] = {
	{ "pass", "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", "192.0.2.1",
	    "example.com", "example.com y pass pass all any" },
	{ "fail", "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", "192.0.2.2",
	    "example.com", "example.com y fail fail - -" },
	{ "none", "example.com A 192.0.2.1\n", "192.0.2.1", "example.com",
	    "example.com y none none - -" },
	{ "v4 passes, v6 does not", "example.com TXT \"v=spf1 ip4:192.0.2.1 ~all\"\n",
	    "192.0.2.1 2001:db8::1", "example.com", "example.com y softfail pass - any"
	    },
	{ "order is no matter", "example.com TXT \"v=spf1 ip4:192.0.2.1 ~all\"\n",
	    "2001:db8::1 192.0.2.1", "example.com", "example.com y softfail pass - any"
	    },
	{ "both pass",
	    "example.com TXT \"v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 -all\"\n",
	    "192.0.2.1 2001:db8::1", "example.com", "example.com y pass pass all any" },
	{ "private ones are never judged",
	    "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n",
	    "10.0.0.1 127.0.0.1 192.0.2.1 fe80::1", "example.com",
	    "example.com y pass pass all any" },
	{ "private ones only", "example.com TXT \"v=spf1 -all\"\n", "10.0.0.1",
	    "example.com", "example.com - temperror temperror - -" },
	{ "null sender: HELO", "mail.example.com TXT \"v=spf1 a -all\"\n"
	    "mail.example.com A 192.0.2.1\n", "192.0.2.1", NULL,
	    "mail.example.com y pass pass all any" },
	{ "broken", "example.com TXT \"v=spf1 ip4:nonsense -all\"\n", "192.0.2.1",
	    "example.com", "example.com y permerror permerror - -" },
	{ "down", "example.com TXT !servfail\n", "192.0.2.1", "example.com",
	    "example.com ? temperror temperror - -" },
	{ "down for one only",
	    "example.com TXT \"v=spf1 ip4:192.0.2.1 a:h.example.com -all\"\n"
	    "h.example.com A !timeout\n", "192.0.2.1 192.0.2.2", "example.com",
	    "example.com y pass pass - any" },
};

static void
give_ips(struct rig *rig, struct arena *arena, const char *ips)
{
	struct slice rest = slice_of(ips), ip;

	while (slice_split(&rest, ' ', &ip))
		rig_ip(rig, slice_dup(arena, ip));
}

static const char *
describe(struct arena *arena, const struct spf_evidence *spf)
{
	return arena_printf(arena, "%s %c %s %s %s %s", spf->domain != NULL ? spf->domain : "-",
	    known_letters[spf->known], spf->known == KNOWN_NO ? "temperror" :
	    spf_result_name(spf->worst), spf->known == KNOWN_NO ? "temperror" :
	    spf_result_name(spf->best), spf->all_pass ? "all" : "-",
	    spf->any_pass ? "any" : "-");
}

static void
judges_addresses(void **state)
{
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_open(&rig, rows[i].zone);
		rig.cache = results_cache_new();
		give_ips(&rig, rig.arena, rows[i].ips);
		for (int again = 0; again < 2; again++) {
			const char *got;

			rig_message(&rig, rows[i].envelope, "example.com");
			got = describe(rig.message->arena, &rig_collect(&rig)->spf);
			if (strcmp(got, rows[i].want) != 0)
				fail_msg("%s: %s, not %s", rows[i].what, got, rows[i].want);
		}
		rig_close(&rig);
	}
}

static void
keeps_the_answer(void **state)
{
	const struct egress_address *address;
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com TXT \"v=spf1 a:h.example.com ~all\"\n"
	    "h.example.com A 192.0.2.9\n");
	rig.cache = results_cache_new();
	rig_ip(&rig, "192.0.2.1");
	for (int again = 0; again < 2; again++) {
		rig_message(&rig, "example.com", "example.com");
		address = rig_collect(&rig)->egress.addresses;
		assert_int_equal(address->spf.result, SPF_SOFTFAIL);
		assert_string_equal(address->spf.record, "v=spf1 a:h.example.com ~all");
		assert_string_equal(address->spf.term, "~all");
		assert_string_equal(address->spf.term_domain, "example.com");
		assert_int_equal(address->spf.lookups, 1);
		assert_int_equal(address->spf.records_found, 1);
		assert_ptr_equal(rig.evidence.spf.worst_address, address);
	}
	assert_int_equal(rig.evidence.dns_queries, 0);
	rig_close(&rig);
}

static void
local_part_is_not_kept(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com TXT \"v=spf1 exists:%{l}.u.example.com -all\"\n"
	    "ann.u.example.com A 127.0.0.2\n");
	rig.cache = results_cache_new();
	rig_ip(&rig, "192.0.2.1");
	rig_message(&rig, "example.com", "example.com");
	rig.message->mail_from.local_part = "ann";
	assert_int_equal(rig_collect(&rig)->spf.worst, SPF_PASS);
	rig_message(&rig, "example.com", "example.com");
	rig.message->mail_from.local_part = "bob";
	assert_int_equal(rig_collect(&rig)->spf.worst, SPF_FAIL);
	rig_close(&rig);
}

static void
judges_width(void **state)
{
	static const struct { const char *zone; enum known known; bool plus_all, wide; } all[] = {
		{ "example.com TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n", KNOWN_VALUE,
		    false, false },
		{ "example.com TXT \"v=spf1 +all\"\n", KNOWN_VALUE, true, false },
		{ "example.com TXT !servfail\n", KNOWN_TEMPERROR, false, false },
	};
	struct spf_evidence *spf;
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		rig_open(&rig, all[i].zone);
		rig.cache = results_cache_new();
		for (int again = 0; again < 2; again++) {
			rig_message(&rig, "example.com", "example.com");
			spf = &rig_collect(&rig)->spf;
			assert_int_equal(spf->width_known, all[i].known);
			assert_int_equal(spf->width.plus_all, all[i].plus_all);
		}
		rig_close(&rig);
	}
}

struct relay_row {
	const char *what;
	const char *zone;
	enum known known;
	bool authorised;
	enum spf_result worst;
};

#define REC "example.com TXT \"v=spf1 "

static const struct relay_row relay_rows[] = {
	{ "included", REC "include:_spf.relay.example -all\"\n", KNOWN_VALUE, true,
	    SPF_PASS },
	{ "in capitals", REC "INCLUDE:_SPF.Relay.Example ~all\"\n", KNOWN_VALUE, true,
	    SPF_PASS },
	{ "by redirect", REC "redirect=_spf.relay.example\"\n", KNOWN_VALUE, true,
	    SPF_PASS },
	{ "one deeper", REC "include:s.example.com -all\"\n"
	    "s.example.com TXT \"v=spf1 include:_spf.relay.example ?all\"\n",
	    KNOWN_VALUE, true, SPF_PASS },
	{ "not", REC "ip4:192.0.2.1 -all\"\n", KNOWN_VALUE, false, SPF_FAIL },
	{ "not, softly", REC "a ~all\"\n", KNOWN_VALUE, false, SPF_SOFTFAIL },
	{ "not, no all", REC "a\"\n", KNOWN_VALUE, false, SPF_NEUTRAL },
	{ "excluded", REC "-include:_spf.relay.example ~all\"\n", KNOWN_VALUE, false,
	    SPF_SOFTFAIL },
	{ "no record", "example.com TXT \"x\"\n", KNOWN_VALUE, false, SPF_NONE },
	{ "two records", REC "-all\"\n" REC "include:_spf.relay.example -all\"\n",
	    KNOWN_VALUE, false, SPF_PERMERROR },
	{ "down", "example.com TXT !servfail\n", KNOWN_TEMPERROR, false, SPF_NONE },
	{ "down below", REC
	    "include:s.example.com -all\"\ns.example.com TXT !servfail\n",
	    KNOWN_TEMPERROR, false, SPF_NONE },
	{ "a loop", REC "include:s.example.com -all\"\n"
	    "s.example.com TXT \"v=spf1 include:example.com -all\"\n", KNOWN_VALUE,
	    false, SPF_FAIL },
};

static void
asks_for_the_relay(void **state)
{
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(relay_rows) / sizeof(relay_rows[0]); i++) {
		const struct relay_row *row = &relay_rows[i];

		rig_open(&rig, row->zone);
		rig.egress->kind = EGRESS_RELAY;
		rig.egress->via = "smtp.relay.example";
		rig.egress->spf_include = "_spf.relay.example";
		rig_message(&rig, "example.com", "example.com");
		rig_collect(&rig);
		if (rig.evidence.egress.relay_known != row->known ||
		    rig.evidence.egress.relay_authorised != row->authorised)
			fail_msg("%s", row->what);
		assert_int_equal(rig.evidence.spf.known, row->known);
		assert_true(rig.evidence.egress.known && rig.evidence.egress.is_relay);
		if (row->known == KNOWN_VALUE)
			assert_int_equal(rig.evidence.spf.worst, row->worst);
		assert_int_equal(rig.evidence.spf.all_pass, row->authorised);
		rig_close(&rig);
	}
}

/* Without spf-include, and for the null sender, nobody can tell. */
static void
relay_is_unknown(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, REC "-all\"\n");
	rig.egress->kind = EGRESS_RELAY;
	rig.egress->via = "smtp.relay.example";
	rig_message(&rig, "example.com", "example.com");
	rig_collect(&rig);
	assert_int_equal(rig.evidence.egress.relay_known, KNOWN_NO);
	assert_int_equal(rig.evidence.spf.known, KNOWN_NO);
	rig.egress->spf_include = "_spf.relay.example";
	rig_message(&rig, NULL, "example.com");
	rig_collect(&rig);
	assert_null(rig.evidence.spf.domain);
	assert_int_equal(rig.evidence.spf.known, KNOWN_NO);
	assert_false(rig.evidence.dmarc.spf_aligned_known);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_addresses),
		cmocka_unit_test(keeps_the_answer),
		cmocka_unit_test(local_part_is_not_kept),
		cmocka_unit_test(judges_width),
		cmocka_unit_test(asks_for_the_relay),
		cmocka_unit_test(relay_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
