/*
 * libarchive: tar, rar and single compressed files, and unpacking of a few
 * octets.  It asks for packed bytes in small pieces with the clock looked at
 * before each, and gives what it unpacks in blocks of 64 KB with the clock
 * looked at between: bzip2 makes a gigabyte of one small piece.  Entries of RAR
 * are never unpacked.
 */
#include <errno.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/spool.h"
#include "mail/archive.h"

enum {
	PIECE = 1024,			/* of packed data: up to 20 MB of zeros unpacked */
	PROBE_SIZE = 320,
	RETRIES_MAX = 16,
	GZIP_NAME_PIECE = 512,
	GZIP_NAME_MAX = 64 * 1024,	/* longer ones are not looked to the end of */
	GZIP_NAME_KEPT = 256,		/* its end */
};

struct source {
	struct listing *listing;
	struct slice head, tail;	/* stand in front and behind */
	uint64_t at, end;
};

static la_ssize_t
source_read(struct archive *archive, void *data, const void **bytes_r)
{
	struct source *source = data;
	uint64_t left = source->end - source->at;
	size_t n = left < PIECE ? (size_t)left : PIECE;

	if (source->head.n > 0) {
		n = source->head.n;
		*bytes_r = source->head.p;
		source->head.n = 0;
		return (la_ssize_t)n;
	}
	if (listing_is_over(source->listing)) {
		archive_set_error(archive, ECANCELED, "time is over");
		return -1;
	}
	if (n == 0) {
		n = source->tail.n;
		*bytes_r = source->tail.p;
		source->tail.n = 0;
		return (la_ssize_t)n;
	}
	*bytes_r = listing_at(source->listing, source->at, n);
	if (*bytes_r == NULL)
		return 0;
	source->at += n;
	return (la_ssize_t)n;
}

static la_int64_t
source_skip(struct archive *archive, void *data, la_int64_t request)
{
	struct source *source = data;
	uint64_t left = source->end - source->at;

	(void)archive;
	if (request <= 0 || source->head.n > 0)
		return 0;
	if ((uint64_t)request > left)
		request = (la_int64_t)left;
	source->at += (uint64_t)request;
	return request;
}

static int
source_open(struct archive *archive, struct source *source)
{
	archive_read_set_read_callback(archive, source_read);
	archive_read_set_skip_callback(archive, source_skip);
	archive_read_set_callback_data(archive, source);
	return archive_read_open1(archive) == ARCHIVE_OK ? 0 : -1;
}

long
archive_unpack(struct listing *listing, enum packing packing,
    const struct packed *packed, void *bytes, size_t max)
{
	struct source source = {
		.listing = listing, .head = packed->head, .tail = packed->tail,
		.at = packed->at, .end = packed->at + packed->n,
	};
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	size_t n = 0;
	long got;

	if (archive == NULL)
		return -1;
	switch (packing) {
	case PACKING_GZIP:
		source.tail = SLICE("\0\0\0\0\0\0\0\0");
		archive_read_support_filter_gzip(archive);
		break;
	case PACKING_LZMA:
		archive_read_support_filter_lzma(archive);
		break;
	case PACKING_XZ:
		archive_read_support_filter_xz(archive);
		break;
	}
	archive_read_support_format_raw(archive);
	got = source_open(archive, &source);
	if (got == 0 && archive_read_next_header(archive, &entry) == ARCHIVE_OK &&
	    archive_filter_count(archive) > 1) {
		while (n < max && (got = (long)archive_read_data(archive,
		    (char *)bytes + n, max - n)) > 0)
			n += (size_t)got;
	}
	archive_read_free(archive);
	return n > 0 ? (long)n : got;
}

/* ---- one compressed file ---- */

/* The name of a gzip file's content (RFC 1952 section 2.3); empty: none. */
static struct slice
gzip_name(struct listing *listing)
{
	const unsigned char *p = listing_at(listing, 0, 12);
	uint64_t at = 10, begin, left;
	struct slice none = { "", 0 }, piece;
	size_t n;

	if (p == NULL || (p[3] & 0x08) == 0)
		return none;
	if ((p[3] & 0x04) != 0)
		at += 2 + listing_number(p + 10, 2);
	begin = at;
	do {
		left = spool_size(listing->spool);
		left = left > at ? left - at : 0;
		n = left < GZIP_NAME_PIECE ? (size_t)left : GZIP_NAME_PIECE;
		p = listing_at(listing, at, n);
		if (p == NULL || n == 0 || at - begin > GZIP_NAME_MAX)
			return none;
		piece = (struct slice){ (const char *)p, n };
		piece.n = slice_find(piece, '\0');
		at += piece.n;
	} while (piece.n == n);
	n = at - begin < GZIP_NAME_KEPT ? (size_t)(at - begin) : GZIP_NAME_KEPT;
	p = listing_at(listing, at - n, n);
	return p != NULL ? (struct slice){ (const char *)p, n } : none;
}

/* "report.exe.bz2" holds "report.exe", as unpackers name it. */
static struct slice
outer_name(const struct listing *listing)
{
	struct slice name = slice_of(listing->outer);
	struct slice suffix = signature_suffix(name);

	if (suffix.n == 0)
		return name;
	return slice_sub(name, 0, (size_t)(suffix.p - name.p) - 1);
}

static size_t
name_single(struct listing *listing, enum form form)
{
	struct slice inside = outer_name(listing), name = { "", 0 };
	size_t index = SIZE_MAX;

	if (form == FORM_GZIP)
		name = gzip_name(listing);
	/* a name left in it may be that of a file long renamed: both count */
	if (name.n > 0 && !slice_eq_nocase(name, inside))
		listing_add(listing, name);
	if (inside.n > 0)
		index = listing_add(listing, inside);
	/* "a.tar.gz" is one archive, also where its tar is empty or none */
	if (slice_is(signature_suffix(inside), "tar"))
		listing->found->has_archive = false;
	listing->found->entries = 1;
	return index;
}

static void
list_single(struct listing *listing, struct archive *archive, enum form form)
{
	size_t index = name_single(listing, form), n = 0;
	unsigned char bytes[PROBE_SIZE];
	la_ssize_t got;

	while (n < sizeof(bytes) && (got = archive_read_data(archive, bytes + n,
	    sizeof(bytes) - n)) > 0)
		n += (size_t)got;
	if (n > 0)
		listing_probe(listing, index, bytes, n);
	else
		listing->found->over_limit = true;
}

/* ---- several files ---- */

static void
take_entry(struct listing *listing, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	if (name == NULL)
		name = archive_entry_pathname(entry);
	if (archive_entry_is_encrypted(entry)) {
		listing->found->encrypted = true;
		if (name != NULL && signature_is_archive_suffix(
		    signature_suffix(slice_of(name))))
			listing->found->has_encrypted_archive = true;
	}
	if (name != NULL && archive_entry_filetype(entry) != AE_IFDIR)
		listing_add(listing, slice_of(name));
	else
		listing->found->entries++;
}

/*
 * Reads over an entry.  Left to libarchive, going to the next header would
 * unpack all of it before we are asked again.
 */
static bool
pass_entry(struct listing *listing, struct archive *archive)
{
	const void *block;
	size_t n;
	la_int64_t at;
	int result;

	while ((result = archive_read_data_block(archive, &block, &n, &at)) ==
	    ARCHIVE_OK) {
		if (listing_is_over(listing))
			return false;
	}
	return result == ARCHIVE_EOF || result == ARCHIVE_WARN;
}

static void
list_entries(struct listing *listing, struct archive *archive, enum form form)
{
	struct archive_entry *entry;
	int result, retries = 0;

	for (;;) {
		result = archive_read_next_header(archive, &entry);
		if (result == ARCHIVE_EOF)
			return;
		if (result == ARCHIVE_RETRY && ++retries < RETRIES_MAX)
			continue;
		if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
			break;
		if (archive_format(archive) == ARCHIVE_FORMAT_RAW) {
			list_single(listing, archive, form);
			return;
		}
		take_entry(listing, entry);
		if (listing->found->entries >= ATTACHMENT_ENTRIES_MAX ||
		    listing_is_over(listing) || (archive_filter_count(archive) > 1 &&
		    !pass_entry(listing, archive)))
			break;
	}
	listing->found->over_limit = true;
}

/*
 * Encrypted headers, in which not even the names are to be read: main header
 * flag 0x0080 of RAR 1.5 to 4, a first block of type 4 of RAR 5.
 */
static bool
has_encrypted_headers(struct listing *listing)
{
	const unsigned char *p = listing_at(listing, 0, 20);
	size_t at;

	if (p == NULL)
		return false;
	if (p[6] == 0)
		return p[9] == 0x73 && (p[10] & 0x80) != 0;
	for (at = 12; at < 16 && (p[at] & 0x80) != 0; at++)
		continue;
	return p[at + 1] == 4;
}

static void
support(struct archive *archive, enum form form)
{
	switch (form) {
	case FORM_GZIP:
		archive_read_support_filter_gzip(archive);
		break;
	case FORM_BZIP2:
		archive_read_support_filter_bzip2(archive);
		break;
	case FORM_XZ:
		archive_read_support_filter_xz(archive);
		break;
	case FORM_RAR:
		archive_read_support_format_rar(archive);
		archive_read_support_format_rar5(archive);
		return;
	case FORM_TAR:
		archive_read_support_format_tar(archive);
		return;
	case FORM_DATA:
	case FORM_ZIP:
	case FORM_7Z:
	case FORM_OLE:
		return;
	}
	archive_read_support_format_tar(archive);
	archive_read_support_format_raw(archive);
}

void
archive_list(struct listing *listing, enum form form)
{
	struct source source = {
		.listing = listing, .end = spool_size(listing->spool),
	};
	struct archive *archive = archive_read_new();

	listing->found->is_archive = true;
	if (form == FORM_RAR && has_encrypted_headers(listing)) {
		listing->found->encrypted = true;
		archive_read_free(archive);
		return;
	}
	if (archive == NULL) {
		listing->found->over_limit = true;
		return;
	}
	support(archive, form);
	if (source_open(archive, &source) == 0) {
		list_entries(listing, archive, form);
		/* 3.6.2 jumps to nowhere when this is asked after a failed open */
		if (archive_read_has_encrypted_entries(archive) == 1)
			listing->found->encrypted = true;
	} else {
		listing->found->over_limit = true;
	}
	if (listing->found->entries == 0 && form == FORM_RAR)
		listing->found->over_limit = true;	/* RAR has no empty archives */
	else if (listing->found->entries == 0 && form != FORM_TAR)
		name_single(listing, form);
	archive_read_free(archive);
}
