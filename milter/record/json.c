/*
 * The JSON line.  jansson is called here only.
 */
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
#include "record/writer.h"
#include "settings/settings.h"
#include "verdict/text.h"

enum { EDIT_NAME_MAX = 80 };

/* Tried in turn until the line fits. */
static const struct limits syslog_limits[] = {
	{ 320, 400, RECORD_SYSLOG_RCPTS, 64 },
	{ 128, 120, RECORD_SYSLOG_RCPTS, 32 },
	{ 64, 40, RECORD_SYSLOG_RCPTS, 20 },
	{ 24, 0, 10, 8 },
	{ 24, 0, 0, 0 },	/* fits any message: tests/unit/test_record_limits.c */
};

static const struct limits journal_limits[] = {
	{ 500, 1200, RECORD_SYSLOG_RCPTS, 64 },
	{ 320, 400, RECORD_SYSLOG_RCPTS, 64 },
	{ 128, 160, RECORD_SYSLOG_RCPTS, 32 },
	{ 64, 40, RECORD_SYSLOG_RCPTS, 20 },
	{ 24, 0, 10, 8 },
	{ 24, 0, 0, 0 },
};

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

	for (size_t i = 0; i < message->n_rcpts &&
	    json_array_size(list) < w->limits->rcpts; i++) {
		const struct rcpt *rcpt = &message->rcpts[i];
		const char *text = privacy_recipient(w->input->judged->settings,
		    &rcpt->address, w->arena);

		if (text != NULL && rcpt->refused_by == NULL)
			writer_append(list, writer_remote(w, text));
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
		writer_put(one, "rcpt_to", writer_remote(w, privacy_recipient(
		    w->input->judged->settings, &rcpt->address, w->arena)));
		writer_put(one, "id", writer_word(rcpt->refused_by));
		writer_append(list, one);
	}
	return list;
}

/* Whose domain DNS was no judge of, for a host that we do not know takes their mail. */
static size_t
routed_recipients(const struct writer *w)
{
	const struct evidence *evidence = w->input->judged->evidence;
	size_t n = 0;

	for (size_t i = 0; evidence != NULL && i < evidence->destinations.n; i++)
		if (evidence->destinations.p[i].routed_by_hand)
			n += evidence->destinations.p[i].rcpts;
	return n;
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

static enum mode
mode_of(const struct writer *w)
{
	if (w->input->verdict != NULL)
		return w->input->verdict->mode;
	if (w->input->enforced)
		return MODE_ENFORCE;
	return verdict_mode(w->input->judged->settings, w->input->judged->message, -1);
}

static void
put_facts(const struct writer *w, json_t *record)
{
	const struct message *message = w->input->judged->message;
	const struct session *session = message->session;

	writer_put(record, "v", json_integer(1));
	writer_put(record, "time", time_text(message->now));
	writer_put(record, "queue_id", writer_remote(w, message->queue_id));
	writer_put(record, "client_addr", session->client_addr.family != 0 ?
	    writer_word(ip_text(w->arena, &session->client_addr)) : json_null());
	writer_put(record, "auth_user", writer_remote(w, message->auth_user));
	writer_put(record, "helo", writer_remote(w, session->helo));
	writer_put(record, "mail_from", message->mail_from_is_null ? json_string("") :
	    writer_remote(w, privacy_sender(w->input->judged)));
	writer_put(record, "author", writer_remote(w, message->author.text));
	writer_put(record, "author_domain", writer_remote(w, message->author_domain));
	writer_put(record, "rcpt_to", recipients(w));
	writer_put(record, "rcpt_count", json_integer((json_int_t)message->rcpts_total));
	writer_put(record, "message_id", writer_remote(w, message->message_id));
	writer_put(record, "size", json_integer((json_int_t)message->size));
	writer_put(record, "stream", writer_word(message_stream_name(message->stream)));
	writer_put(record, "direction", writer_word(direction_word(message->direction)));
	writer_put(record, "mode", writer_word(mode_name(mode_of(w))));
}

static json_t *
egress_entry(json_t *address, const char *spf)
{
	json_t *one = json_object();

	writer_put(one, "address", address);
	writer_put(one, "spf", writer_word(spf));
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
		writer_append(list, egress_entry(writer_remote(w, evidence->egress.via),
		    writer_spf_word(evidence->spf.known, evidence->spf.worst)));
	for (size_t i = 0; i < at_most(evidence->egress.n, w->limits->list); i++) {
		const struct egress_address *address = &evidence->egress.addresses[i];

		writer_append(list, egress_entry(writer_word(ip_text(w->arena, &address->ip)),
		    writer_spf_word(address->spf_known, address->spf.result)));
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

	writer_put(one, "d", writer_remote(w, own->key->domain));
	writer_put(one, "s", writer_remote(w, own->key->selector));
	writer_put(one, "a", writer_word(algorithm_of(own->key)));
	writer_put(one, "status", writer_word(dkim_result_name(own->predicted)));
	writer_put(one, "key", writer_word(key_dns_name(own->state)));
	return one;
}

/* A signature that came with the message has no key of ours. */
static json_t *
existing_entry(const struct writer *w, const struct verified *existing)
{
	json_t *one = json_object();

	writer_put(one, "d", writer_remote(w, existing->sdid));
	writer_put(one, "s", writer_remote(w, existing->selector));
	writer_put(one, "a", writer_remote(w, existing->algorithm));
	writer_put(one, "status", writer_word(dkim_result_name(existing->result)));
	writer_put(one, "key", json_null());
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
		writer_append(list, own_entry(w, &evidence->dkim.own[i]));
	for (size_t i = 0; i < at_most(evidence->dkim.n_existing, w->limits->list); i++)
		writer_append(list, existing_entry(w, &evidence->dkim.existing[i]));
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
			writer_append(list, writer_remote(w, arena_printf(w->arena, "%s:%s",
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

	writer_put(object, "result", writer_word(dmarc_result_word(dmarc->result)));
	writer_put(object, "policy", writer_word(dmarc->known == KNOWN_VALUE ?
	    dmarc_policy_word(dmarc->policy) : NULL));
	writer_put(object, "org_domain", writer_remote(w, dmarc->org_domain));
	writer_put(object, "aligned", aligned(w, dmarc));
	return object;
}

static json_t *
receivers(const struct writer *w)
{
	const struct verdict *verdict = w->input->verdict;
	json_t *object = json_object();

	for (size_t i = 0; i < RECEIVERS; i++)
		writer_put(object, receiver_name((enum receiver)i), writer_word(verdict == NULL ? NULL :
		    verdict->receivers[i].accept ? "accept" :
		    verdict->receivers[i].reply));
	return object;
}

static json_t *
finding_entry(const struct writer *w, const struct finding *finding)
{
	bool hidden = privacy_hides(w->input->judged, finding);
	json_t *one = json_object();

	writer_put(one, "id", writer_word(finding->check->id));
	writer_put(one, "severity", writer_word(severity_name(finding->severity)));
	writer_put(one, "weight", writer_points(finding->weight));
	writer_put(one, "text", writer_ours(w, hidden ? finding->check->meaning : finding->text));
	writer_put(one, "fix", writer_ours(w, hidden ? finding->check->fix : finding->fix));
	writer_put(one, "shadow", json_boolean(finding->shadow || finding->exempt));
	writer_put(one, "covered_by", writer_word(finding->covered_by));
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
		writer_append(list, finding_entry(w, &verdict->findings[i]));
	return list;
}

static json_t *
repaired(const struct plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; plan != NULL && i < plan->n_repaired; i++)
		writer_append(list, writer_word(plan->repaired[i]));
	return list;
}

static bool
is_same_edit(const struct edit *a, const struct edit *b)
{
	return a->kind == b->kind && slice_eq_nocase(slice_of(a->name), slice_of(b->name));
}

static const char *
edit_text(const struct writer *w, const struct edit *edit, size_t run)
{
	const char *name = log_safe(w->arena, slice_of(edit->name), EDIT_NAME_MAX);

	switch (edit->kind) {
	case EDIT_INSERT_HEADER:
		return arena_printf(w->arena, "insert %s", name);
	case EDIT_CHANGE_HEADER:
		return arena_printf(w->arena, "change %s", name);
	case EDIT_REPLACE_BODY:
		return "replace body";
	case EDIT_DELETE_HEADER:
		break;
	}
	return arena_printf(w->arena, "delete %zu %s", run, name);
}

/* Deletions of one name that stand together are one: how many there are. */
static size_t
edit_run(const struct plan *plan, size_t from)
{
	size_t run = 1;

	while (plan->edits[from].kind == EDIT_DELETE_HEADER && from + run < plan->n_edits &&
	    is_same_edit(&plan->edits[from], &plan->edits[from + run]))
		run++;
	return run;
}

/* "delete 2 X-Mailworthy", "insert Date"; at last "and 7 more" where there are too
 * many: raw text in each field makes one of each. */
static json_t *
edits(const struct writer *w)
{
	const struct plan *plan = w->input->plan;
	json_t *list = json_array();
	size_t run, more = 0;

	for (size_t i = 0; plan != NULL && i < plan->n_edits; i += run) {
		run = edit_run(plan, i);
		if (json_array_size(list) < w->limits->list)
			writer_append(list, writer_word(edit_text(w, &plan->edits[i], run)));
		else
			more += run;
	}
	if (more > 0)
		writer_append(list, writer_word(arena_printf(w->arena, "and %zu more", more)));
	return list;
}

static void
put_judgement(const struct writer *w, json_t *record)
{
	const struct verdict *verdict = w->input->verdict;
	size_t routed = routed_recipients(w);

	writer_put(record, "egress", egress(w));
	writer_put(record, "dkim", dkim(w));
	writer_put(record, "dmarc", dmarc(w));
	writer_put(record, "receivers", receivers(w));
	writer_put(record, "findings", findings(w));
	writer_put(record, "repaired", repaired(w->input->plan));
	writer_put(record, "edits", edits(w));
	writer_put(record, "rcpts_refused", refused_recipients(w));
	if (routed > 0)
		writer_put(record, "rcpts_routed", json_integer((json_int_t)routed));
	writer_put(record, "score", verdict != NULL ? writer_points(verdict->score) : json_null());
	writer_put(record, "verdict", writer_word(verdict != NULL ?
	    action_name(verdict->action) : NULL));
	writer_put(record, "would", writer_word(verdict != NULL ?
	    action_name(verdict->would) : NULL));
	writer_put(record, "elapsed_ms", json_real((double)w->input->elapsed_us / 1000.0));
	if (w->input->aborted != NULL)
		writer_put(record, "aborted", writer_ours(w, w->input->aborted));
}

/* ---- the journal ---- */

/* Mail from the MTA itself to those who are told of such things. */
static bool
is_notice(const struct message *message, const struct settings *settings)
{
	return message->is_notice || (message->mail_from_is_null && message->n_rcpts == 1 &&
	    *settings->notify != '\0' && message->rcpts[0].address.text != NULL &&
	    slice_eq_nocase(slice_of(message->rcpts[0].address.text),
	    slice_of(settings->notify)));
}

static const char *
first_refused(const struct message *message)
{
	for (size_t i = 0; i < message->n_rcpts; i++) {
		if (message->rcpts[i].refused_by != NULL)
			return message->rcpts[i].refused_by;
	}
	return NULL;
}

/* What was done: "hold", ..., "recipients"; NULL when nothing was stopped. */
static const char *
stopped_word(const struct record_input *input)
{
	if (input->verdict != NULL && input->verdict->action != ACTION_NONE)
		return action_name(input->verdict->action);
	return input->judged->message->rcpts_refused > 0 ? "recipients" : NULL;
}

/* Not the check that decided, but the score. */
static bool
is_hold_below(const struct verdict *verdict)
{
	return verdict->action == ACTION_HOLD && verdict->decisive != NULL &&
	    verdict->decisive->action < ACTION_HOLD;
}

static const char *
cause_word(const struct record_input *input)
{
	const struct verdict *verdict = input->verdict;

	if (verdict == NULL || verdict->action == ACTION_NONE)
		return first_refused(input->judged->message);
	if (input->plan != NULL && input->plan->action != verdict->action)
		return "edit-refused";
	if (is_hold_below(verdict))
		return "hold-below";
	return verdict->decisive != NULL ? verdict->decisive->check->id : NULL;
}

static bool
has_finding(const struct verdict *verdict, const char *id)
{
	for (size_t i = 0; verdict != NULL && i < verdict->n_findings; i++) {
		if (strcmp(verdict->findings[i].check->id, id) == 0)
			return true;
	}
	return false;
}

static bool
is_signed(const struct plan *plan)
{
	for (size_t i = 0; plan != NULL && i < plan->n_edits; i++) {
		if (plan->edits[i].kind == EDIT_INSERT_HEADER &&
		    strcmp(plan->edits[i].name, "DKIM-Signature") == 0)
			return true;
	}
	return false;
}

static void
put_stop(const struct writer *w, json_t *event)
{
	const struct record_input *input = w->input;
	const struct message *message = input->judged->message;
	const struct settings *settings = input->judged->settings;
	const struct verdict *verdict = input->verdict;
	const struct plan *plan = input->plan;

	writer_put(event, "stopped", writer_word(stopped_word(input)));
	writer_put(event, "cause", writer_word(cause_word(input)));
	if (verdict != NULL && is_hold_below(verdict))
		writer_put(event, "reason", writer_ours(w, verdict->hold_reason));
	if (plan != NULL && plan->reply_code != NULL)
		writer_put(event, "reply", writer_word(arena_printf(w->arena, "%s %s",
		    plan->reply_code, plan->reply_esc)));
	writer_put(event, "subject", writer_remote(w, privacy_subject(settings,
	    message->subject, w->arena)));
	writer_put(event, "signed", json_boolean(is_signed(plan)));
	writer_put(event, "must_sign", json_boolean(has_finding(verdict,
	    "dkim-cannot-sign")));
	writer_put(event, "notice", json_boolean(is_notice(message, settings)));
}

static const char *
message_name(const struct record_input *input)
{
	const char *id = input->judged->message->queue_id;

	return id != NULL ? id : "no queue id";
}

const char *
record_journal_line(const struct record_input *input, enum journal_kind *kind_r,
    struct arena *arena)
{
	struct writer w = { input, NULL, arena };
	struct buf out;

	if (stopped_word(input) == NULL || cause_word(input) == NULL)
		return NULL;
	*kind_r = input->verdict != NULL && input->verdict->action == ACTION_HOLD ?
	    JOURNAL_HELD : JOURNAL_REFUSED;
	for (size_t i = 0; i < sizeof(journal_limits) / sizeof(journal_limits[0]); i++) {
		json_t *event = json_object();

		w.limits = &journal_limits[i];
		put_facts(&w, event);
		put_stop(&w, event);
		put_judgement(&w, event);
		writer_write(event, arena, JOURNAL_LINE_MAX, &out);
		if (!out.truncated)
			return buf_str(&out);
	}
	/* the last limits fit any message (tests/unit/test_record_limits.c) */
	log_error("%s: stopped (%s), and too long for the journal: `mailworthy held` and "
	    "`notify` do not see it", log_safe(arena, slice_of(message_name(input)),
	    EDIT_NAME_MAX), stopped_word(input));
	return NULL;
}

/* ---- lines ---- */

static void
write_line(const struct writer *w, size_t max, struct buf *out_r)
{
	json_t *record = json_object();

	put_facts(w, record);
	put_judgement(w, record);
	writer_write(record, w->arena, max, out_r);
}

const char *
record_line(const struct record_input *input, bool for_syslog, struct arena *arena)
{
	struct writer w = { input, &writer_no_limits, arena };
	struct buf out;

	if (!for_syslog) {
		write_line(&w, WRITER_LINE_MAX, &out);
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
