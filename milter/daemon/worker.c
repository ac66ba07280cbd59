/*
 * The worker: libmilter's threads, one that listens to the master, and one
 * that looks at DNS health.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/health.h"
#include "core/modefile.h"
#include "core/notice.h"
#include "daemon/channel.h"
#include "daemon/daemon.h"
#include "daemon/http.h"
#include "daemon/sandbox.h"
#include "daemon/standing.h"
#include "dkim/keyring.h"
#include "dns/dns.h"
#include "evidence/collect.h"
#include "proto/proto.h"
#include "record/counters.h"
#include "record/journal.h"
#include "record/record.h"
#include "settings/files.h"
#include "settings/settings.h"

#define KEEPER_TICK_US 250000
#define KEEPER_JOURNAL_TICKS 4		/* each second */
#define KEEPER_SIGHTINGS_TICKS 40	/* each ten */
#define NOTIFY_LOOK_US INT64_C(900000000)	/* 15 minutes: its timer comes before */
#define NOTIFY_AGAIN_US INT64_C(86400000000)

static struct worker {
	struct proto_options proto;
	struct proto_state state;
	struct arena *arena;		/* lives as long as the process */
	pthread_mutex_t mutex;		/* of snapshot */
	struct snapshot *snapshot;
	struct core *core;
	struct dns *dns;
	struct egress_facts *egress;
	struct sightings *sightings;
	struct record_sink *sink;
	struct journal *journal;
	int64_t begun_us, notify_look_us;	/* the next look at notify, after begun */
	struct health *health;
	struct counters *counters;
	struct standing *standing;
	struct http *http;		/* NULL: nobody watches */
	int channel;
	pthread_mutex_t speak;		/* of what is sent over the channel */
	struct {			/* the newest configuration not yet read */
		pthread_mutex_t mutex;
		pthread_cond_t changed;
		struct files *files;	/* NULL: it could not be unpacked */
		bool waits;
		char *refused;		/* by the master, after those: why; NULL */
	} fresh;
	bool to_syslog;			/* as the sink is: both are for life */
	atomic_int stop;		/* health ends its round */
	atomic_int look_now;		/* health: do not wait for the timer */
	atomic_int keep_now;		/* keeper: sightings are new */
	atomic_bool keeping_failed;
	atomic_bool proto_ended, health_ended, reload_ended, keeper_ended;
	const char *state_dir;
	bool mode_untold;		/* the mode file could not be read, and it was said */
} worker = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.speak = PTHREAD_MUTEX_INITIALIZER,
	.fresh = {
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	},
};

static void
speak(enum channel_type type, const char *text)
{
	pthread_mutex_lock(&worker.speak);
	channel_send(worker.channel, type, text, strnlen(text, DAEMON_ERROR_MAX), -1);
	pthread_mutex_unlock(&worker.speak);
}

static struct snapshot *
current_snapshot(void)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&worker.mutex);
	snapshot = snapshot_ref(worker.snapshot);
	pthread_mutex_unlock(&worker.mutex);
	return snapshot;
}

static void
write_record(const char *line)
{
	record_sink_write(worker.sink, line);
}

static void
write_event(enum journal_kind kind, const char *line)
{
	journal_write(worker.journal, kind, line);
}

static bool
record_is_syslog(void)
{
	return worker.to_syslog;
}

/* ---- reload ---- */

static void
swap_snapshot(struct snapshot *fresh)
{
	struct snapshot *old;

	pthread_mutex_lock(&worker.mutex);
	old = worker.snapshot;
	worker.snapshot = fresh;
	pthread_mutex_unlock(&worker.mutex);
	snapshot_unref(&old);
}

static void
reload(struct files *files)
{
	struct arena *arena = arena_new();
	const char *error = "the master's message could not be read";
	struct snapshot *fresh = NULL;
	const struct settings *settings;

	/* whoever turned the files over waits for it, however the reload ends */
	record_sink_reopen(worker.sink);
	if (files != NULL)
		fresh = snapshot_load(files,
		    snapshot_settings(worker.snapshot)->path, arena, &error);
	if (fresh == NULL) {
		standing_reloaded(worker.standing, error);
		speak(CHANNEL_REFUSED, error);
	} else {
		settings = snapshot_settings(fresh);
		snapshot_keep_phrases(fresh, worker.snapshot);
		snapshot_phrases(fresh, true);	/* no message waits for it */
		if (dns_reconfigure(worker.dns, &settings->resolver, &error) != 0)
			log_warning("resolver: %s; the old servers stay", error);
		swap_snapshot(fresh);
		mem_trim();	/* the old settings: megabytes, in any of malloc's heaps */
		standing_reloaded(worker.standing, NULL);
		atomic_store(&worker.look_now, 1);
		speak(CHANNEL_LOADED, "");
	}
	arena_free(&arena);
}

static void
keep_old(char *why)
{
	record_sink_reopen(worker.sink);
	standing_reloaded(worker.standing, why);
	free(why);
}

/* On a thread of its own: thousands of keys take longer than a heartbeat. */
static void *
run_reload(void *ctx __attribute__((unused)))
{
	pthread_mutex_lock(&worker.fresh.mutex);
	while (atomic_load(&worker.stop) == 0) {
		struct files *files = worker.fresh.files;
		bool waits = worker.fresh.waits;
		char *refused = worker.fresh.refused;

		if (!waits && refused == NULL) {
			pthread_cond_wait(&worker.fresh.changed, &worker.fresh.mutex);
			continue;
		}
		worker.fresh.files = NULL;
		worker.fresh.waits = false;
		worker.fresh.refused = NULL;
		pthread_mutex_unlock(&worker.fresh.mutex);
		if (waits)
			reload(files);
		if (refused != NULL)
			keep_old(refused);
		files_free(&files);
		pthread_mutex_lock(&worker.fresh.mutex);
	}
	pthread_mutex_unlock(&worker.fresh.mutex);
	atomic_store(&worker.reload_ended, true);
	return NULL;
}

/* Of several that wait only the newest counts. */
static void
hand_to_reload(struct files *files)
{
	pthread_mutex_lock(&worker.fresh.mutex);
	files_free(&worker.fresh.files);
	worker.fresh.files = files;
	worker.fresh.waits = true;
	free(worker.fresh.refused);
	worker.fresh.refused = NULL;
	pthread_cond_signal(&worker.fresh.changed);
	pthread_mutex_unlock(&worker.fresh.mutex);
}

/* In its turn: what was handed over before is still being loaded, maybe. */
static void
hand_refusal(const char *why)
{
	size_t n = strlen(why) + 1;
	char *copy = memcpy(mem_alloc(n), why, n);

	pthread_mutex_lock(&worker.fresh.mutex);
	free(worker.fresh.refused);
	worker.fresh.refused = copy;
	pthread_cond_signal(&worker.fresh.changed);
	pthread_mutex_unlock(&worker.fresh.mutex);
}

/* False when it is time to end. */
static bool
listen_to_master(void)
{
	struct arena *arena = arena_new();
	struct channel_message message;
	bool go_on = channel_receive(worker.channel, arena, CHANNEL_BYTES_MAX, -1,
	    &message) == 1;

	if (!go_on)	/* nobody would start us again */
		log_error("the master process is gone: the worker ends too");
	else if (message.type == CHANNEL_SETTINGS)
		hand_to_reload(files_unpack(message.bytes, message.n));
	else if (message.type == CHANNEL_KEPT)
		hand_refusal(message.bytes);
	else if (message.type == CHANNEL_STOP)
		go_on = false;
	arena_free(&arena);
	return go_on;
}

static void
look_at_mode_file(void)
{
	int mode, status = modefile_look(worker.state_dir, &mode);

	if (status != 0 && !worker.mode_untold)
		log_error("the mode file in %s cannot be read: %s; the mode stays as it is",
		    worker.state_dir, strerror(errno));
	worker.mode_untold = status != 0;
	if (status != 0 || mode == core_mode(worker.core))
		return;
	core_set_mode(worker.core, mode);
	log_warning("mode: %s", mode == -1 ? "as the configuration says" :
	    mode == MODE_AUDIT ? "audit for everything, by `mailworthy mode audit`" :
	    "enforce for everything, by `mailworthy mode enforce`");
}

/* Says it once when they cannot be kept, until they can again. */
static void
keep_sightings(void)
{
	bool failed = sightings_save(worker.sightings) != 0;
	int error = errno;

	if (atomic_exchange(&worker.keeping_failed, failed) || !failed)
		return;
	log_warning("cannot keep what DNS has shown of the keys in %s: %s; a restart "
	    "forgets it", worker.state_dir, strerror(error));
}

/* Said when it has been so for a while, and again a day later. */
static void
look_at_notify(void)
{
	int64_t up = clock_mono_us(&clock_system) - worker.begun_us;
	struct snapshot *snapshot;
	const char *problem;
	struct arena *arena;

	if (up < worker.notify_look_us)
		return;
	arena = arena_new();
	snapshot = current_snapshot();
	problem = notice_problem(snapshot_settings(snapshot), clock_now(&clock_system), arena);
	if (problem != NULL)
		log_warning("%s; " NOTICE_MEND, problem);
	worker.notify_look_us = up + (problem != NULL ? NOTIFY_AGAIN_US : NOTIFY_LOOK_US);
	snapshot_unref(&snapshot);
	arena_free(&arena);
}

/* The worker's first thread: until it is told to stop, or libmilter gave up. */
static void
tick(void)
{
	struct pollfd pollfd = { .fd = worker.channel, .events = POLLIN };

	while (!atomic_load(&worker.proto_ended)) {
		int n = poll(&pollfd, 1, DAEMON_HEARTBEAT_SECONDS * 1000);

		if (n > 0 && !listen_to_master())
			return;
		look_at_mode_file();
		log_flush(false);
		standing_tick(worker.standing);
		look_at_notify();
		if (n == 0)
			speak(CHANNEL_ALIVE, "");
	}
	log_error("libmilter does not serve any more; the system's log has its reason");
}

/* On a thread of its own: a disk that hangs must not stop the heartbeat. */
static void *
run_keeper(void *ctx __attribute__((unused)))
{
	unsigned ticks = 0;

	while (atomic_load(&worker.stop) == 0) {
		usleep(KEEPER_TICK_US);
		ticks++;
		if (ticks % KEEPER_JOURNAL_TICKS == 0)
			journal_tick(worker.journal);
		if (ticks % KEEPER_SIGHTINGS_TICKS == 0 || atomic_exchange(&worker.keep_now, 0))
			keep_sightings();
	}
	atomic_store(&worker.keeper_ended, true);
	return NULL;
}

/* ---- DNS health ---- */

static void
say_health(void *ctx __attribute__((unused)), const char *domain, const char *id,
    const char *text, const char *fix)
{
	standing_say(worker.standing, domain, id, text, fix);
	if (text == NULL)
		log_info("%s: %s: no longer so", domain, id);
	else
		log_listed(LOG_LEVEL_WARNING, "%s: %s: %s%s%s", domain, id, text,
		    fix != NULL ? " Fix: " : "", fix != NULL ? fix : "");
}

static void
saw(void *ctx __attribute__((unused)), const char *domain,
    const struct evidence *evidence)
{
	standing_saw(worker.standing, domain, evidence);
}

/* `helo = auto`, for some egress. */
static bool
asks_for_helo(void)
{
	struct snapshot *snapshot = current_snapshot();
	const struct settings *settings = snapshot_settings(snapshot);
	bool asks = false;

	for (size_t i = 0; i < settings->n_egresses; i++)
		asks = asks || settings->egresses[i].helo == NULL ||
		    strcmp(settings->egresses[i].helo, "auto") == 0;
	snapshot_unref(&snapshot);
	return asks;
}

/* With the first name the HELO of `helo = auto` can be judged, where no
 * configuration of the MTA tells it. */
static void
note_mta_name(const char *name)
{
	if (health_note_mta_name(worker.health, name) && asks_for_helo())
		atomic_store(&worker.look_now, 1);
}

static void *
run_health(void *ctx __attribute__((unused)))
{
	while (atomic_load(&worker.stop) == 0) {
		struct snapshot *snapshot = current_snapshot();
		int waited;

		health_round(worker.health, worker.core, snapshot, say_health, NULL,
		    &worker.stop);
		snapshot_unref(&snapshot);
		atomic_store(&worker.keep_now, 1);
		for (waited = 0; waited < HEALTH_SECONDS * 4 &&
		    atomic_load(&worker.stop) == 0 &&
		    atomic_exchange(&worker.look_now, 0) == 0; waited++)
			usleep(250000);
	}
	atomic_store(&worker.health_ended, true);
	return NULL;
}

/* ---- life ---- */

/* A log that cannot be opened once more stops no mail. */
static int
open_sink(const struct settings *fixed, bool again, const char **error_r)
{
	worker.sink = record_sink_open(fixed, error_r);
	if (worker.sink != NULL)
		return 0;
	*error_r = arena_printf(worker.arena, "%s: %s", fixed->log_file, *error_r);
	if (!again)
		return -1;
	log_error("%s; records go to syslog until the daemon is started again", *error_r);
	worker.sink = record_sink_open_syslog();
	return 0;
}

static int
open_parts(const struct settings *fixed, bool again, const char **error_r)
{
	const struct settings *settings = snapshot_settings(worker.snapshot);
	struct arena *arena = worker.arena = arena_new();
	struct core_options parts = { .clock = &clock_system, .keep_results = true,
	    .long_lived = true };

	worker.state_dir = arena_strdup(arena, fixed->state_dir);
	worker.sightings = sightings_open(arena_printf(arena, "%s/sightings",
	    worker.state_dir));
	if (open_sink(fixed, again, error_r) != 0)
		return -1;
	worker.journal = journal_open(worker.state_dir, &clock_system);
	worker.dns = dns_new(&settings->resolver, &clock_system, arena, error_r);
	if (worker.dns == NULL)
		return -1;
	dns_on_long_wait(worker.dns, listen_knock);
	parts.dns = worker.dns;
	parts.on_long_wait = listen_knock;
	parts.sightings = worker.sightings;
	parts.egress = worker.egress;
	worker.core = core_new(&parts, error_r);
	if (worker.core == NULL)
		return -1;
	worker.to_syslog = record_sink_is_syslog(worker.sink);
	worker.health = health_new();
	health_on_evidence(worker.health, saw, NULL);
	worker.counters = counters_new();
	return 0;
}

/* Says when signing will be slower than it could be (dkim/crypto.h). */
static void
check_speed(void)
{
	const struct keyring *ring = snapshot_keyring(worker.snapshot);
	struct dkim_lib *lib = core_dkim(worker.core);

	if (keyring_count(ring) > 0 && !dkim_lib_is_fast(lib, keyring_at(ring, 0)))
		log_warning("libopendkim does not use the parsed keys: signing works, but "
		    "three times slower (built with -fvisibility=hidden?)");
}

static void
close_parts(void)
{
	sightings_save(worker.sightings);
	http_free(&worker.http);
	standing_free(&worker.standing);
	core_free(&worker.core);
	counters_free(&worker.counters);
	dns_free(&worker.dns);
	record_sink_close(&worker.sink);
	journal_close(&worker.journal);
	sightings_close(&worker.sightings);
	health_free(&worker.health);
	files_free(&worker.fresh.files);
	free(worker.fresh.refused);
	snapshot_unref(&worker.snapshot);
	arena_free(&worker.arena);
}

/* Each lost DNS question holds a socket for seconds, each connection one. */
static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warning("cannot raise the number of open files: %s", strerror(errno));
}

void
worker_ignore_signals(void)
{
	/*
	 * libmilter waits for these in a thread of its own and would end.  What
	 * the process ignores and its first thread does not block is dropped
	 * before that thread is asked, so the first thread never calls libmilter.
	 */
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
}

static void *
run_proto(void *ctx __attribute__((unused)))
{
	proto_run(&worker.proto);
	atomic_store(&worker.proto_ended, true);
	return NULL;
}

/* Messages at their end are finished, those a client still sends for a while. */
static void
finish_messages(void)
{
	const int64_t begun = clock_mono_us(&clock_system);
	int64_t waited = 0;

	atomic_store(&worker.state.stopping, true);
	while (atomic_load(&worker.state.messages) > 0 &&
	    (atomic_load(&worker.state.judging) > 0 ||
	    waited < DAEMON_FINISH_SECONDS * 1000000LL) &&
	    waited < (DAEMON_STOP_SECONDS - 2) * 1000000LL) {
		usleep(10000);
		waited = clock_mono_us(&clock_system) - begun;
	}
	/* libmilter writes a reply after our callback has returned */
	usleep(100000);
}

static bool
threads_ended(void)
{
	return atomic_load(&worker.health_ended) && atomic_load(&worker.reload_ended) &&
	    atomic_load(&worker.keeper_ended) && http_ended(worker.http);
}

/* Frees all when nobody is left that might use it; else the process just ends. */
static void
leave(int status)
{
	int waited;

	atomic_store(&worker.stop, 1);
	http_end(worker.http);
	pthread_mutex_lock(&worker.fresh.mutex);
	pthread_cond_signal(&worker.fresh.changed);
	pthread_mutex_unlock(&worker.fresh.mutex);
	sightings_save(worker.sightings);
	journal_tick(worker.journal);
	log_flush(true);
	for (waited = 0; waited < 50 && !threads_ended(); waited++)
		usleep(10000);
	if (!threads_ended() || atomic_load(&worker.state.conversations) > 0)
		_exit(status);
	close_parts();
}

static int
start_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL) != 0)
		return -1;
	pthread_detach(thread);
	return 0;
}

/* The master says what is refused. */
static void
enter_sandbox(void)
{
	const char *error;
	int listener;

	if (sandbox_worker(&listener, &error) != 0)
		log_warning("sandbox: the worker runs without: %s", error);
	if (listener == -1)
		return;
	speak(CHANNEL_SANDBOX, "");
	channel_send_fd(worker.channel, listener);
	close(listener);
}

/* ---- those who watch ---- */

static bool
document(void *ctx __attribute__((unused)), const char *path, struct arena *arena,
    struct http_document *document_r)
{
	struct status status;
	struct buf text;

	if (strcmp(path, "/metrics") != 0 && strcmp(path, "/status") != 0 &&
	    strcmp(path, "/health") != 0)
		return false;
	standing_read(worker.standing, arena, &status);
	buf_init(&text, arena, STATUS_TEXT_MAX);
	document_r->status = 200;
	document_r->type = "application/json";
	if (strcmp(path, "/metrics") == 0) {
		document_r->type = "text/plain; version=0.0.4; charset=utf-8";
		status_metrics(&status, &text);
	} else if (strcmp(path, "/status") == 0) {
		buf_add_str(&text, status_json(&status, arena));
	} else {
		document_r->status = status_has_error(&status) ? 503 : 200;
		buf_add_str(&text, status_health_json(&status, arena));
	}
	document_r->text = buf_str(&text);
	document_r->n = text.n;
	return true;
}

/* Mail is served without them, too. */
static void
open_to_watchers(const struct daemon_life *life)
{
	const struct standing_parts parts = { .core = worker.core,
		.counters = worker.counters, .dns = worker.dns,
		.sightings = worker.sightings, .proto = &worker.state,
		.snapshot = current_snapshot, .life = life };
	const struct http_options options = { .sockets = { life->control, life->metrics },
		.document = document };
	const char *error;

	worker.standing = standing_new(&parts);
	if (life->control == -1 && life->metrics == -1)
		return;
	worker.http = http_start(&options, &error);
	if (worker.http == NULL)
		log_warning("status and metrics are not served: %s", error);
}

int
worker_run(struct snapshot *snapshot, const struct settings *fixed,
    struct egress_facts *egress, int channel, bool sandboxed, const struct daemon_life *life)
{
	const char *error = "out of resources";
	int status;

	prctl(PR_SET_NAME, "mw-worker");	/* `pkill -HUP mailworthyd` is the master's */
	mem_few_heaps();
	worker.snapshot = snapshot;
	worker.egress = egress;
	worker.channel = channel;
	log_limit_to(&clock_system);	/* what the master counted is its own */
	worker.begun_us = clock_mono_us(&clock_system);
	worker.notify_look_us = NOTIFY_LOOK_US;
	raise_file_limit();
	if (sandboxed)
		enter_sandbox();
	snapshot_phrases(snapshot, true);
	if (open_parts(fixed, life->restarts > 0, &error) != 0) {
		log_error("%s", error);
		return 1;
	}
	worker.proto = (struct proto_options){
		.state = &worker.state, .core = worker.core, .clock = &clock_system,
		.counters = worker.counters,
		.snapshot = current_snapshot, .record_is_syslog = record_is_syslog,
		.write_record = write_record, .write_event = write_event,
		.on_mta_name = note_mta_name, .on_long_wait = listen_knock,
	};
	check_speed();
	look_at_mode_file();
	open_to_watchers(life);
	if (start_thread(run_health) != 0 || start_thread(run_reload) != 0 ||
	    start_thread(run_keeper) != 0 || start_thread(run_proto) != 0) {
		log_error("cannot start a thread: %s", strerror(errno));
		return 1;
	}
	speak(CHANNEL_READY, "");
	tick();
	status = atomic_load(&worker.proto_ended) ? 1 : 0;
	finish_messages();
	leave(status);
	return status;
}
