/*
 * A growing text with an upper size.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

enum { CAPACITY_FIRST = 128 };

void
buf_init(struct buf *buf, struct arena *arena, size_t max)
{
	*buf = (struct buf){ .arena = arena, .max = max };
}

/* Makes room for n more bytes and the terminator; gives how many may come. */
static size_t
buf_reserve(struct buf *buf, size_t n)
{
	size_t capacity = buf->capacity == 0 ? CAPACITY_FIRST : buf->capacity;
	char *p;

	if (n > buf->max - buf->n) {
		n = buf->max - buf->n;
		buf->truncated = true;
	}
	if (buf->p != NULL && buf->n + n < buf->capacity)
		return n;
	while (capacity <= buf->n + n)
		capacity *= 2;
	if (capacity > buf->max + 1)
		capacity = buf->max + 1;
	p = arena_alloc(buf->arena, capacity);
	if (buf->p != NULL)
		memcpy(p, buf->p, buf->n);
	buf->p = p;
	buf->capacity = capacity;
	return n;
}

void
buf_add(struct buf *buf, const char *bytes, size_t n)
{
	n = buf_reserve(buf, n);
	if (n > 0)
		memcpy(buf->p + buf->n, bytes, n);
	buf->n += n;
	buf->p[buf->n] = '\0';
}

void
buf_add_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_add_slice(struct buf *buf, struct slice bytes)
{
	buf_add(buf, bytes.p, bytes.n);
}

void
buf_add_char(struct buf *buf, char byte)
{
	buf_add(buf, &byte, 1);
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = arena_vprintf(buf->arena, format, ap);
	va_end(ap);
	buf_add_str(buf, text);
}

void
buf_clear(struct buf *buf)
{
	buf->n = 0;
	buf->truncated = false;
	if (buf->p != NULL)
		buf->p[0] = '\0';
}

const char *
buf_str(const struct buf *buf)
{
	return buf->p == NULL ? "" : buf->p;
}
