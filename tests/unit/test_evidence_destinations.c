/*
 * Domains of recipients: do they take mail, who runs them, what was meant; when
 * a clear no counts as said twice.
 */
#include "evidence_rig.h"

#include "dns/backend.h"
#include "settings/lists.h"

static const char letters[] = {
	[KNOWN_NO] = '-', [KNOWN_ABSENT] = 'n', [KNOWN_VALUE] = 'y', [KNOWN_TEMPERROR] = '?',
};

static struct rig rig;

static void
open_rig(const char *zone)
{
	rig_open(&rig, zone);
	rig.cache = results_cache_new();
}

static struct rcpt *
add_to(const char *path, const char *mailer, const char *host)
{
	struct rcpt rcpt = { .mailer = mailer, .host = host };
	bool is_null;

	address_path_parse(rig.message->arena, slice_of(path), &rcpt.address, &is_null);
	message_add_rcpt(rig.message, &rcpt);
	return &rig.message->rcpts[rig.message->n_rcpts - 1];
}

static void
add(const char *path)
{
	add_to(path, "smtp", NULL);
}

static const struct destinations_evidence *
collect(unsigned queries)
{
	rig.input.arena = rig.message->arena;
	rig.input.cache = rig.cache;
	rig.input.lookups = lookups_new(rig.dns, rig.input.arena, 10, queries);
	evidence_collect_destinations(&rig.input, &rig.evidence);
	return &rig.evidence.destinations;
}

/* "exists mx address [null-mx] [confirmed] [by-hand] [provider] [likely]" */
static const char *
describe(const struct destination *d)
{
	return arena_printf(rig.message->arena, "%c%c%c%s%s%s%s%s%s%s", letters[d->exists],
	    letters[d->mx], letters[d->address], d->null_mx ? " null" : "",
	    d->confirmed ? " twice" : "", d->routed_by_hand ? " by-hand" : "",
	    d->provider_known == KNOWN_TEMPERROR ? " provider?" : "",
	    d->provider != NULL ? " " : "", d->provider != NULL ? d->provider->name : "",
	    d->likely != NULL ? arena_printf(rig.message->arena, " likely %s", d->likely) :
	    "");
}

static int
begin(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

struct row {
	const char *what;
	const char *domain;
	const char *zone;
	const char *want;
};

static const struct row rows[] = {
	{ "an MX", "a.example", "a.example MX 10 mx.a.example\n", "yy-" },
	{ "a provider's MX", "a.example", "a.example MX 5 mx.a.example\n"
	    "a.example MX 10 aspmx.l.google.com\n", "yy- gmail" },
	{ "no provider's: the label is another's", "a.example",
	    "a.example MX 10 notgoogle.com\n", "yy-" },
	{ "A only", "a.example", "a.example A 192.0.2.1\n", "yny" },
	{ "AAAA only", "a.example", "a.example AAAA 2001:db8::1\n", "yny" },
	{ "A, and the AAAA is not known", "a.example",
	    "a.example A 192.0.2.1\na.example AAAA !servfail\n", "yny" },
	{ "null MX", "a.example", "a.example MX 0 .\na.example A 192.0.2.1\n",
	    "yy- null twice" },
	{ "null MX beside another is none", "a.example",
	    "a.example MX 0 .\na.example MX 10 mx.a.example\n", "yy-" },
	{ "does not exist", "a.example", "b.example A 192.0.2.1\n", "nnn twice" },
	{ "exists without either", "a.example", "a.example TXT x\n", "ynn twice" },
	{ "a name below", "a.example", "www.a.example A 192.0.2.1\n", "ynn twice" },
	{ "an alias", "a.example", "a.example CNAME b.example\nb.example MX 1 c.example\n",
	    "yy-" },
	{ "an alias that leads nowhere", "a.example", "a.example CNAME b.example\n",
	    "nnn twice" },
	{ "MX down", "a.example", "a.example MX !servfail\n", "y?n provider?" },
	{ "MX down, an address", "a.example",
	    "a.example MX !servfail\na.example A 192.0.2.1\n", "y?y" },
	{ "A down", "a.example", "a.example MX !nodata\na.example A !servfail\n"
	    "a.example AAAA !nodata\n", "yn? provider?" },
	{ "AAAA silent", "a.example", "a.example MX !nodata\na.example A !nodata\n"
	    "a.example AAAA !timeout\n", "yn? provider?" },
	{ "all silent", "a.example", "a.example ANY !timeout\n", "??? provider?" },
	{ "a slip, gone", "gmial.com", "gmail.com MX 5 gmail-smtp-in.l.google.com\n",
	    "nnn twice likely gmail.com" },
	{ "a slip, takes mail", "gmial.com", "gmial.com MX 5 mx.example.net\n",
	    "yy- likely gmail.com" },
	{ "a slip, not known", "gmial.com", "gmial.com ANY !servfail\n",
	    "??? provider? likely gmail.com" },
	{ "near, but a provider runs it", "gmaill.com",
	    "gmaill.com MX 5 aspmx.l.google.com\n", "yy- gmail" },
	{ "listed itself", "hotmail.de", "hotmail.de MX 5 mx.example.net\n", "yy-" },
	{ "listed, and gone", "gmx.at", "b.example A 192.0.2.1\n", "nnn twice" },
};

static void
test_domains(void **state)
{
	(void)state;
	open_rig("");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct destinations_evidence *all;
		const char *got;

		rig_zone(&rig, rows[i].zone);
		results_cache_clear(rig.cache);
		rig_message(&rig, "example.com", "example.com");
		add(arena_printf(rig.message->arena, "<bob@%s>", rows[i].domain));
		all = collect(4);
		assert_int_equal(all->n, 1);
		got = describe(&all->p[0]);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s, not %s", rows[i].what, got, rows[i].want);
		/* what was clear needs no DNS any more, and reads the same */
		if (strchr(rows[i].want, '?') != NULL)
			continue;
		assert_string_equal(describe(&collect(0)->p[0]), rows[i].want);
		assert_int_equal(rig.evidence.dns_queries, 0);
	}
}

static void
test_who_leaves(void **state)
{
	const struct destinations_evidence *all;

	(void)state;
	open_rig("a.example MX 1 a.example\nb.example MX 1 b.example\n");
	rig_settings(&rig, "egress \"relay\" { via = \"smtp.relay.example\" "
	    "domains = {\"*\"} }\n");
	rig_message(&rig, "example.com", "example.com");
	add_to("<1@a.example>", "smtp", "a.example");
	add_to("<2@A.EXAMPLE>", "relay", "A.example.");
	add_to("<3@a.example>", "esmtp", "[smtp.relay.example]:587");
	add_to("<4@b.example>", "smtp", "[192.0.2.1]");
	add_to("<5@c.example>", "smtp", "mx.inside.example:25")->refused_by = "rcpt-typo";
	add_to("<6@d.example>", "local", NULL);
	add_to("<7@e.example>", NULL, NULL);
	add_to("<8@f.example>", "uucp", NULL);
	add_to("<9@[192.0.2.1]>", "smtp", "[192.0.2.1]");
	add_to("<root>", "smtp", NULL);
	add_to("<10@printer.lan>", "smtp", NULL);
	add_to("<11@box.home.arpa>", "smtp", NULL);
	all = collect(100);
	assert_int_equal(all->n, 2);
	assert_string_equal(all->p[0].domain, "a.example");
	assert_int_equal(all->p[0].rcpts, 3);
	assert_string_equal(describe(&all->p[0]), "yy-");
	assert_string_equal(describe(&all->p[1]), "yy- by-hand");
	assert_int_equal(all->unknown_mailer, 2);
	assert_int_equal(all->skipped, 0);
	/* the domain's own name in brackets is its address, not its MX */
	rig_message(&rig, "example.com", "example.com");
	add_to("<1@a.example>", "smtp", "[a.example]");
	assert_true(collect(100)->p[0].routed_by_hand);
	/* local mail whose mailer nobody told leaves */
	rig_message(&rig, "example.com", "example.com");
	rig.message->is_local = true;
	add_to("<1@a.example>", NULL, NULL);
	assert_int_equal(collect(100)->n, 1);
}

static void
test_limits(void **state)
{
	const struct destinations_evidence *all;
	size_t asked = 0;

	(void)state;
	open_rig("*.example MX 1 mx.example.net\n");
	rig_message(&rig, "example.com", "example.com");
	for (int i = 0; i < 400; i++)
		add(arena_printf(rig.message->arena, "<a@d%d.example>", i % 130));
	all = collect(DNS_QUERIES_MAX);
	assert_int_equal(all->n, DESTINATIONS_MAX);
	assert_int_equal(all->skipped, 30);
	assert_int_equal(all->p[0].rcpts, 4);
	for (size_t i = 0; i < all->n; i++)
		asked += all->p[i].mx == KNOWN_VALUE;
	/* the others' turn comes with the next message */
	assert_int_equal(asked, 60);
	assert_int_equal(rig.evidence.dns_queries, 60);
	assert_string_equal(describe(&all->p[99]), "??? provider?");
	all = collect(DNS_QUERIES_MAX);
	assert_int_equal(rig.evidence.dns_queries, 40);
	assert_string_equal(describe(&all->p[99]), "yy-");
	collect(DNS_QUERIES_MAX);
	assert_int_equal(rig.evidence.dns_queries, 0);
}

/* ---- answers that change ---- */

/* What is said of each type, one letter a query, the last for ever: x NXDOMAIN,
 * n no data, v a value, 0 a null MX, f a failure. */
static struct script {
	struct dns_backend backend;
	const char *mx, *a, *aaaa;
	unsigned asked;
} script;

static void
script_start(struct dns_backend *backend, struct dns_query *query)
{
	static const struct dns_rr address = { .ip = { 4, { 192, 0, 2, 1 } } };
	static const struct dns_rr mx = { .name = "mx.example.net", .preference = 10 };
	static const struct dns_rr none = { .name = "" };
	struct dns_answer answer = { .ttl = 1000, .n = 1 };
	const char **at = dns_query_type(query) == DNS_MX ? &script.mx :
	    dns_query_type(query) == DNS_A ? &script.a : &script.aaaa;
	char letter = **at;

	(void)backend;
	if ((*at)[1] != '\0')
		(*at)++;
	script.asked++;
	answer.rrs = dns_query_type(query) != DNS_MX ? &address :
	    letter == '0' ? &none : &mx;
	answer.status = letter == 'x' ? DNS_NXDOMAIN : letter == 'n' ? DNS_NODATA : DNS_OK;
	if (answer.status != DNS_OK)
		answer.n = 0;
	if (letter == 'f')
		dns_query_fail(query, "broken", "192.0.2.53@53", false);
	else
		dns_query_done(query, &answer);
}

static void
script_free(struct dns_backend *backend)
{
	(void)backend;
}

static void
say(const char *mx, const char *a, const char *aaaa)
{
	script.mx = mx;
	script.a = a;
	script.aaaa = aaaa;
	script.asked = 0;
}

static void
open_script(void)
{
	open_rig("");
	message_free(&rig.message);
	dns_free(&rig.dns);
	script.backend = (struct dns_backend){
		.start = script_start, .free = script_free, .instant_timeout_us = 4000000,
	};
	rig.dns = dns_new_backend(&script.backend, &rig.clock.clock);
	rig_message(&rig, "example.com", "example.com");
}

static void
test_two_answers(void **state)
{
	static const struct {
		const char *mx, *a, *aaaa, *want;
		unsigned asked;
	} cases[] = {
		{ "xx", "x", "x", "nnn twice", 4 },
		{ "nn", "n", "n", "ynn twice", 4 },
		{ "xn", "x", "n", "ynn twice", 4 },
		{ "00", "v", "v", "yy- null twice", 2 },
		/* the second is another: one of the two is wrong */
		{ "xv", "x", "x", "n?n provider?", 4 },
		{ "x0", "x", "x", "n?n provider?", 4 },
		{ "0v", "x", "x", "y?- null provider?", 2 },
		{ "0n", "x", "x", "yy- null", 2 },
		/* the second is none */
		{ "xf", "x", "x", "nnn", 4 },
		{ "0f", "x", "x", "yy- null", 2 },
		/* one of the first is none */
		{ "f", "x", "x", "??n provider?", 3 },
		{ "x", "f", "x", "nn? provider?", 3 },
		{ "x", "x", "f", "nn? provider?", 3 },
		{ "x", "v", "x", "yny", 3 },
		{ "v", "x", "x", "yy-", 1 },
	};

	(void)state;
	open_script();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got;

		rig_message(&rig, "example.com", "example.com");
		add(arena_printf(rig.message->arena, "<a@d%zu.example.org>", i));
		say(cases[i].mx, cases[i].a, cases[i].aaaa);
		got = describe(&collect(4)->p[0]);
		if (strcmp(got, cases[i].want) != 0 || script.asked != cases[i].asked)
			fail_msg("%s %s %s: %s, not %s; %u queries, not %u", cases[i].mx,
			    cases[i].a, cases[i].aaaa, got, cases[i].want, script.asked,
			    cases[i].asked);
	}
}

/* A kept no is asked for anew after five minutes; one out of date is none. */
static void
test_age(void **state)
{
	(void)state;
	open_script();
	add("<a@a.example.org>");
	say("x", "x", "x");
	assert_string_equal(describe(&collect(4)->p[0]), "nnn twice");
	clock_fake_advance(&rig.clock, INT64_C(299) * 1000000);
	say("v", "x", "x");
	assert_string_equal(describe(&collect(4)->p[0]), "n?n provider?");
	clock_fake_advance(&rig.clock, INT64_C(1) * 1000000);
	say("x", "x", "x");
	assert_string_equal(describe(&collect(4)->p[0]), "nnn twice");
	/* after the TTL the servers are down */
	clock_fake_advance(&rig.clock, INT64_C(3700) * 1000000);
	say("f", "f", "f");
	assert_string_equal(describe(&collect(4)->p[0]), "??? provider?");
	say("v", "x", "x");
	clock_fake_advance(&rig.clock, INT64_C(60) * 1000000);
	assert_string_equal(describe(&collect(4)->p[0]), "yy-");
	/* a yes out of date is one still */
	clock_fake_advance(&rig.clock, INT64_C(1001) * 1000000);
	say("f", "f", "f");
	assert_string_equal(describe(&collect(4)->p[0]), "yy-");
}

/* In the whole collection, beside the others. */
static void
test_beside_the_others(void **state)
{
	struct evidence *evidence;

	(void)state;
	open_rig("a.example MX 1 alt1.aspmx.l.google.com\nslow.example ANY !timeout\n");
	rig_message(&rig, "example.com", "example.com");
	add("<1@a.example>");
	add("<2@slow.example>");
	evidence = rig_collect(&rig);
	assert_int_equal(evidence->destinations.n, 2);
	assert_string_equal(describe(&evidence->destinations.p[0]), "yy- gmail");
	assert_string_equal(evidence->destinations.p[0].provider->title, "Gmail");
	assert_string_equal(describe(&evidence->destinations.p[1]), "??? provider?");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_domains),
		TEST(test_who_leaves),
		TEST(test_limits),
		TEST(test_two_answers),
		TEST(test_age),
		TEST(test_beside_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
