/*
 * The table of options (options.def) and of the sections they are in.
 */
#ifndef MW_SETTINGS_OPTIONS_H
#define MW_SETTINGS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum section {
	SECTION_MAIN, SECTION_EGRESS, SECTION_RESOLVER, SECTION_DOMAIN, SECTION_KEY,
	SECTION_CHECK, SECTION_STREAM, SECTION_TUNING, SECTION_OPINIONS,
	SECTION_IMPORT, SECTION_BLOCKLIST,
	SECTIONS
};

enum option_type {
	TYPE_CHOICE, TYPE_WORDS, TYPE_NUMBER, TYPE_POINTS, TYPE_YESNO, TYPE_OCTAL,
	TYPE_SOCKET, TYPE_ACCOUNT, TYPE_LOG, TYPE_MAILBOX, TYPE_PATH, TYPE_KEYFILE, TYPE_TABLE,
	TYPE_DIRECTORY,
	TYPE_CANON, TYPE_DOMAINMODE, TYPE_HELO, TYPE_HOST, TYPE_DNSNAME,
	TYPE_NETWORKS, TYPE_ADDRESSES, TYPE_PATTERNS, TYPE_DAEMONS, TYPE_SERVERS,
	TYPE_SENDERS, TYPE_DOMAINS, TYPE_LOGINS, TYPE_HEADERS, TYPE_PROSE,
	TYPE_SERVICE, TYPE_CODES, TYPE_LISTKEY, TYPE_DATASET,
	OPTION_TYPES
};

struct option {
	enum section section;
	const char *name;
	enum option_type type;
	const char *fallback;		/* NULL: not set */
	const char *limits;
	bool reloadable;
	const char *help;
	size_t offset;			/* of the member in the section's struct */
};

struct section_info {
	const char *name;		/* "" for main */
	bool has_title;
	bool is_repeatable;
	enum section parent;
	const char *title_help;		/* what the title names */
};

#define OPTIONS_OF_SECTION_MAX 24

/* The options of a section, *n_r of them, in the order of the table. */
const struct option *options_of(enum section section, size_t *n_r);

const struct section_info *section_info(enum section section);

/* NULL when the section has no such option. */
const struct option *option_find(enum section section, const char *name);

/* False when no section of that name may stand in `parent`. */
bool section_find(enum section parent, const char *name, enum section *section_r);

/* " (did you mean ...?)" or "" for an unknown name in a section. */
const char *options_hint(struct arena *arena, enum section section, const char *name);

/* Letters to change, add, leave out or swap; at most `limit`, else limit + 1. */
unsigned edit_distance(const char *a, const char *b, unsigned limit);

#endif
