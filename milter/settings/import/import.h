/*
 * What the configuration of another filter comes to in our terms: domains with
 * keys, networks, and remarks on all that has no counterpart.  Pure but for the
 * files, which are read through struct files.
 */
#ifndef MW_SETTINGS_IMPORT_IMPORT_H
#define MW_SETTINGS_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "settings/settings.h"

struct arena;
struct dataset;
struct file;
struct files;
struct map;

#define IMPORT_ENTRIES_MAX 1000000	/* of one table */
#define IMPORT_REMARKS_MAX 1000		/* told; the rest is counted */

enum import_weight {
	IMPORT_NOTE,		/* no counterpart is needed, or a like one is taken */
	IMPORT_WARNING,		/* something is not as it was */
	IMPORT_ERROR,		/* mail would be signed in another way, or not */
};

struct import_place {		/* where something is written */
	const char *file;
	unsigned line;
};

struct import_remark {
	enum import_weight weight;
	struct import_place at;
	const char *option;	/* theirs, or NULL */
	const char *text;	/* for people: what, and what to do */
};

struct import_key {
	const char *selector;	/* lower-case */
	const char *file;	/* as settings_key.file; of a key that stands in a
				 * table: "TABLE:LINE", known to struct files */
	bool is_inline;
	struct import_place at;
};

struct import_domain {
	const char *name;	/* lower-case: name, "*.name" or "*" */
	const char *sign_as;	/* d=; NULL: the author's domain */
	struct import_key *keys;
	size_t n_keys;		/* 0: an error has told why */
	struct import_place at;
};

struct import {
	struct arena *arena;
	struct files *files;
	const char *(*registered)(const char *name);	/* the registered domain of a
				 * name, within it; NULL for a suffix.  May be NULL */
	const struct map *own;	/* domains that are set by hand: not imported, and
				 * nothing is said about them; may be NULL */
	struct import_domain *domains;
	size_t n_domains, domains_capacity;
	struct map *by_name;	/* of domains */
	bool has_networks;	/* theirs name the clients whose mail is signed */
	struct settings_networks networks;
	bool has_canon;
	enum canon canon_header, canon_body;
	unsigned expire;	/* seconds, 0: none */
	bool has_profile;
	enum header_profile signed_headers;
	bool signs_logins, signs_local;	/* mail with a login, of the host itself */
	bool verifies;		/* theirs judges mail that comes in, too */
	const char *signing_table, *key_table;	/* their names for these */
	const char *socket;	/* theirs, as written; NULL */
	struct import_remark *remarks;
	size_t n_remarks, remarks_capacity, n_untold;
	size_t n_errors;
};

struct import *import_new(struct arena *arena, struct files *files,
    const struct map *own);

/*
 * Whoever writes the file says whose mail is signed, and with what key.  False and
 * a remark where that is everybody; a remark where it is a group, but root's.
 */
bool import_trusts(struct import *import, const struct file *file, const char *option);

/* Beyond IMPORT_REMARKS_MAX errors still count. */
void import_say(struct import *import, enum import_weight weight,
    struct import_place at, const char *option, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A value as remarks show it: quoted, harmless, shortened. */
const char *import_shown(const struct import *import, const char *value);

/* The domain of that name, new or there before; NULL when it is set by hand. */
struct import_domain *import_domain(struct import *import, const char *name,
    struct import_place at);

/*
 * A key more for the domain; one with the selector and file of another is the
 * same key.
 */
void import_key(struct import *import, struct import_domain *domain,
    const struct import_key *key);

/* A remark where domains got keys with all of which the program signs at once. */
void import_say_several(struct import *import, const char *program);

/* Removes the domains for which drop() is true. */
void import_drop(struct import *import,
    bool (*drop)(void *context, const struct import_domain *domain), void *context);

/* ---- OpenDKIM ---- */

struct import_text {		/* an option as written; text NULL: not set */
	const char *text;
	struct import_place at;
	const struct dataset *set;	/* what it names, where that is read already */
};

struct opendkim {		/* the options that say what is signed with which key */
	struct import_text key_table, signing_table, internal_hosts, peer_list;
	struct import_text exempt_domains, domain, selector, key_file;
	const char *base_directory;	/* of relative paths; NULL: none */
	bool sub_domains, multiple_signatures;
	bool is_rspamd;			/* patterns fit anywhere in an address or name */
	const char *default_selector;	/* of lines DOMAIN:KEY; NULL: there are none */
};

/* opendkim.conf, then what it names; `given` stands in place of its options. */
void import_opendkim(struct import *import, const char *path,
    const struct opendkim *given);

/* The tables alone. */
void import_opendkim_tables(struct import *import, const struct opendkim *options);

/* ---- others ---- */

/* opendmarc.conf. */
void import_opendmarc(struct import *import, const char *path);

/* A dkim_signing.conf, or the directory that holds local.d. */
void import_rspamd(struct import *import, const char *path);

#endif
