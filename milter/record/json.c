/*
 * The JSON line.  jansson is called here only.
 */
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/ip.h"
#include "base/log.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "record/privacy.h"
#include "record/record.h"
#include "settings/settings.h"
#include "verdict/text.h"

enum {
	LINE_MAX_BYTES = 64 * 1024 * 1024,
	REAL_DIGITS = 6,
};

struct limits {
	size_t remote;		/* octets of one remote text */
	size_t text;		/* octets of one text for people */
	size_t rcpts;
	size_t list;		/* entries of any other list */
};

static const struct limits no_limits = {
	1000, 4000, MESSAGE_RCPTS_KEPT, SIZE_MAX,
};

/* Tried in turn until the line fits. */
static const struct limits syslog_limits[] = {
	{ 320, 400, RECORD_SYSLOG_RCPTS, 64 },
	{ 128, 120, RECORD_SYSLOG_RCPTS, 32 },
	{ 64, 40, RECORD_SYSLOG_RCPTS, 20 },
	{ 24, 0, 10, 8 },
	{ 24, 0, 0, 0 },	/* fits whatever the message holds */
};

struct writer {
	const struct record_input *input;
	const struct limits *limits;
	struct arena *arena;
};

static void
put(json_t *object, const char *key, json_t *value)
{
	if (value == NULL)
		value = json_null();
	if (json_object_set_new(object, key, value) != 0)
		bug("out of memory");
}

static void
append(json_t *array, json_t *value)
{
	if (value == NULL || json_array_append_new(array, value) != 0)
		bug("out of memory");
}

/* Text somebody else wrote. */
static json_t *
remote(const struct writer *w, const char *text)
{
	if (text == NULL)
		return json_null();
	return json_string(log_safe(w->arena, slice_of(text), w->limits->remote));
}

/* Text of ours, its remote parts neutralised already. */
static json_t *
ours(const struct writer *w, const char *text)
{
	if (text == NULL || w->limits->text == 0)
		return json_null();
	return json_string(text_for_people(w->arena, text, w->limits->text));
}

static json_t *
word(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *
points(int tenths)
{
	return json_real(tenths / 10.0);
}

static size_t
at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

static json_t *
time_text(time_t when)
{
	char text[sizeof("2026-11-21T21:40:00Z") + 16];
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_null();
	return json_string(text);
}

static json_t *
recipients(const struct writer *w)
{
	const struct message *message = w->input->judged->message;
	json_t *list = json_array();

	for (size_t i = 0; i < at_most(message->n_rcpts, w->limits->rcpts); i++) {
		const char *text = privacy_recipient(w->input->judged->settings,
		    &message->rcpts[i].address, w->arena);

		if (text != NULL)
			append(list, remote(w, text));
	}
	return list;
}

static json_t *
refused_recipients(const struct writer *w)
{
	const struct message *message = w->input->judged->message;
	json_t *list = json_array(), *one;

	for (size_t i = 0; i < message->n_rcpts; i++) {
		const struct rcpt *rcpt = &message->rcpts[i];

		if (rcpt->refused_by == NULL ||
		    json_array_size(list) >= w->limits->rcpts)
			continue;
		one = json_object();
		put(one, "rcpt_to", remote(w, privacy_recipient(
		    w->input->judged->settings, &rcpt->address, w->arena)));
		put(one, "id", word(rcpt->refused_by));
		append(list, one);
	}
	return list;
}

static const char *
stream_word(enum stream stream)
{
	switch (stream) {
	case STREAM_NONE:
		return NULL;
	case STREAM_TRANSACTIONAL:
		return "transactional";
	case STREAM_BULK:
		return "bulk";
	case STREAM_LIST:
		return "list";
	case STREAM_DSN:
		return "dsn";
	}
	return NULL;
}

static const char *
direction_word(enum direction direction)
{
	switch (direction) {
	case DIRECTION_OUTBOUND:
		return "outbound";
	case DIRECTION_INBOUND:
		return "inbound";
	}
	return NULL;
}

static void
put_facts(const struct writer *w, json_t *record)
{
	const struct message *message = w->input->judged->message;
	const struct session *session = message->session;
	const struct settings *settings = w->input->judged->settings;

	put(record, "v", json_integer(1));
	put(record, "time", time_text(message->now));
	put(record, "queue_id", remote(w, message->queue_id));
	put(record, "client_addr", session->client_addr.family != 0 ?
	    word(ip_text(w->arena, &session->client_addr)) : json_null());
	put(record, "auth_user", remote(w, message->auth_user));
	put(record, "helo", remote(w, session->helo));
	put(record, "mail_from", message->mail_from_is_null ? json_string("") :
	    remote(w, message->mail_from.text));
	put(record, "author", remote(w, message->author.text));
	put(record, "author_domain", remote(w, message->author_domain));
	put(record, "rcpt_to", recipients(w));
	put(record, "rcpt_count", json_integer((json_int_t)message->rcpts_total));
	put(record, "message_id", remote(w, message->message_id));
	put(record, "size", json_integer((json_int_t)message->size));
	put(record, "stream", word(stream_word(message->stream)));
	put(record, "direction", word(direction_word(message->direction)));
	put(record, "mode", word(mode_name(w->input->verdict != NULL ?
	    w->input->verdict->mode : verdict_mode(settings, message, -1))));
}

static const char *
spf_word(enum known known, enum spf_result result)
{
	switch (known) {
	case KNOWN_NO:
	case KNOWN_ABSENT:
		return NULL;
	case KNOWN_VALUE:
		return spf_result_name(result);
	case KNOWN_TEMPERROR:
		return spf_result_name(SPF_TEMPERROR);
	}
	return NULL;
}

static json_t *
egress_entry(json_t *address, const char *spf)
{
	json_t *one = json_object();

	put(one, "address", address);
	put(one, "spf", word(spf));
	return one;
}

static json_t *
egress(const struct writer *w)
{
	const struct evidence *evidence = w->input->judged->evidence;
	json_t *list = json_array();

	if (evidence == NULL)
		return list;
	if (evidence->egress.is_relay)
		append(list, egress_entry(remote(w, evidence->egress.via),
		    spf_word(evidence->spf.known, evidence->spf.worst)));
	for (size_t i = 0; i < at_most(evidence->egress.n, w->limits->list); i++) {
		const struct egress_address *address = &evidence->egress.addresses[i];

		append(list, egress_entry(word(ip_text(w->arena, &address->ip)),
		    spf_word(address->spf_known, address->spf.result)));
	}
	return list;
}

static const char *
algorithm_of(const struct ring_key *key)
{
	if (key->key == NULL)
		return NULL;
	switch (key_type(key->key)) {
	case KEY_RSA:
		return "rsa-sha256";
	case KEY_ED25519:
		return "ed25519-sha256";
	}
	return NULL;
}

static json_t *
own_entry(const struct writer *w, const struct own_signature *own)
{
	json_t *one = json_object();

	put(one, "d", remote(w, own->key->domain));
	put(one, "s", remote(w, own->key->selector));
	put(one, "a", word(algorithm_of(own->key)));
	put(one, "status", word(dkim_result_name(own->predicted)));
	put(one, "key", word(key_dns_name(own->state)));
	return one;
}

/* A signature that came with the message has no key of ours. */
static json_t *
existing_entry(const struct writer *w, const struct verified *existing)
{
	json_t *one = json_object();

	put(one, "d", remote(w, existing->sdid));
	put(one, "s", remote(w, existing->selector));
	put(one, "a", remote(w, existing->algorithm));
	put(one, "status", word(dkim_result_name(existing->result)));
	put(one, "key", json_null());
	return one;
}

static json_t *
dkim(const struct writer *w)
{
	const struct evidence *evidence = w->input->judged->evidence;
	json_t *list = json_array();

	if (evidence == NULL)
		return list;
	for (size_t i = 0; i < at_most(evidence->dkim.n_own, w->limits->list); i++)
		append(list, own_entry(w, &evidence->dkim.own[i]));
	for (size_t i = 0; i < at_most(evidence->dkim.n_existing, w->limits->list); i++)
		append(list, existing_entry(w, &evidence->dkim.existing[i]));
	return list;
}

static const char *
dmarc_result_word(enum dmarc_result result)
{
	switch (result) {
	case DMARC_UNKNOWN:
		return "unknown";
	case DMARC_NO_RECORD:
		return "none";
	case DMARC_PASS:
		return "pass";
	case DMARC_FAIL:
		return "fail";
	case DMARC_NO_AUTHOR:
		return "no-author";
	case DMARC_PERMERROR:
		return "permerror";
	}
	return NULL;
}

static const char *
dmarc_policy_word(enum dmarc_policy policy)
{
	switch (policy) {
	case DMARC_POLICY_NONE:
		return "none";
	case DMARC_POLICY_QUARANTINE:
		return "quarantine";
	case DMARC_POLICY_REJECT:
		return "reject";
	}
	return NULL;
}

static json_t *
aligned(const struct writer *w, const struct dmarc_evidence *dmarc)
{
	json_t *list = json_array();

	for (size_t i = 0; i < at_most(dmarc->n_identifiers, w->limits->list); i++) {
		const struct aligned_domain *id = &dmarc->identifiers[i];

		if (id->passed && id->aligned)
			append(list, remote(w, arena_printf(w->arena, "%s:%s",
			    id->is_dkim ? "dkim" : "spf", id->domain)));
	}
	return list;
}

static json_t *
dmarc(const struct writer *w)
{
	static const struct dmarc_evidence nothing;
	const struct evidence *evidence = w->input->judged->evidence;
	const struct dmarc_evidence *dmarc =
	    evidence != NULL ? &evidence->dmarc : &nothing;
	json_t *object = json_object();

	put(object, "result", word(dmarc_result_word(dmarc->result)));
	put(object, "policy", word(dmarc->known == KNOWN_VALUE ?
	    dmarc_policy_word(dmarc->policy) : NULL));
	put(object, "org_domain", remote(w, dmarc->org_domain));
	put(object, "aligned", aligned(w, dmarc));
	return object;
}

static json_t *
receivers(const struct writer *w)
{
	const struct verdict *verdict = w->input->verdict;
	json_t *object = json_object();

	for (size_t i = 0; i < RECEIVERS; i++)
		put(object, receiver_name((enum receiver)i), word(verdict == NULL ? NULL :
		    verdict->receivers[i].accept ? "accept" :
		    verdict->receivers[i].reply));
	return object;
}

static json_t *
finding_entry(const struct writer *w, const struct finding *finding)
{
	bool hidden = privacy_hides(w->input->judged, finding);
	json_t *one = json_object();

	put(one, "id", word(finding->check->id));
	put(one, "severity", word(severity_name(finding->severity)));
	put(one, "weight", points(finding->weight));
	put(one, "text", ours(w, hidden ? finding->check->meaning : finding->text));
	put(one, "fix", ours(w, hidden ? finding->check->fix : finding->fix));
	put(one, "shadow", json_boolean(finding->shadow || finding->exempt));
	put(one, "covered_by", word(finding->covered_by));
	return one;
}

static json_t *
findings(const struct writer *w)
{
	const struct verdict *verdict = w->input->verdict;
	json_t *list = json_array();

	if (verdict == NULL)
		return list;
	for (size_t i = 0; i < at_most(verdict->n_findings, w->limits->list); i++)
		append(list, finding_entry(w, &verdict->findings[i]));
	return list;
}

static json_t *
repaired(const struct plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; plan != NULL && i < plan->n_repaired; i++)
		append(list, word(plan->repaired[i]));
	return list;
}

/* "delete 2 X-Mailworthy", "insert Date": equal ones that follow are one. */
static json_t *
edits(const struct writer *w)
{
	const struct plan *plan = w->input->plan;
	json_t *list = json_array();
	size_t run;

	for (size_t i = 0; plan != NULL && i < plan->n_edits; i += run) {
		const struct edit *edit = &plan->edits[i];

		run = 1;
		if (edit->kind == EDIT_INSERT_HEADER) {
			append(list, word(arena_printf(w->arena, "insert %s",
			    edit->name)));
			continue;
		}
		while (i + run < plan->n_edits &&
		    plan->edits[i + run].kind == EDIT_DELETE_HEADER)
			run++;
		append(list, word(arena_printf(w->arena, "delete %zu %s", run,
		    edit->name)));
	}
	return list;
}

static void
put_judgement(const struct writer *w, json_t *record)
{
	const struct verdict *verdict = w->input->verdict;

	put(record, "egress", egress(w));
	put(record, "dkim", dkim(w));
	put(record, "dmarc", dmarc(w));
	put(record, "receivers", receivers(w));
	put(record, "findings", findings(w));
	put(record, "repaired", repaired(w->input->plan));
	put(record, "edits", edits(w));
	put(record, "rcpts_refused", refused_recipients(w));
	put(record, "score", verdict != NULL ? points(verdict->score) : json_null());
	put(record, "verdict", word(verdict != NULL ?
	    action_name(verdict->action) : NULL));
	put(record, "would", word(verdict != NULL ?
	    action_name(verdict->would) : NULL));
	put(record, "elapsed_ms", json_real((double)w->input->elapsed_us / 1000.0));
	if (w->input->aborted != NULL)
		put(record, "aborted", ours(w, w->input->aborted));
}

/* ---- details: what only a person who asked needs ---- */

static json_t *
detail_address(const struct writer *w, const struct egress_address *address)
{
	json_t *one = json_object();
	bool is_judged = address->spf_known == KNOWN_VALUE;

	put(one, "address", word(ip_text(w->arena, &address->ip)));
	put(one, "spf", word(spf_word(address->spf_known, address->spf.result)));
	put(one, "record", remote(w, is_judged ? address->spf.record : NULL));
	put(one, "term", remote(w, is_judged ? address->spf.term : NULL));
	put(one, "problem", ours(w, is_judged ? address->spf.problem : NULL));
	put(one, "lookups", is_judged ?
	    json_integer(address->spf.lookups) : json_null());
	put(one, "ptr", remote(w, address->ptr_name));
	put(one, "ptr_leads_back", address->ptr_forward_known == KNOWN_VALUE ?
	    json_boolean(address->ptr_forward) : json_null());
	return one;
}

static json_t *
detail_signature(const struct writer *w, const struct own_signature *own)
{
	json_t *one = json_object();

	put(one, "dns_name", remote(w, own->key->dns_name));
	put(one, "h", remote(w, own->value != NULL ?
	    text_signed_names(w->arena, own->value) : NULL));
	put(one, "error", ours(w, own->error));
	put(one, "problem", ours(w, own->problem));
	return one;
}

static json_t *
detail_receiver(const struct writer *w, enum receiver receiver)
{
	const struct receiver_opinion *opinion =
	    &w->input->verdict->receivers[receiver];
	json_t *one = json_object();

	put(one, "receiver", word(receiver_name(receiver)));
	put(one, "reply", word(opinion->reply));
	put(one, "because", word(opinion->because));
	put(one, "finding", word(opinion->finding));
	put(one, "source", word(opinion->source));
	return one;
}

static json_t *
detail_finding(const struct writer *w, const struct finding *finding)
{
	json_t *one = json_object();

	put(one, "id", word(finding->check->id));
	put(one, "family", word(check_family_name(finding->check->family)));
	put(one, "action", word(action_name(finding->action)));
	put(one, "exempt", json_boolean(finding->exempt));
	put(one, "meaning", ours(w, finding->check->meaning));
	put(one, "source", ours(w, finding->check->source));
	return one;
}

static json_t *
detail_open(const struct writer *w, const struct verdict_open *open)
{
	json_t *one = json_object();

	put(one, "id", word(open->id));
	put(one, "temporary", json_boolean(open->temporary));
	put(one, "why", ours(w, open->text));
	return one;
}

static void
put_evidence_details(const struct writer *w, json_t *details)
{
	const struct evidence *evidence = w->input->judged->evidence;
	json_t *addresses = json_array(), *signatures = json_array();

	for (size_t i = 0; i < evidence->egress.n; i++)
		append(addresses, detail_address(w, &evidence->egress.addresses[i]));
	for (size_t i = 0; i < evidence->dkim.n_own; i++)
		append(signatures, detail_signature(w, &evidence->dkim.own[i]));
	put(details, "egress", addresses);
	put(details, "signatures", signatures);
	put(details, "cannot_sign", ours(w, evidence->dkim.cannot_sign));
	put(details, "dmarc_record", remote(w, evidence->dmarc.record.text));
	put(details, "dmarc_found_at", remote(w, evidence->dmarc.record.found_at));
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
		append(opinions, detail_receiver(w, (enum receiver)i));
	for (size_t i = 0; verdict != NULL && i < verdict->n_findings; i++)
		append(reasons, detail_finding(w, &verdict->findings[i]));
	for (size_t i = 0; verdict != NULL && i < verdict->n_dunno; i++)
		append(open, detail_open(w, &verdict->open[i]));
	put(all, "receivers", opinions);
	put(all, "findings", reasons);
	put(all, "not_told", open);
	put(all, "reply", ours(w, verdict != NULL ? verdict->reply : NULL));
	put(all, "hold_reason", ours(w, verdict != NULL ? verdict->hold_reason : NULL));
	return all;
}

/* ---- lines ---- */

static int
add_chunk(const char *bytes, size_t n, void *out)
{
	buf_add(out, bytes, n);
	return 0;
}

/* Takes the object over. */
static void
write_object(json_t *object, struct arena *arena, size_t max, struct buf *out_r)
{
	buf_init(out_r, arena, max);
	if (json_dump_callback(object, add_chunk, out_r,
	    JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)) != 0)
		bug("out of memory");
	json_decref(object);
}

static void
write_line(const struct writer *w, size_t max, struct buf *out_r)
{
	json_t *record = json_object();

	put_facts(w, record);
	put_judgement(w, record);
	write_object(record, w->arena, max, out_r);
}

const char *
record_line(const struct record_input *input, bool for_syslog, struct arena *arena)
{
	struct writer w = { input, &no_limits, arena };
	struct buf out;

	if (!for_syslog) {
		write_line(&w, LINE_MAX_BYTES, &out);
		return buf_str(&out);
	}
	for (size_t i = 0; i < sizeof(syslog_limits) / sizeof(syslog_limits[0]); i++) {
		w.limits = &syslog_limits[i];
		write_line(&w, RECORD_SYSLOG_MAX, &out);
		if (!out.truncated)
			break;
	}
	return buf_str(&out);
}

const char *
record_details(const struct record_input *input, struct arena *arena)
{
	struct writer w = { input, &no_limits, arena };
	struct buf out;

	write_object(details(&w), arena, LINE_MAX_BYTES, &out);
	return buf_str(&out);
}
