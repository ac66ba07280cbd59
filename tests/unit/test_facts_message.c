/* Facts: author and ids from the header section, direction, recipients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	return 0;
}

static int
close_session(void **state)
{
	(void)state;
	session_free(&session);
	assert_null(session);
	return 0;
}

/* "Name: value" lines, a final "\n" each. */
static struct message *
with_headers(const char *text)
{
	struct message *message = message_new(session, 1790000000, 5);
	struct slice rest = slice_of(text), line;
	size_t colon;

	while (slice_split(&rest, '\n', &line)) {
		colon = slice_find(line, ':');
		if (colon < line.n)
			headers_add(message->headers, slice_sub(line, 0, colon),
			    slice_sub(line, colon + 1, line.n));
	}
	return message;
}

static void
finds_the_author(void **state)
{
	static const struct {
		const char *headers;
		enum author_status status;
		const char *domain;	/* NULL: none */
		size_t mailboxes;
	} rows[] = {
		{ "From: ann@example.com\n", AUTHOR_ONE, "example.com", 1 },
		{ "FROM: \"Ann\" <Ann@Example.COM>\n", AUTHOR_ONE, "example.com", 1 },
		{ "From: Ann <ann@b\xc3\xbc" "cher.example>\n", AUTHOR_ONE,
		    "xn--bcher-kva.example", 1 },
		{ "Subject: x\n", AUTHOR_MISSING, NULL, 0 },
		{ "From:\n", AUTHOR_MISSING, NULL, 0 },
		{ "From: undisclosed:;\n", AUTHOR_MISSING, NULL, 0 },
		{ "From: a@example.com, b@example.com\n", AUTHOR_SEVERAL, "example.com",
		    2 },
		{ "From: a@example.com\nFrom: b@example.net\n", AUTHOR_SEVERAL,
		    "example.com", 2 },
		{ "From: a@example.com\nfrom:\n", AUTHOR_SEVERAL, "example.com", 1 },
		{ "From: Ann\n", AUTHOR_MALFORMED, NULL, 1 },
		{ "From: <ann@>\n", AUTHOR_MALFORMED, NULL, 1 },
		{ "From: <@example.com>\n", AUTHOR_MALFORMED, NULL, 1 },
		{ "From: ann@[192.0.2.1]\n", AUTHOR_ONE, NULL, 1 },
		{ "From: ann@localhost\n", AUTHOR_ONE, "localhost", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message *message = with_headers(rows[i].headers);

		message_read_headers(message);
		if (message->author_status != rows[i].status)
			fail_msg("%s: status %d", rows[i].headers, message->author_status);
		if (rows[i].status != AUTHOR_MALFORMED) {
			if (rows[i].domain == NULL)
				assert_null(message->author_domain);
			else
				assert_string_equal(message->author_domain, rows[i].domain);
			assert_int_equal(message->from.n, rows[i].mailboxes);
		}
		message_free(&message);
		assert_null(message);
	}
}

static void
reads_ids(void **state)
{
	struct message *message = with_headers("Message-ID:  <a@example.com> \n"
	    "Subject: =?utf-8?q?caf=C3=A9?=\nDate: x\n");

	(void)state;
	message_read_headers(message);
	assert_string_equal(message->message_id, "<a@example.com>");
	assert_string_equal(message->subject, "caf\xc3\xa9");
	assert_false(message->missing_date);
	assert_false(message->missing_message_id);
	message_free(&message);

	message = with_headers("To: a@example.com\n");
	message_read_headers(message);
	assert_null(message->message_id);
	assert_null(message->subject);
	assert_true(message->missing_date);
	assert_true(message->missing_message_id);
	message_free(&message);
}

static void
reads_the_envelope(void **state)
{
	struct message *message = with_headers("From: a@example.com\n");

	(void)state;
	message->mail_from.domain = "example.net";
	message_read_headers(message);
	assert_string_equal(message->envelope_domain, "example.net");
	assert_int_equal(message->stream, STREAM_NONE);
	message_free(&message);

	message = with_headers("From: a@example.com\n");
	message->mail_from_is_null = true;
	message->is_local = true;
	message_read_headers(message);
	assert_null(message->envelope_domain);
	assert_int_equal(message->stream, STREAM_DSN);
	assert_true(message->is_own_dsn);
	message_free(&message);
}

static void
counts_octets(void **state)
{
	struct message *message = with_headers("A: b\n");

	(void)state;
	message_read_headers(message);
	message_add_body(message, "one\r\nt", 6);
	message_add_body(message, "wo\r\n", 4);
	message_finish(message);
	assert_int_equal(message->size, 6 + 2 + 10);
	assert_int_equal(message->body.lines, 2);
	message_free(&message);
}

static void
keeps_recipients(void **state)
{
	struct message *message = message_new(session, 0, 0);
	struct rcpt rcpt = { .mailer = "smtp" };

	(void)state;
	for (size_t i = 0; i < MESSAGE_RCPTS_KEPT; i++) {
		rcpt.address.text = arena_printf(message->arena, "u%zu@example.com", i);
		assert_true(message_add_rcpt(message, &rcpt));
	}
	assert_false(message_add_rcpt(message, &rcpt));
	assert_int_equal(message->n_rcpts, MESSAGE_RCPTS_KEPT);
	assert_int_equal(message->rcpts_total, MESSAGE_RCPTS_KEPT + 1);
	assert_string_equal(message->rcpts[0].address.text, "u0@example.com");
	assert_string_equal(message->rcpts[4097].address.text, "u4097@example.com");
	message_free(&message);
}

struct way {
	unsigned outbound;
	const char *client, *login, *daemon, *listener;
	bool is_local;
	enum direction direction;
};

#define ALL3 (OUTBOUND_AUTHENTICATED | OUTBOUND_LOCAL | OUTBOUND_NETWORKS)

static const struct way ways[] = {
	{ ALL3, "198.51.100.1", "ann", NULL, NULL, false, DIRECTION_OUTBOUND },
	{ ALL3, "198.51.100.1", "", NULL, NULL, false, DIRECTION_INBOUND },
	{ ALL3, "198.51.100.1", NULL, NULL, NULL, false, DIRECTION_INBOUND },
	{ ALL3, "192.0.2.77", NULL, NULL, NULL, false, DIRECTION_OUTBOUND },
	{ ALL3, "127.0.0.1", NULL, NULL, NULL, false, DIRECTION_INBOUND },
	{ ALL3, NULL, NULL, NULL, NULL, false, DIRECTION_INBOUND },
	{ ALL3, NULL, NULL, NULL, NULL, true, DIRECTION_OUTBOUND },
	{ OUTBOUND_NETWORKS, "192.0.2.1", NULL, NULL, NULL, true, DIRECTION_INBOUND },
	{ OUTBOUND_NETWORKS, "192.0.2.1", "ann", NULL, NULL, false, DIRECTION_OUTBOUND
	    },
	{ OUTBOUND_LOCAL, "192.0.2.1", "ann", NULL, NULL, false, DIRECTION_INBOUND },
	{ OUTBOUND_AUTHENTICATED, "198.51.100.1", "ann", NULL, NULL, false,
	    DIRECTION_OUTBOUND },
	{ OUTBOUND_ALL, "198.51.100.1", NULL, NULL, NULL, false, DIRECTION_OUTBOUND },
	{ OUTBOUND_ALL, "198.51.100.1", "ann", "Reinject", NULL, false,
	    DIRECTION_INBOUND },
	{ OUTBOUND_ALL, "198.51.100.1", NULL, "smtpd", "127.0.0.1@10025", false,
	    DIRECTION_INBOUND },
	{ OUTBOUND_ALL, "198.51.100.1", NULL, "smtpd", "127.0.0.1@10026", false,
	    DIRECTION_OUTBOUND },
	{ OUTBOUND_ALL, "198.51.100.1", NULL, NULL, "0:0:0:0:0:0:0:1@10025", false,
	    DIRECTION_INBOUND },
};

static void
tells_direction(void **state)
{
	const char *ignored[] = { "reinject", "127.0.0.1@10025", "::1@10025" };
	struct ip_net nets[1];
	struct settings settings = { .networks = { nets, 1 },
	    .ignore_daemons = { ignored, 3 } };

	(void)state;
	assert_true(ip_net_parse(SLICE("192.0.2.0/24"), &nets[0]));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct session own = { .daemon_name = ways[i].daemon,
		    .daemon_addr = ways[i].listener };
		struct message *message = message_new(&own, 0, 0);

		if (ways[i].client != NULL)
			assert_true(ip_parse(slice_of(ways[i].client), &own.client_addr));
		message->auth_user = ways[i].login;
		message->is_local = ways[i].is_local;
		settings.outbound = ways[i].outbound;
		if (message_direction(message, &settings) != ways[i].direction)
			fail_msg("way %zu", i);
		message_free(&message);
	}
}

/* Anybody of this host can write such a message: to that one address, and no further. */
static void
tells_notices(void **state)
{
	static const struct {
		const char *headers, *notify, *rcpts[2];
		bool null_sender, expected;
		const char *client, *login;	/* NULL, NULL: the sendmail command */
	} rows[] = {
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "PM@example.com" }, true, true },
		{ "x-mailworthy-notice:\n", "pm@example.com", { "pm@example.com" }, true, true },
		{ "X-Mailworthy: 1\n", "pm@example.com", { "pm@example.com" }, true, false },
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "pm@example.com" }, false,
		    false },
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "a@example.net" }, true,
		    false },
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "pm@example.com",
		    "a@example.net" }, true, false },
		{ "X-Mailworthy-Notice: 1\n", "", { "" }, true, false },
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { NULL }, true, false },
		/* Sendmail's command submits by SMTP */
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "pm@example.com" }, true, true,
		    "127.0.0.1", NULL },
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "pm@example.com" }, true, true,
		    "::1", "" },
		/* a login, a host of the networks */
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "pm@example.com" }, true, false,
		    "127.0.0.1", "alice" },
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "pm@example.com" }, true, false,
		    "192.0.2.7", NULL },
		{ "X-Mailworthy-Notice: 1\n", "pm@example.com", { "pm@example.com" }, true, false,
		    "192.0.2.7", "alice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message *message = with_headers(rows[i].headers);
		struct settings settings = { .notify = rows[i].notify };
		struct session own = { 0 };

		message->session = &own;
		message->is_local = rows[i].client == NULL;
		if (rows[i].client != NULL)
			assert_true(ip_parse(slice_of(rows[i].client), &own.client_addr));
		message->auth_user = rows[i].login;
		message->mail_from_is_null = rows[i].null_sender;
		for (size_t j = 0; j < 2 && rows[i].rcpts[j] != NULL; j++) {
			struct rcpt rcpt = { .address = { .text = rows[i].rcpts[j] } };

			message_add_rcpt(message, &rcpt);
		}
		message_tell_notice(message, &settings);
		if (message->is_notice != rows[i].expected)
			fail_msg("row %zu", i);
		message_free(&message);
	}
}

static void
tells_own_dsns(void **state)
{
	static const struct row {
		const char *version, *client, *helo;
		bool local, null_sender, expected;
	} rows[] = {
		{ "Postfix 3.7", "127.0.0.1", NULL, true, true, true },
		{ "Postfix 3.7", "127.0.0.1", NULL, true, false, false },
		{ "Postfix 3.7", "127.0.0.1", "mail.example.com", false, true, false },
		{ "8.17.1", "127.0.0.1", "MAIL.example.com", false, true, true },
		{ "8.17.1", "::1", "mail.example.com", false, true, true },
		{ "8.17.1", "127.0.0.1", "mail.example.com", false, false, false },
		{ "8.17.1", "127.0.0.1", "client.example.com", false, true, false },
		{ "8.17.1", "127.0.0.1", NULL, false, true, false },
		{ "8.17.1", "192.0.2.7", "mail.example.com", false, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session own = { .mta = session_mta(rows[i].version),
		    .helo = rows[i].helo, .mta_name = "mail.example.com" };
		struct message *message = message_new(&own, 0, 0);

		assert_true(ip_parse(slice_of(rows[i].client), &own.client_addr));
		message->is_local = rows[i].local;
		message->mail_from_is_null = rows[i].null_sender;
		message_tell_own_dsn(message);
		if (message->is_own_dsn != rows[i].expected)
			fail_msg("row %zu", i);
		message_free(&message);
	}
}

static void
tells_sendmail(void **state)
{
	static const struct { const char *version; enum mta expected; } rows[] = {
		{ "8.17.1.9", MTA_SENDMAIL },
		{ "8.18.1/Submit", MTA_SENDMAIL },
		{ "Postfix 3.7.11", MTA_OTHER },
		{ "", MTA_OTHER },
		{ NULL, MTA_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(session_mta(rows[i].version), rows[i].expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_author),
		cmocka_unit_test(reads_ids),
		cmocka_unit_test(reads_the_envelope),
		cmocka_unit_test(counts_octets),
		cmocka_unit_test(keeps_recipients),
		cmocka_unit_test(tells_direction),
		cmocka_unit_test(tells_notices),
		cmocka_unit_test(tells_own_dsns),
		cmocka_unit_test(tells_sendmail),
	};

	return cmocka_run_group_tests(tests, open_session, close_session);
}
