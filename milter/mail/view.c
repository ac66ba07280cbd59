/*
 * The tree of parts and the list of links, as the walker tells of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mail/filename.h"
#include "mail/leaf.h"
#include "mail/view.h"

/* The entity that is open at one depth. */
struct open_entity {
	size_t index;			/* in view.parts */
	const char *prefix;		/* of its parts' section numbers */
	unsigned children;
	uint64_t began;			/* place in the body */
};

struct view_reader {
	struct arena *arena;
	struct view view;
	size_t parts_room, links_room;
	struct open_entity open[PART_LEVELS_MAX + 1];
	struct leaf *leaf;
	size_t in_leaf;			/* index, VIEW_NONE */
	char held[2];			/* a line end: the boundary's, if one follows */
	size_t held_n;
};

static void
view_close(void *object)
{
	struct view_reader *reader = object;

	free(reader->view.parts);
	free(reader->view.links);
}

struct view_reader *
view_reader_new(struct arena *arena)
{
	struct view_reader *reader = arena_alloc(arena, sizeof(*reader));

	reader->arena = arena;
	reader->in_leaf = VIEW_NONE;
	reader->leaf = leaf_new(arena);
	arena_defer(arena, view_close, reader);
	return reader;
}

/* Room on the heap for `more` than n elements. */
static void *
grow(void *old, size_t n, size_t more, size_t *room, size_t size)
{
	void *grown;

	if (n + more <= *room)
		return old;
	*room = *room == 0 ? 4 : *room * 2;
	if (*room < n + more)
		*room = n + more;
	grown = mem_array(*room, size);
	if (n > 0)
		memcpy(grown, old, n * size);
	free(old);
	return grown;
}

/* Remote text as a short word for people: no blanks, no control bytes. */
static const char *
make_word(struct arena *arena, struct slice text)
{
	char *word;

	text = slice_sub(slice_trim(text), 0, VIEW_WORD_MAX);
	word = slice_dup(arena, text);
	for (size_t i = 0; i < text.n; i++) {
		if (word[i] <= ' ' || word[i] > '~')
			word[i] = '?';
	}
	return word;
}

static const char *
type_word(struct arena *arena, const struct content_type *type)
{
	struct buf word;

	buf_init(&word, arena, VIEW_WORD_MAX);
	buf_add(&word, type->type, strnlen(type->type, VIEW_WORD_MAX / 2));
	buf_add_char(&word, '/');
	buf_add(&word, type->subtype, strnlen(type->subtype, VIEW_WORD_MAX));
	return make_word(arena, (struct slice){ buf_str(&word), word.n });
}

/* ---- what a part is ---- */

/* Text that is data to mail programs, or another form of what they show. */
static bool
is_text_read(const char *subtype)
{
	static const char *const data[] = {
		"calendar", "css", "csv", "directory", "ecmascript", "javascript",
		"rfc822-headers", "rtf", "vcard", "vtt", "watch-html", "x-amp-html",
		"x-csv", "x-diff", "x-gettext", "x-patch", "x-vcard", "x-vcalendar",
		"xml",
	};

	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		if (strcmp(subtype, data[i]) == 0)
			return false;
	}
	return true;
}

static enum view_kind
kind_of(const struct part_entity *entity, const struct view_part *part)
{
	const struct content_type *type = entity->type;
	bool is_saved = part->is_attachment;

	switch (entity->kind) {
	case PART_IS_MULTIPART:
		return VIEW_MULTIPART;
	case PART_IS_MESSAGE:
		return VIEW_MESSAGE;
	case PART_IS_LEAF:
		break;
	}
	/* A message that is one text is shown, whatever name it has. */
	if (entity->depth == 0)
		is_saved = part->disposition != NULL &&
		    strcmp(part->disposition, "attachment") == 0;
	if (strcmp(type->type, "text") != 0 || is_saved)
		return VIEW_OTHER;
	if (strcmp(type->subtype, "html") == 0)
		return VIEW_HTML;
	return is_text_read(type->subtype) ? VIEW_TEXT : VIEW_OTHER;
}

static void
set_words(struct arena *arena, const struct part_entity *entity,
    struct view_part *part)
{
	const char *charset = filename_param(arena, entity->type, "charset");

	part->type = type_word(arena, entity->type);
	if (charset != NULL && *charset != '\0')
		part->charset = make_word(arena, slice_of(charset));
	if (entity->encoding_given.p != NULL)
		part->encoding_given = make_word(arena, entity->encoding_given);
	if (entity->disposition != NULL && *entity->disposition->type != '\0')
		part->disposition = make_word(arena, slice_of(entity->disposition->type));
	part->filename = filename_of(arena, entity->disposition, entity->type);
	part->is_attachment = part->filename != NULL || (part->disposition != NULL &&
	    strcmp(part->disposition, "attachment") == 0);
}

/* RFC 2045 section 6.4: what is composite is not encoded as a whole. */
static const char *
encoding_fault(const struct part_entity *entity)
{
	if (entity->kind != PART_IS_MULTIPART)
		return NULL;
	switch (entity->encoding) {
	case CTE_NONE: case CTE_7BIT: case CTE_8BIT: case CTE_BINARY:
		return NULL;
	case CTE_QUOTED_PRINTABLE:
		return "a multipart may not be quoted-printable as a whole";
	case CTE_BASE64:
		return "a multipart may not be base64 as a whole";
	case CTE_UNKNOWN:
		break;
	}
	return "a multipart may only be 7bit, 8bit or binary";
}

/* ---- where it stands ---- */

static void
set_section(struct view_reader *reader, size_t depth, struct view_part *part)
{
	struct open_entity *self = &reader->open[depth], *above;
	bool is_multipart = part->kind == VIEW_MULTIPART;

	if (depth == 0) {
		part->section = self->prefix = is_multipart ? "" : "1";
		return;
	}
	above = &reader->open[depth - 1];
	above->children++;
	if (is_multipart && reader->view.parts[above->index].kind == VIEW_MESSAGE) {
		part->section = arena_printf(reader->arena, "%s.TEXT", above->prefix);
		self->prefix = above->prefix;
		return;
	}
	part->section = self->prefix = arena_printf(reader->arena, "%s%s%u",
	    above->prefix, *above->prefix == '\0' ? "" : ".", above->children);
}

static void
inherit(const struct view_part *above, struct view_part *part)
{
	part->in_attached_message = above->in_attached_message ||
	    above->kind == VIEW_MESSAGE;
	part->in_signed = above->in_signed || strcmp(above->type,
	    "multipart/signed") == 0;
	part->in_encrypted = above->in_encrypted || strcmp(above->type,
	    "multipart/encrypted") == 0;
}

static void
on_begin(void *object, const struct part_entity *entity)
{
	struct view_reader *reader = object;
	struct view *view = &reader->view;
	struct open_entity *self = &reader->open[entity->depth];
	struct view_part *part;

	view->parts = grow(view->parts, view->n_parts, 1,
	    &reader->parts_room, sizeof(*view->parts));
	*self = (struct open_entity){ .index = view->n_parts, .began = entity->at };
	part = &view->parts[view->n_parts++];
	*part = (struct view_part){
		.parent = entity->depth == 0 ? VIEW_NONE : self[-1].index,
		.depth = (unsigned)entity->depth + 1,
		.encoding = entity->encoding,
		.over_limit = entity->too_deep,
		.malformed = entity->fault,
	};
	set_words(reader->arena, entity, part);
	part->kind = kind_of(entity, part);
	if (part->malformed == NULL)
		part->malformed = encoding_fault(entity);
	set_section(reader, entity->depth, part);
	if (part->parent != VIEW_NONE)
		inherit(&view->parts[part->parent], part);
	reader->in_leaf = self->index;
	reader->held_n = 0;
	if (part->kind != VIEW_MULTIPART && part->kind != VIEW_MESSAGE)
		leaf_begin(reader->leaf, part);
}

/* ---- what is in it ---- */

static void
leaf_bytes(struct view_reader *reader, const char *bytes, size_t n)
{
	const struct view_part *part = &reader->view.parts[reader->in_leaf];

	if (n > 0 && part->kind != VIEW_MULTIPART && part->kind != VIEW_MESSAGE)
		leaf_add(reader->leaf, bytes, n);
}

void
view_reader_add(struct view_reader *reader, const char *bytes, size_t n)
{
	if (n == 0 || reader->in_leaf == VIEW_NONE)
		return;
	leaf_bytes(reader, reader->held, reader->held_n);
	reader->held_n = bytes[n - 1] != '\n' ? 0 :
	    n > 1 && bytes[n - 2] == '\r' ? 2 : 1;
	n -= reader->held_n;
	memcpy(reader->held, bytes + n, reader->held_n);
	leaf_bytes(reader, bytes, n);
}

/* The next link to be filled, NULL when there are too many. */
static struct view_link *
link_new(struct view_reader *reader, size_t part)
{
	struct view *view = &reader->view;
	struct view_link *link;

	view->links_total++;
	if (view->n_links == VIEW_LINKS_MAX) {
		view->over_limit = true;
		return NULL;
	}
	view->links = grow(view->links, view->n_links, 1,
	    &reader->links_room, sizeof(*view->links));
	link = &view->links[view->n_links++];
	link->part = part;
	return link;
}

static void
add_html_links(struct view_reader *reader, size_t part, const struct html_facts *html)
{
	struct view *view = &reader->view;
	size_t room = VIEW_LINKS_MAX - view->n_links;
	struct view_link *link;

	view->links = grow(view->links, view->n_links,
	    html->n_links < room ? html->n_links : room, &reader->links_room,
	    sizeof(*view->links));
	for (size_t i = 0; i < html->n_links; i++) {
		link = link_new(reader, part);
		if (link == NULL)
			continue;
		link->target = html->links[i].target;
		link->text = html->links[i].text;
		link->url = html->links[i].url;
	}
	view->links_total += html->links_total - html->n_links;
}

static void
add_text_links(struct view_reader *reader, size_t part, struct slice text)
{
	struct view_link *link;
	struct slice url;
	size_t at = 0;

	while (url_find(text, &at, &url)) {
		link = link_new(reader, part);
		if (link == NULL)
			continue;
		link->target = slice_dup(reader->arena, url);
		url_parse(reader->arena, url, &link->url);
	}
}

static void
add_links(struct view_reader *reader, size_t index)
{
	const struct view_part *part = &reader->view.parts[index];

	if (part->in_attached_message)
		return;
	if (part->html != NULL)
		add_html_links(reader, index, part->html);
	else if (part->kind == VIEW_TEXT)
		add_text_links(reader, index, part->text);
}

static const char *
ending_fault(enum part_end end)
{
	switch (end) {
	case PART_END_WHOLE:
		break;
	case PART_END_UNOPENED:
		return "its boundary never begins a part";
	case PART_END_UNCLOSED:
		return "its last boundary is missing";
	}
	return NULL;
}

static void
on_end(void *object, const struct part_ending *ending)
{
	struct view_reader *reader = object;
	const struct open_entity *self = &reader->open[ending->depth];
	struct view_part *part = &reader->view.parts[self->index];

	part->size = ending->at > self->began ? ending->at - self->began : 0;
	if (part->malformed == NULL)
		part->malformed = ending_fault(ending->end);
	if (part->kind == VIEW_MULTIPART || part->kind == VIEW_MESSAGE) {
		part->decoded_size = part->size;
	} else {
		part->has_8bit = ending->has_8bit;
		if (!ending->by_boundary)
			leaf_bytes(reader, reader->held, reader->held_n);
		leaf_end(reader->leaf, part);
		add_links(reader, self->index);
	}
	reader->view.over_limit |= part->over_limit;
	reader->in_leaf = VIEW_NONE;
	reader->held_n = 0;
}

const struct part_watch *
view_reader_watch(void)
{
	static const struct part_watch watch = { on_begin, on_end };

	return &watch;
}

const struct view *
view_reader_finish(struct view_reader *reader, bool over_limit)
{
	reader->view.over_limit |= over_limit;
	return &reader->view;
}

const struct view *
view_empty(void)
{
	static const struct view empty;

	return &empty;
}
