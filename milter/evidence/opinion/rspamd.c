/*
 * Rspamd's HTTP interface (rspamd, doc/developers/protocol): POST /checkv2.
 * The client's address is not handed on: its rules for inbound mail would
 * judge our own users by it.
 */
#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "evidence/opinion/opinion.h"
#include "facts/message.h"

enum { SYMBOLS_BYTES = 1024, POINTS_MAX = 1000000, RCPTS_TOLD = 20 };

/* Remote text stands in a header of ours only when it is plain. */
static void
add_header(struct buf *out, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	for (const char *p = value; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return;
	buf_printf(out, "%s: %s\r\n", name, value);
}

static void
rspamd_greet(const struct opinion_request *request, uint64_t size, struct buf *out)
{
	const struct message *message = request->message;

	buf_printf(out, "POST /checkv2 HTTP/1.1\r\nHost: localhost\r\n"
	    "Connection: close\r\nContent-Length: %llu\r\n", (unsigned long long)size);
	add_header(out, "Queue-Id", message->queue_id);
	add_header(out, "From", message->mail_from.text);
	add_header(out, "User", message->auth_user);
	for (size_t i = 0; i < message->n_rcpts && i < RCPTS_TOLD; i++)
		add_header(out, "Rcpt", message->rcpts[i].address.text);
	buf_add_str(out, "\r\n");
}

/* The body of the answer; false for anything but 200. */
static bool
body_of(struct slice answer, struct slice *body_r)
{
	size_t end;

	if (!slice_starts_nocase(answer, "HTTP/1.") || answer.n < 12 ||
	    memcmp(answer.p + 8, " 200", 4) != 0)
		return false;
	end = slice_find_nocase(answer, "\r\n\r\n");
	*body_r = slice_sub(answer, end + 4, answer.n);
	return end < answer.n;
}

static bool
hundredths_of(const json_t *value, int *hundredths_r)
{
	double points;

	if (!json_is_number(value))
		return false;
	points = json_number_value(value);
	if (!(points <= POINTS_MAX && points >= -POINTS_MAX))
		return false;
	*hundredths_r = (int)(points * 100 + (points < 0 ? -0.5 : 0.5));
	return true;
}

struct symbol {
	const char *name;
	int score;
};

/* Keeps the heaviest, the heaviest first. */
static void
keep_symbol(struct symbol *heaviest, size_t *n, const char *name, int score)
{
	size_t at = *n;

	while (at > 0 && heaviest[at - 1].score < score)
		at--;
	if (at == OPINION_SYMBOLS_MAX)
		return;
	if (*n < OPINION_SYMBOLS_MAX)
		(*n)++;
	memmove(heaviest + at + 1, heaviest + at, (*n - at - 1) * sizeof(*heaviest));
	heaviest[at] = (struct symbol){ name, score };
}

static const char *
symbols_of(struct arena *arena, json_t *object)
{
	struct symbol heaviest[OPINION_SYMBOLS_MAX];
	size_t n = 0;
	const char *name;
	json_t *one;
	struct buf symbols;
	int score;

	json_object_foreach(object, name, one) {
		if (hundredths_of(json_object_get(one, "score"), &score) && score > 0)
			keep_symbol(heaviest, &n, name, score);
	}
	buf_init(&symbols, arena, SYMBOLS_BYTES);
	for (size_t i = 0; i < n; i++)
		opinion_symbol(&symbols, slice_of(heaviest[i].name));
	return buf_str(&symbols);
}

/* Greylisting and deferring say nothing of the message itself. */
static bool
is_bad_action(const char *action)
{
	return action != NULL && (strcmp(action, "reject") == 0 ||
	    strcmp(action, "add header") == 0 || strcmp(action, "rewrite subject") == 0);
}

static void
rspamd_understand(struct arena *arena, struct slice answer, struct opinion *opinion)
{
	struct slice body;
	json_t *root;

	if (!body_of(answer, &body)) {
		opinion->error = "it did not accept the message";
		return;
	}
	root = json_loadb(body.p, body.n, 0, NULL);
	if (hundredths_of(json_object_get(root, "score"), &opinion->score) &&
	    hundredths_of(json_object_get(root, "required_score"),
	    &opinion->threshold)) {
		opinion->known = KNOWN_VALUE;
		opinion->is_bad = is_bad_action(json_string_value(
		    json_object_get(root, "action")));
		opinion->symbols = symbols_of(arena, json_object_get(root, "symbols"));
	} else {
		opinion->error = "its answer names no score";
	}
	json_decref(root);
}

const struct dialect dialect_rspamd = {
	"Rspamd", false, rspamd_greet, rspamd_understand,
};
