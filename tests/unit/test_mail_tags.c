/*
 * Tag=value lists.
 */
#include "exact.h"

#include "mail/tags.h"

/* names and values in order, "name=value|name=value" */
static const struct { const char *text, *read, *malformed_at; } rows[] = {
	{ "", "", NULL },
	{ " ", "", NULL },
	{ "v=1", "v=1|", NULL },
	{ "v=1;", "v=1|", NULL },
	{ "v=1; ", "v=1|", NULL },
	{ " v = DMARC1 ;\r\n p = none ; ", "v=DMARC1|p=none|", NULL },
	{ "b=abc=; bh==x==", "b=abc=|bh==x==|", NULL },
	{ "p=", "p=|", NULL },
	{ "a_1=x", "a_1=x|", NULL },
	{ "V=1;v=2", "V=1|v=2|", NULL },
	{ "a=1;;b=2", "a=1|b=2|", "" },
	{ ";a=1", "a=1|", "" },
	{ "a=1;b;c=3", "a=1|c=3|", "b" },
	{ "=1", "=1|", "=1" },
	{ "1a=1", "1a=1|", "1a=1" },
	{ "a b=1", "a b=1|", "a b=1" },
	{ "a-b=1", "a-b=1|", "a-b=1" },
	{ "a=1; a=2; b=3", "a=1|a=2|b=3|", "a=2" },
	{ "x; y; a=1", "a=1|", "x" },
	{ "\"v=1", "\"v=1|", "\"v=1" },
};

static void
test_parse(void **state)
{
	struct tags tags;
	char read[256];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice text = exact(rows[i].text);

		tags_parse(text, &tags);
		n = 0;
		for (size_t k = 0; k < tags.n; k++)
			n += (size_t)snprintf(read + n, sizeof(read) - n, "%.*s=%.*s|",
			    (int)tags.tags[k].name.n, tags.tags[k].name.p,
			    (int)tags.tags[k].value.n, tags.tags[k].value.p);
		read[n] = '\0';
		assert_string_equal(read, rows[i].read);
		assert_int_equal(tags.malformed, rows[i].malformed_at != NULL);
		if (tags.malformed)
			assert_true(slice_eq(tags.malformed_at,
			    slice_of(rows[i].malformed_at)));
		exact_drop(text);
	}
}

static void
test_find(void **state)
{
	struct tags tags;

	(void)state;
	tags_parse(SLICE("p=none; sp=reject; p=reject"), &tags);
	assert_true(slice_eq(tags_find(&tags, "p")->value, SLICE("none")));
	assert_true(slice_eq(tags_find(&tags, "sp")->value, SLICE("reject")));
	assert_null(tags_find(&tags, "P"));
	assert_null(tags_find(&tags, ""));
}

static void
test_many(void **state)
{
	static const char *const units[] = { "a=1;", ";", " ; ", "a;", "=;", "x" };
	struct tags tags;

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct slice text = exact_repeat(units[i], 300000, "          ");

		tags_parse(text, &tags);
		assert_true(tags.malformed);
		assert_true(tags.n <= TAGS_MAX);
		exact_drop(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
