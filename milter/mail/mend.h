/*
 * Header fields in a form that any host takes: raw 8-bit text as encoded words
 * (RFC 2047) or extended parameters (RFC 2231), lines folded at legal points,
 * no NUL, no CR that stands alone.  What a field says stays the same, and
 * addresses are never changed.
 */
#ifndef MW_MAIL_MEND_H
#define MW_MAIL_MEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

#define MEND_LINE_MAX 998		/* a longer line is folded */
#define MEND_COLUMNS 76			/* of a field that is written anew */

enum {					/* bits of field_mend() */
	MEND_CHANGED = 1,
	MEND_LEFT = 2,			/* something stays that hosts may not take */
};

struct mend_options {
	const char *charset;	/* of raw text that is no UTF-8; NULL: unknown-8bit */
	bool keep_utf8;		/* SMTPUTF8: UTF-8 may stay as it is */
	size_t line_max;	/* octets the MTA leaves whole; 0: MEND_LINE_MAX */
	bool for_sendmail;	/* addresses in the form it sends them (sendmail.h) ... */
	bool exact;		/* ... blanks and folds too */
};

/* Octets of a line without CRLF. */
size_t mend_line_max(const struct mend_options *options);

/*
 * `value` as in header.h, its leading blank and folds included; *value_r
 * likewise, with LF folds, or `value` itself where nothing was changed.
 */
unsigned field_mend(struct arena *arena, struct slice name, struct slice value,
    const struct mend_options *options, struct slice *value_r);

/*
 * The charset that raw text of a header is in when it is no UTF-8: the one its
 * Content-Type names, if each octet of that is a character.  NULL otherwise.
 */
const char *mend_charset(struct arena *arena, struct slice content_type);

#endif
