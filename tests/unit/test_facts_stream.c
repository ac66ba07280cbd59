/* Streams: what headers and envelope tell, and what sections declare. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "facts/message.h"
#include "settings/settings.h"

static struct session *session;

static int
open_session(void **state)
{
	(void)state;
	session = session_new();
	assert_true(ip_parse(SLICE("192.0.2.10"), &session->client_addr));
	return 0;
}

static int
close_session(void **state)
{
	(void)state;
	session_free(&session);
	return 0;
}

/* "Name: value" lines, from an exact-length copy; `path` is MAIL FROM. */
static struct message *
with_headers(const char *text, const char *path)
{
	struct message *message = message_new(session, 1790000000, 5);
	size_t n = strlen(text);
	char *copy = malloc(n > 0 ? n : 1);
	struct slice rest = { copy, n }, line;
	size_t colon;

	memcpy(copy, text, n);
	while (slice_split(&rest, '\n', &line)) {
		colon = slice_find(line, ':');
		headers_add(message->headers, slice_sub(line, 0, colon),
		    slice_sub(line, colon + 1, line.n));
	}
	free(copy);
	address_path_parse(message->arena, slice_of(path), &message->mail_from,
	    &message->mail_from_is_null);
	return message;
}

static void
tells_streams(void **state)
{
	static const struct {
		const char *headers, *path;
		enum stream stream;
	} rows[] = {
		{ "Subject: x", "<a@example.com>", STREAM_NONE },
		{ "Subject: x", "<>", STREAM_DSN },
		{ "Precedence: bulk", "", STREAM_DSN },
		{ "Precedence: bulk", "<a@example.com>", STREAM_BULK },
		{ "precedence:  BULK ", "<a@example.com>", STREAM_BULK },
		{ "Precedence: list", "<a@example.com>", STREAM_NONE },
		{ "Precedence: bulky", "<a@example.com>", STREAM_NONE },
		{ "Precedence:", "<a@example.com>", STREAM_NONE },
		{ "Feedback-ID: 1:2:3:sender", "<a@example.com>", STREAM_BULK },
		{ "List-Unsubscribe: <https://example.com/u>", "<a@example.com>",
		    STREAM_NONE },
		{ "List-Id: <l.example.com>", "<a@example.com>", STREAM_NONE },
		{ "List-Post: <mailto:l@example.com>", "<a@example.com>", STREAM_NONE },
		{ "List-Id: <l.example.com>\nList-Post: NO", "<a@example.com>", STREAM_LIST },
		{ "List-Id: <l>\nList-Post: NO\nPrecedence: bulk", "<a@example.com>",
		    STREAM_LIST },
		{ "List-Id: <l>\nPrecedence: bulk", "<a@example.com>", STREAM_BULK },
		{ "Auto-Submitted: auto-generated", "<a@example.com>",
		    STREAM_TRANSACTIONAL },
		{ "Auto-Submitted: no", "<a@example.com>", STREAM_NONE },
		{ "Auto-Submitted: NO (a person)", "<a@example.com>", STREAM_NONE },
		{ "Auto-Submitted:", "<a@example.com>", STREAM_NONE },
		{ "Auto-Submitted: auto-generated\nPrecedence: bulk", "<a@example.com>",
		    STREAM_BULK },
		{ "Auto-Submitted: auto-replied (vacation)\nPrecedence: bulk",
		    "<a@example.com>", STREAM_TRANSACTIONAL },
		{ "Auto-Submitted: auto-replied; owner-email=\"a@example.com\"",
		    "<a@example.com>", STREAM_TRANSACTIONAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message *message = with_headers(rows[i].headers, rows[i].path);

		message_read_headers(message);
		if (message->stream != rows[i].stream)
			fail_msg("%s: %d", rows[i].headers, message->stream);
		assert_int_equal(message->stream_told, rows[i].stream);
		assert_true(message->stream_known);
		assert_null(message->declared);
		message_free(&message);
	}
}

/* A value beyond the limits tells nothing, and that is known. */
static void
knows_what_it_missed(void **state)
{
	static const struct {
		const char *late, *path;
		bool known;
		enum stream stream;
	} rows[] = {
		{ "Subject: x", "<a@example.com>", true, STREAM_NONE },
		{ "Precedence: bulk", "<a@example.com>", false, STREAM_NONE },
		{ "Auto-Submitted: auto-replied", "<a@example.com>", false, STREAM_NONE },
		{ "Precedence: bulk", "<>", true, STREAM_DSN },
		{ "Precedence: bulk\nList-Id: x\nList-Post: NO", "<a@example.com>", true,
		    STREAM_LIST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message *message = with_headers("", rows[i].path);
		struct slice rest = slice_of(rows[i].late), line;

		for (int j = 0; j < HEADERS_MAX; j++)
			headers_add(message->headers, SLICE("X-Filler"), SLICE(" x"));
		while (slice_split(&rest, '\n', &line))
			headers_add(message->headers,
			    slice_sub(line, 0, slice_find(line, ':')),
			    slice_sub(line, slice_find(line, ':') + 1, line.n));
		message_read_headers(message);
		assert_int_equal(message->stream_known, rows[i].known);
		assert_int_equal(message->stream, rows[i].stream);
		message_free(&message);
	}
}

struct declared {
	const char *logins, *senders, *networks, *header;	/* one value each, or NULL */
	bool fits;
};

static const char message_headers[] =
    "From: News <News@example.com>\n"
    "X-Campaign:  Spring 2026 \n"
    "X-Mailer: Mautic 5.1\n"
    "X-Empty:\n"
    "X-Mailer: other";

static const struct declared conditions[] = {
	{ "newsletter", NULL, NULL, NULL, true },
	{ "news", NULL, NULL, NULL, false },
	{ NULL, "news@example.com", NULL, NULL, true },
	{ NULL, "@example.com", NULL, NULL, true },
	{ NULL, "@*.example.com", NULL, NULL, true },		/* the envelope's */
	{ NULL, "@example.org", NULL, NULL, false },
	{ NULL, NULL, "192.0.2.0/24", NULL, true },
	{ NULL, NULL, "198.51.100.0/24", NULL, false },
	{ NULL, NULL, "2001:db8::/32", NULL, false },
	{ NULL, NULL, NULL, "x-campaign: *", true },
	{ NULL, NULL, NULL, "x-campaign: spring*", true },
	{ NULL, NULL, NULL, "x-campaign: *2026", true },
	{ NULL, NULL, NULL, "x-campaign: s?ring*6", true },
	{ NULL, NULL, NULL, "x-campaign: spring", false },
	{ NULL, NULL, NULL, "x-campaign: *autumn*", false },
	{ NULL, NULL, NULL, "x-campaign: ?", false },
	{ NULL, NULL, NULL, "x-campaigns: *", false },
	{ NULL, NULL, NULL, "x-empty: *", true },
	{ NULL, NULL, NULL, "x-empty: ?*", false },
	{ NULL, NULL, NULL, "x-mailer: *oth*er*", true },	/* any field of the name */
	{ NULL, NULL, NULL, "x-mailer: *m*m*", false },
	{ "newsletter", "@example.org", NULL, NULL, false },	/* all must hold */
	{ "newsletter", "@example.com", "192.0.2.10/32", "x-mailer: mautic*", true },
	{ "newsletter", "@example.com", "192.0.2.11/32", "x-mailer: mautic*", false },
};

static void
declares_by_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const struct declared *row = &conditions[i];
		struct ip_net net;
		struct settings_stream stream = {
			.name = "s", .kind = STREAM_BULK,
			.logins = { (const char *[]){ row->logins }, row->logins != NULL },
			.senders = { (const char *[]){ row->senders },
			    row->senders != NULL },
			.networks = { &net, row->networks != NULL },
			.header = { (const char *[]){ row->header }, row->header != NULL },
		};
		struct settings settings = { .streams = &stream, .n_streams = 1 };
		struct message *message = with_headers(message_headers,
		    "<bounce@verp.example.com>");

		if (row->networks != NULL)
			assert_true(ip_net_parse(slice_of(row->networks), &net));
		message->auth_user = "NewsLetter";
		message_read_headers(message);
		message_declare_stream(message, &settings);
		if ((message->declared == &stream) != row->fits)
			fail_msg("row %zu", i);
		assert_int_equal(message->stream, row->fits ? STREAM_BULK : STREAM_NONE);
		assert_int_equal(message->stream_told, STREAM_NONE);
		message_free(&message);
	}
}

static void
declares_the_first(void **state)
{
	const char *login[] = { "ann" };
	struct settings_stream streams[] = {
		{ .name = "none", .kind = STREAM_LIST,
		    .logins = { (const char *[]){ "bob" }, 1 } },
		{ .name = "auto", .kind = STREAM_NONE, .logins = { login, 1 } },
		{ .name = "late", .kind = STREAM_LIST, .logins = { login, 1 } },
	};
	struct settings settings = { .streams = streams, .n_streams = 3 };
	struct message *message = with_headers("Precedence: bulk", "<a@example.com>");

	(void)state;
	message->auth_user = "ann";
	message_read_headers(message);
	message_declare_stream(message, &settings);
	assert_ptr_equal(message->declared, &streams[1]);
	assert_int_equal(message->stream, STREAM_BULK);		/* as told */
	message_free(&message);
}

/* No client, no login: neither network nor login fits local mail. */
static void
declares_local_mail(void **state)
{
	struct ip_net all;
	struct settings_stream streams[] = {
		{ .name = "login", .kind = STREAM_BULK,
		    .logins = { (const char *[]){ "ann" }, 1 } },
		{ .name = "net", .kind = STREAM_BULK, .networks = { &all, 1 } },
		{ .name = "sender", .kind = STREAM_TRANSACTIONAL,
		    .senders = { (const char *[]){ "@example.com" }, 1 } },
		{ .name = "dsn", .kind = STREAM_DSN,
		    .header = { (const char *[]){ "auto-submitted: *" }, 1 } },
	};
	struct settings settings = { .streams = streams, .n_streams = 4 };
	struct message *message = with_headers("From: a@example.com", "<a@example.com>");

	(void)state;
	assert_true(ip_net_parse(SLICE("0.0.0.0/0"), &all));
	message->is_local = true;
	message_read_headers(message);
	message_declare_stream(message, &settings);
	assert_ptr_equal(message->declared, &streams[2]);
	message_free(&message);

	/* the MTA's own DSN goes by the null sender */
	message = with_headers("From: a@example.com\nAuto-Submitted: auto-replied", "");
	message->is_local = true;
	message_read_headers(message);
	message_declare_stream(message, &settings);
	assert_true(message->is_own_dsn);
	assert_ptr_equal(message->declared, &streams[3]);
	assert_int_equal(message->stream, STREAM_DSN);
	message_free(&message);
}

/* Long values and many stars stay cheap; what is beyond 1,000 octets is not read. */
static void
reads_so_much(void **state)
{
	const char *globs[] = { "x-long: *a*a*a*a*a*a*a*a*b", "x-long: *c" };
	struct settings_stream stream = { .name = "s", .kind = STREAM_BULK,
	    .header = { globs, 2 } };
	struct settings settings = { .streams = &stream, .n_streams = 1 };
	struct message *message = with_headers("", "<a@example.com>");
	char *value = malloc(60000);

	(void)state;
	memset(value, 'a', 60000);
	value[1200] = 'b';
	value[59999] = 'c';
	for (int i = 0; i < 15; i++)
		headers_add(message->headers, SLICE("X-Long"),
		    (struct slice){ value, 60000 });
	free(value);
	message_read_headers(message);
	message_declare_stream(message, &settings);
	assert_null(message->declared);
	message_free(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_streams),
		cmocka_unit_test(knows_what_it_missed),
		cmocka_unit_test(declares_by_conditions),
		cmocka_unit_test(declares_the_first),
		cmocka_unit_test(declares_local_mail),
		cmocka_unit_test(reads_so_much),
	};

	return cmocka_run_group_tests(tests, open_session, close_session);
}
