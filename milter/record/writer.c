/*
 * Values of the JSON line, and their way out.
 */
#include "base/arena.h"
#include "base/log.h"
#include "record/writer.h"
#include "verdict/text.h"

enum { REAL_DIGITS = 6 };

const struct limits writer_no_limits = {
	1000, 4000, MESSAGE_RCPTS_KEPT, SIZE_MAX,
};

void
writer_put(json_t *object, const char *key, json_t *value)
{
	if (value == NULL)
		value = json_null();
	if (json_object_set_new(object, key, value) != 0)
		bug("out of memory");
}

void
writer_append(json_t *array, json_t *value)
{
	if (value == NULL || json_array_append_new(array, value) != 0)
		bug("out of memory");
}

/* Text somebody else wrote. */
json_t *
writer_remote(const struct writer *w, const char *text)
{
	if (text == NULL)
		return json_null();
	return json_string(log_safe(w->arena, slice_of(text), w->limits->remote));
}

/* Text of ours, its remote parts neutralised already. */
json_t *
writer_ours(const struct writer *w, const char *text)
{
	if (text == NULL || w->limits->text == 0)
		return json_null();
	return json_string(text_for_people(w->arena, text, w->limits->text));
}

json_t *
writer_word(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

json_t *
writer_points(int tenths)
{
	return json_real(tenths / 10.0);
}

const char *
writer_spf_word(enum known known, enum spf_result result)
{
	switch (known) {
	case KNOWN_NO:
	case KNOWN_ABSENT:
		return NULL;
	case KNOWN_VALUE:
		return spf_result_name(result);
	case KNOWN_TEMPERROR:
		return spf_result_name(SPF_TEMPERROR);
	}
	return NULL;
}

static int
add_chunk(const char *bytes, size_t n, void *out)
{
	buf_add(out, bytes, n);
	return 0;
}

/* Takes the object over. */
void
writer_write(json_t *object, struct arena *arena, size_t max, struct buf *out_r)
{
	buf_init(out_r, arena, max);
	if (json_dump_callback(object, add_chunk, out_r,
	    JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)) != 0)
		bug("out of memory");
	json_decref(object);
}
