/*
 * What becomes of each option of another filter: tables made of opendkim.def,
 * opendmarc.def and rspamd.def, which mailworthy-migrate(7) shows too.
 */
#ifndef MW_SETTINGS_IMPORT_THEIRS_H
#define MW_SETTINGS_IMPORT_THEIRS_H

#include "settings/import/import.h"

enum theirs_fate {
	THEIRS_TAKEN,		/* text names ours */
	THEIRS_NEEDLESS,	/* text says why */
	THEIRS_NONE,		/* no counterpart; text says what to do */
	THEIRS_LOST,		/* nor without it would mail leave as before */
};

struct theirs {
	const char *name;
	enum theirs_fate fate;
	const char *text;
};

struct theirs_table {
	const char *program;	/* "OpenDKIM" */
	const struct theirs *p;
	size_t n;
};

extern const struct theirs_table theirs_opendkim, theirs_opendmarc, theirs_rspamd;

/* Without case; NULL when there is no such option. */
const struct theirs *theirs_find(const struct theirs_table *table, const char *name);

/* The remark on an option that is set, unless it is taken. */
void theirs_say(struct import *import, const struct theirs_table *table,
    const char *name, struct import_place at);

/* One option of a file in the form NAME VALUE. */
typedef void theirs_option_fn(void *context, const char *name, const char *value,
    struct import_place at);

/*
 * Reads a file of lines NAME VALUE as OpenDKIM and OpenDMARC write it: what
 * follows "#" is left out, "Include FILE" is read too, up to five deep.
 */
void theirs_read(struct import *import, const char *path, struct import_place from,
    theirs_option_fn *option, void *context);

/* The first letter tells: T, Y, 1; F, N, 0. */
bool theirs_yes(const char *value);

#endif
