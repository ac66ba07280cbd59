/* The author's address and Reply-To. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

static void null_sender(void) { t.message->mail_from_is_null = true; }
static void no_author_domain(void) { t.message->author_domain = NULL; }
static void freemail_author(void) { t.message->author_domain = "gmail.com"; }

static void
mixed_envelope(void)
{
	checked_set_sender("<a@xn--ypal-43d9g.example.com>");	/* Cyrillic "pa" */
}

static void
test_missing(void **state)
{
	static const struct checked_row rows[] = {
		{ "no field", "To: a@example.net\n", NULL, false, CHECK_HIT, 70,
		    ACTION_REJECT, "no From field", "one From field" },
		{ "empty field", "From: \n", NULL, false, CHECK_HIT, 70, ACTION_REJECT,
		    "holds no address", NULL },
		{ "empty group", "From: nobody:;\n", NULL, false, CHECK_HIT, 70,
		    ACTION_REJECT, "nobody:;", NULL },
		{ "null sender", "To: a@example.net\n", null_sender, false, CHECK_HIT,
		    70, ACTION_NONE, NULL, NULL },
		{ "there", NULL, NULL, false, NOT(CHECK_OK) },
		{ "two", "From: a@example.com\nFrom: b@example.com\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "not kept", "From: a@example.com\n", NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("from-missing", rows);
}

static void
test_multiple(void **state)
{
	static const struct checked_row rows[] = {
		{ "two fields", "From: a@example.com\nFrom: b@example.com\n", NULL,
		    false, CHECK_HIT, 70, ACTION_REJECT,
		    "2 From fields; the first names a@example.com", "one address" },
		{ "two addresses", "From: a@example.com, b@example.com\n", NULL, false,
		    CHECK_HIT, 70, ACTION_REJECT, "names 2 addresses", NULL },
		{ "second of other case", "From: a@example.com\nfrOM: b@example.com\n",
		    NULL, false, CHECK_HIT, 70, ACTION_REJECT, "2 From fields", NULL },
		{ "null sender", "From: a@example.com, b@example.com\n", null_sender,
		    false, CHECK_HIT, 70, ACTION_NONE, NULL, NULL },
		{ "a comma in quotes", "From: \"Doe, Jane\" <j@example.com>\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "one", NULL, NULL, false, NOT(CHECK_OK) },
		{ "two not kept", "From: a@example.com\nFrom: b@example.com\n", NULL,
		    true, CHECK_HIT, 70, ACTION_REJECT, "2 From fields", NULL },
	};

	(void)state;
	CHECKED_TABLE("from-multiple", rows);
}

static void
test_malformed(void **state)
{
	static const struct checked_row rows[] = {
		{ "no address", "From: Billing <billing>\n", NULL, false, CHECK_HIT, 70,
		    ACTION_REJECT, "Billing <billing>", "From: \"Name\"" },
		{ "no local part", "From: <@example.com>\n", NULL, false, CHECK_HIT, 70,
		    ACTION_REJECT, NULL, NULL },
		{ "only a bad label", "From: <billing@-bad-.example.com>\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "null sender", "From: MAILER-DAEMON\n", null_sender, false, CHECK_HIT,
		    70, ACTION_NONE, "MAILER-DAEMON", NULL },
		{ "hostile", "From: \x1b[2J%n\n", NULL, false, CHECK_HIT, 70,
		    ACTION_REJECT, "\\x1B[2J%n", NULL },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "missing", "To: a@example.com\n", NULL, false, NOT(CHECK_OK) },
		{ "two", "From: a@example.com, b@example.com\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "not kept", "From: a@example.com\n", NULL, true, NOT(CHECK_OK) },
	};

	(void)state;
	CHECKED_TABLE("from-malformed", rows);
}

static void
test_syntax(void **state)
{
	static const struct checked_row rows[] = {
		{ "special in name", "From: Billing [EU] <billing@example.com>\n", NULL,
		    false, HIT(20), "special character", "double quotes" },
		{ "comma in name", "From: Doe, Jane <jane@example.com>\n", NULL, false,
		    HIT(20), NULL, NULL },
		{ "blank in <>", "From: Billing < billing@example.com>\n", NULL, false,
		    HIT(20), "blanks inside", NULL },
		{ "bad label", "From: Billing <billing@-bad-.example.com>\n", NULL,
		    false, HIT(20), "valid host name", NULL },
		{ "char that Yahoo refuses", "From: <bill$ing@example.com>\n", NULL,
		    false, HIT(20), "Yahoo", NULL },
		{ "empty name", "From: \"\" <billing@example.com>\n", NULL, false,
		    HIT(5), "empty name", NULL },
		{ "a dot", "From: John Q. Public <john@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "quoted", "From: \"Billing [EU], Inc.\" <billing@example.com>\n",
		    NULL, false, NOT(CHECK_OK) },
		{ "encoded", "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.com>\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "bare", "From: billing@example.com\n", NULL, false, NOT(CHECK_OK) },
		{ "comment", "From: billing@example.com (Billing)\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "no From", "To: a@example.com\n", NULL, false, NOT(CHECK_DUNNO) },
		{ "not kept", "From: a@example.com\n", NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("from-syntax", rows);
}

static void
test_reply_to_malformed(void **state)
{
	static const struct checked_row rows[] = {
		{ "no domain", "From: a@example.com\nReply-To: support\n", NULL, false,
		    HIT(10), "\"support\"", "leave the field out" },
		{ "empty", "From: a@example.com\nReply-To: \n", NULL, false, HIT(10),
		    NULL, NULL },
		{ "bad label", "From: a@example.com\nReply-To: a@ex_ample..com\n", NULL,
		    false, HIT(10), NULL, NULL },
		{ "two addresses", "From: a@example.com\nReply-To: b@example.com, "
		    "Name <c@example.net>\n", NULL, false, NOT(CHECK_OK) },
		{ "group", "From: a@example.com\nReply-To: team: b@example.com;\n",
		    NULL, false, NOT(CHECK_OK) },
		{ "absent", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", "From: a@example.com\nReply-To: x\n", NULL, true,
		    NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("reply-to-malformed", rows);
}

static void
test_reply_to_freemail(void **state)
{
	static const char freemail[] = "From: a@example.com\nReply-To: Shop "
	    "<s@gmail.com>\n";
	static const struct checked_row rows[] = {
		{ "freemail", freemail, NULL, false, HIT(10),
		    "s@gmail.com at a mailbox provider", "author domain" },
		{ "second of two", "From: a@example.com\nReply-To: a@example.com, "
		    "s@web.de\n", NULL, false, HIT(10), "s@web.de", NULL },
		{ "author too", freemail, freemail_author, false, NOT(CHECK_OK) },
		{ "own subdomain of a like name", "From: a@example.com\n"
		    "Reply-To: s@gmail.com.example.com\n", NULL, false, NOT(CHECK_OK) },
		{ "own", "From: a@example.com\nReply-To: s@example.com\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "absent", NULL, NULL, false, NOT(CHECK_OK) },
		{ "no author", freemail, no_author_domain, false, NOT(CHECK_DUNNO) },
		{ "not kept", freemail, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("reply-to-freemail", rows);
}

static void
test_domain_mixed_script(void **state)
{
	static const struct checked_row rows[] = {
		{ "author", "From: <a@xn--ypal-43d9g.example.com>\n", NULL, false,
		    HIT(30), "domain of the author", "one script" },
		{ "Reply-To", "From: a@example.com\nReply-To: "
		    "a@xn--ypal-43d9g.example.com\n", NULL, false, HIT(30), "Reply-To",
		    NULL },
		{ "Sender", "From: a@example.com\nSender: "
		    "a@xn--ypal-43d9g.example.com\n", NULL, false, HIT(30), "Sender",
		    NULL },
		{ "envelope", NULL, mixed_envelope, false, HIT(30), "envelope sender",
		    NULL },
		{ "recipients are not ours", "From: a@example.com\n"
		    "To: a@xn--ypal-43d9g.example.com\n", NULL, false, NOT(CHECK_OK) },
		{ "one script", "From: a@xn--e1afmkfd.example.com\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "Latin with an accent", "From: a@xn--bcher-kva.example.com\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", "From: a@xn--ypal-43d9g.example.com\n", NULL, true,
		    NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("domain-mixed-script", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_multiple),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_reply_to_malformed),
		cmocka_unit_test(test_reply_to_freemail),
		cmocka_unit_test(test_domain_mixed_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
