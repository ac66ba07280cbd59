/*
 * Time as a value that is handed in, so that tests can set it.
 */
#ifndef MW_BASE_CLOCK_H
#define MW_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

struct clock {
	time_t (*now)(const struct clock *clock);		/* seconds, UTC */
	int64_t (*mono_us)(const struct clock *clock);	/* microseconds, monotonic */
};

/* The system's clocks. */
extern const struct clock clock_system;

struct clock_fake {
	struct clock clock;
	time_t now;
	int64_t mono_us;
};

/* Both stand still until clock_fake_advance(). */
void clock_fake_init(struct clock_fake *fake, time_t now);
void clock_fake_advance(struct clock_fake *fake, int64_t us);

time_t clock_now(const struct clock *clock);
int64_t clock_mono_us(const struct clock *clock);

#endif
