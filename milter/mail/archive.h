/*
 * What is inside an archive or an office document: names and flags, nothing is
 * expanded but the first octets of an entry.  For mail/attachment.c.
 *
 * ZIP, 7z and OLE are read by code of our own, in the memory of a window: a
 * library builds tables of all entries first, and a few KB of a hostile file
 * can ask for gigabytes.  libarchive reads the rest and unpacks.
 */
#ifndef MW_MAIL_ARCHIVE_H
#define MW_MAIL_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "mail/attachment.h"
#include "mail/signature.h"

struct arena;
struct spool;

#define LISTING_READ_MAX 4096	/* octets asked for at once */
#define LISTING_PROBES_MAX 16	/* entries whose first octets are looked at */

struct listing {
	struct arena *arena;
	const struct spool *spool;
	struct attachment *found;	/* what is filled */
	const char *outer;		/* name of the attachment, NULL */
	int64_t cpu_end_us;
	const char **names;		/* ATTACHMENT_NAMES_MAX */
	const char **suffixes;		/* beside them: by content, NULL */
	struct slice *tails;		/* the names' own suffixes */
	uint64_t window_at;
	size_t window_n;
	unsigned char window[2 * LISTING_READ_MAX];
};

/* cpu_ms: of the calling thread. */
void listing_init(struct listing *listing, struct arena *arena,
    const struct spool *spool, struct attachment *found, const char *outer, int cpu_ms);

/* Gives the names to `found`. */
void listing_finish(struct listing *listing);

/* The time is over: over_limit is set. */
bool listing_is_over(struct listing *listing);

/* n octets, at most LISTING_READ_MAX, valid until the next call; NULL: not there. */
const unsigned char *listing_at(struct listing *listing, uint64_t at, size_t n);

/*
 * One entry that is no directory.  Kept are the first names and, when those are
 * many, one of each other suffix.  SIZE_MAX when not kept, else its index.
 */
size_t listing_add(struct listing *listing, struct slice name);

/* The first octets of an entry: its type by content, a nested archive. */
void listing_probe(struct listing *listing, size_t index, const void *bytes, size_t n);

/* Only names of files embedded in a document or a book stay, and of those that
 * have no place there. */
void listing_keep_embedded(struct listing *listing);

uint64_t listing_number(const unsigned char *p, size_t n);	/* little-endian */

void zip_list(struct listing *listing);
void ole_list(struct listing *listing);
void sevenzip_list(struct listing *listing);

/* By libarchive: tar, gzip, bzip2, xz (of a tar or of one file), rar. */
void archive_list(struct listing *listing, enum form form);

enum packing { PACKING_GZIP, PACKING_LZMA, PACKING_XZ };

struct packed {
	uint64_t at, n;			/* where it stands */
	struct slice head, tail;	/* of the packing, where they are not there */
};

/*
 * The first octets of what is packed: how many, at most max; -1 when it cannot
 * be.  libarchive unpacks 64 KB for the first of them, and all or nothing of
 * less.
 */
long archive_unpack(struct listing *listing, enum packing packing,
    const struct packed *packed, void *bytes, size_t max);

#endif
