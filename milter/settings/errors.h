/*
 * Faults found in settings files, told together and in the order of lines.
 */
#ifndef MW_SETTINGS_ERRORS_H
#define MW_SETTINGS_ERRORS_H

#include <stddef.h>

#include "base/slice.h"

struct arena;
struct errors;

#define ERRORS_MAX 50		/* told; the rest is counted */

struct errors *errors_new(struct arena *arena);

/* Line 0 and a NULL option are left out. */
void errors_add(struct errors *errors, const char *file, unsigned line,
    const char *option, const char *format, ...) __attribute__((format(printf, 5, 6)));

size_t errors_count(const struct errors *errors);

/* "FILE:LINE: OPTION: ..." a line each, no newline at the end; "" for none. */
const char *errors_text(const struct errors *errors);

/* A value as an error shows it: quoted, harmless, shortened. */
const char *errors_shown(const struct errors *errors, const char *value);

#endif
