/*
 * What was put on hold, and what became of it: the journal beside the MTA's
 * queue, with what was seen there before (a small file in the state directory,
 * written whole by `mailworthy held` and `notify` where they may).
 */
#ifndef MW_TOOL_HOLDS_H
#define MW_TOOL_HOLDS_H

#include <stddef.h>
#include <time.h>

#include "record/journal.h"
#include "tool/queue.h"

struct arena;
struct settings;

struct hold {
	struct journal_event *event;	/* NULL: nobody of us held it */
	const struct queue_entry *entry;	/* where it is in the queue, or NULL */
	enum queue_state state;
	time_t seen_held;		/* when it was last seen on hold; 0 never */
	time_t seen_off;		/* when it was first seen not to be; 0 not yet */
};

struct holds {
	struct hold *p;			/* the newest first */
	size_t n;
	size_t n_held;			/* on hold now, those of others too */
	const struct queue *queue;
	size_t bad_lines;		/* of the journal */
};

/* 0, or -1 with *error_r where the journal may not be read. */
int holds_read(const struct settings *settings, time_t now, struct arena *arena,
    struct holds *holds_r, const char **error_r);

#endif
