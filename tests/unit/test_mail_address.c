/*
 * Mailboxes, groups and paths, well formed and otherwise.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/address.h"

enum {
	SYNTAX = ADDRESS_FAULT_SYNTAX,
	SPECIAL = ADDRESS_FAULT_UNQUOTED_SPECIAL,
	SPACE = ADDRESS_FAULT_SPACE_IN_ANGLE,
	LABEL = ADDRESS_FAULT_BAD_LABEL,
	EMPTY = ADDRESS_FAULT_EMPTY_NAME,
	NO_DOMAIN = ADDRESS_FAULT_NO_DOMAIN,
	NO_LOCAL = ADDRESS_FAULT_NO_LOCAL,
	WORD = ADDRESS_FAULT_ENCODED_WORD,
	IDN = ADDRESS_FAULT_8BIT_DOMAIN_INVALID,
	FORBIDDEN = ADDRESS_FAULT_FORBIDDEN_CHAR,
};

/* One mailbox: name, local-part, domain, text. */
struct row {
	const char *value;
	unsigned faults;
	const char *name, *local_part, *domain, *text;
};

static const struct row one[] = {
	/* the plain forms */
	{ "anna@example.com", 0, "", "anna", "example.com", "anna@example.com" },
	{ " anna@example.com\r\n", 0, "", "anna", "example.com", "anna@example.com" },
	{ "<anna@example.com>", 0, "", "anna", "example.com", "anna@example.com" },
	{ "Anna Bell <anna@example.com>", 0, "Anna Bell", "anna", "example.com",
	    "anna@example.com" },
	{ "Anna Bell<anna@EXAMPLE.com>", 0, "Anna Bell", "anna", "example.com",
	    "anna@example.com" },
	{ "\"Bell, Anna\" <anna@example.com>", 0, "Bell, Anna", "anna", "example.com",
	    "anna@example.com" },
	{ "\"Anna \\\"A\\\" Bell\" <anna@example.com>", 0, "Anna \"A\" Bell", "anna",
	    "example.com", "anna@example.com" },
	{ "Anna B. Bell <anna@example.com>", 0, "Anna B. Bell", "anna", "example.com",
	    "anna@example.com" },
	{ "Anna\r\n Bell\n\t<anna@example.com>", 0, "Anna Bell", "anna", "example.com",
	    "anna@example.com" },
	{ "\"Anna\" Bell <anna@example.com>", 0, "Anna Bell", "anna", "example.com",
	    "anna@example.com" },
	/* encoded and raw names */
	{ "=?utf-8?q?J=C3=BCrgen?= <j@example.com>", 0, "J\xc3\xbcrgen", "j",
	    "example.com", "j@example.com" },
	{ "\"=?utf-8?q?J=C3=BCrgen?=\" <j@example.com>", 0, "J\xc3\xbcrgen", "j",
	    "example.com", "j@example.com" },
	{ "=?utf-8?q?Bell,_Anna?= <a@example.com>", SPECIAL, "Bell, Anna", "a",
	    "example.com", "a@example.com" },
	{ "J\xc3\xbcrgen <j@example.com>", 0, "J\xc3\xbcrgen", "j", "example.com",
	    "j@example.com" },
	/* comments, old and new */
	{ "anna@example.com (Anna Bell)", 0, "Anna Bell", "anna", "example.com",
	    "anna@example.com" },
	{ "(Anna Bell) anna@example.com", 0, "Anna Bell", "anna", "example.com",
	    "anna@example.com" },
	{ "(,) anna@example.com", 0, ",", "anna", "example.com", "anna@example.com" },
	{ "Anna (B \\) C) <anna(x)@example.com(y)>", 0, "Anna (B \\) C)", "anna",
	    "example.com", "anna@example.com" },
	{ "<anna@example.com> (Anna)", 0, "Anna", "anna", "example.com",
	    "anna@example.com" },
	/* obsolete forms */
	{ "<@one.example,@two.example:anna@example.com>", 0, "", "anna", "example.com",
	    "anna@example.com" },
	{ "anna @ example . com", SPACE, "", "anna", "example.com",
	    "anna@example.com" },
	{ "anna . bell@example.com", SPACE, "", "anna.bell", "example.com",
	    "anna.bell@example.com" },
	{ ", anna@example.com,,", 0, "", "anna", "example.com", "anna@example.com" },
	/* local-parts */
	{ "\"anna bell\"@example.com", 0, "", "anna bell", "example.com",
	    "\"anna bell\"@example.com" },
	{ "<\"a>b\"@example.com>", FORBIDDEN, "", "a>b", "example.com",
	    "\"a>b\"@example.com" },
	{ "\"a\\\"b\"@example.com", 0, "", "a\"b", "example.com",
	    "\"a\\\"b\"@example.com" },
	{ "anna.\"b\".c@example.com", 0, "", "anna.b.c", "example.com",
	    "anna.b.c@example.com" },
	{ "\"a@b.example\"@example.com", 0, "", "a@b.example", "example.com",
	    "\"a@b.example\"@example.com" },
	{ "j\xc3\xbcrgen@example.com", 0, "", "j\xc3\xbcrgen", "example.com",
	    "j\xc3\xbcrgen@example.com" },
	{ "j\xfcrgen@example.com", SYNTAX, "", "j\xfcrgen", "example.com",
	    "j\xfcrgen@example.com" },
	{ "a..b@example.com", SYNTAX, "", "a..b", "example.com",
	    "\"a..b\"@example.com" },
	{ ".a@example.com", SYNTAX, "", ".a", "example.com", "\".a\"@example.com" },
	{ "a.@example.com", SYNTAX, "", "a.", "example.com", "\"a.\"@example.com" },
	{ "50%off@example.com", FORBIDDEN, "", "50%off", "example.com",
	    "50%off@example.com" },
	{ "\"\"@example.com", NO_LOCAL, "", "", "example.com", "@example.com" },
	{ "<@example.com>", NO_LOCAL, "", "", "example.com", "@example.com" },
	/* domains */
	{ "a@b\xc3\xbc"
	  "cher.example",
	    0, "", "a", "xn--bcher-kva.example", "a@xn--bcher-kva.example" },
	{ "a@[192.0.2.1]", 0, "", "a", "[192.0.2.1]", "a@[192.0.2.1]" },
	{ "a@[IPv6:2001:DB8::1]", 0, "", "a", "[ipv6:2001:db8::1]",
	    "a@[ipv6:2001:db8::1]" },
	{ "a@[x\\y]", SYNTAX, "", "a", "", "a@[x\\y]" },
	{ "a@[x", SYNTAX, "", "a", "", "a@[x" },
	{ "a@example.com.", LABEL, "", "a", "example.com", "a@example.com" },
	{ "a@my_host.example.com", LABEL, "", "a", "my_host.example.com",
	    "a@my_host.example.com" },
	{ "a@-x.example", LABEL, "", "a", "", "a@-x.example" },
	{ "a@x..example", LABEL, "", "a", "", "a@x..example" },
	{ "a@exa$mple.com", LABEL | FORBIDDEN, "", "a", "", "a@exa$mple.com" },
	{ "a@example.com>", LABEL | FORBIDDEN | SYNTAX, "", "a", "", "a@example.com>" },
	{ "<a@example.com]>", LABEL | SYNTAX, "", "a", "", "a@example.com]" },
	{ "a@\xe2\x80\xae"
	  "b.example",
	    IDN, "", "a", "",
	    "a@\xe2\x80\xae"
	    "b.example" },
	{ "a@\xff", IDN | SYNTAX, "", "a", "", "a@\xff" },
	{ "root", NO_DOMAIN, "", "root", "", "root" },
	{ "<root>", NO_DOMAIN, "", "root", "", "root" },
	{ "a@", NO_DOMAIN, "", "a", "", "a" },
	/* read over by receivers */
	{ "Bell, Anna <anna@example.com>", SPECIAL, "Bell, Anna", "anna", "example.com",
	    "anna@example.com" },
	{ "Shop: Orders <o@example.com>", SPECIAL, "Shop: Orders", "o", "example.com",
	    "o@example.com" },
	{ "Mail From:<o@example.com>", SPECIAL, "Mail From:", "o", "example.com",
	    "o@example.com" },
	{ "mailto:o@example.com", SPECIAL, "mailto:", "o", "example.com",
	    "o@example.com" },
	{ "a@example.org <o@example.com>", SPECIAL, "a@example.org", "o", "example.com",
	    "o@example.com" },
	{ "\"a@example.org\" <o@example.com>", 0, "a@example.org", "o", "example.com",
	    "o@example.com" },
	{ "Anna [x] <o@example.com>", SPECIAL, "Anna [x]", "o", "example.com",
	    "o@example.com" },
	{ "<<<><o@example.com>>>", SPECIAL, "<<<>", "o", "example.com",
	    "o@example.com" },
	{ "Anna <Sales> <o@example.com>", SPECIAL, "Anna <Sales>", "o", "example.com",
	    "o@example.com" },
	{ "Anna <o@example.com> x", SPECIAL, "Anna", "o", "example.com",
	    "o@example.com" },
	{ "\"Anna <o@example.com>", SPECIAL, "\"Anna", "o", "example.com",
	    "o@example.com" },
	{ "Anna (x <o@example.com>", SPECIAL, "Anna (x", "o", "example.com",
	    "o@example.com" },
	{ "Anna < o@example.com >", SPACE, "Anna", "o", "example.com",
	    "o@example.com" },
	{ "\"\" <o@example.com>", EMPTY, "", "o", "example.com", "o@example.com" },
	{ "\" \" <o@example.com>", EMPTY, "", "o", "example.com", "o@example.com" },
	/* not readable, or only by guessing */
	{ "\"Anna <a@example.org>\" o@example.com", SYNTAX, "Anna <a@example.org>", "o",
	    "example.com", "o@example.com" },
	{ "Anna Bell", SYNTAX | NO_LOCAL | NO_DOMAIN, "Anna Bell", "", "", "" },
	{ "Anna o@example.com", SYNTAX, "Anna", "o", "example.com", "o@example.com" },
	{ "Anna <o@example.com", SYNTAX | FORBIDDEN, "Anna", "<o", "example.com",
	    "\"<o\"@example.com" },
	{ "<o b@example.com>", SYNTAX | SPACE, "", "ob", "example.com",
	    "ob@example.com" },
	{ "<o@b@example.com>", SYNTAX, "", "o@b", "example.com",
	    "\"o@b\"@example.com" },
	{ "Anna <>", NO_LOCAL | NO_DOMAIN, "Anna", "", "", "" },
	{ "=?utf-8?q?o=40example=2Ecom?=", NO_DOMAIN | WORD | FORBIDDEN, "",
	    "=?utf-8?q?o=40example=2Ecom?=", "", "=?utf-8?q?o=40example=2Ecom?=" },
	{ "<=?utf-8?q?o?=@example.com>", WORD | FORBIDDEN, "",
	    "=?utf-8?q?o?=", "example.com", "=?utf-8?q?o?=@example.com" },
};

static void
test_one(void **state)
{
	struct address_list list;

	(void)state;
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		const struct row *row = &one[i];
		struct arena *arena = arena_new();
		struct slice value = exact(row->value);
		const struct address *a;

		address_list_parse(arena, value, &list);
		if (list.n != 1 || list.total != 1)
			fail_msg("%s: %zu mailboxes", row->value, list.n);
		a = &list.addresses[0];
		if (strcmp(a->name, row->name) != 0 ||
		    strcmp(a->local_part, row->local_part) != 0 ||
		    strcmp(a->domain, row->domain) != 0 ||
		    strcmp(a->text, row->text) != 0 || a->faults != row->faults)
			fail_msg("%s: [%s] [%s] [%s] [%s] %x", row->value, a->name,
			    a->local_part, a->domain, a->text, a->faults);
		assert_int_equal(list.faults & a->faults, a->faults);
		exact_drop(value);
		arena_free(&arena);
	}
}

/* Lists: the texts joined by "|", groups, faults of the field. */
static const struct {
	const char *value, *texts;
	size_t groups;
	unsigned faults;
} lists[] = {
	{ "", "", 0, 0 },
	{ " \r\n ", "", 0, 0 },
	{ "(nobody)", "", 0, 0 },
	{ ",,,", "", 0, 0 },
	{ "a@example.com, b@example.com", "a@example.com|b@example.com|", 0, 0 },
	{ "A <a@example.com>,\r\n B <b@example.com>", "a@example.com|b@example.com|", 0,
	    0 },
	{ "undisclosed-recipients:;", "", 1, 0 },
	{ "undisclosed-recipients:", "", 1, SPECIAL },
	{ "Team: a@example.com, B <b@example.com>;", "a@example.com|b@example.com|", 1,
	    0 },
	{ "Team: a@example.com; b@example.com", "a@example.com|b@example.com|", 1, 0 },
	{ "A:;, B: b@example.com;, c@example.com", "b@example.com|c@example.com|", 2,
	    0 },
	{ "\"A:B\" <a@example.com>", "a@example.com|", 0, 0 },
	{ "a:b:c:;", "", 1, SYNTAX },
	{ "root, anna", "root|anna|", 0, NO_DOMAIN },
	{ "root, a@example.com", "root|a@example.com|", 0, NO_DOMAIN },
	/* Outlook's semicolons */
	{ "a@example.com; b@example.com", "a@example.com|b@example.com|", 0, SPECIAL },
	/* two authors stay two, however they are written */
	{ "<a@example.com> <b@example.org>", "a@example.com|b@example.org|", 0,
	    SYNTAX },
	{ "A <a@example.com><b@example.org>", "a@example.com|b@example.org|", 0,
	    SYNTAX },
	{ "a@example.com b@example.org", "a@example.com|b@example.org|", 0, SYNTAX },
	{ "a@example.com, x <b@example.org>", "a@example.com|b@example.org|", 0, 0 },
	{ "A <a@example.com>; B <b@example.org>", "a@example.com|b@example.org|", 0,
	    SPECIAL },
	{ "\"x\\\" <a@example.com>, \" <b@example.org>", "b@example.org|", 0, 0 },
	{ "(x\\) <a@example.com>, ) <b@example.org>", "b@example.org|", 0, 0 },
};

static void
test_lists(void **state)
{
	struct address_list list;
	char texts[256];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct arena *arena = arena_new();
		struct slice value = exact(lists[i].value);

		address_list_parse(arena, value, &list);
		n = 0;
		texts[0] = '\0';
		for (size_t k = 0; k < list.n; k++)
			n += (size_t)snprintf(texts + n, sizeof(texts) - n, "%s|",
			    list.addresses[k].text);
		if (strcmp(texts, lists[i].texts) != 0 ||
		    list.groups != lists[i].groups || list.faults != lists[i].faults)
			fail_msg("%s: %s %zu %x", lists[i].value, texts, list.groups,
			    list.faults);
		exact_drop(value);
		arena_free(&arena);
	}
}

static void
test_raw_name(void **state)
{
	struct arena *arena = arena_new();
	struct address_list list;

	(void)state;
	address_list_parse(
	    arena, SLICE(" \"A B\" =?utf-8?q?c?= <d@example.com>"), &list);
	assert_true(slice_eq(list.addresses[0].display_name,
	    SLICE("\"A B\" =?utf-8?q?c?=")));
	assert_string_equal(list.addresses[0].name, "A B c");
	address_list_parse(arena, SLICE("d@B\xc3\x9c" "CHER.example"), &list);
	assert_string_equal(list.addresses[0].domain_utf8, "B\xc3\x9c" "CHER.example");
	arena_free(&arena);
}

static void
test_nul(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} rows[] = {
		{ "a\0b@example.com", 15, "a?b@example.com" },
		{ "a@exa\0mple.com", 14, "a@exa?mple.com" },
		{ "<\"a\0b\"@example.com>", 19, "a?b@example.com" },
		{ "a@[1\0]", 6, "a@[1?]" },
		{ "N\0ame <a@example.com>", 21, "a@example.com" },
	};
	struct address_list list;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct slice value = exact_bytes(rows[i].bytes, rows[i].n);

		address_list_parse(arena, value, &list);
		assert_int_equal(list.n, 1);
		assert_int_not_equal(list.faults, 0);
		assert_string_equal(list.addresses[0].text, rows[i].text);
		exact_drop(value);
		arena_free(&arena);
	}
}

/* Names for what would hurt a parser that recurses or goes back. */
static void
test_hostile(void **state)
{
	static const struct { const char *unit, *end;
	} rows[] = {
		{ "a:", "" },
		{ "a:", "b@example.com;" },
		{ "(", "" },
		{ "(", "a@example.com" },
		{ "((", "))" },
		{ "\"", "" },
		{ "\"a\\\" ", "" },
		{ "<", "" },
		{ "<", ">" },
		{ "<a@b", "" },
		{ "<>", "" },
		{ ">", "" },
		{ ",", "" },
		{ ";", "" },
		{ "a,", "" },
		{ "a b ", "" },
		{ "a@b ", "" },
		{ "@", "" },
		{ "a@", "" },
		{ "a.", "@b" },
		{ " ", "" },
		{ "( )", "" },
		{ "\\", "" },
		{ "[", "" },
		{ "=?utf-8?q?a?= ", "<a@b>" },
		{ "\"\"", "@b" },
		{ "\".\"", "@b" },
		{ "a:;", "" },
		{ "a(", ")@b" },
		{ "@a,", ":b@c" },
		{ "x<a@b>", "" },
		{ "\xc3\xa4", "" },
		{ "a@\xc3\xa4,", "" },
		{ "(a)<", "" },
		{ "\"<", "" },
	};
	struct address_list list;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct slice value = exact_repeat(rows[i].unit, 40000, rows[i].end);

		address_list_parse(arena, value, &list);
		assert_true(list.n <= ADDRESS_LIST_MAX && list.total >= list.n);
		exact_drop(value);
		arena_free(&arena);
	}
}

static void
test_limit(void **state)
{
	struct arena *arena = arena_new();
	struct slice value = exact_repeat("a@example.com,", ADDRESS_LIST_MAX + 5, "");
	struct address_list list;

	(void)state;
	address_list_parse(arena, value, &list);
	assert_int_equal(list.n, ADDRESS_LIST_MAX);
	assert_int_equal(list.total, ADDRESS_LIST_MAX + 5);
	exact_drop(value);
	value =
	    exact_repeat("a@example.com,", ADDRESS_LIST_MAX, "g: b@example.com, c:d");
	address_list_parse(arena, value, &list);
	assert_int_equal(list.n, ADDRESS_LIST_MAX);
	exact_drop(value);
	arena_free(&arena);
}

static const struct {
	const char *path;
	bool good, is_null;
	const char *text;
} paths[] = {
	{ "<a@example.com>", true, false, "a@example.com" },
	{ "a@example.com", true, false, "a@example.com" },
	{ " <a@EXAMPLE.com> ", true, false, "a@example.com" },
	{ "<>", true, true, "" },
	{ "", true, true, "" },
	{ "<@one.example:a@example.com>", true, false, "a@example.com" },
	{ "<\"a b\"@example.com>", true, false, "\"a b\"@example.com" },
	{ "<a=b=c@example.com>", true, false, "a=b=c@example.com" },
	{ "root", true, false, "root" },
	{ "<postmaster>", true, false, "postmaster" },
	{ "<a@[192.0.2.1]>", true, false, "a@[192.0.2.1]" },
	{ "<a@b_c.example.com>", true, false, "a@b_c.example.com" },
	{ "<j\xc3\xbc@b\xc3\xbc" "cher.example>", true, false,
	    "j\xc3\xbc@xn--bcher-kva.example" },
	{ "<a@>", true, false, "a" },
	{ "<@example.com>", false, false, "@example.com" },
	{ "<a@b@example.com>", false, false, "\"a@b\"@example.com" },
	{ "<a b@example.com>", false, false, "ab@example.com" },
	{ "<a@-b.example>", false, false, "a@-b.example" },
	{ "<a@\xff>", false, false, "a@\xff" },
	{ "<", false, false, "\"<\"" },
	{ "<a@example.com", false, false, "\"<a\"@example.com" },
};

static void
test_paths(void **state)
{
	struct arena *arena = arena_new();
	struct address address;
	bool is_null;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct slice path = exact(paths[i].path);
		bool good = address_path_parse(arena, path, &address, &is_null);

		if (good != paths[i].good || is_null != paths[i].is_null ||
		    strcmp(address.text, paths[i].text) != 0)
			fail_msg("%s: %d %d [%s] %x", paths[i].path, good, is_null,
			    address.text, address.faults);
		assert_string_equal(address.name, "");
		exact_drop(path);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_raw_name),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
