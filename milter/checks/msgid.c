/* The Message-ID field (RFC 5322 section 3.6.4). */
#include "checks/common.h"
#include "mail/msgid.h"

#define MESSAGE_ID_MAX 500	/* characters; Gmail's limit */
#define WEIGHT_NO_NAME 3

void
check_message_id_missing(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;

	if (!message->missing_message_id) {
		check_ok(result);
		return;
	}
	if (message->added_message_id == NULL) {
		check_hit(input, result, "The message has no Message-ID field.");
		return;
	}
	result->weight = 0;
	check_hit(input, result, "The message came without a Message-ID field; "
	    "mailworthy adds one.");
}

void
check_message_id_malformed(const struct check_input *input, struct check_result *result)
{
	const struct header *field = headers_first(input->message->headers,
	    HDR_MESSAGE_ID);
	struct msgid id;
	const char *text;
	size_t n;

	if (field == NULL) {
		if (check_is_beyond(input->message, HDR_MESSAGE_ID))
			check_dunno(result);
		else
			check_ok(result);
		return;
	}
	text = check_safe_slice(input, slice_trim(field->value));
	msgid_parse(field->value, &id);
	n = slice_trim(field->value).n;
	if (!id.valid) {
		if (id.encoded_word)
			check_ok(result);	/* encoded-word-misplaced tells it */
		else
			check_hit(input, result, "The Message-ID \"%s\" is not of the "
			    "form <left@right>.", text);
	} else if (n > MESSAGE_ID_MAX) {
		check_hit(input, result, "The Message-ID is %zu characters long, over "
		    "Gmail's limit of %d: %s", n, MESSAGE_ID_MAX, text);
	} else if (!id.right_is_name) {
		result->weight = WEIGHT_NO_NAME;
		check_hit(input, result, "The right side of the Message-ID %s is no "
		    "host name.", text);
	} else {
		check_ok(result);
	}
}
