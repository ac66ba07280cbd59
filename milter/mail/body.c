/*
 * The lines of a body.  A line that lies in one chunk is looked at where it
 * is; of one that is cut the beginning is kept.
 */
#include <string.h>

#include "base/arena.h"
#include "mail/body.h"
#include "mail/bytes.h"
#include "mail/part.h"

struct body {
	struct body_facts facts;
	struct part_walk walk;
	/* the line that goes on in the next chunk */
	bool in_line;
	bool after_cr;			/* its last byte was a CR, not counted yet */
	size_t line_size;
	unsigned line_odd;
	char head[PART_LINE_MAX];
	char last[2];			/* the last bytes of the body */
};

struct body *
body_new(struct arena *arena, const struct headers *headers)
{
	struct body *body;

	body = arena_alloc(arena, sizeof(*body));
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

/* A line of `size` octets of which `line` is the beginning. */
static void
line_end(struct body *body, struct slice line, size_t size, unsigned odd)
{
	struct body_facts *facts = &body->facts;

	facts->lines++;
	if (size > facts->longest_line) {
		facts->longest_line = size;
		facts->longest_line_at = facts->lines;
	}
	if ((odd & BYTES_8BIT) != 0)
		facts->has_8bit = true;
	/* Nothing to see for the walker in the inner lines of a leaf. */
	if (body->walk.state != PART_HEADER && (line.n == 0 || line.p[0] != '-') &&
	    (odd & BYTES_8BIT) == 0)
		return;
	if (line.n > PART_LINE_MAX)
		line.n = PART_LINE_MAX;
	part_walk_line(&body->walk, line, (odd & BYTES_8BIT) != 0);
}

/* A piece of a line that is cut by the end of a chunk. */
static void
line_add(struct body *body, const char *p, size_t n)
{
	size_t room = PART_LINE_MAX - (body->line_size < PART_LINE_MAX ?
	    body->line_size : PART_LINE_MAX);

	body->in_line = true;
	body->line_odd |= bytes_odd(p, n);
	count_odd(&body->facts, p, n);
	memcpy(body->head + (PART_LINE_MAX - room), p, n < room ? n : room);
	body->line_size += n;
}

static void
line_finish(struct body *body)
{
	size_t n = body->line_size < PART_LINE_MAX ? body->line_size : PART_LINE_MAX;

	line_end(body, (struct slice){ body->head, n }, body->line_size,
	    body->line_odd);
	body->in_line = false;
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
	size_t n;

	if (lf == p && body->after_cr) {
		body->after_cr = false;
		line_finish(body);
		return p + 1;
	}
	settle_cr(body);
	n = (size_t)((lf == NULL ? end : lf) - p);
	if (n > 0 && p[n - 1] == '\r') {
		line_add(body, p, n - 1);
		body->after_cr = lf == NULL;
	} else {
		line_add(body, p, n);
		body->facts.bare_lf += lf != NULL;
	}
	if (lf == NULL)
		return end;
	line_finish(body);
	return lf + 1;
}

void
body_add(struct body *body, const void *bytes, size_t n)
{
	const char *p = bytes, *end = p + n, *lf;
	unsigned odd;
	size_t size;

	if (n == 0)
		return;
	body->facts.size += n;
	body->last[0] = n > 1 ? end[-2] : body->last[1];
	body->last[1] = end[-1];
	if (body->in_line)
		p = line_continue(body, p, end);
	while (p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		size = (size_t)(lf - p);
		if (size > 0 && lf[-1] == '\r')
			size--;
		else
			body->facts.bare_lf++;
		odd = bytes_odd(p, size);
		if ((odd & BYTES_NUL_CR) != 0)
			count_odd(&body->facts, p, size);
		line_end(body, (struct slice){ p, size }, size, odd);
		p = lf + 1;
	}
	if (p < end)
		line_continue(body, p, end);
}

void
body_finish(struct body *body, struct body_facts *facts_r)
{
	settle_cr(body);
	if (body->in_line)
		line_finish(body);
	part_walk_finish(&body->walk);
	body->facts.ends_in_crlf = body->facts.size == 0 ||
	    (body->last[0] == '\r' && body->last[1] == '\n');
	*facts_r = body->facts;
}
