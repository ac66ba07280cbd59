/*
 * What a DNS blocklist says of an address or a domain (RFC 5782).  Only an answer
 * that the list documents means listed: resolvers invent answers, lists answer
 * errors from 127.255.255.0/24 where they do not like the asker, and a list that
 * is given up answers anything.
 */
#ifndef MW_EVIDENCE_BLOCKLIST_H
#define MW_EVIDENCE_BLOCKLIST_H

#include "base/ip.h"
#include "settings/lists.h"

struct arena;
struct dns_answer;
struct settings_blocklist;

enum listing { LISTING_CLEAN, LISTING_LISTED, LISTING_UNKNOWN };

struct listing_answer {
	enum listing listing;
	const char *text;	/* LISTED: what the code says; UNKNOWN: why; else "" */
	const char *code;	/* LISTED, and UNKNOWN for a code: "127.0.0.2"; else NULL */
};

/*
 * Judges the A records of one name.  The codes are those of the list's
 * settings, where there are any, else those known of the list (may be NULL).
 */
void blocklist_judge(struct arena *arena, const struct settings_blocklist *settings,
    const struct blocklist *known, const struct dns_answer *answer,
    struct listing_answer *answer_r);

/* The name to ask for an address or a domain, with the key of the settings. */
const char *blocklist_name_of_ip(struct arena *arena,
    const struct settings_blocklist *settings, const struct ip *ip);
const char *blocklist_name_of_domain(struct arena *arena,
    const struct settings_blocklist *settings, const char *domain);

/*
 * RFC 5782 section 5: the entry that is always listed and the one that never
 * is; of one kind (a bit of enum blocklist_of).
 */
const char *blocklist_control(struct arena *arena,
    const struct settings_blocklist *settings, const struct blocklist *known,
    unsigned of, bool listed);

/* What the list lists: the settings' word, else what is known of it. */
unsigned blocklist_of(const struct settings_blocklist *settings,
    const struct blocklist *known);

#endif
