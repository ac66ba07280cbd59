/*
 * A line of the journal: whatever is read of it is whole and harmless.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "record/journal.h"

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct journal_event event;

	if (journal_parse(arena, (struct slice){ (const char *)data, size }, &event)) {
		const struct journal_finding *cause = journal_cause(&event);

		if (event.n == 0 || *event.verdict == '\0' || *event.cause == '\0')
			bug("an event without its least");
		look_at(event.queue_id);
		look_at(event.subject);
		look_at(event.author);
		look_at(cause != NULL ? cause->text : NULL);
		for (size_t i = 0; i < event.n_rcpts; i++)
			look_at(event.rcpts[i]);
		for (size_t i = 0; i < event.n_receivers; i++)
			look_at(event.receivers[i].says);
	}
	arena_free(&arena);
	return 0;
}
