/*
 * The doctor's report for a person, and its JSON form.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "record/writer.h"
#include "tool/doctor.h"
#include "tool/page.h"
#include "tool/report.h"
#include "verdict/text.h"

enum {
	GRADE_COLUMN = 2,
	TEXT_COLUMN = 11,
	FIX_COLUMN = 16,	/* after "Fix" */
	MEND_COLUMN = 26,
	TEXT_MAX = 16 * 1024,
	TO_MEND_SHOWN = 20,
};

static enum page_style
grade_style(enum doctor_grade grade)
{
	switch (grade) {
	case DOCTOR_OK:
		return PAGE_GOOD;
	case DOCTOR_UNKNOWN:
		return PAGE_DIM;
	case DOCTOR_ADVICE:
		return PAGE_PLAIN;
	case DOCTOR_WARNING:
		return PAGE_WARN;
	case DOCTOR_FAULT:
		return PAGE_BAD;
	case DOCTOR_GRADES:
		break;
	}
	return PAGE_PLAIN;
}

static void
show_grade(struct page *page, enum doctor_grade grade)
{
	page_tab(page, GRADE_COLUMN);
	page_put(page, grade_style(grade), doctor_grade_name(grade));
	page_tab(page, TEXT_COLUMN);
}

/* What to copy stands unbroken, whatever the width. */
static void
show_paste(struct page *page, const char *paste)
{
	struct slice rest = slice_of(paste), line;

	while (slice_split(&rest, '\n', &line)) {
		page_tab(page, FIX_COLUMN);
		page_put(page, PAGE_BOLD, slice_dup(page->arena, line));
		page_end(page);
	}
}

static void
show_line(struct page *page, const struct doctor_line *line)
{
	bool has_subject = *line->subject != '\0';

	show_grade(page, line->grade);
	if (line->grade == DOCTOR_OK) {
		page_wrap(page, TEXT_COLUMN, arena_printf(page->arena, "%s%s%s",
		    line->subject, has_subject ? ": " : "", line->text));
		return;
	}
	page_put(page, PAGE_BOLD, line->id);
	if (has_subject)
		page_put(page, PAGE_PLAIN, arena_printf(page->arena, "  %s",
		    line->subject));
	page_end(page);
	page_wrap(page, TEXT_COLUMN, line->text);
	if (line->fix != NULL) {
		page_tab(page, TEXT_COLUMN);
		page_put(page, PAGE_DIM, "Fix");
		page_tab(page, FIX_COLUMN);
		page_wrap(page, FIX_COLUMN, line->fix);
	}
	if (line->paste != NULL)
		show_paste(page, line->paste);
}

static bool
is_shown(const struct doctor_line *line, const struct doctor_view *view, size_t *n_ok)
{
	if (line->grade != DOCTOR_OK)
		return true;
	(*n_ok)++;
	return !view->problems && (view->all || *n_ok <= DOCTOR_OK_SHOWN);
}

static void
show_heading(struct page *page, const char *title, bool is_first)
{
	if (!is_first) {
		page_heading(page, title);
		return;
	}
	page_put(page, PAGE_BOLD, title);
	page_end(page);
}

/* Whether there was anything to show. */
static bool
show_section(struct page *page, const struct doctor_section *section,
    const struct doctor_view *view, bool is_first)
{
	const struct doctor_line *line;
	size_t n_ok = 0, shown = 0;

	for (line = section->first; line != NULL; line = line->next) {
		if (!is_shown(line, view, &n_ok))
			continue;
		if (shown++ == 0)
			show_heading(page, section->title, is_first);
		show_line(page, line);
	}
	if (n_ok > DOCTOR_OK_SHOWN && !view->problems && !view->all) {
		show_grade(page, DOCTOR_OK);
		page_wrap(page, TEXT_COLUMN, arena_printf(page->arena,
		    "and %zu more where all is well (--all shows them)",
		    n_ok - DOCTOR_OK_SHOWN));
	}
	return shown > 0;
}

/* The end of a long report is what stands on the screen. */
static void
show_to_mend(struct page *page, const struct doctor_report *report)
{
	const struct doctor_section *section;
	const struct doctor_line *line;
	size_t shown = 0;

	if (report->n[DOCTOR_FAULT] == 0)
		return;
	page_heading(page, "To mend first");
	for (section = report->first; section != NULL; section = section->next) {
		for (line = section->first; line != NULL; line = line->next) {
			if (line->grade != DOCTOR_FAULT || shown++ >= TO_MEND_SHOWN)
				continue;
			page_tab(page, GRADE_COLUMN);
			page_put(page, PAGE_BAD, line->id);
			page_tab(page, MEND_COLUMN);
			page_wrap(page, MEND_COLUMN, line->subject);
		}
	}
	if (shown > TO_MEND_SHOWN)
		page_wrap(page, GRADE_COLUMN, arena_printf(page->arena, "and %zu more",
		    shown - TO_MEND_SHOWN));
}

static unsigned
clamp_width(unsigned width)
{
	return width < REPORT_WIDTH_MIN ? REPORT_WIDTH_MIN :
	    width > REPORT_WIDTH_MAX ? REPORT_WIDTH_MAX : width;
}

void
doctor_show(FILE *out, const struct doctor_report *report, const struct doctor_view *view)
{
	struct page page = {
		.out = out, .arena = report->arena, .colour = view->colour,
		.width = clamp_width(view->width),
	};
	const struct doctor_section *section;
	bool is_first = true;

	for (section = report->first; section != NULL; section = section->next) {
		if (show_section(&page, section, view, is_first))
			is_first = false;
	}
	show_to_mend(&page, report);
	if (!is_first)
		page_end(&page);
	page_put(&page, report->n[DOCTOR_FAULT] > 0 ? PAGE_BAD :
	    report->n[DOCTOR_WARNING] > 0 ? PAGE_WARN : PAGE_GOOD, doctor_summary(report));
	page_end(&page);
	if (report->n[DOCTOR_FAULT] + report->n[DOCTOR_WARNING] + report->n[DOCTOR_ADVICE] > 0)
		page_wrap(&page, 0, "`mailworthy explain ID` tells more of each.");
}

/* ---- JSON ---- */

static json_t *
text_value(const struct doctor_report *report, const char *text)
{
	return text == NULL ? json_null() :
	    json_string(text_for_people(report->arena, text, TEXT_MAX));
}

static json_t *
paste_value(const struct doctor_report *report, const char *paste)
{
	json_t *lines = json_array();
	struct slice rest, line;

	if (paste == NULL)
		return lines;
	rest = slice_of(paste);
	while (slice_split(&rest, '\n', &line))
		writer_append(lines, text_value(report, slice_dup(report->arena, line)));
	return lines;
}

static json_t *
section_value(const struct doctor_report *report, const struct doctor_section *section)
{
	json_t *object = json_object(), *lines = json_array();
	const struct doctor_line *line;

	for (line = section->first; line != NULL; line = line->next) {
		json_t *one = json_object();

		writer_put(one, "grade", json_string(doctor_grade_name(line->grade)));
		writer_put(one, "id", json_string(line->id));
		writer_put(one, "subject", text_value(report, line->subject));
		writer_put(one, "text", text_value(report, line->text));
		writer_put(one, "fix", text_value(report, line->fix));
		writer_put(one, "paste", paste_value(report, line->paste));
		writer_append(lines, one);
	}
	writer_put(object, "name", json_string(section->name));
	writer_put(object, "lines", lines);
	return object;
}

void
doctor_show_json(FILE *out, const struct doctor_report *report)
{
	json_t *object = json_object(), *sections = json_array();
	const struct doctor_section *section;
	struct buf text;

	for (section = report->first; section != NULL; section = section->next)
		writer_append(sections, section_value(report, section));
	writer_put(object, "v", json_integer(1));
	writer_put(object, "time", json_integer((json_int_t)report->now));
	writer_put(object, "config", text_value(report, report->config));
	writer_put(object, "faults", json_integer((json_int_t)report->n[DOCTOR_FAULT]));
	writer_put(object, "warnings", json_integer((json_int_t)report->n[DOCTOR_WARNING]));
	writer_put(object, "advice", json_integer((json_int_t)report->n[DOCTOR_ADVICE]));
	writer_put(object, "unknown", json_integer((json_int_t)report->n[DOCTOR_UNKNOWN]));
	writer_put(object, "ok", json_integer((json_int_t)report->n[DOCTOR_OK]));
	writer_put(object, "sections", sections);
	writer_write(object, report->arena, WRITER_LINE_MAX, &text);
	fprintf(out, "%s\n", buf_str(&text));
}
