/* DKIM: what DNS shows of our keys, and what verifiers will then say. */
#include "evidence_rig.h"

#include "dkim/key.h"
#include "evidence/egress.h"

struct keys {
	struct key *rsa, *ed25519, *other;
	struct ring_key rsa_ring, ed25519_ring;
	const struct ring_key *both[2];
	struct ring_domain domain;
	struct arena *arena;
};

static struct keys keys;

static struct key *
make_key(enum key_type type)
{
	const char *error, *pem = key_generate(type, 1024, keys.arena);
	struct key *key;

	assert_non_null(pem);
	key = key_parse(slice_of(pem), keys.arena, &error);
	assert_non_null(key);
	return key;
}

static int
make_keys(void **state)
{
	(void)state;
	keys.arena = arena_new();
	keys.rsa = make_key(KEY_RSA);
	keys.other = make_key(KEY_RSA);
	keys.ed25519 = make_key(KEY_ED25519);
	keys.rsa_ring = (struct ring_key){ .domain = "example.com", .selector = "r",
	    .path = "r.pem", .key = keys.rsa, .dns_name = "r._domainkey.example.com" };
	keys.ed25519_ring = (struct ring_key){ .domain = "example.com", .selector = "e",
	    .path = "e.pem", .key = keys.ed25519,
	    .dns_name = "e._domainkey.example.com" };
	keys.both[0] = &keys.rsa_ring;
	keys.both[1] = &keys.ed25519_ring;
	keys.domain = (struct ring_domain){ .sdid = "example.com", .keys = keys.both,
	    .n_keys = 2 };
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	key_free(&keys.rsa);
	key_free(&keys.other);
	key_free(&keys.ed25519);
	arena_free(&keys.arena);
	return 0;
}

static void
choose(struct rig *rig, bool with_ed25519)
{
	rig->choice = (struct ring_choice){ .usable = RING_USABLE, .domain = &keys.domain,
	    .rsa = &keys.rsa_ring, .ed25519 = with_ed25519 ? &keys.ed25519_ring : NULL };
	rig_message(rig, "example.com", "example.com");
}

static const char *
record(const struct key *key, const char *tags)
{
	return arena_printf(keys.arena, "v=DKIM1; k=%s; %sp=%s",
	    key_type(key) == KEY_RSA ? "rsa" : "ed25519", tags, key_public_base64(key));
}

static void
looks_at_the_record(void **state)
{
	const struct {
		const char *text;	/* NULL: no record */
		enum known known;
		enum key_dns shown;
		enum dkim_result predicted;
		bool testing;
	} rows[] = {
		{ record(keys.rsa, ""), KNOWN_VALUE, KEY_DNS_MATCH, DKIM_PASS, false },
		{ record(keys.rsa, "t=y; "), KNOWN_VALUE, KEY_DNS_MATCH, DKIM_PASS, true
		    },
		{ record(keys.other, ""), KNOWN_VALUE, KEY_DNS_MISMATCH, DKIM_FAIL,
		    false },
		{ "v=DKIM1; p=", KNOWN_VALUE, KEY_DNS_REVOKED, DKIM_PERMERROR, false },
		{ "v=DKIM1; k=rsa; p=%%%", KNOWN_VALUE, KEY_DNS_MALFORMED,
		    DKIM_PERMERROR, false },
		{ NULL, KNOWN_VALUE, KEY_DNS_MISSING, DKIM_PERMERROR, false },
		{ "!servfail", KNOWN_TEMPERROR, KEY_DNS_UNKNOWN, DKIM_TEMPERROR, false
		    },
		{ "!timeout", KNOWN_TEMPERROR, KEY_DNS_UNKNOWN, DKIM_TEMPERROR, false },
	};
	const struct own_signature *own;
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *zone = "example.com A 192.0.2.1\n";

		if (rows[i].text != NULL)
			zone = arena_printf(keys.arena, rows[i].text[0] == '!' ?
			    "r._domainkey.example.com TXT %s\n" :
			    "r._domainkey.example.com TXT \"%s\"\n", rows[i].text);
		rig_open(&rig, zone);
		rig.cache = results_cache_new();
		rig.input.sightings = i % 2 == 0 ? sightings_open(NULL) : NULL;
		for (int again = 0; again < 2; again++) {
			choose(&rig, false);
			rig_collect(&rig);
			own = &rig.evidence.dkim.own[0];
			assert_int_equal(rig.evidence.dkim.n_own, 1);
			assert_int_equal(own->record_known, rows[i].known);
			assert_int_equal(own->state, rows[i].shown);
			assert_int_equal(own->predicted, rows[i].predicted);
			assert_int_equal(own->testing, rows[i].testing);
			assert_int_equal(own->problem != NULL,
			    rows[i].shown == KEY_DNS_MALFORMED);
			assert_int_equal(rig.evidence.dkim.any_pass,
			    rows[i].predicted == DKIM_PASS);
			assert_null(rig.evidence.dkim.cannot_sign);
			assert_string_equal(rig.evidence.dkim.managed, "example.com");
		}
		if (rig.input.sightings != NULL)
			sightings_close(&rig.input.sightings);
		rig_close(&rig);
	}
}

static void
both_keys_are_looked_at(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, arena_printf(keys.arena, "r._domainkey.example.com TXT \"%s\"\n"
	    "e._domainkey.example.com TXT \"%s\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"",
	    record(keys.other, ""), record(keys.ed25519, "")));
	choose(&rig, true);
	rig_collect(&rig);
	assert_int_equal(rig.evidence.dkim.n_own, 2);
	assert_int_equal(rig.evidence.dkim.own[0].predicted, DKIM_FAIL);
	assert_int_equal(rig.evidence.dkim.own[1].predicted, DKIM_PASS);
	assert_true(rig.evidence.dkim.any_pass);
	assert_int_equal(rig.evidence.dmarc.result, DMARC_PASS);
	rig_close(&rig);
}

static void
takes_signatures(void **state)
{
	struct signature made = { .key = &keys.rsa_ring, .value = "v=1; b=x" };
	struct signature failed = { .key = &keys.rsa_ring, .error = "no memory" };
	struct rig rig;

	(void)state;
	rig_open(&rig, arena_printf(keys.arena, "r._domainkey.example.com TXT \"%s\"\n",
	    record(keys.rsa, "")));
	choose(&rig, false);
	rig.input.signatures = &made;
	rig.input.n_signatures = 1;
	rig_collect(&rig);
	assert_true(rig.evidence.dkim.own[0].made);
	assert_int_equal(rig.evidence.dkim.own[0].predicted, DKIM_PASS);
	assert_null(rig.evidence.dkim.cannot_sign);
	rig.input.signatures = &failed;
	rig_collect(&rig);
	assert_false(rig.evidence.dkim.own[0].made);
	assert_int_equal(rig.evidence.dkim.own[0].predicted, DKIM_NONE);
	assert_false(rig.evidence.dkim.any_pass);
	assert_string_equal(rig.evidence.dkim.cannot_sign, "signing failed: no memory");
	rig_close(&rig);
}

static void
says_why_it_cannot_sign(void **state)
{
	const char *text;
	struct rig rig;

	(void)state;
	rig_open(&rig, "r._domainkey.example.com TXT \"v=DKIM1; p=\"\n");
	choose(&rig, false);
	rig.choice.usable = RING_NOT_IN_DNS;
	rig.choice.rsa = NULL;
	rig.input.sightings = sightings_open(NULL);
	rig_collect(&rig);
	text = rig.evidence.dkim.cannot_sign;
	assert_non_null(strstr(text, "r._domainkey.example.com says the key is revoked"));
	assert_non_null(strstr(text, "(says zone)"));
	assert_false(rig.evidence.dkim.any_pass);
	assert_int_equal(rig.evidence.dkim.own[0].predicted, DKIM_NONE);
	sightings_close(&rig.input.sightings);
	rig.input.sightings = NULL;

	rig.choice = (struct ring_choice){ .usable = RING_NO_KEY };
	rig_collect(&rig);
	assert_non_null(strstr(rig.evidence.dkim.cannot_sign, "keygen example.com"));
	assert_string_equal(rig.evidence.dkim.managed, "example.com");
	rig.choice = (struct ring_choice){ .usable = RING_NO_DOMAIN };
	rig_collect(&rig);
	assert_null(rig.evidence.dkim.cannot_sign);
	assert_null(rig.evidence.dkim.managed);
	rig_close(&rig);
}

/* A signature that nobody could judge leaves the matter open. */
static void
unjudged_signatures(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
	    "example.com TXT \"v=spf1 -all\"\n");
	rig_ip(&rig, "192.0.2.1");
	rig_message(&rig, "example.com", "example.com");
	rig_collect(&rig);
	assert_true(rig.evidence.dkim.existing_known);
	assert_int_equal(rig.evidence.dmarc.result, DMARC_FAIL);
	headers_add(rig.message->headers, SLICE("DKIM-Signature"), SLICE(" v=1"));
	rig_collect(&rig);
	assert_int_equal(rig.evidence.dkim.existing_total, 1);
	assert_false(rig.evidence.dkim.existing_known);
	assert_int_equal(rig.evidence.dmarc.result, DMARC_UNKNOWN);
	rig_close(&rig);
}

/* The malformed part of a message whose last boundary is missing. */
static void
add_open_multipart(struct message *message)
{
	headers_add(message->headers, SLICE("MIME-Version"), SLICE(" 1.0"));
	headers_add(message->headers, SLICE("Content-Type"),
	    SLICE(" multipart/mixed; boundary=b"));
	message_read_headers(message);
	message_add_body(message, "--b\r\n\r\nHello\r\n", 14);
	message_finish(message);
}

static void
foresees_what_sendmail_changes(void **state)
{
	static const struct {
		enum mta mta;
		bool known;		/* there is a sendmail.cf */
		size_t line_max, line;
		bool keeps_mime, is_open, breaks, has_fix;
	} rows[] = {
		{ MTA_SENDMAIL, false, 0, 990, false, false, false, false },
		{ MTA_SENDMAIL, false, 0, 991, false, false, true, true },
		{ MTA_SENDMAIL, true, 998, 998, false, false, false, false },
		{ MTA_SENDMAIL, true, 998, 999, false, false, true, false },
		{ MTA_SENDMAIL, true, 900, 901, false, false, true, true },
		{ MTA_OTHER, true, 900, 998, false, true, false, false },
		{ MTA_SENDMAIL, true, 990, 80, false, true, true, true },
		{ MTA_SENDMAIL, false, 0, 80, false, true, true, true },
		{ MTA_SENDMAIL, true, 990, 80, true, true, false, false },
	};
	static const struct settings_domain domain = { .canon_header = CANON_RELAXED };
	struct ring_key key = keys.rsa_ring;
	struct rig rig;

	(void)state;
	rig_open(&rig, "");
	key.settings = &domain;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct egress_facts facts = { .sendmail_line_max = rows[i].line_max,
		    .sendmail_keeps_mime = rows[i].keeps_mime };
		struct own_signature own = { .key = &key, .signed_names = "From:To" };

		rig_message(&rig, "example.com", "example.com");
		rig.input.arena = rig.message->arena;
		rig.session->mta = rows[i].mta;
		rig.input.egress = rows[i].known ? &facts : NULL;
		if (rows[i].is_open)
			add_open_multipart(rig.message);
		rig.message->body.longest_line = rows[i].line;
		dkim_find_breaks(&rig.input, &own);
		if ((own.breaks != NULL) != rows[i].breaks ||
		    (own.breaks_fix != NULL) != rows[i].has_fix)
			fail_msg("row %zu: %s", i, own.breaks != NULL ? own.breaks : "none");
	}
	rig_close(&rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_at_the_record),
		cmocka_unit_test(both_keys_are_looked_at),
		cmocka_unit_test(takes_signatures),
		cmocka_unit_test(says_why_it_cannot_sign),
		cmocka_unit_test(unjudged_signatures),
		cmocka_unit_test(foresees_what_sendmail_changes),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
