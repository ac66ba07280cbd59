/*
 * libxml2's HTML push parser, fed by the first pass (mail/html_scan.h) and
 * read by the walk (mail/html_walk.h).  It sees no comments, no scripts and no
 * declarations, asks the network for nothing, loads nothing and prints nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libxml/HTMLparser.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "mail/html.h"
#include "mail/html_scan.h"
#include "mail/html_walk.h"

struct html {
	struct arena *arena;
	htmlParserCtxtPtr parser;	/* NULL when it is done */
	struct html_scan *scan;		/* on the heap; NULL when it is done */
	struct html_walk walk;
	struct html_facts facts;
	int64_t spent_us;		/* CPU */
	bool stopped;			/* nothing more is read */
};

static int64_t
cpu_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0)
		return 0;
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
on_start(void *context, const xmlChar *name, const xmlChar **attributes)
{
	struct html *html = context;

	html_walk_start(&html->walk, (const char *)name,
	    (const char *const *)attributes);
}

static void
on_end(void *context, const xmlChar *name)
{
	struct html *html = context;

	html_walk_end(&html->walk, (const char *)name);
}

static void
on_text(void *context, const xmlChar *bytes, int n)
{
	struct html *html = context;

	html_walk_text(&html->walk, (const char *)bytes, (size_t)n);
}

static void
free_parser(void *object)
{
	struct html *html = object;

	html_walk_free(&html->walk);
	if (html->parser != NULL)
		htmlFreeParserCtxt(html->parser);
	html->parser = NULL;
	free(html->scan);
	html->scan = NULL;
}

static void
stop(struct html *html)
{
	html->stopped = true;
	html->facts.over_limit = true;
}

/* The clock is that of this thread: the next chunk may come to another. */
static void
feed(void *context, const char *bytes, size_t n)
{
	struct html *html = context;
	int64_t begun;

	if (html->stopped)
		return;
	begun = cpu_us();
	htmlParseChunk(html->parser, bytes, (int)n, 0);
	html->spent_us += cpu_us() - begun;
	if (html->walk.stopped || html->spent_us > HTML_CPU_MS * 1000)
		stop(html);
}

static void
read_sheet(void *context, struct slice css)
{
	struct html *html = context;

	html_walk_sheet(&html->walk, css);
}

void
html_init(void)
{
	xmlInitParser();
}

struct html *
html_new(struct arena *arena)
{
	struct html *html = arena_alloc(arena, sizeof(*html));
	htmlSAXHandler sax;

	memset(&sax, 0, sizeof(sax));
	sax.startElement = on_start;
	sax.endElement = on_end;
	sax.characters = on_text;
	sax.ignorableWhitespace = on_text;
	html->arena = arena;
	html->parser = htmlCreatePushParserCtxt(&sax, html, NULL, 0, NULL,
	    XML_CHAR_ENCODING_UTF8);
	if (html->parser == NULL)
		bug("no memory for a parser");
	htmlCtxtUseOptions(html->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
	    HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_NOIMPLIED |
	    HTML_PARSE_IGNORE_ENC);
	arena_defer(arena, free_parser, html);
	html->scan = mem_alloc(sizeof(*html->scan));
	html->scan->feed = feed;
	html->scan->sheet = read_sheet;
	html->scan->context = html;
	html_scan_begin(html->scan, arena);
	html_walk_init(&html->walk, arena, &html->facts);
	return html;
}

void
html_add(struct html *html, const char *bytes, size_t n)
{
	uint64_t before = html->facts.size;

	html->facts.size += n;
	if (html->stopped || n == 0)
		return;
	if (before + n > HTML_READ_MAX)
		n = before < HTML_READ_MAX ? HTML_READ_MAX - (size_t)before : 0;
	html_scan_add(html->scan, bytes, n);
	if (html->facts.size > HTML_READ_MAX)
		stop(html);
}

static void
set_broken(struct html *html, bool is_cut)
{
	if (is_cut)
		html->facts.broken = arena_printf(html->arena,
		    "the HTML ends in the middle of a tag (<%s%.15s)",
		    html->scan->is_end_tag ? "/" : "", html->scan->name);
	else if (html->scan->tables > 0)
		html->facts.broken = arena_printf(html->arena,
		    "%zu table%s never closed", html->scan->tables,
		    html->scan->tables == 1 ? " is" : "s are");
}

void
html_finish(struct html *html, struct html_facts *facts_r)
{
	bool is_cut = html_scan_finish(html->scan);

	htmlParseChunk(html->parser, NULL, 0, 1);
	html_walk_finish(&html->walk);
	if (html->scan->over_limit)
		html->facts.over_limit = true;
	html->facts.has_root = html->scan->has_root;
	if (!html->stopped)
		set_broken(html, is_cut);
	free_parser(html);
	*facts_r = html->facts;
}
