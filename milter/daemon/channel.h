/*
 * Messages between master and worker over a socketpair: a type, a length and
 * so many bytes.
 */
#ifndef MW_DAEMON_CHANNEL_H
#define MW_DAEMON_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

struct arena;

enum channel_type {
	CHANNEL_READY = 1,	/* worker: it accepts connections */
	CHANNEL_ALIVE,		/* worker: heartbeat */
	CHANNEL_SETTINGS,	/* master: packed files of a new configuration */
	CHANNEL_LOADED,		/* worker: took it */
	CHANNEL_REFUSED,	/* worker: keeps the old one; text */
	CHANNEL_KEPT,		/* master: a new configuration is no good; text */
	CHANNEL_STOP,		/* master: finish what is in hand and end */
	CHANNEL_SANDBOX,	/* worker: a descriptor follows, see sandbox.h */
};

#define CHANNEL_BYTES_MAX (512u * 1024 * 1024)

struct channel_message {
	enum channel_type type;
	const void *bytes;	/* terminated */
	size_t n;
};

/*
 * `whole_ms`: for all of a message, however slowly its octets come or are taken;
 * -1 without end.  A worker that an intruder has must not stop the master.
 */

/* 0, or -1 when the other end is gone or takes nothing. One thread at a time. */
int channel_send(int fd, enum channel_type type, const void *bytes, size_t n,
    int whole_ms);

/* 1 with a message of at most max octets, in the arena; 0 at the end, -1 on error. */
int channel_receive(int fd, struct arena *arena, size_t max, int whole_ms,
    struct channel_message *message_r);

/* A descriptor, right behind a message that announces it; 0 or -1. */
int channel_send_fd(int fd, int passed);
/* The caller closes it; -1 on error, and when it is not exactly one. */
int channel_receive_fd(int fd);

#endif
