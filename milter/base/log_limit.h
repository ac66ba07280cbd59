/*
 * Which lines of a log are written and which are only counted, so that one
 * fault, met by each message anew, does not fill a disk.
 *
 * Lines of one kind have the same words, whatever names, numbers, addresses and
 * paths stand between them: words with a digit or one of . @ / : \ " within.
 * Of each kind LOG_LIMIT_SHOWN are written in LOG_LIMIT_SECONDS; of the rest the
 * last is, with their count, when that time is over.  Another kind is another
 * fault and not touched by it; only beyond LOG_LIMIT_KINDS at once, which no set of
 * faults of ours reaches, all new kinds share one count.
 *
 * Memory is fixed (40 KB).  Thread-safe; nothing is written here, so no lock is held
 * while somebody writes.
 */
#ifndef MW_BASE_LOG_LIMIT_H
#define MW_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

struct clock;
struct log_limit;

#define LOG_LIMIT_SECONDS 60
#define LOG_LIMIT_SHOWN 10
#define LOG_LIMIT_KINDS 128
#define LOG_LIMIT_TEXT 240	/* octets of a line that was left out */
#define LOG_LIMIT_LINE (LOG_LIMIT_TEXT + 80)

struct log_limit *log_limit_new(const struct clock *clock);
void log_limit_free(struct log_limit **limit);

/* True: write it.  False: it was counted. */
bool log_limit_admits(struct log_limit *limit, int level, const char *text);

/*
 * The next kind whose time is over, or `all`: its last line with the count of those
 * left out, which are forgotten.  False when there is none.
 */
bool log_limit_take(struct log_limit *limit, bool all, int *level_r,
    char line_r[LOG_LIMIT_LINE]);

#endif
