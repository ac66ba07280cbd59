/* Reading DMARC records: tags, defaults, recovery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "evidence/dmarc_record.h"

struct row {
	const char *text;
	const char *want;	/* "p sp np adkim aspf t psd rua problem", or the reading */
};

static const struct row rows[] = {
	/* plain */
	{ "v=DMARC1; p=none", "n n n r r - u - -" },
	{ "v=DMARC1;p=reject", "r r r r r - u - -" },
	{ "v=DMARC1; p=quarantine;", "q q q r r - u - -" },
	{ "v=DMARC1; p=reject; sp=none", "r n n r r - u - -" },
	{ "v=DMARC1; p=none; np=reject", "n n r r r - u - -" },
	{ "v=DMARC1; p=none; sp=quarantine; np=reject", "n q r r r - u - -" },
	{ "v=DMARC1; p=reject; adkim=s; aspf=s", "r r r s s - u - -" },
	{ "v=DMARC1; p=reject; adkim=S; aspf=R", "r r r s r - u - -" },
	{ "v=DMARC1; p=reject; t=y", "r r r r r t u - -" },
	{ "v=DMARC1; p=reject; t=n; psd=n", "r r r r r - n - -" },
	{ "v=DMARC1; p=reject; psd=Y", "r r r r r - y - -" },
	{ "v=DMARC1; p=none; rua=mailto:d@example.com", "n n n r r - u rua -" },
	/* blanks, case, order */
	{ "v = DMARC1 ; p = reject ; sp = none ;", "r n n r r - u - -" },
	{ "v=DMARC1\t;\tp=Reject", "r r r r r - u - -" },
	{ "v=DMARC1; rua=mailto:a@example.com; p=quarantine", "q q q r r - u rua -" },
	/* what is ignored */
	{ "v=DMARC1; p=reject; pct=50; rf=afrf; ri=3600; fo=1", "r r r r r - u - -" },
	{ "v=DMARC1; p=reject; pct=101; ri=never", "r r r r r - u - -" },
	{ "v=DMARC1; p=reject; new=thing", "r r r r r - u - -" },
	{ "v=DMARC1; p=reject; adkim=x", "r r r r r - u - !" },
	{ "v=DMARC1; p=reject; aspf=", "r r r r r - u - !" },
	{ "v=DMARC1; p=reject; t=yes", "r r r r r - u - !" },
	{ "v=DMARC1; p=reject; psd=q", "r r r r r - u - !" },
	{ "v=DMARC1; p=reject; nonsense", "r r r r r - u - !" },
	{ "v=DMARC1; p=reject; =x", "r r r r r - u - !" },
	{ "v=DMARC1; p=reject;; sp=none", "r n n r r - u - !" },
	{ "v=DMARC1; p=reject; aspf=s; aspf=r", "r r r r s - u - !" },
	/* no policy: recovered by rua (section 4.10.1) */
	{ "v=DMARC1; rua=mailto:d@example.com", "n n n r r - u rua -" },
	{ "v=DMARC1; p=rej; rua=mailto:d@example.com", "n n n r r - u rua !" },
	{ "v=DMARC1; p=reject; sp=bogus; rua=mailto:d@example.com",
	    "n n n r r - u rua !" },
	{ "v=DMARC1; p=reject; np=; rua=mailto:d@example.com", "n n n r r - u rua !" },
	{ "v=DMARC1; p=reject; p=none; rua=mailto:d@example.com", "n n n r r - u rua !"
	    },
	{ "v=DMARC1; psd=y; rua=https://example.com/in", "n n n r r - y rua -" },
	{ "v=DMARC1; rua=nothing, mailto:d@example.com", "n n n r r - u rua -" },
	/* and not */
	{ "v=DMARC1", "no policy" },
	{ "v=DMARC1;", "no policy" },
	{ "v=DMARC1; psd=n", "no policy" },
	{ "v=DMARC1; p=bogus", "no policy" },
	{ "v=DMARC1; p=", "no policy" },
	{ "v=DMARC1; P=reject", "no policy" },
	{ "v=DMARC1; p=reject; sp=bogus", "no policy" },
	{ "v=DMARC1; p=none; p=none", "no policy" },
	{ "v=DMARC1; rua=postmaster@example.com", "no policy" },
	{ "v=DMARC1; rua=mailto:nobody", "no policy" },
	{ "v=DMARC1; rua=mailto:@example.com", "no policy" },
	{ "v=DMARC1; rua=", "no policy" },
	/* no DMARC record, and meant as one */
	{ "v=dmarc1; p=reject", "other!" },
	{ "V=DMARC1; p=reject", "other!" },
	{ " v=DMARC1; p=reject", "other!" },
	{ "v=DMARC1 p=reject", "other!" },
	{ "v=DMARC1, p=reject", "other!" },
	{ "v=DMARC2; p=reject", "other!" },
	{ "v=DMARC; p=reject", "other!" },
	{ "\"v=DMARC1; p=reject\"", "other!" },
	{ "DMARC1; p=none", "other!" },
	/* no DMARC record at all */
	{ "p=reject; v=DMARC1", "other" },
	{ "", "other" },
	{ ";", "other" },
	{ "v=spf1 -all", "other" },
	{ "v=DKIM1; p=abc", "other" },
	{ "google-site-verification=x", "other" },
};

static const char *
describe(struct arena *arena, struct slice text)
{
	struct dmarc_record r;
	const char *why, *letters = "nqr";

	switch (dmarc_record_read(arena, text, &r, &why)) {
	case DMARC_READ_OTHER:
		return why != NULL ? "other!" : "other";
	case DMARC_READ_NO_POLICY:
		assert_non_null(why);
		return "no policy";
	case DMARC_READ_USABLE:
		break;
	}
	assert_non_null(r.text);
	return arena_printf(arena, "%c %c %c %c %c %s %c %s %s", letters[r.p],
	    letters[r.sp], letters[r.np], r.adkim == ALIGN_STRICT ? 's' : 'r',
	    r.aspf == ALIGN_STRICT ? 's' : 'r', r.testing ? "t" : "-", r.psd,
	    r.has_rua ? "rua" : "-", r.problem != NULL ? "!" : "-");
}

/* An exact copy on the heap, so that an over-read is seen. */
static struct slice
exact(const char *text)
{
	size_t n = strlen(text);
	char *copy = malloc(n + (n == 0));

	memcpy(copy, text, n);
	return (struct slice){ copy, n };
}

static void
reads_records(void **state)
{
	struct arena *arena = arena_new();
	struct slice text;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got;

		text = exact(rows[i].text);
		got = describe(arena, text);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s, not %s", rows[i].text, got, rows[i].want);
		free((char *)text.p);
	}
	arena_free(&arena);
}

static void
tells_what_is_wrong(void **state)
{
	struct arena *arena = arena_new();
	struct dmarc_record record;
	const char *why;

	(void)state;
	dmarc_record_read(arena, SLICE("v=DMARC1; p=reject; adkim=\x1b[1m"), &record, &why);
	assert_string_equal(record.problem, "a value that is not known: \\x1B[1m");
	dmarc_record_read(arena, SLICE("v=DMARC1; p=rej"), &record, &why);
	assert_string_equal(why,
	    "a policy that is none of none, quarantine, reject: rej");
	assert_false(record.has_p);
	dmarc_record_read(arena, SLICE("v=DMARC1; p=none;\0x"), &record, &why);
	assert_true(record.has_p);
	arena_free(&arena);
}

static void
keeps_its_limits(void **state)
{
	struct arena *arena = arena_new();
	struct dmarc_record record;
	size_t n = DMARC_RECORD_MAX + 1;
	char *text = malloc(n);
	const char *why;

	(void)state;
	memset(text, ';', n);
	memcpy(text, "v=DMARC1; p=none", 16);
	assert_int_equal(dmarc_record_read(arena, (struct slice){ text, n }, &record, &why),
	    DMARC_READ_OTHER);
	assert_non_null(why);
	assert_int_equal(dmarc_record_read(arena, (struct slice){ text, n - 1 }, &record,
	    &why), DMARC_READ_USABLE);
	free(text);
	arena_free(&arena);
}

static void
splits_uris(void **state)
{
	struct arena *arena = arena_new();
	struct slice rest = SLICE(" mailto:a@example.com!10m ,,MAILTO:b@EXAMPLE.net?x=y,"
	    "https://example.org/in,mailto:none");
	struct slice uri;
	const char *domain;

	(void)state;
	assert_true(dmarc_next_uri(arena, &rest, &uri, &domain));
	assert_true(slice_eq(uri, SLICE("mailto:a@example.com")));
	assert_string_equal(domain, "example.com");
	assert_true(dmarc_next_uri(arena, &rest, &uri, &domain));
	assert_null(domain);
	assert_true(dmarc_next_uri(arena, &rest, &uri, &domain));
	assert_string_equal(domain, "example.net");
	assert_true(dmarc_next_uri(arena, &rest, &uri, &domain));
	assert_null(domain);
	assert_true(dmarc_next_uri(arena, &rest, &uri, &domain));
	assert_null(domain);
	assert_false(dmarc_next_uri(arena, &rest, &uri, &domain));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_records),
		cmocka_unit_test(tells_what_is_wrong),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(splits_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
