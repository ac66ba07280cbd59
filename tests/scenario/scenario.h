/*
 * What the files of the scenario runner share: one scenario while it runs.
 */
#ifndef MW_TESTS_SCENARIO_H
#define MW_TESTS_SCENARIO_H

#include <stdbool.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "core/core.h"

struct egress_facts;
struct rcpt_stage;
struct sightings;

/* The text of a round's sections, with the standard's put together. */
struct sections {
	struct slice config, zone, session, message, expect;
	/* given for this round */
	bool fresh_config, fresh_zone, fresh_session;
};

struct scenario {
	struct arena *arena;
	const char *path;
	const char *scratch, *keys;
	const struct sections *standard;	/* NULL while it is read itself */
	struct clock_fake clock;
	struct sightings *sightings;
	struct egress_facts *egress;
	struct snapshot *snapshot;
	struct dns *dns;
	struct core *core;
	unsigned faults;
	unsigned round;
	/* of the round */
	struct sections sections;
	struct session *mta;
	struct message *mail;
	struct passage *passage;	/* NULL: it ended before */
	struct rcpt_stage *rcpts;	/* NULL where RCPT is not judged */
	const char *mailer, *next_hop;	/* of the recipients that follow; next_hop NULL:
					 * the recipient's domain */
	bool aborts;			/* after the recipients */
	json_t *replies;		/* to recipients: address to reply, "" for none */
	struct slice text;		/* of the message as it came */
	json_t *record;
};

/* Says what is not as expected. */
void scenario_fault(struct scenario *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the run: the file itself is wrong. */
void scenario_die(const struct scenario *s, const char *what, const char *text)
    __attribute__((noreturn));

/* Takes the message as it leaves to a verifier: signatures found and passing. */
void scenario_verify(struct scenario *s, size_t *n_r, size_t *passed_r);

/* The message as it leaves, and its body inside of it. */
struct slice scenario_edited(struct scenario *s, struct slice *body_r);

/* ---- sections.c ---- */

struct slice read_whole(struct arena *arena, const char *path);
void write_file(const char *path, struct slice text, mode_t mode);

/*
 * Reads the sections of the next round off the front of *rest; those that are
 * not there stay as they were.  False at the end.
 */
bool sections_next(struct scenario *s, struct slice *rest);

/* @rsa2048@, @KEYS@ and @SCRATCH@ put in. */
const char *expand_names(struct scenario *s, struct slice text);

/* Lines get CRLF; @0D@ and @REPEAT 1000 x@ put in. */
struct slice expand_message(struct scenario *s, struct slice text);

/* ---- service.c ---- */

/* A socket of that name in the scratch directory that answers so. */
void service_begin(struct scenario *s, const char *name, struct slice answer);

/* ---- expect.c ---- */

/* One line of an expect section. */
void expect_line(struct scenario *s, const char *word, const char *value);

#endif
