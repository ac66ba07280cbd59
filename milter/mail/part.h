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
	bool opened;		/* its boundary was seen */
};

enum part_kind { PART_IS_LEAF, PART_IS_MULTIPART, PART_IS_MESSAGE };

/* An entity whose header has been read; what is pointed to lives for the call. */
struct part_entity {
	size_t depth;				/* levels around it, 0: the message */
	enum part_kind kind;			/* as it says */
	const struct content_type *type;
	const struct content_type *disposition;	/* NULL: absent */
	enum transfer_encoding encoding;
	struct slice encoding_given;		/* p NULL: absent */
	const char *fault;	/* multipart: why its parts cannot be found; NULL */
	bool too_deep;				/* its parts are not read */
	uint64_t at;				/* where its content begins */
};

enum part_end {
	PART_END_WHOLE,
	PART_END_UNOPENED,	/* multipart without a part */
	PART_END_UNCLOSED,	/* multipart without its last boundary */
};

struct part_ending {
	size_t depth;		/* of the entity that ends */
	enum part_end end;
	bool by_boundary;	/* the line end before belongs to the boundary */
	bool has_8bit;		/* leaf */
	uint64_t at;		/* where its content ended */
};

/* Told of the entities whose header is read: begin and end come in pairs. */
struct part_watch {
	void (*begin)(void *object, const struct part_entity *entity);
	void (*end)(void *object, const struct part_ending *ending);
};

/* Where the line that is handed over stands in the body; only for `at` above. */
struct part_place {
	uint64_t line, next;	/* its first octet, that of the next line */
	unsigned end_before;	/* octets of the line end before it */
};

struct part_walk {
	/* set before part_walk_init(), or zero */
	const struct part_watch *watch;
	void *watch_object;
	struct part_place place;

	struct arena *arena;
	struct body_facts *facts;
	enum part_state state;
	size_t depth;				/* levels open */
	uint32_t hashes[PART_LEVELS_MAX];	/* of their boundaries */
	struct part_level levels[PART_LEVELS_MAX];
	size_t entities;
	struct buf header;			/* of the part being read, with LF */
	uint64_t content_at;
	bool leaf_has_8bit;
	enum transfer_encoding leaf_encoding;
	char leaf_type[101];			/* "text/html"; "" beyond the limits */
};

void part_walk_init(struct part_walk *walk, struct arena *arena,
    const struct headers *headers, struct body_facts *facts);

/* A line without its end, cut to PART_LINE_MAX.  has_8bit: of the whole line.
 * True when it is content of a leaf, also of one beyond the limits. */
bool part_walk_line(struct part_walk *walk, struct slice line, bool has_8bit);

/* Would it be taken for a boundary now? */
bool part_walk_is_boundary(const struct part_walk *walk, struct slice line);

void part_walk_finish(struct part_walk *walk);

#endif
