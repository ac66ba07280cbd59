/*
 * What `mailworthy notify` remembers, what it finds to tell, and its mails.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/arena.h"
#include "settings/settings.h"
#include "tool/holds.h"
#include "tool/notify.h"

enum { NOW = 1795297200, EVENTS = 200 };
#define N(seconds_ago) ((uint64_t)(NOW - (seconds_ago)) * 1000000)

static struct arena *arena;
static char directory[64], path[128];
static struct notify_state state_now;
static struct journal_event events[EVENTS];
static struct journal_events held, refused;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	snprintf(directory, sizeof(directory), "/tmp/mw-notify.XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/notify.state", directory);
	notify_state_read(&state_now, path, NOW, arena);
	memset(events, 0, sizeof(events));
	held = (struct journal_events){ .p = events };
	refused = (struct journal_events){ .p = events + EVENTS / 2 };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	unlink(path);
	return rmdir(directory);
}

static struct journal_event *
add(struct journal_events *to, uint64_t n, const char *verdict, const char *cause)
{
	struct journal_event *event = &to->p[to->n++];

	*event = (struct journal_event){ .n = n, .time = (time_t)(n / 1000000),
	    .verdict = verdict, .cause = cause, .queue_id = "4XyZ12",
	    .author = "billing@example.com", .rcpts = arena_array(arena, 1, sizeof(char *)),
	    .n_rcpts = 1, .rcpt_count = 1, .score = -1, .is_signed = true };
	event->rcpts[0] = "anna@example.net";
	return event;
}

static size_t
groups(struct notify_group **groups_r)
{
	size_t n;

	*groups_r = notify_groups(&state_now, &held, &refused, NOW, arena, &n);
	return n;
}

static void
test_grouped_by_cause(void **state)
{
	struct notify_group *group;

	(void)state;
	add(&held, N(300), "hold", "from-multiple");
	add(&held, N(200), "hold", "subject-caps");
	add(&held, N(100), "hold", "from-multiple");
	add(&refused, N(50), "reject", "from-multiple");
	add(&refused, N(40), "reject", "from-multiple")->is_notice = true;
	add(&refused, N(30), "reject", "a b\nc");	/* no word */
	assert_int_equal(groups(&group), 3);
	assert_string_equal(group[0].key, "hold/from-multiple");
	assert_int_equal(group[0].n, 2);
	assert_true(group[0].due);
	assert_int_equal(group[1].n, 1);
	assert_string_equal(group[2].key, "reject/from-multiple");
	assert_int_equal(group[2].n, 1);
}

static void
test_told_once(void **state)
{
	struct notify_group *group;
	struct notify_cause *cause;

	(void)state;
	add(&held, N(300), "hold", "x");
	add(&held, N(100), "hold", "x");
	cause = notify_state_cause(&state_now, "hold/x", arena);
	cause->told = N(300);
	cause->sent = NOW - 3599;
	assert_int_equal(groups(&group), 1);
	assert_int_equal(group[0].n, 1);
	assert_false(group[0].due);
	notify_state_cause(&state_now, "hold/x", arena)->sent = NOW - 3600;
	groups(&group);
	assert_true(group[0].due);
	notify_state_cause(&state_now, "hold/x", arena)->sent = NOW + 7200;	/* set back */
	groups(&group);
	assert_true(group[0].due);
	notify_state_cause(&state_now, "hold/x", arena)->told = N(100);
	assert_int_equal(groups(&group), 0);
}

/* The option is set on a host whose journal goes back for weeks. */
static void
test_first_run_looks_back_a_day(void **state)
{
	struct notify_group *group;

	(void)state;
	add(&held, N(2 * 86400), "hold", "x");
	add(&held, N(3600), "hold", "x");
	assert_int_equal(groups(&group), 1);
	assert_int_equal(group[0].n, 1);
	/* but a run that did not come for days misses nothing */
	assert_int_equal(notify_state_write(&state_now, path, arena), 0);
	add(&held, N(60), "hold", "y");
	notify_state_read(&state_now, path, NOW + 10 * 86400, arena);
	assert_int_equal(groups(&group), 2);
}

static void
test_mails_of_an_hour(void **state)
{
	(void)state;
	assert_int_equal(notify_state_left(&state_now, NOW), NOTIFY_MAILS_MAX);
	for (int i = 0; i < NOTIFY_MAILS_MAX + 3; i++)
		notify_state_count(&state_now, NOW - i);
	assert_int_equal(notify_state_left(&state_now, NOW), 0);
	notify_state_uncount(&state_now, NOW);
	assert_int_equal(notify_state_left(&state_now, NOW), 1);
	assert_int_equal(notify_state_left(&state_now, NOW + 3600), NOTIFY_MAILS_MAX);
}

static void
test_kept(void **state)
{
	struct notify_cause *cause = notify_state_cause(&state_now, "hold/x", arena);
	struct notify_state again;

	(void)state;
	cause->sent = NOW - 5;
	cause->told = 77;
	notify_state_count(&state_now, NOW - 5);
	assert_int_equal(notify_state_write(&state_now, path, arena), 0);
	notify_state_read(&again, path, NOW, arena);
	assert_int_equal(again.floor, state_now.floor);
	assert_int_equal(again.n, 1);
	assert_string_equal(again.causes[0].key, "hold/x");
	assert_int_equal(again.causes[0].sent, NOW - 5);
	assert_int_equal(again.causes[0].told, 77);
	assert_int_equal(notify_state_left(&again, NOW), NOTIFY_MAILS_MAX - 1);
}

static void
test_broken_file(void **state)
{
	static const char *const texts[] = {
		"", "x", "mailworthy-notify 2\nfloor 9\n", "mailworthy-notify 1",
		"mailworthy-notify 1\ncause\ncause a\ncause a b c\nmail\nmail x\nfloor -\n\n",
	};
	struct notify_state read;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *file = fopen(path, "w");

		fputs(texts[i], file);
		fclose(file);
		notify_state_read(&read, path, NOW, arena);
		assert_int_equal(read.n, 0);
		assert_int_equal(read.floor, N(86400));
	}
}

/* The first run was before the clock was right: nothing would be told for years. */
static void
test_floor_of_the_future(void **state)
{
	struct notify_state read;
	FILE *file = fopen(path, "w");

	(void)state;
	fprintf(file, "mailworthy-notify 1\nfloor %" PRIu64 "\n", N(-3600));
	fclose(file);
	notify_state_read(&read, path, NOW, arena);
	assert_int_equal(read.floor, N(86400));
}

/* ---- the mails ---- */

static const char *
mail_of(const struct notify_group *group, struct holds *holds)
{
	static struct settings settings = { .notify = "pm@example.com",
	    .path = "/etc/mailworthy/mailworthy.conf" };
	struct digest_input input = { &settings, holds, "mail", NOW, arena };

	return digest_one(&input, group);
}

static void
contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void
lacks(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, text);
}

static struct holds *
holds_of(enum queue_state held_state)
{
	struct holds *holds = arena_alloc(arena, sizeof(*holds));

	holds->queue = queue_from_postqueue(arena, SLICE(""));
	holds->p = arena_array(arena, held.n + 1, sizeof(*holds->p));
	for (; holds->n < held.n; holds->n++)
		holds->p[holds->n] = (struct hold){ .event = &held.p[holds->n],
		    .state = held_state };
	holds->n_held = held_state == QUEUE_HELD ? held.n : 0;
	return holds;
}

static void
test_mail_of_held(void **state)
{
	struct notify_group *group;
	const char *mail;

	(void)state;
	add(&held, N(300), "hold", "subject-missing")->subject = "f\xc3\xbcr M\xc3\xa4rz";
	add(&held, N(200), "hold", "subject-missing")->author = "news@example.com";
	add(&held, N(100), "hold", "subject-missing");
	groups(&group);
	mail = mail_of(group, holds_of(QUEUE_HELD));
	contains(mail, "From: mailworthy <MAILER-DAEMON>\nTo: pm@example.com\n"
	    "Subject: [mailworthy] 3 messages held: subject-missing\n");
	contains(mail, "\nAuto-Submitted: auto-generated\nX-Mailworthy-Notice: 1\n");
	contains(mail, "\nContent-Transfer-Encoding: quoted-printable\n\n");
	contains(mail, "Subject  f=C3=BCr M=C3=A4rz\n");
	contains(mail, "2  billing@example.com\n       1  news@example.com\n");
	contains(mail, "3 of these are on hold still; 3 messages are on hold in all.");
	contains(mail, "postsuper -H ID");
	lacks(mail, "--again");
	for (const char *p = mail; *p != '\0'; p++)
		assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
}

static void
test_mail_of_unsigned(void **state)
{
	struct notify_group *group;
	struct journal_event *event = add(&held, N(300), "hold", "dkim-cannot-sign");
	const char *mail;

	(void)state;
	event->must_sign = true;
	event->is_signed = false;
	groups(&group);
	mail = mail_of(group, holds_of(QUEUE_HELD));
	contains(mail, "mailworthy held --again ID");
	lacks(mail, "postsuper -H");
	contains(mail_of(group, holds_of(QUEUE_GONE)), "0 of these are on hold still");
}

static void
test_mail_of_refused(void **state)
{
	struct notify_group *group;
	const char *mail;

	(void)state;
	for (int i = 0; i < 90; i++) {
		struct journal_event *event = add(&refused, N(500) + (uint64_t)i, "reject",
		    "nul-byte");

		event->message_id = i % 2 == 0 ? "<1@example.com>" : "<2@example.com>";
		event->author = arena_printf(arena, "user%d@example.com", i);
	}
	groups(&group);
	mail = mail_of(group, holds_of(QUEUE_HELD));
	contains(mail, "90 messages refused (2 different messages) for one\ncause");
	contains(mail, "and 80 senders more\n");
	lacks(mail, "On hold");
}

static void
test_mail_of_many(void **state)
{
	static struct settings settings = { .notify = "pm@example.com", .path = "/x" };
	struct digest_input input = { &settings, holds_of(QUEUE_HELD), "mail", NOW, arena };
	const struct notify_group *list[3];
	struct notify_group *group;
	const char *mail;

	(void)state;
	add(&held, N(300), "hold", "subject-caps");
	add(&refused, N(300), "tempfail", "edit-refused");
	add(&refused, N(300), "recipients", "rcpt-typo")->n_refused = 2;
	assert_int_equal(groups(&group), 3);
	for (int i = 0; i < 3; i++)
		list[i] = &group[i];
	mail = digest_many(&input, list, 3);
	contains(mail, "Subject: [mailworthy] 3 causes more\n");
	contains(mail, "1 message held: subject-caps");
	contains(mail, "1 attempt deferred: edit-refused");
	contains(mail, "2 recipients refused: rcpt-typo");
}

/* RFC 5322 section 2.1.1: the MTA would cut it anywhere. */
static void
test_no_line_too_long(void **state)
{
	char *subject = arena_alloc(arena, 3000);
	struct notify_group *group;
	const char *mail;

	(void)state;
	memset(subject, 'x', 2999);
	add(&held, N(300), "hold", "subject-long")->subject = subject;
	groups(&group);
	mail = mail_of(group, holds_of(QUEUE_HELD));
	contains(mail, "Content-Transfer-Encoding: quoted-printable\n");
	for (const char *line = mail; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strcspn(line, "\n") > 998)
			fail_msg("a line of %zu octets", strcspn(line, "\n"));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_grouped_by_cause),
		TEST(test_told_once),
		TEST(test_no_line_too_long),
		TEST(test_first_run_looks_back_a_day),
		TEST(test_mails_of_an_hour),
		TEST(test_kept),
		TEST(test_floor_of_the_future),
		TEST(test_broken_file),
		TEST(test_mail_of_held),
		TEST(test_mail_of_unsigned),
		TEST(test_mail_of_refused),
		TEST(test_mail_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
