/*
 * Could others read or replace a file?  Looks at the file, and at every directory
 * above it: of the path that was given and of the file that its links lead to.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/log.h"
#include "settings/files_store.h"

struct who {
	uid_t we, file_owner;	/* and root: no others */
};

/* Whoever can replace the file may have named it: nothing in the text may read as a
 * command of ours. */
static const char *
shown(struct arena *arena, const char *path)
{
	char *name = arena_strdup(arena, log_safe(arena, slice_of(path), PATH_MAX));

	for (char *at = name; *at != '\0'; at++)
		if (strchr(" \t!\"#$&'()*;<>?[\\]^`{|}~", *at) != NULL)
			*at = '?';
	return name;
}

/* ": chmod o-rw /k"; "" where the path is no good in a command. */
static const char *
mend(struct arena *arena, const char *command, const char *path)
{
	return command_is_plain(path) ? arena_printf(arena, ": %s %s", command, path) : "";
}

static const char *
say(struct arena *arena, const char *who_can, const char *path, const char *command)
{
	return arena_printf(arena, "%s %s%s", who_can, shown(arena, path),
	    mend(arena, command, path));
}

static const char *
why_file_unsafe(struct arena *arena, const char *path, mode_t mode)
{
	if (mode & S_IWOTH)
		return say(arena, "everybody can write", path, "chmod o-rw");
	if (mode & S_IWGRP)
		return say(arena, "its group can write", path, "chmod g-w,o-rw");
	if (mode & S_IROTH)
		return say(arena, "everybody can read", path, "chmod o-r");
	return NULL;
}

/*
 * Who can write a directory can put another file in the place of ours, unless
 * the directory is sticky.  Root, we and the owner of the file are no others.
 */
static const char *
why_directory_unsafe(struct arena *arena, const char *path, const struct who *who)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return NULL;
	if (st.st_uid != 0 && st.st_uid != who->we && st.st_uid != who->file_owner)
		return arena_printf(arena, "%s belongs to another user (uid %lu), who can "
		    "replace the file%s", shown(arena, path), (unsigned long)st.st_uid,
		    mend(arena, "chown root", path));
	if (st.st_mode & S_ISVTX)
		return NULL;
	if (st.st_mode & S_IWOTH)
		return say(arena, "everybody can replace files in", path, "chmod o-w");
	if (st.st_mode & S_IWGRP)
		return say(arena, "its group can replace files in", path, "chmod g-w");
	return NULL;
}

static const char *
why_parents_unsafe(struct arena *arena, const char *path, const struct who *who)
{
	char *directory = arena_strdup(arena, path);
	const char *why;
	char *slash;

	while ((slash = strrchr(directory, '/')) != NULL) {
		slash[slash == directory ? 1 : 0] = '\0';
		why = why_directory_unsafe(arena, directory, who);
		if (why != NULL || slash == directory)
			return why;
	}
	/* A relative path starts in the working directory. */
	return why_directory_unsafe(arena, ".", who);
}

const char *
files_why_unsafe(struct arena *arena, const char *path, const struct stat *file_stat,
    uid_t we)
{
	const struct who who = { we, file_stat->st_uid };
	const char *why;
	char *real;

	why = why_file_unsafe(arena, path, file_stat->st_mode);
	if (why == NULL)
		why = why_parents_unsafe(arena, path, &who);
	if (why != NULL)
		return why;
	real = realpath(path, NULL);
	if (real != NULL && strcmp(real, path) != 0)
		why = why_parents_unsafe(arena, real, &who);
	free(real);
	return why;
}
