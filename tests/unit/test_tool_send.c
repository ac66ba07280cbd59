/*
 * The doctor's messages: made, told apart, compared; the sink they end in.
 */
#include "exact.h"

#include <string.h>

#include "base/arena.h"
#include "tool/compare.h"
#include "tool/probe.h"
#include "tool/sink.h"

static const struct probe a_probe = { .from = "postmaster@example.com",
    .to = "mailworthy@doctor.test", .run = "r1-2", .way = "smtp", .sent = 1795262400 };

/* ---- probes ---- */

/* One that comes back says what it was made from, and is made again the same. */
static void
probes_tell_what_they_are(void **state)
{
	struct arena *arena = arena_new();
	struct message_text *split = arena_alloc(arena, sizeof(*split));
	struct probe probe = a_probe, again;
	long place;

	(void)state;
	for (probe.trait = 0; probe.trait < PROBE_TRAITS; probe.trait++) {
		struct slice text = probe_make(arena, &probe);

		message_split(text, split);
		place = message_find(split, PROBE_FIELD, split->n);
		assert_true(place >= 0);
		assert_true(probe_read(arena, split->values[place], &again));
		assert_int_equal(again.trait, probe.trait);
		assert_true(slice_eq(probe_make(arena, &again), text));
		assert_int_equal(split->body.n == 0, probe.trait == PROBE_EMPTY);
	}
	arena_free(&arena);
}

static void
probes_that_are_none(void **state)
{
	static const char *const values[] = {
		"", "v=1", "v=2; trait=plain; way=smtp; run=r1; time=1; from=a@b; to=c@d",
		"v=1; trait=nothing; way=smtp; run=r1; time=1; from=a@b; to=c@d",
		"v=1; trait=plain; way=smtp; run=r1; time=-1; from=a@b; to=c@d",
		"v=1; trait=plain; way=smtp; run=r1; time=253402300800; from=a@b; to=c@d",
		"v=1; trait=plain; way=smtp; run=R 1; time=1; from=a@b; to=c@d",
		"v=1; trait=plain; way=smtp; run=r1; time=1; from=<a@b>; to=c@d",
		"v=1; trait=plain; way=smtp; run=r1; time=1; from=a; to=c@d",
		"v=1; trait=plain; way=smtp; run=r1; time=1; from=a\r\n b@c; to=c@d",
	};
	struct arena *arena = arena_new();
	struct probe probe;

	(void)state;
	assert_true(probe_read(arena, SLICE("v=1; trait=plain; way=smtp; run=r1;\r\n time=1; "
	    "from=a@b; to=c@d"), &probe));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct slice value = exact(values[i]);

		if (probe_read(arena, value, &probe))
			fail_msg("%s", values[i]);
		exact_drop(value);
	}
	assert_false(probe_address_ok("a@b\r\nX: y@c"));
	assert_false(probe_address_ok("@b"));
	assert_false(probe_address_ok("a@"));
	arena_free(&arena);
}

/* ---- comparing ---- */

static void
names_what_happened_to_a_body(void **state)
{
	static const struct {
		const char *was, *is;
		enum change_kind kind;
		const char *text;
	} rows[] = {
		{ "a\r\nb\r\n", "a\r\nb\r\n\r\n\r\n", CHANGE_BODY_END, "empty lines" },
		{ "a\r\nb", "a\r\nb\r\n", CHANGE_BODY_END, "empty lines" },
		{ "a \r\nb\t\r\n", "a\r\nb\r\n", CHANGE_BODY_BLANKS, "blanks" },
		{ "a\r\n", "a\r\n-- \r\nfooter\r\n", CHANGE_BODY_FOOTER, "footer" },
		{ "a\r\n", "EXTERNAL\r\n\r\na\r\n", CHANGE_BODY_BANNER, "EXTERNAL" },
		{ "gr\303\274n\r\n", "gr=C3=BCn\r\n", CHANGE_BODY_RECODED, "recoded" },
		{ "gr\303\274n\r\n", "gr??n\r\n", CHANGE_BODY_8BIT_LOST, "spoilt" },
		{ "gr\303\274n\r\n", "grC<n\r\n", CHANGE_BODY_8BIT_LOST, "spoilt" },
		{ ".a\r\n..b\r\n", "a\r\n.b\r\n", CHANGE_BODY_DOTS, "dots" },
		{ "a\r\nFrom b\r\n", "a\r\n>From b\r\n", CHANGE_BODY_FROM, "\">\"" },
		{ "aaaabbbb\r\nc\r\n", "aaaa\r\n bbbb\r\nc\r\n", CHANGE_BODY_CUT, "cut" },
		{ "a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n", CHANGE_BODY_OTHER,
		    "line 2: \"b\" became \"B\"" },
		{ "a\r\nb\r\n", "a\r\n", CHANGE_BODY_OTHER, "line 2: \"b\" became \"\"" },
		{ "", "x\r\n", CHANGE_BODY_OTHER, "line 1: \"\" became \"x\"" },
	};
	struct arena *arena = arena_new();
	struct message_change change;

	(void)state;
	assert_false(compare_body(arena, SLICE("a\r\n"), SLICE("a\r\n"), &change));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice was = exact(rows[i].was), is = exact(rows[i].is);

		assert_true(compare_body(arena, was, is, &change));
		if (change.kind != rows[i].kind || strstr(change.text, rows[i].text) == NULL)
			fail_msg("row %zu: %d %s", i, (int)change.kind, change.text);
		exact_drop(was);
		exact_drop(is);
	}
	arena_free(&arena);
}

static void
names_what_happened_to_fields(void **state)
{
	static const struct {
		const char *was, *is;
		enum change_kind kind;
		const char *text;
	} rows[] = {
		{ "Subject: hello\r\n\r\n", "Subject: [EXT] hello\r\n\r\n", CHANGE_FIELD_TEXT,
		    "got \"[EXT] \" before" },
		{ "Subject: hello\r\n\r\n", "Subject: hello (x)\r\n\r\n", CHANGE_FIELD_TEXT,
		    "got \" (x)\" behind" },
		{ "Subject: a\r\n\r\n", "Subject: b\r\n\r\n", CHANGE_FIELD_TEXT,
		    "\"a\" became \"b\"" },
		{ "Subject: a  b\r\n\r\n", "Subject: a\r\n\tb\r\n\r\n", CHANGE_FIELD_LAYOUT,
		    "folded" },
		{ "From: a@b\r\n\r\n", "From: c@d\r\n\r\n", CHANGE_FIELD_ADDRESS, "became" },
		{ "Date: x\r\nTo: y\r\n\r\n", "To: y\r\n\r\n", CHANGE_FIELD_LOST, "gone" },
		{ "Content-Transfer-Encoding: 8bit\r\n\r\n",
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n", CHANGE_FIELD_TYPE,
		    "became" },
	};
	static const char *const skip[] = { NULL };
	struct arena *arena = arena_new();
	struct message_text *was = arena_alloc(arena, sizeof(*was));
	struct message_text *is = arena_alloc(arena, sizeof(*is));
	struct message_change changes[4];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		message_split(slice_of(rows[i].was), was);
		message_split(slice_of(rows[i].is), is);
		assert_int_equal(compare_fields(arena, was, is, skip, changes, 4), 1);
		if (changes[0].kind != rows[i].kind ||
		    strstr(changes[0].text, rows[i].text) == NULL)
			fail_msg("row %zu: %d %s", i, (int)changes[0].kind, changes[0].text);
	}
	/* trace fields come and go */
	message_split(SLICE("Received: a\r\nTo: x\r\n\r\n"), was);
	message_split(SLICE("Received: b\r\nX-New: 1\r\nTo: x\r\n\r\n"), is);
	assert_int_equal(compare_fields(arena, was, is, skip, changes, 4), 0);
	arena_free(&arena);
}

static void
takes_messages_apart(void **state)
{
	struct arena *arena = arena_new();
	struct message_text *split = arena_alloc(arena, sizeof(*split));
	struct slice text = exact("A: 1\r\n folded\r\nB : 2\r\n\r\nbody\r\n");

	(void)state;
	message_split(text, split);
	assert_int_equal(split->n, 2);
	assert_true(slice_eq(split->values[0], SLICE(" 1\r\n folded")));
	assert_true(slice_eq(split->names[1], SLICE("B")));
	assert_true(slice_eq(split->body, SLICE("body\r\n")));
	assert_int_equal(message_find(split, "a", split->n), 0);
	assert_int_equal(message_find(split, "c", split->n), -1);
	exact_drop(text);
	text = exact("no field\r\nrest");
	message_split(text, split);
	assert_int_equal(split->n, 0);
	assert_true(slice_eq(split->body, text));
	exact_drop(text);
	arena_free(&arena);
}

/* ---- the sink ---- */

struct taken {
	struct arena *arena;
	const char *text;
	size_t n;
};

static void
take(void *context, struct slice message)
{
	struct taken *taken = context;

	taken->text = slice_dup(taken->arena, message);
	taken->n++;
}

static void
sink_keeps_what_it_is_for(void **state)
{
	static const char talk[] = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<other@doctor.test>\r\n"
	    "DATA\r\nRCPT TO:<Mailworthy@Doctor.test> NOTIFY=NEVER\r\nDATA\r\n"
	    "Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\nEHLO late\r\n";
	struct arena *arena = arena_new();
	struct sink_session session;
	struct taken taken = { .arena = arena };

	(void)state;
	/* octet by octet, and all at once */
	for (size_t step = 1; step <= sizeof(talk); step += sizeof(talk) - 1) {
		taken.n = 0;
		sink_session_begin(&session, arena, "mailworthy@doctor.test", true, take,
		    &taken);
		for (size_t i = 0; i < sizeof(talk) - 1; i += step)
			sink_session_feed(&session, slice_sub(slice_of(talk), i, step));
		assert_int_equal(taken.n, 1);
		assert_string_equal(taken.text, "Subject: x\r\n\r\n.dot\r\n");
		assert_true(session.quit);
		assert_non_null(strstr(buf_str(&session.out), "550 5.1.1"));
		assert_non_null(strstr(buf_str(&session.out), "503"));
		assert_non_null(strstr(buf_str(&session.out), "250-8BITMIME"));
	}
	sink_session_begin(&session, arena, "x@y", false, take, &taken);
	sink_session_feed(&session, SLICE("EHLO x\r\n"));
	assert_null(strstr(buf_str(&session.out), "8BITMIME"));
	arena_free(&arena);
}

static void
sink_has_limits(void **state)
{
	struct arena *arena = arena_new();
	struct sink_session session;
	struct taken taken = { .arena = arena };
	struct slice big = exact_repeat("x", SINK_LINE_MAX + 10, "\r\n.\r\n");

	(void)state;
	sink_session_begin(&session, arena, "x@y", true, take, &taken);
	sink_session_feed(&session, SLICE("RCPT TO:<x@y>\r\nDATA\r\n"));
	sink_session_feed(&session, big);
	assert_int_equal(taken.n, 0);
	assert_non_null(strstr(buf_str(&session.out), "552"));
	sink_session_feed(&session, big);
	assert_non_null(strstr(buf_str(&session.out), "500"));
	exact_drop(big);
	arena_free(&arena);
}

/* The client and the server of this file, in one loop. */
static void
sink_takes_what_is_submitted(void **state)
{
	struct arena *arena = arena_new();
	struct submission submission = { .host = "127.0.0.1", .helo = "localhost",
	    .from = "a@b", .to = "x@y", .message = SLICE("A: b\r\n\r\n.one\r\nno end") };
	const char *error = "";
	struct sink *sink = sink_open(arena, "127.0.0.1", 0, "x@y", &error);
	struct slice message;

	(void)state;
	assert_non_null(sink);
	submission.port = arena_printf(arena, "%u", sink_port(sink));
	assert_int_equal(sink_submit(sink, arena, &submission, 10000, &error), 0);
	assert_true(sink_take(sink, &message));
	assert_true(slice_eq(message, SLICE("A: b\r\n\r\n.one\r\nno end\r\n")));
	assert_false(sink_take(sink, &message));
	submission.to = "z@y";
	assert_int_equal(sink_submit(sink, arena, &submission, 10000, &error), -1);
	assert_non_null(strstr(error, "RCPT was answered with: 550"));
	sink_close(&sink);
	assert_int_equal(sink_submit(NULL, arena, &submission, 1000, &error), -1);
	assert_non_null(strstr(error, "no connection"));
	assert_null(sink_open(arena, "nonsense", 0, "x@y", &error));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probes_tell_what_they_are),
		cmocka_unit_test(probes_that_are_none),
		cmocka_unit_test(names_what_happened_to_a_body),
		cmocka_unit_test(names_what_happened_to_fields),
		cmocka_unit_test(takes_messages_apart),
		cmocka_unit_test(sink_keeps_what_it_is_for),
		cmocka_unit_test(sink_has_limits),
		cmocka_unit_test(sink_takes_what_is_submitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
