/*
 * What another user of this host may do with a file; reach.h looks at sockets.
 */
#ifndef MW_TOOL_ACCESS_H
#define MW_TOOL_ACCESS_H

#include <stdbool.h>

struct arena;
struct reach_user;

enum { ACCESS_READ = 4, ACCESS_WRITE = 2, ACCESS_ENTER = 1 };	/* as R_OK, W_OK, X_OK */

enum access_result {
	ACCESS_GRANTED,
	ACCESS_REFUSED,		/* *at_r is the file or directory that refuses */
	ACCESS_MISSING,		/* *at_r is not there */
	ACCESS_UNSEEN,		/* this user cannot look at *at_r */
};

/*
 * Whether the user may do `want` with the file, every directory on the way
 * entered.  Access lists (ACLs) are seen as far as the group bits show them.
 */
enum access_result access_may(struct arena *arena, const struct reach_user *user,
    const char *path, unsigned want, const char **at_r);

/*
 * Whether a path may stand in a command that changes it: plain, and a directory named
 * mailworthy, or what is below one.  Others have other users.
 */
bool access_is_ours(const char *path);

/* "rw-r----- root:mailworthy" of a file, "" where it cannot be looked at. */
const char *access_shown(struct arena *arena, const char *path);

#endif
