/*
 * What the files of this folder know about a key beyond key.h.
 */
#ifndef MW_DKIM_KEY_PRIVATE_H
#define MW_DKIM_KEY_PRIVATE_H

#include "base/slice.h"

struct arena;
struct evp_pkey_st;
struct key;

/* The octets that p= holds in base64. */
struct slice key_public(const struct key *key);

/* OpenSSL's object; the key keeps the reference. */
struct evp_pkey_st *key_pkey(const struct key *key);

/* The private half as PEM, for a libopendkim that wants to parse it itself. */
const char *key_private_pem(const struct key *key, struct arena *arena);

#endif
