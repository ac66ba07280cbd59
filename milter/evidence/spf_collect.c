/*
 * SPF of the envelope domain, or of the HELO name for the null reverse-path,
 * for every address mail leaves from.
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/collection.h"
#include "evidence/relay.h"
#include "evidence/results.h"
#include "mail/domain.h"
#include "settings/settings.h"

static void
choose_identity(struct collection *c)
{
	const struct message *message = c->input->message;
	const struct egress_evidence *egress = &c->evidence->egress;
	struct spf_evidence *spf = &c->evidence->spf;

	if (!message->mail_from_is_null) {
		spf->domain = message->envelope_domain;
		return;
	}
	spf->is_helo = true;
	if (egress->helo != NULL && domain_is_fqdn(egress->helo))
		spf->domain = egress->helo;
}

static struct spf_query
query_of(const struct collection *c, const struct ip *ip)
{
	const struct address *from = &c->input->message->mail_from;
	const struct spf_evidence *spf = &c->evidence->spf;
	const char *helo = c->evidence->egress.helo;
	struct spf_query query = {
		.ip = *ip,
		.helo = helo != NULL ? helo : "",
		.local_part = "postmaster",
		.domain = spf->domain,
	};

	if (!spf->is_helo && from->local_part != NULL && *from->local_part != '\0')
		query.local_part = from->local_part;
	return query;
}

static void
pack_address(struct buf *value, const struct egress_address *address)
{
	const struct spf_answer *spf = &address->spf;

	pack_number(value, spf->result);
	pack_text(value, spf->record);
	pack_text(value, spf->term);
	pack_text(value, spf->term_domain);
	pack_text(value, spf->problem);
	pack_number(value, spf->lookups);
	pack_number(value, spf->voids);
	pack_number(value, spf->records_found);
	pack_number(value, spf->uses_helo);
	pack_number(value, spf->ttl);
	pack_number(value, address->second_asked);
	pack_number(value, address->second);
}

static void
unpack_address(struct unpack *unpack, struct egress_address *address)
{
	struct spf_answer *spf = &address->spf;

	spf->result = (enum spf_result)unpack_number(unpack);
	spf->record = unpack_text(unpack);
	spf->term = unpack_text(unpack);
	spf->term_domain = unpack_text(unpack);
	spf->problem = unpack_text(unpack);
	spf->lookups = unpack_number(unpack);
	spf->voids = unpack_number(unpack);
	spf->records_found = unpack_number(unpack);
	spf->uses_helo = unpack_number(unpack) != 0;
	spf->ttl = unpack_number(unpack);
	address->second_asked = unpack_number(unpack) != 0;
	address->second = (enum spf_result)unpack_number(unpack);
	address->spf_known = KNOWN_VALUE;
}

/* Our reading and libspf2's; `fresh` is filled when 0 is returned. */
static int
evaluate(const struct collection *c, const struct spf_query *query,
    struct egress_address *fresh)
{
	const struct collect_input *input = c->input;

	if (spf_check(input->arena, input->lookups, query, &fresh->spf) != 0)
		return 1;
	if (fresh->spf.result == SPF_TEMPERROR) {
		fresh->spf_known = KNOWN_TEMPERROR;
		return 0;
	}
	if (spf_second_opinion(input->arena, input->lookups, query,
	    &fresh->second_asked, &fresh->second) != 0)
		return 1;
	fresh->spf_known = KNOWN_VALUE;
	return 0;
}

/* Reverse DNS and HELO are of another collector, which may be through already. */
static void
take_spf(struct egress_address *address, const struct egress_address *fresh)
{
	address->spf_known = fresh->spf_known;
	address->spf = fresh->spf;
	address->second_asked = fresh->second_asked;
	address->second = fresh->second;
}

static int
judge_address(const struct collection *c, struct egress_address *address)
{
	struct spf_query query = query_of(c, &address->ip);
	struct egress_address fresh = { .ip = address->ip };
	struct buf key, value;
	struct unpack unpack;
	enum result_age age;

	result_key(&key, c->input->arena, 'S');
	result_key_ip(&key, &address->ip);
	result_key_text(&key, query.domain);
	result_key_text(&key, query.helo);
	age = results_get(c, &key, &unpack);
	if (age != RESULT_NONE)
		unpack_address(&unpack, address);
	if (age == RESULT_FRESH)
		return 0;
	if (evaluate(c, &query, &fresh) != 0)
		return age == RESULT_NONE;
	if (age == RESULT_DUE && fresh.spf_known != KNOWN_VALUE)
		return 0;
	take_spf(address, &fresh);
	if (fresh.spf_known == KNOWN_VALUE && !fresh.spf.uses_local_part) {
		pack_new(&value, c->input->arena);
		pack_address(&value, address);
		results_put(c, &key, &value, fresh.spf.ttl);
	}
	return 0;
}

/* How ill a result is for the sender: pass is 0. */
static unsigned
badness(enum spf_result result)
{
	static const unsigned char order[] = {
		[SPF_PASS] = 0, [SPF_NEUTRAL] = 1, [SPF_SOFTFAIL] = 2, [SPF_NONE] = 3,
		[SPF_TEMPERROR] = 4, [SPF_FAIL] = 5, [SPF_PERMERROR] = 6,
	};

	return order[result];
}

static void
fold(struct spf_evidence *spf, const struct egress_evidence *egress)
{
	const struct egress_address *address;
	enum spf_result result;

	spf->all_pass = egress->n > 0;
	spf->worst = spf->best = SPF_TEMPERROR;
	for (size_t i = 0; i < egress->n; i++) {
		address = &egress->addresses[i];
		result = address->spf.result;
		if (result != SPF_PASS)
			spf->all_pass = false;
		else
			spf->any_pass = true;
		if (address->spf_known != KNOWN_VALUE)
			continue;
		if (spf->known != KNOWN_VALUE ||
		    badness(result) > badness(spf->worst)) {
			spf->worst = result;
			spf->worst_address = address;
		}
		if (spf->known != KNOWN_VALUE || badness(result) < badness(spf->best))
			spf->best = result;
		spf->known = KNOWN_VALUE;
	}
	if (egress->n > 0 && spf->known != KNOWN_VALUE)
		spf->known = KNOWN_TEMPERROR;
}

static int
judge_relay(struct collection *c)
{
	struct egress_evidence *egress = &c->evidence->egress;
	struct spf_evidence *spf = &c->evidence->spf;
	struct relay_answer answer;

	if (egress->relay_include == NULL || *egress->relay_include == '\0')
		return 0;
	if (relay_judge(c, spf->domain, egress->relay_include, &answer) != 0)
		return 1;
	egress->relay_known = spf->known = answer.known;
	if (answer.known != KNOWN_VALUE)
		return 0;
	egress->relay_authorised = answer.authorised;
	spf->worst = spf->best = answer.result;
	spf->all_pass = spf->any_pass = answer.result == SPF_PASS;
	return 0;
}

static int
judge_width(struct collection *c)
{
	const struct collect_input *input = c->input;
	struct spf_evidence *spf = &c->evidence->spf;
	struct spf_width width = { 0 };
	const struct dns_answer *answer;
	struct buf key, value;
	struct unpack unpack;
	enum result_age age;

	result_key(&key, input->arena, 'W');
	result_key_text(&key, spf->domain);
	age = results_get(c, &key, &unpack);
	if (age != RESULT_NONE) {
		spf->width_known = KNOWN_VALUE;
		spf->width.plus_all = unpack_number(&unpack) != 0;
		spf->width.wide = unpack_number(&unpack) != 0;
		spf->width.term = unpack_text(&unpack);
	}
	if (age == RESULT_FRESH)
		return 0;
	if (spf_width(input->arena, input->lookups, spf->domain, &width) != 0)
		return age == RESULT_NONE;
	answer = dns_get(input->lookups, spf->domain, DNS_TXT);
	if (answer->status == DNS_TEMPFAIL) {
		if (age == RESULT_NONE)
			spf->width_known = KNOWN_TEMPERROR;
		return 0;
	}
	spf->width_known = KNOWN_VALUE;
	spf->width = width;
	pack_new(&value, input->arena);
	pack_number(&value, width.plus_all);
	pack_number(&value, width.wide);
	pack_text(&value, width.term);
	results_put(c, &key, &value, answer->ttl);
	return 0;
}

int
collect_spf(struct collection *c)
{
	struct egress_evidence *egress = &c->evidence->egress;
	struct spf_evidence *spf = &c->evidence->spf;
	int waits = 0;

	memset(spf, 0, sizeof(*spf));
	choose_identity(c);
	if (spf->domain == NULL)
		return 0;
	if (egress->is_relay)
		waits = judge_relay(c);
	for (size_t i = 0; i < egress->n; i++)
		waits |= judge_address(c, &egress->addresses[i]);
	if (waits == 0 && !egress->is_relay)
		fold(spf, egress);
	return judge_width(c) | waits;
}
