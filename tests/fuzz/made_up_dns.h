/*
 * A resolver for fuzzers, in place of dns/ at link time: answers are made up
 * from the name asked for and come a round late.  Include it once.
 */
#ifndef TESTS_FUZZ_MADE_UP_DNS_H
#define TESTS_FUZZ_MADE_UP_DNS_H

#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "dns/dns.h"
#include "dns/name.h"

enum { TEXTS_MAX = 64, OPEN_MAX = 1000 };

struct lookups {
	struct arena *arena;
	struct map *answers;
	struct slice texts[TEXTS_MAX];
	size_t n_texts, next_text;
	struct dns_answer *open[OPEN_MAX];
	size_t n_open;
};

static struct lookups *
made_up_new(struct arena *arena)
{
	struct lookups *lookups = arena_alloc(arena, sizeof(*lookups));

	lookups->arena = arena;
	lookups->answers = map_new(arena);
	return lookups;
}

/* The n-th TXT record is for the n-th name that is asked for one. */
static void
made_up_add(struct lookups *lookups, struct slice text)
{
	if (lookups->n_texts < TEXTS_MAX)
		lookups->texts[lookups->n_texts++] = text;
}

/* Between none and four records, after the letters of the name. */
static void
make_up(struct lookups *lookups, struct dns_answer *answer)
{
	unsigned sum = (unsigned)answer->type;
	struct dns_rr *rrs = arena_array(lookups->arena, 16, sizeof(*rrs));

	for (const char *p = answer->name; *p != '\0'; p++)
		sum = sum * 31 + (unsigned char)*p;
	answer->rrs = rrs;
	answer->ttl = 60;
	answer->status = (enum dns_status)(sum % 7 < 4 ? sum % 7 : DNS_OK);
	answer->n = answer->status != DNS_OK ? 0 : sum / 7 % 12 + 1;
	for (size_t i = 0; i < answer->n; i++) {
		rrs[i].ip.family = answer->type == DNS_AAAA ? 6 : 4;
		memcpy(rrs[i].ip.bytes, answer->type == DNS_AAAA ? "\x20\x01\x0d\xb8\0\0\0" :
		    "\xc0\0\2\1", answer->type == DNS_AAAA ? 7 : 4);
		rrs[i].ip.bytes[15] = (unsigned char)i;
		rrs[i].preference = sum / (unsigned)(i + 1) % 9;
		rrs[i].name = i % 4 == 3 ? "" : arena_printf(lookups->arena, "%zu.%.200s", i,
		    answer->name);
	}
	if (answer->type == DNS_TXT && lookups->next_text < lookups->n_texts) {
		answer->status = DNS_OK;
		answer->n = 1;
		rrs[0].text = lookups->texts[lookups->next_text++];
	}
}

const struct dns_answer *
dns_get(struct lookups *lookups, const char *name, enum dns_type type)
{
	const char *key = arena_printf(lookups->arena, "%d %s", (int)type, name);
	struct dns_answer *answer = map_get(lookups->answers, key);
	char canonical[DNS_NAME_TEXT_MAX];

	if (answer != NULL)
		return answer;
	answer = arena_alloc(lookups->arena, sizeof(*answer));
	answer->name = arena_strdup(lookups->arena, name);
	answer->type = type;
	answer->status = DNS_NXDOMAIN;
	map_set(lookups->answers, key, answer);
	if (!dns_name_canonical(name, canonical))
		return answer;
	answer->status = DNS_PENDING;
	if (lookups->n_open == OPEN_MAX)
		__builtin_trap();	/* nobody may ask so much at once */
	lookups->open[lookups->n_open++] = answer;
	return answer;
}

bool
lookups_wait(struct lookups *lookups)
{
	bool any = lookups->n_open > 0;

	for (size_t i = 0; i < lookups->n_open; i++)
		make_up(lookups, lookups->open[i]);
	lookups->n_open = 0;
	if (!any)
		__builtin_trap();	/* waiting for nothing would never end */
	return any;
}

const char *
dns_type_name(enum dns_type type)
{
	return type == DNS_TXT ? "TXT" : "other";
}

#endif
