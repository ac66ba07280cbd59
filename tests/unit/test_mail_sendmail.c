/*
 * Fields with addresses as Sendmail 8.17 sends them, each row as measured.
 */
#include "exact.h"

#include <string.h>

#include "base/arena.h"
#include "mail/sendmail.h"

#define TEN "word word word word word word word word word word "

static const struct row {
	const char *value;
	const char *form;	/* NULL: none; "": as it is */
} rows[] = {
	{ " a@example.net", "" },
	{ "a@example.net", "" },
	{ " a@example.net, b@example.net", "" },
	{ " a@example.net,b@example.net", " a@example.net, b@example.net" },
	{ " <a@example.net> , <b@example.net>", " <a@example.net>, <b@example.net>" },
	{ " , a@example.net,,b@example.net,", " a@example.net, b@example.net" },
	{ " Anna <a@example.net>", "" },
	{ " Anna<a@example.net>", "" },
	{ " Anna\n B  C <a@example.net>", "" },
	{ " Anna (work) <a@example.net> (Home)", "" },
	{ " Anna <a@example.net> Home", "" },
	{ " \"Anna B.\" <a@example.net>", "" },
	{ " \"Doe, Anna\" <a@example.net>", "" },
	{ " \"A \\\"x\\\" B\"<a@example.net>", "" },
	{ " Anna B. <a@example.net>", " \"Anna B.\" <a@example.net>" },
	{ " O'Brien<a@example.net>", " \"O'Brien\" <a@example.net>" },
	{ " Anna [x] <a@example.net>, b@example.net",
	    " \"Anna [x]\" <a@example.net>, b@example.net" },
	{ " a@example.net <a@example.net>", " \"a@example.net\" <a@example.net>" },
	{ " =?utf-8?q?B=C3=BCro?= <a@example.net>", "" },
	{ " =?utf-8?Q?Dr._B?= <a@example.net>", " =?utf-8?Q?Dr=2E_B?= <a@example.net>" },
	{ " =?utf-8?q?O'B?= =?utf-8?q?x?= <a@b.example>",
	    " =?utf-8?q?O=27B?= =?utf-8?q?x?= <a@b.example>" },
	{ " a@example.net (Anna)", "" },
	{ " a@example.net(Anna. B)", " a@example.net (Anna. B)" },
	{ " a@example.net\n  (x)(y (z)) ", " a@example.net (x) (y (z))" },
	{ " (Anna) a@example.net", "" },
	{ " undisclosed-recipients:;", "" },
	{ " undisclosed-recipients: ;", "" },
	{ " Group: a@example.net, B <b@example.net>;", "" },
	{ " Group:a@example.net,b@example.net ;", " Group:a@example.net, b@example.net;" },
	{ " G: =?utf-8?q?J?=\n (x) <a@example.net>, b@example.net;", "" },
	{ " \"a b\"@example.net, a@[192.0.2.1], a..b@host", "" },
	{ " <>", "" },
	{ "\ta@example.net", " a@example.net" },
	{ "     a@example.net  ", " a@example.net" },
	{ " Person One <one@example.net>, Person Two <two@example.net>, three@example.net",
	    " Person One <one@example.net>, Person Two <two@example.net>,\n"
	    "        three@example.net" },
	/* it adds its own host, or writes another one */
	{ " a", NULL },
	{ " Anna <anna>", NULL },
	{ " a@localhost", NULL },
	{ " host!user", NULL },
	{ " <@relay.example:a@example.net>", NULL },
	{ " Doe, Anna <a@example.net>", NULL },
	/* what it changes in ways that nothing says */
	{ " a@example.net; b@example.net", NULL },
	{ " a@example.net.", NULL },
	{ " <a @example.net>", NULL },
	{ " Anna <<a@example.net>>", NULL },
	{ " Anna <a@example.net", NULL },
	{ " Anna a@example.net>", NULL },
	{ " \"Anna <a@example.net>", NULL },
	{ " (Anna a@example.net", NULL },
	{ " Anna) <a@example.net>", NULL },
	{ " A. \"B\" <a@example.net>", NULL },
	{ " A\\. <a@example.net>", NULL },
	{ " Dr. =?utf-8?q?B?= <a@example.net>", NULL },
	{ " =?utf-8?q?a_word_of_seventy-two_characters_that_has_no_room_for_it_._at_all__?= "
	    "<a@example.net>", NULL },
	{ " Group: \"a b\"@example.net;", NULL },
	{ " G. H: a@example.net;", NULL },
	{ " " TEN TEN TEN TEN TEN "<a@example.net>", NULL },
	{ " postmaster@", NULL },
	{ " @example.net", NULL },
	{ " ,", NULL },
	{ "", NULL },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct arena *arena = arena_new();
		struct slice value = exact(row->value), form = value, again;
		const char *expected = row->form != NULL && *row->form == '\0' ?
		    row->value : row->form;
		bool is = sendmail_form(arena, SLICE("To"), value, &form);

		if (is != (expected != NULL) ||
		    (is && !slice_eq(form, slice_of(expected))))
			fail_msg("\"%s\": %s \"%.*s\"", row->value, is ? "form" : "none",
			    (int)form.n, form.p);
		if (is && (!sendmail_form(arena, SLICE("To"), form, &again) ||
		    !slice_eq(form, again)))
			fail_msg("\"%s\": \"%.*s\" is not its own form", row->value,
			    (int)form.n, form.p);
		exact_drop(value);
		arena_free(&arena);
	}
}

static void
test_same_text(void **state)
{
	static const struct { const char *a, *b; bool same; } pairs[] = {
		{ " a, b", " a,\n        b", true },
		{ "a", "  a \n", true },
		{ " a, b", " a,b", false },
		{ " a b", " a c", false },
		{ " a", " ab", false },
		{ " ab", " a", false },
		{ "", " ", true },
		{ " a", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (sendmail_same_text(slice_of(pairs[i].a), slice_of(pairs[i].b)) !=
		    pairs[i].same)
			fail_msg("pair %zu", i);
}

static void
test_fields(void **state)
{
	(void)state;
	assert_true(sendmail_rewrites(SLICE("From")));
	assert_true(sendmail_rewrites(SLICE("reply-to")));
	assert_true(sendmail_rewrites(SLICE("Resent-Cc")));
	assert_false(sendmail_rewrites(SLICE("Subject")));
	assert_false(sendmail_rewrites(SLICE("List-Unsubscribe")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_same_text),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
