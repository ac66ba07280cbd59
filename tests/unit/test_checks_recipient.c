/*
 * Recipients: domains that take no mail, slips, addresses outside of ASCII, and
 * how many there are; and when an action may be taken at all.
 */
#include "checked.h"

static struct destination destinations[16];

static struct destination *
add_to(const char *path, const char *mailer, const struct destination *like)
{
	struct rcpt rcpt = { .mailer = mailer };
	struct destination *d = NULL;
	bool is_null;

	address_path_parse(t.message->arena, slice_of(path), &rcpt.address, &is_null);
	message_add_rcpt(t.message, &rcpt);
	if (like != NULL) {
		t.evidence.destinations.p = destinations;
		d = &destinations[t.evidence.destinations.n++];
		*d = *like;
		d->domain = rcpt.address.domain;
		d->rcpts = 1;
	}
	return d;
}

static const struct destination good = {
	.exists = KNOWN_VALUE, .mx = KNOWN_VALUE,
};
static const struct destination gone = {
	.exists = KNOWN_ABSENT, .mx = KNOWN_ABSENT, .address = KNOWN_ABSENT,
	.confirmed = true,
};
static const struct destination gone_once = {
	.exists = KNOWN_ABSENT, .mx = KNOWN_ABSENT, .address = KNOWN_ABSENT,
};
static const struct destination empty = {
	.exists = KNOWN_VALUE, .mx = KNOWN_ABSENT, .address = KNOWN_ABSENT,
	.confirmed = true,
};
static const struct destination null_mx = {
	.exists = KNOWN_VALUE, .mx = KNOWN_VALUE, .null_mx = true, .confirmed = true,
};
static const struct destination address_only = {
	.exists = KNOWN_VALUE, .mx = KNOWN_ABSENT, .address = KNOWN_VALUE,
};
static const struct destination mx_down = {
	.exists = KNOWN_TEMPERROR, .mx = KNOWN_TEMPERROR, .address = KNOWN_ABSENT,
};
static const struct destination address_down = {
	.exists = KNOWN_VALUE, .mx = KNOWN_ABSENT, .address = KNOWN_TEMPERROR,
};
static const struct destination two_words = {	/* the second answer was another */
	.exists = KNOWN_ABSENT, .mx = KNOWN_TEMPERROR, .null_mx = true,
};

static void
add(const struct destination *like)
{
	add_to("<bob@a.example>", "smtp", like);
}

static void set_good(void) { add(&good); }
static void set_gone(void) { add(&gone); }
static void set_gone_once(void) { add(&gone_once); }
static void set_empty(void) { add(&empty); }
static void set_null_mx(void) { add(&null_mx); }
static void set_address_only(void) { add(&address_only); }
static void set_mx_down(void) { add(&mx_down); }
static void set_address_down(void) { add(&address_down); }
static void set_two_words(void) { add(&two_words); }

static void
set_by_hand(void)
{
	add(&gone);
	destinations[0].routed_by_hand = true;
}

static void
set_gone_and_good(void)
{
	add(&gone);
	add_to("<carol@b.example>", "smtp", &good);
}

static void
set_gone_and_local(void)
{
	add(&gone);
	add_to("<carol@b.example>", "local", NULL);
}

static void
set_all_gone(void)
{
	add(&gone);
	add_to("<carol@b.example>", "smtp", &null_mx);
}

static void
set_gone_and_beyond(void)
{
	add(&gone);
	t.message->rcpts_total++;
}

static void
set_gone_and_once(void)
{
	add(&gone);
	add_to("<carol@b.example>", "smtp", &gone_once);
}

static void
set_good_and_refused(void)
{
	add(&good);
	add_to("<carol@b.example>", "smtp", NULL);
	t.message->rcpts[1].refused_by = "rcpt-no-mail";
}

static void
set_skipped(void)
{
	add(&good);
	t.evidence.destinations.skipped = 1;
}

static void
set_unknown_mailer(void)
{
	add(&good);
	t.evidence.destinations.unknown_mailer = 1;
}

static void
set_seven_gone(void)
{
	static const char *const names[] = {
		"<x@a.example>", "<x@b.example>", "<x@c.example>", "<x@d.example>",
		"<x@e.example>", "<x@f.example>", "<x@g.example>",
	};

	for (size_t i = 0; i < 7; i++)
		add_to(names[i], "smtp", &gone);
}

static void
set_hostile(void)
{
	add_to("<\"a\\\r\n%s\x1b[31m\"@a.example>", "smtp", &gone);
}

#define HIT CHECK_HIT, CHECKED_DEFAULT, CHECKED_DEFAULT

static const struct checked_row no_mail[] = {
	{ "nobody", NULL, NULL, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "takes mail", NULL, set_good, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "an address only", NULL, set_address_only, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "gone", NULL, set_gone, false, HIT,
	    "bob@a.example: the domain does not exist in DNS", "Correct the address" },
	{ "said once", NULL, set_gone_once, false, HIT, "does not exist", NULL },
	{ "neither MX nor address", NULL, set_empty, false, HIT,
	    "has neither an MX nor an address record", NULL },
	{ "null MX", NULL, set_null_mx, false, HIT, "its MX is \".\"", NULL },
	{ "MX not known", NULL, set_mx_down, false, CHECK_TEMPERROR, 0, 0, NULL, NULL },
	{ "address not known", NULL, set_address_down, false, CHECK_TEMPERROR, 0, 0, NULL,
	    NULL },
	{ "two answers that differ", NULL, set_two_words, false, CHECK_TEMPERROR, 0, 0,
	    NULL, NULL },
	{ "routed by hand", NULL, set_by_hand, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "one of two", NULL, set_gone_and_good, false, HIT, "bob@a.example", NULL },
	{ "two of two", NULL, set_all_gone, false, HIT,
	    "bob@a.example: the domain does not exist in DNS; carol@b.example: the domain "
	    "takes no mail at all", NULL },
	{ "refused before", NULL, set_good_and_refused, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "more domains than are asked for", NULL, set_skipped, false, CHECK_DUNNO, 0, 0,
	    NULL, NULL },
	{ "nobody told how it leaves", NULL, set_unknown_mailer, false, CHECK_DUNNO, 0, 0,
	    NULL, NULL },
	{ "many", NULL, set_seven_gone, false, HIT, "; and 2 domains more", NULL },
	{ "hostile", NULL, set_hostile, false, HIT, "\\x1B[31m", NULL },
};

static void
set_typo(void)
{
	add_to("<bob@gmial.com>", "smtp", &gone)->likely = "gmail.com";
}

static void
set_typo_null_mx(void)
{
	add_to("<bob@gmial.com>", "smtp", &null_mx)->likely = "gmail.com";
}

static void
set_typo_live(void)
{
	add_to("<bob@gmial.com>", "smtp", &good)->likely = "gmail.com";
}

static void
set_typo_live_and_gone(void)
{
	set_typo_live();
	add_to("<carol@hotmial.com>", "smtp", &gone)->likely = "hotmail.com";
}

static void
set_typo_down(void)
{
	add_to("<bob@gmial.com>", "smtp", &mx_down)->likely = "gmail.com";
}

static void
set_typo_by_hand(void)
{
	set_typo();
	destinations[0].routed_by_hand = true;
}

static void
set_other_down(void)
{
	add(&mx_down);
}

static const struct checked_row typo[] = {
	{ "nobody", NULL, NULL, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "takes mail", NULL, set_good, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "gone, no slip", NULL, set_gone, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "a slip, gone", NULL, set_typo, false, HIT,
	    "does not exist in DNS, did you mean bob@gmail.com?", "Correct the address" },
	{ "a slip, null MX", NULL, set_typo_null_mx, false, HIT, "bob@gmail.com", NULL },
	{ "a slip, takes mail", NULL, set_typo_live, false, CHECK_HIT, 3, CHECKED_DEFAULT,
	    "takes mail, but is one or two slips from a large one, did you mean "
	    "bob@gmail.com?", NULL },
	{ "the heavier is said", NULL, set_typo_live_and_gone, false, HIT,
	    "carol@hotmail.com", NULL },
	{ "a slip, not known", NULL, set_typo_down, false, CHECK_TEMPERROR, 0, 0, NULL,
	    NULL },
	{ "no slip, not known", NULL, set_other_down, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "routed by hand", NULL, set_typo_by_hand, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "more domains than are asked for", NULL, set_skipped, false, CHECK_DUNNO, 0, 0,
	    NULL, NULL },
};

static void set_eai_local(void) { add_to("<j\xc3\xb6rg@a.example>", "smtp", NULL); }
static void set_eai_domain(void) { add_to("<bob@m\xc3\xbcller.example>", "smtp", NULL); }
static void set_ace(void) { add_to("<bob@xn--mller-kva.example>", "smtp", NULL); }
static void set_eai_stays(void) { add_to("<j\xc3\xb6rg@a.example>", "local", NULL); }
static void set_eai_unknown(void) { add_to("<j\xc3\xb6rg@a.example>", NULL, NULL); }
static void set_beyond(void) { t.message->rcpts_total = 3; }

static const struct checked_row eai[] = {
	{ "nobody", NULL, NULL, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "ASCII", NULL, set_good, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "local part", NULL, set_eai_local, false, HIT, "j\xc3\xb6rg@a.example is not ASCII",
	    "xn--" },
	{ "domain", NULL, set_eai_domain, false, HIT, "bob@", NULL },
	{ "domain in its xn-- form", NULL, set_ace, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "stays here", NULL, set_eai_stays, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "nobody told", NULL, set_eai_unknown, false, CHECK_DUNNO, 0, 0, NULL, NULL },
	{ "more than are kept", NULL, set_beyond, false, CHECK_DUNNO, 0, 0, NULL, NULL },
};

static void
add_many(int n, const char *mailer)
{
	for (int i = 0; i < n; i++)
		add_to("<bob@a.example>", mailer, NULL);
}

static void set_100(void) { add_many(100, "smtp"); }
static void set_101(void) { add_many(101, "relay"); }
static void set_101_unknown(void) { add_many(50, "smtp"); add_many(51, "fax"); }
static void set_101_half_local(void) { add_many(50, "smtp"); add_many(51, "virtual"); }
static void set_half_beyond(void) { add_many(50, "smtp"); t.message->rcpts_total += 51; }

static void
set_101_one_refused(void)
{
	add_many(101, "smtp");
	t.message->rcpts[7].refused_by = "rcpt-typo";
	t.message->rcpts_total--;
	t.message->rcpts_refused++;
}

static const struct checked_row count[] = {
	{ "100", NULL, set_100, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "101", NULL, set_101, false, HIT, "The message has 101 recipients", "of its own" },
	{ "101, one refused", NULL, set_101_one_refused, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "101, half stay", NULL, set_101_half_local, false, CHECK_OK, 0, 0, NULL, NULL },
	{ "101, half unknown", NULL, set_101_unknown, false, CHECK_DUNNO, 0, 0, NULL, NULL },
	{ "more than are kept", NULL, set_half_beyond, false, CHECK_DUNNO, 0, 0, NULL, NULL },
};

static void
test_tables(void **state)
{
	(void)state;
	CHECKED_TABLE("rcpt-no-mail", no_mail);
	CHECKED_TABLE("rcpt-typo", typo);
	CHECKED_TABLE("rcpt-eai", eai);
	CHECKED_TABLE("rcpt-count", count);
}

/* An action must be right for everybody who is left. */
static void
test_action(void **state)
{
	static const struct {
		const char *id;
		void (*prepare)(void);
		bool acts;
		const char *enhanced, *covers;
	} cases[] = {
		{ "rcpt-no-mail", set_gone, true, "1.2", NULL },
		{ "rcpt-no-mail", set_empty, true, "1.2", NULL },
		{ "rcpt-no-mail", set_null_mx, true, "1.10", NULL },
		{ "rcpt-no-mail", set_gone_once, false, "1.2", NULL },
		{ "rcpt-no-mail", set_gone_and_good, false, "1.2", NULL },
		{ "rcpt-no-mail", set_gone_and_local, false, "1.2", NULL },
		{ "rcpt-no-mail", set_gone_and_once, false, "1.2", NULL },
		{ "rcpt-no-mail", set_gone_and_beyond, false, "1.2", NULL },
		{ "rcpt-no-mail", set_all_gone, true, "1.2", NULL },
		{ "rcpt-typo", set_typo, true, "1.2", "rcpt-no-mail" },
		{ "rcpt-typo", set_typo_null_mx, true, "1.10", "rcpt-no-mail" },
		{ "rcpt-typo", set_typo_live, false, NULL, NULL },
		{ "rcpt-typo", set_typo_live_and_gone, false, "1.2", "rcpt-no-mail" },
		{ "rcpt-eai", set_eai_local, true, "6.7", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		checked_begin();
		cases[i].prepare();
		checked_run(check_find(cases[i].id));
		assert_int_equal(t.result.status, CHECK_HIT);
		if (t.result.no_action == cases[i].acts)
			fail_msg("row %zu: %s", i, t.result.text);
		if (cases[i].enhanced != NULL)
			assert_string_equal(t.result.enhanced, cases[i].enhanced);
		if (cases[i].covers != NULL)
			assert_string_equal(t.result.covers, cases[i].covers);
		else
			assert_null(t.result.covers);
		checked_end();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
