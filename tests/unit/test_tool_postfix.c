/*
 * What postconf prints is read: settings, services, milters, tables of rules.
 */
#include "exact.h"

#include <string.h>

#include "base/arena.h"
#include "tool/postfix.h"

static const char main_text[] =
    "queue_directory = /var/spool/postfix\n"
    "compatibility_level = 3.6\n"
    "smtpd_milters = inet:localhost:11332 unix:mailworthy/mailworthy.sock\n"
    "empty =\n"
    "no equals sign\n"
    "with = one = more\n";
static const char master_text[] =
    "smtp       inet  n       -       y       -       -       smtpd\n"
    "127.0.0.1:10025 inet n   -       n       -       -       smtpd -o content_filter=\n"
    "pickup     unix  n       -       -       60      1       pickup\n"
    "short      unix  n       -\n"
    "# comment  unix  n       -       -       60      1       pickup\n";
static const char override_text[] =
    "127.0.0.1:10025/inet/content_filter = \n"
    "127.0.0.1:10025/inet/smtpd_milters = inet:127.0.0.1:8893\n"
    "127.0.0.1:10025/unix/smtpd_milters = other type\n"
    "nobody/inet/smtpd_milters = x\n"
    "noslash = x\nonly/one = x\n";

static struct postfix *
parse(struct arena *arena)
{
	return postfix_parse(arena, slice_of(main_text), slice_of(master_text),
	    slice_of(override_text));
}

static void
reads_settings(void **state)
{
	struct arena *arena = arena_new();
	struct postfix *postfix = parse(arena);
	const struct postfix_service *first, *second;

	(void)state;
	assert_string_equal(postfix_get(postfix, "queue_directory"), "/var/spool/postfix");
	assert_string_equal(postfix_get(postfix, "with"), "one = more");
	assert_string_equal(postfix_get(postfix, "empty"), "");
	assert_true(postfix_knows(postfix, "empty"));
	assert_false(postfix_knows(postfix, "force_mime_input_conversion"));
	assert_int_equal(postfix->n_services, 3);
	first = postfix_next(postfix, NULL, "smtpd");
	second = postfix_next(postfix, first, "smtpd");
	assert_string_equal(first->name, "smtp");
	assert_true(first->chrooted);
	assert_string_equal(second->name, "127.0.0.1:10025");
	assert_false(second->chrooted);
	assert_null(postfix_next(postfix, second, "smtpd"));
	assert_false(postfix_overrides(first, "smtpd_milters"));
	assert_true(postfix_overrides(second, "content_filter"));
	assert_string_equal(postfix_get_in(postfix, second, "smtpd_milters"),
	    "inet:127.0.0.1:8893");
	assert_string_equal(postfix_get_in(postfix, NULL, "with"), "one = more");
	/* "-": since 3.0 out of the chroot, unless the level is 0 */
	assert_false(postfix_next(postfix, NULL, "pickup")->chrooted);
	postfix = postfix_parse(arena, SLICE("compatibility_level = 0\n"),
	    slice_of(master_text), SLICE(""));
	assert_true(postfix_next(postfix, NULL, "pickup")->chrooted);
	postfix = postfix_parse(arena, SLICE(""), slice_of(master_text), SLICE(""));
	assert_true(postfix_next(postfix, NULL, "pickup")->chrooted);
	arena_free(&arena);
}

static void
reads_times(void **state)
{
	static const struct { const char *text; long seconds; } rows[] = {
		{ "30s", 30 }, { "30", 30 }, { "5m", 300 }, { "1h", 3600 }, { "2d", 172800 },
		{ "1w", 604800 }, { "", -1 }, { "s", -1 }, { "3x", -1 }, { "-3", -1 },
		{ "99999999999s", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(postfix_seconds(rows[i].text, 's'), rows[i].seconds);
}

static void
reads_milters(void **state)
{
	struct arena *arena = arena_new();
	struct postfix_milter *milters;
	size_t n;

	(void)state;
	milters = postfix_milters(arena, "inet:[::1]:8893, unix:/run/x.sock "
	    "{ inet:localhost:8891, default_action=accept, content_timeout = 5m,"
	    "{ command_timeout = 1m } } local:rel/y what", &n);
	assert_int_equal(n, 5);
	assert_int_equal(milters[0].kind, MILTER_INET);
	assert_string_equal(milters[0].host, "::1");
	assert_string_equal(milters[0].port, "8893");
	assert_int_equal(milters[1].kind, MILTER_UNIX);
	assert_string_equal(milters[1].path, "/run/x.sock");
	assert_string_equal(milters[2].host, "localhost");
	assert_string_equal(milters[2].default_action, "accept");
	assert_string_equal(milters[2].command_timeout, "1m");
	assert_int_equal(milters[3].kind, MILTER_UNIX);
	assert_int_equal(milters[4].kind, MILTER_OTHER);
	postfix_milters(arena, "", &n);
	assert_int_equal(n, 0);
	milters = postfix_milters(arena, "{}", &n);
	assert_int_equal(n, 1);
	assert_int_equal(milters[0].kind, MILTER_OTHER);
	arena_free(&arena);
}

/* Which file or port a milter is, by where the service runs. */
static void
knows_us(void **state)
{
	static const struct {
		const char *milter, *socket;
		bool chrooted, is;
	} rows[] = {
		{ "unix:mailworthy/m.sock", "unix:/var/spool/postfix/mailworthy/m.sock",
		    true, true },
		{ "unix:mailworthy/m.sock", "unix:/var/spool/postfix/mailworthy/m.sock",
		    false, true },
		{ "unix:/mailworthy//m.sock", "unix:/var/spool/postfix/mailworthy/m.sock",
		    true, true },
		{ "unix:/mailworthy/m.sock", "unix:/var/spool/postfix/mailworthy/m.sock",
		    false, false },
		{ "unix:/run/m.sock", "unix:/run/m.sock", false, true },
		{ "unix:/run/m.sock", "unix:/run/m.sock", true, false },
		{ "inet:127.0.0.1:8893", "unix:/run/m.sock", false, false },
		{ "inet:127.0.0.1:8893", "inet:8893@127.0.0.1", false, true },
		{ "inet:localhost:8893", "inet:8893@127.0.0.1", false, true },
		{ "inet:[::1]:8893", "inet6:8893@::1", false, true },
		{ "inet:192.0.2.1:8893", "inet:8893@127.0.0.1", false, false },
		{ "inet:192.0.2.1:8893", "inet:8893@0.0.0.0", false, true },
		{ "inet:127.0.0.1:8894", "inet:8893@127.0.0.1", false, false },
		{ "unix:/run/m.sock", "inet:8893@127.0.0.1", false, false },
	};
	struct arena *arena = arena_new();
	struct postfix *postfix = parse(arena);
	struct postfix_service service = { 0 };
	struct postfix_milter *milters;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		milters = postfix_milters(arena, rows[i].milter, &n);
		service.chrooted = rows[i].chrooted;
		service.own = postfix->services[0].own;
		if (postfix_milter_is(postfix, &service, milters, rows[i].socket) != rows[i].is)
			fail_msg("row %zu: %s", i, rows[i].milter);
	}
	assert_string_equal(postfix_milter_for(postfix, rows[0].socket, true),
	    "unix:mailworthy/m.sock");
	assert_null(postfix_milter_for(postfix, "unix:/run/m.sock", true));
	assert_string_equal(postfix_milter_for(postfix, "unix:/run/m.sock", false),
	    "unix:/run/m.sock");
	assert_string_equal(postfix_milter_for(postfix, "inet6:8893@::1", false),
	    "inet:[::1]:8893");
	assert_string_equal(postfix_milter_for(postfix, "inet:8893@0.0.0.0", true),
	    "inet:localhost:8893");
	arena_free(&arena);
}

static void
reads_rules(void **state)
{
	static const struct {
		unsigned line;
		const char *field, *action;
		bool changes;
	} rows[] = {
		{ 2, "subject", "REPLACE", true },
		{ 3, "received", "IGNORE", true },
		{ 5, "", "STRIP", true },
		{ 6, "", "IGNORE", true },
		{ 7, "x-note", "PREPEND", true },
		{ 8, "to", "WARN", false },
		{ 10, "x-mailer", "IGNORE", true },
		{ 12, "", "FILTER", false },
	};
	struct arena *arena = arena_new();
	struct postfix_rule *rules;
	struct slice text = exact("# comment\n"
	    "/^Subject: (.*)/ REPLACE Subject: [EXT] $1\n"
	    "/^Received:/i\tignore\n"
	    "   goes on with the line before\n"
	    "!/^(To|Cc):/ STRIP\n"
	    "/./ IGNORE\n"
	    "/^From:/ PREPEND X-Note: hello\n"
	    "/^To\\: a\\/b/ WARN has a slash\n"
	    "if /^X/\n"
	    "/^X-Mailer:/ IGNORE\n"
	    "endif\n"
	    "m{^Subject} OK\n"
	    "|^List-| FILTER smtp:x\n"
	    "/unfinished REPLACE");
	size_t n;

	(void)state;
	rules = postfix_rules(arena, text, &n);
	/* letters begin no pattern, and "m{...}" is none of Postfix's */
	assert_int_equal(n, sizeof(rows) / sizeof(rows[0]));
	for (size_t i = 0; i < n - 1; i++) {
		assert_int_equal(rules[i].line, rows[i].line);
		assert_string_equal(rules[i].field, rows[i].field);
		assert_string_equal(rules[i].action, rows[i].action);
		assert_int_equal(rules[i].changes, rows[i].changes);
	}
	assert_string_equal(rules[n - 1].action, "FILTER");
	exact_drop(text);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_settings),
		cmocka_unit_test(reads_times),
		cmocka_unit_test(reads_milters),
		cmocka_unit_test(knows_us),
		cmocka_unit_test(reads_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
