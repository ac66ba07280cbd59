/*
 * The head stays in memory; what comes after it is gathered and written to
 * the file in large pieces, at the place where it stands in the whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/spool.h"

enum { HEAD_FIRST = 4096, TAIL_MAX = 64 * 1024 };

struct spool {
	struct arena *arena;
	uint64_t max, size;
	char *head;			/* the first SPOOL_MEMORY octets */
	size_t head_capacity;
	char *tail;			/* the last ones, not yet in the file */
	size_t tail_n;
	int fd;				/* -1: none yet */
	bool head_written;		/* to the file too */
	const char *error;
};

static void
spool_close(void *object)
{
	struct spool *spool = object;

	free(spool->head);
	free(spool->tail);
	if (spool->fd != -1)
		close(spool->fd);
	spool->head = spool->tail = NULL;
	spool->fd = -1;
}

struct spool *
spool_new(struct arena *arena, uint64_t max)
{
	struct spool *spool = arena_alloc(arena, sizeof(*spool));

	spool->arena = arena;
	spool->max = max;
	spool->fd = -1;
	arena_defer(arena, spool_close, spool);
	return spool;
}

void
spool_free(struct spool **spool)
{
	if (*spool != NULL)
		spool_close(*spool);
	*spool = NULL;
}

/* Not every file system has files without a name. */
static int
open_unlinked(const char *dir)
{
	char path[512];
	int fd, saved;

	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd != -1)
		return fd;
	if (snprintf(path, sizeof(path), "%s/mailworthy.XXXXXX", dir) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd != -1) {
		saved = errno;
		unlink(path);
		errno = saved;
	}
	return fd;
}

/* /var/tmp before /tmp: that one is memory on many machines. */
static int
file_open(struct spool *spool)
{
	const char *dirs[] = { secure_getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int error = ENOENT;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (spool->fd != -1)
			return 0;
		if (dirs[i] == NULL || *dirs[i] == '\0')
			continue;
		spool->fd = open_unlinked(dirs[i]);
		error = errno;
	}
	if (spool->fd != -1)
		return 0;
	spool->error = arena_printf(spool->arena, "cannot open a temporary file: %s",
	    strerror(error));
	return -1;
}

static int
write_at(struct spool *spool, const char *p, size_t n, uint64_t at)
{
	ssize_t done;

	while (n > 0) {
		done = pwrite(spool->fd, p, n, (off_t)at);
		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0) {
			spool->error = arena_printf(spool->arena,
			    "cannot write to a temporary file: %s",
			    done == 0 ? "nothing written" : strerror(errno));
			return -1;
		}
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

static size_t
head_size(const struct spool *spool)
{
	return spool->size < SPOOL_MEMORY ? (size_t)spool->size : SPOOL_MEMORY;
}

/* Takes what still goes into the head; returns how much that is. */
static size_t
head_add(struct spool *spool, const char *p, size_t n)
{
	size_t used = head_size(spool), capacity = spool->head_capacity;
	char *grown;

	if (n > SPOOL_MEMORY - used)
		n = SPOOL_MEMORY - used;
	if (n == 0)
		return 0;
	if (used + n > capacity) {
		capacity = capacity == 0 ? HEAD_FIRST : capacity;
		while (capacity < used + n)
			capacity *= 2;
		grown = mem_alloc(capacity);
		if (used > 0)
			memcpy(grown, spool->head, used);
		free(spool->head);
		spool->head = grown;
		spool->head_capacity = capacity;
	}
	memcpy(spool->head + used, p, n);
	spool->size += n;
	return n;
}

static int
tail_flush(struct spool *spool)
{
	if (spool->tail_n == 0)
		return 0;
	if (file_open(spool) == -1 || write_at(spool, spool->tail, spool->tail_n,
	    spool->size - spool->tail_n) == -1)
		return -1;
	spool->tail_n = 0;
	return 0;
}

static void
tail_add(struct spool *spool, const char *p, size_t n)
{
	size_t room;

	if (spool->tail == NULL)
		spool->tail = mem_alloc(TAIL_MAX);
	while (n > 0) {
		if (spool->tail_n == TAIL_MAX && tail_flush(spool) == -1)
			return;
		room = TAIL_MAX - spool->tail_n;
		if (room > n)
			room = n;
		memcpy(spool->tail + spool->tail_n, p, room);
		spool->tail_n += room;
		spool->size += room;
		p += room;
		n -= room;
	}
}

void
spool_add(struct spool *spool, const void *bytes, size_t n)
{
	const char *p = bytes;
	size_t taken;

	if (spool->error != NULL || n == 0)
		return;
	if (n > spool->max - spool->size) {
		spool->error = "larger than what is kept";
		return;
	}
	taken = head_add(spool, p, n);
	if (taken < n)
		tail_add(spool, p + taken, n - taken);
}

bool
spool_failed(const struct spool *spool)
{
	return spool->error != NULL;
}

const char *
spool_error(const struct spool *spool)
{
	return spool->error;
}

uint64_t
spool_size(const struct spool *spool)
{
	return spool->size;
}

long
spool_read(const struct spool *spool, uint64_t at, void *bytes, size_t n)
{
	uint64_t tail_at = spool->size - spool->tail_n;
	ssize_t got;

	if (at >= spool->size || n == 0)
		return 0;
	if (n > spool->size - at)
		n = (size_t)(spool->size - at);
	if (at < SPOOL_MEMORY) {
		if (n > SPOOL_MEMORY - at)
			n = (size_t)(SPOOL_MEMORY - at);
		memcpy(bytes, spool->head + at, n);
		return (long)n;
	}
	if (at >= tail_at) {
		memcpy(bytes, spool->tail + (at - tail_at), n);
		return (long)n;
	}
	if (n > tail_at - at)
		n = (size_t)(tail_at - at);
	do {
		got = pread(spool->fd, bytes, n, (off_t)at);
	} while (got == -1 && errno == EINTR);
	/* A file that ends too early is not ours any more. */
	return got > 0 ? (long)got : -1;
}

int
spool_fd(struct spool *spool)
{
	if (spool->error != NULL || file_open(spool) == -1 || tail_flush(spool) == -1)
		return -1;
	if (!spool->head_written &&
	    write_at(spool, spool->head, head_size(spool), 0) == -1)
		return -1;
	spool->head_written = spool->size >= SPOOL_MEMORY;
	return spool->fd;
}
