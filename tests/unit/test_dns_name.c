/*
 * Names and record data: hostile bytes in, canonical text out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "dns/name.h"
#include "dns/rdata.h"

#define LABEL63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define NAME253 LABEL63 "." LABEL63 "." LABEL63 "." \
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"

/* An exact-length heap copy: a read past the end is seen. */
static struct slice
copy(const char *bytes, size_t n)
{
	char *p = malloc(n == 0 ? 1 : n);

	memcpy(p, bytes, n);
	return (struct slice){ p, n };
}

static void
test_canonical(void **state)
{
	static const struct {
		const char *name;
		const char *canonical;		/* NULL: not fit for DNS */
	} cases[] = {
		{ "example.com", "example.com" },
		{ "EXAMPLE.Com.", "example.com" },
		{ "", "" },
		{ ".", "" },
		{ "_dmarc.example.com", "_dmarc.example.com" },
		{ "a\\.b.example.com", "a\\.b.example.com" },
		{ "a\\046b.example.com", "a\\.b.example.com" },
		{ "\\065.example.com", "a.example.com" },
		{ "a\\\\b", "a\\\\b" },
		{ "a b", "a\\032b" },
		{ "a\\ b", "a\\032b" },
		{ "\xc3\xa4", "\\195\\164" },
		{ "a\\000b", "a\\000b" },
		{ "(x)@\"", "(x)@\"" },
		{ LABEL63, LABEL63 },
		{ LABEL63 "x", NULL },
		{ NAME253, NAME253 },
		{ NAME253 ".", NAME253 },
		{ NAME253 "x", NULL },
		{ "..", NULL },
		{ ".a", NULL },
		{ "a..b", NULL },
		{ "a..", NULL },
		{ "a\\", NULL },
		{ "a\\25", NULL },
		{ "a\\2x5", NULL },
		{ "a\\256", NULL },
		{ "a\tb", NULL },
		{ "a\nb", NULL },
		{ "a\x7f", NULL },
		{ "a\\\n", NULL },
	};
	char text[DNS_NAME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (dns_name_canonical(cases[i].name, text) != (cases[i].canonical != NULL))
			fail_msg("\"%s\"", cases[i].name);
		if (cases[i].canonical == NULL)
			continue;
		assert_string_equal(text, cases[i].canonical);
		/* Canonical text stays as it is. */
		assert_true(dns_name_canonical(cases[i].canonical, text));
		assert_string_equal(text, cases[i].canonical);
	}
	assert_string_equal(dns_name_parent("a\\.b.c.d"), "c.d");
	assert_string_equal(dns_name_parent("d"), "");
	assert_string_equal(dns_name_parent(""), "");
}

static void
test_from_wire(void **state)
{
	static const struct {
		const char *wire;
		size_t n;
		const char *name;		/* NULL: broken */
		size_t used;
	} cases[] = {
		{ "\7EXAMPLE\3com\0", 13, "example.com", 13 },
		{ "\7example\3com\0rest", 17, "example.com", 13 },
		{ "\0", 1, "", 1 },
		{ "\3a.b\1\\\0", 7, "a\\.b.\\\\", 7 },
		{ "\2\0\377\0", 4, "\\000\\255", 4 },
		{ "", 0, NULL, 0 },
		{ "\7exampl", 7, NULL, 0 },
		{ "\3com", 4, NULL, 0 },
		{ "\300\0", 2, NULL, 0 },
		{ "\3com\300\0", 6, NULL, 0 },
		{ "\100a", 2, NULL, 0 },
	};
	char text[DNS_NAME_TEXT_MAX], big[400];
	struct slice wire;
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wire = copy(cases[i].wire, cases[i].n);
		if (dns_name_from_wire((const unsigned char *)wire.p, wire.n, text, &used) !=
		    (cases[i].name != NULL))
			fail_msg("case %zu", i);
		if (cases[i].name != NULL) {
			assert_string_equal(text, cases[i].name);
			assert_int_equal(used, cases[i].used);
		}
		free((void *)wire.p);
	}
	/* 255 bytes of escapes fit; 256 are too many. */
	memset(big, 1, sizeof(big));
	for (size_t at = 0; at < 254; at += 2)
		big[at + 1] = '\377';
	big[254] = 0;
	assert_true(dns_name_from_wire((unsigned char *)big, 255, text, &used));
	assert_int_equal(used, 255);
	assert_int_equal(strlen(text), 127 * 5 - 1);
	big[252] = 2;
	big[255] = 0;
	assert_false(dns_name_from_wire((unsigned char *)big, 256, text, &used));
}

static void
test_rdata(void **state)
{
	static const struct {
		enum dns_type type;
		const char *rdata;
		size_t n;
		bool fits;
	} cases[] = {
		{ DNS_A, "\300\0\2\1", 4, true },
		{ DNS_A, "\300\0\2", 3, false },
		{ DNS_A, "\300\0\2\1\1", 5, false },
		{ DNS_A, "", 0, false },
		{ DNS_AAAA, "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1", 16, true },
		{ DNS_AAAA, "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0", 15, false },
		{ DNS_MX, "\0\12\2MX\0", 6, true },
		{ DNS_MX, "\0\0\0", 3, true },
		{ DNS_MX, "\0\12", 2, false },
		{ DNS_MX, "\0", 1, false },
		{ DNS_MX, "\0\12\2mx", 5, false },
		{ DNS_MX, "\0\12\2mx\0x", 7, false },
		{ DNS_MX, "\0\12\300\14", 4, false },
		{ DNS_PTR, "\4host\0", 6, true },
		{ DNS_PTR, "\4host\0\0", 7, false },
		{ DNS_PTR, "\4hos", 4, false },
		{ DNS_SOA, "\2ns\0\1h\0aaaabbbbccccddddeeee", 27, true },
		{ DNS_SOA, "\2ns\0\1h\0aaaabbbbccccddddeee", 26, false },
		{ DNS_SOA, "\2ns\0", 4, false },
		{ DNS_TXT, "\2hi\0\1!", 6, true },
		{ DNS_TXT, "\0", 1, true },
		{ DNS_TXT, "\3hi", 3, false },
		{ DNS_TXT, "\2hi\377!", 5, false },
		{ DNS_TXT, "", 0, false },
	};
	struct arena *arena = arena_new();
	struct slice rdata;
	struct dns_rr rr;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rdata = copy(cases[i].rdata, cases[i].n);
		if (dns_rdata_parse(arena, cases[i].type, rdata, &rr) != cases[i].fits)
			fail_msg("case %zu", i);
		free((void *)rdata.p);
	}
	assert_true(dns_rdata_parse(arena, DNS_MX, (struct slice){ "\1\2\2MX\0", 6 }, &rr));
	assert_int_equal(rr.preference, 258);
	assert_string_equal(rr.name, "mx");
	assert_true(dns_rdata_parse(arena, DNS_TXT, (struct slice){ "\2hi\0\1!", 6 }, &rr));
	assert_true(slice_is(rr.text, "hi!"));
	assert_int_equal(rr.n_strings, 3);
	assert_true(dns_rdata_parse(arena, DNS_SOA,
	    (struct slice){ "\2NS\0\1h\0aaaabbbbccccddddeeee", 27 }, &rr));
	assert_string_equal(rr.name, "ns");
	/* ::ffff:192.0.2.1 is an IPv4 address everywhere. */
	assert_true(dns_rdata_parse(arena, DNS_AAAA,
	    (struct slice){ "\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1", 16 }, &rr));
	assert_string_equal(ip_text(arena, &rr.ip), "192.0.2.1");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_from_wire),
		cmocka_unit_test(test_rdata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
