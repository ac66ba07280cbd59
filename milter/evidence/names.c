/*
 * Sender domains as receivers test them: do they exist, take mail, and stand
 * in a zone of their own (Yahoo asks for an SOA record).
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/collection.h"
#include "evidence/results.h"
#include "mail/domain.h"
#include "mail/psl.h"

enum { PARENTS_MAX = 6 };	/* names asked for SOA */

/*
 * SOA at the name or above it, below the public suffix.  All are asked at
 * once; the nearest answer counts.  Of a long name the middle is left out.
 */
static enum known
find_soa(const struct collection *c, const char *domain, uint32_t *ttl, bool *pending_r)
{
	const char *top = psl_org_domain(domain);
	const char *name = domain;
	enum known found = KNOWN_ABSENT;
	const struct dns_answer *answer;

	for (unsigned i = 1; name != NULL && i <= PARENTS_MAX; i++) {
		answer = collection_ask(c, name, DNS_SOA, ttl);
		if (answer->status == DNS_PENDING)
			*pending_r = true;
		else
			found = known_either(found, known_of(answer));
		if (found == KNOWN_VALUE || top == NULL || strcmp(name, top) == 0)
			break;
		name = i + 1 < PARENTS_MAX ? domain_parent(name) : top;
	}
	return found;
}

static bool
is_null_mx(const struct dns_answer *answer)
{
	return answer->status == DNS_OK && answer->n == 1 &&
	    answer->rrs[0].name != NULL && answer->rrs[0].name[0] == '\0';
}

/*
 * NXDOMAIN of any type is a word about the name itself (RFC 8020); a record
 * beside it (broken servers) is a better one.
 */
static enum known
existence(const struct dns_answer *const answers[], size_t n)
{
	enum known found = KNOWN_TEMPERROR;

	for (size_t i = 0; i < n; i++) {
		if (answers[i]->status == DNS_OK)
			return KNOWN_VALUE;
		if (answers[i]->status == DNS_NXDOMAIN)
			found = KNOWN_ABSENT;
		if (answers[i]->status == DNS_NODATA && found == KNOWN_TEMPERROR)
			found = KNOWN_VALUE;
	}
	return found;
}

static int
ask(const struct collection *c, struct name_evidence *name, uint32_t *ttl)
{
	static const enum dns_type types[] = { DNS_MX, DNS_A, DNS_AAAA };
	const struct dns_answer *answers[3];
	bool pending = false;

	for (size_t i = 0; i < 3; i++) {
		answers[i] = collection_ask(c, name->domain, types[i], ttl);
		if (answers[i]->status == DNS_PENDING)
			pending = true;
	}
	name->soa = find_soa(c, name->domain, ttl, &pending);
	if (pending)
		return 1;
	name->exists = existence(answers, 3);
	name->null_mx = is_null_mx(answers[0]);
	name->mx = known_of(answers[0]);
	name->address = known_either(known_of(answers[1]), known_of(answers[2]));
	return 0;
}

static bool
is_clear(const struct name_evidence *name)
{
	return name->exists != KNOWN_TEMPERROR && name->mx != KNOWN_TEMPERROR &&
	    name->address != KNOWN_TEMPERROR && name->soa != KNOWN_TEMPERROR;
}

static int
judge_name(const struct collection *c, const char *domain, struct name_evidence *name)
{
	struct name_evidence fresh = { .domain = domain };
	struct buf key, value;
	struct unpack unpack;
	uint32_t ttl = UINT32_MAX;
	enum result_age age;

	result_key(&key, c->input->arena, 'N');
	result_key_text(&key, domain);
	age = results_get(c, &key, &unpack);
	name->domain = domain;
	if (age != RESULT_NONE) {
		name->exists = (enum known)unpack_number(&unpack);
		name->mx = (enum known)unpack_number(&unpack);
		name->address = (enum known)unpack_number(&unpack);
		name->null_mx = unpack_number(&unpack) != 0;
		name->soa = (enum known)unpack_number(&unpack);
	}
	if (age == RESULT_FRESH)
		return 0;
	if (ask(c, &fresh, &ttl) != 0)
		return age == RESULT_NONE;
	if (age == RESULT_DUE && !is_clear(&fresh))
		return 0;
	*name = fresh;
	if (!is_clear(name))
		return 0;
	pack_new(&value, c->input->arena);
	pack_number(&value, name->exists);
	pack_number(&value, name->mx);
	pack_number(&value, name->address);
	pack_number(&value, name->null_mx);
	pack_number(&value, name->soa);
	results_put(c, &key, &value, ttl);
	return 0;
}

int
collect_names(struct collection *c)
{
	const struct message *message = c->input->message;
	const char *author = message->author_domain;
	const char *envelope = message->envelope_domain;
	int waits = 0;

	if (author != NULL)
		waits |= judge_name(c, author, &c->evidence->author_name);
	if (envelope != NULL && (author == NULL || strcmp(author, envelope) != 0))
		waits |= judge_name(c, envelope, &c->evidence->envelope_name);
	return waits;
}
