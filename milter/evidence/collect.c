/*
 * Runs the collectors until each is through.
 */
#include <string.h>

#include "evidence/collect.h"
#include "evidence/collection.h"

static int (*const collectors[COLLECTORS])(struct collection *) = {
	[COLLECT_EGRESS] = collect_egress,
	[COLLECT_AUTHOR] = collect_author,
	[COLLECT_SPF] = collect_spf,
	[COLLECT_HOSTS] = collect_hosts,
	[COLLECT_NAMES] = collect_names,
	[COLLECT_DESTINATIONS] = collect_destinations,
	[COLLECT_DKIM] = collect_dkim,
	[COLLECT_DMARC] = collect_dmarc,
};

/* True when some collector waits. */
static bool
run(struct collection *c)
{
	bool waits = false;

	for (unsigned i = 0; i < COLLECTORS; i++) {
		if (!c->done[i])
			c->done[i] = collectors[i](c) == 0;
		if (!c->done[i])
			waits = true;
	}
	return waits;
}

static bool
waits_for_destinations_only(const struct collection *c)
{
	for (unsigned i = 0; i < COLLECTORS; i++)
		if (!c->done[i] && i != COLLECT_DESTINATIONS && i != COLLECT_DMARC)
			return false;
	return c->done[COLLECT_DMARC] && !c->done[COLLECT_DESTINATIONS];
}

void
evidence_collect(const struct collect_input *input, struct evidence *evidence_r)
{
	struct collection c = { .input = input, .evidence = evidence_r };
	bool idle = false;

	memset(evidence_r, 0, sizeof(*evidence_r));
	/* A collector that waits for nothing twice over is a bug of ours: its
	 * evidence stays unknown, and the message goes on. */
	while (run(&c)) {
		if (waits_for_destinations_only(&c))
			lookups_limit(input->lookups, DESTINATIONS_SECONDS);
		if (lookups_wait(input->lookups))
			idle = false;
		else if (idle)
			break;
		else
			idle = true;
	}
	evidence_r->dns_queries = lookups_queries(input->lookups);
	evidence_r->dns_over = lookups_over(input->lookups);
}

void
evidence_collect_destinations(const struct collect_input *input,
    struct evidence *evidence_r)
{
	struct collection c = { .input = input, .evidence = evidence_r };

	memset(evidence_r, 0, sizeof(*evidence_r));
	while (collect_destinations(&c) != 0 && lookups_wait(input->lookups))
		continue;
	evidence_r->dns_queries = lookups_queries(input->lookups);
	evidence_r->dns_over = lookups_over(input->lookups);
}

const struct dns_answer *
collection_ask(const struct collection *c, const char *name, enum dns_type type,
    uint32_t *ttl)
{
	const struct dns_answer *answer = dns_get(c->input->lookups, name, type);

	if (answer->ttl < *ttl)
		*ttl = answer->ttl;
	return answer;
}

enum known
known_of(const struct dns_answer *answer)
{
	switch (answer->status) {
	case DNS_OK:
		return KNOWN_VALUE;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return KNOWN_ABSENT;
	case DNS_TEMPFAIL:
	case DNS_PENDING:
		break;
	}
	return KNOWN_TEMPERROR;
}

enum known
known_either(enum known a, enum known b)
{
	if (a == KNOWN_VALUE || b == KNOWN_VALUE)
		return KNOWN_VALUE;
	return a > b ? a : b;
}
