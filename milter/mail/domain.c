/*
 * Domain names, kept as lower-case A-labels.
 */
#include <stdint.h>
#include <string.h>

#include <idn2.h>

#include "base/arena.h"
#include "base/ip.h"
#include "mail/domain.h"
#include "mail/script.h"
#include "mail/utf8.h"

/* A U-label of 63 octets as A-label is never longer than this. */
enum { U_NAME_MAX = 4 * DOMAIN_MAX, IDN_FLAGS = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL };

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* 1 to 63 of letters, digits, "-" not at the ends, and "_". */
static bool
is_label(struct slice label)
{
	if (label.n == 0 || label.n > DOMAIN_LABEL_MAX || label.p[0] == '-' ||
	    label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		if (!is_letter_or_digit(label.p[i]) && label.p[i] != '-' &&
		    label.p[i] != '_')
			return false;
	}
	return true;
}

static bool
is_name(struct slice name)
{
	size_t end;

	if (name.n > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i <= name.n; i = end + 1) {
		end = i + slice_find(slice_sub(name, i, name.n), '.');
		if (!is_label((struct slice){ name.p + i, end - i }))
			return false;
	}
	return true;
}

static struct slice
without_final_dot(struct slice name)
{
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

static bool
is_ascii(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] >= 0x80)
			return false;
	}
	return true;
}

const char *
domain_to_ascii(struct arena *arena, struct slice name)
{
	struct slice ascii;
	char *text;

	if (name.n == 0 || name.n > U_NAME_MAX)
		return NULL;
	if (is_ascii(name)) {
		name = without_final_dot(name);
		return is_name(name) ? slice_dup_lower(arena, name) : NULL;
	}
	if (!utf8_valid(name) || slice_find(name, '\0') < name.n)
		return NULL;
	if (idn2_to_ascii_8z(slice_dup(arena, name), &text, IDN_FLAGS) != IDN2_OK)
		return NULL;
	/* What the mapping lets through need not be a name: U+FF20 is an "@". */
	ascii = without_final_dot(slice_of(text));
	name.p = is_name(ascii) ? slice_dup_lower(arena, ascii) : NULL;
	idn2_free(text);
	return name.p;
}

const char *
domain_to_utf8(struct arena *arena, const char *ascii)
{
	struct slice name = slice_of(ascii);
	char *text;

	if (name.n > DOMAIN_MAX || strstr(ascii, "xn--") == NULL ||
	    idn2_to_unicode_8z8z(ascii, &text, 0) != IDN2_OK)
		return ascii;
	name.p = arena_strdup(arena, text);
	idn2_free(text);
	return name.p;
}

bool
domain_is_fqdn(const char *name)
{
	struct slice text = slice_of(name), top = text;
	size_t dot;

	if (!is_name(text) || slice_find(text, '_') < text.n)
		return false;
	while ((dot = slice_find(top, '.')) < top.n)
		top = slice_sub(top, dot + 1, top.n);
	if (top.n == text.n)
		return false;
	for (size_t i = 0; i < top.n; i++) {
		if (top.p[i] < '0' || top.p[i] > '9')
			return true;
	}
	return false;
}

bool
domain_is_queryable(const char *name)
{
	size_t label = 0, n;

	/* A backslash is an escape to what reads the text form of a name. */
	for (n = 0; name[n] != '\0'; n++) {
		if (n == DOMAIN_MAX || name[n] <= ' ' || name[n] > '~' ||
		    name[n] == '\\')
			return false;
		if (name[n] != '.') {
			label++;
		} else {
			if (label == 0 || label > DOMAIN_LABEL_MAX)
				return false;
			label = 0;
		}
	}
	return label > 0 && label <= DOMAIN_LABEL_MAX;
}

bool
domain_is_under(const char *name, const char *parent)
{
	size_t n = strlen(name), m = strlen(parent);

	if (m == 0 || n < m || memcmp(name + n - m, parent, m) != 0)
		return false;
	return n == m || name[n - m - 1] == '.';
}

const char *
domain_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL || dot[1] == '\0' ? NULL : dot + 1;
}

size_t
domain_labels(const char *name)
{
	size_t n = *name != '\0';

	for (; *name != '\0'; name++)
		n += *name == '.';
	return n;
}

bool
domain_is_literal(struct slice name)
{
	struct ip ip;

	if (name.n >= 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		return true;
	return ip_parse(name, &ip);
}

/* The scripts of a label as bits, Common left out. */
static uint64_t
label_scripts(struct slice label)
{
	uint64_t scripts = 0;
	enum script script;
	unsigned code;

	while (label.n > 0) {
		label = slice_sub(label, utf8_next(label, &code), label.n);
		script = script_of(code);
		if (script != SCRIPT_COMMON)
			scripts |= (uint64_t)1 << script;
	}
	return scripts;
}

static bool
mixes_scripts(uint64_t scripts)
{
#define BIT(script) ((uint64_t)1 << (script))
	const uint64_t han = BIT(SCRIPT_LATIN) | BIT(SCRIPT_HAN);

	if ((scripts & (scripts - 1)) == 0)
		return false;
	return (scripts & ~(han | BIT(SCRIPT_HIRAGANA) | BIT(SCRIPT_KATAKANA))) != 0 &&
	    (scripts & ~(han | BIT(SCRIPT_BOPOMOFO))) != 0 &&
	    (scripts & ~(han | BIT(SCRIPT_HANGUL))) != 0;
#undef BIT
}

bool
domain_mixes_scripts(struct arena *arena, const char *ascii)
{
	const char *text = domain_to_utf8(arena, ascii);
	struct slice rest = slice_of(text), label;

	if (text == ascii)
		return false;
	while (slice_split(&rest, '.', &label)) {
		if (mixes_scripts(label_scripts(label)))
			return true;
	}
	return false;
}
