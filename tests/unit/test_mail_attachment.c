/*
 * What attachments are by content and what archives hold, also when they are
 * broken, encrypted, or made to cost.
 */
#include "made_archives.h"

#include "base/arena.h"
#include "mail/attachment.h"
#include "mail/signature.h"

static struct arena *arena;

/* In pieces of that size, and listed in that time. */
static struct attachment
read_for(const char *name, struct slice bytes, size_t piece, int cpu_ms)
{
	struct attachment_reader *reader = attachment_new(arena, name);
	struct attachment found;

	for (size_t at = 0; at < bytes.n; at += piece) {
		size_t n = bytes.n - at < piece ? bytes.n - at : piece;
		struct slice copy = exact_bytes(bytes.p + at, n);

		if (!attachment_is_sated(reader))
			attachment_add(reader, copy.p, copy.n);
		exact_drop(copy);
	}
	attachment_finish(reader, cpu_ms, &found);
	return found;
}

static struct attachment
read_in(const char *name, struct slice bytes, size_t piece)
{
	return read_for(name, bytes, piece, ATTACHMENT_CPU_MS);
}

static struct attachment
take(const char *name, struct slice bytes)
{
	struct attachment found = read_in(name, bytes, 4096);

	exact_drop(bytes);
	return found;
}

static bool
has_name(const struct attachment *found, const char *name)
{
	for (size_t i = 0; i < found->n_names; i++) {
		if (strcmp(found->names[i], name) == 0)
			return true;
	}
	return false;
}

static int
begin(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void
test_types(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *type, *suffix;
	} rows[] = {
		{ "%PDF-1.7\n", 9, "application/pdf", "pdf" },
		{ "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, "image/png", "png" },
		{ "\xff\xd8\xff\xe0", 4, "image/jpeg", "jpg" },
		{ "\x7f" "ELF\2\1\1", 7, "application/x-executable", "elf" },
		{ "\x4c\0\0\0\x01\x14\x02\0", 8, "application/x-ms-shortcut", "lnk" },
		{ "MSCF\0\0\0\0", 8, "application/vnd.ms-cab-compressed", "cab" },
		{ "Hello\r\n", 7, "text/plain", "txt" },
		{ "MZ is a postal code", 19, "text/plain", "txt" },
		{ "Gr\xc3\xbc\xc3\x9f" "e", 7, "text/plain", "txt" },
		{ "\xef\xbb\xbf\n<!DOCTYPE html>", 19, "text/html", "html" },
		{ "<html><hta:application id=a>", 28, "application/hta", "hta" },
		{ "@echo off\r\ndel", 14, "text/x-msdos-batch", "bat" },
		{ "#!/bin/sh\n", 10, "text/x-shellscript", "sh" },
		{ "\x30\x82\x01\x01\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\0\0\0\0\0",
		    20, "application/pkcs7-mime", "p7m" },
		{ "\0\1\2\3\xff\xfe", 6, NULL, NULL },
		{ "", 0, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct attachment found = take("a", exact_bytes(rows[i].bytes,
		    rows[i].n));

		if (rows[i].type == NULL) {
			assert_null(found.found_type);
			continue;
		}
		if (found.found_type == NULL)
			fail_msg("row %zu", i);
		assert_string_equal(found.found_type, rows[i].type);
		assert_string_equal(found.found_suffix, rows[i].suffix);
		assert_false(found.is_archive);
	}
}

static void
test_program(void **state)
{
	char bytes[128] = "MZ\x90";

	(void)state;
	assert_string_equal(take("a.pdf", exact_bytes(bytes, sizeof(bytes)))
	    .found_suffix, "exe");
}

/* An image of a CD is told behind the first 32 KB; libmagic tells ARJ. */
static void
test_libmagic(void **state)
{
	static const char arj[] = "\x60\xea\x28\0\x22\x0b\1\x0b\x10\0\2";
	struct attachment found = take("a", exact_bytes(arj, sizeof(arj)));

	(void)state;
	assert_non_null(found.found_suffix);
	assert_string_equal(found.found_suffix, "arj");
}

static void
test_sated(void **state)
{
	struct attachment_reader *reader = attachment_new(arena, "a.jpg");
	char bytes[9000];

	(void)state;
	memset(bytes, 7, sizeof(bytes));
	memcpy(bytes, "\xff\xd8\xff", 3);
	attachment_add(reader, bytes, 100);
	assert_true(attachment_is_sated(reader));
	reader = attachment_new(arena, "a.dat");
	bytes[0] = 7;
	attachment_add(reader, bytes, 8000);
	assert_false(attachment_is_sated(reader));
	attachment_add(reader, bytes, 1000);
	assert_true(attachment_is_sated(reader));
}

static void
test_zip(void **state)
{
	static const struct made_entry entries[] = {
		{ "readme.txt", "hello" }, { "dir/run.exe", "MZ" },
		{ "gr\xc3\xbc\xc3\x9f.pdf", "%PDF-1.7 and so on" },
	};
	struct slice zip = made_zip(NULL, entries, 3);
	static const size_t pieces[] = { 1, 7, 63, 64, 65, 8191, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct attachment found = read_in("a.zip", zip, pieces[i]);

		assert_true(found.is_archive);
		assert_false(found.is_office || found.encrypted || found.has_archive ||
		    found.has_macro || found.over_limit);
		assert_int_equal(found.entries, 3);
		assert_int_equal(found.n_names, 3);
		assert_true(has_name(&found, "dir/run.exe"));
		assert_true(has_name(&found, "gr\xc3\xbc\xc3\x9f.pdf"));
		assert_string_equal(found.suffixes[2], "pdf");
	}
	exact_drop(zip);
}

static struct slice
joined(struct slice a, struct slice b)
{
	char *bytes = malloc(a.n + b.n);
	struct slice both;

	memcpy(bytes, a.p, a.n);
	memcpy(bytes + a.n, b.p, b.n);
	both = exact_bytes(bytes, a.n + b.n);
	free(bytes);
	exact_drop(a);
	exact_drop(b);
	return both;
}

/* Programs differ in which of two they show; something in front hides it. */
static void
test_zip_joined(void **state)
{
	static const struct made_entry tool = { "tool.exe", "MZ" };
	static const struct made_entry text = { "a.txt", "hello" };
	struct attachment found = take("a.zip", joined(
	    made_zip("zip:compression=store", &tool, 1),
	    made_zip("zip:compression=store", &text, 1)));

	(void)state;
	assert_true(has_name(&found, "tool.exe") && has_name(&found, "a.txt"));
	found = take("a.zip", joined(made_zip("zip:compression=store", &text, 1),
	    made_zip("zip:compression=store", &tool, 1)));
	assert_true(has_name(&found, "tool.exe"));
	found = take("a.zip", joined(exact_bytes("\x01\x02some junk", 11),
	    made_zip("zip:compression=store", &tool, 1)));
	assert_true(found.is_archive && has_name(&found, "tool.exe"));
	found = take("a.dat", joined(exact_bytes("\x01\x02some junk", 11),
	    made_zip("zip:compression=store", &tool, 1)));
	assert_false(found.is_archive);
}

/* A name longer than anybody's; an empty archive; one with nothing to read. */
static void
test_odd_archives(void **state)
{
	static char named[10 + 3000 + 5 + 1] = "\x1f\x8b\x08\x08";
	static const char rar5[48] = "Rar!\x1a\x07\x01\0\x11\x22\x33\x44\xff";
	struct attachment found;

	(void)state;
	memset(named + 10, 'n', 3000);
	memcpy(named + 10 + 3000, ".exe", 5);
	found = take("a.gz", exact_bytes(named, sizeof(named)));
	assert_true(found.n_names > 0 && slice_ends_nocase(
	    slice_of(found.names[0]), "nnn.exe"));
	found = take("a.tar.gz", made_tar(ARCHIVE_FILTER_GZIP, NULL, 0));
	assert_true(found.is_archive && !found.has_archive);
	found = take("a.rar", exact_bytes(rar5, sizeof(rar5)));
	assert_true(found.is_archive && found.over_limit);
}

/* Cut in the middle: the directory is gone, the headers are there. */
static void
test_zip_cut(void **state)
{
	static const struct made_entry entries[] = {
		{ "one.txt", "1" }, { "two.txt", "2" },
	};
	struct slice zip = made_zip("zip:compression=store", entries, 2);
	struct attachment found = read_in("a.zip",
	    slice_sub(zip, 0, slice_find_nocase(zip, "PK\1\2")), 512);

	(void)state;
	assert_true(found.is_archive);
	assert_true(found.over_limit);
	assert_true(has_name(&found, "one.txt"));
	exact_drop(zip);
}

static void
test_zip_encrypted(void **state)
{
	static const struct made_entry plain = { "a.txt", "hello hello hello" };
	static const struct made_entry nested = { "b.zip", "hello hello hello" };
	struct attachment found = take("a.zip", made_zip(
	    "zip:encryption=traditional", &plain, 1));

	(void)state;
	assert_true(found.encrypted);
	assert_false(found.has_archive || found.has_encrypted_archive);
	found = take("a.zip", made_zip("zip:encryption=aes256", &plain, 1));
	assert_true(found.encrypted);
	found = take("a.zip", made_zip("zip:encryption=traditional", &nested, 1));
	assert_true(found.encrypted && found.has_archive &&
	    found.has_encrypted_archive);
}

/* By name; by content, packed and stored; what only looks like one. */
static void
test_zip_nested(void **state)
{
	static const struct made_entry named = { "inner.rar", "x" };
	static const struct made_entry hidden = { "inner.dat",
		"7z\xbc\xaf\x27\x1c and text of some length, some length" };
	static const struct made_entry document = { "letter.docx", "PK\3\4 zipped" };
	static const struct made_entry locked = { "inner.dat",
		"PK\3\4\x14\1\1 locked" };
	struct attachment found = take("a.zip", made_zip(NULL, &named, 1));

	(void)state;
	assert_true(found.has_archive);
	found = take("a.zip", made_zip("zip:compression=deflate", &hidden, 1));
	assert_true(found.has_archive);
	found = take("a.zip", made_zip("zip:compression=store", &hidden, 1));
	assert_true(found.has_archive && !found.has_encrypted_archive);
	found = take("a.zip", made_zip(NULL, &document, 1));
	assert_false(found.has_archive);
	found = take("a.zip", made_zip(NULL, &locked, 1));
	assert_true(found.has_archive && found.has_encrypted_archive);
}

static void
test_office(void **state)
{
	static const struct made_entry docx[] = {
		{ "[Content_Types].xml", "<x/>" }, { "word/document.xml", "<x/>" },
		{ "word/embeddings/tool.exe", "MZ" },
	};
	static const struct made_entry docm[] = {
		{ "word/document.xml", "<x/>" }, { "word/vbaProject.bin", "x" },
		{ "[Content_Types].xml", "<x/>" },
	};
	static const struct made_entry posing[] = {
		{ "[Content_Types].xml", "<x/>" }, { "word/document.xml", "<x/>" },
		{ "word/tool.exe", "MZ" },
	};
	static const struct made_entry book[] = {
		{ "mimetype", "application/epub+zip" }, { "page.js", "x" },
		{ "tool.exe", "MZ" },
	};
	static const struct made_entry odt[] = {
		{ "mimetype", "application/vnd.oasis.opendocument.text" },
		{ "content.xml", "<x/>" }, { "Basic/Standard/script-lb.xml", "<x/>" },
	};
	static const struct made_entry jar[] = {
		{ "META-INF/MANIFEST.MF", "x" }, { "A.class", "x" },
	};
	struct attachment found = take("a.docx", made_zip(NULL, docx, 3));

	(void)state;
	assert_true(found.is_office && !found.is_archive && !found.has_macro);
	assert_int_equal(found.n_names, 1);
	assert_string_equal(found.names[0], "word/embeddings/tool.exe");
	found = take("a.docx", made_zip(NULL, posing, 3));
	assert_int_equal(found.n_names, 1);
	assert_string_equal(found.names[0], "word/tool.exe");
	found = take("a.zip", made_zip("zip:compression=store", book, 3));
	assert_true(found.is_archive && has_name(&found, "tool.exe"));
	found = take("a.epub", made_zip("zip:compression=store", book, 3));
	assert_false(found.is_archive);
	assert_true(found.n_names == 1 && has_name(&found, "tool.exe"));
	found = take("a.docx", made_zip(NULL, docm, 3));
	assert_true(found.is_office && found.has_macro);
	assert_string_equal(found.found_suffix, "docm");
	found = take("a.odt", made_zip("zip:compression=store", odt, 3));
	assert_true(found.is_office && found.has_macro);
	found = take("a.odt", made_zip("zip:compression=store", odt, 2));
	assert_true(found.is_office && !found.has_macro);
	found = take("a.bin", made_zip(NULL, jar, 2));
	assert_true(found.is_archive);
	assert_string_equal(found.found_suffix, "jar");
}

static void
test_ole(void **state)
{
	static const char *const doc[] = { "WordDocument", "1Table", NULL };
	static const char *const macros[] = { "Workbook", "_VBA_PROJECT_CUR", NULL };
	static const char *const locked[] = { "EncryptionInfo", "EncryptedPackage",
		NULL };
	static const char *const none[] = { NULL };
	struct attachment found = take("a.doc", made_ole(doc, NULL));

	(void)state;
	assert_true(found.is_office && !found.has_macro && !found.is_archive &&
	    !found.over_limit);
	assert_string_equal(found.found_suffix, "doc");
	found = take("a.xls", made_ole(macros, NULL));
	assert_true(found.is_office && found.has_macro);
	found = take("a.xlsx", made_ole(locked, NULL));
	assert_true(found.is_office && found.encrypted);
	found = take("a.bin", made_ole(none,
	    "\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"));
	assert_string_equal(found.found_suffix, "msi");
	assert_false(found.is_office);
}

/* A chain that leads back to itself. */
static void
test_ole_circle(void **state)
{
	static const char *const doc[] = { "WordDocument", NULL };
	struct slice ole = made_ole(doc, NULL);
	struct attachment found;

	(void)state;
	made_put((char *)(uintptr_t)ole.p + 512 + 4, 1, 4);
	found = take("a.doc", ole);
	assert_true(found.is_office && found.over_limit);
}

static void
test_7z(void **state)
{
	static const struct made_entry entries[] = {
		{ "a.txt", "hello" }, { "dir/b.exe", "hello hello" },
		{ "empty", "" }, { "c.rar", "x" },
	};
	static const char *const options[] = {
		NULL, "7zip:compression=store", "7zip:compression=lzma1",
		"7zip:compression=lzma2", "7zip:compression=bzip2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct attachment found = take("a.7z", made_7z(options[i], entries, 4));

		assert_true(found.is_archive && !found.encrypted && !found.over_limit);
		assert_int_equal(found.entries, 4);
		assert_true(has_name(&found, "dir/b.exe"));
		assert_true(found.has_archive);
	}
}

/* Header packed with AES: coder 06 f1 07 01, as 7-Zip writes with -mhe. */
static void
test_7z_encrypted(void **state)
{
	static const char header[] =
		"\x17\x06\x00\x01\x09\x10\x00\x07\x0b\x01\x00\x01\x24\x06\xf1\x07\x01"
		"\x02\x13\x07\x0c\x10\x00\x00";
	char bytes[128] = "7z\xbc\xaf\x27\x1c\0\4";
	struct attachment found;

	(void)state;
	made_put(bytes + 12, 16, 8);
	made_put(bytes + 20, sizeof(header) - 1, 8);
	memcpy(bytes + 48, header, sizeof(header) - 1);
	found = take("a.7z", exact_bytes(bytes, 48 + sizeof(header) - 1));
	assert_true(found.is_archive && found.encrypted);
	assert_int_equal(found.n_names, 0);
}

/* Counts that ask for gigabytes end at the octets that are there. */
static void
test_7z_counts(void **state)
{
	static const char *const headers[] = {
		"\x01\x05\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
		"\x01\x04\x06\x00\xff\xff\xff\xff\xff\xff\xff\x7f\x7f\x09",
		"\x01\x04\x07\x0b\xf0\xff\xff\xff\x7f\x01",
		"\x01\x02\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x17\x06\x01\x01\x09\x10\x01\x07\x0b\x01\x01\x01\x01\x01\x0c\x10",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		size_t n = 16;
		char bytes[64] = "7z\xbc\xaf\x27\x1c\0\4";
		struct attachment found;

		made_put(bytes + 20, n, 8);
		memcpy(bytes + 32, headers[i], 10);
		found = take("a.7z", exact_bytes(bytes, 48));
		assert_true(found.is_archive);
		assert_int_equal(found.n_names, 0);
	}
}

static void
test_tar(void **state)
{
	static const struct made_entry entries[] = {
		{ "a.txt", "hello" }, { "b/c.exe", "MZ" }, { "d.zip", "PK" },
	};
	static const int filters[] = {
		ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
		ARCHIVE_FILTER_XZ,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct attachment found = take("a.tar", made_tar(filters[i], entries, 3));

		assert_true(found.is_archive && found.has_archive);
		assert_false(found.over_limit || found.encrypted);
		assert_int_equal(found.entries, 3);
		assert_true(has_name(&found, "b/c.exe"));
		found = take("a.tar", made_tar(filters[i], entries, 2));
		assert_false(found.has_archive);
	}
}

static void
test_single(void **state)
{
	static const int filters[] = {
		ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ,
	};
	static const char named[] = "\x1f\x8b\x08\x08\0\0\0\0\0\xff" "evil.exe\0"
	    "\x01\x01\x00\xfe\xff" "A";
	struct attachment found;

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		found = take("run.exe.z", made_single(filters[i], "%PDF-1.7\n"));
		assert_true(found.is_archive && !found.has_archive);
		assert_true(has_name(&found, "run.exe"));
		assert_string_equal(found.suffixes[found.n_names - 1], "pdf");
	}
	found = take("a.gz", exact_bytes(named, sizeof(named) - 1));
	assert_true(has_name(&found, "evil.exe"));
	assert_true(has_name(&found, "a"));
	found = take("a.gz", made_single(ARCHIVE_FILTER_GZIP, "Rar!\x1a\x07 and so on"));
	assert_true(found.has_archive);
}

static void
test_rar(void **state)
{
	struct attachment found = take("a.rar", made_rar4(0, 0, "evil.exe"));

	(void)state;
	assert_true(found.is_archive && !found.encrypted && !found.has_archive);
	assert_true(has_name(&found, "evil.exe"));
	found = take("a.rar", made_rar4(0, 4, "inner.zip"));
	assert_true(found.encrypted && found.has_archive &&
	    found.has_encrypted_archive);
	found = take("a.rar", made_rar4(0x80, 0, "evil.exe"));
	assert_true(found.encrypted);
	assert_int_equal(found.n_names, 0);
	found = take("a.rar", exact_bytes("Rar!\x1a\x07\1\0\1\2\3\4\5\4\0\0\0\0\0\0",
	    20));
	assert_true(found.is_archive && found.encrypted);
}

/* Many entries: one name of each suffix is kept, the rest counted. */
static void
test_many_entries(void **state)
{
	enum { N = 20000 };
	struct made_entry *entries = calloc(N, sizeof(*entries));
	struct attachment found;

	(void)state;
	for (size_t i = 0; i < N; i++)
		entries[i] = (struct made_entry){ "x.txt", "" };
	entries[5000].name = "y.exe";
	found = take("a.zip", made_zip(NULL, entries, N));
	assert_true(found.over_limit);
	assert_in_range(found.entries, 5001, ATTACHMENT_ENTRIES_MAX);
	assert_in_range(found.n_names, 2, ATTACHMENT_NAMES_MAX);
	assert_true(has_name(&found, "y.exe"));
	free(entries);
}

/* The header of a tar's entry of 8 GB. */
static struct slice
tar_header(void)
{
	static const struct made_entry entry = { "zeros", "" };
	struct slice tar = made_tar(ARCHIVE_FILTER_NONE, &entry, 1);
	char *header = (char *)(uintptr_t)tar.p, text[8];
	unsigned sum = 0;

	memcpy(header + 124, "77777777777", 11);
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(header + 148, text, 7);
	tar.n = 512;
	return tar;
}

/* What must be unpacked to come to the next header ends with the clock: of
 * bzip2 a gigabyte is 1 KB. */
static void
test_bomb(void **state)
{
	enum { SIZE = 16 * 1024 * 1024, TIMES = 64 };
	char *zeros = calloc(1, SIZE), *bytes;
	struct slice header = tar_header(), packed_header, packed;
	struct attachment found;
	clock_t began;
	size_t n;

	(void)state;
	packed_header = made_packed(ARCHIVE_FILTER_BZIP2, header);
	packed = made_packed(ARCHIVE_FILTER_BZIP2, (struct slice){ zeros, SIZE });
	n = packed_header.n + TIMES * packed.n;
	bytes = malloc(n);
	memcpy(bytes, packed_header.p, packed_header.n);
	for (size_t i = 0; i < TIMES; i++)
		memcpy(bytes + packed_header.n + i * packed.n, packed.p, packed.n);
	began = clock();
	found = take("a.tbz", exact_bytes(bytes, n));
	assert_true((clock() - began) / (CLOCKS_PER_SEC / 1000) < 5 * ATTACHMENT_CPU_MS);
	assert_true(found.over_limit);
	assert_int_equal(found.entries, 1);
	assert_true(has_name(&found, "zeros"));
	exact_drop(header);
	exact_drop(packed_header);
	exact_drop(packed);
	free(zeros);
	free(bytes);
}

/* The attachments before it have used up what a message may cost. */
static void
test_no_time(void **state)
{
	struct slice header = tar_header();
	struct slice packed = made_packed(ARCHIVE_FILTER_GZIP, header);
	struct attachment found = read_for("a.tgz", packed, 4096, 0);

	(void)state;
	assert_true(found.is_archive);
	assert_true(found.over_limit);
	assert_false(has_name(&found, "zeros"));
	exact_drop(header);
	exact_drop(packed);
}

/* Cut anywhere, and with any octet changed. */
static void
try_spoilt(const char *name, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i += 1 + bytes.n / 200) {
		struct slice copy = exact_bytes(bytes.p, bytes.n);

		((char *)(uintptr_t)copy.p)[i] ^= (char)0xff;
		read_in(name, copy, 100000);
		exact_drop(copy);
		read_in(name, slice_sub(bytes, 0, i), 100000);
	}
	exact_drop(bytes);
}

static void
test_spoilt(void **state)
{
	static const struct made_entry entries[] = {
		{ "a.txt", "hello" }, { "b/c.exe", "MZ" }, { "d.zip", "PK" },
	};
	static const char *const doc[] = { "WordDocument", "VBA", NULL };

	(void)state;
	try_spoilt("a.zip", made_zip(NULL, entries, 3));
	try_spoilt("a.7z", made_7z(NULL, entries, 3));
	try_spoilt("a.tar", made_tar(ARCHIVE_FILTER_NONE, entries, 3));
	try_spoilt("a.tgz", made_tar(ARCHIVE_FILTER_GZIP, entries, 3));
	try_spoilt("a.txz", made_tar(ARCHIVE_FILTER_XZ, entries, 3));
	try_spoilt("a.doc", made_ole(doc, NULL));
	try_spoilt("a.rar", made_rar4(0, 0, "evil.exe"));
}

static void
test_odd_names(void **state)
{
	static const struct made_entry entries[] = {
		{ "\xff\xfe.txt", "1" }, { "cod\xe2\x80\xae" "fdp.exe", "1" },
	};
	struct attachment found = take("a.zip", made_zip(
	    "zip:compression=store", entries, 2));

	(void)state;
	assert_true(has_name(&found, "\xef\xbf\xbd\xef\xbf\xbd.txt"));
	assert_true(has_name(&found, "cod\xe2\x80\xae" "fdp.exe"));
}

static void
test_suffixes(void **state)
{
	static const struct { const char *name, *suffix; } rows[] = {
		{ "a.exe", "exe" }, { "a.pdf.exe. .", "exe" }, { "a", "" },
		{ "dir.d/a", "" }, { "c:\\x.y\\a", "" }, { ".profile", "profile" },
		{ "", "" }, { "...", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice name = exact(rows[i].name);

		assert_true(slice_is(signature_suffix(name), rows[i].suffix));
		exact_drop(name);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_types), TEST(test_program), TEST(test_libmagic),
		TEST(test_sated), TEST(test_zip), TEST(test_zip_cut), TEST(test_zip_joined),
		TEST(test_odd_archives),
		TEST(test_zip_encrypted), TEST(test_zip_nested), TEST(test_office),
		TEST(test_ole), TEST(test_ole_circle), TEST(test_7z),
		TEST(test_7z_encrypted), TEST(test_7z_counts), TEST(test_tar),
		TEST(test_single), TEST(test_rar), TEST(test_many_entries),
		TEST(test_bomb), TEST(test_no_time), TEST(test_spoilt), TEST(test_odd_names),
		TEST(test_suffixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
