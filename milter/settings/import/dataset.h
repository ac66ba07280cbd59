/*
 * OpenDKIM's data sets (opendkim(8), "DATA SETS"): a list within the option, a
 * file of exact keys, or a file of patterns.  Blank lines and what follows a
 * "#" are left out.
 */
#ifndef MW_SETTINGS_IMPORT_DATASET_H
#define MW_SETTINGS_IMPORT_DATASET_H

#include "settings/import/import.h"

enum dataset_kind {
	DATASET_EXACT,		/* csl: and file: */
	DATASET_PATTERNS,	/* refile: */
};

struct dataset_entry {
	const char *key;
	const char *value;	/* "" when there is none */
	struct import_place at;
};

struct dataset {
	enum dataset_kind kind;
	const char *path;	/* of the file, or NULL for a list */
	struct dataset_entry *p;
	size_t n;
};

/*
 * False after a remark: a kind that cannot be read (db:, dsn:, ldap:, ...), a
 * file that cannot.  Relative paths are below base, when there is one.
 */
bool dataset_read(struct import *import, const char *option,
    const struct import_text *text, const char *base, struct dataset *set_r);

/* The entries of a text: what dataset_read() does with a file. */
void dataset_parse(struct arena *arena, struct slice text, const char *path,
    struct dataset *set);

void dataset_append(struct arena *arena, struct dataset *set,
    const struct dataset_entry *more);

/*
 * Where the pattern fits anywhere in the text, as Rspamd has it: the first place
 * where such a part of the text can end; SIZE_MAX when there is none.
 */
size_t dataset_find(const char *pattern, const char *text);

/* "*" stands for anything; case matters. */
bool dataset_glob(const char *pattern, const char *text);

#endif
