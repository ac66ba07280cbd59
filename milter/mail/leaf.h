/*
 * The content of the leaves of a message, one after the other: transfer
 * encoding and charset undone, text kept, HTML and attachments handed to
 * those that look into them.  Used by view.c only.
 */
#ifndef MW_MAIL_LEAF_H
#define MW_MAIL_LEAF_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct leaf;
struct view_part;

/* One for all leaves of a message: the limits of view.h bind them together. */
struct leaf *leaf_new(struct arena *arena);

/* The part says what it is; kept until leaf_end(): its texts. */
void leaf_begin(struct leaf *leaf, const struct view_part *part);
void leaf_add(struct leaf *leaf, const char *bytes, size_t n);

/* Fills what is known of the content now. */
void leaf_end(struct leaf *leaf, struct view_part *part);

#endif
