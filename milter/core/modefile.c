/*
 * The kill switch's file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/action.h"
#include "base/arena.h"
#include "core/modefile.h"

static const char *
path_of(struct arena *arena, const char *state_dir, const char *name)
{
	return arena_printf(arena, "%s/%s", state_dir, name);
}

int
modefile_look(const char *state_dir, int *mode_r)
{
	char path[4096], text[16];
	ssize_t n;
	int fd, error;

	*mode_r = -1;
	if (snprintf(path, sizeof(path), "%s/mode", state_dir) >= (int)sizeof(path))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	n = read(fd, text, sizeof(text) - 1);
	error = errno;
	close(fd);
	errno = error;
	if (n < 0)
		return -1;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, "audit") == 0)
		*mode_r = MODE_AUDIT;
	else if (strcmp(text, "enforce") == 0)
		*mode_r = MODE_ENFORCE;
	return 0;
}

int
modefile_read(const char *state_dir)
{
	int mode;

	return modefile_look(state_dir, &mode) == 0 ? mode : MODEFILE_UNSEEN;
}

static int
failed(struct arena *arena, const char *what, const char *path, const char **error_r)
{
	*error_r = arena_printf(arena, "cannot %s %s: %s%s", what, path, strerror(errno),
	    errno == EACCES || errno == EPERM ? " (run it as root)" : "");
	return -1;
}

int
modefile_write(const char *state_dir, int mode, struct arena *arena, const char **error_r)
{
	const char *path = path_of(arena, state_dir, "mode");
	const char *fresh = path_of(arena, state_dir, "mode.new");
	const char *word = mode == MODE_AUDIT ? "audit\n" : "enforce\n";
	ssize_t n;
	int fd;

	if (mode == -1) {
		if (unlink(path) != 0 && errno != ENOENT)
			return failed(arena, "remove", path, error_r);
		return 0;
	}
	unlink(fresh);	/* of a run that crashed; or a FIFO that is to keep us waiting */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd == -1)
		return failed(arena, "write", fresh, error_r);
	fchmod(fd, 0644);
	n = write(fd, word, strlen(word));
	if (n != (ssize_t)strlen(word) || fsync(fd) != 0) {
		close(fd);
		return failed(arena, "write", fresh, error_r);
	}
	close(fd);
	if (rename(fresh, path) != 0)
		return failed(arena, "rename", fresh, error_r);
	return 0;
}
