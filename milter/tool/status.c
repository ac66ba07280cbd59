/*
 * mailworthy status: how the running daemon stands.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "checks/check.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/ask.h"
#include "tool/page.h"
#include "tool/status.h"
#include "tool/tool.h"

#define DEFAULT_CONTROL "unix:/run/mailworthy/control.sock"

enum { OPTION_JSON = 256, OPTION_WATCH, WATCH_SECONDS = 2 };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "watch", no_argument, NULL, OPTION_WATCH },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

struct status_options {
	const char *config, *socket;
	bool json, watch;
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailworthy status [option ...]\n"
	    "  --config FILE    configuration (" TOOL_CONFIG ")\n"
	    "  --socket SOCKET  ask there (unix:/PATH or inet:ADDRESS:PORT)\n"
	    "  --json           print what the daemon answers\n"
	    "  --watch          anew every two seconds\n"
	    "exit status: 0 it serves and all is well, 1 something needs care, 2 it cannot be\n"
	    "             asked\n", out);
	return status;
}

/*
 * Where the daemon listens; NULL and *error_r.  A configuration that cannot be
 * read is just the time to ask: then it is the usual place.
 */
static const char *
find_socket(const struct status_options *options, struct arena *arena,
    const char **error_r)
{
	const char *socket = DEFAULT_CONTROL, *why = "";
	const struct settings *settings;
	struct files *files;

	if (options->socket != NULL) {
		socket = settings_socket(arena, options->socket);
		*error_r = "--socket: expected " SETTINGS_SOCKET_FORM;
		return socket;
	}
	files = files_new();
	settings = settings_load(files, options->config, check_exists, arena, &why);
	files_free(&files);
	if (settings == NULL) {
		fprintf(stderr, "mailworthy: %s\nmailworthy: the configuration does not say where "
		    "to ask; asking at %s\n", why, socket);
		return socket;
	}
	socket = arena_strdup(arena, settings->control);
	*error_r = arena_printf(arena, "%s says control = \"\": the daemon has no socket to "
	    "ask at", options->config);
	settings_unref(&settings);
	return *socket != '\0' ? socket : NULL;
}

static int
show(const struct status_options *options, const char *socket, struct arena *arena)
{
	struct page page = { .out = stdout, .arena = arena, .colour = tool_colour(stdout),
		.width = tool_width(stdout) };
	const char *error = "";
	struct slice document;
	int care;

	if (ask_daemon(socket, "/status", arena, &document, &error) != 0)
		return tool_error("%s", error);
	if (options->watch && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	care = options->json ? status_care(document) : status_page(&page, document);
	if (care == -1)
		return tool_error("what answers at %s is no mailworthyd",
		    settings_socket_shown(arena, socket));
	if (options->json)
		fwrite(document.p, 1, document.n, stdout);
	fflush(stdout);
	return care == 0 ? TOOL_OK : TOOL_STOPPED;
}

static int
parse(int argc, char **argv, struct status_options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:s:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 's':
			options->socket = optarg;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case OPTION_WATCH:
			options->watch = true;
			break;
		case 'h':
			return usage(stdout, TOOL_OK);
		default:
			return tool_wrong_option(argv);
		}
	}
	return optind < argc ? tool_extra_argument(argv, argv[optind]) : -1;
}

int
tool_status(int argc, char **argv)
{
	struct status_options options = { .config = TOOL_CONFIG };
	int status = parse(argc, argv, &options);
	struct arena *arena, *once;
	const char *socket, *error = "";

	if (status != -1)
		return status;
	arena = arena_new();
	socket = find_socket(&options, arena, &error);
	if (socket == NULL)
		status = tool_error("%s", error);
	else
		do {
			once = arena_new();
			status = show(&options, socket, once);
			arena_free(&once);
			if (options.watch)
				sleep(WATCH_SECONDS);
		} while (options.watch);
	arena_free(&arena);
	return status;
}
