/*
 * Private keys from PEM, key records from DNS, and which belong together.
 */
#include <stdio.h>

#include "base/arena.h"
#include "dkim/key.h"
#include "dkim_keys.h"
#include "exact.h"

static struct key *
parse(const char *pem, struct arena *arena, const char **error_r)
{
	struct slice copy = exact(pem);
	struct key *key;

	*error_r = NULL;
	key = key_parse(copy, arena, error_r);
	exact_drop(copy);
	return key;
}

static void
test_good_keys(void **state)
{
	static const struct {
		const char *pem;
		enum key_type type;
		unsigned bits;
		const char *public;
	} rows[] = {
		{ PEM_RSA, KEY_RSA, 1024, P_RSA },
		{ PEM_RSA_PKCS8, KEY_RSA, 1024, P_RSA },
		{ PEM_ED25519, KEY_ED25519, 256, P_ED25519 },
		{ "words in front\n" PEM_RSA, KEY_RSA, 1024, P_RSA },
		{ PEM_RSA PEM_ED25519, KEY_RSA, 1024, P_RSA },
	};
	struct arena *arena = arena_new();
	const char *error;
	struct key *key;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		key = parse(rows[i].pem, arena, &error);
		if (key == NULL)
			fail_msg("row %zu: %s", i, error);
		assert_int_equal(key_type(key), rows[i].type);
		assert_int_equal(key_bits(key), rows[i].bits);
		assert_string_equal(key_public_base64(key), rows[i].public);
		assert_int_equal(strlen(key_fingerprint(key)), 7 + 43);
		key_free(&key);
		assert_null(key);
	}
	key = parse(PEM_ED25519, arena, &error);
	assert_string_equal(key_fingerprint(key),
	    "SHA256:If4x36FUomFia/hUBG/SJxt77UtqvkWqWId+9H+XIbk");
	key_free(&key);
	key_free(&key);
	arena_free(&arena);
}

static void
test_bad_keys(void **state)
{
	static const struct {
		const char *pem, *error;
	} rows[] = {
		{ "", "an empty file" },
		{ "-----BEGIN PRIVATE KEY-----\n", "not a PEM file" },
		{ P_ED25519, "not a PEM file" },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		    "a damaged private key" },
		{ "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"
		    "-----END RSA PRIVATE KEY-----\n", "a damaged private key" },
		{ PEM_RSA_512, "an RSA key of 512 bits" },
		{ PEM_EC, "PEM of kind \"EC PRIVATE KEY\"" },
		{ PEM_RSA_PSS, "a private key of type RSA-PSS" },
		{ PEM_ENCRYPTED, "a private key under a password" },
		{ PEM_PROC_TYPE, "a private key under a password" },
		{ PEM_PUBLIC, "a public key" },
		{ PEM_OPENSSH, "a key in OpenSSH's own form" },
	};
	struct arena *arena = arena_new();
	struct slice large = exact_repeat("-", KEY_FILE_MAX + 1, "");
	const char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(parse(rows[i].pem, arena, &error));
		assert_non_null(error);
		if (strncmp(error, rows[i].error, strlen(rows[i].error)) != 0)
			fail_msg("row %zu: %s", i, error);
	}
	assert_null(key_parse(large, arena, &error));
	assert_string_equal(error, "longer than 64 KiB, which no private key is");
	exact_drop(large);
	arena_free(&arena);
}

static void
test_generate(void **state)
{
	struct arena *arena = arena_new();
	const char *error, *first, *second;
	struct key *key;

	(void)state;
	first = key_generate(KEY_RSA, 2048, arena);
	second = key_generate(KEY_ED25519, 0, arena);
	assert_non_null(strstr(first, "-----BEGIN PRIVATE KEY-----\n"));
	key = parse(first, arena, &error);
	assert_int_equal(key_bits(key), 2048);
	key_free(&key);
	key = parse(second, arena, &error);
	assert_int_equal(key_type(key), KEY_ED25519);
	key_free(&key);
	assert_null(key_generate(KEY_RSA, 1023, arena));
	assert_null(key_generate(KEY_RSA, 4097, arena));
	assert_string_not_equal(key_generate(KEY_ED25519, 0, arena), second);
	arena_free(&arena);
}

struct record_row {
	const char *text;
	size_t n_strings;
	enum key_record_status status;
	const char *problem;		/* held by it */
	enum key_type type;
	unsigned bits;
	bool testing, strict;
};

#define BAD(text, problem) { text, 1, KEY_RECORD_MALFORMED, problem, KEY_RSA, 0, 0, 0 }
#define RSA(text) { text, 1, KEY_RECORD_VALID, NULL, KEY_RSA, 1024, 0, 0 }

/* 255 octets, as some forms cut it. */
#define CUT "v=DKIM1; k=rsa; p=" \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtVVVVVVVVVVVVVVVVVVV" \
    "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV" \
    "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV" \
    "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"

static const struct record_row records[] = {
	RSA("v=DKIM1; k=rsa; p=" P_RSA),
	RSA("p=" P_RSA),
	RSA("v=DKIM1;p=" P_RSA ";"),
	RSA("v=DKIM1; h=sha1:sha256; s=email; n=note; g=*; p=" P_RSA),
	RSA("v=DKIM1; h=sha256; s=*; p=" P_RSA),
	RSA("v=DKIM1; s=tlsrpt:email; p=" P_RSA " ; "),
	RSA("k=rsa; v=DKIM1; p=" P_RSA),
	{ "v=DKIM1; t=y; p=" P_RSA, 2, KEY_RECORD_VALID, NULL, KEY_RSA, 1024, true, false },
	{ "v=DKIM1; t=s:y; p=" P_RSA, 1, KEY_RECORD_VALID, NULL, KEY_RSA, 1024, true, true },
	{ "v=DKIM1; t=s; p=" P_RSA, 1, KEY_RECORD_VALID, NULL, KEY_RSA, 1024, false, true },
	{ "v=DKIM1; t=yes; p=" P_RSA, 1, KEY_RECORD_VALID, NULL, KEY_RSA, 1024, false,
	    false },
	{ "k=ed25519; p=" P_ED25519, 1, KEY_RECORD_VALID, NULL, KEY_ED25519, 256, false,
	    false },
	{ "v=DKIM1; k=rsa; p=", 1, KEY_RECORD_REVOKED, NULL, KEY_RSA, 0, false, false },
	{ "v=DKIM1; k=rsa; p= ;", 1, KEY_RECORD_REVOKED, NULL, KEY_RSA, 0, false, false },
	BAD("", "empty"),
	BAD("   ", "empty"),
	BAD("v=DKIM1; k=rsa; \"p=" P_RSA "\"", "quotes"),
	BAD("v=DKIM1\\; k=rsa\\; p=" P_RSA, "backslash"),
	BAD("v=DKIM2; p=" P_RSA, "v= is \"DKIM2\""),
	BAD("v=dkim1; p=" P_RSA, "v= is \"dkim1\""),
	BAD("v=spf1 -all", "v= is \"spf1 -all\""),
	BAD("k=rsa; p=" P_RSA_PKCS1, "bare RSAPublicKey"),
	BAD("v=DKIM1; h=sha1; p=" P_RSA, "h=sha1"),
	BAD("v=DKIM1; s=tlsrpt; p=" P_RSA, "s=tlsrpt"),
	BAD("v=DKIM1; k=rsa", "p= is missing"),
	BAD("v=DKIM1; k=dsa; p=" P_RSA, "k=dsa"),
	BAD("v=DKIM1; k=RSA; p=" P_RSA, "k=RSA"),
	BAD("v=DKIM1; k=rsa; p=" P_RSA "; p=" P_RSA, "twice"),
	BAD("v=DKIM1; k=rsa p; p=" P_RSA, "k=rsa p is a type"),
	BAD("v=DKIM1; rubbish; p=" P_RSA, "\"rubbish\" is no part"),
	BAD("v=DKIM1; k=rsa; p=!" P_RSA, "not base64"),
	BAD("v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADC", "not base64"),
	BAD("v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GN", "cut short"),
	BAD("v=DKIM1; k=rsa; p=AAAA", "cut short"),
	BAD("v=DKIM1; k=rsa; p=" P_ED25519, "k=ed25519 is missing"),
	BAD("v=DKIM1; p=" P_RSA "AAAA", "damaged"),
	{ "v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA" P_ED25519, 1, KEY_RECORD_MALFORMED,
	    "bare 32 octets", KEY_ED25519, 256, false, false },
	{ "v=DKIM1; k=ed25519; p=AAAA", 1, KEY_RECORD_MALFORMED, "Ed25519 key of 32",
	    KEY_ED25519, 256, false, false },
	BAD(CUT, "cut at 255"),
};

static void
test_records(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_int_equal(strlen(CUT), 255);
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		const struct record_row *row = &records[i];
		struct slice text = exact(row->text);
		struct key_record record;

		key_record_parse(arena, &text, &row->n_strings, 1, &record);
		if (record.status != row->status || (row->problem != NULL &&
		    strstr(record.problem, row->problem) == NULL))
			fail_msg("%s: %d %s", row->text, record.status,
			    record.problem == NULL ? "" : record.problem);
		assert_int_equal(record.type, row->type);
		assert_int_equal(record.bits, row->bits);
		assert_int_equal(record.testing, row->testing);
		assert_int_equal(record.strict, row->strict);
		exact_drop(text);
	}
	arena_free(&arena);
}

static void
test_several_records(void **state)
{
	struct arena *arena = arena_new();
	struct slice texts[2] = { SLICE("v=DKIM1; p=" P_RSA), SLICE("v=spf1 -all") };
	size_t n_strings[2] = { 1, 1 };
	struct key_record record;

	(void)state;
	key_record_parse(arena, texts, n_strings, 2, &record);
	assert_int_equal(record.status, KEY_RECORD_MALFORMED);
	assert_non_null(strstr(record.problem, "several TXT records"));
	/* The same text in two strings is not cut. */
	texts[0] = SLICE(CUT);
	n_strings[0] = 2;
	key_record_parse(arena, texts, n_strings, 1, &record);
	assert_null(strstr(record.problem, "cut at 255"));
	arena_free(&arena);
}

static void
test_blanks_in_p(void **state)
{
	struct arena *arena = arena_new();
	const char *folded = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7h\r\n "
	    "cvPapi MlrwIaaPcHURo=\t";
	struct slice text = exact(folded);
	size_t n_strings = 1;
	struct key_record record;
	const char *error;
	struct key *key = parse(PEM_ED25519, arena, &error);

	(void)state;
	key_record_parse(arena, &text, &n_strings, 1, &record);
	assert_true(key_record_matches(&record, key));
	key_free(&key);
	exact_drop(text);
	arena_free(&arena);
}

static void
test_match(void **state)
{
	static const struct {
		const char *text;
		const char *pem;
		bool matches;
	} rows[] = {
		{ "p=" P_RSA, PEM_RSA, true },
		{ "p=" P_RSA_PKCS1, PEM_RSA, false },
		{ "p=" P_RSA, PEM_ED25519, false },
		{ "k=ed25519; p=" P_ED25519, PEM_ED25519, true },
		{ "k=ed25519; p=" P_ED25519, PEM_RSA, false },
		{ "k=ed25519; p=22qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		    PEM_ED25519, false },
		{ "p=", PEM_RSA, false },
		{ "k=dsa; p=" P_RSA, PEM_RSA, false },
	};
	struct arena *arena = arena_new();
	const char *error, *other;
	struct key_record record;
	size_t n_strings = 1;
	struct key *key;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice text = exact(rows[i].text);

		key = parse(rows[i].pem, arena, &error);
		key_record_parse(arena, &text, &n_strings, 1, &record);
		assert_int_equal(key_record_matches(&record, key), rows[i].matches);
		key_free(&key);
		exact_drop(text);
	}
	/* Another RSA key of the same size. */
	other = key_generate(KEY_RSA, 1024, arena);
	key = parse(other, arena, &error);
	key_record_parse(arena, &SLICE("p=" P_RSA), &n_strings, 1, &record);
	assert_int_equal(record.status, KEY_RECORD_VALID);
	assert_false(key_record_matches(&record, key));
	key_free(&key);
	arena_free(&arena);
}

/* Every cut of a good key is refused and none is read past its end. */
static void
test_truncated(void **state)
{
	struct arena *arena = arena_new();
	const char *text = "v=DKIM1; k=rsa; p=" P_RSA;
	size_t n_strings = 2, start = strlen("v=DKIM1; k=rsa; p=");
	struct key_record record;

	(void)state;
	for (size_t n = start; n < strlen(text); n++) {
		struct slice part = exact_bytes(text, n);

		key_record_parse(arena, &part, &n_strings, 1, &record);
		assert_int_equal(record.status, n == start ? KEY_RECORD_REVOKED :
		    KEY_RECORD_MALFORMED);
		exact_drop(part);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_keys),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_several_records),
		cmocka_unit_test(test_blanks_in_p),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
