/*
 * Messages for the operator.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/log_journal.h"
#include "base/log_limit.h"

enum { LINE_MAX_BYTES = 4096, MESSAGE_MAX = LINE_MAX_BYTES + 16 };

/*
 * The one process state in base/: where messages go, and how many.  Set before
 * threads start, only read afterwards.
 */
static struct {
	enum log_target target;
	enum log_level up_to;
	struct log_limit *limit;	/* NULL: none */
	struct log_journal *journal;	/* NULL: there is none */
	bool lines_to_journal;		/* the target is the journal's */
} sink = { LOG_TARGET_STDERR, LOG_LEVEL_INFO, NULL, NULL, false };

void
log_open(enum log_target target, enum log_level up_to)
{
	if (sink.target == LOG_TARGET_SYSLOG)
		closelog();
	sink.target = target;
	sink.up_to = up_to;
	log_open_journal(LOG_JOURNAL_SOCKET);
	if (target == LOG_TARGET_SYSLOG)
		openlog("mailworthy", LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_open_journal(const char *path)
{
	log_journal_close(&sink.journal);
	if (sink.target != LOG_TARGET_NONE)
		sink.journal = log_journal_open(path);
	sink.lines_to_journal = sink.journal != NULL && (sink.target == LOG_TARGET_SYSLOG ||
	    log_journal_has(STDERR_FILENO));
}

/* True when the journal took it. */
static bool
write_journal(int priority, const char *prefix, const char *text,
    const struct log_field *more, size_t n_more)
{
	const char digit[2] = { (char)('0' + priority), '\0' };
	char facility[4], message[MESSAGE_MAX];
	struct log_field fields[LOG_JOURNAL_FIELDS] = {
		{ "MESSAGE", text },
		{ "PRIORITY", digit },
		{ "SYSLOG_FACILITY", facility },
		{ "SYSLOG_IDENTIFIER", "mailworthy" },
	};
	size_t n = 4;

	snprintf(facility, sizeof(facility), "%d", LOG_FAC(LOG_MAIL));
	if (*prefix != '\0') {
		snprintf(message, sizeof(message), "%s%s", prefix, text);
		fields[0].value = message;
	}
	for (size_t i = 0; i < n_more && n < LOG_JOURNAL_FIELDS; i++)
		fields[n++] = more[i];
	return log_journal_send(sink.journal, fields, n);
}

static int
syslog_priority(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return LOG_ERR;
	case LOG_LEVEL_WARNING:
		return LOG_WARNING;
	case LOG_LEVEL_INFO:
		return LOG_INFO;
	case LOG_LEVEL_DEBUG:
		return LOG_DEBUG;
	}
	return LOG_ERR;
}

static const char *
level_prefix(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error: ";
	case LOG_LEVEL_WARNING:
		return "warning: ";
	case LOG_LEVEL_INFO:
		return "";
	case LOG_LEVEL_DEBUG:
		return "debug: ";
	}
	return "";
}

/* One system call a line, so that lines of several threads do not mix. */
static void
write_stderr(const char *prefix, const char *text)
{
	struct iovec parts[4] = {
		{ (void *)(uintptr_t)"mailworthy: ", strlen("mailworthy: ") },
		{ (void *)(uintptr_t)prefix, strlen(prefix) },
		{ (void *)(uintptr_t)text, strlen(text) },
		{ (void *)(uintptr_t)"\n", 1 },
	};
	ssize_t n;

	n = writev(STDERR_FILENO, parts, 4);
	(void)n;	/* there is nobody left to tell */
}

static void
log_write(enum log_level level, const char *text)
{
	if (sink.lines_to_journal && write_journal(syslog_priority(level),
	    level_prefix(level), text, NULL, 0))
		return;
	switch (sink.target) {
	case LOG_TARGET_STDERR:
		write_stderr(level_prefix(level), text);
		break;
	case LOG_TARGET_SYSLOG:
		syslog(LOG_MAIL | syslog_priority(level), "%s%s", level_prefix(level),
		    text);
		break;
	case LOG_TARGET_NONE:
		break;
	}
}

void
log_limit_to(const struct clock *clock)
{
	log_limit_free(&sink.limit);
	if (clock != NULL)
		sink.limit = log_limit_new(clock);
}

void
log_flush(bool all)
{
	char line[LOG_LIMIT_LINE];
	int level;

	while (sink.limit != NULL && log_limit_take(sink.limit, all, &level, line))
		log_write((enum log_level)level, line);
}

static void log_format(enum log_level level, bool limited, const char *format,
    va_list ap) __attribute__((format(printf, 3, 0)));

static void
log_format(enum log_level level, bool limited, const char *format, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int n;

	if (level > sink.up_to || sink.target == LOG_TARGET_NONE)
		return;
	n = vsnprintf(line, sizeof(line), format, ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(line))
		memcpy(line + sizeof(line) - 4, "...", 4);
	log_flush(false);
	if (!limited || sink.limit == NULL || log_limit_admits(sink.limit, (int)level, line))
		log_write(level, line);
}

void
log_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_format(LOG_LEVEL_ERROR, true, format, ap);
	va_end(ap);
}

void
log_warning(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_format(LOG_LEVEL_WARNING, true, format, ap);
	va_end(ap);
}

void
log_listed(enum log_level level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_format(level, false, format, ap);
	va_end(ap);
}

void
log_info(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_format(LOG_LEVEL_INFO, false, format, ap);
	va_end(ap);
}

void
log_debug(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_format(LOG_LEVEL_DEBUG, false, format, ap);
	va_end(ap);
}

void
log_line(const char *line)
{
	struct iovec parts[2] = {
		{ (void *)(uintptr_t)line, strlen(line) },
		{ (void *)(uintptr_t)"\n", 1 },
	};
	ssize_t n;

	if (sink.up_to < LOG_LEVEL_INFO)
		return;
	switch (sink.target) {
	case LOG_TARGET_STDERR:
		n = writev(STDERR_FILENO, parts, 2);
		(void)n;
		break;
	case LOG_TARGET_SYSLOG:
		syslog(LOG_MAIL | LOG_INFO, "%s", line);
		break;
	case LOG_TARGET_NONE:
		break;
	}
}

bool
log_record(const char *line, const struct log_field *fields, size_t n)
{
	return sink.journal != NULL && write_journal(LOG_INFO, "", line, fields, n);
}

bool
log_has_journal(void)
{
	return sink.journal != NULL;
}

static uint32_t
utf8_value(const unsigned char *p, size_t n)
{
	uint32_t code = n == 2 ? p[0] & 0x1f : n == 3 ? p[0] & 0x0f : p[0] & 0x07;

	for (size_t i = 1; i < n; i++)
		code = code << 6 | (p[i] & 0x3f);
	return code;
}

/* Length of the well-formed character at p (RFC 3629 section 4), or 0. */
static size_t
utf8_length(const unsigned char *p, size_t left, uint32_t *code_r)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;

	if (p[0] < 0x80) {
		*code_r = p[0];
		return 1;
	}
	n = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 :
	    p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : 0;
	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	*code_r = utf8_value(p, n);
	if (*code_r < least[n] || *code_r > 0x10ffff ||
	    (*code_r >= 0xd800 && *code_r <= 0xdfff))
		return 0;
	return n;
}

/* Characters that do something to a terminal or to the order of a text. */
static bool
is_harmful(uint32_t code)
{
	return code < 0x20 || code == '\\' || (code >= 0x7f && code <= 0x9f) ||
	    code == 0x061c || code == 0x200e || code == 0x200f ||
	    (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
	    (code >= 0xe0000 && code <= 0xe007f);
}

/* Printable ASCII at the front, which is nearly all there is. */
static size_t
plain_run(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\'; i++)
		;
	return i;
}

const char *
log_safe(struct arena *arena, struct slice text, size_t max)
{
	const unsigned char *p = (const unsigned char *)text.p;
	struct buf out;
	uint32_t code;
	size_t n;
	bool escape;

	buf_init(&out, arena, max + 3);
	for (size_t i = 0; i < text.n; i += n) {
		n = plain_run(p + i, text.n - i < max - out.n ? text.n - i : max - out.n);
		if (n > 0) {
			buf_add(&out, text.p + i, n);
			continue;
		}
		n = utf8_length(p + i, text.n - i, &code);
		escape = n == 0 || is_harmful(code);
		if (n == 0)
			n = 1;
		if ((escape ? 4 * n : n) > max - out.n) {
			buf_add_str(&out, "...");
			break;
		}
		if (!escape) {
			buf_add(&out, text.p + i, n);
			continue;
		}
		for (size_t j = 0; j < n; j++)
			buf_printf(&out, "\\x%02X", (unsigned)p[i + j]);
	}
	return buf_str(&out);
}

_Noreturn void
bug(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_format(LOG_LEVEL_ERROR, false, format, ap);
	va_end(ap);
	log_error("this is a bug in mailworthy; please report the line above");
	abort();
}
