/*
 * Sixteen messages at once: for ThreadSanitizer and AddressSanitizer.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "dns/backend.h"
#include "dns/dns.h"

enum { THREADS = 16, MESSAGES = 40, NAMES = 150 };

/* Answers on a thread of its own; every eighth question fails. */
struct postman {
	struct dns_backend backend;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t posted;
	struct dns_query *queue[NAMES * 6];
	size_t n;
	unsigned served;
	bool stopping;
};

struct work {
	struct dns *dns;
	unsigned id;
	unsigned wrong;
};

static void
postman_answer(struct dns_query *query, unsigned number)
{
	struct dns_rr rr = { .text = slice_of(dns_query_name(query)), .n_strings = 1 };
	struct dns_answer answer = { .status = DNS_OK, .rrs = &rr, .n = 1,
		.ttl = number % 2 };

	if (number % 8 == 0)
		dns_query_fail(query, "refused", "192.0.2.53@53", false);
	else
		dns_query_done(query, &answer);
}

static void *
postman_run(void *object)
{
	struct postman *postman = object;
	struct dns_query *query;
	unsigned number;

	pthread_mutex_lock(&postman->lock);
	while (!postman->stopping) {
		if (postman->n == 0) {
			pthread_cond_wait(&postman->posted, &postman->lock);
			continue;
		}
		query = postman->queue[--postman->n];
		number = postman->served++;
		pthread_mutex_unlock(&postman->lock);
		postman_answer(query, number);
		pthread_mutex_lock(&postman->lock);
	}
	pthread_mutex_unlock(&postman->lock);
	return NULL;
}

static void
postman_start(struct dns_backend *backend, struct dns_query *query)
{
	struct postman *postman = (struct postman *)backend;

	pthread_mutex_lock(&postman->lock);
	postman->queue[postman->n++] = query;
	pthread_cond_signal(&postman->posted);
	pthread_mutex_unlock(&postman->lock);
}

static void
postman_free(struct dns_backend *backend)
{
	struct postman *postman = (struct postman *)backend;

	pthread_mutex_lock(&postman->lock);
	postman->stopping = true;
	pthread_cond_signal(&postman->posted);
	pthread_mutex_unlock(&postman->lock);
	pthread_join(postman->thread, NULL);
	while (postman->n > 0)
		dns_query_abort(postman->queue[--postman->n]);
	pthread_cond_destroy(&postman->posted);
	pthread_mutex_destroy(&postman->lock);
	free(postman);
}

static struct dns_backend *
postman_new(void)
{
	struct postman *postman = calloc(1, sizeof(*postman));

	pthread_mutex_init(&postman->lock, NULL);
	pthread_cond_init(&postman->posted, NULL);
	postman->backend.start = postman_start;
	postman->backend.free = postman_free;
	assert_int_equal(pthread_create(&postman->thread, NULL, postman_run, postman), 0);
	return &postman->backend;
}

static bool
is_right(const struct dns_answer *answer)
{
	return answer->status == DNS_TEMPFAIL ||
	    (answer->n == 1 && slice_is(answer->rrs[0].text, answer->name));
}

/* One message; every fourth goes away without waiting. */
static void
carry(struct work *work, unsigned number)
{
	struct arena *arena = arena_new();
	struct lookups *lookups = lookups_new(work->dns, arena, 10, DNS_QUERIES_MAX);
	const struct dns_answer *answers[20];
	char name[40];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "n%u.example.com",
		    (number * 31 + work->id * 7 + i * 13) % NAMES);
		answers[i] = dns_get(lookups, name, DNS_TXT);
	}
	while (number % 4 != 0 && lookups_wait(lookups))
		;
	for (unsigned i = 0; i < 20; i++) {
		if (answers[i]->status == DNS_PENDING ? number % 4 != 0 :
		    !is_right(answers[i]))
			work->wrong++;
	}
	arena_free(&arena);
}

static void *
work_run(void *object)
{
	struct work *work = object;

	for (unsigned i = 1; i <= MESSAGES; i++)
		carry(work, i);
	return NULL;
}

static void
run_all(struct dns *dns)
{
	struct work works[THREADS];
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		works[i] = (struct work){ .dns = dns, .id = i };
		assert_int_equal(pthread_create(&threads[i], NULL, work_run, &works[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(works[i].wrong, 0);
	}
}

static void
test_asynchronous(void **state)
{
	struct dns *dns = dns_new_backend(postman_new(), &clock_system);
	struct dns_stats stats;

	(void)state;
	run_all(dns);
	dns_stats(dns, &stats);
	assert_true(stats.cache_hits > 0);
	assert_true(stats.queries >= NAMES);
	dns_free(&dns);
}

/* Names of zone text on a clock that stands still; some never answer. */
static void
test_zone(void **state)
{
	struct arena *arena = arena_new();
	struct clock_fake clock;
	const char *error;
	struct dns *dns;
	char *text;
	size_t n = 0;

	(void)state;
	text = arena_alloc(arena, NAMES * 60);
	for (unsigned i = 0; i < NAMES; i++) {
		if (i % 10 == 3)
			n += (size_t)snprintf(text + n, 60,
			    "n%u.example.com ANY !timeout\n", i);
		else
			n += (size_t)snprintf(text + n, 60,
			    "n%u.example.com 0 TXT n%u.example.com\n", i, i);
	}
	clock_fake_init(&clock, 1700000000);
	dns = dns_new_zone((struct slice){ text, n }, &clock.clock, arena, &error);
	assert_non_null(dns);
	run_all(dns);
	dns_free(&dns);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asynchronous),
		cmocka_unit_test(test_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
