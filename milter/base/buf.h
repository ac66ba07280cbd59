/*
 * A growing byte buffer in an arena with a hard upper size.  What would go
 * beyond the size is dropped and remembered in `truncated`.
 */
#ifndef MW_BASE_BUF_H
#define MW_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf {
	struct arena *arena;
	char *p;		/* always terminated once written to */
	size_t n;		/* bytes held, without the terminator */
	size_t capacity;
	size_t max;
	bool truncated;
};

void buf_init(struct buf *buf, struct arena *arena, size_t max);
void buf_add(struct buf *buf, const char *bytes, size_t n);
void buf_add_str(struct buf *buf, const char *text);
void buf_add_slice(struct buf *buf, struct slice bytes);
void buf_add_char(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_clear(struct buf *buf);

/* The text so far, terminated, never NULL; valid until the next add. */
const char *buf_str(const struct buf *buf);

#endif
