/*
 * What a message costs in the whole core, from its first field to its record:
 * CPU time and memory, without an MTA and with DNS out of a file, so that the
 * signature and what the checks cost can be told apart.
 *
 * usage: bench_core [-n ROUNDS] [-r RECIPIENTS] CONFIG ZONE MESSAGE
 *
 * The message has the line ends of SMTP; RECIPIENT is a number: so many, in a
 * domain each.  Prints octets, microseconds a message, kilobytes that memory
 * grew by, what would be done and what was found.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "facts/message.h"
#include "settings/files.h"
#include "settings/settings.h"

enum { CHUNK = 65535, HEAD_MAX = 2 * 1024 * 1024 };

static struct {
	struct arena *arena;
	struct dns *dns;
	struct sightings *sightings;
	struct egress_facts *egress;
	struct core *core;
	struct snapshot *snapshot;
	struct session *session;
	char *head;			/* the header section and some of the body */
	size_t head_n, body_at;
	int fd;
	unsigned long rounds, n_rcpts;
} bench;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench_core: %s: %s\n", what, why);
	exit(1);
}

static int64_t
cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A line of /proc/self/status: VmRSS, VmHWM. */
static long
memory_kb(const char *name)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, name, strlen(name)) == 0)
			kb = strtol(line + strlen(name) + 1, NULL, 10);
	}
	if (file != NULL)
		fclose(file);
	return kb;
}

/* The peak counts from here: compiling phrases has a higher one. */
static long
begin_peak(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");

	malloc_trim(0);
	if (file == NULL || fputs("5", file) == EOF || fclose(file) != 0)
		die("/proc/self/clear_refs", "cannot be written");
	return memory_kb("VmRSS");
}

static struct slice
read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = arena_alloc(bench.arena, 1 << 20);
	size_t n;

	if (file == NULL)
		die(path, "cannot be opened");
	n = fread(text, 1, 1 << 20, file);
	fclose(file);
	return (struct slice){ text, n };
}

static void
open_world(const char *config, const char *zone)
{
	struct core_options parts = { .clock = &clock_system, .keep_results = true,
	    .long_lived = true };
	struct files *files = files_new();
	const char *error = "";
	struct ip ip;

	bench.arena = arena_new();
	bench.snapshot = snapshot_load(files, config, bench.arena, &error);
	if (bench.snapshot == NULL)
		die(config, error);
	files_free(&files);
	parts.dns = bench.dns = dns_new_zone(read_text(zone), &clock_system,
	    bench.arena, &error);
	if (bench.dns == NULL)
		die(zone, error);
	ip_parse(SLICE("192.0.2.10"), &ip);
	parts.egress = bench.egress = egress_facts_fixed(&ip, 1);
	parts.sightings = bench.sightings = sightings_open(NULL);
	bench.core = core_new(&parts, &error);
	if (bench.core == NULL)
		die("core", error);
	bench.session = session_new();
	bench.session->mta_name = "mail.example.com";
	bench.session->client_port = 40000;
	ip_parse(SLICE("198.51.100.200"), &bench.session->client_addr);
}

static void
open_message(const char *path)
{
	const char *end;

	bench.fd = open(path, O_RDONLY);
	if (bench.fd == -1)
		die(path, "cannot be opened");
	bench.head = arena_alloc(bench.arena, HEAD_MAX + 1);
	bench.head_n = (size_t)read(bench.fd, bench.head, HEAD_MAX);
	end = memmem(bench.head, bench.head_n, "\r\n\r\n", 4);
	if (end == NULL)
		die(path, "no end of the header section");
	bench.body_at = (size_t)(end + 4 - bench.head);
}

static void
add_fields(struct message *message)
{
	struct slice rest = { bench.head, bench.body_at - 2 };
	size_t end, colon;

	while (rest.n > 0) {
		end = slice_find(rest, '\n') + 1;
		while (end < rest.n && (rest.p[end] == ' ' || rest.p[end] == '\t'))
			end += slice_find(slice_sub(rest, end, rest.n), '\n') + 1;
		colon = slice_find(rest, ':');
		headers_add(message->headers, slice_sub(rest, 0, colon),
		    slice_sub(rest, colon + 1, end - 2 - colon - 1));
		rest = slice_sub(rest, end, rest.n);
	}
}

static struct message *
begin_message(void)
{
	struct message *message = message_new(bench.session,
	    clock_now(&clock_system), clock_mono_us(&clock_system));
	struct rcpt rcpt = { .mailer = "smtp" };
	bool is_null;

	message->queue_id = "4Xabc123";
	message->auth_user = "alice";
	address_path_parse(message->arena, SLICE("<billing@example.com>"),
	    &message->mail_from, &message->mail_from_is_null);
	for (unsigned long i = 0; i < bench.n_rcpts; i++) {
		address_path_parse(message->arena, slice_of(arena_printf(message->arena,
		    i == 0 ? "<someone@example.net>" : "<someone@r%lu.example.net>", i)),
		    &rcpt.address, &is_null);
		message_add_rcpt(message, &rcpt);
	}
	message->direction = message_direction(message,
	    snapshot_settings(bench.snapshot));
	return message;
}

/* CPU time of one message; reading the file does not count. */
static int64_t
judge(struct message **message_r, struct passage **passage_r)
{
	static char chunk[CHUNK];
	int64_t before = cpu_us(), spent;
	struct message *message = begin_message();
	struct passage *passage;
	off_t at = (off_t)bench.body_at;
	ssize_t n;

	add_fields(message);
	passage = passage_begin(bench.core, bench.snapshot, message);
	spent = cpu_us() - before;
	while ((n = pread(bench.fd, chunk, CHUNK, at)) > 0) {
		before = cpu_us();
		passage_body(passage, chunk, (size_t)n);
		spent += cpu_us() - before;
		at += n;
	}
	before = cpu_us();
	passage_finish(passage);
	passage_record(passage, false);
	spent += cpu_us() - before;
	*message_r = message;
	*passage_r = passage;
	return spent;
}

int
main(int argc, char **argv)
{
	int64_t before, spent = 0;
	struct message *message = NULL;
	struct passage *passage = NULL;
	long kb;
	int c;

	bench.rounds = bench.n_rcpts = 1;
	while ((c = getopt(argc, argv, "n:r:")) != -1) {
		if (c == 'n')
			bench.rounds = strtoul(optarg, NULL, 10);
		else if (c == 'r')
			bench.n_rcpts = strtoul(optarg, NULL, 10);
	}
	if (argc - optind != 3 || bench.rounds == 0)
		die("usage", "[-n ROUNDS] [-r RECIPIENTS] CONFIG ZONE MESSAGE");
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	open_world(argv[optind], argv[optind + 1]);
	open_message(argv[optind + 2]);
	snapshot_phrases(bench.snapshot, true);
	kb = begin_peak();
	for (unsigned long i = 0; i < bench.rounds; i++) {
		spent += judge(&message, &passage);
		before = cpu_us();
		if (i + 1 < bench.rounds)
			message_free(&message);
		spent += cpu_us() - before;
	}
	printf("%llu octets %.0f us %ld KB %s:",
	    (unsigned long long)message->size,
	    (double)spent / (double)bench.rounds, memory_kb("VmHWM") - kb,
	    passage_plan(passage)->action == ACTION_NONE ? "accepted" : "stopped");
	for (size_t i = 0; i < passage_verdict(passage)->n_findings; i++)
		printf(" %s", passage_verdict(passage)->findings[i].check->id);
	putchar('\n');
	message_free(&message);
	return 0;
}
