/*
 * Where records go: syslog, stderr or a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/log_journal.h"
#include "base/mem.h"
#include "record/record.h"
#include "settings/settings.h"

enum { SINK_MODE = 0640 };

struct record_sink {
	enum log_kind kind;
	char *path;		/* LOG_TO_FILE */
	pthread_mutex_t lock;	/* guards fd, failed and torn */
	int fd;			/* LOG_TO_FILE and LOG_TO_STDERR */
	bool failed;		/* the last write did not succeed, and it was said */
	bool torn;		/* a part of a line stands at the end */
};

/* A FIFO must keep nobody waiting, neither for a reader nor for room. */
static int
open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK, SINK_MODE);
}

static const char *
open_error(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return "the log file cannot be opened: no permission";
	case ENOENT:
	case ENOTDIR:
		return "the log file cannot be opened: its directory does not exist";
	case EISDIR:
		return "the log file cannot be opened: it is a directory";
	case EROFS:
		return "the log file cannot be opened: the file system is read-only";
	case ENOSPC:
		return "the log file cannot be opened: no space left";
	case ENXIO:
		return "the log file cannot be opened: it is a FIFO that nobody reads";
	}
	return "the log file cannot be opened";
}

static struct record_sink *
new_sink(enum log_kind kind)
{
	struct record_sink *sink = mem_alloc(sizeof(*sink));

	sink->kind = kind;
	sink->fd = -1;
	pthread_mutex_init(&sink->lock, NULL);
	return sink;
}

struct record_sink *
record_sink_open_syslog(void)
{
	return new_sink(LOG_TO_SYSLOG);
}

bool
record_sink_is_syslog(const struct record_sink *sink)
{
	return sink->kind == LOG_TO_SYSLOG;
}

struct record_sink *
record_sink_open(const struct settings *settings, const char **error_r)
{
	struct record_sink *sink = new_sink(settings->log_kind);

	switch (sink->kind) {
	case LOG_TO_SYSLOG:
		break;
	case LOG_TO_STDERR:
		sink->fd = STDERR_FILENO;
		break;
	case LOG_TO_FILE:
		sink->path = mem_alloc(strlen(settings->log_file) + 1);
		memcpy(sink->path, settings->log_file, strlen(settings->log_file));
		sink->fd = open_file(sink->path);
		if (sink->fd == -1) {
			*error_r = open_error(errno);
			record_sink_close(&sink);
		}
		break;
	}
	return sink;
}

/*
 * What a full disk took of a line is taken back, so that readers find whole
 * lines only.  A FIFO cannot give back: there the next line begins anew.
 */
static void
take_back(struct record_sink *sink, size_t done)
{
	struct stat st;

	if (done == 0)
		return;
	if (fstat(sink->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)done || ftruncate(sink->fd, st.st_size - (off_t)done) != 0)
		sink->torn = true;
}

/* 0, or -1 with errno. */
static int
write_whole(struct record_sink *sink, const char *line, size_t n)
{
	struct iovec parts[3] = {
		{ (void *)(uintptr_t)"\n", sink->torn ? 1 : 0 },
		{ (void *)(uintptr_t)line, n },
		{ (void *)(uintptr_t)"\n", 1 },
	};
	const size_t all = parts[0].iov_len + n + 1;
	ssize_t done;

	do {
		done = writev(sink->fd, parts, 3);
	} while (done == -1 && errno == EINTR);
	if (done == -1)
		return -1;
	sink->torn = false;
	if ((size_t)done == all)
		return 0;
	take_back(sink, (size_t)done);
	errno = ENOSPC;
	return -1;
}

static void
write_line(struct record_sink *sink, const char *line)
{
	int failed, error;
	bool first;

	pthread_mutex_lock(&sink->lock);
	failed = write_whole(sink, line, strlen(line));
	error = errno;
	first = failed != 0 && !sink->failed;
	sink->failed = failed != 0;
	pthread_mutex_unlock(&sink->lock);
	if (failed == 0)
		return;
	if (first)
		log_error("records cannot be written to %s (%s); they go to syslog",
		    sink->path != NULL ? sink->path : "stderr", strerror(error));
	syslog(LOG_MAIL | LOG_INFO, "%s", line);
}

/* With what a person looks for as fields; false when there is no journal. */
static bool
write_journal(const char *line)
{
	struct log_field fields[RECORD_FIELDS_MAX];
	struct arena *arena;
	size_t n;
	bool taken;

	if (!log_has_journal())
		return false;
	arena = arena_new();
	n = record_fields(line, fields, arena);
	taken = log_record(line, fields, n);
	arena_free(&arena);
	return taken;
}

void
record_sink_write(struct record_sink *sink, const char *line)
{
	switch (sink->kind) {
	case LOG_TO_SYSLOG:
		if (!write_journal(line))
			syslog(LOG_MAIL | LOG_INFO, "%s", line);
		break;
	case LOG_TO_STDERR:
		if (!log_journal_has(STDERR_FILENO) || !write_journal(line))
			write_line(sink, line);
		break;
	case LOG_TO_FILE:
		write_line(sink, line);
		break;
	}
}

void
record_sink_reopen(struct record_sink *sink)
{
	int fd, old;

	if (sink->kind != LOG_TO_FILE)
		return;
	fd = open_file(sink->path);
	if (fd == -1) {
		log_warning("%s: %s; records go on to the old one", sink->path,
		    open_error(errno));
		return;
	}
	pthread_mutex_lock(&sink->lock);
	old = sink->fd;
	sink->fd = fd;
	sink->torn = false;
	pthread_mutex_unlock(&sink->lock);
	close(old);
}

void
record_sink_close(struct record_sink **sink_p)
{
	struct record_sink *sink = *sink_p;

	*sink_p = NULL;
	if (sink == NULL)
		return;
	if (sink->kind == LOG_TO_FILE && sink->fd != -1)
		close(sink->fd);
	pthread_mutex_destroy(&sink->lock);
	free(sink->path);
	free(sink);
}
