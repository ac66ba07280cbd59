/*
 * How the worker stands: what its parts know, gathered for those who ask, and
 * what only the rounds of DNS health have seen.  All may be called by several
 * threads.
 */
#ifndef MW_DAEMON_STANDING_H
#define MW_DAEMON_STANDING_H

#include "record/status.h"

struct core;
struct counters;
struct daemon_life;
struct dns;
struct proto_state;
struct snapshot;
struct standing;

#define STANDING_EGRESSES_MAX 64
#define STANDING_WINDOW_SECONDS 60

struct standing_parts {			/* borrowed */
	struct core *core;
	struct counters *counters;
	struct dns *dns;
	struct sightings *sightings;
	struct proto_state *proto;
	struct snapshot *(*snapshot)(void);	/* a reference to that of now */
	const struct daemon_life *life;		/* copied */
};

struct standing *standing_new(const struct standing_parts *parts);
void standing_free(struct standing **standing);

/* A configuration was taken (NULL), or refused. */
void standing_reloaded(struct standing *standing, const char *error);

/* About once a second: remembers how DNS answered a while ago. */
void standing_tick(struct standing *standing);

/* health_round() says: a finding stands (text), or no longer (NULL). */
void standing_say(struct standing *standing, const char *domain, const char *id,
    const char *text, const char *fix);

/* It has found this out of a managed domain. */
void standing_saw(struct standing *standing, const char *domain,
    const struct evidence *evidence);

/* All of it, in the arena, judged. */
void standing_read(struct standing *standing, struct arena *arena,
    struct status *status_r);

#endif
