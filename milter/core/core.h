/*
 * The way of a message as calls: what proto/, the tool and the scenario tests
 * share.  facts -> evidence -> checks -> verdict -> plan; the caller applies.
 */
#ifndef MW_CORE_CORE_H
#define MW_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>

#include "record/journal.h"
#include "verdict/plan.h"
#include "verdict/verdict.h"

struct arena;
struct cache_stats;
struct clock;
struct dkim_lib;
struct core;
struct dns;
struct egress_facts;
struct evidence;
struct files;
struct headers;
struct keyring;
struct message;
struct phrases;
struct rcpt;
struct session;
struct settings;
struct sightings;

/* Settings and keys of one moment; sessions keep the one they began with. */
struct snapshot;

/* Loads settings and keys; NULL and *error_r (lines) when anything is wrong. */
struct snapshot *snapshot_load(struct files *files, const char *path,
    struct arena *arena, const char **error_r);
/* For mailworthyd -n: credentials of the service may not be there. */
struct snapshot *snapshot_load_outside(struct files *files, const char *path,
    struct arena *arena, const char **error_r);
/* For the tool: keys that this user may not read are left out. */
struct snapshot *snapshot_load_lenient(struct files *files, const char *path,
    struct arena *arena, const char **error_r);

/* For the doctor: keys that cannot be used are left out, too, and told of in
 * *key_errors_r (lines, "" for none).  NULL where the settings are at fault. */
struct snapshot *snapshot_load_partial(struct files *files, const char *path,
    struct arena *arena, const char **error_r, const char **key_errors_r);

struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot **snapshot);
const struct settings *snapshot_settings(const struct snapshot *snapshot);
const struct keyring *snapshot_keyring(const struct snapshot *snapshot);

/*
 * Compiled at the first call: with Hyperscan that takes 25 to 50 ms, which only
 * a process that lives long gets back.
 */
const struct phrases *snapshot_phrases(struct snapshot *snapshot, bool long_lived);

/* Before anybody else has `fresh`: what was compiled for `old` serves it too, if
 * the phrases are the same. */
void snapshot_keep_phrases(struct snapshot *fresh, struct snapshot *old);

struct core_options {
	struct dns *dns;			/* borrowed */
	const struct clock *clock;
	const struct egress_facts *egress;	/* borrowed, may be NULL */
	struct sightings *sightings;		/* borrowed, may be NULL */
	bool keep_results;			/* of SPF, DMARC, host names */
	bool long_lived;			/* worth the start of faster matchers */
	void (*on_long_wait)(void);		/* before other filters are asked; may be NULL */
};

/* The parts that live as long as the process. */
struct core *core_new(const struct core_options *options, const char **error_r);
void core_free(struct core **core);

/* Of the results that are kept; all 0 where none are. */
void core_results_stats(const struct core *core, struct cache_stats *stats_r);

/* For the check at start that libopendkim uses our parsed keys. */
struct dkim_lib *core_dkim(const struct core *core);

/* The kill switch: MODE_AUDIT, MODE_ENFORCE or -1 (as the file says). */
void core_set_mode(struct core *core, int mode);
int core_mode(const struct core *core);

/*
 * The recipients of one message, before its header: each judged alone where an
 * SMTP client is there to hear it.  Lives in the message's arena.
 */
struct rcpt_stage;

/* Some recipient of some message may be refused: RCPT wants an answer. */
bool core_judges_rcpts(const struct core *core, const struct snapshot *snapshot);

struct rcpt_stage *rcpt_stage_begin(struct core *core, struct snapshot *snapshot,
    struct message *message);

/*
 * May wait for DNS, 3 s for a domain and the resolver's deadline for the
 * message.  True when the recipient is refused: rcpt->refused_by is set and
 * the plan holds action and reply.  The caller adds it to the message.  Local
 * mail, and what DNS could not tell, is never refused here.
 */
bool rcpt_stage_judge(struct rcpt_stage *stage, struct rcpt *rcpt, struct plan *plan_r);

/* The record's line of a message that ended before its verdict, when recipients
 * were refused. */
const char *rcpt_stage_record(const struct rcpt_stage *stage, bool for_syslog);
/* Its event for the journal, or NULL. */
const char *rcpt_stage_event(const struct rcpt_stage *stage, enum journal_kind *kind_r);

/* One message on its way. */
struct passage;

/* After the last header: reads the facts, chooses keys, decides what repair adds. */
struct passage *passage_begin(struct core *core, struct snapshot *snapshot,
    struct message *message);
void passage_body(struct passage *passage, const void *bytes, size_t n);

/* End of message: collects evidence (may wait for DNS), judges, plans. */
void passage_finish(struct passage *passage);

/* What was kept of the body could not be read again: what was judged and signed is
 * not what the MTA has, and the message has to be deferred.  Never in audit mode. */
bool passage_body_is_lost(const struct passage *passage);

/* The MTA refused an edit and the message was deferred: the record says so. */
void passage_not_applied(struct passage *passage);

const struct message *passage_message(const struct passage *passage);
/* The header section before anything was mended. */
const struct headers *passage_came(const struct passage *passage);
const struct evidence *passage_evidence(const struct passage *passage);
const struct verdict *passage_verdict(const struct passage *passage);
const struct plan *passage_plan(const struct passage *passage);
const struct check_input *passage_judged(const struct passage *passage);

/* The record's line; elapsed from message->begun_us. */
const char *passage_record(const struct passage *passage, bool for_syslog);
/* The event for the journal; NULL when nothing was held, deferred or refused. */
const char *passage_event(const struct passage *passage, enum journal_kind *kind_r);

#endif
