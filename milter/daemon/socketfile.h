/*
 * The file of a unix socket we have made.  Its directory belongs to the daemon's
 * account, so root, who gives it its owner and mode, never does so by name: in
 * between an intruder could have put a link to another file in its place.
 */
#ifndef MW_DAEMON_SOCKETFILE_H
#define MW_DAEMON_SOCKETFILE_H

#include <sys/types.h>

/* A descriptor that stands for the file, for the caller to close; -1 with errno,
 * ENOTSOCK for what is no socket. */
int socketfile_open(const char *path);

/* 0, or -1 with errno. */
int socketfile_own(int fd, uid_t uid, gid_t gid);
int socketfile_mode(int fd, mode_t mode);

#endif
