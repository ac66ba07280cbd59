/*
 * Attachments: types that receivers refuse, names that lie, archives nobody can
 * look into, macros.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"
#include "checks/disguise.h"
#include "checks/parts.h"
#include "facts/blocked.h"
#include "mail/view.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum { ATTACHMENTS_MAX = 250 };		/* Exchange Online */

/* The next part that is a file, from *at on; NULL at the end. */
static const struct view_part *
next_file(const struct view *view, size_t *at)
{
	while (*at < view->n_parts) {
		const struct view_part *part = &view->parts[(*at)++];

		if (blocked_is_file(part))
			return part;
	}
	return NULL;
}

/* Nothing found: ok, where all files were looked into. */
static void
nothing_found(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const struct view_part *part;
	size_t at = 0;

	check_ok(result);
	if (view->over_limit)
		check_dunno(result);
	while ((part = next_file(view, &at)) != NULL) {
		if (part->over_limit || (part->attachment != NULL &&
		    part->attachment->over_limit))
			check_dunno(result);
	}
}

/* ---- types ---- */

static bool
refuses(const struct check_input *input, const struct provider *provider,
    const struct blocked *blocked)
{
	static const enum list lists[] = { LIST_BLOCKED_GMAIL, LIST_BLOCKED_MICROSOFT };

	for (size_t i = 0; i < 2; i++) {
		/* that they look into archives only Gmail says */
		if (provider->blocks[lists[i]] &&
		    (!blocked->inside || lists[i] == LIST_BLOCKED_GMAIL) &&
		    (blocked->suffix == NULL || lists_has(input->settings->lists,
		    lists[i], blocked->suffix)))
			return true;
	}
	return false;
}

/* The providers of all recipients are known to refuse it. */
static bool
all_refuse(const struct check_input *input, const struct blocked *blocked)
{
	const struct destinations_evidence *to = &input->evidence->destinations;

	for (size_t i = 0; i < to->n; i++) {
		if (to->p[i].provider_known != KNOWN_VALUE ||
		    !refuses(input, to->p[i].provider, blocked))
			return false;
	}
	return parts_all_recipients(input);
}

static const char *
list_title(enum list list)
{
	return list == LIST_BLOCKED_GMAIL ? "Gmail" : list == LIST_BLOCKED_MICROSOFT ?
	    "Microsoft Defender" : "Outlook on the web";
}

static void
hit_type(const struct check_input *input, struct check_result *result,
    const struct blocked *blocked, const char *verb, enum list list)
{
	const char *name = blocked->name != NULL && blocked->inside ?
	    arena_printf(input->arena, " holds \"%s\",", check_safe(input, blocked->name)) :
	    "";

	check_hit(input, result, "%s%s%s .%s%s, a type that %s %s.",
	    parts_title(input, blocked->part), name,
	    *name != '\0' ? " of type" : " is of type", blocked->suffix,
	    blocked->by_content ? " by its content" : "", list_title(list), verb);
	check_fix(input, result, "Put the file where it can be fetched and send the link "
	    "instead%s.", blocked->inside ? "; packing it does not help, receivers look "
	    "inside" : "");
}

void
check_attachment_blocked(const struct check_input *input, struct check_result *result)
{
	static const enum list lists[] = { LIST_BLOCKED_GMAIL, LIST_BLOCKED_MICROSOFT };
	const struct view_part *locked;
	struct blocked blocked;

	if (!parts_known(input, result))
		return;
	for (size_t i = 0; i < 2; i++) {
		if (!blocked_find(input->arena, input->message, input->settings->lists,
		    lists[i], &blocked))
			continue;
		hit_type(input, result, &blocked, "refuses", lists[i]);
		if (!all_refuse(input, &blocked))
			result->action = ACTION_NONE;
		return;
	}
	locked = blocked_find_locked(input->message);
	if (locked == NULL) {
		nothing_found(input, result);
		return;
	}
	check_hit(input, result, "%s holds an archive in an archive, and one needs a "
	    "password: Gmail refuses that.", parts_title(input, locked));
	check_fix(input, result, "Send the inner archive itself, without a password, or "
	    "a link to the file.");
	blocked = (struct blocked){ .part = locked, .inside = true };
	if (!all_refuse(input, &blocked))
		result->action = ACTION_NONE;
}

void
check_attachment_hidden(const struct check_input *input, struct check_result *result)
{
	const struct lists *lists = input->settings->lists;
	const struct view *view = input->message->view;
	struct blocked blocked;

	if (!parts_known(input, result))
		return;
	for (size_t i = 0; i < view->n_parts; i++) {
		struct view one = { .parts = &view->parts[i], .n_parts = 1 };
		struct message message = { .view = &one };

		if (!blocked_find(input->arena, &message, lists, LIST_BLOCKED_OWA,
		    &blocked) || blocked.inside ||
		    lists_has(lists, LIST_BLOCKED_GMAIL, blocked.suffix) ||
		    lists_has(lists, LIST_BLOCKED_MICROSOFT, blocked.suffix))
			continue;
		hit_type(input, result, &blocked, "does not let people open",
		    LIST_BLOCKED_OWA);
		return;
	}
	nothing_found(input, result);
}

/* ---- names ---- */

static const char *
disguise_in(const struct check_input *input, const struct view_part *part)
{
	const struct attachment *attachment = part->attachment;
	const char *how;

	how = disguise_of(input, part->filename, attachment != NULL ?
	    attachment->found_suffix : NULL, false);
	if (how != NULL)
		return arena_printf(input->arena, "%s is disguised: %s.",
		    parts_title(input, part), how);
	for (size_t i = 0; attachment != NULL && i < attachment->n_names; i++) {
		how = disguise_of(input, attachment->names[i], attachment->suffixes !=
		    NULL ? attachment->suffixes[i] : NULL, true);
		if (how != NULL)
			return arena_printf(input->arena, "%s holds \"%s\", which is "
			    "disguised: %s.", parts_title(input, part),
			    check_safe(input, attachment->names[i]), how);
	}
	return NULL;
}

void
check_attachment_disguised(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part;
	size_t at = 0;

	if (!parts_known(input, result))
		return;
	while ((part = next_file(input->message->view, &at)) != NULL) {
		const char *text = disguise_in(input, part);

		if (text != NULL) {
			check_hit(input, result, "%s", text);
			return;
		}
	}
	nothing_found(input, result);
}

/* ---- what is inside ---- */

static bool
is_locked(const struct view_part *part)
{
	return part->attachment != NULL && part->attachment->is_archive &&
	    part->attachment->encrypted;
}

static bool
is_nested(const struct view_part *part)
{
	return part->attachment != NULL && part->attachment->is_archive &&
	    part->attachment->has_archive;
}

/* Office files that are made to hold macros say so in their names. */
static bool
has_macro(const struct view_part *part)
{
	static const char *const suffixes[] = {
		"docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "potm", "ppsm", "ppam",
		"sldm", "vsdm",
	};
	struct slice name = slice_of(part->filename);

	if (part->attachment != NULL && part->attachment->has_macro)
		return true;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (slice_ends_nocase(name, suffixes[i]) && name.n > 5 &&
		    name.p[name.n - 5] == '.')
			return true;
	}
	return false;
}

static void
find_file(const struct check_input *input, struct check_result *result,
    bool (*is)(const struct view_part *), const char *what)
{
	const struct view_part *part;
	size_t at = 0;

	if (!parts_known(input, result))
		return;
	while ((part = next_file(input->message->view, &at)) != NULL) {
		if (is(part)) {
			check_hit(input, result, "%s %s", parts_title(input, part), what);
			return;
		}
	}
	nothing_found(input, result);
}

void
check_attachment_encrypted(const struct check_input *input, struct check_result *result)
{
	find_file(input, result, is_locked, "is an archive with a password: filters "
	    "cannot look into it.");
}

void
check_attachment_nested(const struct check_input *input, struct check_result *result)
{
	find_file(input, result, is_nested, "is an archive that holds an archive.");
}

void
check_attachment_macro(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part;
	size_t at = 0;

	find_file(input, result, has_macro, "is an office document with macros.");
	if (result->status != CHECK_OK)
		return;
	while ((part = next_file(input->message->view, &at)) != NULL) {
		if (part->attachment != NULL && part->attachment->is_office &&
		    part->attachment->encrypted)
			check_dunno(result);
	}
}

void
check_attachment_count(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	size_t n = 0;

	if (!parts_known(input, result))
		return;
	for (size_t i = 0; i < view->n_parts; i++)
		n += view->parts[i].is_attachment;
	if (n > ATTACHMENTS_MAX)
		check_hit(input, result, "There are %zu attachments; Exchange Online "
		    "takes %d.", n, ATTACHMENTS_MAX);
	else if (view->over_limit && view->n_parts >= PART_ENTITIES_MAX)
		check_dunno(result);
	else
		check_ok(result);
}
