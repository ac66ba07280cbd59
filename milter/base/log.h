/*
 * The one way to say something to the operator.  Remote text goes through
 * log_safe() first.  Thread-safe.  The destination is process state and is
 * set by daemon/ and tool/ only.
 */
#ifndef MW_BASE_LOG_H
#define MW_BASE_LOG_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;
struct clock;

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_target {
	LOG_TARGET_STDERR,
	LOG_TARGET_SYSLOG,	/* facility mail */
	LOG_TARGET_NONE,
};

/* Sets where messages for the operator go.  Not while threads log. */
void log_open(enum log_target target, enum log_level up_to);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * One line of a list that is written whole, as the findings of a configuration:
 * never limited.
 */
void log_listed(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * From now on errors and warnings are limited as log_limit.h says; what was counted
 * is forgotten; NULL: no limit, as at first.  Not while threads log.  The clock is
 * borrowed.
 */
void log_limit_to(const struct clock *clock);

/* Writes what was counted and is due, or `all`.  To be called each second or so,
 * and at the end. */
void log_flush(bool all);

/*
 * Where the target is syslog, or standard error that systemd reads, lines go to the
 * journal itself, with fields.  log_open() looks for it at its place; tests
 * name another.
 */
void log_open_journal(const char *path);

/* A record, with fields, to the journal, whatever the target; false when there is
 * none. */
struct log_field;
bool log_record(const char *line, const struct log_field *fields, size_t n);
bool log_has_journal(void);

/* A whole line, unchanged (the JSON record), at INFO level. */
void log_line(const char *line);

/*
 * Remote text made harmless for logs, terminals and replies: control bytes,
 * backslash and invalid UTF-8 become \xHH, U+0080-009F, bidi and tag
 * characters likewise; at most max bytes, then "...".
 */
const char *log_safe(struct arena *arena, struct slice text, size_t max);

/* Only for broken invariants of our own: says so, then abort(). */
_Noreturn void bug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
