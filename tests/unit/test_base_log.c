/*
 * The log: text made harmless, levels, whole lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

#define SAFE(in, max, out) { in, sizeof(in) - 1, max, out }

static void
test_safe(void **state)
{
	static const struct {
		const char *in;
		size_t n, max;
		const char *out;
	} cases[] = {
		SAFE("", 10, ""),
		SAFE("plain", 10, "plain"),
		SAFE("plain", 5, "plain"),
		SAFE("plain", 4, "plai..."),
		SAFE("plain", 0, "..."),
		SAFE("a\r\nb", 20, "a\\x0D\\x0Ab"),
		SAFE("a\0b", 20, "a\\x00b"),
		SAFE("a\\b", 20, "a\\x5Cb"),
		SAFE("\x1b[31m", 20, "\\x1B[31m"),
		SAFE("\x7f", 20, "\\x7F"),
		SAFE("caf\xc3\xa9", 20, "caf\xc3\xa9"),
		SAFE("\xf0\x9f\x98\x80", 20, "\xf0\x9f\x98\x80"),
		SAFE("\xc2\x85", 20, "\\xC2\\x85"),		/* NEL */
		SAFE("\xe2\x80\xae" "x", 20, "\\xE2\\x80\\xAEx"),	/* RLO */
		SAFE("\xe2\x81\xa6", 20, "\\xE2\\x81\\xA6"),	/* LRI */
		SAFE("\xd8\x9c", 20, "\\xD8\\x9C"),		/* ALM */
		SAFE("\xf3\xa0\x81\x81", 20, "\\xF3\\xA0\\x81\\x81"),	/* tag A */
		SAFE("\xe2\x80\xa8", 20, "\\xE2\\x80\\xA8"),	/* line separator */
		SAFE("\xff", 20, "\\xFF"),
		SAFE("\xc0\xaf", 20, "\\xC0\\xAF"),		/* overlong */
		SAFE("\xe0\x80\xaf", 20, "\\xE0\\x80\\xAF"),
		SAFE("\xed\xa0\x80", 20, "\\xED\\xA0\\x80"),	/* surrogate */
		SAFE("\xf4\x90\x80\x80", 20, "\\xF4\\x90\\x80\\x80"),
		SAFE("\xc3", 20, "\\xC3"),			/* cut off */
		SAFE("\xe2\x82", 20, "\\xE2\\x82"),
		SAFE("\xc3\xa9\xc3\xa9", 3, "\xc3\xa9..."),	/* never half */
		SAFE("\n\n", 7, "\\x0A..."),
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *copy = malloc(cases[i].n + 1);

		copy = realloc(copy, cases[i].n == 0 ? 1 : cases[i].n);
		memcpy(copy, cases[i].in, cases[i].n);
		assert_string_equal(log_safe(arena, (struct slice){ copy, cases[i].n },
		    cases[i].max), cases[i].out);
		free(copy);
	}
	arena_free(&arena);
}

/* What a call writes to standard error. */
static size_t
captured(void (*speak)(void), char *text, size_t size)
{
	int pipes[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	speak();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipes[1]);
	n = read(pipes[0], text, size - 1);
	close(pipes[0]);
	assert_true(n >= 0);
	text[n] = '\0';
	return (size_t)n;
}

static void
speak_all(void)
{
	log_error("e %d", 1);
	log_warning("w %s", "x");
	log_info("i");
	log_debug("d");
	log_line("{\"v\":1}");
}

static void
speak_long(void)
{
	log_error("%8000d", 1);
}

static void
test_levels(void **state)
{
	char text[16384];
	size_t n;

	(void)state;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_DEBUG);
	captured(speak_all, text, sizeof(text));
	assert_string_equal(text, "mailworthy: error: e 1\nmailworthy: warning: w x\n"
	    "mailworthy: i\nmailworthy: debug: d\n{\"v\":1}\n");
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_WARNING);
	captured(speak_all, text, sizeof(text));
	assert_string_equal(text, "mailworthy: error: e 1\nmailworthy: warning: w x\n");
	n = captured(speak_long, text, sizeof(text));
	assert_true(n < 5000);
	assert_string_equal(text + n - 4, "...\n");
	log_open(LOG_TARGET_NONE, LOG_LEVEL_DEBUG);
	assert_int_equal(captured(speak_all, text, sizeof(text)), 0);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
}

static void
speak_often(void)
{
	for (int i = 0; i < 30; i++)
		log_warning("%d.example.com is late", i);
	log_listed(LOG_LEVEL_WARNING, "30.example.com is late");
	log_line("{\"v\":1}");
	log_info("31.example.com is late");
}

static void
flush_due(void)
{
	log_flush(false);
}

static void
flush_all(void)
{
	log_flush(true);
}

/* Lists, records and what is no fault are never left out. */
static void
test_limited(void **state)
{
	struct clock_fake fake;
	char text[8192];
	unsigned lines = 0;

	(void)state;
	captured(speak_often, text, sizeof(text));
	assert_non_null(strstr(text, "29.example.com is late"));	/* no limit at first */
	clock_fake_init(&fake, 1700000000);
	log_limit_to(&fake.clock);
	captured(speak_often, text, sizeof(text));
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 13);
	assert_non_null(strstr(text, "9.example.com is late\nmailworthy: warning: "
	    "30.example.com is late\n{\"v\":1}\nmailworthy: 31.example.com is late\n"));
	assert_int_equal(captured(flush_due, text, sizeof(text)), 0);
	clock_fake_advance(&fake, 60 * 1000000);
	captured(flush_due, text, sizeof(text));
	assert_string_equal(text, "mailworthy: warning: 29.example.com is late "
	    "(and 19 more like it in 60 s)\n");
	captured(speak_often, text, sizeof(text));
	captured(flush_all, text, sizeof(text));
	assert_string_equal(text, "mailworthy: warning: 29.example.com is late "
	    "(and 19 more like it in 0 s)\n");
	/* the next line of any kind tells what is due */
	captured(speak_often, text, sizeof(text));
	clock_fake_advance(&fake, 61 * 1000000);
	captured(speak_all, text, sizeof(text));
	assert_ptr_equal(strstr(text, "mailworthy: warning: 29.example.com is late (and 19"),
	    text);
	log_limit_to(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
