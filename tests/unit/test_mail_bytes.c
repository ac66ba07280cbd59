/*
 * Looking through bytes at once: every place and every length has to count,
 * whatever the machine reads at a time.
 */
#include "exact.h"

#include "mail/bytes.h"

static void
test_plain(void **state)
{
	static const char stops[] = { 0, 9, 10, 13, 31, 127, (char)128, (char)255 };

	(void)state;
	for (size_t n = 0; n < 40; n++) {
		struct slice text = exact_repeat("a", n, "");
		char *p = (char *)(uintptr_t)text.p;

		assert_int_equal(bytes_plain(p, n), n);
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < sizeof(stops); k++) {
				p[i] = stops[k];
				assert_int_equal(bytes_plain(p, n), i);
			}
			p[i] = i % 2 == 0 ? ' ' : '~';
		}
		exact_drop(text);
	}
}

static void
test_odd(void **state)
{
	static const struct { char byte; unsigned odd; } rows[] = {
		{ 'x', 0 }, { '\n', 0 }, { 1, 0 }, { 12, 0 }, { 14, 0 }, { 127, 0 },
		{ '\0', BYTES_NUL_CR }, { '\r', BYTES_NUL_CR },
		{ (char)128, BYTES_8BIT }, { (char)255, BYTES_8BIT },
		{ (char)141, BYTES_8BIT },	/* CR with the high bit */
	};

	(void)state;
	for (size_t n = 0; n < 70; n++) {
		struct slice text = exact_repeat("a", n, "");
		char *p = (char *)(uintptr_t)text.p;

		assert_int_equal(bytes_odd(p, n), 0);
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
				p[i] = rows[k].byte;
				assert_int_equal(bytes_odd(p, n), rows[k].odd);
			}
			p[i] = 'b';
		}
		exact_drop(text);
	}
}

static void
test_both(void **state)
{
	struct slice text = exact_repeat("abcdefgh", 9, "\r\xc3\xa4");

	(void)state;
	assert_int_equal(bytes_odd(text.p, text.n), BYTES_8BIT | BYTES_NUL_CR);
	exact_drop(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
