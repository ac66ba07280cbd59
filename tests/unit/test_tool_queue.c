/*
 * The MTA's queue as its commands print it, and what became of a message.
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
#include "tool/queue.h"

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

static const char postqueue[] =
    "{\"queue_name\": \"hold\", \"queue_id\": \"845C5A72227\", \"arrival_time\": 1000, "
    "\"message_size\": 320, \"forced_expire\": false, \"sender\": \"a@example.com\", "
    "\"recipients\": [{\"address\": \"b@example.net\"}, {\"address\": \"c@example.net\", "
    "\"delay_reason\": \"x\"}]}\n"
    "{\"queue_name\": \"deferred\", \"queue_id\": \"4XyZ12\", \"arrival_time\": 2000, "
    "\"sender\": \"MAILER-DAEMON\", \"recipients\": []}\n"
    "no JSON\n"
    "{\"queue_name\": \"hold\", \"queue_id\": \"../x;rm\", \"recipients\": []}\n"
    "{\"queue_name\": \"hold\"}\n"
    "{\"queue_name\": \"hold\", \"queue_id\": \"AAAAA\", \"arrival_time\": 5, "
    "\"sender\": \"a\\u001b[2J@b\", \"recipients\": [7, {}, {\"address\": 8}]}\n";

static void
test_postfix(void **state)
{
	struct queue *queue = queue_from_postqueue(arena, slice_of(postqueue));
	const struct queue_entry *entry;

	(void)state;
	assert_int_equal(queue_mta(queue), QUEUE_MTA_POSTFIX);
	assert_null(queue_error(queue));
	assert_int_equal(queue_count(queue), 3);
	entry = queue_find(queue, "845C5A72227");
	assert_true(entry->held);
	assert_int_equal(entry->n_rcpts, 2);
	assert_string_equal(entry->rcpts[1], "c@example.net");
	assert_false(entry->odd);
	assert_string_equal(queue_find(queue, "4XyZ12")->sender, "");
	entry = queue_find(queue, "AAAAA");
	assert_true(entry->odd);	/* nothing to hand to a command */
	assert_int_equal(entry->n_rcpts, 0);
	assert_string_equal(entry->sender, "a\\x1B[2J@b");
}

static void
test_states(void **state)
{
	struct queue *queue = queue_from_postqueue(arena, slice_of(postqueue));

	(void)state;
	assert_int_equal(queue_state_of(queue, "845C5A72227", 1001), QUEUE_HELD);
	assert_int_equal(queue_state_of(queue, "4XyZ12", 2000), QUEUE_WAITING);
	assert_int_equal(queue_state_of(queue, "GONE1", 1000), QUEUE_GONE);
	/* the id belongs to a later message, and to one long before */
	assert_int_equal(queue_state_of(queue, "845C5A72227", 900), QUEUE_GONE);
	assert_int_equal(queue_state_of(queue, "845C5A72227", 90000), QUEUE_GONE);
	assert_int_equal(queue_state_of(queue, NULL, 1000), QUEUE_UNKNOWN);
}

static const char mailq_held[] =
    "\t\t/var/spool/mqueue (1 request)\n"
    "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n"
    "5BUK3Xx5012345      320 Mon Nov 30 20:03 <billing@example.com>\n"
    "      QUARANTINE: mailworthy subject-missing: The message has no Subject field.\n"
    "\t\t\t\t\t <anna@example.net>\n"
    "\t\tTotal requests: 1\n";
static const char mailq_all[] =
    "\t\t/var/spool/mqueue (2 requests)\n"
    "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n"
    "5BUK3Yy6012346*     912 Mon Nov 30 20:03 <billing@example.com>\n"
    "                 (Deferred: Connection refused by mail.example.net.)\n"
    "\t\t\t\t\t <anna@example.net>\n"
    "5BUK3Zz7012347  (no control file)\n"
    "\t\tTotal requests: 2\n";

static void
test_sendmail(void **state)
{
	struct queue *queue = queue_from_mailq(arena, slice_of(mailq_held),
	    slice_of(mailq_all));

	(void)state;
	assert_int_equal(queue_mta(queue), QUEUE_MTA_SENDMAIL);
	assert_int_equal(queue_count(queue), 3);
	assert_int_equal(queue_state_of(queue, "5BUK3Xx5012345", 1000), QUEUE_HELD);
	assert_int_equal(queue_state_of(queue, "5BUK3Yy6012346", 1000), QUEUE_WAITING);
	assert_int_equal(queue_state_of(queue, "5BUK3Qq0012340", 1000), QUEUE_GONE);
	queue = queue_from_mailq(arena, SLICE("/var/spool/mqueue is empty\n"
	    "\t\tTotal requests: 0\n"), SLICE("/var/spool/mqueue is empty\n"));
	assert_int_equal(queue_count(queue), 0);
}

static void
test_ids(void **state)
{
	(void)state;
	assert_true(queue_is_id("4XyZ12"));
	assert_false(queue_is_id(""));
	assert_false(queue_is_id("-H"));
	assert_false(queue_is_id("a b"));
	assert_false(queue_is_id("$(x)"));
	assert_false(queue_is_id("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

/* Programs beside the sendmail command go before those of the system. */
static void
test_programs(void **state)
{
	char directory[] = "/tmp/mw-queue.XXXXXX";
	const char *sendmail, *postqueue_path;
	struct queue *queue;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	sendmail = arena_printf(arena, "%s/sendmail", directory);
	postqueue_path = arena_printf(arena, "%s/postqueue", directory);
	file = fopen(postqueue_path, "w");
	fputs("#!/bin/sh\necho 'postqueue: fatal: the mail system is down' >&2\nexit 69\n",
	    file);
	fclose(file);
	chmod(postqueue_path, 0755);
	assert_string_equal(queue_program(arena, sendmail, "postqueue"), postqueue_path);
	queue = queue_ask(arena, sendmail);
	assert_int_equal(queue_mta(queue), QUEUE_MTA_POSTFIX);
	assert_non_null(strstr(queue_error(queue), "the mail system is down"));
	assert_int_equal(queue_state_of(queue, "4XyZ12", 2000), QUEUE_UNKNOWN);
	unlink(postqueue_path);
	rmdir(directory);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_postfix),
		TEST(test_states),
		TEST(test_sendmail),
		TEST(test_ids),
		TEST(test_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
