/*
 * The host's own names: PTR of each egress address and the way back (RFC 8601
 * section 2.7.3, iprev), and whether the HELO name leads to the address.
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/collection.h"
#include "evidence/results.h"
#include "mail/domain.h"

enum { PTR_NAMES_MAX = 10 };	/* names followed, as in RFC 7208 section 4.6.4 */

static enum dns_type
address_type(const struct ip *ip)
{
	return ip->family == 6 ? DNS_AAAA : DNS_A;
}

static bool
answer_has(const struct dns_answer *answer, const struct ip *ip)
{
	if (answer->status == DNS_OK)
		for (size_t i = 0; i < answer->n; i++)
			if (ip_eq(&answer->rrs[i].ip, ip))
				return true;
	return false;
}

/* Follows every name at once. */
static int
follow(const struct collection *c, const struct dns_answer *names,
    struct egress_address *address, uint32_t *ttl)
{
	size_t n = names->n < PTR_NAMES_MAX ? names->n : PTR_NAMES_MAX;
	enum dns_type type = address_type(&address->ip);
	const struct dns_answer *answer;
	bool pending = false, doubt = false;

	address->ptr_name = names->rrs[0].name;
	for (size_t i = 0; i < n; i++) {
		answer = collection_ask(c, names->rrs[i].name, type, ttl);
		if (answer->status == DNS_PENDING)
			pending = true;
		if (answer->status == DNS_TEMPFAIL)
			doubt = true;
		if (!address->ptr_forward && answer_has(answer, &address->ip)) {
			address->ptr_forward = true;
			address->ptr_name = names->rrs[i].name;
		}
	}
	address->ptr_forward_known = doubt && !address->ptr_forward ?
	    KNOWN_TEMPERROR : KNOWN_VALUE;
	return pending && !address->ptr_forward;
}

static int
ask_ptr(const struct collection *c, struct egress_address *address, uint32_t *ttl)
{
	const struct dns_answer *names = collection_ask(c,
	    ip_ptr_name(c->input->arena, &address->ip), DNS_PTR, ttl);

	if (names->status == DNS_PENDING)
		return 1;
	address->ptr_known = known_of(names);
	if (names->status != DNS_OK || names->n == 0)
		return 0;
	return follow(c, names, address, ttl);
}

static bool
ptr_is_clear(const struct egress_address *address)
{
	return address->ptr_known != KNOWN_TEMPERROR &&
	    address->ptr_forward_known != KNOWN_TEMPERROR;
}

static void
copy_ptr(struct egress_address *to, const struct egress_address *from)
{
	to->ptr_known = from->ptr_known;
	to->ptr_name = from->ptr_name;
	to->ptr_forward = from->ptr_forward;
	to->ptr_forward_known = from->ptr_forward_known;
}

static int
judge_ptr(const struct collection *c, struct egress_address *address)
{
	struct egress_address fresh = { .ip = address->ip };
	struct buf key, value;
	struct unpack unpack;
	uint32_t ttl = UINT32_MAX;
	enum result_age age;

	result_key(&key, c->input->arena, 'P');
	result_key_ip(&key, &address->ip);
	age = results_get(c, &key, &unpack);
	if (age != RESULT_NONE) {
		address->ptr_known = (enum known)unpack_number(&unpack);
		address->ptr_name = unpack_text(&unpack);
		address->ptr_forward = unpack_number(&unpack) != 0;
		address->ptr_forward_known = (enum known)unpack_number(&unpack);
	}
	if (age == RESULT_FRESH)
		return 0;
	if (ask_ptr(c, &fresh, &ttl) != 0)
		return age == RESULT_NONE;
	if (age == RESULT_DUE && !ptr_is_clear(&fresh))
		return 0;
	copy_ptr(address, &fresh);
	if (!ptr_is_clear(address))
		return 0;
	pack_new(&value, c->input->arena);
	pack_number(&value, address->ptr_known);
	pack_text(&value, address->ptr_name);
	pack_number(&value, address->ptr_forward);
	pack_number(&value, address->ptr_forward_known);
	results_put(c, &key, &value, ttl);
	return 0;
}

static int
ask_helo(const struct collection *c, const char *helo, struct egress_address *address,
    uint32_t *ttl)
{
	const struct dns_answer *v4 = collection_ask(c, helo, DNS_A, ttl);
	const struct dns_answer *v6 = collection_ask(c, helo, DNS_AAAA, ttl);
	const struct dns_answer *own = address->ip.family == 6 ? v6 : v4;

	if (v4->status == DNS_PENDING || v6->status == DNS_PENDING)
		return 1;
	address->helo_forward = answer_has(own, &address->ip);
	address->helo_known = known_either(known_of(v4), known_of(v6));
	if (own->status == DNS_TEMPFAIL)
		address->helo_known = KNOWN_TEMPERROR;
	return 0;
}

static int
judge_helo(const struct collection *c, const char *helo, struct egress_address *address)
{
	struct egress_address fresh = { .ip = address->ip };
	struct buf key, value;
	struct unpack unpack;
	uint32_t ttl = UINT32_MAX;
	enum result_age age;

	result_key(&key, c->input->arena, 'H');
	result_key_ip(&key, &address->ip);
	result_key_text(&key, helo);
	age = results_get(c, &key, &unpack);
	if (age != RESULT_NONE) {
		address->helo_known = (enum known)unpack_number(&unpack);
		address->helo_forward = unpack_number(&unpack) != 0;
	}
	if (age == RESULT_FRESH)
		return 0;
	if (ask_helo(c, helo, &fresh, &ttl) != 0)
		return age == RESULT_NONE;
	if (age == RESULT_DUE && fresh.helo_known == KNOWN_TEMPERROR)
		return 0;
	address->helo_known = fresh.helo_known;
	address->helo_forward = fresh.helo_forward;
	if (address->helo_known == KNOWN_TEMPERROR)
		return 0;
	pack_new(&value, c->input->arena);
	pack_number(&value, address->helo_known);
	pack_number(&value, address->helo_forward);
	results_put(c, &key, &value, ttl);
	return 0;
}

int
collect_hosts(struct collection *c)
{
	struct egress_evidence *egress = &c->evidence->egress;
	bool ask_for_helo = egress->helo != NULL && domain_is_fqdn(egress->helo) &&
	    !domain_is_literal(slice_of(egress->helo));
	int waits = 0;

	for (size_t i = 0; i < egress->n; i++) {
		waits |= judge_ptr(c, &egress->addresses[i]);
		if (ask_for_helo)
			waits |= judge_helo(c, egress->helo, &egress->addresses[i]);
	}
	return waits;
}
