/*
 * What an attachment is by its content, and what is inside an archive or an
 * office document: libmagic on its first octets, libarchive for the listing
 * (names and flags only, nothing is expanded).
 */
#ifndef MW_MAIL_ATTACHMENT_H
#define MW_MAIL_ATTACHMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct attachment_reader;

#define ATTACHMENT_SNIFF 8192		/* first octets looked at by content */
#define ATTACHMENT_KEPT_MAX (32 * 1024 * 1024)	/* of an archive or document kept to be
					 * listed */
#define ATTACHMENT_ENTRIES_MAX 10000	/* entries of an archive looked at */
#define ATTACHMENT_NAMES_MAX 200	/* names kept */
#define ATTACHMENT_CPU_MS 100		/* for one archive, at most */

struct attachment {
	const char *found_type;		/* MIME type by content; NULL when nothing known */
	const char *found_suffix;	/* "exe", "zip" ... that the content stands for; NULL */
	bool is_archive;		/* zip, gz, bz2, xz, tar, 7z, rar; tar.gz is one */
	bool is_office;			/* not an archive */
	bool encrypted;			/* needs a password (archive or its entries) */
	bool has_macro;
	bool has_archive;		/* an archive within */
	bool has_encrypted_archive;	/* an encrypted archive within an archive */
	bool over_limit;		/* not all could be read */
	const char *const *names;	/* of entries, decoded; files embedded in a document */
	const char *const *suffixes;	/* beside the names: what the entry is by content,
					 * where that was looked at; else NULL */
	size_t n_names;
	size_t entries;
};

/* `name` may be NULL.  Bytes are decoded ones.  Of what is no archive and no
 * office document only the first octets are looked at. */
struct attachment_reader *attachment_new(struct arena *arena, const char *name);
void attachment_add(struct attachment_reader *reader, const void *bytes, size_t n);
/* No more bytes are wanted: decoding can stop. */
bool attachment_is_sated(const struct attachment_reader *reader);
/* What takes more than cpu_ms to list is not read to its end. */
void attachment_finish(struct attachment_reader *reader, int cpu_ms,
    struct attachment *attachment_r);

#endif
