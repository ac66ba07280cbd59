/*
 * Macro expansion: transformers, delimiters, escapes, the cut at 253 octets.
 */
#include "exact.h"

#include "base/arena.h"
#include "evidence/spf/grammar.h"
#include "evidence/spf/macro.h"

static struct spf_values
values_of(const char *address)
{
	struct spf_values values = {
		.sender = "Strong-Bad@email.example.com", .local_part = "Strong-Bad",
		.sender_domain = "email.example.com", .domain = "email.example.com",
		.helo = "mx.example.org", .validated = "mx.example.org",
	};

	assert_true(ip_parse(slice_of(address), &values.ip));
	return values;
}

static void
expect(const struct spf_values *values, const char *spec, const char *want)
{
	struct arena *arena = arena_new();
	struct slice copy = exact(spec);

	assert_string_equal(spf_expand(arena, values, copy), want);
	exact_drop(copy);
	arena_free(&arena);
}

/* The examples of RFC 7208 section 7.4, and more. */
static void
test_examples(void **state)
{
	static const struct { const char *spec, *want; } cases[] = {
		{ "%{s}", "strong-bad@email.example.com" },
		{ "%{o}", "email.example.com" }, { "%{d}", "email.example.com" },
		{ "%{d4}", "email.example.com" }, { "%{d3}", "email.example.com" },
		{ "%{d2}", "example.com" }, { "%{d1}", "com" },
		{ "%{dr}", "com.example.email" }, { "%{d2r}", "example.email" },
		{ "%{l}", "strong-bad" }, { "%{l-}", "strong.bad" },
		{ "%{lr}", "strong-bad" }, { "%{lr-}", "bad.strong" },
		{ "%{l1r-}", "strong" },
		{ "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com" },
		{ "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
		{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
		    "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
		{ "%{d2}.trusted-domains.example.net",
		    "example.com.trusted-domains.example.net" },
		{ "%{h}", "mx.example.org" }, { "%{p}", "mx.example.org" },
		{ "%{S}", "strong-bad%40email.example.com" },
		{ "%{s@}", "%{s@}" },
		{ "Plain.Example.COM.", "plain.example.com" }, { "a%%b.%_.%-", "a%b. .%20" },
		{ "%{i4r}", "3.2.0.192" }, { "%{i1}", "3" }, { "%{i2r}", "0.192" },
		{ "%{l-}.%{l1-}.%{l2r-}.%{l9-}", "strong.bad.bad.bad.strong.strong.bad" },
		{ "%{o/}", "email.example.com" }, { "", "" }, { ".", "" },
	};
	struct spf_values values = values_of("192.0.2.3");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&values, cases[i].spec, cases[i].want);
}

static void
test_ip6(void **state)
{
	struct spf_values values = values_of("2001:db8::cb01");
	struct arena *arena = arena_new();

	(void)state;
	expect(&values, "%{ir}.%{v}._spf.%{d2}", "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
	    "0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
	assert_string_equal(spf_ptr_name(arena, &values.ip), "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0."
	    "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	arena_free(&arena);
}

static void
test_odd_values(void **state)
{
	struct spf_values values = values_of("192.0.2.3");

	(void)state;
	values.local_part = "..a..";
	expect(&values, "%{l}", "..a.");	/* the final dot goes with any name */
	expect(&values, "x%{l1}y", "xy");
	expect(&values, "%{l2r}x", ".x");
	values.local_part = "a\\b";
	expect(&values, "%{l}.example", "a\\\\b.example");
	values.local_part = "\xc3\xbc";
	expect(&values, "%{L}", "%c3%bc");
	values.helo = "";
	values.validated = NULL;
	expect(&values, "%{h}|%{p}", "|unknown");
}

static void
test_cut(void **state)
{
	struct spf_values values = values_of("192.0.2.3");
	struct slice labels = exact_repeat("abcd.", 51, "");	/* 255 octets */
	char *local = calloc(1, 100001);
	struct arena *arena = arena_new();
	struct slice spec;

	(void)state;
	assert_non_null(local);
	values.local_part = arena_strndup(arena, labels.p, labels.n);
	assert_int_equal(strlen(spf_expand(arena, &values, SLICE("%{l}"))), 249);
	assert_int_equal(strlen(spf_expand(arena, &values, SLICE("%{l}xyz"))), 253);
	assert_int_equal(strlen(spf_expand(arena, &values, SLICE("%{l}wxyz"))), 249);
	memset(local, 'x', 100000);
	values.local_part = local;
	assert_string_equal(spf_expand(arena, &values, SLICE("%{l}.a.example")), "a.example");
	assert_string_equal(spf_expand(arena, &values, SLICE("%{l}")), "");
	assert_string_equal(spf_expand(arena, &values, SLICE("%{l1-}.%{L}.b")), "b");
	/* As many macros as a record can hold: no time, no memory. */
	spec = exact_repeat("%{l}", 16000, ".example");
	assert_string_equal(spf_expand(arena, &values, spec), "example");
	assert_in_range(arena_size(arena), 0, 20000);
	exact_drop(spec);
	values.helo = "";
	spec = exact_repeat("%{h}", 16000, ".example");
	expect(&values, "%{h}.example", ".example");
	assert_string_equal(spf_expand(arena, &values, spec), ".example");
	exact_drop(spec);
	exact_drop(labels);
	free(local);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_ip6),
		cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
