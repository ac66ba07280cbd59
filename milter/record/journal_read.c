/*
 * Reads the journal back.  What stands there was written by us, or by whoever
 * may write in the state directory: it is read as if by a stranger.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "record/journal.h"
#include "record/writer.h"
#include "verdict/text.h"

enum {
	TEXT_MAX = 4000,	/* octets of one text */
	LIST_MAX = 256,		/* entries of one list */
	SLACK = 4 * JOURNAL_LINE_MAX,
	TRIES = 3,		/* when the files are rotated meanwhile */
};

/* NULL where there is no text. */
static const char *
text_at(struct arena *arena, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text_for_people(arena, text, TEXT_MAX) : NULL;
}

static const char *
word_at(struct arena *arena, const json_t *object, const char *key)
{
	const char *text = text_at(arena, object, key);

	return text != NULL ? text : "";
}

/* Tenths; -1 for no number from 0 to 1000. */
static int
points_at(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	double points = json_number_value(value);

	return json_is_number(value) && points >= 0 && points <= 1000 ?
	    (int)(points * 10 + 0.5) : -1;
}

static unsigned long
count_at(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 && n < INT32_MAX ? (unsigned long)n : 0;
}

static bool
read_digits(const char *text, size_t n, unsigned long max, int *number_r)
{
	unsigned long number;

	if (!slice_number((struct slice){ text, n }, max, &number))
		return false;
	*number_r = (int)number;
	return true;
}

/* "2026-11-21T21:40:00Z"; false for anything else. */
static bool
read_time(const char *text, time_t *time_r)
{
	struct tm tm = { .tm_isdst = 0 };

	if (text == NULL || strlen(text) != strlen("2026-11-21T21:40:00Z") ||
	    text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
	    text[16] != ':' || text[19] != 'Z' ||
	    !read_digits(text, 4, 9999, &tm.tm_year) || tm.tm_year < 1970 ||
	    !read_digits(text + 5, 2, 12, &tm.tm_mon) || tm.tm_mon == 0 ||
	    !read_digits(text + 8, 2, 31, &tm.tm_mday) || tm.tm_mday == 0 ||
	    !read_digits(text + 11, 2, 23, &tm.tm_hour) ||
	    !read_digits(text + 14, 2, 59, &tm.tm_min) ||
	    !read_digits(text + 17, 2, 60, &tm.tm_sec))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*time_r = timegm(&tm);
	return true;
}

/* `key` NULL: the entries themselves are the texts. */
static size_t
texts_of(struct arena *arena, const json_t *list, const char *key, const char ***texts_r)
{
	size_t n = json_array_size(list), kept = 0;
	const char **texts, *text;

	if (n > LIST_MAX)
		n = LIST_MAX;
	*texts_r = texts = arena_array(arena, n + 1, sizeof(*texts));
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(list, i);

		if (key != NULL)
			one = json_object_get(one, key);
		text = json_string_value(one);
		if (text != NULL)
			texts[kept++] = text_for_people(arena, text, TEXT_MAX);
	}
	return kept;
}

static void
read_findings(struct arena *arena, const json_t *list, struct journal_event *event)
{
	size_t n = json_array_size(list);

	if (n > LIST_MAX)
		n = LIST_MAX;
	event->findings = arena_array(arena, n + 1, sizeof(*event->findings));
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(list, i);
		int weight = points_at(one, "weight");

		if (!json_is_object(one))
			continue;
		event->findings[event->n_findings++] = (struct journal_finding){
			.id = word_at(arena, one, "id"),
			.severity = word_at(arena, one, "severity"),
			.weight = weight > 0 ? weight : 0,
			.text = text_at(arena, one, "text"),
			.fix = text_at(arena, one, "fix"),
			.covered_by = text_at(arena, one, "covered_by"),
			.shadow = json_is_true(json_object_get(one, "shadow")),
		};
	}
}

static void
read_receivers(struct arena *arena, json_t *object, struct journal_event *event)
{
	const char *key;
	json_t *value;

	event->receivers = arena_array(arena, RECEIVERS, sizeof(*event->receivers));
	json_object_foreach(object, key, value) {
		if (event->n_receivers == RECEIVERS || !json_is_string(value))
			continue;
		event->receivers[event->n_receivers++] = (struct journal_receiver){
			text_for_people(arena, key, TEXT_MAX),
			text_for_people(arena, json_string_value(value), TEXT_MAX),
		};
	}
}

static void
read_sender(struct arena *arena, const json_t *record, struct journal_event *event)
{
	event->queue_id = text_at(arena, record, "queue_id");
	event->auth_user = text_at(arena, record, "auth_user");
	event->client_addr = text_at(arena, record, "client_addr");
	event->mail_from = text_at(arena, record, "mail_from");
	event->author = text_at(arena, record, "author");
	event->author_domain = text_at(arena, record, "author_domain");
	event->subject = text_at(arena, record, "subject");
	event->message_id = text_at(arena, record, "message_id");
	event->stream = text_at(arena, record, "stream");
}

static bool
read_record(struct arena *arena, const json_t *record, struct journal_event *event)
{
	json_int_t n = json_integer_value(json_object_get(record, "n"));

	event->verdict = word_at(arena, record, "stopped");
	event->cause = word_at(arena, record, "cause");
	if (n <= 0 || *event->verdict == '\0' || *event->cause == '\0' ||
	    !read_time(json_string_value(json_object_get(record, "time")), &event->time))
		return false;
	event->n = (uint64_t)n;
	event->kind = strcmp(event->verdict, "hold") == 0 ? JOURNAL_HELD : JOURNAL_REFUSED;
	read_sender(arena, record, event);
	event->reason = text_at(arena, record, "reason");
	event->reply = text_at(arena, record, "reply");
	event->n_rcpts = texts_of(arena, json_object_get(record, "rcpt_to"), NULL,
	    &event->rcpts);
	event->n_refused = texts_of(arena, json_object_get(record, "rcpts_refused"),
	    "rcpt_to", &event->refused);
	event->rcpt_count = count_at(record, "rcpt_count");
	event->score = points_at(record, "score");
	event->is_signed = json_is_true(json_object_get(record, "signed"));
	event->must_sign = json_is_true(json_object_get(record, "must_sign"));
	event->is_notice = json_is_true(json_object_get(record, "notice"));
	read_findings(arena, json_object_get(record, "findings"), event);
	read_receivers(arena, json_object_get(record, "receivers"), event);
	return true;
}

bool
journal_parse(struct arena *arena, struct slice line, struct journal_event *event_r)
{
	json_t *record;
	bool good;

	*event_r = (struct journal_event){ .n = 0 };
	if (line.n > JOURNAL_LINE_MAX + 64)
		return false;
	record = json_loadb(line.p, line.n, 0, NULL);
	good = json_is_object(record) && read_record(arena, record, event_r);
	json_decref(record);
	return good;
}

const struct journal_finding *
journal_cause(const struct journal_event *event)
{
	for (size_t i = 0; i < event->n_findings; i++) {
		if (strcmp(event->findings[i].id, event->cause) == 0)
			return &event->findings[i];
	}
	return NULL;
}

/* The bytes of a file, for free(); NULL and 0 bytes when it is not there. */
static int
read_file(const char *path, char **bytes_r, size_t *n_r)
{
	size_t max = JOURNAL_FILE_MAX + SLACK, n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t got = 0;
	char *bytes;

	*bytes_r = NULL;
	*n_r = 0;
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	if ((uint64_t)st.st_size < max)
		max = (size_t)st.st_size;	/* what comes later is for the next time */
	bytes = mem_alloc(max + 1);
	while (n < max && ((got = read(fd, bytes + n, max - n)) > 0 ||
	    (got == -1 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	close(fd);
	*bytes_r = bytes;
	*n_r = n;
	return 0;
}

/* Cheap: most lines of a long journal were told before. */
static bool
is_after(struct slice line, uint64_t after)
{
	static const char head[] = "{\"n\":";
	struct slice number = slice_sub(line, sizeof(head) - 1, 20);
	unsigned long n;

	if (after == 0 || !slice_starts_nocase(line, head))
		return true;
	return !slice_number(slice_sub(number, 0, slice_find(number, ',')), INT64_MAX, &n) ||
	    n > after;
}

static void
add_event(struct arena *arena, struct journal_events *events, size_t *room,
    const struct journal_event *event)
{
	struct journal_event *more;

	if (events->n == *room) {
		*room = *room > 0 ? *room * 2 : 64;
		more = arena_array(arena, *room, sizeof(*more));
		if (events->n > 0)
			memcpy(more, events->p, events->n * sizeof(*more));
		events->p = more;
	}
	events->p[events->n++] = *event;
}

static int
compare_events(const void *a, const void *b)
{
	const struct journal_event *x = a, *y = b;

	return x->n < y->n ? -1 : x->n > y->n;
}

static void
read_lines(struct arena *arena, struct slice text, uint64_t after,
    struct journal_events *events, size_t *room)
{
	struct journal_event event;
	struct slice line;

	while (slice_split(&text, '\n', &line)) {
		if (line.n == 0 || !is_after(line, after))
			continue;
		if (!journal_parse(arena, line, &event))
			events->bad_lines++;
		else if (event.n > after)
			add_event(arena, events, room, &event);
	}
}

static ino_t
file_number(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

/* -1 where a generation may not be read; 1 when they were rotated meanwhile. */
static int
read_generations(const char *state_dir, enum journal_kind kind, uint64_t after,
    struct arena *arena, struct journal_events *events, const char **error_r)
{
	const char *newest = journal_path(arena, state_dir, kind, false);
	ino_t before = file_number(newest);
	size_t room = 0, n;
	char *bytes;

	*events = (struct journal_events){ .n = 0 };
	for (int older = 0; older <= 1; older++) {
		const char *path = journal_path(arena, state_dir, kind, older == 1);

		if (read_file(path, &bytes, &n) != 0) {
			*error_r = arena_printf(arena, "cannot read %s: %s%s", path,
			    strerror(errno), errno == EACCES ? " (run it as root, or as a "
			    "member of the daemon's group)" : "");
			return -1;
		}
		read_lines(arena, (struct slice){ bytes, n }, after, events, &room);
		free(bytes);
	}
	return file_number(newest) != before;
}

/* A generation that was rotated while it was read is there twice. */
static void
sort_events(struct journal_events *events)
{
	size_t kept = 0;

	if (events->n > 0)
		qsort(events->p, events->n, sizeof(*events->p), compare_events);
	for (size_t i = 0; i < events->n; i++) {
		if (kept == 0 || events->p[kept - 1].n != events->p[i].n)
			events->p[kept++] = events->p[i];
	}
	events->n = kept;
}

int
journal_read(const char *state_dir, enum journal_kind kind, uint64_t after,
    struct arena *arena, struct journal_events *events_r, const char **error_r)
{
	int status = 1;

	for (int i = 0; i < TRIES && status == 1; i++)
		status = read_generations(state_dir, kind, after, arena, events_r, error_r);
	if (status == -1)
		return -1;
	sort_events(events_r);
	return 0;
}
