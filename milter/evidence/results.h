/*
 * Judgements kept between messages: under a key of our own making stands a
 * packed value with the smallest TTL of the answers it rests on.  A value
 * near its end is due: it still holds, but its collector asks again.
 */
#ifndef MW_EVIDENCE_RESULTS_H
#define MW_EVIDENCE_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ip.h"
#include "base/slice.h"

struct arena;
struct collection;

#define RESULTS_MAX 20000		/* values kept */
#define RESULT_SIZE_MAX 32768		/* bytes of one value; larger ones are not kept */
#define RESULT_TTL_MAX 86400		/* seconds a value is kept at most */

enum result_age { RESULT_NONE, RESULT_DUE, RESULT_FRESH };

/* A value being read.  A read beyond its end gives 0 and NULL and sets bad. */
struct unpack {
	const char *p;
	size_t n;
	bool bad;
};

/* Keys: a letter for the kind, then parts. */
void result_key(struct buf *key, struct arena *arena, char kind);
void result_key_text(struct buf *key, const char *text);	/* NULL is "" */
void result_key_ip(struct buf *key, const struct ip *ip);

/* unpack_r is set unless the answer is RESULT_NONE; texts unpacked from it live
 * in the collection's arena. */
enum result_age results_get(const struct collection *c, const struct buf *key,
    struct unpack *unpack_r);

/* ttl in seconds; 0: not kept. */
void results_put(const struct collection *c, const struct buf *key,
    const struct buf *value, uint32_t ttl);

void pack_new(struct buf *value, struct arena *arena);
void pack_number(struct buf *value, uint32_t number);
void pack_text(struct buf *value, const char *text);	/* NULL stays NULL */

uint32_t unpack_number(struct unpack *unpack);
const char *unpack_text(struct unpack *unpack);

#endif
