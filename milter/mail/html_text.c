/*
 * Visible text as it is kept, hidden text as it is counted.
 */
#include <string.h>

#include "base/arena.h"
#include "mail/html_walk.h"

enum { PREHEADER_MAX = 400, RUNS_FIRST = 8 };

void
html_text_init(struct html_text *text, struct arena *arena, size_t max)
{
	buf_init(&text->buf, arena, max);
	text->pending = '\0';
}

void
html_text_break(struct html_text *text, char separator)
{
	if (text->buf.n > 0 && text->pending != '\n')
		text->pending = separator;
}

/* Blanks at the front: ASCII ones and U+00A0. */
static size_t
blanks(const char *p, size_t n)
{
	size_t i = 0;

	for (;;) {
		if (i < n && (unsigned char)p[i] <= ' ')
			i++;
		else if (i + 1 < n && p[i] == '\xc2' && p[i + 1] == '\xa0')
			i += 2;
		else
			return i;
	}
}

/* Words that are kept as they stand: with one blank between them. */
static size_t
words(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((unsigned char)p[i] > ' ') {
			if (p[i] == '\xc2' && i + 1 < n && p[i + 1] == '\xa0')
				break;
		} else if (p[i] != ' ' || i + 1 == n || blanks(p + i + 1, n - i - 1) > 0) {
			break;
		}
	}
	return i;
}

void
html_text_add(struct html_text *text, const char *bytes, size_t n)
{
	size_t i = 0, length;

	while (i < n) {
		length = blanks(bytes + i, n - i);
		if (length > 0)
			html_text_break(text, ' ');
		i += length;
		length = words(bytes + i, n - i);
		if (length == 0)
			continue;
		if (text->pending != '\0')
			buf_add_char(&text->buf, text->pending);
		text->pending = '\0';
		buf_add(&text->buf, bytes + i, length);
		i += length;
	}
}

struct slice
html_text_get(struct html_text *text)
{
	struct slice all = { text->buf.p, text->buf.n };
	unsigned char c;
	size_t n;

	if (!text->buf.truncated)
		return all;
	/* The last character may have lost its end. */
	for (n = all.n; n > 0 && ((unsigned char)all.p[n - 1] & 0xc0) == 0x80; n--)
		;
	c = n > 0 ? (unsigned char)all.p[n - 1] : 0;
	if (c >= 0xc0 && all.n - n < (c >= 0xf0 ? 3u : c >= 0xe0 ? 2u : 1u))
		all.n = n - 1;
	return all;
}

static const char *
make_sample(struct arena *arena, const char *bytes, size_t n)
{
	struct html_text text;

	html_text_init(&text, arena, WALK_SAMPLE_MAX);
	html_text_add(&text, bytes, n);
	return slice_dup(arena, html_text_get(&text));
}

static struct html_run *
new_run(struct html_hidden *hidden)
{
	struct html_run *runs;

	if (hidden->n == hidden->allocated) {
		hidden->allocated = hidden->n == 0 ? RUNS_FIRST : 2 * hidden->n;
		runs = arena_array(hidden->arena, hidden->allocated, sizeof(*runs));
		if (hidden->runs != NULL)
			memcpy(runs, hidden->runs, hidden->n * sizeof(*runs));
		hidden->runs = runs;
	}
	return &hidden->runs[hidden->n++];
}

void
html_hidden_add(struct html_hidden *hidden, const struct html_run *run,
    const char *bytes, size_t n)
{
	struct html_run *last = hidden->n > 0 ? &hidden->runs[hidden->n - 1] : NULL;

	if (last != NULL && (hidden->n == WALK_RUNS_MAX || (last->hider == run->hider &&
	    last->how == run->how && last->is_early == run->is_early))) {
		last->count += run->count;
		return;
	}
	last = new_run(hidden);
	*last = *run;
	last->sample = make_sample(hidden->arena, bytes, n);
}

static bool
is_shown_again(const struct html_run *run, const struct css_sheet *sheet)
{
	unsigned bits = run->by_colour ? CSS_SHOWS_COLOUR : CSS_SHOWS_BOX;
	const struct html_hider *hider;

	if (sheet->shown == NULL)
		return false;
	for (hider = run->hider; hider != NULL; hider = hider->up) {
		if ((css_sheet_shows(sheet, hider->names) & bits) != 0)
			return true;
	}
	return false;
}

void
html_hidden_finish(const struct html_hidden *hidden, const struct css_sheet *sheet,
    struct html_facts *facts)
{
	size_t allowed = PREHEADER_MAX, count, free_of;

	for (size_t i = 0; i < hidden->n; i++) {
		const struct html_run *run = &hidden->runs[i];

		if (is_shown_again(run, sheet))
			continue;
		count = run->count;
		if (run->is_early) {
			free_of = count < allowed ? count : allowed;
			allowed -= free_of;
			count -= free_of;
		}
		if (count == 0)
			continue;
		facts->hidden += count;
		if (facts->hidden_sample == NULL) {
			facts->hidden_sample = run->sample;
			facts->hidden_how = run->how;
		}
	}
}
