/*
 * Settings from a text, for tests of settings/.
 */
#ifndef MW_TESTS_SETTINGS_TEXT_H
#define MW_TESTS_SETTINGS_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "settings/settings.h"

#define TEXT_FILE "/f"

static bool
text_check_exists(const char *id)
{
	return strcmp(id, "spf-fail") == 0 || strcmp(id, "subject-long") == 0;
}

/* The text is an exact-length copy in `files`; "/logins" may be there too. */
static inline const struct settings *
text_load(const char *text, const char *logins, struct arena *arena,
    const char **error_r)
{
	struct files *files = files_unpack("MWF1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	const struct settings *settings;

	assert_non_null(files);
	files_put(files, TEXT_FILE, text, strlen(text));
	if (logins != NULL)
		files_put(files, "/logins", logins, strlen(logins));
	settings = settings_load(files, TEXT_FILE, text_check_exists, arena, error_r);
	files_free(&files);
	assert_int_equal(settings == NULL, *error_r != NULL);
	return settings;
}

/* Settings that must be right. */
static inline const struct settings *
text_load_good(const char *text, const char *logins)
{
	struct arena *arena = arena_new();
	const struct settings *settings;
	const char *error;

	settings = text_load(text, logins, arena, &error);
	if (settings == NULL)
		print_error("%s\n", error);
	assert_non_null(settings);
	arena_free(&arena);
	return settings;
}

/* The dump, to be freed. */
static inline char *
text_dump(const struct settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	settings_dump(settings, out);
	fclose(out);
	return text;
}

#endif
