/*
 * The public suffix list.
 */
#include "exact.h"

#include "mail/psl.h"

static const struct { const char *name, *org; bool is_suffix; } rows[] = {
	{ "example.com", "example.com", false },
	{ "a.b.example.com", "example.com", false },
	{ "x.com", "x.com", false },
	{ "com", NULL, true },
	{ "co.uk", NULL, true },
	{ "x.co.uk", "x.co.uk", false },
	{ "a.x.co.uk", "x.co.uk", false },
	{ "a.github.io", "a.github.io", false },
	{ "github.io", NULL, true },
	{ "foo.kawasaki.jp", NULL, true },
	{ "a.foo.kawasaki.jp", "a.foo.kawasaki.jp", false },
	{ "city.kawasaki.jp", "city.kawasaki.jp", false },
	{ "a.example.unknowntld", "example.unknowntld", false },
	{ "unknowntld", NULL, true },
	{ "xn--bcher-kva.xn--p1ai", "xn--bcher-kva.xn--p1ai", false },
	{ "xn--p1ai", NULL, true },
	{ "shishi.xn--55qx5d.cn", "shishi.xn--55qx5d.cn", false },
	{ "192.0.2.1", NULL, false },
	{ "[192.0.2.1]", NULL, false },
	{ "2001:db8::1", NULL, false },
	{ "", NULL, false }, { ".", NULL, false }, { ".com", NULL, false },
	{ "example.com.", NULL, false }, { "a..com", NULL, false },
	{ "a b.com", NULL, false }, { "\xc3\xa4.com", NULL, false },
};

static void
test_org_domain(void **state)
{
	const char *org;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* A terminated copy of its own: the result points into it. */
		char *name = malloc(strlen(rows[i].name) + 1);

		assert_non_null(name);
		memcpy(name, rows[i].name, strlen(rows[i].name) + 1);
		org = psl_org_domain(name);
		if (rows[i].org == NULL) {
			assert_null(org);
		} else {
			assert_string_equal(org, rows[i].org);
			assert_true(org >= name && org <= name + strlen(name));
		}
		assert_int_equal(psl_is_suffix(name), rows[i].is_suffix);
		free(name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_org_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
