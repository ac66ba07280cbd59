/*
 * Counting on the way of a message: relaxed atomic additions, no lock.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "facts/message.h"
#include "record/counters.h"
#include "record/labels.h"
#include "settings/settings.h"

typedef atomic_uint_fast64_t counter;

enum {
	SECTION_NONE = LABELS_MAX + 1,	/* after the numbers of labels */
	SECTIONS,
	KEY_TYPES = KEY_ED25519 + 1,
	MESSAGE_SETS = COUNTED_STREAMS * COUNTED_MODES * COUNTED_ACTIONS,
};

struct counters {
	counter events[COUNTED_EVENTS];
	counter messages[SECTIONS][COUNTED_STREAMS][COUNTED_MODES][COUNTED_ACTIONS];
	counter would[COUNTED_ACTIONS];
	counter (*findings)[FINDING_STATES];
	counter (*refused)[2];
	counter checks_unknown, checks_temporary;
	counter signatures[LABELS_MAX + 1][KEY_TYPES][SIGNATURE_RESULTS];
	counter evidence[EVIDENCE_ITEMS][COUNTED_KNOWN];
	counter opinions[OPINIONS][OPINION_RESULTS];
	counter repaired[REPAIRED_KINDS];
	struct histogram eom;
	struct labels *sections, *domains;
};

static void
add(counter *to, uint64_t n)
{
	atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

static uint64_t
get(const counter *from)
{
	return atomic_load_explicit(from, memory_order_relaxed);
}

struct counters *
counters_new(void)
{
	struct counters *counters = mem_alloc(sizeof(*counters));
	size_t n;

	check_table(&n);
	counters->findings = mem_array(n, sizeof(*counters->findings));
	counters->refused = mem_array(n, sizeof(*counters->refused));
	counters->sections = labels_new();
	counters->domains = labels_new();
	return counters;
}

void
counters_free(struct counters **counters_p)
{
	struct counters *counters = *counters_p;

	*counters_p = NULL;
	if (counters == NULL)
		return;
	labels_free(&counters->sections);
	labels_free(&counters->domains);
	free(counters->findings);
	free(counters->refused);
	free(counters);
}

void
counters_add(struct counters *counters, enum counted what, uint64_t n)
{
	if (counters != NULL)
		add(&counters->events[what], n);
}

/* Its place in the table; false for a check from elsewhere, as tests have. */
static bool
find_place(const struct check *check, size_t *place_r)
{
	size_t n;
	const struct check *table = check_table(&n);

	*place_r = (size_t)(check - table);
	return check >= table && check < table + n;
}

void
counters_rcpt_refused(struct counters *counters, const char *check_id, enum action action)
{
	const struct check *check = check_id != NULL ? check_find(check_id) : NULL;

	size_t place;

	if (counters != NULL && check != NULL && find_place(check, &place))
		add(&counters->refused[place][action == ACTION_REJECT], 1);
}

/* ---- one message ---- */

static void
count_verdict(struct counters *counters, const struct counted_message *m)
{
	const struct message *message = m->judged->message;
	const struct verdict *verdict = m->verdict;
	size_t section = message->declared == NULL ? SECTION_NONE :
	    labels_number(counters->sections, message->declared->name);

	add(&counters->messages[section][message->stream][verdict->mode][verdict->action], 1);
	if (verdict->mode == MODE_AUDIT)
		add(&counters->would[verdict->would], 1);
	add(&counters->events[COUNTED_RCPT], message->rcpts_total);
	add(&counters->events[COUNTED_OCTETS], message->size);
	if (m->not_applied)
		add(&counters->events[COUNTED_NOT_APPLIED], 1);
}

static enum counted_finding
state_of(const struct finding *finding)
{
	if (finding->exempt)
		return FINDING_EXEMPT;
	if (finding->shadow)
		return FINDING_SHADOW;
	return finding->covered_by != NULL ? FINDING_COVERED : FINDING_STANDS;
}

static void
count_findings(struct counters *counters, const struct verdict *verdict)
{
	uint64_t temporary = 0;
	size_t place;

	for (size_t i = 0; i < verdict->n_findings; i++) {
		const struct finding *finding = &verdict->findings[i];

		if (find_place(finding->check, &place))
			add(&counters->findings[place][state_of(finding)], 1);
	}
	for (size_t i = 0; i < verdict->n_dunno; i++)
		temporary += verdict->open[i].temporary;
	add(&counters->checks_temporary, temporary);
	add(&counters->checks_unknown, verdict->n_dunno - temporary);
}

static enum counted_signature
result_of(const struct own_signature *own, const struct verdict *verdict)
{
	if (!own->made)
		return SIGNATURE_FAILED;
	if (verdict->mode == MODE_AUDIT)
		return SIGNATURE_AUDIT;
	return verdict->action == ACTION_NONE || verdict->action == ACTION_HOLD ?
	    SIGNATURE_MADE : SIGNATURE_UNUSED;
}

static void
count_signatures(struct counters *counters, const struct counted_message *m)
{
	const struct dkim_evidence *dkim = &m->judged->evidence->dkim;

	if (dkim->cannot_sign != NULL)
		add(&counters->events[COUNTED_CANNOT_SIGN], 1);
	if (dkim->usable != RING_USABLE)
		return;
	for (size_t i = 0; i < dkim->n_own; i++) {
		const struct ring_key *key = dkim->own[i].key;
		size_t domain = labels_number(counters->domains, key->domain);

		add(&counters->signatures[domain][key_type(key->key)]
		    [result_of(&dkim->own[i], m->verdict)], 1);
	}
}

/* The doubt of one is the doubt of all: addresses, domains. */
static void
worse(enum known *all, enum known one)
{
	if (one == KNOWN_TEMPERROR || *all == KNOWN_NO)
		*all = one;
	else if (one == KNOWN_ABSENT && *all == KNOWN_VALUE)
		*all = one;
}

static void
count_evidence(struct counters *counters, const struct evidence *evidence)
{
	const struct dkim_evidence *dkim = &evidence->dkim;
	enum known all[EVIDENCE_ITEMS] = { KNOWN_NO };
	size_t i;

	all[EVIDENCE_SPF] = evidence->spf.known;
	all[EVIDENCE_DMARC] = evidence->dmarc.known;
	all[EVIDENCE_AUTHOR_DOMAIN] = evidence->author_name.exists;
	all[EVIDENCE_ENVELOPE_DOMAIN] = evidence->envelope_name.exists;
	for (i = 0; i < dkim->n_own; i++)
		worse(&all[EVIDENCE_DKIM_KEY], dkim->own[i].record_known);
	if (dkim->existing_total > 0)
		all[EVIDENCE_DKIM_EXISTING] = dkim->existing_known ? KNOWN_VALUE :
		    KNOWN_TEMPERROR;
	for (i = 0; i < evidence->egress.n; i++) {
		worse(&all[EVIDENCE_PTR], evidence->egress.addresses[i].ptr_known);
		worse(&all[EVIDENCE_HELO], evidence->egress.addresses[i].helo_known);
	}
	for (i = 0; i < evidence->destinations.n; i++)
		worse(&all[EVIDENCE_RECIPIENT_DOMAIN], evidence->destinations.p[i].exists);
	for (i = 0; i < EVIDENCE_ITEMS; i++)
		add(&counters->evidence[i][all[i]], 1);
	if (evidence->dns_over)
		add(&counters->events[COUNTED_DNS_OVER], 1);
}

static void
count_opinions(struct counters *counters, const struct evidence *evidence)
{
	for (size_t i = 0; i < OPINIONS; i++) {
		const struct opinion *opinion = &evidence->opinions[i];
		enum counted_opinion result = opinion->known != KNOWN_VALUE ?
		    OPINION_UNKNOWN : opinion->is_bad ? OPINION_BAD : OPINION_GOOD;

		if (opinion->asked)
			add(&counters->opinions[i][result], 1);
	}
}

static void
count_repairs(struct counters *counters, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_repaired; i++)
		for (int what = 0; what < REPAIRED_KINDS; what++)
			if (strcmp(plan->repaired[i],
			    counted_repair_name((enum counted_repair)what)) == 0)
				add(&counters->repaired[what], 1);
}

void
counters_message(struct counters *counters, const struct counted_message *message)
{
	if (counters == NULL)
		return;
	count_verdict(counters, message);
	count_findings(counters, message->verdict);
	count_signatures(counters, message);
	count_evidence(counters, message->judged->evidence);
	count_opinions(counters, message->judged->evidence);
	count_repairs(counters, message->plan);
	histogram_add(&counters->eom, message->eom_us);
}

/* ---- a reading ---- */

/* Number 0 and those given. */
static size_t
count_labels(const struct labels *labels)
{
	size_t n = 1;

	while (labels_name(labels, n) != NULL)
		n++;
	return n;
}

static void
read_section(const struct counters *counters, size_t section, struct counts *counts)
{
	for (size_t set = 0; set < MESSAGE_SETS; set++) {
		size_t verdict = set % COUNTED_ACTIONS;
		size_t mode = set / COUNTED_ACTIONS % COUNTED_MODES;
		size_t stream = set / COUNTED_ACTIONS / COUNTED_MODES;
		uint64_t n = get(&counters->messages[section][stream][mode][verdict]);

		if (n == 0 && section != SECTION_NONE)
			continue;
		counts->messages[counts->n_messages++] = (struct counts_messages){
			section == SECTION_NONE ? NULL :
			labels_name(counters->sections, section),
			(enum stream)stream, (enum mode)mode, (enum action)verdict, n };
		counts->by_verdict[verdict] += n;
		counts->messages_total += n;
	}
}

static void
read_messages(const struct counters *counters, struct arena *arena, struct counts *counts)
{
	size_t names = count_labels(counters->sections);

	counts->messages = arena_array(arena, (names + 1) * MESSAGE_SETS,
	    sizeof(*counts->messages));
	read_section(counters, SECTION_NONE, counts);
	for (size_t section = 0; section < names; section++)
		read_section(counters, section, counts);
}

static void
read_signatures(const struct counters *counters, struct arena *arena,
    struct counts *counts)
{
	const size_t sets = KEY_TYPES * SIGNATURE_RESULTS;
	size_t n = 0, domains = count_labels(counters->domains), domain, set;

	counts->signatures = arena_array(arena, domains * sets, sizeof(*counts->signatures));
	for (domain = 0; domain < domains; domain++)
		for (set = 0; set < sets; set++) {
			size_t result = set % SIGNATURE_RESULTS, type = set / SIGNATURE_RESULTS;
			uint64_t found = get(&counters->signatures[domain][type][result]);

			if (found > 0)
				counts->signatures[n++] = (struct counts_signatures){
					labels_name(counters->domains, domain),
					(enum key_type)type, (enum counted_signature)result,
					found };
		}
	counts->n_signatures = n;
}

static void
read_checks(const struct counters *counters, struct arena *arena, struct counts *counts)
{
	size_t i, state;

	check_table(&counts->n_checks);
	counts->findings = arena_array(arena, counts->n_checks, sizeof(*counts->findings));
	counts->refused = arena_array(arena, counts->n_checks, sizeof(*counts->refused));
	for (i = 0; i < counts->n_checks; i++) {
		for (state = 0; state < FINDING_STATES; state++)
			counts->findings[i][state] = get(&counters->findings[i][state]);
		for (state = 0; state < 2; state++)
			counts->refused[i][state] = get(&counters->refused[i][state]);
	}
	counts->checks_unknown = get(&counters->checks_unknown);
	counts->checks_temporary = get(&counters->checks_temporary);
}

static void
read_all(const counter *from, size_t n, uint64_t *to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = get(&from[i]);
}

void
counters_read(const struct counters *counters, struct arena *arena,
    struct counts *counts_r)
{
	size_t i;

	memset(counts_r, 0, sizeof(*counts_r));
	read_messages(counters, arena, counts_r);
	read_signatures(counters, arena, counts_r);
	read_checks(counters, arena, counts_r);
	read_all(counters->events, COUNTED_EVENTS, counts_r->events);
	read_all(counters->would, COUNTED_ACTIONS, counts_r->would);
	read_all(counters->repaired, REPAIRED_KINDS, counts_r->repaired);
	for (i = 0; i < EVIDENCE_ITEMS; i++)
		read_all(counters->evidence[i], COUNTED_KNOWN, counts_r->evidence[i]);
	for (i = 0; i < OPINIONS; i++)
		read_all(counters->opinions[i], OPINION_RESULTS, counts_r->opinions[i]);
	histogram_read(&counters->eom, &counts_r->eom);
}
