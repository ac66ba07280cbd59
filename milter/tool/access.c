/*
 * The rights of another user.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/slice.h"
#include "tool/access.h"
#include "tool/reach.h"

static enum access_result
look(const struct reach_user *user, const char *path, unsigned want)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ? ACCESS_MISSING : ACCESS_UNSEEN;
	return reach_may(user, st.st_mode, st.st_uid, st.st_gid, (int)want) ? ACCESS_GRANTED : ACCESS_REFUSED;
}

enum access_result
access_may(struct arena *arena, const struct reach_user *user, const char *path,
    unsigned want, const char **at_r)
{
	char *part = arena_strdup(arena, path);
	enum access_result result;
	char *slash = part, saved;

	while (*slash != '\0') {
		slash += strspn(slash, "/");
		saved = *slash;
		*slash = '\0';
		result = *part == '\0' ? ACCESS_GRANTED : look(user, part, ACCESS_ENTER);
		if (result != ACCESS_GRANTED) {
			while (slash > part + 1 && slash[-1] == '/')
				*--slash = '\0';
			*at_r = arena_strdup(arena, part);
			return result;
		}
		*slash = saved;
		slash += strcspn(slash, "/");
	}
	*at_r = path;
	return look(user, path, want);
}

bool
access_is_ours(const char *path)
{
	struct slice rest = slice_of(path), part;
	bool ours = false;

	if (!command_is_plain(path))
		return false;
	while (slice_split(&rest, '/', &part)) {
		if (slice_eq(part, SLICE("..")))
			return false;
		ours = ours || slice_eq(part, SLICE("mailworthy"));
	}
	return ours;
}

static const char *
user_name(struct arena *arena, uid_t uid)
{
	const struct passwd *entry = getpwuid(uid);

	return entry != NULL ? arena_strdup(arena, entry->pw_name) :
	    arena_printf(arena, "%lu", (unsigned long)uid);
}

const char *
access_shown(struct arena *arena, const char *path)
{
	static const char letters[] = "rwxrwxrwx";
	const struct group *group;
	char mode[sizeof(letters)];
	const char *user;
	struct stat st;

	if (stat(path, &st) != 0)
		return "";
	for (size_t i = 0; i < 9; i++)
		mode[i] = (st.st_mode >> (8 - i) & 1) != 0 ? letters[i] : '-';
	mode[9] = '\0';
	user = user_name(arena, st.st_uid);
	group = getgrgid(st.st_gid);
	if (group == NULL)
		return arena_printf(arena, "%s %s:%lu", mode, user,
		    (unsigned long)st.st_gid);
	return arena_printf(arena, "%s %s:%s", mode, user, group->gr_name);
}
