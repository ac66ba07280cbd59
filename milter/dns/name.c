/*
 * Names: text to canonical text, wire form to canonical text.
 */
#include <string.h>

#include "dns/name.h"

enum { LABEL_MAX = 63, WIRE_MAX = 255 };

/* A label's byte in canonical text: one, two or four characters. */
static char *
name_put(char *out, unsigned char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		byte = (unsigned char)(byte + ('a' - 'A'));
	if (byte == '.' || byte == '\\') {
		*out++ = '\\';
	} else if (byte <= 0x20 || byte >= 0x7f) {
		*out++ = '\\';
		*out++ = (char)('0' + byte / 100);
		*out++ = (char)('0' + byte / 10 % 10);
		byte = (unsigned char)('0' + byte % 10);
	}
	*out++ = (char)byte;
	return out;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The byte an escape stands for; *p is at the backslash, then behind it. */
static bool
name_unescape(const char **p, unsigned char *byte_r)
{
	const char *at = *p + 1;
	int value;

	if (*at == '\0' || (unsigned char)*at < 0x20)
		return false;
	if (!is_digit(at[0])) {
		*byte_r = (unsigned char)at[0];
		*p = at + 1;
		return true;
	}
	if (!is_digit(at[1]) || !is_digit(at[2]))
		return false;
	value = (at[0] - '0') * 100 + (at[1] - '0') * 10 + (at[2] - '0');
	if (value > 255)
		return false;
	*byte_r = (unsigned char)value;
	*p = at + 3;
	return true;
}

bool
dns_name_canonical(const char *name, char out_r[DNS_NAME_TEXT_MAX])
{
	const char *p = name;
	char *out = out_r;
	size_t label = 0, wire = 1;	/* the root's byte */
	unsigned char byte;

	if (strcmp(name, ".") == 0)
		p++;
	while (*p != '\0') {
		if (*p == '.') {
			if (label == 0)
				return false;
			label = 0;
			if (*++p != '\0')
				*out++ = '.';
			continue;
		}
		byte = (unsigned char)*p;
		if (byte == '\\') {
			if (!name_unescape(&p, &byte))
				return false;
		} else if (byte < 0x20 || byte == 0x7f) {
			return false;
		} else {
			p++;
		}
		wire += label == 0 ? 2 : 1;
		if (++label > LABEL_MAX || wire > WIRE_MAX)
			return false;
		out = name_put(out, byte);
	}
	*out = '\0';
	return true;
}

bool
dns_name_from_wire(const unsigned char *wire, size_t n, char out_r[DNS_NAME_TEXT_MAX],
    size_t *used_r)
{
	size_t at = 0, label;
	char *out = out_r;

	for (;;) {
		if (at >= n || at >= WIRE_MAX)
			return false;
		label = wire[at++];
		if (label == 0)
			break;
		if (label > LABEL_MAX || label >= n - at || at + label >= WIRE_MAX)
			return false;
		if (out != out_r)
			*out++ = '.';
		for (size_t i = 0; i < label; i++)
			out = name_put(out, wire[at + i]);
		at += label;
	}
	*out = '\0';
	*used_r = at;
	return true;
}

const char *
dns_name_parent(const char *name)
{
	while (*name != '\0' && *name != '.')
		name += *name == '\\' && name[1] != '\0' ? 2 : 1;
	return *name == '.' ? name + 1 : name;
}
