/*
 * The doctor on the configuration: whether it can be read, what is in force.
 */
#include <string.h>

#include "base/arena.h"
#include "base/action.h"
#include "base/slice.h"
#include "core/modefile.h"
#include "settings/settings.h"
#include "tool/doctor.h"

static const char *
mode_name(int mode)
{
	return mode == MODE_AUDIT ? "audit" : "enforce";
}

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

	if (mode != -1 && mode != (int)settings->mode) {
		line = doctor_say(doctor, DOCTOR_WARNING, "mode", mode_name(mode),
		    "`mailworthy mode %s` is in force for everything and stands above "
		    "the configuration, which says %s.", mode_name(mode),
		    mode_name((int)settings->mode));
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
}
