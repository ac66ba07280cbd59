/*
 * Archives and documents made in memory, with libarchive's writer or by hand.
 */
#ifndef MW_TESTS_UNIT_MADE_ARCHIVES_H
#define MW_TESTS_UNIT_MADE_ARCHIVES_H

#include "exact.h"

#include <archive.h>
#include <archive_entry.h>

#define MADE_MAX (4 * 1024 * 1024)

struct made_entry {
	const char *name, *content;
};

static inline struct slice
made(struct archive *archive, const struct made_entry *entries, size_t n)
{
	char *bytes = malloc(MADE_MAX);
	size_t used = 0;
	struct slice copy;

	assert_int_equal(archive_write_open_memory(archive, bytes, MADE_MAX, &used),
	    ARCHIVE_OK);
	for (size_t i = 0; i < n; i++) {
		struct archive_entry *entry = archive_entry_new();
		size_t size = strlen(entries[i].content);

		archive_entry_set_pathname(entry, entries[i].name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, (la_int64_t)size);
		assert_true(archive_write_header(archive, entry) >= ARCHIVE_WARN);
		archive_write_data(archive, entries[i].content, size);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	copy = exact_bytes(bytes, used);
	free(bytes);
	return copy;
}

static inline struct slice
made_zip(const char *options, const struct made_entry *entries, size_t n)
{
	struct archive *archive = archive_write_new();

	archive_write_set_format_zip(archive);
	if (options != NULL) {
		assert_int_equal(archive_write_set_options(archive, options), ARCHIVE_OK);
		archive_write_set_passphrase(archive, "secret");
	}
	return made(archive, entries, n);
}

static inline struct slice
made_7z(const char *options, const struct made_entry *entries, size_t n)
{
	struct archive *archive = archive_write_new();

	archive_write_set_format_7zip(archive);
	if (options != NULL)
		assert_int_equal(archive_write_set_options(archive, options), ARCHIVE_OK);
	return made(archive, entries, n);
}

static inline struct slice
made_tar(int filter, const struct made_entry *entries, size_t n)
{
	struct archive *archive = archive_write_new();

	archive_write_set_format_ustar(archive);
	archive_write_add_filter(archive, filter);
	return made(archive, entries, n);
}

/* Bytes compressed, nothing around them. */
static inline struct slice
made_packed(int filter, struct slice content)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	char *bytes = malloc(MADE_MAX);
	struct slice copy;
	size_t used = 0;

	archive_write_set_format_raw(archive);
	archive_write_add_filter(archive, filter);
	archive_write_set_bytes_in_last_block(archive, 1);
	assert_int_equal(archive_write_open_memory(archive, bytes, MADE_MAX, &used),
	    ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	archive_write_data(archive, content.p, content.n);
	archive_entry_free(entry);
	assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	copy = exact_bytes(bytes, used);
	free(bytes);
	return copy;
}

static inline struct slice
made_single(int filter, const char *content)
{
	return made_packed(filter, slice_of(content));
}

static inline void
made_put(char *bytes, unsigned long value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(value >> 8 * i);
}

/* A compound file of one directory sector: root and up to three entries. */
static inline struct slice
made_ole(const char *const *names, const char *class_id)
{
	static char bytes[4 * 512];

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
	made_put(bytes + 30, 9, 2);
	made_put(bytes + 48, 1, 4);		/* directory */
	made_put(bytes + 68, 0xfffffffe, 4);
	memset(bytes + 76, 0xff, 4 * 109);
	made_put(bytes + 76, 0, 4);		/* the FAT is sector 0 */
	memset(bytes + 512, 0xff, 512);
	made_put(bytes + 512 + 4, 0xfffffffe, 4);
	for (size_t i = 0; i < 4; i++) {
		const char *name = i == 0 ? "Root Entry" : names[i - 1];
		char *entry = bytes + 1024 + 128 * i;

		if (name == NULL)
			break;
		for (size_t k = 0; name[k] != '\0'; k++)
			entry[2 * k] = name[k];
		made_put(entry + 64, 2 * (strlen(name) + 1), 2);
		entry[66] = i == 0 ? 5 : 2;
		if (i == 0 && class_id != NULL)
			memcpy(entry + 80, class_id, 16);
	}
	return exact_bytes(bytes, 3 * 512);
}

static inline unsigned long
made_crc(const char *p, size_t n)
{
	unsigned long crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= (unsigned char)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc ^ 0xffffffff;
}

/* RAR 4: main header with flags, one stored file of one octet. */
static inline struct slice
made_rar4(unsigned flags, unsigned file_flags, const char *name)
{
	static char bytes[256];
	size_t n = strlen(name), head = 32 + n, at;

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, "Rar!\x1a\x07\0", 7);
	bytes[9] = 0x73;
	made_put(bytes + 10, flags, 2);
	made_put(bytes + 12, 13, 2);
	made_put(bytes + 7, made_crc(bytes + 9, 11) & 0xffff, 2);
	at = 20;
	bytes[at + 2] = 0x74;
	made_put(bytes + at + 3, 0x8000 | file_flags, 2);
	made_put(bytes + at + 5, head, 2);
	made_put(bytes + at + 7, 1, 4);		/* packed, unpacked */
	made_put(bytes + at + 11, 1, 4);
	bytes[at + 15] = 2;			/* Windows */
	made_put(bytes + at + 20, 0x5b000000, 4);	/* time */
	bytes[at + 24] = 20;
	bytes[at + 25] = 0x30;			/* stored */
	made_put(bytes + at + 26, n, 2);
	made_put(bytes + at + 28, 0x20, 4);
	memcpy(bytes + at + 32, name, n);
	made_put(bytes + at, made_crc(bytes + at + 2, head - 2) & 0xffff, 2);
	at += head + 1;
	memcpy(bytes + at, "\xc4\x3d\x7b\0\x40\7\0", 7);
	return exact_bytes(bytes, at + 7);
}

#endif
