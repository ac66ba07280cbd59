/*
 * The doctor on the host: clock, room on disks, log.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/command.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "settings/settings.h"
#include "tool/access.h"
#include "tool/doctor.h"
#include "tool/reach.h"

enum {
	AHEAD_MAX = 3600,		/* a file may be so much of the future */
	ERROR_MAX_US = 5 * 1000000,	/* of the clock, by the kernel's own estimate */
	ROOM_MIN = 64 * 1024 * 1024,	/* octets */
	ROOM_ADVISED_PERCENT = 5,
};

/* ---- clock ---- */

/* The file written last of those that others have written; NULL for none. */
static const char *
newest_file(const struct doctor *doctor, time_t *when_r)
{
	const struct keyring *ring = snapshot_keyring(doctor->snapshot);
	const char *paths[3] = { doctor->settings->path,
		keyring_count(ring) > 0 ? keyring_at(ring, 0)->path : NULL,
		arena_printf(doctor->arena, "%s/sightings", doctor->settings->state_dir) };
	const char *newest = NULL;
	struct stat st;

	*when_r = 0;
	for (size_t i = 0; i < 3; i++) {
		if (paths[i] != NULL && stat(paths[i], &st) == 0 && st.st_mtime > *when_r) {
			*when_r = st.st_mtime;
			newest = paths[i];
		}
	}
	return newest;
}

static void
say_clock(struct doctor *doctor)
{
	struct timex state = { .modes = 0 };
	struct doctor_line *line;
	const char *newest;
	time_t when;
	int status;

	newest = newest_file(doctor, &when);
	if (newest != NULL && when > doctor->report->now + AHEAD_MAX) {
		line = doctor_say(doctor, DOCTOR_FAULT, "clock", "", "The clock is behind: %s "
		    "was written %ld minutes from now. Signatures carry the time, and "
		    "receivers see a wrong Date.", newest,
		    (long)((when - doctor->report->now) / 60));
		doctor_fix(doctor, line, "Set the clock, and keep it right:");
		doctor_paste(doctor, line, "timedatectl set-ntp true");
		return;
	}
	status = adjtimex(&state);
	if (status == -1) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "clock", "", "The kernel does not say whether "
		    "the clock is kept right: %s.", strerror(errno));
	} else if (status == TIME_ERROR || (state.status & STA_UNSYNC) != 0 ||
	    state.maxerror > ERROR_MAX_US) {
		line = doctor_say(doctor, DOCTOR_ADVICE, "clock", "", "Nothing keeps the clock "
		    "right, as far as the kernel knows. A signature from the future does not "
		    "verify.");
		doctor_fix(doctor, line, "Have it set by NTP (in a container: that of the "
		    "host):");
		doctor_paste(doctor, line, "timedatectl set-ntp true");
	} else {
		doctor_say(doctor, DOCTOR_OK, "clock", "", "the clock is kept right, to %ld ms",
		    (state.maxerror + 999) / 1000);
	}
}

/* ---- disks ---- */

static void
say_room(struct doctor *doctor, const char *path, const char *what)
{
	struct doctor_line *line;
	struct statvfs fs;
	unsigned long long room, percent;

	if (statvfs(path, &fs) != 0) {
		if (errno == EACCES)
			doctor_say(doctor, DOCTOR_UNKNOWN, "disk", path, "This user may not look "
			    "into the directory.");
		return;
	}
	room = (unsigned long long)fs.f_bavail * fs.f_frsize;
	percent = fs.f_blocks == 0 ? 100 : (unsigned long long)fs.f_bavail * 100 / fs.f_blocks;
	if (room >= ROOM_MIN && percent >= ROOM_ADVISED_PERCENT &&
	    (fs.f_files == 0 || fs.f_favail > 1000)) {
		doctor_say(doctor, DOCTOR_OK, "disk", path, "%llu MB free for %s",
		    room / 1000000, what);
		return;
	}
	line = doctor_say(doctor, room < ROOM_MIN || (fs.f_files != 0 && fs.f_favail == 0) ?
	    DOCTOR_FAULT : DOCTOR_WARNING, "disk", path, "%llu MB (%llu %%) and %llu files are "
	    "free for %s.", room / 1000000, percent, (unsigned long long)fs.f_favail, what);
	doctor_fix(doctor, line, "Make room there. A message that cannot be kept while it is "
	    "mended is deferred.");
}

/* What is ours goes to the daemon's user; what others use, too, is named alone. */
static void
fix_access(struct doctor *doctor, struct doctor_line *line, const char *at,
    const char *option)
{
	const char *user = doctor->settings->user;

	if (access_is_ours(at)) {
		doctor_fix(doctor, line, "Give it to the daemon:");
		doctor_paste(doctor, line, "chown %s %s", user, at);
		return;
	}
	doctor_fix(doctor, line, "%s is not mailworthy's alone: name a place of its own as `%s` "
	    "in %s, or let user %s in there as fits the others that use it.", at, option,
	    doctor->settings->path, user);
}

static void
say_state_dir(struct doctor *doctor)
{
	const char *path = doctor->settings->state_dir, *user = doctor->settings->user;
	struct reach_user account;
	struct doctor_line *line;
	const char *at;

	if (access(path, F_OK) != 0 && errno == ENOENT) {
		line = doctor_say(doctor, DOCTOR_WARNING, "state-dir", path, "The directory is "
		    "not there: what DNS has shown of the keys, and `mailworthy mode`, do not "
		    "outlive a restart.");
		doctor_fix(doctor, line, "Make it:");
		doctor_paste(doctor, line, "install -d -o %s -m 755 %s",
		    user != NULL && *user != '\0' ? user : "root", path);
		return;
	}
	if (user == NULL || *user == '\0' || !reach_user(user, &account))
		return;
	switch (access_may(doctor->arena, &account, path, ACCESS_WRITE | ACCESS_ENTER, &at)) {
	case ACCESS_GRANTED:
	case ACCESS_MISSING:
	case ACCESS_UNSEEN:
		break;
	case ACCESS_REFUSED:
		line = doctor_say(doctor, DOCTOR_WARNING, "state-dir", path, "The daemon's user "
		    "%s may not write there (%s: %s).", user, at,
		    access_shown(doctor->arena, at));
		fix_access(doctor, line, at, "state-dir");
		return;
	}
	say_room(doctor, path, "what must survive a restart");
}

/* Where base/spool.c writes messages that are mended. */
static void
say_spool(struct doctor *doctor)
{
	static const char *const dirs[] = { "/var/tmp", "/tmp" };

	for (size_t i = 0; i < 2; i++) {
		if (access(dirs[i], W_OK) == 0) {
			say_room(doctor, dirs[i], "messages while they are mended");
			return;
		}
	}
}

/* ---- log ---- */

/* The directory of the path, "/" at least. */
static const char *
directory_of(struct doctor *doctor, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? "." : slash == path ? "/" : arena_strndup(doctor->arena, path,
	    (size_t)(slash - path));
}

static void
say_log_file(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;
	const char *file = settings->log_file, *at, *path = file;
	struct reach_user account;
	struct doctor_line *line;
	enum access_result result;

	if (settings->user == NULL || !reach_user(settings->user, &account))
		return;
	if (access(path, F_OK) != 0)		/* it will be made */
		path = directory_of(doctor, file);
	result = access_may(doctor->arena, &account, path, ACCESS_WRITE | (path == file ? 0 :
	    ACCESS_ENTER), &at);
	if (result == ACCESS_GRANTED) {
		doctor_say(doctor, DOCTOR_OK, "log", file, "the daemon can write it");
		return;
	}
	if (result == ACCESS_UNSEEN) {
		doctor_say(doctor, DOCTOR_UNKNOWN, "log", file, "It could not be seen whether the "
		    "daemon can write it: this user may not look at %s.", at);
		return;
	}
	line = doctor_say(doctor, DOCTOR_FAULT, "log", file, "The daemon's user %s cannot write "
	    "it (%s %s): the records of messages are lost.", settings->user, at,
	    result == ACCESS_MISSING ? "is not there" : access_shown(doctor->arena, at));
	if (result == ACCESS_REFUSED) {
		fix_access(doctor, line, at, "log");
	} else if (command_is_plain(path)) {
		doctor_fix(doctor, line, "Make its directory:");
		doctor_paste(doctor, line, "install -d -o %s %s", settings->user, path);
	} else {
		doctor_fix(doctor, line, "Make its directory, and give it to that user.");
	}
}

static void
say_log(struct doctor *doctor)
{
	struct doctor_line *line;

	switch (doctor->settings->log_kind) {
	case LOG_TO_STDERR:
		return;
	case LOG_TO_SYSLOG:
		if (access("/dev/log", F_OK) == 0) {
			doctor_say(doctor, DOCTOR_OK, "log", "syslog", "records go there");
			return;
		}
		line = doctor_say(doctor, DOCTOR_WARNING, "log", "syslog", "There is no /dev/log: "
		    "no syslog runs here, and the records of messages are lost.");
		doctor_fix(doctor, line, "Run a syslog, or have them written to a file:");
		doctor_paste(doctor, line, "log = \"file:/var/log/mailworthy/events.jsonl\"");
		return;
	case LOG_TO_FILE:
		say_log_file(doctor);
		return;
	}
}

void
doctor_host(struct doctor *doctor)
{
	say_clock(doctor);
	say_state_dir(doctor);
	say_spool(doctor);
	say_log(doctor);
}
