/*
 * Programs that are run: what they write, how they end, when they do not.
 */
#include "exact.h"

#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/command.h"

static int
shell(struct arena *arena, const char *script, struct slice input, unsigned timeout_ms,
    struct command_output *output, const char **error)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	struct command command = { .argv = argv, .input = input,
	    .timeout_ms = timeout_ms, .output_max = 1000 };

	*error = "";
	return command_run(arena, &command, output, error);
}

static void
takes_what_it_writes(void **state)
{
	struct arena *arena = arena_new();
	struct command_output output;
	const char *error;

	(void)state;
	assert_int_equal(shell(arena, "echo out; echo err >&2; exit 3", SLICE(""), 10000,
	    &output, &error), 0);
	assert_int_equal(output.status, 3);
	assert_true(slice_is(output.out, "out\n"));
	assert_true(slice_is(output.err, "err\n"));
	arena_free(&arena);
}

static void
gives_input(void **state)
{
	struct arena *arena = arena_new();
	struct command_output output;
	const char *error;

	(void)state;
	assert_int_equal(shell(arena, "cat", SLICE("a\0b"), 10000, &output, &error), 0);
	assert_true(slice_eq(output.out, SLICE("a\0b")));
	/* without input there is nothing to read, not our own standard input */
	assert_int_equal(shell(arena, "wc -c", SLICE(""), 10000, &output, &error), 0);
	assert_true(slice_is(slice_trim(output.out), "0"));
	/* a program that reads none of it does no harm */
	assert_int_equal(shell(arena, "exec true", SLICE("x\n"), 10000, &output, &error), 0);
	arena_free(&arena);
}

static void
keeps_its_environment_small(void **state)
{
	struct arena *arena = arena_new();
	struct command_output output;
	const char *error;

	(void)state;
	setenv("MAIL_CONFIG", "/nonexistent", 1);
	assert_int_equal(shell(arena, "echo \"$PATH|$LC_ALL|$MAIL_CONFIG\"", SLICE(""), 10000,
	    &output, &error), 0);
	assert_true(slice_is(output.out, "/usr/sbin:/usr/bin:/sbin:/bin|C|\n"));
	unsetenv("MAIL_CONFIG");
	arena_free(&arena);
}

static void
ends_what_does_not_end(void **state)
{
	struct arena *arena = arena_new();
	int64_t begun = clock_mono_us(&clock_system);
	struct command_output output;
	const char *error;

	(void)state;
	assert_int_equal(shell(arena, "exec sleep 60", SLICE(""), 200, &output, &error), -1);
	assert_non_null(strstr(error, "in time"));
	assert_true(clock_mono_us(&clock_system) - begun < 30 * 1000000LL);
	assert_int_equal(shell(arena, "head -c 1001 /dev/zero", SLICE(""), 10000, &output,
	    &error), -1);
	assert_non_null(strstr(error, "more than expected"));
	/* nothing to read any more, and it goes on */
	begun = clock_mono_us(&clock_system);
	assert_int_equal(shell(arena, "exec >&- 2>&-; exec sleep 60", SLICE(""), 200, &output,
	    &error), -1);
	assert_non_null(strstr(error, "does not end in time"));
	assert_true(clock_mono_us(&clock_system) - begun < 30 * 1000000LL);
	assert_int_equal(shell(arena, "kill -9 $$", SLICE(""), 10000, &output, &error), -1);
	assert_non_null(strstr(error, "signal"));
	arena_free(&arena);
}

static void
says_what_cannot_be_started(void **state)
{
	const char *const argv[] = { "/nonexistent/program", NULL };
	struct command command = { .argv = argv, .timeout_ms = 1000, .output_max = 10 };
	const char *const paths[] = { "/nonexistent/program", "/bin/sh", NULL };
	struct arena *arena = arena_new();
	struct command_output output;
	const char *error;

	(void)state;
	assert_int_equal(command_run(arena, &command, &output, &error), -1);
	assert_non_null(strstr(error, "/nonexistent/program cannot be started"));
	assert_string_equal(command_find(paths), "/bin/sh");
	assert_null(command_find(argv));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_it_writes),
		cmocka_unit_test(gives_input),
		cmocka_unit_test(keeps_its_environment_small),
		cmocka_unit_test(ends_what_does_not_end),
		cmocka_unit_test(says_what_cannot_be_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
