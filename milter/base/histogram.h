/*
 * How long things took, in fixed steps: added to by many threads without a
 * lock, read while they add.
 */
#ifndef MW_BASE_HISTOGRAM_H
#define MW_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_STEPS 14		/* and one for what took longer */

/* The upper ends of the steps, microseconds. */
extern const uint32_t histogram_steps_us[HISTOGRAM_STEPS];

/* All zero is an empty one. */
struct histogram {
	atomic_uint_fast64_t counts[HISTOGRAM_STEPS + 1];
	atomic_uint_fast64_t sum_us;
};

/* One moment of it. */
struct histogram_read {
	uint64_t counts[HISTOGRAM_STEPS + 1];	/* of each step alone */
	uint64_t total;				/* their sum */
	uint64_t sum_us;
};

/* Less than nothing counts as nothing. */
void histogram_add(struct histogram *histogram, int64_t us);
void histogram_read(const struct histogram *histogram, struct histogram_read *read_r);

/*
 * The time that `percent` of them stayed within, microseconds, guessed between
 * the ends of a step; 0 for an empty one, the last end for what is beyond.
 */
uint64_t histogram_quantile_us(const struct histogram_read *read, unsigned percent);

#endif
