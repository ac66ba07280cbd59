/*
 * Runs of bytes: comparing, finding, splitting, copying.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

static unsigned char
lower(char byte)
{
	unsigned char c = (unsigned char)byte;

	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 'a' - 'A') : c;
}

static bool
equal_nocase(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

struct slice
slice_of(const char *text)
{
	return (struct slice){ text, text == NULL ? 0 : strlen(text) };
}

bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
slice_eq_nocase(struct slice a, struct slice b)
{
	return a.n == b.n && equal_nocase(a.p, b.p, a.n);
}

bool
slice_is(struct slice a, const char *text)
{
	return slice_eq_nocase(a, slice_of(text));
}

bool
slice_starts_nocase(struct slice a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && equal_nocase(a.p, prefix, n);
}

bool
slice_ends_nocase(struct slice a, const char *suffix)
{
	size_t n = strlen(suffix);

	if (n == 0)
		return true;
	return a.n >= n && equal_nocase(a.p + (a.n - n), suffix, n);
}

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct slice
slice_trim(struct slice a)
{
	while (a.n > 0 && is_blank(a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n > 0 && is_blank(a.p[a.n - 1]))
		a.n--;
	return a;
}

struct slice
slice_sub(struct slice a, size_t start, size_t n)
{
	if (a.n == 0)
		return a;
	if (start > a.n)
		start = a.n;
	if (n > a.n - start)
		n = a.n - start;
	return (struct slice){ a.p + start, n };
}

size_t
slice_find(struct slice a, char byte)
{
	const char *at;

	at = a.n == 0 ? NULL : memchr(a.p, byte, a.n);
	return at == NULL ? a.n : (size_t)(at - a.p);
}

size_t
slice_find_nocase(struct slice a, const char *text)
{
	size_t n = strlen(text);

	if (n > a.n)
		return a.n;
	for (size_t i = 0; i <= a.n - n; i++) {
		if (n == 0 || equal_nocase(a.p + i, text, n))
			return i;
	}
	return a.n;
}

bool
slice_split(struct slice *rest, char separator, struct slice *part_r)
{
	size_t at;

	if (rest->n == 0)
		return false;
	at = slice_find(*rest, separator);
	*part_r = slice_sub(*rest, 0, at);
	*rest = slice_sub(*rest, at < rest->n ? at + 1 : at, rest->n);
	return true;
}

char *
slice_dup(struct arena *arena, struct slice a)
{
	return arena_strndup(arena, a.p, a.n);
}

char *
slice_dup_lower(struct arena *arena, struct slice a)
{
	char *copy = slice_dup(arena, a);

	for (size_t i = 0; i < a.n; i++)
		copy[i] = (char)lower(copy[i]);
	return copy;
}

bool
slice_number(struct slice a, unsigned long max, unsigned long *number_r)
{
	unsigned long number = 0, digit;

	if (a.n == 0)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (a.p[i] < '0' || a.p[i] > '9')
			return false;
		digit = (unsigned long)(a.p[i] - '0');
		if (digit > max || number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*number_r = number;
	return true;
}
