/*
 * The MTA's queue, as its own commands tell of it: what is on hold, what waits
 * to be delivered.  Postfix: postqueue -j.  Sendmail: sendmail -bp, with -qQ.
 */
#ifndef MW_TOOL_QUEUE_H
#define MW_TOOL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/slice.h"

struct arena;
struct queue;

#define QUEUE_SECONDS 20			/* for one command */
#define QUEUE_BYTES_MAX (64 * 1024 * 1024)	/* of what it prints */

enum queue_mta { QUEUE_MTA_UNKNOWN, QUEUE_MTA_POSTFIX, QUEUE_MTA_SENDMAIL };

enum queue_state {
	QUEUE_UNKNOWN,		/* the queue could not be read */
	QUEUE_HELD,		/* on hold */
	QUEUE_WAITING,		/* released; not delivered to everybody yet */
	QUEUE_GONE,		/* not in the queue any more */
};

struct queue_entry {
	const char *id;
	bool held;
	time_t arrived;			/* 0: not known */
	const char *sender;		/* "" for the null sender; NULL: not known */
	const char **rcpts;
	size_t n_rcpts;
	bool odd;			/* texts are not as they stand in the queue */
};

/*
 * Never NULL.  `sendmail` is the option sendmail-command: the other commands
 * are looked for beside it first.
 */
struct queue *queue_ask(struct arena *arena, const char *sendmail);

/* For tests: from what the commands printed. */
struct queue *queue_from_postqueue(struct arena *arena, struct slice text);
struct queue *queue_from_mailq(struct arena *arena, struct slice held, struct slice all);

enum queue_mta queue_mta(const struct queue *queue);
const char *queue_error(const struct queue *queue);	/* why not; NULL when read */

/* The program of that name beside sendmail-command or in the usual places; NULL. */
const char *queue_program(struct arena *arena, const char *sendmail, const char *name);

size_t queue_count(const struct queue *queue);
const struct queue_entry *queue_at(const struct queue *queue, size_t i);
const struct queue_entry *queue_find(const struct queue *queue, const char *id);

/* What became of a message that was put on hold at that time; short queue ids
 * are used again. */
enum queue_state queue_state_of(const struct queue *queue, const char *id, time_t held_at);

const char *queue_state_name(enum queue_state state);	/* held released gone unknown */

/* "0 to 64 of letters, digits": what may stand in a command that people copy. */
bool queue_is_id(const char *id);

#endif
