/*
 * What becomes of each field, by its place.
 */
#include "base/arena.h"
#include "mail/changes.h"
#include "mail/header.h"

enum { INSERTS_MAX = 8 };

struct fate {
	const char *value;	/* NULL: as it is */
	bool deleted;
};

struct changes {
	struct arena *arena;
	const struct headers *headers;
	struct fate *fates;
	struct change inserts[INSERTS_MAX];
	size_t n_inserts;
	size_t n;		/* steps at most */
};

struct changes *
changes_new(struct arena *arena, const struct headers *headers)
{
	struct changes *changes = arena_alloc(arena, sizeof(*changes));

	changes->arena = arena;
	changes->headers = headers;
	changes->fates = arena_array(arena, headers_kept(headers),
	    sizeof(*changes->fates));
	return changes;
}

void
changes_set(struct changes *changes, size_t i, const char *value)
{
	changes->fates[i] = (struct fate){ .value = value };
	changes->n++;
}

void
changes_delete(struct changes *changes, size_t i)
{
	changes->fates[i] = (struct fate){ .deleted = true };
	changes->n++;
}

void
changes_insert(struct changes *changes, const char *name, const char *value)
{
	if (changes->n_inserts == INSERTS_MAX)
		return;
	changes->inserts[changes->n_inserts++] = (struct change){
		.kind = CHANGE_INSERT, .name = name, .value = value,
	};
	changes->n++;
}

struct headers *
changes_result(const struct changes *changes)
{
	struct headers *result = headers_new(changes->arena);
	const struct header *header;

	for (size_t i = changes->n_inserts; i-- > 0;)
		headers_add(result, slice_of(changes->inserts[i].name),
		    slice_of(changes->inserts[i].value));
	for (size_t i = 0; i < headers_kept(changes->headers); i++) {
		const struct fate *fate = &changes->fates[i];

		header = headers_at(changes->headers, i);
		if (!fate->deleted)
			headers_add(result, header->name, fate->value != NULL ?
			    slice_of(fate->value) : header->value);
	}
	return result;
}

static struct change
step_of(const struct changes *changes, size_t i, enum change_kind kind)
{
	const struct header *header = headers_at(changes->headers, i);

	return (struct change){
		.kind = kind, .name = slice_dup(changes->arena, header->name),
		.value = changes->fates[i].value, .index = header->index,
	};
}

const struct change *
changes_steps(const struct changes *changes, size_t *n_r)
{
	struct change *steps = arena_array(changes->arena, changes->n, sizeof(*steps));
	size_t kept = headers_kept(changes->headers), n = 0;

	for (size_t i = 0; i < kept; i++) {
		if (changes->fates[i].value != NULL)
			steps[n++] = step_of(changes, i, CHANGE_SET);
	}
	for (size_t i = kept; i-- > 0;) {
		if (changes->fates[i].deleted)
			steps[n++] = step_of(changes, i, CHANGE_DELETE);
	}
	for (size_t i = 0; i < changes->n_inserts; i++)
		steps[n++] = changes->inserts[i];
	*n_r = n;
	return steps;
}
