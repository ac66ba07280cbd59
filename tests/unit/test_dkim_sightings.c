/*
 * What DNS has shown: answers judged and remembered, and the file they are in.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "dkim/keyring.h"
#include "dkim/sightings.h"
#include "dkim_keys.h"
#include "dns/dns.h"
#include "exact.h"

#define NOW 1795298400
#define NAME "s._domainkey.example.com"

static struct arena *arena;
static struct ring_key rsa;
static struct key *keys[2];
static char directory[] = "/tmp/mailworthy-test-XXXXXX";

static int
set_up(void **state)
{
	const char *error;

	(void)state;
	arena = arena_new();
	keys[0] = key_parse(SLICE(PEM_RSA), arena, &error);
	keys[1] = key_parse(SLICE(PEM_ED25519), arena, &error);
	rsa = (struct ring_key){ .domain = "example.com", .selector = "s",
		.key = keys[0], .dns_name = NAME };
	return mkdtemp(directory) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	key_free(&keys[0]);
	key_free(&keys[1]);
	arena_free(&arena);
	return rmdir(directory);
}

/* An answer with one TXT record, or with none where text is NULL. */
static const struct dns_answer *
answer(enum dns_status status, const char *text, uint32_t ttl)
{
	struct dns_answer *made = arena_alloc(arena, sizeof(*made));
	struct dns_rr *rr = arena_alloc(arena, sizeof(*rr));

	rr->text = slice_of(text);
	rr->n_strings = 1;
	*made = (struct dns_answer){ .status = status, .name = NAME, .type = DNS_TXT,
		.rrs = rr, .n = text == NULL ? 0 : 1, .ttl = ttl, .server = "192.0.2.53@53" };
	return made;
}

static const struct dns_answer *
match(uint32_t ttl)
{
	return answer(DNS_OK, "v=DKIM1; t=y; p=" P_RSA, ttl);
}

static void
test_states(void **state)
{
	static const struct {
		enum dns_status status;
		const char *text;
		enum key_dns state;
	} rows[] = {
		{ DNS_OK, "p=" P_RSA, KEY_DNS_MATCH },
		{ DNS_OK, "k=ed25519; p=" P_ED25519, KEY_DNS_MISMATCH },
		{ DNS_OK, "p=", KEY_DNS_REVOKED },
		{ DNS_OK, "rubbish", KEY_DNS_MALFORMED },
		{ DNS_NXDOMAIN, NULL, KEY_DNS_MISSING },
		{ DNS_NODATA, NULL, KEY_DNS_MISSING },
	};
	struct sighting seen;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sightings *sightings = sightings_open(NULL);

		assert_false(sightings_get(sightings, &rsa, &seen));
		sightings_note(sightings, &rsa, answer(rows[i].status, rows[i].text, 300),
		    NOW);
		assert_true(sightings_get(sightings, &rsa, &seen));
		assert_int_equal(seen.state, rows[i].state);
		assert_int_equal(seen.since, NOW);
		assert_int_equal(seen.last, NOW);
		assert_int_equal(seen.first_bad, seen.state == KEY_DNS_MATCH ? 0 : NOW);
		assert_int_equal(seen.last_match, seen.state == KEY_DNS_MATCH ? NOW : 0);
		assert_int_equal(seen.problem[0] != '\0', seen.state == KEY_DNS_MALFORMED);
		assert_string_equal(seen.resolver, "192.0.2.53@53");
		sightings_close(&sightings);
	}
}

static void
test_unclear(void **state)
{
	struct sightings *sightings = sightings_open(NULL);
	struct dns_answer stale = *match(300);
	struct sighting seen;

	(void)state;
	stale.stale = true;
	sightings_note(sightings, &rsa, answer(DNS_TEMPFAIL, NULL, 0), NOW);
	sightings_note(sightings, &rsa, answer(DNS_PENDING, NULL, 0), NOW);
	sightings_note(sightings, &rsa, &stale, NOW);
	assert_false(sightings_get(sightings, &rsa, &seen));
	sightings_note(sightings, &rsa, match(300), NOW);
	sightings_note(sightings, &rsa, answer(DNS_TEMPFAIL, NULL, 0), NOW + 1000);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.state, KEY_DNS_MATCH);
	assert_int_equal(seen.last, NOW);
	assert_false(sightings_get(NULL, &rsa, &seen));
	sightings_close(&sightings);
}

/* A run of matches: when it began, the largest TTL, t=y and size. */
static void
test_run(void **state)
{
	struct sightings *sightings = sightings_open(NULL);
	struct sighting seen;

	(void)state;
	sightings_note(sightings, &rsa, match(300), NOW);
	sightings_note(sightings, &rsa, match(120), NOW + 400);
	sightings_note(sightings, &rsa, match(3600), NOW + 800);
	sightings_note(sightings, &rsa, match(60), NOW + 5000);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.since, NOW);
	assert_int_equal(seen.last_match, NOW + 5000);
	assert_int_equal(seen.ttl, 3600);
	assert_true(seen.testing);
	assert_int_equal(seen.record_bits, 1024);
	sightings_close(&sightings);
}

/* Two clear refusals at least 60 s apart, and not the same one twice. */
static void
test_refusals(void **state)
{
	struct sightings *sightings = sightings_open(NULL);
	struct sighting seen;

	(void)state;
	sightings_note(sightings, &rsa, match(300), NOW);
	sightings_note(sightings, &rsa, answer(DNS_NXDOMAIN, NULL, 30), NOW + 10);
	sightings_note(sightings, &rsa, answer(DNS_NXDOMAIN, NULL, 30), NOW + 69);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.first_bad, NOW + 10);
	assert_int_equal(seen.second_bad, 0);
	sightings_note(sightings, &rsa, answer(DNS_OK, "p=", 600), NOW + 100);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.state, KEY_DNS_REVOKED);
	assert_int_equal(seen.first_bad, NOW + 10);
	assert_int_equal(seen.second_bad, NOW + 100);
	assert_int_equal(seen.since, NOW + 100);
	assert_int_equal(seen.last_match, NOW);
	assert_int_equal(seen.ttl, 300);
	sightings_note(sightings, &rsa, match(300), NOW + 200);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.first_bad, 0);
	assert_int_equal(seen.second_bad, 0);

	sightings_note(sightings, &rsa, answer(DNS_NXDOMAIN, NULL, 600), NOW + 1000);
	/* The same answer again, out of a cache that counts down. */
	sightings_note(sightings, &rsa, answer(DNS_NXDOMAIN, NULL, 400), NOW + 1200);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.second_bad, 0);
	assert_int_equal(seen.last, NOW + 1000);
	/* Another answer while the first is in caches. */
	sightings_note(sightings, &rsa, answer(DNS_NXDOMAIN, NULL, 600), NOW + 1300);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.second_bad, NOW + 1300);
	sightings_close(&sightings);
}

/* A key replaced under its name is another key. */
static void
test_replaced(void **state)
{
	struct sightings *sightings = sightings_open(NULL);
	struct ring_key other = rsa;
	struct sighting seen;

	(void)state;
	other.key = keys[1];
	sightings_note(sightings, &rsa, match(300), NOW);
	assert_false(sightings_get(sightings, &other, &seen));
	assert_true(sightings_get(sightings, &rsa, &seen));
	sightings_close(&sightings);
}

static void
assert_same(const struct sighting *a, const struct sighting *b)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->since, b->since);
	assert_int_equal(a->last, b->last);
	assert_int_equal(a->expires, b->expires);
	assert_int_equal(a->last_match, b->last_match);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->first_bad, b->first_bad);
	assert_int_equal(a->second_bad, b->second_bad);
	assert_int_equal(a->testing, b->testing);
	assert_int_equal(a->record_bits, b->record_bits);
	assert_string_equal(a->resolver, b->resolver);
	assert_string_equal(a->problem, b->problem);
}

static void
test_file(void **state)
{
	const char *path = arena_printf(arena, "%s/sightings", directory);
	struct sightings *sightings = sightings_open(path);
	struct ring_key other = rsa;
	struct sighting before[2], after[2];
	struct stat st;

	(void)state;
	other.key = keys[1];
	assert_int_equal(sightings_save(sightings), 0);
	assert_int_equal(access(path, F_OK), -1);	/* nothing to keep yet */
	sightings_note(sightings, &rsa, match(300), NOW);
	sightings_note(sightings, &rsa, answer(DNS_OK, "v=DKIM1; rub\tbish\"", 300),
	    NOW + 100);
	sightings_note(sightings, &other, answer(DNS_NXDOMAIN, NULL, 300), NOW + 100);
	assert_int_equal(sightings_save(sightings), 0);
	assert_true(sightings_get(sightings, &rsa, &before[0]));
	assert_true(sightings_get(sightings, &other, &before[1]));
	sightings_close(&sightings);
	assert_null(sightings);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	sightings = sightings_open(path);
	assert_true(sightings_get(sightings, &rsa, &after[0]));
	assert_true(sightings_get(sightings, &other, &after[1]));
	assert_same(&before[0], &after[0]);
	assert_same(&before[1], &after[1]);
	/* Nothing new: nothing is written. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sightings_save(sightings), 0);
	assert_int_equal(access(path, F_OK), -1);
	sightings_close(&sightings);
}

static void
test_file_fails(void **state)
{
	const char *path = arena_printf(arena, "%s/none/sightings", directory);
	struct sightings *sightings = sightings_open(path);
	struct sighting seen;

	(void)state;
	sightings_note(sightings, &rsa, match(300), NOW);
	assert_int_equal(sightings_save(sightings), -1);
	assert_int_equal(sightings_save(sightings), -1);	/* tried again */
	assert_true(sightings_get(sightings, &rsa, &seen));
	sightings_close(&sightings);
}

#define HEAD "mailworthy-sightings 1\n"
#define ASKED "%s\tSHA256:x\tmatch\t1\t%lld\t3\t4\t0\t0\t5\t1\t2048\tr\tp\n"
#define GOOD "a.b\tSHA256:x\tmatch\t1\t2\t3\t4\t0\t0\t5\t1\t2048\t192.0.2.1\t\n"

static void
test_reader(void **state)
{
	static const struct {
		const char *text;
		int status;
		size_t bad;
	} rows[] = {
		{ "", -1, 0 },
		{ "mailworthy-sightings 1", -1, 0 },
		{ "mailworthy-sightings 2\n" GOOD, -1, 0 },
		{ HEAD, 0, 0 },
		{ HEAD GOOD, 0, 0 },
		{ HEAD "\n\n" GOOD, 0, 0 },
		{ HEAD GOOD "a.b", 0, 1 },
		{ HEAD "a.b\tSHA256:x\tmatch\t1\t2\t3\t4\t0\t0\t5\t1\n" GOOD, 0, 1 },
		{ HEAD "a.b\tSHA256:x\tmatch\t1\t2\t3\t4\t0\t0\t5\t1\t2048\tr\tp\tnew\n", 0, 0 },
		{ HEAD "a.b\tSHA256:x\tgone\t1\t2\t3\t4\t0\t0\t5\t1\t2048\tr\tp\n", 0, 1 },
		{ HEAD "a.b\tSHA256:x\tmatch\t-1\t2\t3\t4\t0\t0\t5\t1\t2048\tr\tp\n", 0, 1 },
		{ HEAD "a.b\tSHA256:x\tmatch\t1\t2\t3\t4294967296\t0\t0\t5\t1\t2048\tr\tp\n",
		    0, 1 },
		{ HEAD "a.b\tSHA256:x\tmatch\t99999999999999999999\t2\t3\t4\t0\t0\t5\t1\t1\t\t\n",
		    0, 1 },
		{ HEAD "a b\tSHA256:x\tmatch\t1\t2\t3\t4\t0\t0\t5\t1\t2048\tr\tp\n", 0, 1 },
		{ HEAD "\tSHA256:x\tmatch\t1\t2\t3\t4\t0\t0\t5\t1\t2048\tr\tp\n", 0, 1 },
	};
	struct slice long_name = exact_repeat("a", 400,
	    "\tSHA256:x\tmatch\t1\t2\t3\t4\t0\t0\t5\t1\t2048\tr\tp\n");
	size_t bad;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sightings *sightings = sightings_open(NULL);
		struct slice text = exact(rows[i].text);
		int status = sightings_read(sightings, text, &bad);

		if (status != rows[i].status || bad != rows[i].bad)
			fail_msg("row %zu: %d %zu", i, status, bad);
		exact_drop(text);
		sightings_close(&sightings);
	}
	struct sightings *sightings = sightings_open(NULL);
	const char *whole = arena_printf(arena, HEAD "%.*s", (int)long_name.n, long_name.p);

	assert_int_equal(sightings_read(sightings, slice_of(whole), &bad), 0);
	assert_int_equal(bad, 1);
	exact_drop(long_name);
	sightings_close(&sightings);
}

/* What nobody asks for any more does not stay for ever; a clock that was wrong
 * once makes nothing old. */
static void
test_forgets(void **state)
{
	const long long now = (long long)time(NULL), years = 10LL * 365 * 86400;
	const struct {
		long long newest, last;
		bool stays;
	} rows[] = {
		{ now, now, true },
		{ now, now - SIGHTINGS_KEPT_SECONDS + 3600, true },
		{ now, now - SIGHTINGS_KEPT_SECONDS - 3600, false },
		{ now + years, now, true },
		{ now - years, now - years - 3600, true },
	};
	size_t n, bad;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sightings *sightings = sightings_open(NULL);
		const char *text = arena_printf(arena, HEAD ASKED ASKED, "new",
		    rows[i].newest, "old", rows[i].last);
		char *left;

		assert_int_equal(sightings_read(sightings, slice_of(text), &bad), 0);
		assert_int_equal(bad, 0);
		left = sightings_text(sightings, &n);
		assert_non_null(strstr(left, "new\t"));
		if ((strstr(left, "old\t") != NULL) != rows[i].stays)
			fail_msg("row %zu: %s", i, left);
		free(left);
		sightings_close(&sightings);
	}
}

/* The clock was years ahead for a while. */
static void
test_wrong_clock(void **state)
{
	const time_t ahead = NOW + (time_t)10 * 365 * 86400;
	struct sightings *sightings = sightings_open(NULL);
	struct sighting seen;

	(void)state;
	sightings_note(sightings, &rsa, match(300), ahead);
	sightings_note(sightings, &rsa, match(300), NOW);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.since, NOW);
	assert_int_equal(seen.last_match, NOW);
	/* Set back a little: nothing is forgotten. */
	sightings_note(sightings, &rsa, match(300), NOW - 5);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.since, NOW);
	/* A refusal of that time is no first of two. */
	sightings_note(sightings, &rsa, answer(DNS_NXDOMAIN, NULL, 300), ahead);
	sightings_note(sightings, &rsa, answer(DNS_NXDOMAIN, NULL, 300), ahead + 600);
	sightings_note(sightings, &rsa, answer(DNS_NXDOMAIN, NULL, 300), NOW);
	assert_true(sightings_get(sightings, &rsa, &seen));
	assert_int_equal(seen.first_bad, NOW);
	assert_int_equal(seen.second_bad, 0);
	sightings_close(&sightings);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(key_dns_name(KEY_DNS_UNKNOWN), "unknown");
	assert_string_equal(key_dns_name(KEY_DNS_MATCH), "match");
	assert_string_equal(key_dns_name(KEY_DNS_MALFORMED), "malformed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_unclear),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_fails),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_wrong_clock),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
