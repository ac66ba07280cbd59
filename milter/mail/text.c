/*
 * Code points that matter in texts of headers.
 */
#include <stddef.h>

#include "mail/bytes.h"
#include "mail/script.h"
#include "mail/text.h"
#include "mail/utf8.h"

enum {
	ZWNJ = 0x200c,
	ZWJ = 0x200d,
	VARIATION_SELECTOR_16 = 0xfe0f,
	BLACK_FLAG = 0x1f3f4,
};

struct range {
	unsigned first, last;
};

/* No pictures, though they may be shown as such: digits, (c), (r), (tm), arrows. */
static const struct range emoji[] = {
	{ 0x20e3, 0x20e3 }, { 0x231a, 0x231b }, { 0x2328, 0x2328 },
	{ 0x23cf, 0x23cf }, { 0x23e9, 0x23f3 }, { 0x23f8, 0x23fa },
	{ 0x25fb, 0x25fe }, { 0x2600, 0x27bf }, { 0x2b05, 0x2b07 },
	{ 0x2b1b, 0x2b1c }, { 0x2b50, 0x2b50 }, { 0x2b55, 0x2b55 },
	{ 0x1f000, 0x1f0ff }, { 0x1f18e, 0x1f18e }, { 0x1f191, 0x1f19a },
	{ 0x1f1e6, 0x1faff },
};

static const struct range invisible[] = {
	{ 0x09, 0x0d }, { 0x20, 0x20 }, { 0xa0, 0xa0 }, { 0xad, 0xad },
	{ 0x34f, 0x34f }, { 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x1680, 0x1680 },
	{ 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2000, 0x200f },
	{ 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x2800, 0x2800 },
	{ 0x3000, 0x3000 }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xe0000, 0xe0fff },
};

static const struct range zero_width[] = {
	{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x202a, 0x202e },
	{ 0x2060, 0x2064 }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
};

/* Measured on preheaders; narrower than what is invisible. */
static const struct range filler[] = {
	{ 0x00, 0x20 }, { 0x7f, 0xa0 }, { 0xad, 0xad }, { 0x34f, 0x34f },
	{ 0x61c, 0x61c }, { 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
	{ 0x205f, 0x206f }, { 0x2800, 0x2800 }, { 0x3000, 0x3000 }, { 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
in_ranges(const struct range *ranges, size_t n, unsigned codepoint)
{
	for (size_t i = 0; i < n && codepoint >= ranges[i].first; i++) {
		if (codepoint <= ranges[i].last)
			return true;
	}
	return false;
}

bool
text_is_emoji(unsigned codepoint)
{
	return in_ranges(emoji, COUNT(emoji), codepoint);
}

bool
text_is_invisible(unsigned codepoint)
{
	return in_ranges(invisible, COUNT(invisible), codepoint);
}

bool
text_is_zero_width(unsigned codepoint)
{
	return codepoint >= zero_width[0].first &&
	    in_ranges(zero_width, COUNT(zero_width), codepoint);
}

bool
text_is_filler(unsigned codepoint)
{
	return in_ranges(filler, COUNT(filler), codepoint);
}

size_t
text_count(struct slice text)
{
	size_t n = 0, i = 0;
	unsigned code;

	while (i < text.n) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x80) {
			n += c > ' ' && c < 0x7f;
			i++;
		} else {
			i += utf8_next(slice_sub(text, i, text.n), &code);
			n += !text_is_filler(code);
		}
	}
	return n;
}

static bool
is_tag(unsigned codepoint)
{
	return codepoint >= 0xe0000 && codepoint <= 0xe007f;
}

/* What may be one of the pieces that ZWJ makes one picture of. */
static bool
is_emoji_piece(unsigned codepoint)
{
	return text_is_emoji(codepoint) || codepoint == VARIATION_SELECTOR_16 ||
	    (codepoint >= 0x2190 && codepoint <= 0x21ff);
}

/* Scripts where letters change their form beside ZWJ and ZWNJ. */
static bool
needs_joiner(unsigned codepoint)
{
	/* Marks and the Arabic tatweel are Common. */
	if ((codepoint >= 0x0600 && codepoint <= 0x07ff) ||
	    (codepoint >= 0xfb50 && codepoint <= 0xfefc))
		return true;
	switch (script_of(codepoint)) {
	case SCRIPT_ARABIC: case SCRIPT_SYRIAC: case SCRIPT_THAANA:
	case SCRIPT_DEVANAGARI: case SCRIPT_BENGALI: case SCRIPT_GURMUKHI:
	case SCRIPT_GUJARATI: case SCRIPT_ORIYA: case SCRIPT_TAMIL:
	case SCRIPT_TELUGU: case SCRIPT_KANNADA: case SCRIPT_MALAYALAM:
	case SCRIPT_SINHALA: case SCRIPT_THAI: case SCRIPT_LAO:
	case SCRIPT_TIBETAN: case SCRIPT_MYANMAR: case SCRIPT_KHMER:
	case SCRIPT_MONGOLIAN: case SCRIPT_OTHER:
		return true;
	case SCRIPT_COMMON: case SCRIPT_LATIN: case SCRIPT_GREEK:
	case SCRIPT_CYRILLIC: case SCRIPT_ARMENIAN: case SCRIPT_HEBREW:
	case SCRIPT_GEORGIAN: case SCRIPT_HANGUL: case SCRIPT_ETHIOPIC:
	case SCRIPT_CHEROKEE: case SCRIPT_HIRAGANA: case SCRIPT_KATAKANA:
	case SCRIPT_BOPOMOFO: case SCRIPT_HAN:
		return false;
	}
	return false;
}

static bool
joiner_fits(unsigned joiner, unsigned before, unsigned after)
{
	if (needs_joiner(before) || needs_joiner(after))
		return true;
	return joiner == ZWJ && is_emoji_piece(before) && is_emoji_piece(after);
}

/* The bit of a code point by itself. */
static unsigned
odd_bit(unsigned code)
{
	if ((code < 0x20 && code != '\t') || (code >= 0x7f && code <= 0x9f))
		return TEXT_ODD_CONTROL;
	if (code < 0x200c)
		return 0;
	if (code == ZWNJ || code == ZWJ)
		return TEXT_ODD_JOINER;
	if (code == 0x202d || code == 0x202e)
		return TEXT_ODD_BIDI_OVERRIDE;
	if (code >= 0x202a && code <= 0x202c)
		return TEXT_ODD_BIDI_EMBEDDING;
	if (code >= 0x2066 && code <= 0x2069)
		return TEXT_ODD_BIDI_ISOLATE;
	return is_tag(code) ? TEXT_ODD_TAG : 0;
}

unsigned
text_odd(struct slice text, unsigned wanted, unsigned *codepoint_r)
{
	unsigned code, after, bit, before = 0, odd = 0, first = 0;
	bool in_flag = false;		/* a black flag and its tags: England ... */
	size_t n;

	for (size_t i = bytes_plain(text.p, text.n); i < text.n; i += n) {
		n = utf8_next(slice_sub(text, i, 4), &code);
		bit = odd_bit(code);
		if (bit == TEXT_ODD_JOINER) {
			utf8_next(slice_sub(text, i + n, 4), &after);
			if (joiner_fits(code, before, after))
				bit = 0;
		}
		in_flag = code == BLACK_FLAG || (in_flag && bit == TEXT_ODD_TAG);
		if (in_flag)
			bit = 0;
		odd |= bit;
		if (first == 0 && (bit & wanted) != 0)
			first = code;
		before = code;
	}
	if (codepoint_r != NULL)
		*codepoint_r = first;
	return odd;
}

bool
text_is_blank(struct slice text)
{
	unsigned code;

	while (text.n > 0) {
		text = slice_sub(text, utf8_next(text, &code), text.n);
		if (!text_is_invisible(code))
			return false;
	}
	return true;
}

bool
text_has_emoji(struct slice text)
{
	unsigned code;

	if (bytes_plain(text.p, text.n) == text.n)
		return false;
	while (text.n > 0) {
		text = slice_sub(text, utf8_next(text, &code), text.n);
		if (text_is_emoji(code))
			return true;
	}
	return false;
}

bool
text_has_reply_prefix(struct slice text)
{
	static const char *const words[] = {
		"re", "fw", "fwd", "aw", "wg", "sv", "vs", "antw", "tr", "rv", "res",
		"enc", "odp", "ynt", "vb", "vl",
	};
	struct slice word;
	size_t colon;

	text = slice_trim(text);
	colon = slice_find(slice_sub(text, 0, 12), ':');
	if (colon == 12 || colon >= text.n)
		return false;
	word = slice_trim(slice_sub(text, 0, colon));
	word = slice_sub(word, 0, slice_find(word, '['));
	for (size_t i = 0; i < COUNT(words); i++) {
		if (slice_is(word, words[i]))
			return true;
	}
	return false;
}

/* "(2)" or "[23]"; a year is no count. */
static bool
is_count(struct slice text)
{
	unsigned long number;

	if (text.n < 3 || !((text.p[0] == '(' && text.p[text.n - 1] == ')') ||
	    (text.p[0] == '[' && text.p[text.n - 1] == ']')))
		return false;
	return slice_number(slice_sub(text, 1, text.n - 2), 999, &number);
}

bool
text_has_count(struct slice text)
{
	size_t start, end;

	text = slice_trim(text);
	end = slice_find(text, ' ');
	for (start = text.n; start > 0 && text.p[start - 1] != ' '; start--)
		;
	return is_count(slice_sub(text, 0, end)) ||
	    is_count(slice_sub(text, start, text.n));
}
