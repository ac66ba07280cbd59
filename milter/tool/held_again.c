/*
 * mailworthy held --again: a message on hold goes through the filter anew.
 *
 * Neither postsuper -H nor postsuper -r asks milters again (measured with
 * Postfix 3.7), so what could not be signed when it was held would leave
 * unsigned.  It is sent once more as local mail, and only when the MTA has
 * taken that, the one on hold is deleted: a crash between leaves both, none is
 * lost.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/log.h"
#include "core/modefile.h"
#include "facts/message.h"
#include "settings/settings.h"
#include "tool/ask.h"
#include "tool/held.h"
#include "tool/tool.h"
#include "verdict/verdict.h"

enum {
	MESSAGE_MAX = 256 * 1024 * 1024,
	SECONDS = 120,
	FIXED_WORDS = 5,	/* of the sendmail command: program, -i, -f, sender, -- */
};

static int
run(struct arena *arena, const char *const *argv, struct slice input,
    struct command_output *output_r, const char **error_r)
{
	struct command command = { .argv = argv, .for_postfix = true, .input = input,
	    .timeout_ms = SECONDS * 1000, .output_max = MESSAGE_MAX };

	if (command_run(arena, &command, output_r, error_r) != 0)
		return -1;
	if (output_r->status == 0)
		return 0;
	*error_r = arena_printf(arena, "%s: %s", argv[0], output_r->err.n > 0 ?
	    log_safe(arena, slice_trim(output_r->err), 300) :
	    arena_printf(arena, "exit status %d", output_r->status));
	return -1;
}

static const struct queue_entry *
find_held(const struct holds *holds, const char *id)
{
	const struct queue_entry *entry = queue_find(holds->queue, id);

	return entry != NULL && entry->held ? entry : NULL;
}

/* NULL where we did not put it on hold. */
static const struct journal_event *
find_event(const struct holds *holds, const struct queue_entry *entry)
{
	for (size_t i = 0; i < holds->n; i++)
		if (holds->p[i].entry == entry)
			return holds->p[i].event;
	return NULL;
}

static bool
is_enforced(const struct settings *settings, const struct journal_event *event,
    int kill_switch)
{
	struct message message = { .author_domain = event->author_domain };

	if (verdict_mode(settings, &message, kill_switch) != MODE_ENFORCE)
		return false;
	for (size_t i = 0; i < settings->n_streams && event->stream != NULL; i++) {
		if (strcmp(settings->streams[i].name, event->stream) == 0)
			message.declared = &settings->streams[i];
	}
	return verdict_mode(settings, &message, kill_switch) == MODE_ENFORCE;
}

/* Why it would leave as it is, unsigned, where it should not; NULL: it will not. */
static const char *
why_unsigned(const struct settings *settings, const struct journal_event *event,
    struct arena *arena)
{
	int kill_switch = modefile_read(settings->state_dir);
	struct slice document;
	const char *error = "";

	if (event == NULL || !held_is_unsigned(event))
		return NULL;
	if (kill_switch == MODEFILE_UNSEEN)
		return "it could not be signed, and " MODEFILE_UNSEEN_TEXT ": in audit mode it "
		    "would leave unsigned (run this as root)";
	if (!is_enforced(settings, event, kill_switch))
		return "it could not be signed, and in audit mode it would leave unsigned: set "
		    "mode = enforce first (`mailworthy mode` shows what is in force)";
	if (*settings->control != '\0' && ask_daemon(settings->control, "/status", arena,
	    &document, &error) != 0)
		return arena_printf(arena, "it could not be signed, and without mailworthyd it "
		    "would leave unsigned: %s", error);
	return NULL;
}

static int
send_again(const struct settings *settings, const struct queue_entry *entry,
    struct slice message, struct arena *arena, const char **error_r)
{
	const char **argv = arena_array(arena, entry->n_rcpts + FIXED_WORDS + 1,
	    sizeof(*argv));
	struct command_output output;
	size_t n = 0;

	argv[n++] = settings->sendmail_command;
	argv[n++] = "-i";
	argv[n++] = "-f";
	argv[n++] = *entry->sender != '\0' ? entry->sender : "<>";
	argv[n++] = "--";
	for (size_t i = 0; i < entry->n_rcpts; i++)
		argv[n++] = entry->rcpts[i];
	return run(arena, argv, message, &output, error_r);
}

static int
again(const struct settings *settings, const struct queue_entry *entry,
    struct arena *arena, const char **error_r)
{
	const char *postcat[] = { queue_program(arena, settings->sendmail_command,
	    "postcat"), "-bhq", entry->id, NULL };
	const char *postsuper[] = { queue_program(arena, settings->sendmail_command,
	    "postsuper"), "-d", entry->id, NULL };
	struct command_output message, done;

	if (postcat[0] == NULL || postsuper[0] == NULL) {
		*error_r = "postcat and postsuper are not in the usual places";
		return -1;
	}
	if (entry->n_rcpts + FIXED_WORDS > COMMAND_ARGUMENTS_MAX) {
		*error_r = arena_printf(arena, "it has %zu recipients, %d are the most that "
		    "can be sent again", entry->n_rcpts, COMMAND_ARGUMENTS_MAX - FIXED_WORDS);
		return -1;
	}
	if (run(arena, postcat, (struct slice){ "", 0 }, &message, error_r) != 0 ||
	    send_again(settings, entry, message.out, arena, error_r) != 0)
		return -1;
	if (run(arena, postsuper, (struct slice){ "", 0 }, &done, error_r) != 0) {
		*error_r = arena_printf(arena, "it was sent again, but the one on hold could "
		    "not be deleted: delete it by hand, or it may leave twice (%s)", *error_r);
		return -1;
	}
	return 0;
}

int
held_again(const struct settings *settings, const struct holds *holds, char **ids, int n,
    struct arena *arena)
{
	const char *error = "";
	int status = TOOL_OK;

	if (queue_error(holds->queue) != NULL)
		return tool_error("the queue cannot be read: %s", queue_error(holds->queue));
	if (queue_mta(holds->queue) != QUEUE_MTA_POSTFIX)
		return tool_error("--again: this is for Postfix. Sendmail defers what cannot be "
		    "signed instead of holding it, and asks its filters with each try");
	for (int i = 0; i < n; i++) {
		const struct queue_entry *entry = find_held(holds, ids[i]);

		if (entry == NULL)
			error = "it is not on hold";
		else if (entry->sender == NULL || entry->n_rcpts == 0 || entry->odd)
			error = "its sender and recipients cannot be told from the queue's list";
		else if ((error = why_unsigned(settings, find_event(holds, entry), arena)) ==
		    NULL && again(settings, entry, arena, &error) == 0) {
			printf("%s: sent again; if it is held once more, `mailworthy held` shows "
			    "it under its new id\n", ids[i]);
			continue;
		}
		tool_error("%s: %s", ids[i], error);
		status = TOOL_STOPPED;
	}
	return status;
}
