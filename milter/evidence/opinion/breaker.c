/*
 * When a filter is left alone.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "evidence/opinion/breaker.h"

enum { WHERE_MAX = 128 };	/* a socket's address is shorter */

struct breaker {
	char where[WHERE_MAX];
	unsigned failures;		/* in a row */
	time_t since;			/* of the first of them */
	bool is_open;			/* it is left alone */
	bool is_tried;			/* by one message, now */
	unsigned pause;			/* seconds */
	int64_t until_us;
};

struct breakers {
	pthread_mutex_t lock;
	struct breaker of[OPINIONS];
};

struct breakers *
breakers_new(void)
{
	struct breakers *breakers = mem_alloc(sizeof(*breakers));

	pthread_mutex_init(&breakers->lock, NULL);
	return breakers;
}

void
breakers_free(struct breakers **breakers)
{
	if (*breakers == NULL)
		return;
	pthread_mutex_destroy(&(*breakers)->lock);
	free(*breakers);
	*breakers = NULL;
}

static const char *
since_text(time_t since, struct arena *arena)
{
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&since, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	return arena_printf(arena, "not asked: it has not answered since %s", text);
}

const char *
breaker_why_not(struct breakers *breakers, enum opinion_from from, const char *where,
    const struct clock *clock, struct arena *arena)
{
	struct breaker *breaker = &breakers->of[from];
	const size_t n = strlen(where);
	const char *why = NULL;

	pthread_mutex_lock(&breakers->lock);
	if (n < sizeof(breaker->where) && strcmp(breaker->where, where) != 0) {
		memset(breaker, 0, sizeof(*breaker));
		memcpy(breaker->where, where, n + 1);
	}
	if (breaker->is_open && (breaker->is_tried ||
	    clock_mono_us(clock) < breaker->until_us))
		why = since_text(breaker->since, arena);
	else if (breaker->is_open)
		breaker->is_tried = true;
	pthread_mutex_unlock(&breakers->lock);
	return why;
}

/* True when it is left alone from now on. */
static bool
count_failure(struct breaker *breaker, const struct clock *clock)
{
	bool opens = !breaker->is_open && breaker->failures + 1 >= BREAKER_FAILURES;

	if (breaker->failures++ == 0)
		breaker->since = clock_now(clock);
	if (opens)
		breaker->pause = BREAKER_PAUSE;
	else if (breaker->is_tried && breaker->pause < BREAKER_PAUSE_MAX)
		breaker->pause *= 2;
	/* what was asked before it was left alone and ends now changes nothing */
	if (opens || breaker->is_tried)
		breaker->until_us = clock_mono_us(clock) + breaker->pause * 1000000LL;
	breaker->is_open |= opens;
	breaker->is_tried = false;
	return opens;
}

void
breaker_tell(struct breakers *breakers, enum opinion_from from, const char *name,
    const char *error, const struct clock *clock)
{
	struct breaker *breaker = &breakers->of[from];
	bool opens = false, closes = false;

	pthread_mutex_lock(&breakers->lock);
	if (error != NULL) {
		opens = count_failure(breaker, clock);
	} else {
		closes = breaker->is_open;
		breaker->failures = 0;
		breaker->is_open = breaker->is_tried = false;
	}
	pthread_mutex_unlock(&breakers->lock);
	if (opens)
		log_warning("opinions: %s; %u messages in a row heard nothing, so none is "
		    "handed to %s any more until it answers; it is tried again in %u s, "
		    "then ever more seldom (each %u s at last)", error,
		    (unsigned)BREAKER_FAILURES, name, (unsigned)BREAKER_PAUSE,
		    (unsigned)BREAKER_PAUSE_MAX);
	else if (closes)
		log_info("opinions: %s answers again: it is asked about each message", name);
}
