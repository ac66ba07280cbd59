/*
 * UTF-8 (RFC 3629): no surrogates, no overlong forms, nothing over U+10FFFF.
 */
#ifndef MW_MAIL_UTF8_H
#define MW_MAIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd"		/* U+FFFD */

/* Decodes one code point; returns the bytes taken, 0 at the end; U+FFFD with
 * 1 byte taken for an invalid byte. */
size_t utf8_next(struct slice text, unsigned *codepoint_r);

bool utf8_valid(struct slice text);

/* Characters (code points) of valid UTF-8. */
size_t utf8_length(const char *text);

#endif
