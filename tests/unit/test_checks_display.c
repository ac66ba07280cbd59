/* What the display name in From claims. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

#define D10 "0123456789"

static void
test_address(void **state)
{
	static const struct checked_row rows[] = {
		{ "other address", "From: \"ceo@example.net\" <x@example.com>\n", NULL,
		    false, HIT(30), "ceo@example.net, but the author is x@example.com",
		    "a name" },
		{ "inside text", "From: \"CEO <ceo@example.net>\" <x@example.com>\n",
		    NULL, false, HIT(30), "ceo@example.net", NULL },
		{ "encoded", "From: =?utf-8?q?ceo=40example=2Enet?= <x@example.com>\n",
		    NULL, false, HIT(30), "ceo@example.net", NULL },
		{ "via", "From: \"'ceo@example.net' via List\" <l@example.com>\n", NULL,
		    false, HIT(30), NULL, NULL },
		{ "same domain, other mailbox",
		    "From: \"a@example.com\" <b@example.com>\n", NULL, false, HIT(30),
		    "a@example.com", NULL },
		{ "second in the name", "From: \"x@example.com ceo@example.net\" "
		    "<x@example.com>\n", NULL, false, HIT(30), "ceo@example.net",
		    NULL },
		{ "the same", "From: \"X@Example.COM\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "a handle", "From: \"Anna @example\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "at", "From: \"Bar @ the corner.\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "team@host", "From: \"team@work\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "no name", "From: x@example.com\n", NULL, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "no author", "From: Billing <billing>\n", NULL, true,
		    NOT(CHECK_DUNNO) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("display-name-address", rows);
}

static void
test_domain(void **state)
{
	static const struct checked_row rows[] = {
		{ "other domain", "From: \"Example.org Support\" <x@example.com>\n",
		    NULL, false, HIT(5),
		    "Example.org, but the author is of example.com", "Leave" },
		{ "in brackets", "From: \"Support (example.org)\" <x@example.com>\n",
		    NULL, false, HIT(5), "example.org", NULL },
		{ "own", "From: \"Example.com\" <x@mail.example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "own subdomain", "From: \"shop.example.com\" <x@example.com>\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "same organization", "From: \"shop.example.com\" "
		    "<x@mail.example.com>\n", NULL, false, NOT(CHECK_OK) },
		{ "initials", "From: \"J.R. Smith, Ph.D.\" <x@example.com>\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "a program", "From: \"Node.js News\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "Mr.Smith", "From: \"Mr.Smith\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "an address is another matter",
		    "From: \"a@example.org\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("display-name-domain", rows);
}

static void
test_misleading(void **state)
{
	static const struct checked_row rows[] = {
		{ "badge", "From: =?utf-8?q?Example_=E2=9C=85?= <x@example.com>\n",
		    NULL, false, HIT(5), "sign of verification", "who sends" },
		{ "Re:", "From: \"Re: your order\" <x@example.com>\n", NULL, false,
		    HIT(5), "begins like", NULL },
		{ "count", "From: \"Anna (2)\" <x@example.com>\n", NULL, false, HIT(5),
		    "a count", NULL },
		{ "79 characters", "From: \"" D10 D10 D10 D10 D10 D10 D10
		    "123456789\" <x@example.com>\n", NULL, false,
		    HIT(5), "longer than 78", NULL },
		{ "recipient", "From: \"Anna Miller, your parcel\" "
		    "<x@example.com>\nTo: Anna Miller <anna@example.net>\n", NULL,
		    false, HIT(5), "recipient's", NULL },
		{ "78 characters", "From: \"" D10 D10 D10 D10 D10 D10 D10
		    "12345678\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "to oneself", "From: Anna Miller <x@example.com>\nTo: Anna Miller "
		    "<anna@example.net>\n", NULL, false, NOT(CHECK_OK) },
		{ "within longer words", "From: \"Joanna Millers\" "
		    "<x@example.com>\nTo: Anna Miller <anna@example.net>\n", NULL,
		    false, NOT(CHECK_OK) },
		{ "one word shared", "From: \"Anna's Shop\" <x@example.com>\n"
		    "To: Anna <anna@example.net>\n", NULL, false, NOT(CHECK_OK) },
		{ "a flower", "From: =?utf-8?q?Flowers_=F0=9F=8C=B8?= "
		    "<x@example.com>\n", NULL, false, NOT(CHECK_OK) },
		{ "a year", "From: \"Congress (2026)\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "Reed", "From: \"Reed: Books\" <x@example.com>\n", NULL, false,
		    NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, NULL, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("display-name-misleading", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_misleading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
