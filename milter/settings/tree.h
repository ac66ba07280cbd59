/*
 * The values of one section as libconfuse reads them.
 */
#ifndef MW_SETTINGS_TREE_H
#define MW_SETTINGS_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "settings/options.h"

struct arena;
struct block;

struct value {
	const char *text;
	unsigned line;
};

struct values {			/* what one option was set to */
	bool is_given;
	bool is_list;		/* written with braces */
	unsigned line;
	unsigned again_line;	/* 0, or where it was set a second time */
	struct value *p;
	size_t n;
};

struct tree {
	enum section section;
	unsigned line;
	const char *title;
	struct values *values;	/* one for each of options_of(section) */
	struct tree *inner;	/* the sections inside */
	size_t n_inner;
};

/* NULL when libconfuse refuses the text, which syntax_read() does not write. */
struct tree *tree_read(const struct block *block, struct arena *arena);

#endif
