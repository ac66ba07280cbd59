/*
 * The doctor on the configuration: whether it can be read, what is in force.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/action.h"
#include "base/slice.h"
#include "core/modefile.h"
#include "core/notice.h"
#include "settings/settings.h"
#include "tool/doctor.h"
#include "verdict/verdict.h"

/* "FILE:LINE: the rest", a line each. */
static void
say_errors(struct doctor *doctor)
{
	struct slice rest = slice_of(doctor->config_errors), line;
	struct doctor_line *said = NULL;
	const char *path = doctor->options->config;
	size_t n = strlen(path);

	while (slice_split(&rest, '\n', &line)) {
		const char *subject = path, *text = slice_dup(doctor->arena, line);

		if (slice_starts_nocase(line, path) && line.n > n && line.p[n] == ':') {
			size_t end = n + 1 + strspn(text + n + 1, "0123456789");

			subject = arena_strndup(doctor->arena, text, end);
			text += end + strspn(text + end, ": ");
		}
		said = doctor_say(doctor, DOCTOR_FAULT, "config", subject, "%s", text);
	}
	if (said != NULL)
		doctor_fix(doctor, said, "Mend what is named, and let `mailworthyd -n -c %s` "
		    "check the file. The daemon does not start with it; one that runs "
		    "keeps what it has read before.", path);
}

static void
say_mode(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;
	int mode = modefile_read(settings->state_dir);
	struct doctor_line *line;

	if (mode == MODEFILE_UNSEEN) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "mode", mode_name(settings->mode),
		    "So says the configuration; " MODEFILE_UNSEEN_TEXT ".");
	} else if (mode != -1 && mode != (int)settings->mode) {
		line = doctor_say(doctor, DOCTOR_WARNING, "mode", mode_name((enum mode)mode),
		    "`mailworthy mode %s` is in force for everything and stands above "
		    "the configuration, which says %s.", mode_name((enum mode)mode),
		    mode_name(settings->mode));
		doctor_fix(doctor, line, "To go back to what the file says:");
		doctor_paste(doctor, line, "mailworthy mode file");
	} else if (settings->mode == MODE_AUDIT) {
		line = doctor_say(doctor, DOCTOR_ADVICE, "mode", "audit",
		    "Mail is only looked at: nothing is signed, mended or stopped.");
		doctor_fix(doctor, line, "When the records of a few days hold no "
		    "surprises, write into %s:", settings->path);
		doctor_paste(doctor, line, "mode = enforce");
	} else {
		doctor_say(doctor, DOCTOR_OK, "mode", "enforce", "mail is signed, mended "
		    "and stopped where it must be");
	}
}

/* What is set aside by hand and easily forgotten. */
static void
say_set_aside(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;
	const char *shadow = "", *audit = "";
	struct doctor_line *line;

	for (size_t i = 0; i < settings->n_checks; i++) {
		if (settings->checks[i].shadow)
			shadow = arena_printf(doctor->arena, "%s%s%s", shadow,
			    *shadow != '\0' ? ", " : "", settings->checks[i].id);
	}
	for (size_t i = 0; i < settings->n_domains && settings->mode == MODE_ENFORCE; i++) {
		if (settings->domains[i].has_mode && settings->domains[i].mode == MODE_AUDIT)
			audit = arena_printf(doctor->arena, "%s%s%s", audit,
			    *audit != '\0' ? ", " : "", settings->domains[i].name);
	}
	if (*shadow != '\0') {
		line = doctor_say(doctor, DOCTOR_ADVICE, "config-shadow", "", "Checks in shadow: "
		    "%s. Their findings are shown and change nothing.", shadow);
		doctor_fix(doctor, line, "Take `shadow = true` out of %s where their findings "
		    "were right.", settings->path);
	}
	if (*audit != '\0') {
		line = doctor_say(doctor, DOCTOR_ADVICE, "mode", "domains", "Mail of these "
		    "domains is only looked at, and leaves unsigned: %s.", audit);
		doctor_fix(doctor, line, "Take `mode = audit` out of their sections in %s.",
		    settings->path);
	}
}

static bool
holds_mail(const struct settings *settings)
{
	for (size_t i = 0; i < settings->n_checks; i++) {
		if (settings->checks[i].action == (int)ACTION_HOLD)
			return true;
	}
	for (size_t i = 0; i < settings->n_streams; i++) {
		if (settings->streams[i].hold_below > 0)
			return true;
	}
	return settings->hold_below > 0;
}

/* What holds mail and tells nobody keeps it until somebody complains. */
static void
say_notify(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;
	/* an ordinary user may not look into the directory */
	const char *silent = access(settings->state_dir, X_OK) == 0 ?
	    notice_problem(settings, time(NULL), doctor->arena) : NULL;
	struct doctor_line *line;

	if (silent != NULL) {
		line = doctor_say(doctor, DOCTOR_WARNING, "config-notify", "", "%s.", silent);
		doctor_fix(doctor, line, "Enable its timer, or " NOTICE_MEND_ELSE ":");
		doctor_paste(doctor, line, NOTICE_MEND_COMMAND);
	}
	if (!holds_mail(settings) || (settings->notify != NULL && *settings->notify != '\0'))
		return;
	line = doctor_say(doctor, DOCTOR_ADVICE, "config-notify", "", "Messages can be held, "
	    "and nobody is told.");
	doctor_fix(doctor, line, "Write into %s who is to be told:", settings->path);
	doctor_paste(doctor, line, "notify = \"postmaster@DOMAIN\"");
}

void
doctor_configuration(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;
	struct doctor_line *line;

	if (doctor->no_config) {
		line = doctor_say(doctor, DOCTOR_WARNING, "config", doctor->options->config,
		    "There is no configuration. What follows is judged with the defaults, "
		    "and no domain is managed.");
		doctor_fix(doctor, line, "Install the sample, conf/mailworthy.conf, there, "
		    "or name yours with --config.");
	} else if (settings == NULL) {
		say_errors(doctor);
		return;
	} else {
		doctor_say(doctor, DOCTOR_OK, "config", settings->path, "read without an "
		    "error; %zu %s managed", settings->n_domains,
		    settings->n_domains == 1 ? "domain is" : "domains are");
	}
	say_mode(doctor);
	say_set_aside(doctor);
	say_notify(doctor);
}
