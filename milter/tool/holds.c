/*
 * Joins the journal of held messages with the MTA's queue.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "settings/settings.h"
#include "tool/holds.h"
#include "tool/statefile.h"

enum { FILE_MAX = 4 * 1024 * 1024, NAME_MAX_READ = 24 };

#define TIME_LIMIT (UINT64_C(1) << 40)	/* seconds */

#define FIRST_LINE "mailworthy-holds 1"

struct sight {
	unsigned long held, off;
};

/* ---- what was seen before ---- */

static struct map *
read_sights(const char *path, struct arena *arena)
{
	struct map *sights = map_new(arena);
	struct slice text, line;

	if (!statefile_read(path, FIRST_LINE, FILE_MAX, arena, &text))
		return sights;
	while (slice_split(&text, '\n', &line)) {
		struct sight *sight = arena_alloc(arena, sizeof(*sight));
		struct slice name, held, off;

		if (slice_split(&line, ' ', &name) && slice_split(&line, ' ', &held) &&
		    slice_split(&line, ' ', &off) && name.n < NAME_MAX_READ &&
		    slice_number(held, TIME_LIMIT, &sight->held) &&
		    slice_number(off, TIME_LIMIT, &sight->off))
			map_set(sights, slice_dup(arena, name), sight);
	}
	return sights;
}

static void
write_sights(const char *path, const struct holds *holds, struct arena *arena)
{
	struct buf out;

	buf_init(&out, arena, FILE_MAX);
	buf_add_str(&out, FIRST_LINE "\n");
	for (size_t i = 0; i < holds->n; i++) {
		const struct hold *hold = &holds->p[i];

		if (hold->event != NULL && (hold->seen_held != 0 || hold->seen_off != 0))
			buf_printf(&out, "%" PRIu64 " %lld %lld\n", hold->event->n,
			    (long long)hold->seen_held, (long long)hold->seen_off);
	}
	/* an ordinary user may not: whoever may does so the next time */
	if (!out.truncated)
		statefile_write(path, (struct slice){ buf_str(&out), out.n });
}

/* True when something new is to be kept. */
static bool
note_sight(struct hold *hold, const struct map *sights, time_t now, struct arena *arena)
{
	const struct sight *before = map_get(sights, arena_printf(arena, "%" PRIu64,
	    hold->event->n));

	if (before != NULL) {
		hold->seen_held = (time_t)before->held;
		hold->seen_off = (time_t)before->off;
	}
	switch (hold->state) {
	case QUEUE_UNKNOWN:
		return false;
	case QUEUE_HELD:
		hold->seen_held = now;
		hold->seen_off = 0;	/* on hold again, by hand */
		return true;
	case QUEUE_WAITING:
	case QUEUE_GONE:
		if (hold->seen_off != 0)
			return false;
		hold->seen_off = now;
		return true;
	}
	return false;
}

/* ---- the join ---- */

static int
newest_first(const void *a, const void *b)
{
	const struct hold *x = a, *y = b;
	time_t at = x->event != NULL ? x->event->time : x->entry->arrived;
	time_t bt = y->event != NULL ? y->event->time : y->entry->arrived;

	if (at != bt)
		return at > bt ? -1 : 1;
	if (x->event == NULL || y->event == NULL)
		return (x->event == NULL) - (y->event == NULL);
	return x->event->n > y->event->n ? -1 : x->event->n < y->event->n;
}

static void
add_ours(const struct journal_events *events, const struct map *sights, time_t now,
    struct arena *arena, struct holds *holds, bool *changed_r)
{
	*changed_r = false;
	for (size_t i = 0; i < events->n; i++) {
		struct hold *hold = &holds->p[holds->n++];
		struct journal_event *event = &events->p[i];

		hold->event = event;
		hold->state = queue_state_of(holds->queue, event->queue_id, event->time);
		if (hold->state == QUEUE_HELD || hold->state == QUEUE_WAITING)
			hold->entry = queue_find(holds->queue, event->queue_id);
		if (note_sight(hold, sights, now, arena))
			*changed_r = true;
		holds->n_held += hold->state == QUEUE_HELD;
	}
}

/* On hold, and not by us: by hand, by another filter, or before the journal. */
static void
add_others(struct arena *arena, struct holds *holds)
{
	struct map *ours = map_new(arena);

	for (size_t i = 0; i < holds->n; i++) {
		if (holds->p[i].state == QUEUE_HELD)
			map_set(ours, holds->p[i].event->queue_id, holds);
	}
	for (size_t i = 0; i < queue_count(holds->queue); i++) {
		const struct queue_entry *entry = queue_at(holds->queue, i);

		if (!entry->held || map_get(ours, entry->id) != NULL)
			continue;
		holds->p[holds->n++] = (struct hold){ .entry = entry, .state = QUEUE_HELD };
		holds->n_held++;
	}
}

int
holds_read(const struct settings *settings, time_t now, struct arena *arena,
    struct holds *holds_r, const char **error_r)
{
	const char *path = arena_printf(arena, "%s/holds", settings->state_dir);
	struct journal_events events;
	bool changed;

	*holds_r = (struct holds){ .n = 0 };
	/* the queue is asked last: what was held meanwhile is not told as gone */
	if (journal_read(settings->state_dir, JOURNAL_HELD, 0, arena, &events, error_r) != 0)
		return -1;
	holds_r->queue = queue_ask(arena, settings->sendmail_command);
	holds_r->bad_lines = events.bad_lines;
	holds_r->p = arena_array(arena, events.n + queue_count(holds_r->queue) + 1,
	    sizeof(*holds_r->p));
	add_ours(&events, read_sights(path, arena), now, arena, holds_r, &changed);
	if (changed)
		write_sights(path, holds_r, arena);
	add_others(arena, holds_r);
	if (holds_r->n > 0)
		qsort(holds_r->p, holds_r->n, sizeof(*holds_r->p), newest_first);
	return 0;
}
