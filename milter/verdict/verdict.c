/*
 * The verdict in its four steps, and the words for its values.
 */
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
