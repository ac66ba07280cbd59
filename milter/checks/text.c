/*
 * Text in header fields: the subject, raw 8-bit, encoded words (RFC 2047),
 * characters that hide.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"
#include "mail/content.h"
#include "mail/encoded.h"
#include "mail/msgid.h"

#define SUBJECT_CHARACTERS_MAX 255
#define SUBJECT_OCTETS_MAX 998
#define FIELDS_READ_MAX 20	/* of the fields below, in one message */

/* The fields whose text people and receivers read. */
static const enum header_id text_fields[] = {
	HDR_FROM, HDR_TO, HDR_CC, HDR_REPLY_TO, HDR_SENDER, HDR_SUBJECT,
};

enum { TEXT_FIELDS = sizeof(text_fields) / sizeof(text_fields[0]) };

static bool
is_text_field(enum header_id id)
{
	size_t i;

	for (i = 0; i < TEXT_FIELDS; i++)
		if (text_fields[i] == id)
			return true;
	return false;
}

/* Code points that show nothing. */
static bool
is_invisible(unsigned c)
{
	return c <= 0x20 || c == 0x7f || c == 0xa0 || c == 0xad || c == 0x34f || c ==
	    0x61c || c == 0x180e || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <=
	    0x202f) || (c >= 0x205f && c <= 0x206f) || c == 0x2800 || c == 0x3000 || c
	    == 0x3164 || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0;
}

static bool
is_blank_text(const char *text)
{
	struct slice rest = slice_of(text);
	unsigned codepoint;
	size_t n;

	while ((n = utf8_next(rest, &codepoint)) > 0) {
		if (!is_invisible(codepoint))
			return false;
		rest = slice_sub(rest, n, rest.n - n);
	}
	return true;
}

void
check_subject_missing(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;

	if (check_is_beyond(message, HDR_SUBJECT))
		check_dunno(result);
	else if (message->subject == NULL)
		check_hit(input, result, "The message has no Subject field.");
	else if (is_blank_text(message->subject))
		check_hit(input, result, "The Subject field is empty.");
	else
		check_ok(result);
}

/* Octets of the field as it stands, line ends not counted. */
static size_t
field_octets(const struct header *header)
{
	size_t ends = 0, i;

	for (i = 0; i < header->value.n; i++)
		if (header->value.p[i] == '\r' || header->value.p[i] == '\n')
			ends++;
	return header->name.n + 1 + header->full_size - ends;
}

void
check_subject_long(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	const struct header *field = headers_first(message->headers, HDR_SUBJECT);
	size_t octets, characters;

	if (field == NULL) {
		if (check_is_beyond(message, HDR_SUBJECT))
			check_dunno(result);
		else
			check_ok(result);
		return;
	}
	octets = field_octets(field);
	characters = message->subject != NULL ? utf8_length(message->subject) : 0;
	if (octets > SUBJECT_OCTETS_MAX) {
		check_hit(input, result, "The Subject field is %zu octets long; Gmail "
		    "takes %d.", octets, SUBJECT_OCTETS_MAX);
	} else if (characters > SUBJECT_CHARACTERS_MAX) {
		result->weight = 3;
		check_hit(input, result, "The subject is %zu characters long; Exchange "
		    "takes %d.", characters, SUBJECT_CHARACTERS_MAX);
	} else {
		check_ok(result);
	}
}

struct raw_8bit {
	const struct header *text, *other;	/* the first of each kind */
	const struct header *utf8;		/* valid UTF-8, in any field */
	const struct header *nameless;		/* text in a charset that nobody knows */
};

/* As what is no UTF-8 is written when it is put into encoded words (RFC 1428). */
static bool
is_nameless(const struct header *header)
{
	return slice_find_nocase(header->value, "=?unknown-8bit?") < header->value.n;
}

static struct raw_8bit
find_8bit(const struct message *message)
{
	struct raw_8bit found = { .text = NULL };
	size_t i;

	for (i = 0; i < headers_kept(message->headers); i++) {
		const struct header *header = headers_at(message->headers, i);
		bool is_utf8;

		if (found.nameless == NULL && is_text_field(header->id) &&
		    is_nameless(header))
			found.nameless = header;
		if ((header->odd & HEADER_ODD_8BIT) == 0)
			continue;
		is_utf8 = utf8_valid(header->value);
		if (is_utf8 && found.utf8 == NULL)
			found.utf8 = header;
		if (is_utf8 && message->is_smtputf8)
			continue;	/* RFC 6532 allows it */
		if (is_text_field(header->id) && found.text == NULL)
			found.text = header;
		else if (!is_text_field(header->id) && found.other == NULL)
			found.other = header;
	}
	return found;
}

void
check_header_8bit(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	struct raw_8bit found = find_8bit(message);
	bool demands = message->is_local && !message->is_smtputf8 &&
	    !input->evidence->egress.takes_utf8;

	if (demands && message->repair != NULL && message->repair->had_utf8) {
		check_hit(input, result, "The header held raw UTF-8 in mail submitted on "
		    "this host. It was mended, but Postfix looks before a filter can: it "
		    "demands SMTPUTF8 and bounces the message wherever the receiver has "
		    "none.");
		check_fix(input, result, "Have the program encode the text by RFC 2047, or "
		    "set \"smtputf8_autodetect_classes = verify\" in main.cf: mailworthy "
		    "mends such fields.");
	} else if (demands && found.utf8 != NULL) {
		check_hit(input, result, "The field %s holds raw UTF-8 in mail "
		    "submitted on this host: Postfix then demands SMTPUTF8 and bounces "
		    "the message wherever the receiver has none.",
		    check_safe_slice(input, found.utf8->name));
	} else if (found.text != NULL) {
		result->weight = 20;
		check_hit(input, result, "The field %s holds raw 8-bit bytes: %s",
		    check_safe_slice(input, found.text->name),
		    check_safe_slice(input, slice_trim(found.text->value)));
	} else if (found.nameless != NULL) {
		result->weight = 20;
		check_hit(input, result, "The field %s holds 8-bit bytes in no charset "
		    "that it names: programs guess, or show question marks.",
		    check_safe_slice(input, found.nameless->name));
	} else if (found.other != NULL) {
		result->weight = 3;
		check_hit(input, result, "The field %s holds raw 8-bit bytes.",
		    check_safe_slice(input, found.other->name));
	} else if (headers_over_limit(message->headers)) {
		check_dunno(result);
	} else {
		check_ok(result);
	}
}

/* A field with an encoded word inside an address, or NULL. */
static const char *
word_in_address(const struct check_input *input)
{
	struct address_list list;
	size_t k, i;

	for (k = 0; k < TEXT_FIELDS; k++) {
		if (text_fields[k] == HDR_SUBJECT ||
		    !check_addresses(input, text_fields[k], &list))
			continue;
		for (i = 0; i < list.n; i++)
			if ((list.addresses[i].faults & ADDRESS_FAULT_ENCODED_WORD) !=
			    0)
				return header_id_name(text_fields[k]);
		if ((list.faults & ADDRESS_FAULT_ENCODED_WORD) != 0)
			return header_id_name(text_fields[k]);
	}
	return NULL;
}

static bool
word_in_message_id(const struct message *message)
{
	const struct header *field = headers_first(message->headers, HDR_MESSAGE_ID);
	struct msgid id;

	if (field == NULL)
		return false;
	msgid_parse(field->value, &id);
	return id.encoded_word;
}

/* The first text field with a broken or too long encoded word, or NULL. */
static const struct header *
find_bad_word(const struct check_input *input, bool want_broken)
{
	const struct headers *headers = input->message->headers;
	size_t k, n = 0;

	for (k = 0; k < TEXT_FIELDS; k++) {
		const struct header *field = headers_first(headers, text_fields[k]);

		for (; field != NULL && n < FIELDS_READ_MAX;
		    field = headers_next(headers, field), n++) {
			struct encoded_facts facts;

			if (slice_find_nocase(field->value, "=?") == field->value.n)
				continue;
			encoded_decode(input->arena, field->value, &facts);
			if (want_broken ? facts.broken && !facts.raw_not_utf8 &&
			    !is_nameless(field) : facts.too_long)
				return field;
		}
	}
	return NULL;
}

static bool
word_in_filename(const struct message *message)
{
	return message->body.encoded_filename;
}

void
check_encoded_word_misplaced(const struct check_input *input, struct check_result
    *result)
{
	const struct message *message = input->message;
	const char *where = word_in_address(input);
	const struct header *field;

	if (where != NULL) {
		check_hit(input, result, "An encoded word (=?...?=) stands inside an "
		    "address of the field %s, where none is allowed.", where);
	} else if (word_in_message_id(message)) {
		check_hit(input, result, "An encoded word (=?...?=) stands inside the "
		    "Message-ID, where none is allowed.");
	} else if ((field = find_bad_word(input, true)) != NULL) {
		check_hit(input, result, "The field %s holds a broken encoded word: %s",
		    check_safe_slice(input, field->name), check_safe_slice(input,
		    slice_trim(header_unfold(input->arena, field->value))));
	} else if ((field = find_bad_word(input, false)) != NULL) {
		result->weight = 10;
		check_hit(input, result, "The field %s holds an encoded word of over "
		    "75 characters.", check_safe_slice(input, field->name));
	} else if (word_in_filename(message)) {
		result->weight = 3;
		check_hit(input, result, "A file name is written as an encoded word "
		    "(=?...?=), where RFC 2231 wants filename*=.");
	} else if (headers_over_limit(message->headers) || message->body.over_limit) {
		check_dunno(result);
	} else {
		check_ok(result);
	}
}

/* Control characters, tags outside of a flag, overrides of direction. */
static const char *
hiding_character(const char *text)
{
	struct slice rest = slice_of(text);
	unsigned c;
	bool in_flag = false;
	size_t n;

	while ((n = utf8_next(rest, &c)) > 0) {
		rest = slice_sub(rest, n, rest.n - n);
		if (c == 0x1f3f4)
			in_flag = true;		/* flags of England, Scotland, Wales */
		else if (c < 0xe0000 || c > 0xe007f)
			in_flag = false;
		if ((c < 0x20 && c != '\t' && c != '\0') || (c >= 0x7f && c < 0xa0))
			return "a control character";
		if (c == 0x202d || c == 0x202e)
			return "a character that turns the direction of the text";
		if (c >= 0xe0000 && c <= 0xe007f && !in_flag)
			return "an invisible tag character";
	}
	return NULL;
}

void
check_header_unicode(const struct check_input *input, struct check_result *result)
{
	const struct headers *headers = input->message->headers;
	size_t i, n = 0;

	for (i = 0; i < headers_kept(headers); i++) {
		const struct header *header = headers_at(headers, i);
		const char *what = NULL;

		if ((header->odd & HEADER_ODD_CONTROL) != 0)
			what = "a control character";
		else if (is_text_field(header->id) && n++ < FIELDS_READ_MAX)
			what = hiding_character(encoded_decode(input->arena,
			    header->value, NULL));
		if (what == NULL)
			continue;
		check_hit(input, result, "The field %s holds %s: %s",
		    check_safe_slice(input, header->name), what,
		    check_safe_slice(input, slice_trim(header->value)));
		return;
	}
	if (headers_over_limit(headers))
		check_dunno(result);
	else
		check_ok(result);
}
