/*
 * Where records go: one write a line, reopening, threads, failures.
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

#include "base/log.h"
#include "record/record.h"
#include "settings/settings.h"

enum { THREADS = 4, LINES = 500, LINE_SIZE = 3000 };

static char directory[64];
static char path[128], moved[128];
static struct settings settings;

static int
setup(void **state)
{
	(void)state;
	log_open(LOG_TARGET_NONE, LOG_LEVEL_ERROR);
	snprintf(directory, sizeof(directory), "/tmp/mw-sink.XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/events.jsonl", directory);
	snprintf(moved, sizeof(moved), "%s/events.1", directory);
	settings = (struct settings){ .log_kind = LOG_TO_FILE, .log_file = path };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(moved);
	return rmdir(directory);
}

static struct record_sink *
open_sink(void)
{
	const char *error = NULL;
	struct record_sink *sink = record_sink_open(&settings, &error);

	if (sink == NULL)
		fail_msg("%s", error);
	return sink;
}

static void
assert_file(const char *name, const char *expected)
{
	char text[200] = "";
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static void
test_file(void **state)
{
	struct record_sink *sink = open_sink();
	struct stat st;

	(void)state;
	record_sink_write(sink, "{\"v\":1}");
	record_sink_write(sink, "100% %s");
	assert_file(path, "{\"v\":1}\n100% %s\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
	record_sink_close(&sink);
	assert_null(sink);

	sink = open_sink();
	record_sink_write(sink, "more");
	assert_file(path, "{\"v\":1}\n100% %s\nmore\n");
	record_sink_close(&sink);
	record_sink_close(&sink);
}

static void
test_reopen(void **state)
{
	struct record_sink *sink = open_sink();

	(void)state;
	record_sink_write(sink, "one");
	assert_int_equal(rename(path, moved), 0);
	record_sink_write(sink, "two");
	record_sink_reopen(sink);
	record_sink_write(sink, "three");
	assert_file(moved, "one\ntwo\n");
	assert_file(path, "three\n");
	record_sink_close(&sink);
}

/* The new file cannot be opened: the old one goes on. */
static void
test_reopen_fails(void **state)
{
	struct record_sink *sink = open_sink();

	(void)state;
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	record_sink_reopen(sink);
	record_sink_write(sink, "one");
	assert_file(moved, "one\n");
	assert_int_equal(rmdir(path), 0);
	record_sink_close(&sink);
}

static void
test_cannot_open(void **state)
{
	const char *error = NULL;

	(void)state;
	settings.log_file = "/nonexistent/directory/events.jsonl";
	assert_null(record_sink_open(&settings, &error));
	assert_string_equal(error,
	    "the log file cannot be opened: its directory does not exist");
	settings.log_file = directory;
	assert_null(record_sink_open(&settings, &error));
	assert_string_equal(error, "the log file cannot be opened: it is a directory");
}

/* Neither a FIFO that nobody reads nor one that is full holds mail up. */
static void
test_fifo(void **state)
{
	enum { MORE_THAN_FITS = 1000 };
	static char line[LINE_SIZE + 1];
	const char *error = NULL;
	struct record_sink *sink;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(20);
	assert_null(record_sink_open(&settings, &error));
	assert_string_equal(error,
	    "the log file cannot be opened: it is a FIFO that nobody reads");
	reader = open(path, O_RDONLY | O_NONBLOCK);
	sink = open_sink();
	memset(line, 'a', LINE_SIZE);
	for (int i = 0; i < MORE_THAN_FITS; i++)
		record_sink_write(sink, line);
	alarm(0);
	record_sink_close(&sink);
	close(reader);
}

/* A full disk must not end anything; the record goes to syslog. */
static void
test_full_disk(void **state)
{
	struct record_sink *sink;

	(void)state;
	settings.log_file = "/dev/full";
	if (access(settings.log_file, W_OK) != 0)
		skip();
	sink = open_sink();
	record_sink_write(sink, "{\"v\":1}");
	record_sink_write(sink, "{\"v\":1}");
	record_sink_close(&sink);
}

/* What a disk that runs full took of a line does not stay in the file. */
static void
test_part_of_a_line(void **state)
{
	struct rlimit before, small = { 40, RLIM_INFINITY };
	struct record_sink *sink = open_sink();
	char text[200] = "";
	FILE *file;
	size_t n;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	record_sink_write(sink, "{\"first\":1}");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	record_sink_write(sink, "{\"longer than what is left\":\"of the space\"}");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	record_sink_write(sink, "{\"third\":3}");
	record_sink_close(&sink);
	file = fopen(path, "r");
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	assert_string_equal(text, "{\"first\":1}\n{\"third\":3}\n");
}

static void
test_stderr(void **state)
{
	struct record_sink *sink;
	int kept = dup(STDERR_FILENO), file = open(path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	settings.log_kind = LOG_TO_STDERR;
	sink = open_sink();
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	record_sink_write(sink, "{\"v\":1}");
	record_sink_reopen(sink);
	record_sink_close(&sink);
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	close(kept);
	close(file);
	assert_file(path, "{\"v\":1}\n");
}

static void
test_syslog(void **state)
{
	struct record_sink *sink;

	(void)state;
	settings.log_kind = LOG_TO_SYSLOG;
	sink = open_sink();
	record_sink_reopen(sink);
	record_sink_close(&sink);
	assert_null(sink);
	open(path, O_CREAT, 0600);
}

struct writing {
	struct record_sink *sink;
	char line[LINE_SIZE + 1];
};

static void *
write_many(void *arg)
{
	struct writing *writing = arg;

	for (int i = 0; i < LINES; i++) {
		record_sink_write(writing->sink, writing->line);
		if (i % 50 == 0)
			record_sink_reopen(writing->sink);
	}
	return NULL;
}

/* Lines of several threads never mix, also while the file is reopened. */
static void
test_threads(void **state)
{
	static struct writing writings[THREADS];
	struct record_sink *sink = open_sink();
	pthread_t threads[THREADS];
	char line[LINE_SIZE + 2];
	size_t lines = 0;
	FILE *file;

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		writings[i].sink = sink;
		memset(writings[i].line, 'a' + i, LINE_SIZE);
		assert_int_equal(pthread_create(&threads[i], NULL, write_many,
		    &writings[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		assert_int_equal(strspn(line, (char[]){ line[0], '\0' }), LINE_SIZE);
		assert_int_equal(line[LINE_SIZE], '\n');
		lines++;
	}
	fclose(file);
	assert_int_equal(lines, THREADS * LINES);
	record_sink_close(&sink);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_file),
		TEST(test_reopen),
		TEST(test_reopen_fails),
		TEST(test_cannot_open),
		TEST(test_fifo),
		TEST(test_full_disk), TEST(test_part_of_a_line),
		TEST(test_stderr),
		TEST(test_syslog),
		TEST(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
