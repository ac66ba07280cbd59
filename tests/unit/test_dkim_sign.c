/*
 * Signatures: made for every form, verified again, and refused where they
 * could not hold.
 */
#include "dkim_rig.h"

static struct rig rig;

static int
set_up(void **state)
{
	(void)state;
	rig_open(&rig);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

#define FIELDS \
	"Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0000\n" \
	"Return-Path: <a@example.com>\n" \
	"From: Anna <anna@example.com>\n" \
	"To: Ben <ben@example.net>,\n\tCarl <carl@example.net>\n" \
	"Subject:  =?utf-8?q?Gr=C3=BC=C3=9Fe?=  and   more \n" \
	"Date:Sat, 21 Nov 2026 10:00:00 +0000\n" \
	"Message-ID: <1@example.com>\n" \
	"MIME-Version: 1.0\n" \
	"X-Other: kept out\n" \
	"Content-Type: text/plain;\n charset=utf-8\n" \
	"List-Unsubscribe: <https://example.com/u>\n" \
	"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"

static const char *const bodies[] = {
	"", "Hello\r\n", "Hello", "Hello \t\r\n\r\n\r\n", " \r\n", "\r\nx\r\n", "a  b\t c \r\n",
	"no end of line here\r\nand here", "trailing \r\n \r\n",
};

static void
assert_passes(const char *text, struct slice body, size_t n)
{
	const struct verified *verified;

	assert_int_equal(rig_verify(&rig, text, body, RIG_ZONE, 5, &verified), n);
	for (size_t i = 0; i < n; i++) {
		if (verified[i].result != DKIM_PASS)
			fail_msg("%s: %s\n%s%.*s", dkim_result_name(verified[i].result),
			    verified[i].reason, text, (int)body.n, body.p);
	}
}

/* Signs and verifies; the message as it stands is in text_r, for free(). */
static void
round_trip(const char *fields, struct slice body, size_t piece)
{
	struct headers *headers = rig_headers(&rig, fields);
	struct signature signatures[2];
	size_t n = rig_sign_with(&rig, &rig.rsa, &rig.ed25519, headers, body, piece,
	    signatures);
	const char *text;

	assert_int_equal(n, 2);
	assert_ptr_equal(signatures[0].key, &rig.rsa);
	assert_ptr_equal(signatures[1].key, &rig.ed25519);
	text = rig_signed_text(&rig, fields, signatures, n);
	assert_passes(text, body, n);
	free((char *)(uintptr_t)text);
}

static void
test_every_form(void **state)
{
	(void)state;
	for (int form = 0; form < 4; form++) {
		rig.settings.canon_header = form & 1 ? CANON_RELAXED : CANON_SIMPLE;
		rig.settings.canon_body = form & 2 ? CANON_RELAXED : CANON_SIMPLE;
		for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
			for (size_t piece = 1; piece < 100; piece += 7)
				round_trip(FIELDS, slice_of(bodies[i]), piece);
		}
	}
}

static void
test_fast(void **state)
{
	(void)state;
	assert_true(dkim_lib_is_fast(rig.lib, &rig.rsa));
	assert_true(dkim_lib_is_fast(rig.lib, &rig.ed25519));
}

/* Signs FIELDS, or others, and gives what h= holds. */
static const char *
names_of(const char *fields, enum header_profile profile)
{
	struct signature signatures[2];
	struct headers *headers = rig_headers(&rig, fields);

	rig.settings.signed_headers = profile;
	rig_sign_with(&rig, &rig.rsa, NULL, headers, SLICE(""), 1, signatures);
	rig.settings.signed_headers = PROFILE_STANDARD;
	return signatures[0].error != NULL ? signatures[0].error :
	    signatures[0].signed_names;
}

static void
test_profiles(void **state)
{
	const char *list = FIELDS "List-Id: <l.example.com>\nReply-To: r@example.com\n"
	    "Sender: s@example.com\nResent-From: x@example.com\nResent-Bcc: y@example.com\n"
	    "Feedback-ID: a:b:c\nContent-Length: 12\nContent-ID: <c@example.com>\n"
	    "DKIM-Signature: v=1\nAuthentication-Results: x; none\n";

	(void)state;
	assert_string_equal(names_of(FIELDS, PROFILE_STANDARD), "From:To:Subject:Date:"
	    "Message-ID:MIME-Version:Content-Type:List-Unsubscribe:"
	    "List-Unsubscribe-Post:From");
	assert_string_equal(names_of(list, PROFILE_STANDARD), "From:To:Subject:Date:"
	    "Message-ID:MIME-Version:Content-Type:List-Unsubscribe:"
	    "List-Unsubscribe-Post:List-Id:Reply-To:Sender:Resent-From:Feedback-ID:"
	    "Content-ID:From");
	assert_string_equal(names_of(list, PROFILE_STRICT), "From:To:Subject:Date:"
	    "Message-ID:MIME-Version:Content-Type:List-Unsubscribe:"
	    "List-Unsubscribe-Post:List-Id:Reply-To:Sender:Resent-From:Feedback-ID:"
	    "Content-ID:From:Reply-To:Subject:Date:To:Cc:Message-ID:MIME-Version:"
	    "Content-Type");
	assert_string_equal(names_of(list, PROFILE_LIST_FRIENDLY), "From:To:Subject:Date:"
	    "Message-ID:MIME-Version:Content-Type:List-Unsubscribe:"
	    "List-Unsubscribe-Post:From");
	assert_string_equal(sign_profile_names(PROFILE_LIST_FRIENDLY)[0], "From");
}

static void
test_oversigned(void **state)
{
	static const struct {
		enum header_profile profile;
		const char *more;
		enum dkim_result result;
	} rows[] = {
		{ PROFILE_STANDARD, "From: x@example.org\n", DKIM_FAIL },
		{ PROFILE_STANDARD, "Subject: another\n", DKIM_PASS },
		{ PROFILE_STANDARD, "List-Id: <l.example.org>\n", DKIM_PASS },
		{ PROFILE_STRICT, "From: x@example.org\n", DKIM_FAIL },
		{ PROFILE_STRICT, "Subject: another\n", DKIM_FAIL },
		{ PROFILE_STRICT, "Reply-To: x@example.org\n", DKIM_FAIL },
		{ PROFILE_STRICT, "Cc: x@example.org\n", DKIM_FAIL },
		{ PROFILE_STRICT, "List-Id: <l.example.org>\n", DKIM_PASS },
		{ PROFILE_LIST_FRIENDLY, "From: x@example.org\n", DKIM_FAIL },
		{ PROFILE_LIST_FRIENDLY, "Reply-To: l@example.org\n", DKIM_PASS },
		{ PROFILE_LIST_FRIENDLY, "Sender: l@example.org\n", DKIM_PASS },
	};
	const struct verified *verified;
	struct signature signatures[2];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct headers *headers = rig_headers(&rig, FIELDS);
		const char *text, *longer;

		rig.settings.signed_headers = rows[i].profile;
		rig_sign_with(&rig, &rig.rsa, NULL, headers, SLICE("x\r\n"), 9, signatures);
		text = rig_signed_text(&rig, FIELDS, signatures, 1);
		/* At the top, where h= looks last. */
		longer = arena_printf(rig.arena, "%s%s", rows[i].more, text);
		longer = strdup(longer);
		rig_verify(&rig, longer, SLICE("x\r\n"), RIG_ZONE, 9, &verified);
		if (verified[0].result != rows[i].result)
			fail_msg("row %zu: %s", i, dkim_result_name(verified[0].result));
		free((char *)(uintptr_t)text);
		free((char *)(uintptr_t)longer);
	}
	rig.settings.signed_headers = PROFILE_STANDARD;
}

static void
test_fields_of_one_name(void **state)
{
	const char *fields = "To: a@example.net\nFrom: a@example.com\n"
	    "References: <1@example.com>\nTo: b@example.net\nReferences: <2@example.com>\n"
	    "Subject :blank before the colon\nSubject:\n";

	(void)state;
	rig.settings.canon_header = CANON_RELAXED;
	round_trip(fields, SLICE("x\r\n"), 9);
	rig.settings.canon_header = CANON_SIMPLE;
	round_trip(fields, SLICE("x\r\n"), 9);
	round_trip("From: a@example.com\nSubject: CRLF\r\n fold\n", SLICE(""), 9);
	rig.settings.canon_header = CANON_RELAXED;
}

static void
test_many_fields(void **state)
{
	char *fields = calloc(1, 100000), *p = fields;

	(void)state;
	/* From stands on top: counted from the bottom it would be left out. */
	p += sprintf(p, "From: a@example.com\n");
	for (int i = 0; i < 600; i++)
		p += sprintf(p, "%s: %d@example.net\n", i % 2 == 0 ? "To" : "Cc", i);
	round_trip(fields, SLICE("x\r\n"), 9);
	rig.settings.signed_headers = PROFILE_STRICT;
	round_trip(fields, SLICE("x\r\n"), 9);
	rig.settings.signed_headers = PROFILE_STANDARD;
	for (int i = 0; i < 250; i++)
		p += sprintf(p, "From: %d@example.com\n", i);
	assert_string_equal(names_of(fields, PROFILE_STANDARD),
	    "the message has too many From fields");
	free(fields);
}

/* Fields that were not kept whole: left out, unless it is From. */
static void
test_cut_fields(void **state)
{
	char *fields = calloc(1, 400000), *p = fields;

	(void)state;
	p += sprintf(p, "From: a@example.com\nTo: b@example.net\nSubject: x\n"
	    "X-Content-Other: y\nReferences: ");
	memset(p, 'r', HEADER_VALUE_MAX + 10);
	p += HEADER_VALUE_MAX + 10;
	strcpy(p, "\n");
	assert_string_equal(names_of(fields, PROFILE_STANDARD), "From:To:Subject:From");
	strcpy(p, "\nReferences: <whole@example.com>\n");
	assert_string_equal(names_of(fields, PROFILE_STANDARD), "From:To:Subject:From");
	p = fields + sprintf(fields, "From: a@example.com\nTo: ");
	memset(p, 't', HEADER_VALUE_MAX + 10);
	p += HEADER_VALUE_MAX + 10;
	strcpy(p, "\nSubject: x\n");
	assert_string_equal(names_of(fields, PROFILE_STRICT), "From:Subject:From:Reply-To:"
	    "Subject:Date:Cc:Message-ID:MIME-Version:Content-Type");
	memcpy(fields, "To:   b@example.com\nFrom:", 23);
	p = fields + sprintf(fields, "From: ");
	memset(p, 'f', HEADER_VALUE_MAX + 10);
	p += HEADER_VALUE_MAX + 10;
	strcpy(p, "\nTo: b@example.net\n");
	assert_string_equal(names_of(fields, PROFILE_STANDARD),
	    "the From field is too long, or one of too many fields");
	free(fields);
}

static void
test_refused(void **state)
{
	struct signature signatures[2];
	struct headers *headers;

	(void)state;
	assert_string_equal(names_of("To: b@example.net\n", PROFILE_STANDARD),
	    "the message has no From field");
	headers = rig_headers(&rig, "From: a@example.com\n");
	headers_add(headers, SLICE("Subject"), SLICE(" a\0b"));
	assert_int_equal(rig_sign_with(&rig, &rig.rsa, &rig.ed25519, headers, SLICE(""), 1,
	    signatures), 2);
	for (int i = 0; i < 2; i++) {
		assert_null(signatures[i].value);
		assert_string_equal(signatures[i].error,
		    "the Subject field holds a NUL, which no mail may");
	}
	/* In a field that is not signed it is no matter. */
	headers = rig_headers(&rig, "From: a@example.com\n");
	headers_add(headers, SLICE("X-Other"), SLICE(" a\0b"));
	rig_sign_with(&rig, &rig.rsa, NULL, headers, SLICE(""), 1, signatures);
	assert_non_null(signatures[0].value);
	headers = rig_headers(&rig, "From: a@example.com\n");
	assert_int_equal(rig_sign_with(&rig, NULL, NULL, headers, SLICE("x"), 1,
	    signatures), 0);
}

static void
test_tags(void **state)
{
	struct headers *headers = rig_headers(&rig, FIELDS);
	struct signature signatures[2];
	const char *expected;

	(void)state;
	rig.settings.expire = 864000;
	rig_sign_with(&rig, NULL, &rig.ed25519, headers, SLICE(""), 1, signatures);
	rig.settings.expire = 0;
	expected = arena_printf(rig.arena, "t=%lld; x=%lld;", (long long)rig.clock.now,
	    (long long)rig.clock.now + 864000);
	assert_non_null(strstr(signatures[0].value, expected));
	assert_non_null(strstr(signatures[0].value, "a=ed25519-sha256; c=relaxed/relaxed; "
	    "d=example.com;"));
	assert_int_equal(strncmp(signatures[0].value, "v=1; ", 5), 0);
	assert_null(strchr(signatures[0].value, '\r'));
	for (const char *p = signatures[0].value; (p = strchr(p, '\n')) != NULL; p++)
		assert_int_equal(p[1], '\t');
	headers = rig_headers(&rig, FIELDS);
	rig_sign_with(&rig, NULL, &rig.ed25519, headers, SLICE(""), 1, signatures);
	assert_null(strstr(signatures[0].value, "x="));
}

/* Fields that will be added are signed as if they stood on top. */
static void
test_added_fields(void **state)
{
	const char *fields = "From: a@example.com\nTo: b@example.net\n";
	struct headers *headers = rig_headers(&rig, fields);
	struct signature signatures[2];
	struct signer *signer;
	char text[4096];

	(void)state;
	signer = signer_new(rig.lib, rig.arena, &rig.rsa, &rig.ed25519, headers,
	    "Sat, 21 Nov 2026 10:00:00 +0000", "<1@example.com>", rig.clock.now);
	assert_int_equal(signer_finish(signer, signatures), 2);
	assert_string_equal(signatures[0].signed_names, "Message-Id:Date:From:To:From");
	snprintf(text, sizeof(text), "DKIM-Signature: %s\nDKIM-Signature: %s\n"
	    "Date: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-Id: <1@example.com>\n%s",
	    signatures[0].value, signatures[1].value, fields);
	assert_passes(text, SLICE(""), 2);
}

/* 10 MB without a line end: no memory for it, and it verifies. */
static void
test_long_line(void **state)
{
	struct headers *headers = rig_headers(&rig, FIELDS);
	struct signer *signer = signer_new(rig.lib, rig.arena, &rig.rsa, NULL, headers, NULL,
	    NULL, rig.clock.now);
	size_t before = arena_size(rig.arena);
	struct signature signatures[2];
	char chunk[65535];

	(void)state;
	memset(chunk, 'x', sizeof(chunk));
	for (int i = 0; i < 160; i++)
		signer_body(signer, chunk, sizeof(chunk));
	assert_int_equal(arena_size(rig.arena), before);
	signer_finish(signer, signatures);
	assert_non_null(signatures[0].value);
}

/* An abandoned signer gives all back with its arena. */
static void
test_abandoned(void **state)
{
	struct headers *headers = rig_headers(&rig, FIELDS);
	struct signer *signer;

	(void)state;
	signer = signer_new(rig.lib, rig.arena, &rig.rsa, &rig.ed25519, headers, NULL, NULL,
	    rig.clock.now);
	signer_body(signer, "x", 1);
	arena_free(&rig.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fast),
		cmocka_unit_test(test_every_form),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_oversigned),
		cmocka_unit_test(test_fields_of_one_name),
		cmocka_unit_test(test_many_fields),
		cmocka_unit_test(test_cut_fields),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_added_fields),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_abandoned),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
