/*
 * The dump reads back as the same settings; the sample holds the defaults.
 */
#include "settings_text.h"

static const char everything[] =
    "mode = enforce\nsocket = \"inet:127.0.0.1:8893\"\nsocket-group = \"\"\n"
    "socket-mode = 0600\nuser = \"\"\nlog = \"file:/var/log/a \\\"b\\\" \\\\.jsonl\"\n"
    "log-privacy = {no-subject, hash-recipients}\noutbound = {all}\n"
    "networks = {\"192.0.2.77/24\", \"::ffff:192.0.2.0/120\", \"2001:db8::/32\"}\n"
    "ignore-daemons = {filter, \"[::1]@10025\"}\nrepair = {}\ntrace-header = none\n"
    "hold-below = 0.5\nlink-trackers = {t.example.net}\nnotify = \"o'brien@example.com\"\nstate-dir = /s\nsandbox = no\n"
    "logins = /logins\n"
    "egress own { addresses = {192.0.2.1, \"2001:db8::1\"} helo = mx.example.com }\n"
    "egress relay { via = s.example.com spf-include = _spf.example.com domains = "
    "{shop.example, \"*.shop.example\"} }\n"
    "egress relay2 { via = s.example.com domains = {\"a.example\"} }\n"
    "resolver { servers = {\"127.0.0.1@5353\", \"::1\"} timeout = 1 deadline = 60 }\n"
    "blocklist zen.spamhaus.org { }\nblocklist BL.example { of = {ipv6, domains} "
    "codes = {127.0.0.2, \"127.0.0.4-127.0.0.7\"} key = k3y }\n"
    "domain \"example.com\" { key a { file = \"/k/%d.%s 'x'.pem\" } key b { file = /k/b }\n"
    " canonicalization = \"simple/relaxed\" signed-headers = strict expire = 3600 "
    "mode = audit }\n"
    "domain \"*.example.com\" { key a { file = /k/a } key b { file = \"credential:k.%d\" } }\n"
    "domain \"*\" { key a { file = \"/k/%d/%s\" } }\n"
    "check spf-fail { weight = 10 action = tempfail shadow = on exempt = {@example.com} }\n"
    "check subject-long { }\n"
    "postal-address = \"1 \\\"High\\\" Street\"\n"
    "stream news { kind = bulk logins = {Ann, \"a b\"} senders = {News@example.com, "
    "\"@*.example.com\"} networks = {192.0.2.1, \"2001:db8::/32\"} header = {\"X-A:*\", "
    "\"X-Mailer :  Mau?ic*  \"} mode = audit hold-below = 2.5 postal-address = \"\" "
    "check spf-fail { weight = 1 action = none shadow = true } check subject-long { } }\n"
    "stream other { header = {\"X-B: 1\"} }\n";

static void
check_round_trip(const char *text)
{
	const struct settings *first, *second;
	char *dump, *again;

	first = text_load_good(text, "alice: *\n");
	dump = text_dump(first);
	second = text_load_good(dump, "alice: *\n");
	again = text_dump(second);
	assert_string_equal(dump, again);
	settings_unref(&first);
	settings_unref(&second);
	free(dump);
	free(again);
}

static void
test_round_trip(void **state)
{
	(void)state;
	check_round_trip("# defaults");
	check_round_trip(everything);
}

static void
test_what_is_dumped(void **state)
{
	const struct settings *s = text_load_good(everything, "alice: *\n");
	char *dump = text_dump(s);

	(void)state;
	assert_non_null(strstr(dump, "log = \"file:/var/log/a \\\"b\\\" \\\\.jsonl\"\n"));
	assert_non_null(strstr(dump, "hold-below = 0.5\n"));
	assert_non_null(strstr(dump, "networks = {\"192.0.2.77/24\", \"192.0.2.0/24\", "
	    "\"2001:db8::/32\"}\n"));
	assert_non_null(strstr(dump, "\tfile = \"/k/example.com.a 'x'.pem\"\n"));
	assert_non_null(strstr(dump, "check \"subject-long\" {\n\tshadow = false\n"));
	assert_non_null(strstr(dump, "\theader = {\"x-a: *\", \"x-mailer: mau?ic*\"}\n"));
	assert_non_null(strstr(dump, "\tcheck \"spf-fail\" {\n\t\tweight = 1.0\n"
	    "\t\taction = none\n\t\tshadow = true\n\t}\n"
	    "\tcheck \"subject-long\" {\n\t}\n}\n"));
	assert_non_null(strstr(dump, "stream \"other\" {\n\tkind = auto\n\tlogins = {}\n"
	    "\tsenders = {}\n\tnetworks = {}\n\theader = {\"x-b: 1\"}\n}\n"));
	settings_unref(&s);
	free(dump);
}

static void
test_need_restart(void **state)
{
	static const struct { const char *text, *names; } cases[] = {
		{ " ", "" },
		{ "mode = enforce notify = a@example.com", "" },
		{ "resolver { deadline = 20 timeout = 5 servers = {\"192.0.2.53\"} }", "" },
		{ "socket = \"unix:/x\" user = root", "socket, user" },
		{ "log = stderr socket-mode = 0666", "socket-mode, log" },
		{ "state-dir = /x", "state-dir" },
	};
	struct arena *arena = arena_new();
	const struct settings *old = text_load_good("# defaults", NULL), *new;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		new = text_load_good(cases[i].text, NULL);
		assert_string_equal(settings_need_restart(old, new, arena), cases[i].names);
		settings_unref(&new);
	}
	settings_unref(&old);
	arena_free(&arena);
}

/* The sample works unchanged, and says what is the default anyway. */
static void
test_sample(void **state)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const struct settings *sample, *defaults = text_load_good("# defaults", NULL);
	const char *source = getenv("srcdir"), *error = NULL;
	char *sample_dump, *defaults_dump;

	(void)state;
	sample = settings_load(files, arena_printf(arena, "%s/conf/mailworthy.conf",
	    source == NULL ? "." : source), NULL, arena, &error);
	if (sample == NULL)
		fail_msg("%s", error);
	sample_dump = text_dump(sample);
	defaults_dump = text_dump(defaults);
	assert_string_equal(sample_dump, defaults_dump);
	free(sample_dump);
	free(defaults_dump);
	settings_unref(&sample);
	settings_unref(&defaults);
	files_free(&files);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_what_is_dumped),
		cmocka_unit_test(test_need_restart),
		cmocka_unit_test(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
