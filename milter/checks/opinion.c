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

static const char *
named(const char *symbols)
{
	return *symbols != '\0' ? symbols : "none named";
}

void
check_opinion_spamassassin(const struct check_input *input, struct check_result *result)
{
	const struct opinion *opinion = opinion_of(input, OPINION_SPAMASSASSIN, result);

	if (opinion == NULL)
		return;
	if (opinion->is_bad)
		check_hit(input, result, "SpamAssassin takes the message for spam: %s "
		    "points, its limit is %s; rules that hit: %s.",
		    points(input, opinion->score), points(input, opinion->threshold),
		    named(opinion->symbols));
	else
		check_ok(result);
}

/* It marks spam below the number it names, from which on it refuses. */
void
check_opinion_rspamd(const struct check_input *input, struct check_result *result)
{
	const struct opinion *opinion = opinion_of(input, OPINION_RSPAMD, result);

	if (opinion == NULL)
		return;
	if (opinion->is_bad)
		check_hit(input, result, "Rspamd would mark or refuse the message: %s "
		    "points, it refuses from %s on; its heaviest symbols: %s.",
		    points(input, opinion->score), points(input, opinion->threshold),
		    named(opinion->symbols));
	else
		check_ok(result);
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
