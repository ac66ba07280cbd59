/*
 * Lists of mailboxes and groups.  One pass over the field finds where an item
 * ends; an item is then read as a mailbox, or as what somebody meant for one.
 */
#include <string.h>

#include "base/arena.h"
#include "mail/address.h"
#include "mail/addrspec.h"
#include "mail/encoded.h"
#include "mail/lex.h"
#include "mail/text.h"

/* What stands between two separators, as far as it has been read. */
struct item {
	size_t start;
	size_t angle, angle_end;	/* "<", after ">"; equal when there is none */
	bool has_at;			/* "@" outside <> */
};

struct list {
	struct arena *arena;
	struct lex lex;
	struct address_list *out;
	size_t capacity;
	struct item item;
	bool in_group;
	size_t group_start;		/* of the group's name */
	size_t group_first;		/* number of its first mailbox */
	size_t group_phrase_end;	/* where that one's display name ends */
	size_t phrase_end;		/* of the mailbox being added */
};

static struct slice
range(const struct list *list, size_t start, size_t end)
{
	return slice_sub(list->lex.text, start, end - start);
}

/*
 * The name as a receiver shows it: quotes undone, comments left, encoded words
 * decoded.  A comment alone is the name.
 */
static const char *
decode_name(struct arena *arena, struct slice raw, unsigned *faults)
{
	struct lex lex = { .text = raw };
	size_t n = 0, end;
	char *out;

	if (raw.n == 0)
		return "";
	if (raw.p[0] == '(' && lex_comment(&lex, 0) == raw.n)
		return encoded_decode(arena, slice_sub(raw, 1, raw.n - 2), NULL);
	out = arena_alloc(arena, raw.n + 1);
	for (size_t i = 0; i < raw.n; i = end) {
		end = lex_quoted(&lex, i);
		if (end > i) {
			n += lex_unquote(slice_sub(raw, i, end - i), out + n);
			continue;
		}
		end = lex_comment(&lex, i);
		if (end == i) {
			end++;
			/* obs-phrase: a dot may stand in a name. */
			if (raw.p[i] != '.' && !lex_is_blank(raw.p[i]) &&
			    !lex_is_atext(raw.p[i]))
				*faults |= ADDRESS_FAULT_UNQUOTED_SPECIAL;
		}
		memcpy(out + n, raw.p + i, end - i);
		n += end - i;
	}
	if (text_is_blank((struct slice){ out, n }))
		*faults |= ADDRESS_FAULT_EMPTY_NAME;
	return encoded_decode(arena, (struct slice){ out, n }, NULL);
}

/* Room for one more mailbox, or NULL beyond the limit: it is counted only. */
static struct address *
list_add(struct list *list)
{
	struct address_list *out = list->out;
	struct address *grown;

	out->total++;
	if (out->n == ADDRESS_LIST_MAX)
		return NULL;
	if (out->n == list->capacity) {
		list->capacity = list->capacity == 0 ? 2 : 4 * list->capacity;
		grown = arena_array(list->arena, list->capacity, sizeof(*grown));
		if (out->n > 0)
			memcpy(grown, out->addresses, out->n * sizeof(*grown));
		out->addresses = grown;
	}
	return &out->addresses[out->n++];
}

static void
add_mailbox(struct list *list, struct slice name, struct slice spec, unsigned faults)
{
	struct address *address = list_add(list);

	if (address == NULL)
		return;
	if (list->in_group && list->out->n - 1 == list->group_first)
		list->group_phrase_end = list->phrase_end;
	address->faults = faults;
	address->display_name = slice_trim(name);
	address->name =
	    decode_name(list->arena, address->display_name, &address->faults);
	addrspec_parse(list->arena, spec, address);
	list->out->faults |= address->faults;
}

/* The last comment in the range, with its parentheses, or nothing. */
static struct slice
last_comment(struct list *list, size_t start, size_t end)
{
	struct slice comment = { NULL, 0 };
	size_t next;

	for (size_t i = start; i < end; i = next) {
		next = lex_quoted(&list->lex, i);
		if (next > i)
			continue;
		next = lex_comment(&list->lex, i);
		if (next > i)
			comment = range(list, i, next);
		else
			next = i + 1;
	}
	return comment;
}

/* "name <addr-spec> (comment)". */
static void
add_angle(struct list *list, const struct item *item, size_t end)
{
	struct slice name = slice_trim(range(list, item->start, item->angle));
	unsigned faults = 0;

	if (lex_skip(&list->lex, item->angle_end) < end)
		faults |= ADDRESS_FAULT_UNQUOTED_SPECIAL;
	if (name.n == 0)
		name = last_comment(list, item->angle_end, end);
	list->phrase_end = item->angle;
	add_mailbox(list, name,
	    range(list, item->angle + 1, item->angle_end - 1), faults);
}

/* The end of a word that has no blank, comment or separator in it. */
static size_t
word_end(struct list *list, size_t i, size_t end, bool *has_at)
{
	size_t next;

	for (; i < end && !lex_is_blank(list->lex.text.p[i]); i = next) {
		if (lex_comment(&list->lex, i) > i)
			break;
		next = lex_quoted(&list->lex, i);
		if (next > i)
			continue;
		*has_at |= list->lex.text.p[i] == '@';
		next = i + 1;
	}
	return i;
}

/*
 * The end of an address that stands alone and may have blanks and comments
 * beside "." and "@".
 */
static size_t
spec_end(struct list *list, size_t start, size_t end, bool *has_at)
{
	const char *p = list->lex.text.p;
	size_t i = start, next;

	for (;;) {
		i = word_end(list, i, end, has_at);
		next = lex_skip(&list->lex, i);
		if (next >= end)
			return i;
		if (p[next] != '.' && p[next] != '@' &&
		    (i == start || (p[i - 1] != '.' && p[i - 1] != '@')))
			return i;
		i = next;
	}
}

/*
 * An item without <>: an address alone, a local user, or words.  Each word
 * with "@" is taken for an address.
 */
static void
add_bare(struct list *list, size_t start, size_t end)
{
	size_t first = lex_skip(&list->lex, start), i = first, next, found = 0;
	struct slice comment = last_comment(list, start, end);
	bool has_at = false;

	if (first >= end)
		return;
	for (; i < end; i = lex_skip(&list->lex, next)) {
		has_at = false;
		next = spec_end(list, i, end, &has_at);
		if (!has_at && !(i == first && lex_skip(&list->lex, next) >= end))
			continue;
		list->phrase_end = i;
		if (lex_skip(&list->lex, next) < end || i > first)
			add_mailbox(list, range(list, start, i), range(list, i, next),
			    ADDRESS_FAULT_SYNTAX);
		else
			add_mailbox(list, comment, range(list, i, next), 0);
		start = next;
		found++;
	}
	if (found > 0)
		return;
	list->phrase_end = end;
	add_mailbox(list, range(list, first, end), range(list, end, end),
	    ADDRESS_FAULT_SYNTAX);
}

/* An item whose commas were left in, since <> might have followed. */
static void
add_bare_items(struct list *list, size_t start, size_t end)
{
	size_t next;

	for (size_t i = start; i < end; i = next) {
		next = lex_quoted(&list->lex, i);
		if (next == i)
			next = lex_comment(&list->lex, i);
		if (next > i)
			continue;
		next = i + 1;
		if (list->lex.text.p[i] == ',' || list->lex.text.p[i] == ';') {
			add_bare(list, start, i);
			start = next;
		}
	}
	add_bare(list, start, end);
}

static void
item_finish(struct list *list, size_t end, size_t next)
{
	if (list->item.angle_end > list->item.angle)
		add_angle(list, &list->item, end);
	else
		add_bare_items(list, list->item.start, end);
	list->item = (struct item){ .start = next };
}

/* Position after the ">" that belongs to the "<" at i, or i. */
static size_t
angle_end(struct list *list, size_t i)
{
	size_t at, next;

	for (at = i + 1; at < list->lex.text.n; at = next) {
		if (list->lex.text.p[at] == '>')
			return at + 1;
		if (list->lex.text.p[at] == '<')
			return i;
		next = lex_quoted(&list->lex, at);
		if (next == at)
			next = at + 1;
	}
	return i;
}

/* "<...>": the item's address, or one more after the item's own. */
static size_t
take_angle(struct list *list, size_t i)
{
	struct item *item = &list->item;
	size_t end = angle_end(list, i);
	struct slice before;

	if (end == i)
		return i + 1;
	before = range(list, item->angle, item->angle_end);
	if (slice_find(before, '@') < before.n) {
		list->out->faults |= ADDRESS_FAULT_SYNTAX;
		item_finish(list, item->angle_end, item->angle_end);
	}
	item->angle = i;
	item->angle_end = end;
	return end;
}

static void
group_begin(struct list *list, size_t colon)
{
	if (list->in_group) {
		list->out->faults |= ADDRESS_FAULT_SYNTAX;	/* groups do not nest */
	} else {
		list->in_group = true;
		list->group_start = list->item.start;
		list->group_first = list->out->n;
		list->out->groups++;
	}
	list->item = (struct item){ .start = colon + 1 };
}

/* A group without ";": what looked like its name belongs to that of the mailbox
 * after the ":", if there is one. */
static void
group_undo(struct list *list)
{
	struct address_list *out = list->out;
	struct address *address;

	list->in_group = false;
	out->faults |= ADDRESS_FAULT_UNQUOTED_SPECIAL;
	if (list->group_first >= out->n)
		return;
	out->groups--;
	address = &out->addresses[list->group_first];
	address->faults |= ADDRESS_FAULT_UNQUOTED_SPECIAL;
	address->display_name = slice_trim(range(list, list->group_start,
	    list->group_phrase_end));
	address->name = decode_name(list->arena, address->display_name,
	    &address->faults);
}

/* One byte that is not in quotes, a comment or <>; the position after it. */
static size_t
take_byte(struct list *list, size_t i)
{
	struct item *item = &list->item;
	bool has_address = item->has_at || item->angle_end > item->angle;

	switch (list->lex.text.p[i]) {
	case '<':
		return take_angle(list, i);
	case '@':
		item->has_at |= item->angle_end == item->angle;
		break;
	case ':':
		if (!has_address)
			group_begin(list, i);
		break;
	case ';':
		if (list->in_group) {
			item_finish(list, i, i + 1);
			list->in_group = false;
			break;
		}
		list->out->faults |= ADDRESS_FAULT_UNQUOTED_SPECIAL;
		/* FALLTHROUGH */
	case ',':
		if (has_address)
			item_finish(list, i, i + 1);
		break;
	}
	return i + 1;
}

void
address_list_parse(struct arena *arena, struct slice value,
    struct address_list *list_r)
{
	struct list list = { .arena = arena, .lex = { .text = value }, .out = list_r };
	size_t next;

	memset(list_r, 0, sizeof(*list_r));
	for (size_t i = 0; i < value.n; i = next) {
		next = lex_quoted(&list.lex, i);
		if (next == i)
			next = lex_comment(&list.lex, i);
		if (next == i)
			next = take_byte(&list, i);
	}
	item_finish(&list, value.n, value.n);
	if (list.in_group)
		group_undo(&list);
}

bool
address_path_parse(struct arena *arena, struct slice path,
    struct address *address_r, bool *is_null_r)
{
	*address_r = (struct address){ .name = "" };
	path = slice_trim(path);
	if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>')
		path = slice_sub(path, 1, path.n - 2);
	*is_null_r = path.n == 0;
	addrspec_parse(arena, path, address_r);
	if (*is_null_r) {
		address_r->faults = 0;
		return true;
	}
	if ((address_r->faults & (ADDRESS_FAULT_SYNTAX | ADDRESS_FAULT_NO_LOCAL)) != 0)
		return false;
	return *address_r->domain != '\0' ||
	    (address_r->faults & ADDRESS_FAULT_NO_DOMAIN) != 0;
}
