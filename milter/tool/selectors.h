/*
 * Which selectors of a domain are in use: by the configuration and by DNS.
 */
#ifndef MW_TOOL_SELECTORS_H
#define MW_TOOL_SELECTORS_H

#include <stdbool.h>

struct arena;
struct dns_answer;
struct selectors;
struct settings;
struct settings_domain;
struct settings_key;

/* The domain of the key records for mail of `domain`: that of sign-as, or itself. */
const char *selectors_sdid(const struct settings_domain *section, const char *domain);

/* The settings outlive it; their resolver is asked.  The records are those of sdid. */
struct selectors *selectors_open(const struct settings *settings, const char *sdid);
void selectors_close(struct selectors **selectors);

/* What DNS has at the selector's name; NULL where it cannot be asked.  Waits; lives
 * until the close. */
const struct dns_answer *selectors_ask(struct selectors *selectors, const char *selector);

/* There is a record, even of a key that was withdrawn: receivers may remember it. */
bool selectors_in_dns(struct selectors *selectors, const char *selector);

/*
 * A section signs as sdid with a key of that selector that is, or should be, in
 * another file than `path`.  A key that is named and still to be made does not count.
 */
bool selectors_named(const struct selectors *selectors, const char *selector,
    const char *path);

/* The path of a section's key for mail of the domain: it for %d, the selector for %s. */
const char *selectors_path(struct arena *arena, const char *file, const char *domain,
    const char *selector);

/* Something is there, a dangling link too. */
bool selectors_exists(const char *path);

#endif
