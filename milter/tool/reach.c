/*
 * Looks at modes and owners along a path.  Access control lists are not read.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "tool/reach.h"

bool
reach_user(const char *name, struct reach_user *user_r)
{
	const struct passwd *entry = getpwnam(name);
	int n = REACH_GROUPS_MAX;

	if (entry == NULL)
		return false;
	user_r->name = name;
	user_r->uid = entry->pw_uid;
	if (getgrouplist(name, entry->pw_gid, user_r->groups, &n) == -1)
		n = REACH_GROUPS_MAX;
	user_r->n_groups = (size_t)n;
	return true;
}

bool
reach_may(const struct reach_user *user, mode_t mode, uid_t owner, gid_t group, int bits)
{
	unsigned have = mode & 7;

	if (user->uid == 0)
		return true;
	if (owner == user->uid)
		have = mode >> 6 & 7;
	else
		for (size_t i = 0; i < user->n_groups; i++)
			if (user->groups[i] == group)
				have = mode >> 3 & 7;
	return ((unsigned)bits & ~have) == 0;
}

static const char *
group_name(struct arena *arena, gid_t gid)
{
	const struct group *entry = getgrgid(gid);

	return entry != NULL ? arena_strdup(arena, entry->gr_name) :
	    arena_printf(arena, "%lu", (unsigned long)gid);
}

static enum reach
look(struct arena *arena, const struct reach_user *user, const char *path, bool is_last,
    const char **why_r)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		*why_r = arena_printf(arena, "%s: %s", path, strerror(errno));
		return errno == ENOENT ? REACH_MISSING : REACH_UNSEEN;
	}
	if (is_last && !S_ISSOCK(st.st_mode)) {
		*why_r = arena_printf(arena, "%s is no socket", path);
		return REACH_NO_SOCKET;
	}
	if (reach_may(user, st.st_mode, st.st_uid, st.st_gid, is_last ? W_OK : X_OK))
		return REACH_OK;
	*why_r = arena_printf(arena, "%s has mode %04o and group %s, and user %s %s", path,
	    (unsigned)(st.st_mode & 07777), group_name(arena, st.st_gid), user->name,
	    is_last ? "may not write to it" : "may not enter it");
	return REACH_DENIED;
}

enum reach
reach_socket(struct arena *arena, const struct reach_user *user, const char *root,
    const char *path, const char **why_r, const char **at_r)
{
	size_t n = strlen(root);
	enum reach found;

	*why_r = "";
	if (strncmp(path, root, n) != 0)
		n = 0;
	for (size_t i = n + 1; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		*at_r = arena_strndup(arena, path, i);
		found = look(arena, user, *at_r, false, why_r);
		if (found != REACH_OK)
			return found;
	}
	*at_r = path;
	return look(arena, user, path, true, why_r);
}

const char *
reach_group(struct arena *arena, const struct reach_user *user)
{
	return user->n_groups == 0 ? "root" : group_name(arena, user->groups[0]);
}
