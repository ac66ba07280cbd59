/*
 * mailworthy mode: the kill switch.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/action.h"
#include "checks/check.h"
#include "core/modefile.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/tool.h"
#include "verdict/verdict.h"

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailworthy mode [option ...] [audit|enforce|file]\n"
	    "  audit          log only, from now on, for everything, also after a restart\n"
	    "  enforce        act, for everything\n"
	    "  file           as the configuration says again\n"
	    "  (nothing)      show what is in force\n"
	    "  --config FILE  configuration (" TOOL_CONFIG ")\n", out);
	return status;
}

static int
show(const struct settings *settings)
{
	int mode = modefile_read(settings->state_dir);

	if (mode == MODEFILE_UNSEEN)
		return tool_error("cannot read %s/mode: %s%s", settings->state_dir,
		    strerror(errno), errno == EACCES ? " (run it as root)" : "");
	if (mode == -1)
		printf("%s, as %s says\n", mode_name(settings->mode), settings->path);
	else
		printf("%s for everything, by `mailworthy mode %s` (%s says %s; "
		    "`mailworthy mode file` goes back to it)\n", mode_name((enum mode)mode),
		    mode_name((enum mode)mode),
		    settings->path, mode_name(settings->mode));
	return TOOL_OK;
}

/* False when the word is none. */
static bool
parse_word(const char *word, int *mode_r)
{
	if (strcmp(word, "audit") == 0)
		*mode_r = MODE_AUDIT;
	else if (strcmp(word, "enforce") == 0)
		*mode_r = MODE_ENFORCE;
	else if (strcmp(word, "file") == 0)
		*mode_r = -1;
	else
		return false;
	return true;
}

static int
set(const struct settings *settings, int mode, struct arena *arena)
{
	const char *error = "";

	if (modefile_write(settings->state_dir, mode, arena, &error) != 0)
		return tool_error("%s", error);
	if (show(settings) != TOOL_OK)
		return TOOL_USAGE;
	puts("A running daemon follows within two seconds.");
	return TOOL_OK;
}

int
tool_mode(int argc, char **argv)
{
	const char *config = TOOL_CONFIG, *error = "";
	const struct settings *settings;
	struct arena *arena;
	struct files *files;
	int option, mode = -1, status = TOOL_OK;

	while ((option = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
		if (option == 'h')
			return usage(stdout, TOOL_OK);
		if (option != 'c')
			return tool_wrong_option(argv);
		config = optarg;
	}
	if (argc - optind > 1)
		return tool_extra_argument(argv, argv[optind + 1]);
	if (optind < argc && !parse_word(argv[optind], &mode))
		return tool_error("mode: expected audit, enforce or file, got \"%s\"", argv[optind]);
	arena = arena_new();
	files = files_new();
	settings = settings_load(files, config, check_exists, arena, &error);
	if (settings == NULL)
		status = tool_error("%s", error);
	else if (optind == argc)
		status = show(settings);
	else
		status = set(settings, mode, arena);
	if (settings != NULL)
		settings_unref(&settings);
	files_free(&files);
	arena_free(&arena);
	return status;
}
