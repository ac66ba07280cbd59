/*
 * The rights of another user.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "tool/doctor_access.h"

bool
account_find(struct arena *arena, const char *name, struct account *account_r)
{
	const struct passwd *entry = getpwnam(name);
	int n = ACCESS_GROUPS_MAX;

	if (entry == NULL)
		return false;
	account_r->name = arena_strdup(arena, name);
	account_r->uid = entry->pw_uid;
	if (getgrouplist(name, entry->pw_gid, account_r->gids, &n) < 0)
		n = ACCESS_GROUPS_MAX;
	account_r->n_gids = (size_t)n;
	return true;
}

static bool
is_member(const struct account *account, gid_t gid)
{
	for (size_t i = 0; i < account->n_gids; i++) {
		if (account->gids[i] == gid)
			return true;
	}
	return false;
}

/* Owner, group, others: the first that fits decides. */
static bool
may(const struct account *account, const struct stat *st, unsigned want)
{
	unsigned bits = st->st_mode & 07;

	if (account->uid == 0)
		return true;
	if (st->st_uid == account->uid)
		bits = st->st_mode >> 6 & 07;
	else if (is_member(account, st->st_gid))
		bits = st->st_mode >> 3 & 07;
	return (bits & want) == want;
}

static enum access_result
look(const struct account *account, const char *path, unsigned want)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR ? ACCESS_MISSING : ACCESS_UNSEEN;
	return may(account, &st, want) ? ACCESS_GRANTED : ACCESS_REFUSED;
}

enum access_result
account_may(struct arena *arena, const struct account *account, const char *path,
    unsigned want, const char **at_r)
{
	char *part = arena_strdup(arena, path);
	enum access_result result;
	char *slash = part, saved;

	while (*slash != '\0') {
		slash += strspn(slash, "/");
		saved = *slash;
		*slash = '\0';
		result = *part == '\0' ? ACCESS_GRANTED : look(account, part, ACCESS_ENTER);
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
	return look(account, path, want);
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
