/*
 * What the files of `mailworthy held` share.
 */
#ifndef MW_TOOL_HELD_H
#define MW_TOOL_HELD_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "tool/holds.h"

struct settings;

/* "just now", "5 min ago", "3 h ago", "2 days ago". */
const char *held_age(struct arena *arena, time_t then, time_t now);
/* "2026-11-21 21:40", local time. */
const char *held_time(struct arena *arena, time_t when);
/* Why it was held, and what mends that, in plain words; never NULL. */
const char *held_why(const struct journal_event *event);
const char *held_fix(const struct journal_event *event);
/* Released as it is it would leave without the signature that its domain must have. */
bool held_is_unsigned(const struct journal_event *event);
/* "anna@example.net and 2 more". */
const char *held_rcpts(struct arena *arena, const struct hold *hold);

/* The commands of the MTA, for the id: "postsuper -H 4XyZ12". */
const char *held_release_command(struct arena *arena, enum queue_mta mta, const char *id);
const char *held_delete_command(struct arena *arena, enum queue_mta mta, const char *id);

struct held_view {
	time_t now;
	time_t since;		/* nothing older; 0: all */
	bool all;		/* also what is not on hold any more */
};

bool held_is_shown(const struct held_view *view, const struct hold *hold);

/* The list, a line of numbers, how to release. */
void held_show_list(FILE *out, const struct holds *holds, const struct held_view *view,
    struct arena *arena);
/* One message in full; hold or event (refused) may be NULL, not both. */
void held_show_one(FILE *out, const struct holds *holds, const struct hold *hold,
    const struct journal_event *event, const struct held_view *view, struct arena *arena);
struct held_shown {
	const struct hold **holds;
	size_t n_holds;
	const struct journal_event **refused;	/* or deferred */
	size_t n_refused;
};

/* One JSON object: {"v", "queue", "messages"}. */
void held_show_json(FILE *out, const struct holds *holds, const struct held_shown *shown,
    struct arena *arena);

/* Puts messages through the filter anew: sends each as local mail, then deletes the
 * one on hold.  Exit status. */
int held_again(const struct settings *settings, const struct holds *holds, char **ids,
    int n, struct arena *arena);

#endif
