/* Keys as DNS shows them, and signatures that came with the message. */
#include "checked.h"

#include "dkim/key.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

/* Keys below 1024 bits cannot be loaded: the linker's --wrap makes one. */
unsigned __real_key_bits(const struct key *key);
unsigned __wrap_key_bits(const struct key *key);

static unsigned pretended_bits;

unsigned
__wrap_key_bits(const struct key *key)
{
	return pretended_bits > 0 ? pretended_bits : __real_key_bits(key);
}

static struct key *rsa_2048, *rsa_1024, *ed25519;
static struct ring_key ring_keys[2];
static struct verified existing[2];

static struct key *
make_key(enum key_type type, unsigned bits)
{
	struct arena *arena = arena_new();
	const char *error = NULL;
	const char *pem = key_generate(type, bits, arena);
	struct key *key;

	assert_non_null(pem);
	key = key_parse(slice_of(pem), arena, &error);
	assert_non_null(key);
	arena_free(&arena);
	return key;
}

/* Two keys that sign and whose records match. */
static void
signing(void)
{
	pretended_bits = 0;
	ring_keys[0] = (struct ring_key){
		.domain = "example.com", .selector = "2026a", .path = "/keys/2026a.pem",
		.key = rsa_2048, .dns_name = "2026a._domainkey.example.com",
	};
	ring_keys[1] = (struct ring_key){
		.domain = "example.com", .selector = "ed", .path = "/keys/ed.pem",
		.key = ed25519, .dns_name = "ed._domainkey.example.com",
	};
	for (int i = 0; i < 2; i++)
		t.evidence.dkim.own[i] = (struct own_signature){
			.key = &ring_keys[i], .made = true, .value = "v=1;",
			.record_known = KNOWN_VALUE, .state = KEY_DNS_MATCH,
			.predicted = DKIM_PASS,
		};
	t.evidence.dkim.n_own = 2;
}

static void
not_managed(void)
{
	t.evidence.dkim.managed = NULL;
	t.evidence.dkim.usable = RING_NO_DOMAIN;
}

static void
not_managed_but_signed(void)
{
	not_managed();
	t.evidence.dkim.existing_total = 1;
}

static void
not_managed_no_author(void)
{
	not_managed();
	t.message->author_domain = NULL;
}

static void
cannot_sign(void)
{
	signing();
	t.evidence.dkim.usable = RING_NOT_IN_DNS;
	t.evidence.dkim.cannot_sign = "no usable key in DNS, says 192.0.2.53";
}

static void
cannot_sign_error(void)
{
	signing();
	t.evidence.dkim.cannot_sign = "the library gave no signature";
}

static void
cannot_sign_no_key(void)
{
	t.evidence.dkim.usable = RING_NO_KEY;
	t.evidence.dkim.cannot_sign = "no key is configured";
}

static void
state(enum key_dns state_)
{
	signing();
	t.evidence.dkim.own[0].state = state_;
}

static void missing(void) { state(KEY_DNS_MISSING); }
static void mismatch(void) { state(KEY_DNS_MISMATCH); }
static void revoked(void) { state(KEY_DNS_REVOKED); }
static void not_seen(void) { state(KEY_DNS_UNKNOWN); }

static void
malformed(void)
{
	state(KEY_DNS_MALFORMED);
	t.evidence.dkim.own[0].problem = "two TXT records";
}

static void
malformed_no_reason(void)
{
	state(KEY_DNS_MALFORMED);
}

static void
second_missing(void)
{
	signing();
	t.evidence.dkim.own[1].record_known = KNOWN_ABSENT;
}

static void
both_missing(void)
{
	missing();
	t.evidence.dkim.own[1].state = KEY_DNS_MISSING;
}

static void
record_unknown(void)
{
	signing();
	t.evidence.dkim.own[0].record_known = KNOWN_NO;
}

static void
record_later(void)
{
	signing();
	t.evidence.dkim.own[1].record_known = KNOWN_TEMPERROR;
}

static void no_keys(void) { t.evidence.dkim.n_own = 0; }

static void
bits_1024(void)
{
	signing();
	ring_keys[0].key = rsa_1024;
}

static void
bits_768(void)
{
	signing();
	pretended_bits = 768;
}

static void
no_key(void)
{
	signing();
	ring_keys[0].key = NULL;
}

static void
testing(void)
{
	signing();
	t.evidence.dkim.own[1].testing = true;
}

static void
carries(enum dkim_result result)
{
	existing[0] = (struct verified){
		.sdid = "example.net", .selector = "s1", .algorithm = "rsa-sha256",
		.result = result, .reason = result == DKIM_PASS ? NULL :
		    "body hash differs",
	};
	t.evidence.dkim.existing = existing;
	t.evidence.dkim.n_existing = t.evidence.dkim.existing_total = 1;
}

static void carries_pass(void) { carries(DKIM_PASS); }
static void carries_fail(void) { carries(DKIM_FAIL); }
static void carries_permerror(void) { carries(DKIM_PERMERROR); }
static void carries_policy(void) { carries(DKIM_POLICY); }
static void carries_neutral(void) { carries(DKIM_NEUTRAL); }
static void carries_none(void) { carries(DKIM_NONE); }
static void carries_temperror(void) { carries(DKIM_TEMPERROR); }

static void
carries_more(void)
{
	carries(DKIM_PASS);
	t.evidence.dkim.existing_total = 7;
}

static void
carries_key_unknown(void)
{
	carries(DKIM_PASS);
	t.evidence.dkim.existing_known = false;
}

static void
carries_length(void)
{
	carries(DKIM_PASS);
	existing[0].has_length = true;
}

static void
test_unsigned(void **test)
{
	static const struct checked_row rows[] = {
		{ "not ours", NULL, not_managed, false, HIT(20),
		    "example.com is not among", "mailworthy keygen example.com" },
		{ "signed before", NULL, not_managed_but_signed, false, NOT(CHECK_OK) },
		{ "ours", NULL, signing, false, NOT(CHECK_OK) },
		{ "no author", NULL, not_managed_no_author, false, NOT(CHECK_DUNNO) },
	};

	(void)test;
	CHECKED_TABLE("dkim-unsigned", rows);
}

static void
breaks(void)
{
	signing();
	t.evidence.dkim.own[1].breaks = "Sendmail writes the field To anew";
	t.evidence.dkim.own[1].breaks_fix = "Quote the name.";
}

static void
through_sendmail(void)
{
	signing();
	t.session->mta = MTA_SENDMAIL;
}

/* Its own check has the fix. */
static void
breaks_anywhere(void)
{
	signing();
	t.evidence.dkim.own[0].breaks = "line 1 of the body has 999 octets";
}

static void
test_rewrites(void **test)
{
	static const struct checked_row rows[] = {
		{ "breaks", NULL, breaks, false, HIT(20),
		    "example.com will not survive: Sendmail writes the field To anew.",
		    "Quote the name." },
		{ "breaks anywhere", NULL, breaks_anywhere, false, NOT(CHECK_OK) },
		{ "signs", NULL, signing, false, NOT(CHECK_OK) },
		{ "not kept", NULL, through_sendmail, true, NOT(CHECK_DUNNO) },
		{ "not kept, not Sendmail", NULL, signing, true, NOT(CHECK_OK) },
		{ "not ours", NULL, not_managed, false, NOT(CHECK_OK) },
	};

	(void)test;
	CHECKED_TABLE("sendmail-rewrites", rows);
}

static void
test_cannot_sign(void **test)
{
	static const struct checked_row rows[] = {
		{ "not in dns", NULL, cannot_sign, false, CHECK_HIT, 60,
		    ACTION_TEMPFAIL, "no usable key in DNS, says 192.0.2.53",
		    "2026a._domainkey.example.com. IN TXT \"v=DKIM1; k=rsa; p=MII" },
		{ "error", NULL, cannot_sign_error, false, CHECK_HIT, 60,
		    ACTION_TEMPFAIL, "the library gave no signature",
		    "Mend the cause" },
		{ "no key", NULL, cannot_sign_no_key, false, CHECK_HIT, 60,
		    ACTION_TEMPFAIL, "no key is configured", "give the domain a key" },
		{ "signs", NULL, signing, false, NOT(CHECK_OK) },
		{ "not ours", NULL, not_managed, false, NOT(CHECK_OK) },
		{ "doubt signs", NULL, record_unknown, false, NOT(CHECK_OK) },
	};

	(void)test;
	CHECKED_TABLE("dkim-cannot-sign", rows);
}

static void
test_key_states(void **test)
{
	static const struct checked_row missing_rows[] = {
		{ "missing", NULL, missing, false, HIT(40),
		    "2026a._domainkey.example.com", "2026a._domainkey.example.com. IN "
		    "TXT \"v=DKIM1; k=rsa; p=MII" },
		{ "split", NULL, missing, false, HIT(40), NULL, "\" \"" },
		{ "second key", NULL, second_missing, false, HIT(40), "ed._domainkey",
		    "\"v=DKIM1; k=ed25519; p=" },
		{ "both", NULL, both_missing, false, HIT(40),
		    "2026a._domainkey.example.com, ed._domainkey.example.com", NULL },
		{ "key not at hand", NULL, no_key, false, NOT(CHECK_OK) },
		{ "matches", NULL, signing, false, NOT(CHECK_OK) },
		{ "differs", NULL, mismatch, false, NOT(CHECK_OK) },
		{ "not ours", NULL, not_managed, false, NOT(CHECK_OK) },
		{ "never seen", NULL, not_seen, false, NOT(CHECK_DUNNO) },
		{ "not asked", NULL, record_unknown, false, NOT(CHECK_DUNNO) },
		{ "no keys", NULL, no_keys, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, record_later, false, NOT(CHECK_TEMPERROR) },
	};
	static const struct checked_row mismatch_rows[] = {
		{ "differs", NULL, mismatch, false, HIT(40),
		    "not the one in /keys/2026a.pem", "IN TXT \"v=DKIM1" },
		{ "missing", NULL, missing, false, NOT(CHECK_OK) },
		{ "matches", NULL, signing, false, NOT(CHECK_OK) },
		{ "not asked", NULL, record_unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, record_later, false, NOT(CHECK_TEMPERROR) },
	};
	static const struct checked_row revoked_rows[] = {
		{ "revoked", NULL, revoked, false, HIT(40), "empty p=",
		    "keygen example.com" },
		{ "missing", NULL, missing, false, NOT(CHECK_OK) },
		{ "matches", NULL, signing, false, NOT(CHECK_OK) },
		{ "not asked", NULL, record_unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, record_later, false, NOT(CHECK_TEMPERROR) },
	};
	static const struct checked_row malformed_rows[] = {
		{ "two records", NULL, malformed, false, HIT(40), "two TXT records",
		    "exactly this one TXT record" },
		{ "no reason", NULL, malformed_no_reason, false, HIT(40),
		    "cannot be read", NULL },
		{ "revoked", NULL, revoked, false, NOT(CHECK_OK) },
		{ "matches", NULL, signing, false, NOT(CHECK_OK) },
		{ "not asked", NULL, record_unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, record_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)test;
	CHECKED_TABLE("dkim-key-missing", missing_rows);
	CHECKED_TABLE("dkim-key-mismatch", mismatch_rows);
	CHECKED_TABLE("dkim-key-revoked", revoked_rows);
	CHECKED_TABLE("dkim-record-malformed", malformed_rows);
}

static void
test_key_weak(void **test)
{
	static const struct checked_row rows[] = {
		{ "1024", NULL, bits_1024, false, HIT(5),
		    "2026a._domainkey.example.com (1024 bits)", "2048" },
		{ "768", NULL, bits_768, false, HIT(50), "below the 1024", NULL },
		{ "2048 and ed25519", NULL, signing, false, NOT(CHECK_OK) },
		{ "not ours", NULL, not_managed, false, NOT(CHECK_OK) },
		{ "key not at hand", NULL, no_key, false, NOT(CHECK_DUNNO) },
	};

	(void)test;
	CHECKED_TABLE("dkim-key-weak", rows);
	pretended_bits = 0;
}

static void
test_key_testing(void **test)
{
	static const struct checked_row rows[] = {
		{ "testing", NULL, testing, false, HIT(2),
		    "ed._domainkey.example.com says t=y", "Take t=y" },
		{ "not", NULL, signing, false, NOT(CHECK_OK) },
		{ "not asked", NULL, record_unknown, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, record_later, false, NOT(CHECK_TEMPERROR) },
	};

	(void)test;
	CHECKED_TABLE("dkim-key-testing", rows);
}

static void
test_existing(void **test)
{
	static const struct checked_row broken[] = {
		{ "fail", NULL, carries_fail, false, HIT(15),
		    "d=example.net s=s1 (fail: body hash differs)", NULL },
		{ "permerror", NULL, carries_permerror, false, HIT(15), "permerror",
		    NULL },
		{ "policy", NULL, carries_policy, false, HIT(15), "policy", NULL },
		{ "neutral", NULL, carries_neutral, false, HIT(15), "neutral", NULL },
		{ "pass", NULL, carries_pass, false, NOT(CHECK_OK) },
		{ "none", NULL, carries_none, false, NOT(CHECK_OK) },
		{ "no signature", NULL, NULL, false, NOT(CHECK_OK) },
		{ "more than judged", NULL, carries_more, false, NOT(CHECK_DUNNO) },
		{ "temperror", NULL, carries_temperror, false, NOT(CHECK_TEMPERROR) },
		{ "key unknown", NULL, carries_key_unknown, false,
		    NOT(CHECK_TEMPERROR) },
	};
	static const struct checked_row length[] = {
		{ "l=", NULL, carries_length, false, HIT(10), "d=example.net s=s1",
		    "l=" },
		{ "whole", NULL, carries_pass, false, NOT(CHECK_OK) },
		{ "no signature", NULL, NULL, false, NOT(CHECK_OK) },
		{ "more than judged", NULL, carries_more, false, NOT(CHECK_DUNNO) },
	};

	(void)test;
	CHECKED_TABLE("dkim-existing-broken", broken);
	CHECKED_TABLE("dkim-existing-length", length);
}

static int
setup(void **test)
{
	(void)test;
	rsa_2048 = make_key(KEY_RSA, 2048);
	rsa_1024 = make_key(KEY_RSA, 1024);
	ed25519 = make_key(KEY_ED25519, 0);
	return 0;
}

static int
teardown(void **test)
{
	(void)test;
	key_free(&rsa_2048);
	key_free(&rsa_1024);
	key_free(&ed25519);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_cannot_sign),
		cmocka_unit_test(test_rewrites),
		cmocka_unit_test(test_key_states),
		cmocka_unit_test(test_key_weak),
		cmocka_unit_test(test_key_testing),
		cmocka_unit_test(test_existing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
