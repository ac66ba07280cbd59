/*
 * What signing takes from OpenSSL beside keys: SHA-256, and the handing over.
 *
 * libopendkim parses the PEM of the key at every signature and canonicalizes
 * bodies octet by octet, once for each key.  It does both through functions
 * of OpenSSL that the dynamic linker finds in our program first: crypto.c
 * defines PEM_read_bio_PrivateKey() and SHA256_Final(), which pass all calls
 * on to OpenSSL, but those that libopendkim makes on this thread between
 * handover_start() and handover_stop(): these get the key that is parsed
 * already, and the hash of the body that body_hash.h computed.
 */
#ifndef MW_DKIM_CRYPTO_H
#define MW_DKIM_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#define SHA256_SIZE 32

struct arena;
struct key;
struct sha256;

/* Goes with the arena. */
struct sha256 *sha256_new(struct arena *arena);
void sha256_add(struct sha256 *sha256, const void *bytes, size_t n);
void sha256_finish(struct sha256 *sha256, unsigned char digest_r[SHA256_SIZE]);

/* In the arena, terminated. */
const char *base64_encode(struct arena *arena, const void *bytes, size_t n);

struct handover {
	const struct key *key;			/* NULL: none */
	const unsigned char *body_digest;	/* SHA256_SIZE octets; NULL: none */
	bool key_taken, digest_taken;		/* libopendkim came for it */
};

/* What libopendkim is told instead of a PEM; nothing reads it. */
#define HANDOVER_PEM "-----MAILWORTHY KEY-----"

/* The handover must live until it is stopped; one at a time a thread. */
void handover_start(struct handover *handover);
void handover_stop(void);

/* Drops the reference that libopendkim 2.11 keeps of an Ed25519 key. */
void handover_drop(const struct key *key);

/*
 * Calls sign(key, context), which must sign once with that key, and tells
 * whether the reference given to libopendkim was left behind.
 */
bool handover_leaks(int (*sign)(const struct key *key, void *context), void *context);

#endif
