/*
 * The way of a message: facts, evidence, checks, verdict, plan.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/spool.h"
#include "core/core.h"
#include "core/parts.h"
#include "core/repair.h"
#include "dkim/keyring.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "evidence/opinion/opinion.h"
#include "facts/message.h"
#include "mail/date.h"
#include "mail/domain.h"
#include "mail/phrases.h"
#include "mail/view.h"
#include "record/record.h"
#include "settings/settings.h"

enum { BODY_CHUNK = 64 * 1024 };

struct passage {
	struct core *core;
	struct snapshot *snapshot;
	struct message *message;
	const struct headers *came;	/* before anything was mended */
	struct ring_choice choice;
	struct signer *signer;		/* NULL: nothing to sign with */
	struct verifier *verifier;	/* NULL: no signature on it yet */
	struct lookups *lookups;	/* NULL: nothing was asked yet */
	struct repair *repair;		/* NULL: nothing is mended */
	struct spool *kept;		/* the body, where somebody reads it again; NULL */
	struct signature signatures[2];
	struct check_input judged;
	struct evidence evidence;
	struct verdict verdict;
	struct plan plan;
	bool body_lost;
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
	/* the MTA's own name is what somebody wrote into its configuration */
	else if (host != NULL && !domain_is_fqdn(host))
		host = NULL;
	if (host == NULL || *host == '\0')
		host = "localhost.localdomain";
	return arena_printf(message->arena, "<%llx.%llx.%x@%s>",
	    (unsigned long long)message->now, (unsigned long long)message->begun_us,
	    core_next_serial(core), host);
}

/* What `repair` does in enforce mode, so that it stands there when we sign. */
static void
begin_repair(struct passage *passage)
{
	struct message *message = passage->message;
	const struct settings *settings = snapshot_settings(passage->snapshot);

	if (verdict_mode(settings, message, core_mode(passage->core)) != MODE_ENFORCE)
		return;
	passage->repair = repair_begin(message, settings);
	if (message->repair != NULL)
		message_declare_stream(message, settings);
	if (message->missing_date && (settings->repair & REPAIR_DATE) != 0)
		message->added_date = date_format(message->arena, message->now);
	if (message->missing_message_id && (settings->repair & REPAIR_MESSAGE_ID) != 0)
		message->added_message_id = make_message_id(passage->core, message);
}

static void
begin_signer(struct passage *passage)
{
	const struct message *message = passage->message;
	const struct ring_choice *choice = &passage->choice;

	if (choice->usable == RING_USABLE)
		passage->signer = signer_new(core_dkim(passage->core), message->arena,
		    choice->rsa, choice->ed25519, message->headers, message->added_date,
		    message->added_message_id, message->now);
}

struct passage *
passage_begin(struct core *core, struct snapshot *snapshot, struct message *message)
{
	struct arena *arena = message->arena;
	struct passage *passage = arena_alloc(arena, sizeof(*passage));

	passage->core = core;
	passage->snapshot = snapshot_ref(snapshot);
	passage->message = message;
	passage->came = message->headers;
	arena_defer(arena, passage_close, passage);

	message_read_headers(message);
	message_tell_notice(message, snapshot_settings(snapshot));
	message_declare_stream(message, snapshot_settings(snapshot));
	begin_repair(passage);
	keyring_choose(snapshot_keyring(snapshot), core_parts(core)->sightings,
	    message->author_domain, message->now, arena, &passage->choice);
	begin_signer(passage);
	passage->verifier = verifier_new(core_dkim(core), arena, message->headers,
	    message->now);
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
	if (passage->repair != NULL)
		repair_body(passage->repair, bytes, n);
	if (passage->kept != NULL)
		spool_add(passage->kept, bytes, n);
}

/* One budget and one deadline for all questions about the message. */
static struct lookups *
lookups_of(struct passage *passage)
{
	const struct settings *settings = snapshot_settings(passage->snapshot);

	if (passage->lookups == NULL)
		passage->lookups = lookups_new(core_parts(passage->core)->dns,
		    passage->message->arena, settings->resolver.deadline,
		    DNS_QUERIES_MAX);
	return passage->lookups;
}

/* A signature on the message verifies, or nobody can say that none does. */
static bool
is_signed_already(struct passage *passage)
{
	struct lookups *lookups = lookups_of(passage);
	const struct verified *verified;
	size_t n;

	if (passage->verifier == NULL)
		return false;
	while (verifier_finish(passage->verifier, lookups, &verified, &n) != 0)
		lookups_wait(lookups);
	for (size_t i = 0; i < n; i++) {
		if (verified[i].result == DKIM_PASS ||
		    verified[i].result == DKIM_TEMPERROR)
			return true;
	}
	return verifier_count(passage->verifier) > n;
}

/* What was mended is read, and signed, in place of what came. */
static void
read_body_again(struct passage *passage, const struct spool *body)
{
	struct message *message = passage->message;
	char *chunk = arena_alloc(message->arena, BODY_CHUNK);
	uint64_t at = 0;
	long got;

	begin_signer(passage);
	if (passage->kept != NULL)
		passage->kept = spool_new(message->arena,
		    opinions_size_max(snapshot_settings(passage->snapshot)));
	while ((got = spool_read(body, at, chunk, BODY_CHUNK)) > 0) {
		message_add_body(message, chunk, (size_t)got);
		if (passage->signer != NULL)
			signer_body(passage->signer, chunk, (size_t)got);
		if (passage->kept != NULL)
			spool_add(passage->kept, chunk, (size_t)got);
		at += (uint64_t)got;
	}
	passage->body_lost = got < 0 || at != spool_size(body);
	message_finish(message);
}

static void
finish_repair(struct passage *passage)
{
	const struct spool *body;

	if (passage->repair == NULL || !repair_is_needed(passage->repair) ||
	    is_signed_already(passage) || !repair_finish(passage->repair, &body))
		return;
	message_declare_stream(passage->message, snapshot_settings(passage->snapshot));
	read_body_again(passage, body);
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
	input.lookups = lookups_of(passage);
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
		.breakers = core_breakers(passage->core),
		.arena = passage->message->arena,
	};

	if (!opinions_wanted(request.settings))
		return;
	if (core_parts(passage->core)->on_long_wait != NULL)
		core_parts(passage->core)->on_long_wait();
	opinions_ask(&request, passage->evidence.opinions);
}

void
passage_finish(struct passage *passage)
{
	struct message *message = passage->message;

	message_finish(message);
	finish_repair(passage);
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

bool
passage_body_is_lost(const struct passage *passage)
{
	return passage->body_lost && passage->verdict.mode == MODE_ENFORCE;
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

const struct headers *
passage_came(const struct passage *passage)
{
	return passage->came;
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

static struct record_input
record_input_of(const struct passage *passage)
{
	return (struct record_input){
		.judged = &passage->judged,
		.verdict = &passage->verdict,
		.plan = &passage->plan,
		.elapsed_us = passage->elapsed_us,
	};
}

const char *
passage_record(const struct passage *passage, bool for_syslog)
{
	struct record_input input = record_input_of(passage);

	return record_line(&input, for_syslog, passage->message->arena);
}

const char *
passage_event(const struct passage *passage, enum journal_kind *kind_r)
{
	struct record_input input = record_input_of(passage);

	return record_journal_line(&input, kind_r, passage->message->arena);
}
