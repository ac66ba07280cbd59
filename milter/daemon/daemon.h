/*
 * The daemon's parts: a master that holds signals, listening socket and
 * privileges, and a worker that serves (decisions 15 and 16).
 */
#ifndef MW_DAEMON_DAEMON_H
#define MW_DAEMON_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct arena;
struct egress_facts;
struct settings;
struct snapshot;

#define DAEMON_CONFIG SYSCONFDIR "/mailworthy/mailworthy.conf"
#define DAEMON_INSPECT_SECONDS 60	/* of DNS that -n waits for */
#define DAEMON_HEARTBEAT_SECONDS 1
#define DAEMON_SILENT_SECONDS 60	/* without heartbeat: the worker is replaced */
#define DAEMON_SEND_SECONDS 10		/* for a message between master and worker */
#define DAEMON_STOP_SECONDS 30		/* after SIGTERM: then SIGKILL */
#define DAEMON_FINISH_SECONDS 5		/* of them, for clients that still send */
#define DAEMON_REMARKS_SAID 20		/* remarks on what is imported, in the log */
#define DAEMON_GONE_SAID 20		/* domains named that a reload took away */
#define DAEMON_ERROR_MAX 4000		/* octets kept of the error of a reload */
#define DAEMON_PAUSE_MAX 30		/* seconds between restarts of a dying worker */

struct daemon_options {
	const char *config;		/* -c */
	const char *socket;		/* -p, NULL: from the configuration */
	bool foreground;		/* -f */
	bool check_only;		/* -n */
	bool version;			/* -V */
	bool help;			/* -h: said already */
};

/* 0, or -1 after saying how to use it. */
int daemon_options_parse(int argc, char **argv, struct daemon_options *options_r);

/* -n: checks the configuration and prints the effective one. Exit status. */
int daemon_check(const struct daemon_options *options);

/* -V: versions of every library. */
void daemon_print_versions(void);

/* Runs until told to stop.  Exit status. */
int daemon_run(const struct daemon_options *options);

/*
 * Opens the listening socket, named as settings_socket() does: says "in use"
 * when somebody answers there, removes a stale socket file, sets group and
 * mode, turns the delay of small packets off.
 */
int listen_open(const struct settings *settings, const char *socket,
    struct arena *arena, const char **error_r);
/* `given` with -p or, NULL, that of the configuration; NULL with *error_r. */
const char *listen_socket(const struct settings *settings, const char *given,
    struct arena *arena, const char **error_r);
/* The group that a socket file is given to; (gid_t)-1: none is. */
int listen_group(const struct settings *settings, gid_t *gid_r, struct arena *arena,
    const char **error_r);
/* Somebody answers at that unix socket, or may. */
bool listen_is_in_use(const char *path);

/*
 * Comes to our own socket and goes away, for a thread of libmilter that is about
 * to wait long: libmilter gives sessions that are ready at one moment to idle
 * threads that it has woken already, more sessions than threads, and looks
 * at the rest only when something else happens.  A connection is something: it
 * starts a thread when none is idle, which then takes what was left over.
 */
void listen_knock(void);
/* Takes the socket file away. */
void listen_close(void);

/* ---- privileges ---- */

struct privileges {
	bool root;			/* started as root */
	uid_t uid;
	gid_t gid;			/* of settings.user */
};

int privileges_find(const struct settings *settings, struct privileges *privileges_r,
    struct arena *arena, const char **error_r);

/* Directories and files the daemon writes, while still root. */
int privileges_prepare(const struct privileges *privileges,
    const struct settings *settings, const char *socket, struct arena *arena,
    const char **error_r);

/* The master keeps CAP_DAC_READ_SEARCH only. */
int privileges_master(const struct privileges *privileges, const char **error_r);

/* The worker keeps nothing. */
int privileges_worker(const struct privileges *privileges, const char **error_r);

/* ---- those who watch ---- */

#define DAEMON_CONTROL_BACKLOG 128

/*
 * Opens the sockets of `control` and `metrics`, while still root; *control_r
 * and *metrics_r are -1 for those that there are not.  A control socket that
 * cannot be had is a warning; -1 and *error_r for one of metrics.
 */
int control_open(const struct settings *settings, const struct privileges *privileges,
    struct arena *arena, int *control_r, int *metrics_r, const char **error_r);
/* Takes the socket files away. */
void control_close(void);

/* What the master knows and the worker tells. */
struct daemon_life {
	time_t started;
	unsigned restarts;		/* of the worker */
	unsigned generation;		/* configurations taken */
	time_t loaded;			/* when the last one was */
	time_t reload_at;		/* of the last reload; 0 none */
	char reload_error[DAEMON_ERROR_MAX];	/* why it was refused; "" it was not */
	int control, metrics;		/* listening sockets, -1 none */
};

/* A configuration was taken, or refused (error not NULL). */
void daemon_life_reloaded(struct daemon_life *life, time_t now, const char *error);

/* A configuration was taken after a later one was refused: its error stays. */
void daemon_life_loaded(struct daemon_life *life, time_t now);

/* ---- worker ---- */

/* No signal that is meant for the master ends the worker. */
void worker_ignore_signals(void);

/*
 * Serves until told to stop; takes over the snapshot's reference.  `fixed`: the
 * settings of the start, for the options that no reload changes; `channel` leads to
 * the master; `sandboxed`: as sandbox.h says; `life` is copied.  Exit status.
 */
int worker_run(struct snapshot *snapshot, const struct settings *fixed,
    struct egress_facts *egress, int channel, bool sandboxed,
    const struct daemon_life *life);

#endif
