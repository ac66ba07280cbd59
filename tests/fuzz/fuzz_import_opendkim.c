/*
 * OpenDKIM's tables: parts between NULs are opendkim.conf, KeyTable, SigningTable and
 * InternalHosts.  Now and then (loading the lists that are built in takes most of the
 * time) what loads must dump to what loads to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "settings/names.h"
#include "tool/import_write.h"

enum { LOADED_OF = 64 };

static const char *const paths[] = { "/conf", "/keys", "/signing", "/hosts" };
static const char head[] = "import \"opendkim\" { config = \"/conf\" }\n";

static struct files *
cut(const uint8_t *data, size_t size)
{
	struct files *files = files_unpack("MWF1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
		size_t n = end == NULL || i == 3 ? size : (size_t)(end - data);

		files_put(files, paths[i], data, n);
		data += n < size ? n + 1 : n;
		size -= n < size ? n + 1 : n;
	}
	return files;
}

static void
check(const struct import *import, const struct import_domain *domain)
{
	if (!name_is_pattern(slice_of(domain->name)) ||
	    (domain->n_keys == 0 && import->n_errors == 0))
		bug("domain \"%s\" with %zu keys", domain->name, domain->n_keys);
	if (domain->sign_as != NULL && !name_is_domain(slice_of(domain->sign_as)))
		bug("signed as \"%s\"", domain->sign_as);
	for (size_t i = 0; i < domain->n_keys; i++) {
		if (!name_is_dns(slice_of(domain->keys[i].selector)) ||
		    domain->keys[i].file[0] != '/' || domain->keys[i].at.line == 0)
			bug("key \"%s\" in \"%s\"", domain->keys[i].selector,
			    domain->keys[i].file);
	}
}

static char *
load(const char *config, const uint8_t *data, size_t size)
{
	struct files *files = cut(data, size);
	struct arena *arena = arena_new();
	const struct settings *settings;
	const char *error;
	char *text;
	FILE *out = open_memstream(&text, &(size_t){ 0 });

	files_put(files, "/f", config, strlen(config));
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

static void
load_twice(const uint8_t *data, size_t size)
{
	char *first = load(head, data, size), *second;

	second = load(*first == '\0' ? head : first, data, size);
	if (strcmp(first, second) != 0 && strchr(first, '%') == NULL)
		bug("the dump differs:\n%s\n%s", first, second);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct import_source source = { "opendkim", "OpenDKIM", "/conf" };
	const struct opendkim none = { .base_directory = NULL };
	struct files *files = cut(data, size);
	struct arena *arena = arena_new();
	struct import *import = import_new(arena, files, NULL);
	struct buf text;

	import_opendkim(import, "/conf", &none);
	for (size_t i = 0; i < import->n_domains; i++)
		check(import, &import->domains[i]);
	buf_init(&text, arena, 64 * 1024 * 1024);
	import_write(&text, import, &source, NULL);
	files_free(&files);
	arena_free(&arena);
	if (size % LOADED_OF == 0)
		load_twice(data, size);
	return 0;
}
