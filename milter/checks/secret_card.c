/*
 * Card numbers in clear (ISO/IEC 7812): by issuer, length, check digit, the way
 * they are written, and what stands beside them.
 */
#include <string.h>

#include "checks/readable.h"
#include "mail/script.h"
#include "mail/utf8.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum {
	CARD_DIGITS_MIN = 13, CARD_DIGITS_MAX = 19,
	CARD_VARIETY = 4,		/* different digits, at least */
	CARD_NEAR = 80,			/* characters looked at on either side */
	CARD_CANDIDATES_MAX = 1000,	/* numbers of a part looked at closely */
	CARD_URL_MAX = 512,		/* octets looked back for the start of a URL */
	STEP = 4,			/* no group of digits is shorter */
	SHOWN = 4,
};

/* Issuers by their first digits, and the lengths of their numbers. */
static const struct issuer {
	unsigned first, last;		/* the first four digits */
	unsigned lengths;		/* bits */
} issuers[] = {
#define LONG(n) (1u << (n))
	{ 2221, 2720, LONG(16) },			/* Mastercard */
	{ 3000, 3059, LONG(14) },			/* Diners Club */
	{ 3400, 3499, LONG(15) },			/* American Express */
	{ 3528, 3589, LONG(16) },			/* JCB */
	{ 3600, 3699, LONG(14) },			/* Diners Club */
	{ 3700, 3799, LONG(15) },			/* American Express */
	{ 3800, 3999, LONG(14) },			/* Diners Club */
	{ 4000, 4999, LONG(13) | LONG(16) | LONG(19) },	/* Visa */
	{ 5100, 5599, LONG(16) },			/* Mastercard */
	{ 6011, 6011, LONG(16) | LONG(19) },		/* Discover */
	{ 6200, 6299, LONG(16) | LONG(19) },		/* UnionPay */
	{ 6440, 6599, LONG(16) | LONG(19) },		/* Discover */
#undef LONG
};

/* Numbers that payment services publish for tests; Stripe's begin 400000. */
static const char *const published[] = {
	"4012888888881881", "4111111111111111", "4222222222222", "4242424242424242",
	"4012000033330026", "4012000077777777", "4005519200000004", "4009348888881881",
	"4500600000000061", "4917610000000000", "4444333322221111", "5555555555554444",
	"5105105105105100", "5454545454545454", "5200828282828210", "5425233430109903",
	"2223003122003222", "2223000048400011", "2222420000001113", "2223000048410010",
	"378282246310005", "371449635398431", "378734493671000", "341111111111111",
	"6011111111111117", "6011000990139424", "6011000000000012", "6011981111111113",
	"30569309025904", "38520000023237", "36227206271667", "36700102000000",
	"3530111333300000", "3566002020360505", "3566111111111113",
	"6205500000000000004", "6250941006528599", "6250947000000014",
};

struct number {
	char digits[CARD_DIGITS_MAX + 1];
	size_t n;
	size_t start, end;		/* in the text */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_published(const struct number *number)
{
	if (strncmp(number->digits, "400000", 6) == 0)
		return true;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
		if (strcmp(number->digits, published[i]) == 0)
			return true;
	return false;
}

static bool
is_issued(const struct number *number)
{
	unsigned first = 0;

	for (size_t i = 0; i < 4; i++)
		first = first * 10 + (unsigned)(number->digits[i] - '0');
	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
		if (first >= issuers[i].first && first <= issuers[i].last)
			return (issuers[i].lengths & 1u << number->n) != 0;
	return false;
}

/* The check digit (Luhn), and enough different digits. */
static bool
is_sound(const struct number *number)
{
	unsigned sum = 0, digit, seen = 0;
	int variety = 0;

	for (size_t i = 0; i < number->n; i++) {
		digit = (unsigned)(number->digits[number->n - 1 - i] - '0');
		seen |= 1u << digit;
		if (i % 2 == 1)
			digit = digit > 4 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	for (; seen != 0; seen &= seen - 1)
		variety++;
	return sum % 10 == 0 && variety >= CARD_VARIETY;
}

/* Octets of the blank or hyphen between two groups. */
static size_t
separator_at(struct slice text, size_t i)
{
	if (i < text.n && (text.p[i] == ' ' || text.p[i] == '-'))
		return 1;
	return i + 1 < text.n && text.p[i] == '\xc2' && text.p[i + 1] == '\xa0' ? 2 : 0;
}

static size_t
digits_end(struct slice text, size_t i)
{
	while (i < text.n && is_digit(text.p[i]))
		i++;
	return i;
}

static void
take(struct number *number, struct slice text, size_t start, size_t end)
{
	memcpy(number->digits + number->n, text.p + start, end - start);
	number->n += end - start;
	number->digits[number->n] = '\0';
	number->end = end;
}

/*
 * The number that begins with the run of digits from start to end: solid, or in
 * four groups of four.  Leaves n 0 when it is none.
 */
static void
read_number(struct slice text, size_t start, size_t end, struct number *number_r)
{
	size_t groups, n, next = end;

	*number_r = (struct number){ .start = start, .end = end };
	if (end - start >= CARD_DIGITS_MIN && end - start <= CARD_DIGITS_MAX) {
		take(number_r, text, start, end);
		return;
	}
	if (end - start != 4)
		return;
	take(number_r, text, start, end);
	for (groups = 1; groups < 4 && (n = separator_at(text, next)) > 0; groups++) {
		start = next + n;
		next = digits_end(text, start);
		if (next - start != 4)
			break;
		take(number_r, text, start, next);
	}
	if (groups < 4)
		number_r->n = 0;
}

static bool
touches(unsigned code)
{
	if (code < 0x80)
		return code > ' ' && (strchr("./=&?%#+-", (int)code) != NULL ||
		    ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') ||
		    (code >= '0' && code <= '9'));
	return script_of(code) != SCRIPT_COMMON;
}

/* Where the character in front of i begins. */
static size_t
step_back(struct slice text, size_t i)
{
	size_t low = i > 4 ? i - 4 : 0;

	for (i--; i > low && (text.p[i] & 0xc0) == 0x80; i--)
		;
	return i;
}

/* A group of digits in front: a longer number, such as an IBAN. */
static bool
follows_group(struct slice text, size_t i)
{
	if (i >= 2 && (text.p[i - 1] == ' ' || text.p[i - 1] == '-'))
		return is_digit(text.p[i - 2]);
	return i >= 3 && separator_at(text, i - 2) == 2 && is_digit(text.p[i - 3]);
}

/* Nothing of a longer number, a word, a sum or a URL stands against it. */
static bool
stands_free(struct slice text, const struct number *number)
{
	unsigned code;
	size_t i = number->start, low;

	if (number->end - i > number->n && follows_group(text, i))
		return false;
	if (i > 0) {
		utf8_next(slice_sub(text, step_back(text, i), 4), &code);
		if (touches(code))
			return false;
	}
	if (utf8_next(slice_sub(text, number->end, 4), &code) > 0 && touches(code))
		return false;
	low = i > CARD_URL_MAX ? i - CARD_URL_MAX : 0;
	while (i > low && (unsigned char)text.p[i - 1] > ' ')
		i--;
	return slice_find_nocase(slice_sub(text, i, number->start - i), "://") ==
	    number->start - i && !slice_starts_nocase(slice_sub(text, i, 4), "www.");
}

static bool
is_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A word of the list begins somewhere in the text. */
static bool
has_card_word(const struct check_input *input, struct slice text)
{
	size_t n;
	const char *const *words = lists_words(input->settings->lists, LIST_CARD_WORDS,
	    &n);

	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] <= ' ' || is_digit(text.p[i]) ||
		    (i > 0 && is_ascii_letter(text.p[i - 1])))
			continue;
		for (size_t k = 0; k < n; k++)
			if (slice_starts_nocase(slice_sub(text, i, text.n - i), words[k]))
				return true;
	}
	return false;
}

static bool
is_named(const struct check_input *input, struct slice text, const struct number *number)
{
	size_t start = number->start, end = number->end, i;
	unsigned code;

	for (i = 0; i < CARD_NEAR && start > 0; i++)
		start = step_back(text, start);
	for (i = 0; i < CARD_NEAR && end < text.n; i++)
		end += utf8_next(slice_sub(text, end, 4), &code);
	return has_card_word(input, slice_sub(text, start, number->start - start)) ||
	    has_card_word(input, slice_sub(text, number->end, end - number->end));
}

enum search { SEARCH_NONE, SEARCH_FOUND, SEARCH_GAVE_UP };

static enum search
find_card(const struct check_input *input, struct slice text, struct number *number_r)
{
	size_t i, start, end, done = 0, candidates = 0;

	for (i = STEP - 1; i < text.n; i += STEP) {
		if (!is_digit(text.p[i]) || i < done)
			continue;
		for (start = i; start > done && is_digit(text.p[start - 1]); start--)
			;
		end = digits_end(text, i);
		done = end;
		read_number(text, start, end, number_r);
		if (number_r->n == 0 || !is_issued(number_r) || !is_sound(number_r) ||
		    is_published(number_r) || !stands_free(text, number_r))
			continue;
		if (is_named(input, text, number_r))
			return SEARCH_FOUND;
		if (++candidates == CARD_CANDIDATES_MAX)
			return SEARCH_GAVE_UP;
	}
	return SEARCH_NONE;
}

void
check_secret_card(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part;
	struct number number;
	bool gave_up = false;
	size_t at = 0;

	if (!readable_known(input, result))
		return;
	if (input->settings->lists == NULL) {
		check_dunno(result);
		return;
	}
	while ((part = readable_next(input->message->view, false, &at)) != NULL) {
		switch (find_card(input, part->text, &number)) {
		case SEARCH_NONE:
			break;
		case SEARCH_GAVE_UP:
			gave_up = true;
			break;
		case SEARCH_FOUND:
			check_hit(input, result, "There is what looks like the number of "
			    "a payment card (it begins \"%.*s\") in %s.", (int)SHOWN,
			    number.digits, readable_name(input, part));
			return;
		}
	}
	if (gave_up)
		check_dunno(result);
	else
		readable_end(input, result);
}
