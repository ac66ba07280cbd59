/*
 * An RFC 2231 value is written anew as an encoded word, so that charsets are
 * converted in one place.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/content.h"
#include "mail/encoded.h"
#include "mail/filename.h"

static int
hex_value(char digit)
{
	const char *digits = "0123456789abcdef", *at;

	at = digit == '\0' ? NULL : strchr(digits, digit | (digit > '9' ? 0x20 : 0));
	return at == NULL ? -1 : (int)(at - digits);
}

/* The octet at *at, which may stand as %XX. */
static unsigned char
take_octet(struct slice text, size_t *at)
{
	int high, low;

	if (text.p[*at] == '%' && *at + 2 < text.n) {
		high = hex_value(text.p[*at + 1]);
		low = hex_value(text.p[*at + 2]);
		if (high >= 0 && low >= 0) {
			*at += 3;
			return (unsigned char)(high << 4 | low);
		}
	}
	return (unsigned char)text.p[(*at)++];
}

/* charset'language'octets (RFC 2231 section 4). */
static const char *
decode_extended(struct arena *arena, struct slice value)
{
	struct slice charset = slice_sub(value, 0, slice_find(value, '\''));
	struct slice text = slice_sub(value, charset.n + 1, value.n);
	size_t quote = slice_find(text, '\''), at = 0;
	struct encoded_facts facts;
	struct buf word, raw;
	const char *decoded;
	unsigned char octet;

	if (quote == text.n)
		return encoded_decode(arena, value, NULL);
	text = slice_sub(text, quote + 1, text.n);
	if (charset.n == 0)
		charset = SLICE("utf-8");
	buf_init(&word, arena, 3 * text.n + charset.n + 16);
	buf_init(&raw, arena, text.n);
	buf_add_str(&word, "=?");
	buf_add_slice(&word, charset);
	buf_add_str(&word, "?q?");
	while (at < text.n) {
		octet = take_octet(text, &at);
		buf_add_char(&raw, (char)octet);
		buf_add_char(&word, '=');
		buf_add_char(&word, "0123456789ABCDEF"[octet >> 4]);
		buf_add_char(&word, "0123456789ABCDEF"[octet & 15]);
	}
	buf_add_str(&word, "?=");
	decoded = encoded_decode(arena, (struct slice){ buf_str(&word), word.n }, &facts);
	if (facts.has_encoded_word && strncmp(decoded, "=?", 2) != 0)
		return decoded;
	return encoded_decode(arena, (struct slice){ buf_str(&raw), raw.n }, NULL);
}

const char *
filename_param(struct arena *arena, const struct content_type *type, const char *param)
{
	struct slice value;

	for (size_t i = 0; i < type->n_params; i++) {
		if (strcmp(type->params[i].name, param) != 0)
			continue;
		value = slice_sub(slice_of(type->params[i].value), 0, FILENAME_READ_MAX);
		if (value.n == 0)
			return NULL;
		return type->params[i].extended ? decode_extended(arena, value) :
		    encoded_decode(arena, value, NULL);
	}
	return NULL;
}

const char *
filename_of(struct arena *arena, const struct content_type *disposition,
    const struct content_type *type)
{
	const char *name = NULL;

	if (disposition != NULL)
		name = filename_param(arena, disposition, "filename");
	return name == NULL ? filename_param(arena, type, "name") : name;
}
