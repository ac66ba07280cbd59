/*
 * Reads the MTA's queue.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/log.h"
#include "base/map.h"
#include "record/writer.h"
#include "tool/queue.h"

enum {
	ID_MAX = 64,
	ID_LEAST = 5,
	TEXT_MAX = 320,
	SLOW_CLIENT = 3600,	/* seconds between MAIL and the end of a message */
	REUSED_AFTER = 60,	/* an id seen so much later is another message's */
};

#define TIME_LIMIT (INT64_C(1) << 40)

struct queue {
	struct arena *arena;
	enum queue_mta mta;
	const char *error;
	struct queue_entry *entries;
	size_t n, room;
	struct map *by_id;
};

static const char *const usual[] = { "/usr/sbin", "/usr/bin", "/usr/lib", "/usr/local/sbin",
    "/opt/postfix/sbin", NULL };

bool
queue_is_id(const char *id)
{
	size_t n = strlen(id);

	return n > 0 && n <= ID_MAX && strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

static struct queue *
queue_new(struct arena *arena, enum queue_mta mta)
{
	struct queue *queue = arena_alloc(arena, sizeof(*queue));

	queue->arena = arena;
	queue->mta = mta;
	queue->by_id = map_new(arena);
	return queue;
}

static struct queue_entry *
add_entry(struct queue *queue, const char *id)
{
	struct queue_entry *more;

	if (queue->n == queue->room) {
		queue->room = queue->room > 0 ? queue->room * 2 : 64;
		more = arena_array(queue->arena, queue->room, sizeof(*more));
		if (queue->n > 0)
			memcpy(more, queue->entries, queue->n * sizeof(*more));
		queue->entries = more;
	}
	queue->entries[queue->n] = (struct queue_entry){ .id = id };
	return &queue->entries[queue->n++];
}

/* Only when nothing is added any more: entries move. */
static void
index_entries(struct queue *queue)
{
	for (size_t i = 0; i < queue->n; i++)
		map_set(queue->by_id, queue->entries[i].id, &queue->entries[i]);
}

/* ---- Postfix ---- */

static const char *
remote(struct queue *queue, const json_t *object, const char *key,
    struct queue_entry *entry)
{
	const char *text = json_string_value(json_object_get(object, key)), *safe;

	if (text == NULL)
		return NULL;
	safe = log_safe(queue->arena, slice_of(text), TEXT_MAX);
	entry->odd |= strcmp(safe, text) != 0;
	return safe;
}

static void
read_rcpts(struct queue *queue, const json_t *list, struct queue_entry *entry)
{
	size_t n = json_array_size(list);

	entry->rcpts = arena_array(queue->arena, n + 1, sizeof(*entry->rcpts));
	for (size_t i = 0; i < n; i++) {
		const char *text = remote(queue, json_array_get(list, i), "address",
		    entry);

		if (text != NULL)
			entry->rcpts[entry->n_rcpts++] = text;
	}
}

/* 0 where it is none, or beyond any clock. */
static time_t
time_of(const json_t *number)
{
	json_int_t seconds = json_integer_value(number);

	return seconds > 0 && seconds < TIME_LIMIT ? (time_t)seconds : 0;
}

static void
read_postqueue_line(struct queue *queue, struct slice line)
{
	json_t *object = json_loadb(line.p, line.n, 0, NULL);
	const char *id = json_string_value(json_object_get(object, "queue_id"));
	const char *name = json_string_value(json_object_get(object, "queue_name"));

	if (id != NULL && name != NULL && queue_is_id(id)) {
		struct queue_entry *entry = add_entry(queue,
		    arena_strdup(queue->arena, id));

		entry->held = strcmp(name, "hold") == 0;
		entry->arrived = time_of(json_object_get(object, "arrival_time"));
		entry->sender = remote(queue, object, "sender", entry);
		if (entry->sender != NULL && strcmp(entry->sender, "MAILER-DAEMON") == 0)
			entry->sender = "";
		read_rcpts(queue, json_object_get(object, "recipients"), entry);
	}
	json_decref(object);
}

struct queue *
queue_from_postqueue(struct arena *arena, struct slice text)
{
	struct queue *queue = queue_new(arena, QUEUE_MTA_POSTFIX);
	struct slice line;

	while (slice_split(&text, '\n', &line)) {
		if (line.n > 0)
			read_postqueue_line(queue, line);
	}
	index_entries(queue);
	return queue;
}

/* ---- Sendmail ---- */

/* "5BUK3Xx5012345*      12 Mon Nov 30 20:03 <a@b>": an id, then a size. */
static bool
read_mailq_id(struct slice line, struct slice *id_r)
{
	size_t n = 0, at;

	while (n < line.n && ((line.p[n] >= '0' && line.p[n] <= '9') ||
	    (line.p[n] >= 'A' && line.p[n] <= 'Z') || (line.p[n] >= 'a' && line.p[n] <= 'z')))
		n++;
	*id_r = slice_sub(line, 0, n);
	if (n < ID_LEAST || n > ID_MAX)
		return false;
	if (n < line.n && strchr("*-X?", line.p[n]) != NULL)
		n++;
	for (at = n; at < line.n && line.p[at] == ' ';)
		at++;
	return at > n && at < line.n && ((line.p[at] >= '0' && line.p[at] <= '9') ||
	    line.p[at] == '(');
}

static void
read_mailq(struct queue *queue, struct slice text, bool held)
{
	struct slice line, id;

	while (slice_split(&text, '\n', &line)) {
		if (read_mailq_id(line, &id))
			add_entry(queue, slice_dup(queue->arena, id))->held = held;
	}
}

struct queue *
queue_from_mailq(struct arena *arena, struct slice held, struct slice all)
{
	struct queue *queue = queue_new(arena, QUEUE_MTA_SENDMAIL);

	read_mailq(queue, all, false);
	read_mailq(queue, held, true);	/* the later of two counts */
	index_entries(queue);
	return queue;
}

/* ---- the commands ---- */

static const char *
beside(struct arena *arena, const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? name : arena_printf(arena, "%.*s/%s", (int)(slash - path), path,
	    name);
}

const char *
queue_program(struct arena *arena, const char *sendmail, const char *name)
{
	const char *paths[sizeof(usual) / sizeof(usual[0]) + 1] = { NULL };
	size_t n = 0;

	paths[n++] = beside(arena, sendmail, name);
	for (size_t i = 0; usual[i] != NULL; i++)
		paths[n++] = arena_printf(arena, "%s/%s", usual[i], name);
	return command_find(paths);
}

/* 0, or -1 with the reason in plain words. */
static int
ask(struct arena *arena, const char *const *argv, struct slice *text_r,
    const char **error_r)
{
	struct command command = { .argv = argv, .for_postfix = true,
	    .timeout_ms = QUEUE_SECONDS * 1000, .output_max = QUEUE_BYTES_MAX };
	struct command_output output;
	struct slice first;

	if (command_run(arena, &command, &output, error_r) != 0)
		return -1;
	*text_r = output.out;
	if (output.status == 0)
		return 0;
	first = slice_sub(output.err, 0, slice_find(output.err, '\n'));
	*error_r = arena_printf(arena, "%s: %s", argv[0], first.n > 0 ?
	    log_safe(arena, first, TEXT_MAX) : arena_printf(arena, "exit status %d",
	    output.status));
	return -1;
}

static struct queue *
unreadable(struct arena *arena, enum queue_mta mta, const char *error)
{
	struct queue *queue = queue_new(arena, mta);

	queue->error = error;
	return queue;
}

static struct queue *
ask_sendmail(struct arena *arena, const char *sendmail)
{
	const char *program = queue_program(arena, sendmail, "sendmail");
	const char *held_argv[] = { program, "-bp", "-qQ", NULL };
	const char *all_argv[] = { program, "-bp", NULL };
	struct slice held, all;
	const char *error = "";

	if (program == NULL)
		return unreadable(arena, QUEUE_MTA_UNKNOWN, "no postqueue and no sendmail in "
		    "the usual places; name the sendmail in `sendmail-command`");
	if (ask(arena, held_argv, &held, &error) != 0 ||
	    ask(arena, all_argv, &all, &error) != 0)
		return unreadable(arena, QUEUE_MTA_SENDMAIL, error);
	return queue_from_mailq(arena, held, all);
}

/*
 * Where both are installed the sendmail command tells which is in use: Postfix
 * keeps postqueue beside its own, and alternatives(8) has sendmail.sendmail.
 */
static bool
is_sendmail(struct arena *arena, const char *sendmail)
{
	char real[PATH_MAX];
	const char *name;

	if (access(sendmail, X_OK) != 0 || realpath(sendmail, real) == NULL)
		return false;
	name = strrchr(real, '/') + 1;
	return strcmp(name, "sendmail.sendmail") == 0 || (strcmp(name, "sendmail") == 0 &&
	    access(beside(arena, real, "postqueue"), X_OK) != 0);
}

struct queue *
queue_ask(struct arena *arena, const char *sendmail)
{
	const char *program = queue_program(arena, sendmail, "postqueue");
	const char *argv[] = { program, "-j", NULL };
	const char *error = "";
	struct slice text;

	if (program == NULL || is_sendmail(arena, sendmail))
		return ask_sendmail(arena, sendmail);
	if (ask(arena, argv, &text, &error) != 0)
		return unreadable(arena, QUEUE_MTA_POSTFIX, error);
	return queue_from_postqueue(arena, text);
}

/* ---- answers ---- */

enum queue_mta
queue_mta(const struct queue *queue)
{
	return queue->mta;
}

const char *
queue_error(const struct queue *queue)
{
	return queue->error;
}

size_t
queue_count(const struct queue *queue)
{
	return queue->n;
}

const struct queue_entry *
queue_at(const struct queue *queue, size_t i)
{
	return &queue->entries[i];
}

const struct queue_entry *
queue_find(const struct queue *queue, const char *id)
{
	return id != NULL ? map_get(queue->by_id, id) : NULL;
}

enum queue_state
queue_state_of(const struct queue *queue, const char *id, time_t held_at)
{
	const struct queue_entry *entry = queue_find(queue, id);

	if (queue->error != NULL || id == NULL)
		return QUEUE_UNKNOWN;
	if (entry == NULL || (entry->arrived != 0 &&
	    (entry->arrived > held_at + REUSED_AFTER ||
	    entry->arrived < held_at - SLOW_CLIENT)))
		return QUEUE_GONE;
	return entry->held ? QUEUE_HELD : QUEUE_WAITING;
}

const char *
queue_state_name(enum queue_state state)
{
	switch (state) {
	case QUEUE_UNKNOWN:
		return "unknown";
	case QUEUE_HELD:
		return "held";
	case QUEUE_WAITING:
		return "released";
	case QUEUE_GONE:
		return "gone";
	}
	return "unknown";
}
