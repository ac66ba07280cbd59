/* Naming parts, and whether all recipients are known. */
#include "base/arena.h"
#include "checks/common.h"
#include "checks/parts.h"
#include "mail/view.h"

bool
parts_known(const struct check_input *input, struct check_result *result)
{
	if (input->message->view == NULL)
		check_dunno(result);
	return input->message->view != NULL;
}

const char *
parts_title(const struct check_input *input, const struct view_part *part)
{
	const char *section = part->section != NULL && *part->section != '\0' ?
	    part->section : NULL;
	const char *title = section != NULL ?
	    arena_printf(input->arena, "Part %s", section) : "The message";

	if (part->filename == NULL)
		return arena_printf(input->arena, "%s (%s)", title,
		    check_safe(input, part->type));
	return arena_printf(input->arena, "%s (%s, \"%s\")", title,
	    check_safe(input, part->type), check_safe(input, part->filename));
}

bool
parts_all_recipients(const struct check_input *input)
{
	const struct destinations_evidence *to = &input->evidence->destinations;
	const struct message *message = input->message;
	size_t there = 0, refused = 0;

	for (size_t i = 0; i < to->n; i++)
		there += to->p[i].rcpts;
	for (size_t i = 0; i < message->n_rcpts; i++)
		refused += message->rcpts[i].refused_by != NULL;
	return to->n > 0 && to->skipped == 0 && to->unknown_mailer == 0 &&
	    there + refused >= message->rcpts_total;
}
