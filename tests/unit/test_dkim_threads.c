/*
 * One library, one pair of keys, one store of sightings, eight threads.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "dkim_rig.h"

enum { THREADS = 8, ROUNDS = 60 };

#define FIELDS "From: a@example.com\nTo: b@example.net\nSubject: x\n"

static struct rig shared;
static struct sightings *sightings;
static atomic_int wrong;

static void
note_and_save(struct rig *rig)
{
	struct dns_rr rr = { .text = SLICE("p=" P_RSA), .n_strings = 1 };
	struct dns_answer answer = { .status = DNS_OK, .rrs = &rr, .n = 1 };
	struct ring_key key = rig->rsa;
	struct sighting seen;

	key.dns_name = "rsa._domainkey.example.com";
	sightings_note(sightings, &key, &answer, rig->clock.now);
	if (!sightings_get(sightings, &key, &seen) || seen.state != KEY_DNS_MATCH ||
	    sightings_save(sightings) != 0)
		atomic_fetch_add(&wrong, 1);
}

static void *
work(void *argument)
{
	struct rig rig = shared;	/* keys and library are shared, the arena is not */
	const struct verified *verified;
	struct signature signatures[2];
	const char *text;
	char body[40];
	size_t n;

	(void)argument;
	for (int i = 0; i < ROUNDS; i++) {
		struct headers *headers = rig_headers(&rig, FIELDS);

		snprintf(body, sizeof(body), "round %d\r\n", i);
		n = rig_sign_with(&rig, &rig.rsa, &rig.ed25519, headers, slice_of(body), 4,
		    signatures);
		text = rig_signed_text(&rig, FIELDS, signatures, n);
		n = rig_verify(&rig, text, slice_of(body), RIG_ZONE, 4, &verified);
		for (size_t k = 0; k < n; k++)
			if (verified[k].result != DKIM_PASS)
				atomic_fetch_add(&wrong, 1);
		free((char *)(uintptr_t)text);
		note_and_save(&rig);
	}
	arena_free(&rig.arena);
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	rig_open(&shared);
	sightings = sightings_open(NULL);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wrong, 0);
	sightings_close(&sightings);
	rig_close(&shared);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
