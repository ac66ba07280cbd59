/*
 * Text laid out on a terminal: columns, wrapping, colours.
 */
#ifndef MW_TOOL_PAGE_H
#define MW_TOOL_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/slice.h"

struct arena;

enum page_style { PAGE_PLAIN, PAGE_BOLD, PAGE_DIM, PAGE_GOOD, PAGE_WARN, PAGE_BAD };

struct page {
	FILE *out;
	struct arena *arena;
	bool colour;
	unsigned width;
	unsigned column;	/* where the next character stands */
};

/* The text as it is, made harmless, without wrapping. */
void page_put(struct page *page, enum page_style style, const char *text);

/* Blanks up to the column; one at least, unless at the start of a line. */
void page_tab(struct page *page, unsigned column);
void page_end(struct page *page);

/* Words from the present column on, at the start of a line from the indent on;
 * further lines are indented.  A DNS record within the text gets an unbroken
 * line of its own.  Ends the line. */
void page_wrap(struct page *page, unsigned indent, const char *text);

/* Where the owner name of a DNS record (TXT, MX) in the text begins, and where
 * its data ends; false when there is none. */
bool page_find_record(struct slice text, size_t *start_r, size_t *end_r);

/* An empty line and a heading. */
void page_heading(struct page *page, const char *text);

#endif
