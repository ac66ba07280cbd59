/*
 * The conversation with the MTA.  The one folder that knows libmilter.
 */
#ifndef MW_PROTO_PROTO_H
#define MW_PROTO_PROTO_H

#include <stdbool.h>
#include <stddef.h>

struct clock;
struct core;
struct snapshot;

#define PROTO_EOM_SLOTS 64		/* ends of message worked on at once */
#define PROTO_PACKET_MAX (4 * 1024 * 1024)	/* one packet of the MTA, octets */

struct proto_options {
	struct core *core;
	const struct clock *clock;
	/* A reference to the settings of now; called for each new connection. */
	struct snapshot *(*snapshot)(void);
	/* The record goes to syslog: short lines. */
	bool (*record_is_syslog)(void);
	void (*write_record)(const char *line);
};

/*
 * Tells libmilter who we are and where we listen ("unix:/path",
 * "inet:port@host").  0 or -1 with *error_r.
 */
int proto_register(const char *socket, const char **error_r);

/* Opens the listening socket.  0 or -1 with errno. */
int proto_listen(void);

/* Serves until told to stop.  Once a process. 0 or -1. */
int proto_run(const struct proto_options *options);

/* The library's version for -V. */
const char *proto_version(char *text, size_t size);

#endif
