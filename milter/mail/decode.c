/*
 * The one file that knows GMime.  It is not asked for charsets: it keeps each
 * name it is asked for as long as the process lives.
 */
#include <pthread.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/arena.h"
#include "mail/decode.h"

struct decoder {
	GMimeEncoding state;
};

static pthread_once_t gmime_once = PTHREAD_ONCE_INIT;

struct decoder *
decoder_new(struct arena *arena)
{
	pthread_once(&gmime_once, g_mime_init);
	return arena_alloc(arena, sizeof(struct decoder));
}

static GMimeContentEncoding
gmime_encoding(enum transfer_encoding encoding)
{
	switch (encoding) {
	case CTE_QUOTED_PRINTABLE:
		return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	case CTE_BASE64:
		return GMIME_CONTENT_ENCODING_BASE64;
	case CTE_NONE: case CTE_7BIT: case CTE_8BIT: case CTE_BINARY: case CTE_UNKNOWN:
		break;
	}
	return GMIME_CONTENT_ENCODING_BINARY;
}

void
decoder_begin(struct decoder *decoder, enum transfer_encoding encoding)
{
	g_mime_encoding_init_decode(&decoder->state, gmime_encoding(encoding));
}

size_t
decoder_step(struct decoder *decoder, const char *in, size_t n, char *out)
{
	return g_mime_encoding_step(&decoder->state, in, n, out);
}

/* Names in mail that the C library does not know. */
static struct slice
usual_name(struct slice name, char *room)
{
	static const struct {
		const char *name, *usual;
	} names[] = {
		{ "5601", "euc-kr" },
		{ "big5-0", "big5" },
		{ "gb-2312", "gb2312" },
		{ "ks_c_5601-1987", "euc-kr" },
		{ "ksc-5601-1987", "euc-kr" },
		{ "windows-949", "cp949" },
	};
	static const char *const code_pages[] = { "windows-cp", "microsoft-cp" };
	size_t skip;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_is(name, names[i].name))
			return slice_of(names[i].usual);
	}
	for (size_t i = 0; i < sizeof(code_pages) / sizeof(code_pages[0]); i++) {
		if (slice_starts_nocase(name, code_pages[i]))
			return slice_sub(name, strlen(code_pages[i]) - 2, name.n);
	}
	/* "iso8859_1", and the order of letters in iso-8859-8-i (RFC 1556) */
	skip = slice_starts_nocase(name, "iso-8859") ? 9 :
	    slice_starts_nocase(name, "iso8859") ? 8 : 0;
	if (skip == 0 || name.n <= skip)
		return name;
	name = slice_sub(name, skip, name.n);
	if (slice_ends_nocase(name, "-i") || slice_ends_nocase(name, "-e"))
		name.n -= 2;
	memcpy(room, "iso-8859-", 9);
	memcpy(room + 9, name.p, name.n);
	return (struct slice){ room, 9 + name.n };
}

static iconv_t
open_converter(struct slice name)
{
	char copy[DECODE_CHARSET_MAX + 2];

	memcpy(copy, name.p, name.n);
	copy[name.n] = '\0';
	return iconv_open("UTF-8", copy);
}

iconv_t
decode_charset_open(struct slice name)
{
	char room[DECODE_CHARSET_MAX + 1];
	iconv_t converter;

	/* what stands behind a slash would be for iconv_open() itself */
	if (name.n == 0 || name.n > DECODE_CHARSET_MAX ||
	    memchr(name.p, '\0', name.n) != NULL || memchr(name.p, '/', name.n) != NULL)
		return (iconv_t)-1;
	converter = open_converter(name);
	return converter != (iconv_t)-1 ? converter :
	    open_converter(usual_name(name, room));
}

void
decode_charset_close(iconv_t converter)
{
	iconv_close(converter);
}
