/*
 * A first pass over HTML: hands on text and tags with the attributes that are
 * looked at, holds back comments, scripts, declarations and end tags of what was
 * never opened, and cuts what would cost the parser behind it more than linear
 * time.  It finds the ends of tags as the HTML standard does (section 13.2.5).
 * For mail/html*.c only.
 */
#ifndef MW_MAIL_HTML_SCAN_H
#define MW_MAIL_HTML_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define SCAN_CHUNK (8 * 1024)
#define SCAN_VALUE_MAX (8 * 1024)	/* of an attribute value; the rest is dropped */
#define SCAN_ATTRIBUTES_MAX 64		/* of one element, of those handed on */
#define SCAN_NAME_MAX 64		/* of an element's or attribute's name */
#define SCAN_TEXT_MAX 4096		/* handed on without a tag in between */
#define SCAN_OPEN_NAMES 64
#define SCAN_SHEET_MAX (64 * 1024)	/* of one style element */

enum scan_state {
	SCAN_TEXT,
	SCAN_OPEN,			/* behind "<" */
	SCAN_CLOSE,			/* behind "</" */
	SCAN_NAME,			/* in the name of a start or end tag */
	SCAN_TAG,			/* between and in names of attributes */
	SCAN_EQUALS,			/* behind "=" */
	SCAN_QUOTED, SCAN_UNQUOTED,	/* in a value */
	SCAN_END_TAG,			/* behind the name of an end tag */
	SCAN_MARKUP,			/* behind "<!" */
	SCAN_BOGUS,			/* a declaration: to the next ">" */
	SCAN_COMMENT,
	SCAN_RAW,			/* in script, style, iframe, title ... */
};

struct html_scan {
	/* At most SCAN_CHUNK bytes without NUL. */
	void (*feed)(void *context, const char *bytes, size_t n);
	/* The text of one style element. */
	void (*sheet)(void *context, struct slice css);
	void *context;

	enum scan_state state;
	char name[SCAN_NAME_MAX + 1];	/* of the tag, lower-case, cut */
	char attribute[SCAN_NAME_MAX + 1];
	size_t n_name, n_attribute;
	size_t n_tag, n_value, attributes;
	bool is_end_tag;
	bool is_skipped;		/* the whole tag is held back */
	bool in_attribute;		/* in a name */
	bool has_attribute;		/* behind one: "=" may follow */
	bool is_wanted;			/* the attribute is handed on */
	bool has_slash;			/* "/" before ">" */
	char quote;
	unsigned dashes;		/* seen in a row, in a comment */
	bool bang;
	size_t n_match;			/* of "</name" in raw text */
	struct buf css;

	unsigned open[SCAN_OPEN_NAMES];	/* elements opened more often than closed */
	size_t n_text;			/* octets without a tag */
	size_t tables;			/* open */
	bool has_root;
	bool over_limit;
	size_t n_out;
	char out[SCAN_CHUNK];
};

/* Hands on the start tag of an element that holds everything. */
void html_scan_begin(struct html_scan *scan, struct arena *arena);
void html_scan_add(struct html_scan *scan, const char *bytes, size_t n);

/* Hands on the rest; true when the input ended within a tag. */
bool html_scan_finish(struct html_scan *scan);

#endif
