/* Subjects, raw 8-bit, encoded words, hiding characters. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

#define FROM "From: a@example.com\n"
#define A30 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void smtputf8(void) { t.message->is_smtputf8 = true; }
static void local(void) { t.message->is_local = true; }

static void
local_smtputf8(void)
{
	local();
	smtputf8();
}

static void file_name(void) { t.message->body.encoded_filename = true; }
static void parts_over(void) { t.message->body.over_limit = true; }

/* A Subject line of n octets "x", after `start`. */
static const char *
subject(size_t n, const char *unit)
{
	static char lines[8][1200];
	static size_t next;
	char *line = lines[next++ % 8];
	size_t at = (size_t)snprintf(line, 1200, FROM "Subject: ");

	for (size_t i = 0; i < n; i++) {
		memcpy(line + at, unit, strlen(unit));
		at += strlen(unit);
	}
	memcpy(line + at, "\n", 2);
	return line;
}

static void
test_subject_missing(void **state)
{
	static const struct checked_row rows[] = {
		{ "no field", FROM, NULL, false, HIT(10), "no Subject field",
		    "subject" },
		{ "empty", FROM "Subject:\n", NULL, false, HIT(10), "is empty", NULL },
		{ "blanks", FROM "Subject:  \t \n", NULL, false, HIT(10), "is empty",
		    NULL },
		{ "invisible", FROM "Subject: =?utf-8?q?=E2=80=8B=C2=AD=E3=85=A4?=\n",
		    NULL, false, HIT(10), "is empty", NULL },
		{ "a dot", FROM "Subject: .\n", NULL, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("subject-missing", rows);
}

static void
test_subject_long(void **state)
{
	const struct checked_row rows[] = {
		{ "256", subject(256, "x"), NULL, false, HIT(3), "256 characters",
		    "Shorten" },
		{ "999 octets", subject(990, "x"), NULL, false, HIT(30), "999 octets",
		    NULL },
		{ "255", subject(255, "x"), NULL, false, NOT(CHECK_OK) },
	};
	const struct checked_row more[] = {
		{ "998 octets", subject(989, "x"), NULL, false, HIT(3),
		    "989 characters", NULL },
		{ "200 characters in 400 octets", subject(200, "\xc3\xbc"), NULL, false,
		    NOT(CHECK_OK) },
		{ "absent", FROM, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("subject-long", rows);
	CHECKED_TABLE("subject-long", more);
}

static void
test_header_8bit(void **state)
{
	static const char utf8[] = FROM "Subject: Gr\xc3\xbc\xc3\x9f" "e\n";
	static const char latin1[] = FROM "Subject: Gr\xfc\xdf" "e\n";
	static const char other[] = FROM "X-Note: Gr\xc3\xbc\xc3\x9f" "e\n";
	static const struct checked_row rows[] = {
		{ "UTF-8", utf8, NULL, false, HIT(20), "Subject holds raw 8-bit",
		    "RFC 2047" },
		{ "Latin-1", latin1, NULL, false, HIT(20), "Gr\\xFC\\xDFe", NULL },
		{ "Latin-1 with SMTPUTF8", latin1, smtputf8, false, HIT(20), NULL,
		    NULL },
		{ "Cc", FROM "Cc: J\xc3\xb6rg <j@example.net>\n", NULL, false, HIT(20),
		    "Cc", NULL },
		{ "other field", other, NULL, false, HIT(3), "X-Note", NULL },
		{ "local", utf8, local, false, HIT(60), "bounces", NULL },
		{ "local, other field", other, local, false, HIT(60), "X-Note", NULL },
		{ "local, no UTF-8", latin1, local, false, HIT(20), "Subject", NULL },
		{ "charset that nobody knows", FROM "Subject: "
		    "=?unknown-8bit?q?Gr=FC=DFe?=\n", NULL, false, HIT(20),
		    "Subject holds 8-bit bytes in no charset", NULL },
		{ "the same elsewhere", FROM "X-Note: =?unknown-8bit?q?=FC?=\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "SMTPUTF8", utf8, smtputf8, false, NOT(CHECK_OK) },
		{ "local, SMTPUTF8 asked for", utf8, local_smtputf8, false,
		    NOT(CHECK_OK) },
		{ "encoded", FROM "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", utf8, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("header-8bit", rows);
}

static void
test_encoded_word(void **state)
{
	static const struct checked_row rows[] = {
		{ "in an address", "From: <=?utf-8?q?a?=@example.com>\n", NULL, false,
		    HIT(15), "address of the field From", "75" },
		{ "in To", FROM "To: Anna <=?utf-8?q?a?=@example.net>\n", NULL, false,
		    HIT(15), "field To", NULL },
		{ "in the Message-ID", FROM "Message-ID: <=?utf-8?q?a?=@example.com>\n",
		    NULL, false, HIT(15), "Message-ID", NULL },
		{ "unknown charset", FROM "Subject: =?klingon?q?a?=\n", NULL, false,
		    HIT(15), "broken", NULL },
		{ "unknown encoding", FROM "Subject: =?utf-8?x?a?=\n", NULL, false,
		    HIT(15), "broken", NULL },
		{ "no text in its charset", FROM "Subject: =?utf-8?q?=FF=FE?=\n", NULL,
		    false, HIT(15), "broken", NULL },
		{ "broken name", "From: =?utf-8?x?a?= <a@example.com>\n", NULL, false,
		    HIT(15), "From", NULL },
		{ "76 characters", FROM "Subject: =?utf-8?q?" A30 A30 "aaaa?=\n", NULL,
		    false, HIT(10), "over 75", NULL },
		{ "file name", NULL, file_name, false, HIT(3), "file name", NULL },
		{ "75 characters", FROM "Subject: =?utf-8?q?" A30 A30 "aaa?=\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "in the name", "From: =?utf-8?q?J=C3=B6rg?= <j@example.com>\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "name in quotes", "From: \"=?utf-8?q?J=C3=B6rg?=\" <j@example.com>\n",
		    NULL, false, NOT(CHECK_OK) },
		{ "a question", FROM "Subject: is 2+2=? or not\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "header-8bit tells it", FROM "Subject: =?unknown-8bit?q?=FC?=\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "another field", FROM "X-Note: =?klingon?q?a?=\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "parts not read", NULL, parts_over, false, NOT(CHECK_DUNNO) },
		{ "not kept", FROM "Subject: =?klingon?q?a?=\n", NULL, true,
		    NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("encoded-word-misplaced", rows);
}

static void
test_unicode(void **state)
{
	static const struct checked_row rows[] = {
		{ "control", FROM "X-Note: a\x07\n", NULL, false, HIT(20),
		    "X-Note holds a control character", "before it is encoded" },
		{ "encoded control", FROM "Subject: =?utf-8?q?a=07?=\n", NULL, false,
		    HIT(20), "Subject holds a control", NULL },
		{ "C1", FROM "Subject: =?utf-8?q?a=C2=85?=\n", NULL, false, HIT(20),
		    NULL, NULL },
		{ "right-to-left override", FROM "Subject: =?utf-8?q?a=E2=80=AEb?=\n",
		    NULL, false, HIT(20), "direction", NULL },
		{ "in the name", "From: =?utf-8?q?a=E2=80=AEb?= <a@example.com>\n",
		    NULL, false, HIT(20), "From", NULL },
		{ "tags", FROM "Subject: =?utf-8?q?a=F3=A0=81=A1?=\n", NULL, false,
		    HIT(20), "tag", NULL },
		{ "a flag", FROM "Subject: "
		    "=?utf-8?q?=F0=9F=8F=B4=F3=A0=81=A7=F3=A0=81=A2=F3=A0=81=BF?=\n",
		    NULL, false, NOT(CHECK_OK) },
		{ "ZWJ in a family", FROM "Subject: =?utf-8?q?=F0=9F=91=A8=E2=80=8D"
		    "=F0=9F=91=A9?=\n", NULL, false, NOT(CHECK_OK) },
		{ "ZWNJ", FROM "Subject: "
		    "=?utf-8?q?=D9=85=DB=8C=E2=80=8C=D8=AE=D9=88?=\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "right-to-left mark", FROM "Subject: =?utf-8?q?=E2=80=8F=D7=90?=\n",
		    NULL, false, NOT(CHECK_OK) },
		{ "tab and fold", FROM "Subject: a\n\tb\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", FROM "Subject: =?utf-8?q?a=07?=\n", NULL, true,
		    NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("header-unicode", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subject_missing),
		cmocka_unit_test(test_subject_long),
		cmocka_unit_test(test_header_8bit),
		cmocka_unit_test(test_encoded_word),
		cmocka_unit_test(test_unicode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
