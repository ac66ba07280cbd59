/*
 * Folds the results of all checks into findings, score and verdict, and tells
 * what each large receiver would say.  Pure; the order of checks is no matter.
 */
#ifndef MW_VERDICT_VERDICT_H
#define MW_VERDICT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/action.h"
#include "checks/check.h"

struct arena;
struct evidence;
struct message;
struct settings;

/* By weight: under 5, 5 to 19, 20 and more tenths. */
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

struct finding {
	const struct check *check;
	int weight;			/* tenths, after tuning */
	int weight_beside;		/* likewise, beside a grave finding; 0: no other */
	int level;			/* weight before tuning: which level was met */
	enum severity severity;
	enum action action;		/* after tuning */
	bool shadow;			/* shown, weighs and does nothing */
	bool exempt;			/* the sender is; weighs and does nothing */
	const char *covers;		/* ids, blank between; NULL */
	const char *covered_by;		/* id, or NULL */
	const char *enhanced;		/* "1.10", or NULL: that of the reply's table */
	const char *text, *fix;
};

struct verdict_open {			/* a check that could not tell */
	const char *id;
	bool temporary;			/* DNS could not tell now */
	const char *text;		/* why, where the check said so; or NULL */
};

enum receiver {
	RECEIVER_GMAIL, RECEIVER_MICROSOFT, RECEIVER_YAHOO, RECEIVER_APPLE,
	RECEIVERS
};

struct receiver_opinion {
	bool accept;
	const char *reply;		/* "550 5.7.26", NULL when it would accept */
	const char *because;		/* one line for people, NULL likewise */
	const char *finding;		/* id it rests on, or NULL */
	const char *source;		/* page of the receiver, NULL likewise */
};

struct verdict {
	int score;			/* tenths, 0 to 100 */
	struct finding *findings;	/* heaviest first */
	size_t n_findings;
	size_t n_dunno;			/* checks that could not tell */
	const char **dunno;		/* their ids */
	struct verdict_open *open;	/* the same, with the reasons */
	enum mode mode;			/* that applies to this message */
	enum action would;		/* what enforce mode does */
	enum action action;		/* what is done: ACTION_NONE in audit mode */
	const struct finding *decisive;	/* the finding behind `would`, NULL */
	const char *reply;		/* by `would`: "550 5.7.1 mailworthy ID: ...", NULL */
	const char *hold_reason;	/* likewise for hold */
	struct receiver_opinion receivers[RECEIVERS];
};

/* The mode for this message: kill switch (MODE_* or -1), else that of its declared
 * stream, else that of the author's managed domain, else the file's. */
enum mode verdict_mode(const struct settings *settings, const struct message *message,
    int mode_override);

/* `mode_override` as above. */
void verdict_make(const struct check_input *input, int mode_override,
    struct verdict *verdict_r);

/*
 * The recipient stage: input->message holds one recipient, the evidence its
 * destination; only the checks of that stage are run.  `action` is what is
 * done about that recipient (none, tempfail, reject), with `reply`.
 */
void verdict_make_rcpt(const struct check_input *input, int mode_override,
    struct verdict *verdict_r);

/* Some check would refuse or defer a recipient, in a mode that these settings
 * or the kill switch allow: RCPT must be answered. */
bool verdict_judges_rcpts(const struct settings *settings, int mode_override);

const char *action_name(enum action action);	/* pass hold tempfail reject */
const char *severity_name(enum severity severity);
const char *mode_name(enum mode mode);			/* audit enforce */
const char *receiver_name(enum receiver receiver);	/* gmail microsoft yahoo ... */
const char *receiver_title(enum receiver receiver);	/* "Gmail", "Yahoo, AOL" ... */

#endif
