/*
 * Entries for the journal, taken apart as systemd does: a socket of ours in its
 * place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/log_journal.h"
#include "record/record.h"
#include "settings/settings.h"

static char path[64];
static int journal = -1;
static char entry[70000];
static size_t entry_n;

static void
listen_there(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	unlink(path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(journal, (struct sockaddr *)&address, sizeof(address)), 0);
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/mw-journal-%d.sock", (int)getpid());
	listen_there();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(journal);
	unlink(path);
	unsetenv("JOURNAL_STREAM");
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	return 0;
}

/* False when no entry waits. */
static bool
next_entry(void)
{
	ssize_t n = recv(journal, entry, sizeof(entry) - 1, 0);

	entry_n = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* The value number `which` of that field, in a buffer of ours, or NULL.  The whole
 * entry must be well formed. */
static const char *
field(const char *name, size_t which)
{
	static char value[sizeof(entry)];
	const char *found = NULL;
	size_t at = 0;

	while (at < entry_n) {
		size_t n_name = strcspn(entry + at, "=\n"), start, n;
		uint64_t length;

		if (entry[at + n_name] == '=') {
			start = at + n_name + 1;
			n = strcspn(entry + start, "\n");
		} else {
			memcpy(&length, entry + at + n_name + 1, sizeof(length));
			start = at + n_name + 1 + sizeof(length);
			n = (size_t)length;
		}
		assert_true(start + n < entry_n);
		assert_int_equal(entry[start + n], '\n');
		if (found == NULL && strlen(name) == n_name &&
		    memcmp(entry + at, name, n_name) == 0 && which-- == 0) {
			memcpy(value, entry + start, n);
			value[n] = '\0';
			found = value;
		}
		at = start + n + 1;
	}
	assert_int_equal(at, entry_n);
	return found;
}

static void
expect(const char *name, const char *value)
{
	const char *found = field(name, 0);

	if (found == NULL || strcmp(found, value) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", name, found != NULL ? found : "(none)", value);
}

static void
test_lines(void **state)
{
	(void)state;
	log_open(LOG_TARGET_SYSLOG, LOG_LEVEL_INFO);
	log_open_journal(path);
	log_warning("it is late: %d", 7);
	assert_true(next_entry());
	expect("MESSAGE", "warning: it is late: 7");
	expect("PRIORITY", "4");
	expect("SYSLOG_FACILITY", "2");
	expect("SYSLOG_IDENTIFIER", "mailworthy");
	log_error("one\ntwo");
	assert_true(next_entry());
	expect("MESSAGE", "error: one\ntwo");
	expect("PRIORITY", "3");
	log_info("%s", "");
	assert_true(next_entry());
	expect("MESSAGE", "");
	log_error("%8000d", 1);
	assert_true(next_entry());
	assert_true(strlen(field("MESSAGE", 0)) > 4000);
	log_debug("not wanted");
	assert_false(next_entry());
}

/* Standard error is the journal's only where systemd says so. */
static void
test_stderr(void **state)
{
	char stream[80];
	struct stat st;

	(void)state;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	log_open_journal(path);
	log_info("to standard error");
	assert_false(next_entry());
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_open_journal(path);
	log_info("to standard error");
	assert_false(next_entry());
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open_journal(path);
	log_info("to the journal");
	assert_true(next_entry());
	expect("MESSAGE", "to the journal");
	setenv("JOURNAL_STREAM", "nonsense", 1);
	log_open_journal(path);
	log_info("to standard error");
	assert_false(next_entry());
}

static const char record[] = "{\"v\":1,\"queue_id\":\"4ABC\",\"mail_from\":\"\",\"author_domain\":"
    "\"example.com\",\"message_id\":null,\"mode\":\"audit\",\"stream\":\"bulk\",\"findings\":"
    "[{\"id\":\"spf-fail\"},{\"id\":\"subject-long\"},{}],\"verdict\":\"pass\",\"would\":\"hold\"}";

static void
test_records(void **state)
{
	static const enum log_kind kinds[] = { LOG_TO_SYSLOG, LOG_TO_STDERR };
	struct settings settings = { 0 };
	struct record_sink *sink;
	const char *error;
	char stream[80];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	log_open_journal(path);
	for (size_t i = 0; i < 2; i++) {
		settings.log_kind = kinds[i];
		sink = record_sink_open(&settings, &error);
		record_sink_write(sink, record);
		record_sink_close(&sink);
		assert_true(next_entry());
		expect("MESSAGE", record);
		expect("PRIORITY", "6");
		expect("MAILWORTHY_QUEUE_ID", "4ABC");
		expect("MAILWORTHY_VERDICT", "pass");
		expect("MAILWORTHY_WOULD", "hold");
		expect("MAILWORTHY_MODE", "audit");
		expect("MAILWORTHY_STREAM", "bulk");
		expect("MAILWORTHY_AUTHOR_DOMAIN", "example.com");
		expect("MAILWORTHY_FINDING", "spf-fail");
		assert_string_equal(field("MAILWORTHY_FINDING", 1), "subject-long");
		assert_null(field("MAILWORTHY_FINDING", 2));
		assert_null(field("MAILWORTHY_SENDER", 0));
		assert_null(field("MAILWORTHY_MESSAGE_ID", 0));
	}
}

/* More findings than an entry has room for, and what is no record. */
static void
test_fields(void **state)
{
	struct log_field fields[RECORD_FIELDS_MAX];
	struct arena *arena = arena_new();
	const char *many = "{\"queue_id\":\"4A\",\"findings\":[{\"id\":\"a\"}";

	(void)state;
	for (int i = 0; i < 100; i++)
		many = arena_printf(arena, "%s,{\"id\":\"f%d\"}", many, i);
	assert_int_equal(record_fields(arena_printf(arena, "%s]}", many), fields, arena),
	    RECORD_FIELDS_MAX);
	assert_string_equal(fields[RECORD_FIELDS_MAX - 1].value, "f37");
	assert_int_equal(record_fields("no record", fields, arena), 0);
	assert_int_equal(record_fields("[1]", fields, arena), 0);
	assert_int_equal(record_fields("{\"queue_id\":7,\"findings\":\"x\"}", fields, arena), 0);
	arena_free(&arena);
}

/* It is started again, and gone for good. */
static void
test_restart(void **state)
{
	struct log_journal *own = log_journal_open(path);
	const struct log_field one = { "MESSAGE", "x" };

	(void)state;
	assert_non_null(own);
	assert_true(log_journal_send(own, &one, 1));
	close(journal);
	assert_false(log_journal_send(own, &one, 1));
	listen_there();
	assert_true(log_journal_send(own, &one, 1));
	assert_true(next_entry());
	expect("MESSAGE", "x");
	log_journal_close(&own);
	assert_null(own);
	unlink(path);
	assert_null(log_journal_open(path));
	assert_null(log_journal_open("/tmp/a-name-that-is-too-long-for-the-address-of-a-unix-socket-"
	    "which-has-room-for-one-hundred-and-seven-octets"));
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	log_open_journal(path);
	assert_false(log_has_journal());
	assert_false(log_record("x", NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stderr, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_restart, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
