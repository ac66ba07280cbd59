/*
 * Recipients judged one by one while the MTA's client waits for the answer.
 *
 * What the header will say is not known yet.  A recipient is refused only
 * where every stream that the message may turn out to be of would refuse it;
 * the envelope sender's domain stands for the author's.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "core/core.h"
#include "core/parts.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "facts/message.h"
#include "record/record.h"
#include "settings/settings.h"

#define SECOND_US INT64_C(1000000)

struct rcpt_stage {
	struct core *core;
	struct snapshot *snapshot;
	struct message *message;
	struct map *domains;		/* asked for, for this message */
	int64_t left_us;		/* of the time that it may wait */
};

struct judging {			/* one recipient */
	const struct rcpt_stage *stage;
	struct message one;		/* the message as if it were the only one */
	struct evidence evidence;
	struct check_input input;
	struct verdict verdict;
};

static void
stage_close(void *object)
{
	struct rcpt_stage *stage = object;

	snapshot_unref(&stage->snapshot);
}

bool
core_judges_rcpts(const struct core *core, const struct snapshot *snapshot)
{
	return verdict_judges_rcpts(snapshot_settings(snapshot), core_mode(core));
}

struct rcpt_stage *
rcpt_stage_begin(struct core *core, struct snapshot *snapshot, struct message *message)
{
	struct rcpt_stage *stage = arena_alloc(message->arena, sizeof(*stage));

	stage->core = core;
	stage->snapshot = snapshot_ref(snapshot);
	stage->message = message;
	stage->domains = map_new(message->arena);
	stage->left_us = snapshot_settings(snapshot)->resolver.deadline * SECOND_US;
	arena_defer(message->arena, stage_close, stage);
	return stage;
}

static void
begin_judging(const struct rcpt_stage *stage, struct rcpt *rcpt, struct arena *arena,
    struct judging *j)
{
	const struct address *sender = &stage->message->mail_from;

	*j = (struct judging){ .stage = stage, .one = *stage->message };
	j->one.arena = arena;
	j->one.rcpts = rcpt;
	j->one.n_rcpts = j->one.rcpts_total = 1;
	j->one.rcpts_refused = 0;
	if (sender->domain != NULL && sender->domain[0] != '\0')
		j->one.author_domain = sender->domain;
	j->input = (struct check_input){
		.settings = snapshot_settings(stage->snapshot),
		.message = &j->one,
		.evidence = &j->evidence,
		.arena = arena,
	};
}

static bool
refuses_in(struct judging *j, const struct settings_stream *stream)
{
	j->one.declared = stream;
	verdict_make_rcpt(&j->input, core_mode(j->stage->core), &j->verdict);
	return j->verdict.action >= ACTION_TEMPFAIL;
}

/* In every stream that may be the message's, as they are looked through. */
static bool
refuses(struct judging *j)
{
	const struct settings *settings = j->input.settings;
	bool certain;

	for (size_t i = 0; i < settings->n_streams; i++) {
		const struct settings_stream *stream = &settings->streams[i];

		if (!message_may_be_of(&j->one, stream, &certain))
			continue;
		if (!refuses_in(j, stream))
			return false;
		if (certain)
			return true;
	}
	return refuses_in(j, NULL);
}

/* Nothing can come of it: no DNS is asked. */
static bool
is_pointless(const struct rcpt_stage *stage, const struct judging *j,
    const struct rcpt *rcpt)
{
	const struct settings *settings = j->input.settings;

	if (message_rcpt_way(&j->one, rcpt) != RCPT_LEAVES)
		return true;
	return settings->n_streams == 0 && verdict_mode(settings, &j->one,
	    core_mode(stage->core)) != MODE_ENFORCE;
}

/* Domains beyond the limit are not asked for. */
static bool
is_one_too_many(struct rcpt_stage *stage, const char *domain)
{
	if (map_get(stage->domains, domain) != NULL)
		return false;
	if (map_count(stage->domains) >= DESTINATIONS_MAX)
		return true;
	map_set(stage->domains, domain, stage);
	return false;
}

static void
collect(struct rcpt_stage *stage, struct judging *j)
{
	const struct core_options *options = core_parts(stage->core);
	int64_t begun_us = clock_mono_us(options->clock);
	int64_t most_us = stage->left_us < DESTINATIONS_SECONDS * SECOND_US ?
	    stage->left_us : DESTINATIONS_SECONDS * SECOND_US;
	struct collect_input input = {
		.settings = j->input.settings,
		.cache = core_results(stage->core),
		.message = &j->one,
		.clock = options->clock,
		.arena = j->input.arena,
	};

	if (most_us < 0)
		most_us = 0;
	input.lookups = lookups_new(options->dns, input.arena,
	    (unsigned)((most_us + SECOND_US - 1) / SECOND_US), DESTINATIONS_QUERIES);
	evidence_collect_destinations(&input, &j->evidence);
	stage->left_us -= clock_mono_us(options->clock) - begun_us;
}

static bool
judge(struct rcpt_stage *stage, struct rcpt *rcpt, struct arena *arena,
    struct plan *plan_r)
{
	struct arena *keep = stage->message->arena;
	struct judging j;

	begin_judging(stage, rcpt, arena, &j);
	if (is_pointless(stage, &j, rcpt) ||
	    is_one_too_many(stage, rcpt->address.domain))
		return false;
	collect(stage, &j);
	if (!refuses(&j))
		return false;
	plan_make(&j.input, &j.verdict, plan_r);
	plan_r->reply_code = arena_strdup(keep, plan_r->reply_code);
	plan_r->reply_esc = arena_strdup(keep, plan_r->reply_esc);
	plan_r->reply_text = arena_strdup(keep, plan_r->reply_text);
	rcpt->refused_by = j.verdict.decisive->check->id;
	return true;
}

bool
rcpt_stage_judge(struct rcpt_stage *stage, struct rcpt *rcpt, struct plan *plan_r)
{
	const struct message *message = stage->message;
	struct arena *arena;
	bool refused;

	*plan_r = (struct plan){ .action = ACTION_NONE };
	if (message->direction != DIRECTION_OUTBOUND || message->is_local ||
	    rcpt->address.domain == NULL)
		return false;
	arena = arena_new();
	refused = judge(stage, rcpt, arena, plan_r);
	arena_free(&arena);
	return refused;
}

/* What is told of a message that never came to its verdict. */
static void
begin_record(const struct rcpt_stage *stage, struct check_input *judged_r,
    struct record_input *input_r)
{
	*judged_r = (struct check_input){
		.settings = snapshot_settings(stage->snapshot),
		.message = stage->message,
		.arena = stage->message->arena,
	};
	*input_r = (struct record_input){
		.judged = judged_r,
		.aborted = "the client gave up after recipients were refused",
		.enforced = true,
		.elapsed_us = (uint64_t)(clock_mono_us(core_parts(stage->core)->clock) -
		    stage->message->begun_us),
	};
}

const char *
rcpt_stage_record(const struct rcpt_stage *stage, bool for_syslog)
{
	struct check_input judged;
	struct record_input input;

	begin_record(stage, &judged, &input);
	return record_line(&input, for_syslog, judged.arena);
}

const char *
rcpt_stage_event(const struct rcpt_stage *stage, enum journal_kind *kind_r)
{
	struct check_input judged;
	struct record_input input;

	begin_record(stage, &judged, &input);
	return record_journal_line(&input, kind_r, judged.arena);
}
