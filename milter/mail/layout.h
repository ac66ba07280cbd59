/*
 * Where in a body its parts stand: a second reading, of a body that is kept,
 * by the same walker that read it as it came (part.h).  What it finds covers
 * the body without holes, in order.
 */
#ifndef MW_MAIL_LAYOUT_H
#define MW_MAIL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/part.h"

struct arena;
struct headers;
struct spool;

#define LAYOUT_NONE ((size_t)-1)

enum layout_kind {
	LAYOUT_MULTIPART,
	LAYOUT_MESSAGE,		/* its one child is the message inside */
	LAYOUT_LEAF,
};

/* What stands in some octets. */
struct layout_facts {
	uint64_t octets;
	uint64_t n_8bit, n_nul, n_cr, n_lf;	/* CR, LF: those that stand alone */
	size_t longest_line;
	bool not_utf8;
};

struct layout_entity {
	enum layout_kind kind;
	size_t parent;		/* LAYOUT_NONE for the message itself */
	size_t n_children;
	bool in_multipart;	/* somewhere above */
	struct layout_facts facts;	/* of the content of a leaf */
};

enum region_kind {
	REGION_SEPARATOR,	/* a boundary, or the line end before or after content */
	REGION_OUTSIDE,		/* before the first boundary, after the last */
	REGION_HEADER,		/* of a part, without the blank line; perhaps empty */
	REGION_CONTENT,		/* of a leaf */
};

struct region {
	enum region_kind kind;
	size_t entity;		/* whose; of a boundary: the multipart's */
	uint64_t start, end;
	struct layout_facts facts;
};

struct layout {
	struct layout_entity *entities;	/* the message itself is the first */
	size_t n_entities;
	struct region *regions;
	size_t n_regions;
};

/*
 * NULL and *error_r when the body is beyond the walker's limits or cannot be
 * read.
 */
const struct layout *layout_read(struct arena *arena, const struct headers *headers,
    const struct spool *body, const char **error_r);

#endif
