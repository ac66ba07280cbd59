/*
 * A message that came back: taken apart, its mark read, compared with another;
 * NUL parts the two.  And what a client says to the sink.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "tool/compare.h"
#include "tool/probe.h"
#include "tool/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take(void *context, struct slice message)
{
	(void)context;
	if (message.n > SINK_MESSAGE_MAX)
		bug("a message over the limit");
}

static void
compare(struct arena *arena, struct slice was, struct slice is)
{
	static const char *const skip[] = { NULL };
	struct message_text *a = arena_alloc(arena, sizeof(*a));
	struct message_text *b = arena_alloc(arena, sizeof(*b));
	struct message_change changes[COMPARE_CHANGES_MAX], body;
	struct probe probe;
	size_t n;

	message_split(was, a);
	message_split(is, b);
	n = compare_fields(arena, a, b, skip, changes, COMPARE_CHANGES_MAX);
	if (n > COMPARE_CHANGES_MAX)
		bug("too many changes");
	for (size_t i = 0; i < n; i++)
		if (changes[i].field == NULL || changes[i].text == NULL)
			bug("a change without words");
	if (compare_body(arena, a->body, b->body, &body) && body.text == NULL)
		bug("a change of the body without words");
	for (size_t i = 0; i < b->n; i++)
		if (probe_read(arena, b->values[i], &probe))
			probe_make(arena, &probe);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, was;
	struct arena *arena = arena_new();
	struct sink_session session;

	sink_session_begin(&session, arena, "x@y", size % 2 == 0, take, NULL);
	sink_session_feed(&session, rest);
	if (slice_split(&rest, '\0', &was))
		compare(arena, was, rest);
	arena_free(&arena);
	return 0;
}
