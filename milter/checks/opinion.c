/*
 * What other filters say: SpamAssassin, Rspamd, ClamAV.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "checks/common.h"

/* The opinion, where it is known; else the status is set. */
static const struct opinion *
opinion_of(const struct check_input *input, enum opinion_from from,
    struct check_result *result)
{
	const struct opinion *opinion = &input->evidence->opinions[from];

	if (!opinion->asked) {
		check_ok(result);
		return NULL;
	}
	switch (opinion->known) {
	case KNOWN_VALUE:
		return opinion;
	case KNOWN_TEMPERROR:
		check_temperror(result);
		break;
	case KNOWN_NO:
	case KNOWN_ABSENT:
		check_dunno(result);
		break;
	}
	result->text = opinion->error;
	return NULL;
}

static const char *
points(const struct check_input *input, int hundredths)
{
	return arena_printf(input->arena, "%s%d.%d", hundredths < 0 ? "-" : "",
	    abs(hundredths) / 100, abs(hundredths) / 10 % 10);
}

static void
judge_spam(const struct check_input *input, struct check_result *result,
    enum opinion_from from, const char *name)
{
	const struct opinion *opinion = opinion_of(input, from, result);

	if (opinion == NULL)
		return;
	if (opinion->is_bad)
		check_hit(input, result, "%s takes the message for spam: %s points, its "
		    "limit is %s; rules that hit: %s.", name,
		    points(input, opinion->score), points(input, opinion->threshold),
		    opinion->symbols);
	else
		check_ok(result);
}

void
check_opinion_spamassassin(const struct check_input *input, struct check_result *result)
{
	judge_spam(input, result, OPINION_SPAMASSASSIN, "SpamAssassin");
}

void
check_opinion_rspamd(const struct check_input *input, struct check_result *result)
{
	judge_spam(input, result, OPINION_RSPAMD, "Rspamd");
}

void
check_opinion_clamav(const struct check_input *input, struct check_result *result)
{
	const struct opinion *opinion = opinion_of(input, OPINION_CLAMAV, result);

	if (opinion == NULL)
		return;
	if (opinion->is_bad)
		check_hit(input, result, "ClamAV found %s in the message.",
		    opinion->virus);
	else
		check_ok(result);
}
