/*
 * A stack of open elements with what they inherit.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "mail/html_walk.h"
#include "mail/text.h"

enum {
	EARLY = 60,			/* visible characters before which a preheader
					 * stands */
	TINY_FONT = 3 * CSS_PX / 2,
	COLOUR_NEAR = 12,
	NAMES_MAX = 512,		/* octets of class and id kept */
	FRAMES_FIRST = 32,
	LINKS_FIRST = 16,
	STYLES_FIRST = 4,
};

enum kind {				/* of an element; bits */
	KIND_BLOCK = 1 << 0,		/* stands on lines of its own */
	KIND_CELL = 1 << 1,		/* a blank apart */
	KIND_UNSEEN = 1 << 2,		/* what stands in it is not shown */
	KIND_ACTIVE = 1 << 3,
	KIND_A = 1 << 4,
	KIND_IMG = 1 << 5,
	KIND_FORM = 1 << 6,
	KIND_META = 1 << 7,
	KIND_LINK = 1 << 8,
	KIND_BASE = 1 << 9,
	KIND_SCRIPT = 1 << 10,
	KIND_AREA = 1 << 11,
	KIND_INPUT = 1 << 12,
};

static const struct {
	const char *name;
	unsigned kind;
} kinds[] = {
	{ "a", KIND_A },
	{ "address", KIND_BLOCK }, { "applet", KIND_ACTIVE }, { "area", KIND_AREA },
	{ "article", KIND_BLOCK }, { "aside", KIND_BLOCK },
	{ "base", KIND_BASE }, { "blockquote", KIND_BLOCK }, { "body", KIND_BLOCK },
	{ "br", KIND_BLOCK }, { "button", KIND_CELL },
	{ "caption", KIND_BLOCK }, { "center", KIND_BLOCK },
	{ "datalist", KIND_UNSEEN }, { "dd", KIND_BLOCK }, { "details", KIND_BLOCK },
	{ "dir", KIND_BLOCK }, { "div", KIND_BLOCK }, { "dl", KIND_BLOCK },
	{ "dt", KIND_BLOCK },
	{ "embed", KIND_ACTIVE },
	{ "fieldset", KIND_BLOCK }, { "figcaption", KIND_BLOCK },
	{ "figure", KIND_BLOCK }, { "footer", KIND_BLOCK },
	{ "form", KIND_FORM | KIND_BLOCK },
	{ "h1", KIND_BLOCK }, { "h2", KIND_BLOCK }, { "h3", KIND_BLOCK },
	{ "h4", KIND_BLOCK }, { "h5", KIND_BLOCK }, { "h6", KIND_BLOCK },
	{ "head", KIND_UNSEEN }, { "header", KIND_BLOCK }, { "hr", KIND_BLOCK },
	{ "html", KIND_BLOCK },
	{ "iframe", KIND_ACTIVE | KIND_UNSEEN }, { "img", KIND_IMG },
	{ "input", KIND_INPUT },
	{ "legend", KIND_BLOCK }, { "li", KIND_BLOCK }, { "link", KIND_LINK },
	{ "main", KIND_BLOCK }, { "menu", KIND_BLOCK }, { "meta", KIND_META },
	{ "nav", KIND_BLOCK },
	{ "object", KIND_ACTIVE }, { "ol", KIND_BLOCK }, { "option", KIND_BLOCK },
	{ "p", KIND_BLOCK }, { "pre", KIND_BLOCK },
	{ "script", KIND_SCRIPT | KIND_UNSEEN }, { "section", KIND_BLOCK },
	{ "style", KIND_UNSEEN }, { "summary", KIND_BLOCK },
	{ "table", KIND_BLOCK }, { "tbody", KIND_BLOCK }, { "td", KIND_CELL },
	{ "template", KIND_UNSEEN }, { "textarea", KIND_BLOCK },
	{ "tfoot", KIND_BLOCK }, { "th", KIND_CELL }, { "thead", KIND_BLOCK },
	{ "title", KIND_UNSEEN }, { "tr", KIND_BLOCK },
	{ "ul", KIND_BLOCK },
};

enum hide {				/* why text is not seen; bits */
	HIDE_DISPLAY = 1 << 0, HIDE_VISIBILITY = 1 << 1, HIDE_OPACITY = 1 << 2,
	HIDE_MAX_HEIGHT = 1 << 3, HIDE_OFFSET = 1 << 4, HIDE_INDENT = 1 << 5,
	HIDE_HEIGHT = 1 << 6, HIDE_ATTRIBUTE = 1 << 7, HIDE_FONT = 1 << 8,
	HIDE_COLOUR = 1 << 9,
};

static const char *const hide_names[] = {
	"display:none", "visibility:hidden", "opacity:0", "max-height:0",
	"an offset out of sight", "a text-indent out of sight",
	"height:0 with overflow:hidden", "the hidden attribute",
	"a font size of at most 1.5px", "a colour like the background",
};

/* One open element. */
struct html_frame {
	const char *name;		/* the parser's */
	unsigned kind;
	unsigned hide;			/* bits, with what is inherited */
	int font_size;
	struct css_colour colour, background;
	const struct html_hider *hider;
	bool is_unseen;			/* or within such an element */
};

/* The attributes that matter, found in one pass. */
struct attributes {
	const char *style, *class, *id, *bgcolor, *background, *color, *text;
	const char *href, *src, *width, *height, *type, *rel, *action, *content;
	const char *http_equiv, *alt, *data;
	const char *handler;		/* name of the first on... attribute */
	bool hidden;
};

static unsigned
find_kind(const char *name)
{
	size_t low = 0, high = sizeof(kinds) / sizeof(kinds[0]), middle;
	int order;

	while (low < high) {
		middle = (low + high) / 2;
		order = strcmp(name, kinds[middle].name);
		if (order == 0)
			return kinds[middle].kind;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

static const struct {
	const char *name;
	size_t offset;
} known_attributes[] = {
#define KNOWN(name, member) { name, offsetof(struct attributes, member) }
	KNOWN("style", style), KNOWN("class", class), KNOWN("id", id),
	KNOWN("href", href), KNOWN("src", src), KNOWN("width", width),
	KNOWN("height", height), KNOWN("alt", alt), KNOWN("bgcolor", bgcolor),
	KNOWN("background", background), KNOWN("color", color), KNOWN("text", text),
	KNOWN("type", type), KNOWN("rel", rel), KNOWN("action", action),
	KNOWN("content", content), KNOWN("http-equiv", http_equiv), KNOWN("data", data),
#undef KNOWN
};

static bool
is_handler(const char *name)
{
	if (name[0] != 'o' || name[1] != 'n' || strlen(name) < 5)
		return false;
	for (name += 2; *name != '\0'; name++) {
		if (*name < 'a' || *name > 'z')
			return false;
	}
	return true;
}

static void
set_attribute(struct attributes *at, const char *name, const char *value)
{
	const char **member;

	for (size_t i = 0; i < sizeof(known_attributes) / sizeof(known_attributes[0]);
	    i++) {
		if (name[0] != known_attributes[i].name[0] ||
		    strcmp(name, known_attributes[i].name) != 0)
			continue;
		member = (const char **)(void *)((char *)at +
		    known_attributes[i].offset);
		if (*member == NULL)
			*member = value != NULL ? value : "";
		return;
	}
	if (strcmp(name, "hidden") == 0)
		at->hidden = true;
	else if (at->handler == NULL && is_handler(name))
		at->handler = name;
}

static void
read_attributes(const char *const *pairs, struct attributes *at_r)
{
	*at_r = (struct attributes){ .style = NULL };
	for (; pairs != NULL && pairs[0] != NULL; pairs += 2)
		set_attribute(at_r, pairs[0], pairs[1]);
}

void
html_walk_init(struct html_walk *walk, struct arena *arena, struct html_facts *facts)
{
	walk->arena = walk->hidden.arena = walk->sheet.arena = arena;
	walk->facts = facts;
	html_text_init(&walk->text, arena, HTML_TEXT_MAX);
	html_text_init(&walk->link_text, arena, HTML_LINK_TEXT_MAX);
	walk->sheet.context = walk;
}

static const struct html_frame *
top(const struct html_walk *walk)
{
	static const struct html_frame root = { .font_size = CSS_FONT_DEFAULT };

	return walk->depth > 0 ? &walk->frames[walk->depth - 1] : &root;
}

static unsigned
hide_by_box(const struct css_style *style)
{
	const unsigned flags = style->flags;
	unsigned hide = 0;

	if ((flags & CSS_DISPLAY_NONE) != 0)
		hide |= HIDE_DISPLAY;
	if ((flags & CSS_OPACITY_0) != 0)
		hide |= HIDE_OPACITY;
	if ((flags & CSS_MAX_HEIGHT_0) != 0)
		hide |= HIDE_MAX_HEIGHT;
	if ((flags & CSS_OFFSET) != 0)
		hide |= HIDE_OFFSET;
	if ((flags & CSS_HEIGHT_0) != 0 && (flags & CSS_OVERFLOW_HIDDEN) != 0)
		hide |= HIDE_HEIGHT;
	return hide;
}

/* What a child can take back. */
static unsigned
hide_inherited(unsigned hide, const struct css_style *style)
{
	if ((style->flags & CSS_VISIBILITY_HIDDEN) != 0)
		hide |= HIDE_VISIBILITY;
	else if ((style->flags & CSS_VISIBILITY_VISIBLE) != 0)
		hide &= ~(unsigned)HIDE_VISIBILITY;
	if ((style->flags & CSS_INDENT_OUT) != 0)
		hide |= HIDE_INDENT;
	else if ((style->flags & CSS_INDENT_OTHER) != 0)
		hide &= ~(unsigned)HIDE_INDENT;
	return hide;
}

/* A class may set anything that is not set here. */
static void
set_font(struct html_frame *frame, const struct css_style *style, bool has_class)
{
	if ((style->flags & CSS_FONT_SIZE) != 0)
		frame->font_size = style->font_size;
	else if ((style->flags & CSS_FONT_UNKNOWN) != 0 || has_class)
		frame->font_size = CSS_FONT_DEFAULT;
	frame->hide &= ~(unsigned)HIDE_FONT;
	frame->hide |= frame->font_size <= TINY_FONT ? HIDE_FONT : 0;
}

static void
set_colours(struct html_frame *frame, const struct css_style *style,
    const struct attributes *at, bool has_class)
{
	struct css_colour attribute;

	if (style->colour.known != CSS_INHERIT) {
		frame->colour = style->colour;
	} else if (has_class || (frame->kind & KIND_A) != 0) {
		frame->colour.known = CSS_UNKNOWN;
	} else {
		attribute = css_attribute_colour(at->color != NULL ? at->color :
		    at->text);
		if (attribute.known != CSS_INHERIT)
			frame->colour = attribute;
	}
	if (at->background != NULL && *at->background != '\0') {
		frame->background.known = CSS_UNKNOWN;
	} else if (style->background.known != CSS_INHERIT) {
		frame->background = style->background;
	} else if (has_class) {
		frame->background.known = CSS_UNKNOWN;
	} else {
		attribute = css_attribute_colour(at->bgcolor);
		if (attribute.known != CSS_INHERIT)
			frame->background = attribute;
	}
	frame->hide &= ~(unsigned)HIDE_COLOUR;
	if (frame->colour.known == CSS_KNOWN && frame->background.known == CSS_KNOWN &&
	    css_colour_distance(&frame->colour, &frame->background) <= COLOUR_NEAR)
		frame->hide |= HIDE_COLOUR;
}

static void
add_part(struct buf *buf, const char *names)
{
	for (; names != NULL && *names != '\0'; names++)
		buf_add_char(buf, (unsigned char)*names <= ' ' ? ' ' : *names);
	buf_add_char(buf, ' ');
}

static void
set_hider(struct html_walk *walk, struct html_frame *frame, const struct attributes *at)
{
	struct html_hider *hider;
	struct buf names;

	hider = arena_alloc(walk->arena, sizeof(*hider));
	hider->up = frame->hider;
	buf_init(&names, walk->arena, NAMES_MAX);
	add_part(&names, at->class);
	add_part(&names, at->id);
	hider->names = buf_str(&names);
	frame->hider = hider;
}

static void
set_frame(struct html_walk *walk, struct html_frame *frame, const char *name,
    unsigned kind, const struct attributes *at, struct css_style *style_r)
{
	bool has_class = at->class != NULL && *at->class != '\0';

	*frame = *top(walk);
	frame->name = name;
	frame->kind = kind;
	frame->is_unseen |= (kind & KIND_UNSEEN) != 0;
	*style_r = (struct css_style){ 0 };
	if (at->style != NULL)
		css_style_read(slice_of(at->style), frame->font_size, style_r);
	frame->hide |= hide_by_box(style_r);
	frame->hide = hide_inherited(frame->hide, style_r);
	if (at->hidden && (style_r->flags & CSS_DISPLAY_OTHER) == 0)
		frame->hide |= HIDE_ATTRIBUTE;
	set_font(frame, style_r, has_class);
	set_colours(frame, style_r, at, has_class);
	if (frame->hide == 0)
		frame->hider = NULL;
	else if (has_class || at->id != NULL)
		set_hider(walk, frame, at);
}

/* A number of pixels, also "1px"; -1 for anything else. */
static int
image_side(const char *attribute, bool is_styled, int length)
{
	struct slice text;
	size_t n;
	unsigned long number;

	if (is_styled)
		return (length + CSS_PX - 1) / CSS_PX;
	if (attribute == NULL)
		return -1;
	text = slice_trim(slice_of(attribute));
	for (n = 0; n < text.n && text.p[n] >= '0' && text.p[n] <= '9'; n++)
		;
	if (n < text.n && text.p[n] == '%')
		return -1;
	return slice_number(slice_sub(text, 0, n), 100000, &number) ? (int)number : -1;
}

static void
add_image(struct html_walk *walk, const struct html_frame *frame,
    const struct attributes *at, const struct css_style *style)
{
	int width = image_side(at->width, (style->flags & CSS_WIDTH) != 0,
	    style->width);
	int height = image_side(at->height, (style->flags & CSS_HEIGHT) != 0,
	    style->height);
	bool is_tiny = width == 0 || height == 0 ||
	    (width == 1 && height == 1);

	/* The size of a font or its colour do not hide an image. */
	if (is_tiny || frame->is_unseen ||
	    (frame->hide & ~(unsigned)(HIDE_FONT | HIDE_COLOUR)) != 0) {
		walk->facts->images_tiny++;
		return;
	}
	walk->facts->images++;
	if (at->alt == NULL)
		walk->facts->images_without_alt++;
	walk->link_is_seen = true;
}

/*
 * Most links of a message lead to the host of the one before: where all up to
 * the path is the same, so is its reading.
 */
static bool
reads_as_last(struct html_walk *walk, struct html_link *link)
{
	const struct html_link *last = link - 1;
	size_t n = strlen(link->target), path, begin;

	if (walk->facts->n_links < 2 || last->url.host == NULL ||
	    last->url.has_invisible || n > URL_MAX)
		return false;
	path = last->url.path.n;
	begin = strlen(last->target) - path;
	if (path > strlen(last->target) || begin >= n ||
	    memcmp(last->target + begin, last->url.path.p, path) != 0 ||
	    memcmp(last->target, link->target, begin) != 0 ||
	    strchr("/?#", link->target[begin]) == NULL)
		return false;
	for (size_t i = begin; i < n; i++) {
		if (link->target[i] < ' ')	/* control, or not ASCII */
			return false;
	}
	link->url = last->url;
	link->url.path = (struct slice){ link->target + begin, n - begin };
	return true;
}

static void
parse_link(struct html_walk *walk, struct html_link *link)
{
	struct slice target = slice_of(link->target);
	const char *joined;

	if (reads_as_last(walk, link))
		return;
	url_parse(walk->arena, target, &link->url);
	if (link->url.kind != URL_NONE || walk->base == NULL || target.n == 0 ||
	    target.p[0] == '#' || target.n > URL_MAX)
		return;
	joined = arena_printf(walk->arena, "%s/%s", walk->base, link->target);
	url_parse(walk->arena, slice_of(joined), &link->url);
}

/* Outside of the arena, which would keep each size. */
static void
grow_links(struct html_walk *walk)
{
	struct html_link *links;
	size_t n = walk->facts->n_links;

	walk->links_allocated = n == 0 ? LINKS_FIRST : 2 * n;
	links = mem_array(walk->links_allocated, sizeof(*links));
	if (n > 0)
		memcpy(links, walk->links, n * sizeof(*links));
	free(walk->links);
	walk->links = links;
}

static struct html_link *
add_link(struct html_walk *walk, const char *target)
{
	struct html_facts *facts = walk->facts;
	struct html_link *link;

	facts->links_total++;
	if (facts->n_links == HTML_LINKS_MAX)
		return NULL;
	if (facts->n_links == walk->links_allocated)
		grow_links(walk);
	link = &walk->links[facts->n_links++];
	*link = (struct html_link){ .text = "" };
	link->target = slice_dup(walk->arena, slice_trim(slice_of(target)));
	parse_link(walk, link);
	return link;
}

static void
begin_a(struct html_walk *walk, const struct attributes *at)
{
	struct html_link *link;

	if (at->href == NULL)
		return;
	link = add_link(walk, at->href);
	walk->is_in_link = link != NULL;
	walk->link_at = walk->facts->n_links - 1;
	walk->link_is_seen = false;
	buf_clear(&walk->link_text.buf);
	walk->link_text.buf.truncated = false;
	walk->link_text.pending = '\0';
}

static void
end_a(struct html_walk *walk)
{
	struct html_link *link;
	struct slice text;

	if (!walk->is_in_link)
		return;
	walk->is_in_link = false;
	link = &walk->links[walk->link_at];
	text = html_text_get(&walk->link_text);
	link->text = text.n > 0 ? slice_dup(walk->arena, text) : "";
	link->is_hidden = !walk->link_is_seen;
}

static void
add_form(struct html_walk *walk, const struct attributes *at)
{
	struct html_link *link;

	if (walk->facts->form == NULL)
		walk->facts->form = at->action != NULL ?
		    arena_printf(walk->arena, "a form to %s", at->action) : "a form";
	if (at->action == NULL || at->action[0] == '\0')
		return;
	link = add_link(walk, at->action);
	if (link != NULL)
		link->is_form = true;
}

static void
set_active(struct html_walk *walk, const char *name, const char *source)
{
	if (walk->facts->script != NULL)
		return;
	walk->facts->script = source != NULL && *source != '\0' ?
	    arena_printf(walk->arena, "<%s> of %s", name, source) :
	    arena_printf(walk->arena, "<%s>", name);
}

static void
add_style(struct html_walk *walk, struct slice href)
{
	struct html_facts *facts = walk->facts;
	struct url url;

	url_parse(walk->arena, href, &url);
	if ((url.kind != URL_HTTP && url.kind != URL_HTTPS) ||
	    facts->n_styles == HTML_STYLES_MAX)
		return;
	if (facts->styles == NULL)
		facts->styles = arena_array(walk->arena, HTML_STYLES_MAX,
		    sizeof(*facts->styles));
	facts->styles[facts->n_styles++] = slice_dup(walk->arena, slice_trim(href));
}

static void
import_style(void *context, struct slice url)
{
	add_style(context, url);
}

static void
read_meta(struct html_walk *walk, const struct attributes *at)
{
	if (at->http_equiv != NULL &&
	    slice_is(slice_trim(slice_of(at->http_equiv)), "refresh"))
		set_active(walk, "meta refresh", at->content);
}

static void
read_base(struct html_walk *walk, const struct attributes *at)
{
	struct url url;

	if (at->href == NULL || walk->base != NULL)
		return;
	url_parse(walk->arena, slice_of(at->href), &url);
	if (url.host == NULL)
		return;
	walk->base = arena_printf(walk->arena, "%s://%s",
	    url.kind == URL_HTTP ? "http" : "https", url.host);
}

/* What an element is besides its text. */
static void
read_element(struct html_walk *walk, const struct html_frame *frame,
    const struct attributes *at, const struct css_style *style)
{
	unsigned kind = frame->kind;

	if (at->handler != NULL && walk->facts->form == NULL)
		walk->facts->form = arena_printf(walk->arena, "%s on <%s>", at->handler,
		    frame->name);
	if ((kind & KIND_A) != 0)
		begin_a(walk, at);
	else if ((kind & KIND_IMG) != 0)
		add_image(walk, frame, at, style);
	else if ((kind & KIND_AREA) != 0 && at->href != NULL)
		add_link(walk, at->href);
	else if ((kind & KIND_FORM) != 0)
		add_form(walk, at);
	else if ((kind & KIND_META) != 0)
		read_meta(walk, at);
	else if ((kind & KIND_BASE) != 0)
		read_base(walk, at);
	else if ((kind & KIND_ACTIVE) != 0)
		set_active(walk, frame->name, at->src != NULL ? at->src : at->data);
	else if ((kind & KIND_SCRIPT) != 0 && (at->type == NULL ||
	    !slice_is(slice_trim(slice_of(at->type)), "application/ld+json")))
		set_active(walk, frame->name, at->src);
	else if ((kind & KIND_LINK) != 0 && at->rel != NULL && at->href != NULL &&
	    slice_find_nocase(slice_of(at->rel), "stylesheet") < strlen(at->rel))
		add_style(walk, slice_of(at->href));
	else if ((kind & KIND_INPUT) != 0 && at->type != NULL &&
	    slice_is(slice_of(at->type), "image"))
		add_image(walk, frame, at, style);
}

static void
break_line(struct html_walk *walk, unsigned kind)
{
	char separator = (kind & KIND_BLOCK) != 0 ? '\n' : ' ';

	if ((kind & (KIND_BLOCK | KIND_CELL)) == 0)
		return;
	html_text_break(&walk->text, separator);
	if (walk->is_in_link)
		html_text_break(&walk->link_text, ' ');
}

static struct html_frame *
push(struct html_walk *walk)
{
	struct html_frame *frames;

	if (walk->depth == walk->allocated) {
		walk->allocated = walk->depth == 0 ? FRAMES_FIRST : 2 * walk->depth;
		frames = arena_array(walk->arena, walk->allocated, sizeof(*frames));
		if (walk->depth > 0)
			memcpy(frames, walk->frames, walk->depth * sizeof(*frames));
		walk->frames = frames;
	}
	return &walk->frames[walk->depth];
}

void
html_walk_start(struct html_walk *walk, const char *name, const char *const *attributes)
{
	struct html_frame *frame;
	struct attributes at;
	struct css_style style;

	if (walk->stopped)
		return;
	if (walk->depth == HTML_DEPTH_MAX) {
		walk->stopped = true;
		walk->facts->over_limit = true;
		return;
	}
	read_attributes(attributes, &at);
	frame = push(walk);
	set_frame(walk, frame, name, find_kind(name), &at, &style);
	walk->depth++;
	break_line(walk, frame->kind);
	read_element(walk, frame, &at, &style);
}

void
html_walk_end(struct html_walk *walk, const char *name)
{
	unsigned kind;

	/* The parser closes what it opened, innermost first. */
	if (walk->stopped || walk->depth == 0 || strcmp(top(walk)->name, name) != 0)
		return;
	kind = top(walk)->kind;
	walk->depth--;
	if ((kind & KIND_A) != 0)
		end_a(walk);
	break_line(walk, kind);
}

static void
add_hidden(struct html_walk *walk, const struct html_frame *frame, const char *bytes,
    size_t n, size_t count)
{
	struct html_run run = {
		.hider = frame->hider, .count = count,
		.by_colour = frame->hide == HIDE_COLOUR,
		.is_early = walk->facts->visible < EARLY,
	};
	size_t i;

	for (i = 0; (frame->hide & (1u << i)) == 0; i++)
		;
	run.how = hide_names[i];
	html_hidden_add(&walk->hidden, &run, bytes, n);
}

void
html_walk_text(struct html_walk *walk, const char *bytes, size_t n)
{
	const struct html_frame *frame = top(walk);
	size_t count;

	if (walk->stopped || frame->is_unseen)
		return;
	count = text_count((struct slice){ bytes, n });
	if (frame->hide != 0) {
		if (count > 0)
			add_hidden(walk, frame, bytes, n, count);
		return;
	}
	walk->facts->visible += count;
	html_text_add(&walk->text, bytes, n);
	if (walk->is_in_link) {
		html_text_add(&walk->link_text, bytes, n);
		walk->link_is_seen |= count > 0;
	}
}

void
html_walk_sheet(struct html_walk *walk, struct slice css)
{
	walk->sheet.import = import_style;
	css_sheet_read(&walk->sheet, css);
}

void
html_walk_free(struct html_walk *walk)
{
	free(walk->links);
	walk->links = NULL;
}

void
html_walk_finish(struct html_walk *walk)
{
	struct html_facts *facts = walk->facts;

	end_a(walk);
	facts->links = arena_array(walk->arena, facts->n_links, sizeof(*facts->links));
	if (facts->n_links > 0)
		memcpy(facts->links, walk->links,
		    facts->n_links * sizeof(*facts->links));
	html_walk_free(walk);
	facts->text = html_text_get(&walk->text);
	if (walk->text.buf.truncated)
		facts->over_limit = true;
	html_hidden_finish(&walk->hidden, &walk->sheet, facts);
}
