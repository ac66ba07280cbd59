/*
 * What postqueue -j and Sendmail's mailq print, and the daemon's answer to the tool:
 * NUL parts the texts.  Addresses in a queue come from anywhere, and its ids are
 * shown in commands for pasting.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "tool/ask.h"
#include "tool/queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_at(const char *text)
{
	if (text == NULL)
		return;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 127)
			bug("a control byte in a text for people");
	}
}

static void
look_into(const struct queue *queue)
{
	if (queue_error(queue) != NULL)
		bug("a queue that was read, and an error");
	for (size_t i = 0; i < queue_count(queue); i++) {
		const struct queue_entry *entry = queue_at(queue, i);

		if (!queue_is_id(entry->id))
			bug("an id that is no good in a command");
		if (queue_find(queue, entry->id) == NULL ||
		    queue_state_of(queue, entry->id, entry->arrived) == QUEUE_UNKNOWN)
			bug("an entry that is not found");
		/* of one that moved while it was listed the later line counts */
		if (entry->held && queue_find(queue, entry->id) == entry &&
		    queue_state_of(queue, entry->id, entry->arrived) == QUEUE_GONE)
			bug("a held message is gone");
		look_at(entry->sender);
		for (size_t r = 0; r < entry->n_rcpts; r++)
			look_at(entry->rcpts[r]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, postqueue, held, document;
	struct arena *arena = arena_new();
	const char *error = NULL;

	if (!slice_split(&rest, '\0', &postqueue))
		postqueue = SLICE("");
	if (!slice_split(&rest, '\0', &held))
		held = SLICE("");
	look_into(queue_from_postqueue(arena, postqueue));
	look_into(queue_from_mailq(arena, held, rest));
	if (ask_read_answer(postqueue, arena, &document, &error) != 0 && error == NULL)
		bug("no document, and no error");
	look_at(error);
	arena_free(&arena);
	return 0;
}
