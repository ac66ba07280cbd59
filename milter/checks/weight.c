/* How many octets leave, against what the recipients' providers take. */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"
#include "checks/parts.h"
#include "mail/view.h"
#include "settings/lists.h"

#define LARGE 10000000			/* octets; every provider takes as many */

/* As it will stand on the wire: with the fields that are added here. */
static uint64_t
wire_size(const struct check_input *input)
{
	const struct message *message = input->message;
	const struct dkim_evidence *dkim = &input->evidence->dkim;
	uint64_t size = message->size;

	for (size_t i = 0; i < dkim->n_own; i++) {
		if (dkim->own[i].made)
			size += sizeof("DKIM-Signature: \r\n") - 1 +
			    strlen(dkim->own[i].value);
	}
	if (message->added_date != NULL)
		size += sizeof("Date: \r\n") - 1 + strlen(message->added_date);
	if (message->added_message_id != NULL)
		size += sizeof("Message-ID: \r\n") - 1 +
		    strlen(message->added_message_id);
	return size;
}

void
check_message_oversize(const struct check_input *input, struct check_result *result)
{
	const struct destinations_evidence *to = &input->evidence->destinations;
	const struct provider *smallest = NULL;
	uint64_t size = wire_size(input);
	size_t refusing = 0;
	struct check_tally tally;

	if (size <= LARGE) {
		check_ok(result);
		return;
	}
	check_tally_init(&tally, input);
	for (size_t i = 0; i < to->n; i++) {
		const struct provider *provider = to->p[i].provider;

		if (!check_tally_known(&tally, to->p[i].provider_known) ||
		    to->p[i].provider_known == KNOWN_ABSENT)
			continue;
		if (provider->size_max == 0 || size <= provider->size_max)
			continue;
		refusing++;
		if (smallest == NULL || provider->size_max < smallest->size_max)
			smallest = provider;
		check_tally_hit(&tally, check_safe(input, to->p[i].domain));
	}
	if (to->n == 0 || to->skipped > 0 || to->unknown_mailer > 0)
		tally.dunno = true;
	if (!check_tally_any(&tally, result) || smallest == NULL)
		return;
	check_hit(input, result, "The message has %s octets as it is sent; %s takes at "
	    "most %s (recipients at %s).", arena_count(input->arena, size), smallest->title,
	    arena_count(input->arena, smallest->size_max), buf_str(&tally.names));
	if (refusing < to->n || !parts_all_recipients(input))
		result->action = ACTION_NONE;
}

static const struct view_part *
largest_part(const struct view *view)
{
	const struct view_part *largest = NULL;

	for (size_t i = 0; view != NULL && i < view->n_parts; i++) {
		const struct view_part *part = &view->parts[i];

		if (part->kind != VIEW_MULTIPART && part->kind != VIEW_MESSAGE &&
		    (largest == NULL || part->size > largest->size))
			largest = part;
	}
	return largest;
}

void
check_attachment_large(const struct check_input *input, struct check_result *result)
{
	uint64_t size = wire_size(input);
	const struct view_part *largest;

	if (size <= LARGE) {
		check_ok(result);
		return;
	}
	largest = largest_part(input->message->view);
	if (largest == NULL)
		check_hit(input, result, "The message has %s octets as it is sent.",
		    arena_count(input->arena, size));
	else
		check_hit(input, result, "The message has %s octets as it is sent. %s has "
		    "%s of them.", arena_count(input->arena, size), parts_title(input, largest),
		    arena_count(input->arena, largest->size));
}
