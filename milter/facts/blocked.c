/* Looks through the attachments of the view; the lists are data. */
#include "base/arena.h"
#include "facts/blocked.h"
#include "facts/message.h"
#include "mail/signature.h"
#include "mail/view.h"

enum { SUFFIX_MAX = 24 };

bool
blocked_is_file(const struct view_part *part)
{
	return part->kind == VIEW_OTHER || (part->is_attachment &&
	    part->kind != VIEW_MULTIPART && part->kind != VIEW_MESSAGE);
}

const char *
blocked_suffix(struct arena *arena, const char *name)
{
	struct slice suffix = signature_suffix(slice_of(name));

	return suffix.n > SUFFIX_MAX ? "" : slice_dup_lower(arena, suffix);
}

static bool
is_on(struct arena *arena, const struct lists *lists, enum list list, const char *name,
    const char *content, struct blocked *blocked)
{
	const char *suffix = blocked_suffix(arena, name);

	if (lists_has(lists, list, suffix)) {
		blocked->suffix = suffix;
	} else if (lists_has(lists, list, content)) {
		blocked->suffix = content;
		blocked->by_content = true;
	} else {
		return false;
	}
	blocked->name = name;
	return true;
}

static bool
is_file_on(struct arena *arena, const struct lists *lists, enum list list,
    const struct view_part *part, struct blocked *blocked)
{
	const struct attachment *attachment = part->attachment;

	*blocked = (struct blocked){ .part = part };
	return is_on(arena, lists, list, part->filename,
	    attachment != NULL ? attachment->found_suffix : NULL, blocked);
}

static bool
is_inside_on(struct arena *arena, const struct lists *lists, enum list list,
    const struct view_part *part, struct blocked *blocked)
{
	const struct attachment *attachment = part->attachment;

	*blocked = (struct blocked){ .part = part, .inside = true };
	for (size_t i = 0; attachment != NULL && i < attachment->n_names; i++) {
		if (is_on(arena, lists, list, attachment->names[i],
		    attachment->suffixes != NULL ? attachment->suffixes[i] : NULL,
		    blocked))
			return true;
	}
	return false;
}

bool
blocked_find(struct arena *arena, const struct message *message,
    const struct lists *lists, enum list list, struct blocked *blocked_r)
{
	const struct view *view = message->view;

	for (size_t i = 0; view != NULL && i < view->n_parts; i++) {
		if (blocked_is_file(&view->parts[i]) &&
		    is_file_on(arena, lists, list, &view->parts[i], blocked_r))
			return true;
	}
	for (size_t i = 0; view != NULL && i < view->n_parts; i++) {
		if (blocked_is_file(&view->parts[i]) &&
		    is_inside_on(arena, lists, list, &view->parts[i], blocked_r))
			return true;
	}
	return false;
}

const struct view_part *
blocked_find_locked(const struct message *message)
{
	const struct view *view = message->view;

	for (size_t i = 0; view != NULL && i < view->n_parts; i++) {
		const struct attachment *attachment = view->parts[i].attachment;

		if (attachment != NULL && attachment->has_encrypted_archive)
			return &view->parts[i];
	}
	return NULL;
}
