/*
 * The one file that knows GMime.
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

iconv_t
decode_charset_open(struct slice name)
{
	char copy[DECODE_CHARSET_MAX + 1];	/* GMime copies it to the stack */

	if (name.n == 0 || name.n > DECODE_CHARSET_MAX ||
	    memchr(name.p, '\0', name.n) != NULL)
		return (iconv_t)-1;
	pthread_once(&gmime_once, g_mime_init);
	memcpy(copy, name.p, name.n);
	copy[name.n] = '\0';
	return g_mime_iconv_open("UTF-8", g_mime_charset_iconv_name(copy));
}

void
decode_charset_close(iconv_t converter)
{
	g_mime_iconv_close(converter);
}
