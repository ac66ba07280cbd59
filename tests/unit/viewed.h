/*
 * A message's parts, put together by hand: for the tests of checks of parts
 * and attachments.
 */
#ifndef MW_TESTS_UNIT_VIEWED_H
#define MW_TESTS_UNIT_VIEWED_H

#include "checked.h"

#include "mail/view.h"

#define HIT(w) CHECK_HIT, (w), CHECKED_DEFAULT
#define NOT(status) (status), 0, 0, NULL, NULL

static struct view viewed;
static struct view_part viewed_parts[8];
static struct attachment viewed_attachments[8];

/* Part n, below the one with that index; its attachment is there, empty. */
static inline struct view_part *
viewed_add(size_t parent, enum view_kind kind, const char *type, const char *filename)
{
	static const char *const sections[] = { "1", "2", "3", "4", "5", "6", "7", "8" };
	size_t n = viewed.n_parts++;

	assert_true(n < 8);
	viewed_attachments[n] = (struct attachment){ .entries = 0 };
	viewed_parts[n] = (struct view_part){
		.section = sections[n], .parent = parent, .kind = kind, .type = type,
		.filename = filename, .is_attachment = filename != NULL,
		.ascii_only = true, .decoded_size = 10,
		.attachment = kind == VIEW_OTHER ? &viewed_attachments[n] : NULL,
	};
	if (kind == VIEW_TEXT || kind == VIEW_HTML)
		viewed_parts[n].text = SLICE("Some words");
	return &viewed_parts[n];
}

static inline void
viewed_begin(void)
{
	viewed = (struct view){ .parts = viewed_parts };
	t.message->view = &viewed;
}

/* A file of that name and content, alone. */
static inline struct attachment *
viewed_file(const char *filename, const char *content)
{
	viewed_begin();
	viewed_add(VIEW_NONE, VIEW_OTHER, "application/octet-stream", filename);
	viewed_attachments[0].found_suffix = content;
	return &viewed_attachments[0];
}

static inline void
viewed_rows(const char *id, const struct checked_row *rows, size_t n)
{
	const struct check *check = check_find(id);

	assert_non_null(check);
	for (size_t i = 0; i < n; i++)
		checked_row(check, &rows[i]);
}

#define ROWS(id, rows) viewed_rows(id, rows, sizeof(rows) / sizeof((rows)[0]))

#endif
