/*
 * What is to become of each part is decided first; then the body is written
 * from the front to the end.
 */
#include <string.h>

#include "base/arena.h"
#include "base/spool.h"
#include "mail/body.h"
#include "mail/content.h"
#include "mail/header.h"
#include "mail/layout.h"
#include "mail/mend.h"
#include "mail/part_header.h"
#include "mail/reencode.h"
#include "mail/encoder.h"

enum {
	CHUNK = 64 * 1024,
	MOSTLY = 2,		/* text of which every second octet would need three */
};

struct piece {			/* what is to become of an entity */
	bool kept;		/* byte for byte: signed, encrypted, or unreadable */
	bool is_text;
	bool remains;		/* in it 8-bit octets stay, or a part that says so */
	bool transformed;
	enum encoder_form form;
	enum transfer_encoding given;
	struct part_header header;
	struct part_changes changes;
};

struct job {
	struct arena *arena;
	const struct headers *headers;
	const struct spool *body;
	const struct mend_options *options;
	const struct layout *layout;
	struct piece *pieces;		/* by entity */
	char *chunk;
	struct encoder encoder;
	bool left, changed;
	const char *error;
};

/* ---- reading ---- */

static int
read_failed(struct job *job)
{
	job->error = "what was kept of the body cannot be read";
	return -1;
}

/* A short region whole, in the arena; p NULL when it cannot be had. */
static struct slice
read_region(struct job *job, struct arena *arena, const struct region *region)
{
	size_t n = (size_t)(region->end - region->start), at = 0;
	char *octets;
	long got;

	if (region->end - region->start > REENCODE_PART_HEADER_MAX) {
		job->error = "the header of a part is larger than is read";
		return (struct slice){ NULL, 0 };
	}
	octets = arena_alloc(arena, n + 1);
	while (at < n) {
		got = spool_read(job->body, region->start + at, octets + at, n - at);
		if (got <= 0) {
			read_failed(job);
			return (struct slice){ NULL, 0 };
		}
		at += (size_t)got;
	}
	return (struct slice){ octets, n };
}

/* ---- deciding ---- */

static bool
has_odd(const struct job *job, const struct layout_facts *facts)
{
	return facts->n_8bit > 0 || facts->n_nul > 0 || facts->n_cr > 0 ||
	    facts->n_lf > 0 || facts->longest_line > mend_line_max(job->options);
}

static bool
is_protected(const struct content_type *type)
{
	return strcmp(type->type, "multipart") == 0 &&
	    (strcmp(type->subtype, "signed") == 0 ||
	    strcmp(type->subtype, "encrypted") == 0);
}

/* Encodings that are none of RFC 2045's, and no slip of the pen either. */
static bool
is_foreign(struct slice encoding)
{
	encoding = slice_trim(encoding);
	return slice_starts_nocase(encoding, "x-") ||
	    slice_find_nocase(encoding, "uu") < encoding.n ||
	    slice_find_nocase(encoding, "64") < encoding.n ||
	    slice_find_nocase(encoding, "quoted") < encoding.n ||
	    slice_find_nocase(encoding, "binhex") < encoding.n;
}

static const char *
charset_of(const struct layout_facts *facts)
{
	return facts->n_8bit == 0 ? "us-ascii" :
	    facts->not_utf8 ? "unknown-8bit" : "utf-8";
}

/* Text without a charset is US-ASCII (RFC 2045 section 5.2): now it says. */
static void
add_charset(struct job *job, struct piece *piece, const struct content_type *type,
    const struct layout_facts *facts)
{
	struct slice value = slice_trim(piece->header.type);

	if (value.p == NULL) {
		piece->changes.type = arena_printf(job->arena,
		    " text/plain; charset=%s", charset_of(facts));
		return;
	}
	if (facts->n_8bit == 0 || type->malformed ||
	    strcmp(type->subtype, "plain") != 0 ||
	    content_param(type, "charset") != NULL ||
	    slice_find(value, '(') < value.n || slice_find(value, '\n') < value.n)
		return;
	while (value.n > 0 && (value.p[value.n - 1] == ';' ||
	    value.p[value.n - 1] == ' '))
		value.n--;
	piece->changes.type = arena_printf(job->arena, " %.*s; charset=%s",
	    (int)value.n, value.p, charset_of(facts));
}

static void
transform(struct piece *piece, enum encoder_form form)
{
	piece->transformed = true;
	piece->form = form;
	if (form == ENCODER_QP)
		piece->changes.encoding = " quoted-printable";
	else if (form == ENCODER_BASE64)
		piece->changes.encoding = " base64";
}

static void
decide_plain(struct job *job, struct piece *piece, const struct content_type *type,
    const struct layout_facts *facts)
{
	uint64_t tripled = facts->n_8bit + facts->n_nul + facts->n_cr + facts->n_lf;

	if (!has_odd(job, facts)) {
		if (piece->given == CTE_8BIT || piece->given == CTE_BINARY)
			piece->changes.encoding = " 7bit";
		return;
	}
	if (strcmp(type->type, "multipart") == 0 || strcmp(type->type, "message") == 0 ||
	    (piece->given == CTE_UNKNOWN && is_foreign(piece->header.encoding))) {
		piece->kept = true;
		return;
	}
	if (piece->is_text && tripled * MOSTLY <= facts->octets)
		transform(piece, ENCODER_QP);
	else
		transform(piece, ENCODER_BASE64);
	if (piece->is_text)
		add_charset(job, piece, type, facts);
}

static void
decide_leaf(struct job *job, struct piece *piece, const struct content_type *type,
    const struct layout_facts *facts)
{
	piece->is_text = strcmp(type->type, "text") == 0;
	switch (piece->given) {
	case CTE_NONE:
	case CTE_7BIT:
	case CTE_8BIT:
	case CTE_BINARY:
	case CTE_UNKNOWN:
		decide_plain(job, piece, type, facts);
		break;
	case CTE_QUOTED_PRINTABLE:
		if (has_odd(job, facts))
			transform(piece, ENCODER_QP_MEND);
		break;
	case CTE_BASE64:
		if (has_odd(job, facts))
			transform(piece, ENCODER_BASE64_MEND);
		break;
	}
}

static bool
says_8bit(const struct piece *piece)
{
	return piece->given == CTE_8BIT || piece->given == CTE_BINARY;
}

/* After the header of the entity was read. */
static void
decide_entity(struct job *job, size_t i)
{
	const struct layout_entity *entity = &job->layout->entities[i];
	struct piece *piece = &job->pieces[i];
	struct arena *scratch = arena_new();
	struct content_type type;

	content_type_parse(scratch, piece->header.type.p == NULL ?
	    SLICE("text/plain") : piece->header.type, &type);
	piece->given = transfer_encoding_parse(piece->header.encoding);
	piece->kept |= piece->header.malformed ||
	    (entity->kind == LAYOUT_MULTIPART && is_protected(&type)) ||
	    (entity->parent != LAYOUT_NONE && job->pieces[entity->parent].kept);
	if (entity->kind == LAYOUT_LEAF && !piece->kept)
		decide_leaf(job, piece, &type, &entity->facts);
	arena_free(&scratch);
	if (piece->kept) {
		piece->remains = says_8bit(piece);
		if (entity->kind == LAYOUT_LEAF) {
			piece->remains |= entity->facts.n_8bit > 0;
			job->left |= has_odd(job, &entity->facts);
		}
	}
}

/* The header of the message itself is not in the body. */
static void
decide_message(struct job *job)
{
	const struct header *type = headers_first(job->headers, HDR_CONTENT_TYPE);
	const struct header *encoding =
	    headers_first(job->headers, HDR_CONTENT_TRANSFER_ENCODING);
	struct part_header *header = &job->pieces[0].header;

	if (type != NULL)
		header->type = type->value;
	if (encoding != NULL)
		header->encoding = encoding->value;
	header->has_mime_version = headers_count(job->headers, HDR_MIME_VERSION) > 0;
	decide_entity(job, 0);
}

static int
decide_header(struct job *job, const struct region *region)
{
	struct piece *piece = &job->pieces[region->entity];
	struct arena *scratch = arena_new();
	struct slice octets = read_region(job, scratch, region);
	unsigned found = 0;

	if (octets.p != NULL) {
		part_header_read(octets, &piece->header);
		decide_entity(job, region->entity);
		piece->header.type.p = piece->header.encoding.p = NULL;
		if (has_odd(job, &region->facts) && !piece->kept)
			found = part_header_write(octets, &piece->changes,
			    job->options, NULL);
	}
	arena_free(&scratch);
	if (octets.p == NULL)
		return -1;
	if (!has_odd(job, &region->facts))
		return 0;
	if ((found & MEND_CHANGED) != 0 || (!piece->kept && region->facts.n_lf > 0))
		job->changed = true;
	if (piece->kept || (found & MEND_LEFT) != 0) {
		job->left = true;
		piece->remains |= region->facts.n_8bit > 0;
	}
	return 0;
}

/* Takes the content of a leaf through its transformation. */
static int
transform_region(struct job *job, const struct region *region, enum encoder_form form,
    struct spool *out)
{
	struct encoder *encoder = &job->encoder;
	uint64_t at = region->start;
	size_t want;
	long got;

	encoder_init(encoder, form, out);
	while (at < region->end) {
		want = region->end - at < CHUNK ? (size_t)(region->end - at) : CHUNK;
		got = spool_read(job->body, at, job->chunk, want);
		if (got <= 0)
			return read_failed(job);
		encoder_add(encoder, job->chunk, (size_t)got);
		at += (uint64_t)got;
	}
	return encoder_finish(encoder, region->end == spool_size(job->body));
}

/* What is encoded already is mended only when all decoders agree on it. */
static int
decide_content(struct job *job, const struct region *region)
{
	struct piece *piece = &job->pieces[region->entity];

	if (!piece->transformed || (piece->form != ENCODER_QP_MEND &&
	    piece->form != ENCODER_BASE64_MEND))
		return 0;
	if (transform_region(job, region, piece->form, NULL) == 0)
		return 0;
	if (job->error != NULL)
		return -1;
	piece->transformed = false;
	job->left = true;
	piece->remains |= region->facts.n_8bit > 0;
	return 0;
}

/* Text outside of parts is mended where there are parts. */
static bool
outside_is_mended(const struct job *job, const struct region *region)
{
	return has_odd(job, &region->facts) && !job->pieces[region->entity].kept &&
	    job->layout->entities[region->entity].n_children > 0;
}

static void
decide_outside(struct job *job, const struct region *region)
{
	if (outside_is_mended(job, region)) {
		job->changed = true;
	} else if (has_odd(job, &region->facts)) {
		job->left = true;
		job->pieces[region->entity].remains |= region->facts.n_8bit > 0;
	}
}

static bool
separator_is_mended(const struct job *job, const struct region *region)
{
	return (region->facts.n_cr > 0 || region->facts.n_lf > 0) &&
	    !job->pieces[region->entity].kept;
}

static int
decide_regions(struct job *job)
{
	const struct region *region = job->layout->regions;
	int status = 0;

	for (size_t i = 0; i < job->layout->n_regions && status == 0; i++, region++) {
		switch (region->kind) {
		case REGION_SEPARATOR:
			if (separator_is_mended(job, region))
				job->changed = true;
			else
				job->left |= has_odd(job, &region->facts);
			break;
		case REGION_OUTSIDE:
			decide_outside(job, region);
			break;
		case REGION_HEADER:
			status = decide_header(job, region);
			break;
		case REGION_CONTENT:
			status = decide_content(job, region);
			break;
		}
	}
	return status;
}

/* The entity whose header the MIME-Version stands in. */
static size_t
message_of(const struct layout *layout, size_t i)
{
	const struct layout_entity *entities = layout->entities;

	while (entities[i].parent != LAYOUT_NONE &&
	    entities[entities[i].parent].kind != LAYOUT_MESSAGE)
		i = entities[i].parent;
	return i;
}

/* What contains parts says 7bit when all of them do (RFC 2045 section 6.4). */
static void
decide_parents(struct job *job)
{
	const struct layout *layout = job->layout;
	struct piece *piece, *message;

	for (size_t i = layout->n_entities; i-- > 0;) {
		piece = &job->pieces[i];
		if (layout->entities[i].kind != LAYOUT_LEAF && !piece->kept &&
		    !piece->remains && says_8bit(piece))
			piece->changes.encoding = " 7bit";
		if (layout->entities[i].parent != LAYOUT_NONE)
			job->pieces[layout->entities[i].parent].remains |=
			    piece->remains;
		if (piece->changes.encoding == NULL && piece->changes.type == NULL)
			continue;
		message = &job->pieces[message_of(layout, i)];
		message->changes.add_mime_version = !message->header.has_mime_version &&
		    !message->kept;
	}
	for (size_t i = 0; i < layout->n_entities; i++) {
		piece = &job->pieces[i];
		job->changed |= piece->transformed || (i > 0 &&
		    (piece->changes.encoding != NULL || piece->changes.type != NULL ||
		    piece->changes.add_mime_version));
	}
}

/* ---- writing ---- */

static int
copy_region(struct job *job, const struct region *region, struct spool *out)
{
	uint64_t at = region->start;
	size_t want;
	long got;

	while (at < region->end) {
		want = region->end - at < CHUNK ? (size_t)(region->end - at) : CHUNK;
		got = spool_read(job->body, at, job->chunk, want);
		if (got <= 0)
			return read_failed(job);
		spool_add(out, job->chunk, (size_t)got);
		at += (uint64_t)got;
	}
	return 0;
}

static int
write_separator(struct job *job, const struct region *region, struct spool *out)
{
	struct arena *scratch;
	struct slice octets, trimmed;

	if (!separator_is_mended(job, region))
		return copy_region(job, region, out);
	scratch = arena_new();
	octets = read_region(job, scratch, region);
	trimmed = slice_trim(octets);
	spool_add(out, trimmed.p, trimmed.n);
	spool_add(out, "\r\n", 2);
	arena_free(&scratch);
	return octets.p == NULL ? -1 : 0;
}

static int
write_header(struct job *job, const struct region *region, struct spool *out)
{
	const struct piece *piece = &job->pieces[region->entity];
	const struct part_changes *changes = &piece->changes;
	struct arena *scratch;
	struct slice octets;

	if (piece->header.malformed || (changes->type == NULL &&
	    changes->encoding == NULL && !changes->add_mime_version &&
	    (piece->kept || !has_odd(job, &region->facts))))
		return copy_region(job, region, out);
	scratch = arena_new();
	octets = read_region(job, scratch, region);
	if (octets.p != NULL)
		part_header_write(octets, changes, job->options, out);
	arena_free(&scratch);
	return octets.p == NULL ? -1 : 0;
}

static int
write_region(struct job *job, const struct region *region, struct spool *out)
{
	const struct piece *piece = &job->pieces[region->entity];

	switch (region->kind) {
	case REGION_SEPARATOR:
		return write_separator(job, region, out);
	case REGION_OUTSIDE:
		if (outside_is_mended(job, region))
			return transform_region(job, region, ENCODER_OUTSIDE, out);
		break;
	case REGION_HEADER:
		return write_header(job, region, out);
	case REGION_CONTENT:
		if (piece->transformed)
			return transform_region(job, region, piece->form, out);
		break;
	}
	return copy_region(job, region, out);
}

static int
write_body(struct job *job, uint64_t max, struct reencoded *reencoded_r)
{
	struct spool *out = spool_new(job->arena, max);

	for (size_t i = 0; i < job->layout->n_regions; i++) {
		if (write_region(job, &job->layout->regions[i], out) == 0 &&
		    !spool_failed(out))
			continue;
		if (job->error == NULL)
			job->error = spool_failed(out) ? spool_error(out) :
			    "it cannot be encoded";
		return -1;
	}
	reencoded_r->body = out;
	return 0;
}

/* ---- the two together ---- */

bool
reencode_is_needed(const struct body_facts *facts, const struct mend_options *options)
{
	return facts->has_8bit || facts->nul_bytes > 0 || facts->bare_cr > 0 ||
	    facts->bare_lf > 0 || facts->longest_line > mend_line_max(options) ||
	    facts->says_8bit;
}

int
reencode(struct arena *arena, const struct headers *headers, const struct spool *body,
    const struct mend_options *options, uint64_t max, struct reencoded *reencoded_r,
    const char **error_r)
{
	struct job *job = arena_alloc(arena, sizeof(*job));

	*reencoded_r = (struct reencoded){ .left = false };
	job->arena = arena;
	job->headers = headers;
	job->body = body;
	job->options = options;
	job->chunk = arena_alloc(arena, CHUNK);
	job->layout = layout_read(arena, headers, body, error_r);
	if (job->layout == NULL)
		return -1;
	job->pieces = arena_array(arena, job->layout->n_entities, sizeof(*job->pieces));
	decide_message(job);
	if (decide_regions(job) != 0) {
		*error_r = job->error;
		return -1;
	}
	decide_parents(job);
	if (job->changed && write_body(job, max, reencoded_r) != 0) {
		*error_r = job->error;
		return -1;
	}
	reencoded_r->type = job->pieces[0].changes.type;
	reencoded_r->encoding = job->pieces[0].changes.encoding;
	reencoded_r->add_mime_version = job->pieces[0].changes.add_mime_version;
	reencoded_r->left = job->left;
	return 0;
}
