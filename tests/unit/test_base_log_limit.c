/*
 * Lines that come again: what is written, what is counted, what is never hidden.
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

#include "base/clock.h"
#include "base/log.h"
#include "base/log_limit.h"

enum { SECOND = 1000000 };

static struct clock_fake fake;
static struct log_limit *limit;

static int
set_up(void **state)
{
	(void)state;
	clock_fake_init(&fake, 1700000000);
	limit = log_limit_new(&fake.clock);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	log_limit_free(&limit);
	return 0;
}

static bool
admits(const char *text)
{
	return log_limit_admits(limit, LOG_LEVEL_WARNING, text);
}

/* "" when nothing is due. */
static const char *
taken(bool all)
{
	static char line[LOG_LIMIT_LINE];
	int level = -1;

	if (!log_limit_take(limit, all, &level, line))
		return "";
	assert_int_equal(level, LOG_LEVEL_WARNING);
	return line;
}

/* So many lines of a kind, each with its number in place of '#'; how many of them are
 * admitted. */
static unsigned
flood(const char *kind, unsigned n)
{
	const size_t at = strcspn(kind, "#");
	char line[200];
	unsigned admitted = 0;

	for (unsigned i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "%.*s%u%s", (int)at, kind, i, kind + at + 1);
		admitted += admits(line);
	}
	return admitted;
}

static void
test_counted(void **state)
{
	(void)state;
	assert_int_equal(flood("4ABC#: the body leaves as it came: no room", 322), 10);
	assert_string_equal(taken(false), "");
	clock_fake_advance(&fake, 59 * SECOND);
	assert_string_equal(taken(false), "");
	clock_fake_advance(&fake, 1 * SECOND);
	assert_string_equal(taken(false), "4ABC321: the body leaves as it came: no room "
	    "(and 311 more like it in 60 s)");
	assert_string_equal(taken(true), "");
	/* and again */
	assert_int_equal(flood("4ABC#: the body leaves as it came: no room", 11), 10);
	assert_string_equal(taken(true), "4ABC10: the body leaves as it came: no room");
}

static void
test_kinds(void **state)
{
	static const char *const alike[] = {
		"#.example.com: no answer from 192.0.2.1",
		"mail to user#@example.net is late",
		"cannot open /var/tmp/x#: no space",
		"it says \"#\", which is no answer",
		"caf\xc3\xa9# closed the connection",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		assert_int_equal(flood(alike[i], 100), 10);
	/* other words are another fault, whatever came before */
	assert_true(admits("cannot open /var/tmp/x1: permission denied"));
	assert_true(admits("mail to user1@example.net is lost"));
	/* the same words as an error are not the warning */
	assert_true(log_limit_admits(limit, LOG_LEVEL_ERROR, "mail to user1@example.net is late"));
	/* quiet for a minute: as if new */
	clock_fake_advance(&fake, 60 * SECOND);
	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		assert_true(strstr(taken(false), "(and 89 more like it in 60 s)") != NULL);
	assert_string_equal(taken(false), "");
	assert_int_equal(flood(alike[0], 10), 10);
}

/* Words that a stranger chooses make no end of kinds: bounded all the same. */
static void
test_many_kinds(void **state)
{
	char word[12], line[40];
	unsigned admitted = 0, told = 0;

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		for (unsigned j = 0, n = i; j < sizeof(word) - 1; j++, n /= 26)
			word[j] = (char)('a' + n % 26);
		word[sizeof(word) - 1] = '\0';
		snprintf(line, sizeof(line), "it says %s", word);
		admitted += admits(line);
	}
	assert_int_equal(admitted, LOG_LIMIT_KINDS + LOG_LIMIT_SHOWN);
	while (*taken(true) != '\0')
		told++;
	assert_int_equal(told, 1);
	clock_fake_advance(&fake, 61 * SECOND);
	assert_int_equal(flood("a new fault of #", 20), 10);
}

static void
test_long(void **state)
{
	char line[1000];
	const char *told;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 12; i++)
		admits(line);
	told = taken(true);
	assert_true(strlen(told) < LOG_LIMIT_LINE);
	assert_non_null(strstr(told, "x... (and 1 more like it in 0 s)"));
	assert_true(admits(""));
}

static void *
shout(void *ctx)
{
	unsigned *admitted = ctx;

	for (int i = 0; i < 20000; i++)
		*admitted += admits("all at once");
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[4];
	unsigned admitted[4] = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, shout, &admitted[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(admitted[0] + admitted[1] + admitted[2] + admitted[3], 10);
	assert_string_equal(taken(true), "all at once (and 79989 more like it in 0 s)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kinds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_kinds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
