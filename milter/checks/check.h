/*
 * A check is a pure function over const facts, const evidence and const
 * settings.  One table (catalogue.def) registers them all.  A check that could
 * not tell says so; it never guesses.
 */
#ifndef MW_CHECKS_CHECK_H
#define MW_CHECKS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/action.h"

struct arena;
struct evidence;
struct message;
struct settings;

enum check_status {
	CHECK_DUNNO,		/* could not tell: an input is unknown */
	CHECK_OK,
	CHECK_HIT,
	CHECK_TEMPERROR,	/* DNS could not tell now */
};

enum check_family {		/* their caps: verdict/fold.c */
	FAMILY_IDENTITY, FAMILY_FORMAT, FAMILY_DECEPTION, FAMILY_COSMETIC,
	FAMILY_BULK, FAMILY_ATTACHMENT, FAMILY_STATE,
	FAMILIES
};

/* RCPT: of each recipient alone where a client is there to hear it; and of all
 * at end of message, like the others. */
enum check_stage { STAGE_RCPT, STAGE_EOM };

struct check_input {
	const struct settings *settings;
	const struct message *message;
	const struct evidence *evidence;
	struct arena *arena;		/* for texts */
};

struct check_result {
	enum check_status status;
	int weight;			/* tenths; set to the default before the call */
	enum action action;		/* set to the default before the call */
	const char *text;		/* HIT: what, with the evidence, for people */
	const char *fix;		/* HIT: what to do; NULL: the catalogue's */
	const char *covers;		/* HIT: the catalogue's when NULL */
	const char *enhanced;		/* HIT: "1.10" for 550 5.1.10 and 451 4.1.10; NULL:
					 * the reply's own table */
	bool no_action;			/* HIT: none, whatever is configured: it would hit
					 * recipients that are well */
	int weight_beside;		/* HIT: the weight beside a finding of 10 or more in
					 * format or deception; 0: no other */
};

struct check {
	const char *id;
	enum check_family family;
	enum check_stage stage;
	void (*run)(const struct check_input *input, struct check_result *result);
	int weight;			/* default, tenths: the highest level */
	enum action action;		/* default in enforce mode */
	const char *covers;		/* ids, blank between; NULL */
	bool is_host;			/* about host or DNS: never for hold-below */
	const char *meaning;		/* what, and why receivers mind */
	const char *source;		/* RFC section or receiver's page */
	const char *fix;		/* general fix */
};

/* The table, in catalogue order. */
const struct check *check_table(size_t *n_r);
const struct check *check_find(const char *id);
bool check_exists(const char *id);

/* The author of the mail can mend it: it counts towards hold-below. */
bool check_is_for_hold(const struct check *check);

const char *check_family_name(enum check_family family);

#endif
