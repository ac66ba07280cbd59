/*
 * Tests on words and vectors.  has_zero() is exact as to whether there is such a
 * byte; has_less() is as long as no byte has its high bit set, which is looked
 * at beside it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "mail/bytes.h"

#define ONES ((uint64_t)0x0101010101010101)
#define HIGHS ((uint64_t)0x8080808080808080)

/* Any compiler and machine that we build for has these (SSE2, NEON or plain). */
typedef unsigned char vector __attribute__((vector_size(16)));

static uint64_t
load(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The high bit of some byte is set when one is less than `limit` (<= 128). */
static uint64_t
has_less(uint64_t word, unsigned char limit)
{
	return (word - ONES * limit) & ~word;
}

static uint64_t
has_zero(uint64_t word)
{
	return (word - ONES) & ~word;
}

size_t
bytes_plain(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t word;

	for (; n - i >= sizeof(word); i += sizeof(word)) {
		word = load(p + i);
		word |= has_less(word, ' ') | has_zero(word ^ ONES * 0x7f);
		if ((word & HIGHS) != 0)
			break;
	}
	while (i < n && p[i] >= ' ' && p[i] <= '~')
		i++;
	return i;
}

static bool
vector_any(vector bytes, uint64_t mask)
{
	uint64_t words[2];

	memcpy(words, &bytes, sizeof(words));
	return ((words[0] | words[1]) & mask) != 0;
}

static void
vector_look(const char *p, vector *all, vector *found)
{
	const vector cr = (vector){ 0 } + '\r';
	vector bytes;

	memcpy(&bytes, p, sizeof(bytes));
	*all |= bytes;
	*found |= (vector)(bytes == 0) | (vector)(bytes == cr);
}

static unsigned
bytes_odd_short(const char *p, size_t n)
{
	unsigned odd = 0;

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] >= 0x80)
			odd |= BYTES_8BIT;
		if (p[i] == '\0' || p[i] == '\r')
			odd |= BYTES_NUL_CR;
	}
	return odd;
}

unsigned
bytes_odd(const char *p, size_t n)
{
	vector all = { 0 }, found = { 0 };

	if (n < sizeof(vector))
		return bytes_odd_short(p, n);
	for (size_t i = 0; n - i > sizeof(vector); i += sizeof(vector))
		vector_look(p + i, &all, &found);
	/* The last one may overlap the one before: looked at twice. */
	vector_look(p + n - sizeof(vector), &all, &found);
	return (vector_any(all, HIGHS) ? BYTES_8BIT : 0) |
	    (vector_any(found, UINT64_MAX) ? BYTES_NUL_CR : 0);
}
