/*
 * Lists of facts about the world, as data: conf/lists/NAME.txt and
 * conf/phrases/LANGUAGE.txt.  They are built in; a file of the same name in the
 * directory that the option `lists` (or `phrases`) names stands in place of the
 * one built in, and is read again with the configuration.
 */
#ifndef MW_SETTINGS_LISTS_H
#define MW_SETTINGS_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

struct arena;
struct lists;
struct phrase;

/*
 * Plain lists: an entry a line.  Domains, labels and suffixes are of ASCII and
 * lower-case; of words only the ASCII letters are made small.
 */
enum list {
	LIST_FREEMAIL,		/* domains of mailbox providers for the public */
	LIST_SHORTENERS,	/* domains of public URL shorteners */
	LIST_GATEWAYS,		/* file drops, app and IPFS hosts */
	LIST_TLDS,		/* top labels much abused */
	LIST_BRANDS,		/* registrable domains often imitated */
	LIST_FONTS,		/* font services: harmless stylesheets */
	LIST_MAILBOXES,		/* large mailbox domains that typos are likely of */
	LIST_TYPO_TLDS,		/* slips of a top label: "con", "cmo" */
	LIST_UNSUBSCRIBE,	/* words of links that end a subscription, any language */
	LIST_CARD_WORDS,	/* words beside a card number */
	LIST_BLOCKED_GMAIL, LIST_BLOCKED_MICROSOFT, LIST_BLOCKED_OWA,	/* suffixes */
	LISTS
};

/* The word stands in the list; NULL and "" never do. */
bool lists_has(const struct lists *lists, enum list list, const char *word);
/* The domain or a parent of it does; its top label alone in LIST_TLDS. */
bool lists_has_domain(const struct lists *lists, enum list list, const char *domain);
/* All entries, in the order of the file. */
const char *const *lists_words(const struct lists *lists, enum list list, size_t *n_r);

/* A receiver of many domains, told by the MX of the recipient's domain. */
struct provider {
	const char *name;		/* "gmail" */
	const char *title;		/* "Gmail" */
	uint64_t size_max;		/* octets of a message on the wire, 0: not known */
	bool blocks[LISTS];		/* refuses the suffixes of these LIST_BLOCKED_ lists */
	const char *source;
};

/* By a host name of an MX record, lower-case, no final dot; NULL: not known. */
const struct provider *lists_provider(const struct lists *lists, const char *mx_host);

/* What a DNS blocklist lists, as bits. */
enum blocklist_of { BLOCKLIST_IPV4 = 1, BLOCKLIST_IPV6 = 2, BLOCKLIST_DOMAINS = 4 };

#define BLOCKLIST_CODES_MAX 32

struct blocklist_code {		/* answers that mean listed, within 127.0.0.0/8 */
	struct ip first, last;
	const char *meaning;
};

struct blocklist {
	const char *zone;
	unsigned of;
	struct blocklist_code codes[BLOCKLIST_CODES_MAX];
	size_t n_codes;
	const char *test;		/* a domain that is always listed */
	const char *page;		/* where a listing is looked up, or "" */
	const char *source;
};

/* NULL: not known. */
const struct blocklist *lists_blocklist(const struct lists *lists, const char *zone);

/* "127.0.0.2" or "127.0.0.4-127.0.0.7"; the meaning is left alone. */
bool blocklist_codes_read(struct slice text, struct blocklist_code *code_r);

/* All phrases of all languages. */
const struct phrase *lists_phrases(const struct lists *lists, size_t *n_r);

/* Those that are built in, in the arena: for what has no settings. */
const struct lists *lists_new_builtin(struct arena *arena);

#endif
