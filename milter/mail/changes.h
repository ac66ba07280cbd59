/*
 * Changes of a header section: gathered field by field, then had as the section
 * that comes out and as the steps that lead there.
 */
#ifndef MW_MAIL_CHANGES_H
#define MW_MAIL_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct changes;
struct headers;

enum change_kind {
	CHANGE_SET,		/* the value of occurrence `index` of `name` */
	CHANGE_DELETE,		/* that occurrence */
	CHANGE_INSERT,		/* above everything else */
};

struct change {
	enum change_kind kind;
	const char *name;
	const char *value;	/* leading blank included, LF folds; NULL for DELETE */
	unsigned index;		/* as the section came, from 1 */
};

/* `headers` must not be over their limits.  Both stay the caller's. */
struct changes *changes_new(struct arena *arena, const struct headers *headers);

/* Of the i-th field; the last word counts. */
void changes_set(struct changes *changes, size_t i, const char *value);
void changes_delete(struct changes *changes, size_t i);
void changes_insert(struct changes *changes, const char *name, const char *value);

struct headers *changes_result(const struct changes *changes);

/* In the order to carry them out: no step moves the index of a later one. */
const struct change *changes_steps(const struct changes *changes, size_t *n_r);

#endif
