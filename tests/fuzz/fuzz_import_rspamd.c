/*
 * Rspamd's configuration, and the configuration of ours that is written from it; now
 * and then that is loaded, which takes most of the time.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "tool/import_write.h"

enum { LOADED_OF = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct files *files = files_unpack("MWF1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	struct arena *arena = arena_new();
	struct import *import = import_new(arena, files, NULL);
	const struct import_source source = { "rspamd", "Rspamd", "/r.conf" };
	const struct settings *settings;
	const char *error;
	struct buf text;

	files_put(files, "/r.conf", data, size);
	files_put(files, "/map", "example.com s1\nexample.org /k/$domain\n", 38);
	import_rspamd(import, "/r.conf");
	buf_init(&text, arena, 64 * 1024 * 1024);
	import_write(&text, import, &source, NULL);
	if (size % LOADED_OF == 0 && import->n_errors == 0) {
		files_put(files, "/f", buf_str(&text), text.n);
		settings = settings_load(files, "/f", NULL, arena, &error);
		if (settings == NULL)
			bug("what was written does not load: %s\n%s", error, buf_str(&text));
		settings_unref(&settings);
	}
	files_free(&files);
	arena_free(&arena);
	return 0;
}
