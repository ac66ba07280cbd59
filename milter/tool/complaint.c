/*
 * Takes the keyring's complaints apart.
 */
#include <string.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/slice.h"
#include "tool/complaint.h"

static const char *
find_command(const char *what)
{
	static const char *const commands[] = { ": chmod ", ": chown ", ": chgrp " };
	const char *first = NULL, *at;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		at = strstr(what, commands[i]);
		if (at != NULL && (first == NULL || at < first))
			first = at;
	}
	return first != NULL ? first + 2 : NULL;
}

/* Text may follow it, but for a comma within a word: chmod g-w,o-rw. */
static size_t
command_length(const char *command)
{
	static const char *const ends[] = { ", ", "; ", " (" };
	size_t n = strlen(command);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const char *end = strstr(command, ends[i]);

		if (end != NULL && (size_t)(end - command) < n)
			n = (size_t)(end - command);
	}
	return n;
}

static void
take_command(struct arena *arena, struct complaint *complaint)
{
	const char *at = command_is_plain(complaint->path) ? find_command(complaint->what) : NULL;
	size_t n;

	if (at == NULL)
		return;
	n = command_length(at);
	if (at[n] == '\0')
		complaint->before = slice_dup(arena, slice_trim(
		    (struct slice){ complaint->text, (size_t)(at - complaint->text) }));
	complaint->command = slice_dup(arena, slice_trim((struct slice){ at, n }));
}

bool
complaint_next(struct arena *arena, struct slice *rest, struct complaint *complaint_r)
{
	struct slice line = SLICE("");
	const char *at;

	while (line.n == 0)
		if (!slice_split(rest, '\n', &line))
			return false;
	*complaint_r = (struct complaint){ .text = slice_dup(arena, line), .path = "" };
	at = strstr(complaint_r->text, ": ");
	if (at != NULL)
		complaint_r->text = at + 2;
	complaint_r->what = complaint_r->text;
	at = strstr(complaint_r->text, ": ");
	if (at != NULL) {
		complaint_r->path = arena_strndup(arena, complaint_r->text,
		    (size_t)(at - complaint_r->text));
		complaint_r->what = at + 2;
	}
	take_command(arena, complaint_r);
	return true;
}
