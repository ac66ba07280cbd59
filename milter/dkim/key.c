/*
 * Private keys: from PEM to OpenSSL's object, tried once, with the public half
 * in the form that key records hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/mem.h"
#include "dkim/key.h"
#include "dkim/key_private.h"

enum { ED25519_OCTETS = 32, SHA256_OCTETS = 32, SIGNATURE_MAX = KEY_RSA_BITS_MAX / 8 };

struct key {
	EVP_PKEY *pkey;
	enum key_type type;
	unsigned bits;
	unsigned char *public;		/* what p= decodes to */
	size_t public_size;
	char *public_base64;
	char fingerprint[64];
};

static char *
base64_new(const unsigned char *bytes, size_t n)
{
	char *text = mem_alloc((n + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
	return text;
}

/* SubjectPublicKeyInfo for RSA, the bare key for Ed25519 (RFC 8463 section 4.2). */
static int
key_fill_public(struct key *key)
{
	unsigned char *der = NULL;
	size_t size = ED25519_OCTETS;
	int n;

	if (key->type == KEY_ED25519) {
		key->public = mem_alloc(size);
		if (EVP_PKEY_get_raw_public_key(key->pkey, key->public, &size) != 1)
			return -1;
		key->public_size = size;
	} else {
		n = i2d_PUBKEY(key->pkey, &der);
		if (n <= 0)
			return -1;
		key->public_size = (size_t)n;
		key->public = mem_alloc(key->public_size);
		memcpy(key->public, der, key->public_size);
		OPENSSL_free(der);
	}
	key->public_base64 = base64_new(key->public, key->public_size);
	return 0;
}

static int
key_fill_fingerprint(struct key *key)
{
	unsigned char digest[SHA256_OCTETS];
	char *text;

	if (EVP_Digest(key->public, key->public_size, digest, NULL, EVP_sha256(),
	    NULL) != 1)
		return -1;
	text = base64_new(digest, sizeof(digest));
	/* 43 characters and one "=" that says nothing. */
	snprintf(key->fingerprint, sizeof(key->fingerprint), "SHA256:%.43s", text);
	free(text);
	return 0;
}

/* Signs once and verifies: the two halves belong together and work. */
static bool
key_works(const struct key *key)
{
	static const unsigned char text[] = "mailworthy";
	const EVP_MD *md = key->type == KEY_RSA ? EVP_sha256() : NULL;
	unsigned char signature[SIGNATURE_MAX];
	size_t n = sizeof(signature);
	EVP_MD_CTX *sign = EVP_MD_CTX_new(), *verify = EVP_MD_CTX_new();
	bool works;

	works = sign != NULL && verify != NULL &&
	    EVP_DigestSignInit(sign, NULL, md, NULL, key->pkey) == 1 &&
	    EVP_DigestSign(sign, signature, &n, text, sizeof(text)) == 1 &&
	    EVP_DigestVerifyInit(verify, NULL, md, NULL, key->pkey) == 1 &&
	    EVP_DigestVerify(verify, signature, n, text, sizeof(text)) == 1;
	EVP_MD_CTX_free(sign);
	EVP_MD_CTX_free(verify);
	return works;
}

/* The kind and size of the key are what DKIM knows; the error text, or NULL. */
static const char *
key_set_type(struct key *key, struct arena *arena)
{
	if (EVP_PKEY_is_a(key->pkey, "ED25519")) {
		key->type = KEY_ED25519;
		key->bits = 256;
		return NULL;
	}
	if (!EVP_PKEY_is_a(key->pkey, "RSA"))
		return arena_printf(arena, "a private key of type %s; DKIM knows RSA "
		    "and Ed25519 only: make one with \"mailworthy keygen\"",
		    EVP_PKEY_get0_type_name(key->pkey));
	key->type = KEY_RSA;
	key->bits = (unsigned)EVP_PKEY_get_bits(key->pkey);
	if (key->bits < KEY_RSA_BITS_MIN)
		return arena_printf(arena, "an RSA key of %u bits; receivers refuse "
		    "less than %d (RFC 8301): make one of 2048", key->bits,
		    KEY_RSA_BITS_MIN);
	if (key->bits > KEY_RSA_BITS_MAX)
		return arena_printf(arena, "an RSA key of %u bits; receivers need not "
		    "verify more than %d (RFC 8301): make one of 2048", key->bits,
		    KEY_RSA_BITS_MAX);
	return NULL;
}

/* Takes the reference of pkey. */
static struct key *
key_new(EVP_PKEY *pkey, struct arena *arena, const char **error_r)
{
	struct key *key = mem_alloc(sizeof(*key));

	key->pkey = pkey;
	*error_r = key_set_type(key, arena);
	if (*error_r == NULL && (!key_works(key) || key_fill_public(key) != 0 ||
	    key_fill_fingerprint(key) != 0))
		*error_r = "a damaged private key: what it signs does not verify";
	if (*error_r != NULL)
		key_free(&key);
	return key;
}

/* What a PEM block of another name is. */
static const char *
block_error(struct arena *arena, const char *name)
{
	if (strcmp(name, "OPENSSH PRIVATE KEY") == 0)
		return "a key in OpenSSH's own form, which is no PKCS#8: make one with "
		    "\"mailworthy keygen\"";
	if (strcmp(name, "ENCRYPTED PRIVATE KEY") == 0)
		return "a private key under a password: take it off with "
		    "\"openssl pkey -in OLD -out NEW\"";
	if (strcmp(name, "PUBLIC KEY") == 0 || strcmp(name, "RSA PUBLIC KEY") == 0)
		return "a public key; the private one belongs here";
	return arena_printf(arena, "PEM of kind \"%.40s\"; a \"PRIVATE KEY\" or an "
	    "\"RSA PRIVATE KEY\" is needed", name);
}

static EVP_PKEY *
block_parse(const char *name, const char *header, const unsigned char *der, long size,
    struct arena *arena, const char **error_r)
{
	EVP_PKEY *pkey;

	if (strstr(header, "ENCRYPTED") != NULL) {
		*error_r = block_error(arena, "ENCRYPTED PRIVATE KEY");
		return NULL;
	}
	if (strcmp(name, "RSA PRIVATE KEY") == 0)
		pkey = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &der, size);
	else if (strcmp(name, "PRIVATE KEY") == 0)
		pkey = d2i_AutoPrivateKey(NULL, &der, size);
	else {
		*error_r = block_error(arena, name);
		return NULL;
	}
	if (pkey == NULL)
		*error_r = "a damaged private key: the base64 between the marks does "
		    "not hold one";
	return pkey;
}

static EVP_PKEY *
pem_parse(struct slice pem, struct arena *arena, const char **error_r)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	EVP_PKEY *pkey = NULL;
	long size = 0;
	BIO *bio;

	bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (bio == NULL || PEM_read_bio(bio, &name, &header, &der, &size) != 1) {
		*error_r = "not a PEM file: no complete block between "
		    "\"-----BEGIN PRIVATE KEY-----\" and its END";
	} else {
		pkey = block_parse(name, header, der, size, arena, error_r);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)size);
	}
	BIO_free(bio);
	ERR_clear_error();
	return pkey;
}

struct key *
key_parse(struct slice pem, struct arena *arena, const char **error_r)
{
	EVP_PKEY *pkey;

	if (pem.n == 0 || pem.n > KEY_FILE_MAX) {
		*error_r = pem.n == 0 ? "an empty file" :
		    "longer than 64 KiB, which no private key is";
		return NULL;
	}
	pkey = pem_parse(pem, arena, error_r);
	return pkey == NULL ? NULL : key_new(pkey, arena, error_r);
}

void
key_free(struct key **key_p)
{
	struct key *key = *key_p;

	*key_p = NULL;
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key->public);
	free(key->public_base64);
	free(key);
}

enum key_type
key_type(const struct key *key)
{
	return key->type;
}

unsigned
key_bits(const struct key *key)
{
	return key->bits;
}

const char *
key_public_base64(const struct key *key)
{
	return key->public_base64;
}

const char *
key_fingerprint(const struct key *key)
{
	return key->fingerprint;
}

struct slice
key_public(const struct key *key)
{
	return (struct slice){ (const char *)key->public, key->public_size };
}

struct evp_pkey_st *
key_pkey(const struct key *key)
{
	return key->pkey;
}

static const char *
pem_of(EVP_PKEY *pkey, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text, *copy = NULL;
	long n;

	if (bio != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1) {
		n = BIO_get_mem_data(bio, &text);
		copy = arena_strndup(arena, text, (size_t)n);
	}
	BIO_free(bio);
	return copy;
}

const char *
key_private_pem(const struct key *key, struct arena *arena)
{
	return pem_of(key->pkey, arena);
}

const char *
key_generate(enum key_type type, unsigned bits, struct arena *arena)
{
	const char *pem = NULL;
	EVP_PKEY *pkey;

	if (type == KEY_RSA && (bits < KEY_RSA_BITS_MIN || bits > KEY_RSA_BITS_MAX))
		return NULL;
	pkey = type == KEY_RSA ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits) :
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (pkey != NULL)
		pem = pem_of(pkey, arena);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return pem;
}
