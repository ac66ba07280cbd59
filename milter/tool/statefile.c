/*
 * Small files of the state directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "tool/statefile.h"
#include "tool/tool.h"

enum { PATH_SIZE = 4096, FILE_MODE = 0640 };

bool
statefile_read(const char *path, const char *first, size_t max, struct arena *arena,
    struct slice *text_r)
{
	const char *error = "";
	struct slice line;
	struct stat st;

	*text_r = (struct slice){ "", 0 };
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
	    !tool_read(arena, path, max, text_r, &error))
		return false;
	return slice_split(text_r, '\n', &line) && slice_eq(line, slice_of(first));
}

/* The directory of a file, or -1. */
static int
open_directory(const char *path)
{
	char dir[PATH_SIZE];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof(dir))
		return -1;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The daemon's user, when root runs the tool. */
static void
give_to_owner(int directory, int fd)
{
	struct stat st;

	if (geteuid() == 0 && fstat(directory, &st) == 0 &&
	    fchown(fd, st.st_uid, st.st_gid) != 0)
		return;	/* root reads it still */
}

static int
fail(const char *fresh, int fd)
{
	int error = errno != 0 ? errno : ENOSPC;

	if (fd != -1)
		close(fd);
	unlink(fresh);
	errno = error;
	return -1;
}

int
statefile_write(const char *path, struct slice text)
{
	char fresh[PATH_SIZE];
	int fd, directory;

	errno = 0;
	if (snprintf(fresh, sizeof(fresh), "%s.%ld.new", path, (long)getpid()) >=
	    (int)sizeof(fresh)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(fresh);	/* of a run that crashed, under the same number */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd == -1)
		return -1;
	directory = open_directory(path);
	give_to_owner(directory, fd);
	if (write(fd, text.p, text.n) != (ssize_t)text.n || fsync(fd) != 0) {
		if (directory != -1)
			close(directory);
		return fail(fresh, fd);
	}
	close(fd);
	fd = rename(fresh, path) == 0 ? 0 : fail(fresh, -1);
	if (directory != -1) {
		fsync(directory);
		close(directory);
	}
	return fd;
}

void
statefile_give(const char *path, int fd)
{
	int directory = open_directory(path);

	if (directory == -1)
		return;
	give_to_owner(directory, fd);
	close(directory);
}
