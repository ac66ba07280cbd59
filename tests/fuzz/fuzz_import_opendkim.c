/*
 * OpenDKIM's tables: parts between NULs are opendkim.conf, KeyTable, SigningTable and
 * InternalHosts.  What loads must dump to what loads to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "settings/settings.h"

static const char *const paths[] = { "/conf", "/keys", "/signing", "/hosts" };
static const char head[] = "import \"opendkim\" { config = \"/conf\" }\n";

static char *
load(const char *config, const uint8_t *data, size_t size)
{
	struct files *files = files_unpack("MWF1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	struct arena *arena = arena_new();
	const struct settings *settings;
	const char *error;
	char *text;
	FILE *out = open_memstream(&text, &(size_t){ 0 });

	files_put(files, "/f", config, strlen(config));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
		size_t n = end == NULL || i == 3 ? size : (size_t)(end - data);

		files_put(files, paths[i], data, n);
		data += n < size ? n + 1 : n;
		size -= n < size ? n + 1 : n;
	}
	settings = settings_load(files, "/f", NULL, arena, &error);
	if (settings != NULL)
		settings_dump(settings, out);
	else if (*error == '\0')
		bug("an error that says nothing");
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
	char *first = load(head, data, size), *second;

	second = load(*first == '\0' ? head : first, data, size);
	if (strcmp(first, second) != 0 && strchr(first, '%') == NULL)
		bug("the dump differs:\n%s\n%s", first, second);
	free(first);
	free(second);
	return 0;
}
