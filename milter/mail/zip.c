/*
 * ZIP (PKWARE APPNOTE 6.3): the central directory is read entry by entry; a
 * file without one is read by the headers in front of the entries.  Office
 * documents (OOXML, ODF), Java and Android archives are told by their names.
 */
#include <string.h>

#include "base/slice.h"
#include "base/spool.h"
#include "mail/archive.h"

enum {
	END_SIZE = 22,			/* end of central directory, without comment */
	END_LOOKED_AT = 65535 + END_SIZE,
	END64_LOCATOR_SIZE = 20,
	CENTRAL_SIZE = 46,
	LOCAL_SIZE = 30,
	NAME_READ = 1024,		/* of a name, its end */
	PROBE_SIZE = 320,		/* enough for the signature of tar */
};

enum { FLAG_ENCRYPTED = 1 << 0, FLAG_DESCRIPTOR = 1 << 3 };
enum { METHOD_STORED = 0, METHOD_DEFLATED = 8, METHOD_AES = 99 };

struct entry {
	unsigned flags, method;
	uint64_t packed_size, size;
	uint64_t local_at;
	size_t index;			/* of its name */
};

struct zip {
	struct listing *listing;
	struct entry probes[LISTING_PROBES_MAX];
	size_t n_probes;
	bool encrypted_archive;
	bool has_content_types, is_odf, is_ebook, has_java, has_android, has_appx;
	bool has_odf_basic;
	uint64_t first_at;		/* of the entries that the directory names */
};

/* ---- entries ---- */

static void
note_name(struct zip *zip, struct slice name)
{
	struct attachment *found = zip->listing->found;

	if (slice_is(name, "[Content_Types].xml"))
		zip->has_content_types = true;
	else if (slice_is(name, "META-INF/MANIFEST.MF"))
		zip->has_java = true;
	else if (slice_is(name, "AndroidManifest.xml"))
		zip->has_android = true;
	else if (slice_is(name, "AppxManifest.xml"))
		zip->has_appx = true;
	else if (slice_starts_nocase(name, "Basic/"))
		zip->has_odf_basic = true;
	if (slice_ends_nocase(name, "vbaProject.bin") ||
	    slice_starts_nocase(name, "xl/macrosheets/"))
		found->has_macro = true;
}

static void
take_entry(struct zip *zip, struct slice name, struct entry *entry)
{
	struct listing *listing = zip->listing;
	bool is_archive;

	note_name(zip, name);
	if (name.n > 0 && (name.p[name.n - 1] == '/' || name.p[name.n - 1] == '\\')) {
		listing->found->entries++;
		return;
	}
	is_archive = signature_is_archive_suffix(signature_suffix(name));
	entry->index = listing_add(listing, name);
	if ((entry->flags & FLAG_ENCRYPTED) != 0 || entry->method == METHOD_AES) {
		listing->found->encrypted = true;
		if (is_archive)
			zip->encrypted_archive = true;
		return;
	}
	if (entry->size > 0 && zip->n_probes < LISTING_PROBES_MAX)
		zip->probes[zip->n_probes++] = *entry;
}

static bool
may_go_on(const struct zip *zip)
{
	if (zip->listing->found->entries >= ATTACHMENT_ENTRIES_MAX) {
		zip->listing->found->over_limit = true;
		return false;
	}
	return zip->listing->found->entries % 64 != 0 || !listing_is_over(zip->listing);
}

/* The last octets of a name; false when it is not there. */
static bool
read_name(struct listing *listing, uint64_t at, size_t n, struct slice *name_r)
{
	size_t skip = n > NAME_READ ? n - NAME_READ : 0;
	const unsigned char *p = listing_at(listing, at + skip, n - skip);

	*name_r = (struct slice){ (const char *)p, n - skip };
	return p != NULL;
}

/* ---- the central directory (section 4.3.12) ---- */

/* Where the directory begins. */
struct directory {
	uint64_t at;
	uint64_t shift;			/* of all offsets, by what stands in front */
};

/* By the record at `at`; false: nothing there. */
static bool
directory_from(struct listing *listing, uint64_t at, uint64_t size, uint64_t offset,
    struct directory *directory_r)
{
	const unsigned char *p;

	/* a program in front of it shifts all offsets */
	if (size <= at) {
		p = listing_at(listing, at - size, 4);
		if (p != NULL && memcmp(p, "PK\1\2", 4) == 0) {
			*directory_r = (struct directory){ .at = at - size };
			if (at - size > offset)
				directory_r->shift = at - size - offset;
			return true;
		}
	}
	p = listing_at(listing, offset, 4);
	*directory_r = (struct directory){ .at = offset };
	return p != NULL && memcmp(p, "PK\1\2", 4) == 0;
}

/* The 64-bit record (section 4.3.14), found through its locator. */
static bool
directory_from_64(struct listing *listing, uint64_t end_at,
    struct directory *directory_r)
{
	const unsigned char *p;
	uint64_t at;

	if (end_at < END64_LOCATOR_SIZE)
		return false;
	p = listing_at(listing, end_at - END64_LOCATOR_SIZE, END64_LOCATOR_SIZE);
	if (p == NULL || memcmp(p, "PK\6\7", 4) != 0)
		return false;
	at = listing_number(p + 8, 8);
	p = listing_at(listing, at, 56);
	if (p == NULL || memcmp(p, "PK\6\6", 4) != 0)
		return false;
	return directory_from(listing, at, listing_number(p + 40, 8),
	    listing_number(p + 48, 8), directory_r);
}

static bool
find_directory(struct listing *listing, uint64_t size, struct directory *directory_r)
{
	const unsigned char *p;

	if (size < END_SIZE)
		return false;
	for (uint64_t back = END_SIZE; back <= END_LOOKED_AT && back <= size; back++) {
		p = listing_at(listing, size - back, END_SIZE);
		if (p == NULL)
			return false;
		if (p[0] != 'P' || memcmp(p, "PK\5\6", 4) != 0)
			continue;
		if (directory_from(listing, size - back, listing_number(p + 12, 4),
		    listing_number(p + 16, 4), directory_r) ||
		    directory_from_64(listing, size - back, directory_r))
			return true;
	}
	return false;
}

static void
read_directory(struct zip *zip, const struct directory *directory)
{
	const struct attachment *found = zip->listing->found;
	uint64_t at = directory->at;

	while (may_go_on(zip)) {
		const unsigned char *p = listing_at(zip->listing, at, CENTRAL_SIZE);
		struct entry entry;
		struct slice name;
		size_t name_n, rest;

		if (p == NULL || memcmp(p, "PK\1\2", 4) != 0)
			return;
		entry = (struct entry){
			.flags = (unsigned)listing_number(p + 8, 2),
			.method = (unsigned)listing_number(p + 10, 2),
			.packed_size = listing_number(p + 20, 4),
			.size = listing_number(p + 24, 4),
			.local_at = listing_number(p + 42, 4) + directory->shift,
		};
		name_n = (size_t)listing_number(p + 28, 2);
		rest = (size_t)(listing_number(p + 30, 2) + listing_number(p + 32, 2));
		if (!read_name(zip->listing, at + CENTRAL_SIZE, name_n, &name)) {
			zip->listing->found->over_limit = true;
			return;
		}
		if (found->entries == 0 || entry.local_at < zip->first_at)
			zip->first_at = entry.local_at;
		take_entry(zip, name, &entry);
		at += CENTRAL_SIZE + name_n + rest;
	}
}

/* ---- without a directory (section 4.3.7) ---- */

static void
read_headers(struct zip *zip)
{
	uint64_t at = 0;

	while (may_go_on(zip)) {
		const unsigned char *p = listing_at(zip->listing, at, LOCAL_SIZE);
		struct entry entry;
		struct slice name;
		size_t name_n, rest;

		if (p == NULL || memcmp(p, "PK\3\4", 4) != 0)
			break;
		entry = (struct entry){
			.flags = (unsigned)listing_number(p + 6, 2),
			.method = (unsigned)listing_number(p + 8, 2),
			.packed_size = listing_number(p + 18, 4),
			.size = listing_number(p + 22, 4),
			.local_at = at,
		};
		name_n = (size_t)listing_number(p + 26, 2);
		rest = (size_t)listing_number(p + 28, 2);
		if (!read_name(zip->listing, at + LOCAL_SIZE, name_n, &name))
			break;
		take_entry(zip, name, &entry);
		if ((entry.flags & FLAG_DESCRIPTOR) != 0 && entry.packed_size == 0) {
			zip->listing->found->over_limit = true;
			break;
		}
		at += LOCAL_SIZE + name_n + rest + entry.packed_size;
	}
}

/* ---- content ---- */

static void
probe_entry(struct listing *listing, const struct entry *entry)
{
	const unsigned char *p = listing_at(listing, entry->local_at, LOCAL_SIZE);
	unsigned char bytes[PROBE_SIZE];
	uint64_t at;
	size_t n = entry->packed_size < PROBE_SIZE ? (size_t)entry->packed_size :
	    PROBE_SIZE;
	long got;

	if (p == NULL || memcmp(p, "PK\3\4", 4) != 0)
		return;
	at = entry->local_at + LOCAL_SIZE + listing_number(p + 26, 2) +
	    listing_number(p + 28, 2);
	if (entry->method == METHOD_STORED) {
		p = listing_at(listing, at, n);
		if (p != NULL)
			listing_probe(listing, entry->index, p, n);
	} else if (entry->method == METHOD_DEFLATED) {
		got = archive_unpack(listing, PACKING_GZIP, &(struct packed){
		    .at = at, .n = entry->packed_size,
		    .head = SLICE("\x1f\x8b\x08\0\0\0\0\0\0\xff"),
		    .tail = SLICE("\0\0\0\0\0\0\0"),
		}, bytes, sizeof(bytes));
		if (got > 0)
			listing_probe(listing, entry->index, bytes, (size_t)got);
	}
}

/* "mimetype" stands first and stored (ODF 1.3 part 2 section 3.3, OCF). */
static void
read_mimetype(struct zip *zip)
{
	static const char odf[] = "application/vnd.oasis.opendocument.";
	static const char sun[] = "application/vnd.sun.xml.";
	static const char epub[] = "application/epub+zip";
	const unsigned char *p = listing_at(zip->listing, 0, LOCAL_SIZE + 8);

	if (p == NULL || listing_number(p + 26, 2) != 8 ||
	    memcmp(p + LOCAL_SIZE, "mimetype", 8) != 0)
		return;
	p = listing_at(zip->listing, LOCAL_SIZE + 8 + listing_number(p + 28, 2),
	    sizeof(odf) - 1);
	if (p == NULL)
		return;
	zip->is_odf = memcmp(p, odf, sizeof(odf) - 1) == 0 ||
	    memcmp(p, sun, sizeof(sun) - 1) == 0;
	zip->is_ebook = memcmp(p, epub, sizeof(epub) - 1) == 0;
}

static void
name_kind(struct zip *zip)
{
	struct attachment *found = zip->listing->found;

	zip->is_ebook = zip->is_ebook && !slice_is(signature_suffix(
	    slice_of(zip->listing->outer)), "zip");
	found->is_office = zip->has_content_types || zip->is_odf;
	found->is_archive = !found->is_office && !zip->is_ebook;
	if (zip->has_appx) {
		found->found_type = "application/appx";
		found->found_suffix = "appx";
	} else if (zip->is_odf) {
		found->found_type = "application/vnd.oasis.opendocument";
		found->found_suffix = "odt";
		found->has_macro |= zip->has_odf_basic;
	} else if (zip->has_content_types) {
		found->found_type = "application/vnd.openxmlformats-officedocument";
		found->found_suffix = found->has_macro ? "docm" : "docx";
	} else if (zip->has_android) {
		found->found_type = "application/vnd.android.package-archive";
		found->found_suffix = "apk";
	} else if (zip->has_java) {
		found->found_type = "application/java-archive";
		found->found_suffix = "jar";
	} else if (zip->is_ebook) {
		found->found_type = "application/epub+zip";
		found->found_suffix = "epub";
	}
}

void
zip_list(struct listing *listing)
{
	struct zip zip = { .listing = listing };
	struct attachment *found = listing->found;
	struct directory directory;

	if (find_directory(listing, spool_size(listing->spool), &directory))
		read_directory(&zip, &directory);
	else
		found->over_limit = true;
	/* what stands in front of the entries is all that some programs show */
	if (found->over_limit || zip.first_at > 0)
		read_headers(&zip);
	read_mimetype(&zip);
	name_kind(&zip);
	if (found->is_office || zip.is_ebook) {
		listing_keep_embedded(listing);
		return;
	}
	for (size_t i = 0; i < zip.n_probes && !listing_is_over(listing); i++)
		probe_entry(listing, &zip.probes[i]);
	if (zip.encrypted_archive)
		found->has_encrypted_archive = true;
}
