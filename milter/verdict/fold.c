/*
 * Runs the checks and folds their results: tuning, what covers what, caps.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "facts/message.h"
#include "settings/settings.h"
#include "verdict/fold.h"

struct tuning {				/* of one check for one message */
	int weight, action;		/* -1: the check's own */
	bool shadow, exempt;
};

enum { SCORE_MAX = 100, SEVERITY_WARNING_FROM = 5, SEVERITY_ERROR_FROM = 20,
    GRAVE_FROM = 10 };

/* mailworthy-checks(7), "Score": one family alone never decides everything. */
static const int family_cap[FAMILIES] = {
	[FAMILY_IDENTITY] = 70,
	[FAMILY_FORMAT] = 70,
	[FAMILY_DECEPTION] = 60,
	[FAMILY_COSMETIC] = 10,
	[FAMILY_BULK] = 40,
	[FAMILY_ATTACHMENT] = 60,
	[FAMILY_STATE] = 50,
};

int
verdict_family_cap(enum check_family family)
{
	return family_cap[family];
}

bool
finding_is_active(const struct finding *finding)
{
	return !finding->shadow && !finding->exempt;
}

static enum severity
severity_of(int weight)
{
	if (weight >= SEVERITY_ERROR_FROM)
		return SEVERITY_ERROR;
	return weight >= SEVERITY_WARNING_FROM ? SEVERITY_WARNING : SEVERITY_INFO;
}

/*
 * A configured weight is that of the check's highest level; lower levels keep
 * their share of it.
 */
static int
tuned_weight(const struct check *check, int weight, int tuned)
{
	if (tuned < 0 || check->weight <= 0 || weight == check->weight)
		return tuned < 0 ? weight : tuned;
	return (tuned * weight + check->weight / 2) / check->weight;
}

static int
clamp_weight(int weight)
{
	return weight < 0 ? 0 : weight > SCORE_MAX ? SCORE_MAX : weight;
}

/* What is set for the stream, else for all mail. */
static void
find_tuning(const struct check_input *input, const struct check *check,
    struct tuning *tuning_r)
{
	const struct settings_check *all = settings_find_check(input->settings, check->id);
	const struct settings_tuning *own =
	    settings_find_tuning(input->message->declared, check->id);

	*tuning_r = (struct tuning){ .weight = -1, .action = -1 };
	if (all != NULL)
		*tuning_r = (struct tuning){ all->weight, all->action, all->shadow,
		    message_has_sender(input->message, &all->exempt) };
	if (own == NULL)
		return;
	if (own->weight >= 0)
		tuning_r->weight = own->weight;
	if (own->action >= 0)
		tuning_r->action = own->action;
	if (own->shadow >= 0)
		tuning_r->shadow = own->shadow == 1;
}

static void
fill_finding(const struct check_input *input, const struct check *check,
    const struct check_result *result, struct finding *finding_r)
{
	struct tuning tuning;

	*finding_r = (struct finding){
		.check = check,
		.level = clamp_weight(result->weight),
		.action = result->action,
		.covers = result->covers != NULL ? result->covers : check->covers,
		.enhanced = result->enhanced,
		.text = result->text != NULL ? result->text : check->meaning,
		.fix = result->fix != NULL ? result->fix : check->fix,
	};
	find_tuning(input, check, &tuning);
	if (tuning.action >= 0)
		finding_r->action = (enum action)tuning.action;
	if (result->no_action)
		finding_r->action = ACTION_NONE;
	finding_r->shadow = tuning.shadow;
	finding_r->exempt = tuning.exempt;
	finding_r->weight = clamp_weight(tuned_weight(check, result->weight,
	    tuning.weight));
	if (result->weight_beside > 0)
		finding_r->weight_beside = clamp_weight(tuned_weight(check,
		    result->weight_beside, tuning.weight));
	finding_r->severity = severity_of(finding_r->weight);
}

bool
fold_ids_name(const char *ids, const char *id)
{
	struct slice rest = slice_of(ids), one;

	while (slice_split(&rest, ' ', &one)) {
		if (one.n > 0 && one.p[one.n - 1] == '*' ?
		    strncmp(id, one.p, one.n - 1) == 0 :
		    one.n == strlen(id) && memcmp(id, one.p, one.n) == 0)
			return true;
	}
	return false;
}

static bool
covers(const struct finding *a, const struct finding *b)
{
	return a != b && a->covers != NULL && finding_is_active(a) &&
	    fold_ids_name(a->covers, b->check->id);
}

/* Findings are sorted: of several that cover one, the heaviest is named, and
 * of two that cover each other the heavier stands. */
static void
mark_covered(struct finding *findings, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			if ((j < i || !covers(&findings[i], &findings[j])) &&
			    covers(&findings[j], &findings[i])) {
				findings[i].covered_by = findings[j].check->id;
				break;
			}
		}
	}
}

static int
compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->check->id, y->check->id);
}

bool
finding_counts(const struct finding *finding, bool for_hold)
{
	return finding_is_active(finding) && finding->covered_by == NULL &&
	    (!for_hold || check_is_for_hold(finding->check));
}

static bool
is_grave(const struct finding *finding)
{
	return finding->weight >= GRAVE_FROM && finding_counts(finding, false) &&
	    (finding->check->family == FAMILY_FORMAT ||
	    finding->check->family == FAMILY_DECEPTION);
}

/* Some faults weigh only where others make the message doubtful. */
static void
raise_beside_grave(struct finding *findings, size_t n)
{
	size_t i = 0;

	while (i < n && !is_grave(&findings[i]))
		i++;
	if (i == n)
		return;
	for (i = 0; i < n; i++) {
		if (findings[i].weight_beside <= findings[i].weight)
			continue;
		findings[i].weight = findings[i].weight_beside;
		findings[i].severity = severity_of(findings[i].weight);
	}
	qsort(findings, n, sizeof(*findings), compare_findings);
}

static int
compare_open(const void *a, const void *b)
{
	const struct verdict_open *x = a, *y = b;

	return strcmp(x->id, y->id);
}

int
verdict_score(const struct finding *findings, size_t n, bool for_hold)
{
	int sum[FAMILIES] = { 0 }, score = SCORE_MAX;

	for (size_t i = 0; i < n; i++) {
		if (finding_counts(&findings[i], for_hold))
			sum[findings[i].check->family] += findings[i].weight;
	}
	for (size_t i = 0; i < FAMILIES; i++)
		score -= sum[i] < family_cap[i] ? sum[i] : family_cap[i];
	return score < 0 ? 0 : score;
}

static void
run_check(const struct check_input *input, const struct check *check,
    struct verdict *verdict)
{
	struct check_result result = {
		.status = CHECK_DUNNO,
		.weight = check->weight,
		.action = check->action,
	};

	check->run(input, &result);
	switch (result.status) {
	case CHECK_OK:
		return;
	case CHECK_HIT:
		fill_finding(input, check, &result,
		    &verdict->findings[verdict->n_findings++]);
		return;
	case CHECK_DUNNO:
	case CHECK_TEMPERROR:
		verdict->open[verdict->n_dunno++] = (struct verdict_open){
			.id = check->id,
			.temporary = result.status == CHECK_TEMPERROR,
			.text = result.text,
		};
		return;
	}
}

static void
fold(const struct check_input *input, const struct check *table, size_t n,
    bool only_rcpt, struct verdict *verdict)
{
	*verdict = (struct verdict){ .score = SCORE_MAX };
	verdict->findings = arena_array(input->arena, n, sizeof(*verdict->findings));
	verdict->open = arena_array(input->arena, n, sizeof(*verdict->open));
	verdict->dunno = arena_array(input->arena, n, sizeof(*verdict->dunno));
	for (size_t i = 0; i < n; i++) {
		if (!only_rcpt || table[i].stage == STAGE_RCPT)
			run_check(input, &table[i], verdict);
	}
	qsort(verdict->findings, verdict->n_findings, sizeof(*verdict->findings),
	    compare_findings);
	qsort(verdict->open, verdict->n_dunno, sizeof(*verdict->open), compare_open);
	for (size_t i = 0; i < verdict->n_dunno; i++)
		verdict->dunno[i] = verdict->open[i].id;
	mark_covered(verdict->findings, verdict->n_findings);
	raise_beside_grave(verdict->findings, verdict->n_findings);
	verdict->score = verdict_score(verdict->findings, verdict->n_findings, false);
}

void
verdict_fold_table(const struct check_input *input, const struct check *table,
    size_t n, struct verdict *verdict_r)
{
	fold(input, table, n, false, verdict_r);
}

void
verdict_fold_rcpt(const struct check_input *input, const struct check *table,
    size_t n, struct verdict *verdict_r)
{
	fold(input, table, n, true, verdict_r);
}
