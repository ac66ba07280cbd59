/*
 * The guard around libspf2: what it is asked, what it is kept from.
 */
#include <pthread.h>

#include "exact.h"
#include "slow_dns.h"

#include "base/arena.h"
#include "base/buf.h"
#include "evidence/spf/spf.h"

static const char zone[] =
    "pass.example.com TXT \"v=spf1 a mx ip4:192.0.2.1 -all\"\n"
    "pass.example.com A 198.51.100.1\n"
    "pass.example.com MX 10 mx.example.com\n"
    "mx.example.com A 198.51.100.2\n"
    "fail.example.com TXT \"v=spf1 -all exp=%{s}.example.com\"\n"
    "soft.example.com TXT \"v=spf1 ~all\"\n"
    "neutral.example.com TXT \"v=spf1 include:fail.example.com\"\n"
    "down.example.com TXT \"v=spf1 a:broken.example.com -all\"\n"
    "broken.example.com A !servfail\n"
    "ptr.example.com TXT \"v=spf1 ptr -all\"\n"
    "1.2.0.192.in-addr.arpa PTR mail.ptr.example.com\n"
    "mail.ptr.example.com A 192.0.2.1\n"
    "six.example.com TXT \"v=spf1 a -all\"\n"
    "six.example.com AAAA 2001:db8::1\n"
    "zero.example.com TXT \"v=spf1 ip4:0.0.0.0/0 -all\"\n"
    "macros.example.com TXT \"v=spf1 exists:%{i}.%{h}.%{d}.%{l}.x.example.com -all\"\n"
    "192.0.2.1.mail.example.com.macros.example.com.joe.x.example.com A 127.0.0.2\n"
    "broken2.example.com TXT \"v=spf1 ip4:192.0.2.1 nonsense -all\"\n"
    "inbroken.example.com TXT \"v=spf1 include:broken2.example.com -all\"\n"
    "ten.example.com TXT \"v=spf1 x=%{i}%{i}%{i}%{i}%{i}%{i}%{i}%{i}%{i}%{i} -all\"\n"
    "eleven.example.com TXT \"v=spf1 x=%{i}%{i}%{i}%{i}%{i}%{i}%{i}%{i}%{i}%{i}%% -all\"\n"
    "upper.example.com TXT \"v=spf1 exists:%{L}.example.com -all\"\n"
    "cut.example.com TXT \"v=spf1 exists:%{d2r}.example.com -all\"\n"
    "reversed.example.com TXT \"v=spf1 exists:%{dr}.%{d2}.example.net -all\"\n"
    "com.example.reversed.example.com.example.net A 127.0.0.2\n"
    "dots.example.com TXT \"v=spf1 a:a..example.com a:%{h}.%{h}.%{h}.%{h}.%{h}.%{h}.%{h}"
    ".%{h}.example.com -all\"\n"
    "self.example.com TXT \"v=spf1 include:self.example.com -all\"\n";

static const struct {
	const char *domain, *address;
	bool asked;
	enum spf_result result;
} cases[] = {
	{ "pass.example.com", "192.0.2.1", true, SPF_PASS },
	{ "pass.example.com", "198.51.100.2", true, SPF_PASS },
	{ "fail.example.com", "192.0.2.1", true, SPF_FAIL },
	{ "soft.example.com", "192.0.2.1", true, SPF_SOFTFAIL },
	{ "neutral.example.com", "192.0.2.1", true, SPF_NEUTRAL },
	{ "down.example.com", "192.0.2.1", true, SPF_TEMPERROR },
	{ "ptr.example.com", "192.0.2.1", true, SPF_PASS },
	{ "six.example.com", "2001:db8::1", true, SPF_PASS },
	{ "six.example.com", "2001:db8::2", true, SPF_FAIL },
	{ "macros.example.com", "192.0.2.1", true, SPF_PASS },	/* the order of the calls */
	{ "zero.example.com", "192.0.2.1", true, SPF_PERMERROR },	/* its own mistake */
	{ "self.example.com", "192.0.2.1", true, SPF_PERMERROR },
	{ "dots.example.com", "192.0.2.1", true, SPF_FAIL },
	{ "upper.example.com", "192.0.2.1", false, SPF_NONE },
	{ "cut.example.com", "192.0.2.1", false, SPF_NONE },
	{ "reversed.example.com", "192.0.2.1", true, SPF_PASS },
	{ "none.example.com", "192.0.2.1", false, SPF_NONE },
	{ "localhost", "192.0.2.1", false, SPF_NONE },
	{ "pass.example.com", "127.0.0.1", false, SPF_NONE },
	{ "pass.example.com", "::1", false, SPF_NONE },
	{ "broken2.example.com", "192.0.2.1", false, SPF_NONE },
	{ "inbroken.example.com", "192.0.2.1", false, SPF_NONE },
	{ "ten.example.com", "192.0.2.1", true, SPF_FAIL },
	{ "eleven.example.com", "192.0.2.1", false, SPF_NONE },
};

static void
run_cases(bool slow)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct lookups *lookups = slow_dns_new(arena, slice_of(zone));
		struct spf_query query = {
			.helo = "mail.example.com", .local_part = "joe",
			.domain = cases[i].domain,
		};
		enum spf_result result;
		bool asked;

		assert_true(ip_parse(slice_of(cases[i].address), &query.ip));
		slow_dns_slow(lookups, slow);
		while (spf_second_opinion(arena, lookups, &query, &asked, &result) == 1)
			assert_true(lookups_wait(lookups));
		if (asked != cases[i].asked || (asked && result != cases[i].result))
			fail_msg("%s %s: %d %s", cases[i].domain, cases[i].address, asked,
			    spf_result_name(result));
		arena_free(&arena);
	}
}

static void
test_cases(void **state)
{
	(void)state;
	run_cases(false);
	run_cases(true);
}

/* One record of n octets. */
static bool
is_asked(size_t n, const char *local_part, const char *helo)
{
	struct arena *arena = arena_new();
	struct buf text;
	struct spf_query query = {
		.ip = { 4, { 192, 0, 2, 1 } }, .helo = helo, .local_part = local_part,
		.domain = "example.com",
	};
	enum spf_result result;
	bool asked;

	buf_init(&text, arena, 10000);
	buf_add_str(&text, "example.com TXT \"v=spf1 -all");
	while (text.n < strlen("example.com TXT \"") + n)
		buf_add_char(&text, ' ');
	buf_add_str(&text, "\"\n");
	assert_int_equal(spf_second_opinion(arena, slow_dns_new(arena, slice_of(text.p)),
	    &query, &asked, &result), 0);
	arena_free(&arena);
	return asked;
}

static void
test_limits(void **state)
{
	char text[300];

	(void)state;
	assert_true(is_asked(1000, "user", "mail.example.com"));
	assert_false(is_asked(1001, "user", "mail.example.com"));
	assert_true(is_asked(100, "", ""));
	assert_true(is_asked(100, NULL, NULL));
	memset(text, 'x', sizeof(text));
	text[256] = '\0';
	assert_true(is_asked(100, text, "mail.example.com"));
	assert_false(is_asked(100, "user", text));
	text[253] = '\0';
	assert_true(is_asked(100, "user", text));
	text[253] = 'x';
	text[256] = 'x';
	text[257] = '\0';
	assert_false(is_asked(100, text, "mail.example.com"));
}

/* Fourty questions end it: a tree of includes has no other end in libspf2. */
static void
test_lookups_are_capped(void **state)
{
	struct arena *arena = arena_new();
	struct spf_query query = {
		.ip = { 4, { 192, 0, 2, 1 } }, .helo = "mail.example.com", .domain = "example.com",
	};
	struct lookups *lookups;
	enum spf_result result;
	struct buf text;
	bool asked;

	(void)state;
	buf_init(&text, arena, 100000);
	buf_add_str(&text, "example.com TXT \"v=spf1");
	for (int i = 0; i < 8; i++)
		buf_printf(&text, " include:%d.example.com", i);
	buf_add_str(&text, "\"\n");
	for (int i = 0; i < 8; i++) {
		buf_printf(&text, "%d.example.com TXT \"v=spf1", i);
		for (int j = 0; j < 8; j++)
			buf_printf(&text, " a:%d.%d.example.com", j, i);
		buf_add_str(&text, "\"\n");
	}
	lookups = slow_dns_new(arena, slice_of(text.p));
	assert_int_equal(spf_second_opinion(arena, lookups, &query, &asked, &result), 0);
	assert_false(asked);
	assert_true(lookups_queries(lookups) <= 41);
	arena_free(&arena);
}

static void *
many_times(void *unused)
{
	for (int i = 0; i < 20; i++)
		run_cases(i % 2);
	return unused;
}

static void
test_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many_times, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_lookups_are_capped),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
