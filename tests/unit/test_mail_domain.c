/*
 * Domain names: A-labels, syntax, kinship, scripts.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/domain.h"
#include "mail/script.h"

static const struct { const char *name, *ascii; } names[] = {
	{ "example.com", "example.com" },
	{ "EXAMPLE.Com", "example.com" },
	{ "example.com.", "example.com" },
	{ "localhost", "localhost" },
	{ "_dmarc.example.com", "_dmarc.example.com" },
	{ "1.example.com", "1.example.com" },
	{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
	{ "B\xc3\x9c" "CHER.example", "xn--bcher-kva.example" },
	{ "stra\xc3\x9f" "e.example", "xn--strae-oqa.example" },
	{ "b\xc3\xbc" "cher\xe3\x80\x82" "example", "xn--bcher-kva.example" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
	{ "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.example", "xn--80a1acny.example" },
	{ "", NULL }, { ".", NULL }, { "..", NULL }, { ".com", NULL },
	{ "example..com", NULL }, { "example.com..", NULL },
	{ "-example.com", NULL }, { "example-.com", NULL },
	{ "exa mple.com", NULL }, { "exa\tmple.com", NULL }, { "a/b.com", NULL },
	{ "[192.0.2.1]", NULL }, { "a@b.com", NULL }, { "a\\.com", NULL },
	{ "a\xef\xbc\xa0" "b.com", NULL },		/* U+FF20 becomes "@" */
	{ "\xc3.example", NULL }, { "\xff", NULL },
	{ "\xc3\xa4 b.example", NULL },
	{ "\xe2\x80\xae" "moc.example", NULL },
};

static void
test_to_ascii(void **state)
{
	struct arena *arena = arena_new();
	const char *ascii;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct slice name = exact(names[i].name);

		ascii = domain_to_ascii(arena, name);
		exact_drop(name);
		if (names[i].ascii == NULL) {
			if (ascii != NULL)
				fail_msg("%s: %s", names[i].name, ascii);
			continue;
		}
		assert_non_null(ascii);
		assert_string_equal(ascii, names[i].ascii);
	}
	assert_null(domain_to_ascii(arena, (struct slice){ "a\0b.com", 7 }));
	assert_null(domain_to_ascii(arena, (struct slice){ "\xc3\xa4\0b.com", 8 }));
	arena_free(&arena);
}

static void
test_limits(void **state)
{
	struct arena *arena = arena_new();
	struct slice label = exact_repeat("a", 63, ".com");
	struct slice name = exact_repeat("abcdefg.", 31, "abcde");
	struct slice big = exact_repeat("\xc3\xa4", 50000, "");

	(void)state;
	assert_non_null(domain_to_ascii(arena, label));
	exact_drop(label);
	label = exact_repeat("a", 64, ".com");
	assert_null(domain_to_ascii(arena, label));
	exact_drop(label);
	assert_int_equal(name.n, DOMAIN_MAX);
	assert_non_null(domain_to_ascii(arena, name));
	exact_drop(name);
	name = exact_repeat("abcdefg.", 31, "abcdef");
	assert_null(domain_to_ascii(arena, name));
	exact_drop(name);
	assert_null(domain_to_ascii(arena, big));
	big.n = 200;		/* a hundred letters: no label has room for them */
	assert_null(domain_to_ascii(arena, big));
	exact_drop(big);
	arena_free(&arena);
}

static void
test_to_utf8(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(domain_to_utf8(arena, "xn--bcher-kva.example"),
	    "b\xc3\xbc" "cher.example");
	assert_string_equal(domain_to_utf8(arena, "example.com"), "example.com");
	/* no A-label, though it looks like one */
	assert_string_equal(domain_to_utf8(arena, "xn--0.example"), "xn--0.example");
	assert_string_equal(domain_to_utf8(arena, ""), "");
	arena_free(&arena);
}

static const struct {
	const char *name;
	bool fqdn, queryable;
	size_t labels;
	const char *parent;
} syntax[] = {
	{ "example.com", true, true, 2, "com" },
	{ "a.b.example.com", true, true, 4, "b.example.com" },
	{ "com", false, true, 1, NULL },
	{ "", false, false, 0, NULL },
	{ "example.123", false, true, 2, "123" },
	{ "example.1a", true, true, 2, "1a" },
	{ "192.0.2.1", false, true, 4, "0.2.1" },
	{ "_dmarc.example.com", false, true, 3, "example.com" },
	{ "-a.example.com", false, true, 3, "example.com" },
	{ "example.com.", false, false, 3, "com." },
	{ "example..com", false, false, 3, ".com" },
	{ ".example", false, false, 2, "example" },
	{ "exa mple.com", false, false, 2, "com" },
	{ "a\\.com", false, false, 2, "com" },
	{ "a\x7f.com", false, false, 2, "com" },
	{ "\xc3\xa4.com", false, false, 2, "com" },
};

static void
test_syntax(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++) {
		assert_int_equal(domain_is_fqdn(syntax[i].name), syntax[i].fqdn);
		assert_int_equal(
		    domain_is_queryable(syntax[i].name), syntax[i].queryable);
		assert_int_equal(domain_labels(syntax[i].name), syntax[i].labels);
		if (syntax[i].parent == NULL)
			assert_null(domain_parent(syntax[i].name));
		else
			assert_string_equal(domain_parent(syntax[i].name),
			    syntax[i].parent);
	}
}

static void
test_queryable_limits(void **state)
{
	char name[DOMAIN_MAX + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t i = 63; i < sizeof(name); i += 64)
		name[i] = '.';
	name[DOMAIN_MAX + 1] = '\0';
	assert_false(domain_is_queryable(name));
	name[DOMAIN_MAX] = '\0';
	assert_true(domain_is_queryable(name));
	name[63] = 'a';
	assert_false(domain_is_queryable(name));
}

static void
test_under(void **state)
{
	(void)state;
	assert_true(domain_is_under("example.com", "example.com"));
	assert_true(domain_is_under("mail.example.com", "example.com"));
	assert_false(domain_is_under("badexample.com", "example.com"));
	assert_false(domain_is_under("com", "example.com"));
	assert_false(domain_is_under("example.com", "mail.example.com"));
	assert_false(domain_is_under("example.com", ""));
}

static void
test_literal(void **state)
{
	(void)state;
	assert_true(domain_is_literal(SLICE("[192.0.2.1]")));
	assert_true(domain_is_literal(SLICE("[IPv6:2001:db8::1]")));
	assert_true(domain_is_literal(SLICE("192.0.2.1")));
	assert_true(domain_is_literal(SLICE("2001:db8::1")));
	assert_true(domain_is_literal(SLICE("[anything]")));
	assert_false(domain_is_literal(SLICE("example.com")));
	assert_false(domain_is_literal(SLICE("[192.0.2.1")));
	assert_false(domain_is_literal(SLICE("[")));
	assert_false(domain_is_literal(SLICE("")));
}

static const struct { const char *name; bool mixed; } scripts[] = {
	{ "example.com", false },
	{ "b\xc3\xbc" "cher.example", false },
	/* Cyrillic alone; each label for itself */
	{ "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.example", false },
	/* Latin with one Cyrillic "a" */
	{ "p\xd0\xb0ypal.example", true },
	{ "mail.p\xd0\xb0ypal.example", true },
	/* Latin with Greek omicron */
	{ "g\xce\xbf" "ogle.example", true },
	/* Japanese, Chinese and Korean with Latin are fine */
	{ "abc\xe6\x97\xa5\xe6\x9c\xac\xe3\x81\xae\xe3\x82\xab.example", false },
	{ "abc\xed\x95\x9c\xe6\xbc\xa2.example", false },
	{ "abc\xe6\xbc\xa2\xe3\x84\x85.example", false },
	/* Hangul with Hiragana is not, nor Han with Cyrillic */
	{ "\xed\x95\x9c\xe3\x81\xae.example", true },
	{ "\xe6\x97\xa5\xd0\xb0.example", true },
	/* digits and hyphens go with all */
	{ "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0-24.example", false },
};

static void
test_scripts(void **state)
{
	struct arena *arena = arena_new();
	const char *ascii;

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		ascii = domain_to_ascii(arena, slice_of(scripts[i].name));
		assert_non_null(ascii);
		if (domain_mixes_scripts(arena, ascii) != scripts[i].mixed)
			fail_msg("%s", scripts[i].name);
	}
	assert_false(domain_mixes_scripts(arena, "xn--0.example"));
	arena_free(&arena);
}

static void
test_script_of(void **state)
{
	static const struct { unsigned codepoint; enum script script; } rows[] = {
		{ 0, SCRIPT_COMMON }, { '1', SCRIPT_COMMON }, { '@', SCRIPT_COMMON },
		{ 'A', SCRIPT_LATIN }, { 'Z', SCRIPT_LATIN }, { '[', SCRIPT_COMMON },
		{ 'z', SCRIPT_LATIN }, { 0xd7, SCRIPT_COMMON }, { 0xe4, SCRIPT_LATIN },
		{ 0x3b1, SCRIPT_GREEK }, { 0x430, SCRIPT_CYRILLIC },
		{ 0x561, SCRIPT_ARMENIAN }, { 0x5d0, SCRIPT_HEBREW },
		{ 0x627, SCRIPT_ARABIC }, { 0x905, SCRIPT_DEVANAGARI },
		{ 0xe01, SCRIPT_THAI }, { 0x10d0, SCRIPT_GEORGIAN },
		{ 0x3042, SCRIPT_HIRAGANA }, { 0x30ab, SCRIPT_KATAKANA },
		{ 0x30fc, SCRIPT_COMMON }, { 0x3105, SCRIPT_BOPOMOFO },
		{ 0x4e00, SCRIPT_HAN }, { 0xac00, SCRIPT_HANGUL },
		{ 0x20000, SCRIPT_HAN }, { 0x1f600, SCRIPT_COMMON },
		{ 0x10330, SCRIPT_OTHER }, { 0x10ffff, SCRIPT_COMMON },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(script_of(rows[i].codepoint), rows[i].script);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_ascii),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_to_utf8),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_queryable_limits),
		cmocka_unit_test(test_under),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_script_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
