/*
 * Clocks: the fake one stands still until told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void
test_fake(void **state)
{
	struct clock_fake fake;

	(void)state;
	clock_fake_init(&fake, 1700000000);
	assert_int_equal(clock_now(&fake.clock), 1700000000);
	assert_int_equal(clock_mono_us(&fake.clock), 0);
	clock_fake_advance(&fake, 600000);
	assert_int_equal(clock_now(&fake.clock), 1700000000);
	assert_int_equal(clock_mono_us(&fake.clock), 600000);
	clock_fake_advance(&fake, 600000);
	assert_int_equal(clock_now(&fake.clock), 1700000001);
	assert_int_equal(clock_mono_us(&fake.clock), 1200000);
}

static void
test_system(void **state)
{
	int64_t before = clock_mono_us(&clock_system);

	(void)state;
	assert_true(clock_now(&clock_system) > 1600000000);
	assert_true(clock_mono_us(&clock_system) >= before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fake),
		cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
