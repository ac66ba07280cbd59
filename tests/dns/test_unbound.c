/*
 * The resolver against servers on loopback ports (server.py): slow, silent,
 * broken and dead ones, and healthy names beside.
 *
 * usage: test_unbound [SERVER.PY]; skipped (77) where Python or dnslib is
 * missing.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "dns/dns.h"
#include "settings/settings.h"

extern char **environ;

struct server {
	pid_t pid;
	int in;				/* closed: it ends */
	char address[40];
};

struct rig {
	struct arena *arena;
	struct dns *dns;
};

static const char *script;
static struct server healthy, silent;

static bool
server_start(struct server *server, char *option)
{
	char *argv[] = { (char *)"/usr/bin/python3", (char *)(uintptr_t)script, option,
		NULL };
	posix_spawn_file_actions_t actions;
	int in[2], out[2], error;
	char line[20] = "";
	ssize_t n;

	if (pipe(in) != 0 || pipe(out) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addclose(&actions, in[1]);
	error = posix_spawn(&server->pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	server->in = in[1];
	n = error == 0 ? read(out[0], line, sizeof(line) - 1) : 0;
	close(out[0]);
	if (n <= 0)
		return false;
	snprintf(server->address, sizeof(server->address), "127.0.0.1@%d",
	    (int)strtol(line, NULL, 10));
	return true;
}

static void
server_stop(struct server *server)
{
	close(server->in);
	kill(server->pid, SIGTERM);
	waitpid(server->pid, NULL, 0);
}

static int
rig_open(struct rig *rig, const char *first, const char *second, unsigned timeout)
{
	const char *servers[] = { first, second };
	struct settings_resolver settings = { .timeout = timeout, .deadline = 10 };
	const char *error = NULL;

	settings.servers.p = servers;
	settings.servers.n = second == NULL ? 1 : 2;
	rig->arena = arena_new();
	rig->dns = dns_new(&settings, &clock_system, rig->arena, &error);
	if (rig->dns == NULL)
		fail_msg("%s", error);
	return 0;
}

static void
rig_close(struct rig *rig)
{
	arena_free(&rig->arena);
	dns_free(&rig->dns);
}

static struct lookups *
message(struct rig *rig)
{
	return lookups_new(rig->dns, rig->arena, 10, DNS_QUERIES_MAX);
}

static int64_t
ms_since(int64_t start_us)
{
	return (clock_mono_us(&clock_system) - start_us) / 1000;
}

/* Asks and waits; the milliseconds it took. */
static const struct dns_answer *
ask(struct rig *rig, const char *name, enum dns_type type, int64_t *ms_r)
{
	int64_t start_us = clock_mono_us(&clock_system);
	struct lookups *lookups = message(rig);
	const struct dns_answer *answer = dns_get(lookups, name, type);

	while (lookups_wait(lookups))
		;
	if (ms_r != NULL)
		*ms_r = ms_since(start_us);
	return answer;
}

/* Questions that reached the server for names ending in -x. */
static int
seen(struct rig *rig, const char *x)
{
	const struct dns_answer *answer;

	answer = ask(rig, arena_printf(rig->arena, "seen-%s.example.com", x), DNS_TXT, NULL);
	assert_int_equal(answer->status, DNS_OK);
	return (int)strtol(arena_strndup(rig->arena, answer->rrs[0].text.p,
	    answer->rrs[0].text.n), NULL, 10);
}

static void
test_kinds(void **state)
{
	static const struct {
		const char *name;
		enum dns_type type;
		enum dns_status status;
		size_t n;
		const char *canonical;
		uint32_t ttl;
	} cases[] = {
		{ "ok-k.example.com", DNS_A, DNS_OK, 1, "ok-k.example.com", 300 },
		{ "OK-k2.example.com.", DNS_AAAA, DNS_OK, 1, "ok-k2.example.com", 300 },
		{ "ok-k.example.com", DNS_MX, DNS_OK, 1, "ok-k.example.com", 300 },
		{ "ok-k.example.com", DNS_TXT, DNS_OK, 1, "ok-k.example.com", 300 },
		{ "1.2.0.192.in-addr.arpa", DNS_PTR, DNS_OK, 1, "1.2.0.192.in-addr.arpa", 300 },
		{ "1.2.0.10.in-addr.arpa", DNS_PTR, DNS_OK, 1, "1.2.0.10.in-addr.arpa", 300 },
		{ "ok-k.example.com", DNS_SOA, DNS_NODATA, 0, "ok-k.example.com", 77 },
		{ "nodata-k.example.com", DNS_TXT, DNS_NODATA, 0, "nodata-k.example.com", 77 },
		{ "nx-k.example.com", DNS_TXT, DNS_NXDOMAIN, 0, "nx-k.example.com", 77 },
		{ "chain3-k.example.com", DNS_A, DNS_OK, 1, "chain0-k.example.com", 101 },
		{ "loop-k.example.com", DNS_A, DNS_TEMPFAIL, 0, "loop-k.example.com", 30 },
		{ "tc-k.example.com", DNS_TXT, DNS_OK, 1, "tc-k.example.com", 300 },
		{ "badtxt-k.example.com", DNS_TXT, DNS_TEMPFAIL, 0, "badtxt-k.example.com", 30 },
		{ "servfail-k.example.com", DNS_A, DNS_TEMPFAIL, 0, "servfail-k.example.com", 30 },
		{ "refused-k.example.com", DNS_A, DNS_TEMPFAIL, 0, "refused-k.example.com", 30 },
		{ "formerr-k.example.com", DNS_A, DNS_TEMPFAIL, 0, "formerr-k.example.com", 30 },
		{ "we\\.i\\032rd-k.example.com", DNS_A, DNS_OK, 1, "we\\.i\\032rd-k.example.com",
		  300 },
		{ "ok-k.test", DNS_A, DNS_OK, 1, "ok-k.test", 300 },
		{ "ok-k.invalid", DNS_A, DNS_OK, 1, "ok-k.invalid", 300 },
		{ "ok-k.home.arpa", DNS_A, DNS_OK, 1, "ok-k.home.arpa", 300 },
	};
	const struct dns_answer *answer;
	struct rig rig;
	int64_t ms;

	(void)state;
	rig_open(&rig, healthy.address, NULL, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answer = ask(&rig, cases[i].name, cases[i].type, &ms);
		if (answer->status != cases[i].status || answer->n != cases[i].n ||
		    answer->ttl != cases[i].ttl ||
		    strcmp(answer->canonical, cases[i].canonical) != 0)
			fail_msg("%s %s: %s, %zu records, %s, TTL %u", cases[i].name,
			    dns_type_name(cases[i].type), dns_status_name(answer->status),
			    answer->n, answer->canonical, answer->ttl);
		assert_true((answer->status == DNS_TEMPFAIL) == (answer->error != NULL));
		assert_string_equal(answer->server, healthy.address);
		assert_in_range(ms, 0, 2000);
	}
	answer = ask(&rig, "ok-k.example.com", DNS_MX, NULL);
	assert_string_equal(answer->rrs[0].name, "mx.example.com");
	assert_int_equal(answer->rrs[0].preference, 10);
	answer = ask(&rig, "tc-k.example.com", DNS_TXT, NULL);
	assert_int_equal(answer->rrs[0].n_strings, 40);
	assert_int_equal(answer->rrs[0].text.n, 40 * 180);
	answer = ask(&rig, "ok-k.example.com", DNS_TXT, NULL);
	assert_true(slice_is(answer->rrs[0].text, "v=spf1 -all"));
	rig_close(&rig);
}

/* A quick server with slow names: each takes its time and no other's. */
static void
test_slow_names(void **state)
{
	static const struct {
		const char *name;
		int64_t from_ms, to_ms;		/* 0: not within the time-out */
	} cases[] = {
		{ "d600-s.example.com", 590, 2500 },
		{ "d1500-s.example.com", 1490, 3400 },
		{ "d3000-s.example.com", 2990, 3990 },
		{ "drop-s.example.com", 0, 0 },
		{ "ok-s.example.com", 0, 2000 },
	};
	enum { N = sizeof(cases) / sizeof(cases[0]) };
	const struct dns_answer *answers[N];
	int64_t start_us, took[N], ms;
	struct lookups *lookups;
	struct dns_stats stats;
	struct rig rig;

	(void)state;
	rig_open(&rig, healthy.address, NULL, 4);
	for (int i = 0; i < 5; i++)	/* it has been quick so far */
		ask(&rig, arena_printf(rig.arena, "ok-w%d.example.com", i), DNS_A, NULL);
	start_us = clock_mono_us(&clock_system);
	lookups = message(&rig);
	for (size_t i = 0; i < N; i++) {
		answers[i] = dns_get(lookups, cases[i].name, DNS_A);
		took[i] = -1;
	}
	while (lookups_wait(lookups))
		for (size_t i = 0; i < N; i++)
			if (took[i] == -1 && answers[i]->status != DNS_PENDING)
				took[i] = ms_since(start_us);
	for (size_t i = 0; i < N; i++) {
		print_message("    %s: %s after %d ms\n", cases[i].name,
		    dns_status_name(answers[i]->status), (int)took[i]);
		if (cases[i].to_ms != 0) {
			assert_int_equal(answers[i]->status, DNS_OK);
			assert_in_range(took[i], cases[i].from_ms, cases[i].to_ms);
		} else {
			assert_int_equal(answers[i]->status, DNS_TEMPFAIL);
			assert_in_range(took[i], 3900, 6000);
			assert_string_equal(answers[i]->error, "no answer from DNS within 4 s");
		}
	}
	/* Healthy names are unhurt; the lost one costs no second message. */
	assert_int_equal(ask(&rig, "ok-t.example.com", DNS_A, &ms)->status, DNS_OK);
	assert_in_range(ms, 0, 2000);
	assert_int_equal(ask(&rig, "drop-s.example.com", DNS_A, &ms)->status, DNS_TEMPFAIL);
	assert_in_range(ms, 0, 2000);
	dns_stats(rig.dns, &stats);
	assert_int_equal(stats.timeouts, 1);
	rig_close(&rig);
}

/* One of two servers says nothing: a short wait once, then none. */
static void
test_one_of_two_dead(void **state)
{
	const struct dns_answer *answer;
	struct rig rig;
	int64_t ms;

	(void)state;
	rig_open(&rig, silent.address, healthy.address, 4);
	answer = ask(&rig, "ok-d1.example.com", DNS_A, &ms);
	assert_int_equal(answer->status, DNS_OK);
	assert_string_equal(answer->server, healthy.address);
	assert_in_range(ms, 290, 2000);
	for (int i = 0; i < 20; i++) {
		answer = ask(&rig, arena_printf(rig.arena, "ok-e%d.example.com", i), DNS_A, &ms);
		assert_int_equal(answer->status, DNS_OK);
		assert_in_range(ms, 0, 2000);
	}
	rig_close(&rig);
	/* Nobody listens on port 1: told at once by the kernel. */
	rig_open(&rig, "127.0.0.1@1", healthy.address, 4);
	answer = ask(&rig, "ok-f.example.com", DNS_A, &ms);
	assert_int_equal(answer->status, DNS_OK);
	assert_in_range(ms, 0, 2000);
	/* The dead one is not waited for when the other says it cannot tell. */
	answer = ask(&rig, "servfail-f.example.com", DNS_A, &ms);
	assert_int_equal(answer->status, DNS_TEMPFAIL);
	assert_string_equal(answer->error,
	    "the DNS server could not answer (SERVFAIL)");
	assert_in_range(ms, 0, 2000);
	rig_close(&rig);
}

static void
test_joined(void **state)
{
	const struct dns_answer *answers[50];
	struct lookups *lookups[50];
	struct rig rig;

	(void)state;
	rig_open(&rig, healthy.address, NULL, 4);
	for (int i = 0; i < 50; i++) {
		lookups[i] = message(&rig);
		answers[i] = dns_get(lookups[i], "d100-j.example.com", DNS_A);
	}
	for (int i = 0; i < 50; i++) {
		while (lookups_wait(lookups[i]))
			;
		assert_int_equal(answers[i]->status, DNS_OK);
	}
	assert_int_equal(seen(&rig, "j"), 1);
	rig_close(&rig);
}

/* One try at hitting the last tenth of two seconds; false when it was missed. */
static bool
try_refresh(struct rig *rig, const char *mark)
{
	const char *name = arena_printf(rig->arena, "short-%s.example.com", mark);

	ask(rig, name, DNS_A, NULL);
	usleep(1850 * 1000);
	if (ask(rig, name, DNS_A, NULL)->ttl != 1)
		return false;
	usleep(100 * 1000);
	return ask(rig, name, DNS_A, NULL)->ttl == 2 && seen(rig, mark) == 2;
}

/* Asked for anew before it ends, and with the full TTL; a busy machine may miss
 * the moment. */
static void
test_refresh(void **state)
{
	static const char *const marks[] = { "ra", "rb", "rc", "rd", "re", "rf" };
	struct rig rig;
	bool good = false;

	(void)state;
	rig_open(&rig, healthy.address, NULL, 4);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && !good; i++)
		good = try_refresh(&rig, marks[i]);
	assert_true(good);
	rig_close(&rig);
}

/* Many lost names do not hold up a healthy one. */
static void
test_many_lost(void **state)
{
	struct lookups *lookups;
	struct rig rig;
	int64_t ms;

	(void)state;
	rig_open(&rig, healthy.address, NULL, 2);
	lookups = lookups_new(rig.dns, rig.arena, 1, 1000);
	for (int i = 0; i < 100; i++)
		dns_get(lookups, arena_printf(rig.arena, "drop-m%d.example.com", i), DNS_A);
	assert_int_equal(ask(&rig, "ok-m.example.com", DNS_A, &ms)->status, DNS_OK);
	assert_in_range(ms, 0, 2000);
	while (lookups_wait(lookups))
		;
	assert_int_equal(ask(&rig, "ok-n.example.com", DNS_A, &ms)->status, DNS_OK);
	assert_in_range(ms, 0, 2000);
	rig_close(&rig);
}

struct load {
	struct rig *rig;
	int id;
	int answered, failed;
};

static void *
load_run(void *object)
{
	struct load *load = object;
	struct arena *arena = arena_new();
	const struct dns_answer *answer;
	struct lookups *lookups;
	char name[60];

	for (int i = 0; i < 60; i++) {
		lookups = lookups_new(load->rig->dns, arena, 10, 10);
		snprintf(name, sizeof(name), "d%d-l%dx%d.example.com", i % 30, load->id, i / 2);
		answer = dns_get(lookups, name, DNS_A);
		while (lookups_wait(lookups))
			;
		if (answer->status == DNS_OK)
			load->answered++;
		else
			load->failed++;
	}
	arena_free(&arena);
	return NULL;
}

/* New servers while questions are under way: none is lost. */
static void
test_reconfigure(void **state)
{
	const char *servers[] = { healthy.address };
	struct settings_resolver settings = { .timeout = 3, .deadline = 10 };
	struct load loads[8];
	pthread_t threads[8];
	const char *error;
	struct rig rig;

	(void)state;
	settings.servers.p = servers;
	settings.servers.n = 1;
	rig_open(&rig, healthy.address, NULL, 4);
	for (int i = 0; i < 8; i++) {
		loads[i] = (struct load){ .rig = &rig, .id = i };
		assert_int_equal(pthread_create(&threads[i], NULL, load_run, &loads[i]), 0);
	}
	for (int i = 0; i < 10; i++) {
		usleep(50 * 1000);
		assert_int_equal(dns_reconfigure(rig.dns, &settings, &error), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(loads[i].failed, 0);
		assert_int_equal(loads[i].answered, 60);
	}
	servers[0] = "nonsense";
	assert_int_equal(dns_reconfigure(rig.dns, &settings, &error), -1);
	assert_string_equal(error,
	    "resolver: servers: expected ADDRESS or ADDRESS@PORT, not \"nonsense\"");
	assert_int_equal(ask(&rig, "ok-rc.example.com", DNS_A, NULL)->status, DNS_OK);
	rig_close(&rig);
}

/* The resolver ends at once with questions under way. */
static void
test_end(void **state)
{
	int64_t start_us;
	struct rig rig;

	(void)state;
	rig_open(&rig, healthy.address, silent.address, 4);
	for (int i = 0; i < 20; i++)
		dns_get(message(&rig), arena_printf(rig.arena, "drop-q%d.example.com", i),
		    DNS_A);
	usleep(20 * 1000);
	start_us = clock_mono_us(&clock_system);
	rig_close(&rig);
	assert_in_range(ms_since(start_us), 0, 2500);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_slow_names),
		cmocka_unit_test(test_one_of_two_dead),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_many_lost),
		cmocka_unit_test(test_reconfigure),
		cmocka_unit_test(test_end),
	};
	char none[] = "--port=0", quiet[] = "--silent";
	const char *srcdir = getenv("srcdir");
	char path[4096];
	int failed;

	snprintf(path, sizeof(path), "%s/tests/dns/server.py", srcdir == NULL ? "." : srcdir);
	script = argc > 1 ? argv[1] : path;
	if (!server_start(&healthy, none) || !server_start(&silent, quiet)) {
		fprintf(stderr, "%s does not run (python3-dnslib missing?): skipped\n", script);
		return 77;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop(&healthy);
	server_stop(&silent);
	return failed;
}
