/*
 * 7z (7zFormat.txt of the LZMA SDK): the header at the end names the entries.
 * It is packed itself as a rule; unpacked it may have 1 MB here.  Data of
 * entries is never unpacked.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/spool.h"
#include "mail/archive.h"

enum {
	START_SIZE = 32,
	HEADER_MAX = 1024 * 1024,	/* octets of the header, unpacked */
	FOLDERS_MAX = 65536,
	CODERS_MAX = 32,
	NAME_MAX_UNITS = 1024,
};

enum {				/* property ids */
	ID_END = 0x00, ID_HEADER = 0x01, ID_ARCHIVE_PROPERTIES = 0x02,
	ID_ADDITIONAL_STREAMS = 0x03, ID_MAIN_STREAMS = 0x04, ID_FILES = 0x05,
	ID_PACK_INFO = 0x06, ID_UNPACK_INFO = 0x07, ID_SUBSTREAMS = 0x08,
	ID_SIZE = 0x09, ID_CRC = 0x0a, ID_FOLDER = 0x0b, ID_UNPACK_SIZE = 0x0c,
	ID_NUM_UNPACK_STREAM = 0x0d, ID_NAMES = 0x11, ID_ENCODED_HEADER = 0x17,
};

struct reader {
	const unsigned char *p;
	size_t n, at;
	bool bad;			/* read past the end, or not understood */
};

enum coder { CODER_COPY, CODER_LZMA, CODER_LZMA2, CODER_AES, CODER_OTHER };

struct streams {		/* what the reading of a header needs of them */
	uint64_t pack_at, pack_size;	/* of the first packed stream */
	uint64_t unpack_size;		/* of the first folder */
	size_t coders;			/* of the first folder */
	enum coder coder;		/* its first */
	unsigned char properties[5];
	bool encrypted;
	size_t n_folders;
	unsigned short *outs;		/* streams out, for each folder */
	bool *has_crc;
};

static unsigned
get_byte(struct reader *r)
{
	if (r->at >= r->n) {
		r->bad = true;
		return 0;
	}
	return r->p[r->at++];
}

static void
skip(struct reader *r, uint64_t n)
{
	if (n > r->n - r->at)
		r->bad = true;
	else
		r->at += (size_t)n;
}

/* The bits set in the first octet tell how many octets follow. */
static uint64_t
get_number(struct reader *r)
{
	unsigned first = get_byte(r), mask = 0x80;
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++, mask >>= 1) {
		if ((first & mask) == 0)
			return value | (uint64_t)(first & (mask - 1)) << (8 * i);
		value |= (uint64_t)get_byte(r) << (8 * i);
	}
	return value;
}

/* A count of things that take an octet each at least. */
static size_t
get_count(struct reader *r)
{
	uint64_t n = get_number(r);

	if (n > r->n - r->at) {
		r->bad = true;
		return 0;
	}
	return (size_t)n;
}

/* Checksums of n things, as many as the bits in front say. */
static void
skip_digests(struct reader *r, size_t n, bool *defined)
{
	bool all = get_byte(r) != 0;
	size_t present = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < n && !r->bad; i++) {
		bool is = all;

		if (!all) {
			if (i % 8 == 0)
				bits = get_byte(r);
			is = (bits >> (7 - i % 8) & 1) != 0;
		}
		present += is;
		if (defined != NULL)
			defined[i] = is;
	}
	skip(r, 4 * (uint64_t)present);
}

static void
read_pack_info(struct reader *r, struct streams *streams)
{
	size_t n;
	unsigned id;

	streams->pack_at = get_number(r);
	n = get_count(r);
	while (!r->bad && (id = get_byte(r)) != ID_END) {
		if (id == ID_CRC) {
			skip_digests(r, n, NULL);
		} else if (id == ID_SIZE) {
			for (size_t i = 0; i < n && !r->bad; i++) {
				uint64_t size = get_number(r);

				if (i == 0)
					streams->pack_size = size;
			}
		} else {
			r->bad = true;
		}
	}
}

static enum coder
coder_of(const unsigned char *id, size_t n)
{
	if (n == 1 && id[0] == 0x00)
		return CODER_COPY;
	if (n == 1 && id[0] == 0x21)
		return CODER_LZMA2;
	if (n == 3 && memcmp(id, "\x03\x01\x01", 3) == 0)
		return CODER_LZMA;
	if (n >= 3 && memcmp(id, "\x06\xf1\x07", 3) == 0)
		return CODER_AES;
	return CODER_OTHER;
}

struct folder_counts { uint64_t ins, outs; };

static void
read_coder(struct reader *r, struct streams *streams, bool is_first,
    struct folder_counts *counts)
{
	unsigned flags = get_byte(r);
	size_t id_size = flags & 0x0f, n;
	enum coder coder = CODER_OTHER;
	uint64_t ins = 1, outs = 1;

	if (r->n - r->at >= id_size)
		coder = coder_of(r->p + r->at, id_size);
	skip(r, id_size);
	if ((flags & 0x10) != 0) {
		ins = get_count(r);
		outs = get_count(r);
	}
	if (coder == CODER_AES)
		streams->encrypted = true;
	if (is_first)
		streams->coder = coder;
	if ((flags & 0x20) != 0) {
		n = get_count(r);
		if (is_first && !r->bad)
			memcpy(streams->properties, r->p + r->at, n < 5 ? n : 5);
		skip(r, n);
	}
	counts->ins += ins;
	counts->outs += outs;
}

static void
read_folder(struct reader *r, struct streams *streams, size_t index)
{
	size_t coders = get_count(r);
	struct folder_counts counts = { 0, 0 };
	uint64_t pairs, packed;

	if (coders == 0 || coders > CODERS_MAX)
		r->bad = true;
	if (index == 0)
		streams->coders = coders;
	for (size_t i = 0; i < coders && !r->bad; i++)
		read_coder(r, streams, index == 0 && i == 0, &counts);
	if (r->bad || counts.outs == 0 || counts.outs > CODERS_MAX ||
	    counts.ins > CODERS_MAX || counts.ins < counts.outs - 1) {
		r->bad = true;
		return;
	}
	streams->outs[index] = (unsigned short)counts.outs;
	pairs = counts.outs - 1;
	packed = counts.ins - pairs;
	for (uint64_t i = 0; i < 2 * pairs; i++)
		get_number(r);
	for (uint64_t i = 0; packed > 1 && i < packed; i++)
		get_number(r);
}

static void
read_folders(struct reader *r, struct streams *streams)
{
	size_t n = get_count(r);

	if (get_byte(r) != 0 || n > FOLDERS_MAX || streams->outs != NULL)
		r->bad = true;
	if (r->bad)
		return;
	streams->n_folders = n;
	streams->outs = mem_array(n, sizeof(*streams->outs));
	streams->has_crc = mem_array(n, sizeof(*streams->has_crc));
	for (size_t i = 0; i < n && !r->bad; i++)
		read_folder(r, streams, i);
}

static void
read_unpack_info(struct reader *r, struct streams *streams)
{
	unsigned id;

	while (!r->bad && (id = get_byte(r)) != ID_END) {
		if (id == ID_FOLDER) {
			read_folders(r, streams);
		} else if (id == ID_UNPACK_SIZE) {
			for (size_t i = 0; i < streams->n_folders; i++) {
				for (unsigned k = 0; k < streams->outs[i] && !r->bad; k++) {
					uint64_t size = get_number(r);

					if (i == 0)
						streams->unpack_size = size;
				}
			}
		} else if (id == ID_CRC) {
			skip_digests(r, streams->n_folders, streams->has_crc);
		} else {
			r->bad = true;
		}
	}
}

/* Streams of a folder: one, unless said otherwise. */
static void
read_substreams(struct reader *r, const struct streams *streams)
{
	uint64_t *counts = mem_array(streams->n_folders, sizeof(*counts));
	unsigned id;

	for (size_t i = 0; i < streams->n_folders; i++)
		counts[i] = 1;
	while (!r->bad && (id = get_byte(r)) != ID_END) {
		uint64_t unknown = 0;

		if (id != ID_NUM_UNPACK_STREAM && id != ID_SIZE && id != ID_CRC)
			r->bad = true;
		for (size_t i = 0; i < streams->n_folders && !r->bad; i++) {
			if (id == ID_NUM_UNPACK_STREAM)
				counts[i] = get_number(r);
			for (uint64_t k = 1; id == ID_SIZE && k < counts[i] && !r->bad; k++)
				get_number(r);
			if (counts[i] > r->n)
				r->bad = true;
			else if (counts[i] != 1 || !streams->has_crc[i])
				unknown += counts[i];
		}
		if (id == ID_CRC && !r->bad) {
			if (unknown > r->n)
				r->bad = true;
			else
				skip_digests(r, (size_t)unknown, NULL);
		}
	}
	free(counts);
}

static void
read_streams(struct reader *r, struct streams *streams)
{
	unsigned id;

	while (!r->bad && (id = get_byte(r)) != ID_END) {
		if (id == ID_PACK_INFO)
			read_pack_info(r, streams);
		else if (id == ID_UNPACK_INFO)
			read_unpack_info(r, streams);
		else if (id == ID_SUBSTREAMS)
			read_substreams(r, streams);
		else
			r->bad = true;
	}
}

static void
streams_drop(struct streams *streams)
{
	free(streams->outs);
	free(streams->has_crc);
	*streams = (struct streams){ 0 };
}

/* One code unit as UTF-8; halves of a pair as they come make no text. */
static size_t
put_unit(char *out, unsigned unit)
{
	if (unit < 0x80) {
		out[0] = (char)unit;
		return 1;
	}
	if (unit < 0x800) {
		out[0] = (char)(0xc0 | unit >> 6);
		out[1] = (char)(0x80 | (unit & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | unit >> 12);
	out[1] = (char)(0x80 | (unit >> 6 & 0x3f));
	out[2] = (char)(0x80 | (unit & 0x3f));
	return 3;
}

/* Names in UTF-16, each with a zero at its end. */
static void
read_names(struct listing *listing, const unsigned char *p, size_t n)
{
	char name[3 * NAME_MAX_UNITS];
	size_t size = 0, units = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		unsigned unit = (unsigned)listing_number(p + i, 2);

		if (unit != 0) {
			if (units < NAME_MAX_UNITS)
				size += put_unit(name + size, unit);
			units++;
			continue;
		}
		listing_add(listing, (struct slice){ name, size });
		size = units = 0;
		if (listing->found->entries >= ATTACHMENT_ENTRIES_MAX ||
		    (listing->found->entries % 64 == 0 && listing_is_over(listing))) {
			listing->found->over_limit = true;
			return;
		}
	}
}

static void
read_files(struct reader *r, struct listing *listing)
{
	unsigned id;

	get_number(r);
	while (!r->bad && (id = get_byte(r)) != ID_END) {
		size_t n = get_count(r);

		if (!r->bad && id == ID_NAMES && n > 0 && r->p[r->at] == 0)
			read_names(listing, r->p + r->at + 1, n - 1);
		skip(r, n);
	}
}

static void
read_header(struct reader *r, struct listing *listing)
{
	struct streams streams = { 0 };
	unsigned id;

	while (!r->bad && (id = get_byte(r)) != ID_END) {
		switch (id) {
		case ID_ARCHIVE_PROPERTIES:
			while (!r->bad && get_byte(r) != ID_END)
				skip(r, get_count(r));
			break;
		case ID_ADDITIONAL_STREAMS:
		case ID_MAIN_STREAMS:
			streams_drop(&streams);
			read_streams(r, &streams);
			if (streams.encrypted)
				listing->found->encrypted = true;
			break;
		case ID_FILES:
			read_files(r, listing);
			break;
		default:
			r->bad = true;
		}
	}
	streams_drop(&streams);
	if (r->bad)
		listing->found->over_limit = true;
}

/* ---- the packed header ---- */

static uint32_t
crc32_of(const unsigned char *p, size_t n)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void
put_number(unsigned char *p, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

/* xz-file-format.txt section 1.2 */
static size_t
put_xz_number(unsigned char *p, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		p[n++] = (unsigned char)(value | 0x80);
	p[n++] = (unsigned char)value;
	return n;
}

/* A stream of one block without a check, its dictionary 1 MB (sections 2, 3). */
static size_t
put_xz_head(unsigned char *p)
{
	memcpy(p, "\xfd" "7zXZ\0\0\0\xff\x12\xd9\x41" "\x02\0\x21\x01\x10\0\0\0", 20);
	put_number(p + 20, crc32_of(p + 12, 8), 4);
	return 24;
}

/* Padding of the block, index and footer (sections 2.1.2, 3.3, 4). */
static size_t
put_xz_tail(unsigned char *p, uint64_t packed, uint64_t unpacked)
{
	size_t padding = (size_t)(-packed & 3), index = padding, n = padding;

	memset(p, 0, n + 1);
	n++;
	p[n++] = 1;
	n += put_xz_number(p + n, 12 + packed);
	n += put_xz_number(p + n, unpacked);
	while ((n - index) % 4 != 0)
		p[n++] = 0;
	put_number(p + n, crc32_of(p + index, n - index), 4);
	n += 4;
	put_number(p + n + 4, (n - index) / 4 - 1, 4);
	memcpy(p + n + 8, "\0\0YZ", 4);
	put_number(p + n, crc32_of(p + n + 4, 6), 4);
	return n + 12;
}

/*
 * LZMA and LZMA2 stand bare in a 7z; in front and behind them goes what makes a
 * .lzma or an .xz file of them.  More of a dictionary than the header's own size
 * is not needed.
 */
static long
unpack(struct listing *listing, const struct streams *streams, unsigned char *out)
{
	struct packed packed = {
		.at = START_SIZE + streams->pack_at, .n = streams->pack_size,
	};
	unsigned char head[24], tail[64];

	packed.head.p = (const char *)head;
	packed.tail.p = (const char *)tail;
	switch (streams->coder) {
	case CODER_LZMA:
		head[0] = streams->properties[0];
		put_number(head + 1, HEADER_MAX, 4);
		put_number(head + 5, streams->unpack_size, 8);
		packed.head.n = 13;
		return archive_unpack(listing, PACKING_LZMA, &packed, out,
		    (size_t)streams->unpack_size);
	case CODER_LZMA2:
		packed.head.n = put_xz_head(head);
		packed.tail.n = put_xz_tail(tail, packed.n, streams->unpack_size);
		return archive_unpack(listing, PACKING_XZ, &packed, out,
		    (size_t)streams->unpack_size);
	case CODER_COPY:
		return spool_read(listing->spool, packed.at, out,
		    (size_t)streams->unpack_size);
	case CODER_AES:
	case CODER_OTHER:
		break;
	}
	return -1;
}

static void
read_packed_header(struct reader *r, struct listing *listing)
{
	struct streams streams = { 0 };
	struct reader inner = { 0 };
	unsigned char *out;
	long got;

	read_streams(r, &streams);
	if (streams.encrypted) {
		listing->found->encrypted = true;
	} else if (r->bad || streams.coders != 1 || streams.unpack_size == 0 ||
	    streams.unpack_size > HEADER_MAX || streams.pack_at > ATTACHMENT_KEPT_MAX ||
	    streams.pack_size > ATTACHMENT_KEPT_MAX) {
		listing->found->over_limit = true;
	} else {
		out = mem_alloc((size_t)streams.unpack_size);
		got = unpack(listing, &streams, out);
		inner = (struct reader){ .p = out, .n = got > 0 ? (size_t)got : 0 };
		if (get_byte(&inner) == ID_HEADER)
			read_header(&inner, listing);
		else
			listing->found->over_limit = true;
		free(out);
	}
	streams_drop(&streams);
}

void
sevenzip_list(struct listing *listing)
{
	const unsigned char *p = listing_at(listing, 0, START_SIZE);
	struct reader r = { 0 };
	unsigned char *bytes;
	uint64_t at, n;
	unsigned id;
	long got;

	listing->found->is_archive = true;
	if (p == NULL) {
		listing->found->over_limit = true;
		return;
	}
	at = listing_number(p + 12, 8);
	n = listing_number(p + 20, 8);
	if (at > ATTACHMENT_KEPT_MAX || n > HEADER_MAX || n == 0) {
		listing->found->over_limit = n != 0;
		return;
	}
	bytes = mem_alloc((size_t)n);
	got = spool_read(listing->spool, START_SIZE + at, bytes, (size_t)n);
	r = (struct reader){ .p = bytes, .n = got > 0 ? (size_t)got : 0 };
	id = get_byte(&r);
	if (id == ID_HEADER)
		read_header(&r, listing);
	else if (id == ID_ENCODED_HEADER)
		read_packed_header(&r, listing);
	else
		listing->found->over_limit = true;
	free(bytes);
}
