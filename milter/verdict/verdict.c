/*
 * The verdict in its four steps, and the words for its values.
 */
#include "facts/message.h"
#include "settings/settings.h"
#include "verdict/fold.h"

void
verdict_make_table(const struct check_input *input, int mode_override,
    const struct check *table, size_t n, struct verdict *verdict_r)
{
	verdict_fold_table(input, table, n, verdict_r);
	verdict_adjust(input, mode_override, verdict_r);
	verdict_write_reply(input, verdict_r);
	verdict_ask_receivers(input, verdict_r);
}

void
verdict_make(const struct check_input *input, int mode_override,
    struct verdict *verdict_r)
{
	size_t n;
	const struct check *table = check_table(&n);

	verdict_make_table(input, mode_override, table, n, verdict_r);
}

/* A hold is of whole messages: at end of message. */
void
verdict_make_rcpt(const struct check_input *input, int mode_override,
    struct verdict *verdict_r)
{
	size_t n;
	const struct check *table = check_table(&n);

	verdict_fold_rcpt(input, table, n, verdict_r);
	verdict_adjust(input, mode_override, verdict_r);
	verdict_write_reply(input, verdict_r);
	if (verdict_r->action == ACTION_HOLD)
		verdict_r->action = ACTION_NONE;
}

static bool
may_enforce(const struct settings *settings, int mode_override)
{
	if (mode_override >= 0)
		return mode_override == MODE_ENFORCE;
	if (settings->mode == MODE_ENFORCE)
		return true;
	for (size_t i = 0; i < settings->n_domains; i++)
		if (settings->domains[i].has_mode &&
		    settings->domains[i].mode == MODE_ENFORCE)
			return true;
	for (size_t i = 0; i < settings->n_streams; i++)
		if (settings->streams[i].mode == MODE_ENFORCE)
			return true;
	return false;
}

static bool
may_act(const struct settings *settings, const struct check *check)
{
	const struct settings_check *all = settings_find_check(settings, check->id);
	const struct settings_tuning *own;
	int action = all != NULL && all->action >= 0 ? all->action : (int)check->action;

	if (action >= ACTION_TEMPFAIL && (all == NULL || !all->shadow))
		return true;
	for (size_t i = 0; i < settings->n_streams; i++) {
		own = settings_find_tuning(&settings->streams[i], check->id);
		if (own != NULL && (own->action >= ACTION_TEMPFAIL || own->shadow == 0))
			return true;
	}
	return false;
}

bool
verdict_judges_rcpts(const struct settings *settings, int mode_override)
{
	size_t n;
	const struct check *table = check_table(&n);

	if (!may_enforce(settings, mode_override))
		return false;
	for (size_t i = 0; i < n; i++)
		if (table[i].stage == STAGE_RCPT && may_act(settings, &table[i]))
			return true;
	return false;
}

const char *
action_name(enum action action)
{
	switch (action) {
	case ACTION_NONE:
		return "pass";
	case ACTION_HOLD:
		return "hold";
	case ACTION_TEMPFAIL:
		return "tempfail";
	case ACTION_REJECT:
		return "reject";
	}
	return "pass";
}

const char *
severity_name(enum severity severity)
{
	switch (severity) {
	case SEVERITY_INFO:
		return "info";
	case SEVERITY_WARNING:
		return "warning";
	case SEVERITY_ERROR:
		return "error";
	}
	return "info";
}

const char *
mode_name(enum mode mode)
{
	switch (mode) {
	case MODE_AUDIT:
		return "audit";
	case MODE_ENFORCE:
		return "enforce";
	}
	return "audit";
}

const char *
receiver_name(enum receiver receiver)
{
	switch (receiver) {
	case RECEIVER_GMAIL:
		return "gmail";
	case RECEIVER_MICROSOFT:
		return "microsoft";
	case RECEIVER_YAHOO:
		return "yahoo";
	case RECEIVER_APPLE:
		return "apple";
	case RECEIVERS:
		break;
	}
	return "";
}

const char *
receiver_title(enum receiver receiver)
{
	switch (receiver) {
	case RECEIVER_GMAIL:
		return "Gmail";
	case RECEIVER_MICROSOFT:
		return "Microsoft (Outlook.com)";
	case RECEIVER_YAHOO:
		return "Yahoo, AOL";
	case RECEIVER_APPLE:
		return "Apple iCloud";
	case RECEIVERS:
		break;
	}
	return "";
}
