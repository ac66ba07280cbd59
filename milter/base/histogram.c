/*
 * How long things took.
 */
#include "base/histogram.h"

/* From a message that asks nobody to one that waits for every deadline. */
const uint32_t histogram_steps_us[HISTOGRAM_STEPS] = {
	500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
	1000000, 2500000, 5000000, 10000000,
};

void
histogram_add(struct histogram *histogram, int64_t us)
{
	size_t step = 0;

	if (us < 0)
		us = 0;
	while (step < HISTOGRAM_STEPS && us > (int64_t)histogram_steps_us[step])
		step++;
	atomic_fetch_add_explicit(&histogram->counts[step], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)us, memory_order_relaxed);
}

void
histogram_read(const struct histogram *histogram, struct histogram_read *read_r)
{
	read_r->total = 0;
	read_r->sum_us = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
	for (size_t i = 0; i <= HISTOGRAM_STEPS; i++) {
		read_r->counts[i] = atomic_load_explicit(&histogram->counts[i],
		    memory_order_relaxed);
		read_r->total += read_r->counts[i];
	}
}

uint64_t
histogram_quantile_us(const struct histogram_read *read, unsigned percent)
{
	uint64_t rank = (read->total * percent + 99) / 100, below = 0, from = 0;

	for (size_t i = 0; i < HISTOGRAM_STEPS && rank > 0; i++) {
		if (below + read->counts[i] >= rank)
			return from + (histogram_steps_us[i] - from) * (rank - below) /
			    read->counts[i];
		below += read->counts[i];
		from = histogram_steps_us[i];
	}
	return from;
}
