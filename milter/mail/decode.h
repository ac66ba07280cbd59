/*
 * What GMime's leaf functions do for us: transfer encodings undone step by
 * step.  All calls of GMime are in decode.c.  Beside it converters of charsets,
 * by the names that mail has for them.
 */
#ifndef MW_MAIL_DECODE_H
#define MW_MAIL_DECODE_H

#include <stddef.h>

#include <iconv.h>

#include "base/slice.h"
#include "mail/content.h"

struct arena;
struct decoder;

#define DECODE_CHARSET_MAX 40		/* octets of a charset's name */
#define DECODE_GROWTH 16		/* octets a step can give more than it took */

struct decoder *decoder_new(struct arena *arena);

/* From the beginning, for that encoding; all but base64 and quoted-printable
 * pass unchanged. */
void decoder_begin(struct decoder *decoder, enum transfer_encoding encoding);

/* Decodes n octets to out, which has room for n + DECODE_GROWTH; returns the
 * octets written.  Whatever is no part of the encoding is passed or dropped. */
size_t decoder_step(struct decoder *decoder, const char *in, size_t n, char *out);

/* A converter from that charset to UTF-8 for iconv(); (iconv_t)-1 when there is
 * no such charset. */
iconv_t decode_charset_open(struct slice name);
void decode_charset_close(iconv_t converter);

#endif
