/* Bulk mail: a way out in the body, the postal address. */
#include "checked.h"

#include "mail/view.h"
#include "settings/lists.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define OK CHECK_OK, 0, 0, NULL, NULL
#define DUNNO CHECK_DUNNO, 0, 0, NULL, NULL

#define BULK "From: News <news@example.com>\nPrecedence: bulk\n"
#define STREET "Example Ltd, 1 High Street, London N1 1AA"

enum { LINKS = 3000 };

static struct view view;
static struct view_part parts[2];
static struct view_link links[LINKS];
static struct settings_stream stream;
static const struct lists *lists;

/* A part for a reader, the first plain and the second HTML. */
static void
text(const char *plain, const char *html)
{
	memset(parts, 0, sizeof(parts));
	parts[0] = (struct view_part){ .section = "1", .kind = VIEW_TEXT,
	    .text = slice_of(plain) };
	parts[1] = (struct view_part){ .section = "2", .kind = VIEW_HTML,
	    .text = slice_of(html) };
	view = (struct view){ .parts = parts, .n_parts = 2, .links = links };
	t.message->view = &view;
	t.settings.lists = lists;
	t.settings.postal_address = "";
}

static void
link_to(size_t part, const char *target, const char *shown, enum url_kind kind)
{
	links[view.n_links++] = (struct view_link){ .part = part, .target = target,
	    .text = shown, .url = { .kind = kind } };
	view.links_total = view.n_links;
}

static void none(void) { text("Hello", "Hello"); }
static void nothing_read(void) { none(); t.message->view = NULL; }

static void
shop_link(void)
{
	text("Buy", "Buy");
	link_to(1, "https://shop.example.com/", "Buy now", URL_HTTPS);
}

static void by_text(void) { shop_link(); link_to(1, "https://c.example/1", "UNSUBSCRIBE here",
    URL_HTTPS); }
static void by_target(void) { shop_link(); link_to(1, "https://c.example/Unsubscribe?u=1", "x",
    URL_HTTPS); }
static void by_mail(void) { shop_link(); link_to(1, "mailto:unsubscribe@example.com", "x",
    URL_MAILTO); }
static void other_language(void) { shop_link(); link_to(1, "http://c.example/1",
    "\xd0\x9e\xd0\xa2\xd0\x9f\xd0\x98\xd0\xa1\xd0\x90\xd0\xa2\xd0\xac\xd0\xa1\xd0\xaf",
    URL_HTTP); }	/* Russian, all capitals */
static void broken_blank(void) { shop_link(); link_to(1, "https://c.example/1",
    "Manage\n  preferences", URL_HTTPS); }
static void no_link_text(void) { shop_link(); link_to(1, "https://c.example/1", "",
    URL_HTTPS); }
static void dead_link(void) { shop_link(); link_to(1, "javascript:unsubscribe()",
    "Unsubscribe", URL_JAVASCRIPT); }

static void
plain_words(void)
{
	text("To unsubscribe: https://c.example/1", "");
	link_to(0, "https://c.example/1", NULL, URL_HTTPS);
}

static void plain_words_no_link(void) { text("To unsubscribe, write to us", ""); }

static void
html_words_no_link(void)
{
	text("", "To unsubscribe press here");
	link_to(1, "https://c.example/1", "here", URL_HTTPS);
}

static void over_limit(void) { shop_link(); view.over_limit = true; }
static void part_over_limit(void) { shop_link(); parts[1].over_limit = true; }
static void encrypted(void) { none(); parts[0].in_encrypted = true; }

static void
many(size_t at)
{
	none();
	for (size_t i = 0; i < LINKS; i++)
		link_to(1, "https://c.example/1", i == at ? "Unsubscribe" : "Buy",
		    URL_HTTPS);
}

static void many_first(void) { many(999); }
static void many_last(void) { many(2000); }
static void many_none(void) { many(LINKS); }

/* ---- the postal address ---- */

static void
address(const char *plain, const char *html)
{
	text(plain, html);
	t.settings.postal_address = STREET;
}

static void address_none(void) { address("Hello", "Hello"); }
static void address_empty(void) { text("Hello", "Hello"); }
static void address_dots(void) { text("Hello", "Hello"); t.settings.postal_address = " ., "; }
static void address_plain(void) { address("Hi\n--\n" STREET "\n", ""); }
static void address_lines(void) { address("x", "a EXAMPLE Ltd\n1\xc2\xa0High Street\n\n"
    "London\nN1 1AA, UK"); }
static void address_half(void) { address("Example Ltd, 1 High Street", "London N1 1AA"); }
static void address_over(void) { address_none(); view.over_limit = true; }

static void
address_of_stream(void)
{
	address_plain();
	stream = (struct settings_stream){ .name = "s", .postal_address = "2 Low Road" };
	t.message->declared = &stream;
}

static void
address_of_stream_off(void)
{
	address_none();
	stream = (struct settings_stream){ .name = "s", .postal_address = "" };
	t.message->declared = &stream;
}

static void
address_of_all(void)
{
	address_none();
	stream = (struct settings_stream){ .name = "s" };
	t.message->declared = &stream;
}

static const struct checked_row body_link[] = {
	{ "no links", BULK, none, false, HIT(8), "The body has no link ", "Unsubscribe" },
	{ "another link", BULK, shop_link, false, HIT(8), "The body has 1 link, none ", NULL },
	{ "by text", BULK, by_text, false, OK },
	{ "by target", BULK, by_target, false, OK },
	{ "by mail", BULK, by_mail, false, OK },
	{ "another language", BULK, other_language, false, OK },
	{ "words on two lines", BULK, broken_blank, false, OK },
	{ "no text", BULK, no_link_text, false, HIT(8), NULL, NULL },
	{ "no link that leads anywhere", BULK, dead_link, false, HIT(8), NULL, NULL },
	{ "words in plain text", BULK, plain_words, false, OK },
	{ "words without link", BULK, plain_words_no_link, false, HIT(8), NULL, NULL },
	{ "words beside an HTML link", BULK, html_words_no_link, false, HIT(8), NULL, NULL },
	{ "among many, first", BULK, many_first, false, OK },
	{ "among many, last", BULK, many_last, false, OK },
	{ "many", BULK, many_none, false, HIT(8), "The body has 3000 links, none ", NULL },
	{ "not bulk", NULL, none, false, OK },
	{ "over limit", BULK, over_limit, false, DUNNO },
	{ "part over limit", BULK, part_over_limit, false, DUNNO },
	{ "encrypted", BULK, encrypted, false, DUNNO },
	{ "not read", BULK, nothing_read, false, DUNNO },
	{ "stream not known", BULK, none, true, DUNNO },
};

static const struct checked_row postal_address[] = {
	{ "absent", BULK, address_none, false, HIT(2), "\"" STREET "\"", NULL },
	{ "not configured", BULK, address_empty, false, OK },
	{ "nothing in it", BULK, address_dots, false, OK },
	{ "in plain text", BULK, address_plain, false, OK },
	{ "in HTML, on lines", BULK, address_lines, false, OK },
	{ "half in each", BULK, address_half, false, HIT(2), NULL, NULL },
	{ "another of the stream", BULK, address_of_stream, false, HIT(2), "\"2 Low Road\"",
	    NULL },
	{ "none of the stream", BULK, address_of_stream_off, false, OK },
	{ "that of all", BULK, address_of_all, false, HIT(2), NULL, NULL },
	{ "not bulk", NULL, address_none, false, OK },
	{ "over limit", BULK, address_over, false, DUNNO },
	{ "not read", BULK, nothing_read, false, DUNNO },
};

static void
tests_body_link(void **state)
{
	(void)state;
	CHECKED_TABLE("bulk-no-body-link", body_link);
}

static void
tests_postal_address(void **state)
{
	(void)state;
	CHECKED_TABLE("bulk-no-postal-address", postal_address);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tests_body_link),
		cmocka_unit_test(tests_postal_address),
	};
	struct arena *arena = arena_new();
	int failed;

	lists = lists_new_builtin(arena);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(&arena);
	return failed;
}
