/*
 * Sendmail divides a field at its commas, writes each piece anew, and puts them
 * together with folds of its own.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/sendmail.h"

enum {
	COLUMNS = 78,
	PIECE_MAX = 240,	/* octets: beyond it names are dropped, addresses cut */
	WORD_MAX = 75,		/* RFC 2047 section 2 */
	GROWTH = 12,		/* a comma, a fold and its blanks for an octet */
};

/* It puts a name with one of these in quotes: option MustQuoteChars, which is .'
 * unless set, and what it always adds. */
static const char must_quote[] = "@,;:\\[].'";

bool
sendmail_rewrites(struct slice name)
{
	static const char *const names[] = {
		"From", "To", "Cc", "Reply-To", "Sender", "Bcc", "Resent-From",
		"Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc",
		"Resent-Bcc", "Apparently-To", "Errors-To", "Return-Receipt-To",
		"Disposition-Notification-To",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_is(name, names[i]))
			return true;
	}
	return false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t
blanks_at(struct slice text, size_t i)
{
	size_t n = 0;

	while (i + n < text.n && is_blank(text.p[i + n]))
		n++;
	return n;
}

bool
sendmail_same_text(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;

	a = slice_trim(a);
	b = slice_trim(b);
	while (i < a.n && j < b.n) {
		size_t blanks_a = blanks_at(a, i), blanks_b = blanks_at(b, j);

		if ((blanks_a > 0) != (blanks_b > 0))
			return false;
		i += blanks_a;
		j += blanks_b;
		if (a.p[i++] != b.p[j++])
			return false;
	}
	return i == a.n && j == b.n;
}

/* ---- where in a value one is ---- */

struct place {
	bool quoted, escaped, in_angle;
	size_t comments;
};

/* False where a bracket has no partner. */
static bool
pass(struct place *place, char c)
{
	if (place->escaped) {
		place->escaped = false;
	} else if (c == '\\' && (place->quoted || place->comments > 0)) {
		place->escaped = true;
	} else if (place->comments > 0) {
		place->comments += c == '(';
		place->comments -= c == ')';
	} else if (c == '"') {
		place->quoted = !place->quoted;
	} else if (!place->quoted && c == '(') {
		place->comments = 1;
	} else if (!place->quoted && (c == '<' || c == '>')) {
		if (place->in_angle == (c == '<'))
			return false;
		place->in_angle = c == '<';
	} else if (!place->quoted && c == ')') {
		return false;
	}
	return true;
}

static bool
is_balanced(struct slice text)
{
	struct place place = { .escaped = false };

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\0' || !pass(&place, text.p[i]))
			return false;
	}
	return !place.quoted && !place.in_angle && place.comments == 0;
}

/* The first of these octets outside of quotes and comments, from `at` on; text.n
 * when there is none. */
static size_t
find_plain(struct slice text, size_t at, const char *octets)
{
	struct place place = { .escaped = false };

	for (; at < text.n; at++) {
		if (!place.quoted && place.comments == 0 && !place.escaped &&
		    strchr(octets, text.p[at]) != NULL)
			return at;
		pass(&place, text.p[at]);
	}
	return text.n;
}

/* ---- one piece ---- */

/* local@domain that is left alone. */
static bool
is_address(struct slice text)
{
	size_t at = text.n;

	while (at > 0 && text.p[at - 1] != '@')
		at--;
	if (at < 2 || at == text.n || text.p[0] == '@' ||
	    find_plain(text, 0, " \t\r\n<>();,") < text.n)
		return false;
	text = slice_sub(text, at, text.n);
	return !slice_is(text, "localhost") && text.p[text.n - 1] != '.';
}

/* A Q word has =2E for a dot: the others would make Sendmail quote it. */
static bool
put_word(struct buf *out, struct slice word)
{
	size_t before = out->n;
	struct slice rest = slice_sub(word, 2, word.n - 2), charset;

	slice_split(&rest, '?', &charset);
	if (rest.n < 2 || (rest.p[0] | 0x20) != 'q' ||
	    find_plain(charset, 0, must_quote) < charset.n)
		return false;
	buf_add(out, word.p, (size_t)(rest.p - word.p));
	for (size_t i = 0; i < rest.n; i++) {
		if (strchr(must_quote, rest.p[i]) != NULL)
			buf_printf(out, "=%02X", (unsigned char)rest.p[i]);
		else
			buf_add_char(out, rest.p[i]);
	}
	return out->n - before <= WORD_MAX;
}

/* Encoded words stay words; the rest must need no quotes. */
static bool
put_words(struct buf *out, struct slice name)
{
	size_t i = 0, end;

	while (i < name.n) {
		end = i + blanks_at(name, i);
		buf_add(out, name.p + i, end - i);
		for (i = end; end < name.n && !is_blank(name.p[end]); end++)
			continue;
		if (find_plain(slice_sub(name, i, end - i), 0, must_quote) == end - i)
			buf_add(out, name.p + i, end - i);
		else if (end - i < 8 || memcmp(name.p + i, "=?", 2) != 0 ||
		    !put_word(out, slice_sub(name, i, end - i)))
			return false;
		i = end;
	}
	return true;
}

/* The name before an address, in quotes where it must be. */
static bool
put_name(struct buf *out, struct slice name)
{
	struct slice text = slice_trim(name);
	bool has_words = slice_find_nocase(text, "=?") < text.n;

	if (find_plain(name, 0, must_quote) == name.n) {
		buf_add_slice(out, name);
		return true;
	}
	if (has_words && slice_find(text, '"') == text.n && slice_find(text, '(') == text.n)
		return put_words(out, name);
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("\"()\\\r\n", text.p[i]) != NULL)
			return false;
	}
	buf_printf(out, "\"");
	buf_add_slice(out, text);
	buf_add_str(out, "\" ");
	return !has_words;
}

static bool
put_angle(struct buf *out, struct slice text, size_t open)
{
	size_t close = find_plain(text, open + 1, ">");
	struct slice address = slice_sub(text, open + 1, close - open - 1);
	struct slice rest = slice_sub(text, close + 1, text.n);

	if (close == text.n || (address.n > 0 && !is_address(address)) ||
	    find_plain(rest, 0, must_quote) < rest.n || find_plain(rest, 0, "<") < rest.n ||
	    !put_name(out, slice_sub(text, 0, open)))
		return false;
	buf_add_slice(out, slice_sub(text, open, text.n));
	return true;
}

/* Where blanks and comments from `at` on end. */
static size_t
skip_comments(struct slice text, size_t at)
{
	while (at < text.n && (is_blank(text.p[at]) || text.p[at] == '(')) {
		struct place place = { .escaped = false };

		do
			pass(&place, text.p[at++]);
		while (at < text.n && place.comments > 0);
	}
	return at;
}

/* Comments, each apart from the next by one blank; from what stands before them
 * too when `apart`. */
static void
put_comments(struct buf *out, struct slice text, bool apart)
{
	size_t at = 0, end;

	for (; (at += blanks_at(text, at)) < text.n; at = end) {
		struct place place = { .escaped = false };

		for (end = at; end < text.n && (end == at || place.comments > 0); end++)
			pass(&place, text.p[end]);
		if (apart)
			buf_add_char(out, ' ');
		buf_add_slice(out, slice_sub(text, at, end - at));
		apart = true;
	}
}

/* An address with comments before and behind it. */
static bool
put_bare(struct buf *out, struct slice text)
{
	size_t begin = skip_comments(text, 0), end = find_plain(text, begin, " \t\r\n(");
	struct slice address = slice_sub(text, begin, end - begin);

	if (!is_address(address) || skip_comments(text, end) < text.n)
		return false;
	put_comments(out, slice_sub(text, 0, begin), false);
	if (begin > 0)
		buf_add_char(out, ' ');
	buf_add_slice(out, address);
	put_comments(out, slice_sub(text, end, text.n), true);
	return true;
}

/* What stands between the colon of a group and the next comma or semicolon. */
static bool
put_member(struct buf *out, struct slice text, bool in_group)
{
	size_t open = find_plain(text, 0, "<");

	if (slice_trim(text).n == 0) {
		buf_add_slice(out, text);
		return true;
	}
	if (open < text.n)
		return put_angle(out, text, open);
	text = slice_trim(text);
	return !(in_group && text.p[0] == '"') && put_bare(out, text);
}

/* "group: " stays before the first of its members, ";" behind the last. */
static bool
put_piece(struct buf *out, struct slice text)
{
	size_t colon = find_plain(text, 0, ":<"), end = find_plain(text, 0, ";");
	struct slice member = slice_sub(text, 0, end), behind = slice_sub(text, end, text.n);
	bool in_group = colon < end && text.p[colon] == ':';

	if (text.n > PIECE_MAX || behind.n > 1)
		return false;
	if (in_group) {
		if (find_plain(text, 0, must_quote) != colon)
			return false;
		colon += 1 + blanks_at(text, colon + 1);
		buf_add_slice(out, slice_sub(text, 0, colon));
		member = slice_sub(member, colon, member.n);
	}
	if (!put_member(out, member, in_group))
		return false;
	buf_add_slice(out, behind);
	return true;
}

/* ---- the whole ---- */

static size_t
piece_end(struct slice value, size_t at)
{
	struct place place = { .escaped = false };

	for (; at < value.n; at++) {
		if (value.p[at] == ',' && !place.quoted && place.comments == 0 &&
		    !place.in_angle)
			break;
		pass(&place, value.p[at]);
	}
	return at;
}

bool
sendmail_form(struct arena *arena, struct slice name, struct slice value,
    struct slice *form_r)
{
	struct buf out, piece;
	size_t column, at = 0, end;
	struct slice text;

	if (!is_balanced(value))
		return false;
	buf_init(&out, arena, GROWTH * value.n + name.n + 64);
	buf_init(&piece, arena, 4 * PIECE_MAX);
	if (value.n > 0 && is_blank(value.p[0]))
		buf_add_char(&out, ' ');
	column = name.n + 1 + out.n;
	for (bool first = true; at < value.n; at = end + 1) {
		end = piece_end(value, at);
		text = slice_trim(slice_sub(value, at, end - at));
		if (text.n == 0)
			continue;
		buf_clear(&piece);
		if (!put_piece(&piece, text) || piece.n > PIECE_MAX)
			return false;
		column += piece.n + (first ? 0 : 2);
		if (!first && column > COLUMNS) {
			buf_add_str(&out, ",\n        ");
			column = 8 + piece.n;
		} else if (!first) {
			buf_add_str(&out, ", ");
		}
		buf_add(&out, piece.p, piece.n);
		first = false;
	}
	*form_r = (struct slice){ buf_str(&out), out.n };
	return !out.truncated && slice_trim(*form_r).n > 0;
}
