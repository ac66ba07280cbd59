/*
 * Content-Type and its kin.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/content.h"

/* "type/subtype|name=value|name=value|", an encoded word marked by "!" */
static const struct { const char *value, *read; bool malformed;
} rows[] = {
	{ "text/plain", "text/plain|", false },
	{ " Text/HTML; Charset=UTF-8", "text/html|charset=UTF-8|", false },
	{ "text/plain; charset=\"utf-8\"; format=flowed",
	    "text/plain|charset=utf-8|format=flowed|", false },
	{ "text/plain;charset=utf-8;", "text/plain|charset=utf-8|", false },
	{ "text/plain;\r\n\tcharset=utf-8 ;\n format=flowed ",
	    "text/plain|charset=utf-8|format=flowed|", false },
	{ "text/plain (really); charset=us-ascii (Plain text)",
	    "text/plain|charset=us-ascii|", false },
	{ "multipart/mixed; boundary=\"a b;c\\\"d\"",
	    "multipart/mixed|boundary=a b;c\"d|", false },
	{ "multipart/mixed; boundary=----=_Part_1/2?3:4",
	    "multipart/mixed|"
	    "boundary=----=_Part_1/2?3:4|",
	    false },
	{ "a/b; x=", "a/b|x=|", false },
	{ "a/b; x=\"\"", "a/b|x=|", false },
	{ "a/b;;; x=1", "a/b|x=1|", false },
	/* RFC 2231 */
	{ "a/b; name*=utf-8''J%C3%BC", "a/b|name=utf-8''J%C3%BC|", false },
	{ "a/b; name*0=\"one \"; name*1=two", "a/b|name=one two|", false },
	{ "a/b; name*1=two; name*0*=utf-8''one", "a/b|name=utf-8''onetwo|", false },
	{ "a/b; name*0=one; name*2=three", "a/b|name=one|", false },
	{ "a/b; name=plain; name*=utf-8''ext", "a/b|name=utf-8''ext|", false },
	{ "a/b; name*=utf-8''ext; name=plain", "a/b|name=utf-8''ext|", false },
	{ "a/b; name*x=1", "a/b|name=|", true },
	{ "a/b; name*9999999999999999999999=1", "a/b|name=|", true },
	/* encoded words */
	{ "a/b; name=\"=?utf-8?q?a?=\"", "a/b|name=!=?utf-8?q?a?=|", false },
	{ "a/b; name==?utf-8?q?a?=", "a/b|name=!=?utf-8?q?a?=|", false },
	{ "a/b; name=\"a=?b\"", "a/b|name=a=?b|", false },
	/* faults, read */
	{ "", "text/plain|", true },
	{ "text", "text/plain|", true },
	{ "text/", "text/plain|", true },
	{ "/plain", "text/plain|", true },
	{ "text; charset=utf-8", "text/plain|charset=utf-8|", true },
	{ "text/plain charset=utf-8", "text/plain|", true },
	{ "text/plain; charset", "text/plain|", true },
	{ "text/plain; =x; a=b", "text/plain|a=b|", true },
	{ "text/plain; a=b; a=c", "text/plain|a=b|", true },
	{ "a/b; name=my file (1).pdf; x=y", "a/b|name=my file (1).pdf|x=y|", true },
	{ "a/b; name=\"x\" y; z=1", "a/b|name=x|z=1|", true },
	{ "a/b; name=\"x;y=z", "a/b|name=\"x|y=z|", true },
	{ "a/b; name=J\xc3\xbc.pdf", "a/b|name=J\xc3\xbc.pdf|", false },
};

static void
write_down(const struct content_type *type, char *out, size_t size)
{
	size_t n;

	n = (size_t)snprintf(out, size, "%s/%s|", type->type, type->subtype);
	for (size_t i = 0; i < type->n_params; i++)
		n += (size_t)snprintf(out + n, size - n, "%s=%s%s|",
		    type->params[i].name, type->params[i].encoded_word ? "!" : "",
		    type->params[i].value);
}

static void
test_type(void **state)
{
	struct content_type type;
	char read[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct slice value = exact(rows[i].value);

		content_type_parse(arena, value, &type);
		exact_drop(value);
		write_down(&type, read, sizeof(read));
		if (strcmp(read, rows[i].read) != 0 ||
		    type.malformed != rows[i].malformed)
			fail_msg("%s: %s %d", rows[i].value, read, type.malformed);
		arena_free(&arena);
	}
}

static void
test_disposition(void **state)
{
	static const struct { const char *value, *read; bool malformed;
	} said[] = {
		{ " Attachment; filename=\"a.pdf\"", "attachment/|filename=a.pdf|",
		    false },
		{ "inline", "inline/|", false },
		{ "attachment; filename=a.pdf; size=1",
		    "attachment/|filename=a.pdf|size=1|", false },
		{ "attachment; filename*=utf-8''%e2%82%ac.pdf",
		    "attachment/|filename=utf-8''%e2%82%ac.pdf|", false },
		{ "", "/|", true },
		{ "; filename=a", "/|filename=a|", true },
	};
	struct arena *arena = arena_new();
	struct content_type type;
	char read[512];

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct slice value = exact(said[i].value);

		content_disposition_parse(arena, value, &type);
		exact_drop(value);
		write_down(&type, read, sizeof(read));
		assert_string_equal(read, said[i].read);
		assert_int_equal(type.malformed, said[i].malformed);
	}
	arena_free(&arena);
}

static void
test_param(void **state)
{
	struct arena *arena = arena_new();
	struct content_type type;

	(void)state;
	content_type_parse(arena, SLICE("a/b; Boundary=x"), &type);
	assert_string_equal(content_param(&type, "boundary"), "x");
	assert_null(content_param(&type, "charset"));
	arena_free(&arena);
}

static void
test_encoding(void **state)
{
	static const struct {
		const char *value;
		enum transfer_encoding encoding;
	} said[] = {
		{ "", CTE_NONE },
		{ " ", CTE_NONE },
		{ "7bit", CTE_7BIT },
		{ " 8BIT\r\n", CTE_8BIT },
		{ "binary", CTE_BINARY },
		{ "Quoted-Printable", CTE_QUOTED_PRINTABLE },
		{ "base64", CTE_BASE64 },
		{ "(c) base64 (d)", CTE_BASE64 },
		{ "base64;", CTE_BASE64 },
		{ "8-bit", CTE_UNKNOWN },
		{ "base64x", CTE_UNKNOWN },
		{ "x-uuencode", CTE_UNKNOWN },
		{ ";", CTE_UNKNOWN },
		{ "base 64", CTE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct slice value = exact(said[i].value);

		if (transfer_encoding_parse(value) != said[i].encoding)
			fail_msg("%s", said[i].value);
		exact_drop(value);
	}
}

static void
test_many(void **state)
{
	static const char *const units[] = {
		"a=b;",
		";a=\"b\"",
		";a*1=b",
		";x*=y",
		";",
		"; ;",
		"=",
		"\"",
		";\"",
		"(",
		"a ",
		";a=b c",
		";a=(",
		";a*0=x;a*1=y",
	};
	struct content_type type;

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct arena *arena = arena_new();
		struct slice value = exact_repeat(units[i], 100000, "");

		content_type_parse(arena, value, &type);
		assert_true(type.n_params <= CONTENT_PARAMS_MAX);
		exact_drop(value);
		arena_free(&arena);
	}
}

/* Over the limits is a fault; what came first is there. */
static void
test_limits(void **state)
{
	struct arena *arena = arena_new();
	struct content_type type;
	char value[2048];
	size_t n;

	(void)state;
	n = (size_t)snprintf(value, sizeof(value), "a/b");
	for (unsigned i = 0; i < CONTENT_PARAMS_MAX; i++)
		n += (size_t)snprintf(value + n, sizeof(value) - n, "; p%u=%u", i, i);
	content_type_parse(arena, (struct slice){ value, n }, &type);
	assert_false(type.malformed);
	assert_int_equal(type.n_params, CONTENT_PARAMS_MAX);
	n += (size_t)snprintf(value + n, sizeof(value) - n, "; more=1; p0*0=again");
	content_type_parse(arena, (struct slice){ value, n }, &type);
	assert_true(type.malformed);
	assert_int_equal(type.n_params, CONTENT_PARAMS_MAX);
	assert_null(content_param(&type, "more"));
	assert_string_equal(content_param(&type, "p31"), "31");
	assert_string_equal(content_param(&type, "p0"), "again");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_type),
		cmocka_unit_test(test_disposition),
		cmocka_unit_test(test_param),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
