/*
 * A message from a file, as the MTA would hand it over.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/spool.h"
#include "core/core.h"
#include "core/feed.h"
#include "facts/message.h"
#include "mail/header.h"

struct feed {
	struct slice rest;
	bool lf;		/* lines end in LF alone */
};

/* The next line without its end; false at the end of the text. */
static bool
next_line(struct feed *feed, struct slice *line_r)
{
	const char *end;

	if (feed->rest.n == 0)
		return false;
	end = memchr(feed->rest.p, '\n', feed->rest.n);
	while (end != NULL && !feed->lf && (end == feed->rest.p || end[-1] != '\r'))
		end = memchr(end + 1, '\n', feed->rest.n - (size_t)(end + 1 - feed->rest.p));
	if (end == NULL) {
		*line_r = feed->rest;
		feed->rest = slice_sub(feed->rest, feed->rest.n, 0);
		return true;
	}
	*line_r = slice_sub(feed->rest, 0, (size_t)(end - feed->rest.p) - (feed->lf ? 0 : 1));
	feed->rest = slice_sub(feed->rest, (size_t)(end + 1 - feed->rest.p), feed->rest.n);
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_lf_text(struct slice text)
{
	size_t first = slice_find(text, '\n');

	return first == text.n || first == 0 || text.p[first - 1] != '\r';
}

/* The name, and the value with its continuation lines and folds. */
static void
take_field(struct feed *feed, struct slice first, struct slice *name_r,
    struct slice *value_r)
{
	struct slice line;
	size_t colon = slice_find(first, ':');
	const char *end = first.p + first.n;

	while (feed->rest.n > 0 && is_blank(feed->rest.p[0]) && next_line(feed, &line))
		end = line.p + line.n;
	*name_r = slice_sub(first, 0, colon);
	*value_r = (struct slice){ first.p + colon + 1,
	    (size_t)(end - first.p) - colon - 1 };
}

/* The next field; false when the body begins. */
static bool
next_field(struct feed *feed, struct slice *name_r, struct slice *value_r)
{
	struct slice line, before = feed->rest;

	if (!next_line(feed, &line) || line.n == 0)
		return false;
	if (slice_find(line, ':') == line.n || is_blank(line.p[0])) {
		feed->rest = before;	/* no field: it is the body already */
		return false;
	}
	take_field(feed, line, name_r, value_r);
	return true;
}

static void
skip_envelope(struct feed *feed)
{
	struct slice line;

	if (slice_starts_nocase(feed->rest, "From "))
		next_line(feed, &line);
}

static void
feed_body(struct feed *feed, struct passage *passage)
{
	struct slice line;

	if (!feed->lf) {
		passage_body(passage, feed->rest.p, feed->rest.n);
		return;
	}
	while (next_line(feed, &line)) {
		passage_body(passage, line.p, line.n);
		passage_body(passage, "\r\n", 2);
	}
}

struct passage *
feed_message(struct core *core, struct snapshot *snapshot, struct message *message,
    struct slice text)
{
	struct feed feed = { .rest = text, .lf = is_lf_text(text) };
	struct passage *passage;
	struct slice name, value;

	skip_envelope(&feed);
	while (next_field(&feed, &name, &value))
		headers_add(message->headers, name, value);
	passage = passage_begin(core, snapshot, message);
	feed_body(&feed, passage);
	passage_finish(passage);
	return passage;
}

/* ---- as it leaves ---- */

struct leaving {
	const struct passage *passage;
	void (*put)(void *, const void *, size_t);
	void *context;
};

static void
put(const struct leaving *leaving, struct slice bytes)
{
	if (bytes.n > 0)
		leaving->put(leaving->context, bytes.p, bytes.n);
}

static void
put_field(const struct leaving *leaving, struct slice name, struct slice value)
{
	struct slice line;

	put(leaving, name);
	put(leaving, SLICE(":"));
	if (value.n == 0)
		put(leaving, SLICE("\r\n"));
	while (slice_split(&value, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		put(leaving, line);
		put(leaving, SLICE("\r\n"));
	}
}

/* A change of a field that did not come adds it. */
static bool
is_new(const struct leaving *leaving, const struct edit *edit)
{
	const struct headers *came = passage_came(leaving->passage);
	unsigned n = 0;

	if (edit->kind != EDIT_CHANGE_HEADER)
		return edit->kind == EDIT_INSERT_HEADER;
	for (size_t i = 0; i < headers_kept(came); i++)
		n += slice_is(headers_at(came, i)->name, edit->name);
	return n < edit->index;
}

/* The last one inserted stands on top. */
static void
put_inserted(const struct leaving *leaving)
{
	const struct plan *plan = passage_plan(leaving->passage);

	for (size_t i = plan->n_edits; i-- > 0;) {
		if (is_new(leaving, &plan->edits[i]))
			put_field(leaving, slice_of(plan->edits[i].name),
			    slice_of(plan->edits[i].value));
	}
}

/* The edit of a field that came, or NULL. */
static const struct edit *
find_edit(const struct plan *plan, const struct header *header)
{
	for (size_t i = 0; header != NULL && i < plan->n_edits; i++) {
		const struct edit *edit = &plan->edits[i];

		if ((edit->kind == EDIT_DELETE_HEADER ||
		    edit->kind == EDIT_CHANGE_HEADER) &&
		    edit->index == header->index && slice_is(header->name, edit->name))
			return edit;
	}
	return NULL;
}

static void
put_fields(const struct leaving *leaving, struct feed *feed)
{
	const struct headers *came = passage_came(leaving->passage);
	const struct edit *edit;
	struct slice name, value;

	for (size_t i = 0; next_field(feed, &name, &value); i++) {
		edit = find_edit(passage_plan(leaving->passage), headers_at(came, i));
		if (edit == NULL)
			put_field(leaving, name, value);
		else if (edit->kind == EDIT_CHANGE_HEADER)
			put_field(leaving, name, slice_of(edit->value));
	}
	put(leaving, SLICE("\r\n"));
}

static void
put_replaced(const struct leaving *leaving, const struct spool *body)
{
	char chunk[4096];
	uint64_t at = 0;
	long got;

	while ((got = spool_read(body, at, chunk, sizeof(chunk))) > 0) {
		put(leaving, (struct slice){ chunk, (size_t)got });
		at += (uint64_t)got;
	}
}

void
feed_leaving(const struct passage *passage, struct slice text,
    void (*put_fn)(void *context, const void *bytes, size_t n), void *context)
{
	struct leaving leaving = { passage, put_fn, context };
	struct feed feed = { .rest = text, .lf = is_lf_text(text) };
	const struct spool *body = passage_plan(passage)->body;
	struct slice line;

	skip_envelope(&feed);
	put_inserted(&leaving);
	put_fields(&leaving, &feed);
	if (body != NULL) {
		put_replaced(&leaving, body);
	} else if (!feed.lf) {
		put(&leaving, feed.rest);
	} else {
		while (next_line(&feed, &line)) {
			put(&leaving, line);
			put(&leaving, SLICE("\r\n"));
		}
	}
}
