/*
 * Encoded words: found, taken apart and joined.
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "mail/bytes.h"
#include "mail/decode.h"
#include "mail/encoded.h"
#include "mail/header.h"

struct charset {
	struct slice name;		/* as in the message */
	iconv_t converter;		/* (iconv_t)-1: unknown; unused for UTF-8 */
	bool is_utf8;			/* or US-ASCII */
};

struct word {
	struct slice charset, text;
	char encoding;			/* 'b' or 'q' */
	size_t size;
};

enum word_status { WORD_NONE, WORD_BROKEN, WORD_OK };

struct word_reader {
	struct slice value;
	size_t done;			/* bytes of the value dealt with */
	bool after_word;
	struct buf out;
	char *run;			/* bytes of words side by side, one charset */
	size_t run_n;			/* never more than the words took */
	const struct charset *charset;	/* of the run, NULL when there is none */
	bool run_cut;			/* a word of the run is no text by itself */
	struct charset charsets[ENCODED_CHARSETS_MAX];
	size_t n_charsets;
	struct encoded_facts facts;
};

/* The charset, opened once a value; NULL when unknown or one too many. */
static const struct charset *
charset_find(struct word_reader *d, struct slice name)
{
	struct charset *charset;

	for (size_t i = 0; i < d->n_charsets; i++) {
		charset = &d->charsets[i];
		if (slice_eq_nocase(charset->name, name))
			return charset->converter == (iconv_t)-1 ? NULL : charset;
	}
	if (d->n_charsets == ENCODED_CHARSETS_MAX)
		return NULL;
	charset = &d->charsets[d->n_charsets++];
	charset->name = name;
	charset->is_utf8 = slice_is(name, "utf-8") || slice_is(name, "us-ascii") ||
	    slice_is(name, "utf8");
	charset->converter = charset->is_utf8 ? NULL : decode_charset_open(name);
	return charset->converter == (iconv_t)-1 ? NULL : charset;
}

static void
charsets_close(struct word_reader *d)
{
	for (size_t i = 0; i < d->n_charsets; i++) {
		if (!d->charsets[i].is_utf8 && d->charsets[i].converter != (iconv_t)-1)
			decode_charset_close(d->charsets[i].converter);
	}
}

/* Adds a character whole or not at all. */
static void
add_character(struct buf *out, const char *p, size_t n)
{
	if (n <= out->max - out->n)
		buf_add(out, p, n);
}

/* Adds text, with U+FFFD for NUL and for what is no UTF-8: false then. */
static bool
add_utf8(struct buf *out, struct slice text, bool *has_8bit_r)
{
	bool valid = true;
	unsigned code;
	size_t n;

	for (size_t i = 0; i < text.n; i += n) {
		n = bytes_plain(text.p + i, text.n - i);
		if (n > 0) {
			buf_add(out, text.p + i, n);
			continue;
		}
		n = utf8_next(slice_sub(text, i, 4), &code);
		*has_8bit_r |= code >= 0x80;
		valid &= n > 1 || code < 0x80;
		if (code == 0 || (n == 1 && code >= 0x80))
			add_character(out, UTF8_REPLACEMENT, 3);
		else
			add_character(out, text.p + i, n);
	}
	return valid;
}

static void
add_raw(struct word_reader *d, struct slice text)
{
	bool has_8bit = false;

	if (!add_utf8(&d->out, text, &has_8bit))
		d->facts.raw_not_utf8 = true;
	d->facts.raw_8bit |= has_8bit;
}

/* Converts the run; false when some of it is no text in the charset. */
static bool
convert(struct buf *out, iconv_t converter, char *in, size_t left)
{
	char chunk[512], *end;
	size_t room, before;
	bool good = true, has_8bit = false, stuck;

	iconv(converter, NULL, NULL, NULL, NULL);
	while (left > 0) {
		end = chunk;
		room = sizeof(chunk);
		before = left;
		stuck = iconv(converter, &in, &left, &end, &room) == (size_t)-1 &&
		    (errno != E2BIG || (left == before && end == chunk));
		add_utf8(out, (struct slice){ chunk, (size_t)(end - chunk) },
		    &has_8bit);
		if (stuck && left > 0) {
			add_character(out, UTF8_REPLACEMENT, 3);
			good = false;
			in++;
			left--;
		}
	}
	end = chunk;
	room = sizeof(chunk);
	iconv(converter, NULL, NULL, &end, &room);
	add_utf8(out, (struct slice){ chunk, (size_t)(end - chunk) }, &has_8bit);
	return good;
}

static void
run_flush(struct word_reader *d)
{
	bool has_8bit = false, good;

	if (d->charset == NULL)
		return;
	if (d->charset->is_utf8) {
		good = add_utf8(&d->out, (struct slice){ d->run, d->run_n }, &has_8bit);
		good &= !has_8bit || !slice_is(d->charset->name, "us-ascii");
	} else {
		good = convert(&d->out, d->charset->converter, d->run, d->run_n);
	}
	if (!good)
		d->facts.broken = true;
	else if (d->run_cut)
		d->facts.split_character = true;
	d->charset = NULL;
	d->run_cut = false;
	d->run_n = 0;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The Q encoding (section 4.2); false when "=" has no two digits after it. */
static bool
decode_q(struct slice text, char *out, size_t *n)
{
	bool good = true;
	int high, low;

	for (size_t i = 0; i < text.n; i++) {
		out[*n] = text.p[i] == '_' ? ' ' : text.p[i];
		if (text.p[i] == '=') {
			high = i + 1 < text.n ? hex_value(text.p[i + 1]) : -1;
			low = i + 2 < text.n ? hex_value(text.p[i + 2]) : -1;
			if (high >= 0 && low >= 0) {
				out[*n] = (char)(high << 4 | low);
				i += 2;
			} else {
				good = false;
			}
		}
		(*n)++;
	}
	return good;
}

/* The B encoding; missing "=" at the end is let pass, as readers do. */
static bool
decode_b(struct slice text, char *out, size_t *n)
{
	unsigned bits = 0, held = 0;
	bool good = true;
	int value;

	while (text.n > 0 && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n; i++) {
		value = base64_value(text.p[i]);
		if (value < 0) {
			good = false;
			continue;
		}
		bits = bits << 6 | (unsigned)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[(*n)++] = (char)(bits >> held);
		}
	}
	return good && held < 6;
}

static bool
is_charset_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == ':' ||
	    c == '+';
}

/*
 * Looks at "=?...".  Stops at the first "?" out of place, so that no byte is
 * read more than a few times whatever the value.
 */
static enum word_status
word_parse(struct slice at, struct word *word)
{
	size_t i = 2, start = 2, end;

	while (i < at.n && is_charset_char(at.p[i]))
		i++;
	word->charset = slice_sub(at, start, i - start);
	if (i < at.n && at.p[i] == '*')		/* a language (RFC 2231 section 5) */
		i += slice_find(slice_sub(at, i, DECODE_CHARSET_MAX), '?');
	if (word->charset.n == 0 || at.n < i + 3 || at.p[i] != '?' ||
	    at.p[i + 2] != '?')
		return WORD_NONE;
	word->encoding = (char)(at.p[i + 1] | 0x20);
	if ((word->encoding != 'b' && word->encoding != 'q') ||
	    word->charset.n > DECODE_CHARSET_MAX)
		return WORD_BROKEN;
	start = i + 3;
	end = start + slice_find(slice_sub(at, start, at.n), '?');
	if (end + 1 >= at.n || at.p[end + 1] != '=')
		return WORD_BROKEN;
	word->text = slice_sub(at, start, end - start);
	word->size = end + 2;
	return WORD_OK;
}

static bool
has_only(struct slice text, const char *set)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\0' || strchr(set, text.p[i]) == NULL)
			return false;
	}
	return true;
}

/* Section 5: blanks, or what may stand around a comment or a quoted name. */
static bool
stands_free(struct slice value, size_t start, size_t end)
{
	return (start == 0 || has_only(slice_sub(value, start - 1, 1), " \t(\"")) &&
	    has_only(slice_sub(value, end, 1), " \t)\"");
}

/* Adds the bytes of one word to the run. */
static void
word_decode(struct word_reader *d, const struct word *word, const struct charset *charset)
{
	size_t before = d->run_n;
	bool good;

	d->charset = charset;
	if (bytes_plain(word->text.p, word->text.n) < word->text.n ||
	    slice_find(word->text, ' ') < word->text.n)
		d->facts.broken = true;
	if (word->encoding == 'q')
		good = decode_q(word->text, d->run, &d->run_n);
	else
		good = decode_b(word->text, d->run, &d->run_n);
	if (!good)
		d->facts.broken = true;
	if (charset->is_utf8 &&
	    !utf8_valid((struct slice){ d->run + before, d->run_n - before }))
		d->run_cut = true;
}

/* Takes in the word found at `at` and what stands between it and the last. */
static void
word_take(struct word_reader *d, size_t at, const struct word *word)
{
	const struct charset *charset = charset_find(d, word->charset);
	struct slice between = slice_sub(d->value, d->done, at - d->done);

	d->facts.has_encoded_word = true;
	if (word->size > ENCODED_WORD_MAX)
		d->facts.too_long = true;
	if (!stands_free(d->value, at, at + word->size))
		d->facts.broken = true;
	if (charset != d->charset)
		run_flush(d);
	if (!d->after_word || charset == NULL || !has_only(between, " \t")) {
		run_flush(d);
		add_raw(d, between);
	}
	d->done = at + word->size;
	d->after_word = charset != NULL;
	if (charset == NULL) {
		d->facts.broken = true;
		add_raw(d, slice_sub(d->value, at, word->size));
		return;
	}
	word_decode(d, word, charset);
}

static void
decode_words(struct word_reader *d)
{
	struct word word;
	size_t at = 0;

	for (;;) {
		at += slice_find(slice_sub(d->value, at, d->value.n), '=');
		if (at + 1 >= d->value.n)
			break;
		if (d->value.p[at + 1] != '?') {
			at++;
			continue;
		}
		switch (word_parse(slice_sub(d->value, at, d->value.n), &word)) {
		case WORD_NONE:
			at += 2;
			break;
		case WORD_BROKEN:
			d->facts.broken = true;
			at += 2;
			break;
		case WORD_OK:
			word_take(d, at, &word);
			at += word.size;
			break;
		}
	}
	run_flush(d);
	add_raw(d, slice_sub(d->value, d->done, d->value.n));
}

static bool
has_word(struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		i += slice_find(slice_sub(value, i, value.n), '=');
		if (i + 1 < value.n && value.p[i + 1] == '?')
			return true;
	}
	return false;
}

const char *
encoded_decode(struct arena *arena, struct slice value, struct encoded_facts *facts_r)
{
	struct word_reader d = { .value = header_unfold(arena, value) };

	value = d.value;
	if (facts_r != NULL)
		*facts_r = d.facts;
	if (bytes_plain(value.p, value.n) == value.n && !has_word(value))
		return slice_dup(arena, value);
	buf_init(&d.out, arena, 4 * value.n + 64);
	d.run = arena_alloc(arena, value.n + 1);
	decode_words(&d);
	charsets_close(&d);
	if (facts_r != NULL)
		*facts_r = d.facts;
	return buf_str(&d.out);
}
