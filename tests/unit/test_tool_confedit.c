/*
 * A line put into a configuration that a person wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "settings/files.h"
#include "tool/confedit.h"
#include "tool/tool.h"

#define ENTRY "key \"b\" { file = \"/b\" }"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static const struct {
	unsigned line;
	const char *before, *after;	/* NULL: no such place */
} rows[] = {
	{ 1, "domain \"x\" {\n\tkey \"a\" { file = \"/a\" }\n}\n",
	    "domain \"x\" {\n\tkey \"a\" { file = \"/a\" }\n\t" ENTRY "\n}\n" },
	/* the last key of this section, not of another */
	{ 4, "domain \"y\" {\n    key \"a\" { file = \"/a\" }\n}\ndomain \"x\" {\n"
	    "  key \"a\" { file = \"/a\" }\n  key \"a2\" {\n    file = \"/a\"\n  }\n"
	    "  expire = 0\n}\n",
	    "domain \"y\" {\n    key \"a\" { file = \"/a\" }\n}\ndomain \"x\" {\n"
	    "  key \"a\" { file = \"/a\" }\n  key \"a2\" {\n    file = \"/a\"\n  }\n  " ENTRY "\n"
	    "  expire = 0\n}\n" },
	/* comments stay where they are, and are not read */
	{ 2, "# domain \"x\" { key \"a\" { } }\ndomain \"x\" { # }\n\tkey \"a\" { file = \"/a\" } # old } key\n"
	    "\t/* key \"c\" { } */\n}\n",
	    "# domain \"x\" { key \"a\" { } }\ndomain \"x\" { # }\n\tkey \"a\" { file = \"/a\" } # old } key\n"
	    "\t" ENTRY "\n\t/* key \"c\" { } */\n}\n" },
	/* all on one line */
	{ 1, "domain \"x\" { key \"a\" { file = \"/a\" } }",
	    "domain \"x\" { key \"a\" { file = \"/a\" } " ENTRY " }" },
	{ 1, "domain \"x\" {\n\tkey \"a\" { file = \"/a\" } expire = 9\n}\n",
	    "domain \"x\" {\n\tkey \"a\" { file = \"/a\" } " ENTRY " expire = 9\n}\n" },
	/* signs inside strings */
	{ 1, "domain \"x\" {\n key \"a\" { file = \"/a}#\\\"\" }\n}",
	    "domain \"x\" {\n key \"a\" { file = \"/a}#\\\"\" }\n " ENTRY "\n}" },
	/* line ends of another system */
	{ 1, "domain \"x\" {\r\n\tkey \"a\" { file = \"/a\" }\r\n}\r\n",
	    "domain \"x\" {\r\n\tkey \"a\" { file = \"/a\" }\r\n\t" ENTRY "\r\n}\r\n" },
	{ 1, "\xef\xbb\xbf" "domain \"x\" {\n\tkey \"a\" { file = \"/a\" }\n}\n",
	    "\xef\xbb\xbf" "domain \"x\" {\n\tkey \"a\" { file = \"/a\" }\n\t" ENTRY "\n}\n" },
	/* several sections on one line */
	{ 1, "domain \"y\" { key \"a\" { file = \"/a\" } } domain \"x\" { key \"a\" { file = \"/a\" } }",
	    "domain \"y\" { key \"a\" { file = \"/a\" } } domain \"x\" { key \"a\" { file = \"/a\" } "
	    ENTRY " }" },
	/* a name is compared as names are */
	{ 1, "domain \"X\" { key \"a\" { file = \"/a\" } }",
	    "domain \"X\" { key \"a\" { file = \"/a\" } " ENTRY " }" },
	/* the file was changed since it was read: another section begins there */
	{ 1, "domain \"y\" { key \"a\" { file = \"/a\" } }", NULL },
	/* a stream may have that name as well */
	{ 1, "egress \"x\" { } domain \"x\" { key \"a\" { file = \"/a\" } }",
	    "egress \"x\" { } domain \"x\" { key \"a\" { file = \"/a\" } " ENTRY " }" },
	{ 1, "domain \"x\" {\n}\n", NULL },
	{ 2, "domain \"x\" {\n\tkey \"a\" { file = \"/a\" }\n}\n", NULL },
	{ 1, "domain \"x\" {\n\tkey \"a\" { file = \"/a\" }\n", NULL },
	{ 1, "domain", NULL },
	{ 1, "", NULL },
};

static void
test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = strlen(rows[i].before);
		char *exact = mem_alloc(n > 0 ? n : 1);
		const char *error = NULL, *text;

		memcpy(exact, rows[i].before, n);
		text = confedit_add_key(arena, (struct slice){ exact, n }, rows[i].line, "x",
		    ENTRY, &error);
		if ((text == NULL) != (rows[i].after == NULL))
			fail_msg("row %zu: %s", i, text != NULL ? text : error);
		if (text != NULL && strcmp(text, rows[i].after) != 0)
			fail_msg("row %zu:\n%s", i, text);
		free(exact);
	}
}

static char directory[64], path[128], linked[128];

static void
put(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, 0604), 0);
}

static const char *
get(void)
{
	struct slice text;
	const char *error = "";

	assert_true(tool_read(arena, path, 100000, &text, &error));
	return text.p;
}

static void
test_replaced(void **state)
{
	const char *error = "";
	struct stat st;

	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/mw-confedit.XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/real.conf", directory);
	snprintf(linked, sizeof(linked), "%s/linked.conf", directory);
	assert_int_equal(symlink("real.conf", linked), 0);
	put("mode = audit\n");
	assert_int_equal(confedit_replace(arena, linked, SLICE("mode = audit\n"),
	    "mode = enforce # x\n", &error), 0);
	assert_string_equal(get(), "mode = enforce # x\n");
	assert_int_equal(lstat(linked, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0604);

	/* what would not load is not written */
	assert_int_equal(confedit_replace(arena, linked, SLICE("mode = enforce # x\n"),
	    "mode = sometimes\n", &error), -1);
	assert_non_null(strstr(error, "would not load"));
	assert_string_equal(get(), "mode = enforce # x\n");

	/* nor over what somebody has written meanwhile */
	assert_int_equal(confedit_replace(arena, linked, SLICE("mode = audit\n"),
	    "mode = audit\n", &error), -1);
	assert_non_null(strstr(error, "changed meanwhile"));
	assert_string_equal(get(), "mode = enforce # x\n");

	unlink(linked);
	unlink(path);
	assert_int_equal(rmdir(directory), 0);	/* nothing is left beside */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_places),
		TEST(test_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
