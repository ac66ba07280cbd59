/*
 * The grammar of SPF records: each rule taken and refused.
 */
#include "exact.h"

#include "base/arena.h"
#include "evidence/spf/fault.h"
#include "evidence/spf/grammar.h"

static int
parse(struct arena *arena, struct slice text, struct spf_record *record,
    struct spf_fault *fault)
{
	assert_true(spf_record_is(text));
	return spf_record_parse(arena, text, 10000, record, fault);
}

/* One term, as an exact copy at the end of a record. */
static int
parse_term(struct arena *arena, const char *term, struct spf_record *record,
    struct spf_fault *fault)
{
	struct slice text = exact(arena_printf(arena, "v=spf1 %s", term));
	int result = parse(arena, text, record, fault);

	exact_drop(text);
	return result;
}

static void
test_selection(void **state)
{
	static const struct { const char *text; bool is; } cases[] = {
		{ "v=spf1", true }, { "v=spf1 ", true }, { "V=SPF1 -all", true },
		{ "v=spf10", false }, { "v=spf1\t", false }, { " v=spf1", false },
		{ "v=spf", false }, { "", false }, { "spf1", false }, { "v = spf1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice text = exact(cases[i].text);

		assert_int_equal(spf_record_is(text), cases[i].is);
		exact_drop(text);
	}
}

static void
test_mechanisms(void **state)
{
	static const struct {
		const char *text;
		enum spf_kind kind;
		char qualifier;
		int domain;		/* octets of the domain-spec, -1 for none */
		unsigned bits4, bits6;	/* or the net's, with its family's */
	} cases[] = {
		{ "all", SPF_KIND_ALL, '+', -1, 32, 128 },
		{ "-ALL", SPF_KIND_ALL, '-', -1, 32, 128 },
		{ "~include:x.example.com", SPF_KIND_INCLUDE, '~', 13, 32, 128 },
		{ "a", SPF_KIND_A, '+', -1, 32, 128 },
		{ "?a/24", SPF_KIND_A, '?', -1, 24, 128 },
		{ "a//64", SPF_KIND_A, '+', -1, 32, 64 },
		{ "a/0//0", SPF_KIND_A, '+', -1, 0, 0 },
		{ "a:x.example.com/24//64", SPF_KIND_A, '+', 13, 24, 64 },
		{ "a:%{d}/8", SPF_KIND_A, '+', 4, 8, 128 },
		{ "a:x/1.example", SPF_KIND_A, '+', 11, 32, 128 },
		{ "a:x/1//2.example/3", SPF_KIND_A, '+', 14, 3, 128 },
		{ "a:x.example./24", SPF_KIND_A, '+', 10, 24, 128 },
		{ "mx", SPF_KIND_MX, '+', -1, 32, 128 },
		{ "mx:x.example//128", SPF_KIND_MX, '+', 9, 32, 128 },
		{ "ptr", SPF_KIND_PTR, '+', -1, 32, 128 },
		{ "ptr:x.example", SPF_KIND_PTR, '+', 9, 32, 128 },
		{ "exists:%{ir}.%{v}._spf.%{d2}", SPF_KIND_EXISTS, '+', 21, 32, 128 },
	};
	struct arena *arena = arena_new();
	struct spf_record record;
	struct spf_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse_term(arena, cases[i].text, &record, &fault), 0);
		assert_int_equal(record.n, 1);
		assert_int_equal(record.terms[0].kind, cases[i].kind);
		assert_int_equal(record.terms[0].qualifier, cases[i].qualifier);
		assert_int_equal(record.terms[0].has_domain, cases[i].domain >= 0);
		assert_int_equal(record.terms[0].domain.n,
		    cases[i].domain < 0 ? 0 : cases[i].domain);
		assert_int_equal(record.terms[0].bits4, cases[i].bits4);
		assert_int_equal(record.terms[0].bits6, cases[i].bits6);
		assert_int_equal(record.terms[0].text.n, strlen(cases[i].text));
	}
	arena_free(&arena);
}

static void
test_networks(void **state)
{
	static const struct { const char *text, *addr; unsigned family, bits; } cases[] = {
		{ "ip4:192.0.2.1", "192.0.2.1", 4, 32 },
		{ "ip4:192.0.2.1/0", "192.0.2.1", 4, 0 },
		{ "ip4:255.255.255.255/32", "255.255.255.255", 4, 32 },
		{ "ip6:2001:db8::/32", "2001:db8::", 6, 32 },
		{ "ip6:::1", "::1", 6, 128 },
		{ "ip6:::/0", "::", 6, 0 },
		{ "ip6:1:2:3:4:5:6:7:8/128", "1:2:3:4:5:6:7:8", 6, 128 },
		{ "ip6:1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", 6, 128 },
		{ "ip6:::ffff:192.0.2.1", "::ffff:192.0.2.1", 6, 128 },
	};
	struct arena *arena = arena_new();
	struct spf_record record;
	struct spf_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse_term(arena, cases[i].text, &record, &fault), 0);
		assert_int_equal(record.terms[0].net.addr.family, cases[i].family);
		assert_int_equal(record.terms[0].net.bits, cases[i].bits);
		assert_string_equal(ip_text(arena, &record.terms[0].net.addr),
		    cases[i].addr);
	}
	arena_free(&arena);
}

static void
test_refused(void **state)
{
	static const char *const cases[] = {
		"all.", "all:", "all/24", "-", "+", "--all", "al", "alll", "a,b", "a.b", "a-b",
		"include", "include:", "include:x", "include:x.", "include:.x..", "include:-all",
		"include:x.example/24", "include:x.123", "include:x.a-",
		"include:x.-a", "include:x.example..", "include:%{d}x", "include:%{d}.",
		"include:%", "include:%{", "include:%{d", "include:%{d0}", "include:%{dr1}",
		"include:%{drr}", "include:%{c}", "include:%{r}", "include:%{t}", "include:%{x}",
		"include:%{D1R-.x}", "include:%a.example", "include:x.example%", "include:x y",
		"a/", "a/33", "a/999999999999", "a/024", "a/-1", "a//", "a//129", "a/24/64",
		"a//64/24", "a///64", "a:/24", "a:", "a:x", "a:x.example/", "a:x.example/33",
		"a:192.0.2.1", "a:x.example/24/", "a:x.example//", "mx/x", "mx:", "mx:x/24",
		"ptr/24", "ptr:", "ptr:x", "ptr:x.example/24",
		"ip4", "ip4:", "ip4:1.2.3", "ip4:1.2.3.4.5", "ip4:1.2.3.256", "ip4:1.2.3.04",
		"ip4:1.2.3.4/33", "ip4:1.2.3.4/", "ip4:1.2.3.4/1x", "ip4:1.2.3.4//1",
		"ip4:::1", "ip4/24", "ip4:1..2.3", "ip4: 1.2.3.4", "ip4:1.2.3.4:25",
		"ip6", "ip6:", "ip6:1.2.3.4", "ip6:::1/129", "ip6:::1/", "ip6:::1//64",
		"ip6:g::", "ip6:1:2", "ip6:1::2::3", "ip6:::1/012",
		"ip6:1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
		"exists", "exists:", "exists:x", "exists:x.example/24",
		"redirect", "redirect:x.example", "redirect=", "redirect=x", "redirect=x.y/24",
		"exp=", "exp=x", "exp=%{t}.example", "x=%", "x=%{d", "=x", "1=x", "-x=y", "x$=y",
		"redirect=a.b redirect=a.b", "exp=a.b -all exp=a.b",
		"\x80ll", "al\x01l", "a:x.example\x7f", "a\tmx",
	};
	struct arena *arena = arena_new();
	struct spf_record record;
	struct spf_fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (parse_term(arena, cases[i], &record, &fault) == 0)
			fail_msg("\"%s\" was taken", cases[i]);
		assert_non_null(fault.why);
	}
	arena_free(&arena);
}

static void
test_modifiers(void **state)
{
	struct arena *arena = arena_new();
	struct spf_record record;
	struct spf_fault fault;

	(void)state;
	assert_int_equal(parse_term(arena, "REDIRECT=%{d}.x.example x=%{l}:/%%%_%- a=b "
	    "exp=%{s}.example include:%{h1r-}", &record, &fault), 0);
	assert_int_equal(record.n, 1);
	assert_true(record.has_redirect);
	assert_int_equal(record.redirect.domain.n, 14);
	/* Only what is evaluated counts: the sender is named by exp and x alone. */
	assert_int_equal(record.letters, SPF_LETTER('d') | SPF_LETTER('h'));
	assert_int_equal(parse_term(arena, "", &record, &fault), 0);
	assert_int_equal(record.n, 0);
	assert_false(record.has_redirect);
	arena_free(&arena);
}

static void
test_macros(void **state)
{
	static const struct {
		const char *text;
		size_t used;		/* 0: refused */
		char letter;
		bool escape, reverse;
		unsigned keep;
		size_t delimiters;
	} cases[] = {
		{ "%%", 2, '%', false, false, 0, 0 },
		{ "%_x", 2, '_', false, false, 0, 0 },
		{ "%-", 2, '-', false, false, 0, 0 },
		{ "%{d}x", 4, 'd', false, false, 0, 0 },
		{ "%{S12R.-+,/_=}", 14, 's', true, true, 12, 7 },
		{ "%{i99999999999999999999}", 24, 'i', false, false, 1000, 0 },
		{ "%", 0, 0, false, false, 0, 0 },
		{ "%{", 0, 0, false, false, 0, 0 },
		{ "%{d", 0, 0, false, false, 0, 0 },
		{ "%{}", 0, 0, false, false, 0, 0 },
		{ "%{d00}", 0, 0, false, false, 0, 0 },
		{ "%{d.r}", 0, 0, false, false, 0, 0 },
		{ "%x", 0, 0, false, false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice text = exact(cases[i].text);
		struct spf_macro macro;
		const char *end = spf_macro_read(text.p, text.p + text.n, &macro);

		assert_int_equal(end == NULL ? 0 : end - text.p, cases[i].used);
		if (end != NULL) {
			assert_int_equal(macro.letter, cases[i].letter);
			assert_int_equal(macro.escape, cases[i].escape);
			assert_int_equal(macro.reverse, cases[i].reverse);
			assert_in_range(macro.keep, cases[i].keep, cases[i].keep * 10);
			assert_int_equal(macro.delimiters.n, cases[i].delimiters);
		}
		exact_drop(text);
	}
}

static void
test_many_terms(void **state)
{
	struct arena *arena = arena_new();
	struct slice text = exact_repeat(" a", 32000, "");
	struct spf_record record;
	struct spf_fault fault;

	(void)state;
	memcpy((char *)(uintptr_t)text.p, "v=spf1", 6);
	assert_int_equal(spf_record_parse(arena, text, 31997, &record, &fault), 0);
	assert_int_equal(record.n, 31997);
	assert_int_equal(spf_record_parse(arena, text, 31996, &record, &fault), -1);
	assert_string_equal(fault.why, "it has too many terms");
	assert_int_equal(fault.term.n, 0);
	exact_drop(text);
	arena_free(&arena);
}

static void
test_faults(void **state)
{
	static const struct { const char *term, *why; } cases[] = {
		{ "moo", "there is no such mechanism" },
		{ "", "there is no such mechanism" },
		{ "ipv4:192.0.2.1", "there is no such mechanism" },
		{ "192.0.2.1", "an address needs" }, { "2001:db8::/32", "an address needs" },
		{ "+192.0.2.0/24", "there is no such" }, { "a:192.0.2.1", "an address stands" },
		{ "include:2001:db8::1", "an address stands" },
		{ "-all.", "nothing may follow" }, { "~all:x", "nothing may follow" },
		{ "include", "it needs a domain name" }, { "ip4:300.1.1.1", "it needs an IPv4" },
		{ "ip6:x", "it needs an IPv6" }, { "redirect:x.example", "it needs \"=\"" },
		{ "exp:x.example", "it needs \"=\"" }, { "mx/99", "prefix length" },
		{ "ptr:x", "at least one dot" }, { "exists:x", "it needs a domain name" },
		{ "a:50%.example", "\"%\" stands alone" },
		{ "-\xe2\x80\x93" "all", "printable ASCII" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice term = exact(cases[i].term);

		if (strstr(spf_fault_why(term), cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].term, spf_fault_why(term));
		exact_drop(term);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_modifiers),
		cmocka_unit_test(test_macros),
		cmocka_unit_test(test_many_terms),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
