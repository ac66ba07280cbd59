/*
 * Quoted-printable and base64, written from octets and mended from what is
 * encoded already.
 */
#include "exact.h"

#include "base/arena.h"
#include "base/spool.h"
#include "mail/encoder.h"
#include "mended.h"

#define X25 "xxxxxxxxxxxxxxxxxxxxxxxxx"
#define X75 X25 X25 X25
#define A57 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A57_BASE64 "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"

static const struct row {
	const char *in;
	size_t n;			/* 0: its length */
	const char *out;		/* NULL: cannot be mended */
	bool is_last;
} qp_rows[] = {
	{ "", 0, "", true },
	{ "plain\r\n", 0, "plain\r\n", true },
	{ "plain", 0, "plain", false },
	{ "plain", 0, "plain=\r\n", true },
	{ "a=b\r\n", 0, "a=3Db\r\n", true },
	{ "Gr\xc3\xbc\xc3\x9f" "e\r\n", 0, "Gr=C3=BC=C3=9Fe\r\n", true },
	{ "a \r\nb\t\r\n", 0, "a=20\r\nb=09\r\n", true },
	{ "a  \r\n", 0, "a =20\r\n", true },
	{ "a ", 0, "a=20", false },
	{ " a\tb c\r\n", 0, " a\tb c\r\n", true },
	{ "a\rb\r\n", 0, "a=0Db\r\n", true },
	{ "a\r\r\n", 0, "a=0D\r\n", true },
	{ "a \rb", 0, "a =0Db", false },
	{ "a\r", 0, "a=0D", false },
	{ "a\nb\r\n", 0, "a=0Ab\r\n", true },
	{ "a\0b\x01\x7f\r\n", 7, "a=00b=01=7F\r\n", true },
	{ ".\r\n..\r\na.\r\n", 0, "=2E\r\n=2E.\r\na.\r\n", true },
	{ "--b\r\n-- \r\n- a\r\n", 0, "-=2Db\r\n-=2D=20\r\n- a\r\n", true },
	{ "From here\r\nFrom\r\nfrom x\r\nFro m\r\n", 0,
	    "From=20here\r\nFrom\r\nfrom x\r\nFro m\r\n", true },
	{ X75 "\r\n", 0, X75 "\r\n", true },
	{ X75 "y\r\n", 0, X75 "=\r\ny\r\n", true },
	{ X25 X25 "xxxxxxxxxxxxxxxxxxxxxxx=y\r\n", 0,
	    X25 X25 "xxxxxxxxxxxxxxxxxxxxxxx=\r\n=3Dy\r\n", true },
	{ X75 "--b\r\n", 0, X75 "=\r\n-=2Db\r\n", true },
	{ X75 ".\r\n", 0, X75 "=\r\n=2E\r\n", true },
}, base64_rows[] = {
	{ "", 0, "", true },
	{ "a", 0, "YQ==\r\n", true },
	{ "ab", 0, "YWI=\r\n", true },
	{ "abc", 0, "YWJj\r\n", true },
	{ "abc", 0, "YWJj", false },
	{ "\0\xff\r\n", 4, "AP8NCg==\r\n", true },
	{ A57, 0, A57_BASE64 "\r\n", true },
	{ A57 "b", 0, A57_BASE64 "\r\nYg==\r\n", true },
	{ A57 "b", 0, A57_BASE64 "\r\nYg==", false },
}, qp_mend_rows[] = {
	{ "", 0, "", true },
	{ "Gr=C3=bc\xc3\x9f" "e =\r\nx \r\n", 0, "Gr=C3=bc=C3=9Fe =\r\nx \r\n", true },
	{ "a\rb\0c\nd\r\n", 9, "a=0Db=00c=0Ad\r\n", true },
	{ "a=\nb\r\n", 0, "a=\r\nb\r\n", true },
	{ "a=\r\r\n", 0, NULL, true },
	{ "a= \t\r\nb", 0, "a= \t\r\nb", false },
	{ "a=", 0, "a=", false },
	{ "a=", 0, "a=\r\n", true },
	{ "a", 0, "a=\r\n", true },
	{ "a= ", 0, "a= ", false },
	{ "a= ", 0, "a= \r\n", true },
	{ X75 "=41\r\n", 0, X75 "=\r\n=41\r\n", true },
	{ X75 "\r\n", 0, X75 "\r\n", true },
	{ X75 "y", 0, X75 "=\r\ny", false },
	{ "From x\r\n", 0, "From x\r\n", true },
	{ "a=b\r\n", 0, NULL, true },
	{ "a=4", 0, NULL, true },
	{ "a=4\xc3\r\n", 0, NULL, true },
	{ "a==41\r\n", 0, NULL, true },
	{ "a=\rb\r\n", 0, NULL, true },
	{ "a= b\r\n", 0, NULL, true },
}, base64_mend_rows[] = {
	{ "", 0, "", true },
	{ "YW Jj\r\nYQ==\r\n", 0, "YWJjYQ==\r\n", true },
	{ "YWJj\0\rYQ=\t=", 12, "YWJjYQ==", false },
	{ A57_BASE64 "Yg==", 0, A57_BASE64 "\r\nYg==\r\n", true },
	{ "YW-Jj\r\n", 0, NULL, true },
	{ "YW\xc3\xbc\r\n", 0, NULL, true },
}, outside_rows[] = {
	{ "", 0, "", true },
	{ "plain\r\n", 0, "plain\r\n", true },
	{ "\xc3\xbc\0a\rb\nc\r\n", 9, "??a b\r\nc\r\n", true },
	{ "--b\0\r\n", 6, " --b\r\n", true },
	{ "end", 0, "end\r\n", true },
};

static void
encode(const struct row *row, size_t piece, enum encoder_form form)
{
	struct slice in = exact_bytes(row->in, row->n > 0 ? row->n : strlen(row->in));
	struct arena *arena = arena_new();
	struct spool *spool = spool_new(arena, 1 << 20);
	struct encoder *encoder = arena_alloc(arena, sizeof(*encoder));
	struct slice out;
	int status;

	encoder_init(encoder, form, spool);
	for (size_t i = 0; i < in.n; i += piece)
		encoder_add(encoder, in.p + i, slice_sub(in, i, piece).n);
	status = encoder_finish(encoder, row->is_last);
	out = mended_octets(arena, spool);
	if (row->out == NULL) {
		if (status == 0)
			fail_msg("\"%s\" was mended", row->in);
	} else if (status != 0 || !slice_eq(out, slice_of(row->out))) {
		fail_msg("\"%s\": %d, \"%.*s\", expected \"%s\"", row->in, status,
		    (int)out.n, out.p, row->out);
	}
	exact_drop(in);
	arena_free(&arena);
}

/* In one piece, and octet by octet. */
#define RUN(rows, form) do { \
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) { \
		encode(&rows[i], 1000, form); \
		encode(&rows[i], 1, form); \
	} \
} while (0)

static void
test_quoted_printable(void **state)
{
	(void)state;
	RUN(qp_rows, ENCODER_QP);
}

static void
test_base64(void **state)
{
	(void)state;
	RUN(base64_rows, ENCODER_BASE64);
}

static void
test_mended(void **state)
{
	(void)state;
	RUN(qp_mend_rows, ENCODER_QP_MEND);
	RUN(base64_mend_rows, ENCODER_BASE64_MEND);
}

static void
test_outside(void **state)
{
	(void)state;
	RUN(outside_rows, ENCODER_OUTSIDE);
}

/* Each octet after each other, and long lines: what is decoded is what was. */
static void
test_all_octets(void **state)
{
	struct arena *arena = arena_new();
	struct encoder *encoder = arena_alloc(arena, sizeof(*encoder));
	char pairs[2 * 65536];
	const enum encoder_form forms[] = { ENCODER_QP, ENCODER_BASE64 };

	(void)state;
	for (size_t i = 0; i < 65536; i++) {
		pairs[2 * i] = (char)(i >> 8);
		pairs[2 * i + 1] = (char)i;
	}
	for (size_t i = 0; i < 2; i++) {
		struct spool *spool = spool_new(arena, 1 << 20);
		struct slice out;

		encoder_init(encoder, forms[i], spool);
		encoder_add(encoder, pairs, sizeof(pairs));
		assert_int_equal(encoder_finish(encoder, true), 0);
		out = mended_octets(arena, spool);
		assert_null(mended_odd(out));
		out = mended_decode(arena, out, i == 0 ? CTE_QUOTED_PRINTABLE : CTE_BASE64);
		assert_int_equal(out.n, sizeof(pairs));
		assert_memory_equal(out.p, pairs, sizeof(pairs));
	}
	arena_free(&arena);
}

/* 10,000 blanks, 10,000 octets without one. */
static void
test_long_outside(void **state)
{
	const char *units[] = { " ", "x", "-", "x " };
	struct arena *arena = arena_new();
	struct encoder *encoder = arena_alloc(arena, sizeof(*encoder));

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct spool *spool = spool_new(arena, 1 << 20);
		struct slice in = exact_repeat(units[i], 10000, "\r\n");

		encoder_init(encoder, ENCODER_OUTSIDE, spool);
		encoder_add(encoder, in.p, in.n);
		assert_int_equal(encoder_finish(encoder, true), 0);
		assert_null(mended_odd(mended_octets(arena, spool)));
		exact_drop(in);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_mended),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_all_octets),
		cmocka_unit_test(test_long_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
