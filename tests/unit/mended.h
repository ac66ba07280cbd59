/*
 * What must hold of a body that was written anew, for the unit tests and the
 * fuzzer: its parts are the same and decode to the same octets, and nothing is
 * left in it that a host may cut or recode, or that is said.
 */
#ifndef MENDED_H
#define MENDED_H

#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/spool.h"
#include "mail/content.h"
#include "mail/header.h"
#include "mail/layout.h"
#include "mail/part_header.h"

struct mended_side {
	const struct headers *headers;
	const struct spool *body;
	struct slice octets;
	const struct layout *layout;
};

static inline struct slice
mended_octets(struct arena *arena, const struct spool *spool)
{
	char *p = arena_alloc(arena, (size_t)spool_size(spool) + 1);
	size_t n = 0;
	long got;

	while ((got = spool_read(spool, n, p + n, 65536)) > 0)
		n += (size_t)got;
	return (struct slice){ p, n };
}

static inline int
mended_hex(char c)
{
	const char *digits = "0123456789ABCDEF", *at;

	at = strchr(digits, c >= 'a' && c <= 'f' ? c - 32 : c);
	return c != '\0' && at != NULL ? (int)(at - digits) : -1;
}

static inline struct slice
mended_decode(struct arena *arena, struct slice in, enum transfer_encoding encoding)
{
	char *out = arena_alloc(arena, in.n + 1);
	unsigned bits = 0, held = 0;
	size_t n = 0, end;

	if (encoding != CTE_BASE64 && encoding != CTE_QUOTED_PRINTABLE)
		return in;
	for (size_t i = 0; i < in.n; i++) {
		if (encoding == CTE_BASE64) {
			if (in.p[i] == '=')
				break;
			if (base64_value(in.p[i]) < 0)
				continue;
			bits = bits << 6 | (unsigned)base64_value(in.p[i]);
			held += 6;
			if (held >= 8)
				out[n++] = (char)(bits >> (held -= 8));
			continue;
		}
		out[n++] = in.p[i];
		if (in.p[i] != '=')
			continue;
		for (end = i + 1; end < in.n && strchr(" \t\r", in.p[end]) != NULL &&
		    in.p[end] != '\0'; end++)
			continue;
		if (end == in.n || in.p[end] == '\n') {
			n--;
			i = end;
		} else if (i + 2 < in.n && mended_hex(in.p[i + 1]) >= 0 &&
		    mended_hex(in.p[i + 2]) >= 0) {
			out[n - 1] = (char)(mended_hex(in.p[i + 1]) << 4 |
			    mended_hex(in.p[i + 2]));
			i += 2;
		}
	}
	return (struct slice){ out, n };
}

/* The encoding an entity says it has. */
static inline enum transfer_encoding
mended_encoding(const struct mended_side *side, size_t entity)
{
	const struct header *field =
	    headers_first(side->headers, HDR_CONTENT_TRANSFER_ENCODING);
	struct part_header header;

	if (entity == 0)
		return field == NULL ? CTE_NONE : transfer_encoding_parse(field->value);
	for (size_t i = 0; i < side->layout->n_regions; i++) {
		const struct region *region = &side->layout->regions[i];

		if (region->kind != REGION_HEADER || region->entity != entity)
			continue;
		part_header_read(slice_sub(side->octets, (size_t)region->start,
		    (size_t)(region->end - region->start)), &header);
		return transfer_encoding_parse(header.encoding);
	}
	return CTE_NONE;
}

static inline struct slice
mended_content(struct arena *arena, const struct mended_side *side, size_t entity)
{
	for (size_t i = 0; i < side->layout->n_regions; i++) {
		const struct region *region = &side->layout->regions[i];

		if (region->kind == REGION_CONTENT && region->entity == entity)
			return mended_decode(arena, slice_sub(side->octets,
			    (size_t)region->start,
			    (size_t)(region->end - region->start)),
			    mended_encoding(side, entity));
	}
	return (struct slice){ "", 0 };
}

/* NULL, or what differs. */
static inline const char *
mended_differs(struct arena *arena, struct mended_side *before,
    struct mended_side *after)
{
	struct mended_side *sides[] = { before, after };
	const char *error = NULL;

	for (size_t i = 0; i < 2; i++) {
		sides[i]->octets = mended_octets(arena, sides[i]->body);
		sides[i]->layout = layout_read(arena, sides[i]->headers,
		    sides[i]->body, &error);
		if (sides[i]->layout == NULL)
			return error;
	}
	if (before->layout->n_entities != after->layout->n_entities)
		return "number of parts";
	for (size_t i = 0; i < before->layout->n_entities; i++) {
		if (before->layout->entities[i].kind != after->layout->entities[i].kind ||
		    before->layout->entities[i].parent !=
		    after->layout->entities[i].parent)
			return "kind of a part";
		if (!slice_eq(mended_content(arena, before, i),
		    mended_content(arena, after, i)))
			return "octets of a part";
	}
	return NULL;
}

/* NULL, or what a host may not take. */
static inline const char *
mended_odd(struct slice octets)
{
	size_t line = 0;

	for (size_t i = 0; i < octets.n; i++, line++) {
		if (((unsigned char)octets.p[i] & 0x80) != 0)
			return "8-bit";
		if (octets.p[i] == '\0')
			return "NUL";
		if (octets.p[i] == '\r' && (i + 1 == octets.n || octets.p[i + 1] != '\n'))
			return "a CR that stands alone";
		if (octets.p[i] == '\n' && (i == 0 || octets.p[i - 1] != '\r'))
			return "a LF that stands alone";
		if (octets.p[i] == '\n')
			line = (size_t)-1;
		else if (line == 1000)	/* 998, and the CR */
			return "a line over 998 octets";
	}
	return NULL;
}

#endif
