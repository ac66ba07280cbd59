/*
 * What snapshots share, and for how long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "core/core.h"
#include "mail/phrases.h"
#include "settings/files.h"

static char directory[64];

static const char *
path_of(struct arena *arena, const char *name)
{
	return arena_printf(arena, "%s/%s", directory, name);
}

static void
write_file(const char *name, const char *text)
{
	struct arena *arena = arena_new();
	FILE *file = fopen(path_of(arena, name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	arena_free(&arena);
}

static int
set_up(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	strcpy(directory, "/tmp/mw-snapshot-XXXXXX");
	assert_non_null(mkdtemp(directory));
	mkdir(path_of(arena, "phrases"), 0700);
	write_file("conf", arena_printf(arena, "phrases = \"%s\"\n",
	    path_of(arena, "phrases")));
	write_file("phrases/en.txt", "[body]\nrisk free\n");
	arena_free(&arena);
	return 0;
}

static int
tear_down(void **state)
{
	static const char *const names[] = { "phrases/en.txt", "conf", "phrases", "" };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		remove(path_of(arena, names[i]));
	arena_free(&arena);
	return 0;
}

static struct snapshot *
load(void)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *error = "";
	struct snapshot *snapshot = snapshot_load(files, path_of(arena, "conf"), arena,
	    &error);

	if (snapshot == NULL)
		print_error("%s\n", error);
	assert_non_null(snapshot);
	files_free(&files);
	arena_free(&arena);
	return snapshot;
}

/* "" when none of them stands in the text. */
static const char *
found_in(struct snapshot *snapshot, const char *text)
{
	const struct phrase_text one = { PHRASE_BODY, slice_of(text) };
	const struct phrase *found;

	return phrases_find(snapshot_phrases(snapshot, false), &one, 1, &found, 1) == 1 ?
	    found->text : "";
}

static void
test_kept(void **state)
{
	struct snapshot *old = load(), *fresh = load();
	const struct phrases *compiled = snapshot_phrases(old, false);

	(void)state;
	snapshot_keep_phrases(fresh, old);
	snapshot_unref(&old);
	assert_ptr_equal(snapshot_phrases(fresh, false), compiled);
	/* from one to the next, long after those it was made for */
	for (int i = 0; i < 5; i++) {
		old = fresh;
		fresh = load();
		snapshot_keep_phrases(fresh, old);
		snapshot_unref(&old);
		assert_ptr_equal(snapshot_phrases(fresh, false), compiled);
		assert_string_equal(found_in(fresh, "it is risk free"), "risk free");
	}
	snapshot_unref(&fresh);
}

static void
test_changed(void **state)
{
	static const char *const other[] = {
		"[body]\nfree money\n", "[subject]\nrisk free\n",
		"[body]\nrisk free\nfree money\n", "[body]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		struct snapshot *old, *fresh;

		write_file("phrases/en.txt", "[body]\nrisk free\n");
		old = load();
		assert_string_equal(found_in(old, "free money"), "");
		write_file("phrases/en.txt", other[i]);
		fresh = load();
		snapshot_keep_phrases(fresh, old);
		assert_ptr_not_equal(snapshot_phrases(fresh, false),
		    snapshot_phrases(old, false));
		assert_string_equal(found_in(old, "it is risk free"), "risk free");
		assert_string_equal(found_in(fresh, "it is risk free"),
		    i == 2 ? "risk free" : "");
		assert_string_equal(found_in(fresh, "free money"),
		    i % 2 == 0 ? "free money" : "");
		snapshot_unref(&old);
		snapshot_unref(&fresh);
	}
}

/* Nothing was compiled yet: each does it for itself. */
static void
test_not_compiled(void **state)
{
	struct snapshot *old = load(), *fresh = load();

	(void)state;
	snapshot_keep_phrases(fresh, old);
	assert_ptr_not_equal(snapshot_phrases(fresh, false), snapshot_phrases(old, false));
	snapshot_unref(&old);
	snapshot_unref(&fresh);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_compiled, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
