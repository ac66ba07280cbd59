/*
 * Finds the plainest words for a difference: each question is asked in turn,
 * from "nothing but blanks" to "another text".
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "tool/compare.h"

#define COMPARE_BODY_MAX (8 * 1024 * 1024)

/* ---- taking a message apart ---- */

static struct slice
take_line(struct slice *rest)
{
	struct slice line;

	if (!slice_split(rest, '\n', &line))
		line = SLICE("");
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

void
message_split(struct slice text, struct message_text *split_r)
{
	struct slice line, before;

	split_r->n = 0;
	while (text.n > 0) {
		before = text;
		line = take_line(&text);
		if (line.n == 0)
			break;
		if (is_blank(*line.p) && split_r->n > 0) {
			struct slice *value = &split_r->values[split_r->n - 1];

			value->n = (size_t)(line.p + line.n - value->p);
			continue;
		}
		if (slice_find(line, ':') == line.n || split_r->n == COMPARE_FIELDS_MAX) {
			text = before;		/* the body, or more than is read */
			break;
		}
		split_r->names[split_r->n] = slice_trim(slice_sub(line, 0,
		    slice_find(line, ':')));
		split_r->values[split_r->n++] = slice_sub(line, slice_find(line, ':') + 1,
		    line.n);
	}
	split_r->body = text;
}

long
message_find(const struct message_text *message, const char *name, size_t end)
{
	for (size_t i = end < message->n ? end : message->n; i > 0; i--)
		if (slice_is(message->names[i - 1], name))
			return (long)(i - 1);
	return -1;
}

static const char *
shown(struct arena *arena, struct slice text)
{
	return log_safe(arena, text, COMPARE_SHOWN_MAX);
}

/* ---- fields ---- */

/* Unfolded, runs of blanks as one (RFC 6376 section 3.4.2). */
static struct slice
relax(struct arena *arena, struct slice value)
{
	char *out = arena_alloc(arena, value.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		char byte = value.p[i];

		if (byte == '\r' || byte == '\n')
			continue;
		if (!is_blank(byte))
			out[n++] = byte;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	return (struct slice){ out, n };
}

static bool
is_named(struct slice name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (slice_is(name, *names))
			return true;
	return false;
}

static bool
ends_with(struct slice text, struct slice end)
{
	return text.n >= end.n && memcmp(text.p + text.n - end.n, end.p, end.n) == 0;
}

static bool
starts_with(struct slice text, struct slice start)
{
	return text.n >= start.n && memcmp(text.p, start.p, start.n) == 0;
}

static void
describe_value(struct arena *arena, struct slice name, struct slice was, struct slice is,
    struct message_change *change)
{
	static const char *const addresses[] = { "From", "Sender", "Reply-To", "To", "Cc",
	    NULL };
	static const char *const types[] = { "Content-Type", "Content-Transfer-Encoding",
	    "MIME-Version", NULL };

	change->kind = is_named(name, addresses) ? CHANGE_FIELD_ADDRESS :
	    is_named(name, types) ? CHANGE_FIELD_TYPE : CHANGE_FIELD_TEXT;
	if (slice_eq(was, is)) {
		change->kind = CHANGE_FIELD_LAYOUT;
		change->text = "is folded or spaced otherwise";
	} else if (was.n > 0 && ends_with(is, was)) {
		change->text = arena_printf(arena, "got \"%s\" before its text",
		    shown(arena, slice_sub(is, 0, is.n - was.n)));
	} else if (was.n > 0 && starts_with(is, was)) {
		change->text = arena_printf(arena, "got \"%s\" behind its text",
		    shown(arena, slice_sub(is, was.n, is.n)));
	} else {
		change->text = arena_printf(arena, "\"%s\" became \"%s\"", shown(arena, was),
		    shown(arena, is));
	}
}

/* The same value among the fields of that name: one above it may be added. */
static bool
has_value(const struct message_text *message, struct slice name, struct slice value)
{
	for (size_t i = 0; i < message->n; i++)
		if (slice_eq_nocase(message->names[i], name) &&
		    slice_eq(message->values[i], value))
			return true;
	return false;
}

size_t
compare_fields(struct arena *arena, const struct message_text *was,
    const struct message_text *is, const char *const *skip,
    struct message_change *changes, size_t max)
{
	static const char *const trace[] = { "Received", "Return-Path", "DKIM-Signature",
	    "X-Mailworthy", "Delivered-To", "X-Original-To", NULL };
	size_t n = 0;

	for (size_t i = 0; i < was->n && n < max; i++) {
		struct message_change *change = &changes[n];
		long place;

		if (is_named(was->names[i], trace) || is_named(was->names[i], skip) ||
		    has_value(is, was->names[i], was->values[i]))
			continue;
		change->field = shown(arena, was->names[i]);
		place = message_find(is, slice_dup(arena, was->names[i]), is->n);
		n++;
		if (place >= 0) {
			describe_value(arena, was->names[i], relax(arena, was->values[i]),
			    relax(arena, is->values[place]), change);
			continue;
		}
		change->kind = CHANGE_FIELD_LOST;
		change->text = "is gone";
	}
	return n;
}

/* ---- the body ---- */

static bool
has_8bit(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] > 127)
			return true;
	return false;
}

static struct slice
without_end(struct slice text)
{
	while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	return text;
}

enum filter { WITHOUT_BLANKS, WITHOUT_DOTS, WITHOUT_MARKS, WITHOUT_CUTS };

/* The text with each line as the filter leaves it. */
static struct slice
filter(struct arena *arena, struct slice text, enum filter kind)
{
	struct slice rest = without_end(text), line;
	struct buf out;

	buf_init(&out, arena, COMPARE_BODY_MAX);
	for (bool first = true; rest.n > 0; first = false) {
		line = take_line(&rest);
		if (kind == WITHOUT_BLANKS)
			while (line.n > 0 && is_blank(line.p[line.n - 1]))
				line.n--;
		while (kind == WITHOUT_DOTS && line.n > 0 && *line.p == '.')
			line = slice_sub(line, 1, line.n);
		if (kind == WITHOUT_MARKS && slice_starts_nocase(line, ">From "))
			line = slice_sub(line, 1, line.n);
		/* a cut is CRLF and a blank; ends of lines go too */
		if (kind == WITHOUT_CUTS && line.n > 0 && *line.p == ' ')
			line = slice_sub(line, 1, line.n);
		if (!first && kind != WITHOUT_CUTS)
			buf_add_str(&out, "\n");
		buf_add_slice(&out, line);
	}
	return (struct slice){ buf_str(&out), out.n };
}

static bool
same_but(struct arena *arena, struct slice was, struct slice is, enum filter kind)
{
	return slice_eq(filter(arena, was, kind), filter(arena, is, kind));
}

/* Each octet the same but for its eighth bit, or '?' for one or a run of them. */
static bool
lost_8bit(struct slice was, struct slice is)
{
	size_t i = 0, k = 0;
	bool lost = false;

	while (i < was.n && k < is.n) {
		unsigned char a = (unsigned char)was.p[i], b = (unsigned char)is.p[k];

		if (a != b && (a < 128 || (b != (a & 127) && b != '?')))
			return false;
		lost = lost || a != b;
		i++;
		k++;
	}
	return lost && i == was.n && k == is.n;
}

static void
describe_line(struct arena *arena, struct slice was, struct slice is,
    struct message_change *change)
{
	for (unsigned number = 1;; number++) {
		struct slice a = take_line(&was), b = take_line(&is);

		if (slice_eq(a, b) && (was.n > 0 || is.n > 0))
			continue;
		change->text = arena_printf(arena, "line %u: \"%s\" became \"%s\"", number,
		    shown(arena, a), shown(arena, b));
		return;
	}
}

bool
compare_body(struct arena *arena, struct slice was, struct slice is,
    struct message_change *change_r)
{
	struct slice a = without_end(was), b = without_end(is);

	if (slice_eq(was, is))
		return false;
	change_r->field = "";
	change_r->kind = CHANGE_BODY_OTHER;
	if (slice_eq(a, b)) {
		change_r->kind = CHANGE_BODY_END;
		change_r->text = "empty lines at its end came or went";
	} else if (same_but(arena, was, is, WITHOUT_BLANKS)) {
		change_r->kind = CHANGE_BODY_BLANKS;
		change_r->text = "blanks at ends of lines are gone";
	} else if (a.n > 0 && starts_with(b, a)) {
		change_r->kind = CHANGE_BODY_FOOTER;
		change_r->text = arena_printf(arena, "got text at its end: \"%s\"",
		    shown(arena, slice_trim(slice_sub(b, a.n, b.n))));
	} else if (a.n > 0 && ends_with(b, a)) {
		change_r->kind = CHANGE_BODY_BANNER;
		change_r->text = arena_printf(arena, "got text before it: \"%s\"",
		    shown(arena, slice_trim(slice_sub(b, 0, b.n - a.n))));
	} else if (lost_8bit(a, b)) {
		change_r->kind = CHANGE_BODY_8BIT_LOST;
		change_r->text = "8-bit characters were spoilt";
	} else if (has_8bit(a) && !has_8bit(b)) {
		change_r->kind = CHANGE_BODY_RECODED;
		change_r->text = "8-bit text was recoded";
	} else if (same_but(arena, was, is, WITHOUT_DOTS)) {
		change_r->kind = CHANGE_BODY_DOTS;
		change_r->text = "dots at the start of lines came or went";
	} else if (same_but(arena, was, is, WITHOUT_MARKS)) {
		change_r->kind = CHANGE_BODY_FROM;
		change_r->text = "\">\" was put before \"From \" at the start of a line";
	} else if (same_but(arena, was, is, WITHOUT_CUTS)) {
		change_r->kind = CHANGE_BODY_CUT;
		change_r->text = "long lines were cut";
	} else {
		describe_line(arena, a, b, change_r);
	}
	return true;
}

bool
change_breaks_relaxed(enum change_kind kind)
{
	switch (kind) {
	case CHANGE_FIELD_LAYOUT: case CHANGE_BODY_BLANKS: case CHANGE_BODY_END:
		return false;
	case CHANGE_FIELD_ADDRESS: case CHANGE_FIELD_TEXT: case CHANGE_FIELD_LOST:
	case CHANGE_FIELD_TYPE: case CHANGE_BODY_FOOTER: case CHANGE_BODY_BANNER:
	case CHANGE_BODY_RECODED: case CHANGE_BODY_8BIT_LOST: case CHANGE_BODY_CUT:
	case CHANGE_BODY_DOTS: case CHANGE_BODY_FROM: case CHANGE_BODY_OTHER:
		break;
	}
	return true;
}
