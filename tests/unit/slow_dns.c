/*
 * Zone text, and answers that come a round late.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "dns/name.h"
#include "slow_dns.h"

enum { TTL = 300, CNAME = 5, CHAIN_MAX = 8 };

struct rrset {
	struct dns_rr *rrs;
	size_t n, room;
	const char *failure;		/* "!servfail" and its like */
	uint32_t ttl;
};

struct question {
	struct dns_answer answer;	/* what is given out */
	struct dns_answer real;		/* what it becomes */
};

struct lookups {
	struct arena *arena;
	struct map *rrsets;		/* "16 example.com" */
	struct map *names;		/* with records, or above such */
	struct map *asked;
	struct question *open[512];
	size_t n_open;
	bool slow;
};

static const char *
key_of(struct arena *arena, int type, const char *name)
{
	return arena_printf(arena, "%d %s", type, name);
}

static const char *
canonical(struct arena *arena, const char *name)
{
	char text[DNS_NAME_TEXT_MAX];

	return dns_name_canonical(name, text) ? arena_strdup(arena, text) : NULL;
}

static struct rrset *
rrset_at(struct lookups *lookups, int type, const char *name)
{
	const char *key = key_of(lookups->arena, type, name);
	struct rrset *set = map_get(lookups->rrsets, key);

	if (set == NULL) {
		set = arena_alloc(lookups->arena, sizeof(*set));
		set->ttl = TTL;
		map_set(lookups->rrsets, key, set);
	}
	return set;
}

static struct dns_rr *
rrset_grow(struct lookups *lookups, struct rrset *set)
{
	struct dns_rr *more;

	if (set->n == set->room) {
		set->room = set->room * 2 + 4;
		more = arena_array(lookups->arena, set->room, sizeof(*more));
		if (set->n > 0)
			memcpy(more, set->rrs, set->n * sizeof(*more));
		set->rrs = more;
	}
	return &set->rrs[set->n++];
}

static const char *const types[] = {
	[DNS_A] = "A", [CNAME] = "CNAME", [DNS_SOA] = "SOA", [DNS_PTR] = "PTR",
	[DNS_MX] = "MX", [DNS_TXT] = "TXT", [DNS_AAAA] = "AAAA",
};

/* 0 for ANY. */
static int
type_of(struct slice word)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i] != NULL && slice_is(word, types[i]))
			return (int)i;
	}
	if (!slice_is(word, "ANY"))
		abort();
	return 0;
}

/* Quoted strings, joined; an exact copy without a zero behind it. */
static void
parse_text(struct lookups *lookups, struct slice data, struct dns_rr *rr)
{
	struct buf text;
	char *copy;
	bool inside = false;

	buf_init(&text, lookups->arena, 70000);
	for (size_t i = 0; i < data.n; i++) {
		if (data.p[i] == '"') {
			inside = !inside;
			rr->n_strings += inside;
		} else if (inside && data.p[i] == '\\' && data.n - i > 3 &&
		    data.p[i + 1] >= '0' && data.p[i + 1] <= '2') {
			buf_add_char(&text, (char)((data.p[i + 1] - '0') * 100 +
			    (data.p[i + 2] - '0') * 10 + data.p[i + 3] - '0'));
			i += 3;
		} else if (inside && data.p[i] == '\\') {
			buf_add_char(&text, data.p[++i]);
		} else if (inside) {
			buf_add_char(&text, data.p[i]);
		}
	}
	copy = arena_alloc(lookups->arena, text.n);
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	rr->text = (struct slice){ copy, text.n };
}

static void
parse_data(struct lookups *lookups, int type, struct slice data, struct dns_rr *rr)
{
	struct slice word;
	unsigned long preference;

	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		if (!ip_parse(data, &rr->ip))
			abort();
		return;
	case DNS_MX:
		if (!slice_split(&data, ' ', &word) ||
		    !slice_number(word, 65535, &preference))
			abort();
		rr->preference = (unsigned)preference;
		break;
	case DNS_TXT:
		parse_text(lookups, data, rr);
		return;
	}
	rr->name = canonical(lookups->arena, slice_dup(lookups->arena, data));
	if (rr->name == NULL)
		abort();
}

static void
parse_line(struct lookups *lookups, struct slice line)
{
	struct slice word, data = slice_trim(line);
	const char *name;
	struct rrset *set;
	int type;

	if (data.n == 0 || !slice_split(&data, ' ', &word))
		return;
	name = canonical(lookups->arena, slice_dup(lookups->arena, word));
	if (name == NULL || !slice_split(&data, ' ', &word))
		abort();
	type = type_of(word);
	data = slice_trim(data);
	set = rrset_at(lookups, type, name);
	if (data.n > 0 && data.p[0] == '!')
		set->failure = slice_dup(lookups->arena, data);
	else
		parse_data(lookups, type, data, rrset_grow(lookups, set));
	for (; *name != '\0'; name = dns_name_parent(name))
		map_set(lookups->names, name, set);
}

struct lookups *
slow_dns_new(struct arena *arena, struct slice zone)
{
	struct lookups *lookups = arena_alloc(arena, sizeof(*lookups));
	struct slice line;

	lookups->arena = arena;
	lookups->rrsets = map_new(arena);
	lookups->names = map_new(arena);
	lookups->asked = map_new(arena);
	while (slice_split(&zone, '\n', &line))
		parse_line(lookups, line);
	return lookups;
}

void
slow_dns_slow(struct lookups *lookups, bool slow)
{
	lookups->slow = slow;
}

void
slow_dns_ttl(
    struct lookups *lookups, const char *name, enum dns_type type, uint32_t ttl)
{
	rrset_at(lookups, (int)type, name)->ttl = ttl;
}

static void
fail(struct dns_answer *answer, const char *failure)
{
	if (strcmp(failure, "!nodata") == 0) {
		answer->status = DNS_NODATA;
	} else if (strcmp(failure, "!nxdomain") == 0) {
		answer->status = DNS_NXDOMAIN;
	} else {
		answer->status = DNS_TEMPFAIL;
		answer->error = failure + 1;
		answer->ttl = 0;
	}
}

static void
resolve(struct lookups *lookups, struct dns_answer *answer)
{
	const char *name = canonical(lookups->arena, answer->name);
	struct rrset *set, *any, *alias;

	answer->ttl = TTL;
	for (int i = 0; name != NULL && i < CHAIN_MAX; i++) {
		set = rrset_at(lookups, (int)answer->type, name);
		any = rrset_at(lookups, 0, name);
		alias = rrset_at(lookups, CNAME, name);
		if (any->failure != NULL || set->failure != NULL) {
			fail(
			    answer, set->failure != NULL ? set->failure : any->failure);
			return;
		}
		if (alias->n == 0) {
			answer->canonical = name;
			answer->rrs = set->rrs;
			answer->n = set->n;
			answer->ttl = set->ttl;
			answer->status = set->n > 0 ? DNS_OK :
			    map_get(lookups->names, name) != NULL ? DNS_NODATA :
			    DNS_NXDOMAIN;
			return;
		}
		name = alias->rrs[0].name;
	}
	if (name == NULL)
		answer->status = DNS_NXDOMAIN;
	else
		fail(answer, "!loop");
}

const struct dns_answer *
dns_get(struct lookups *lookups, const char *name, enum dns_type type)
{
	const char *key = key_of(lookups->arena, (int)type, name);
	struct question *question = map_get(lookups->asked, key);

	if (question != NULL)
		return &question->answer;
	question = arena_alloc(lookups->arena, sizeof(*question));
	map_set(lookups->asked, key, question);
	question->real.name = arena_strdup(lookups->arena, name);
	question->real.type = type;
	resolve(lookups, &question->real);
	question->answer = question->real;
	if (lookups->slow && canonical(lookups->arena, name) != NULL) {
		if (lookups->n_open == sizeof(lookups->open) / sizeof(lookups->open[0]))
			abort();
		lookups->open[lookups->n_open++] = question;
		question->answer = (struct dns_answer){
			.status = DNS_PENDING,
			.name = question->real.name,
			.type = type,
		};
	}
	return &question->answer;
}

size_t
lookups_pending(const struct lookups *lookups)
{
	return lookups->n_open;
}

bool
lookups_wait(struct lookups *lookups)
{
	bool any = lookups->n_open > 0;

	while (lookups->n_open > 0) {
		lookups->n_open--;
		lookups->open[lookups->n_open]->answer =
		    lookups->open[lookups->n_open]->real;
	}
	return any;
}

unsigned
lookups_queries(const struct lookups *lookups)
{
	return (unsigned)map_count(lookups->asked);
}

const char *
dns_type_name(enum dns_type type)
{
	return types[type];
}

const char *
slow_dns_open(struct lookups *lookups)
{
	struct buf text;

	buf_init(&text, lookups->arena, 10000);
	for (size_t i = 0; i < lookups->n_open; i++)
		buf_printf(&text, "%s%s %s", i > 0 ? ", " : "",
		    dns_type_name(lookups->open[i]->real.type),
		    lookups->open[i]->real.name);
	return buf_str(&text);
}
