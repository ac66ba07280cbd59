/*
 * Fields of a part's header, one after the other.
 */
#include "base/arena.h"
#include "base/spool.h"
#include "mail/mend.h"
#include "mail/part_header.h"

struct part_field {
	struct slice name, value;	/* the last line end in neither */
};

static bool
is_name_char(char c)
{
	return c > ' ' && c <= '~' && c != ':';
}

static bool
begins_with_blank(struct slice text)
{
	return text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t');
}

static struct slice
without_line_end(struct slice line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Takes a field with its folds off the front; false for what is none. */
static bool
take_field(struct slice *rest, struct part_field *field_r)
{
	size_t end = 0, colon = 0;

	do {
		end += slice_find(slice_sub(*rest, end, rest->n), '\n');
		end += end < rest->n;
	} while (end < rest->n && begins_with_blank(slice_sub(*rest, end, 1)));
	while (colon < end && is_name_char(rest->p[colon]))
		colon++;
	if (colon == 0 || colon == end || rest->p[colon] != ':')
		return false;
	field_r->name = slice_sub(*rest, 0, colon);
	field_r->value = without_line_end(slice_sub(*rest, colon + 1, end - colon - 1));
	*rest = slice_sub(*rest, end, rest->n);
	return true;
}

void
part_header_read(struct slice octets, struct part_header *header_r)
{
	struct part_field field;

	*header_r = (struct part_header){ .malformed = false };
	while (octets.n > 0) {
		if (!take_field(&octets, &field)) {
			header_r->malformed = true;
			return;
		}
		if (slice_is(field.name, "Content-Type") && header_r->type.p == NULL)
			header_r->type = field.value;
		else if (slice_is(field.name, "Content-Transfer-Encoding") &&
		    header_r->encoding.p == NULL)
			header_r->encoding = field.value;
		else if (slice_is(field.name, "MIME-Version"))
			header_r->has_mime_version = true;
	}
}

static void
put(struct spool *out, struct slice text)
{
	if (out != NULL)
		spool_add(out, text.p, text.n);
}

/* Each line end becomes CRLF. */
static void
put_field(struct spool *out, struct slice name, struct slice value)
{
	struct slice line;

	put(out, name);
	put(out, SLICE(":"));
	if (value.n == 0)
		put(out, SLICE("\r\n"));
	while (slice_split(&value, '\n', &line)) {
		put(out, without_line_end(line));
		put(out, SLICE("\r\n"));
	}
}

static void
put_new(struct spool *out, const char *name, const char *value)
{
	put_field(out, slice_of(name), slice_of(value));
}

/* Takes the new value once, in place of all fields of that name; false where the
 * field is to be left out. */
static bool
replace(struct part_field *field, const char *name, const char *value, bool *done)
{
	if (value == NULL || !slice_is(field->name, name))
		return true;
	if (*done)
		return false;
	field->value = slice_of(value);
	*done = true;
	return true;
}

unsigned
part_header_write(struct slice octets, const struct part_changes *changes,
    const struct mend_options *options, struct spool *out)
{
	bool type_done = false, encoding_done = false;
	struct arena *scratch = arena_new();
	struct part_field field;
	unsigned found = 0;

	while (octets.n > 0 && take_field(&octets, &field)) {
		if (!replace(&field, "Content-Type", changes->type, &type_done) ||
		    !replace(&field, "Content-Transfer-Encoding", changes->encoding,
		    &encoding_done))
			continue;
		found |= field_mend(scratch, field.name, field.value, options,
		    &field.value);
		put_field(out, field.name, field.value);
	}
	put(out, octets);
	if (changes->add_mime_version)
		put_new(out, "MIME-Version", " 1.0");
	if (changes->type != NULL && !type_done)
		put_new(out, "Content-Type", changes->type);
	if (changes->encoding != NULL && !encoding_done)
		put_new(out, "Content-Transfer-Encoding", changes->encoding);
	arena_free(&scratch);
	return found;
}
