/*
 * A private key file.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "dkim/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	const char *error = NULL;
	struct key *key;

	key = key_parse((struct slice){ (const char *)data, size }, arena, &error);
	if ((key == NULL) != (error != NULL))
		bug("neither a key nor an error, or both");
	if (key != NULL && (key_bits(key) == 0 || *key_public_base64(key) == '\0'))
		bug("a key without a public half");
	key_free(&key);
	arena_free(&arena);
	return 0;
}
