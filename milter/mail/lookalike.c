/*
 * Skeletons, compared as they are made.  The table holds what confusables.txt
 * of UTS #39 has for small Latin letters in the letters that a domain name may
 * hold; letters with accents are themselves, as there, and so are Cyrillic and
 * Greek ones that look like small capitals only: there are honest names in them.
 */
#include <stddef.h>

#include "mail/lookalike.h"
#include "mail/utf8.h"

struct pair {
	unsigned code;
	char letter;
};

static const struct pair pairs[] = {		/* by code */
	{ 0x0131, 'i' }, { 0x017f, 'f' }, { 0x01bd, 's' }, { 0x0251, 'a' },
	{ 0x0261, 'g' }, { 0x0269, 'i' }, { 0x026a, 'i' }, { 0x026f, 'm' },
	{ 0x028b, 'u' }, { 0x028f, 'y' }, { 0x03b1, 'a' }, { 0x03b3, 'y' },
	{ 0x03b9, 'i' }, { 0x03bd, 'v' }, { 0x03bf, 'o' }, { 0x03c1, 'p' },
	{ 0x03c3, 'o' }, { 0x03c5, 'u' }, { 0x03f2, 'c' }, { 0x0430, 'a' },
	{ 0x0435, 'e' }, { 0x043e, 'o' }, { 0x0440, 'p' }, { 0x0441, 'c' },
	{ 0x0443, 'y' }, { 0x0445, 'x' }, { 0x0455, 's' }, { 0x0456, 'i' },
	{ 0x0458, 'j' }, { 0x0475, 'v' }, { 0x04af, 'y' }, { 0x04bb, 'h' },
	{ 0x04cf, 'l' }, { 0x0501, 'd' }, { 0x051b, 'q' }, { 0x051d, 'w' },
	{ 0x0561, 'w' }, { 0x0563, 'q' }, { 0x0566, 'q' }, { 0x0570, 'h' },
	{ 0x0578, 'n' }, { 0x057c, 'n' }, { 0x057d, 'u' }, { 0x0581, 'g' },
	{ 0x0584, 'f' }, { 0x0585, 'o' }, { 0x10e7, 'y' }, { 0x10ff, 'o' },
	{ 0x1d04, 'c' }, { 0x1d0f, 'o' }, { 0x1d1c, 'u' }, { 0x1d20, 'v' },
	{ 0x1d21, 'w' }, { 0x1d22, 'z' },
};

/* '1' is an l or an i. */
static const char digits[] = "o12eas6tb9";

static unsigned
fold(unsigned code)
{
	size_t low = 0, high = sizeof(pairs) / sizeof(pairs[0]), middle;

	if (code >= '0' && code <= '9')
		return (unsigned char)digits[code - '0'];
	while (code >= 0x80 && low < high) {
		middle = low + (high - low) / 2;
		if (pairs[middle].code == code)
			return (unsigned char)pairs[middle].letter;
		if (pairs[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return code;
}

/* The next letter as it looks, "rn" as m and "vv" as w; 0 at the end. */
static unsigned
next(struct slice *rest)
{
	unsigned code, after;
	size_t n, m;

	n = utf8_next(*rest, &code);
	if (n == 0)
		return 0;
	*rest = slice_sub(*rest, n, rest->n);
	code = fold(code);
	if (code != 'r' && code != 'v')
		return code;
	m = utf8_next(*rest, &after);
	if (m == 0 || fold(after) != (code == 'r' ? 'n' : 'v'))
		return code;
	*rest = slice_sub(*rest, m, rest->n);
	return code == 'r' ? 'm' : 'w';
}

bool
lookalike_possible(struct slice label)
{
	for (size_t i = 0; i < label.n; i++) {
		unsigned char c = (unsigned char)label.p[i];

		if (c >= 0x80 || (c >= '0' && c <= '9' && digits[c - '0'] != (char)c) ||
		    c == '1')
			return true;
		if (i > 0 && ((c == 'n' && label.p[i - 1] == 'r') ||
		    (c == 'v' && label.p[i - 1] == 'v')))
			return true;
	}
	return false;
}

/* A one in front is an l only: "1cloud" is an honest name. */
static bool
is_same(unsigned a, unsigned b, bool is_first)
{
	return a == b || (a == '1' && (b == 'l' || (b == 'i' && !is_first))) ||
	    (b == '1' && (a == 'l' || (a == 'i' && !is_first)));
}

bool
lookalike_same(struct slice a, struct slice b)
{
	bool is_first = true;
	unsigned x, y;

	do {
		x = next(&a);
		y = next(&b);
		if (!is_same(x, y, is_first))
			return false;
		is_first = false;
	} while (x != 0);
	return true;
}
