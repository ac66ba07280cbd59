/* Filters that do not answer are left alone, tried again, and trusted again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "evidence/opinion/breaker.h"

#define WHERE "unix:/run/spamd.sock"

static struct clock_fake fake;
static struct breakers *breakers;
static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	log_open(LOG_TARGET_NONE, LOG_LEVEL_ERROR);
	clock_fake_init(&fake, 1700000000);	/* 2023-11-14 22:13:20 */
	breakers = breakers_new();
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	breakers_free(&breakers);
	arena_free(&arena);
	return 0;
}

static const char *
why_not_at(const char *where)
{
	return breaker_why_not(breakers, OPINION_SPAMASSASSIN, where, &fake.clock, arena);
}

static bool
asks(void)
{
	return why_not_at(WHERE) == NULL;
}

static void
tell(bool answered)
{
	breaker_tell(breakers, OPINION_SPAMASSASSIN, "SpamAssassin",
	    answered ? NULL : "it is silent", &fake.clock);
}

static void
pass(unsigned seconds)
{
	clock_fake_advance(&fake, seconds * 1000000LL);
}

static void
fall_silent(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert_true(asks());
		tell(false);
		pass(1);
	}
}

static void
test_opens(void **state)
{
	(void)state;
	fall_silent(2);
	assert_true(asks());
	tell(true);		/* one answer begins anew */
	fall_silent(2);
	assert_true(asks());
	tell(false);
	assert_string_equal(why_not_at(WHERE),
	    "not asked: it has not answered since 2023-11-14 22:13:22 UTC");
	/* the others are asked */
	assert_null(breaker_why_not(breakers, OPINION_CLAMAV, WHERE, &fake.clock, arena));
	/* another address is another filter */
	assert_null(why_not_at("inet:783@127.0.0.1"));
	assert_true(asks());
}

static void
test_tries_again(void **state)
{
	unsigned pause = BREAKER_PAUSE;

	(void)state;
	fall_silent(BREAKER_FAILURES);
	pass(pause - 2);		/* fall_silent() ended a second after */
	assert_false(asks());
	for (int i = 0; i < 8; i++) {
		pass(1);
		assert_true(asks());	/* one tries */
		assert_false(asks());	/* and one only, as long as it takes */
		pass(1000);
		assert_false(asks());
		tell(false);
		pause = pause * 2 < BREAKER_PAUSE_MAX ? pause * 2 : BREAKER_PAUSE_MAX;
		pass(pause - 1);
		assert_false(asks());
	}
	assert_int_equal(pause, BREAKER_PAUSE_MAX);
	pass(1);
	assert_true(asks());
	tell(true);
	for (int i = 0; i < 5; i++)
		assert_true(asks());
	tell(true);
	/* then it takes three again, and the first pause */
	fall_silent(BREAKER_FAILURES);
	assert_false(asks());
	pass(BREAKER_PAUSE - 1);
	assert_true(asks());
}

/* Many messages were under way when it fell silent. */
static void
test_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		assert_true(asks());
	pass(5);
	for (int i = 0; i < 50; i++)
		tell(false);
	assert_false(asks());
	pass(BREAKER_PAUSE - 1);
	assert_false(asks());
	pass(1);
	assert_true(asks());
	/* a late one that was answered after all */
	tell(true);
	assert_true(asks());
	assert_true(asks());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_opens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tries_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_at_once, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
