/*
 * Writes the journal.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "record/journal.h"

enum {
	FILE_MODE = 0640,
	TAIL = 2 * JOURNAL_LINE_MAX,	/* octets looked at for the last number */
	AGE_EVERY = 3600,		/* seconds between looks at the age */
	DAY = 86400,
	NUMBER_DIGITS = 20,
};

#define NUMBER_LIMIT (UINT64_C(1) << 62)

static const char *const names[JOURNAL_KINDS] = {
	[JOURNAL_HELD] = "held.jsonl",
	[JOURNAL_REFUSED] = "refused.jsonl",
};

struct generation {
	const char *path, *older;
	int fd;			/* -1: not open */
	int rotated;		/* of the older generation, not on disk yet; -1 */
	off_t size;
	time_t begun;		/* of its first line; 0: not known */
	bool dirty;		/* not on disk yet */
	bool failed;		/* and it was said */
};

struct journal {
	pthread_mutex_t lock;	/* over all below */
	struct arena *arena;
	const struct clock *clock;
	uint64_t last;		/* the number given last */
	time_t looked;		/* at the age */
	struct generation files[JOURNAL_KINDS];
};

const char *
journal_path(struct arena *arena, const char *state_dir, enum journal_kind kind,
    bool older)
{
	return arena_printf(arena, "%s/%s%s", state_dir, names[kind], older ? ".1" : "");
}

/* Said once, until it works again. */
static void
complain(struct generation *file, const char *what, int error)
{
	if (!file->failed)
		log_error("cannot %s %s: %s. Mail goes on; what is held or refused is in "
		    "the records only, `mailworthy held` and `notify` do not see it until "
		    "this is mended", what, file->path, strerror(error));
	file->failed = true;
}

/* The number a line begins with, 0 for none. */
static uint64_t
number_of(const char *line)
{
	static const char head[] = "{\"n\":";
	struct slice rest = slice_of(line);
	unsigned long n;

	if (!slice_starts_nocase(rest, head))
		return 0;
	rest = slice_sub(rest, sizeof(head) - 1, NUMBER_DIGITS);
	return slice_number(slice_sub(rest, 0, slice_find(rest, ',')), NUMBER_LIMIT, &n) ?
	    n : 0;
}

/* The number of the last line, and whether it was written whole. */
static uint64_t
last_number(int fd, off_t size, bool *whole_r)
{
	char text[TAIL + 1];
	off_t at = size > TAIL ? size - TAIL : 0;
	ssize_t n = pread(fd, text, TAIL, at);
	uint64_t last = 0, one;

	*whole_r = n <= 0 || text[n - 1] == '\n';
	if (n <= 0)
		return 0;
	text[n] = '\0';
	for (char *p = text; p != NULL && *p != '\0'; p = strchr(p, '\n')) {
		if (*p == '\n')
			p++;
		one = number_of(p);
		if (one > last)
			last = one;
	}
	return last;
}

/* A line that a crash cut off must not swallow the next one. */
static void
look_at_end(struct journal *journal, struct generation *file)
{
	uint64_t last;
	bool whole;

	last = last_number(file->fd, file->size, &whole);
	if (last > journal->last)
		journal->last = last;
	if (!whole && write(file->fd, "\n", 1) == 1)
		file->size++;
}

static void
open_file(struct journal *journal, struct generation *file)
{
	struct stat st;

	file->fd = open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, FILE_MODE);
	if (file->fd == -1) {
		complain(file, "write", errno);
		return;
	}
	if (fstat(file->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(file->fd);
		file->fd = -1;
		complain(file, "write", EINVAL);
		return;
	}
	file->size = st.st_size;
	/* the number of its first line is a time, too */
	file->begun = 0;
	if (file->size > 0) {
		char head[64] = "";

		if (pread(file->fd, head, sizeof(head) - 1, 0) > 0)
			file->begun = (time_t)(number_of(head) / 1000000);
		look_at_end(journal, file);
	}
}

static void
shut(struct generation *file)
{
	if (file->fd != -1)
		close(file->fd);
	file->fd = -1;
}

struct journal *
journal_open(const char *state_dir, const struct clock *clock)
{
	struct arena *arena = arena_new();
	struct journal *journal = arena_alloc(arena, sizeof(*journal));

	journal->arena = arena;
	journal->clock = clock;
	journal->looked = clock_now(clock);
	pthread_mutex_init(&journal->lock, NULL);
	for (int i = 0; i < JOURNAL_KINDS; i++) {
		struct generation *file = &journal->files[i];

		file->path = journal_path(arena, state_dir, (enum journal_kind)i, false);
		file->older = journal_path(arena, state_dir, (enum journal_kind)i, true);
		file->rotated = -1;
		open_file(journal, file);
	}
	return journal;
}

void
journal_close(struct journal **journal_p)
{
	struct journal *journal = *journal_p;

	*journal_p = NULL;
	if (journal == NULL)
		return;
	journal_tick(journal);
	for (int i = 0; i < JOURNAL_KINDS; i++)
		shut(&journal->files[i]);
	pthread_mutex_destroy(&journal->lock);
	arena_free(&journal->arena);
}

/* Whole: the older generation goes, this one takes its place. */
static void
rotate(struct journal *journal, struct generation *file)
{
	if (rename(file->path, file->older) != 0) {
		complain(file, "rotate", errno);
		return;
	}
	if (file->rotated != -1)
		close(file->rotated);
	file->rotated = file->fd;	/* no message waits for the disk: the tick does */
	open_file(journal, file);
}

/* Microseconds of UTC where the clock goes forward, else the next number. */
static uint64_t
next_number(struct journal *journal)
{
	uint64_t n = (uint64_t)clock_now(journal->clock) * 1000000;

	return n > journal->last ? n : journal->last + 1;
}

/* All of the line, or the file as it was before: 0 or -1 with errno. */
static int
append(struct generation *file, uint64_t n, const char *line)
{
	char head[40];
	int head_n = snprintf(head, sizeof(head), "{\"n\":%" PRIu64 ",", n);
	size_t line_n = strlen(line);
	struct iovec parts[3] = {
		{ head, (size_t)head_n },
		{ (void *)(uintptr_t)(line + 1), line_n - 1 },
		{ (void *)(uintptr_t)"\n", 1 },
	};
	ssize_t want = (ssize_t)(head_n + (ssize_t)line_n), done;
	int error;

	do {
		done = writev(file->fd, parts, 3);
	} while (done == -1 && errno == EINTR);
	if (done == want) {
		file->size += done;
		return 0;
	}
	error = done == -1 ? errno : ENOSPC;
	if (done > 0 && ftruncate(file->fd, file->size) != 0)
		file->size += done;
	errno = error;
	return -1;
}

static void
write_line(struct journal *journal, struct generation *file, const char *line)
{
	uint64_t n = next_number(journal);

	if (file->fd == -1)
		open_file(journal, file);
	if (file->fd != -1 &&
	    file->size + (off_t)strlen(line) + 40 > JOURNAL_FILE_MAX)
		rotate(journal, file);
	if (file->fd == -1 || file->size + (off_t)strlen(line) + 40 > JOURNAL_FILE_MAX)
		return;
	if (append(file, n, line) != 0) {
		complain(file, "write", errno);
		return;
	}
	if (file->failed)
		log_info("%s can be written again", file->path);
	file->failed = false;
	file->dirty = true;
	if (file->begun == 0)
		file->begun = clock_now(journal->clock);
	journal->last = n;
}

void
journal_write(struct journal *journal, enum journal_kind kind, const char *line)
{
	if (line[0] != '{' || strlen(line) > JOURNAL_LINE_MAX)
		bug("no line for the journal");
	pthread_mutex_lock(&journal->lock);
	write_line(journal, &journal->files[kind], line);
	pthread_mutex_unlock(&journal->lock);
}

/* Somebody took the file away, or put another in its place. */
static bool
is_gone(const struct generation *file)
{
	struct stat here, there;

	return fstat(file->fd, &here) != 0 || stat(file->path, &there) != 0 ||
	    here.st_ino != there.st_ino || here.st_dev != there.st_dev;
}

static void
look_at_age(struct journal *journal, struct generation *file)
{
	time_t oldest = clock_now(journal->clock) - (time_t)JOURNAL_DAYS * DAY;
	struct stat st;

	if (stat(file->older, &st) == 0 && st.st_mtime < oldest &&
	    unlink(file->older) != 0)
		complain(file, "remove what is older than", errno);
	if (file->fd != -1 && file->size > 0 && file->begun < oldest)
		rotate(journal, file);
}

static void
sync_and_close(int fd)
{
	if (fd == -1)
		return;
	fdatasync(fd);
	close(fd);
}

void
journal_tick(struct journal *journal)
{
	time_t now = clock_now(journal->clock);
	int fresh[JOURNAL_KINDS], rotated[JOURNAL_KINDS];
	bool look;

	pthread_mutex_lock(&journal->lock);
	look = now - journal->looked >= AGE_EVERY || now < journal->looked;
	if (look)
		journal->looked = now;
	for (int i = 0; i < JOURNAL_KINDS; i++) {
		struct generation *file = &journal->files[i];

		if (file->fd != -1 && is_gone(file)) {
			shut(file);
			open_file(journal, file);
		}
		if (look)
			look_at_age(journal, file);
		rotated[i] = file->rotated;
		file->rotated = -1;
		/* a descriptor of its own: messages do not wait for the disk */
		fresh[i] = file->dirty && file->fd != -1 ?
		    fcntl(file->fd, F_DUPFD_CLOEXEC, 3) : -1;
		file->dirty = false;
	}
	pthread_mutex_unlock(&journal->lock);
	for (int i = 0; i < JOURNAL_KINDS; i++) {
		sync_and_close(rotated[i]);
		sync_and_close(fresh[i]);
	}
}
