/*
 * The lines of a body.  A line that lies in one chunk is looked at where it
 * is; of one that is cut the beginning is kept.  The lines of a leaf that stand
 * side by side in a chunk go to the view as one span, where they are.
 */
#include <string.h>

#include "base/arena.h"
#include "mail/body.h"
#include "mail/bytes.h"
#include "mail/part.h"
#include "mail/view.h"

/* Where the octets of a line go that is cut by the end of a chunk. */
enum line_goes {
	LINE_OPEN,		/* to the leaf, unless it is a boundary */
	LINE_TO_LEAF,
	LINE_TO_WALKER,		/* header, boundary, outside of parts */
};

struct body {
	struct body_facts facts;
	struct part_walk walk;
	struct view_reader *reader;
	const struct view *view;	/* NULL before the end */
	uint64_t at;			/* where the line begins */
	unsigned end_before;		/* octets of the line end before it */
	/* the line that goes on in the next chunk */
	bool in_line;
	bool after_cr;			/* its last byte was a CR, not counted yet */
	size_t line_size;
	unsigned line_odd;
	enum line_goes goes;
	char head[PART_LINE_MAX];
	char last[2];			/* the last bytes of the body */
};

struct body *
body_new(struct arena *arena, const struct headers *headers)
{
	struct body *body;

	body = arena_alloc(arena, sizeof(*body));
	body->reader = view_reader_new(arena);
	body->walk.watch = view_reader_watch();
	body->walk.watch_object = body->reader;
	part_walk_init(&body->walk, arena, headers, &body->facts);
	return body;
}

/* NUL and CR in a piece of a line; the CR of a CRLF is not in the piece. */
static void
count_odd(struct body_facts *facts, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		facts->nul_bytes += p[i] == '\0';
		facts->bare_cr += p[i] == '\r';
	}
}

/* Must the walker see the line?  Not the inner lines of a leaf. */
static bool
is_for_walker(const struct body *body, struct slice line, unsigned odd)
{
	return body->walk.state == PART_HEADER || (line.n > 0 && line.p[0] == '-') ||
	    (odd & BYTES_8BIT) != 0;
}

/* A line of `size` octets of which `line` is the beginning, and its line end of
 * `end` octets.  True when it is content of a leaf. */
static bool
line_end(struct body *body, struct slice line, size_t size, unsigned end, unsigned odd)
{
	struct body_facts *facts = &body->facts;
	struct part_place *place = &body->walk.place;
	bool is_content = body->walk.state == PART_LEAF;

	facts->lines++;
	if (size > facts->longest_line) {
		facts->longest_line = size;
		facts->longest_line_at = facts->lines;
	}
	if ((odd & BYTES_8BIT) != 0)
		facts->has_8bit = true;
	if (is_for_walker(body, line, odd)) {
		if (line.n > PART_LINE_MAX)
			line.n = PART_LINE_MAX;
		*place = (struct part_place){ body->at, body->at + size + end,
		    body->end_before };
		is_content = part_walk_line(&body->walk, line,
		    (odd & BYTES_8BIT) != 0);
	}
	body->at += size + end;
	body->end_before = end;
	return is_content;
}

/* Can the line that is cut still be a boundary, as far as it has come? */
static enum line_goes
line_goes_to(const struct body *body)
{
	bool is_whole = body->line_size >= PART_LINE_MAX;

	if (body->walk.state != PART_LEAF)
		return LINE_TO_WALKER;
	if (body->walk.depth == 0 || body->head[0] != '-' ||
	    (body->line_size > 1 && body->head[1] != '-'))
		return LINE_TO_LEAF;
	if (!is_whole)
		return LINE_OPEN;
	return part_walk_is_boundary(&body->walk,
	    (struct slice){ body->head, PART_LINE_MAX }) ? LINE_TO_WALKER : LINE_TO_LEAF;
}

/* A piece of a line that is cut by the end of a chunk. */
static void
line_add(struct body *body, const char *p, size_t n)
{
	size_t before = body->line_size < PART_LINE_MAX ? body->line_size :
	    PART_LINE_MAX;

	body->in_line = true;
	if (n == 0)
		return;
	body->line_odd |= bytes_odd(p, n);
	count_odd(&body->facts, p, n);
	memcpy(body->head + before, p,
	    n < PART_LINE_MAX - before ? n : PART_LINE_MAX - before);
	body->line_size += n;
	if (body->goes == LINE_TO_LEAF) {
		view_reader_add(body->reader, p, n);
	} else if (body->goes == LINE_OPEN) {
		body->goes = line_goes_to(body);
		if (body->goes == LINE_TO_LEAF) {
			view_reader_add(body->reader, body->head, before);
			view_reader_add(body->reader, p, n);
		}
	}
}

/* `end`: octets of the line end. */
static void
line_finish(struct body *body, unsigned end)
{
	size_t n = body->line_size < PART_LINE_MAX ? body->line_size : PART_LINE_MAX;
	bool is_content;

	is_content = line_end(body, (struct slice){ body->head, n }, body->line_size,
	    end, body->line_odd);
	if (is_content) {
		if (body->goes == LINE_OPEN)
			view_reader_add(body->reader, body->head, n);
		view_reader_add(body->reader, &"\r\n"[2 - end], end);
	}
	body->in_line = false;
	body->goes = LINE_OPEN;
	body->line_size = 0;
	body->line_odd = 0;
}

/* The CR at the end of the last chunk was not that of a CRLF. */
static void
settle_cr(struct body *body)
{
	if (body->after_cr)
		line_add(body, "\r", 1);
	body->after_cr = false;
}

/* Goes on with the line the last chunk left open; returns where it ends. */
static const char *
line_continue(struct body *body, const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	unsigned line_end_size = 1;
	size_t n;

	if (lf == p && body->after_cr) {
		body->after_cr = false;
		line_finish(body, 2);
		return p + 1;
	}
	settle_cr(body);
	n = (size_t)((lf == NULL ? end : lf) - p);
	if (n > 0 && p[n - 1] == '\r') {
		line_add(body, p, n - 1);
		body->after_cr = lf == NULL;
		line_end_size = 2;
	} else {
		line_add(body, p, n);
		body->facts.bare_lf += lf != NULL;
	}
	if (lf == NULL)
		return end;
	line_finish(body, line_end_size);
	return lf + 1;
}

/* A line that lies in the chunk: [p, lf].  *span_r: where the lines of the leaf
 * begin that have not gone to the view, NULL when there are none. */
static void
whole_line(struct body *body, const char *p, const char *lf, const char **span_r)
{
	size_t size = (size_t)(lf - p);
	struct slice line;
	unsigned odd;

	if (size > 0 && lf[-1] == '\r')
		size--;
	else
		body->facts.bare_lf++;
	odd = bytes_odd(p, size);
	if ((odd & BYTES_NUL_CR) != 0)
		count_odd(&body->facts, p, size);
	line = (struct slice){ p, size };
	if (*span_r != NULL && size > 0 && *p == '-') {
		/* It may end the leaf. */
		view_reader_add(body->reader, *span_r, (size_t)(p - *span_r));
		*span_r = NULL;
	}
	if (!line_end(body, line, size, (unsigned)(lf + 1 - p - (ptrdiff_t)size), odd))
		*span_r = NULL;
	else if (*span_r == NULL)
		*span_r = p;
}

void
body_add(struct body *body, const void *bytes, size_t n)
{
	const char *p = bytes, *end = p + n, *lf, *span = NULL;

	if (n == 0)
		return;
	body->facts.size += n;
	body->last[0] = n > 1 ? end[-2] : body->last[1];
	body->last[1] = end[-1];
	if (body->in_line)
		p = line_continue(body, p, end);
	while (p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		whole_line(body, p, lf, &span);
		p = lf + 1;
	}
	if (span != NULL)
		view_reader_add(body->reader, span, (size_t)(p - span));
	if (p < end)
		line_continue(body, p, end);
}

void
body_finish(struct body *body, struct body_facts *facts_r)
{
	settle_cr(body);
	if (body->in_line)
		line_finish(body, 0);
	body->walk.place = (struct part_place){ body->at, body->at, 0 };
	part_walk_finish(&body->walk);
	body->view = view_reader_finish(body->reader, body->facts.over_limit);
	body->facts.ends_in_crlf = body->facts.size == 0 ||
	    (body->last[0] == '\r' && body->last[1] == '\n');
	*facts_r = body->facts;
}

const struct view *
body_view(const struct body *body)
{
	return body->view;
}
