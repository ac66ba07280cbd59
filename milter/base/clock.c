/*
 * The system's clocks and one for tests.
 */
#include "base/clock.h"

static time_t
system_now(const struct clock *clock)
{
	(void)clock;
	return time(NULL);
}

static int64_t
system_mono_us(const struct clock *clock)
{
	struct timespec now;

	(void)clock;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

const struct clock clock_system = { system_now, system_mono_us };

static time_t
fake_now(const struct clock *clock)
{
	return ((const struct clock_fake *)clock)->now;
}

static int64_t
fake_mono_us(const struct clock *clock)
{
	return ((const struct clock_fake *)clock)->mono_us;
}

void
clock_fake_init(struct clock_fake *fake, time_t now)
{
	fake->clock = (struct clock){ fake_now, fake_mono_us };
	fake->now = now;
	fake->mono_us = 0;
}

void
clock_fake_advance(struct clock_fake *fake, int64_t us)
{
	int64_t before = fake->mono_us;

	fake->mono_us += us;
	fake->now += (time_t)(fake->mono_us / 1000000 - before / 1000000);
}

time_t
clock_now(const struct clock *clock)
{
	return clock->now(clock);
}

int64_t
clock_mono_us(const struct clock *clock)
{
	return clock->mono_us(clock);
}
