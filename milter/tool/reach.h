/*
 * Whether a process of another user may reach a file, as the kernel decides it
 * (path_resolution(7)), without being that user.
 */
#ifndef MW_TOOL_REACH_H
#define MW_TOOL_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;

#define REACH_GROUPS_MAX 256

struct reach_user {
	const char *name;
	uid_t uid;
	gid_t groups[REACH_GROUPS_MAX];
	size_t n_groups;
};

/* The user with all groups; false when there is none of that name. */
bool reach_user(const char *name, struct reach_user *user_r);

/* Bits of R_OK, W_OK, X_OK by mode and owner; root may everything. */
bool reach_may(const struct reach_user *user, mode_t mode, uid_t owner, gid_t group, int bits);

/*
 * Whether the user may connect to the socket at `path`: X on each directory
 * below `root` ("" for all; it is where a chroot begins), W on the socket.
 * *at_r is what stands in the way, the first thing, and *why_r says it for people.
 */
enum reach { REACH_OK, REACH_MISSING, REACH_NO_SOCKET, REACH_DENIED, REACH_UNSEEN };
enum reach reach_socket(struct arena *arena, const struct reach_user *user,
    const char *root, const char *path, const char **why_r, const char **at_r);

/* The name of the user's first group, or its number. */
const char *reach_group(struct arena *arena, const struct reach_user *user);

#endif
