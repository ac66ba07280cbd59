/*
 * Compound files ([MS-CFB]): the directory's names, sector by sector along its
 * chain.  They tell Office documents before 2007, macros ([MS-OVBA] section
 * 2.2.1), installer packages and encrypted OOXML ([MS-OFFCRYPTO] section 2.3).
 */
#include <string.h>

#include "base/slice.h"
#include "base/spool.h"
#include "mail/archive.h"

enum {
	HEADER_SIZE = 512,
	HEADER_DIFAT = 109,		/* FAT sectors named in the header */
	DIFAT_STEPS = 64,		/* sectors of more of them followed */
	ENTRY_SIZE = 128,
	MINI_CUTOFF = 4096,		/* smaller streams stand elsewhere */
	LABEL_READ = 256,
};

#define SECTOR_LAST 0xfffffffau		/* and above: no sector */

enum { TYPE_STORAGE = 1, TYPE_STREAM = 2, TYPE_ROOT = 5 };

struct ole {
	struct listing *listing;
	unsigned shift;			/* sector size as a power of two */
	uint32_t difat[HEADER_DIFAT];
	uint32_t difat_next;		/* first sector of more */
	bool is_office;
	const struct known_type *signature;
};

struct known_name {
	const char *name;
	struct known_type signature;
};

static const struct known_name documents[] = {
	{ "WordDocument", { "application/msword", "doc", FORM_OLE } },
	{ "Workbook", { "application/vnd.ms-excel", "xls", FORM_OLE } },
	{ "Book", { "application/vnd.ms-excel", "xls", FORM_OLE } },
	{ "PowerPoint Document", { "application/vnd.ms-powerpoint", "ppt", FORM_OLE } },
	{ "VisioDocument", { "application/vnd.visio", "vsd", FORM_OLE } },
};

static const struct known_type message_item = {
	"application/vnd.ms-outlook", "msg", FORM_OLE,
};
static const struct known_type encrypted = {
	"application/encrypted-office", "docx", FORM_OLE,
};

/* Class of the root: 000C108x-0000-0000-C000-000000000046. */
static const struct {
	unsigned char first;
	struct known_type signature;
} installers[] = {
	{ 0x84, { "application/x-msi", "msi", FORM_OLE } },
	{ 0x86, { "application/x-msi", "msp", FORM_OLE } },
	{ 0x82, { "application/x-msi", "mst", FORM_OLE } },
};

static uint64_t
sector_at(const struct ole *ole, uint32_t sector)
{
	return ((uint64_t)sector + 1) << ole->shift;
}

/* The sector that holds a piece of the FAT; SECTOR_LAST when not found. */
static uint32_t
fat_sector(struct ole *ole, uint32_t piece)
{
	uint32_t per = (1u << ole->shift) / 4 - 1;
	uint32_t sector = ole->difat_next;
	const unsigned char *p;

	if (piece < HEADER_DIFAT)
		return ole->difat[piece];
	piece -= HEADER_DIFAT;
	for (int steps = 0; steps < DIFAT_STEPS && sector < SECTOR_LAST; steps++) {
		if (piece < per)
			p = listing_at(ole->listing, sector_at(ole, sector) +
			    4 * (uint64_t)piece, 4);
		else
			p = listing_at(ole->listing, sector_at(ole, sector) +
			    4 * (uint64_t)per, 4);
		if (p == NULL)
			break;
		sector = (uint32_t)listing_number(p, 4);
		if (piece < per)
			return sector;
		piece -= per;
	}
	return SECTOR_LAST;
}

static uint32_t
next_sector(struct ole *ole, uint32_t sector)
{
	unsigned bits = ole->shift - 2;
	uint32_t fat = fat_sector(ole, sector >> bits);
	const unsigned char *p;

	if (fat >= SECTOR_LAST)
		return SECTOR_LAST;
	p = listing_at(ole->listing, sector_at(ole, fat) +
	    4 * (uint64_t)(sector & ((1u << bits) - 1)), 4);
	return p != NULL ? (uint32_t)listing_number(p, 4) : SECTOR_LAST;
}

static bool
read_header(struct ole *ole, uint32_t *directory_r)
{
	const unsigned char *p = listing_at(ole->listing, 0, HEADER_SIZE);

	if (p == NULL)
		return false;
	ole->shift = (unsigned)listing_number(p + 30, 2);
	if (ole->shift != 9 && ole->shift != 12)
		return false;
	*directory_r = (uint32_t)listing_number(p + 48, 4);
	ole->difat_next = (uint32_t)listing_number(p + 68, 4);
	for (size_t i = 0; i < HEADER_DIFAT; i++)
		ole->difat[i] = (uint32_t)listing_number(p + 76 + 4 * i, 4);
	return true;
}

/* A packaged file (Ole10Native): its label is the file's name. */
static void
read_package(struct ole *ole, uint32_t sector, uint64_t size)
{
	const unsigned char *p;
	struct slice label;

	if (size < MINI_CUTOFF || sector >= SECTOR_LAST)
		return;
	p = listing_at(ole->listing, sector_at(ole, sector) + 6, LABEL_READ);
	if (p == NULL)
		return;
	label = (struct slice){ (const char *)p, LABEL_READ };
	label.n = slice_find(label, '\0');
	if (label.n > 0 && label.n < LABEL_READ)
		listing_add(ole->listing, label);
}

static void
read_root(struct ole *ole, const unsigned char *class_id)
{
	static const char rest[] = "\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";

	if (memcmp(class_id + 1, rest, sizeof(rest) - 1) != 0)
		return;
	for (size_t i = 0; i < sizeof(installers) / sizeof(installers[0]); i++) {
		if (installers[i].first == class_id[0])
			ole->signature = &installers[i].signature;
	}
}

static void
note_name(struct ole *ole, struct slice name)
{
	struct attachment *found = ole->listing->found;

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		if (slice_is(name, documents[i].name)) {
			ole->is_office = true;
			ole->signature = &documents[i].signature;
		}
	}
	if (slice_is(name, "_VBA_PROJECT") || slice_is(name, "_VBA_PROJECT_CUR") ||
	    slice_is(name, "VBA") || slice_is(name, "Macros")) {
		found->has_macro = true;
	} else if (slice_is(name, "EncryptedPackage")) {
		found->encrypted = true;
		ole->is_office = true;
		ole->signature = &encrypted;
	} else if (slice_is(name, "__properties_version1.0") &&
	    ole->signature == NULL) {
		ole->signature = &message_item;
	}
}

static void
read_entry(struct ole *ole, const unsigned char *p)
{
	size_t n = (size_t)listing_number(p + 64, 2) / 2;
	char name[32];

	if (p[66] != TYPE_STORAGE && p[66] != TYPE_STREAM && p[66] != TYPE_ROOT)
		return;
	n = n > 0 && n <= sizeof(name) ? n - 1 : 0;
	for (size_t i = 0; i < n; i++)
		name[i] = p[2 * i + 1] == 0 ? (char)p[2 * i] : '?';
	if (p[66] == TYPE_ROOT)
		read_root(ole, p + 80);
	else
		note_name(ole, (struct slice){ name, n });
	if (p[66] == TYPE_STREAM && slice_is((struct slice){ name, n },
	    "\1Ole10Native"))
		read_package(ole, (uint32_t)listing_number(p + 116, 4),
		    listing_number(p + 120, 4));
}

void
ole_list(struct listing *listing)
{
	struct ole ole = { .listing = listing };
	struct attachment *found = listing->found;
	uint32_t sector = SECTOR_LAST;
	size_t entries = 0;

	if (!read_header(&ole, &sector))
		found->over_limit = true;
	while (sector < SECTOR_LAST) {
		for (uint64_t i = 0; i < (1u << ole.shift) / ENTRY_SIZE; i++) {
			const unsigned char *p = listing_at(listing,
			    sector_at(&ole, sector) + i * ENTRY_SIZE, ENTRY_SIZE);
			unsigned char copy[ENTRY_SIZE];

			if (p == NULL)
				break;
			memcpy(copy, p, sizeof(copy));
			read_entry(&ole, copy);
			entries++;
		}
		if (entries >= ATTACHMENT_ENTRIES_MAX || listing_is_over(listing)) {
			found->over_limit = true;
			break;
		}
		entries++;		/* a sector that is not there costs too */
		sector = next_sector(&ole, sector);
	}
	found->is_office = ole.is_office || found->has_macro;
	if (ole.signature != NULL) {
		found->found_type = ole.signature->type;
		found->found_suffix = ole.signature->suffix;
	}
}
