/* The Date field (RFC 5322 section 3.6.1) against the message's own clock. */
#include "checks/common.h"
#include "mail/date.h"

#define HOUR 3600
#define AHEAD_MAX (2 * HOUR)
#define OLD_MIN (24 * HOUR)
#define VERY_OLD_MIN (96 * HOUR)

/* The first Date field's instant; false sets the status. */
static bool
read_date(const struct check_input *input, struct check_result *result, time_t *when_r)
{
	const struct header *field = headers_first(input->message->headers, HDR_DATE);

	if (check_is_beyond(input->message, HDR_DATE)) {
		check_dunno(result);
		return false;
	}
	check_ok(result);	/* absent or unreadable: date-missing, date-malformed */
	return field != NULL && date_parse(field->value, when_r);
}

static const char *
date_text(const struct check_input *input)
{
	return check_safe_slice(input, slice_trim(
	    headers_first(input->message->headers, HDR_DATE)->value));
}

void
check_date_missing(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;

	if (!message->missing_date) {
		check_ok(result);
		return;
	}
	if (message->added_date == NULL) {
		check_hit(input, result, "The message has no Date field.");
		return;
	}
	result->weight = 0;
	check_hit(input, result, "The message came without a Date field; "
	    "mailworthy adds one.");
}

void
check_date_malformed(const struct check_input *input, struct check_result *result)
{
	const struct header *field = headers_first(input->message->headers, HDR_DATE);
	time_t when;

	if (check_is_beyond(input->message, HDR_DATE)) {
		check_dunno(result);
		return;
	}
	if (field == NULL || date_parse(field->value, &when)) {
		check_ok(result);
		return;
	}
	check_hit(input, result, "The Date field \"%s\" is no date.", date_text(input));
}

void
check_date_future(const struct check_input *input, struct check_result *result)
{
	time_t when, now = input->message->now;

	if (!read_date(input, result, &when))
		return;
	if (when - now > AHEAD_MAX)
		check_hit(input, result, "The Date field \"%s\" is %lld minutes ahead "
		    "of the clock here.", date_text(input), (long long)(when - now) /
		    60);
}

void
check_date_past(const struct check_input *input, struct check_result *result)
{
	time_t when, now = input->message->now;

	if (!read_date(input, result, &when) || now - when <= OLD_MIN)
		return;
	if (now - when <= VERY_OLD_MIN)
		result->weight = 5;
	check_hit(input, result, "The Date field \"%s\" is %lld hours old.",
	    date_text(input), (long long)(now - when) / HOUR);
}
