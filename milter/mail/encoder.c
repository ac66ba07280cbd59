/*
 * The encodings as small machines that take one octet at a time.
 */
#include <string.h>

#include "base/base64.h"
#include "base/spool.h"
#include "mail/bytes.h"
#include "mail/encoder.h"

enum {
	QP_COLUMNS = ENCODER_LINE_MAX - 1,	/* "=" must still go behind */
	OUTSIDE_COLUMNS = 998,
	OUTSIDE_BREAK = 900,	/* the first blank after this becomes a line end */
};

/* ---- output ---- */

static void
flush(struct encoder *t)
{
	if (t->out != NULL)
		spool_add(t->out, t->text, t->n);
	t->n = 0;
}

static void
put(struct encoder *t, char c)
{
	if (t->n == sizeof(t->text))
		flush(t);
	t->text[t->n++] = c;
	t->column++;
}

static void
line_end(struct encoder *t)
{
	put(t, '\r');
	put(t, '\n');
	t->column = 0;
	t->first = '\0';
	t->from = 0;
}

/* At most what is left of a line. */
static void
put_run(struct encoder *t, const char *p, size_t n)
{
	if (sizeof(t->text) - t->n < n)
		flush(t);
	memcpy(t->text + t->n, p, n);
	t->n += n;
	t->column += n;
}

/* ---- quoted-printable ---- */

static void
make_room(struct encoder *t, size_t n)
{
	if (t->column + n <= QP_COLUMNS)
		return;
	put(t, '=');
	line_end(t);
}

static void
put_quoted(struct encoder *t, char byte)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c = (unsigned char)byte;

	make_room(t, 3);
	put(t, '=');
	put(t, hex[c >> 4]);
	put(t, hex[c & 15]);
}

/* What somebody on the way could take for something else. */
static bool
misleads(const struct encoder *t, char c)
{
	if (t->column == 0)
		return c == '.';
	if (t->column == 1)
		return c == '-' && t->first == '-';
	return t->column == 4 && t->from == 4 && c == ' ';
}

static void
put_literal(struct encoder *t, char c)
{
	static const char from[] = "From";

	make_room(t, 1);
	if (misleads(t, c)) {
		put_quoted(t, c);
		return;
	}
	if (t->column == 0)
		t->first = c;
	if (t->column < 4 && t->from == t->column && c == from[t->column])
		t->from++;
	put(t, c);
}

static bool
is_literal(char c)
{
	return c >= ' ' && c <= '~' && c != '=';
}

static void
put_either(struct encoder *t, char c)
{
	if (is_literal(c) || c == '\t')
		put_literal(t, c);
	else
		put_quoted(t, c);
}

/* A blank at the end of a line would be lost. */
static void
release_blank(struct encoder *t, bool at_end)
{
	char blank = t->blank;

	t->blank = '\0';
	if (blank == '\0')
		return;
	if (at_end)
		put_quoted(t, blank);
	else
		put_literal(t, blank);
}

static void
qp_byte(struct encoder *t, char c)
{
	if (t->cr) {
		t->cr = false;
		release_blank(t, c == '\n');
		if (c == '\n') {
			line_end(t);
			return;
		}
		put_quoted(t, '\r');
	}
	if (c == '\r') {
		t->cr = true;
		return;
	}
	release_blank(t, false);
	if (c == ' ' || c == '\t')
		t->blank = c;
	else
		put_either(t, c);
}

/* How many octets at the front can go out as they are, in one piece. */
static size_t
qp_run(const struct encoder *t, const char *p, size_t n)
{
	const char *equals;

	/* what misleads stands at the beginning of a line */
	if (t->cr || t->blank != '\0' || t->column < 5 || t->column >= QP_COLUMNS)
		return 0;
	if (n > QP_COLUMNS - t->column)
		n = QP_COLUMNS - t->column;
	n = bytes_plain(p, n);
	equals = memchr(p, '=', n);
	if (equals != NULL)
		n = (size_t)(equals - p);
	while (n > 0 && p[n - 1] == ' ')
		n--;
	return n;
}

static void
qp_add(struct encoder *t, const char *p, size_t n)
{
	size_t run;

	for (size_t i = 0; i < n; i += run) {
		run = qp_run(t, p + i, n - i);
		if (run > 0) {
			put_run(t, p + i, run);
		} else {
			qp_byte(t, p[i]);
			run = 1;
		}
	}
}

static void
qp_finish(struct encoder *t, bool is_last)
{
	release_blank(t, !t->cr);
	if (t->cr)
		put_quoted(t, '\r');
	if (is_last && t->column > 0) {
		put(t, '=');
		line_end(t);
	}
}

/* ---- quoted-printable that is one already ---- */

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
	    (c >= 'a' && c <= 'f');
}

static void
put_held(struct encoder *t)
{
	make_room(t, t->n_held);
	for (size_t i = 0; i < t->n_held; i++)
		put(t, t->held[i]);
	t->n_held = 0;
}

/* After "=": two digits, or the end of the line with blanks before it. */
static void
held_byte(struct encoder *t, char c)
{
	char last = t->held[t->n_held - 1];

	if (t->n_held == 2 && is_hex(last)) {
		t->held[t->n_held++] = c;
		if (is_hex(c))
			put_held(t);
		else
			t->failed = true;
	} else if (c == '\n') {
		/* Decoders do not agree on the blanks: they stay. */
		t->n_held -= last == '\r';
		put_held(t);
		line_end(t);
	} else if ((t->n_held == 1 && is_hex(c)) ||
	    ((c == ' ' || c == '\t' || c == '\r') && last != '\r')) {
		if (t->n_held == ENCODER_HELD_MAX)
			t->failed = true;
		else
			t->held[t->n_held++] = c;
	} else {
		t->failed = true;
	}
}

static void
qp_mend_byte(struct encoder *t, char c)
{
	if (t->n_held > 0) {
		held_byte(t, c);
		return;
	}
	if (t->cr) {
		t->cr = false;
		if (c == '\n') {
			line_end(t);
			return;
		}
		put_quoted(t, '\r');
	}
	if (c == '\r') {
		t->cr = true;
	} else if (c == '=') {
		t->held[0] = c;
		t->n_held = 1;
	} else if (c == '\n' || c == '\0' || ((unsigned char)c & 0x80) != 0) {
		put_quoted(t, c);
	} else {
		/* Blanks may be lost at the end of the line: so it was. */
		t->from = 0;
		put_literal(t, c);
	}
}

static void
qp_mend_finish(struct encoder *t, bool is_last)
{
	bool soft = t->n_held > 0;

	/* "=" and blanks: a soft line break, or not, as before */
	for (size_t i = 1; i < t->n_held; i++) {
		if (t->held[i] != ' ' && t->held[i] != '\t')
			t->failed = true;
	}
	if (t->cr)
		put_quoted(t, '\r');
	if (soft)
		put_held(t);
	else if (is_last && t->column > 0)
		put(t, '=');
	if (is_last && t->column > 0)
		line_end(t);
}

/* ---- base64 ---- */

static void
put_digit(struct encoder *t, char c)
{
	if (t->column == ENCODER_LINE_MAX)
		line_end(t);
	put(t, c);
}

static void
base64_byte(struct encoder *t, char c)
{
	t->bits = t->bits << 8 | (unsigned char)c;
	t->n_bits += 8;
	if (t->n_bits < 24)
		return;
	for (int shift = 18; shift >= 0; shift -= 6)
		put_digit(t, base64_digit(t->bits >> shift));
	t->bits = 0;
	t->n_bits = 0;
}

static void
base64_add(struct encoder *t, const char *p, size_t n)
{
	size_t i = 0;
	char four[4];

	while (i < n && t->n_bits > 0)
		base64_byte(t, p[i++]);
	for (; n - i >= 3; i += 3) {
		unsigned bits = (unsigned)(unsigned char)p[i] << 16 |
		    (unsigned)(unsigned char)p[i + 1] << 8 | (unsigned char)p[i + 2];

		for (int k = 0; k < 4; k++)
			four[k] = base64_digit(bits >> (18 - 6 * k));
		if (t->column == ENCODER_LINE_MAX)
			line_end(t);
		put_run(t, four, 4);
	}
	while (i < n)
		base64_byte(t, p[i++]);
}

static void
base64_finish(struct encoder *t, bool is_last)
{
	if (t->n_bits > 0) {
		t->bits <<= 24 - t->n_bits;
		put_digit(t, base64_digit(t->bits >> 18));
		put_digit(t, base64_digit(t->bits >> 12));
		put_digit(t, t->n_bits == 16 ? base64_digit(t->bits >> 6) : '=');
		put_digit(t, '=');
	}
	if (is_last && t->column > 0)
		line_end(t);
}

static void
base64_mend_byte(struct encoder *t, char c)
{
	if (c == '\r' || c == '\n' || c == ' ' || c == '\t' || c == '\0')
		return;
	if (base64_value(c) < 0 && c != '=')
		t->failed = true;
	put_digit(t, c);
}

/* ---- text outside of parts ---- */

/* What is left out or put in must not make a boundary of a line. */
static void
put_outside(struct encoder *t, char c)
{
	if (t->column == OUTSIDE_COLUMNS ||
	    (t->column >= OUTSIDE_BREAK && (c == ' ' || c == '\t')))
		line_end(t);
	if (t->column == 0 && c == '-')
		put(t, ' ');
	put(t, c);
}

static void
outside_byte(struct encoder *t, char c)
{
	if (t->cr && c != '\n')
		put_outside(t, ' ');
	t->cr = c == '\r';
	if (c == '\n')
		line_end(t);
	else if (((unsigned char)c & 0x80) != 0)
		put_outside(t, '?');
	else if (c != '\r' && c != '\0')
		put_outside(t, c);
}

/* ---- all of them ---- */

void
encoder_init(struct encoder *t, enum encoder_form form, struct spool *out)
{
	memset(t, 0, sizeof(*t));
	t->form = form;
	t->out = out;
}

void
encoder_add(struct encoder *t, const char *p, size_t n)
{
	void (*take)(struct encoder *, char) = NULL;

	switch (t->form) {
	case ENCODER_QP:
		qp_add(t, p, n);
		return;
	case ENCODER_BASE64:
		base64_add(t, p, n);
		return;
	case ENCODER_QP_MEND:
		take = qp_mend_byte;
		break;
	case ENCODER_BASE64_MEND:
		take = base64_mend_byte;
		break;
	case ENCODER_OUTSIDE:
		take = outside_byte;
		break;
	}
	for (size_t i = 0; i < n && !t->failed; i++)
		take(t, p[i]);
}

int
encoder_finish(struct encoder *t, bool is_last)
{
	switch (t->form) {
	case ENCODER_QP:
		qp_finish(t, is_last);
		break;
	case ENCODER_QP_MEND:
		qp_mend_finish(t, is_last);
		break;
	case ENCODER_BASE64:
	case ENCODER_BASE64_MEND:
		base64_finish(t, is_last);
		break;
	case ENCODER_OUTSIDE:
		if (is_last && t->column > 0)
			line_end(t);
		break;
	}
	flush(t);
	return t->failed ? -1 : 0;
}
