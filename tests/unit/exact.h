/*
 * Inputs for parsers: heap copies of exactly their length, without a
 * terminator, so that a byte read too far is seen.
 */
#ifndef MW_TESTS_UNIT_EXACT_H
#define MW_TESTS_UNIT_EXACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"

static inline struct slice
exact_bytes(const char *bytes, size_t n)
{
	char *copy = malloc(n == 0 ? 1 : n);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, bytes, n);
	return (struct slice){ copy, n };
}

static inline struct slice
exact(const char *text)
{
	return exact_bytes(text, strlen(text));
}

/* `unit` n times, with `end` after it. */
static inline struct slice
exact_repeat(const char *unit, size_t n, const char *end)
{
	size_t size = strlen(unit), last = strlen(end);
	char *copy = calloc(n * size + last + 1, 1);

	if (copy == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		memcpy(copy + i * size, unit, size);
	memcpy(copy + n * size, end, last);
	return (struct slice){ copy, n * size + last };
}

static inline void
exact_drop(struct slice copy)
{
	free((char *)(uintptr_t)copy.p);
}

#endif
