/* HTML: hidden text, active contents, pictures only, small faults. */
#include "checked.h"

#include "mail/html.h"
#include "mail/view.h"
#include "settings/lists.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define OK CHECK_OK, 0, 0, NULL, NULL
#define DUNNO CHECK_DUNNO, 0, 0, NULL, NULL

#define FIFTY "abcdefghijklmnopqrstuvwxyabcdefghijklmnopqrstuvwxy"
#define HUNDRED FIFTY FIFTY

static struct view view;
static struct view_part parts[2];
static struct html_facts facts;
static const struct lists *lists;

/* A text part and an HTML part as they are read. */
static void
read_parts(const char *text, const char *html)
{
	struct html *reader = html_new(t.message->arena);

	html_add(reader, html, strlen(html));
	html_finish(reader, &facts);
	parts[0] = (struct view_part){ .section = "1", .type = "text/plain",
	    .kind = VIEW_TEXT, .text = slice_of(text) };
	parts[1] = (struct view_part){ .section = "2", .type = "text/html",
	    .kind = VIEW_HTML, .html = &facts, .text = facts.text };
	view = (struct view){ .parts = parts, .n_parts = 2 };
	t.message->view = &view;
	t.settings.lists = lists;
}

static void plain(void) { read_parts("Hello", ""); view.n_parts = 1; }
static void not_looked(void) { plain(); t.message->view = NULL; }
static void simple(void) { read_parts("Hello", "<html><p>Hello</p></html>"); }
static void not_read(void) { simple(); parts[1].html = NULL; }
static void half_read(void) { simple(); facts.over_limit = true; }
static void many_parts(void) { plain(); view.over_limit = true; }

static void
attached(void)
{
	read_parts("Hello", "<script>x</script><img src=a><table><td><link rel=stylesheet "
	    "href=https://example.com/a.css>");
	facts.hidden = 1000;
	facts.hidden_how = facts.hidden_sample = "x";
	facts.size = 200000;
	parts[1].in_attached_message = true;
}

#define NEVER \
	{ "plain text", NULL, plain, false, OK }, \
	{ "in an attached message", NULL, attached, false, OK }, \
	{ "well", NULL, simple, false, OK }, \
	{ "no view", NULL, not_looked, false, DUNNO }, \
	{ "HTML not read", NULL, not_read, false, DUNNO }, \
	{ "view over its limit", NULL, many_parts, false, DUNNO }

static void picture(void) { read_parts("Hello", "<img src=a>" FIFTY); }
static void picture_100(void) { read_parts("Hello", "<img src=a>" HUNDRED); }
static void picture_99(void) { read_parts("", "<img src=a>" HUNDRED); facts.visible = 99; }
static void picture_text(void) { read_parts(HUNDRED HUNDRED, "<img src=a>"); }
static void picture_text_199(void) { read_parts(HUNDRED HUNDRED "\0", "<img src=a>");
    parts[0].text.n = 199; }
static void tiny_picture(void) { read_parts("", "<img src=a width=1 height=1>x"); }
static void picture_half(void) { picture(); facts.over_limit = true; }

static void
test_image_only(void **state)
{
	static const struct checked_row rows[] = {
		NEVER,
		{ "HTML half read", NULL, half_read, false, DUNNO },
		{ "picture", NULL, picture, false, HIT(15),
		    "part 2 (text/html) shows 1 image and only 50 characters of text; the "
		    "text part has 5", NULL },
		{ "99 characters", NULL, picture_99, false, HIT(15), NULL, NULL },
		{ "100 characters", NULL, picture_100, false, OK },
		{ "text of 199", NULL, picture_text_199, false, HIT(15), NULL, NULL },
		{ "text of 200", NULL, picture_text, false, OK },
		{ "1x1", NULL, tiny_picture, false, OK },
		{ "half read", NULL, picture_half, false, DUNNO },
	};

	(void)state;
	CHECKED_TABLE("html-image-only", rows);
}

#define NO_SHOW "<i style=\"display:none\">"

static void hidden(void) { read_parts("", HUNDRED NO_SHOW HUNDRED); }
static void hidden_60(void) { read_parts("", HUNDRED NO_SHOW FIFTY "abcdefghij"); }
static void hidden_59(void) { read_parts("", HUNDRED NO_SHOW FIFTY "abcdefghi"); }
static void hidden_2(void) { hidden(); facts.visible = 5000; }
static void hidden_less(void) { hidden(); facts.visible = 5001; }
static void preheader(void) { read_parts("", NO_SHOW HUNDRED HUNDRED "</i>" HUNDRED); }
static void all_hidden(void) { read_parts("", NO_SHOW HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED); }
static void hidden_half(void) { hidden(); facts.over_limit = true; }

static void
test_hidden(void **state)
{
	static const struct checked_row rows[] = {
		NEVER,
		{ "HTML half read", NULL, half_read, false, DUNNO },
		{ "hidden", NULL, hidden, false, HIT(30), "hides 100 characters beside 100 "
		    "that can be seen, by display:none: \"abcde", NULL },
		{ "60 characters", NULL, hidden_60, false, HIT(30), NULL, NULL },
		{ "59 characters", NULL, hidden_59, false, OK },
		{ "2 %", NULL, hidden_2, false, HIT(30), NULL, NULL },
		{ "under 2 %", NULL, hidden_less, false, OK },
		{ "preheader", NULL, preheader, false, OK },
		{ "all hidden", NULL, all_hidden, false, HIT(30), "hides 100 characters", NULL },
		{ "half read", NULL, hidden_half, false, DUNNO },
	};

	(void)state;
	CHECKED_TABLE("html-hidden", rows);
}

static void script(void) { read_parts("", "<form></form><script src=\"a\x1b.js\"></script>"); }
static void form(void) { read_parts("", "<form action=https://example.net/x>"); }
static void handler(void) { read_parts("", "<p onclick=x>"); }
static void json(void) { read_parts("", "<script type=application/ld+json>{}</script>"); }
static void script_half(void) { script(); facts.over_limit = true; }

static void
test_active(void **state)
{
	static const struct checked_row rows[] = {
		NEVER,
		{ "HTML half read", NULL, half_read, false, DUNNO },
		{ "script", NULL, script, false, HIT(25), "holds <script> of a", NULL },
		{ "form", NULL, form, false, HIT(10), "a form to https://example.net/x", NULL },
		{ "handler", NULL, handler, false, HIT(10), "onclick on <p>", NULL },
		{ "JSON-LD", NULL, json, false, OK },
		{ "seen before the limit", NULL, script_half, false, HIT(25), NULL, NULL },
	};

	(void)state;
	CHECKED_TABLE("html-active", rows);
}

static void size_102(void) { simple(); facts.size = 102 * 1024; }
static void size_over(void) { size_102(); facts.size++; }

static void
test_clipped(void **state)
{
	static const struct checked_row rows[] = {
		NEVER,
		{ "HTML half read", NULL, half_read, false, OK },
		{ "102 KB", NULL, size_102, false, OK },
		{ "one byte more", NULL, size_over, false, HIT(5), "104449 bytes", NULL },
	};

	(void)state;
	CHECKED_TABLE("html-clipped", rows);
}

static void table(void) { read_parts("", "<table><tr><td>x"); }
static void cut(void) { read_parts("", "<p>x</p"); }
static void optional(void) { read_parts("", "<html><p>x<li>y<table><tr><td>z</table>"); }

static void
test_broken(void **state)
{
	static const struct checked_row rows[] = {
		NEVER,
		{ "HTML half read", NULL, half_read, false, DUNNO },
		{ "table", NULL, table, false, HIT(3), "1 table is never closed", NULL },
		{ "cut", NULL, cut, false, HIT(3), "middle of a tag (</p)", NULL },
		{ "end tags left out", NULL, optional, false, OK },
	};

	(void)state;
	CHECKED_TABLE("html-broken", rows);
}

static void no_html(void) { read_parts("", "<p>x</p>"); }
static void no_html_half(void) { no_html(); facts.over_limit = true; }
static void nothing(void) { read_parts("", ""); }

static void
test_no_root(void **state)
{
	static const struct checked_row rows[] = {
		NEVER,
		{ "HTML half read", NULL, half_read, false, OK },
		{ "no html", NULL, no_html, false, HIT(3), "no <html> element", NULL },
		{ "half read", NULL, no_html_half, false, DUNNO },
		{ "empty", NULL, nothing, false, OK },
	};

	(void)state;
	CHECKED_TABLE("html-no-root", rows);
}

static void no_alt(void) { read_parts("", "<img src=a><img src=b><img src=c alt=c>"); }
static void half_alt(void) { read_parts("", "<img src=a><img src=b alt=''>"); }
static void pixel(void) { read_parts("", "<img src=a width=1 height=1>"); }

static void
test_alt_missing(void **state)
{
	static const struct checked_row rows[] = {
		NEVER,
		{ "HTML half read", NULL, half_read, false, DUNNO },
		{ "two of three", NULL, no_alt, false, HIT(1), "2 of 3 images", NULL },
		{ "one of two", NULL, half_alt, false, OK },
		{ "a pixel", NULL, pixel, false, OK },
	};

	(void)state;
	CHECKED_TABLE("html-alt-missing", rows);
}

#define SHEET(href) "<link rel=stylesheet href=\"" href "\">"

static void remote(void) { read_parts("", SHEET("https://example.net/a.css")); }
static void font(void) { read_parts("", SHEET("https://fonts.googleapis.com/css?family=X")); }
static void font_and(void) { read_parts("", SHEET("https://fonts.googleapis.com/css")
    "<style>@import url(https://example.net/b.css);</style>"); }
static void relative(void) { read_parts("", SHEET("a.css")); }

static void
test_remote_style(void **state)
{
	static const struct checked_row rows[] = {
		NEVER,
		{ "HTML half read", NULL, half_read, false, DUNNO },
		{ "remote", NULL, remote, false, HIT(1), "https://example.net/a.css", NULL },
		{ "fonts", NULL, font, false, OK },
		{ "fonts and another", NULL, font_and, false, HIT(1),
		    "https://example.net/b.css", NULL },
		{ "relative", NULL, relative, false, OK },
	};

	(void)state;
	CHECKED_TABLE("html-remote-style", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_image_only), cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_active), cmocka_unit_test(test_clipped),
		cmocka_unit_test(test_broken), cmocka_unit_test(test_no_root),
		cmocka_unit_test(test_alt_missing), cmocka_unit_test(test_remote_style),
	};
	struct arena *arena = arena_new();
	int failed;

	html_init();
	lists = lists_new_builtin(arena);
	failed = cmocka_run_group_tests_name("html", tests, NULL, NULL);
	arena_free(&arena);
	return failed;
}
