/*
 * Histograms: where a time belongs, sums, and what a share stayed within.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/histogram.h"

static void
test_steps(void **state)
{
	static const struct { int64_t us; size_t step; } cases[] = {
		{ -5, 0 }, { 0, 0 }, { 499, 0 }, { 500, 0 }, { 501, 1 }, { 1000, 1 },
		{ 1001, 2 }, { 10000000, HISTOGRAM_STEPS - 1 },
		{ 10000001, HISTOGRAM_STEPS }, { INT64_MAX / 2, HISTOGRAM_STEPS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct histogram histogram = { 0 };
		struct histogram_read read;

		histogram_add(&histogram, cases[i].us);
		histogram_read(&histogram, &read);
		assert_int_equal(read.counts[cases[i].step], 1);
		assert_int_equal(read.total, 1);
		assert_int_equal(read.sum_us, cases[i].us < 0 ? 0 : cases[i].us);
	}
}

static void
test_steps_rise(void **state)
{
	(void)state;
	for (size_t i = 1; i < HISTOGRAM_STEPS; i++)
		assert_true(histogram_steps_us[i] > histogram_steps_us[i - 1]);
}

static void
test_quantile(void **state)
{
	struct histogram histogram = { 0 };
	struct histogram_read read;
	int i;

	(void)state;
	histogram_read(&histogram, &read);
	assert_int_equal(histogram_quantile_us(&read, 50), 0);
	for (i = 0; i < 99; i++)
		histogram_add(&histogram, 700);		/* 500 to 1000 */
	histogram_add(&histogram, 3000000);		/* 2.5 s to 5 s */
	histogram_read(&histogram, &read);
	assert_in_range(histogram_quantile_us(&read, 50), 700, 800);
	assert_int_equal(histogram_quantile_us(&read, 99), 1000);
	assert_int_equal(histogram_quantile_us(&read, 100), 5000000);
	memset(&histogram, 0, sizeof(histogram));
	histogram_add(&histogram, 99000000);
	histogram_read(&histogram, &read);
	assert_int_equal(histogram_quantile_us(&read, 50), 10000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_steps_rise),
		cmocka_unit_test(test_quantile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
