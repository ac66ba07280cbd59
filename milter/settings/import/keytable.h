/*
 * OpenDKIM's KeyTable: NAME DOMAIN:SELECTOR:KEY, KEY a path or the key itself.
 */
#ifndef MW_SETTINGS_IMPORT_KEYTABLE_H
#define MW_SETTINGS_IMPORT_KEYTABLE_H

#include "settings/import/dataset.h"

struct keytable;

struct keytable_entry {
	const char *name;	/* as written */
	const char *domain;	/* lower-case, or "%" */
	const char *selector;	/* lower-case */
	const char *path;	/* with "%" for the author's domain; of a key that
				 * stands in the table: "TABLE:LINE" */
	bool is_inline;
	bool is_bad;		/* a remark has been made */
	struct import_place at;
};

/* NULL after a remark. */
struct keytable *keytable_read(struct import *import, const struct opendkim *options);

/* NULL: no such name.  Case matters.  Rspamd's names fit a part of the name too. */
const struct keytable_entry *keytable_find(const struct keytable *table,
    const char *name);

/* The pattern that stands for all names below a suffix: KEY "%" of *.example.com. */
const struct keytable_entry *keytable_find_pattern(const struct keytable *table,
    const char *pattern);

size_t keytable_count(const struct keytable *table);
const struct keytable_entry *keytable_at(const struct keytable *table, size_t i);

/* Turns base64 of a DER key into PEM; NULL when it is none. */
const char *keytable_pem(struct arena *arena, const char *base64);

#endif
