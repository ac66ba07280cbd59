/*
 * The part of UCL that configurations of Rspamd are written in: KEY = VALUE,
 * KEY VALUE and KEY: VALUE up to ";" or the end of the line, KEY [NAME] { ... },
 * lists, strings in quotes, <<WORD texts, comments.  Macros are told and left out.
 */
#ifndef MW_SETTINGS_IMPORT_UCL_H
#define MW_SETTINGS_IMPORT_UCL_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

#define UCL_DEPTH_MAX 16
#define UCL_NODES_MAX 200000

enum ucl_kind { UCL_TEXT, UCL_OBJECT, UCL_LIST };

struct ucl {
	enum ucl_kind kind;
	const char *key;	/* "" in a list */
	const char *text;	/* UCL_TEXT */
	unsigned line;
	struct ucl *first, *last, *next;	/* children; the next beside it */
};

/* What is not understood: the line and the reason, static. */
typedef void ucl_say_fn(void *context, unsigned line, const char *text);

/* The object of all; never NULL. */
const struct ucl *ucl_parse(struct arena *arena, struct slice text, ucl_say_fn *say,
    void *context);

/* The last child of that key, without case, or NULL. */
const struct ucl *ucl_find(const struct ucl *object, const char *key);

#endif
