/*
 * mailworthy notify: tells the address of the option notify what was held or
 * refused.  Run every few minutes by a timer or cron, not by the daemon: that
 * may start no program, and with no_new_privs Postfix's sendmail cannot put a
 * message into the queue.
 *
 * What a mail tells is written down twice.  Before it is sent: that a mail
 * about the cause was begun, so that a crash never leads to two in an hour.
 * After: which events it told, so that a crash before loses none.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/log.h"
#include "checks/check.h"
#include "core/notice.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/held.h"
#include "tool/notify.h"
#include "tool/statefile.h"
#include "tool/tool.h"

enum { SEND_SECONDS = 60, OUTPUT_MAX = 64 * 1024, HOST_MAX = 256 };

struct notify {
	const struct settings *settings;
	struct digest_input digest;
	struct holds holds;
	struct notify_state state;
	struct notify_group *groups;
	size_t n_groups;
	const char *state_path;
	time_t now;
	struct arena *arena;
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "print", no_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
usage(FILE *out, int status)
{
	fputs("usage: mailworthy notify [option ...]\n"
	    "  (nothing)      tell the address of the option notify what was held or refused:\n"
	    "                 at most one mail a cause and hour; a timer or cron runs this\n"
	    "                 every five minutes, as the daemon's user\n"
	    "  --print        show what would be sent, send nothing\n"
	    "  --config FILE  configuration (" TOOL_CONFIG ")\n"
	    "exit status: 0 all that was due is told, 1 it could not be told,\n"
	    "             2 wrong usage or configuration\n", out);
	return status;
}

/* ---- sending ---- */

enum outcome { SENT, NOT_SENT, NOT_KNOWN };

static enum outcome
send_mail(const struct notify *notify, const char *text, const char **error_r)
{
	const char *program = notify->settings->sendmail_command;
	const char *argv[] = { program, "-i", "-f", "<>", "--", notify->settings->notify,
	    NULL };
	struct command command = { .argv = argv, .for_postfix = true, .input = slice_of(text),
	    .timeout_ms = SEND_SECONDS * 1000, .output_max = OUTPUT_MAX };
	struct command_output output;

	if (access(program, X_OK) != 0) {
		*error_r = arena_printf(notify->arena, "%s: %s (the option sendmail-command "
		    "names it)", program, strerror(errno));
		return NOT_SENT;
	}
	if (command_run(notify->arena, &command, &output, error_r) != 0)
		return NOT_KNOWN;
	if (output.status == 0)
		return SENT;
	*error_r = arena_printf(notify->arena, "%s ended with status %d: %s", program,
	    output.status, log_safe(notify->arena, slice_trim(output.err), 300));
	return NOT_SENT;
}

static int
keep_state(const struct notify *notify)
{
	if (notify_state_write(&notify->state, notify->state_path, notify->arena) == 0)
		return TOOL_OK;
	return tool_error("cannot write %s: %s. Nothing is sent, since it would be sent again "
	    "with each run", notify->state_path, strerror(errno));
}

static void
set_sent(struct notify *notify, struct notify_group *const *groups, size_t n,
    const time_t *when)
{
	for (size_t i = 0; i < n; i++)
		notify_state_cause(&notify->state, groups[i]->key, notify->arena)->sent =
		    when[i];
}

static void
set_told(struct notify *notify, struct notify_group *const *groups, size_t n)
{
	for (size_t i = 0; i < n; i++)
		notify_state_cause(&notify->state, groups[i]->key, notify->arena)->told =
		    groups[i]->events[groups[i]->n - 1]->n;
}

/* One mail about these groups.  Exit status. */
static int
tell(struct notify *notify, struct notify_group *const *groups, size_t n,
    const char *text)
{
	time_t *before = arena_array(notify->arena, n, sizeof(*before));
	time_t *begun = arena_array(notify->arena, n, sizeof(*begun));
	const char *error = "";
	enum outcome outcome;

	for (size_t i = 0; i < n; i++) {
		before[i] = notify_state_cause(&notify->state, groups[i]->key,
		    notify->arena)->sent;
		begun[i] = notify->now;
	}
	set_sent(notify, groups, n, begun);
	notify_state_count(&notify->state, notify->now);
	if (keep_state(notify) != TOOL_OK)
		return TOOL_STOPPED;
	outcome = send_mail(notify, text, &error);
	if (outcome == SENT)
		set_told(notify, groups, n);
	if (outcome == NOT_SENT) {
		set_sent(notify, groups, n, before);
		notify_state_uncount(&notify->state, notify->now);
	}
	if (outcome != SENT)
		tool_error("cannot tell %s: %s. %s", notify->settings->notify, error,
		    outcome == NOT_SENT ? "The next run tries again" :
		    "It may have been sent; in an hour it is told again");
	if (keep_state(notify) != TOOL_OK || outcome != SENT)
		return TOOL_STOPPED;
	printf("told %s of %s%s\n", notify->settings->notify, groups[0]->key,
	    n > 1 ? " and others" : "");
	return TOOL_OK;
}

/* ---- what is due ---- */

static size_t
due_groups(const struct notify *notify, struct notify_group **due)
{
	size_t n = 0;

	for (size_t i = 0; i < notify->n_groups; i++) {
		if (notify->groups[i].due)
			due[n++] = &notify->groups[i];
	}
	return n;
}

/* Each due group a mail; beyond what an hour may see the last mail has the rest.
 * `each` is called with the groups of one mail; ends with the first failure. */
static int
each_mail(struct notify *notify, int (*each)(struct notify *notify,
    struct notify_group *const *groups, size_t n, const char *text))
{
	struct notify_group **due = arena_array(notify->arena, notify->n_groups + 1,
	    sizeof(struct notify_group *));
	size_t n = due_groups(notify, due), left = notify_state_left(&notify->state,
	    notify->now), at = 0;
	int status = TOOL_OK;

	while (at < n && left > 0 && status == TOOL_OK) {
		size_t these = left == 1 ? n - at : 1;
		const char *text = these == 1 ? digest_one(&notify->digest, due[at]) :
		    digest_many(&notify->digest,
		    (const struct notify_group *const *)&due[at], these);

		if (text == NULL) {
			tool_error("a mail cannot be written: there is no room for it where "
			    "temporary files are");
			return TOOL_STOPPED;
		}
		status = each(notify, &due[at], these, text);
		at += these;
		left--;
	}
	return status;
}

static int
print_mail(struct notify *notify, struct notify_group *const *groups, size_t n,
    const char *text)
{
	(void)notify;
	(void)groups;
	(void)n;
	printf("%s\n", text);
	return TOOL_OK;
}

static int
print(struct notify *notify)
{
	size_t waiting = 0;

	each_mail(notify, print_mail);
	for (size_t i = 0; i < notify->n_groups; i++) {
		const struct notify_group *group = &notify->groups[i];

		if (group->due)
			continue;
		printf("%s: %zu more, told %d minutes after the last mail about it\n",
		    group->key, group->n, NOTIFY_SECONDS / 60);
		waiting++;
	}
	if (notify->n_groups == 0)
		puts("There is nothing to tell.");
	else if (waiting < notify->n_groups &&
	    notify_state_left(&notify->state, notify->now) == 0)
		printf("%zu causes wait: %d mails were sent in the last hour\n",
		    notify->n_groups - waiting, NOTIFY_MAILS_MAX);
	return TOOL_OK;
}

/* ---- one run ---- */

/* Without the domain where nobody says it: it is for people. */
static const char *
host_name(struct arena *arena)
{
	char name[HOST_MAX] = "";

	if (gethostname(name, sizeof(name) - 1) != 0 || *name == '\0')
		return "this host";
	return log_safe(arena, slice_of(name), HOST_MAX);
}

static int
look(struct notify *notify)
{
	struct journal_events held, refused;
	const struct settings *settings = notify->settings;
	const char *error = "";

	notify_state_read(&notify->state, notify->state_path, notify->now, notify->arena);
	if (holds_read(settings, notify->now, notify->arena, &notify->holds, &error) != 0 ||
	    journal_read(settings->state_dir, JOURNAL_HELD, notify->state.floor,
	    notify->arena, &held, &error) != 0 ||
	    journal_read(settings->state_dir, JOURNAL_REFUSED, notify->state.floor,
	    notify->arena, &refused, &error) != 0)
		return tool_error("%s", error);
	notify->groups = notify_groups(&notify->state, &held, &refused, notify->now,
	    notify->arena, &notify->n_groups);
	notify->digest = (struct digest_input){ settings, &notify->holds,
	    host_name(notify->arena), notify->now, notify->arena };
	return TOOL_OK;
}

/* Made by root, it is given to the daemon's user, who must get at it the next time. */
static int
open_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd != -1) {
		statefile_give(path, fd);
		return fd;
	}
	return errno == EEXIST ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -1;
}

/* Two at once would tell all twice.  -1: another is at work; -2: no lock. */
static int
lock(const struct notify *notify)
{
	const char *path = arena_printf(notify->arena, "%s/notify.lock",
	    notify->settings->state_dir);
	int fd = open_lock(path), error;

	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	error = errno;
	if (fd != -1)
		close(fd);
	if (error == EWOULDBLOCK)
		return -1;
	tool_error("cannot lock %s: %s%s", path, strerror(error), error == EACCES ?
	    " (run it as root or as the daemon's user)" : "");
	return -2;
}

static int
run(struct notify *notify, bool only_print)
{
	int fd, status;

	if (*notify->settings->notify == '\0') {
		/* for a person; the timer runs this whether it is set or not */
		if (only_print || isatty(STDERR_FILENO) == 1)
			fprintf(stderr, "mailworthy: the option notify in %s is empty: nobody is "
			    "told\n", notify->settings->path);
		return TOOL_OK;
	}
	notify->state_path = notice_state_path(notify->arena, notify->settings->state_dir);
	if (only_print)
		return look(notify) == TOOL_OK ? print(notify) : TOOL_USAGE;
	fd = lock(notify);
	if (fd == -1) {
		fprintf(stderr, "mailworthy: another `mailworthy notify` is at work\n");
		return TOOL_OK;
	}
	if (fd < 0)
		return TOOL_STOPPED;
	status = look(notify) == TOOL_OK ? each_mail(notify, tell) : TOOL_STOPPED;
	/* also when there was nothing: it says that somebody runs this */
	if (status == TOOL_OK)
		status = keep_state(notify);
	close(fd);
	return status;
}

int
tool_notify(int argc, char **argv)
{
	const char *config = TOOL_CONFIG, *error = "";
	struct notify notify = { .now = time(NULL) };
	struct files *files;
	bool only_print = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "c:ph", long_options, NULL)) != -1) {
		if (option == 'h')
			return usage(stdout, TOOL_OK);
		if (option == 'c')
			config = optarg;
		else if (option == 'p')
			only_print = true;
		else
			return tool_wrong_option(argv);
	}
	if (argc != optind)
		return tool_extra_argument(argv, argv[optind]);
	notify.arena = arena_new();
	files = files_new();
	notify.settings = settings_load(files, config, check_exists, notify.arena, &error);
	status = notify.settings == NULL ? tool_error("%s", error) :
	    run(&notify, only_print);
	if (notify.settings != NULL)
		settings_unref(&notify.settings);
	files_free(&files);
	arena_free(&notify.arena);
	return status;
}
