/*
 * Characters that keep filters from reading what people see: zero-width ones
 * inside words, turned text, letters of another alphabet that look the same.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/readable.h"
#include "mail/bytes.h"
#include "mail/script.h"
#include "mail/text.h"
#include "mail/utf8.h"

enum {
	ZERO_WIDTH_PLACES = 3,
	MIXED_WORDS = 2,
	MIXED_LETTERS = 4,
	WORD_MAX = 256,			/* octets of a word looked at */
};

static bool
is_zero_width(unsigned code)
{
	return code == 0x200b || code == 0x200c || code == 0x200d || code == 0x2060 ||
	    code == 0xfeff || code == 0x180e;
}

/* script_of(), with a short way for what most mail is written in. */
static enum script
script_near(unsigned code)
{
	if (code < 0x80)
		return (code | 0x20) >= 'a' && (code | 0x20) <= 'z' ? SCRIPT_LATIN :
		    SCRIPT_COMMON;
	if (code >= 0x430 && code < 0x480)
		return SCRIPT_CYRILLIC;
	return script_of(code);
}

struct hidden {
	size_t places;			/* zero-width between Latin letters */
	unsigned turns;			/* U+202D, U+202E; 0 */
};

/* The character that ends at i; 0 at the beginning. */
static unsigned
code_before(struct slice text, size_t i, size_t *start_r)
{
	size_t low = i > 4 ? i - 4 : 0, at = i;
	unsigned code = 0;

	if (at > 0)
		at--;
	while (at > low && (text.p[at] & 0xc0) == 0x80)
		at--;
	utf8_next(slice_sub(text, at, i - at), &code);
	*start_r = at;
	return i > 0 ? code : 0;
}

/* Behind the zero-width characters at i, which are a place or none. */
static size_t
count_place(struct slice text, size_t i, struct hidden *hidden)
{
	size_t start, n;
	unsigned before = code_before(text, i, &start), code = 0;

	while ((n = utf8_next(slice_sub(text, i, 4), &code)) > 0 && is_zero_width(code))
		i += n;
	hidden->places += n > 0 && script_near(before) == SCRIPT_LATIN &&
	    script_near(code) == SCRIPT_LATIN;
	return i;
}

static void
count_hidden(struct slice text, struct hidden *hidden)
{
	unsigned code;
	size_t n;

	for (size_t i = 0; i < text.n; i += n) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x80) {
			n = bytes_plain(text.p + i, text.n - i);
			n = n > 0 ? n : 1;
			continue;
		}
		n = 1;
		/* What is looked for begins with no other octet. */
		if (c != 0xe1 && c != 0xe2 && c != 0xef)
			continue;
		n = utf8_next(slice_sub(text, i, 4), &code);
		if (code == 0x202d || code == 0x202e)
			hidden->turns = code;
		else if (is_zero_width(code))
			n = count_place(text, i, hidden) - i;
	}
}

/* Joiners beside the letters that need them are honest in an address too. */
static bool
hides_in_url(const struct view_link *link)
{
	struct slice target = slice_of(link->target);
	unsigned code, odd;
	bool has_joiner = false;

	if (!link->url.has_invisible)
		return false;
	odd = text_odd(target, 0, NULL);
	if ((odd & (TEXT_ODD_JOINER | TEXT_ODD_BIDI_OVERRIDE)) != 0)
		return true;
	for (size_t i = 0; i < target.n; i += utf8_next(slice_sub(target, i, 4), &code)) {
		utf8_next(slice_sub(target, i, 4), &code);
		if (code == 0x200c || code == 0x200d)
			has_joiner = true;
		else if (is_zero_width(code))
			return true;
	}
	return !has_joiner;
}

void
check_zero_width(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const struct view_part *part;
	size_t at = 0;

	if (!readable_known(input, result))
		return;
	for (size_t i = 0; i < view->n_links; i++) {
		if (!hides_in_url(&view->links[i]))
			continue;
		check_hit(input, result, "A link holds invisible characters: %s in %s.",
		    readable_target(input, &view->links[i]), readable_name(input,
		    &view->parts[view->links[i].part]));
		return;
	}
	while ((part = readable_next(view, false, &at)) != NULL) {
		struct hidden hidden = { .places = 0 };

		count_hidden(part->text, &hidden);
		if (hidden.turns != 0) {
			check_hit(input, result, "The text holds U+%04X, which turns "
			    "the direction of what follows, in %s.", hidden.turns,
			    readable_name(input, part));
			return;
		}
		if (hidden.places < ZERO_WIDTH_PLACES)
			continue;
		check_hit(input, result, "Words are cut by characters that show nothing "
		    "(zero-width) in %zu places of %s.", hidden.places,
		    readable_name(input, part));
		return;
	}
	readable_end(input, result);
}

struct word {
	unsigned latin, foreign;	/* letters; foreign: Cyrillic or Greek */
	bool has_cyrillic, has_small_latin;
	unsigned greek;			/* the last Greek one */
};

/* Greek letters that nobody takes for Latin ones. */
static bool
is_plainly_greek(unsigned code)
{
	static const unsigned short letters[] = {
		0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9,
		0x3b2, 0x3b4, 0x3b6, 0x3b7, 0x3b8, 0x3bb, 0x3bc, 0x3be, 0x3c0, 0x3c6,
		0x3c8, 0x3c9, 0x2126,
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i] == code)
			return true;
	return false;
}

/* One letter of science in a name (TNF-alpha in one word, delta-T) is no
 * disguise, as a unit is none. */
static bool
is_mixed(const struct word *word)
{
	if (word->latin == 0 || word->foreign == 0 ||
	    word->latin + word->foreign < MIXED_LETTERS)
		return false;
	return word->has_cyrillic || word->foreign > 1 ||
	    (word->has_small_latin && !is_plainly_greek(word->greek));
}

/* Worth a look: Greek, Cyrillic, what is rare. */
static bool
may_be_foreign(unsigned code)
{
	return (code >= 0x370 && code < 0x530) || (code >= 0x1c80 && code < 0x2000) ||
	    code == 0x2126 || (code >= 0x2de0 && code < 0x2e00) ||
	    (code >= 0xa640 && code < 0xa6a0);
}

/* Counts the letter; false when it ends the word. */
static bool
add_letter(struct word *word, unsigned code)
{
	enum script script = script_near(code);

	if (script == SCRIPT_LATIN) {
		word->latin++;
		if (code >= 0x80 || (code & 0x20) != 0)
			word->has_small_latin = true;
	} else if (script == SCRIPT_CYRILLIC) {
		word->foreign++;
		word->has_cyrillic = true;
	} else if (script == SCRIPT_GREEK) {
		word->foreign++;
		word->greek = code;
	}
	return script != SCRIPT_COMMON || (code >= 0x300 && code <= 0x36f);
}

/* Behind the letters from i on. */
static size_t
read_letters(struct slice text, size_t i, struct word *word)
{
	size_t limit = text.n - i > WORD_MAX ? i + WORD_MAX : text.n, n;
	unsigned code;

	while (i < limit) {
		/* U+0400 to U+047F, two octets: most of what comes here */
		if (((unsigned char)text.p[i] & 0xfe) == 0xd0 && i + 1 < text.n) {
			word->foreign++;
			word->has_cyrillic = true;
			i += 2;
			continue;
		}
		n = utf8_next(slice_sub(text, i, 4), &code);
		if (!add_letter(word, code))
			break;
		i += n;
	}
	return i;
}

/* The word around the letter at i, where a foreign one stands first. */
static struct slice
read_word(struct slice text, size_t i, struct word *word_r)
{
	size_t start = i, low = i > WORD_MAX / 2 ? i - WORD_MAX / 2 : 0, at;

	*word_r = (struct word){ .latin = 0 };
	while (start > low && add_letter(word_r, code_before(text, start, &at)))
		start = at;
	return slice_sub(text, start, read_letters(text, i, word_r) - start);
}

/* How many words mix; the first two for a quote. */
static size_t
count_mixed(struct slice text, struct slice first_r[MIXED_WORDS])
{
	struct slice found;
	size_t count = 0, n;
	struct word word;
	unsigned code;

	for (size_t i = 0; i < text.n; i += n) {
		n = bytes_plain(text.p + i, text.n - i);
		if (n > 0)
			continue;
		n = utf8_next(slice_sub(text, i, 4), &code);
		if (!may_be_foreign(code))
			continue;
		found = read_word(text, i, &word);
		if (found.p + found.n > text.p + i + n)
			n = (size_t)(found.p + found.n - (text.p + i));
		if (!is_mixed(&word))
			continue;
		if (count < MIXED_WORDS)
			first_r[count] = found;
		count++;
	}
	return count;
}

void
check_mixed_script_words(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	struct slice first[MIXED_WORDS];
	const struct view_part *part;
	size_t at = 0, n;

	if (!readable_known(input, result))
		return;
	while ((part = readable_next(view, false, &at)) != NULL) {
		/* Of an unknown charset the letters are guessed. */
		if (part->charset_unknown || part->charset_guessed ||
		    (bytes_odd(part->text.p, part->text.n) & BYTES_8BIT) == 0)
			continue;
		n = count_mixed(part->text, first);
		if (n < MIXED_WORDS)
			continue;
		check_hit(input, result, "%zu words mix Latin with Cyrillic or Greek "
		    "letters in %s: \"%s\", \"%s\".", n, readable_name(input, part),
		    check_safe_slice(input, first[0]), check_safe_slice(input, first[1]));
		return;
	}
	readable_end(input, result);
}
