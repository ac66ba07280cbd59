/*
 * Names that hide what a file is.  Kinds are wide on purpose: a .doc that is
 * RTF or a .jpg that is PNG is carelessness, and a table sent as .xls is often
 * HTML or text.
 */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"
#include "checks/disguise.h"
#include "facts/blocked.h"
#include "mail/signature.h"
#include "mail/text.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum kind {
	KIND_UNKNOWN, KIND_PICTURE, KIND_PDF, KIND_OFFICE, KIND_ARCHIVE, KIND_MEDIA,
	KIND_TEXT, KIND_SCRIPT, KIND_PROGRAM,
};

static const struct {
	enum kind kind;
	const char *title;
	const char *suffixes;		/* blank between */
} kinds[] = {
	{ KIND_PICTURE, "a picture",
	    "jpg jpeg jpe png gif bmp tif tiff webp heic heif avif" },
	{ KIND_PDF, "a PDF", "pdf" },
	{ KIND_OFFICE, "an office document",
	    "doc dot docx docm dotx rtf xls xlsx xlsm xlsb csv ppt pps pptx pptm ppsx "
	    "odt ods odp vsd" },
	{ KIND_ARCHIVE, "an archive", "zip rar 7z gz tgz bz2 xz tar" },
	{ KIND_MEDIA, "sound or video", "mp3 wav ogg mp4 m4a m4v mov avi mkv" },
	{ KIND_TEXT, "text", "txt text log md json xml ics vcf" },
	{ KIND_SCRIPT, "a script or a web page", "html htm hta bat sh reg url" },
	{ KIND_PROGRAM, "a program",
	    "exe elf macho msi msp mst lnk chm dex class jar apk cab scr com dll" },
};

static enum kind
kind_of(const char *suffix, const char **title_r)
{
	for (size_t i = 0; suffix != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct slice rest = slice_of(kinds[i].suffixes), word;

		while (slice_split(&rest, ' ', &word)) {
			if (slice_is(word, suffix)) {
				*title_r = kinds[i].title;
				return kinds[i].kind;
			}
		}
	}
	return KIND_UNKNOWN;
}

static bool
may_be(enum kind name, enum kind content)
{
	if (name == KIND_UNKNOWN || content == KIND_UNKNOWN || name == content)
		return true;
	switch (content) {
	case KIND_TEXT:			/* anything may begin as text */
		return true;
	case KIND_SCRIPT:
		return name != KIND_PDF && name != KIND_PICTURE && name != KIND_MEDIA;
	case KIND_ARCHIVE:
		return name == KIND_PROGRAM;
	case KIND_PICTURE:
	case KIND_PDF:
	case KIND_OFFICE:
	case KIND_MEDIA:
	case KIND_PROGRAM:
	case KIND_UNKNOWN:
		break;
	}
	return false;
}

static const char *
unlike_content(const struct check_input *input, const char *suffix, const char *content,
    bool is_entry)
{
	const char *shown = "", *real = "";
	enum kind name_kind = kind_of(suffix, &shown);
	enum kind content_kind = kind_of(content, &real);

	if (may_be(name_kind, content_kind))
		return NULL;
	if (is_entry && content_kind != KIND_PROGRAM)
		return NULL;
	return arena_printf(input->arena, "its name says %s, its content is %s (%s)",
	    shown, real, content);
}

/* Something to be run, on a list of refused types; a packed file is none. */
static bool
is_dangerous(const struct check_input *input, const char *suffix)
{
	const struct lists *lists = input->settings->lists;

	return !signature_is_archive_suffix(slice_of(suffix)) &&
	    (lists_has(lists, LIST_BLOCKED_GMAIL, suffix) ||
	    lists_has(lists, LIST_BLOCKED_MICROSOFT, suffix) ||
	    lists_has(lists, LIST_BLOCKED_OWA, suffix));
}

/* "invoice.pdf.exe", with or without blanks between. */
static const char *
double_suffix(const struct check_input *input, const char *name, const char *last)
{
	struct slice front = slice_of(name);
	const char *before, *title;

	if (*last == '\0' || !is_dangerous(input, last))
		return NULL;
	front.n = (size_t)(signature_suffix(front).p - front.p) - 1;
	before = slice_dup_lower(input->arena, slice_trim(signature_suffix(front)));
	if (kind_of(before, &title) == KIND_UNKNOWN || is_dangerous(input, before))
		return NULL;
	return arena_printf(input->arena, "behind .%s hides .%s", before, last);
}

const char *
disguise_of(const struct check_input *input, const char *name, const char *content,
    bool is_entry)
{
	const char *suffix, *how;
	unsigned code;

	if (name == NULL)
		return NULL;
	text_odd(slice_of(name), TEXT_ODD_BIDI_OVERRIDE | TEXT_ODD_CONTROL |
	    TEXT_ODD_TAG, &code);
	if (code != 0)
		return arena_printf(input->arena, "its name holds U+%04X, which turns or "
		    "hides what stands around it", code);
	suffix = blocked_suffix(input->arena, name);
	how = double_suffix(input, name, suffix);
	if (how != NULL)
		return how;
	return unlike_content(input, suffix, content, is_entry);
}
