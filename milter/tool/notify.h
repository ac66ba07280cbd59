/*
 * What `mailworthy notify` tells, and what it remembers: events of the journal
 * by cause, one digest a cause and hour.
 */
#ifndef MW_TOOL_NOTIFY_H
#define MW_TOOL_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "record/journal.h"
#include "tool/queue.h"

struct arena;
struct holds;
struct settings;

#define NOTIFY_SECONDS 3600	/* between two mails about one cause */
#define NOTIFY_MAILS_MAX 10	/* in that time, about all causes */
#define NOTIFY_FIRST_SECONDS 86400	/* what the very first run looks back */

/* ---- what is remembered ---- */

struct notify_cause {
	const char *key;	/* "hold/from-multiple" */
	time_t sent;		/* when the last mail about it was begun; 0 never */
	uint64_t told;		/* number of the newest event told */
};

struct notify_state {
	uint64_t floor;		/* events up to this number are never told */
	time_t mails[NOTIFY_MAILS_MAX];	/* the last ones, 0 none */
	struct notify_cause *causes;
	size_t n, room;
};

/* An empty state when there is no file, or one that is broken: `now` sets its floor. */
void notify_state_read(struct notify_state *state, const char *path, time_t now,
    struct arena *arena);
/* 0, or -1 with errno. */
int notify_state_write(const struct notify_state *state, const char *path,
    struct arena *arena);
struct notify_cause *notify_state_cause(struct notify_state *state, const char *key,
    struct arena *arena);
/* Mails that may still be sent in this hour. */
size_t notify_state_left(const struct notify_state *state, time_t now);
void notify_state_count(struct notify_state *state, time_t now);
/* Takes the mail counted last back: it was not sent. */
void notify_state_uncount(struct notify_state *state, time_t now);

/* ---- what is to be told ---- */

struct notify_group {		/* events of one cause, not told yet */
	const char *key;
	const struct journal_event **events;	/* the oldest first */
	size_t n;
	bool due;		/* the last mail about it is an hour ago */
};

/* Groups that have something to tell, held mail first; those of notices are left out. */
struct notify_group *notify_groups(struct notify_state *state,
    const struct journal_events *held, const struct journal_events *refused, time_t now,
    struct arena *arena, size_t *n_r);

/* ---- the mail ---- */

struct digest_input {
	const struct settings *settings;
	const struct holds *holds;	/* what is on hold now */
	const char *host;
	time_t now;
	struct arena *arena;
};

/* A whole message with LF line ends, ASCII: one cause in full.  NULL: no room for it
 * among the temporary files. */
const char *digest_one(const struct digest_input *input, const struct notify_group *group);
/* Several causes in few words; likewise. */
const char *digest_many(const struct digest_input *input,
    const struct notify_group *const *groups, size_t n);

#endif
