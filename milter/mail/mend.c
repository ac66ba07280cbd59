/*
 * What kind of field it is decides what may be done to it; folding is the same
 * for all.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/bytes.h"
#include "mail/content.h"
#include "mail/header.h"
#include "mail/mend.h"
#include "mail/mend_text.h"
#include "mail/sendmail.h"
#include "mail/utf8.h"

enum { WORD_LEAST = 40, GROWTH = 6, BLANKS_MAX = 900 };

enum field_class {
	FIELD_TEXT,		/* unstructured */
	FIELD_MACHINE,		/* likewise, but read by programs: no long words split */
	FIELD_ADDRESSES,
	FIELD_PARAMETERS,
	FIELD_IDS,		/* <a@b> <c@d> */
	FIELD_STRUCTURED,	/* folded at blanks only */
	FIELD_TRACE,		/* never touched */
};

struct mending {
	struct arena *arena;
	enum field_class class;
	struct slice name;
	const struct mend_options *options;
};

/* ---- kinds of fields ---- */

static enum field_class
class_of_name(struct slice name)
{
	static const char *const addresses[] = {
		"Disposition-Notification-To", "Return-Receipt-To", "Errors-To",
		"Mail-Followup-To", "Mail-Reply-To", "Resent-Reply-To", "Resent-Bcc",
		"Apparently-To",
	};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		if (slice_is(name, addresses[i]))
			return FIELD_ADDRESSES;
	}
	return FIELD_MACHINE;
}

static enum field_class
class_of(struct slice name)
{
	switch (header_id_of(name)) {
	case HDR_SUBJECT: case HDR_COMMENTS: case HDR_KEYWORDS:
	case HDR_CONTENT_DESCRIPTION:
		return FIELD_TEXT;
	case HDR_FROM: case HDR_SENDER: case HDR_REPLY_TO: case HDR_TO: case HDR_CC:
	case HDR_BCC: case HDR_RESENT_FROM: case HDR_RESENT_SENDER:
	case HDR_RESENT_TO: case HDR_RESENT_CC: case HDR_LIST_ID:
		return FIELD_ADDRESSES;
	case HDR_CONTENT_TYPE: case HDR_CONTENT_DISPOSITION:
		return FIELD_PARAMETERS;
	case HDR_MESSAGE_ID: case HDR_IN_REPLY_TO: case HDR_REFERENCES:
	case HDR_RESENT_MESSAGE_ID: case HDR_CONTENT_ID:
		return FIELD_IDS;
	case HDR_DATE: case HDR_RESENT_DATE: case HDR_MIME_VERSION:
	case HDR_CONTENT_TRANSFER_ENCODING: case HDR_CONTENT_LANGUAGE:
	case HDR_LIST_POST: case HDR_LIST_HELP: case HDR_LIST_OWNER:
	case HDR_LIST_ARCHIVE: case HDR_LIST_SUBSCRIBE: case HDR_LIST_UNSUBSCRIBE:
	case HDR_LIST_UNSUBSCRIBE_POST: case HDR_PRECEDENCE: case HDR_AUTO_SUBMITTED:
	case HDR_FEEDBACK_ID: case HDR_THREAD_INDEX:
		return FIELD_STRUCTURED;
	case HDR_RECEIVED: case HDR_RETURN_PATH: case HDR_DKIM_SIGNATURE:
	case HDR_AUTHENTICATION_RESULTS: case HDR_ARC_SEAL:
	case HDR_ARC_MESSAGE_SIGNATURE: case HDR_ARC_AUTHENTICATION_RESULTS:
	case HDR_X_MAILWORTHY:
		return FIELD_TRACE;
	case HDR_OTHER: case HDR_IDS:
		break;
	}
	return class_of_name(name);
}

static bool
is_text(enum field_class class)
{
	return class == FIELD_TEXT || class == FIELD_MACHINE;
}

/* ---- what is wrong ---- */

size_t
mend_line_max(const struct mend_options *options)
{
	return options->line_max != 0 ? options->line_max : MEND_LINE_MAX;
}

static bool
is_line_end(struct slice value, size_t i)
{
	return value.p[i] == '\n' ||
	    (value.p[i] == '\r' && i + 1 < value.n && value.p[i + 1] == '\n');
}

static unsigned
odd_of(const struct mending *mending, struct slice value)
{
	size_t start = 0, before = mending->name.n + 1;
	size_t line_max = mend_line_max(mending->options);
	unsigned odd = 0;

	for (size_t i = 0; i <= value.n; i++) {
		if (i < value.n && !is_line_end(value, i)) {
			if (((unsigned char)value.p[i] & 0x80) != 0)
				odd |= HEADER_ODD_8BIT;
			else if (value.p[i] == '\0')
				odd |= HEADER_ODD_NUL;
			else if (value.p[i] == '\r')
				odd |= HEADER_ODD_BARE_CR;
			continue;
		}
		if (i - start + before > line_max)
			odd |= HEADER_ODD_LINE_LONG;
		if (i < value.n && value.p[i] == '\r')
			i++;
		start = i + 1;
		before = 0;
	}
	return odd;
}

/* What there is to do, or to leave. */
static unsigned
wanted_of(const struct mending *mending, struct slice value)
{
	unsigned odd = odd_of(mending, value);

	if ((odd & HEADER_ODD_8BIT) != 0 && mending->options->keep_utf8 &&
	    utf8_valid(value))
		odd &= ~(unsigned)HEADER_ODD_8BIT;
	return odd;
}

/* ---- octets that no mail may hold ---- */

/* NUL goes, CR is read as a blank. */
static struct slice
strip(const struct mending *mending, struct slice value)
{
	char *out = arena_alloc(mending->arena, value.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\0')
			continue;
		out[n++] = value.p[i];
		if (value.p[i] == '\r' && !is_line_end(value, i))
			out[n - 1] = ' ';
	}
	while (n > 0 && (out[n - 1] == ' ' || out[n - 1] == '\r'))
		n--;
	return (struct slice){ out, n };
}

/* ---- folding ---- */

struct folder {
	const struct mending *mending;
	struct buf *out;
	size_t column;
	bool has_text;		/* on this line: a fold leaves no empty one */
	/* where in the field it is: folds are put in outside of these only */
	bool in_quotes, in_angle, escaped;
	size_t comments;
};

/* True when a line may end after the octet though no blank stands there. */
static bool
may_end_after(struct folder *f, char c)
{
	bool outside = !f->in_quotes && f->comments == 0;

	if (f->escaped) {
		f->escaped = false;
		return false;
	}
	if (c == '\\' && !outside)
		f->escaped = true;
	else if (c == '"' && f->comments == 0)
		f->in_quotes = !f->in_quotes;
	else if (c == '(' && !f->in_quotes)
		f->comments++;
	else if (c == ')' && f->comments > 0 && !f->in_quotes)
		f->comments--;
	else if (c == '<' && outside)
		f->in_angle = true;
	else if (c == '>' && outside)
		f->in_angle = false;
	switch (f->mending->class) {
	case FIELD_ADDRESSES:
		return outside && !f->in_angle && (c == ',' || c == ';');
	case FIELD_PARAMETERS:
		return outside && c == ';';
	case FIELD_IDS:
		return outside && c == '>';
	case FIELD_TEXT: case FIELD_MACHINE: case FIELD_STRUCTURED: case FIELD_TRACE:
		break;
	}
	return false;
}

/* A piece that is not divided, with the blanks before it. */
static void
put_unit(struct folder *f, struct slice blanks, struct slice unit)
{
	if (f->has_text && f->column + blanks.n + unit.n > MEND_COLUMNS) {
		buf_add_char(f->out, '\n');
		f->column = 0;
		if (blanks.n == 0 || (f->mending->class == FIELD_TEXT &&
		    blanks.n > BLANKS_MAX))
			blanks = SLICE(" ");
	}
	buf_add_slice(f->out, blanks);
	buf_add_slice(f->out, unit);
	f->column += blanks.n + unit.n;
	f->has_text |= unit.n > 0;
}

/* Divides a line at its blanks, and where the kind of field allows. */
static void
fold_line(struct folder *f, struct slice line)
{
	struct slice blanks;
	size_t start, i = 0;

	while (i < line.n) {
		start = i;
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
			i++;
		blanks = slice_sub(line, start, i - start);
		start = i;
		while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t') {
			if (may_end_after(f, line.p[i++]))
				break;
		}
		put_unit(f, blanks, slice_sub(line, start, i - start));
	}
}

/* Folds the lines that are too long, or all that are over the columns. */
static struct slice
fold(const struct mending *mending, struct slice value, size_t limit)
{
	struct buf out;
	struct folder f = { .mending = mending, .out = &out };
	size_t before = mending->name.n + 1;
	struct slice line;
	bool first = true;

	buf_init(&out, mending->arena, GROWTH * value.n + 64);
	while (slice_split(&value, '\n', &line)) {
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (!first)
			buf_add_char(&out, '\n');
		f.column = first ? before : 0;
		f.has_text = false;
		if (line.n + f.column > limit) {
			fold_line(&f, line);
		} else {
			for (size_t i = 0; i < line.n; i++)
				may_end_after(&f, line.p[i]);
			buf_add_slice(&out, line);
		}
		first = false;
	}
	return (struct slice){ buf_str(&out), out.n };
}

/* ---- raw text ---- */

static const char *
charset_for(const struct mending *mending, struct slice text)
{
	if (utf8_valid(text))
		return "utf-8";
	return mending->options->charset != NULL ? mending->options->charset :
	    "unknown-8bit";
}

/* One line of text in ASCII, in place of the whole value. */
static struct slice
rewrite(const struct mending *mending, struct slice value)
{
	struct slice text = header_unfold(mending->arena, value);
	struct buf out;
	struct mend_text mend = {
		.out = &out,
		.charset = charset_for(mending, text),
		.is_utf8 = utf8_valid(text),
		.word_max = MEND_WORD_MAX - 3 - mending->name.n,
		.long_word = mending->class == FIELD_TEXT ?
		    MEND_LINE_MAX - 80 : (size_t)-1,
	};

	if (mending->name.n > MEND_WORD_MAX - 3 - WORD_LEAST)
		mend.word_max = WORD_LEAST;
	buf_init(&out, mending->arena, 20 * text.n + 256);
	buf_add_char(&out, ' ');
	switch (mending->class) {
	case FIELD_TEXT: case FIELD_MACHINE:
		mend_unstructured(&mend, text);
		break;
	case FIELD_ADDRESSES:
		mend_addresses(&mend, text);
		break;
	case FIELD_PARAMETERS:
		mend_parameters(&mend, text);
		break;
	case FIELD_IDS: case FIELD_STRUCTURED: case FIELD_TRACE:
		return value;
	}
	if (out.truncated)
		return value;
	return fold(mending, (struct slice){ buf_str(&out), out.n }, MEND_COLUMNS);
}

static bool
has_long_word(struct slice value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++) {
		n = memchr(" \t\r\n", value.p[i], 4) == NULL ? n + 1 : 0;
		if (n > MEND_LINE_MAX - 80)
			return true;
	}
	return false;
}

static struct slice
mend_value(const struct mending *mending, struct slice value, unsigned wanted)
{
	if ((wanted & (HEADER_ODD_BARE_CR | HEADER_ODD_NUL)) != 0)
		value = strip(mending, value);
	if ((wanted & HEADER_ODD_8BIT) != 0 || (mending->class == FIELD_TEXT &&
	    (wanted & HEADER_ODD_LINE_LONG) != 0 && has_long_word(value)))
		value = rewrite(mending, value);
	if ((odd_of(mending, value) & HEADER_ODD_LINE_LONG) != 0)
		value = fold(mending, value, mend_line_max(mending->options));
	return value;
}

/* The value is in the form that the MTA sends, or is brought to it. */
static unsigned
for_sendmail(const struct mending *mending, struct slice *value)
{
	struct slice form;

	if (!mending->options->for_sendmail || !sendmail_rewrites(mending->name))
		return 0;
	if (!sendmail_form(mending->arena, mending->name, *value, &form))
		return MEND_LEFT;
	if (mending->options->exact ? slice_eq(form, *value) :
	    sendmail_same_text(form, *value))
		return 0;
	*value = form;
	return MEND_CHANGED;
}

unsigned
field_mend(struct arena *arena, struct slice name, struct slice value,
    const struct mend_options *options, struct slice *value_r)
{
	struct mending mending = { .arena = arena, .name = name, .options = options };
	unsigned wanted = wanted_of(&mending, value), found;
	struct slice mended = value;

	*value_r = value;
	if (wanted == 0 && !options->for_sendmail)
		return 0;
	mending.class = class_of(slice_trim(name));
	/* A NUL may stand inside of an address, or end a word. */
	if (wanted != 0 && (mending.class == FIELD_TRACE || value.n > HEADER_VALUE_MAX ||
	    ((wanted & HEADER_ODD_NUL) != 0 && !is_text(mending.class))))
		return MEND_LEFT;
	if (wanted != 0)
		mended = mend_value(&mending, value, wanted);
	found = for_sendmail(&mending, &mended);
	if (mended.n > HEADER_VALUE_MAX || slice_find(mended, '\0') < mended.n)
		return MEND_LEFT;
	if (!slice_eq(mended, value))
		found |= MEND_CHANGED;
	if (wanted_of(&mending, mended) != 0)
		found |= MEND_LEFT;
	*value_r = mended;
	return found;
}

/* Charsets of one octet a character. */
static bool
is_single(struct slice charset)
{
	for (size_t i = 0; i < charset.n; i++) {
		if (memchr("abcdefghijklmnopqrstuvwxyz0123456789-",
		    charset.p[i] | 0x20, 37) == NULL && charset.p[i] != '-')
			return false;
	}
	return charset.n <= 12 && (slice_starts_nocase(charset, "iso-8859-") ||
	    slice_starts_nocase(charset, "windows-125") ||
	    slice_starts_nocase(charset, "koi8-"));
}

const char *
mend_charset(struct arena *arena, struct slice content_type)
{
	struct content_type type;
	struct slice charset;

	content_type_parse(arena, content_type, &type);
	charset = slice_of(content_param(&type, "charset"));
	return is_single(charset) ? slice_dup_lower(arena, charset) : NULL;
}
