/*
 * Signatures that came with a message: results by RFC 8601, keys asked for
 * without waiting, and hostile fields that cost nothing.
 */
#include <time.h>

#include "dkim_rig.h"

static struct rig rig;

static int
set_up(void **state)
{
	(void)state;
	rig_open(&rig);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* RFC 8463 appendix A. */
#define RFC_ZONE \
	"brisbane._domainkey.football.example.com TXT " \
	"\"v=DKIM1; k=ed25519; p=" P_ED25519 "\"\n" \
	"test._domainkey.football.example.com TXT \"v=DKIM1; k=rsa; p=" \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3id" \
	"Y6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/b\" \"yYzCNb3W91y3FutAC" \
	"DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzB" \
	"fO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\"\n"
#define RFC_SIGNATURES \
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n" \
	" d=football.example.com; i=@football.example.com;\n" \
	" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n" \
	" subject : date : message-id : from : subject : date;\n" \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n" \
	" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n" \
	" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n" \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n" \
	" d=football.example.com; i=@football.example.com;\n" \
	" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n" \
	" date : message-id : from : subject : date;\n" \
	" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n" \
	" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n" \
	" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n" \
	" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n"
#define RFC_FIELDS \
	"From: Joe SixPack <joe@football.example.com>\n" \
	"To: Suzie Q <suzie@shopping.example.net>\n" \
	"Subject: Is dinner ready?\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
#define RFC_BODY "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"

static void
test_rfc8463(void **state)
{
	const struct verified *verified;

	(void)state;
	assert_int_equal(rig_verify(&rig, RFC_SIGNATURES RFC_FIELDS, SLICE(RFC_BODY),
	    RFC_ZONE, 7, &verified), 2);
	assert_int_equal(verified[0].result, DKIM_PASS);
	assert_string_equal(verified[0].sdid, "football.example.com");
	assert_string_equal(verified[0].selector, "brisbane");
	assert_string_equal(verified[0].algorithm, "ed25519-sha256");
	assert_false(verified[0].has_length);
	assert_null(verified[0].reason);
	assert_int_equal(verified[1].result, DKIM_PASS);
	assert_string_equal(verified[1].selector, "test");
	assert_int_equal(rig_verify(&rig, RFC_SIGNATURES RFC_FIELDS, SLICE(RFC_BODY "x"),
	    RFC_ZONE, 7, &verified), 2);
	assert_int_equal(verified[0].result, DKIM_FAIL);
	assert_int_equal(verified[1].result, DKIM_FAIL);
	assert_int_equal(rig_verify(&rig, RFC_SIGNATURES "Subject: x\n" RFC_FIELDS,
	    SLICE(RFC_BODY), RFC_ZONE, 7, &verified), 2);
	assert_int_equal(verified[0].result, DKIM_FAIL);
}

#define FIELDS "From: a@example.com\nTo: b@example.net\nSubject: x\n"
#define BODY "Hello\r\n"

/* A signed message; for free(). */
static char *
signed_message(void)
{
	struct headers *headers = rig_headers(&rig, FIELDS);
	struct signature signatures[2];

	rig_sign_with(&rig, &rig.rsa, &rig.ed25519, headers, SLICE(BODY), 9, signatures);
	return (char *)(uintptr_t)rig_signed_text(&rig, FIELDS, signatures, 2);
}

/* The two results of the signed message under another zone. */
static void
test_keys(void **state)
{
	static const struct {
		const char *zone;
		enum dkim_result ed25519, rsa;
		const char *reason;	/* of the second, held by it */
	} rows[] = {
		{ RIG_ZONE, DKIM_PASS, DKIM_PASS, NULL },
		{ "", DKIM_PERMERROR, DKIM_PERMERROR, "not in DNS" },
		{ "rsa._domainkey.example.com TXT !servfail\n", DKIM_PERMERROR,
		    DKIM_TEMPERROR, "DNS did not give" },
		{ "rsa._domainkey.example.com TXT !timeout\n"
		    "ed._domainkey.example.com TXT \"v=DKIM1; k=ed25519; p=" P_ED25519 "\"\n",
		    DKIM_PASS, DKIM_TEMPERROR, "DNS did not give" },
		{ "rsa._domainkey.example.com TXT \"p=\"\n", DKIM_PERMERROR, DKIM_PERMERROR,
		    "revoked" },
		{ "rsa._domainkey.example.com TXT \"p=!\"\n", DKIM_PERMERROR,
		    DKIM_PERMERROR, "faulty: p= is not base64" },
		{ "rsa._domainkey.example.com TXT \"v=spf1 -all\"\n"
		    "rsa._domainkey.example.com TXT \"p=" P_RSA "\"\n", DKIM_PERMERROR,
		    DKIM_PERMERROR, "several TXT" },
		{ "rsa._domainkey.example.com TXT \"k=ed25519; p=" P_ED25519 "\"\n",
		    DKIM_PERMERROR, DKIM_PERMERROR, "another type" },
		{ "ed._domainkey.example.com TXT \"k=ed25519; "
		    "p=sPs07Vu29FpHT/80UXUcYHFOHifD4o2ZlP2+XUh9g6E=\"\n", DKIM_FAIL,
		    DKIM_PERMERROR, "not in DNS" },
		{ "rsa._domainkey.example.com TXT \"p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANQX"
		    "d9WQaXib5d5O8F0wlq0jQYose7IlYQZIle1Qgyfygxy6+Cl0zlDH66SExMo4viQ2JaHbSq"
		    "W19fW/D7zbXocCAwEAAQ==\"\n", DKIM_PERMERROR, DKIM_PERMERROR,
		    "less than 1024" },
		{ "rsa._domainkey.example.com CNAME k.example.net\n"
		    "k.example.net TXT \"p=" P_RSA "\"\n", DKIM_PERMERROR, DKIM_PASS, NULL },
	};
	const struct verified *verified;
	char *text = signed_message();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(rig_verify(&rig, text, SLICE(BODY), rows[i].zone, 9,
		    &verified), 2);
		if (verified[0].result != rows[i].ed25519 ||
		    verified[1].result != rows[i].rsa || (rows[i].reason != NULL &&
		    strstr(verified[1].reason, rows[i].reason) == NULL))
			fail_msg("row %zu: %s %s %s", i,
			    dkim_result_name(verified[0].result),
			    dkim_result_name(verified[1].result), verified[1].reason);
	}
	free(text);
}

/* The RFC's RSA signature with one tag replaced. */
static void
test_fields(void **state)
{
	static const struct {
		const char *from, *to;
		enum dkim_result result;
		const char *reason;
	} rows[] = {
		{ "v=1", "v=2", DKIM_PERMERROR, "v= is an unknown version" },
		{ "v=1; ", "", DKIM_PERMERROR, "v= is missing" },
		{ "a=rsa-sha256", "a=rsa-sha1", DKIM_PERMERROR, "RFC 8301" },
		{ "a=rsa-sha256", "a=rsa-sha512", DKIM_PERMERROR, "unknown algorithm" },
		{ "a=rsa-sha256", "a=ed25519-sha256", DKIM_PERMERROR, "another type" },
		{ "c=relaxed/relaxed", "c=loose/relaxed", DKIM_PERMERROR, "c= is not known" },
		{ "c=relaxed/relaxed", "c=simple/simple", DKIM_FAIL, "does not verify" },
		{ " d=football.example.com;", "", DKIM_PERMERROR, "d= is missing" },
		{ " d=football.example.com;", " d=;", DKIM_PERMERROR, "d= is missing" },
		{ " d=football.example.com;", " d=a..b;", DKIM_PERMERROR, "no domain name" },
		{ "i=@football.example.com", "i=@example.com", DKIM_PERMERROR,
		    "i= is not below d=" },
		{ "s=test;", "s=te st;", DKIM_PERMERROR, "no domain name" },
		{ "s=test;", "s=test; s=test;", DKIM_PERMERROR, "no list of tags" },
		{ "s=test;", "s=test; rubbish;", DKIM_PERMERROR, "no list of tags" },
		{ "t=1528637909", "t=1528637909; x=1528637910", DKIM_PERMERROR, "expired" },
		{ "t=1528637909", "t=1528637909; x=1528637908", DKIM_PERMERROR, "expired" },
		{ "t=1528637909", "t=99999999999", DKIM_PERMERROR, "future" },
		{ "t=1528637909", "t=1528637909; l=9999", DKIM_PERMERROR, "l= is larger" },
		{ "t=1528637909", "t=1528637909; l=x", DKIM_PERMERROR, NULL },
		{ "q=dns/txt", "q=http/txt", DKIM_PERMERROR, "q= does not name" },
		{ "q=dns/txt", "q=", DKIM_PERMERROR, "q= does not name" },
		{ "q=dns/txt", "q=http/txt : dns/txt", DKIM_FAIL, "does not verify" },
		{ "q=dns/txt", "q=dns", DKIM_FAIL, "does not verify" },
		{ "h=from : to", "h=to", DKIM_PERMERROR, "h= does not name From" },
		{ "b=F45dVW", "b=!45dVW", DKIM_FAIL, NULL },
		{ "b=F45dVW", "b=G45dVW", DKIM_FAIL, "does not verify" },
		{ "bh=2jUS", "bh=3jUS", DKIM_FAIL, "does not verify" },
	};
	const char *base = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;"
	    " d=football.example.com; i=@football.example.com;"
	    " q=dns/txt; s=test; t=1528637909; h=from : to; bh=2jUSOH9NhtVGCQWNr9BrIAPre"
	    "KQjO6Sn7XIkfJVOzv8=; b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3"
	    "DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
	    "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n";
	const struct verified *verified;
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = strstr(base, rows[i].from);

		assert_non_null(at);
		/* A good signature above it is not harmed. */
		snprintf(text, sizeof(text), "%.*s%s%s" RFC_SIGNATURES RFC_FIELDS,
		    (int)(at - base), base, rows[i].to, at + strlen(rows[i].from));
		assert_int_equal(rig_verify(&rig, text, SLICE(RFC_BODY), RFC_ZONE, 7,
		    &verified), 3);
		if (verified[0].result != rows[i].result || (rows[i].reason != NULL &&
		    strstr(verified[0].reason, rows[i].reason) == NULL))
			fail_msg("%s: %s %s", rows[i].to,
			    dkim_result_name(verified[0].result), verified[0].reason);
		assert_int_equal(verified[1].result, DKIM_PASS);
		assert_int_equal(verified[2].result, DKIM_PASS);
	}
}

static void
test_length(void **state)
{
	const struct verified *verified;

	(void)state;
	rig_verify(&rig, "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa; l=0; "
	    "h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n"
	    "From: a@example.com\n", SLICE("x\r\n"), RIG_ZONE, 7, &verified);
	assert_true(verified[0].has_length);
	assert_int_equal(verified[0].result, DKIM_FAIL);
}

static void
test_limits(void **state)
{
	char *text = malloc(3 << 20), *p = text;
	struct verifier *verifier;
	const struct verified *verified;
	struct headers *headers;
	clock_t before;

	(void)state;
	assert_int_equal(rig_verify(&rig, FIELDS, SLICE(BODY), "", 9, &verified), 0);

	/* A field over the limit is counted, the ones behind it are judged. */
	p += sprintf(p, "DKIM-Signature: v=1; b=");
	memset(p, 'A', VERIFY_FIELD_MAX);
	p += VERIFY_FIELD_MAX;
	p += sprintf(p, "\n" RFC_SIGNATURES RFC_SIGNATURES RFC_SIGNATURES RFC_FIELDS);
	headers = rig_headers(&rig, text);
	verifier = verifier_new(rig.lib, rig.arena, headers, rig.clock.now);
	assert_int_equal(verifier_count(verifier), 7);
	assert_int_equal(rig_verify(&rig, text, SLICE(RFC_BODY), RFC_ZONE, 7, &verified),
	    VERIFY_MAX);
	for (int i = 0; i < VERIFY_MAX; i++)
		assert_int_equal(verified[i].result, DKIM_PASS);

	/* 1 MB of tags, and 10,000 signatures: counted and not more. */
	p = text + sprintf(text, "DKIM-Signature: ");
	for (int i = 0; i < 200000; i++, p += 5)
		memcpy(p, "a=b; ", 5);
	strcpy(p, "\nFrom: a@example.com\n");
	headers = rig_headers(&rig, text);
	before = clock();
	verifier = verifier_new(rig.lib, rig.arena, headers, rig.clock.now);
	assert_int_equal(verifier_count(verifier), 1);
	verifier_body(verifier, "x", 1);
	for (p = text; p < text + 10000 * 80;)
		p += sprintf(p, "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; "
		    "h=from; bh=AAAA; b=AAAA\n");
	headers = rig_headers(&rig, text);
	verifier = verifier_new(rig.lib, rig.arena, headers, rig.clock.now);
	assert_true(verifier_count(verifier) >= 10000);
	assert_true(clock() - before < CLOCKS_PER_SEC);
	free(text);
}

/* Many names and many fields. */
static void
test_wide(void **state)
{
	char *text = malloc(1 << 20), *p = text;
	const struct verified *verified;

	(void)state;
	p += sprintf(p, "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa; bh=AAAA; "
	    "b=AAAA; h=from");
	for (int i = 0; i < 300; i++)
		p += sprintf(p, ":x");
	sprintf(p, "\nFrom: a@example.com\n");
	rig_verify(&rig, text, SLICE("x"), RIG_ZONE, 7, &verified);
	assert_int_equal(verified[0].result, DKIM_NEUTRAL);
	assert_non_null(strstr(verified[0].reason, "256 fields"));
	p = text + sprintf(text, "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa; "
	    "bh=AAAA; b=AAAA; h=from:x\nFrom: a@example.com\n");
	for (int i = 0; i < 1500; i++)
		p += sprintf(p, "X: %d\n", i);
	rig_verify(&rig, text, SLICE("x"), RIG_ZONE, 7, &verified);
	assert_int_equal(verified[0].result, DKIM_NEUTRAL);
	assert_non_null(strstr(verified[0].reason, "1000 fields"));
	free(text);
}

static void
test_long_line(void **state)
{
	char *body = malloc(3 << 20);
	const struct verified *verified;

	(void)state;
	memset(body, 'x', 3 << 20);
	rig_verify(&rig, RFC_SIGNATURES RFC_FIELDS, (struct slice){ body, 3 << 20 }, RFC_ZONE,
	    65535, &verified);
	assert_int_equal(verified[0].result, DKIM_NEUTRAL);
	assert_true(arena_size(rig.arena) < 16 << 20);
	free(body);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(dkim_result_name(DKIM_NONE), "none");
	assert_string_equal(dkim_result_name(DKIM_TEMPERROR), "temperror");
	assert_string_equal(dkim_result_name(DKIM_PERMERROR), "permerror");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc8463),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
