/* Links: where they lead, and what they show. */
#include "worded.h"
#include "dkim/keyring.h"

#define HIT(w, found) CHECK_HIT, (w), (found)
#define DEFAULT CHECKED_DEFAULT
#define OK CHECK_OK, 0, NULL
#define DUNNO CHECK_DUNNO, 0, NULL
#define LINK(target) NULL, NULL, NULL, NULL, (target), NULL
#define SHOWN(target, shown) NULL, NULL, NULL, NULL, (target), (shown)
#define WITH(prepare, target, shown) NULL, (prepare), NULL, NULL, (target), (shown)

/* Rows that every check on links has: no view, one not read whole, no links. */
#define COMMON \
	{ "no view", WITH(worded_none, NULL, NULL), DUNNO }, \
	{ "not all was read", WITH(worded_over, NULL, NULL), DUNNO }, \
	{ "no links", LINK(NULL), OK }, \
	{ "mail, telephone, fragment", LINK("mailto:a@example.net\ntel:+123\n#top"), OK }

static void
trackers(void)
{
	static const char *names[] = { "clicks.example.net" };

	t.settings.link_trackers = (struct settings_strings){ names, 1 };
}

static void
signed_by_other(void)
{
	static struct verified verified = { .sdid = "mail.example.net",
	    .result = DKIM_PASS };

	t.evidence.dkim.existing = &verified;
	t.evidence.dkim.n_existing = 1;
}

static void
badly_signed_by_other(void)
{
	static struct verified verified = { .sdid = "example.net", .result = DKIM_FAIL };

	t.evidence.dkim.existing = &verified;
	t.evidence.dkim.n_existing = 1;
}

static void
sent_by_other(void)
{
	t.message->envelope_domain = "bounce.example.net";
}

static void
test_link_mismatch(void **state)
{
	static const struct worded_row rows[] = {
		{ "another site", SHOWN("https://example.net/login",
		    "https://www.example.org/login"), HIT(DEFAULT, "example.net") },
		{ "a www name", SHOWN("https://example.net/", "www.example.org"),
		    HIT(DEFAULT, "www.example.org") },
		{ "capitals, a full stop", SHOWN("https://example.net/",
		    "WWW.Example.ORG."), HIT(DEFAULT, NULL) },
		{ "in angle brackets", SHOWN("https://example.net/",
		    "<https://example.org/>"), HIT(DEFAULT, NULL) },
		{ "to an address", SHOWN("http://192.0.2.1/",
		    "https://www.example.org/"), HIT(DEFAULT, "192.0.2.1") },
		{ "an own one first", SHOWN("https://t.example.com/1\nhttps://example.net/",
		    "www.example.org\nwww.example.org"), HIT(DEFAULT, "example.net") },
		{ "over our own counter", SHOWN("https://click.example.com/x",
		    "https://www.example.org/"), HIT(5, "click.example.com") },
		{ "over the signer's", WITH(signed_by_other, "https://t.example.net/x",
		    "https://www.example.org/"), HIT(5, NULL) },
		{ "over that of a broken signature", WITH(badly_signed_by_other,
		    "https://t.example.net/x", "https://www.example.org/"),
		    HIT(DEFAULT, NULL) },
		{ "over the envelope's", WITH(sent_by_other, "https://t.example.net/x",
		    "https://www.example.org/"), HIT(5, NULL) },
		{ "over a counter named", WITH(trackers, "https://a.clicks.example.net/x",
		    "https://www.example.org/"), OK },
		{ "beside the counter named", WITH(trackers, "https://www.example.net/x",
		    "https://www.example.org/"), HIT(DEFAULT, NULL) },
		{ "the same site", SHOWN("https://shop.example.org/a",
		    "https://www.example.org/"), OK },
		{ "http and https", SHOWN("http://example.org/", "https://example.org/"),
		    OK },
		{ "a bare name", SHOWN("https://example.net/", "example.org"), OK },
		{ "a sentence", SHOWN("https://example.net/",
		    "See https://www.example.org/"), OK },
		{ "words behind", SHOWN("https://example.net/",
		    "https://www.example.org/ for more"), OK },
		{ "an address", SHOWN("https://example.net/", "info@example.org"), OK },
		{ "to a mailbox", SHOWN("mailto:a@example.net", "www.example.org"), OK },
		{ "no host", SHOWN("https://example.net/", "http://"), OK },
		{ "www only", SHOWN("https://example.net/", "www."), OK },
		{ "a word like it", SHOWN("https://example.net/", "wwwhatever"), OK },
		{ "no text", SHOWN("https://example.net/", ""), OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("link-mismatch", rows);
}

static void
test_link_address(void **state)
{
	static const struct worded_row rows[] = {
		{ "IPv4", LINK("http://192.0.2.1/a"), HIT(DEFAULT, "192.0.2.1") },
		{ "hexadecimal", LINK("http://0xC0000201/a"), HIT(DEFAULT, NULL) },
		{ "decimal", LINK("http://3221225985/"), HIT(DEFAULT, NULL) },
		{ "IPv6", LINK("https://[2001:db8::1]/"), HIT(DEFAULT, NULL) },
		{ "user name", LINK("https://www.example.org@example.net/"),
		    HIT(DEFAULT, "user name") },
		{ "a password is not shown", LINK("https://bob:x@y@example.net:443/a:b@c"),
		    HIT(DEFAULT, "https://bob:...@example.net:443/a:b@c") },
		{ "port", LINK("https://example.net:8443/"), HIT(8, "odd port") },
		{ "the graver of two", LINK("https://example.net:8443/\n"
		    "http://192.0.2.1/"), HIT(DEFAULT, "and 1 more") },
		{ "the scheme's port", LINK("https://example.net:443/"), OK },
		{ "an at sign behind the host", LINK("https://example.net/@user"), OK },
		{ "a version in a path", LINK("https://example.net/1.2.3.4/"), OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("link-address", rows);
}

static void
from_shortener(void)
{
	t.message->author_domain = "mail.bit.ly";
}

static void
counts_at_bitly(void)
{
	static const char *names[] = { "bit.ly" };

	t.settings.link_trackers = (struct settings_strings){ names, 1 };
}

static void
test_lists(void **state)
{
	static const struct worded_row shorteners[] = {
		{ "bit.ly", LINK("https://bit.ly/3abc"), HIT(DEFAULT, "bit.ly") },
		{ "three", LINK("https://bit.ly/3abc\nhttps://tinyurl.com/a\n"
		    "https://bit.ly/c"), HIT(DEFAULT, "more") },
		{ "in capitals", LINK("HTTPS://BIT.LY/3abc"), HIT(DEFAULT, NULL) },
		{ "its own mail", WITH(from_shortener, "https://bit.ly/3abc", NULL), OK },
		{ "the counter named", WITH(counts_at_bitly, "https://bit.ly/3abc", NULL),
		    OK },
		{ "ends alike", LINK("https://rabbit.ly/3abc"), OK },
		{ "in the path", LINK("https://example.net/bit.ly"), OK },
		{ "no lists", WITH(worded_no_lists, "https://bit.ly/1", NULL), DUNNO },
		COMMON,
	};
	static const struct worded_row gateways[] = {
		{ "IPFS", LINK("https://ipfs.io/ipfs/Qm"), HIT(DEFAULT, "ipfs.io") },
		{ "a page of somebody", LINK("https://login-x.web.app/"),
		    HIT(DEFAULT, "web.app") },
		{ "an honest site", LINK("https://app.example.net/"), OK },
		{ "no lists", WITH(worded_no_lists, "https://ipfs.io/1", NULL), DUNNO },
		COMMON,
	};
	static const struct worded_row tlds[] = {
		{ ".top", LINK("https://shop.example.top/"), HIT(DEFAULT, ".top") },
		{ "a label of it", LINK("https://top.example.net/"), OK },
		{ "an address", LINK("http://192.0.2.1/"), OK },
		{ "no lists", WITH(worded_no_lists, "https://a.top/", NULL), DUNNO },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("link-shortener", shorteners);
	WORDED_TABLE("link-gateway", gateways);
	WORDED_TABLE("link-tld", tlds);
}

static void
text_only(void)
{
	worded.parts[1].kind = VIEW_TEXT;
}

static void
test_link_foreign_only(void **state)
{
	static const struct worded_row rows[] = {
		{ "one", LINK("https://www.example.net/"), HIT(DEFAULT, "example.net") },
		{ "two of one site", LINK("https://a.example.net/\nmailto:x@example.com\n"
		    "http://b.example.net/\n#top"), HIT(DEFAULT, "example.net") },
		{ "two sites", LINK("https://example.net/\nhttps://example.org/"), OK },
		{ "one of one's own", LINK("https://example.net/\nhttps://www.example.com/"),
		    OK },
		{ "one's own only", LINK("https://www.example.com/"), OK },
		{ "the envelope's", WITH(sent_by_other, "https://www.example.net/", NULL),
		    OK },
		{ "the signer's", WITH(signed_by_other, "https://www.example.net/", NULL),
		    OK },
		{ "a counter named", WITH(trackers, "https://clicks.example.net/", NULL),
		    OK },
		{ "a list", WITH(worded_list, "https://www.example.net/", NULL), OK },
		{ "in plain text", WITH(text_only, "https://www.example.net/", NULL), OK },
		{ "no links", LINK(NULL), OK },
		{ "mailto only", LINK("mailto:a@example.net"), OK },
		{ "no view", WITH(worded_none, NULL, NULL), DUNNO },
		{ "not all was read", WITH(worded_over, "https://www.example.net/", NULL),
		    DUNNO },
	};

	(void)state;
	WORDED_TABLE("link-foreign-only", rows);
}

#define SITES10(x) "https://" x "0.example/\nhttps://a." x "0.example/\n" \
    "https://" x "1.example/\nhttps://" x "2.example/\nhttps://" x "3.example/\n" \
    "https://" x "4.example/\nhttps://" x "5.example/\nhttps://" x "6.example/\n" \
    "https://" x "7.example/\nhttps://" x "8.example/\nhttps://" x "9.example/\n"

static void
test_plain_and_domains(void **state)
{
	static const struct worded_row plain[] = {
		{ "one", LINK("https://example.com/\nhttp://example.com/a"),
		    HIT(DEFAULT, "http://example.com/a") },
		{ "two", LINK("http://example.com/\nhttp://example.com/a"),
		    HIT(DEFAULT, "and 1 more") },
		{ "none", LINK("https://example.com/?u=http://example.net/"), OK },
		COMMON,
	};
	static const struct worded_row domains[] = {
		{ "21", LINK(SITES10("a") SITES10("b") "https://c.example/"),
		    HIT(DEFAULT, "21 domains: a0.example, a1.example") },
		{ "20 and an address", LINK(SITES10("a") SITES10("b")
		    "http://192.0.2.1/"), OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("link-plain", plain);
	WORDED_TABLE("link-domains", domains);
}

static void
test_link_lookalike(void **state)
{
	static const struct worded_row rows[] = {
		{ "two alphabets", LINK("https://p\xd0\xb0ypal.example/"),
		    HIT(DEFAULT, "mixes alphabets") },
		{ "two alphabets, as A-label", LINK("https://xn--pypal-4ve.com/"),
		    HIT(DEFAULT, "mixes alphabets") },
		{ "one for l", LINK("https://www.paypa1.com/"),
		    HIT(DEFAULT, "paypal.com") },
		{ "one for i", LINK("https://m1crosoft.com/"),
		    HIT(DEFAULT, "microsoft.com") },
		{ "noughts", LINK("https://faceb00k.example/"),
		    HIT(DEFAULT, "facebook.com") },
		{ "rn for m", LINK("https://rnicrosoft.example/"),
		    HIT(DEFAULT, "microsoft.com") },
		{ "below somebody's name", LINK("https://paypa1.example.net/"),
		    HIT(DEFAULT, "paypal.com") },
		{ "all in Cyrillic", LINK("https://\xd0\xb0\xd1\x80\xd1\x80\xd3\x8f\xd0\xb5"
		    ".com/"), HIT(DEFAULT, "apple.com") },
		{ "one's own", LINK("https://examp1e.net/"), HIT(DEFAULT, "example.com") },
		{ "the brand itself", LINK("https://www.paypal.com/"), OK },
		{ "the brand elsewhere", LINK("https://paypal.example/"), OK },
		{ "one's own elsewhere", LINK("https://example.org/"), OK },
		{ "Russian", LINK("https://\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0.example/"),
		    OK },
		{ "Russian, like a brand in part", LINK("https://\xd0\xbc\xd0\xb5\xd1\x82\xd0"
		    "\xb0.example/"), OK },
		{ "German", LINK("https://b\xc3\xbc" "cher.example/"), OK },
		{ "Japanese", LINK("https://\xe3\x82\xab\xe3\x83\x95\xe3\x82\xa7"
		    "tokyo\xe6\x9d\xb1.example/"), OK },
		{ "numbers", LINK("https://img2.cdn1.example.net/\nhttps://1und1.example/\n"
		    "https://163.example/\nhttps://1cloud.example/\nhttps://w3.example/"), OK },
		{ "short", LINK("https://d0.example/"), OK },
		{ "honest rn", LINK("https://www.modern-barn.example/"), OK },
		{ "an address", LINK("http://192.0.2.1/"), OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("link-lookalike", rows);
}

static void
test_link_dead_scheme(void **state)
{
	static const struct worded_row rows[] = {
		{ "script", LINK("javascript:go()"), HIT(DEFAULT, "javascript:go()") },
		{ "in capitals", LINK(" JavaScript:go()"), HIT(DEFAULT, NULL) },
		{ "data", LINK("data:text/html,hello"), HIT(DEFAULT, NULL) },
		{ "file", LINK("file:///C:/a.txt"), HIT(DEFAULT, NULL) },
		{ "others", LINK("https://example.com/javascript:\nsms:123\ncid:x"), OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("link-dead-scheme", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link_mismatch),
		cmocka_unit_test(test_link_address),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_link_foreign_only),
		cmocka_unit_test(test_plain_and_domains),
		cmocka_unit_test(test_link_lookalike),
		cmocka_unit_test(test_link_dead_scheme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
