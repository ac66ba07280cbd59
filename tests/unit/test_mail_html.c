/*
 * What a reader sees of HTML.  Every input also goes in byte by byte.
 */
#include "exact.h"

#include <time.h>

#include "base/arena.h"
#include "mail/html.h"

/* 50 characters. */
#define FIFTY "abcdefghijklmnopqrstuvwxyabcdefghijklmnopqrstuvwxy"
#define HUNDRED FIFTY FIFTY
/* Enough that what follows is no preheader. */
#define SEEN "<p>" HUNDRED "</p>"

static struct arena *arena;

static struct html_facts
read_bytes(const char *bytes, size_t n, size_t step)
{
	struct html *html = html_new(arena);
	struct html_facts facts;

	for (size_t i = 0; i < n; i += step) {
		struct slice piece = exact_bytes(bytes + i, n - i < step ? n - i : step);

		html_add(html, piece.p, piece.n);
		exact_drop(piece);
	}
	html_finish(html, &facts);
	assert_int_equal(facts.size, n);
	return facts;
}

static struct html_facts
read_html(const char *text)
{
	struct html_facts one = read_bytes(text, strlen(text), 1);
	struct html_facts facts = read_bytes(text, strlen(text), 65536);

	assert_true(slice_eq(one.text, facts.text));
	assert_int_equal(one.visible, facts.visible);
	assert_int_equal(one.hidden, facts.hidden);
	assert_int_equal(one.n_links, facts.n_links);
	assert_int_equal(one.images, facts.images);
	assert_false(facts.over_limit);
	return facts;
}

static void
same(const char *html, const char *what, const char *is, const char *wanted)
{
	if ((is == NULL) != (wanted == NULL) || (is != NULL && strcmp(is, wanted) != 0))
		fail_msg("%s: %s \"%s\", not \"%s\"", html, what, is != NULL ? is : "-",
		    wanted != NULL ? wanted : "-");
}

static const struct { const char *html, *text; } texts[] = {
	{ "", "" },
	{ "plain & simple", "plain & simple" },
	{ "<p>one</p>two<br>three", "one\ntwo\nthree" },
	{ "<p>a</p><p>b</p>", "a\nb" },
	{ "first</html>second<p>third</body>fourth", "firstsecond\nthirdfourth" },
	{ "<b>wo</b>rd  <i> and</i>\n more ", "word and more" },
	{ "a&nbsp;&nbsp;b&#160;c", "a b c" },
	{ "&lt;b&gt; &euro; &#x41;&#66; &amp;amp; &unknown; & a&b",
	    "<b> \xe2\x82\xac AB &amp; &unknown; & a&b" },
	{ "<table><tr><td>Name</td><td>5</td></tr><tr><td>x</td></tr></table>",
	    "Name 5\nx" },
	{ "<html><head><title>T</title><style>p{}</style><meta name=a content=b></head>"
	    "<body>text</body></html>", "text" },
	{ "<head><title>T</title><p>head never closed", "head never closed" },
	{ "<title>never & closed <p>text", "" },
	{ "<script>if (a<b) x = '</p>'; </scr </script >after", "after" },
	{ "a<script>b", "a" },
	{ "<noscript>shown</noscript><template>not</template>", "shown" },
	{ "<iframe>not <b>this</b></iframe>this", "this" },
	{ "a<!-- b -- c > d --><!-->e<!--->f<!-- --!>g<!-- x", "aefg" },
	{ "<!--[if mso]><p>Outlook</p><![endif]--><!--[if !mso]><!-->all<!--<![endif]-->",
	    "all" },
	{ "<![if !mso]>seen<![endif]><!DOCTYPE html><?xml a?>too", "seentoo" },
	{ "</>a</ b>c</1>d", "acd" },
	{ "1 < 2 <3 <", "1 < 2 <3" },
	{ "<a title=\"<p>\">x</a><i title='>'>y</i><i title=a>z</i>", "xyz" },
	{ "<p \"quoted\">x</p><p a=b\"c>y</p>", "x\ny" },
	{ "<o:p/>x<o:p></o:p><div/>y", "x\ny" },
	{ "</div></p>a</p>b</br>c</li></x>d", "a\nb\ncd" },
	{ "<body a=1>x<body b=2>y", "xy" },
	{ "<mw-root>a</mw-root>b", "ab" },
	{ "<li>a<li>b<td>c<td>d", "a\nb c d" },
	{ "<textarea>a</textarea><select><option>b<option>c</select>", "a\nb\nc" },
	{ "<pre>a\n b</pre>", "a b" },
	{ "\xe6\x97\xa5\xe6\x9c\xac<b>\xe8\xaa\x9e</b>", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
	{ "<p hidden>no</p><p style='display:none'>no</p>yes", "yes" },
};

static void
test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct html_facts facts = read_html(texts[i].html);

		same(texts[i].html, "text", slice_dup(arena, facts.text), texts[i].text);
	}
}

static const struct { const char *html; size_t hidden; const char *how; } hidings[] = {
	{ SEEN "<p style=\"display:none\">" FIFTY, 50, "display:none" },
	{ SEEN "<p style=\"DISPLAY : NONE !important\">" FIFTY, 50, "display:none" },
	{ SEEN "<p style=\"display:/*x*/none\">" FIFTY, 50, "display:none" },
	{ SEEN "<p style=\"display&#58;none\">" FIFTY, 50, "display:none" },
	{ SEEN "<p style=\"display:none;display:block\">" FIFTY, 0, NULL },
	{ SEEN "<div style=\"display:none\"><p style=\"display:block\">" FIFTY, 50,
	    "display:none" },
	{ SEEN "<p style=\"visibility:hidden\">" FIFTY "<b style=\"visibility:visible\">"
	    HUNDRED, 50, "visibility:hidden" },
	{ SEEN "<p style=\"opacity:0\">" FIFTY, 50, "opacity:0" },
	{ SEEN "<p style=\"opacity:0.0\">" FIFTY, 50, "opacity:0" },
	{ SEEN "<p style=\"opacity:0.5\">" FIFTY, 0, NULL },
	{ SEEN "<p style=\"max-height:0px\">" FIFTY, 50, "max-height:0" },
	{ SEEN "<p style=\"max-height:1px\">" FIFTY, 0, NULL },
	{ SEEN "<p style=\"height:0;overflow:hidden\">" FIFTY, 50,
	    "height:0 with overflow:hidden" },
	{ SEEN "<p style=\"height:0\">" FIFTY, 0, NULL },
	{ SEEN "<p hidden>" FIFTY, 50, "the hidden attribute" },
	{ SEEN "<p hidden style=\"display:block\">" FIFTY, 0, NULL },
	/* fonts */
	{ SEEN "<p style=\"font-size:0\">" FIFTY, 50, "a font size of at most 1.5px" },
	{ SEEN "<p style=\"font-size:1.5px\">" FIFTY, 50, "a font size of at most 1.5px" },
	{ SEEN "<p style=\"font-size:1.6px\">" FIFTY, 0, NULL },
	{ SEEN "<p style=\"font-size:1pt\">" FIFTY, 50, "a font size of at most 1.5px" },
	{ SEEN "<p style=\"font-size:0.05em\">" FIFTY, 50, "a font size of at most 1.5px" },
	{ SEEN "<p style=\"font-size:5%\">" FIFTY, 50, "a font size of at most 1.5px" },
	{ SEEN "<p style=\"font:0/0 a\">" FIFTY, 50, "a font size of at most 1.5px" },
	{ SEEN "<p style=\"font:bold 1px/1px Arial\">" FIFTY, 50,
	    "a font size of at most 1.5px" },
	{ SEEN "<p style=\"font:400 14px/20px Arial\">" FIFTY, 0, NULL },
	{ SEEN "<td style=\"font-size:0\"><div style=\"font-size:14px\">" FIFTY, 0, NULL },
	{ SEEN "<td style=\"font-size:0\"><div class=text>" FIFTY, 0, NULL },
	{ SEEN "<td style=\"font-size:0\"><div>" FIFTY, 50, "a font size of at most 1.5px" },
	/* offsets */
	{ SEEN "<p style=\"position:absolute;left:-9999px\">" FIFTY, 50,
	    "an offset out of sight" },
	{ SEEN "<p style=\"text-indent:-50em\">" FIFTY, 50, "a text-indent out of sight" },
	{ SEEN "<p style=\"margin:0 0 0 -200px\">" FIFTY, 50, "an offset out of sight" },
	{ SEEN "<p style=\"margin-left:-100px\">" FIFTY, 0, NULL },
	{ SEEN "<p style=\"margin:0 -20px\">" FIFTY, 0, NULL },
	/* colours */
	{ "<body bgcolor=white>" SEEN "<p style=\"color:#fffffe\">" FIFTY, 50,
	    "a colour like the background" },
	{ "<body bgcolor=ffffff>" SEEN "<font color=#f8f8ff>" FIFTY, 0, NULL },
	{ "<body bgcolor=ffffff>" SEEN "<font color=#fbfbfb>" FIFTY, 50,
	    "a colour like the background" },
	{ "<body bgcolor=ffffff>" SEEN "<font color=#fafafa>" FIFTY, 0, NULL },
	{ SEEN "<p style=\"color:#fff\">" FIFTY, 0, NULL },
	{ SEEN "<p style=\"background:#000;color:rgb(0, 0, 0)\">" FIFTY, 50,
	    "a colour like the background" },
	{ SEEN "<p style=\"background:url(x.png) #000;color:#000\">" FIFTY, 0, NULL },
	{ SEEN "<p style=\"background:#000 linear-gradient(red, blue);color:#000\">" FIFTY,
	    0, NULL },
	{ SEEN "<td background=x.png bgcolor=#000><p style=\"color:#000\">" FIFTY, 0, NULL },
	{ SEEN "<td bgcolor=#000><div class=x><p style=\"color:#000\">" FIFTY, 0, NULL },
	{ SEEN "<td bgcolor=#000 class=x style=\"color:#000\">" FIFTY, 0, NULL },
	{ SEEN "<td style=\"background-color:#000\" class=x><p style=\"color:black\">" FIFTY,
	    50, "a colour like the background" },
	{ SEEN "<td bgcolor=#000><p style=\"color:#000\"><a href=x>" FIFTY, 0, NULL },
	{ SEEN "<td bgcolor=#000><p style=\"color:#000;background:transparent\">" FIFTY, 50,
	    "a colour like the background" },
	{ SEEN "<td bgcolor=#000><p style=\"color:rgba(0,0,0,.5)\">" FIFTY, 0, NULL },
	{ SEEN "<td bgcolor=#000>" FIFTY, 0, NULL },
	/* what does not count */
	{ "<div style=\"display:none\">" HUNDRED HUNDRED HUNDRED HUNDRED "</div>", 0, NULL },
	{ "<div style=\"display:none\">" HUNDRED HUNDRED HUNDRED HUNDRED FIFTY "</div>", 50,
	    "display:none" },
	{ "<p>" FIFTY "<i style=\"display:none\">" HUNDRED "</i>" FIFTY
	    "<i style=\"display:none\">" FIFTY, 50, "display:none" },
	{ SEEN "<p style=\"display:none\">&nbsp;&zwnj;&#847; &#8199;&#65279; &shy;\xc2\xa0",
	    0, NULL },
	{ SEEN "<!-- " HUNDRED " --><p class=hidden>" FIFTY, 0, NULL },
	{ "<style>@media (max-width:600px) { .m, td[class=n] { display:block !important } "
	    "#i{font-size:12px}}</style>" SEEN "<p class=\"x m\" style=\"display:none\">"
	    FIFTY "</p><td class=n style=\"display:none\">" FIFTY "</td>"
	    "<b id=i style=\"font-size:0\">" FIFTY "</b>", 0, NULL },
	{ SEEN "<p class=m style=\"display:none\">" FIFTY
	    "</p><style>@media screen{p{}.m{display:block}}</style>", 0, NULL },
	{ "<style>.m{display:block}@media screen{.k{display:none}}</style>" SEEN
	    "<p class=m style=\"display:none\">" FIFTY "</p>"
	    "<p class=k style=\"display:none\">" FIFTY, 100, "display:none" },
	{ "<style>@media screen{.m{display:block}} .k{display:block}</style>" SEEN
	    "<p class=k style=\"display:none\">" FIFTY, 50, "display:none" },
	{ "<style>@media screen{/* } */.m{max-height:none}}</style>" SEEN
	    "<div class=m style=\"max-height:0\"><p>" FIFTY, 0, NULL },
};

static void
test_hidden(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hidings) / sizeof(hidings[0]); i++) {
		struct html_facts facts = read_html(hidings[i].html);

		if (facts.hidden != hidings[i].hidden)
			fail_msg("%s: hidden %zu, not %zu", hidings[i].html, facts.hidden,
			    hidings[i].hidden);
		same(hidings[i].html, "how", facts.hidden_how, hidings[i].how);
		assert_true((facts.hidden_sample != NULL) == (facts.hidden > 0));
	}
}

static void
test_visible(void **state)
{
	struct html_facts facts;

	(void)state;
	facts = read_html("<p>a b&nbsp;c\xe2\x80\x8b \xc3\xa4\xe6\x97\xa5&shy;</p>");
	assert_int_equal(facts.visible, 5);
	facts = read_html(SEEN "<p style='display:none'>  secret <b>words</b>");
	assert_string_equal(facts.hidden_sample, "secret");
	assert_int_equal(facts.visible, 100);
}

static const struct { const char *html; size_t images, tiny, no_alt; } images[] = {
	{ "<img src=a>", 1, 0, 1 },
	{ "<img src=a alt=\"\">", 1, 0, 0 },
	{ "<img src=a alt>", 1, 0, 0 },
	{ "<img src=a alt=x width=600 height=200/>", 1, 0, 0 },
	{ "<img src=a width=1 height=1>", 0, 1, 0 },
	{ "<img src=a width=\"1px\" height=\" 1 \">", 0, 1, 0 },
	{ "<img src=a width=0>", 0, 1, 0 },
	{ "<img src=a width=1>", 1, 0, 1 },
	{ "<img src=a width=1 height=20 alt=''>", 1, 0, 0 },
	{ "<img src=a width=\"100%\" height=1 alt=''>", 1, 0, 0 },
	{ "<img src=a style=\"width:1px;height:1px\">", 0, 1, 0 },
	{ "<img src=a style=\"width:1px;height:1px\" width=600>", 0, 1, 0 },
	{ "<img src=a style=\"display:none\">", 0, 1, 0 },
	{ "<div style=\"max-height:0\"><img src=a></div>", 0, 1, 0 },
	{ "<td style=\"font-size:0\"><img src=a alt=''></td>", 1, 0, 0 },
	{ "<input type=image src=a><input type=text>", 1, 0, 1 },
};

static void
test_images(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		struct html_facts facts = read_html(images[i].html);

		if (facts.images != images[i].images || facts.images_tiny != images[i].tiny ||
		    facts.images_without_alt != images[i].no_alt)
			fail_msg("%s: %zu, %zu, %zu", images[i].html, facts.images,
			    facts.images_tiny, facts.images_without_alt);
	}
}

static const struct { const char *html, *script, *form, *broken, *style; bool root; }
    things[] = {
	{ "<html><body>x</body></html>", NULL, NULL, NULL, NULL, true },
	{ "<HTML lang=en>", NULL, NULL, NULL, NULL, true },
	{ "<p>x<html>", NULL, NULL, NULL, NULL, true },
	{ "<!-- <html> --><htmlx>", NULL, NULL, NULL, NULL, false },
	{ "<script>x</script>", "<script>", NULL, NULL, NULL, false },
	{ "<SCRIPT src='https://example.com/a.js'></SCRIPT>",
	    "<script> of https://example.com/a.js", NULL, NULL, NULL, false },
	{ "<script type=\" application/LD+json\">{}</script>", NULL, NULL, NULL, NULL,
	    false },
	{ "<iframe src=x></iframe><script></script>", "<iframe> of x", NULL, NULL, NULL,
	    false },
	{ "<object data=x></object>", "<object> of x", NULL, NULL, NULL, false },
	{ "<embed>", "<embed>", NULL, NULL, NULL, false },
	{ "<applet>", "<applet>", NULL, NULL, NULL, false },
	{ "<meta http-equiv=Refresh content=\"0;url=x\">", "<meta refresh> of 0;url=x",
	    NULL, NULL, NULL, false },
	{ "<meta http-equiv=content-type content=x>", NULL, NULL, NULL, NULL, false },
	{ "<form>", NULL, "a form", NULL, NULL, false },
	{ "<form action=\"https://example.com/\">", NULL, "a form to https://example.com/",
	    NULL, NULL, false },
	{ "<p onClick=\"x()\">", NULL, "onclick on <p>", NULL, NULL, false },
	{ "<body onload=x>", NULL, "onload on <body>", NULL, NULL, false },
	{ "<p on=1 one=2 on-x=3 online1=x>", NULL, NULL, NULL, NULL, false },
	/* broken */
	{ "<table><tr><td>x", NULL, NULL, "1 table is never closed", NULL, false },
	{ "<table><table></table>", NULL, NULL, "1 table is never closed", NULL, false },
	{ "<table><table>", NULL, NULL, "2 tables are never closed", NULL, false },
	{ "<table></table></table><!-- <table> -->", NULL, NULL, NULL, NULL, false },
	{ "text <td", NULL, NULL, "the HTML ends in the middle of a tag (<td)", NULL,
	    false },
	{ "<p>text</p", NULL, NULL, "the HTML ends in the middle of a tag (</p)", NULL,
	    false },
	{ "<a href=\"x>text", NULL, NULL, "the HTML ends in the middle of a tag (<a)", NULL,
	    false },
	{ "1 <", NULL, NULL, NULL, NULL, false },
	{ "<p>a<li>b<td>c", NULL, NULL, NULL, NULL, false },
	/* style sheets */
	{ "<link rel=stylesheet href=\"https://example.com/a.css\">", NULL, NULL, NULL,
	    "https://example.com/a.css", false },
	{ "<link rel=\"Alternate StyleSheet\" href=//example.com/a.css>", NULL, NULL, NULL,
	    "//example.com/a.css", false },
	{ "<link rel=icon href=https://example.com/a.ico>", NULL, NULL, NULL, NULL, false },
	{ "<link rel=stylesheet href=a.css>", NULL, NULL, NULL, NULL, false },
	{ "<style>@import url( 'https://example.com/b.css' ) screen;</style>", NULL, NULL,
	    NULL, "https://example.com/b.css", false },
	{ "<style>/* @import 'https://x.example/'; */ @import \"https://example.com/c\";"
	    "</style>", NULL, NULL, NULL, "https://example.com/c", false },
};

static void
test_things(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		const char *html = things[i].html;
		struct html_facts facts = read_html(html);

		same(html, "script", facts.script, things[i].script);
		same(html, "form", facts.form, things[i].form);
		same(html, "broken", facts.broken, things[i].broken);
		same(html, "style", facts.n_styles > 0 ? facts.styles[0] : NULL,
		    things[i].style);
		if (facts.has_root != things[i].root)
			fail_msg("%s: root %d", html, facts.has_root);
	}
}

static const struct { const char *html, *target, *text, *host; bool hidden, form; }
    links[] = {
	{ "<a href=\" https://example.com/?a=1&amp;b=2 \"> Go  <b>there</b>\n</a>",
	    "https://example.com/?a=1&b=2", "Go there", "example.com", false, false },
	{ "<a href=https://example.com/>x<p>y</a>", "https://example.com/", "x y",
	    "example.com", false, false },
	{ "<a href=https://example.com/>never closed", "https://example.com/",
	    "never closed", "example.com", false, false },
	{ "<a href=#top>x</a>", "#top", "x", NULL, false, false },
	{ "<a href=https://example.com><img src=x></a>", "https://example.com", "",
	    "example.com", false, false },
	{ "<a href=https://example.com><img src=x width=1 height=1></a>",
	    "https://example.com", "", "example.com", true, false },
	{ "<a href=https://example.com>&nbsp;</a>", "https://example.com", "",
	    "example.com", true, false },
	{ "<a href=https://example.com style=display:none>x</a>", "https://example.com", "",
	    "example.com", true, false },
	{ "<map><area href=https://example.com></map>", "https://example.com", "",
	    "example.com", false, false },
	{ "<form action=https://example.com/x>", "https://example.com/x", "",
	    "example.com", false, true },
	{ "<base href=https://example.net/a/><a href=b.html>x</a>", "b.html", "x",
	    "example.net", false, false },
	{ "<a href>x</a>", "", "x", NULL, false, false },
};

static void
test_links(void **state)
{
	struct html_facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		facts = read_html(links[i].html);
		assert_int_equal(facts.n_links, 1);
		same(links[i].html, "target", facts.links[0].target, links[i].target);
		same(links[i].html, "text", facts.links[0].text, links[i].text);
		same(links[i].html, "host", facts.links[0].url.host, links[i].host);
		if (facts.links[0].is_hidden != links[i].hidden ||
		    facts.links[0].is_form != links[i].form)
			fail_msg("%s: hidden %d, form %d", links[i].html,
			    facts.links[0].is_hidden, facts.links[0].is_form);
	}
	facts = read_html("<a name=x>no link</a><a href=a>one<a href=b>two</a>");
	assert_int_equal(facts.n_links, 2);
	assert_string_equal(facts.links[0].text, "one");
	assert_string_equal(facts.links[1].text, "two");
}

/* A link that begins as the one before it, up to the path and not so far. */
static void
test_like_last(void **state)
{
	static const struct { const char *target, *host, *path; } rows[] = {
		{ "https://www.example.com/a", "www.example.com", "/a" },
		{ "https://www.example.com/b?c", "www.example.com", "/b?c" },
		{ "https://www.example.com", "www.example.com", "" },
		{ "https://www.example.com", "www.example.com", "" },
		{ "https://www.example.com#d", "www.example.com", "#d" },
		{ "https://www.example.com.example.net/a", "www.example.com.example.net",
		    "/a" },
		{ "https://www.example.com", "www.example.com", "" },
		{ "https://www.example.com@example.net/", "example.net", "/" },
		{ "https://www.example.com/", "www.example.com", "/" },
		{ "https://www.example.com/\ta", "www.example.com", "/a" },
		{ "https://www.example.com:81/", "www.example.com", "/" },
		{ "https://www.example.com:8/", "www.example.com", "/" },
		{ "mailto:a@example.com", NULL, "a@example.com" },
		{ "mailto:b@example.com", NULL, "b@example.com" },
		{ "", NULL, NULL },
	};
	struct html *html = html_new(arena);
	struct html_facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *link = arena_printf(arena, "<a href=\"%s\">", rows[i].target);

		html_add(html, link, strlen(link));
	}
	html_finish(html, &facts);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct url *url = &facts.links[i].url;

		same(rows[i].target, "host", url->host, rows[i].host);
		same(rows[i].target, "path", url->path.p == NULL ? NULL :
		    slice_dup(arena, url->path), rows[i].path);
	}
	assert_int_equal(facts.links[10].url.port, 81);
	assert_int_equal(facts.links[11].url.port, 8);
	assert_true(facts.links[7].url.has_userinfo);
	assert_false(facts.links[8].url.has_userinfo);
}

/* unit n times between what begins and what ends. */
static struct html_facts
read_many(const char *begin, const char *unit, size_t n, const char *end)
{
	struct slice middle = exact_repeat(unit, n, end);
	struct html *html = html_new(arena);
	struct html_facts facts;

	html_add(html, begin, strlen(begin));
	html_add(html, middle.p, middle.n);
	html_finish(html, &facts);
	exact_drop(middle);
	return facts;
}

static void
test_limits(void **state)
{
	struct html_facts facts;

	(void)state;
	facts = read_many("<p>begin ", "<div>", HTML_DEPTH_MAX - 3, "end");
	assert_false(facts.over_limit);
	facts = read_many("<p>begin ", "<div>", HTML_DEPTH_MAX, "end");
	assert_true(facts.over_limit);
	assert_string_equal(slice_dup(arena, facts.text), "begin");
	assert_null(facts.broken);
	facts = read_many("", "word ", HTML_READ_MAX / 5 + 10, "<td");
	assert_true(facts.over_limit);
	assert_true(facts.text.n <= HTML_TEXT_MAX);
	assert_true(facts.visible > HTML_READ_MAX / 2);
	assert_null(facts.broken);
	facts = read_many("", "<a href=https://example.com/>x</a>", HTML_LINKS_MAX + 5, "");
	assert_int_equal(facts.n_links, HTML_LINKS_MAX);
	assert_int_equal(facts.links_total, HTML_LINKS_MAX + 5);
	assert_true(facts.n_links < facts.links_total);
	facts = read_many("<a href=x>", "\xc3\xa4", HTML_LINK_TEXT_MAX, "</a>");
	assert_int_equal(strlen(facts.links[0].text), HTML_LINK_TEXT_MAX);
	facts = read_many("<a href=x>b", "\xc3\xa4", HTML_LINK_TEXT_MAX, "</a>");
	assert_int_equal(strlen(facts.links[0].text), HTML_LINK_TEXT_MAX - 1);
	/* an inlined image is no reason to stop, many attributes are cut */
	facts = read_many("<img alt=x src=\"data:image/png;base64,", "AAAA", 50000,
	    "\">after");
	assert_false(facts.over_limit);
	assert_string_equal(slice_dup(arena, facts.text), "after");
	facts = read_many("<p x=\"", "\xe2\x82\xac", 9000, "\" style='display:none'>no");
	assert_false(facts.over_limit);
	assert_int_equal(facts.text.n, 0);
	facts = read_many("<p ", "style=x ", 100000, ">after");
	assert_true(facts.over_limit);
	assert_string_equal(slice_dup(arena, facts.text), "after");
	facts = read_many("<p title=\"", "\xe2\x82\xac", 9000, "\">\xe2\x82\xac");
	assert_int_equal(facts.visible, 1);
	facts = read_many("<a href=\"", "\xe2\x82\xac", 9000, "\">\xe2\x82\xac");
	assert_string_equal(facts.links[0].text, "\xe2\x82\xac");
	/* text without a blank or a tag, and with entities */
	facts = read_many("", "\xe2\x82\xac", 100000, "");
	assert_int_equal(facts.visible, 100000);
	facts = read_many("", "&euro;", 100000, "");
	assert_int_equal(facts.visible, 100000);
	facts = read_many("<p>x", "a", 100000, "<b>b");
	assert_int_equal(facts.visible, 100002);
}

/* Quadratic once, each about 1 MB; without sanitizers a few ms or tens of them. */
static const struct { const char *begin, *unit; size_t n; } slow[] = {
	{ "<p ", "a=b ", 250000 },
	{ "<div><div><div>", "<p style=a class=b id=c href=d src=e>", 27000 },
	{ "", "<b>", 300000 },
	{ "", "</b>", 250000 },
	{ "", "</p>", 250000 },
	{ "<ul><ul><ul><ul>", "<li>", 250000 },
	{ "", "<x></x>", 140000 },
	{ "", "&", 1000000 },
	{ "", "<", 1000000 },
	{ "<!--", "- ", 500000 },
	{ "<style>", "/**/@media{.a{display:block}}", 34000 },
	{ "", "<p style=\"a:((((((((((((((((((((((((((((((((((((((((((((((((((((\">", 13000 },
	{ "<p style=\"display:none\">", "<i class=a>x</i><i style=font-size:0>y</i>", 24000 },
};

static void
test_slow(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		clock_t begun = clock();
		double ms;

		read_many(slow[i].begin, slow[i].unit, slow[i].n, "");
		ms = (double)(clock() - begun) * 1000 / CLOCKS_PER_SEC;
		if (ms > 2000)
			fail_msg("%s%s: %.0f ms", slow[i].begin, slow[i].unit, ms);
	}
}

/* An arena freed in the middle of it takes everything along. */
static void
test_unfinished(void **state)
{
	struct arena *other = arena_new();
	struct html *html = html_new(other);

	(void)state;
	html_add(html, "<a href=x>y", 11);
	arena_free(&other);
}

/* NUL and bytes that are no UTF-8 do no harm. */
static void
test_bytes(void **state)
{
	static const char bytes[] = "<p\0>a\0b\xff\xc3</p>\xe2\x82";
	struct html_facts facts = read_bytes(bytes, sizeof(bytes) - 1, 3);

	(void)state;
	assert_true(facts.visible >= 2);
	assert_true(slice_starts_nocase(facts.text, "ab"));
}

static int
begin(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_texts), TEST(test_hidden), TEST(test_visible), TEST(test_images),
		TEST(test_things), TEST(test_links), TEST(test_like_last),
		TEST(test_limits), TEST(test_slow), TEST(test_unfinished),
		TEST(test_bytes),
	};

	html_init();
	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
