/*
 * Signatures from the formats' own specifications; the longer and surer ones
 * first.
 */
#include <string.h>

#include "mail/signature.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

struct row {
	const char *magic;
	size_t n;
	size_t at;
	struct known_type signature;
};

static const struct row rows[] = {
	{ BYTES("\xff\xd8\xff"), 0, { "image/jpeg", "jpg", FORM_DATA } },
	{ BYTES("\x89PNG\r\n\x1a\n"), 0, { "image/png", "png", FORM_DATA } },
	{ BYTES("GIF87a"), 0, { "image/gif", "gif", FORM_DATA } },
	{ BYTES("GIF89a"), 0, { "image/gif", "gif", FORM_DATA } },
	{ BYTES("%PDF-"), 0, { "application/pdf", "pdf", FORM_DATA } },
	{ BYTES("PK\3\4"), 0, { "application/zip", "zip", FORM_ZIP } },
	{ BYTES("PK\5\6"), 0, { "application/zip", "zip", FORM_ZIP } },
	{ BYTES("PK00PK\3\4"), 0, { "application/zip", "zip", FORM_ZIP } },
	{ BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 0,
	    { "application/x-ole-storage", NULL, FORM_OLE } },
	{ BYTES("\x1f\x8b\x08"), 0, { "application/gzip", "gz", FORM_GZIP } },
	{ BYTES("BZh"), 0, { "application/x-bzip2", "bz2", FORM_BZIP2 } },
	{ BYTES("\xfd" "7zXZ\0"), 0, { "application/x-xz", "xz", FORM_XZ } },
	{ BYTES("7z\xbc\xaf\x27\x1c"), 0,
	    { "application/x-7z-compressed", "7z", FORM_7Z } },
	{ BYTES("Rar!\x1a\x07"), 0, { "application/x-rar", "rar", FORM_RAR } },
	{ BYTES("ustar"), 257, { "application/x-tar", "tar", FORM_TAR } },
	{ BYTES("\x28\xb5\x2f\xfd"), 0, { "application/zstd", "zst", FORM_DATA } },
	{ BYTES("\x1f\x9d"), 0, { "application/x-compress", "z", FORM_DATA } },
	{ BYTES("MSCF\0\0\0\0"), 0,
	    { "application/vnd.ms-cab-compressed", "cab", FORM_DATA } },
	{ BYTES("**ACE**"), 7, { "application/x-ace-compressed", "ace", FORM_DATA } },
	{ BYTES("-lh"), 2, { "application/x-lzh-compressed", "lzh", FORM_DATA } },
	{ BYTES("\x7f" "ELF"), 0, { "application/x-executable", "elf", FORM_DATA } },
	{ BYTES("\xcf\xfa\xed\xfe"), 0,
	    { "application/x-mach-binary", "macho", FORM_DATA } },
	{ BYTES("\xce\xfa\xed\xfe"), 0,
	    { "application/x-mach-binary", "macho", FORM_DATA } },
	{ BYTES("\x4c\0\0\0\x01\x14\x02\0"), 0,
	    { "application/x-ms-shortcut", "lnk", FORM_DATA } },
	{ BYTES("ITSF\3\0\0\0"), 0,
	    { "application/vnd.ms-htmlhelp", "chm", FORM_DATA } },
	{ BYTES("dex\n03"), 0, { "application/x-dex", "dex", FORM_DATA } },
	{ BYTES("\xed\xab\xee\xdb"), 0, { "application/x-rpm", "rpm", FORM_DATA } },
	{ BYTES("!<arch>\ndebian"), 0,
	    { "application/vnd.debian.binary-package", "deb", FORM_DATA } },
	{ BYTES("!<arch>\n"), 0, { "application/x-archive", "lib", FORM_DATA } },
	{ BYTES("vhdxfile"), 0, { "application/x-vhdx", "vhdx", FORM_DATA } },
	{ BYTES("conectix"), 0, { "application/x-vhd", "vhd", FORM_DATA } },
	{ BYTES("WEBP"), 8, { "image/webp", "webp", FORM_DATA } },
	{ BYTES("WAVE"), 8, { "audio/x-wav", "wav", FORM_DATA } },
	{ BYTES("ftyphei"), 4, { "image/heic", "heic", FORM_DATA } },
	{ BYTES("ftypmif1"), 4, { "image/heic", "heic", FORM_DATA } },
	{ BYTES("ftypavif"), 4, { "image/avif", "avif", FORM_DATA } },
	{ BYTES("ftyp"), 4, { "video/mp4", "mp4", FORM_DATA } },
	{ BYTES("II*\0"), 0, { "image/tiff", "tif", FORM_DATA } },
	{ BYTES("MM\0*"), 0, { "image/tiff", "tif", FORM_DATA } },
	{ BYTES("OggS\0"), 0, { "audio/ogg", "ogg", FORM_DATA } },
	{ BYTES("ID3"), 0, { "audio/mpeg", "mp3", FORM_DATA } },
	{ BYTES("{\\rtf"), 0, { "text/rtf", "rtf", FORM_DATA } },
	{ BYTES("%!PS-"), 0, { "application/postscript", "ps", FORM_DATA } },
	{ BYTES("\x78\x9f\x3e\x22"), 0, { "application/ms-tnef", NULL, FORM_DATA } },
	{ BYTES("wOFF"), 0, { "font/woff", "woff", FORM_DATA } },
	{ BYTES("wOF2"), 0, { "font/woff2", "woff2", FORM_DATA } },
};

/* What begins text (blanks and a byte order mark skipped), without case. */
static const struct row text_rows[] = {
	{ BYTES("<!doctype html"), 0, { "text/html", "html", FORM_DATA } },
	{ BYTES("<html"), 0, { "text/html", "html", FORM_DATA } },
	{ BYTES("<head"), 0, { "text/html", "html", FORM_DATA } },
	{ BYTES("<body"), 0, { "text/html", "html", FORM_DATA } },
	{ BYTES("<script"), 0, { "text/html", "html", FORM_DATA } },
	{ BYTES("<svg"), 0, { "image/svg+xml", "svg", FORM_DATA } },
	{ BYTES("<?xml"), 0, { "text/xml", "xml", FORM_DATA } },
	{ BYTES("#!"), 0, { "text/x-shellscript", "sh", FORM_DATA } },
	{ BYTES("@echo off"), 0, { "text/x-msdos-batch", "bat", FORM_DATA } },
	{ BYTES("windows registry editor"), 0,
	    { "text/x-ms-regedit", "reg", FORM_DATA } },
	{ BYTES("[internetshortcut]"), 0,
	    { "application/x-mswinurl", "url", FORM_DATA } },
	{ BYTES("begin:vcalendar"), 0, { "text/calendar", "ics", FORM_DATA } },
	{ BYTES("begin:vcard"), 0, { "text/vcard", "vcf", FORM_DATA } },
};

static const struct known_type plain_text = { "text/plain", "txt", FORM_DATA };
static const struct known_type hta = { "application/hta", "hta", FORM_DATA };
static const struct known_type exe = { "application/x-dosexec", "exe", FORM_DATA };
static const struct known_type java_class = {
	"application/java-vm", "class", FORM_DATA,
};
static const struct known_type smime = { "application/pkcs7-mime", "p7m", FORM_DATA };

/* Only libmagic tells these. */
static const struct known_type by_type[] = {
	{ "application/x-iso9660-image", "iso", FORM_DATA },
	{ "application/x-apple-diskimage", "dmg", FORM_DATA },
	{ "application/x-arj", "arj", FORM_DATA },
	{ "application/x-lzh-compressed", "lzh", FORM_DATA },
	{ "application/x-lha", "lha", FORM_DATA },
	{ "application/java-archive", "jar", FORM_DATA },
	{ "application/x-java-applet", "class", FORM_DATA },
	{ "application/x-msi", "msi", FORM_DATA },
	{ "application/x-setupscript", "inf", FORM_DATA },
	{ "application/x-sharedlib", "elf", FORM_DATA },
	{ "application/x-pie-executable", "elf", FORM_DATA },
	{ "application/x-object", "elf", FORM_DATA },
	{ "application/x-ms-wim", "wim", FORM_DATA },
	{ "application/x-gzip", "gz", FORM_GZIP },
	{ "application/x-rar-compressed", "rar", FORM_RAR },
};

static bool
has_at(const unsigned char *bytes, size_t n, size_t at, const char *magic, size_t size)
{
	return n >= at + size && memcmp(bytes + at, magic, size) == 0;
}

/* "MZ" begins words too: a program has zeros in its header. */
static bool
is_dos_program(const unsigned char *bytes, size_t n)
{
	return n >= 64 && bytes[0] == 'M' && bytes[1] == 'Z' &&
	    memchr(bytes, '\0', 64) != NULL;
}

/* A fat Mach-O begins alike, but counts few parts where this has a version. */
static bool
is_java_class(const unsigned char *bytes, size_t n)
{
	return has_at(bytes, n, 0, BYTES("\xca\xfe\xba\xbe")) && n >= 8 &&
	    bytes[6] == 0 && bytes[7] >= 45;
}

/* ContentInfo of RFC 5652 section 3: an OID of PKCS #7 near the front. */
static bool
is_smime(const unsigned char *bytes, size_t n)
{
	static const char oid[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";

	if (n < 20 || bytes[0] != 0x30)
		return false;
	for (size_t at = 2; at <= 6; at++) {
		if (has_at(bytes, n, at, BYTES(oid)))
			return true;
	}
	return false;
}

const struct known_type *
signature_find(const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (has_at(bytes, n, rows[i].at, rows[i].magic, rows[i].n))
			return &rows[i].signature;
	}
	if (is_dos_program(bytes, n))
		return &exe;
	if (is_java_class(bytes, n))
		return &java_class;
	if (is_smime(bytes, n))
		return &smime;
	return NULL;
}

/* ASCII with text's own controls, UTF-8, or an 8-bit charset; or UTF-16. */
static bool
is_text(const unsigned char *bytes, size_t n)
{
	if (has_at(bytes, n, 0, BYTES("\xff\xfe")) ||
	    has_at(bytes, n, 0, BYTES("\xfe\xff")))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] < 0x20 && (bytes[i] == '\0' ||
		    strchr("\t\n\v\f\r\x1b\x1a", bytes[i]) == NULL))
			return false;
		if (bytes[i] == 0x7f)
			return false;
	}
	return n > 0;
}

const struct known_type *
signature_find_text(const unsigned char *bytes, size_t n)
{
	struct slice text = { (const char *)bytes, n };

	if (!is_text(bytes, n))
		return NULL;
	if (has_at(bytes, n, 0, BYTES("\xef\xbb\xbf")))
		text = slice_sub(text, 3, n);
	text = slice_trim(text);
	if (slice_find_nocase(slice_sub(text, 0, 2048), "<hta:application") <
	    (text.n < 2048 ? text.n : 2048))
		return &hta;
	for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++) {
		if (slice_starts_nocase(text, text_rows[i].magic))
			return &text_rows[i].signature;
	}
	return &plain_text;
}

const struct known_type *
signature_of_type(const char *type)
{
	for (size_t i = 0; i < sizeof(by_type) / sizeof(by_type[0]); i++) {
		if (strcmp(by_type[i].type, type) == 0)
			return &by_type[i];
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].signature.type, type) == 0)
			return &rows[i].signature;
	}
	return strcmp(type, exe.type) == 0 ? &exe : NULL;
}

struct slice
signature_suffix(struct slice name)
{
	size_t i;

	while (name.n > 0 && (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' ' ||
	    name.p[name.n - 1] == '\0'))
		name.n--;
	for (i = name.n; i > 0; i--) {
		if (name.p[i - 1] == '.')
			return slice_sub(name, i, name.n);
		if (name.p[i - 1] == '/' || name.p[i - 1] == '\\')
			break;
	}
	return slice_sub(name, name.n, 0);
}

static bool
is_one_of(struct slice suffix, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_is(suffix, words[i]))
			return true;
	}
	return false;
}

bool
signature_is_archive_suffix(struct slice suffix)
{
	static const char *const words[] = {
		"zip", "rar", "7z", "gz", "tgz", "tar", "bz2", "tbz", "tbz2", "xz",
		"txz", "z", "taz", "zipx", "ace", "arj", "lha", "lzh", "lz", "lzma",
		"zst", "tzst", "cab", "cpio", "r00", "001",
	};

	return is_one_of(suffix, words, sizeof(words) / sizeof(words[0]));
}

bool
signature_is_zip_suffix(struct slice suffix)
{
	static const char *const words[] = {
		"docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xlsb", "xltx", "xltm",
		"xlam", "pptx", "pptm", "potx", "potm", "ppsx", "ppsm", "ppam", "sldx",
		"vsdx", "vsdm", "odt", "ods", "odp", "odg", "odf", "ott", "ots", "otp",
		"sxw", "sxc", "sxi", "epub", "pages", "numbers", "key", "jar", "war",
		"apk", "aab", "ipa", "xpi", "crx", "appx", "msix", "kmz", "3mf", "idml",
		"usdz", "mscz", "nupkg", "whl", "pkpass", "xps", "oxps", "pbix", "twbx",
		"sketch", "fla", "asice", "bdoc",
	};

	return is_one_of(suffix, words, sizeof(words) / sizeof(words[0]));
}
