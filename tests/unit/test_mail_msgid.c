/*
 * Message-ID.
 */
#include "exact.h"

#include "mail/msgid.h"

enum { VALID = 1, NAME = 2, WORD = 4 };

static const struct { const char *value, *left, *right; unsigned is;
} rows[] = {
	{ " <1@mail.example.com>", "1", "mail.example.com", VALID | NAME },
	{ "<1@mail.example.com>\r\n", "1", "mail.example.com", VALID | NAME },
	{ "<a.b$c!d@EXAMPLE.COM>", "a.b$c!d", "EXAMPLE.COM", VALID | NAME },
	{ "<\"a b@c\"@example.com>", "\"a b@c\"", "example.com", VALID | NAME },
	{ "<\"a\\\"b\"@example.com>", "\"a\\\"b\"", "example.com", VALID | NAME },
	{ "<1@[192.0.2.1]>", "1", "[192.0.2.1]", VALID | NAME },
	{ "<1@[IPv6:2001:db8::1]>", "1", "[IPv6:2001:db8::1]", VALID | NAME },
	{ "<1@[nothing]>", "1", "[nothing]", VALID },
	{ "<1@localhost>", "1", "localhost", VALID },
	{ "<1@my_host.example.com>", "1", "my_host.example.com", VALID },
	{ "<1@-a.example>", "1", "-a.example", VALID },
	{ "<J\xc3\xbc@example.com>", "J\xc3\xbc", "example.com", VALID | NAME },
	{ "<J\xfc@example.com>", "J\xfc", "example.com", NAME },
	{ "<1@b\xc3\xbc" "cher.example>", "1", "b\xc3\xbc" "cher.example", VALID | NAME },
	{ "<1@b\xc3\xbc" "cher>", "1", "b\xc3\xbc" "cher", VALID },
	{ "<1@b\xfc" "cher.example>", "1", "b\xfc" "cher.example", NAME },
	{ "<=?utf-8?q?a?=@example.com>", "=?utf-8?q?a?=", "example.com",
	    VALID | NAME | WORD },
	{ "=?utf-8?q?=3Ca=40example.com=3E?=", "", "", WORD },
	{ "<a@b@example.com>", "a", "b@example.com", 0 },
	{ "<a b@example.com>", "a b", "example.com", NAME },
	{ "<a@exam ple.com>", "a", "exam ple.com", 0 },
	{ "<a@example.com> x", "", "", 0 },
	{ "x <a@example.com>", "", "", 0 },
	{ "<a@example.com> <b@example.com>", "a", "example.com> <b@example.com", 0 },
	{ "a@example.com", "", "", 0 },
	{ "<example.com>", "", "", 0 },
	{ "<@example.com>", "", "example.com", NAME },
	{ "<a@>", "a", "", 0 },
	{ "<@>", "", "", 0 },
	{ "<>", "", "", 0 },
	{ "<", "", "", 0 },
	{ "", "", "", 0 },
	{ ">", "", "", 0 },
	{ "<\">", "", "", 0 },
	{ "<\"@a>", "\"", "a", VALID },
	{ "=?", "", "", 0 },
	{ "=?"
	  "?=",
	    "", "", WORD },
};

static void
test_parse(void **state)
{
	struct msgid id;
	unsigned is;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice value = exact(rows[i].value);

		msgid_parse(value, &id);
		is = (id.valid ? VALID : 0) | (id.right_is_name ? NAME : 0) |
		    (id.encoded_word ? WORD : 0);
		if (is != rows[i].is || !slice_eq(id.left, slice_of(rows[i].left)) ||
		    !slice_eq(id.right, slice_of(rows[i].right)))
			fail_msg("%s: %u [%.*s] [%.*s]", rows[i].value, is,
			    (int)id.left.n, id.left.p, (int)id.right.n, id.right.p);
		exact_drop(value);
	}
	msgid_parse((struct slice){ "<a\0@b.example>", 14 }, &id);
	assert_false(id.valid);
	msgid_parse((struct slice){ "<a@b\0.example>", 14 }, &id);
	assert_false(id.valid || id.right_is_name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
