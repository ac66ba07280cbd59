/*
 * What differs between a message as it was and as it is, in words, with a guess
 * of the kind of thing that does so.  Pure; both texts have CRLF.
 */
#ifndef MW_TOOL_COMPARE_H
#define MW_TOOL_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

#define COMPARE_FIELDS_MAX 500
#define COMPARE_CHANGES_MAX 60
#define COMPARE_SHOWN_MAX 60	/* octets of a text that are shown */

enum change_kind {
	CHANGE_FIELD_ADDRESS,	/* From, To ...: another address */
	CHANGE_FIELD_TEXT,	/* a prefix, another text */
	CHANGE_FIELD_LAYOUT,	/* folds, blanks: no matter for relaxed */
	CHANGE_FIELD_LOST,
	CHANGE_FIELD_TYPE,	/* Content-Type, Content-Transfer-Encoding */
	CHANGE_BODY_FOOTER,	/* lines at the end */
	CHANGE_BODY_BANNER,	/* lines before the text */
	CHANGE_BODY_RECODED,	/* 8-bit text became quoted-printable or base64 */
	CHANGE_BODY_8BIT_LOST,	/* the eighth bit, or '?' in its place */
	CHANGE_BODY_CUT,	/* long lines */
	CHANGE_BODY_BLANKS,	/* blanks at ends of lines: no matter for relaxed */
	CHANGE_BODY_END,	/* empty lines at the end: no matter at all */
	CHANGE_BODY_DOTS,	/* at the start of lines */
	CHANGE_BODY_FROM,	/* ">From " */
	CHANGE_BODY_OTHER,
};

struct message_change {
	enum change_kind kind;
	const char *field;	/* its name as sent; "" for the body */
	const char *text;	/* "got "[EXT] " before it"; made harmless */
};

struct message_text {
	struct slice names[COMPARE_FIELDS_MAX], values[COMPARE_FIELDS_MAX];
	size_t n;
	struct slice body;
};

/* Fields with their folds, up to the limit. */
void message_split(struct slice text, struct message_text *split_r);

/* The last field of that name before `end` (its place), or -1. */
long message_find(const struct message_text *message, const char *name, size_t end);

/*
 * Fields of `was` that `is` has otherwise or not at all, then the body.
 * Trace fields, signatures and what `skip` names (ends with NULL) are left out.
 */
size_t compare_fields(struct arena *arena, const struct message_text *was,
    const struct message_text *is, const char *const *skip,
    struct message_change *changes, size_t max);
/* false: the same. */
bool compare_body(struct arena *arena, struct slice was, struct slice is,
    struct message_change *change_r);

/* The change breaks a signature that is relaxed in header and body. */
bool change_breaks_relaxed(enum change_kind kind);

#endif
