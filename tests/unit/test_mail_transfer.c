/*
 * Base64 and quoted-printable looked through, octet by octet and at once.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/decode.h"
#include "mail/transfer.h"

static const struct {
	enum transfer_encoding encoding;
	const char *bytes;
	uint64_t size;
	bool bad;
	unsigned missing;
} rows[] = {
	{ CTE_BASE64, "", 0, false, 0 },
	{ CTE_BASE64, "\r\n", 0, false, 0 },
	{ CTE_BASE64, "QUJD", 3, false, 0 },
	{ CTE_BASE64, "QUI=", 2, false, 0 },
	{ CTE_BASE64, "QQ==", 1, false, 0 },
	{ CTE_BASE64, "QQ=\r\n=\r\n", 1, false, 0 },
	{ CTE_BASE64, "Q U\tJ\r\nD", 3, false, 0 },
	{ CTE_BASE64, "QUI", 2, true, 1 },
	{ CTE_BASE64, "QQ", 1, true, 2 },
	{ CTE_BASE64, "QQ=", 1, true, 1 },
	{ CTE_BASE64, "Q", 0, true, 0 },
	{ CTE_BASE64, "Q===", 0, true, 0 },
	{ CTE_BASE64, "QQ==QQ==", 3, true, 0 },
	{ CTE_BASE64, "QUJD====", 3, true, 0 },
	{ CTE_BASE64, "QU-_QUJD", 4, true, 2 },
	{ CTE_BASE64, "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD.", 24, true, 0 },
	{ CTE_BASE64, "@[`{/:QUJD", 3, true, 0 },
	{ CTE_BASE64, "QUJDQUJDQUJDQUJDQUJDQUJDQUJD\r\nQUJDQUJDQUJDQUJDQUJD\r\nQUI=\r\n",
	    38, false, 0 },
	{ CTE_BASE64, "QUJDQUJDQUJDQUJD\x80UJDQUJDQUJDQUJD", 23, true, 1 },
	{ CTE_QUOTED_PRINTABLE, "a=3Db=\r\nc=\n", 4, false, 0 },
	{ CTE_QUOTED_PRINTABLE, "a=", 1, false, 0 },
	{ CTE_QUOTED_PRINTABLE, "a=3", 1, true, 0 },
	{ CTE_QUOTED_PRINTABLE, "a= \t\r\nb", 2, false, 0 },
	{ CTE_QUOTED_PRINTABLE, "a= b", 3, true, 0 },
	{ CTE_QUOTED_PRINTABLE, "<a href=x>", 10, true, 0 },
	{ CTE_QUOTED_PRINTABLE, "=ZZ", 3, true, 0 },
	{ CTE_8BIT, "=ZZ", 3, false, 0 },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice bytes = exact(rows[i].bytes);

		for (size_t step = 1; step <= bytes.n + 1; step++) {
			struct transfer transfer;
			uint64_t size;
			bool bad;

			transfer_begin(&transfer, rows[i].encoding);
			for (size_t at = 0; at < bytes.n; at += step)
				transfer_add(&transfer, bytes.p + at,
				    slice_sub(bytes, at, step).n);
			if (transfer_missing(&transfer) != rows[i].missing)
				fail_msg("%s: %u missing", rows[i].bytes,
				    transfer_missing(&transfer));
			size = transfer_finish(&transfer, &bad);
			if (size != rows[i].size || bad != rows[i].bad)
				fail_msg("%s: %u octets, bad %d", rows[i].bytes,
				    (unsigned)size, bad);
		}
		exact_drop(bytes);
	}
}

/* Every octet at every place of a vector. */
static void
test_alphabet(void **state)
{
	const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789+/\r\n\t ";
	char bytes[64];
	bool bad;

	(void)state;
	for (int octet = 0; octet < 256; octet++) {
		struct transfer transfer;
		bool is_known = octet != 0 && strchr(digits, octet) != NULL;

		for (size_t at = 0; octet != '=' && at < sizeof(bytes); at++) {
			memset(bytes, 'A', sizeof(bytes));
			bytes[at] = (char)octet;
			transfer_begin(&transfer, CTE_BASE64);
			transfer_add(&transfer, bytes, sizeof(bytes));
			assert_int_equal(transfer.bad, !is_known);
			assert_int_equal(transfer.digits, is_known &&
			    strchr("\r\n\t ", octet) == NULL ? 64 : 63);
			transfer_finish(&transfer, &bad);
		}
	}
}

/* As many octets come out of what is right as the decoder gives. */
static void
test_as_decoded(void **state)
{
	struct arena *arena = arena_new();
	struct decoder *decoder = decoder_new(arena);
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice bytes = exact(rows[i].bytes);

		if (!rows[i].bad && strchr(rows[i].bytes, '\t') == NULL) {
			decoder_begin(decoder, rows[i].encoding);
			assert_int_equal(decoder_step(decoder, bytes.p, bytes.n, out),
			    rows[i].size);
		}
		exact_drop(bytes);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_alphabet),
		cmocka_unit_test(test_as_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
