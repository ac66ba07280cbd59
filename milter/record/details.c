/*
 * What only a person who asked needs: the key "details" of
 * `mailworthy check --json`.
 */
#include "base/arena.h"
#include "base/ip.h"
#include "record/writer.h"
#include "verdict/text.h"

static json_t *
detail_address(const struct writer *w, const struct egress_address *address)
{
	json_t *one = json_object();
	bool is_judged = address->spf_known == KNOWN_VALUE;

	writer_put(one, "address", writer_word(ip_text(w->arena, &address->ip)));
	writer_put(one, "spf", writer_word(writer_spf_word(address->spf_known, address->spf.result)));
	writer_put(one, "record", writer_remote(w, is_judged ? address->spf.record : NULL));
	writer_put(one, "term", writer_remote(w, is_judged ? address->spf.term : NULL));
	writer_put(one, "problem", writer_ours(w, is_judged ? address->spf.problem : NULL));
	writer_put(one, "lookups", is_judged ?
	    json_integer(address->spf.lookups) : json_null());
	writer_put(one, "ptr", writer_remote(w, address->ptr_name));
	writer_put(one, "ptr_leads_back", address->ptr_forward_known == KNOWN_VALUE ?
	    json_boolean(address->ptr_forward) : json_null());
	return one;
}

static json_t *
detail_signature(const struct writer *w, const struct own_signature *own)
{
	json_t *one = json_object();

	writer_put(one, "dns_name", writer_remote(w, own->key->dns_name));
	writer_put(one, "h", writer_remote(w, own->value != NULL ?
	    text_signed_names(w->arena, own->value) : NULL));
	writer_put(one, "error", writer_ours(w, own->error));
	writer_put(one, "problem", writer_ours(w, own->problem));
	return one;
}

static json_t *
detail_receiver(const struct writer *w, enum receiver receiver)
{
	const struct receiver_opinion *opinion =
	    &w->input->verdict->receivers[receiver];
	json_t *one = json_object();

	writer_put(one, "receiver", writer_word(receiver_name(receiver)));
	writer_put(one, "reply", writer_word(opinion->reply));
	writer_put(one, "because", writer_word(opinion->because));
	writer_put(one, "finding", writer_word(opinion->finding));
	writer_put(one, "source", writer_word(opinion->source));
	return one;
}

static json_t *
detail_finding(const struct writer *w, const struct finding *finding)
{
	json_t *one = json_object();

	writer_put(one, "id", writer_word(finding->check->id));
	writer_put(one, "family", writer_word(check_family_name(finding->check->family)));
	writer_put(one, "action", writer_word(action_name(finding->action)));
	writer_put(one, "exempt", json_boolean(finding->exempt));
	writer_put(one, "meaning", writer_ours(w, finding->check->meaning));
	writer_put(one, "source", writer_ours(w, finding->check->source));
	return one;
}

static json_t *
detail_open(const struct writer *w, const struct verdict_open *open)
{
	json_t *one = json_object();

	writer_put(one, "id", writer_word(open->id));
	writer_put(one, "temporary", json_boolean(open->temporary));
	writer_put(one, "why", writer_ours(w, open->text));
	return one;
}

static void
put_evidence_details(const struct writer *w, json_t *details)
{
	const struct evidence *evidence = w->input->judged->evidence;
	json_t *addresses = json_array(), *signatures = json_array();

	for (size_t i = 0; i < evidence->egress.n; i++)
		writer_append(addresses, detail_address(w, &evidence->egress.addresses[i]));
	for (size_t i = 0; i < evidence->dkim.n_own; i++)
		writer_append(signatures, detail_signature(w, &evidence->dkim.own[i]));
	writer_put(details, "egress", addresses);
	writer_put(details, "signatures", signatures);
	writer_put(details, "cannot_sign", writer_ours(w, evidence->dkim.cannot_sign));
	writer_put(details, "dmarc_record", writer_remote(w, evidence->dmarc.record.text));
	writer_put(details, "dmarc_found_at", writer_remote(w, evidence->dmarc.record.found_at));
}

static json_t *
details(const struct writer *w)
{
	const struct verdict *verdict = w->input->verdict;
	json_t *all = json_object();
	json_t *opinions = json_array(), *reasons = json_array(), *open = json_array();

	if (w->input->judged->evidence != NULL)
		put_evidence_details(w, all);
	for (size_t i = 0; verdict != NULL && i < RECEIVERS; i++)
		writer_append(opinions, detail_receiver(w, (enum receiver)i));
	for (size_t i = 0; verdict != NULL && i < verdict->n_findings; i++)
		writer_append(reasons, detail_finding(w, &verdict->findings[i]));
	for (size_t i = 0; verdict != NULL && i < verdict->n_dunno; i++)
		writer_append(open, detail_open(w, &verdict->open[i]));
	writer_put(all, "receivers", opinions);
	writer_put(all, "findings", reasons);
	writer_put(all, "not_told", open);
	writer_put(all, "reply", writer_ours(w, verdict != NULL ? verdict->reply : NULL));
	writer_put(all, "hold_reason", writer_ours(w, verdict != NULL ? verdict->hold_reason : NULL));
	return all;
}

const char *
record_details(const struct record_input *input, struct arena *arena)
{
	struct writer w = { input, &writer_no_limits, arena };
	struct buf out;

	writer_write(details(&w), arena, WRITER_LINE_MAX, &out);
	return buf_str(&out);
}
