/*
 * The journal: what was held, deferred for reasons of ours, or refused, one
 * JSON line an event, in the state directory.  The worker writes it; the tool
 * reads it, whether the daemon runs or not.
 *
 * Two files, so that a flood of refusals never pushes out what is on hold:
 * held.jsonl and refused.jsonl, each with one older generation (".1").  A line
 * is a record (mailworthyd(8)) that begins with "n", a number that only grows,
 * and has some keys more.
 */
#ifndef MW_RECORD_JOURNAL_H
#define MW_RECORD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/slice.h"

struct arena;
struct clock;
struct journal;

#define JOURNAL_LINE_MAX (16 * 1024)		/* octets of one event */
#define JOURNAL_FILE_MAX (8 * 1024 * 1024)	/* octets of one generation */
#define JOURNAL_DAYS 30				/* of one generation */

enum journal_kind {
	JOURNAL_HELD,		/* on hold in the MTA's queue */
	JOURNAL_REFUSED,	/* refused or deferred, message or recipients */
	JOURNAL_KINDS
};

/* ---- writing: thread-safe; nothing here ever stops mail ---- */

/*
 * Never NULL.  What cannot be written (no right, disk full) is said once in
 * the log until it can be again, and tried anew with the next event.
 */
struct journal *journal_open(const char *state_dir, const struct clock *clock);
void journal_close(struct journal **journal);

/* One event: a line of record_journal_line().  Written whole or not at all;
 * a crash of ours loses none, power failure those since the last tick. */
void journal_write(struct journal *journal, enum journal_kind kind, const char *line);

/* Every few seconds, from a thread that may wait: what was written goes to
 * disk, old generations go, a file that was taken away is made again. */
void journal_tick(struct journal *journal);

/* ---- reading ---- */

struct journal_finding {
	const char *id;
	const char *severity;
	int weight;		/* tenths */
	const char *text, *fix;	/* NULL: cut for length */
	const char *covered_by;	/* NULL */
	bool shadow;
};

struct journal_receiver {
	const char *name;	/* "gmail" */
	const char *says;	/* "accept", "550 5.7.26" */
};

/* Texts are on one line, harmless to terminals, and never NULL unless it says so. */
struct journal_event {
	uint64_t n;
	time_t time;
	enum journal_kind kind;
	const char *verdict;		/* hold, tempfail, reject, recipients */
	const char *queue_id;		/* NULL: the MTA had none yet */
	const char *cause;		/* id of the check that decided, hold-below ... */
	const char *reason;		/* of hold-below, else NULL */
	const char *reply;		/* "550 5.7.1", NULL */
	const char *auth_user, *client_addr;	/* NULL */
	const char *mail_from;		/* "" for the null reverse-path; NULL */
	const char *author, *author_domain, *subject, *message_id, *stream;	/* NULL */
	const char **rcpts;		/* the first ones, by log-privacy */
	size_t n_rcpts;
	unsigned long rcpt_count;	/* all, without those refused */
	const char **refused;		/* recipients refused at RCPT: the first ones */
	size_t n_refused;
	int score;			/* tenths, -1: none */
	bool is_signed;			/* with a signature of ours when it was held */
	bool must_sign;			/* a managed domain that could not be signed */
	bool is_notice;			/* mail of `mailworthy notify` itself */
	struct journal_finding *findings;	/* heaviest first */
	size_t n_findings;
	struct journal_receiver *receivers;
	size_t n_receivers;
};

/* False for what is no line of the journal. */
bool journal_parse(struct arena *arena, struct slice line, struct journal_event *event_r);

/* The finding behind the event's cause, or NULL. */
const struct journal_finding *journal_cause(const struct journal_event *event);

struct journal_events {
	struct journal_event *p;	/* by n: the oldest first */
	size_t n;
	size_t bad_lines;		/* that could not be read */
};

/*
 * Both generations of one kind, the events whose n is above `after`.  0, or
 * -1 with *error_r (in the arena) where a file may not be read; a file that
 * is not there holds nothing.
 */
int journal_read(const char *state_dir, enum journal_kind kind, uint64_t after,
    struct arena *arena, struct journal_events *events_r, const char **error_r);

/* The file's path, ".1" with `older`. */
const char *journal_path(struct arena *arena, const char *state_dir,
    enum journal_kind kind, bool older);

#endif
