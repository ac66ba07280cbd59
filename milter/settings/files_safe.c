/*
 * Could others read or replace a file?  Looks at the file, and at every directory
 * above it: of the path that was given and of the file that its links lead to.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "settings/files_store.h"

static const char *
shown(struct arena *arena, const char *path)
{
	return log_safe(arena, slice_of(path), PATH_MAX);
}

static const char *
why_file_unsafe(struct arena *arena, const char *path, mode_t mode)
{
	const char *name = shown(arena, path);

	if (mode & S_IWOTH)
		return arena_printf(arena, "everybody can write %s: chmod o-rw %s", name, name);
	if (mode & S_IWGRP)
		return arena_printf(arena, "its group can write %s: chmod g-w,o-rw %s", name,
		    name);
	if (mode & S_IROTH)
		return arena_printf(arena, "everybody can read %s: chmod o-r %s", name, name);
	return NULL;
}

/*
 * Who can write a directory can put another file in the place of ours, unless
 * the directory is sticky.  Root, we and the owner of the file are no others.
 */
static const char *
why_directory_unsafe(struct arena *arena, const char *path, uid_t file_owner)
{
	const char *name = shown(arena, path);
	struct stat st;

	if (stat(path, &st) != 0)
		return NULL;
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != file_owner)
		return arena_printf(arena, "%s belongs to another user (uid %lu), who can "
		    "replace the file: chown root %s", name, (unsigned long)st.st_uid, name);
	if (st.st_mode & S_ISVTX)
		return NULL;
	if (st.st_mode & S_IWOTH)
		return arena_printf(arena, "everybody can replace files in %s: chmod o-w %s",
		    name, name);
	if (st.st_mode & S_IWGRP)
		return arena_printf(arena, "its group can replace files in %s: chmod g-w %s",
		    name, name);
	return NULL;
}

static const char *
why_parents_unsafe(struct arena *arena, const char *path, uid_t file_owner)
{
	char *directory = arena_strdup(arena, path);
	const char *why;
	char *slash;

	while ((slash = strrchr(directory, '/')) != NULL) {
		slash[slash == directory ? 1 : 0] = '\0';
		why = why_directory_unsafe(arena, directory, file_owner);
		if (why != NULL || slash == directory)
			return why;
	}
	/* A relative path starts in the working directory. */
	return why_directory_unsafe(arena, ".", file_owner);
}

const char *
files_why_unsafe(struct arena *arena, const char *path, const struct stat *file_stat)
{
	const char *why;
	char *real;

	why = why_file_unsafe(arena, path, file_stat->st_mode);
	if (why == NULL)
		why = why_parents_unsafe(arena, path, file_stat->st_uid);
	if (why != NULL)
		return why;
	real = realpath(path, NULL);
	if (real != NULL && strcmp(real, path) != 0)
		why = why_parents_unsafe(arena, real, file_stat->st_uid);
	free(real);
	return why;
}
