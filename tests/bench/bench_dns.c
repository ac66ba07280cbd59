/*
 * What dns_get() costs on a warm cache, in CPU time: names not asked for
 * before in the message, and names asked for again.
 *
 * usage: bench_dns [THREADS]
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "dns/dns.h"

enum { NAMES = 20, MESSAGES = 50000, THREADS_MAX = 64 };

struct cost {
	struct dns *dns;
	int64_t first_us, again_us, frame_us;
};

static char names[NAMES][80];

static int64_t
cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
get_all(struct lookups *lookups)
{
	int64_t start_us = cpu_us();

	for (int i = 0; i < NAMES; i++)
		if (dns_get(lookups, names[i], DNS_TXT)->status != DNS_OK)
			abort();
	return cpu_us() - start_us;
}

static void *
run(void *object)
{
	struct cost *cost = object;
	struct lookups *lookups;
	struct arena *arena;
	int64_t start_us;

	for (int i = 0; i < MESSAGES; i++) {
		start_us = cpu_us();
		arena = arena_new();
		lookups = lookups_new(cost->dns, arena, 10, DNS_QUERIES_MAX);
		cost->frame_us += cpu_us() - start_us;
		cost->first_us += get_all(lookups);
		cost->again_us += get_all(lookups);
		start_us = cpu_us();
		arena_free(&arena);
		cost->frame_us += cpu_us() - start_us;
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	int n_threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1;
	struct arena *arena = arena_new();
	pthread_t threads[THREADS_MAX];
	struct cost costs[THREADS_MAX];
	const char *error;
	struct dns *dns;

	if (n_threads < 1 || n_threads > THREADS_MAX)
		return 2;
	for (int i = 0; i < NAMES; i++)
		snprintf(names[i], sizeof(names[i]), "_dmarc.mail%d.customers.example.com", i);
	dns = dns_new_zone(SLICE("*.example.com 86400 TXT \"v=DMARC1; p=reject; "
	    "rua=mailto:reports@example.com; ruf=mailto:reports@example.com\""),
	    &clock_system, arena, &error);
	for (int i = 0; i < n_threads; i++) {
		costs[i] = (struct cost){ .dns = dns };
		if (pthread_create(&threads[i], NULL, run, &costs[i]) != 0)
			return 1;
	}
	for (int i = 0; i < n_threads; i++) {
		pthread_join(threads[i], NULL);
		printf("first %.0f ns, again %.0f ns a name; %.0f ns a message beside\n",
		    (double)costs[i].first_us * 1000 / MESSAGES / NAMES,
		    (double)costs[i].again_us * 1000 / MESSAGES / NAMES,
		    (double)costs[i].frame_us * 1000 / MESSAGES);
	}
	dns_free(&dns);
	arena_free(&arena);
	return 0;
}
