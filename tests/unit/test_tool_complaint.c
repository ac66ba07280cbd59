/*
 * The keyring's complaints, taken apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"
#include "tool/complaint.h"

static const struct {
	const char *line, *path, *what, *command, *before;
} rows[] = {
	{ "/c:3: /k: cannot be read", "/k", "cannot be read", NULL, NULL },
	{ "/c:3: /k: its group can write /k: chmod g-w,o-rw /k", "/k",
	    "its group can write /k: chmod g-w,o-rw /k", "chmod g-w,o-rw /k",
	    "/k: its group can write /k:" },
	{ "/c:3: /k: let its group read it: chgrp g /k && chmod 640 /k (and more), or not", "/k",
	    "let its group read it: chgrp g /k && chmod 640 /k (and more), or not",
	    "chgrp g /k && chmod 640 /k", NULL },
	/* a name within it is no command */
	{ "/c:3: /k: everybody can replace files in /a:?chmod?777?x", "/k",
	    "everybody can replace files in /a:?chmod?777?x", NULL, NULL },
	{ "/c:3: /k: no chmod 777 /x", "/k", "no chmod 777 /x", NULL, NULL },
	{ "/c:3: /k: uid 5 may: chown root /k; or so", "/k", "uid 5 may: chown root /k; or so",
	    "chown root /k", NULL },
	/* no command with a path that a shell would take apart */
	{ "/c:3: /a b: everybody can read /a b: chmod o-r /a b", "/a b",
	    "everybody can read /a b: chmod o-r /a b", NULL, NULL },
	{ "7 more keys cannot be used", "", "7 more keys cannot be used", NULL, NULL },
	{ "7: chmod o-r /k", "", "chmod o-r /k", NULL, NULL },
};

static void
same(const char *got, const char *expected, const char *line)
{
	if (got == expected || (got != NULL && expected != NULL && strcmp(got, expected) == 0))
		return;
	fail_msg("%s: \"%s\" for \"%s\"", line, got != NULL ? got : "NULL",
	    expected != NULL ? expected : "NULL");
}

static void
each_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct slice rest = slice_of(rows[i].line);
		struct complaint complaint;

		assert_true(complaint_next(arena, &rest, &complaint));
		same(complaint.path, rows[i].path, rows[i].line);
		same(complaint.what, rows[i].what, rows[i].line);
		same(complaint.command, rows[i].command, rows[i].line);
		same(complaint.before, rows[i].before, rows[i].line);
		assert_false(complaint_next(arena, &rest, &complaint));
		arena_free(&arena);
	}
}

static void
several_lines(void **state)
{
	struct arena *arena = arena_new();
	struct slice rest = slice_of("/c:1: /a: bad\n\n/c:2: /b: worse\n"), none = slice_of("");
	struct complaint complaint;

	(void)state;
	assert_true(complaint_next(arena, &rest, &complaint));
	assert_string_equal(complaint.text, "/a: bad");
	assert_true(complaint_next(arena, &rest, &complaint));
	assert_string_equal(complaint.text, "/b: worse");
	assert_false(complaint_next(arena, &rest, &complaint));
	assert_false(complaint_next(arena, &none, &complaint));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line),
		cmocka_unit_test(several_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
