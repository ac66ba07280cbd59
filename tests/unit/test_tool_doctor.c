/*
 * The doctor's report: how it is laid out, counted and written as JSON.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "tool/doctor.h"

static struct arena *arena;

static struct doctor_report *
make_report(void)
{
	struct doctor_report *report = doctor_report_new(arena);
	struct doctor_line *line;

	report->config = "/etc/mailworthy/mailworthy.conf";
	report->now = 1796068979;
	doctor_report_begin(report, "configuration", "Configuration");
	doctor_report_add(report, DOCTOR_OK, "config", "mailworthy.conf",
	    "read without an error");
	doctor_report_begin(report, "domains", "Domains");
	line = doctor_report_add(report, DOCTOR_FAULT, "spf-none", "example.com",
	    "example.com publishes no SPF record, and this sentence is long enough to be "
	    "wrapped on a terminal.");
	line->fix = "Publish:";
	line->paste = "example.com. IN TXT \"v=spf1 ip4:192.0.2.1 ~all\"\nsecond line";
	doctor_report_add(report, DOCTOR_ADVICE, "mode", "", "\033[31mred\n");
	return report;
}

static const char *
shown(const struct doctor_report *report, const struct doctor_view *view)
{
	char *text = NULL, *copy;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	doctor_show(out, report, view);
	fclose(out);
	copy = arena_strdup(arena, text);
	free(text);
	return copy;
}

static void
test_layout(void **state)
{
	struct doctor_view view = { .width = 60 };

	(void)state;
	assert_string_equal(shown(make_report(), &view),
	    "Configuration\n"
	    "  ok       mailworthy.conf: read without an error\n"
	    "\n"
	    "Domains\n"
	    "  fault    spf-none  example.com\n"
	    "           example.com publishes no SPF record, and this\n"
	    "           sentence is long enough to be wrapped on a\n"
	    "           terminal.\n"
	    "           Fix  Publish:\n"
	    "                example.com. IN TXT \"v=spf1 ip4:192.0.2.1 ~all\"\n"
	    "                second line\n"
	    "  advice   mode\n"
	    "           \\x1B[31mred\n"
	    "\n"
	    "To mend first\n"
	    "  spf-none                example.com\n"
	    "\n"
	    "1 fault, 1 piece of advice\n"
	    "`mailworthy explain ID` tells more of each.\n");
}

static void
test_problems_only(void **state)
{
	struct doctor_view view = { .width = 80, .problems = true };

	(void)state;
	assert_null(strstr(shown(make_report(), &view), "Configuration"));
	assert_non_null(strstr(shown(make_report(), &view), "Domains"));
}

static void
test_colour_only_where_asked(void **state)
{
	struct doctor_view view = { .width = 80 };

	(void)state;
	assert_null(strchr(shown(make_report(), &view), '\033'));
	view.colour = true;
	assert_non_null(strstr(shown(make_report(), &view), "\033[31mfault\033[0m"));
}

static void
test_many_that_are_well(void **state)
{
	struct doctor_report *report = doctor_report_new(arena);
	struct doctor_view view = { .width = 80 };

	(void)state;
	doctor_report_begin(report, "keys", "Keys");
	for (int i = 0; i < DOCTOR_OK_SHOWN + 7; i++)
		doctor_report_add(report, DOCTOR_OK, "config",
		    arena_printf(arena, "key%d", i), "fine");
	assert_non_null(strstr(shown(report, &view), "and 7 more where all is well"));
	assert_null(strstr(shown(report, &view), "key31"));
	assert_non_null(strstr(shown(report, &view), "nothing is wrong"));
	view.all = true;
	assert_non_null(strstr(shown(report, &view), "key31"));
}

static void
test_summary(void **state)
{
	struct doctor_report *report = make_report();

	(void)state;
	doctor_report_add(report, DOCTOR_FAULT, "config", "", "");
	doctor_report_add(report, DOCTOR_WARNING, "config", "", "");
	doctor_report_add(report, DOCTOR_ADVICE, "config", "", "");
	doctor_report_add(report, DOCTOR_UNKNOWN, "config", "", "");
	assert_string_equal(doctor_summary(report),
	    "2 faults, 1 warning, 2 pieces of advice, 1 thing not seen");
}

static void
test_json(void **state)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	doctor_show_json(out, make_report());
	fclose(out);
	assert_string_equal(text, "{\"v\":1,\"time\":1796068979,"
	    "\"config\":\"/etc/mailworthy/mailworthy.conf\",\"faults\":1,\"warnings\":0,"
	    "\"advice\":1,\"unknown\":0,\"ok\":1,\"sections\":["
	    "{\"name\":\"configuration\",\"lines\":[{\"grade\":\"ok\",\"id\":\"config\","
	    "\"subject\":\"mailworthy.conf\",\"text\":\"read without an error\","
	    "\"fix\":null,\"paste\":[]}]},{\"name\":\"domains\",\"lines\":["
	    "{\"grade\":\"fault\",\"id\":\"spf-none\",\"subject\":\"example.com\","
	    "\"text\":\"example.com publishes no SPF record, and this sentence is long "
	    "enough to be wrapped on a terminal.\",\"fix\":\"Publish:\",\"paste\":["
	    "\"example.com. IN TXT \\\"v=spf1 ip4:192.0.2.1 ~all\\\"\",\"second line\"]},"
	    "{\"grade\":\"advice\",\"id\":\"mode\",\"subject\":\"\","
	    "\"text\":\"\\\\x1B[31mred \",\"fix\":null,\"paste\":[]}]}]}\n");
	free(text);
}

static void
test_find(void **state)
{
	struct doctor_report *report = make_report();

	(void)state;
	assert_non_null(doctor_report_find(report, "spf-none", "example.com"));
	assert_null(doctor_report_find(report, "spf-none", "example.net"));
}

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_layout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_problems_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_colour_only_where_asked, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_many_that_are_well, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_summary, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_find, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
