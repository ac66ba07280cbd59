/*
 * The way of a message: facts, evidence, checks, verdict, plan.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/spool.h"
#include "core/core.h"
#include "core/parts.h"
#include "dkim/keyring.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "evidence/opinion/opinion.h"
#include "facts/message.h"
#include "mail/date.h"
#include "mail/phrases.h"
#include "mail/view.h"
#include "record/record.h"
#include "settings/settings.h"

struct passage {
	struct core *core;
	struct snapshot *snapshot;
	struct message *message;
	struct ring_choice choice;
	struct signer *signer;		/* NULL: nothing to sign with */
	struct verifier *verifier;	/* NULL: no signature on it yet */
	struct spool *kept;		/* the body, where somebody reads it again; NULL */
	struct signature signatures[2];
	struct check_input judged;
	struct evidence evidence;
	struct verdict verdict;
	struct plan plan;
	uint64_t elapsed_us;
};

static void
passage_close(void *object)
{
	struct passage *passage = object;

	snapshot_unref(&passage->snapshot);
}

/* Unique without asking anybody: time, process-wide serial, a random part of
 * the address of this message. */
static const char *
make_message_id(struct core *core, const struct message *message)
{
	const char *host = message->session->mta_name;

	if (message->author_domain != NULL)
		host = message->author_domain;
	if (host == NULL || *host == '\0')
		host = "localhost.localdomain";
	return arena_printf(message->arena, "<%llx.%llx.%x@%s>",
	    (unsigned long long)message->now, (unsigned long long)message->begun_us,
	    core_next_serial(core), host);
}

/* What `repair` adds in enforce mode, so that it stands there when we sign. */
static void
add_missing(struct passage *passage)
{
	struct message *message = passage->message;
	const struct settings *settings = snapshot_settings(passage->snapshot);

	if (verdict_mode(settings, message, core_mode(passage->core)) != MODE_ENFORCE)
		return;
	if (message->missing_date && (settings->repair & REPAIR_DATE) != 0)
		message->added_date = date_format(message->arena, message->now);
	if (message->missing_message_id && (settings->repair & REPAIR_MESSAGE_ID) != 0)
		message->added_message_id = make_message_id(passage->core, message);
}

struct passage *
passage_begin(struct core *core, struct snapshot *snapshot, struct message *message)
{
	struct arena *arena = message->arena;
	struct passage *passage = arena_alloc(arena, sizeof(*passage));

	passage->core = core;
	passage->snapshot = snapshot_ref(snapshot);
	passage->message = message;
	arena_defer(arena, passage_close, passage);

	message_read_headers(message);
	message_declare_stream(message, snapshot_settings(snapshot));
	add_missing(passage);
	keyring_choose(snapshot_keyring(snapshot), core_parts(core)->sightings,
	    message->author_domain, message->now, &passage->choice);
	if (passage->choice.usable == RING_USABLE)
		passage->signer = signer_new(core_dkim(core), arena, passage->choice.rsa,
		    passage->choice.ed25519, message->headers, message->added_date,
		    message->added_message_id, message->now);
	passage->verifier = verifier_new(core_dkim(core), arena, message->headers);
	if (opinions_wanted(snapshot_settings(snapshot)))
		passage->kept = spool_new(arena,
		    opinions_size_max(snapshot_settings(snapshot)));
	return passage;
}

void
passage_body(struct passage *passage, const void *bytes, size_t n)
{
	message_add_body(passage->message, bytes, n);
	if (passage->signer != NULL)
		signer_body(passage->signer, bytes, n);
	if (passage->verifier != NULL)
		verifier_body(passage->verifier, bytes, n);
	if (passage->kept != NULL)
		spool_add(passage->kept, bytes, n);
}

/* What an attached message says, somebody else has written. */
static void
find_phrases(struct passage *passage)
{
	struct message *message = passage->message;
	const struct view *view = message->view;
	size_t n_parts = view != NULL ? view->n_parts : 0, n = 0;
	struct phrase_text *texts = arena_array(message->arena, n_parts + 1, sizeof(*texts));
	const struct phrase **found = arena_array(message->arena, MESSAGE_PHRASES_KEPT,
	    sizeof(*found));

	if (message->subject != NULL)
		texts[n++] = (struct phrase_text){
			PHRASE_SUBJECT, slice_of(message->subject) };
	for (size_t i = 0; i < n_parts; i++) {
		if (view->parts[i].text.n > 0 && !view->parts[i].in_attached_message)
			texts[n++] = (struct phrase_text){
				PHRASE_BODY, view->parts[i].text };
	}
	message->n_phrases = phrases_find(snapshot_phrases(passage->snapshot,
	    core_parts(passage->core)->long_lived), texts, n, found, MESSAGE_PHRASES_KEPT);
	message->phrases = found;
}

static void
collect(struct passage *passage)
{
	const struct core_options *options = core_parts(passage->core);
	const struct settings *settings = snapshot_settings(passage->snapshot);
	struct collect_input input = {
		.settings = settings,
		.ring = snapshot_keyring(passage->snapshot),
		.sightings = options->sightings,
		.cache = core_results(passage->core),
		.egress = options->egress,
		.message = passage->message,
		.choice = &passage->choice,
		.signatures = passage->signatures,
		.verifier = passage->verifier,
		.clock = options->clock,
		.arena = passage->message->arena,
	};

	if (passage->signer != NULL)
		input.n_signatures = signer_finish(passage->signer, passage->signatures);
	input.lookups = lookups_new(options->dns, input.arena,
	    settings->resolver.deadline, DNS_QUERIES_MAX);
	evidence_collect(&input, &passage->evidence);
}

static void
ask_others(struct passage *passage)
{
	struct opinion_request request = {
		.settings = snapshot_settings(passage->snapshot),
		.message = passage->message,
		.body = passage->kept,
		.clock = core_parts(passage->core)->clock,
		.arena = passage->message->arena,
	};

	if (opinions_wanted(request.settings))
		opinions_ask(&request, passage->evidence.opinions);
}

void
passage_finish(struct passage *passage)
{
	struct message *message = passage->message;

	message_finish(message);
	find_phrases(passage);
	collect(passage);
	ask_others(passage);
	passage->judged = (struct check_input){
		.settings = snapshot_settings(passage->snapshot),
		.message = message,
		.evidence = &passage->evidence,
		.arena = message->arena,
	};
	verdict_make(&passage->judged, core_mode(passage->core), &passage->verdict);
	plan_make(&passage->judged, &passage->verdict, &passage->plan);
	passage->elapsed_us = (uint64_t)(clock_mono_us(core_parts(passage->core)->clock) -
	    message->begun_us);
}

void
passage_not_applied(struct passage *passage)
{
	passage->verdict.action = ACTION_TEMPFAIL;
	passage->plan.n_edits = 0;
	passage->plan.n_repaired = 0;
}

const struct message *
passage_message(const struct passage *passage)
{
	return passage->message;
}

const struct evidence *
passage_evidence(const struct passage *passage)
{
	return &passage->evidence;
}

const struct verdict *
passage_verdict(const struct passage *passage)
{
	return &passage->verdict;
}

const struct plan *
passage_plan(const struct passage *passage)
{
	return &passage->plan;
}

const struct check_input *
passage_judged(const struct passage *passage)
{
	return &passage->judged;
}

const char *
passage_record(const struct passage *passage, bool for_syslog)
{
	struct record_input input = {
		.judged = &passage->judged,
		.verdict = &passage->verdict,
		.plan = &passage->plan,
		.elapsed_us = passage->elapsed_us,
	};

	return record_line(&input, for_syslog, passage->message->arena);
}
