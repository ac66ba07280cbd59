/*
 * Attachments by content, archives and documents listed.  The first octet cuts
 * the rest into pieces.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "mail/attachment.h"
#include "mail/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct attachment_reader *reader = attachment_new(arena, "a.exe.gz");
	struct attachment found;
	size_t piece = size > 0 ? 1 + 16 * (size_t)data[0] : 1;

	for (size_t at = 1; at < size; at += piece)
		attachment_add(reader, data + at, size - at < piece ? size - at : piece);
	attachment_finish(reader, ATTACHMENT_CPU_MS, &found);
	if (found.n_names > ATTACHMENT_NAMES_MAX || found.n_names > found.entries + 1 ||
	    (found.is_archive && found.is_office))
		bug("more names than there can be, or both kinds");
	for (size_t i = 0; i < found.n_names; i++) {
		if (!utf8_valid(slice_of(found.names[i])))
			bug("a name that is no text");
	}
	arena_free(&arena);
	return 0;
}
