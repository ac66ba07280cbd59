/* SPF: each result for one address, for both, for a relay, and not known. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

static void
set_both(enum spf_result result)
{
	t.addresses[0].spf.result = t.addresses[1].spf.result = result;
	t.evidence.spf.worst = t.evidence.spf.best = result;
	t.evidence.spf.all_pass = t.evidence.spf.any_pass = result == SPF_PASS;
}

static void
set_second(enum spf_result result)
{
	t.addresses[1].spf.result = result;
	t.evidence.spf.worst = result;
	t.evidence.spf.all_pass = false;
}

static void
none(void)
{
	set_both(SPF_NONE);
	t.addresses[0].spf.record = t.addresses[1].spf.record = "";
}

static void
none_helo(void)
{
	none();
	t.evidence.spf.is_helo = true;
	t.evidence.spf.domain = "mail.example.com";
}

static void
fail_all(void)
{
	set_both(SPF_FAIL);
	t.addresses[0].spf.term = t.addresses[1].spf.term = "-all";
}

static void
fail_second(void)
{
	set_second(SPF_FAIL);
	t.addresses[1].spf.term = "-all";
	t.addresses[1].spf.record = "v=spf1 ip4:198.51.100.1 include:_spf.example.net "
	    "-all";
}

static void
fail_no_term(void)
{
	fail_second();
	t.addresses[1].spf.term = NULL;
	t.addresses[1].spf.record = "V=SPF1";
}

static void
fail_long_record(void)
{
	char *record = arena_alloc(t.message->arena, 3001);

	memset(record, 'x', 3000);
	memcpy(record, "v=spf1 ", 7);
	fail_second();
	t.addresses[1].spf.record = record;
}

static void
fail_hostile_record(void)
{
	fail_second();
	t.addresses[1].spf.record = "v=spf1 exp=\"%n%s\\x1B[2J -all";
}

static void
softfail(void)
{
	set_both(SPF_SOFTFAIL);
	t.addresses[0].spf.term = "~all";
}

static void
fail_and_softfail(void)
{
	softfail();
	t.addresses[0].spf.result = SPF_FAIL;
}

static void
neutral(void)
{
	set_both(SPF_NEUTRAL);
	t.addresses[0].spf.term = NULL;
}

static void
softfail_and_neutral(void)
{
	neutral();
	t.addresses[1].spf.result = SPF_SOFTFAIL;
}

static void
temperror(void)
{
	set_both(SPF_TEMPERROR);
}

static void
temperror_one(void)
{
	set_second(SPF_TEMPERROR);
}

static void
unknown(void)
{
	t.evidence.spf.known = KNOWN_NO;
	t.addresses[0].spf_known = t.addresses[1].spf_known = KNOWN_NO;
}

static void
unknown_one(void)
{
	t.addresses[1].spf_known = KNOWN_NO;
}

static void
known_later(void)
{
	t.evidence.spf.known = KNOWN_TEMPERROR;
}

static void
no_identity(void)
{
	t.evidence.spf.domain = NULL;
}

static void
relay(enum spf_result worst)
{
	t.evidence.egress.n = 0;
	t.evidence.egress.is_relay = true;
	t.evidence.egress.via = "smtp.example.net";
	t.evidence.egress.relay_include = "_spf.example.net";
	t.evidence.egress.relay_known = KNOWN_VALUE;
	t.evidence.egress.relay_authorised = worst == SPF_PASS;
	t.evidence.spf.worst = worst;
}

static void relay_pass(void) { relay(SPF_PASS); }
static void relay_fail(void) { relay(SPF_FAIL); }
static void relay_softfail(void) { relay(SPF_SOFTFAIL); }
static void relay_neutral(void) { relay(SPF_NEUTRAL); }
static void relay_none(void) { relay(SPF_NONE); }
static void relay_permerror(void) { relay(SPF_PERMERROR); }

static void
permerror(void)
{
	set_both(SPF_PERMERROR);
	t.addresses[0].spf.problem = "an address that is none";
	t.addresses[0].spf.term = "ip4:192.0.2.300";
}

static void
two_records(void)
{
	permerror();
	t.addresses[0].spf.records_found = 2;
	t.addresses[0].spf.term = NULL;
}

static void
many_lookups(void)
{
	permerror();
	t.addresses[0].spf.lookups = 11;
	t.addresses[0].spf.term = "include:_spf.example.org";
	t.addresses[0].spf.term_domain = "_spf.example.net";
}

static void
many_voids(void)
{
	permerror();
	t.addresses[0].spf.voids = 3;
}

static void lookups_7(void) { t.addresses[0].spf.lookups = 7; }
static void lookups_8(void) { t.addresses[1].spf.lookups = 8; }
static void lookups_10(void) { t.addresses[1].spf.lookups = 10; }
static void voids_1(void) { t.addresses[0].spf.voids = 1; }

static void
plus_all(void)
{
	t.evidence.spf.width = (struct spf_width){ true, false, "+all of example.com" };
}

static void
wide(void)
{
	t.evidence.spf.width = (struct spf_width){ false, true, "ip4:192.0.0.0/12" };
}

static void width_unknown(void) { t.evidence.spf.width_known = KNOWN_NO; }
static void width_absent(void) { t.evidence.spf.width_known = KNOWN_ABSENT; }
static void width_later(void) { t.evidence.spf.width_known = KNOWN_TEMPERROR; }
static void differs(void) { t.addresses[1].second = SPF_NEUTRAL; }
static void second_later(void) { t.addresses[1].second = SPF_TEMPERROR; }

static void
second_not_asked(void)
{
	t.addresses[0].second_asked = t.addresses[1].second_asked = false;
	t.addresses[0].second = t.addresses[1].second = SPF_NONE;
}

static void
test_none(void **state)
{
	static const struct checked_row rows[] = {
		{ "none", NULL, none, false, HIT(20),
		    "example.com publishes no SPF record", "example.com. IN TXT "
		    "\"v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 ~all\"" },
		{ "null sender", NULL, none_helo, false, HIT(20), "the HELO name",
		    "mail.example.com. IN TXT" },
		{ "relay", NULL, relay_none, false, HIT(20), "example.com",
		    "\"v=spf1 include:_spf.example.net ~all\"" },
		{ "pass", NULL, NULL, false, NOT(CHECK_OK) },
		{ "fail is a record", NULL, fail_all, false, NOT(CHECK_OK) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "no identity", NULL, no_identity, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, temperror, false, NOT(CHECK_TEMPERROR) },
		{ "temperror of all", NULL, known_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-none", rows);
}

static void
test_fail(void **state)
{
	static const struct checked_row rows[] = {
		{ "both", NULL, fail_all, false, HIT(50), "192.0.2.7, 2001:db8::7",
		    "ip4:192.0.2.7 ip6:2001:db8::7 mx -all" },
		{ "one of two", NULL, fail_second, false, HIT(50), "-all in the record",
		    "Add ip6:2001:db8::7 to the SPF record of example.com: "
		    "example.com. IN TXT \"v=spf1 ip6:2001:db8::7 ip4:198.51.100.1 "
		    "include:_spf.example.net -all\"" },
		{ "no term", NULL, fail_no_term, false, HIT(50), "no term that matches",
		    "\"v=spf1 ip6:2001:db8::7\"" },
		{ "long record", NULL, fail_long_record, false, HIT(50), "xxx...",
		    "directly after v=spf1" },
		{ "hostile record", NULL, fail_hostile_record, false, HIT(50),
		    "%n%s\\x1B", "%n%s\\\\x1B" },
		{ "relay", NULL, relay_fail, false, HIT(50),
		    "the relay smtp.example.net", "Add include:_spf.example.net" },
		{ "softfail", NULL, softfail, false, NOT(CHECK_OK) },
		{ "pass", NULL, NULL, false, NOT(CHECK_OK) },
		{ "relay passes", NULL, relay_pass, false, NOT(CHECK_OK) },
		{ "one unknown", NULL, unknown_one, false, NOT(CHECK_DUNNO) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "one later", NULL, temperror_one, false, NOT(CHECK_TEMPERROR) },
		{ "temperror", NULL, known_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-fail", rows);
}

static void
test_softfail(void **state)
{
	static const struct checked_row rows[] = {
		{ "both", NULL, softfail, false, HIT(25), "softfail for 192.0.2.7",
		    "\"v=spf1 ip4:192.0.2.7" },
		{ "relay", NULL, relay_softfail, false, HIT(25), "(softfail)",
		    "include:_spf" },
		{ "with a fail", NULL, fail_and_softfail, false, NOT(CHECK_OK) },
		{ "neutral", NULL, neutral, false, NOT(CHECK_OK) },
		{ "pass", NULL, NULL, false, NOT(CHECK_OK) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, temperror, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-softfail", rows);
}

static void
test_neutral(void **state)
{
	static const struct checked_row rows[] = {
		{ "both", NULL, neutral, false, HIT(15), "neutral for 192.0.2.7",
		    "\"v=spf1 ip4:192.0.2.7" },
		{ "relay", NULL, relay_neutral, false, HIT(15), "(neutral)", NULL },
		{ "with softfail", NULL, softfail_and_neutral, false, NOT(CHECK_OK) },
		{ "fail", NULL, fail_all, false, NOT(CHECK_OK) },
		{ "none", NULL, none, false, NOT(CHECK_OK) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, temperror, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-neutral", rows);
}

static void
test_permerror(void **state)
{
	static const struct checked_row rows[] = {
		{ "broken term", NULL, permerror, false, HIT(40),
		    "(permerror): an address that is none.",
		    "Mend or remove ip4:192.0.2.300" },
		{ "two records", NULL, two_records, false, HIT(40), "2 records",
		    "Keep one TXT record at example.com" },
		{ "lookups", NULL, many_lookups, false, HIT(40), "over 10 DNS lookups "
		    "(11), at include:_spf.example.org in the record of "
		    "_spf.example.net", "down to 10 lookups" },
		{ "voids", NULL, many_voids, false, HIT(40), "without an answer (3)",
		    "no longer exist" },
		{ "relay", NULL, relay_permerror, false, HIT(40), "permerror", NULL },
		{ "at the limit", NULL, lookups_10, false, NOT(CHECK_OK) },
		{ "fail", NULL, fail_all, false, NOT(CHECK_OK) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, temperror, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-permerror", rows);
}

static void
test_near_limit(void **state)
{
	static const struct checked_row rows[] = {
		{ "8 lookups", NULL, lookups_8, false, HIT(3), "8 of 10", NULL },
		{ "10 lookups", NULL, lookups_10, false, HIT(3), "10 of 10", NULL },
		{ "1 void", NULL, voids_1, false, HIT(3), "1 of 2", NULL },
		{ "7 lookups", NULL, lookups_7, false, NOT(CHECK_OK) },
		{ "over", NULL, many_lookups, false, NOT(CHECK_OK) },
		{ "relay", NULL, relay_pass, false, NOT(CHECK_OK) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, temperror, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-near-limit", rows);
}

static void
test_too_wide(void **state)
{
	static const struct checked_row rows[] = {
		{ "+all", NULL, plus_all, false, HIT(40), "+all of example.com",
		    "ip4:192" },
		{ "wide", NULL, wide, false, HIT(20), "ip4:192.0.0.0/12", "in place of" },
		{ "narrow", NULL, NULL, false, NOT(CHECK_OK) },
		{ "no record", NULL, width_absent, false, NOT(CHECK_OK) },
		{ "unknown", NULL, width_unknown, false, NOT(CHECK_DUNNO) },
		{ "no identity", NULL, no_identity, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, width_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-too-wide", rows);
}

static void
test_evaluators_differ(void **state)
{
	static const struct checked_row rows[] = {
		{ "differs", NULL, differs, false, HIT(5),
		    "neutral for 2001:db8::7 where RFC 7208 gives pass", NULL },
		{ "same", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not asked", NULL, second_not_asked, false, NOT(CHECK_DUNNO) },
		{ "unknown", NULL, unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror of one", NULL, second_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-evaluators-differ", rows);
}

static void
test_egress_partial(void **state)
{
	static const struct checked_row rows[] = {
		{ "one fails", NULL, fail_second, false, HIT(30),
		    "not for 2001:db8::7 (fail)",
		    "\"v=spf1 ip6:2001:db8::7 ip4:198.51.100.1" },
		{ "all pass", NULL, NULL, false, NOT(CHECK_OK) },
		{ "all fail", NULL, fail_all, false, NOT(CHECK_OK) },
		{ "relay", NULL, relay_fail, false, NOT(CHECK_OK) },
		{ "one unknown", NULL, unknown_one, false, NOT(CHECK_DUNNO) },
		{ "one later", NULL, temperror_one, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("spf-egress-partial", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_softfail),
		cmocka_unit_test(test_neutral),
		cmocka_unit_test(test_permerror),
		cmocka_unit_test(test_near_limit),
		cmocka_unit_test(test_too_wide),
		cmocka_unit_test(test_evaluators_differ),
		cmocka_unit_test(test_egress_partial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
