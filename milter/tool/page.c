/*
 * Text laid out on a terminal.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "tool/page.h"
#include "verdict/text.h"

enum { TEXT_MAX = 16 * 1024 };

static const char txt_mark[] = " IN TXT \"", mx_mark[] = " IN MX ";

static const char *
style_start(enum page_style style)
{
	switch (style) {
	case PAGE_PLAIN:
		return "";
	case PAGE_BOLD:
		return "\033[1m";
	case PAGE_DIM:
		return "\033[2m";
	case PAGE_GOOD:
		return "\033[32m";
	case PAGE_WARN:
		return "\033[33m";
	case PAGE_BAD:
		return "\033[31m";
	}
	return "";
}

/* Characters, not octets; wide ones count as one. */
static unsigned
columns_of(struct slice text)
{
	unsigned n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (((unsigned char)text.p[i] & 0xc0) != 0x80)
			n++;
	}
	return n;
}

static void
put(struct page *page, struct slice text)
{
	fwrite(text.p, 1, text.n, page->out);
	page->column += columns_of(text);
}

void
page_put(struct page *page, enum page_style style, const char *text)
{
	bool coloured = page->colour && style != PAGE_PLAIN;

	if (coloured)
		fputs(style_start(style), page->out);
	put(page, slice_of(text_for_people(page->arena, text, TEXT_MAX)));
	if (coloured)
		fputs("\033[0m", page->out);
}

void
page_tab(struct page *page, unsigned column)
{
	unsigned n = page->column < column ? column - page->column :
	    page->column > 0 ? 1 : 0;

	fprintf(page->out, "%*s", (int)n, "");
	page->column += n;
}

void
page_end(struct page *page)
{
	fputc('\n', page->out);
	page->column = 0;
}

/* Leaves the line open. */
static void
wrap_words(struct page *page, unsigned indent, struct slice text)
{
	struct slice word;
	bool first = true;

	while (slice_split(&text, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (page->column > indent &&
		    page->column + !first + columns_of(word) > page->width)
			page_end(page);
		if (page->column == 0)
			page_tab(page, indent);
		else if (!first)
			put(page, SLICE(" "));
		put(page, word);
		first = false;
	}
}

/* The end of `"..." "..."` that begins at p; a backslash quotes. */
static size_t
strings_end(struct slice text, size_t p)
{
	while (p < text.n && text.p[p] == '"') {
		for (p++; p < text.n && text.p[p] != '"'; p++) {
			if (text.p[p] == '\\')
				p++;
		}
		if (p + 2 >= text.n || text.p[p + 1] != ' ' || text.p[p + 2] != '"')
			return p < text.n ? p + 1 : text.n;
		p += 2;
	}
	return text.n;
}

/* The end of `10 HOST.` that begins at p. */
static size_t
host_end(struct slice text, size_t p)
{
	while (p < text.n && text.p[p] != ' ')
		p++;
	for (p += p < text.n; p < text.n && text.p[p] != ' '; p++)
		continue;
	return p;
}

bool
page_find_record(struct slice text, size_t *start_r, size_t *end_r)
{
	size_t txt = slice_find_nocase(text, txt_mark);
	size_t mx = slice_find_nocase(text, mx_mark);
	size_t mark = txt < mx ? txt : mx, start = mark;

	if (mark == text.n)
		return false;
	while (start > 0 && text.p[start - 1] != ' ')
		start--;
	*start_r = start;
	*end_r = txt < mx ? strings_end(text, mark + strlen(txt_mark) - 1) :
	    host_end(text, mark + strlen(mx_mark));
	return true;
}

void
page_wrap(struct page *page, unsigned indent, const char *text)
{
	struct slice rest = slice_of(text_for_people(page->arena, text, TEXT_MAX));
	size_t start, end;

	while (page_find_record(rest, &start, &end)) {
		wrap_words(page, indent, slice_sub(rest, 0, start));
		if (page->column > 0)
			page_end(page);
		page_tab(page, indent);
		put(page, slice_sub(rest, start, end - start));
		rest = slice_sub(rest, end, rest.n);
		if (rest.n <= 1)
			break;	/* the full stop after a record is no part of it */
		page_end(page);
	}
	if (rest.n > 1 || page->column == 0)
		wrap_words(page, indent, rest);
	page_end(page);
}

void
page_heading(struct page *page, const char *text)
{
	page_end(page);
	page_put(page, PAGE_BOLD, text);
	page_end(page);
}
