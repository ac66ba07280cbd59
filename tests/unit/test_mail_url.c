/*
 * URLs as links and in running text.
 */
#include "exact.h"

#include "base/arena.h"
#include "mail/url.h"

#define ZWSP "\xe2\x80\x8b"

struct row {
	const char *value;
	enum url_kind kind;
	const char *host, *shown, *org;	/* shown NULL: as host */
	const char *path;
	unsigned port;
	bool is_ip, userinfo, invisible;
};

static const struct row rows[] = {
	{ "http://www.example.com/a?b=1#c", URL_HTTP, "www.example.com", NULL,
	    "example.com", "/a?b=1#c", 0, false, false, false },
	{ "https://example.com", URL_HTTPS, "example.com", NULL, "example.com", "", 0, false,
	    false, false },
	{ "HTTPS://WWW.Example.COM./", URL_HTTPS, "www.example.com", "WWW.Example.COM.",
	    "example.com", "/", 0, false, false, false },
	{ "  https://a.example.co.uk?x \n", URL_HTTPS, "a.example.co.uk", NULL,
	    "example.co.uk", "?x", 0, false, false, false },
	{ "//cdn.example.net/x", URL_HTTPS, "cdn.example.net", NULL, "example.net", "/x", 0,
	    false, false, false },
	{ "\\\\example.net\\x", URL_HTTPS, "example.net", NULL, "example.net", "\\x", 0,
	    false, false, false },
	{ "www.example.org/x", URL_HTTPS, "www.example.org", NULL, "example.org", "/x", 0,
	    false, false, false },
	/* what browsers forgive */
	{ "http:example.com/x", URL_HTTP, "example.com", NULL, "example.com", "/x", 0, false,
	    false, false },
	{ "http:/\\/example.com/x", URL_HTTP, "example.com", NULL, "example.com", "/x", 0,
	    false, false, false },
	{ "ht\ntp://exam\tple.com/a\r\nb", URL_HTTP, "example.com", NULL, "example.com",
	    "/ab", 0, false, false, false },
	{ "java script:alert(1)", URL_JAVASCRIPT, NULL, NULL, NULL, "alert(1)", 0, false,
	    false, false },
	{ "\x01java\tscript:alert(1)", URL_JAVASCRIPT, NULL, NULL, NULL, "alert(1)", 0, false,
	    false, false },
	{ "ht" ZWSP "tp://example.com", URL_HTTP, "example.com", NULL, "example.com", "", 0,
	    false, false, true },
	{ "https://example.com\\@evil.example.net/", URL_HTTPS, "example.com", NULL,
	    "example.com", "\\@evil.example.net/", 0, false, false, false },
	/* userinfo and port */
	{ "https://www.example.com@evil.example.net/", URL_HTTPS, "evil.example.net", NULL,
	    "example.net", "/", 0, false, true, false },
	{ "https://a@b:c@example.net:8443/", URL_HTTPS, "example.net", NULL, "example.net",
	    "/", 8443, false, true, false },
	{ "http://example.net:80/", URL_HTTP, "example.net", NULL, "example.net", "/", 0,
	    false, false, false },
	{ "http://example.net:443/", URL_HTTP, "example.net", NULL, "example.net", "/", 443,
	    false, false, false },
	{ "http://example.net:99999/", URL_HTTP, "example.net", NULL, "example.net", "/", 0,
	    false, false, false },
	{ "http://example.net:/", URL_HTTP, "example.net", NULL, "example.net", "/", 0,
	    false, false, false },
	/* percent, zero width, IDN */
	{ "http://ex%61mple%2ecom/%61", URL_HTTP, "example.com", NULL, "example.com",
	    "/%61", 0, false, false, false },
	{ "http://a%00.example.com/", URL_HTTP, NULL, "a", NULL, "/", 0, false, false,
	    false },
	{ "http://exa" ZWSP "mple.com/", URL_HTTP, "example.com", "exa" ZWSP "mple.com",
	    "example.com", "/", 0, false, false, true },
	{ "http://example.com/" ZWSP, URL_HTTP, "example.com", NULL, "example.com",
	    "/" ZWSP, 0, false, false, true },
	{ "http://exa%E2%80%8Bmple.com/", URL_HTTP, "example.com",
	    "exa" ZWSP "mple.com", "example.com", "/", 0, false, false, true },
	{ "https://m\xc3\xbc" "ller.example.com/", URL_HTTPS, "xn--mller-kva.example.com",
	    "m\xc3\xbcller.example.com", "example.com", "/", 0, false, false, false },
	{ "https://m%C3%BCller.example.com/", URL_HTTPS, "xn--mller-kva.example.com",
	    "m\xc3\xbcller.example.com", "example.com", "/", 0, false, false, false },
	{ "https://\xef\xbd\x85xample.com/", URL_HTTPS, "example.com",
	    "\xef\xbd\x85xample.com", "example.com", "/", 0, false, false, false },
	{ "https://example\xe3\x80\x82" "com/", URL_HTTPS, "example.com",
	    "example\xe3\x80\x82" "com", "example.com", "/", 0, false, false, false },
	{ "https://-a.example.com/", URL_HTTPS, "-a.example.com", NULL, "example.com", "/",
	    0, false, false, false },
	{ "https://a_b.example.com/", URL_HTTPS, "a_b.example.com", NULL, "example.com",
	    "/", 0, false, false, false },
	/* addresses */
	{ "http://192.0.2.1/", URL_HTTP, "192.0.2.1", "192.0.2.1", NULL, "/", 0, true,
	    false, false },
	{ "http://192.0.2.1./", URL_HTTP, "192.0.2.1", "192.0.2.1.", NULL, "/", 0, true,
	    false, false },
	{ "http://3221225985/", URL_HTTP, "192.0.2.1", "3221225985", NULL, "/", 0, true,
	    false, false },
	{ "http://0xC0000201/", URL_HTTP, "192.0.2.1", "0xC0000201", NULL, "/", 0, true,
	    false, false },
	{ "http://0300.0.0x2.1:81/", URL_HTTP, "192.0.2.1", "0300.0.0x2.1", NULL, "/", 81,
	    true, false, false },
	{ "http://192.513/", URL_HTTP, "192.0.2.1", "192.513", NULL, "/", 0, true, false,
	    false },
	{ "http://192.0.2.256/", URL_HTTP, NULL, "192.0.2.256", NULL, "/", 0, false, false,
	    false },
	{ "http://4294967296/", URL_HTTP, NULL, "4294967296", NULL, "/", 0, false, false,
	    false },
	{ "http://1.2.3.4.5/", URL_HTTP, NULL, "1.2.3.4.5", NULL, "/", 0, false, false,
	    false },
	{ "http://192.0.2.1.example.com/", URL_HTTP, "192.0.2.1.example.com", NULL,
	    "example.com", "/", 0, false, false, false },
	{ "http://[2001:db8::1]:8080/x", URL_HTTP, "2001:db8::1", "[2001:db8::1]", NULL,
	    "/x", 8080, true, false, false },
	{ "http://[2001:db8::1/", URL_HTTP, NULL, "[2001", NULL, "/", 0, false, false,
	    false },
	{ "http://localhost/", URL_HTTP, "localhost", NULL, NULL, "/", 0, false, false,
	    false },
	{ "http://co.uk/", URL_HTTP, "co.uk", NULL, NULL, "/", 0, false, false, false },
	{ "http://", URL_HTTP, NULL, NULL, NULL, "", 0, false, false, false },
	{ "http:///", URL_HTTP, NULL, NULL, NULL, "", 0, false, false, false },
	{ "http://{{ url }}/x", URL_HTTP, NULL, "{{ url }}", NULL, "/x", 0, false, false,
	    false },
	{ "http://a b.example.com/", URL_HTTP, NULL, "a b.example.com", NULL, "/", 0, false,
	    false, false },
	/* the other kinds */
	{ "mailto:anna@example.com?subject=x", URL_MAILTO, NULL, NULL, NULL,
	    "anna@example.com?subject=x", 0, false, false, false },
	{ "tel:+49123", URL_TEL, NULL, NULL, NULL, "+49123", 0, false, false, false },
	{ "data:text/html,x", URL_DATA, NULL, NULL, NULL, "text/html,x", 0, false, false,
	    false },
	{ "file:///etc/passwd", URL_FILE, NULL, NULL, NULL, "///etc/passwd", 0, false,
	    false, false },
	{ "cid:part1@example.com", URL_CID, NULL, NULL, NULL, "part1@example.com", 0, false,
	    false, false },
	{ "ftp://example.com/", URL_OTHER, NULL, NULL, NULL, "//example.com/", 0, false,
	    false, false },
	{ "", URL_NONE, NULL, NULL, NULL, NULL, 0, false, false, false },
	{ "#top", URL_NONE, NULL, NULL, NULL, NULL, 0, false, false, false },
	{ "/path:x", URL_NONE, NULL, NULL, NULL, NULL, 0, false, false, false },
	{ "page.html", URL_NONE, NULL, NULL, NULL, NULL, 0, false, false, false },
	{ "example.com:8080/x", URL_NONE, NULL, NULL, NULL, NULL, 0, false, false, false },
	{ "Please note: it is late", URL_NONE, NULL, NULL, NULL, NULL, 0, false, false,
	    false },
	{ "www.", URL_NONE, NULL, NULL, NULL, NULL, 0, false, false, false },
	{ "\xff\xfe:", URL_NONE, NULL, NULL, NULL, NULL, 0, false, false, false },
};

static void
same(const char *value, const char *what, const char *is, const char *wanted)
{
	if ((is == NULL) != (wanted == NULL) || (is != NULL && strcmp(is, wanted) != 0))
		fail_msg("%s: %s \"%s\", not \"%s\"", value, what, is != NULL ? is : "-",
		    wanted != NULL ? wanted : "-");
}

static void
test_parse(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct slice value = exact(row->value);
		const char *shown = row->shown != NULL ? row->shown : row->host;
		struct url url;

		url_parse(arena, value, &url);
		exact_drop(value);
		if (url.kind != row->kind)
			fail_msg("%s: kind %d, not %d", row->value, url.kind, row->kind);
		same(row->value, "host", url.host, row->host);
		same(row->value, "org", url.org_domain, row->org);
		if (row->host == NULL || row->shown != NULL)
			same(row->value, "shown", url.host_shown, shown);
		same(row->value, "path", url.path.p, row->path);
		if (url.path.p != NULL)
			assert_int_equal(url.path.n, strlen(row->path));
		if (url.port != row->port || url.host_is_ip != row->is_ip ||
		    url.has_userinfo != row->userinfo ||
		    url.has_invisible != row->invisible)
			fail_msg("%s: port %u, ip %d, userinfo %d, invisible %d", row->value,
			    url.port, url.host_is_ip, url.has_userinfo, url.has_invisible);
	}
	arena_free(&arena);
}

static void
test_long(void **state)
{
	struct arena *arena = arena_new();
	struct slice value = exact_repeat("http://example.com/", 10000, "");
	struct url url;

	(void)state;
	url_parse(arena, value, &url);
	assert_string_equal(url.host, "example.com");
	assert_int_equal(url.path.n, URL_MAX - strlen("http://example.com"));
	exact_drop(value);
	value = exact_repeat("a.", 5000, "");
	value.n = 4000;
	url_parse(arena, (struct slice){ value.p, 4000 }, &url);
	assert_int_equal(url.kind, URL_NONE);
	exact_drop(value);
	arena_free(&arena);
}

/* The URLs of a text, a blank between. */
static const struct { const char *text, *urls; } texts[] = {
	{ "", "" },
	{ "See http://example.com/a.", "http://example.com/a" },
	{ "http://a.example https://b.example, www.c.example!", "http://a.example "
	    "https://b.example www.c.example" },
	{ "(https://example.com/a_(b))", "https://example.com/a_(b)" },
	{ "<https://example.com/?a=(1)>", "https://example.com/?a=(1)" },
	{ "\"http://example.com/x\"", "http://example.com/x" },
	{ "HTTP://EXAMPLE.COM", "HTTP://EXAMPLE.COM" },
	{ "xhttp://example.com", "" },
	{ "http:// https://", "" },
	{ "www. www", "" },
	{ "awww.example.com", "" },
	{ "*http://example.com/*", "http://example.com/" },
	{ "http://example.com/a\xc2\xa0" "b", "http://example.com/a" },
	{ "\xe2\x80\x9chttp://example.com/\xe2\x80\x9d", "http://example.com/" },
	{ "http://m\xc3\xbcller.example/\xc3\xa4", "http://m\xc3\xbcller.example/\xc3\xa4" },
	{ "http://example.com/\xe3\x80\x81x", "http://example.com/" },
	{ "http://a.example\nhttp://b.example", "http://a.example http://b.example" },
	{ "javascript:x mailto:a@example.com example.com", "" },
};

static void
test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct slice text = exact(texts[i].text), url;
		char all[512] = "";
		size_t at = 0;

		while (url_find(text, &at, &url))
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%.*s",
			    *all != '\0' ? " " : "", (int)url.n, url.p);
		if (strcmp(all, texts[i].urls) != 0)
			fail_msg("\"%s\": \"%s\"", texts[i].text, all);
		assert_int_equal(at, text.n);
		exact_drop(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
