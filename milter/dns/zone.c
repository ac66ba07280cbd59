/*
 * Answers from zone text: hermetic, at once, with the faults of real DNS.
 * The text's grammar is in dns.h; reading it is in zone_text.c.
 */

#include "base/arena.h"
#include "base/map.h"
#include "dns/backend.h"
#include "dns/name.h"
#include "dns/zone_text.h"

enum {
	CHAIN_MAX = 11,			/* CNAMEs followed, as libunbound does */
	NEGATIVE_TTL = 60,		/* where no SOA says otherwise */
	TIMEOUT_US = 4 * 1000 * 1000,
};

struct zone {
	struct dns_backend backend;
	struct arena *arena;
	struct map *nodes;		/* canonical name to struct zone_node */
};

/* The node of the name, else the wildcard of RFC 4592 section 3.3.1, else NULL. */
static const struct zone_node *
zone_find(const struct zone *zone, struct arena *arena, const char *name)
{
	const struct zone_node *node = map_get(zone->nodes, name);

	while (node == NULL && *name != '\0') {
		name = dns_name_parent(name);
		/* The closest encloser has the only wildcard that counts. */
		if (map_get(zone->nodes, name) != NULL)
			return map_get(zone->nodes, *name == '\0' ? "*" :
			    arena_printf(arena, "*.%s", name));
	}
	return node;
}

/* What is said for the type, or for ANY type. */
static enum zone_rule
zone_rule(const struct zone_node *node, unsigned type)
{
	enum zone_rule any = ZONE_DATA;

	for (const struct zone_record *r = node->records; r != NULL; r = r->next) {
		if (r->rule != ZONE_DATA && r->type == type)
			return r->rule;
		if (r->rule != ZONE_DATA && r->type == ZONE_ANY)
			any = r->rule;
	}
	return any;
}

static const struct zone_record *
zone_record(const struct zone_node *node, unsigned type)
{
	const struct zone_record *r = node->records;

	while (r != NULL && (r->type != type || r->rule != ZONE_DATA))
		r = r->next;
	return r;
}

/* The TTL of "no": from the closest SOA above (RFC 2308 section 5). */
static uint32_t
zone_negative_ttl(const struct zone *zone, const char *name)
{
	const struct zone_record *soa;
	const struct zone_node *node;

	for (;;) {
		node = map_get(zone->nodes, name);
		soa = node == NULL ? NULL : zone_record(node, DNS_SOA);
		if (soa != NULL)
			return soa->minimum < soa->ttl ? soa->minimum : soa->ttl;
		if (*name == '\0')
			return NEGATIVE_TTL;
		name = dns_name_parent(name);
	}
}

static void
zone_collect(struct arena *arena, const struct zone_node *node, enum dns_type type,
    struct dns_answer *answer)
{
	const struct zone_record *r;
	struct dns_rr *rrs;
	size_t n = 0;

	for (r = zone_record(node, type); r != NULL; r = r->next)
		n += r->type == (unsigned)type && r->rule == ZONE_DATA;
	if (n == 0) {
		answer->status = DNS_NODATA;
		return;
	}
	rrs = arena_array(arena, n, sizeof(*rrs));
	for (r = zone_record(node, type); r != NULL; r = r->next) {
		if (r->type != (unsigned)type || r->rule != ZONE_DATA)
			continue;
		rrs[answer->n++] = r->rr;
		if (r->ttl < answer->ttl)
			answer->ttl = r->ttl;
	}
	answer->rrs = rrs;
	answer->status = DNS_OK;
}

/* One step of the way; false at its end. */
static bool
zone_step(struct zone *zone, struct arena *arena, enum dns_type type,
    struct dns_answer *answer)
{
	const struct zone_node *node = zone_find(zone, arena, answer->canonical);
	const struct zone_record *cname;

	answer->status = DNS_NXDOMAIN;
	if (node == NULL)
		return false;
	switch (zone_rule(node, (unsigned)type)) {
	case ZONE_DATA:
		break;
	case ZONE_SERVFAIL:
		answer->status = DNS_TEMPFAIL;
		answer->error = "the DNS server answered SERVFAIL";
		return false;
	case ZONE_TIMEOUT:
		answer->status = DNS_PENDING;
		return false;
	case ZONE_NODATA:
		answer->status = DNS_NODATA;
		return false;
	case ZONE_NXDOMAIN:
		return false;
	}
	cname = zone_record(node, ZONE_CNAME);
	if (cname == NULL) {
		zone_collect(arena, node, type, answer);
		return false;
	}
	answer->canonical = cname->rr.name;
	if (cname->ttl < answer->ttl)
		answer->ttl = cname->ttl;
	return true;
}

static void
zone_answer(struct zone *zone, struct arena *arena, struct dns_query *query)
{
	struct dns_answer answer = { .canonical = dns_query_name(query),
		.ttl = UINT32_MAX, .server = "zone" };
	uint32_t negative_ttl;
	int steps = 0;

	while (zone_step(zone, arena, dns_query_type(query), &answer))
		if (++steps > CHAIN_MAX) {
			dns_query_fail(query, "the chain of CNAME records does not end",
			    "zone", false);
			return;
		}
	if (answer.status == DNS_PENDING)
		return;
	if (answer.status == DNS_NODATA || answer.status == DNS_NXDOMAIN) {
		negative_ttl = zone_negative_ttl(zone, answer.canonical);
		if (negative_ttl < answer.ttl)
			answer.ttl = negative_ttl;
	}
	dns_query_done(query, &answer);
}

static void
zone_start(struct dns_backend *backend, struct dns_query *query)
{
	struct arena *arena = arena_new();

	zone_answer((struct zone *)backend, arena, query);
	arena_free(&arena);
}

static void
zone_free(struct dns_backend *backend)
{
	struct arena *arena = ((struct zone *)backend)->arena;

	arena_free(&arena);
}

struct dns_backend *
dns_zone_new(struct slice text, struct arena *arena, const char **error_r)
{
	struct arena *own = arena_new();
	struct zone *zone;
	char *error;

	zone = arena_alloc(own, sizeof(*zone));
	zone->arena = own;
	zone->nodes = map_new(own);
	zone->backend.start = zone_start;
	zone->backend.free = zone_free;
	zone->backend.instant_timeout_us = TIMEOUT_US;
	error = zone_text_read(text, zone->nodes, own);
	if (error == NULL)
		return &zone->backend;
	*error_r = arena_strdup(arena, error);
	arena_free(&own);
	return NULL;
}
