/* What loads as settings must dump to something that loads to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "settings/settings.h"

static char *
load_and_dump(const void *bytes, size_t size)
{
	struct files *files = files_unpack("MWF1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	struct arena *arena = arena_new();
	const struct settings *settings;
	const char *error;
	char *text;
	FILE *out = open_memstream(&text, &(size_t){ 0 });

	files_put(files, "/f", bytes, size);
	settings = settings_load(files, "/f", NULL, arena, &error);
	if (settings != NULL)
		settings_dump(settings, out);
	else if (strncmp(error, "/f: libconfuse", 14) == 0)
		bug("%s", error);
	fclose(out);
	settings_unref(&settings);
	files_free(&files);
	arena_free(&arena);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *first = load_and_dump(data, size);
	char *second = load_and_dump(first, strlen(first));

	if (*first != '\0' && strcmp(first, second) != 0)
		bug("the dump differs:\n%s", first);
	free(first);
	free(second);
	return 0;
}
