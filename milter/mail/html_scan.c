/*
 * The first pass over HTML: a small tokenizer that copies.
 */
#include <string.h>

#include "mail/html.h"
#include "mail/html_scan.h"

#define SCAN_ROOT "mw-root"

enum { VALUE_CUT = 2 * SCAN_VALUE_MAX };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_ascii(char c)
{
	return (unsigned char)c < 0x80;
}

/* Not the first byte of a character of UTF-8. */
static bool
is_inner(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void
flush(struct html_scan *scan)
{
	if (scan->n_out > 0)
		scan->feed(scan->context, scan->out, scan->n_out);
	scan->n_out = 0;
}

static void
put(struct html_scan *scan, const char *bytes, size_t n)
{
	size_t room;

	while (n > 0) {
		room = sizeof(scan->out) - scan->n_out;
		if (room > n)
			room = n;
		memcpy(scan->out + scan->n_out, bytes, room);
		scan->n_out += room;
		bytes += room;
		n -= room;
		if (scan->n_out == sizeof(scan->out))
			flush(scan);
	}
}

/* One byte of a tag. */
static void
put_tag(struct html_scan *scan, char c)
{
	scan->n_tag++;
	scan->out[scan->n_out++] = c;
	if (scan->n_out == sizeof(scan->out))
		flush(scan);
}

static void
put_name(struct html_scan *scan, const char *name, size_t n)
{
	scan->n_tag += n;
	put(scan, name, n);
}

void
html_scan_begin(struct html_scan *scan, struct arena *arena)
{
	scan->state = SCAN_TEXT;
	buf_init(&scan->css, arena, SCAN_SHEET_MAX);
	/* The parser ends where the first element does. */
	put(scan, "<" SCAN_ROOT ">", strlen("<" SCAN_ROOT ">"));
}

/* What stands in these is no text and no tags. */
static bool
is_raw(const char *name)
{
	static const char *const names[] = {
		"script", "style", "title", "iframe", "noframes", "noembed",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i][0] == name[0] && strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* What mail/html_walk.c looks at, and every event handler. */
static bool
is_wanted(const char *name, size_t n)
{
	static const char *const names[] = {
		"action", "alt", "background", "bgcolor", "class", "color", "content",
		"data", "height", "hidden", "href", "http-equiv", "id", "rel", "src",
		"style", "text", "type", "width",
	};

	if (n > 4 && name[0] == 'o' && name[1] == 'n')
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i][0] == name[0] && strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void
begin_tag(struct html_scan *scan, bool is_end_tag)
{
	scan->is_end_tag = is_end_tag;
	scan->n_name = scan->n_tag = scan->attributes = 0;
	scan->in_attribute = scan->has_attribute = scan->has_slash = false;
	scan->is_skipped = scan->is_wanted = false;
	scan->state = SCAN_NAME;
}

/*
 * Half a document's frame confuses the parser: an end tag of body ends it, a
 * head not closed swallows the text.  Nothing is lost: title, style and script
 * tell for themselves.
 */
static bool
is_frame(const struct html_scan *scan)
{
	const char *name = scan->name;

	return strcmp(name, "html") == 0 || strcmp(name, "head") == 0 ||
	    (scan->is_end_tag && strcmp(name, "body") == 0) ||
	    strcmp(name, SCAN_ROOT) == 0;
}

/* An end tag of what was never opened costs the parser a look at all that is. */
static bool
is_unmatched(struct html_scan *scan)
{
	unsigned hash = 0;

	for (const char *p = scan->name; *p != '\0'; p++)
		hash = hash * 31 + (unsigned char)*p;
	hash %= SCAN_OPEN_NAMES;
	if (!scan->is_end_tag)
		scan->open[hash]++;
	else if (scan->open[hash] > 0)
		scan->open[hash]--;
	else
		return true;
	return false;
}

static void
count_tables(struct html_scan *scan)
{
	if (!scan->is_end_tag)
		scan->tables++;
	else if (scan->tables > 0)
		scan->tables--;
}

/* Behind the name of a tag. */
static void
name_known(struct html_scan *scan)
{
	scan->name[scan->n_name] = '\0';
	scan->state = scan->is_end_tag ? SCAN_END_TAG : SCAN_TAG;
	if (strcmp(scan->name, "table") == 0)
		count_tables(scan);
	if (is_frame(scan)) {
		scan->is_skipped = true;
		scan->has_root |= strcmp(scan->name, "html") == 0;
	} else if (is_unmatched(scan)) {
		scan->is_skipped = true;
		/* Browsers make a paragraph, a line of these. */
		if (strcmp(scan->name, "p") == 0 || strcmp(scan->name, "br") == 0)
			put(scan, "<br>", 4);
	} else {
		put(scan, scan->is_end_tag ? "</" : "<", scan->is_end_tag ? 2 : 1);
		put_name(scan, scan->name, scan->n_name);
	}
}

static void
end_of_tag(struct html_scan *scan)
{
	if (!scan->is_skipped) {
		/* HTML's own elements do not end so. */
		if (scan->has_slash && !scan->is_end_tag &&
		    strchr(scan->name, ':') != NULL)
			put_tag(scan, '/');
		put_tag(scan, '>');
	}
	scan->n_text = 0;
	scan->state = SCAN_TEXT;
	if (!scan->is_end_tag && is_raw(scan->name)) {
		scan->state = SCAN_RAW;
		scan->n_match = 0;
		buf_clear(&scan->css);
	}
}

static void
in_name(struct html_scan *scan, char c)
{
	if (is_blank(c) || c == '/' || c == '>') {
		name_known(scan);
		scan->has_slash = c == '/';
		if (c == '>')
			end_of_tag(scan);
	} else if (scan->n_name < SCAN_NAME_MAX) {
		scan->name[scan->n_name++] = is_ascii(c) ? lower(c) : '_';
	}
}

/* Behind the name of an attribute. */
static void
attribute_known(struct html_scan *scan)
{
	if (!scan->in_attribute)
		return;
	scan->in_attribute = false;
	scan->has_attribute = true;
	scan->attribute[scan->n_attribute] = '\0';
	scan->is_wanted = !scan->is_skipped &&
	    is_wanted(scan->attribute, scan->n_attribute);
	if (!scan->is_wanted)
		return;
	if (++scan->attributes > SCAN_ATTRIBUTES_MAX || scan->n_tag > HTML_TAG_MAX) {
		scan->is_wanted = false;
		scan->over_limit = true;
		return;
	}
	put_tag(scan, ' ');
	put_name(scan, scan->attribute, scan->n_attribute);
}

static void
in_tag(struct html_scan *scan, char c)
{
	if (c == '>') {
		attribute_known(scan);
		end_of_tag(scan);
	} else if (is_blank(c) || c == '/') {
		attribute_known(scan);
		scan->has_slash = c == '/' || (scan->has_slash && is_blank(c));
	} else if (c == '=' && (scan->in_attribute || scan->has_attribute)) {
		attribute_known(scan);
		scan->has_attribute = false;
		scan->state = SCAN_EQUALS;
		if (scan->is_wanted)
			put_tag(scan, '=');
	} else {
		if (!scan->in_attribute)
			scan->n_attribute = 0;
		scan->in_attribute = true;
		scan->has_slash = false;
		if (scan->n_attribute < SCAN_NAME_MAX)
			scan->attribute[scan->n_attribute++] =
			    is_ascii(c) ? lower(c) : '_';
	}
}

static void
put_value(struct html_scan *scan, const char *bytes, size_t n)
{
	size_t end;

	if (!scan->is_wanted)
		return;
	if (scan->n_value + n > SCAN_VALUE_MAX) {
		/* Half a character would make the parser doubt the charset. */
		end = scan->n_value < SCAN_VALUE_MAX ?
		    SCAN_VALUE_MAX - scan->n_value : 0;
		while (end < n && scan->n_value != VALUE_CUT && is_inner(bytes[end]))
			end++;
		scan->n_value = end < n ? VALUE_CUT : scan->n_value + end;
		n = end;
	} else {
		scan->n_value += n;
	}
	put_name(scan, bytes, n);
}

static void
behind_equals(struct html_scan *scan, char c)
{
	if (is_blank(c))
		return;
	if (c == '>') {
		end_of_tag(scan);
		return;
	}
	scan->n_value = 0;
	scan->quote = c;
	scan->state = SCAN_UNQUOTED;
	if (c != '"' && c != '\'') {
		put_value(scan, &c, 1);
		return;
	}
	scan->state = SCAN_QUOTED;
	if (scan->is_wanted)
		put_tag(scan, c);
}

/* Gives how many bytes it took. */
static size_t
in_quoted(struct html_scan *scan, const char *bytes, size_t n)
{
	const char *end = memchr(bytes, scan->quote, n);

	put_value(scan, bytes, end != NULL ? (size_t)(end - bytes) : n);
	if (end == NULL)
		return n;
	if (scan->is_wanted)
		put_tag(scan, scan->quote);
	scan->state = SCAN_TAG;
	return (size_t)(end - bytes) + 1;
}

static size_t
in_unquoted(struct html_scan *scan, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && !is_blank(bytes[i]) && bytes[i] != '>'; i++)
		;
	put_value(scan, bytes, i);
	if (i < n)
		scan->state = SCAN_TAG;
	return i;
}

static void
behind_open(struct html_scan *scan, char c)
{
	scan->state = SCAN_BOGUS;
	if (is_letter(c)) {
		begin_tag(scan, false);
		in_name(scan, c);
	} else if (c == '/') {
		scan->state = SCAN_CLOSE;
	} else if (c == '!') {
		scan->state = SCAN_MARKUP;
		scan->dashes = 0;
	} else if (c != '?') {
		scan->state = SCAN_TEXT;
		put(scan, "&lt;", 4);
	}
}

static void
behind_close(struct html_scan *scan, char c)
{
	if (is_letter(c)) {
		begin_tag(scan, true);
		in_name(scan, c);
	} else {
		scan->state = c == '>' ? SCAN_TEXT : SCAN_BOGUS;
	}
}

static void
in_markup(struct html_scan *scan, char c)
{
	if (c == '>') {
		scan->state = SCAN_TEXT;
	} else if (c != '-') {
		scan->state = SCAN_BOGUS;
	} else if (++scan->dashes == 2) {
		/* "<!-->" is a comment already. */
		scan->state = SCAN_COMMENT;
		scan->bang = false;
	}
}

static size_t
in_comment(struct html_scan *scan, const char *bytes, size_t n)
{
	const char *dash;
	size_t i;

	if (scan->dashes == 0) {
		dash = memchr(bytes, '-', n);
		if (dash == NULL)
			return n;
		scan->dashes = 1;
		return (size_t)(dash - bytes) + 1;
	}
	for (i = 0; i < n && bytes[i] == '-' && !scan->bang; i++)
		scan->dashes++;
	if (i == n)
		return n;
	if (bytes[i] == '>' && scan->dashes >= 2)
		scan->state = SCAN_TEXT;
	else if (bytes[i] == '!' && scan->dashes >= 2 && !scan->bang)
		scan->bang = true;
	else {
		scan->dashes = bytes[i] == '-';
		scan->bang = false;
	}
	return i + 1;
}

static bool
is_style(const struct html_scan *scan)
{
	return strcmp(scan->name, "style") == 0;
}

/* To "</name" and what may stand behind a name. */
static size_t
in_raw(struct html_scan *scan, const char *bytes, size_t n)
{
	size_t length = strlen(scan->name), i;
	const char *open;
	char c = bytes[0];

	if (scan->n_match == 0) {
		open = memchr(bytes, '<', n);
		i = open != NULL ? (size_t)(open - bytes) : n;
		scan->n_match = open != NULL;
		if (is_style(scan))
			buf_add(&scan->css, bytes, i);
		return open != NULL ? i + 1 : n;
	}
	if (scan->n_match == length + 2 && (is_blank(c) || c == '/' || c == '>')) {
		if (is_style(scan))
			scan->sheet(scan->context, (struct slice){ scan->css.p,
			    scan->css.n });
		begin_tag(scan, true);
		scan->n_name = length;
		name_known(scan);
		return 0;
	}
	if ((scan->n_match == 1 && c == '/') || (scan->n_match >= 2 &&
	    scan->n_match < length + 2 && lower(c) == scan->name[scan->n_match - 2])) {
		scan->n_match++;
		return 1;
	}
	scan->n_match = 0;
	return 0;
}

/*
 * The parser waits for the next tag before it reads a text.  An empty comment is
 * put where no character and no entity is cut in two: before a blank, before an
 * "&", or far behind the last of them.
 */
static size_t
break_text(struct html_scan *scan, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (is_blank(bytes[i]) || bytes[i] == '&')
			break;
		if (scan->n_text + i >= 2 * SCAN_TEXT_MAX && !is_inner(bytes[i]))
			break;
	}
	put(scan, bytes, i);
	scan->n_text += i;
	if (i < n) {
		put(scan, "<!---->", strlen("<!---->"));
		scan->n_text = 0;
	}
	return i;
}

static size_t
in_text(struct html_scan *scan, const char *bytes, size_t n)
{
	const char *open;
	size_t length;

	if (scan->n_text >= SCAN_TEXT_MAX)
		return break_text(scan, bytes, n);
	length = n < SCAN_TEXT_MAX ? n : SCAN_TEXT_MAX;
	open = memchr(bytes, '<', length);
	if (open != NULL)
		length = (size_t)(open - bytes);
	put(scan, bytes, length);
	scan->n_text += length;
	if (open == NULL)
		return length;
	scan->state = SCAN_OPEN;
	return length + 1;
}

/* Bytes without NUL; gives how many it took. */
static size_t
step(struct html_scan *scan, const char *bytes, size_t n)
{
	const char *p;

	switch (scan->state) {
	case SCAN_TEXT:
		return in_text(scan, bytes, n);
	case SCAN_OPEN:
		behind_open(scan, bytes[0]);
		return scan->state == SCAN_TEXT ? 0 : 1;
	case SCAN_CLOSE:
		behind_close(scan, bytes[0]);
		return 1;
	case SCAN_NAME:
		in_name(scan, bytes[0]);
		return 1;
	case SCAN_TAG:
		in_tag(scan, bytes[0]);
		return 1;
	case SCAN_EQUALS:
		behind_equals(scan, bytes[0]);
		return 1;
	case SCAN_QUOTED:
		return in_quoted(scan, bytes, n);
	case SCAN_UNQUOTED:
		return in_unquoted(scan, bytes, n);
	case SCAN_MARKUP:
		in_markup(scan, bytes[0]);
		return 1;
	case SCAN_BOGUS:
	case SCAN_END_TAG:
		p = memchr(bytes, '>', n);
		if (p == NULL)
			return n;
		if (scan->state == SCAN_END_TAG)
			end_of_tag(scan);
		scan->state = SCAN_TEXT;
		return (size_t)(p - bytes) + 1;
	case SCAN_COMMENT:
		return in_comment(scan, bytes, n);
	case SCAN_RAW:
		return in_raw(scan, bytes, n);
	}
	return n;
}

static void
add_run(struct html_scan *scan, const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n)
		i += step(scan, bytes + i, n - i);
}

void
html_scan_add(struct html_scan *scan, const char *bytes, size_t n)
{
	const char *nul;

	while (n > 0 && (nul = memchr(bytes, '\0', n)) != NULL) {
		add_run(scan, bytes, (size_t)(nul - bytes));
		n -= (size_t)(nul - bytes) + 1;
		bytes = nul + 1;
	}
	add_run(scan, bytes, n);
}

bool
html_scan_finish(struct html_scan *scan)
{
	flush(scan);
	return scan->state == SCAN_NAME || scan->state == SCAN_TAG ||
	    scan->state == SCAN_EQUALS || scan->state == SCAN_QUOTED ||
	    scan->state == SCAN_UNQUOTED || scan->state == SCAN_END_TAG;
}
