/*
 * The elements and texts of an HTML part one after the other, and what a
 * reader sees of them.  For mail/html*.c only.
 */
#ifndef MW_MAIL_HTML_WALK_H
#define MW_MAIL_HTML_WALK_H

#include "base/buf.h"
#include "mail/html.h"
#include "mail/html_css.h"

#define WALK_RUNS_MAX 256		/* hidden texts kept apart */
#define WALK_SAMPLE_MAX 120		/* octets of one kept */

/* Folds blanks, puts blocks on lines of their own. */
struct html_text {
	struct buf buf;
	char pending;			/* ' ' or LF before the next word, or 0 */
};

void html_text_init(struct html_text *text, struct arena *arena, size_t max);
void html_text_add(struct html_text *text, const char *bytes, size_t n);
void html_text_break(struct html_text *text, char separator);
/* Cut between characters. */
struct slice html_text_get(struct html_text *text);

/* An element under which text is hidden, or inside of that, with its names. */
struct html_hider {
	const struct html_hider *up;
	const char *names;		/* class and id, blank between */
};

/* Hidden text of one kind in one place. */
struct html_run {
	const struct html_hider *hider;
	const char *how;
	const char *sample;
	size_t count;			/* characters without fillers */
	bool by_colour;
	bool is_early;			/* before the 60th visible character */
};

struct html_hidden {
	struct arena *arena;
	struct html_run *runs;
	size_t n, allocated;
};

void html_hidden_add(struct html_hidden *hidden, const struct html_run *run,
    const char *bytes, size_t n);
/* Fills hidden, hidden_sample, hidden_how. */
void html_hidden_finish(const struct html_hidden *hidden, const struct css_sheet *sheet,
    struct html_facts *facts);

struct html_walk {
	struct arena *arena;
	struct html_facts *facts;
	struct html_frame *frames;	/* open elements, the innermost last */
	size_t depth, allocated;
	struct html_text text;
	struct html_text link_text;
	struct html_hidden hidden;
	struct css_sheet sheet;
	struct html_link *links;	/* on the heap until the end */
	size_t link_at;			/* of the open <a> */
	bool is_in_link, link_is_seen;
	const char *base;		/* <base href>, NULL */
	size_t links_allocated;
	bool stopped;			/* too deep: the rest is not read */
};

void html_walk_init(struct html_walk *walk, struct arena *arena,
    struct html_facts *facts);
/* Pairs of name and value (may be NULL), a NULL at the end; NULL: none. */
void html_walk_start(struct html_walk *walk, const char *name,
    const char *const *attributes);
void html_walk_end(struct html_walk *walk, const char *name);
void html_walk_text(struct html_walk *walk, const char *bytes, size_t n);
void html_walk_sheet(struct html_walk *walk, struct slice css);
void html_walk_finish(struct html_walk *walk);
/* What is not in the arena; finish does it too. */
void html_walk_free(struct html_walk *walk);

#endif
