/*
 * Texts made alike.
 */
#include <stdint.h>

#include "mail/fold.h"
#include "mail/utf8.h"

/* Large letters: every `step`th from first to last is `delta` below its small one. */
struct letters {
	uint16_t first, last;
	uint16_t step;
	int16_t delta;
};

/* UnicodeData.txt, sorted. */
static const struct letters letters[] = {
	{ 0x00c0, 0x00d6, 1, 32 }, { 0x00d8, 0x00de, 1, 32 }, { 0x0100, 0x012e, 2, 1 },
	{ 0x0130, 0x0130, 1, -199 }, { 0x0132, 0x0136, 2, 1 }, { 0x0139, 0x0147, 2, 1 },
	{ 0x014a, 0x0176, 2, 1 }, { 0x0178, 0x0178, 1, -121 }, { 0x0179, 0x017d, 2, 1 },
	{ 0x018f, 0x018f, 1, 202 }, { 0x01a0, 0x01a0, 1, 1 }, { 0x01af, 0x01af, 1, 1 },
	{ 0x01cd, 0x01db, 2, 1 }, { 0x01de, 0x01ee, 2, 1 }, { 0x01f8, 0x021e, 2, 1 },
	{ 0x0222, 0x0232, 2, 1 }, { 0x0386, 0x0386, 1, 38 }, { 0x0388, 0x038a, 1, 37 },
	{ 0x038c, 0x038c, 1, 64 }, { 0x038e, 0x038f, 1, 63 }, { 0x0391, 0x03a1, 1, 32 },
	{ 0x03a3, 0x03ab, 1, 32 }, { 0x03c2, 0x03c2, 1, 1 }, { 0x0400, 0x040f, 1, 80 },
	{ 0x0410, 0x042f, 1, 32 }, { 0x0460, 0x0480, 2, 1 }, { 0x048a, 0x04be, 2, 1 },
	{ 0x04c1, 0x04cd, 2, 1 }, { 0x04d0, 0x052e, 2, 1 }, { 0x0531, 0x0556, 1, 48 },
	{ 0x1e00, 0x1e94, 2, 1 }, { 0x1e9e, 0x1e9e, 1, -7615 },
	{ 0x1ea0, 0x1efe, 2, 1 },
};

unsigned
fold_lower(unsigned codepoint)
{
	if (codepoint < 0x80)
		return codepoint >= 'A' && codepoint <= 'Z' ? codepoint + 32 : codepoint;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (codepoint < letters[i].first)
			break;
		if (codepoint <= letters[i].last)
			return (codepoint - letters[i].first) % letters[i].step != 0 ?
			    codepoint : codepoint + (unsigned)letters[i].delta;
	}
	return codepoint;
}

/* What a sign beyond ASCII stands for: an ASCII one, 0 for nothing, itself. */
static unsigned
fold_sign(unsigned c)
{
	if (c == 0xad || c == 0x34f || c == 0x61c || c == 0x180e ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff)
		return 0;
	if (c <= 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	    c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000)
		return ' ';
	if (c == 0xb4 || c == 0x2bc || (c >= 0x2018 && c <= 0x201b) || c == 0x2032)
		return '\'';
	if (c == 0xab || c == 0xbb || (c >= 0x201c && c <= 0x201f) || c == 0x2033)
		return '"';
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
		return '-';
	if (c >= 0xff01 && c <= 0xff5e)		/* full width */
		return fold_lower(c - 0xff01 + '!');
	return c;
}

/* The octets of a code point that is no shorter in the text it is from. */
static size_t
put(char *out, unsigned c)
{
	size_t n = 0;

	if (c < 0x80) {
		out[n++] = (char)c;
		return n;
	}
	if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	out[n++] = (char)(0x80 | (c & 0x3f));
	return n;
}

/* A code point beyond ASCII, or an invalid byte; 0 for one left out. */
static unsigned
fold_next(struct slice text, size_t *taken_r)
{
	unsigned c;

	*taken_r = utf8_next(text, &c);
	if (c == 0xfffd && *taken_r == 1)
		return 1;
	return fold_lower(fold_sign(c));
}

/* What ASCII becomes: small letters, control characters blanks, "`" "'". */
static const char ascii[128 + 1] =
    "                                "
    " !\"#$%&'()*+,-./0123456789:;<=>?"
    "@abcdefghijklmnopqrstuvwxyz[\\]^_"
    "'abcdefghijklmnopqrstuvwxyz{|}~ ";

size_t
fold_text(struct slice text, char *out)
{
	size_t n = 0, i = 0, taken;
	bool blank = true, before;
	unsigned c;

	while (i < text.n) {
		for (; i < text.n && (c = (unsigned char)text.p[i]) < 0x80; i++) {
			before = blank;
			out[n] = ascii[c];
			blank = out[n] == ' ';
			n += !(before && blank);
		}
		if (i == text.n)
			break;
		c = fold_next(slice_sub(text, i, text.n), &taken);
		i += taken;
		if (c == 0 || (c == ' ' && blank))
			continue;
		blank = c == ' ';
		n += put(out + n, c);
	}
	return n > 0 && blank ? n - 1 : n;
}

bool
fold_is_word(unsigned c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c | 0x20) - 'a' <= 'z' - 'a';
	if (c < 0xc0)
		return c == 0xaa || c == 0xb5 || c == 0xba;
	/* Thai and its neighbours, Chinese, Japanese write without blanks; Korean
	 * hangs endings on words */
	return (c != 0xd7 && c != 0xf7 && c < 0xe00) || (c >= 0x10a0 && c < 0x1100) ||
	    (c >= 0x1200 && c < 0x1780) || (c >= 0x1800 && c < 0x2000) ||
	    (c >= 0x2c00 && c < 0x2e00) || (c >= 0xa640 && c < 0xa960);
}
