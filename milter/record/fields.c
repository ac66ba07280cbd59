/*
 * Fields of the journal, out of a record's line: what the record leaves out for
 * privacy is not in them either.
 */
#include "base/arena.h"
#include "base/log_journal.h"
#include "record/record.h"
#include "record/writer.h"

static const struct {
	const char *key, *field;
} names[] = {
	{ "queue_id", "MAILWORTHY_QUEUE_ID" },
	{ "verdict", "MAILWORTHY_VERDICT" },
	{ "would", "MAILWORTHY_WOULD" },
	{ "mode", "MAILWORTHY_MODE" },
	{ "stream", "MAILWORTHY_STREAM" },
	{ "mail_from", "MAILWORTHY_SENDER" },
	{ "author_domain", "MAILWORTHY_AUTHOR_DOMAIN" },
	{ "message_id", "MAILWORTHY_MESSAGE_ID" },
};

/* Empty and absent values make no field. */
static void
add(struct log_field *fields, size_t *n, const char *name, const json_t *value,
    struct arena *arena)
{
	const char *text = json_string_value(value);

	if (text != NULL && *text != '\0' && *n < RECORD_FIELDS_MAX)
		fields[(*n)++] = (struct log_field){ name, arena_strdup(arena, text) };
}

size_t
record_fields(const char *line, struct log_field *fields_r,
    struct arena *arena)
{
	json_t *record = json_loads(line, 0, NULL);
	const json_t *findings = json_object_get(record, "findings");
	size_t n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add(fields_r, &n, names[i].field, json_object_get(record, names[i].key), arena);
	for (size_t i = 0; i < json_array_size(findings); i++)
		add(fields_r, &n, "MAILWORTHY_FINDING",
		    json_object_get(json_array_get(findings, i), "id"), arena);
	json_decref(record);
	return n;
}
