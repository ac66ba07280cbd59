/* Setting results and the few readings that several checks share. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "checks/common.h"

#define SAFE_MAX 200		/* bytes of remote text in one place of a text */
#define TXT_STRING_MAX 255	/* RFC 1035 section 3.3 */
#define TXT_VALUE_MAX 4000
#define FIELDS_MAX 10		/* fields of one kind that are read for addresses */

void
check_ok(struct check_result *result)
{
	result->status = CHECK_OK;
}

void
check_dunno(struct check_result *result)
{
	result->status = CHECK_DUNNO;
}

void
check_temperror(struct check_result *result)
{
	result->status = CHECK_TEMPERROR;
}

void
check_hit(const struct check_input *input, struct check_result *result,
    const char *format, ...)
{
	va_list ap;

	result->status = CHECK_HIT;
	va_start(ap, format);
	result->text = arena_vprintf(input->arena, format, ap);
	va_end(ap);
}

void
check_fix(const struct check_input *input, struct check_result *result,
    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	result->fix = arena_vprintf(input->arena, format, ap);
	va_end(ap);
}

bool
check_known(enum known known, struct check_result *result)
{
	switch (known) {
	case KNOWN_NO:
		check_dunno(result);
		return false;
	case KNOWN_TEMPERROR:
		check_temperror(result);
		return false;
	case KNOWN_ABSENT:
	case KNOWN_VALUE:
		break;
	}
	return true;
}

const char *
check_safe_slice(const struct check_input *input, struct slice text)
{
	return log_safe(input->arena, text, SAFE_MAX);
}

const char *
check_safe(const struct check_input *input, const char *text)
{
	return check_safe_slice(input, slice_of(text));
}

const char *
check_cut(const struct check_input *input, const char *text)
{
	size_t n = SAFE_MAX;

	if (text == NULL || strlen(text) <= n)
		return text != NULL ? text : "";
	while (((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return arena_printf(input->arena, "%.*s...", (int)n, text);
}

const char *
check_txt(const struct check_input *input, const char *name, const char *value)
{
	struct buf line;
	size_t i;

	buf_init(&line, input->arena, TXT_VALUE_MAX);
	buf_printf(&line, "%s. IN TXT \"", name);
	for (i = 0; value[i] != '\0'; i++) {
		if (i > 0 && i % TXT_STRING_MAX == 0)
			buf_add_str(&line, "\" \"");
		if (value[i] == '"' || value[i] == '\\')
			buf_add_char(&line, '\\');
		buf_add_char(&line, value[i]);
	}
	buf_add_char(&line, '"');
	return buf_str(&line);
}

bool
check_is_beyond(const struct message *message, enum header_id id)
{
	return headers_count(message->headers, id) > 0 &&
	    headers_first(message->headers, id) == NULL;
}

bool
check_addresses(const struct check_input *input, enum header_id id,
    struct address_list *list_r)
{
	const struct headers *headers = input->message->headers;
	const struct header *field = headers_first(headers, id);
	unsigned n;

	*list_r = (struct address_list){ .n = 0 };
	if (field == NULL)
		return false;
	for (n = 0; field != NULL && n < FIELDS_MAX;
	    field = headers_next(headers, field), n++) {
		struct address_list more;
		struct address *both;

		address_list_parse(input->arena, field->value, &more);
		list_r->total += more.total;
		list_r->groups += more.groups;
		list_r->faults |= more.faults;
		if (list_r->n + more.n > ADDRESS_LIST_MAX)
			continue;
		both = arena_array(input->arena, list_r->n + more.n, sizeof(*both));
		if (list_r->n > 0)
			memcpy(both, list_r->addresses, list_r->n * sizeof(*both));
		if (more.n > 0)
			memcpy(both + list_r->n, more.addresses, more.n *
			    sizeof(*both));
		list_r->addresses = both;
		list_r->n += more.n;
	}
	return true;
}

const char *
check_count(const struct check_input *input, size_t n, const char *thing)
{
	return arena_printf(input->arena, "%zu %s%s", n, thing, n == 1 ? "" : "s");
}
