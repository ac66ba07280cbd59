/*
 * Tag=value lists.
 */
#include <string.h>

#include "mail/tags.h"

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 6376: ALPHA *( ALPHA / DIGIT / "_" ). */
static bool
is_tag_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!is_letter(name.p[i]) && (i == 0 ||
		    ((name.p[i] < '0' || name.p[i] > '9') && name.p[i] != '_')))
			return false;
	}
	return name.n > 0;
}

static bool
has_tag(const struct tags *tags, struct slice name)
{
	for (size_t i = 0; i < tags->n; i++) {
		if (slice_eq(tags->tags[i].name, name))
			return true;
	}
	return false;
}

static void
set_malformed(struct tags *tags, struct slice at)
{
	if (!tags->malformed)
		tags->malformed_at = at;
	tags->malformed = true;
}

static void
add_tag(struct tags *tags, struct slice part)
{
	size_t equals = slice_find(part, '=');
	struct tag tag = {
		slice_trim(slice_sub(part, 0, equals)),
		slice_trim(slice_sub(part, equals + 1, part.n)),
	};

	if (equals == part.n || !is_tag_name(tag.name) || has_tag(tags, tag.name))
		set_malformed(tags, part);
	if (equals < part.n)
		tags->tags[tags->n++] = tag;
}

void
tags_parse(struct slice text, struct tags *tags_r)
{
	struct slice part;

	tags_r->n = 0;
	tags_r->malformed = false;
	tags_r->malformed_at = (struct slice){ NULL, 0 };
	text = slice_trim(text);	/* one ";" may end the list */
	while (slice_split(&text, ';', &part)) {
		part = slice_trim(part);
		if (tags_r->n == TAGS_MAX) {
			set_malformed(tags_r, part);
			break;
		}
		add_tag(tags_r, part);
	}
}

const struct tag *
tags_find(const struct tags *tags, const char *name)
{
	struct slice wanted = slice_of(name);

	for (size_t i = 0; i < tags->n; i++) {
		if (slice_eq(tags->tags[i].name, wanted))
			return &tags->tags[i];
	}
	return NULL;
}
