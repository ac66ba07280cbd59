/*
 * The structure of a configuration: which options and sections stand where.
 */
#ifndef MW_SETTINGS_SYNTAX_H
#define MW_SETTINGS_SYNTAX_H

#include <stddef.h>

#include "base/slice.h"
#include "settings/options.h"

struct arena;
struct errors;

/*
 * One section at the top level, or all options that stand in none, written
 * in the one spelling that libconfuse reads without surprises: each option a
 * list that is appended to, whose first value is "=LINE" for a value or
 * "=LINE list" for a list, and the others ":LINE VALUE"; each section begins
 * with such a list named SYNTAX_TITLE.  So nothing is lost that libconfuse
 * does not keep: lines, repeated options, empty lists.
 */
struct block {
	enum section section;
	const char *text;
	size_t start;			/* of the text, while it is written */
	struct block *next;
};

#define SYNTAX_TITLE "section-title"

/*
 * The blocks of a text, the options at the top level first.  Unknown and
 * misplaced names, missing signs, sections that are not closed and the like
 * are reported and left out.
 */
struct block *syntax_read(struct slice text, const char *file, struct arena *arena,
    struct errors *errors);

#endif
