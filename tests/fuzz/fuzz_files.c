/*
 * Packed files: what unpacks must pack to the same.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "settings/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct files *files = files_unpack(data, size);
	struct arena *arena;
	size_t packed_size;
	void *packed;

	if (files == NULL)
		return 0;
	arena = arena_new();
	packed = files_pack(files, arena, &packed_size);
	if (packed_size != size || memcmp(packed, data, size) != 0)
		bug("packed files differ");
	files_get(files, "/f");
	files_free(&files);
	arena_free(&arena);
	return 0;
}
