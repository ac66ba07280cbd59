/*
 * UTF-8, read one code point at a time.
 */
#include <string.h>

#include "mail/bytes.h"
#include "mail/utf8.h"

/* Size of the sequence a lead byte begins, and the least code point for it. */
static size_t
sequence(unsigned char lead, unsigned *least_r)
{
	if (lead >= 0xc2 && lead <= 0xdf) {
		*least_r = 0x80;
		return 2;
	}
	if (lead >= 0xe0 && lead <= 0xef) {
		*least_r = 0x800;
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*least_r = 0x10000;
		return 4;
	}
	return 0;
}

size_t
utf8_next(struct slice text, unsigned *codepoint_r)
{
	const unsigned char *p = (const unsigned char *)text.p;
	unsigned code, least = 0;
	size_t n;

	*codepoint_r = 0;
	if (text.n == 0)
		return 0;
	*codepoint_r = p[0];
	if (p[0] < 0x80)
		return 1;
	*codepoint_r = 0xfffd;
	n = sequence(p[0], &least);
	if (n == 0 || n > text.n)
		return 1;
	code = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 1;
	*codepoint_r = code;
	return n;
}

bool
utf8_valid(struct slice text)
{
	unsigned code;
	size_t n;

	for (size_t i = 0; i < text.n; i += n) {
		n = bytes_plain(text.p + i, text.n - i);
		if (n > 0)
			continue;
		n = utf8_next(slice_sub(text, i, 4), &code);
		if (n == 1 && (unsigned char)text.p[i] >= 0x80)
			return false;
	}
	return true;
}

size_t
utf8_length(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}
