/*
 * mailworthy held: what is on hold, and what became of what was.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "checks/check.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/held.h"
#include "tool/tool.h"

struct held_options {
	const char *config;
	struct held_view view;
	bool json, again;
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "all", no_argument, NULL, 'a' },
	{ "since", required_argument, NULL, 's' },
	{ "again", no_argument, NULL, 'g' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailworthy held [option ...] [ID...]\n"
	    "  (nothing)      what is on hold now, why, how to mend, how to release\n"
	    "  ID             all of one message: queue id or Message-ID, also of one that\n"
	    "                 was refused\n"
	    "  --all          also what was released or deleted since\n"
	    "  --since WHEN   nothing older: 90m, 12h, 7d, or 2026-11-21\n"
	    "  --again ID...  judge and sign anew: sends it once more, then deletes the one\n"
	    "                 on hold\n"
	    "  --json         one JSON object\n"
	    "  --config FILE  configuration (" TOOL_CONFIG ")\n"
	    "exit status: 0, 1 a message named is not known or was not sent again,\n"
	    "             2 wrong usage or configuration, or no right to see it\n", out);
	return status;
}

/* "12h" before now, or the beginning of a day; false for neither. */
static bool
parse_since(const char *text, time_t now, time_t *since_r)
{
	struct tm tm = { .tm_isdst = -1 };
	unsigned long n, month, day;
	size_t length = strlen(text);

	if (length > 1 && slice_number((struct slice){ text, length - 1 }, 1000000, &n)) {
		unsigned long unit = text[length - 1] == 'm' ? 60 : text[length - 1] == 'h' ?
		    3600 : text[length - 1] == 'd' ? 86400 : 0;

		*since_r = now - (time_t)(n * unit);
		if (unit != 0)
			return *since_r > 0;
	}
	if (length != strlen("2026-11-21") || text[4] != '-' || text[7] != '-' ||
	    !slice_number((struct slice){ text, 4 }, 9999, &n) || n < 1970 ||
	    !slice_number((struct slice){ text + 5, 2 }, 12, &month) || month == 0 ||
	    !slice_number((struct slice){ text + 8, 2 }, 31, &day) || day == 0)
		return false;
	tm.tm_year = (int)n - 1900;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	*since_r = mktime(&tm);
	return *since_r > 0;
}

static int
read_options(struct held_options *options, int argc, char **argv, bool *ended_r)
{
	int option;

	*ended_r = true;
	while ((option = getopt_long(argc, argv, "c:as:jh", long_options, NULL)) != -1) {
		switch (option) {
		case 'c': options->config = optarg; break;
		case 'a': options->view.all = true; break;
		case 'g': options->again = true; break;
		case 'j': options->json = true; break;
		case 's':
			if (!parse_since(optarg, options->view.now, &options->view.since))
				return tool_error("--since: expected a time as in 90m, 12h, 7d or "
				    "2026-11-21, got \"%s\"", optarg);
			options->view.all = true;
			break;
		case 'h': return usage(stdout, TOOL_OK);
		default: return tool_wrong_option(argv);
		}
	}
	if (options->again && optind == argc)
		return tool_error("--again: name the queue ids that `mailworthy held` shows");
	*ended_r = false;
	return TOOL_OK;
}

static bool
is_named(const struct journal_event *event, const char *name)
{
	return (event->queue_id != NULL && strcmp(event->queue_id, name) == 0) ||
	    (event->message_id != NULL && strcmp(event->message_id, name) == 0);
}

static bool
hold_is_named(const struct hold *hold, const char *name)
{
	return hold->event != NULL ? is_named(hold->event, name) :
	    strcmp(hold->entry->id, name) == 0;
}

/* Of the refused ones the last. */
static const struct journal_event *
find_refused(const struct settings *settings, const char *name, struct arena *arena)
{
	const struct journal_event *found = NULL;
	struct journal_events events;
	const char *error = "";

	if (journal_read(settings->state_dir, JOURNAL_REFUSED, 0, arena, &events,
	    &error) != 0)
		return NULL;
	for (size_t i = 0; i < events.n; i++) {
		if (is_named(&events.p[i], name))
			found = &events.p[i];
	}
	return found;
}

static int
say_unknown(const char *name)
{
	fprintf(stderr, "mailworthy: the journal knows no message %s (`mailworthy held --all` "
	    "lists those it knows)\n", name);
	return TOOL_STOPPED;
}

static int
show_named(const struct settings *settings, const struct held_options *options,
    const struct holds *holds, const char *name, struct arena *arena)
{
	const struct journal_event *refused;
	size_t shown = 0;

	for (size_t i = 0; i < holds->n; i++) {
		if (!hold_is_named(&holds->p[i], name))
			continue;
		held_show_one(stdout, holds, &holds->p[i], NULL, &options->view, arena);
		shown++;
	}
	refused = find_refused(settings, name, arena);
	if (refused != NULL)
		held_show_one(stdout, holds, NULL, refused, &options->view, arena);
	return shown > 0 || refused != NULL ? TOOL_OK : say_unknown(name);
}

/* A message may be named twice: by queue id and Message-ID. */
static bool
add_refused(struct held_shown *shown, const struct journal_event *event)
{
	for (size_t i = 0; event != NULL && i < shown->n_refused; i++) {
		if (shown->refused[i]->n == event->n)
			return true;
	}
	if (event != NULL)
		shown->refused[shown->n_refused++] = event;
	return event != NULL;
}

static int
show_json(const struct settings *settings, const struct held_options *options,
    const struct holds *holds, char **names, int n_names, struct arena *arena)
{
	struct held_shown shown = {
		.holds = arena_array(arena, holds->n + 1, sizeof(*shown.holds)),
		.refused = arena_array(arena, (size_t)n_names + 1, sizeof(*shown.refused)),
	};
	bool *known = arena_array(arena, (size_t)n_names + 1, sizeof(*known));
	int status = TOOL_OK;

	for (size_t i = 0; i < holds->n; i++) {
		bool wanted = n_names == 0 && held_is_shown(&options->view, &holds->p[i]);

		for (int j = 0; j < n_names; j++) {
			if (hold_is_named(&holds->p[i], names[j]))
				wanted = known[j] = true;
		}
		if (wanted)
			shown.holds[shown.n_holds++] = &holds->p[i];
	}
	for (int j = 0; j < n_names; j++) {
		if (!add_refused(&shown, find_refused(settings, names[j], arena)) && !known[j])
			status = say_unknown(names[j]);
	}
	held_show_json(stdout, holds, &shown, arena);
	return status;
}

static int
show(const struct settings *settings, const struct held_options *options, char **names,
    int n_names, struct arena *arena)
{
	const char *error = "";
	struct holds holds;
	int status = TOOL_OK;

	if (holds_read(settings, options->view.now, arena, &holds, &error) != 0)
		return tool_error("%s", error);
	if (options->again)
		return held_again(settings, &holds, names, n_names, arena);
	if (options->json)
		return show_json(settings, options, &holds, names, n_names, arena);
	if (n_names == 0)
		held_show_list(stdout, &holds, &options->view, arena);
	for (int i = 0; i < n_names; i++) {
		if (show_named(settings, options, &holds, names[i], arena) != TOOL_OK)
			status = TOOL_STOPPED;
	}
	return status;
}

int
tool_held(int argc, char **argv)
{
	struct held_options options = { .config = TOOL_CONFIG, .view.now = time(NULL) };
	const struct settings *settings;
	const char *error = "";
	struct arena *arena;
	struct files *files;
	bool ended;
	int status = read_options(&options, argc, argv, &ended);

	if (ended)
		return status;
	arena = arena_new();
	files = files_new();
	settings = settings_load(files, options.config, check_exists, arena, &error);
	if (settings == NULL)
		status = tool_error("%s", error);
	else
		status = show(settings, &options, argv + optind, argc - optind, arena);
	if (settings != NULL)
		settings_unref(&settings);
	files_free(&files);
	arena_free(&arena);
	return status;
}
