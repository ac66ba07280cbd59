/*
 * The heap, for what outlives an arena.  A call succeeds or the process
 * ends; callers cap sizes before they ask.
 */
#ifndef MW_BASE_MEM_H
#define MW_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for free().  Size 0 gives a valid pointer. */
void *mem_alloc(size_t size);

/* Zeroed array of n elements; ends the process on overflow of n * size. */
void *mem_array(size_t n, size_t size);

/*
 * Before threads: they share few of malloc's heaps, where the C library has
 * many.  Each keeps the most that was ever in it.
 */
void mem_few_heaps(void);

/* After work that took far more than what stays of it: gives the rest back to the
 * system, where the C library can. */
void mem_trim(void);

#endif
