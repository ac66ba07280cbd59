/*
 * The edits and the answer, as data.  Apply (proto/) carries them out in order.
 */
#ifndef MW_VERDICT_PLAN_H
#define MW_VERDICT_PLAN_H

#include <stddef.h>

#include "verdict/verdict.h"

enum edit_kind {
	EDIT_INSERT_HEADER,	/* at index 0: above everything else */
	EDIT_DELETE_HEADER,	/* occurrence `index` (from 1) of `name` */
};

struct edit {
	enum edit_kind kind;
	const char *name;
	const char *value;	/* with "\n\t" folds, leading blank included */
	unsigned index;
};

struct plan {
	struct edit *edits;	/* deletions from the highest index down come first */
	size_t n_edits;
	const char *const *repaired;	/* "date", "message-id" */
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
