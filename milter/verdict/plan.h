/*
 * The edits and the answer, as data.  Apply (proto/) carries them out in order.
 */
#ifndef MW_VERDICT_PLAN_H
#define MW_VERDICT_PLAN_H

#include <stddef.h>

#include "verdict/verdict.h"

struct spool;

enum edit_kind {
	EDIT_INSERT_HEADER,	/* at index 0: above everything else */
	EDIT_DELETE_HEADER,	/* occurrence `index` (from 1) of `name` */
	EDIT_CHANGE_HEADER,	/* the value of that occurrence */
	EDIT_REPLACE_BODY,	/* by plan.body */
};

struct edit {
	enum edit_kind kind;
	const char *name;	/* NULL: of no header */
	const char *value;	/* with "\n\t" folds, leading blank included */
	unsigned index;
};

struct plan {
	struct edit *edits;	/* indexes are those of the message as it came: changes
				 * and deletions, these from the highest index down,
				 * come before what is inserted */
	size_t n_edits;
	const struct spool *body;	/* in place of the one that came; NULL */
	const char *const *repaired;	/* "date", "message-id", "headers", "encoding" */
	size_t n_repaired;
	enum action action;
	const char *reply_code;		/* "451" */
	const char *reply_esc;		/* "4.7.20" */
	const char *reply_text;		/* one line, no % */
	const char *hold_reason;
};

/* No edits at all in audit mode, and for reject and tempfail. */
void plan_make(const struct check_input *input, const struct verdict *verdict,
    struct plan *plan_r);

#endif
