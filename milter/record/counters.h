/*
 * What this process has seen since it started, as numbers.  The way of a
 * message only adds to atomic counters here; whoever wants to know takes a
 * reading.  Sets of labels are bounded: what is ours is a table, what the
 * configuration names goes through labels.h.
 */
#ifndef MW_RECORD_COUNTERS_H
#define MW_RECORD_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/stream.h"
#include "dkim/key.h"
#include "evidence/evidence.h"
#include "verdict/plan.h"
#include "verdict/verdict.h"

struct arena;
struct counters;

#define COUNTED_STREAMS (STREAM_DSN + 1)
#define COUNTED_MODES (MODE_ENFORCE + 1)
#define COUNTED_ACTIONS (ACTION_REJECT + 1)
#define COUNTED_KNOWN (KNOWN_TEMPERROR + 1)

enum counted {				/* events that have no labels */
	COUNTED_CONNECTION,		/* of the MTA */
	COUNTED_INBOUND,		/* a message that is not ours to judge */
	COUNTED_ABORTED,		/* a message that ended before its end */
	COUNTED_RCPT,			/* a recipient of a judged message */
	COUNTED_OCTETS,			/* of judged messages */
	COUNTED_NOT_APPLIED,		/* the MTA refused an edit: deferred */
	COUNTED_CANNOT_SIGN,		/* a managed domain's message */
	COUNTED_DNS_OVER,		/* budget or deadline of DNS was reached */
	COUNTED_EVENTS
};

enum counted_finding {			/* what became of a finding */
	FINDING_STANDS, FINDING_COVERED, FINDING_SHADOW, FINDING_EXEMPT,
	FINDING_STATES
};

enum counted_signature {
	SIGNATURE_MADE,			/* it stands on the message */
	SIGNATURE_AUDIT,		/* made, and left out in audit mode */
	SIGNATURE_UNUSED,		/* made, and the message was refused or deferred */
	SIGNATURE_FAILED,		/* could not be made */
	SIGNATURE_RESULTS
};

enum counted_evidence {			/* what the outside was asked for */
	EVIDENCE_SPF, EVIDENCE_DKIM_KEY, EVIDENCE_DKIM_EXISTING, EVIDENCE_DMARC,
	EVIDENCE_PTR, EVIDENCE_HELO, EVIDENCE_AUTHOR_DOMAIN, EVIDENCE_ENVELOPE_DOMAIN,
	EVIDENCE_RECIPIENT_DOMAIN,
	EVIDENCE_ITEMS
};

enum counted_opinion { OPINION_GOOD, OPINION_BAD, OPINION_UNKNOWN, OPINION_RESULTS };

enum counted_repair {
	REPAIRED_DATE, REPAIRED_MESSAGE_ID, REPAIRED_HEADERS, REPAIRED_ENCODING,
	REPAIRED_KINDS
};

struct counters *counters_new(void);
void counters_free(struct counters **counters);

/* All may be called by many threads at once; NULL counters count nothing. */
void counters_add(struct counters *counters, enum counted what, uint64_t n);
void counters_rcpt_refused(struct counters *counters, const char *check_id,
    enum action action);

struct counted_message {		/* one at the end of its way */
	const struct check_input *judged;
	const struct verdict *verdict;
	const struct plan *plan;
	bool not_applied;		/* the MTA refused an edit */
	int64_t eom_us;			/* what its end of message took */
};

void counters_message(struct counters *counters, const struct counted_message *message);

/* ---- a reading ---- */

struct counts_messages {		/* of one set of labels */
	const char *section;		/* stream "..." of the configuration; NULL none */
	enum stream stream;
	enum mode mode;
	enum action verdict;
	uint64_t n;
};

struct counts_signatures {
	const char *domain;
	enum key_type type;
	enum counted_signature result;
	uint64_t n;
};

struct counts {
	uint64_t events[COUNTED_EVENTS];
	/* without a section all sets of labels; with one those met */
	struct counts_messages *messages;
	size_t n_messages;
	uint64_t by_verdict[COUNTED_ACTIONS];	/* sums of those above */
	uint64_t messages_total;
	uint64_t would[COUNTED_ACTIONS];	/* of messages in audit mode */
	uint64_t (*findings)[FINDING_STATES];	/* by place in the table of checks */
	uint64_t (*refused)[2];			/* likewise: deferred, refused at RCPT */
	size_t n_checks;
	uint64_t checks_unknown, checks_temporary;	/* could not tell */
	struct counts_signatures *signatures;	/* those met */
	size_t n_signatures;
	uint64_t evidence[EVIDENCE_ITEMS][COUNTED_KNOWN];
	uint64_t opinions[OPINIONS][OPINION_RESULTS];
	uint64_t repaired[REPAIRED_KINDS];
	struct histogram_read eom;
};

/* Lives in the arena.  Names are octets as the configuration has them. */
void counters_read(const struct counters *counters, struct arena *arena,
    struct counts *counts_r);

/* The words of the labels. */
const char *counted_finding_name(enum counted_finding state);
const char *counted_signature_name(enum counted_signature result);
const char *counted_evidence_name(enum counted_evidence item);
const char *counted_known_name(enum known known);
const char *counted_opinion_name(enum counted_opinion result);
const char *counted_opinion_from(enum opinion_from from);
const char *counted_repair_name(enum counted_repair what);

#endif
