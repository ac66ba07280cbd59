/*
 * Names of parts.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/content.h"
#include "mail/filename.h"
#include "mail/utf8.h"

static const struct {
	const char *disposition, *type, *name;
} rows[] = {
	{ NULL, "a/b", NULL },
	{ "attachment", "a/b", NULL },
	{ "attachment; filename=", "a/b; name=\"\"", NULL },
	{ "attachment; filename=x.pdf", "a/b; name=y.pdf", "x.pdf" },
	{ "inline", "a/b; name=y.pdf", "y.pdf" },
	{ NULL, "a/b; name=y.pdf", "y.pdf" },
	{ "attachment; filename=\"a b.pdf\"", "a/b", "a b.pdf" },
	{ "attachment; filename*=utf-8''%e2%82%AC%20_=?.txt", "a/b", "\xe2\x82\xac _=?.txt" },
	{ "attachment; filename*=iso-8859-1'de'gr%FCn.txt", "a/b", "gr\xc3\xbcn.txt" },
	{ "attachment; filename*=''gr%C3%BCn", "a/b", "gr\xc3\xbcn" },
	{ "attachment; filename*=x-none''a%41", "a/b", "aA" },
	{ "attachment; filename*=utf-8''%FF%4", "a/b", "\xef\xbf\xbd%4" },
	{ "attachment; filename*=utf-8''", "a/b", "" },
	{ "attachment; filename*=plain%41", "a/b", "plain%41" },
	{ "attachment; filename*0*=utf-8''gr%C3; filename*1*=%BCn.; filename*2=exe", "a/b",
	    "gr\xc3\xbcn.exe" },
	{ "attachment; filename*0=invoice; filename*1=%41.exe", "a/b", "invoice%41.exe" },
	{ "attachment; filename=\"=?utf-8?b?w7w=?=\"", "a/b", "\xc3\xbc" },
	{ "attachment; filename==?iso-8859-1?q?=FC.exe?=", "a/b", "\xc3\xbc.exe" },
	{ "attachment; filename=\"\xfc.txt\"", "a/b", "\xef\xbf\xbd.txt" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		struct slice value = exact(rows[i].type), other;
		struct content_type type, disposition;
		const char *name;

		content_type_parse(arena, value, &type);
		if (rows[i].disposition != NULL) {
			other = exact(rows[i].disposition);
			content_disposition_parse(arena, other, &disposition);
			exact_drop(other);
		}
		name = filename_of(arena, rows[i].disposition == NULL ? NULL :
		    &disposition, &type);
		if ((name == NULL) != (rows[i].name == NULL) ||
		    (name != NULL && strcmp(name, rows[i].name) != 0))
			fail_msg("row %zu: %s", i, name == NULL ? "none" : name);
		assert_true(utf8_valid(slice_of(name)));
		exact_drop(value);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
