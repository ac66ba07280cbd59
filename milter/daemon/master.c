/*
 * The master: signals, the listening socket, the worker's life.  It never
 * starts a thread.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "daemon/channel.h"
#include "daemon/daemon.h"
#include "daemon/sandbox.h"
#include "evidence/collect.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "verdict/verdict.h"

struct master {
	const struct daemon_options *options;
	struct privileges privileges;
	const char *config;		/* absolute: we leave the directory */
	struct snapshot *snapshot;
	const struct settings *fixed;	/* of the start: what no reload changes */
	struct egress_facts *egress;
	sigset_t signals, signals_before;
	int signal_fd;
	pid_t worker;			/* 0: none */
	int channel;			/* to the worker, -1: none */
	bool sandboxed;
	struct sandbox_watch *watch;	/* of the worker's sandbox, NULL: none */
	bool watched;			/* this worker has sent it: once it may */
	int64_t started_us, heard_us;	/* monotonic */
	int64_t start_again_us;		/* 0: not waiting */
	int pause_seconds;
	int64_t stop_us;		/* when to lose patience, 0: not stopping */
	struct daemon_life life;
	bool ready_said;
	size_t domains_before;		/* of the configuration before this one */
	bool awaited;			/* the worker has not said that it took it */
	bool refused_since;		/* a later one was no good */
	bool ended_badly;		/* the worker, when it was told to stop */
};

static int64_t
now_us(void)
{
	return clock_mono_us(&clock_system);
}

/* ---- worker ---- */

static void
become_worker(struct master *master, int channel)
{
	const char *error;
	int status;

	close(master->signal_fd);
	worker_ignore_signals();
	sigprocmask(SIG_SETMASK, &master->signals_before, NULL);
	if (privileges_worker(&master->privileges, &error) != 0) {
		log_error("%s", error);
		_exit(1);
	}
	status = worker_run(master->snapshot, master->fixed, master->egress, channel,
	    master->sandboxed, &master->life);
	exit(status);
}

static void
close_channel(struct master *master)
{
	if (master->channel != -1)
		close(master->channel);
	master->channel = -1;
}

static void
start_worker(struct master *master)
{
	const struct timeval patience = { .tv_sec = DAEMON_SEND_SECONDS };
	int pair[2];

	master->start_again_us = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		log_error("cannot make a socketpair: %s", strerror(errno));
		master->start_again_us = now_us() + 1000000;
		return;
	}
	fflush(NULL);
	master->worker = fork();
	if (master->worker == 0) {
		close(pair[0]);
		become_worker(master, pair[1]);
	}
	close(pair[1]);
	if (master->worker == -1) {
		log_error("cannot start a worker: %s", strerror(errno));
		master->worker = 0;
		close(pair[0]);
		master->start_again_us = now_us() + 1000000;
		return;
	}
	/* a worker that hangs must not keep us from replacing it */
	setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	master->channel = pair[0];
	master->watched = false;
	master->started_us = master->heard_us = now_us();
}

static void
say_ended(const struct master *master, int status)
{
	char how[160];

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		snprintf(how, sizeof(how), "was killed by its sandbox for a system call that "
		    "only an intruder makes (`journalctl -k` has its number)");
	else if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "died of signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		snprintf(how, sizeof(how), "ended with status %d", WEXITSTATUS(status));
	if (master->stop_us != 0)
		log_error("the worker %s while it was stopped", how);
	else
		log_error("the worker %s; it is started again in %d s (restart %u); SMTP "
		    "sessions open now are deferred by the MTA", how,
		    master->pause_seconds, master->life.restarts);
}

static void
say_listening(const struct master *master, const struct settings *settings)
{
	struct arena *arena = arena_new();

	log_info("ready: mode %s, %zu managed domain%s, listening on %s",
	    mode_name(settings->mode), settings->n_domains,
	    settings->n_domains == 1 ? "" : "s", master->options->socket != NULL ?
	    master->options->socket : settings_socket_shown(arena, settings->socket));
	arena_free(&arena);
}

static void
say_ready(struct master *master)
{
	const struct settings *settings = snapshot_settings(master->snapshot);

	if (!master->ready_said)
		say_listening(master, settings);
	master->ready_said = true;
	sd_notifyf(0, "READY=1\nSTATUS=mode %s, %u restarts",
	    mode_name(settings->mode), master->life.restarts);
}

static void
say_reloaded(struct master *master)
{
	const struct settings *settings = snapshot_settings(master->snapshot);

	master->awaited = false;
	if (master->refused_since)
		daemon_life_loaded(&master->life, time(NULL));
	else
		daemon_life_reloaded(&master->life, time(NULL), NULL);
	log_info("configuration reloaded from %s: mode %s, %zu managed domain%s (%zu before)",
	    master->config, mode_name(settings->mode),
	    settings->n_domains, settings->n_domains == 1 ? "" : "s", master->domains_before);
	say_ready(master);
}

/* Soon the first time, then with a growing pause. */
static void
worker_ended(struct master *master, int status)
{
	int64_t lived_us = now_us() - master->started_us;

	master->worker = 0;
	close_channel(master);
	sandbox_watch_free(&master->watch);
	if (master->stop_us != 0) {
		master->ended_badly = status != 0;
		if (status != 0)
			say_ended(master, status);
		return;
	}
	if (!master->ready_said) {
		log_error("the worker ended before it served: giving up");
		master->ended_badly = true;
		master->stop_us = now_us();
		return;
	}
	master->life.restarts++;
	if (master->awaited)	/* the next worker is born with it */
		say_reloaded(master);
	if (lived_us > 10 * 1000000LL)
		master->pause_seconds = 0;
	master->start_again_us = now_us() + master->pause_seconds * 1000000LL + 1;
	say_ended(master, status);
	master->pause_seconds = master->pause_seconds == 0 ? 1 : master->pause_seconds * 2;
	if (master->pause_seconds > DAEMON_PAUSE_MAX)
		master->pause_seconds = DAEMON_PAUSE_MAX;
}

static void
watch_sandbox(struct master *master)
{
	int listener = channel_receive_fd(master->channel);

	if (listener != -1 && !master->watched)
		master->watch = sandbox_watch_new(listener);
	else if (listener != -1)
		close(listener);
	master->watched = true;
}

static void
listen_to_worker(struct master *master)
{
	struct arena *arena = arena_new();
	struct channel_message message;
	int status = channel_receive(master->channel, arena, DAEMON_ERROR_MAX,
	    DAEMON_SEND_SECONDS * 1000, &message);

	if (status != 1) {
		close_channel(master);	/* its end is on its way */
		if (status == -1) {
			log_error("the worker does not speak as it should: it is replaced");
			kill(master->worker, SIGKILL);
		}
	} else {
		master->heard_us = now_us();
		switch (message.type) {
		case CHANNEL_READY:
			say_ready(master);
			break;
		case CHANNEL_ALIVE:
			sd_notify(0, "WATCHDOG=1");
			break;
		case CHANNEL_LOADED:
			say_reloaded(master);
			break;
		case CHANNEL_REFUSED:
			log_error("the worker keeps the old configuration: %s",
			    (const char *)message.bytes);
			master->awaited = false;
			daemon_life_reloaded(&master->life, time(NULL), message.bytes);
			say_ready(master);
			break;
		case CHANNEL_SANDBOX:
			watch_sandbox(master);
			break;
		case CHANNEL_SETTINGS:
		case CHANNEL_KEPT:
		case CHANNEL_STOP:
			break;
		}
	}
	arena_free(&arena);
}

/* ---- signals ---- */

static void
warn_fixed(const struct settings *fixed, const struct settings *fresh, struct arena *arena)
{
	const char *names = settings_need_restart(fixed, fresh, arena);

	if (*names != '\0')
		log_warning("%s: changed; this takes effect at the next start", names);
}

/* A file cut between two sections is a good file: say what it took away. */
static void
warn_gone(const struct settings *old, const struct settings *fresh)
{
	unsigned said = 0;
	size_t i;

	for (i = 0; i < old->n_domains && said < DAEMON_GONE_SAID; i++)
		if (settings_find_domain(fresh, old->domains[i].name) == NULL) {
			log_listed(LOG_LEVEL_WARNING, "%s is no longer managed: its mail "
			    "leaves unsigned", old->domains[i].name);
			said++;
		}
}

static void
log_lines(const char *text)
{
	struct slice rest = slice_of(text), line;

	while (slice_split(&rest, '\n', &line))
		if (line.n > 0)
			log_listed(LOG_LEVEL_ERROR, "%.*s", (int)line.n, line.p);
}

/* What was imported from another filter and is not as it was. */
static void
warn_imported(const struct settings *settings)
{
	struct slice rest = slice_of(settings->remarks), line;
	unsigned said = 0, more = 0;

	while (slice_split(&rest, '\n', &line)) {
		if (said++ < DAEMON_REMARKS_SAID)
			log_warning("%.*s", (int)line.n, line.p);
		else
			more++;
	}
	if (more > 0)
		log_warning("%u more remarks on what was imported; mailworthyd -n tells them "
		    "all", more);
}

/* A worker that does not run gets the new files when it is started. */
static void
pass_on(struct master *master, struct files *files, struct arena *arena)
{
	size_t n;
	void *packed = files_pack(files, arena, &n);

	master->refused_since = false;
	master->awaited = true;
	if (master->channel == -1) {
		say_reloaded(master);
	} else if (channel_send(master->channel, CHANNEL_SETTINGS, packed, n,
	    DAEMON_SEND_SECONDS * 1000) != 0) {
		log_error("the worker does not take the new configuration: it is replaced");
		kill(master->worker, SIGKILL);
	}
}

/* Whoever asks the worker wants to know. */
static void
tell_kept(struct master *master, const char *error)
{
	master->refused_since = true;
	daemon_life_reloaded(&master->life, time(NULL), error);
	if (master->channel != -1 && channel_send(master->channel, CHANNEL_KEPT,
	    master->life.reload_error, strlen(master->life.reload_error),
	    DAEMON_SEND_SECONDS * 1000) != 0)
		log_warning("the worker does not hear that the configuration is no good");
}

static void
reload(struct master *master)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *error = "";
	struct snapshot *fresh;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now_us());
	fresh = snapshot_load(files, master->config, arena, &error);
	if (fresh == NULL) {
		log_lines(error);
		log_error("configuration NOT reloaded: the old one stays in force");
		tell_kept(master, error);
		say_ready(master);
	} else {
		warn_fixed(master->fixed, snapshot_settings(fresh), arena);
		warn_gone(snapshot_settings(master->snapshot), snapshot_settings(fresh));
		warn_imported(snapshot_settings(fresh));
		master->domains_before = snapshot_settings(master->snapshot)->n_domains;
		snapshot_unref(&master->snapshot);
		master->snapshot = fresh;
		pass_on(master, files, arena);
	}
	files_free(&files);
	arena_free(&arena);
	/* the worker may have spoken while we read many keys */
	master->heard_us = now_us();
}

static void
stop(struct master *master)
{
	if (master->stop_us != 0)
		return;
	master->stop_us = now_us() + DAEMON_STOP_SECONDS * 1000000LL;
	sd_notify(0, "STOPPING=1");
	log_info("stopping: messages in hand are finished");
	if (master->worker != 0 && (master->channel == -1 ||
	    channel_send(master->channel, CHANNEL_STOP, "", 0, DAEMON_SEND_SECONDS * 1000) != 0))
		kill(master->worker, SIGKILL);
}

static void
reap(struct master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == master->worker)
			worker_ended(master, status);
}

static void
handle_signal(struct master *master)
{
	struct signalfd_siginfo info;

	if (read(master->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		reload(master);
		break;
	case SIGTERM:
	case SIGINT:
		stop(master);
		break;
	case SIGCHLD:
		reap(master);
		break;
	}
}

static void
handle_time(struct master *master)
{
	const int64_t now = now_us();

	if (master->stop_us != 0) {
		if (master->worker != 0 && now > master->stop_us) {
			log_error("the worker does not end: it is killed");
			kill(master->worker, SIGKILL);
			master->stop_us = INT64_MAX;
		}
		return;
	}
	if (master->worker == 0 && now >= master->start_again_us)
		start_worker(master);
	if (master->worker != 0 &&
	    now - master->heard_us > DAEMON_SILENT_SECONDS * 1000000LL) {
		log_error("no sign of life from the worker for %d s: it is replaced",
		    DAEMON_SILENT_SECONDS);
		kill(master->worker, SIGKILL);
		master->heard_us = now;
	}
}

static void
serve(struct master *master)
{
	while (master->stop_us == 0 || master->worker != 0) {
		struct pollfd fds[3] = {
			{ .fd = master->signal_fd, .events = POLLIN },
			{ .fd = master->channel, .events = POLLIN },
			{ .fd = master->watch != NULL ?
			    sandbox_watch_fd(master->watch) : -1, .events = POLLIN },
		};
		int wait_ms = master->worker == 0 ? 50 : 500;

		if (poll(fds, 3, wait_ms) > 0) {
			if ((fds[2].revents & POLLIN) != 0 ?
			    !sandbox_watch_answer(master->watch) :
			    fds[2].revents != 0)	/* no thread is left */
				sandbox_watch_free(&master->watch);
			if ((fds[1].revents & POLLIN) != 0)
				listen_to_worker(master);
			if ((fds[0].revents & POLLIN) != 0)
				handle_signal(master);
			else if ((fds[1].revents & POLLIN) == 0 && fds[1].revents != 0)
				usleep(10000);	/* hung up: SIGCHLD is on its way */
		}
		handle_time(master);
		log_flush(false);
	}
}

/* ---- start ---- */

static const char *
absolute(const char *path, struct arena *arena)
{
	char directory[PATH_MAX];

	if (path[0] == '/' || getcwd(directory, sizeof(directory)) == NULL)
		return path;
	return arena_printf(arena, "%s/%s", directory, path);
}

static int
prepare(struct master *master, struct arena *arena, const char **error_r)
{
	const struct daemon_options *options = master->options;
	struct files *files = files_new();
	const struct settings *settings;
	const char *socket;

	master->config = absolute(options->config, arena);
	master->snapshot = snapshot_load(files, master->config, arena, error_r);
	files_free(&files);
	if (master->snapshot == NULL)
		return -1;
	settings = snapshot_settings(master->snapshot);
	master->fixed = settings_ref(settings);
	warn_imported(settings);
	socket = listen_socket(settings, options->socket, arena, error_r);
	if (socket == NULL ||
	    privileges_find(settings, &master->privileges, arena, error_r) != 0 ||
	    privileges_prepare(&master->privileges, settings, socket, arena, error_r) != 0)
		return -1;
	master->egress = egress_facts_new();
	if (listen_open(settings, socket, arena, error_r) != 0 ||
	    control_open(settings, &master->privileges, arena, &master->life.control,
	    &master->life.metrics, error_r) != 0)
		return -1;
	return privileges_master(&master->privileges, error_r);
}

static void
take_signals(struct master *master)
{
	sigemptyset(&master->signals);
	sigaddset(&master->signals, SIGHUP);
	sigaddset(&master->signals, SIGTERM);
	sigaddset(&master->signals, SIGINT);
	sigaddset(&master->signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &master->signals, &master->signals_before);
	master->signal_fd = signalfd(-1, &master->signals, SFD_CLOEXEC);
}

static void
release(struct master *master)
{
	listen_close();
	sandbox_watch_free(&master->watch);
	control_close();
	snapshot_unref(&master->snapshot);
	settings_unref(&master->fixed);
	egress_facts_free(&master->egress);
	close(master->signal_fd);
}

/* Behind postconf and daemon(3), before the first worker. */
static void
enter_sandbox(struct master *master)
{
	const char *error;

	if (!snapshot_settings(master->snapshot)->sandbox)
		log_warning("sandbox: off, as the configuration says");
	else if (!sandbox_is_built())
		log_warning("sandbox: off, as this build has none (sanitizers, or s390x)");
	else if (sandbox_master(&error) != 0)
		log_warning("sandbox: off, as the kernel or the service manager does not "
		    "allow it (%s); a unit of systemd needs SystemCallFilter=seccomp", error);
	else
		master->sandboxed = true;
}

static int
run(struct master *master, struct arena *arena)
{
	const char *error = "";

	if (prepare(master, arena, &error) != 0) {
		log_lines(error);
		return 1;
	}
	if (!master->options->foreground) {
		if (daemon(0, 0) != 0) {
			log_error("cannot go into the background: %s", strerror(errno));
			return 1;
		}
		log_open(LOG_TARGET_SYSLOG, LOG_LEVEL_INFO);
	}
	enter_sandbox(master);
	log_limit_to(&clock_system);
	start_worker(master);
	serve(master);
	listen_close();
	log_flush(true);
	control_close();
	log_info("stopped");
	return master->ended_badly ? 1 : 0;
}

int
daemon_run(const struct daemon_options *options)
{
	struct master master = { .options = options, .channel = -1,
		.life = { .control = -1, .metrics = -1 } };
	struct arena *arena = arena_new();
	int status;

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	master.life.started = time(NULL);
	daemon_life_reloaded(&master.life, master.life.started, NULL);
	master.life.reload_at = 0;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* a file too large is an error like a full disk */
	take_signals(&master);
	status = run(&master, arena);
	release(&master);
	arena_free(&arena);
	return status;
}
