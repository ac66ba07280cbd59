/*
 * An attachment as its bytes pass: the first are kept to be recognised, then
 * either none is wanted any more or all are kept to be listed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/spool.h"
#include "mail/archive.h"
#include "mail/attachment.h"
#include "mail/magic.h"

enum state { STATE_SNIFFING, STATE_KEEPING, STATE_SATED };

struct attachment_reader {
	struct arena *arena;
	const char *name;
	enum state state;
	unsigned char *first;		/* ATTACHMENT_SNIFF octets on the heap; NULL */
	size_t n;
	const char *type;		/* found; NULL */
	const char *suffix;
	enum form form;
	struct spool *spool;
};

static void
drop_first(void *data)
{
	struct attachment_reader *reader = data;

	free(reader->first);
	reader->first = NULL;
}

struct attachment_reader *
attachment_new(struct arena *arena, const char *name)
{
	struct attachment_reader *reader = arena_alloc(arena, sizeof(*reader));

	reader->arena = arena;
	reader->name = name;
	return reader;
}

static void
recognised(struct attachment_reader *reader, const struct known_type *signature)
{
	reader->type = signature->type;
	reader->suffix = signature->suffix;
	reader->form = signature->form;
	reader->state = STATE_SATED;
	if (signature->form != FORM_DATA) {
		reader->state = STATE_KEEPING;
		reader->spool = spool_new(reader->arena, ATTACHMENT_KEPT_MAX);
	}
}

/* Unpackers look for the end of a ZIP file, whatever it begins with. */
static bool
is_zip_by_name(const struct attachment_reader *reader)
{
	return slice_is(signature_suffix(slice_of(reader->name)), "zip");
}

/* With all that will be seen of it. */
static void
recognise(struct attachment_reader *reader)
{
	static const struct known_type unknown_zip = { NULL, NULL, FORM_ZIP };
	const struct known_type *signature = signature_find(reader->first, reader->n);

	if (signature == NULL)
		signature = signature_find_text(reader->first, reader->n);
	if (signature == NULL) {
		reader->state = STATE_SATED;
		reader->type = magic_find_type(reader->arena, reader->first, reader->n);
		if (reader->type != NULL)
			signature = signature_of_type(reader->type);
	}
	if (signature != NULL)
		recognised(reader, signature);
	else if (reader->type == NULL && is_zip_by_name(reader))
		recognised(reader, &unknown_zip);
	if (reader->state == STATE_KEEPING)
		spool_add(reader->spool, reader->first, reader->n);
	drop_first(reader);
}

/* Most are told by the very first octets, without a copy. */
static bool
recognise_at_once(struct attachment_reader *reader, const void *bytes, size_t n)
{
	const struct known_type *signature;

	if (reader->n > 0 || n < SIGNATURE_LEAST)
		return false;
	signature = signature_find(bytes, n);
	if (signature != NULL)
		recognised(reader, signature);
	return signature != NULL;
}

static size_t
sniff(struct attachment_reader *reader, const void *bytes, size_t n)
{
	if (n == 0 || recognise_at_once(reader, bytes, n))
		return 0;
	if (reader->first == NULL) {
		reader->first = mem_alloc(ATTACHMENT_SNIFF);
		arena_defer(reader->arena, drop_first, reader);
	}
	if (n > ATTACHMENT_SNIFF - reader->n)
		n = ATTACHMENT_SNIFF - reader->n;
	memcpy(reader->first + reader->n, bytes, n);
	reader->n += n;
	if (reader->n == ATTACHMENT_SNIFF)
		recognise(reader);
	return n;
}

void
attachment_add(struct attachment_reader *reader, const void *bytes, size_t n)
{
	size_t taken = 0;

	if (reader->state == STATE_SNIFFING)
		taken = sniff(reader, bytes, n);
	if (reader->state != STATE_KEEPING || n == taken)
		return;
	spool_add(reader->spool, (const char *)bytes + taken, n - taken);
	if (spool_failed(reader->spool))
		reader->state = STATE_SATED;
}

bool
attachment_is_sated(const struct attachment_reader *reader)
{
	return reader->state == STATE_SATED;
}

static void
list(struct attachment_reader *reader, int cpu_ms, struct attachment *found)
{
	struct listing listing;

	listing_init(&listing, reader->arena, reader->spool, found, reader->name, cpu_ms);
	switch (reader->form) {
	case FORM_ZIP:
		zip_list(&listing);
		break;
	case FORM_OLE:
		ole_list(&listing);
		break;
	case FORM_7Z:
		sevenzip_list(&listing);
		break;
	case FORM_GZIP:
	case FORM_BZIP2:
	case FORM_XZ:
	case FORM_TAR:
	case FORM_RAR:
		archive_list(&listing, reader->form);
		break;
	case FORM_DATA:
		break;
	}
	listing_finish(&listing);
}

void
attachment_finish(struct attachment_reader *reader, int cpu_ms,
    struct attachment *attachment_r)
{
	if (reader->state == STATE_SNIFFING && reader->n > 0)
		recognise(reader);
	*attachment_r = (struct attachment){
		.found_type = reader->type, .found_suffix = reader->suffix,
	};
	if (reader->form == FORM_DATA)
		return;
	if (spool_failed(reader->spool)) {
		attachment_r->is_archive = reader->form != FORM_ZIP &&
		    reader->form != FORM_OLE;
		attachment_r->over_limit = true;
	} else {
		list(reader, cpu_ms, attachment_r);
	}
	/* A message may hold many: memory and descriptors of one at a time. */
	spool_free(&reader->spool);
}
