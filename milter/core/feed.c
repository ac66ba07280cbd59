/*
 * A message from a file, as the MTA would hand it over.
 */
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
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

/* A field with its continuation lines; the value keeps its folds. */
static void
add_field(struct feed *feed, struct message *message, struct slice first)
{
	struct slice line;
	size_t colon = slice_find(first, ':');
	const char *end = first.p + first.n;

	while (feed->rest.n > 0 && is_blank(feed->rest.p[0]) && next_line(feed, &line))
		end = line.p + line.n;
	headers_add(message->headers, slice_sub(first, 0, colon),
	    (struct slice){ first.p + colon + 1, (size_t)(end - first.p) - colon - 1 });
}

static void
feed_headers(struct feed *feed, struct message *message)
{
	struct slice line, before = feed->rest;

	if (slice_starts_nocase(feed->rest, "From ") && next_line(feed, &line))
		before = feed->rest;
	while (next_line(feed, &line)) {
		if (line.n == 0)
			return;
		if (slice_find(line, ':') == line.n || is_blank(line.p[0])) {
			feed->rest = before;	/* no field: the body begins here */
			return;
		}
		add_field(feed, message, line);
		before = feed->rest;
	}
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
	size_t first = slice_find(text, '\n');
	struct feed feed = {
		.rest = text,
		.lf = first == text.n || first == 0 || text.p[first - 1] != '\r',
	};
	struct passage *passage;

	feed_headers(&feed, message);
	passage = passage_begin(core, snapshot, message);
	feed_body(&feed, passage);
	passage_finish(passage);
	return passage;
}
