/*
 * The journal: written whole, bounded, read back; what a crash, a full disk or
 * a stranger leaves there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "record/journal.h"

enum { NOW = 1795297200, THREADS = 4, LINES = 300 };

static char directory[64];
static char held[128], held_older[128], refused[128], refused_older[128];
static struct clock_fake fake;
static struct journal *journal;
static struct arena *arena;
static struct journal_events events;

static int
setup(void **state)
{
	(void)state;
	log_open(LOG_TARGET_NONE, LOG_LEVEL_ERROR);
	snprintf(directory, sizeof(directory), "/tmp/mw-journal.XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(held, sizeof(held), "%s/held.jsonl", directory);
	snprintf(held_older, sizeof(held_older), "%s/held.jsonl.1", directory);
	snprintf(refused, sizeof(refused), "%s/refused.jsonl", directory);
	snprintf(refused_older, sizeof(refused_older), "%s/refused.jsonl.1", directory);
	clock_fake_init(&fake, NOW);
	journal = journal_open(directory, &fake.clock);
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	journal_close(&journal);
	arena_free(&arena);
	unlink(held);
	unlink(held_older);
	unlink(refused);
	unlink(refused_older);
	return rmdir(directory);
}

static const char *
event_of(const char *queue_id, const char *stopped, const char *more)
{
	return arena_printf(arena, "{\"v\":1,\"time\":\"2026-11-21T21:40:00Z\","
	    "\"queue_id\":\"%s\",\"stopped\":\"%s\",\"cause\":\"from-multiple\"%s}", queue_id,
	    stopped, more);
}

static void
hold(const char *queue_id)
{
	journal_write(journal, JOURNAL_HELD, event_of(queue_id, "hold", ""));
}

static size_t
read_kind(enum journal_kind kind, uint64_t after)
{
	const char *error = NULL;

	if (journal_read(directory, kind, after, arena, &events, &error) != 0)
		fail_msg("%s", error);
	return events.n;
}

static void
restart(void)
{
	journal_close(&journal);
	journal = journal_open(directory, &fake.clock);
}

static void
add_bytes(const char *path, const char *bytes)
{
	FILE *file = fopen(path, "a");

	assert_non_null(file);
	fputs(bytes, file);
	fclose(file);
}

static void
test_written_and_read(void **state)
{
	struct stat st;

	(void)state;
	hold("A1");
	hold("A2");
	journal_write(journal, JOURNAL_REFUSED, event_of("B1", "reject", ""));
	assert_int_equal(read_kind(JOURNAL_HELD, 0), 2);
	assert_string_equal(events.p[0].queue_id, "A1");
	assert_string_equal(events.p[1].queue_id, "A2");
	assert_true(events.p[0].n < events.p[1].n);
	assert_int_equal(events.p[0].kind, JOURNAL_HELD);
	assert_int_equal(events.p[0].time, 1795297200);
	assert_int_equal(read_kind(JOURNAL_HELD, events.p[0].n), 1);
	assert_string_equal(events.p[0].queue_id, "A2");
	assert_int_equal(read_kind(JOURNAL_REFUSED, 0), 1);
	assert_int_equal(events.p[0].kind, JOURNAL_REFUSED);
	/* senders and recipients stand there */
	assert_int_equal(stat(held, &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
}

static void
test_numbers_grow_over_restarts(void **state)
{
	uint64_t last;

	(void)state;
	hold("A1");
	journal_write(journal, JOURNAL_REFUSED, event_of("B1", "reject", ""));
	restart();
	clock_fake_init(&fake, NOW - 86400);	/* set back */
	hold("A2");
	assert_int_equal(read_kind(JOURNAL_REFUSED, 0), 1);
	last = events.p[0].n;
	assert_int_equal(read_kind(JOURNAL_HELD, last), 1);
	assert_string_equal(events.p[0].queue_id, "A2");
}

static void
test_torn_line(void **state)
{
	(void)state;
	hold("A1");
	journal_close(&journal);
	add_bytes(held, "{\"n\":99999999999999999,\"v\":1,\"queue_id\":\"A");
	journal = journal_open(directory, &fake.clock);
	hold("A2");
	assert_int_equal(read_kind(JOURNAL_HELD, 0), 2);
	assert_string_equal(events.p[1].queue_id, "A2");
	assert_int_equal(events.bad_lines, 1);
}

static void
test_rotated_by_size(void **state)
{
	char *blanks = mem_alloc(12000);
	struct stat st;
	size_t n = 0;

	(void)state;
	memset(blanks, ' ', 11999);
	for (; n < 2000; n++)
		journal_write(journal, JOURNAL_REFUSED, event_of("B1", "reject", blanks));
	hold("A1");
	free(blanks);
	assert_int_equal(stat(refused, &st), 0);
	assert_true(st.st_size <= JOURNAL_FILE_MAX);
	assert_int_equal(stat(refused_older, &st), 0);
	assert_true(st.st_size <= JOURNAL_FILE_MAX);
	assert_true(st.st_size > JOURNAL_FILE_MAX - 2 * JOURNAL_LINE_MAX);
	assert_true(read_kind(JOURNAL_REFUSED, 0) > 690);	/* two files hold 1390 at most */
	assert_int_equal(events.bad_lines, 0);
	for (size_t i = 1; i < events.n; i++)
		assert_int_equal(events.p[i].n, events.p[i - 1].n + 1);
	assert_int_equal(read_kind(JOURNAL_HELD, 0), 1);	/* not pushed out */
}

static void
test_rotated_by_age(void **state)
{
	(void)state;
	hold("A1");
	clock_fake_advance(&fake, INT64_C(1000000) * 86400 * (JOURNAL_DAYS + 1));
	journal_tick(journal);
	assert_int_equal(access(held_older, F_OK), 0);
	hold("A2");
	assert_int_equal(read_kind(JOURNAL_HELD, 0), 2);	/* a generation more */
	/* the file's own time is the machine's clock, which does not move here */
	clock_fake_init(&fake, time(NULL) + (time_t)86400 * (JOURNAL_DAYS + 1));
	journal_tick(journal);
	assert_int_equal(read_kind(JOURNAL_HELD, 0), 1);
	assert_string_equal(events.p[0].queue_id, "A2");
}

static void
test_taken_away(void **state)
{
	(void)state;
	hold("A1");
	unlink(held);
	clock_fake_advance(&fake, INT64_C(1000000) * 7200);
	journal_tick(journal);
	hold("A2");
	assert_int_equal(read_kind(JOURNAL_HELD, 0), 1);
	assert_string_equal(events.p[0].queue_id, "A2");
	unlink(held);			/* soon after a look, too */
	clock_fake_advance(&fake, 1000000);
	journal_tick(journal);
	hold("A3");
	assert_int_equal(read_kind(JOURNAL_HELD, 0), 1);
	assert_string_equal(events.p[0].queue_id, "A3");
}

/* A file that can take no more octets stands for a disk that is full. */
static void
test_disk_full(void **state)
{
	struct rlimit limit = { 1000, 1000 }, before;
	size_t n;

	(void)state;
	hold("A1");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 20; i++)
		hold("A2");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	n = read_kind(JOURNAL_HELD, 0);
	assert_in_range(n, 2, 12);
	assert_int_equal(events.bad_lines, 0);	/* no half line */
	hold("A3");
	assert_int_equal(read_kind(JOURNAL_HELD, 0), n + 1);
	assert_string_equal(events.p[n].queue_id, "A3");
}

static void
test_no_directory(void **state)
{
	struct journal *nowhere = journal_open("/tmp/mw-not-there/below", &fake.clock);
	const char *error = NULL;

	(void)state;
	journal_write(nowhere, JOURNAL_HELD, event_of("A1", "hold", ""));
	journal_tick(nowhere);
	journal_close(&nowhere);
	assert_int_equal(journal_read("/tmp/mw-not-there/below", JOURNAL_HELD, 0, arena,
	    &events, &error), 0);
	assert_int_equal(events.n, 0);
}

static void
test_no_file_of_ours(void **state)
{
	const char *error = NULL;

	(void)state;
	journal_close(&journal);
	unlink(held);
	assert_int_equal(symlink("/etc/passwd", held), 0);
	journal = journal_open(directory, &fake.clock);
	hold("A1");
	assert_int_equal(journal_read(directory, JOURNAL_HELD, 0, arena, &events, &error), -1);
	assert_non_null(strstr(error, "held.jsonl"));
	unlink(held);
	assert_int_equal(mkfifo(held, 0600), 0);
	assert_int_equal(journal_read(directory, JOURNAL_HELD, 0, arena, &events, &error), -1);
}

static void *
write_many(void *ctx)
{
	for (int i = 0; i < LINES; i++)
		journal_write(journal, JOURNAL_HELD, ctx);
	return NULL;
}

static void
test_threads(void **state)
{
	char line[] = "{\"time\":\"2026-11-21T21:40:00Z\",\"stopped\":\"hold\","
	    "\"cause\":\"x\"}";
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_many, line);
	for (int i = 0; i < THREADS; i++) {
		journal_tick(journal);
		pthread_join(threads[i], NULL);
	}
	assert_int_equal(read_kind(JOURNAL_HELD, 0), THREADS * LINES);
	assert_int_equal(events.bad_lines, 0);
}

static bool
parses(const char *line, struct journal_event *event)
{
	size_t n = strlen(line);
	char *exact = mem_alloc(n > 0 ? n : 1);
	bool good;

	memcpy(exact, line, n);
	good = journal_parse(arena, (struct slice){ exact, n }, event);
	free(exact);
	return good;
}

static void
test_no_events(void **state)
{
	static const char *const lines[] = {
		"", "{", "[]", "1", "{}", "null", "\xff\xfe",
		"{\"n\":1,\"time\":\"2026-11-21T21:40:00Z\",\"cause\":\"x\"}",
		"{\"n\":1,\"time\":\"2026-11-21T21:40:00Z\",\"stopped\":\"hold\"}",
		"{\"n\":0,\"time\":\"2026-11-21T21:40:00Z\",\"stopped\":\"hold\",\"cause\":\"x\"}",
		"{\"n\":\"1\",\"time\":\"2026-11-21T21:40:00Z\",\"stopped\":\"hold\","
		    "\"cause\":\"x\"}",
		"{\"n\":1,\"time\":\"2026-11-21 21:40:00\",\"stopped\":\"hold\",\"cause\":\"x\"}",
		"{\"n\":1,\"time\":\"2026-11-21T21:40:00Zx\",\"stopped\":\"hold\",\"cause\":\"x\"}",
		"{\"n\":1,\"time\":\"0000-11-21T21:40:00Z\",\"stopped\":\"hold\",\"cause\":\"x\"}",
		"{\"n\":1,\"time\":null,\"stopped\":\"hold\",\"cause\":\"x\"}",
		"{\"n\":1,\"time\":\"2026-11-21T21:40:00Z\",\"stopped\":[],\"cause\":{}}",
	};
	struct journal_event event;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (parses(lines[i], &event))
			fail_msg("taken for an event: %s", lines[i]);
	}
}

static void
test_event_of_a_stranger(void **state)
{
	static const char line[] = "{\"n\":7,\"time\":\"2026-11-21T21:40:00Z\","
	    "\"stopped\":\"hold\",\"cause\":\"from-multiple\",\"queue_id\":17,"
	    "\"subject\":\"a\\u001b[31m\\nb\\u202e\",\"rcpt_to\":[\"a@b\",7,null,\"c@d\"],"
	    "\"rcpt_count\":-3,\"score\":1e300,\"signed\":\"yes\",\"must_sign\":true,"
	    "\"rcpts_refused\":[{\"rcpt_to\":\"e@f\"},[],{\"rcpt_to\":null}],"
	    "\"receivers\":{\"gmail\":\"accept\",\"a\":1,\"b\":\"c\",\"d\":\"e\",\"f\":\"g\","
	    "\"h\":\"i\"},\"findings\":[7,{\"id\":\"from-multiple\",\"weight\":7.0,"
	    "\"text\":\"two\",\"covered_by\":null},{\"id\":[],\"weight\":\"x\"}]}";
	struct journal_event event;

	(void)state;
	assert_true(parses(line, &event));
	assert_null(event.queue_id);
	assert_string_equal(event.subject, "a\\x1B[31m b\\xE2\\x80\\xAE");
	assert_int_equal(event.n_rcpts, 2);
	assert_string_equal(event.rcpts[1], "c@d");
	assert_int_equal(event.rcpt_count, 0);
	assert_int_equal(event.score, -1);
	assert_false(event.is_signed);
	assert_true(event.must_sign);
	assert_int_equal(event.n_refused, 1);
	assert_int_equal(event.n_receivers, 4);
	assert_int_equal(event.n_findings, 2);
	assert_string_equal(event.findings[1].id, "");
	assert_string_equal(journal_cause(&event)->text, "two");
	assert_int_equal(journal_cause(&event)->weight, 70);
	assert_null(journal_cause(&event)->fix);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_written_and_read),
		TEST(test_numbers_grow_over_restarts),
		TEST(test_torn_line),
		TEST(test_rotated_by_size),
		TEST(test_rotated_by_age),
		TEST(test_taken_away),
		TEST(test_disk_full),
		TEST(test_no_directory),
		TEST(test_no_file_of_ours),
		TEST(test_threads),
		TEST(test_no_events),
		TEST(test_event_of_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
