/*
 * One domain of ours judged apart from any message: the message path run with
 * an imaginary, faultless message of its postmaster, for what it tells of host
 * and DNS.  Health and the doctor see the same that a message would.
 */
#ifndef MW_CORE_LOOK_H
#define MW_CORE_LOOK_H

#include "checks/check.h"
#include "dkim/keyring.h"

struct core;
struct look;
struct snapshot;

/*
 * Waits for DNS.  mta_name is what the MTA says HELO with where neither the
 * settings nor Postfix tell; NULL: not known.
 */
struct look *look_new(struct core *core, struct snapshot *snapshot, const char *domain,
    const char *mta_name);
void look_free(struct look **look);

/* Message, evidence and settings; lives as long as the look. */
const struct check_input *look_input(const struct look *look);

/* Runs each check about host or DNS (is_host) and gives its result to `visit`. */
void look_judge(const struct look *look, void (*visit)(void *ctx,
    const struct check *check, const struct check_result *result), void *ctx);

/* The check that says it of a key that DNS shows so; NULL: nothing to say. */
const struct check *look_key_check(enum key_dns state);

/* The key record to publish: "v=DKIM1; k=rsa; p=...". */
const char *look_key_record(struct arena *arena, const struct key *key);

#endif
