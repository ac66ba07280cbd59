/*
 * Sizes of header fields and lines: Gmail's limits and our own, the 998 octets
 * of RFC 5322 section 2.1.1.
 */
#include "base/arena.h"
#include "checks/common.h"

#define KILOBYTE 1024
#define SECTION_MAX (500 * KILOBYTE)
#define FIELDS_MAX 5000
#define VALUE_MAX (32 * KILOBYTE)
#define NAME_MAX_OCTETS KILOBYTE
#define LINE_MAX_OCTETS 998

/* Gmail takes these at any length. */
static bool
is_exempt(enum header_id id)
{
	return id == HDR_TO || id == HDR_CC || id == HDR_REFERENCES;
}

/* Which single field is too large, or NULL. */
static const char *
find_large_field(const struct check_input *input)
{
	const struct headers *headers = input->message->headers;
	size_t i;

	for (i = 0; i < headers_kept(headers); i++) {
		const struct header *header = headers_at(headers, i);

		if (header->name.n > NAME_MAX_OCTETS)
			return arena_printf(input->arena, "the field name %.20s... has "
			    "%zu octets (at most %d)", check_safe_slice(input,
			    header->name), header->name.n, NAME_MAX_OCTETS);
		if (header->full_size > VALUE_MAX && !is_exempt(header->id))
			return arena_printf(input->arena, "the field %s has %zu octets "
			    "(at most %d)", check_safe_slice(input, header->name),
			    header->full_size, VALUE_MAX);
	}
	return NULL;
}

void
check_header_size(const struct check_input *input, struct check_result *result)
{
	const struct headers *headers = input->message->headers;
	const char *what = NULL;

	if (headers_bytes(headers) > SECTION_MAX)
		what = arena_printf(input->arena, "the header section has %zu octets "
		    "(at most %d)", headers_bytes(headers), SECTION_MAX);
	else if (headers_total(headers) > FIELDS_MAX)
		what = arena_printf(input->arena, "there are %zu fields (at most %d)",
		    headers_total(headers), FIELDS_MAX);
	else
		what = find_large_field(input);
	if (!headers_over_limit(headers)) {
		result->action = ACTION_NONE;
	} else if (what == NULL) {
		what = "a field is longer than is read here";
	}
	if (what == NULL)
		check_ok(result);
	else
		check_hit(input, result, "The header section is over %s: %s.",
		    headers_over_limit(headers) ? "the limits here" : "Gmail's limits",
		    what);
}

void
check_line_long(const struct check_input *input, struct check_result *result)
{
	const struct headers *headers = input->message->headers;
	const struct body_facts *body = &input->message->body;
	size_t i;

	for (i = 0; i < headers_kept(headers); i++) {
		const struct header *header = headers_at(headers, i);

		if (header->longest_line <= LINE_MAX_OCTETS)
			continue;
		check_hit(input, result, "A line of the field %s has %zu octets; %d "
		    "are allowed.", check_safe_slice(input, header->name),
		    header->longest_line, LINE_MAX_OCTETS);
		check_fix(input, result, "Have the program that writes the message "
		    "fold the field %s at a blank.", check_safe_slice(input,
		    header->name));
		return;
	}
	if (body->longest_line > LINE_MAX_OCTETS)
		check_hit(input, result, "Line %llu of the body has %zu octets; %d are "
		    "allowed.", (unsigned long long)body->longest_line_at,
		    body->longest_line, LINE_MAX_OCTETS);
	else if (headers_over_limit(headers))
		check_dunno(result);
	else
		check_ok(result);
}
