/*
 * The table of options and the guess at what a wrong name was meant to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "settings/options.h"

static void
test_table(void **state)
{
	const struct option *option;
	size_t n, total = 0;

	(void)state;
	for (unsigned i = 0; i < SECTIONS; i++) {
		option = options_of((enum section)i, &n);
		assert_true(n > 0 && n <= OPTIONS_OF_SECTION_MAX);
		for (size_t j = 0; j < n; j++) {
			assert_int_equal(option[j].section, i);
			assert_ptr_equal(option_find((enum section)i, option[j].name),
			    &option[j]);
			assert_true(strlen(option[j].help) > 0);
		}
		total += n;
	}
	/* No option stands apart from the others of its section. */
	option = options_of((enum section)(SECTIONS - 1), &n);
	assert_int_equal(total, (size_t)(option + n - options_of(SECTION_MAIN, &n)));
}

static void
test_edit_distance(void **state)
{
	static const struct { const char *a, *b; unsigned distance; } cases[] = {
		{ "", "", 0 }, { "a", "", 1 }, { "", "ab", 2 }, { "mode", "mode", 0 },
		{ "mod", "mode", 1 }, { "mdoe", "mode", 1 }, { "modes", "mode", 1 },
		{ "nodes", "mode", 2 }, { "abc", "xyz", 3 }, { "abcdef", "uvwxyz", 4 },
		{ "a long name that is longer than what is looked at", "mode", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(edit_distance(cases[i].a, cases[i].b, 3),
		    cases[i].distance);
		assert_int_equal(edit_distance(cases[i].b, cases[i].a, 3),
		    cases[i].distance);
	}
}

static void
test_hints(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(options_hint(arena, SECTION_MAIN, "socket_group"),
	    " (did you mean \"socket-group\"?)");
	assert_string_equal(options_hint(arena, SECTION_MAIN, "egres"),
	    " (did you mean \"egress\"?)");
	assert_string_equal(options_hint(arena, SECTION_MAIN, "weight"),
	    " (it belongs in a section \"check\")");
	assert_string_equal(options_hint(arena, SECTION_CHECK, "socket"),
	    " (it belongs at the top level, outside of sections)");
	assert_string_equal(options_hint(arena, SECTION_DOMAIN, "modes"),
	    " (did you mean \"mode\"?)");
	assert_string_equal(options_hint(arena, SECTION_MAIN, "zzz"), "");
	assert_string_equal(options_hint(arena, SECTION_MAIN, ""), "");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_edit_distance),
		cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
