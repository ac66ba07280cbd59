/*
 * The JSON line of a message (mailworthyd(8), DIAGNOSTICS), keys fixed, remote
 * text neutralised.
 */
#ifndef MW_RECORD_RECORD_H
#define MW_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/journal.h"
#include "verdict/plan.h"
#include "verdict/verdict.h"

struct arena;

#define RECORD_SYSLOG_MAX 8000		/* octets of a line to syslog */
#define RECORD_SYSLOG_RCPTS 20

struct record_input {
	const struct check_input *judged;	/* evidence NULL: aborted early */
	const struct verdict *verdict;		/* NULL: aborted before a verdict */
	const struct plan *plan;		/* NULL likewise */
	const char *aborted;			/* why there was no verdict, NULL */
	uint64_t elapsed_us;
	bool enforced;				/* verdict NULL: what was done shows the mode */
};

/*
 * One line without line end, in the arena.  `for_syslog` keeps it within
 * RECORD_SYSLOG_MAX octets: the first recipients, shorter texts, at last fewer
 * findings.  Unknown values are null; "aborted" is there only when it is set.
 */
const char *record_line(const struct record_input *input, bool for_syslog,
    struct arena *arena);

/*
 * The event for the journal, within JOURNAL_LINE_MAX; NULL when nothing was held,
 * deferred or refused.
 */
const char *record_journal_line(const struct record_input *input,
    enum journal_kind *kind_r, struct arena *arena);

/* One JSON object beside the record: what was found out, why, and what could
 * not be told.  For `mailworthy check --json`, its key "details". */
const char *record_details(const struct record_input *input, struct arena *arena);

/*
 * A record's line as fields of the journal: MAILWORTHY_QUEUE_ID, _VERDICT, _WOULD,
 * _MODE, _STREAM, _AUTHOR_DOMAIN, _MESSAGE_ID, _SENDER, and _FINDING of each
 * finding.  How many; none when it is no record.
 */
#define RECORD_FIELDS_MAX 40
struct log_field;
size_t record_fields(const char *line, struct log_field *fields_r,
    struct arena *arena);

/* Where records go: by settings.log.  Reopened on reload. */
struct record_sink;
struct settings;

/* NULL and *error_r (static) when the file cannot be opened. */
struct record_sink *record_sink_open(const struct settings *settings,
    const char **error_r);

/* Where nothing else can be had. */
struct record_sink *record_sink_open_syslog(void);

bool record_sink_is_syslog(const struct record_sink *sink);

/* To the journal with fields, where syslog or stderr are the journal's.  To a file
 * the line and its end in one write; what the file does not take goes to
 * syslog, said once.  Thread-safe, as is the next. */
void record_sink_write(struct record_sink *sink, const char *line);

/* After log rotation.  Keeps the old file, with a warning, when the new one
 * cannot be opened. */
void record_sink_reopen(struct record_sink *sink);
void record_sink_close(struct record_sink **sink);

#endif
