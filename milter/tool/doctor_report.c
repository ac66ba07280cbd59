/*
 * The report of the doctor as data, and the table of its ids.
 */
#include <string.h>

#include "base/arena.h"
#include "tool/doctor.h"

static const struct doctor_id ids[] = {
#define DOCTOR(id, meaning, fix) { id, meaning, fix },
#include "tool/doctor.def"
#undef DOCTOR
};

const struct doctor_id *
doctor_ids(size_t *n_r)
{
	*n_r = sizeof(ids) / sizeof(ids[0]);
	return ids;
}

const struct doctor_id *
doctor_id_find(const char *id)
{
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (strcmp(ids[i].id, id) == 0)
			return &ids[i];
	}
	return NULL;
}

struct doctor_report *
doctor_report_new(struct arena *arena)
{
	struct doctor_report *report = arena_alloc(arena, sizeof(*report));

	report->arena = arena;
	report->config = "";
	return report;
}

void
doctor_report_begin(struct doctor_report *report, const char *name, const char *title)
{
	struct doctor_section *section = arena_alloc(report->arena, sizeof(*section));

	section->name = name;
	section->title = title;
	if (report->last != NULL)
		report->last->next = section;
	else
		report->first = section;
	report->last = section;
}

struct doctor_line *
doctor_report_add(struct doctor_report *report, enum doctor_grade grade, const char *id,
    const char *subject, const char *text)
{
	struct doctor_section *section = report->last;
	struct doctor_line *line = arena_alloc(report->arena, sizeof(*line));

	*line = (struct doctor_line){
		.grade = grade, .id = id, .subject = arena_strdup(report->arena, subject),
		.text = text,
	};
	if (section->last != NULL)
		section->last->next = line;
	else
		section->first = line;
	section->last = line;
	report->n[grade]++;
	return line;
}

const struct doctor_line *
doctor_report_find(const struct doctor_report *report, const char *id,
    const char *subject)
{
	const struct doctor_section *section;
	const struct doctor_line *line;

	for (section = report->first; section != NULL; section = section->next) {
		for (line = section->first; line != NULL; line = line->next) {
			if (strcmp(line->id, id) == 0 &&
			    strcmp(line->subject, subject) == 0)
				return line;
		}
	}
	return NULL;
}

const char *
doctor_grade_name(enum doctor_grade grade)
{
	switch (grade) {
	case DOCTOR_OK:
		return "ok";
	case DOCTOR_UNKNOWN:
		return "unknown";
	case DOCTOR_ADVICE:
		return "advice";
	case DOCTOR_WARNING:
		return "warning";
	case DOCTOR_FAULT:
		return "fault";
	case DOCTOR_GRADES:
		break;
	}
	return "";
}

const char *
doctor_summary(const struct doctor_report *report)
{
	static const struct {
		enum doctor_grade grade;
		const char *one, *many;
	} words[] = {
		{ DOCTOR_FAULT, "fault", "faults" },
		{ DOCTOR_WARNING, "warning", "warnings" },
		{ DOCTOR_ADVICE, "piece of advice", "pieces of advice" },
		{ DOCTOR_UNKNOWN, "thing not seen", "things not seen" },
	};
	const char *text = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = report->n[words[i].grade];

		if (n > 0)
			text = arena_printf(report->arena, "%s%s%zu %s", text,
			    *text != '\0' ? ", " : "", n,
			    n == 1 ? words[i].one : words[i].many);
	}
	return *text != '\0' ? text : "nothing is wrong";
}
