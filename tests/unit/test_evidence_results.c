/* Kept judgements: no DNS for a busy sender, and nothing beyond its time. */
#include "evidence_rig.h"

#include "evidence/results.h"

#define ZONE(record, ttl) \
	"example.com " ttl " TXT \"v=spf1 ip4:192.0.2.1 " record "\"\n" \
	"example.com " ttl " MX 10 mail.example.com\n" \
	"example.com " ttl " A 192.0.2.1\n" \
	"example.com " ttl " AAAA 2001:db8::1\n" \
	"example.com " ttl " SOA ns.example.com h.example.com 1 3600 600 86400 3600\n" \
	"com " ttl " SOA ns.example.com h.example.com 1 3600 600 86400 3600\n" \
	"mail.example.com " ttl " A 192.0.2.1\n" \
	"mail.example.com " ttl " AAAA 2001:db8::1\n" \
	"1.2.0.192.in-addr.arpa " ttl " PTR mail.example.com\n" \
	"_dmarc.example.com " ttl " TXT \"v=DMARC1; p=reject; rua=mailto:d@example.net\"\n" \
	"*._report._dmarc.example.net " ttl " TXT \"v=DMARC1\"\n"

#define SECOND INT64_C(1000000)

static const struct evidence *
again(struct rig *rig)
{
	rig_message(rig, "example.com", "example.com");
	return rig_collect(rig);
}

static void
open_warm(struct rig *rig, const char *zone)
{
	rig_open(rig, zone);
	rig->cache = results_cache_new();
	rig_ip(rig, "192.0.2.1");
	again(rig);
	assert_true(rig->evidence.dns_queries > 0);
}

/* A resolver that knows nothing shows what rests on the cache alone. */
static void
busy_sender_asks_nothing(void **state)
{
	const struct evidence *evidence;
	struct rig rig;

	(void)state;
	open_warm(&rig, ZONE("-all", "300"));
	rig_zone(&rig, "example.net A 192.0.2.9\n");
	evidence = again(&rig);
	assert_int_equal(evidence->dns_queries, 0);
	assert_int_equal(evidence->spf.worst, SPF_PASS);
	assert_int_equal(evidence->dmarc.result, DMARC_PASS);
	assert_int_equal(evidence->dmarc.policy, DMARC_POLICY_REJECT);
	assert_string_equal(evidence->dmarc.record.text,
	    "v=DMARC1; p=reject; rua=mailto:d@example.net");
	assert_int_equal(evidence->dmarc.rua_known, KNOWN_VALUE);
	assert_int_equal(evidence->author_name.mx, KNOWN_VALUE);
	assert_int_equal(evidence->author_name.soa, KNOWN_VALUE);
	assert_int_equal(evidence->spf.width_known, KNOWN_VALUE);
	assert_true(evidence->egress.addresses[0].ptr_forward);
	assert_true(evidence->egress.addresses[0].helo_forward);
	rig_close(&rig);
}

static void
ends_with_the_ttl(void **state)
{
	struct rig rig;

	(void)state;
	open_warm(&rig, ZONE("-all", "300"));
	rig_zone(&rig, "example.com TXT \"v=spf1 -all\"\n");
	clock_fake_advance(&rig.clock, 200 * SECOND);
	assert_int_equal(again(&rig)->spf.worst, SPF_PASS);
	clock_fake_advance(&rig.clock, 100 * SECOND);
	assert_int_equal(again(&rig)->spf.worst, SPF_FAIL);
	assert_int_equal(rig.evidence.dmarc.known, KNOWN_ABSENT);
	rig_close(&rig);
}

/* In the last tenth it is asked again, without waiting: what cannot be had
 * leaves the old value, what can replaces it. */
static void
is_renewed_before_its_end(void **state)
{
	struct rig rig;

	(void)state;
	open_warm(&rig, ZONE("-all", "300"));
	clock_fake_advance(&rig.clock, 280 * SECOND);
	rig_zone(&rig, "example.com ANY !timeout\n_dmarc.example.com TXT !servfail\n");
	assert_int_equal(again(&rig)->spf.worst, SPF_PASS);
	assert_int_equal(rig.evidence.dmarc.result, DMARC_PASS);
	assert_int_equal(rig.evidence.author_name.mx, KNOWN_VALUE);
	rig_zone(&rig, ZONE("ip4:192.0.2.7 -all", "300"));
	assert_int_equal(again(&rig)->spf.worst, SPF_PASS);
	assert_string_equal(rig.evidence.egress.addresses[0].spf.record,
	    "v=spf1 ip4:192.0.2.1 ip4:192.0.2.7 -all");
	clock_fake_advance(&rig.clock, 200 * SECOND);
	rig_zone(&rig, "example.net A 192.0.2.9\n");
	assert_int_equal(again(&rig)->spf.worst, SPF_PASS);
	rig_close(&rig);
}

static void
failures_are_not_kept(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com ANY !servfail\n_dmarc.example.com ANY !servfail\n"
	    "1.2.0.192.in-addr.arpa ANY !servfail\n");
	rig.cache = results_cache_new();
	rig_ip(&rig, "192.0.2.1");
	again(&rig);
	assert_int_equal(rig.evidence.spf.known, KNOWN_TEMPERROR);
	assert_int_equal(rig.evidence.dmarc.known, KNOWN_TEMPERROR);
	rig_zone(&rig, ZONE("-all", "300"));
	again(&rig);
	assert_int_equal(rig.evidence.spf.known, KNOWN_VALUE);
	assert_int_equal(rig.evidence.dmarc.known, KNOWN_VALUE);
	assert_int_equal(rig.evidence.egress.addresses[0].ptr_known, KNOWN_VALUE);
	assert_int_equal(rig.evidence.author_name.exists, KNOWN_VALUE);
	rig_close(&rig);
}

static void
can_be_cleared(void **state)
{
	struct rig rig;

	(void)state;
	open_warm(&rig, ZONE("-all", "300"));
	rig_zone(&rig, "example.com TXT \"v=spf1 -all\"\n");
	results_cache_clear(rig.cache);
	assert_int_equal(again(&rig)->spf.worst, SPF_FAIL);
	rig_close(&rig);
}

/* A resolver that never answers: every fact is a temporary error, in the end. */
static void
deadline_fills_everything(void **state)
{
	const struct evidence *evidence;
	struct rig rig;

	(void)state;
	rig_open(&rig, "*.com ANY !timeout\ncom ANY !timeout\n*.arpa ANY !timeout\n");
	rig_ip(&rig, "192.0.2.1");
	evidence = again(&rig);
	assert_int_equal(evidence->spf.known, KNOWN_TEMPERROR);
	assert_int_equal(evidence->dmarc.known, KNOWN_TEMPERROR);
	assert_int_equal(evidence->dmarc.result, DMARC_UNKNOWN);
	assert_int_equal(evidence->author_name.exists, KNOWN_TEMPERROR);
	assert_int_equal(evidence->egress.addresses[0].ptr_known, KNOWN_TEMPERROR);
	assert_int_equal(evidence->egress.addresses[0].helo_known, KNOWN_TEMPERROR);
	assert_true(evidence->dns_queries > 0);
	rig_close(&rig);
}

static void
budget_fills_everything(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, ZONE("-all", "300"));
	rig_ip(&rig, "192.0.2.1");
	rig_message(&rig, "example.com", "example.com");
	rig.input.arena = rig.message->arena;
	rig.input.lookups = lookups_new(rig.dns, rig.input.arena, 10, 0);
	evidence_collect(&rig.input, &rig.evidence);
	assert_true(rig.evidence.dns_over);
	assert_int_equal(rig.evidence.dns_queries, 0);
	assert_int_equal(rig.evidence.dmarc.result, DMARC_UNKNOWN);
	rig_close(&rig);
}

static void
packs_values(void **state)
{
	struct arena *arena = arena_new();
	struct unpack unpack;
	struct buf value;

	(void)state;
	pack_new(&value, arena);
	pack_number(&value, 7);
	pack_text(&value, NULL);
	pack_text(&value, "");
	pack_text(&value, "text");
	unpack = (struct unpack){ .p = value.p, .n = value.n };
	assert_int_equal(unpack_number(&unpack), 7);
	assert_null(unpack_text(&unpack));
	assert_string_equal(unpack_text(&unpack), "");
	assert_string_equal(unpack_text(&unpack), "text");
	assert_false(unpack.bad);
	assert_null(unpack_text(&unpack));
	assert_true(unpack.bad);
	unpack = (struct unpack){ .p = value.p, .n = value.n - 1 };
	unpack_number(&unpack);
	unpack_text(&unpack);
	unpack_text(&unpack);
	assert_null(unpack_text(&unpack));
	assert_true(unpack.bad);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(busy_sender_asks_nothing),
		cmocka_unit_test(ends_with_the_ttl),
		cmocka_unit_test(is_renewed_before_its_end),
		cmocka_unit_test(failures_are_not_kept),
		cmocka_unit_test(can_be_cleared),
		cmocka_unit_test(deadline_fills_everything),
		cmocka_unit_test(budget_fills_everything),
		cmocka_unit_test(packs_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
