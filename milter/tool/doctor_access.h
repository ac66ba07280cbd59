/*
 * What another user of this host may do with a file, worked out from what
 * stat() says: nobody has to become that user.
 */
#ifndef MW_TOOL_DOCTOR_ACCESS_H
#define MW_TOOL_DOCTOR_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;

#define ACCESS_GROUPS_MAX 64

enum { ACCESS_READ = 4, ACCESS_WRITE = 2, ACCESS_ENTER = 1 };	/* as in a mode */

struct account {
	const char *name;
	uid_t uid;
	gid_t gids[ACCESS_GROUPS_MAX];
	size_t n_gids;
};

/* False where there is no such user. */
bool account_find(struct arena *arena, const char *name, struct account *account_r);

enum access_result {
	ACCESS_GRANTED,
	ACCESS_REFUSED,		/* *at_r is the file or directory that refuses */
	ACCESS_MISSING,		/* *at_r is not there */
	ACCESS_UNSEEN,		/* this user cannot look at *at_r */
};

/*
 * Whether the account may do `want` with the file, every directory on the way
 * entered.  Access lists (ACLs) are seen as far as the group bits show them.
 */
enum access_result account_may(struct arena *arena, const struct account *account,
    const char *path, unsigned want, const char **at_r);

/* "rw-r----- root:mailworthy" of a file, "" where it cannot be looked at. */
const char *access_shown(struct arena *arena, const char *path);

#endif
