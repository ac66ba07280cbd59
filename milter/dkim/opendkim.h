/*
 * libopendkim behind calls that keep its traps shut: memory is the message's
 * arena, the key is the one parsed at start, the body hash is ours, DNS is
 * never asked, no option that is known to be unsafe is set.
 */
#ifndef MW_DKIM_OPENDKIM_H
#define MW_DKIM_OPENDKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/slice.h"
#include "dkim/verify.h"

struct arena;
struct dkim_lib;
struct ring_key;

/* ---- one signature ---- */

struct sign_job;

/*
 * A handle that goes with the arena.  `oversign` ends in NULL and names fields
 * that h= gets once more than fed.  NULL and *error_r.
 */
struct sign_job *sign_job_new(struct dkim_lib *lib, struct arena *arena,
    const struct ring_key *key, const char *const *oversign, time_t now,
    const char **error_r);

/* In the order of the message; the value as received, without NUL. */
int sign_job_field(struct sign_job *job, struct slice name, struct slice value,
    const char **error_r);

/* After the last field. */
int sign_job_start(struct sign_job *job, const char **error_r);

/* False: the body must be fed. */
bool sign_job_takes_digest(const struct sign_job *job);
void sign_job_body(struct sign_job *job, const void *bytes, size_t n);

/* The value with "\r\n\t" folds, in the arena; NULL and *error_r.  Once. */
const char *sign_job_finish(struct sign_job *job, const unsigned char *body_digest,
    const char **error_r);

/* ---- signatures that came with the message ---- */

struct verify_job;

/*
 * Gives the key record for the i-th signature fed (from 0), in at most `size`
 * octets with the final zero; false when it has none and the result is known.
 */
typedef bool verify_key_fn(void *context, size_t i, char *record, size_t size);

struct verify_job *verify_job_new(struct dkim_lib *lib, struct arena *arena,
    verify_key_fn *key, void *context);

/* -1 when the field cannot be fed; what it belongs to will not verify. */
int verify_job_field(struct verify_job *job, struct slice name, struct slice value);
int verify_job_start(struct verify_job *job);
void verify_job_body(struct verify_job *job, const void *bytes, size_t n);

struct verify_outcome {
	enum dkim_result result;
	const char *reason;	/* static; NULL for pass */
};

/* Fills n outcomes in the order in which the signatures were fed.  Once. */
void verify_job_finish(struct verify_job *job, struct verify_outcome *outcomes_r,
    size_t n);

#endif
