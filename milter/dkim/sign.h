/*
 * Signs one message while it passes (RFC 6376, 8301, 8463) through libopendkim
 * at OpenSSL's speed (dkim/crypto.h).  Each chosen key gets a handle; the body is
 * hashed as it arrives.
 */
#ifndef MW_DKIM_SIGN_H
#define MW_DKIM_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/slice.h"
#include "mail/header.h"
#include "settings/settings.h"

struct arena;
struct dkim_lib;	/* ours: the library handle, one a process */
struct ring_key;
struct signer;

#define SIGN_HEADERS_MAX 200	/* fields fed to a signature */

/* NULL and *error_r on failure.  Thread-safe after this. */
struct dkim_lib *dkim_lib_new(const char **error_r);
void dkim_lib_free(struct dkim_lib **lib);

/* True when libopendkim uses our parsed keys (the override was reached). */
bool dkim_lib_is_fast(struct dkim_lib *lib, const struct ring_key *key);

struct signature {
	const struct ring_key *key;
	const char *value;	/* of the DKIM-Signature field, "\n\t" folds, without
				 * a leading blank; NULL when it could not be made */
	const char *error;	/* why not, for people; NULL */
	const char *signed_names;	/* h= */
};

/*
 * `headers` are the message's; added_date and added_message_id are values that
 * will be added (or NULL) and are signed as if they stood there.  Signs what
 * the profile names; From is always oversigned; List-Unsubscribe and
 * List-Unsubscribe-Post are signed when present.  The arena must outlive it.
 */
struct signer *signer_new(struct dkim_lib *lib, struct arena *arena,
    const struct ring_key *rsa, const struct ring_key *ed25519,
    const struct headers *headers, const char *added_date,
    const char *added_message_id, time_t now);

void signer_body(struct signer *signer, const void *bytes, size_t n);

/* Fills at most two signatures; returns how many keys were asked to sign. */
size_t signer_finish(struct signer *signer, struct signature signatures_r[2]);

/* The field names a profile signs when present, terminated by NULL; for people. */
const char *const *sign_profile_names(enum header_profile profile);

#endif
