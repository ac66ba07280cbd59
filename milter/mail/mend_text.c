/*
 * Encoded words with the few literal characters that are good in any place
 * (RFC 2047 section 5, rule 3).
 */
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "mail/bytes.h"
#include "mail/lex.h"
#include "mail/mend_text.h"
#include "mail/utf8.h"

enum { WORD_FRAME = 7, PARAMETER_ROOM = 50 };	/* "=?" "?q?" "?=" */

static const char hex[] = "0123456789ABCDEF";

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
has_8bit(struct slice text)
{
	return (bytes_odd(text.p, text.n) & BYTES_8BIT) != 0;
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* Octets of the next character; a run of others is cut anywhere. */
static size_t
next_character(const struct mend_text *mend, struct slice text)
{
	unsigned code;

	return mend->is_utf8 ? utf8_next(text, &code) : 1;
}

/* ---- encoded words ---- */

static bool
is_q_literal(char c)
{
	return is_alnum(c) || (c != '\0' && strchr("!*+-/ ", c) != NULL);
}

static size_t
q_size(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += is_q_literal(text.p[i]) ? 1 : 3;
	return n;
}

static void
put_q(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == ' ') {
			buf_add_char(out, '_');
		} else if (is_q_literal(text.p[i])) {
			buf_add_char(out, text.p[i]);
		} else {
			buf_add_char(out, '=');
			buf_add_char(out, hex[c >> 4]);
			buf_add_char(out, hex[c & 15]);
		}
	}
}

static void
put_b(struct buf *out, struct slice text)
{
	unsigned bits = 0;
	size_t i;

	for (i = 0; i < text.n; i++) {
		bits = bits << 8 | (unsigned char)text.p[i];
		if (i % 3 != 2)
			continue;
		for (int shift = 18; shift >= 0; shift -= 6)
			buf_add_char(out, base64_digit(bits >> shift));
		bits = 0;
	}
	if (i % 3 == 0)
		return;
	bits <<= i % 3 == 1 ? 16 : 8;
	buf_add_char(out, base64_digit(bits >> 18));
	buf_add_char(out, base64_digit(bits >> 12));
	buf_add_char(out, i % 3 == 2 ? base64_digit(bits >> 6) : '=');
	buf_add_char(out, '=');
}

/* How much of the front goes into one word: whole characters, at least one. */
static struct slice
word_of(const struct mend_text *mend, struct slice text, size_t room, bool q)
{
	size_t n = 0, more, size;

	while (n < text.n) {
		more = n + next_character(mend, slice_sub(text, n, text.n));
		size = q ? q_size(slice_sub(text, n, more - n)) : 0;
		if (n > 0 && (q ? size > room : (more + 2) / 3 * 4 > room))
			break;
		room -= size < room ? size : room;
		n = more;
	}
	return slice_sub(text, 0, n);
}

/* The Q encoding is read by people too, as long as it is mostly letters. */
static bool
is_mostly_latin(struct slice text)
{
	size_t quoted = (q_size(text) - text.n) / 2;

	return quoted * 5 <= text.n * 3;
}

/* A run of text as encoded words with a blank between them. */
static void
put_words(const struct mend_text *mend, struct slice text)
{
	bool q = is_mostly_latin(text);
	size_t frame = WORD_FRAME + strlen(mend->charset);
	struct slice word;

	while (text.n > 0) {
		word = word_of(mend, text, mend->word_max - frame, q);
		text = slice_sub(text, word.n, text.n);
		buf_printf(mend->out, "=?%s?%c?", mend->charset, q ? 'q' : 'b');
		if (q)
			put_q(mend->out, word);
		else
			put_b(mend->out, word);
		buf_add_str(mend->out, text.n > 0 ? "?= " : "?=");
	}
}

/* ---- unstructured text ---- */

struct text_word {
	struct slice blanks, text;	/* before it, and the word */
};

static struct text_word
take_word(struct slice text, size_t at)
{
	struct text_word word;
	size_t i = at;

	while (i < text.n && is_blank(text.p[i]))
		i++;
	word.blanks = slice_sub(text, at, i - at);
	at = i;
	while (i < text.n && !is_blank(text.p[i]))
		i++;
	word.text = slice_sub(text, at, i - at);
	return word;
}

static bool
needs_encoding(const struct mend_text *mend, struct slice word)
{
	return has_8bit(word) || word.n > mend->long_word;
}

/* The blanks between two encoded words are not seen (RFC 2047 section 6.2). */
static bool
is_encoded(struct slice word)
{
	return word.n > 6 && word.p[0] == '=' && word.p[1] == '?' &&
	    word.p[word.n - 2] == '?' && word.p[word.n - 1] == '=';
}

void
mend_unstructured(const struct mend_text *mend, struct slice text)
{
	bool after_encoded = false;
	struct text_word word, next;
	size_t at = 0, start;

	while (at < text.n) {
		word = take_word(text, at);
		buf_add_slice(mend->out, word.blanks);
		start = after_encoded ? at : at + word.blanks.n;
		at += word.blanks.n + word.text.n;
		after_encoded = is_encoded(word.text);
		if (!needs_encoding(mend, word.text)) {
			buf_add_slice(mend->out, word.text);
			continue;
		}
		for (;;) {
			next = take_word(text, at);
			if (next.text.n == 0 || !needs_encoding(mend, next.text))
				break;
			at += next.blanks.n + next.text.n;
		}
		put_words(mend, slice_sub(text, start, at - start +
		    (is_encoded(next.text) ? next.blanks.n : 0)));
		after_encoded = true;
	}
}

/* ---- addresses ---- */

/* Without quotes and quoting; inside of a comment quotes are text. */
static struct slice
plain_text(const struct mend_text *mend, struct slice text, bool in_comment)
{
	struct buf plain;
	bool quoted = in_comment;

	buf_init(&plain, mend->out->arena, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' && !in_comment) {
			quoted = !quoted;
			continue;
		}
		if (quoted && text.p[i] == '\\' && i + 1 < text.n)
			i++;
		buf_add_char(&plain, text.p[i]);
	}
	return slice_trim((struct slice){ buf_str(&plain), plain.n });
}

static void
put_raw(const struct mend_text *mend, struct slice text)
{
	if (slice_find_nocase(text, "=?") < text.n)
		mend_unstructured(mend, text);
	else
		put_words(mend, text);
}

static void
put_comment(const struct mend_text *mend, struct slice comment)
{
	if (!has_8bit(comment)) {
		buf_add_slice(mend->out, comment);
		return;
	}
	buf_add_char(mend->out, '(');
	put_raw(mend, plain_text(mend, slice_sub(comment, 1, comment.n - 2), true));
	buf_add_char(mend->out, ')');
}

/* An encoded word stands apart from what is around it (RFC 2047 section 5). */
static void
put_blank(const struct mend_text *mend)
{
	if (mend->out->n > 0 && !is_blank(buf_str(mend->out)[mend->out->n - 1]))
		buf_add_char(mend->out, ' ');
}

/* Words of a phrase: as they are, or all in encoded words. */
static void
put_phrase_words(const struct mend_text *mend, struct slice words)
{
	struct slice text = slice_trim(words);
	size_t before = (size_t)(text.p - words.p);

	if (!has_8bit(text)) {
		buf_add_slice(mend->out, words);
		return;
	}
	buf_add_slice(mend->out, slice_sub(words, 0, before));
	put_blank(mend);
	put_raw(mend, plain_text(mend, text, false));
	buf_add_slice(mend->out, slice_sub(words, before + text.n, words.n));
	put_blank(mend);
}

/* Comments are mended; the rest too when it is a phrase. */
static void
put_piece(const struct mend_text *mend, struct slice piece, bool is_phrase)
{
	struct lex lex = { .text = piece };
	size_t at = 0, start = 0, end;

	while (at < piece.n) {
		end = lex_quoted(&lex, at);
		if (end > at) {
			at = end;
			continue;
		}
		end = lex_comment(&lex, at);
		if (end == at) {
			at++;
			continue;
		}
		if (is_phrase)
			put_phrase_words(mend, slice_sub(piece, start, at - start));
		else
			buf_add_slice(mend->out, slice_sub(piece, start, at - start));
		put_comment(mend, slice_sub(piece, at, end - at));
		start = at = end;
	}
	if (is_phrase)
		put_phrase_words(mend, slice_sub(piece, start, piece.n));
	else
		buf_add_slice(mend->out, slice_sub(piece, start, piece.n));
}

/* Position after the ">" that closes the "<" at `at`. */
static size_t
angle_end(struct lex *lex, size_t at)
{
	size_t end;

	while (at < lex->text.n && lex->text.p[at] != '>') {
		end = lex_quoted(lex, at);
		at = end > at ? end : at + 1;
	}
	return at < lex->text.n ? at + 1 : at;
}

/* What ends the piece that begins at `at`: "<" or ":" after a phrase, "," or ";". */
static size_t
piece_end(struct lex *lex, size_t at, bool *has_at_r)
{
	size_t end;

	*has_at_r = false;
	for (; at < lex->text.n; at = end) {
		end = lex_quoted(lex, at);
		if (end == at)
			end = lex_comment(lex, at);
		if (end > at)
			continue;
		end = at + 1;
		switch (lex->text.p[at]) {
		case '@':
			*has_at_r = true;
			break;
		case '<': case ':': case ',': case ';':
			return at;
		}
	}
	return at;
}

void
mend_addresses(const struct mend_text *mend, struct slice text)
{
	struct lex lex = { .text = text };
	size_t at = 0, end;
	bool has_at;
	char c;

	while (at < text.n) {
		end = piece_end(&lex, at, &has_at);
		c = end < text.n ? text.p[end] : '\0';
		/* before a comma too: the first half of an unquoted name */
		put_piece(mend, slice_sub(text, at, end - at), !has_at && c != '\0');
		at = end;
		if (c == '<')
			end = angle_end(&lex, at);
		else if (end < text.n)
			end++;
		buf_add_slice(mend->out, slice_sub(text, at, end - at));
		at = end;
	}
}

/* ---- parameters ---- */

static size_t
parameter_end(struct lex *lex, size_t at)
{
	size_t end;

	while (at < lex->text.n && lex->text.p[at] != ';') {
		end = lex_quoted(lex, at);
		if (end == at)
			end = lex_comment(lex, at);
		at = end > at ? end : at + 1;
	}
	return at;
}

static void
put_percent(const struct mend_text *mend, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (is_alnum(text.p[i]) || c == '.' || c == '-' || c == '_') {
			buf_add_char(mend->out, text.p[i]);
		} else {
			buf_add_char(mend->out, '%');
			buf_add_char(mend->out, hex[c >> 4]);
			buf_add_char(mend->out, hex[c & 15]);
		}
	}
}

static size_t
percent_room(const struct mend_text *mend, struct slice text)
{
	size_t n = 0, more;

	while (n < text.n) {
		more = next_character(mend, slice_sub(text, n, text.n));
		if (n > 0 && 3 * (n + more) > PARAMETER_ROOM)
			break;
		n += more;
	}
	return n;
}

/* RFC 2231: name*=charset''value, in pieces where it is long. */
static void
put_parameter(const struct mend_text *mend, struct slice name, struct slice value)
{
	size_t n = percent_room(mend, value), number = 0;

	buf_add_slice(mend->out, name);
	if (n == value.n) {
		buf_printf(mend->out, "*=%s''", mend->charset);
		put_percent(mend, value);
		return;
	}
	buf_printf(mend->out, "*0*=%s''", mend->charset);
	for (;;) {
		put_percent(mend, slice_sub(value, 0, n));
		value = slice_sub(value, n, value.n);
		if (value.n == 0)
			return;
		n = percent_room(mend, value);
		buf_add_str(mend->out, "; ");
		buf_add_slice(mend->out, name);
		buf_printf(mend->out, "*%zu*=", ++number);
	}
}

static bool
is_mendable(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!is_alnum(name.p[i]) && name.p[i] != '-' && name.p[i] != '_')
			return false;
	}
	return name.n > 0 && !slice_is(name, "boundary") && !slice_is(name, "charset");
}

void
mend_parameters(const struct mend_text *mend, struct slice text)
{
	struct lex lex = { .text = text };
	struct slice piece, name, value;
	size_t at = 0, end, equals;

	while (at < text.n) {
		end = parameter_end(&lex, at);
		piece = slice_sub(text, at, end - at);
		equals = slice_find(piece, '=');
		name = slice_trim(slice_sub(piece, 0, equals));
		value = slice_trim(slice_sub(piece, equals + 1, piece.n));
		if (has_8bit(value) && is_mendable(name)) {
			buf_add_slice(mend->out, slice_sub(piece, 0,
			    (size_t)(name.p - piece.p)));
			put_parameter(mend, name, plain_text(mend, value, false));
		} else {
			buf_add_slice(mend->out, piece);
		}
		if (end < text.n)
			buf_add_char(mend->out, ';');
		at = end + 1;
	}
}
