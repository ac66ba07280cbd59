/* Sizes, line lengths and bytes that do not survive the way. */
#include "checked.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

#define FROM "From: a@example.com\n"

/* A field of n octets, with a blank each 50th octet and no fold. */
static void
add_field(const char *name, size_t n, bool folded)
{
	char *value = malloc(n);

	memset(value, 'a', n);
	for (size_t i = 50; i + 1 < n; i += 50) {
		value[i] = ' ';
		if (folded)
			value[i - 1] = '\n';
	}
	value[0] = ' ';
	headers_add(t.message->headers, slice_of(name), (struct slice){ value, n });
	free(value);
}

static void value_32k(void) { add_field("X-Large", 32768, true); }
static void value_32k_1(void) { add_field("X-Large", 32769, true); }
static void to_40k(void) { add_field("References", 40000, true); }
static void value_cut(void) { add_field("To", HEADER_VALUE_MAX + 1, true); }

static void
name_1k_1(void)
{
	char name[1026];

	memset(name, 'X', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	add_field(name, 10, false);
}

static void
section_500k(void)
{
	for (int i = 0; i < 20; i++)
		add_field("X-Part", 27000, true);
}

static void
section_490k(void)
{
	for (int i = 0; i < 18; i++)
		add_field("X-Part", 27000, true);
}

static void
section_over_ours(void)
{
	for (int i = 0; i < 40; i++)
		add_field("X-Part", 30000, true);
}

static void
fields(size_t n)
{
	while (headers_total(t.message->headers) < n)
		headers_add(t.message->headers, SLICE("X"), SLICE(" x"));
}

static void fields_5000(void) { fields(5000); }
static void fields_5001(void) { fields(5001); }
static void line_999(void) { add_field("X-Line", 999 - strlen("X-Line:"), false); }
static void line_998(void) { add_field("X-Line", 998 - strlen("X-Line:"), false); }

static void
body_line(size_t n)
{
	t.message->body.longest_line = n;
	t.message->body.longest_line_at = 7;
}

static void body_line_999(void) { body_line(999); }
static void body_line_998(void) { body_line(998); }
static void body_cr(void) { t.message->body.bare_cr = 2; }
static void body_lf(void) { t.message->body.bare_lf = 3; }
static void body_nul(void) { t.message->body.nul_bytes = 4; }

static void
header_cr(void)
{
	headers_add(t.message->headers, SLICE("X-Odd"), SLICE(" a\rb"));
}

static void
header_nul(void)
{
	headers_add(t.message->headers, SLICE("X-Odd"), SLICE(" a\0b"));
}

static void
declared(void)
{
	t.message->body.has_8bit = true;
	t.message->body.declared_8bit = "part 1 (text/plain)";
}

static void
undeclared(void)
{
	t.message->body.has_8bit = true;
	t.message->body.undeclared_8bit = "part 2 (text/html)";
}

static void
not_read(void)
{
	t.message->body.has_8bit = true;
	t.message->body.over_limit = true;
}

static void many_parts(void) { t.message->body.over_limit = true; }

static void
test_header_size(void **state)
{
	static const struct checked_row rows[] = {
		{ "value", NULL, value_32k_1, false, CHECK_HIT, 60, ACTION_NONE,
		    "Gmail's limits: the field X-Large has 32769 octets", "Shorten" },
		{ "name", NULL, name_1k_1, false, CHECK_HIT, 60, ACTION_NONE,
		    "has 1025 octets", NULL },
		{ "section", NULL, section_500k, false, CHECK_HIT, 60, ACTION_NONE,
		    "the header section has", NULL },
		{ "fields", NULL, fields_5001, false, CHECK_HIT, 60, ACTION_REJECT,
		    "there are 5001 fields", NULL },
		{ "section over ours", NULL, section_over_ours, false, CHECK_HIT, 60,
		    ACTION_REJECT, "the limits here", NULL },
		{ "value over ours", NULL, value_cut, false, CHECK_HIT, 60,
		    ACTION_REJECT, "longer than is read", NULL },
		{ "32 KB", NULL, value_32k, false, NOT(CHECK_OK) },
		{ "References may", NULL, to_40k, false, NOT(CHECK_OK) },
		{ "490 KB", NULL, section_490k, false, NOT(CHECK_OK) },
		{ "5000 fields", NULL, fields_5000, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
	};

	(void)state;
	CHECKED_TABLE("header-size", rows);
}

static void
test_line_long(void **state)
{
	static const struct checked_row rows[] = {
		{ "header", NULL, line_999, false, HIT(20),
		    "field X-Line has 999 octets", "fold the field X-Line" },
		{ "body", NULL, body_line_999, false, HIT(20),
		    "Line 7 of the body has 999", "force_mime_input_conversion" },
		{ "header 998", NULL, line_998, false, NOT(CHECK_OK) },
		{ "body 998", NULL, body_line_998, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not kept", NULL, line_999, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("line-long", rows);
}

static void
test_bytes(void **state)
{
	static const struct checked_row bare[] = {
		{ "CR in the body", NULL, body_cr, false, HIT(30), "2 CR and 0 LF",
		    "CRLF" },
		{ "LF in the body", NULL, body_lf, false, HIT(30), "0 CR and 3 LF",
		    NULL },
		{ "CR in a field", NULL, header_cr, false, HIT(30), "X-Odd", NULL },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "NUL is another matter", NULL, body_nul, false, NOT(CHECK_OK) },
		{ "not kept", NULL, header_cr, true, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row nul[] = {
		{ "body", NULL, body_nul, false, HIT(30), "4 NUL bytes", "base64" },
		{ "field", NULL, header_nul, false, HIT(30), "X-Odd", NULL },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "CR is another matter", NULL, body_cr, false, NOT(CHECK_OK) },
		{ "not kept", NULL, header_nul, true, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("bare-cr-lf", bare);
	CHECKED_TABLE("nul-byte", nul);
}

static void
test_8bit(void **state)
{
	static const struct checked_row rows[] = {
		{ "declared", NULL, declared, false, HIT(3), "part 1 (text/plain)",
		    "quoted-printable" },
		{ "undeclared", NULL, undeclared, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "many parts of 7 bits", NULL, many_parts, false, NOT(CHECK_OK) },
		{ "not read", NULL, not_read, false, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row without[] = {
		{ "undeclared", NULL, undeclared, false, HIT(20), "part 2 (text/html)",
		    "charset" },
		{ "declared", NULL, declared, false, NOT(CHECK_OK) },
		{ "good", NULL, NULL, false, NOT(CHECK_OK) },
		{ "not read", NULL, not_read, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	CHECKED_TABLE("body-8bit", rows);
	CHECKED_TABLE("body-8bit-undeclared", without);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_size),
		cmocka_unit_test(test_line_long),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_8bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
