/*
 * The structure of the message (RFC 2045 to 2047, 2387): what a reader's program
 * must guess at.  Attached messages are other people's work and not judged.
 */
#include <strings.h>

#include "base/arena.h"
#include "checks/common.h"
#include "checks/parts.h"
#include "mail/part.h"
#include "mail/text.h"
#include "mail/view.h"

enum {
	LEVELS_MAX = 30,		/* Exchange */
	PARTS_MAX = 250,		/* Exchange Online */
};

static bool
is_readable(const struct view_part *part)
{
	return part->kind == VIEW_TEXT || part->kind == VIEW_HTML;
}

/* Why the part is malformed, NULL when it is not. */
static const char *
fault_of(const struct check_input *input, const struct view_part *part)
{
	if (part->malformed != NULL)
		return check_safe(input, part->malformed);
	if (!part->bad_encoding)
		return NULL;
	return part->encoding == CTE_BASE64 ? "it is no valid base64" :
	    "it is no valid quoted-printable";
}

/* Nothing found: ok, where all was read. */
static void
nothing_found(const struct check_input *input, struct check_result *result)
{
	if (input->message->view->over_limit)
		check_dunno(result);
	else
		check_ok(result);
}

void
check_mime_malformed(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;

	if (!parts_known(input, result))
		return;
	for (size_t i = 0; i < view->n_parts; i++) {
		const struct view_part *part = &view->parts[i];
		const char *fault = fault_of(input, part);

		if (fault == NULL || part->in_attached_message)
			continue;
		check_hit(input, result, "%s is malformed: %s.", parts_title(input, part),
		    fault);
		return;
	}
	nothing_found(input, result);
}

void
check_mime_deep(const struct check_input *input, struct check_result *result)
{
	const struct body_facts *body = &input->message->body;

	if (body->levels > LEVELS_MAX)
		check_hit(input, result, "The parts are nested %zu levels deep; Exchange "
		    "takes %d.", body->levels, LEVELS_MAX);
	else if (body->over_limit)
		check_dunno(result);
	else
		check_ok(result);
}

void
check_mime_parts(const struct check_input *input, struct check_result *result)
{
	const struct body_facts *body = &input->message->body;

	if (body->parts > PARTS_MAX)
		check_hit(input, result, "The message has %zu parts; Exchange Online takes "
		    "%d.", body->parts, PARTS_MAX);
	else
		check_ok(result);
}

/* ---- charset and encoding of text ---- */

static bool
has_unknown_charset(const struct view_part *part)
{
	return part->charset_unknown;
}

static bool
lacks_charset(const struct view_part *part)
{
	return part->charset == NULL && !part->ascii_only && part->decoded_size > 0;
}

static bool
is_base64_ascii(const struct view_part *part)
{
	return part->encoding == CTE_BASE64 && part->ascii_only && !part->over_limit &&
	    !part->bad_encoding && part->decoded_size > 0;
}

static const struct view_part *
find_text(const struct check_input *input, struct check_result *result,
    bool (*is)(const struct view_part *))
{
	const struct view *view = input->message->view;

	if (!parts_known(input, result))
		return NULL;
	for (size_t i = 0; i < view->n_parts; i++) {
		const struct view_part *part = &view->parts[i];

		if (is_readable(part) && !part->in_attached_message && is(part))
			return part;
	}
	nothing_found(input, result);
	return NULL;
}

void
check_charset_unknown(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find_text(input, result, has_unknown_charset);

	if (part == NULL)
		return;
	if (part->charset != NULL && strcasecmp(part->charset, "unknown-8bit") != 0)
		check_hit(input, result, "%s cannot be read as %s: there is no such "
		    "charset, or the bytes are none of it.", parts_title(input, part),
		    check_safe(input, part->charset));
	else
		check_hit(input, result, "%s cannot be read: it names no charset and is "
		    "no UTF-8.", parts_title(input, part));
}

void
check_charset_missing(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find_text(input, result, lacks_charset);

	if (part != NULL)
		check_hit(input, result, "%s holds text beyond ASCII and does not say in "
		    "which charset.", parts_title(input, part));
}

void
check_base64_ascii(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find_text(input, result, is_base64_ascii);

	if (part != NULL)
		check_hit(input, result, "%s is plain ASCII sent as base64 (%llu octets).",
		    parts_title(input, part), (unsigned long long)part->decoded_size);
}

/* ---- text and HTML of the same ---- */

static bool
is_alternative(const struct view_part *part)
{
	return part->kind == VIEW_MULTIPART && part->type != NULL &&
	    slice_is(slice_of(part->type), "multipart/alternative");
}

/* The nearest multipart/alternative around a part; VIEW_NONE. */
static size_t
alternative_of(const struct view *view, size_t index)
{
	size_t at = view->parts[index].parent;

	while (at != VIEW_NONE && !is_alternative(&view->parts[at]))
		at = view->parts[at].parent;
	return at;
}

/* Text to be shown, also where the generator gave it a file name. */
static bool
is_text(const struct view_part *part)
{
	return part->kind == VIEW_TEXT || (part->kind == VIEW_OTHER &&
	    slice_is(slice_of(part->type), "text/plain") &&
	    !slice_is(slice_of(part->disposition), "attachment"));
}

static bool
is_html(const struct view_part *part)
{
	return part->kind == VIEW_HTML;
}

/* The first such part from `from` on below an alternative. */
static size_t
find_below(const struct view *view, size_t alternative,
    bool (*is)(const struct view_part *), size_t from)
{
	for (size_t i = from; i < view->n_parts; i++) {
		if (is(&view->parts[i]) && alternative_of(view, i) == alternative)
			return i;
	}
	return VIEW_NONE;
}

static bool
is_blank(const struct view_part *part)
{
	return part->kind == VIEW_TEXT ? text_is_blank(part->text) :
	    part->decoded_size == 0;
}

static size_t
first_html(const struct view *view)
{
	for (size_t i = 0; i < view->n_parts; i++) {
		if (view->parts[i].kind == VIEW_HTML &&
		    !view->parts[i].in_attached_message)
			return i;
	}
	return VIEW_NONE;
}

void
check_text_part_missing(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	size_t html, alternative, text;
	bool over_limit = false;

	if (!parts_known(input, result))
		return;
	html = first_html(view);
	if (html == VIEW_NONE) {
		nothing_found(input, result);
		return;
	}
	alternative = alternative_of(view, html);
	for (text = 0; alternative != VIEW_NONE; text++) {
		text = find_below(view, alternative, is_text, text);
		if (text == VIEW_NONE)
			break;
		over_limit |= view->parts[text].over_limit;
		if (!is_blank(&view->parts[text])) {
			check_ok(result);
			return;
		}
	}
	if (over_limit)
		check_dunno(result);
	else
		check_hit(input, result, "%s is HTML, and the text beside it is %s.",
		    parts_title(input, &view->parts[html]), alternative != VIEW_NONE &&
		    find_below(view, alternative, is_text, 0) != VIEW_NONE ? "empty" :
		    "missing");
}

void
check_alternative_order(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;

	if (!parts_known(input, result))
		return;
	for (size_t i = 0; i < view->n_parts; i++) {
		size_t html, text;

		if (!is_alternative(&view->parts[i]) ||
		    view->parts[i].in_attached_message)
			continue;
		html = find_below(view, i, is_html, i);
		text = html != VIEW_NONE ? find_below(view, i, is_text, html) :
		    VIEW_NONE;
		if (text == VIEW_NONE || find_below(view, i, is_text, i) < html)
			continue;
		check_hit(input, result, "%s stands before the text of the same (part %s): "
		    "programs show the last they can, so the plain text.",
		    parts_title(input, &view->parts[html]), view->parts[text].section);
		return;
	}
	nothing_found(input, result);
}
