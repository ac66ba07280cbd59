/*
 * Labels: one number a name, for good; those beyond the limit share number 0;
 * many threads at once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "record/labels.h"

static void
test_numbers(void **state)
{
	struct labels *labels = labels_new();
	size_t a = labels_number(labels, "a.example"), b = labels_number(labels, "b.example");

	(void)state;
	assert_int_not_equal(a, 0);
	assert_int_not_equal(b, 0);
	assert_int_not_equal(a, b);
	assert_int_equal(labels_number(labels, "a.example"), a);
	assert_string_equal(labels_name(labels, a), "a.example");
	assert_string_equal(labels_name(labels, 0), LABELS_OTHERS);
	assert_null(labels_name(labels, b + 1));
	assert_null(labels_name(labels, LABELS_MAX + 1));
	assert_null(labels_name(labels, SIZE_MAX));
	/* nobody can have a name that stands for others */
	assert_int_equal(labels_number(labels, LABELS_OTHERS), 0);
	assert_int_not_equal(labels_number(labels, ""), 0);
	labels_free(&labels);
	assert_null(labels);
}

static void
test_limit(void **state)
{
	struct labels *labels = labels_new();
	char name[32];

	(void)state;
	for (unsigned i = 0; i < LABELS_MAX; i++) {
		snprintf(name, sizeof(name), "d%u.example", i);
		assert_int_equal(labels_number(labels, name), i + 1);
	}
	assert_int_equal(labels_number(labels, "one-more.example"), 0);
	assert_int_equal(labels_number(labels, "d0.example"), 1);
	assert_int_equal(labels_number(labels, "d199.example"), 200);
	labels_free(&labels);
}

static void
test_long(void **state)
{
	struct labels *labels = labels_new();
	char a[2 * LABEL_OCTETS_MAX], b[2 * LABEL_OCTETS_MAX];

	(void)state;
	memset(a, 'x', sizeof(a));
	memset(b, 'x', sizeof(b));
	a[sizeof(a) - 1] = b[LABEL_OCTETS_MAX + 5] = '\0';
	assert_int_equal(labels_number(labels, a), labels_number(labels, b));
	assert_int_equal(strlen(labels_name(labels, 1)), LABEL_OCTETS_MAX);
	labels_free(&labels);
}

enum { THREADS = 8, NAMES = 300 };

struct task {
	struct labels *labels;
	size_t numbers[NAMES];
};

static void *
ask(void *ctx)
{
	struct task *task = ctx;
	char name[32];

	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < NAMES; i++) {
			snprintf(name, sizeof(name), "d%u.example", i);
			task->numbers[i] = labels_number(task->labels, name);
		}
	return NULL;
}

static void
test_threads(void **state)
{
	struct labels *labels = labels_new();
	struct task tasks[THREADS];
	pthread_t threads[THREADS];
	size_t given = 0;

	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		tasks[i].labels = labels;
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &tasks[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < NAMES; i++) {
		given += tasks[0].numbers[i] != 0;
		for (size_t t = 1; t < THREADS; t++)
			assert_int_equal(tasks[t].numbers[i], tasks[0].numbers[i]);
	}
	assert_int_equal(given, LABELS_MAX);
	labels_free(&labels);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
