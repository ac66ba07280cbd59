/*
 * The walker of MIME parts (RFC 2046): line by line, boundaries and part
 * headers only, nothing is decoded.  A multipart or a message inside is a
 * level; all else is a leaf.
 */
#ifndef MW_MAIL_PART_H
#define MW_MAIL_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mail/content.h"

struct arena;
struct body_facts;
struct headers;

#define PART_LEVELS_MAX 64
#define PART_ENTITIES_MAX 1000		/* leaves and multiparts whose header is read */
#define PART_HEADER_MAX (16 * 1024)	/* bytes of one part's header read */
#define PART_LINE_MAX 2048		/* bytes of one line looked at */
#define PART_BOUNDARY_MAX 256		/* a longer boundary is never found */

enum part_state {
	PART_OUTSIDE,		/* before the first boundary or after the last */
	PART_HEADER,
	PART_LEAF,
};

struct part_level {
	char *boundary;		/* room for PART_BOUNDARY_MAX, kept for reuse */
	size_t size;		/* 0 for a message inside: no boundary of its own */
	bool is_digest;
};

struct part_walk {
	struct arena *arena;
	struct body_facts *facts;
	enum part_state state;
	size_t depth;				/* levels open */
	uint32_t hashes[PART_LEVELS_MAX];	/* of their boundaries */
	struct part_level levels[PART_LEVELS_MAX];
	size_t entities;
	struct buf header;			/* of the part being read, with LF */
	bool leaf_has_8bit;
	enum transfer_encoding leaf_encoding;
	char leaf_type[64];			/* "text/html"; "" beyond the limits */
};

void part_walk_init(struct part_walk *walk, struct arena *arena,
    const struct headers *headers, struct body_facts *facts);

/* A line without its end, cut to PART_LINE_MAX.  has_8bit: of the whole line. */
void part_walk_line(struct part_walk *walk, struct slice line, bool has_8bit);

void part_walk_finish(struct part_walk *walk);

#endif
