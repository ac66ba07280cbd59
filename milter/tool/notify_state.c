/*
 * What `mailworthy notify` remembers between two runs.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "tool/notify.h"
#include "tool/statefile.h"

enum {
	FILE_MAX = 1024 * 1024,
	LINE_MAX_READ = 512,
	CAUSES_MAX = 2000,	/* checks times verdicts is far less */
	CLOCK_SLACK = 60,
};

#define FIRST_LINE "mailworthy-notify 1"
#define NUMBER_LIMIT (UINT64_C(1) << 62)

static bool
add_cause(struct notify_state *state, const struct notify_cause *cause,
    struct arena *arena)
{
	struct notify_cause *more;

	if (state->n == CAUSES_MAX)
		return false;
	if (state->n == state->room) {
		state->room = state->room > 0 ? state->room * 2 : 32;
		more = arena_array(arena, state->room, sizeof(*more));
		if (state->n > 0)
			memcpy(more, state->causes, state->n * sizeof(*more));
		state->causes = more;
	}
	state->causes[state->n++] = *cause;
	return true;
}

static bool
next_number(struct slice *rest, unsigned long *number_r)
{
	struct slice word;

	return slice_split(rest, ' ', &word) && slice_number(word, NUMBER_LIMIT, number_r);
}

static void
read_line(struct notify_state *state, struct slice rest, struct arena *arena)
{
	struct slice word, key;
	unsigned long sent, told;

	if (!slice_split(&rest, ' ', &word))
		return;
	if (slice_is(word, "floor") && next_number(&rest, &told))
		state->floor = told;
	else if (slice_is(word, "mail") && next_number(&rest, &sent))
		notify_state_count(state, (time_t)sent);
	else if (slice_is(word, "cause") && slice_split(&rest, ' ', &key) && key.n > 0 &&
	    next_number(&rest, &sent) && next_number(&rest, &told))
		add_cause(state, &(struct notify_cause){ slice_dup(arena, key),
		    (time_t)sent, told }, arena);
}

void
notify_state_read(struct notify_state *state, const char *path, time_t now,
    struct arena *arena)
{
	struct slice text, line;

	*state = (struct notify_state){ .n = 0 };
	if (statefile_read(path, FIRST_LINE, FILE_MAX, arena, &text)) {
		while (slice_split(&text, '\n', &line)) {
			if (line.n < LINE_MAX_READ)
				read_line(state, line, arena);
		}
	}
	/* or one of the future, of a clock that was put right since */
	if (state->floor == 0 || state->floor > (uint64_t)(now + CLOCK_SLACK) * 1000000)
		state->floor = (uint64_t)(now - NOTIFY_FIRST_SECONDS) * 1000000;
}

int
notify_state_write(const struct notify_state *state, const char *path,
    struct arena *arena)
{
	struct buf out;

	buf_init(&out, arena, FILE_MAX);
	buf_printf(&out, FIRST_LINE "\nfloor %" PRIu64 "\n", state->floor);
	for (size_t i = 0; i < NOTIFY_MAILS_MAX; i++) {
		if (state->mails[i] != 0)
			buf_printf(&out, "mail %lld\n", (long long)state->mails[i]);
	}
	for (size_t i = 0; i < state->n; i++)
		buf_printf(&out, "cause %s %lld %" PRIu64 "\n", state->causes[i].key,
		    (long long)state->causes[i].sent, state->causes[i].told);
	return statefile_write(path, (struct slice){ buf_str(&out), out.n });
}

struct notify_cause *
notify_state_cause(struct notify_state *state, const char *key, struct arena *arena)
{
	struct notify_cause fresh = { .key = key };

	for (size_t i = 0; i < state->n; i++) {
		if (strcmp(state->causes[i].key, key) == 0)
			return &state->causes[i];
	}
	return add_cause(state, &fresh, arena) ? &state->causes[state->n - 1] : NULL;
}

/* Of the future: the clock was set back. */
static bool
is_recent(time_t mail, time_t now)
{
	return mail != 0 && mail > now - NOTIFY_SECONDS && mail <= now + CLOCK_SLACK;
}

size_t
notify_state_left(const struct notify_state *state, time_t now)
{
	size_t left = NOTIFY_MAILS_MAX;

	for (size_t i = 0; i < NOTIFY_MAILS_MAX; i++)
		left -= is_recent(state->mails[i], now);
	return left;
}

/* In place of the oldest. */
void
notify_state_count(struct notify_state *state, time_t now)
{
	size_t oldest = 0;

	for (size_t i = 1; i < NOTIFY_MAILS_MAX; i++) {
		if (state->mails[i] < state->mails[oldest])
			oldest = i;
	}
	state->mails[oldest] = now;
}

void
notify_state_uncount(struct notify_state *state, time_t now)
{
	for (size_t i = 0; i < NOTIFY_MAILS_MAX; i++) {
		if (state->mails[i] == now) {
			state->mails[i] = 0;
			return;
		}
	}
}

/* ---- groups ---- */

struct grouping {
	struct notify_state *state;
	struct notify_group *groups;
	size_t n, room;
	time_t now;
	struct arena *arena;
};

static struct notify_group *
group_of(struct grouping *g, const char *key, size_t most)
{
	const struct notify_cause *cause;
	struct notify_group *more;

	for (size_t i = 0; i < g->n; i++) {
		if (strcmp(g->groups[i].key, key) == 0)
			return &g->groups[i];
	}
	if (g->n == g->room) {
		g->room = g->room > 0 ? g->room * 2 : 32;
		more = arena_array(g->arena, g->room, sizeof(*more));
		if (g->n > 0)
			memcpy(more, g->groups, g->n * sizeof(*more));
		g->groups = more;
	}
	cause = notify_state_cause(g->state, key, g->arena);
	g->groups[g->n] = (struct notify_group){
		.key = key,
		.events = arena_array(g->arena, most, sizeof(*g->groups[g->n].events)),
		.due = cause == NULL || !is_recent(cause->sent, g->now),
	};
	return &g->groups[g->n++];
}

/* What may stand in a key: a file of lines and words keeps it. */
static bool
is_word(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= 60 && strspn(text, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == n;
}

static void
add_events(struct grouping *g, const struct journal_events *events)
{
	for (size_t i = 0; i < events->n; i++) {
		const struct journal_event *event = &events->p[i];
		const struct notify_cause *cause;
		struct notify_group *group;
		const char *key;

		if (event->is_notice || event->n <= g->state->floor ||
		    !is_word(event->verdict) || !is_word(event->cause))
			continue;
		key = arena_printf(g->arena, "%s/%s", event->verdict, event->cause);
		cause = notify_state_cause(g->state, key, g->arena);
		if (cause == NULL || event->n <= cause->told)
			continue;
		group = group_of(g, key, events->n);
		group->events[group->n++] = event;
	}
}

struct notify_group *
notify_groups(struct notify_state *state, const struct journal_events *held,
    const struct journal_events *refused, time_t now, struct arena *arena, size_t *n_r)
{
	struct grouping g = { .state = state, .now = now, .arena = arena };

	add_events(&g, held);
	add_events(&g, refused);
	*n_r = g.n;
	return g.groups;
}
