/*
 * What a mail program would show of an HTML part, read as it arrives through
 * libxml2's SAX push parser with caps and a clock: visible and hidden text,
 * links, images, active parts.  No tree is built.
 */
#ifndef MW_MAIL_HTML_H
#define MW_MAIL_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "mail/url.h"

struct arena;
struct html;

#define HTML_READ_MAX (1024 * 1024)	/* octets read of one part */
#define HTML_TEXT_MAX (512 * 1024)	/* octets of visible text kept of one part */
#define HTML_LINKS_MAX 10000		/* links kept of one part */
#define HTML_LINK_TEXT_MAX 512		/* octets kept of a link's text */
#define HTML_DEPTH_MAX 500
#define HTML_TAG_MAX (64 * 1024)
#define HTML_CPU_MS 150			/* for one part; then the rest is not read */
#define HTML_STYLES_MAX 16		/* remote stylesheets kept */

struct html_link {
	const char *target;		/* attribute value, trimmed */
	const char *text;		/* visible text of the element, blanks folded; ""
					 * for an image alone */
	struct url url;
	bool is_form;			/* action of a form */
	bool is_hidden;			/* no visible text and no visible image */
};

struct html_facts {
	uint64_t size;			/* octets of decoded HTML, all of them */
	bool over_limit;		/* some of it was not read: depth, tag, size, clock */
	struct slice text;		/* visible text, UTF-8, blanks folded (U+00A0 is
					 * one), blocks apart by LF, cells by a blank */
	size_t visible;			/* characters seen, without fillers */
	size_t hidden;			/* characters hidden (html-hidden says what is),
					 * without fillers and without the preheader */
	const char *hidden_sample;	/* the beginning of the first hidden text; NULL */
	const char *hidden_how;		/* "font-size:0", "colour like the background" */
	struct html_link *links;
	size_t n_links;			/* kept */
	size_t links_total;
	size_t images;			/* larger than 1x1 or of unknown size */
	size_t images_tiny;		/* 1x1 and smaller, or hidden */
	size_t images_without_alt;	/* of `images` */
	const char *script;		/* first of script, iframe, object, embed, applet,
					 * meta refresh, with its source: remote text; NULL */
	const char *form;		/* first of form, event handler: remote text; NULL */
	const char **styles;		/* remote stylesheets: href and @import, as written */
	size_t n_styles;
	bool has_root;			/* an html element */
	const char *broken;		/* for people: which fault; NULL */
};

/* Once, before there are threads: libxml2's own state. */
void html_init(void);

/* The bytes are the part's, decoded and converted to UTF-8. */
struct html *html_new(struct arena *arena);
void html_add(struct html *html, const char *bytes, size_t n);
void html_finish(struct html *html, struct html_facts *facts_r);

#endif
