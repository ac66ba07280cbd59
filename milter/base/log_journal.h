/*
 * Lines with fields for systemd's journal, in its native protocol
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram an entry.  Our own few lines
 * instead of libsystemd, so that what only logs does not depend on it.
 * Thread-safe.  An entry is at most a datagram's size (200 KB); ours are 9 KB.
 */
#ifndef MW_BASE_LOG_JOURNAL_H
#define MW_BASE_LOG_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"
#define LOG_JOURNAL_FIELDS 48		/* of one entry; more are left out */

struct log_journal;

struct log_field {
	const char *name;		/* capital letters, digits, "_" */
	const char *value;		/* any bytes but NUL */
};

/* NULL when nobody listens there. */
struct log_journal *log_journal_open(const char *path);
void log_journal_close(struct log_journal **journal);

/* False when the journal did not take it: say it elsewhere. */
bool log_journal_send(struct log_journal *journal, const struct log_field *fields,
    size_t n);

/* The descriptor is a stream of the journal, as $JOURNAL_STREAM tells. */
bool log_journal_has(int fd);

#endif
