/*
 * A message with a view made by hand: multipart/alternative of a text and an
 * HTML part, and the links of the latter.  For the tests of checks on content.
 */
#ifndef MW_TESTS_UNIT_WORDED_H
#define MW_TESTS_UNIT_WORDED_H

#include "checked.h"
#include "mail/view.h"

enum { WORDED_LINKS_MAX = 64 };

struct worded_row {
	const char *name;
	const char *headers;		/* NULL: the good ones */
	void (*prepare)(void);		/* spoils something; may be NULL */
	const char *text, *html;	/* of the two parts; NULL: no such part */
	const char *targets, *shown;	/* links, LF between; shown NULL: "here" */
	enum check_status status;
	int weight;			/* CHECKED_DEFAULT or what is expected */
	const char *found;		/* held by the text; NULL: anything */
};

static struct {
	struct view view;
	struct view_part parts[3];
	struct view_link links[WORDED_LINKS_MAX];
	char *copies[2];		/* exact-length: an over-read is seen */
} worded;

static inline struct slice
worded_copy(size_t i, const char *text)
{
	size_t n = strlen(text);

	free(worded.copies[i]);
	worded.copies[i] = malloc(n > 0 ? n : 1);
	assert_non_null(worded.copies[i]);
	memcpy(worded.copies[i], text, n);
	return (struct slice){ worded.copies[i], n };
}

static inline void
worded_part(enum view_kind kind, const char *section, const char *type, const char *text)
{
	struct view_part *part = &worded.parts[worded.view.n_parts];

	*part = (struct view_part){
		.section = section, .kind = kind, .type = type,
		.parent = worded.view.n_parts == 0 ? VIEW_NONE : 0,
		.depth = worded.view.n_parts == 0 ? 1 : 2,
	};
	if (text != NULL)
		part->text = worded_copy(worded.view.n_parts - 1, text);
	worded.view.n_parts++;
}

/* A link of the last part. */
static inline void
worded_link(struct slice target, struct slice shown)
{
	struct view_link *link = &worded.links[worded.view.n_links++];

	*link = (struct view_link){
		.part = worded.view.n_parts - 1,
		.target = slice_dup(t.message->arena, target),
		.text = slice_dup(t.message->arena, shown),
	};
	url_parse(t.message->arena, target, &link->url);
}

static inline void
worded_links(const char *targets, const char *shown)
{
	struct slice rest = slice_of(targets), texts = slice_of(shown), target, text;

	while (slice_split(&rest, '\n', &target)) {
		if (!slice_split(&texts, '\n', &text))
			text = SLICE("here");
		assert_true(worded.view.n_links < WORDED_LINKS_MAX);
		worded_link(target, text);
	}
}

static inline void
worded_make(const char *text, const char *html)
{
	worded.view = (struct view){ .parts = worded.parts, .links = worded.links };
	worded_part(VIEW_MULTIPART, "", "multipart/alternative", NULL);
	if (text != NULL)
		worded_part(VIEW_TEXT, "1", "text/plain", text);
	if (html != NULL)
		worded_part(VIEW_HTML, "2", "text/html", html);
	t.message->view = &worded.view;
}

static inline void
worded_row(const struct check *check, const struct worded_row *row)
{
	checked_begin();
	checked_add_headers(row->headers != NULL ? row->headers : checked_good_headers);
	message_read_headers(t.message);
	message_finish(t.message);
	worded_make(row->text, row->html != NULL || row->targets == NULL ? row->html :
	    "Good morning");
	worded_links(row->targets, row->shown);
	if (row->prepare != NULL)
		row->prepare();
	checked_run(check);
	if (t.result.status != row->status)
		fail_msg("%s: %s: status %d, not %d (%s)", check->id, row->name,
		    t.result.status, row->status,
		    t.result.text != NULL ? t.result.text : "no text");
	if (row->status == CHECK_HIT) {
		int weight = row->weight < 0 ? check->weight : row->weight;

		if (t.result.weight != weight)
			fail_msg("%s: %s: weight %d, not %d", check->id, row->name,
			    t.result.weight, weight);
		assert_int_equal(t.result.action, check->action);
		checked_contains(row->name, t.result.text, row->found);
	}
	checked_end();
	for (size_t i = 0; i < 2; i++) {
		free(worded.copies[i]);
		worded.copies[i] = NULL;
	}
}

static inline void
worded_table(const char *id, const struct worded_row *rows, size_t n)
{
	const struct check *check = check_find(id);

	if (check == NULL)
		fail_msg("no check %s", id);
	for (size_t i = 0; i < n; i++)
		worded_row(check, &rows[i]);
}

#define WORDED_TABLE(id, rows) worded_table(id, rows, sizeof(rows) / sizeof(rows[0]))

/* For `prepare`. */
static inline void worded_none(void) { t.message->view = NULL; }
static inline void worded_over(void) { worded.view.over_limit = true; }
static inline void worded_no_lists(void) { t.settings.lists = NULL; }
static inline void worded_list(void) { t.message->stream = STREAM_LIST; }
static inline void worded_attached(void) { worded.parts[1].in_attached_message = true; }

static inline void
worded_transactional(void)
{
	t.message->stream = STREAM_TRANSACTIONAL;
	t.message->stream_is_declared = true;
}

#endif
