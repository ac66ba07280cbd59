/*
 * Fields that are missing or stand too often (RFC 5322 section 3.6, RFC 2045
 * section 4, RFC 5321 section 6.3).
 */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"

#define HOPS_NEAR 25
#define HOPS_MAX 50		/* Gmail's limit */
#define WEIGHT_HOPS_NEAR 5

void
check_header_duplicate(const struct check_input *input, struct check_result *result)
{
	static const enum header_id once[] = {
		HDR_FROM, HDR_SENDER, HDR_REPLY_TO, HDR_TO, HDR_CC, HDR_BCC, HDR_DATE,
		HDR_MESSAGE_ID, HDR_IN_REPLY_TO, HDR_REFERENCES, HDR_SUBJECT,
	};
	const struct headers *headers = input->message->headers;
	struct check_tally tally;
	size_t i;

	check_tally_init(&tally, input);
	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		size_t n = headers_count(headers, once[i]);

		if (n > 1)
			check_tally_hit(&tally, arena_printf(input->arena, "%s (%zu "
			    "times)", header_id_name(once[i]), n));
	}
	if (check_tally_any(&tally, result))
		check_hit(input, result, "A field that may stand once stands more "
		    "often: %s.", buf_str(&tally.names));
}

void
check_to_missing(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	struct address_list to, cc;
	bool has_to, has_cc;

	if (check_is_list(message)) {
		check_ok(result);
		return;
	}
	if (check_is_beyond(message, HDR_TO) || check_is_beyond(message, HDR_CC)) {
		check_dunno(result);
		return;
	}
	has_to = check_addresses(input, HDR_TO, &to);
	has_cc = check_addresses(input, HDR_CC, &cc);
	if (to.total + cc.total > 0)
		check_ok(result);
	else if (has_to)
		check_hit(input, result, "The To field names nobody: \"%s\".",
		    check_safe_slice(input,
		    slice_trim(headers_first(message->headers, HDR_TO)->value)));
	else if (has_cc)
		check_hit(input, result, "The message has no To field, and Cc names "
		    "nobody.");
	else
		check_hit(input, result, "The message has neither To nor Cc.");
}

void
check_hop_count(const struct check_input *input, struct check_result *result)
{
	/* the MTA adds its own after the filter has seen the message */
	size_t hops = headers_count(input->message->headers, HDR_RECEIVED) + 1;

	if (hops <= HOPS_NEAR) {
		check_ok(result);
		return;
	}
	if (hops <= HOPS_MAX)
		result->weight = WEIGHT_HOPS_NEAR;
	check_hit(input, result, "The message leaves with %zu Received fields; Gmail "
	    "refuses over %d as a loop.", hops, HOPS_MAX);
}

void
check_mime_version_missing(const struct check_input *input, struct check_result *result)
{
	static const enum header_id mime[] = {
		HDR_CONTENT_TYPE, HDR_CONTENT_TRANSFER_ENCODING,
		    HDR_CONTENT_DISPOSITION,
		HDR_CONTENT_ID, HDR_CONTENT_DESCRIPTION,
	};
	const struct headers *headers = input->message->headers;
	size_t i;

	check_ok(result);
	if (headers_count(headers, HDR_MIME_VERSION) > 0)
		return;
	for (i = 0; i < sizeof(mime) / sizeof(mime[0]); i++) {
		if (headers_count(headers, mime[i]) == 0)
			continue;
		check_hit(input, result, "The message has a %s field but no "
		    "MIME-Version.", header_id_name(mime[i]));
		return;
	}
}
