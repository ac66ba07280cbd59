/*
 * Which keys sign: the rules of keyring.h, one row each, the clock in hand.
 */
#include <stdio.h>

#include "base/arena.h"
#include "dkim/keyring.h"
#include "dkim_keys.h"
#include "dns/dns.h"
#include "exact.h"

#define NOW 1795298400
#define TTL 300

enum { OLD, NEW, ED, ED_NEW, KEYS };	/* in file order */

struct look {				/* one answer about one key, seconds before now */
	int key;
	long ago;
	enum key_dns state;		/* KEY_DNS_UNKNOWN: DNS could not tell */
};

#define LOOKS 8

struct row {
	const char *name;
	struct look looks[LOOKS];	/* in order of time */
	size_t n;
	enum ring_usable usable;
	int rsa, ed25519;		/* -1 none */
};

static struct arena *arena;
static struct key *keys[KEYS];
static struct ring_key ring_keys[KEYS];
static const struct ring_key *pointers[KEYS] = { &ring_keys[OLD], &ring_keys[NEW],
	&ring_keys[ED], &ring_keys[ED_NEW] };
static struct ring_domain domain = { .sdid = "example.com", .keys = pointers };

/* Stands in for keyring.c: one domain. */
const struct ring_domain *
keyring_find(const struct keyring *ring, const char *name, struct arena *memory)
{
	(void)ring;
	(void)memory;
	return strcmp(name, "example.com") == 0 ? &domain : NULL;
}

static int
set_up(void **state)
{
	static const char *const selectors[] = { "old", "new", "ed", "ednew" };
	const char *error;

	(void)state;
	arena = arena_new();
	keys[OLD] = key_parse(SLICE(PEM_RSA), arena, &error);
	keys[NEW] = key_parse(slice_of(key_generate(KEY_RSA, 1024, arena)), arena, &error);
	keys[ED] = key_parse(SLICE(PEM_ED25519), arena, &error);
	keys[ED_NEW] = key_parse(slice_of(key_generate(KEY_ED25519, 0, arena)), arena,
	    &error);
	for (int i = 0; i < KEYS; i++)
		ring_keys[i] = (struct ring_key){ .domain = "example.com",
			.selector = selectors[i], .key = keys[i], .among = &domain,
			.dns_name = arena_printf(arena, "%s._domainkey.example.com",
			    selectors[i]) };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < KEYS; i++)
		key_free(&keys[i]);
	arena_free(&arena);
	return 0;
}

static void
note(struct sightings *sightings, const struct look *look)
{
	const struct key *key = keys[look->key];
	struct dns_rr rr = { .n_strings = 1 };
	struct dns_answer answer = { .status = DNS_OK, .rrs = &rr, .n = 1, .ttl = TTL };
	const char *text = NULL;

	switch (look->state) {
	case KEY_DNS_MATCH:
		text = arena_printf(arena, "k=%s; p=%s", key_type(key) == KEY_RSA ?
		    "rsa" : "ed25519", key_public_base64(key));
		break;
	case KEY_DNS_MISMATCH:
		text = look->key == ED ? "p=" P_RSA : "k=ed25519; p=" P_ED25519;
		break;
	case KEY_DNS_REVOKED:
		text = "p=";
		break;
	case KEY_DNS_MALFORMED:
		text = "p=!";
		break;
	case KEY_DNS_MISSING:
		answer.status = DNS_NXDOMAIN;
		answer.n = 0;
		break;
	case KEY_DNS_UNKNOWN:
		answer.status = DNS_TEMPFAIL;
		answer.n = 0;
		break;
	}
	rr.text = slice_of(text);
	sightings_note(sightings, &ring_keys[look->key], &answer, NOW - look->ago);
}

#define M KEY_DNS_MATCH
#define X KEY_DNS_MISSING
#define D KEY_DNS_MISMATCH
#define R KEY_DNS_REVOKED
#define F KEY_DNS_MALFORMED
#define T KEY_DNS_UNKNOWN

static const struct row rsa_rows[] = {
	{ "nothing known: the first", { { 0 } }, 0, RING_USABLE, OLD, -1 },
	{ "the newest settled one", { { OLD, 9000, M }, { NEW, 301, M } }, 2,
	    RING_USABLE, NEW, -1 },
	{ "seen for its TTL and no longer: not yet", { { OLD, 9000, M },
	    { NEW, 300, M } }, 2, RING_USABLE, OLD, -1 },
	{ "none settled: the longest seen", { { NEW, 200, M }, { OLD, 100, M } }, 2,
	    RING_USABLE, NEW, -1 },
	{ "seen together, none settled: the first", { { OLD, 100, M }, { NEW, 100, M } },
	    2, RING_USABLE, OLD, -1 },
	{ "only the newer is there", { { OLD, 50, X }, { NEW, 50, M } }, 2,
	    RING_USABLE, NEW, -1 },
	{ "the newer was withdrawn", { { OLD, 9000, M }, { NEW, 9000, M },
	    { OLD, 50, M }, { NEW, 50, R } }, 4, RING_USABLE, OLD, -1 },
	{ "the newer came back: its time starts anew", { { OLD, 9000, M },
	    { NEW, 9000, M }, { NEW, 600, X }, { NEW, 100, M } }, 4,
	    RING_USABLE, OLD, -1 },
	{ "DNS down since: who matched last signs on", { { OLD, 90000, X },
	    { NEW, 90000, M }, { OLD, 50, T }, { NEW, 50, T } }, 4,
	    RING_USABLE, NEW, -1 },
	{ "one refused, one never asked", { { OLD, 100, X } }, 1, RING_USABLE, NEW, -1 },
	{ "all refused once: who matched last", { { NEW, 900, M }, { OLD, 700, M },
	    { NEW, 20, X }, { OLD, 10, X } }, 4, RING_USABLE, OLD, -1 },
	{ "all refused once, none ever matched: the first", { { OLD, 20, X },
	    { NEW, 20, X } }, 2, RING_USABLE, OLD, -1 },
	{ "refused twice, 59 s apart", { { OLD, 459, X }, { NEW, 459, X },
	    { OLD, 400, D }, { NEW, 400, D } }, 4, RING_USABLE, OLD, -1 },
	{ "all refused twice", { { OLD, 460, X }, { NEW, 460, R }, { OLD, 400, D },
	    { NEW, 400, F } }, 4, RING_NOT_IN_DNS, -1, -1 },
	{ "one refused twice, the other once", { { OLD, 800, X }, { OLD, 400, X },
	    { NEW, 100, X } }, 3, RING_USABLE, OLD, -1 },
	{ "one refused twice, the other unknown", { { OLD, 800, X }, { OLD, 400, X } }, 2,
	    RING_USABLE, NEW, -1 },
	{ "refused twice, but caches still hold what matched", { { OLD, 290, M },
	    { NEW, 290, X }, { OLD, 200, X }, { NEW, 200, D }, { OLD, 100, D } }, 5,
	    RING_USABLE, OLD, -1 },
	{ "refused twice, and the last TTL is over", { { OLD, 1301, M }, { NEW, 1290, X },
	    { OLD, 900, X }, { NEW, 900, D }, { OLD, 400, X } }, 5,
	    RING_NOT_IN_DNS, -1, -1 },
	{ "refused twice, then DNS cannot tell: still refused", { { OLD, 800, X },
	    { NEW, 800, X }, { OLD, 400, X }, { NEW, 400, X }, { OLD, 10, T } }, 5,
	    RING_NOT_IN_DNS, -1, -1 },
	{ "refused twice, then there", { { OLD, 800, X }, { NEW, 800, X },
	    { OLD, 400, X }, { NEW, 400, X }, { NEW, 10, M } }, 5,
	    RING_USABLE, NEW, -1 },
};

static const struct row both_rows[] = {
	{ "nothing known: both sign", { { 0 } }, 0, RING_USABLE, OLD, ED },
	{ "the newest settled Ed25519 key", { { ED, 9000, M }, { ED_NEW, 400, M } }, 2,
	    RING_USABLE, OLD, ED_NEW },
	{ "an Ed25519 key that DNS refuses does not sign", { { ED, 100, X },
	    { ED_NEW, 100, D } }, 2, RING_USABLE, OLD, -1 },
	{ "one of them is there", { { ED, 100, M }, { ED_NEW, 100, D } }, 2,
	    RING_USABLE, OLD, ED },
	{ "Ed25519 never signs alone", { { OLD, 800, X }, { NEW, 800, X },
	    { ED, 800, M }, { OLD, 400, X }, { NEW, 400, X } }, 5,
	    RING_NOT_IN_DNS, -1, -1 },
};

static void
check(const struct row *rows, size_t n_rows, size_t n_keys)
{
	domain.n_keys = n_keys;
	for (size_t i = 0; i < n_rows; i++) {
		const struct row *row = &rows[i];
		struct sightings *sightings = sightings_open(NULL);
		struct ring_choice choice;

		for (size_t k = 0; k < row->n; k++)
			note(sightings, &row->looks[k]);
		keyring_choose(NULL, sightings, "example.com", NOW, arena, &choice);
		if (choice.usable != row->usable ||
		    choice.rsa != (row->rsa < 0 ? NULL : &ring_keys[row->rsa]) ||
		    choice.ed25519 != (row->ed25519 < 0 ? NULL :
		    &ring_keys[row->ed25519]))
			fail_msg("%s: %d %s %s", row->name, choice.usable,
			    choice.rsa == NULL ? "-" : choice.rsa->selector,
			    choice.ed25519 == NULL ? "-" : choice.ed25519->selector);
		sightings_close(&sightings);
	}
}

static void
test_rsa(void **state)
{
	(void)state;
	check(rsa_rows, sizeof(rsa_rows) / sizeof(rsa_rows[0]), 2);
}

static void
test_ed25519(void **state)
{
	(void)state;
	check(both_rows, sizeof(both_rows) / sizeof(both_rows[0]), KEYS);
}

static void
test_no_keys(void **state)
{
	struct sightings *sightings = sightings_open(NULL);
	struct ring_choice choice;

	(void)state;
	keyring_choose(NULL, sightings, "example.net", NOW, arena, &choice);
	assert_int_equal(choice.usable, RING_NO_DOMAIN);
	assert_null(choice.domain);
	/* No author, no domain. */
	keyring_choose(NULL, sightings, NULL, NOW, arena, &choice);
	assert_int_equal(choice.usable, RING_NO_DOMAIN);
	domain.n_keys = 0;
	keyring_choose(NULL, sightings, "example.com", NOW, arena, &choice);
	assert_int_equal(choice.usable, RING_NO_KEY);
	assert_ptr_equal(choice.domain, &domain);
	/* Ed25519 keys alone. */
	domain.keys = &pointers[ED];
	domain.n_keys = 2;
	keyring_choose(NULL, sightings, "example.com", NOW, arena, &choice);
	assert_int_equal(choice.usable, RING_NO_KEY);
	domain.keys = pointers;
	sightings_close(&sightings);
}

/* Without sightings nothing is known; one selector signs once. */
static void
test_corners(void **state)
{
	struct ring_key twin = ring_keys[ED];
	const struct ring_key *pair[] = { &ring_keys[OLD], &twin };
	struct ring_choice choice;

	(void)state;
	domain.n_keys = KEYS;
	keyring_choose(NULL, NULL, "example.com", NOW, arena, &choice);
	assert_ptr_equal(choice.rsa, &ring_keys[OLD]);
	assert_false(choice.rsa_known);
	twin.selector = "old";
	domain.keys = pair;
	domain.n_keys = 2;
	keyring_choose(NULL, NULL, "example.com", NOW, arena, &choice);
	assert_ptr_equal(choice.rsa, &ring_keys[OLD]);
	assert_null(choice.ed25519);
	domain.keys = pointers;
}

/* When a new key will sign, if DNS goes on like this. */
static void
test_takes_over(void **state)
{
	static const struct look looks[] = {
		{ OLD, 90000, KEY_DNS_MATCH }, { NEW, 100, KEY_DNS_MATCH },
		{ ED, 90000, KEY_DNS_MATCH }, { ED_NEW, 50, KEY_DNS_MISSING },
	};
	struct sightings *sightings = sightings_open(NULL);
	struct ring_choice choice;
	time_t at;

	(void)state;
	domain.n_keys = KEYS;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		note(sightings, &looks[i]);
	at = keyring_takes_over(sightings, &ring_keys[NEW], NOW);
	assert_int_equal(at, NOW - 100 + TTL + 1);
	/* that is when it does, and not a second before */
	keyring_choose(NULL, sightings, "example.com", at - 1, arena, &choice);
	assert_ptr_equal(choice.rsa, &ring_keys[OLD]);
	keyring_choose(NULL, sightings, "example.com", at, arena, &choice);
	assert_ptr_equal(choice.rsa, &ring_keys[NEW]);
	/* it signs; nobody shows the new one; the old ones have had their time */
	assert_int_equal(keyring_takes_over(sightings, &ring_keys[NEW], at), 0);
	assert_int_equal(keyring_takes_over(sightings, &ring_keys[ED], NOW), 0);
	assert_int_equal(keyring_takes_over(sightings, &ring_keys[ED_NEW], NOW), 0);
	assert_int_equal(keyring_takes_over(sightings, &ring_keys[OLD], at), 0);
	/* and whom they are superseded by, from that second on */
	assert_null(keyring_superseded_by(sightings, &ring_keys[OLD], at - 1));
	assert_ptr_equal(keyring_superseded_by(sightings, &ring_keys[OLD], at),
	    &ring_keys[NEW]);
	assert_null(keyring_superseded_by(sightings, &ring_keys[NEW], at));
	assert_null(keyring_superseded_by(sightings, &ring_keys[ED], at));
	sightings_close(&sightings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_ed25519),
		cmocka_unit_test(test_no_keys),
		cmocka_unit_test(test_corners),
		cmocka_unit_test(test_takes_over),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
