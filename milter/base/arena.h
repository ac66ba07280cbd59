/*
 * Memory that lives as long as one message, session or snapshot, and is
 * freed in one place.  An allocation succeeds or the process ends; callers
 * cap sizes before they ask.  Not thread-safe: one thread at a time.
 */
#ifndef MW_BASE_ARENA_H
#define MW_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct arena *arena_new(void);

/* Runs the deferred calls, newest first, frees everything, sets *arena NULL. */
void arena_free(struct arena **arena);

/* Zeroed, aligned for any type.  Size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* Zeroed array of n elements; ends the process on overflow of n * size. */
void *arena_array(struct arena *arena, size_t n, size_t size);

/* Terminated copies.  The copy of a text with NUL inside keeps all n bytes. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t n);

char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* A number for people: "1,234,567". */
char *arena_count(struct arena *arena, uint64_t n);

/* Calls fn(object) when the arena is freed: for foreign objects. */
void arena_defer(struct arena *arena, void (*fn)(void *), void *object);

/* Bytes taken from the system so far. */
size_t arena_size(const struct arena *arena);

#endif
