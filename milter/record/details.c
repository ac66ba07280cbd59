/*
 * What only a person who asked needs: the key "details" of
 * `mailworthy check --json`.
 */
#include "base/arena.h"
#include "base/ip.h"
#include "mail/view.h"
#include "record/writer.h"
#include "settings/lists.h"
#include "settings/settings.h"
#include "verdict/text.h"

enum { LINKS_MAX = 1000 };

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

/* Null: DNS could not tell. */
static json_t *
takes_mail(const struct destination *d)
{
	if (!d->null_mx && (d->mx == KNOWN_VALUE || d->address == KNOWN_VALUE))
		return json_true();
	if (d->mx != KNOWN_TEMPERROR && (d->null_mx || (d->mx == KNOWN_ABSENT &&
	    d->address == KNOWN_ABSENT)))
		return json_false();
	return json_null();
}

static json_t *
detail_destination(const struct writer *w, const struct destination *d)
{
	json_t *one = json_object();

	writer_put(one, "domain", writer_remote(w, d->domain));
	writer_put(one, "rcpts", json_integer((json_int_t)d->rcpts));
	writer_put(one, "takes_mail", takes_mail(d));
	writer_put(one, "provider", writer_word(d->provider != NULL ?
	    d->provider->name : NULL));
	writer_put(one, "likely", writer_word(d->likely));
	return one;
}

static void
put_evidence_details(const struct writer *w, json_t *details)
{
	const struct evidence *evidence = w->input->judged->evidence;
	json_t *addresses = json_array(), *signatures = json_array();
	json_t *destinations = json_array();

	for (size_t i = 0; i < evidence->egress.n; i++)
		writer_append(addresses, detail_address(w, &evidence->egress.addresses[i]));
	for (size_t i = 0; i < evidence->dkim.n_own; i++)
		writer_append(signatures, detail_signature(w, &evidence->dkim.own[i]));
	for (size_t i = 0; i < evidence->destinations.n; i++)
		writer_append(destinations,
		    detail_destination(w, &evidence->destinations.p[i]));
	writer_put(details, "egress", addresses);
	writer_put(details, "destinations", destinations);
	writer_put(details, "signatures", signatures);
	writer_put(details, "cannot_sign", writer_ours(w, evidence->dkim.cannot_sign));
	writer_put(details, "dmarc_record", writer_remote(w, evidence->dmarc.record.text));
	writer_put(details, "dmarc_found_at", writer_remote(w, evidence->dmarc.record.found_at));
}

static const char *
kind_word(enum view_kind kind)
{
	switch (kind) {
	case VIEW_MULTIPART:
		return "multipart";
	case VIEW_MESSAGE:
		return "message";
	case VIEW_TEXT:
		return "text";
	case VIEW_HTML:
		return "html";
	case VIEW_OTHER:
		return "other";
	}
	return NULL;
}

static json_t *
detail_part(const struct writer *w, const struct view_part *part)
{
	json_t *one = json_object();

	writer_put(one, "section", writer_word(part->section));
	writer_put(one, "depth", json_integer(part->depth));
	writer_put(one, "kind", writer_word(kind_word(part->kind)));
	writer_put(one, "type", writer_remote(w, part->type));
	writer_put(one, "charset", writer_remote(w, part->charset));
	writer_put(one, "encoding", writer_remote(w, part->encoding_given));
	writer_put(one, "filename", writer_remote(w, part->filename));
	writer_put(one, "size", json_integer((json_int_t)part->size));
	writer_put(one, "problem", writer_ours(w, part->malformed));
	return one;
}

static json_t *
detail_link(const struct writer *w, const struct view_link *link)
{
	json_t *one = json_object();

	writer_put(one, "target", writer_remote(w, link->target));
	writer_put(one, "text", writer_remote(w, link->text));
	writer_put(one, "domain", writer_remote(w, link->url.org_domain));
	return one;
}

static void
put_view(const struct writer *w, json_t *details)
{
	const struct view *view = w->input->judged->message->view;
	json_t *parts = json_array(), *links = json_array();

	for (size_t i = 0; view != NULL && i < view->n_parts; i++)
		writer_append(parts, detail_part(w, &view->parts[i]));
	for (size_t i = 0; view != NULL && i < view->n_links && i < LINKS_MAX; i++)
		writer_append(links, detail_link(w, &view->links[i]));
	writer_put(details, "parts", parts);
	writer_put(details, "links", links);
	writer_put(details, "links_total",
	    json_integer(view != NULL ? (json_int_t)view->links_total : 0));
}

static const char *
opinion_name(enum opinion_from from)
{
	switch (from) {
	case OPINION_SPAMASSASSIN:
		return "spamassassin";
	case OPINION_RSPAMD:
		return "rspamd";
	case OPINION_CLAMAV:
		return "clamav";
	case OPINIONS:
		break;
	}
	return NULL;
}

static json_t *
detail_opinion(const struct writer *w, enum opinion_from from)
{
	const struct opinion *opinion = &w->input->judged->evidence->opinions[from];
	bool known = opinion->known == KNOWN_VALUE;
	json_t *one = json_object();

	writer_put(one, "from", writer_word(opinion_name(from)));
	writer_put(one, "is_bad", known ? json_boolean(opinion->is_bad) : json_null());
	writer_put(one, "score", known && from != OPINION_CLAMAV ?
	    json_real(opinion->score / 100.0) : json_null());
	writer_put(one, "threshold", known && from != OPINION_CLAMAV ?
	    json_real(opinion->threshold / 100.0) : json_null());
	writer_put(one, "symbols", writer_ours(w, opinion->symbols));
	writer_put(one, "virus", writer_ours(w, opinion->virus));
	writer_put(one, "error", writer_ours(w, opinion->error));
	return one;
}

static void
put_opinions(const struct writer *w, json_t *details)
{
	json_t *list = json_array();

	for (int i = 0; i < OPINIONS; i++)
		if (w->input->judged->evidence->opinions[i].asked)
			writer_append(list, detail_opinion(w, (enum opinion_from)i));
	writer_put(details, "opinions", list);
}

static json_t *
details(const struct writer *w)
{
	const struct verdict *verdict = w->input->verdict;
	json_t *all = json_object();
	const struct settings_stream *stream = w->input->judged->message->declared;
	json_t *opinions = json_array(), *reasons = json_array(), *open = json_array();

	writer_put(all, "declared_stream",
	    writer_word(stream != NULL ? stream->name : NULL));
	if (w->input->judged->evidence != NULL) {
		put_evidence_details(w, all);
		put_opinions(w, all);
	}
	put_view(w, all);
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
