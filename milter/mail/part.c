/*
 * Multiparts, messages inside, and leaves.
 */
#include <string.h>

#include "base/arena.h"
#include "mail/body.h"
#include "mail/header.h"
#include "mail/lex.h"
#include "mail/part.h"

/* The fields of a part that say what it is; empty slices where absent. */
struct part_fields {
	struct slice type, encoding, disposition;
};

/* FNV-1a: lines that begin with "--" are many, boundaries are few. */
static uint32_t
hash_of(struct slice bytes)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < bytes.n; i++)
		hash = (hash ^ (unsigned char)bytes.p[i]) * 16777619u;
	return hash;
}

static void
enter_level(struct part_walk *walk, struct slice boundary, bool is_digest)
{
	struct part_level *level = &walk->levels[walk->depth];

	if (level->boundary == NULL)
		level->boundary = arena_alloc(walk->arena, PART_BOUNDARY_MAX);
	if (boundary.n > 0)
		memcpy(level->boundary, boundary.p, boundary.n);
	level->size = boundary.n;
	level->is_digest = is_digest;
	level->opened = false;
	walk->hashes[walk->depth++] = hash_of(boundary);
}

/* The type as words for people: token characters only, cut. */
static void
set_leaf_type(struct part_walk *walk, const struct content_type *type)
{
	size_t n = 0;

	for (const char *p = type->type; *p != '\0' && n < 30; p++)
		walk->leaf_type[n++] = *p;
	walk->leaf_type[n++] = '/';
	for (const char *p = type->subtype; *p != '\0' &&
	    n < sizeof(walk->leaf_type) - 1; p++)
		walk->leaf_type[n++] = *p;
	walk->leaf_type[n] = '\0';
	for (char *p = walk->leaf_type; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			*p = '?';
	}
}

static void
leaf_begin(struct part_walk *walk)
{
	walk->facts->parts++;
	walk->state = PART_LEAF;
	walk->leaf_has_8bit = false;
	walk->leaf_type[0] = '\0';
}

static void
set_label(struct part_walk *walk, const char **label)
{
	if (*label == NULL)
		*label = arena_printf(walk->arena, "part %zu (%s)", walk->facts->parts,
		    walk->leaf_type);
}

static void
tell_end(struct part_walk *walk, size_t depth, enum part_end end, bool by_boundary,
    uint64_t at)
{
	struct part_ending ending = {
		.depth = depth,
		.end = end,
		.by_boundary = by_boundary,
		.has_8bit = walk->leaf_has_8bit,
		.at = at,
	};

	if (walk->watch != NULL)
		walk->watch->end(walk->watch_object, &ending);
}

/* The line end before a boundary belongs to the boundary. */
static uint64_t
end_at(const struct part_walk *walk)
{
	return walk->place.line - walk->place.end_before;
}

static void
leaf_end(struct part_walk *walk, bool by_boundary)
{
	struct body_facts *facts = walk->facts;

	if (walk->leaf_type[0] == '\0')
		return;
	tell_end(walk, walk->depth, PART_END_WHOLE, by_boundary, end_at(walk));
	switch (walk->leaf_encoding) {
	case CTE_NONE: case CTE_7BIT: case CTE_QUOTED_PRINTABLE: case CTE_BASE64:
		if (walk->leaf_has_8bit)
			set_label(walk, &facts->undeclared_8bit);
		break;
	case CTE_8BIT: case CTE_BINARY:
		if (walk->leaf_has_8bit)
			set_label(walk, &facts->declared_8bit);
		break;
	case CTE_UNKNOWN:
		set_label(walk, &facts->unknown_encoding);
		break;
	}
}

/* A new entity: its header comes next, or nothing of it is read. */
static void
entity_begin(struct part_walk *walk)
{
	if (walk->depth + 1 > walk->facts->levels)
		walk->facts->levels = walk->depth + 1;
	if (walk->entities == PART_ENTITIES_MAX) {
		walk->facts->over_limit = true;
		leaf_begin(walk);
		return;
	}
	walk->entities++;
	walk->state = PART_HEADER;
	buf_clear(&walk->header);
}

static bool
has_encoded_name(const struct content_type *type)
{
	for (size_t i = 0; i < type->n_params; i++) {
		if (type->params[i].encoded_word &&
		    (strcmp(type->params[i].name, "name") == 0 ||
		    strcmp(type->params[i].name, "filename") == 0))
			return true;
	}
	return false;
}

/* The boundary of a multipart; empty when there is none that can be found. */
static struct slice
boundary_of(const struct content_type *type, const char **fault_r)
{
	struct slice boundary = slice_of(content_param(type, "boundary"));

	*fault_r = NULL;
	while (boundary.n > 0 && lex_is_blank(boundary.p[boundary.n - 1]))
		boundary.n--;
	if (boundary.n == 0)
		*fault_r = "no boundary is named";
	else if (boundary.n > PART_BOUNDARY_MAX)
		*fault_r = "the boundary is too long (70 octets are allowed)";
	if (*fault_r != NULL)
		boundary.n = 0;
	return boundary;
}

/* A message inside can be walked only as it stands. */
static bool
is_message(const struct content_type *type, enum transfer_encoding encoding)
{
	return strcmp(type->type, "message") == 0 &&
	    (strcmp(type->subtype, "rfc822") == 0 ||
	    strcmp(type->subtype, "global") == 0) &&
	    encoding != CTE_BASE64 && encoding != CTE_QUOTED_PRINTABLE;
}

/* What follows the header: another level, or the bytes of a leaf. */
static void
content_begin(struct part_walk *walk, struct part_entity *entity)
{
	const struct content_type *type = entity->type;
	struct slice boundary = { "", 0 };
	bool is_level;

	if (entity->encoding == CTE_8BIT || entity->encoding == CTE_BINARY)
		walk->facts->says_8bit = true;
	if (strcmp(type->type, "multipart") == 0) {
		entity->kind = PART_IS_MULTIPART;
		boundary = boundary_of(type, &entity->fault);
	} else if (is_message(type, entity->encoding)) {
		entity->kind = PART_IS_MESSAGE;
	}
	is_level = boundary.n > 0 || entity->kind == PART_IS_MESSAGE;
	entity->too_deep = is_level && walk->depth == PART_LEVELS_MAX;
	entity->depth = walk->depth;
	entity->at = walk->content_at;
	if (walk->watch != NULL)
		walk->watch->begin(walk->watch_object, entity);
	if (is_level && !entity->too_deep) {
		enter_level(walk, boundary, strcmp(type->subtype, "digest") == 0);
		walk->state = PART_OUTSIDE;
		if (entity->kind == PART_IS_MESSAGE)
			entity_begin(walk);
		return;
	}
	if (entity->too_deep) {
		walk->facts->over_limit = true;
		walk->facts->levels = PART_LEVELS_MAX + 2;
	}
	leaf_begin(walk);
	walk->leaf_encoding = entity->encoding;
	set_leaf_type(walk, type);
}

static void
fields_apply(struct part_walk *walk, const struct part_fields *fields)
{
	bool in_digest = walk->depth > 0 && walk->levels[walk->depth - 1].is_digest;
	struct content_type type, disposition;
	struct part_entity entity = {
		.type = &type,
		.encoding = transfer_encoding_parse(fields->encoding),
		.encoding_given = fields->encoding,
	};
	struct slice type_value = fields->type;
	struct arena *scratch;

	if (type_value.p == NULL)
		type_value = in_digest ? SLICE("message/rfc822") : SLICE("text/plain");
	/* What is kept of a part is copied: a thousand headers cost one's memory. */
	scratch = arena_new();
	content_type_parse(scratch, type_value, &type);
	if (has_encoded_name(&type))
		walk->facts->encoded_filename = true;
	if (fields->disposition.n > 0) {
		content_disposition_parse(scratch, fields->disposition, &disposition);
		entity.disposition = &disposition;
		if (has_encoded_name(&disposition))
			walk->facts->encoded_filename = true;
	}
	content_begin(walk, &entity);
	arena_free(&scratch);
}

/* Takes a field with its folds off the front of *rest. */
static struct slice
take_field(struct slice *rest)
{
	size_t end = 0;

	do {
		end += slice_find(slice_sub(*rest, end, rest->n), '\n') + 1;
	} while (end < rest->n && (rest->p[end] == ' ' || rest->p[end] == '\t'));
	struct slice field = slice_sub(*rest, 0, end);

	*rest = slice_sub(*rest, end, rest->n);
	return field;
}

static void
header_end(struct part_walk *walk)
{
	struct slice rest = { buf_str(&walk->header), walk->header.n };
	struct slice field, name, *value;
	struct part_fields fields = { .type = { NULL, 0 } };
	size_t colon;

	while (rest.n > 0) {
		field = take_field(&rest);
		colon = slice_find(field, ':');
		if (field.n < 13 || (field.p[0] != 'C' && field.p[0] != 'c') ||
		    colon == field.n)
			continue;
		name = slice_trim(slice_sub(field, 0, colon));
		value = slice_is(name, "content-type") ? &fields.type :
		    slice_is(name, "content-transfer-encoding") ? &fields.encoding :
		    slice_is(name, "content-disposition") ? &fields.disposition : NULL;
		if (value != NULL && value->p == NULL)
			*value = slice_sub(field, colon + 1, field.n);
	}
	fields_apply(walk, &fields);
}

static void
header_line(struct part_walk *walk, struct slice line)
{
	if (line.n == 0) {
		walk->content_at = walk->place.next;
		header_end(walk);
		return;
	}
	if (walk->header.n + line.n + 1 > PART_HEADER_MAX) {
		walk->facts->over_limit = true;
		return;
	}
	buf_add_slice(&walk->header, line);
	buf_add_char(&walk->header, '\n');
}

/* The innermost level with that boundary, or depth. */
static size_t
find_level(const struct part_walk *walk, struct slice boundary)
{
	uint32_t hash = hash_of(boundary);

	for (size_t i = walk->depth; boundary.n > 0 && i-- > 0;) {
		if (walk->hashes[i] == hash && walk->levels[i].size == boundary.n &&
		    memcmp(walk->levels[i].boundary, boundary.p, boundary.n) == 0)
			return i;
	}
	return walk->depth;
}

static void
entity_end(struct part_walk *walk, bool by_boundary)
{
	walk->content_at = walk->place.line;
	while (walk->state == PART_HEADER)
		header_end(walk);
	if (walk->state == PART_LEAF)
		leaf_end(walk, by_boundary);
	walk->state = PART_OUTSIDE;
}

/* The levels inside `depth` end without their last boundary. */
static void
levels_end(struct part_walk *walk, size_t depth, bool by_boundary)
{
	const struct part_level *level;

	while (walk->depth > depth) {
		level = &walk->levels[--walk->depth];
		tell_end(walk, walk->depth, level->size == 0 ? PART_END_WHOLE :
		    level->opened ? PART_END_UNCLOSED : PART_END_UNOPENED,
		    by_boundary, end_at(walk));
	}
}

/* The level whose boundary the line is, or depth. */
static size_t
boundary_level(const struct part_walk *walk, struct slice line, bool *is_last_r)
{
	size_t level;

	*is_last_r = false;
	while (line.n > 2 && lex_is_blank(line.p[line.n - 1]))
		line.n--;
	if (line.n < 2 || line.p[0] != '-' || line.p[1] != '-' ||
	    line.n > PART_BOUNDARY_MAX + 4)
		return walk->depth;
	line = slice_sub(line, 2, line.n);
	level = find_level(walk, line);
	if (level == walk->depth && line.n > 2 &&
	    line.p[line.n - 1] == '-' && line.p[line.n - 2] == '-') {
		*is_last_r = true;
		level = find_level(walk, slice_sub(line, 0, line.n - 2));
	}
	return level;
}

/* A line that begins with "--": true when it was a boundary. */
static bool
boundary_line(struct part_walk *walk, struct slice line)
{
	bool is_last;
	size_t level = boundary_level(walk, line, &is_last);

	if (level == walk->depth)
		return false;
	entity_end(walk, true);
	walk->facts->has_mime_parts = true;
	levels_end(walk, level + 1, true);
	if (is_last) {
		walk->depth = level;
		tell_end(walk, level, walk->levels[level].opened ? PART_END_WHOLE :
		    PART_END_UNOPENED, true, walk->place.next);
		return true;
	}
	walk->levels[level].opened = true;
	entity_begin(walk);
	return true;
}

bool
part_walk_is_boundary(const struct part_walk *walk, struct slice line)
{
	bool is_last;

	return boundary_level(walk, line, &is_last) < walk->depth;
}

void
part_walk_init(struct part_walk *walk, struct arena *arena,
    const struct headers *headers, struct body_facts *facts)
{
	const struct header *type = headers_first(headers, HDR_CONTENT_TYPE);
	const struct header *encoding =
	    headers_first(headers, HDR_CONTENT_TRANSFER_ENCODING);
	const struct header *disposition =
	    headers_first(headers, HDR_CONTENT_DISPOSITION);
	struct part_fields fields = { .type = { NULL, 0 } };

	walk->arena = arena;
	walk->facts = facts;
	buf_init(&walk->header, arena, PART_HEADER_MAX);
	if (type != NULL)
		fields.type = type->value;
	if (encoding != NULL)
		fields.encoding = encoding->value;
	if (disposition != NULL)
		fields.disposition = disposition->value;
	walk->entities = 1;
	facts->levels = 1;
	fields_apply(walk, &fields);
}

bool
part_walk_line(struct part_walk *walk, struct slice line, bool has_8bit)
{
	if (walk->depth > 0 && line.n >= 2 && line.p[0] == '-' && line.p[1] == '-' &&
	    boundary_line(walk, line))
		return false;
	switch (walk->state) {
	case PART_OUTSIDE:
		break;
	case PART_HEADER:
		header_line(walk, line);
		break;
	case PART_LEAF:
		walk->leaf_has_8bit |= has_8bit;
		return true;
	}
	return false;
}

void
part_walk_finish(struct part_walk *walk)
{
	walk->place.end_before = 0;
	entity_end(walk, false);
	levels_end(walk, 0, false);
}
