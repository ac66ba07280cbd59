/*
 * OpenDKIM's SigningTable: which key signs for which address.  Ours is the key
 * of a domain; what goes by the user is told.
 */
#ifndef MW_SETTINGS_IMPORT_SIGNING_H
#define MW_SETTINGS_IMPORT_SIGNING_H

#include "settings/import/keytable.h"

/* What the left side of a line stands for. */
struct signing_pattern {
	const char *user;	/* lower-case; NULL: any */
	const char *domains[2];	/* lower-case: name, "*.name", "*"; NULL: none */
	bool is_loose;		/* "*example.com": notexample.com too, which is left out */
	const char *wrong;	/* NULL, or why it stands for no domain */
	bool is_dead;		/* with wrong: OpenDKIM never matches it either */
};

/* Of a file of patterns, of a map of Rspamd's, and of exact keys. */
void signing_parse_glob(struct arena *arena, const char *text,
    struct signing_pattern *pattern_r);
void signing_parse_part(struct arena *arena, const char *text,
    struct signing_pattern *pattern_r);
void signing_parse_key(struct arena *arena, const char *text,
    struct signing_pattern *pattern_r);

/* "*.b.c" for "a.b.c", "*.c" for "*.b.c", at last "*", then NULL. */
const char *signing_wider(struct arena *arena, const char *pattern);

/* Fills import->domains. */
void signing_read(struct import *import, const struct opendkim *options,
    const struct keytable *keys);

/* Adds the key of an entry to the pattern; `at` is the line that asks for it. */
void signing_add(struct import *import, const char *pattern,
    const struct keytable_entry *entry, struct import_place at);

#endif
