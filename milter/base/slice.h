/*
 * A run of bytes that somebody else owns.  Remote bytes travel as slices:
 * they may hold NUL and are not terminated.  Case is ASCII case.
 */
#ifndef MW_BASE_SLICE_H
#define MW_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct slice {
	const char *p;
	size_t n;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

/* A NULL text is an empty slice. */
struct slice slice_of(const char *text);

bool slice_eq(struct slice a, struct slice b);
bool slice_eq_nocase(struct slice a, struct slice b);
bool slice_is(struct slice a, const char *text);	/* without case */
bool slice_starts_nocase(struct slice a, const char *prefix);
bool slice_ends_nocase(struct slice a, const char *suffix);

/* Without leading and trailing SP, HTAB, CR and LF. */
struct slice slice_trim(struct slice a);

/* The part from start on, or empty; at most n bytes of it. */
struct slice slice_sub(struct slice a, size_t start, size_t n);

/* Position of the byte, or a.n. */
size_t slice_find(struct slice a, char byte);

/* Position of the text without case, or a.n. */
size_t slice_find_nocase(struct slice a, const char *text);

/*
 * Takes the part before the separator off the front of *rest; false when
 * nothing is left.  "a,,b" gives "a", "", "b".
 */
bool slice_split(struct slice *rest, char separator, struct slice *part_r);

/* Terminated copies; lower makes ASCII letters small. */
char *slice_dup(struct arena *arena, struct slice a);
char *slice_dup_lower(struct arena *arena, struct slice a);

/* Decimal number without sign, at most max; false for anything else. */
bool slice_number(struct slice a, unsigned long max, unsigned long *number_r);

#endif
