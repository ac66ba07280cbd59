/*
 * Asks the postconf(1) and postmap(1) of this host.
 */
#include <string.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/log.h"
#include "evidence/postconf.h"
#include "tool/postfix.h"

static int
run(struct arena *arena, const char *const *argv, struct command_output *output_r,
    const char **error_r)
{
	struct command command = { .argv = argv, .timeout_ms = POSTFIX_ASK_TIMEOUT_MS,
	    .output_max = POSTFIX_OUTPUT_MAX };

	return command_run(arena, &command, output_r, error_r);
}

static int
ask(struct arena *arena, const char *program, const char *dir, const char *what,
    struct slice *text_r, const char **error_r)
{
	const char *const argv[] = { program, "-c", dir, what, NULL };
	struct command_output output;

	if (run(arena, argv, &output, error_r) != 0)
		return -1;
	if (output.status != 0) {
		*error_r = arena_printf(arena, "%s -c %s %s: %s", program, dir, what,
		    log_safe(arena, slice_trim(output.err), 300));
		return -1;
	}
	*text_r = output.out;
	return 0;
}

struct postfix *
postfix_ask(struct arena *arena, const char *program, const char *dir, const char **error_r)
{
	struct slice main, master, overrides;
	struct postfix *postfix;
	bool told = dir != NULL;

	*error_r = "";
	if (program == NULL)
		program = postconf_program();
	if (!told)
		dir = postconf_dir(arena);
	else if (!postconf_has_main(arena, dir))
		*error_r = arena_printf(arena, "%s/main.cf cannot be read", dir);
	else if (program == NULL)
		*error_r = "there is no postconf in the usual places; name it with --postconf";
	if (program == NULL || dir == NULL || **error_r != '\0')
		return NULL;
	if (ask(arena, program, dir, "-x", &main, error_r) != 0 ||
	    ask(arena, program, dir, "-M", &master, error_r) != 0 ||
	    ask(arena, program, dir, "-Px", &overrides, error_r) != 0)
		return NULL;
	postfix = postfix_parse(arena, main, master, overrides);
	postfix->dir = dir;
	postfix->program = program;
	return postfix;
}

int
postfix_look_up(const struct postfix *postfix, const char *table, const char *key,
    const char **value_r, const char **error_r)
{
	const char *slash = strrchr(postfix->program, '/');
	const char *postmap = arena_printf(postfix->arena, "%.*s/postmap",
	    slash == NULL ? 0 : (int)(slash - postfix->program), postfix->program);
	const char *const argv[] = { postmap, "-c", postfix->dir, "-q", key, table, NULL };
	struct command_output output;

	*value_r = NULL;
	if (run(postfix->arena, argv, &output, error_r) != 0)
		return -1;
	if (output.status == 0)
		*value_r = slice_dup(postfix->arena, slice_trim(output.out));
	else if (slice_trim(output.err).n > 0) {
		*error_r = log_safe(postfix->arena, slice_trim(output.err), 300);
		return -1;
	}
	return 0;
}
