/*
 * The body's lines and parts, cut into chunks in every way.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/body.h"
#include "mail/header.h"
#include "mail/part.h"

static struct body_facts
read_body(struct arena *arena, const char *type, const char *encoding,
    struct slice bytes, size_t chunk)
{
	struct headers *headers = headers_new(arena);
	struct body_facts facts;
	struct body *body;

	if (type != NULL)
		headers_add(headers, SLICE("Content-Type"), slice_of(type));
	if (encoding != NULL)
		headers_add(headers, SLICE("Content-Transfer-Encoding"),
		    slice_of(encoding));
	body = body_new(arena, headers);
	for (size_t i = 0; i < bytes.n; i += chunk) {
		struct slice part = slice_sub(bytes, i, chunk);
		struct slice copy = exact_bytes(part.p, part.n);

		body_add(body, copy.p, copy.n);
		body_add(body, "", 0);
		exact_drop(copy);
	}
	body_finish(body, &facts);
	return facts;
}

static void
assert_label(const char *label, const char *expected)
{
	if (expected == NULL)
		assert_null(label);
	else
		assert_string_equal(label, expected);
}

/* ---- lines ---- */

struct line_row {
	const char *bytes;
	size_t n;
	uint64_t lines;
	size_t longest;
	uint64_t longest_at, nul, cr, lf;
	bool has_8bit, crlf;
};

#define ROW(bytes, ...) { bytes, sizeof(bytes) - 1, __VA_ARGS__ }
static const struct line_row line_rows[] = {
	ROW("", 0, 0, 0, 0, 0, 0, false, true),
	ROW("\r\n", 1, 0, 0, 0, 0, 0, false, true),
	ROW("a", 1, 1, 1, 0, 0, 0, false, false),
	ROW("abc\r\n", 1, 3, 1, 0, 0, 0, false, true),
	ROW("a\r\nbcd\r\nefg\r\n", 3, 3, 2, 0, 0, 0, false, true),
	ROW("abc\r\n\r\n", 2, 3, 1, 0, 0, 0, false, true),
	ROW("abc\n", 1, 3, 1, 0, 0, 1, false, false),
	ROW("\n\n", 2, 0, 0, 0, 0, 2, false, false),
	ROW("a\rb\r\n", 1, 3, 1, 0, 1, 0, false, true),
	ROW("a\r", 1, 2, 1, 0, 1, 0, false, false),
	ROW("\r", 1, 1, 1, 0, 1, 0, false, false),
	ROW("a\r\r\n", 1, 2, 1, 0, 1, 0, false, true),
	ROW("\r\r\r\n\r\n", 2, 2, 1, 0, 2, 0, false, true),
	ROW("\n\r", 2, 1, 2, 0, 1, 1, false, false),
	ROW("a\0b\r\n\0", 2, 3, 1, 2, 0, 0, false, false),
	ROW("\xc3\xa4\r\n", 1, 2, 1, 0, 0, 0, true, true),
	ROW("abcdefghijklmnopqrstuvwxyz\xff", 1, 27, 1, 0, 0, 0, true, false),
	ROW("a\r\nb\nc\r\n", 3, 1, 1, 0, 0, 1, false, true),
};
#undef ROW

static void
test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(line_rows) / sizeof(line_rows[0]); i++) {
		const struct line_row *row = &line_rows[i];

		for (size_t chunk = 1; chunk <= row->n + 1; chunk++) {
			struct arena *arena = arena_new();
			struct body_facts facts = read_body(arena, NULL, NULL,
			    (struct slice){ row->bytes, row->n }, chunk);

			if (facts.lines != row->lines ||
			    facts.longest_line != row->longest ||
			    facts.longest_line_at != row->longest_at ||
			    facts.nul_bytes != row->nul || facts.bare_cr != row->cr ||
			    facts.bare_lf != row->lf)
				fail_msg("row %zu, chunks of %zu", i, chunk);
			assert_int_equal(facts.has_8bit, row->has_8bit);
			assert_int_equal(facts.ends_in_crlf, row->crlf);
			assert_int_equal(facts.size, row->n);
			assert_int_equal(facts.parts, 1);
			assert_int_equal(facts.levels, 1);
			arena_free(&arena);
		}
	}
}

/* ---- parts ---- */

#define PART(header, content) "--b\r\n" header "\r\n" content "\r\n"
#define HTML "Content-Type: text/html\r\n"
#define CTE(word) "Content-Transfer-Encoding: " word "\r\n"

struct part_row {
	const char *name, *type, *encoding, *bytes;
	size_t parts, levels;
	bool mime, filename, over;
	const char *undeclared, *declared, *unknown;
};

static const struct part_row part_rows[] = {
	{ "plain", NULL, NULL, "hello\r\n", 1, 1, false, false, false, NULL, NULL,
	    NULL },
	{ "8-bit, nothing said", NULL, NULL, "h\xc3\xa4\r\n", 1, 1, false, false, false,
	    "part 1 (text/plain)", NULL, NULL },
	{ "8-bit, 7bit said", " Text/HTML; charset=utf-8", " 7bit", "h\xc3\xa4\r\n", 1,
	    1, false, false, false, "part 1 (text/html)", NULL, NULL },
	{ "8-bit said", "text/plain", "8bit", "h\xc3\xa4\r\n", 1, 1, false, false,
	    false, NULL, "part 1 (text/plain)", NULL },
	{ "8bit said, none there", "text/plain", "8bit", "ha\r\n", 1, 1, false, false,
	    false, NULL, NULL, NULL },
	{ "8-bit in base64", "text/plain", "base64", "h\xc3\xa4\r\n", 1, 1, false,
	    false, false, "part 1 (text/plain)", NULL, NULL },
	{ "unknown encoding", "text/plain", "x-mine", "h\xc3\xa4\r\n", 1, 1, false,
	    false, false, NULL, NULL, "part 1 (text/plain)" },
	{ "no boundary named", "multipart/mixed", NULL, "--b\r\n\r\nx\r\n", 1, 1, false,
	    false, false, NULL, NULL, NULL },
	{ "boundary never opened", "multipart/mixed; boundary=b", NULL, "h\xc3\xa4\r\n",
	    0, 1, false, false, false, NULL, NULL, NULL },
	{ "two parts", "multipart/alternative; boundary=\"b\"", NULL,
	    "preamble \xc3\xa4\r\n" PART("", "a")
		PART(HTML CTE("8bit"), "\xc3\xa4") "--b--\r\nepilogue \xc3\xa4\r\n",
	    2, 2, true, false, false, NULL, "part 2 (text/html)", NULL },
	{ "first of each kind", "multipart/mixed; boundary=b", NULL,
	    PART(HTML, "a") PART(HTML, "\xc3\xa4") PART("", "\xc3\xa4")
		PART(CTE("8bit") "Content-Type: a/b\r\n", "\xc3\xa4")
		    PART(CTE("zip"), "") "--b--",
	    5, 2, true, false, false, "part 2 (text/html)", "part 4 (a/b)",
	    "part 5 (text/plain)" },
	{ "8-bit in part header only", "multipart/mixed; boundary=b", NULL,
	    PART("X: \xc3\xa4\r\n", "a") "--b--\r\n", 1, 2, true, false, false, NULL,
	    NULL, NULL },
	{ "never closed", "multipart/mixed; boundary=b", NULL, PART("", "\xc3\xa4"), 1,
	    2, true, false, false, "part 1 (text/plain)", NULL, NULL },
	{ "header never ended", "multipart/mixed; boundary=b", NULL, "--b\r\n" HTML, 1,
	    2, true, false, false, NULL, NULL, NULL },
	{ "empty parts", "multipart/mixed; boundary=b", NULL,
	    "--b\r\n--b\r\n\r\n--b--\r\n", 2, 2, true, false, false, NULL, NULL, NULL },
	{ "blanks after a boundary", "multipart/mixed; boundary=b", NULL,
	    "--b \t\r\n\r\na\r\n--b-- \r\n", 1, 2, true, false, false, NULL, NULL,
	    NULL },
	{ "bare LF", "multipart/mixed; boundary=b", NULL,
	    "--b\n"
	    "Content-Type: text/html\n\n\xc3\xa4\n--b--\n",
	    1, 2, true, false, false, "part 1 (text/html)", NULL, NULL },
	{ "longer than the boundary", "multipart/mixed; boundary=b", NULL,
	    "--b\r\n\r\n--bc\r\n--b c\r\n--\r\n-b\r\n--b--\r\n", 1, 2, true, false,
	    false, NULL, NULL, NULL },
	{ "boundary that ends in --", "multipart/mixed; boundary=\"b--\"", NULL,
	    "--b--\r\n\r\na\r\n--b--\r\n\r\nb\r\n--b----\r\n", 2, 2, true, false, false,
	    NULL, NULL, NULL },
	{ "folded and odd case", "multipart/mixed;\r\n BOUNDARY=b", NULL,
	    PART("content-TYPE:\r\n\ttext/html;\r\n charset=x\r\n",
		"\xc3\xa4") "--b--\r\n",
	    1, 2, true, false, false, "part 1 (text/html)", NULL, NULL },
	{ "first field counts", "multipart/mixed; boundary=b", NULL,
	    PART(HTML "Content-Type: a/b\r\n", "\xc3\xa4") "--b--\r\n", 1, 2, true,
	    false, false, "part 1 (text/html)", NULL, NULL },
	{ "nested", "multipart/mixed; boundary=b", NULL,
	    "--b\r\nContent-Type: multipart/related; boundary=c\r\n\r\n"
	    "--c\r\n\r\na\r\n--c\r\n" HTML "\r\n\xc3\xa4\r\n--c--\r\n"
	    "between \xc3\xa4\r\n--b\r\n\r\nb\r\n--b--\r\n",
	    3, 3, true, false, false, "part 2 (text/html)", NULL, NULL },
	{ "inner never closed", "multipart/mixed; boundary=b", NULL,
	    "--b\r\nContent-Type: multipart/related; boundary=c\r\n\r\n"
	    "--c\r\n\r\na\r\n--b\r\n\r\nb\r\n--c\r\n\r\nc\r\n--b--\r\n",
	    2, 3, true, false, false, NULL, NULL, NULL },
	{ "message inside", "multipart/mixed; boundary=b", NULL,
	    PART("Content-Type: message/rfc822\r\n",
		"Subject: x\r\n" HTML "\r\n\xc3\xa4") "--b--\r\n",
	    1, 3, true, false, false, "part 1 (text/html)", NULL, NULL },
	{ "message inside, encoded", "multipart/mixed; boundary=b", NULL,
	    PART("Content-Type: message/rfc822\r\n" CTE("base64"), "U3Vi") "--b--\r\n",
	    1, 2, true, false, false, NULL, NULL, NULL },
	{ "message without body", "multipart/mixed; boundary=b", NULL,
	    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n--b--\r\n", 1, 3,
	    true, false, false, NULL, NULL, NULL },
	{ "digest", "multipart/digest; boundary=b", NULL,
	    PART("", "Subject: x\r\n" HTML "\r\n\xc3\xa4") "--b--\r\n", 1, 3, true,
	    false, false, "part 1 (text/html)", NULL, NULL },
	{ "encoded name", "multipart/mixed; boundary=b", NULL,
	    PART("Content-Type: a/b; name=\"=?utf-8?q?a?=\"\r\n", "") "--b--\r\n", 1, 2,
	    true, true, false, NULL, NULL, NULL },
	{ "encoded filename", "multipart/mixed; boundary=b", NULL,
	    PART("Content-Disposition: attachment; filename==?utf-8?q?a?=\r\n",
		"") "--b--\r\n",
	    1, 2, true, true, false, NULL, NULL, NULL },
	{ "encoded word elsewhere", "multipart/mixed; boundary=b", NULL,
	    PART("Content-Type: a/b; x=\"=?utf-8?q?a?=\"\r\n", "") "--b--\r\n", 1, 2,
	    true, false, false, NULL, NULL, NULL },
	{ "odd bytes in a type", "a\x01/\xc3\xa4", NULL, "\xc3\xa4", 1, 1, false, false,
	    false, "part 1 (text/plain)", NULL, NULL },
	{ "8-bit in a type", "a/\xc3\xa4", NULL, "\xc3\xa4", 1, 1, false, false, false,
	    "part 1 (a/?"
	    "?)",
	    NULL, NULL },
};

static void
check_parts(const struct part_row *row, const struct body_facts *facts)
{
	if (facts->parts != row->parts || facts->levels != row->levels ||
	    facts->has_mime_parts != row->mime ||
	    facts->encoded_filename != row->filename || facts->over_limit != row->over)
		fail_msg("%s: %zu parts, %zu levels", row->name, facts->parts,
		    facts->levels);
	assert_label(facts->undeclared_8bit, row->undeclared);
	assert_label(facts->declared_8bit, row->declared);
	assert_label(facts->unknown_encoding, row->unknown);
}

static void
test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(part_rows) / sizeof(part_rows[0]); i++) {
		struct slice bytes = slice_of(part_rows[i].bytes);

		for (size_t chunk = 1; chunk <= bytes.n; chunk++) {
			struct arena *arena = arena_new();
			struct body_facts facts = read_body(arena, part_rows[i].type,
			    part_rows[i].encoding, bytes, chunk);

			check_parts(&part_rows[i], &facts);
			arena_free(&arena);
		}
	}
}

/* ---- limits ---- */

static const struct {
	const char *name, *type, *unit, *end;
	size_t n, parts, levels;
	bool over;
} limits[] = {
	{ "a million parts", "multipart/mixed; boundary=b", "--b\r\n\r\n\r\n", "--b--",
	    1000000, 1000000, 2, true },
	{ "a thousand parts", "multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n", "",
	    PART_ENTITIES_MAX - 1, PART_ENTITIES_MAX - 1, 2, false },
	{ "multiparts in one level", "multipart/mixed; boundary=b",
	    "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n", "", 100000,
	    100000 - PART_ENTITIES_MAX + 1, 2, true },
	{ "messages in messages", "message/rfc822",
	    "Content-Type: message/rfc822\r\n\r\n", "x", 100000, 1, PART_LEVELS_MAX + 2,
	    true },
	{ "as many levels as may be", "message/rfc822",
	    "Content-Type: message/rfc822\r\n\r\n", "\r\nx", PART_LEVELS_MAX - 1, 1,
	    PART_LEVELS_MAX + 1, false },
	{ "one boundary for all levels", "multipart/mixed; boundary=b",
	    "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", "", 100000,
	    100000 - PART_LEVELS_MAX + 1, PART_LEVELS_MAX + 2, true },
	{ "no line ends", "multipart/mixed; boundary=b", "--b", "", 1000000, 0, 1,
	    false },
	{ "dashes", "multipart/mixed; boundary=b", "--\r\n", "", 1000000, 0, 1, false },
	{ "CR only", NULL, "\r", "", 5000000, 1, 1, false },
	{ "a header that never ends", "multipart/mixed; boundary=b", "--b\r\nX: y\r\n",
	    "", 1, 1, 2, false },
};

static void
test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct slice bytes =
		    exact_repeat(limits[i].unit, limits[i].n, limits[i].end);
		struct arena *arena = arena_new();
		struct body_facts facts =
		    read_body(arena, limits[i].type, NULL, bytes, 65535);

		exact_drop(bytes);
		if (facts.parts != limits[i].parts ||
		    facts.levels != limits[i].levels ||
		    facts.over_limit != limits[i].over)
			fail_msg("%s: %zu parts, %zu levels", limits[i].name,
			    facts.parts, facts.levels);
		assert_true(arena_size(arena) < 4 * 1024 * 1024);
		arena_free(&arena);
	}
}

static void
test_long_header(void **state)
{
	struct arena *arena = arena_new();
	struct slice lines =
	    exact_repeat("X-Filler: 4567890123456789012345678901234\r\n", 1000,
		HTML "\r\n\xc3\xa4\r\n--b--\r\n");
	struct slice bytes = exact_repeat("--b\r\n", 1, "");
	struct headers *headers = headers_new(arena);
	struct body_facts facts;
	struct body *body;

	(void)state;
	headers_add(
	    headers, SLICE("Content-Type"), SLICE("multipart/mixed; boundary=b"));
	body = body_new(arena, headers);
	body_add(body, bytes.p, bytes.n);
	body_add(body, lines.p, lines.n);
	body_finish(body, &facts);
	/* What came after the limit was not read. */
	assert_true(facts.over_limit);
	assert_string_equal(facts.undeclared_8bit, "part 1 (text/plain)");
	assert_int_equal(facts.parts, 1);
	exact_drop(lines);
	exact_drop(bytes);
	arena_free(&arena);
}

/* The longest boundary that is found, and one more. */
static void
test_long_boundary(void **state)
{
	(void)state;
	for (size_t n = PART_BOUNDARY_MAX; n <= PART_BOUNDARY_MAX + 1; n++) {
		struct slice boundary = exact_repeat("x", n, "");
		struct arena *arena = arena_new();
		char type[400], body[800];
		struct body_facts facts;

		snprintf(type, sizeof(type), "multipart/mixed; boundary=%.*s", (int)n,
		    boundary.p);
		snprintf(body, sizeof(body), "--%.*s\r\n\r\na\r\n--%.*s--\r\n", (int)n,
		    boundary.p, (int)n, boundary.p);
		facts = read_body(arena, type, NULL, slice_of(body), 100);
		assert_int_equal(facts.has_mime_parts, n == PART_BOUNDARY_MAX);
		exact_drop(boundary);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_header),
		cmocka_unit_test(test_long_boundary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
