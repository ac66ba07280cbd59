/*
 * The conversation with the MTA.  The one folder that knows libmilter.
 */
#ifndef MW_PROTO_PROTO_H
#define MW_PROTO_PROTO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "record/journal.h"

struct clock;
struct core;
struct counters;
struct snapshot;

#define PROTO_EOM_SLOTS 64		/* ends of message worked on at once */
#define PROTO_BACKLOG 1024		/* connections that wait to be taken */
#define PROTO_PACKET_MAX (4 * 1024 * 1024)	/* one packet of the MTA, octets */

/*
 * What all conversations share.  The caller owns it and sets `stopping`: from
 * then on no connection and no message is begun, those begun go on to their
 * end.  libmilter's own way to stop leaves callbacks running, and frees their
 * sessions in some versions.
 */
struct proto_state {
	atomic_bool stopping;
	atomic_uint conversations;	/* connections past the negotiation */
	atomic_uint messages;		/* begun and not ended */
	atomic_uint judging;		/* of these, at their end of message */
	atomic_bool leading_spaces;	/* the MTA keeps them: the last agreement */
	atomic_bool keeps_body;		/* it lets no filter replace a body: likewise */
	atomic_bool said_actions, said_symlist, said_body;	/* once a process */
};

struct proto_options {
	struct proto_state *state;
	struct core *core;
	struct counters *counters;	/* NULL: nothing is counted */
	const struct clock *clock;
	/* A reference to the settings of now; called for each new connection. */
	struct snapshot *(*snapshot)(void);
	/* The record goes to syslog: short lines. */
	bool (*record_is_syslog)(void);
	void (*write_record)(const char *line);
	/* What was held, deferred or refused; NULL: nobody keeps it. */
	void (*write_event)(enum journal_kind kind, const char *line);
	/* What the MTA of a new connection calls itself (macro j); NULL: nobody asks. */
	void (*on_mta_name)(const char *name);
	/* A thread of libmilter is about to wait for a place; NULL: nobody minds. */
	void (*on_long_wait)(void);
};

/*
 * Tells libmilter who we are and where we listen ("unix:/path",
 * "inet:port@host").  0 or -1 with *error_r.
 */
int proto_register(const char *socket, const char **error_r);

/* Opens the listening socket.  0 or -1 with errno. */
int proto_listen(void);

/*
 * Serves, and returns only when libmilter gives up: 0 or -1.  Once a process.
 * libmilter blocks and waits for SIGHUP, SIGTERM and SIGINT in the calling
 * thread; they do not reach it where the process ignores them and its first
 * thread, another one, does not block them.
 */
int proto_run(const struct proto_options *options);

/* The library's version for -V. */
const char *proto_version(char *text, size_t size);

#endif
