/* The host's names and the sender's: PTR and back, HELO, existence, MX, SOA. */
#include "evidence_rig.h"

#include <stdio.h>

static const char known_letters[] = {
	[KNOWN_NO] = '-', [KNOWN_ABSENT] = 'n', [KNOWN_VALUE] = 'y', [KNOWN_TEMPERROR] = '?',
};

struct host_row {
	const char *what;
	const char *ip;
	const char *zone;
	const char *want;	/* "PTR known, forward known, forward, name" */
};

#define PTR4 "1.2.0.192.in-addr.arpa PTR "
#define PTR6 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR "

static const struct host_row ptr_rows[] = {
	{ "leads back", "192.0.2.1", PTR4
	    "mail.example.com\nmail.example.com A 192.0.2.1\n", "y y y mail.example.com"
	    },
	{ "none", "192.0.2.1", "mail.example.com A 192.0.2.1\n", "n - n -" },
	{ "no name in the answer", "192.0.2.1", "1.2.0.192.in-addr.arpa TXT x\n",
	    "n - n -" },
	{ "leads elsewhere", "192.0.2.1",
	    PTR4 "mail.example.com\nmail.example.com A 192.0.2.2\n",
	    "y y n mail.example.com" },
	{ "leads nowhere", "192.0.2.1", PTR4 "mail.example.com\n",
	    "y y n mail.example.com" },
	{ "the second name leads back", "192.0.2.1", PTR4 "a.example.com\n" PTR4
	    "b.example.com\na.example.com A 192.0.2.9\nb.example.com A 192.0.2.1\n",
	    "y y y b.example.com" },
	{ "one of several addresses", "192.0.2.1", PTR4 "a.example.com\n"
	    "a.example.com A 192.0.2.9\na.example.com A 192.0.2.1\n",
	    "y y y a.example.com" },
	{ "the way back through a CNAME", "192.0.2.1", PTR4 "a.example.com\n"
	    "a.example.com CNAME b.example.com\nb.example.com A 192.0.2.1\n",
	    "y y y a.example.com" },
	{ "PTR down", "192.0.2.1", PTR4 "!servfail\n", "? - n -" },
	{ "way back down", "192.0.2.1", PTR4
	    "a.example.com\na.example.com A !timeout\n", "y ? n a.example.com" },
	{ "one way back down, the other leads back", "192.0.2.1", PTR4 "a.example.com\n"
	    PTR4
	    "b.example.com\na.example.com A !servfail\nb.example.com A 192.0.2.1\n",
	    "y y y b.example.com" },
	{ "v6", "2001:db8::1", PTR6
	    "mail.example.com\nmail.example.com AAAA 2001:db8::1\n",
	    "y y y mail.example.com" },
	{ "v6 has the A only", "2001:db8::1", PTR6 "mail.example.com\n"
	    "mail.example.com A 192.0.2.1\n", "y y n mail.example.com" },
};

static const char *
describe_ptr(const struct rig *rig, const struct egress_address *address)
{
	return arena_printf(rig->message->arena, "%c %c %c %s",
	    known_letters[address->ptr_known], known_letters[address->ptr_forward_known],
	    address->ptr_forward ? 'y' : 'n',
	    address->ptr_name != NULL ? address->ptr_name : "-");
}

static void
follows_ptr(void **state)
{
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(ptr_rows) / sizeof(ptr_rows[0]); i++) {
		rig_open(&rig, ptr_rows[i].zone);
		rig.cache = results_cache_new();
		rig_ip(&rig, ptr_rows[i].ip);
		for (int again = 0; again < 2; again++) {
			const char *got;

			rig_message(&rig, "example.com", "example.com");
			got = describe_ptr(&rig, rig_collect(&rig)->egress.addresses);
			if (strcmp(got, ptr_rows[i].want) != 0)
				fail_msg("%s: %s, not %s", ptr_rows[i].what, got,
				    ptr_rows[i].want);
		}
		rig_close(&rig);
	}
}

static void
resolves_helo(void **state)
{
	static const struct {
		const char *helo, *ip, *zone, *want;
	} rows[] = {
		{ "mail.example.com", "192.0.2.1", "mail.example.com A 192.0.2.1\n",
		    "y y" },
		{ "MAIL.Example.COM", "192.0.2.1", "mail.example.com A 192.0.2.1\n",
		    "y y" },
		{ "mail.example.com", "192.0.2.1", "mail.example.com A 192.0.2.2\n",
		    "y n" },
		{ "mail.example.com", "192.0.2.1", "example.com A 192.0.2.1\n", "n n" },
		{ "mail.example.com", "2001:db8::1", "mail.example.com A 192.0.2.1\n",
		    "y n" },
		{ "mail.example.com", "2001:db8::1",
		    "mail.example.com AAAA 2001:db8::1\n", "y y" },
		{ "mail.example.com", "192.0.2.1", "mail.example.com A !servfail\n",
		    "? n" },
		{ "mail.example.com", "192.0.2.1", "mail.example.com A !servfail\n"
		    "mail.example.com AAAA 2001:db8::1\n", "? n" },
		{ "localhost", "192.0.2.1", "localhost A 192.0.2.1\n", "- n" },
		{ "[192.0.2.1]", "192.0.2.1", "", "- n" },
	};
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct egress_address *address;
		char got[4];

		rig_open(&rig, rows[i].zone);
		rig.session->mta_name = rows[i].helo;
		rig_ip(&rig, rows[i].ip);
		rig_message(&rig, "example.com", "example.com");
		address = rig_collect(&rig)->egress.addresses;
		snprintf(got, sizeof(got), "%c %c", known_letters[address->helo_known],
		    address->helo_forward ? 'y' : 'n');
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%zu %s: %s, not %s", i, rows[i].helo, got, rows[i].want);
		rig_close(&rig);
	}
}

struct name_row {
	const char *what;
	const char *domain;
	const char *zone;
	const char *want;	/* exists, MX, null MX, address, SOA */
};

#define SOA " SOA ns.example.com h.example.com 1 3600 600 86400 300\n"

static const struct name_row name_rows[] = {
	{ "all there", "example.com", "example.com" SOA
	    "example.com MX 10 mx.example.com\n" "example.com A 192.0.2.1\n",
	    "y y - y y" },
	{ "gone", "example.com", "example.org A 192.0.2.1\n", "n n - n n" },
	{ "null MX", "example.com", "example.com" SOA "example.com MX 0 .\n",
	    "y y 0 n y" },
	{ "null MX and another is none", "example.com", "example.com" SOA
	    "example.com MX 0 .\nexample.com MX 5 mx.example.com\n", "y y - n y" },
	{ "address only", "example.com", "example.com" SOA "example.com A 192.0.2.1\n",
	    "y n - y y" },
	{ "v6 address only", "example.com", "example.com" SOA
	    "example.com AAAA 2001:db8::1\n", "y n - y y" },
	{ "neither", "example.com", "example.com" SOA, "y n - n y" },
	{ "names below only", "example.com", "www.example.com A 192.0.2.1\n",
	    "y n - n n" },
	{ "SOA above", "a.example.com", "example.com" SOA "a.example.com A 192.0.2.1\n",
	    "y n - y y" },
	{ "SOA two above", "b.a.example.com", "example.com" SOA
	    "b.a.example.com A 192.0.2.1\n", "y n - y y" },
	{ "SOA of the suffix does not count", "example.com", "com" SOA
	    "example.com A 192.0.2.1\n", "y n - y n" },
	{ "SOA of a longer suffix does not count", "example.co.uk", "co.uk" SOA
	    "example.co.uk A 192.0.2.1\n", "y n - y n" },
	{ "SOA down", "example.com",
	    "example.com SOA !servfail\nexample.com A 192.0.2.1\n", "y n - y ?" },
	{ "SOA down, one above", "a.example.com", "a.example.com SOA !servfail\n"
	    "a.example.com A 192.0.2.1\nexample.com" SOA, "y n - y y" },
	{ "MX down", "example.com", "example.com" SOA "example.com MX !timeout\n"
	    "example.com A 192.0.2.1\n", "y ? - y y" },
	{ "addresses down", "example.com", "example.com" SOA "example.com A !servfail\n"
	    "example.com MX 5 mx.example.com\n", "y y - ? y" },
	{ "all down", "example.com", "example.com ANY !servfail\n", "? ? - ? ?" },
	{ "NXDOMAIN beside a record", "example.com", "example.com" SOA
	    "example.com A 192.0.2.1\nexample.com MX !nxdomain\n", "y n - y y" },
	{ "IDN", "xn--bcher-kva.example", "xn--bcher-kva.example" SOA, "y n - n y" },
};

static const char *
describe_name(const struct rig *rig, const struct name_evidence *name)
{
	return arena_printf(rig->message->arena, "%c %c %c %c %c",
	    known_letters[name->exists], known_letters[name->mx], name->null_mx ? '0' : '-',
	    known_letters[name->address], known_letters[name->soa]);
}

static void
judges_names(void **state)
{
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
		rig_open(&rig, name_rows[i].zone);
		rig.cache = results_cache_new();
		for (int again = 0; again < 2; again++) {
			const char *got;

			rig_message(&rig, name_rows[i].domain, name_rows[i].domain);
			got = describe_name(&rig, &rig_collect(&rig)->author_name);
			if (strcmp(got, name_rows[i].want) != 0)
				fail_msg("%s: %s, not %s", name_rows[i].what, got,
				    name_rows[i].want);
			assert_null(rig.evidence.envelope_name.domain);
		}
		rig_close(&rig);
	}
}

static void
judges_the_envelope_apart(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com A 192.0.2.1\n");
	rig_message(&rig, "example.net", "example.com");
	rig_collect(&rig);
	assert_int_equal(rig.evidence.author_name.exists, KNOWN_VALUE);
	assert_int_equal(rig.evidence.envelope_name.exists, KNOWN_ABSENT);
	rig_message(&rig, NULL, NULL);
	rig_collect(&rig);
	assert_null(rig.evidence.author_name.domain);
	assert_null(rig.evidence.envelope_name.domain);
	rig_close(&rig);
}

/* SPF often takes more rounds of DNS than the PTR: it must leave the PTR alone. */
static void
survives_spf(void **state)
{
	struct rig rig;
	struct collection c = { .input = &rig.input, .evidence = &rig.evidence };

	(void)state;
	rig_open(&rig, "example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
	    "mail.example.com A 192.0.2.1\n");
	rig_ip(&rig, "192.0.2.1");
	rig_message(&rig, "example.com", "example.com");
	rig_lookups(&rig);
	assert_int_equal(collect_egress(&c), 0);
	while (collect_hosts(&c) != 0)
		lookups_wait(rig.input.lookups);
	while (collect_spf(&c) != 0)
		lookups_wait(rig.input.lookups);
	assert_int_equal(rig.evidence.spf.worst, SPF_PASS);
	assert_int_equal(rig.evidence.egress.addresses[0].ptr_known, KNOWN_ABSENT);
	assert_int_equal(rig.evidence.egress.addresses[0].helo_known, KNOWN_VALUE);
	assert_true(rig.evidence.egress.addresses[0].helo_forward);
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_ptr),
		cmocka_unit_test(survives_spf),
		cmocka_unit_test(resolves_helo),
		cmocka_unit_test(judges_names),
		cmocka_unit_test(judges_the_envelope_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
