/*
 * Collects faults of settings files.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "settings/errors.h"

enum { SHOWN_MAX = 60, FILE_MAX = 4096, TEXT_MAX = ERRORS_MAX * 8192 };

struct fault {
	const char *file;
	unsigned line;
	unsigned number;	/* in the order found */
	unsigned file_number;
	const char *text;
};

struct errors {
	struct arena *arena;
	struct fault faults[ERRORS_MAX];
	size_t n;		/* may be over ERRORS_MAX */
};

struct errors *
errors_new(struct arena *arena)
{
	struct errors *errors;

	errors = arena_alloc(arena, sizeof(*errors));
	errors->arena = arena;
	return errors;
}

/* Faults of one file stay together: the number of the first one in it. */
static unsigned
file_number(const struct errors *errors, const char *file)
{
	for (size_t i = 0; i < errors->n; i++) {
		if (strcmp(errors->faults[i].file, file) == 0)
			return errors->faults[i].file_number;
	}
	return (unsigned)errors->n;
}

void
errors_add(struct errors *errors, const char *file, unsigned line, const char *option,
    const char *format, ...)
{
	struct fault *fault;
	const char *text;
	va_list ap;

	if (errors->n >= ERRORS_MAX) {
		errors->n++;
		return;
	}
	va_start(ap, format);
	text = arena_vprintf(errors->arena, format, ap);
	va_end(ap);
	if (option != NULL)
		text = arena_printf(errors->arena, "%s: %s", log_safe(errors->arena,
		    slice_of(option), SHOWN_MAX), text);
	fault = &errors->faults[errors->n];
	fault->file = log_safe(errors->arena, slice_of(file), FILE_MAX);
	fault->file_number = file_number(errors, fault->file);
	fault->line = line;
	fault->number = (unsigned)errors->n;
	fault->text = text;
	errors->n++;
}

size_t
errors_count(const struct errors *errors)
{
	return errors->n;
}

static int
compare(unsigned a, unsigned b)
{
	return a < b ? -1 : a > b;
}

static int
fault_order(const void *a, const void *b)
{
	const struct fault *x = a, *y = b;
	int order = compare(x->file_number, y->file_number);

	if (order == 0)
		order = compare(x->line, y->line);
	return order != 0 ? order : compare(x->number, y->number);
}

const char *
errors_text(const struct errors *errors)
{
	size_t n = errors->n < ERRORS_MAX ? errors->n : ERRORS_MAX;
	struct fault *sorted = arena_array(errors->arena, n, sizeof(*sorted));
	struct buf text;

	buf_init(&text, errors->arena, TEXT_MAX);
	if (n > 0) {
		memcpy(sorted, errors->faults, n * sizeof(*sorted));
		qsort(sorted, n, sizeof(*sorted), fault_order);
	}
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(&text, '\n');
		buf_add_str(&text, sorted[i].file);
		if (sorted[i].line > 0)
			buf_printf(&text, ":%u", sorted[i].line);
		buf_printf(&text, ": %s", sorted[i].text);
	}
	if (errors->n > n)
		buf_printf(&text, "\n(%zu more errors)", errors->n - n);
	return buf_str(&text);
}

const char *
errors_shown(const struct errors *errors, const char *value)
{
	return arena_printf(errors->arena, "\"%s\"",
	    log_safe(errors->arena, slice_of(value), SHOWN_MAX));
}
