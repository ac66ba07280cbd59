/*
 * The walker is given each line; what a line was is told by how its state
 * changes.
 */
#include <string.h>

#include "base/arena.h"
#include "base/spool.h"
#include "mail/body.h"
#include "mail/bytes.h"
#include "mail/layout.h"
#include "mail/lex.h"
#include "mail/utf8.h"

enum { CHUNK = 64 * 1024, UTF8_LONGEST = 4 };

struct line {
	uint64_t start, end, next;	/* without, with its line end */
	struct slice head;		/* at most PART_LINE_MAX octets */
	struct layout_facts facts;
};

struct reader {
	const struct spool *body;
	uint64_t at;			/* of the octets in chunk */
	char *chunk;
	size_t used, n;			/* of chunk */
	char head[PART_LINE_MAX];
	bool skips_utf8;		/* it is none: no need to look on */
	char cut[UTF8_LONGEST];		/* a character cut by the end of a chunk */
	size_t n_cut;
};

struct layout_walk {
	struct arena *arena;
	struct part_walk walk;
	struct body_facts body;
	struct layout layout;
	size_t entities_room, regions_room;
	size_t levels[PART_LEVELS_MAX];	/* entities that opened them */
	size_t current;			/* whose header, content or outside it is */
	uint64_t start;			/* of what is being read */
	struct layout_facts facts;	/* of it, so far */
	struct line last;		/* of it; next 0: none yet */
};

/* ---- lines ---- */

/* Counts what is no UTF-8, over the ends of pieces. */
static void
check_utf8(struct reader *reader, struct layout_facts *facts, struct slice piece,
    bool is_last)
{
	unsigned code;
	size_t i = 0, n;

	while (reader->n_cut > 0 && i < piece.n && reader->n_cut < UTF8_LONGEST &&
	    ((unsigned char)piece.p[i] & 0xc0) == 0x80)
		reader->cut[reader->n_cut++] = piece.p[i++];
	if (reader->n_cut > 0 && (i < piece.n || is_last)) {
		facts->not_utf8 |=
		    !utf8_valid((struct slice){ reader->cut, reader->n_cut });
		reader->n_cut = 0;
	}
	for (; i < piece.n; i += n) {
		n = bytes_plain(piece.p + i, piece.n - i);
		if (n > 0)
			continue;
		n = utf8_next(slice_sub(piece, i, UTF8_LONGEST), &code);
		if (n > 1 || ((unsigned char)piece.p[i] & 0x80) == 0)
			continue;
		if (!is_last && piece.n - i < UTF8_LONGEST) {
			reader->n_cut = piece.n - i;
			memcpy(reader->cut, piece.p + i, reader->n_cut);
			return;
		}
		facts->not_utf8 = true;
	}
}

/* A piece of a line, its line end not. */
static void
count_piece(struct reader *reader, struct layout_facts *facts, struct slice piece,
    bool is_last)
{
	unsigned odd = bytes_odd(piece.p, piece.n);

	facts->octets += piece.n;
	facts->longest_line += piece.n;
	if (odd == 0 && reader->n_cut == 0)
		return;
	facts->not_utf8 |= reader->skips_utf8;
	for (size_t i = 0; i < piece.n; i++) {
		facts->n_8bit += ((unsigned char)piece.p[i] & 0x80) != 0;
		facts->n_nul += piece.p[i] == '\0';
		facts->n_cr += piece.p[i] == '\r';
	}
	if (!facts->not_utf8)
		check_utf8(reader, facts, piece, is_last);
	else
		reader->n_cut = 0;
}

static bool
fill(struct reader *reader, bool *failed_r)
{
	long got;

	reader->at += reader->n;
	got = spool_read(reader->body, reader->at, reader->chunk, CHUNK);
	*failed_r |= got < 0;
	reader->used = 0;
	reader->n = got > 0 ? (size_t)got : 0;
	return got > 0;
}

static void
add_head(struct reader *reader, struct line *line, struct slice piece)
{
	size_t room = PART_LINE_MAX - line->head.n;

	if (piece.n > room)
		piece.n = room;
	memcpy(reader->head + line->head.n, piece.p, piece.n);
	line->head.p = reader->head;
	line->head.n += piece.n;
}

/* What follows the text of a line. */
static void
settle_line_end(struct line *line, bool has_lf, bool has_cr)
{
	line->end = line->next - (has_lf ? 1 : 0) - (has_lf && has_cr ? 1 : 0);
	if (has_lf && !has_cr)
		line->facts.n_lf++;
	if (line->head.n > line->end - line->start)
		line->head.n--;
}

/*
 * Counts a piece of a line.  A CR at its end is left out if the LF follows; it
 * was counted already if the LF is the first octet of the next chunk.
 */
static bool
take_piece(struct reader *reader, struct line *line, struct slice piece, bool has_lf,
    bool after_cr)
{
	bool ends_in_cr = piece.n > 0 && piece.p[piece.n - 1] == '\r';

	add_head(reader, line, piece);
	if (has_lf && ends_in_cr)
		piece.n--;
	count_piece(reader, &line->facts, piece, has_lf);
	if (has_lf && after_cr && piece.n == 0 && !ends_in_cr) {
		line->facts.n_cr--;
		line->facts.octets--;
		line->facts.longest_line--;
		ends_in_cr = true;
	}
	return ends_in_cr;
}

/* False at the end of the body, and on an error. */
static bool
next_line(struct reader *reader, struct line *line, bool *failed_r)
{
	struct slice piece;
	const char *lf = NULL;
	bool has_cr = false;

	*line = (struct line){ .start = reader->at + reader->used };
	while (lf == NULL) {
		if (reader->used == reader->n && !fill(reader, failed_r))
			break;
		piece = (struct slice){ reader->chunk + reader->used,
		    reader->n - reader->used };
		lf = memchr(piece.p, '\n', piece.n);
		if (lf != NULL)
			piece.n = (size_t)(lf - piece.p);
		has_cr = take_piece(reader, line, piece, lf != NULL, has_cr);
		reader->used += piece.n + (lf != NULL ? 1 : 0);
	}
	line->next = reader->at + reader->used;
	if (lf == NULL)
		check_utf8(reader, &line->facts, (struct slice){ "", 0 }, true);
	settle_line_end(line, lf != NULL, has_cr);
	return line->next > line->start;
}

/* ---- what they are ---- */

static void
facts_add(struct layout_facts *facts, const struct layout_facts *more)
{
	facts->octets += more->octets;
	facts->n_8bit += more->n_8bit;
	facts->n_nul += more->n_nul;
	facts->n_cr += more->n_cr;
	facts->n_lf += more->n_lf;
	facts->not_utf8 |= more->not_utf8;
	if (more->longest_line > facts->longest_line)
		facts->longest_line = more->longest_line;
}

static void *
grow(struct arena *arena, void *old, size_t n, size_t *room, size_t size)
{
	void *grown;

	if (n < *room)
		return old;
	*room = *room == 0 ? 8 : *room * 2;
	grown = arena_array(arena, *room, size);
	if (n > 0)
		memcpy(grown, old, n * size);
	return grown;
}

static size_t
entity_new(struct layout_walk *w, size_t parent)
{
	struct layout *layout = &w->layout;
	struct layout_entity *above;

	layout->entities = grow(w->arena, layout->entities, layout->n_entities,
	    &w->entities_room, sizeof(*layout->entities));
	layout->entities[layout->n_entities] = (struct layout_entity){
		.kind = LAYOUT_LEAF, .parent = parent,
	};
	if (parent != LAYOUT_NONE) {
		above = &layout->entities[parent];
		above->n_children++;
		layout->entities[layout->n_entities].in_multipart =
		    above->in_multipart || above->kind == LAYOUT_MULTIPART;
	}
	return layout->n_entities++;
}

static void
region_add(struct layout_walk *w, enum region_kind kind, size_t entity, uint64_t start,
    uint64_t end, const struct layout_facts *facts)
{
	struct layout *layout = &w->layout;

	if (start == end && kind != REGION_HEADER)
		return;
	layout->regions = grow(w->arena, layout->regions, layout->n_regions,
	    &w->regions_room, sizeof(*layout->regions));
	layout->regions[layout->n_regions++] = (struct region){
		.kind = kind, .entity = entity, .start = start, .end = end,
		.facts = *facts,
	};
}

/* What is read from here on belongs to `entity`. */
static void
begin(struct layout_walk *w, size_t entity, uint64_t at)
{
	w->current = entity;
	w->start = at;
	w->facts = (struct layout_facts){ 0 };
	w->last.next = 0;
}

static void
extend(struct layout_walk *w, const struct line *line)
{
	facts_add(&w->facts, &line->facts);
	w->last = *line;
}

/* After the header of the current entity: the walker says what it is. */
static void
entity_settle(struct layout_walk *w, size_t depth, uint64_t at)
{
	struct layout_entity *entity = &w->layout.entities[w->current];
	size_t child;

	if (w->walk.depth > depth)
		w->levels[depth] = w->current;
	if (w->walk.depth == depth)
		entity->kind = LAYOUT_LEAF;
	else
		entity->kind = w->walk.state == PART_HEADER ? LAYOUT_MESSAGE :
		    LAYOUT_MULTIPART;
	if (entity->kind == LAYOUT_MESSAGE) {
		child = entity_new(w, w->current);
		begin(w, child, at);
	} else {
		begin(w, w->current, at);
	}
}

/* The line end before a boundary belongs to it (RFC 2046 section 5.1.1). */
static void
content_end(struct layout_walk *w, uint64_t end)
{
	struct layout_entity *entity = &w->layout.entities[w->current];
	struct layout_facts line_end = { .n_lf = w->last.facts.n_lf };
	uint64_t content = end;

	if (w->last.next != 0 && entity->in_multipart)
		content = w->last.end;
	entity->facts = w->facts;
	region_add(w, REGION_CONTENT, w->current, w->start, content, &w->facts);
	region_add(w, REGION_SEPARATOR, w->current, content, end, &line_end);
}

static void
close_current(struct layout_walk *w, enum part_state state, uint64_t end)
{
	switch (state) {
	case PART_OUTSIDE:
		region_add(w, REGION_OUTSIDE, w->current, w->start, end, &w->facts);
		break;
	case PART_HEADER:
		region_add(w, REGION_HEADER, w->current, w->start, end, &w->facts);
		break;
	case PART_LEAF:
		content_end(w, end);
		break;
	}
}

static void
boundary(struct layout_walk *w, enum part_state before, const struct line *line)
{
	size_t depth = w->walk.depth, multipart;
	bool is_last = w->walk.state == PART_OUTSIDE;

	close_current(w, before, line->start);
	multipart = w->levels[is_last ? depth : depth - 1];
	region_add(w, REGION_SEPARATOR, multipart, line->start, line->next,
	    &line->facts);
	begin(w, is_last ? multipart : entity_new(w, multipart), line->next);
}

static void
take_line(struct layout_walk *w, const struct line *line)
{
	struct part_walk *walk = &w->walk;
	enum part_state before = walk->state;
	size_t depth = walk->depth, entities = walk->entities;

	part_walk_line(walk, line->head, line->facts.n_8bit > 0);
	if (line->head.n > 0 &&
	    (walk->depth < depth || walk->entities != entities)) {
		boundary(w, before, line);
	} else if (before == PART_HEADER && line->head.n == 0) {
		close_current(w, before, line->start);
		region_add(w, REGION_SEPARATOR, w->current, line->start, line->next,
		    &line->facts);
		entity_settle(w, depth, line->next);
	} else {
		extend(w, line);
	}
}

const struct layout *
layout_read(struct arena *arena, const struct headers *headers,
    const struct spool *body, const char **error_r)
{
	struct layout_walk *w = arena_alloc(arena, sizeof(*w));
	struct reader *reader = arena_alloc(arena, sizeof(*reader));
	struct line line;
	bool failed = false;

	w->arena = arena;
	reader->body = body;
	reader->chunk = arena_alloc(arena, CHUNK);
	part_walk_init(&w->walk, arena, headers, &w->body);
	w->current = entity_new(w, LAYOUT_NONE);
	entity_settle(w, 0, 0);
	while (!w->body.over_limit && next_line(reader, &line, &failed)) {
		take_line(w, &line);
		reader->skips_utf8 = w->facts.not_utf8;
	}
	if (failed || w->body.over_limit) {
		*error_r = failed ? "what was kept of the body cannot be read" :
		    "it has more parts, levels or part header than are read";
		return NULL;
	}
	close_current(w, w->walk.state, spool_size(body));
	part_walk_finish(&w->walk);
	return &w->layout;
}
