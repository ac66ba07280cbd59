/*
 * The same message as text and as HTML: do the two tell the same?  Filters read
 * one and people the other.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "checks/readable.h"

enum {
	LETTERS_MIN = 4,
	WORDS_MIN = 20,			/* each side must have more */
	SHARE_MIN = 20,			/* percent */
	SIDE_MAX = 128 * 1024,		/* octets looked at of each side */
	PAIRS_MAX = 8,			/* alternatives compared */
	MARK_TEXT = 1, MARK_HTML = 2,
};

/* Words by thirty bits of their hash; two more tell the sides it stood on.  That
 * two words in tens of thousands are taken for one does not matter. */
struct words {
	uint32_t *slots;		/* 0: free */
	size_t mask;
	uint64_t factor;		/* random: nobody can choose words that collide */
	size_t text, html, both;
};

static void
words_add(struct words *words, uint64_t hash, unsigned mark)
{
	uint32_t key, *slot;
	size_t i;

	hash *= 0x9e3779b97f4a7c15u;
	key = (uint32_t)hash | 4;
	for (i = hash >> 32 & words->mask; words->slots[i] != 0 &&
	    words->slots[i] >> 2 != key >> 2; i = (i + 1) & words->mask)
		;
	slot = &words->slots[i];
	if ((*slot & mark) != 0)
		return;
	*slot = (key & ~3u) | (*slot & 3) | mark;
	if (mark == MARK_TEXT)
		words->text++;
	else
		words->html++;
	words->both += (*slot & 3) == (MARK_TEXT | MARK_HTML);
}

enum octet { SIGN, LETTER, INNER, UNSURE };

/* What an octet is to a word: UNSURE needs the one behind it. */
static const unsigned char kinds[256] = {
	['A' ... 'Z'] = LETTER, ['a' ... 'z'] = LETTER, [0x80 ... 0xbf] = INNER,
	[0xc0 ... 0xc1] = LETTER, [0xc2] = UNSURE, [0xc3 ... 0xe1] = LETTER,
	[0xe2] = UNSURE, [0xe3 ... 0xff] = LETTER,
};

/* Beyond ASCII all but the blanks and signs of U+0080 to U+00BF and U+2000 to
 * U+206F are letters. */
static inline enum octet
octet_at(const char *p, const char *end)
{
	enum octet octet = kinds[(unsigned char)*p];
	unsigned next;

	if (octet != UNSURE)
		return octet;
	next = end - p > 1 ? (unsigned char)p[1] : 0;
	return *p == '\xc2' || next == 0x80 || next == 0x81 ? SIGN : LETTER;
}

/* Behind an address of a page: its words are in one of the two sides only. */
static const char *
skip_url(const char *p, const char *end)
{
	if (end - p < 3 || p[0] != ':' || p[1] != '/' || p[2] != '/')
		return p;
	while (p < end && (unsigned char)*p > ' ' && *p != '>' && *p != ')')
		p++;
	return p;
}

static const char *
skip_signs(const char *p, const char *end)
{
	while (p < end && octet_at(p, end) == SIGN) {
		p++;
		while (p < end && ((unsigned char)*p & 0xc0) == 0x80)
			p++;
	}
	return p;
}

/* Large letters count as small ones, beyond ASCII nearly so: the bit that tells
 * them apart is set in every octet. */
static uint64_t
mix(const struct words *words, uint64_t hash, const char *p, size_t n)
{
	uint64_t octets = 0;

	memcpy(&octets, p, n);
	hash = (hash ^ (octets | 0x2020202020202020u)) * words->factor;
	return hash ^ hash >> 29;
}

/* Eight octets a step: the hash is what this costs. */
static uint64_t
word_hash(const struct words *words, const char *p, size_t n)
{
	uint64_t hash = 0;

	for (; n > 8; p += 8, n -= 8)
		hash = mix(words, hash, p, 8);
	return mix(words, hash, p, n);
}

static void
words_read(struct words *words, struct slice text, unsigned mark)
{
	const char *p = text.p, *end = text.p + text.n, *word, *after;
	enum octet octet;
	size_t letters;

	while ((p = skip_signs(p, end)) < end) {
		letters = 0;
		for (word = p; p < end && (octet = octet_at(p, end)) != SIGN; p++)
			letters += octet != INNER;
		after = skip_url(p, end);
		if (after == p && letters >= LETTERS_MIN)
			words_add(words, word_hash(words, word, (size_t)(p - word)), mark);
		p = after;
	}
}

static void
compare(const struct check_input *input, const struct view_part *text,
    const struct view_part *html, struct words *words_r)
{
	struct slice a = slice_sub(text->text, 0, SIDE_MAX);
	struct slice b = slice_sub(html->text, 0, SIDE_MAX);
	size_t size = 64;

	/* At most one word of four letters in five octets: never full, and in
	 * fact less than half. */
	while (size < (a.n + b.n) / (LETTERS_MIN + 1) + 4)
		size *= 2;
	*words_r = (struct words){ .mask = size - 1, .factor = hash_key_new().k0 | 1 };
	words_r->slots = arena_array(input->arena, size, sizeof(*words_r->slots));
	words_read(words_r, a, MARK_TEXT);
	words_read(words_r, b, MARK_HTML);
}

/* The alternative that the part stands in; VIEW_NONE. */
static size_t
alternative_of(const struct view *view, const struct view_part *part)
{
	size_t parent = part->parent;

	while (parent != VIEW_NONE &&
	    !slice_is(slice_of(view->parts[parent].type), "multipart/alternative"))
		parent = view->parts[parent].parent;
	return parent;
}

/* The first text part of the same alternative that stands before the HTML. */
static const struct view_part *
find_text(const struct view *view, const struct view_part *html, size_t alternative)
{
	for (size_t i = alternative + 1; &view->parts[i] < html; i++)
		if (view->parts[i].kind == VIEW_TEXT &&
		    slice_is(slice_of(view->parts[i].type), "text/plain") &&
		    alternative_of(view, &view->parts[i]) == alternative)
			return &view->parts[i];
	return NULL;
}

static bool
differ(const struct words *words)
{
	size_t smaller = words->text < words->html ? words->text : words->html;

	return smaller > WORDS_MIN && words->both * 100 < smaller * SHARE_MIN;
}

void
check_parts_differ(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const struct view_part *part, *text;
	size_t at = 0, alternative, last = VIEW_NONE, pairs = 0;
	struct words words;

	if (!readable_known(input, result))
		return;
	while (pairs < PAIRS_MAX && (part = readable_next(view, false, &at)) != NULL) {
		alternative = part->kind == VIEW_HTML ? alternative_of(view, part) :
		    VIEW_NONE;
		if (alternative == VIEW_NONE || alternative == last)
			continue;
		last = alternative;
		pairs++;
		text = find_text(view, part, alternative);
		if (text == NULL)
			continue;
		compare(input, text, part, &words);
		if (!differ(&words))
			continue;
		check_hit(input, result, "The text and the HTML of the message tell "
		    "different things: %s has %zu different words of four letters or "
		    "more, %s has %zu, and they share %zu.", readable_name(input, text),
		    words.text, readable_name(input, part), words.html, words.both);
		return;
	}
	readable_end(input, result);
}
