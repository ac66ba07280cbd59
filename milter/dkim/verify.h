/*
 * Verifies signatures that a message already carries, as a receiver will
 * (RFC 6376 section 6), through libopendkim.  The first VERIFY_MAX only, none
 * over VERIFY_FIELD_MAX octets.
 */
#ifndef MW_DKIM_VERIFY_H
#define MW_DKIM_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/slice.h"
#include "mail/header.h"

struct arena;
struct dkim_lib;
struct lookups;
struct verifier;

#define VERIFY_MAX 5
#define VERIFY_FIELD_MAX (8 * 1024)
#define VERIFY_DRIFT 300	/* seconds that clocks may differ */

enum dkim_result {
	DKIM_NONE, DKIM_PASS, DKIM_FAIL, DKIM_POLICY, DKIM_NEUTRAL, DKIM_TEMPERROR,
	DKIM_PERMERROR,
};

struct verified {
	const char *sdid;	/* d=, lower-case; "" */
	const char *selector;	/* s= */
	const char *algorithm;	/* a= */
	struct slice signed_names;	/* h= as it stands: ":" and blanks between */
	bool has_length;	/* l= */
	enum dkim_result result;
	const char *reason;	/* for people, NULL for pass */
};

/* NULL when the message carries no signature worth a look. */
struct verifier *verifier_new(struct dkim_lib *lib, struct arena *arena,
    const struct headers *headers, time_t now);
void verifier_body(struct verifier *verifier, const void *bytes, size_t n);

/* Signatures found, judged or not (for counting). */
size_t verifier_count(const struct verifier *verifier);

/* 1 when a key is pending in `lookups` (call again after lookups_wait), else 0. */
int verifier_finish(struct verifier *verifier, struct lookups *lookups,
    const struct verified **verified_r, size_t *n_r);

const char *dkim_result_name(enum dkim_result result);

#endif
