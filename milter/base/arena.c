/*
 * Memory that goes all at once: a list of chunks, filled from the front.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"

/*
 * Under AddressSanitizer every allocation is a chunk of its own, so that a
 * read past the end of one is seen.
 */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { CHUNK_FIRST = 1, CHUNK_MAX = 1 };
#else
enum { CHUNK_FIRST = 4096, CHUNK_MAX = 64 * 1024 };
#endif

struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(max_align_t) char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *object;
};

struct arena {
	struct chunk *chunks;		/* the one being filled is the first */
	struct deferred *deferred;	/* newest first */
	size_t next_size;
	size_t total;
};

struct arena *
arena_new(void)
{
	struct arena *arena;

	arena = mem_alloc(sizeof(*arena));
	arena->next_size = CHUNK_FIRST;
	arena->total = sizeof(*arena);
	return arena;
}

void
arena_free(struct arena **arena)
{
	struct arena *gone = *arena;
	struct deferred *call;
	struct chunk *chunk;

	if (gone == NULL)
		return;
	*arena = NULL;
	/* A deferred call may itself defer another. */
	while ((call = gone->deferred) != NULL) {
		gone->deferred = call->next;
		call->fn(call->object);
	}
	while ((chunk = gone->chunks) != NULL) {
		gone->chunks = chunk->next;
		free(chunk);
	}
	free(gone);
}

static struct chunk *
chunk_new(struct arena *arena, size_t size)
{
	struct chunk *chunk;

	chunk = mem_alloc(sizeof(*chunk) + size);
	chunk->size = size;
	arena->total += sizeof(*chunk) + size;
	return chunk;
}

/* A chunk with room for size bytes, linked in. */
static struct chunk *
arena_grow(struct arena *arena, size_t size)
{
	struct chunk *chunk;

	if (size > arena->next_size / 4 && arena->chunks != NULL) {
		/* A large one stands alone: the rest of the first stays in use. */
		chunk = chunk_new(arena, size);
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
		return chunk;
	}
	chunk = chunk_new(arena, size > arena->next_size ? size : arena->next_size);
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	if (arena->next_size < CHUNK_MAX)
		arena->next_size *= 2;
	return chunk;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct chunk *chunk = arena->chunks;
	size_t start = 0;

	if (size > SIZE_MAX / 2)
		bug("arena_alloc of %zu bytes", size);
	if (chunk != NULL)
		start = (chunk->used + align - 1) & ~(align - 1);
	if (chunk == NULL || start > chunk->size || chunk->size - start < size ||
	    start == chunk->size) {
		chunk = arena_grow(arena, size == 0 ? 1 : size);
		start = 0;
	}
	chunk->used = start + (size == 0 ? 1 : size);
	return chunk->bytes + start;
}

void *
arena_array(struct arena *arena, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / 2 / size)
		bug("arena_array of %zu times %zu bytes", n, size);
	return arena_alloc(arena, n * size);
}

char *
arena_strndup(struct arena *arena, const char *text, size_t n)
{
	char *copy;

	copy = arena_alloc(arena, n + 1);
	if (n > 0)
		memcpy(copy, text, n);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *
arena_vprintf(struct arena *arena, const char *format, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0)
		return arena_strdup(arena, "");
	text = arena_alloc(arena, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, format, ap);
	return text;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = arena_vprintf(arena, format, ap);
	va_end(ap);
	return text;
}

char *
arena_count(struct arena *arena, uint64_t n)
{
	char text[32], *p = text + sizeof(text) - 1;
	unsigned digits = 0;

	*p = '\0';
	do {
		if (digits > 0 && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + n % 10);
		n /= 10;
		digits++;
	} while (n > 0);
	return arena_strdup(arena, p);
}

void
arena_defer(struct arena *arena, void (*fn)(void *), void *object)
{
	struct deferred *call;

	call = arena_alloc(arena, sizeof(*call));
	call->fn = fn;
	call->object = object;
	call->next = arena->deferred;
	arena->deferred = call;
}

size_t
arena_size(const struct arena *arena)
{
	return arena->total;
}
