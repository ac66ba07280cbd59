/* Reverse DNS and HELO of the addresses mail leaves from. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

static void
no_egress(void)
{
	t.evidence.egress.known = false;
	t.evidence.egress.n = 0;
}

static void
relay(void)
{
	t.evidence.egress.n = 0;
	t.evidence.egress.is_relay = true;
	t.evidence.egress.helo = NULL;
}

static void no_ptr(void) { t.addresses[1].ptr_known = KNOWN_ABSENT; }
static void ptr_unknown(void) { t.addresses[0].ptr_known = KNOWN_NO; }
static void ptr_later(void) { t.addresses[0].ptr_known = KNOWN_TEMPERROR; }

static void
no_ptr_no_helo(void)
{
	no_ptr();
	t.evidence.egress.helo = NULL;
}

static void
mismatch(void)
{
	t.addresses[0].ptr_forward = false;
	t.addresses[0].ptr_name = "other.example.net";
}

static void
forward_unknown(void)
{
	mismatch();
	t.addresses[0].ptr_forward_known = KNOWN_NO;
}

static void
forward_later(void)
{
	mismatch();
	t.addresses[0].ptr_forward_known = KNOWN_TEMPERROR;
}

static void helo_null(void) { t.evidence.egress.helo = NULL; }
static void helo_short(void) { t.evidence.egress.helo = "mail"; }
static void helo_literal(void) { t.evidence.egress.helo = "[192.0.2.7]"; }
static void helo_address(void) { t.evidence.egress.helo = "192.0.2.7"; }
static void helo_absent(void) { t.addresses[0].helo_known = KNOWN_ABSENT; }
static void helo_elsewhere(void) { t.addresses[1].helo_forward = false; }
static void helo_unknown(void) { t.addresses[1].helo_known = KNOWN_NO; }
static void helo_later(void) { t.addresses[1].helo_known = KNOWN_TEMPERROR; }

static void
test_unknown(void **state)
{
	static const struct checked_row rows[] = {
		{ "unknown", NULL, no_egress, false, HIT(0), "egress \"default\"",
		    "egress" },
		{ "known", NULL, NULL, false, NOT(CHECK_OK) },
		{ "relay", NULL, relay, false, NOT(CHECK_OK) },
	};

	(void)state;
	CHECKED_TABLE("egress-unknown", rows);
}

static void
test_no_ptr(void **state)
{
	static const struct checked_row rows[] = {
		{ "one without", NULL, no_ptr, false, HIT(40), "for 2001:db8::7",
		    "PTR record of 2001:db8::7 to mail.example.com" },
		{ "no helo", NULL, no_ptr_no_helo, false, HIT(40), NULL, "PTR record" },
		{ "mismatch is a name", NULL, mismatch, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "relay", NULL, relay, false, NOT(CHECK_OK) },
		{ "no address", NULL, no_egress, false, NOT(CHECK_DUNNO) },
		{ "unknown", NULL, ptr_unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, ptr_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("egress-no-ptr", rows);
}

static void
test_ptr_mismatch(void **state)
{
	static const struct checked_row rows[] = {
		{ "mismatch", NULL, mismatch, false, HIT(40),
		    "192.0.2.7 (other.example.net)", "A or AAAA" },
		{ "none at all", NULL, no_ptr, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "relay", NULL, relay, false, NOT(CHECK_OK) },
		{ "unknown", NULL, forward_unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, forward_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("egress-ptr-mismatch", rows);
}

static void
test_ptr_generic(void **state)
{
	static const struct {
		const char *name;
		bool is_v6, generic;
	} names[] = {
		{ "192-0-2-7.example.net", false, true },
		{ "ip192.0.2.7.static.example.net", false, true },
		{ "7.2.0.192.example.net", false, true },
		{ "host-192-000-002-007.example.net", false, true },
		{ "h192000002007.example.net", false, true },
		{ "C0000207.example.net", false, true },
		{ "dyn7.example.net", false, true },
		{ "host7.dynamic.example.net", false, true },
		{ "pool-7.example.net", false, true },
		{ "a7.adsl.example.net", false, true },
		{ "2001-db8--7.example.net", true, true },
		{ "20010db8000000000000000000000007.example.net", true, true },
		{ "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
		    ".example.net",
		    true, true },
		{ "mail.example.net", false, false },
		{ "mail.dsl.net", false, false },
		{ "mx1.liverpool.example.net", false, false },
		{ "dynamo.example.net", false, false },
		{ "192-0-2-8.example.net", false, false },
		{ "mx2-0-2-7.example.net", false, false },
		{ "mail7.example.net", true, false },
		{ "example.net", false, false },
	};
	static const struct checked_row rows[] = {
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "none at all", NULL, no_ptr, false, NOT(CHECK_OK) },
		{ "relay", NULL, relay, false, NOT(CHECK_OK) },
		{ "unknown", NULL, ptr_unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, ptr_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("egress-ptr-generic", rows);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		checked_begin();
		message_read_headers(t.message);
		t.addresses[names[i].is_v6].ptr_name = names[i].name;
		checked_run(check_find("egress-ptr-generic"));
		if ((t.result.status == CHECK_HIT) != names[i].generic)
			fail_msg("%s: status %d", names[i].name, t.result.status);
		if (names[i].generic)
			assert_int_equal(t.result.weight, 15);
		checked_end();
	}
}

static void
test_helo(void **state)
{
	static const struct checked_row rows[] = {
		{ "not full", NULL, helo_short, false, HIT(10), "not a full host name",
		    NULL },
		{ "literal", NULL, helo_literal, false, HIT(10), "an address", NULL },
		{ "address", NULL, helo_address, false, HIT(10), "an address", NULL },
		{ "no records", NULL, helo_absent, false, HIT(10),
		    "resolve to 192.0.2.7", "address records of mail.example.com for "
		    "192.0.2.7" },
		{ "elsewhere", NULL, helo_elsewhere, false, HIT(10), "2001:db8::7",
		    NULL },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "relay", NULL, relay, false, NOT(CHECK_OK) },
		{ "no name", NULL, helo_null, false, NOT(CHECK_DUNNO) },
		{ "no address", NULL, no_egress, false, NOT(CHECK_DUNNO) },
		{ "unknown", NULL, helo_unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, helo_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)state;
	CHECKED_TABLE("egress-helo", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_no_ptr),
		cmocka_unit_test(test_ptr_mismatch),
		cmocka_unit_test(test_ptr_generic),
		cmocka_unit_test(test_helo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
