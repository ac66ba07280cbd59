/*
 * What the files of record/ share: limits, and values made of ours and of
 * others' text.  jansson is included here only.
 */
#ifndef MW_RECORD_WRITER_H
#define MW_RECORD_WRITER_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "evidence/evidence.h"
#include "facts/message.h"
#include "record/record.h"

#define WRITER_LINE_MAX (64 * 1024 * 1024)

struct limits {
	size_t remote;		/* octets of one remote text */
	size_t text;		/* octets of one text for people */
	size_t rcpts;
	size_t list;		/* entries of any other list */
};

extern const struct limits writer_no_limits;

struct writer {
	const struct record_input *input;
	const struct limits *limits;
	struct arena *arena;
};

/* The value is taken over; NULL is null. */
void writer_put(json_t *object, const char *key, json_t *value);
void writer_append(json_t *array, json_t *value);

/* Text somebody else wrote; text of ours, its remote parts neutralised already;
 * a word of ours.  NULL is null. */
json_t *writer_remote(const struct writer *w, const char *text);
json_t *writer_ours(const struct writer *w, const char *text);
json_t *writer_word(const char *text);

json_t *writer_points(int tenths);

/* "pass", ...; NULL when nobody judged. */
const char *writer_spf_word(enum known known, enum spf_result result);

/* Takes the object over. */
void writer_write(json_t *object, struct arena *arena, size_t max, struct buf *out_r);

#endif
