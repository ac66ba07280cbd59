/*
 * What is done about the findings: the strongest action, and the cases where
 * less must be done than a finding asks for.
 */
#include <string.h>

#include "base/slice.h"
#include "facts/message.h"
#include "settings/settings.h"
#include "verdict/fold.h"

enum mode
verdict_mode(const struct settings *settings, const struct message *message,
    int mode_override)
{
	const struct settings_domain *domain = NULL;

	if (mode_override >= 0)
		return (enum mode)mode_override;
	if (message->declared != NULL && message->declared->mode >= 0)
		return (enum mode)message->declared->mode;
	if (message->author_domain != NULL)
		domain = settings_find_domain(settings, message->author_domain);
	return domain != NULL && domain->has_mode ? domain->mode : settings->mode;
}

/* Software that bounces mail often writes an odd From; refusing that loses the
 * news that a message was not delivered. */
static bool
spares_null_sender(const struct message *message, const struct finding *finding)
{
	return message->mail_from_is_null &&
	    strncmp(finding->check->id, "from-", strlen("from-")) == 0;
}

/* Of two that ask for the same, the one that covers the other. */
static bool
says_it_better(const struct finding *finding, const struct verdict *verdict)
{
	return verdict->decisive != NULL && finding->action == verdict->would &&
	    verdict->decisive->covered_by != NULL &&
	    strcmp(verdict->decisive->covered_by, finding->check->id) == 0;
}

/* Findings come heaviest first, so of equal actions the heaviest decides. */
static void
find_strongest(const struct message *message, struct verdict *verdict)
{
	verdict->would = ACTION_NONE;
	for (size_t i = 0; i < verdict->n_findings; i++) {
		struct finding *finding = &verdict->findings[i];

		if (spares_null_sender(message, finding))
			finding->action = ACTION_NONE;
		if (!finding_is_active(finding) || (finding->action <= verdict->would &&
		    !says_it_better(finding, verdict)))
			continue;
		verdict->would = finding->action;
		verdict->decisive = finding;
	}
}

int
verdict_hold_below(const struct settings *settings, const struct message *message)
{
	if (message->declared != NULL && message->declared->hold_below >= 0)
		return message->declared->hold_below;
	return settings->hold_below;
}

static void
apply_hold_below(const struct check_input *input, struct verdict *verdict)
{
	int hold_below = verdict_hold_below(input->settings, input->message);
	size_t i = 0;

	if (hold_below <= 0 || verdict->would >= ACTION_HOLD ||
	    verdict_score(verdict->findings, verdict->n_findings, true) >= hold_below)
		return;
	while (i < verdict->n_findings && !finding_counts(&verdict->findings[i], true))
		i++;
	if (i == verdict->n_findings)
		return;
	verdict->would = ACTION_HOLD;
	verdict->decisive = &verdict->findings[i];
}

/*
 * What tells of held mail is never held itself.  Mail from the MTA itself has no
 * client to answer (measured with Postfix): a tempfail leaves it in maildrop under a
 * new queue id each minute, and refusing one of the MTA's own DSNs requeues the
 * message it is about.
 */
static void
spare_the_mta(const struct message *message, struct verdict *verdict)
{
	if (message->is_own_dsn || message->is_notice) {
		verdict->would = ACTION_NONE;
		verdict->decisive = NULL;
	} else if (message->is_local && verdict->would == ACTION_TEMPFAIL) {
		verdict->would = ACTION_HOLD;
	}
}

void
verdict_adjust(const struct check_input *input, int mode_override,
    struct verdict *verdict)
{
	verdict->mode = verdict_mode(input->settings, input->message, mode_override);
	find_strongest(input->message, verdict);
	apply_hold_below(input, verdict);
	spare_the_mta(input->message, verdict);
	verdict->action =
	    verdict->mode == MODE_ENFORCE ? verdict->would : ACTION_NONE;
}
