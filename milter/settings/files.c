/*
 * Files read once and remembered.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "settings/files_store.h"

struct secret {
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

static void
secret_free(void *object)
{
	struct secret *secret = object;

	explicit_bzero(secret->bytes, secret->size);
	free(secret);
}

void *
files_secret_alloc(struct arena *arena, size_t size)
{
	struct secret *secret;

	secret = mem_alloc(sizeof(*secret) + size);
	secret->size = size;
	arena_defer(arena, secret_free, secret);
	return secret->bytes;
}

struct files *
files_new_empty(bool has_disk)
{
	struct arena *arena = arena_new();
	struct files *files;

	files = arena_alloc(arena, sizeof(*files));
	files->arena = arena;
	files->by_path = map_new(arena);
	files->by_template = map_new(arena);
	files->has_disk = has_disk;
	files->we = geteuid();
	return files;
}

struct files *
files_new(void)
{
	return files_new_empty(true);
}

void
files_trust(struct files *files, uid_t uid)
{
	files->we = uid;
}

void
files_free(struct files **files)
{
	struct arena *arena;

	if (*files == NULL)
		return;
	arena = (*files)->arena;
	*files = NULL;
	arena_free(&arena);
}

/* Bytes read before end of file or the limit, or -1 with errno. */
static ssize_t
read_up_to(int fd, char *bytes, size_t limit)
{
	size_t n = 0;
	ssize_t got;

	while (n < limit) {
		got = read(fd, bytes + n, limit - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* Content of a regular file into file; errno or 0. */
static int
read_content(struct files *files, int fd, struct file *file, const struct stat *st)
{
	char *bytes;
	ssize_t n;

	if (S_ISDIR(st->st_mode))
		return EISDIR;
	if (!S_ISREG(st->st_mode))
		return EINVAL;
	if (st->st_size > FILES_EACH_MAX)
		return EFBIG;
	/* One byte more shows a file that grew since. */
	bytes = files_secret_alloc(files->arena, (size_t)st->st_size + 2);
	n = read_up_to(fd, bytes, (size_t)st->st_size + 1);
	if (n < 0)
		return errno;
	if (n > (ssize_t)st->st_size)
		return EAGAIN;
	bytes[n] = '\0';
	file->bytes = bytes;
	file->size = (size_t)n;
	return 0;
}

const char *
files_credential(const char *path)
{
	static const char prefix[] = "credential:";

	return strncmp(path, prefix, sizeof(prefix) - 1) == 0 ?
	    path + sizeof(prefix) - 1 : NULL;
}

const char *
files_real_path(struct arena *arena, const char *path)
{
	const char *name = files_credential(path);
	const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");

	if (name == NULL)
		return path;
	return directory == NULL || *directory == '\0' ? NULL :
	    arena_printf(arena, "%s/%s", directory, name);
}

static int
read_open(struct files *files, int fd, const char *path, struct file *file)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return errno;
	file->mode = st.st_mode;
	file->uid = st.st_uid;
	file->gid = st.st_gid;
	file->unsafe = files_why_unsafe(files->arena, path, &st, files->we);
	return read_content(files, fd, file, &st);
}

static void
read_file(struct files *files, struct file *file)
{
	const char *path = files_real_path(files->arena, file->path);
	int fd;

	if (path == NULL) {
		file->error = ENOKEY;
		return;
	}
	/* A FIFO must not keep us waiting. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		file->error = errno;
		return;
	}
	file->error = read_open(files, fd, path, file);
	close(fd);
}

static struct file *
file_add(struct files *files, const char *path)
{
	struct file *file;

	file = arena_alloc(files->arena, sizeof(*file));
	file->path = arena_strdup(files->arena, path);
	map_set(files->by_path, path, file);
	return file;
}

const struct file *
files_get(struct files *files, const char *path)
{
	struct file *file = map_get(files->by_path, path);

	if (file != NULL)
		return file;
	file = file_add(files, path);
	if (files->has_disk)
		read_file(files, file);
	else
		file->error = ENOENT;
	return file;
}

static struct file *
file_put(struct files *files, const char *path, const void *bytes, size_t size)
{
	struct file *file = file_add(files, path);
	char *copy;

	copy = files_secret_alloc(files->arena, size + 1);
	if (size > 0)
		memcpy(copy, bytes, size);
	file->bytes = copy;
	file->size = size;
	file->mode = S_IFREG | S_IRUSR | S_IWUSR;
	return file;
}

void
files_put(struct files *files, const char *path, const void *bytes, size_t size)
{
	file_put(files, path, bytes, size);
}

void
files_put_part(struct files *files, const char *path, const char *whole,
    const void *bytes, size_t size)
{
	const struct file *from = map_get(files->by_path, whole);
	struct file *file = file_put(files, path, bytes, size);

	if (from == NULL)
		return;
	file->mode = from->mode;
	file->uid = from->uid;
	file->gid = from->gid;
	file->unsafe = from->unsafe;
}
