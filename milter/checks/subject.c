/*
 * Subjects that shout, and replies to nothing.
 */
#include "checks/common.h"
#include "mail/utf8.h"

enum { CAPS_CHARACTERS_MIN = 10, CAPS_WORDS_MIN = 2 };

/* There is a subject to look at; else the status says why not. */
static bool
has_subject(const struct check_input *input, struct check_result *result)
{
	if (check_is_beyond(input->message, HDR_SUBJECT))
		check_dunno(result);
	else if (input->message->subject == NULL)
		check_ok(result);
	else
		return true;
	return false;
}

enum letter { LETTER_NONE, LETTER_SMALL, LETTER_CAPITAL };

/* Latin Extended-A: capitals are even up to U+0137 and from U+014A on, odd in
 * between; the capital of U+00FF stands alone, three small ones too. */
static enum letter
latin_a_case(unsigned code)
{
	bool odd_capital = (code >= 0x139 && code <= 0x148) || code >= 0x179;

	if (code == 0x138 || code == 0x149 || code == 0x17f)
		return LETTER_SMALL;
	if (code == 0x178)
		return LETTER_CAPITAL;
	return (code & 1) == (odd_capital ? 1u : 0u) ? LETTER_CAPITAL : LETTER_SMALL;
}

/* Case in the scripts that have it: Latin, Greek, Cyrillic, Armenian. */
static enum letter
letter_case(unsigned code)
{
	if (code < 0x80)
		return code >= 'a' && code <= 'z' ? LETTER_SMALL :
		    code >= 'A' && code <= 'Z' ? LETTER_CAPITAL : LETTER_NONE;
	if (code == 0xb5 || code == 0xd7 || code == 0xf7)
		return LETTER_NONE;
	if (code >= 0xc0 && code < 0x100)
		return code < 0xdf ? LETTER_CAPITAL : LETTER_SMALL;
	if (code >= 0x100 && code < 0x180)
		return latin_a_case(code);
	if (code >= 0x386 && code < 0x3cf)
		return code == 0x390 || code >= 0x3ac ? LETTER_SMALL : LETTER_CAPITAL;
	if (code >= 0x400 && code < 0x460)
		return code < 0x430 ? LETTER_CAPITAL : LETTER_SMALL;
	if (code >= 0x460 && code < 0x530)
		return (code & 1) == 0 ? LETTER_CAPITAL : LETTER_SMALL;
	if (code >= 0x531 && code < 0x588)
		return code < 0x557 ? LETTER_CAPITAL : LETTER_SMALL;
	return LETTER_NONE;
}

void
check_subject_caps(const struct check_input *input, struct check_result *result)
{
	struct slice rest;
	size_t characters = 0, words = 0, capitals = 0, n;
	bool in_word = false;
	unsigned code;

	if (!has_subject(input, result))
		return;
	rest = slice_trim(slice_of(input->message->subject));
	while ((n = utf8_next(rest, &code)) > 0) {
		enum letter letter = letter_case(code);

		rest = slice_sub(rest, n, rest.n);
		if (letter == LETTER_SMALL) {
			check_ok(result);
			return;
		}
		characters++;
		capitals += letter == LETTER_CAPITAL;
		words += !in_word && code > ' ' && code != 0xa0;
		in_word = code > ' ' && code != 0xa0;
	}
	if (capitals == 0 || characters < CAPS_CHARACTERS_MIN || words < CAPS_WORDS_MIN)
		check_ok(result);
	else
		check_hit(input, result, "The subject is in capitals only: %s",
		    check_safe(input, input->message->subject));
}

void
check_subject_punctuation(const struct check_input *input, struct check_result *result)
{
	static const char *const shouts[] = { "!!!", "$$" };
	struct slice subject;

	if (!has_subject(input, result))
		return;
	subject = slice_of(input->message->subject);
	for (size_t i = 0; i < sizeof(shouts) / sizeof(shouts[0]); i++) {
		if (slice_find_nocase(subject, shouts[i]) == subject.n)
			continue;
		check_hit(input, result, "The subject holds \"%s\": %s", shouts[i],
		    check_safe_slice(input, subject));
		return;
	}
	check_ok(result);
}

/* "Re:", "RE[2]:", "AW:"; forwarded mail refers to nothing. */
static bool
claims_reply(const char *text)
{
	static const char *const words[] = { "re", "aw", "sv", "antw" };
	struct slice subject = slice_trim(slice_of(text)), word;
	size_t colon = slice_find(slice_sub(subject, 0, 12), ':');

	if (colon >= 12 || colon >= subject.n)
		return false;
	word = slice_sub(subject, 0, colon);
	word = slice_trim(slice_sub(word, 0, slice_find(word, '[')));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is(word, words[i]))
			return true;
	return false;
}

void
check_subject_fake_reply(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;

	if (!has_subject(input, result))
		return;
	if (!claims_reply(message->subject) || check_is_list(message) ||
	    headers_count(message->headers, HDR_REFERENCES) > 0 ||
	    headers_count(message->headers, HDR_IN_REPLY_TO) > 0 ||
	    headers_count(message->headers, HDR_THREAD_INDEX) > 0)
		check_ok(result);
	else
		check_hit(input, result, "The subject says that this is a reply, and "
		    "there is neither In-Reply-To nor References: %s",
		    check_safe(input, message->subject));
}
