/* Fields missing or standing too often; Date and Message-ID. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

#define FROM "From: a@example.com\n"
#define LIST "List-Id: <l.example.com>\nList-Post: <mailto:l@example.com>\n"

static void
add_received(int n)
{
	for (int i = 0; i < n; i++)
		headers_add(t.message->headers, SLICE("Received"), SLICE(" from "
		    "a.example.com by b.example.com; Sat, 21 Nov 2026 21:00:00 +0"));
}

static void received_24(void) { add_received(24); }
static void received_25(void) { add_received(25); }
static void received_49(void) { add_received(49); }
static void received_50(void) { add_received(50); }

static void
adds_date(void)
{
	t.message->added_date = "Sat, 21 Nov 2026 21:40:00 +0000";
}

static void
adds_message_id(void)
{
	t.message->added_message_id = "<2@mail.example.com>";
}

static void
test_duplicate(void **state)
{
	static const struct checked_row rows[] = {
		{ "subject", FROM "Subject: a\nSUBJECT: b\n", NULL, false, HIT(50),
		    "Subject (2 times)", "write it once" },
		{ "several", FROM "To: a@example.net\nTo: b@example.net\nDate: "
		    "x\nDate: x\nDate: x\n", NULL, false, HIT(50),
		    "To (2 times), Date (3 times)", NULL },
		{ "not kept", FROM "Subject: a\nSubject: b\n", NULL, true, HIT(50),
		    "Subject", NULL },
		{ "Received", FROM "Received: a\nReceived: b\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "Comments", FROM "Comments: a\nComments: b\nKeywords: c\nKeywords: "
		    "d\n", NULL, false, NOT(CHECK_OK) },
		{ "resent", FROM "Resent-From: a@example.com\nResent-From: "
		    "b@example.com\n", NULL, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
	};

	(void)state;
	CHECKED_TABLE("header-duplicate", rows);
}

static void
test_to_missing(void **state)
{
	static const struct checked_row rows[] = {
		{ "neither", FROM, NULL, false, HIT(8), "neither To nor Cc", "in To" },
		{ "undisclosed", FROM "To: undisclosed-recipients:;\n", NULL, false,
		    HIT(8), "undisclosed-recipients:;", NULL },
		{ "empty Cc", FROM "Cc: \n", NULL, false, HIT(8), "Cc names nobody",
		    NULL },
		{ "only Bcc", FROM "Bcc: a@example.net\n", NULL, false, HIT(8), NULL,
		    NULL },
		{ "Cc", FROM "Cc: a@example.net\n", NULL, false, NOT(CHECK_OK) },
		{ "a group with one", FROM "To: team: a@example.net;\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "a list", FROM LIST, NULL, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("to-missing", rows);
}

static void
test_hop_count(void **state)
{
	static const struct checked_row rows[] = {
		{ "26", NULL, received_25, false, HIT(5), "26 Received fields",
		    "forward" },
		{ "50", NULL, received_49, false, HIT(5), "50 Received fields", NULL },
		{ "51", NULL, received_50, false, HIT(60), "51 Received fields", NULL },
		{ "25", NULL, received_24, false, NOT(CHECK_OK) },
		{ "none", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, received_50, true, HIT(60), NULL, NULL },
	};

	(void)state;
	CHECKED_TABLE("hop-count", rows);
}

static void
test_mime_version(void **state)
{
	static const struct checked_row rows[] = {
		{ "type", FROM "Content-Type: text/html\n", NULL, false, HIT(3),
		    "Content-Type field but no MIME-Version", "MIME-Version: 1.0" },
		{ "encoding", FROM "Content-Transfer-Encoding: 8bit\n", NULL, false,
		    HIT(3), "Content-Transfer-Encoding", NULL },
		{ "with", FROM "MIME-Version: 1.0\nContent-Type: text/html\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "no MIME", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", FROM "Content-Type: text/html\n", NULL, true, HIT(3),
		    NULL, NULL },
	};

	(void)state;
	CHECKED_TABLE("mime-version-missing", rows);
}

static void
test_date(void **state)
{
	static const struct checked_row missing[] = {
		{ "missing", FROM, NULL, false, HIT(10), "no Date field", "repair" },
		{ "added", FROM, adds_date, false, CHECK_HIT, 0, ACTION_NONE,
		    "mailworthy adds", NULL },
		{ "there", NULL, NULL, false, NOT(CHECK_OK) },
		{ "there, not kept", NULL, NULL, true, NOT(CHECK_OK) },
	};
	static const struct checked_row malformed[] = {
		{ "no date", FROM "Date: yesterday\n", NULL, false, HIT(20),
		    "\"yesterday\"", "Sat, 21" },
		{ "empty", FROM "Date: \n", NULL, false, HIT(20), "\"\"", NULL },
		{ "obsolete zone", FROM "Date: Sat, 21 Nov 26 21:40 GMT (noon)\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "missing", FROM, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row future[] = {
		{ "2 h and 1 s", FROM "Date: Sat, 21 Nov 2026 23:40:01 +0000\n", NULL,
		    false, HIT(20), "120 minutes ahead", "clock" },
		{ "zone forgotten", FROM "Date: Sat, 21 Nov 2026 21:40:00 -0300\n",
		    NULL, false, HIT(20), "180 minutes", NULL },
		{ "2 h", FROM "Date: Sat, 21 Nov 2026 23:40:00 +0000\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "now in another zone", FROM "Date: Sun, 22 Nov 2026 07:40:00 +1000\n",
		    NULL, false, NOT(CHECK_OK) },
		{ "missing", FROM, NULL, false, NOT(CHECK_OK) },
		{ "malformed", FROM "Date: x\n", NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row past[] = {
		{ "24 h and 1 s", FROM "Date: Fri, 20 Nov 2026 21:39:59 +0000\n", NULL,
		    false, HIT(5), "24 hours old", "queue" },
		{ "96 h", FROM "Date: Tue, 17 Nov 2026 21:40:00 +0000\n", NULL, false,
		    HIT(5), "96 hours", NULL },
		{ "96 h and 1 s", FROM "Date: Tue, 17 Nov 2026 21:39:59 +0000\n", NULL,
		    false, HIT(15), "96 hours", NULL },
		{ "24 h", FROM "Date: Fri, 20 Nov 2026 21:40:00 +0000\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "missing", FROM, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("date-missing", missing);
	CHECKED_TABLE("date-malformed", malformed);
	CHECKED_TABLE("date-future", future);
	CHECKED_TABLE("date-past", past);
}

static char *
long_id(size_t characters)
{
	static char headers[700];
	int n = snprintf(headers, sizeof(headers), "Message-ID: <");

	memset(headers + n, 'a', characters);
	memcpy(headers + n + characters - strlen("<@example.com>"), "@example.com>\n",
	    sizeof("@example.com>\n"));
	return headers;
}

static void
test_message_id(void **state)
{
	static const struct checked_row missing[] = {
		{ "missing", FROM, NULL, false, HIT(15), "no Message-ID", "repair" },
		{ "added", FROM, adds_message_id, false, CHECK_HIT, 0, ACTION_NONE,
		    "mailworthy adds", NULL },
		{ "there", NULL, NULL, false, NOT(CHECK_OK) },
		{ "there, not kept", NULL, NULL, true, NOT(CHECK_OK) },
	};
	const struct checked_row malformed[] = {
		{ "no brackets", FROM "Message-ID: 1@example.com\n", NULL, false,
		    HIT(15), "\"1@example.com\"", "<unique@your.domain>" },
		{ "empty", FROM "Message-ID: \n", NULL, false, HIT(15), NULL, NULL },
		{ "two", FROM "Message-ID: <1@example.com> <2@example.com>\n", NULL,
		    false, HIT(15), NULL, NULL },
		{ "501", long_id(501), NULL, false, HIT(15), "501 characters", NULL },
		{ "no name", FROM "Message-ID: <1@localhost>\n", NULL, false, HIT(3),
		    "no host name", NULL },
		{ "encoded word", FROM "Message-ID: =?utf-8?q?<1=40example.com>?=\n",
		    NULL, false, NOT(CHECK_OK) },
		{ "folded", FROM "Message-ID:\n <1@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "missing", FROM, NULL, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", FROM "Message-ID: x\n", NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("message-id-missing", missing);
	CHECKED_TABLE("message-id-malformed", malformed);
	const struct checked_row longest[] = {
		{ "500", long_id(500), NULL, false, NOT(CHECK_OK) },
	};
	CHECKED_TABLE("message-id-malformed", longest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_to_missing),
		cmocka_unit_test(test_hop_count),
		cmocka_unit_test(test_mime_version),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_message_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
