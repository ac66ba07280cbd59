/*
 * Asks report destinations for their agreement.
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/collection.h"
#include "evidence/dmarc_record.h"
#include "evidence/dmarc_rua.h"
#include "evidence/results.h"
#include "mail/domain.h"
#include "mail/psl.h"

/* One's own house needs no agreement. */
static bool
is_own(const char *domain, const char *found_at, const char *org)
{
	const char *a = psl_org_domain(domain), *b = psl_org_domain(found_at);

	if (org != NULL && domain_is_under(domain, org))
		return true;
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool
agrees(const struct dns_answer *answer)
{
	if (answer->status != DNS_OK)
		return false;
	for (size_t i = 0; i < answer->n; i++)
		if (slice_starts_nocase(answer->rrs[i].text, "v=DMARC1"))
			return true;
	return false;
}

/* All destinations are asked at once. */
static int
ask(const struct collection *c, const struct dmarc_record *record, const char *org,
    struct rua_answer *answer, uint32_t *ttl)
{
	struct slice rest = slice_of(record->rua), uri;
	const struct dns_answer *got;
	const char *domain;
	int waits = 0;

	answer->known = KNOWN_VALUE;
	for (unsigned n = 0; n < DMARC_RUA_MAX &&
	    dmarc_next_uri(c->input->arena, &rest, &uri, &domain); n++) {
		if (domain == NULL || is_own(domain, record->found_at, org))
			continue;
		got = collection_ask(c, arena_printf(c->input->arena,
		    "%s._report._dmarc.%s", record->found_at, domain), DNS_TXT, ttl);
		if (got->status == DNS_PENDING)
			waits = 1;
		else if (got->status == DNS_TEMPFAIL)
			answer->known = KNOWN_TEMPERROR;
		else if (!agrees(got) && answer->refused == NULL)
			answer->refused = domain;
	}
	return waits;
}

int
dmarc_rua_ask(const struct collection *c, const struct dmarc_record *record,
    const char *org, struct rua_answer *answer_r)
{
	struct rua_answer fresh = { .known = KNOWN_ABSENT };
	struct buf key, value;
	struct unpack unpack;
	uint32_t ttl = RESULT_TTL_MAX;
	enum result_age age;

	*answer_r = fresh;
	if (record->rua == NULL || record->found_at == NULL)
		return 0;
	result_key(&key, c->input->arena, 'R');
	result_key_text(&key, record->found_at);
	result_key_text(&key, org);
	result_key_text(&key, record->rua);
	age = results_get(c, &key, &unpack);
	if (age != RESULT_NONE) {
		answer_r->known = (enum known)unpack_number(&unpack);
		answer_r->refused = unpack_text(&unpack);
	}
	if (age == RESULT_FRESH)
		return 0;
	if (ask(c, record, org, &fresh, &ttl) != 0)
		return age == RESULT_NONE;
	if (age == RESULT_DUE && fresh.known != KNOWN_VALUE)
		return 0;
	*answer_r = fresh;
	if (fresh.known != KNOWN_VALUE)
		return 0;
	pack_new(&value, c->input->arena);
	pack_number(&value, fresh.known);
	pack_text(&value, fresh.refused);
	results_put(c, &key, &value, ttl);
	return 0;
}
