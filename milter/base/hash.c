/*
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
 */
#include <endian.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"

struct state {
	uint64_t v0, v1, v2, v3;
};

struct hash_key
hash_key_new(void)
{
	struct timespec now;
	struct hash_key key;

	if (getrandom(&key, sizeof(key), GRND_NONBLOCK) == (ssize_t)sizeof(key))
		return key;
	/* Only in the first moments of a machine: better than no key. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	key.k0 = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u;
	key.k1 = (uint64_t)(uintptr_t)&now ^ (uint64_t)now.tv_sec << 32;
	return key;
}

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
round_once(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void
absorb(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	round_once(s);
	s->v0 ^= word;
}

uint64_t
hash_bytes(const struct hash_key *key, struct slice bytes)
{
	struct state s = {
		key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
		key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u,
	};
	size_t i, words = bytes.n / 8;
	uint64_t word;

	for (i = 0; i < words; i++) {
		memcpy(&word, bytes.p + i * 8, 8);
		absorb(&s, le64toh(word));
	}
	word = 0;
	if (bytes.n % 8 != 0)
		memcpy(&word, bytes.p + words * 8, bytes.n % 8);
	absorb(&s, le64toh(word) ^ (uint64_t)bytes.n << 56);
	s.v2 ^= 0xff;
	round_once(&s);
	round_once(&s);
	round_once(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
