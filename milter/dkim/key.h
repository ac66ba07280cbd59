/*
 * Key material: private keys from PEM, public keys from key records, and
 * whether the two belong together.  OpenSSL is called here and in sign.c.
 */
#ifndef MW_DKIM_KEY_H
#define MW_DKIM_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct key;

#define KEY_FILE_MAX (64 * 1024)
#define KEY_RSA_BITS_MIN 1024
#define KEY_RSA_BITS_MAX 4096

enum key_type { KEY_RSA, KEY_ED25519 };	/* a=rsa-sha256, a=ed25519-sha256 */

/*
 * A private key from PEM text: PKCS#1 and PKCS#8, RSA of 1024 to 4096 bits and
 * Ed25519.  NULL and *error_r (static or in arena: what is wrong and what to
 * do) for anything else.  The key is thread-safe and counted by its owner only.
 */
struct key *key_parse(struct slice pem, struct arena *arena, const char **error_r);
void key_free(struct key **key);

enum key_type key_type(const struct key *key);
unsigned key_bits(const struct key *key);	/* RSA modulus; 256 for Ed25519 */

/* Base64 for p=: SubjectPublicKeyInfo (RSA), the raw 32 bytes (Ed25519). */
const char *key_public_base64(const struct key *key);

/* SHA-256 of the public half, "SHA256:base64" short form for people. */
const char *key_fingerprint(const struct key *key);

/* New key as PKCS#8 PEM in the arena; bits for RSA. NULL on failure. */
const char *key_generate(enum key_type type, unsigned bits, struct arena *arena);

/* What a key record in DNS says, read like a strict receiver (RFC 6376 3.6.1). */
enum key_record_status {
	KEY_RECORD_VALID,
	KEY_RECORD_REVOKED,		/* empty p= */
	KEY_RECORD_MALFORMED,		/* see problem */
};

struct key_record {
	enum key_record_status status;
	const char *problem;	/* MALFORMED: which of the faults, for people */
	bool overlooked;	/* MALFORMED, by a fault that half of the verifiers in
				 * use do not mind */
	enum key_type type;
	unsigned bits;		/* RSA */
	bool testing;		/* t=y */
	bool strict;		/* t=s */
	struct slice public_key;	/* decoded p=, in the arena */
};

/* texts: the TXT records of the name, each with its strings joined; n >= 1.
 * n_strings tells in how many strings each stood (for the cut-at-255 fault). */
void key_record_parse(struct arena *arena, const struct slice *texts,
    const size_t *n_strings, size_t n, struct key_record *record_r);

/* The record's public key is that of the private key. */
bool key_record_matches(const struct key_record *record, const struct key *key);

#endif
