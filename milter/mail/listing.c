/* What the readers of archives share: the window, the names, the clock. */
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/spool.h"
#include "mail/archive.h"
#include "mail/utf8.h"

enum {
	NAME_MAX_OCTETS = 256,		/* its end is kept */
	NAMES_OF_ANY_SUFFIX = 100,
};

static int64_t
cpu_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void
listing_init(struct listing *listing, struct arena *arena, const struct spool *spool,
    struct attachment *found, const char *outer, int cpu_ms)
{
	memset(listing, 0, sizeof(*listing));
	listing->arena = arena;
	listing->spool = spool;
	listing->found = found;
	listing->outer = outer;
	listing->cpu_end_us = cpu_us() + (int64_t)cpu_ms * 1000;
}

void
listing_finish(struct listing *listing)
{
	listing->found->names = listing->names;
	listing->found->suffixes = listing->suffixes;
}

bool
listing_is_over(struct listing *listing)
{
	if (cpu_us() < listing->cpu_end_us)
		return false;
	listing->found->over_limit = true;
	return true;
}

const unsigned char *
listing_at(struct listing *listing, uint64_t at, size_t n)
{
	long got;

	if (at > ATTACHMENT_KEPT_MAX || n > LISTING_READ_MAX)
		return NULL;
	if (at < listing->window_at || at + n > listing->window_at + listing->window_n) {
		listing->window_at = at - at % LISTING_READ_MAX;
		got = spool_read(listing->spool, listing->window_at, listing->window,
		    sizeof(listing->window));
		listing->window_n = got > 0 ? (size_t)got : 0;
	}
	if (at + n > listing->window_at + listing->window_n)
		return NULL;
	return listing->window + (at - listing->window_at);
}

uint64_t
listing_number(const unsigned char *p, size_t n)
{
	uint64_t value = 0;

	while (n > 0)
		value = value << 8 | p[--n];
	return value;
}

/* Valid UTF-8 of its last octets, U+FFFD for what is none. */
static const char *
name_text(struct arena *arena, struct slice name)
{
	struct buf out;
	unsigned code;
	size_t n;

	if (name.n > NAME_MAX_OCTETS) {
		name = slice_sub(name, name.n - NAME_MAX_OCTETS, NAME_MAX_OCTETS);
		while (name.n > 0 && ((unsigned char)*name.p & 0xc0) == 0x80)
			name = slice_sub(name, 1, name.n);
	}
	if (utf8_valid(name) && slice_find(name, '\0') == name.n)
		return slice_dup(arena, name);
	buf_init(&out, arena, 3 * NAME_MAX_OCTETS);
	for (size_t i = 0; i < name.n; i += n) {
		n = utf8_next(slice_sub(name, i, 4), &code);
		if (code == 0 || (n == 1 && code >= 0x80))
			buf_add_str(&out, UTF8_REPLACEMENT);
		else
			buf_add(&out, name.p + i, n);
	}
	return arena_strdup(arena, buf_str(&out));
}

static bool
is_new_suffix(const struct listing *listing, struct slice suffix)
{
	for (size_t i = 0; i < listing->found->n_names; i++) {
		if (slice_eq_nocase(listing->tails[i], suffix))
			return false;
	}
	return true;
}

static void
make_room(struct listing *listing)
{
	listing->names = arena_array(listing->arena, ATTACHMENT_NAMES_MAX,
	    sizeof(*listing->names));
	listing->suffixes = arena_array(listing->arena, ATTACHMENT_NAMES_MAX,
	    sizeof(*listing->suffixes));
	listing->tails = arena_array(listing->arena, ATTACHMENT_NAMES_MAX,
	    sizeof(*listing->tails));
}

size_t
listing_add(struct listing *listing, struct slice name)
{
	struct attachment *found = listing->found;
	struct slice suffix = signature_suffix(name);

	found->entries++;
	if (signature_is_archive_suffix(suffix))
		found->has_archive = true;
	if (found->n_names >= NAMES_OF_ANY_SUFFIX && !is_new_suffix(listing, suffix))
		return SIZE_MAX;
	if (found->n_names == ATTACHMENT_NAMES_MAX) {
		found->over_limit = true;
		return SIZE_MAX;
	}
	if (listing->names == NULL)
		make_room(listing);
	listing->names[found->n_names] = name_text(listing->arena, name);
	listing->tails[found->n_names] =
	    signature_suffix(slice_of(listing->names[found->n_names]));
	return found->n_names++;
}

/* The first entry of a ZIP file, its general purpose bit 0 (APPNOTE 4.4.4). */
static bool
is_encrypted_zip(const unsigned char *bytes, size_t n)
{
	return n >= 8 && memcmp(bytes, "PK\3\4", 4) == 0 && (bytes[6] & 1) != 0;
}

void
listing_probe(struct listing *listing, size_t index, const void *bytes, size_t n)
{
	const struct known_type *signature = signature_find(bytes, n);

	if (signature == NULL)
		signature = signature_find_text(bytes, n);
	if (signature == NULL)
		return;
	if (index != SIZE_MAX)
		listing->suffixes[index] = signature->suffix;
	switch (signature->form) {
	case FORM_DATA:
	case FORM_OLE:
		return;
	case FORM_ZIP:
		if (is_encrypted_zip(bytes, n))
			listing->found->has_encrypted_archive = true;
		if (index != SIZE_MAX &&
		    !signature_is_zip_suffix(listing->tails[index]))
			listing->found->has_archive = true;
		return;
	case FORM_GZIP:
	case FORM_BZIP2:
	case FORM_XZ:
	case FORM_TAR:
	case FORM_7Z:
	case FORM_RAR:
		listing->found->has_archive = true;
		return;
	}
}

/* What documents and books are made of. */
static bool
is_of_documents(struct slice suffix)
{
	static const char words[] = "xml rels bin vml emf wmf png jpg jpeg gif tif tiff "
	    "bmp svg webp odttf fntdata psmdcp sigs rdf txt xhtml html htm opf ncx css js "
	    "smil ttf otf woff woff2 mp3 mp4 wav";
	struct slice rest = SLICE(words), word;

	while (slice_split(&rest, ' ', &word)) {
		if (slice_eq_nocase(word, suffix))
			return true;
	}
	return suffix.n == 0;
}

void
listing_keep_embedded(struct listing *listing)
{
	struct attachment *found = listing->found;
	size_t kept = 0;

	found->has_archive = false;
	for (size_t i = 0; i < found->n_names; i++) {
		struct slice name = slice_of(listing->names[i]);

		if (slice_find_nocase(name, "/embeddings/") == name.n &&
		    is_of_documents(signature_suffix(name)))
			continue;
		if (signature_is_archive_suffix(signature_suffix(name)))
			found->has_archive = true;
		listing->names[kept] = listing->names[i];
		listing->suffixes[kept++] = listing->suffixes[i];
	}
	found->n_names = kept;
}
