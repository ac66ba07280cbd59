/*
 * SHA-256 and the handing over; see crypto.h.
 */
#include <dlfcn.h>
#include <string.h>

#define OPENSSL_SUPPRESS_DEPRECATED	/* SHA256_Final() is what libopendkim calls */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "base/arena.h"
#include "base/log.h"
#include "dkim/crypto.h"
#include "dkim/key.h"
#include "dkim/key_private.h"

struct sha256 {
	EVP_MD_CTX *ctx;
};

static void
sha256_free(void *object)
{
	struct sha256 *sha256 = object;

	EVP_MD_CTX_free(sha256->ctx);
}

struct sha256 *
sha256_new(struct arena *arena)
{
	struct sha256 *sha256 = arena_alloc(arena, sizeof(*sha256));

	sha256->ctx = EVP_MD_CTX_new();
	if (sha256->ctx == NULL ||
	    EVP_DigestInit_ex(sha256->ctx, EVP_sha256(), NULL) != 1)
		bug("OpenSSL has no SHA-256");
	arena_defer(arena, sha256_free, sha256);
	return sha256;
}

void
sha256_add(struct sha256 *sha256, const void *bytes, size_t n)
{
	if (EVP_DigestUpdate(sha256->ctx, bytes, n) != 1)
		bug("SHA-256 failed");
}

void
sha256_finish(struct sha256 *sha256, unsigned char digest_r[SHA256_SIZE])
{
	if (EVP_DigestFinal_ex(sha256->ctx, digest_r, NULL) != 1)
		bug("SHA-256 failed");
}

const char *
base64_encode(struct arena *arena, const void *bytes, size_t n)
{
	char *text = arena_alloc(arena, (n + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
	return text;
}

/*
 * Of the thread, since the functions below have no argument that could carry
 * it.  It is set only while our own call into libopendkim runs, so what a
 * message or a file holds cannot bring a key into anybody's hands.
 */
static _Thread_local struct handover *handed;

void
handover_start(struct handover *handover)
{
	handed = handover;
}

void
handover_stop(void)
{
	handed = NULL;
}

/* The function that OpenSSL has under this name. */
static void *
next_symbol(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (symbol == NULL)
		bug("%s: not in any library", name);
	return symbol;
}

/* `used` and `default`: else the linker may leave them out without a word. */
__attribute__((visibility("default"), used)) EVP_PKEY *
PEM_read_bio_PrivateKey(BIO *bio, EVP_PKEY **pkey_p, pem_password_cb *password,
    void *context)
{
	EVP_PKEY *(*next)(BIO *, EVP_PKEY **, pem_password_cb *, void *);
	EVP_PKEY *pkey;

	if (handed == NULL || handed->key == NULL) {
		*(void **)&next = next_symbol("PEM_read_bio_PrivateKey");
		return next(bio, pkey_p, password, context);
	}
	pkey = key_pkey(handed->key);
	if (EVP_PKEY_up_ref(pkey) != 1)
		return NULL;
	handed->key_taken = true;
	if (pkey_p != NULL)
		*pkey_p = pkey;
	return pkey;
}

/* The hash of a body of which libopendkim has seen nothing, simple or relaxed. */
static bool
is_hash_of_nothing(const unsigned char *digest)
{
	static const unsigned char nothing[2][SHA256_SIZE] = {
		/* RFC 6376 section 3.4.4: "" */
		{ 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
		  0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
		  0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55 },
		/* section 3.4.3: CRLF */
		{ 0x7e, 0xb7, 0x02, 0x57, 0x59, 0x3d, 0xa0, 0x6f, 0x68, 0x2a, 0x3d,
		  0xdd, 0xa5, 0x4a, 0x9d, 0x26, 0x0d, 0x4f, 0xc5, 0x14, 0xf6, 0x45,
		  0x23, 0x7f, 0x5c, 0xa7, 0x4b, 0x08, 0xf8, 0xda, 0x61, 0xa6 },
	};

	return memcmp(digest, nothing[0], SHA256_SIZE) == 0 ||
	    memcmp(digest, nothing[1], SHA256_SIZE) == 0;
}

__attribute__((visibility("default"), used)) int
SHA256_Final(unsigned char *digest, SHA256_CTX *ctx)
{
	int (*next)(unsigned char *, SHA256_CTX *);
	int ok;

	*(void **)&next = next_symbol("SHA256_Final");
	ok = next(digest, ctx);
	if (ok == 1 && handed != NULL && handed->body_digest != NULL &&
	    !handed->digest_taken && is_hash_of_nothing(digest)) {
		memcpy(digest, handed->body_digest, SHA256_SIZE);
		handed->digest_taken = true;
	}
	return ok;
}

void
handover_drop(const struct key *key)
{
	EVP_PKEY_free(key_pkey(key));
}

static void
note_free(void *parent, void *object, CRYPTO_EX_DATA *data, int index, long argl,
    void *argp)
{
	bool *freed = object;

	(void)parent, (void)data, (void)index, (void)argl, (void)argp;
	if (freed != NULL)
		*freed = true;
}

bool
handover_leaks(int (*sign)(const struct key *key, void *context), void *context)
{
	struct arena *arena = arena_new();
	const char *pem = key_generate(KEY_ED25519, 0, arena), *error;
	struct key *key = NULL;
	bool freed = false, leaks = false;
	EVP_PKEY *pkey;
	int index;

	if (pem != NULL)
		key = key_parse(slice_of(pem), arena, &error);
	index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_EVP_PKEY, 0, NULL, NULL, NULL,
	    note_free);
	if (key != NULL && index >= 0) {
		pkey = key_pkey(key);
		EVP_PKEY_set_ex_data(pkey, index, &freed);
		leaks = sign(key, context) == 0;
		key_free(&key);
		/* The last reference gone with ours: libopendkim has freed its own. */
		leaks = leaks && !freed;
		if (leaks)
			EVP_PKEY_free(pkey);
	}
	CRYPTO_free_ex_index(CRYPTO_EX_INDEX_EVP_PKEY, index);
	key_free(&key);
	arena_free(&arena);
	return leaks;
}
