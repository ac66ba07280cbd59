/*
 * Two ways: UTF-8 is looked through and copied, anything else goes through
 * iconv.  What comes out is gathered, so that the sink gets few pieces.
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "mail/bytes.h"
#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/lex.h"
#include "mail/utf8.h"

#define NO_CONVERTER ((iconv_t)-1)

struct known {
	char name[DECODE_CHARSET_MAX + 1];
	iconv_t converter;
};

struct charset_reader {
	bool (*sink)(void *object, const char *text, size_t n);
	void *object;
	const char *declared;
	bool is_html;
	bool decided, at_start, sated;
	bool has_8bit, has_nul;
	bool has_shifted;	/* other characters in octets below 128 */
	bool is_lenient;		/* invalid octets are windows-1252 */
	iconv_t converter;		/* NO_CONVERTER: UTF-8 */
	size_t unit;			/* octets skipped where the converter stops */
	size_t errors;
	char head[CHARSET_HEAD];	/* until the charset is decided */
	size_t head_n;
	char in[CHARSET_PIECE + CHARSET_LEFT];
	size_t left;			/* octets of `in` that wait */
	char out[CHARSET_PIECE];
	size_t out_n;
	struct charset_facts facts;
	struct known known[CHARSET_MAX];
	size_t n_known;
};

/* What mail programs and browsers read under these names (WHATWG encodings). */
static const struct {
	const char *name, *meant;
} wider[] = {
	{ "iso-8859-1", "windows-1252" },
	{ "latin1", "windows-1252" },
	{ "iso8859-1", "windows-1252" },
	{ "iso-8859-9", "windows-1254" },
	{ "iso-8859-11", "windows-874" },
	{ "tis-620", "windows-874" },
	{ "unicode-1-1-utf-7", "utf-7" },
	{ "gb2312", "gb18030" },
	{ "gbk", "gb18030" },
	{ "big5", "big5-hkscs" },
	{ "shift_jis", "cp932" },
	{ "shift-jis", "cp932" },
	{ "euc-kr", "cp949" },
	{ "ks_c_5601-1987", "cp949" },
};

/* windows-1252, 0x80 to 0x9f. */
static const unsigned short windows_1252[32] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
	0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

static void
charset_close(void *object)
{
	struct charset_reader *reader = object;

	for (size_t i = 0; i < reader->n_known; i++) {
		if (reader->known[i].converter != NO_CONVERTER)
			decode_charset_close(reader->known[i].converter);
	}
}

struct charset_reader *
charset_new(struct arena *arena)
{
	struct charset_reader *reader = arena_alloc(arena, sizeof(*reader));

	arena_defer(arena, charset_close, reader);
	return reader;
}

void
charset_begin(struct charset_reader *reader, const char *declared, bool is_html,
    bool (*sink)(void *object, const char *text, size_t n), void *object)
{
	reader->sink = sink;
	reader->object = object;
	reader->declared = declared;
	reader->is_html = is_html;
	reader->decided = reader->sated = reader->is_lenient = false;
	reader->has_8bit = reader->has_nul = reader->has_shifted = false;
	reader->at_start = true;
	reader->converter = NO_CONVERTER;
	reader->unit = 1;
	reader->errors = reader->head_n = reader->left = reader->out_n = 0;
	reader->facts = (struct charset_facts){ .unknown = false };
}

/* ---- out ---- */

static void
out_flush(struct charset_reader *reader)
{
	if (reader->out_n > 0 && !reader->sated)
		reader->sated = !reader->sink(reader->object, reader->out,
		    reader->out_n);
	reader->out_n = 0;
}

static void
out_character(struct charset_reader *reader, const char *p, size_t n)
{
	bool at_start = reader->at_start;

	reader->at_start = false;
	if (at_start && n == 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		return;
	if (n > sizeof(reader->out) - reader->out_n)
		out_flush(reader);
	memcpy(reader->out + reader->out_n, p, n);
	reader->out_n += n;
}

/* Bytes that are characters each. */
static void
out_ascii(struct charset_reader *reader, const char *p, size_t n)
{
	size_t room;

	reader->at_start = false;
	while (n > 0) {
		room = sizeof(reader->out) - reader->out_n;
		if (room == 0) {
			out_flush(reader);
			continue;
		}
		if (room > n)
			room = n;
		memcpy(reader->out + reader->out_n, p, room);
		reader->out_n += room;
		p += room;
		n -= room;
	}
}

/* An octet that is no UTF-8. */
static void
out_octet(struct charset_reader *reader, unsigned char octet)
{
	unsigned code = octet < 0xa0 ? windows_1252[octet - 0x80] : octet;
	char text[3];
	size_t n = 0;

	if (reader->is_lenient) {
		reader->facts.guessed = true;
	} else {
		reader->facts.unknown = true;
		code = 0xfffd;
	}
	if (code < 0x800) {
		text[n++] = (char)(0xc0 | code >> 6);
	} else {
		text[n++] = (char)(0xe0 | code >> 12);
		text[n++] = (char)(0x80 | (code >> 6 & 0x3f));
	}
	text[n++] = (char)(0x80 | (code & 0x3f));
	out_character(reader, text, n);
}

/* ---- UTF-8 ---- */

static size_t
sequence_size(unsigned char lead)
{
	return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

/* Returns the octets dealt with: all but a character that is cut by the end. */
static size_t
add_utf8(struct charset_reader *reader, struct slice text, bool is_last)
{
	unsigned code;
	size_t i = 0, n;

	while (i < text.n) {
		n = bytes_plain(text.p + i, text.n - i);
		if (n > 0) {
			out_ascii(reader, text.p + i, n);
			i += n;
			continue;
		}
		if (!is_last && sequence_size((unsigned char)text.p[i]) > text.n - i)
			break;
		n = utf8_next(slice_sub(text, i, 4), &code);
		if (n > 1)
			out_character(reader, text.p + i, n);
		else if ((unsigned char)text.p[i] >= 0x80)
			out_octet(reader, (unsigned char)text.p[i]);
		else if (code == 0)
			out_character(reader, UTF8_REPLACEMENT, 3);
		else
			out_ascii(reader, text.p + i, 1);
		i += n;
	}
	return i;
}

/* ---- iconv ---- */

/* The converter stopped at an octet that is none of its charset. */
static size_t
skip_octets(struct charset_reader *reader, size_t left)
{
	reader->facts.unknown = true;
	out_character(reader, UTF8_REPLACEMENT, 3);
	if (++reader->errors == CHARSET_ERRORS_MAX)
		reader->converter = NO_CONVERTER;
	return left < reader->unit ? left : reader->unit;
}

/* Returns the octets dealt with. */
static size_t
convert(struct charset_reader *reader, char *bytes, size_t n, bool is_last)
{
	char chunk[1024], *in = bytes, *out;
	size_t left = n, room, skip, result;
	int error;

	while (left > 0 && reader->converter != NO_CONVERTER) {
		out = chunk;
		room = sizeof(chunk);
		result = iconv(reader->converter, &in, &left, &out, &room);
		error = errno;
		if (!reader->has_8bit && !reader->has_shifted)
			reader->has_shifted = (bytes_odd(chunk, (size_t)(out - chunk)) &
			    BYTES_8BIT) != 0;
		add_utf8(reader, (struct slice){ chunk, (size_t)(out - chunk) }, true);
		if (result != (size_t)-1 || (error == E2BIG && out > chunk))
			continue;
		if (error == EINVAL && !is_last && left <= CHARSET_LEFT)
			break;
		skip = skip_octets(reader, left);
		in += skip;
		left -= skip;
	}
	return n - left;
}

/* A shift sequence may wait in the converter. */
static void
convert_end(struct charset_reader *reader)
{
	char chunk[64], *out = chunk;
	size_t room = sizeof(chunk);

	iconv(reader->converter, NULL, NULL, &out, &room);
	add_utf8(reader, (struct slice){ chunk, (size_t)(out - chunk) }, true);
}

static void
add_decided(struct charset_reader *reader, const char *p, size_t n, bool is_last)
{
	size_t size, done;

	do {
		size = n < CHARSET_PIECE ? n : CHARSET_PIECE;
		if (size > 0)
			memcpy(reader->in + reader->left, p, size);
		p += size;
		n -= size;
		size += reader->left;
		done = 0;
		if (reader->converter != NO_CONVERTER)
			done = convert(reader, reader->in, size, is_last && n == 0);
		if (reader->converter == NO_CONVERTER)
			done += add_utf8(reader, (struct slice){ reader->in + done,
			    size - done }, is_last && n == 0);
		reader->left = size - done;
		memmove(reader->in, reader->in + done, reader->left);
	} while (n > 0 && !reader->sated);
}

/* ---- which charset ---- */

static bool
is_utf8_name(struct slice name)
{
	return slice_is(name, "utf-8") || slice_is(name, "utf8") ||
	    slice_is(name, "unicode-1-1-utf-8");
}

/* Opens a charset, or takes one that is open; false when there is none. */
static bool
converter_find(struct charset_reader *reader, struct slice name)
{
	struct known *known;
	struct slice meant = name;

	for (size_t i = 0; i < reader->n_known; i++) {
		known = &reader->known[i];
		if (!slice_is(name, known->name))
			continue;
		reader->converter = known->converter;
		if (known->converter != NO_CONVERTER)
			iconv(known->converter, NULL, NULL, NULL, NULL);
		return known->converter != NO_CONVERTER;
	}
	if (name.n > DECODE_CHARSET_MAX)
		return false;
	if (reader->n_known == CHARSET_MAX) {
		reader->facts.over_limit = true;
		return false;
	}
	known = &reader->known[reader->n_known++];
	memcpy(known->name, name.p, name.n);
	for (size_t i = 0; i < sizeof(wider) / sizeof(wider[0]); i++) {
		if (slice_is(name, wider[i].name))
			meant = slice_of(wider[i].meant);
	}
	known->converter = decode_charset_open(meant);
	if (known->converter == NO_CONVERTER)
		known->converter = decode_charset_open(name);
	reader->converter = known->converter;
	return known->converter != NO_CONVERTER;
}

static void
use_charset(struct charset_reader *reader, struct slice name, bool is_declared)
{
	if (is_utf8_name(name))
		return;
	if (slice_starts_nocase(name, "utf-16") || slice_starts_nocase(name, "ucs-2"))
		reader->unit = 2;
	else if (slice_starts_nocase(name, "utf-32") ||
	    slice_starts_nocase(name, "ucs-4"))
		reader->unit = 4;
	if (converter_find(reader, name))
		return;
	reader->is_lenient = true;
	if (is_declared && !reader->facts.over_limit)
		reader->facts.unknown = true;
}

/* The value after "charset" "=" in a tag; empty when there is none. */
static struct slice
charset_in_tag(struct slice tag)
{
	size_t at = slice_find_nocase(tag, "charset") + 7, n = 0;

	while (at < tag.n && lex_is_blank(tag.p[at]))
		at++;
	if (at >= tag.n || tag.p[at] != '=')
		return (struct slice){ "", 0 };
	at++;
	while (at < tag.n && (lex_is_blank(tag.p[at]) || tag.p[at] == '"' ||
	    tag.p[at] == '\''))
		at++;
	while (at + n < tag.n && !lex_is_blank(tag.p[at + n]) &&
	    memchr("\"';/>", tag.p[at + n], 5) == NULL)
		n++;
	return slice_sub(tag, at, n);
}

/* <meta charset=...> or http-equiv, outside comments. */
static struct slice
charset_in_html(struct slice html)
{
	struct slice tag, name;
	size_t at = 0;

	while ((at += slice_find(slice_sub(html, at, html.n), '<')) < html.n) {
		tag = slice_sub(html, at, html.n);
		if (slice_starts_nocase(tag, "<!--")) {
			at += 4 + slice_find_nocase(slice_sub(tag, 4, tag.n), "-->");
			continue;
		}
		tag.n = slice_find(tag, '>');
		if (slice_starts_nocase(tag, "<meta")) {
			name = charset_in_tag(tag);
			if (name.n > 0)
				return name;
		}
		at++;
	}
	return (struct slice){ "", 0 };
}

/* The charset a byte order mark stands for; NULL when there is none. */
static const char *
charset_of_mark(struct slice head)
{
	static const struct {
		const char *mark;
		size_t n;
		const char *name;
	} marks[] = {
		{ "\xef\xbb\xbf", 3, "utf-8" },
		{ "\xff\xfe\0\0", 4, "utf-32le" },
		{ "\0\0\xfe\xff", 4, "utf-32be" },
		{ "\xff\xfe", 2, "utf-16le" },
		{ "\xfe\xff", 2, "utf-16be" },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (head.n >= marks[i].n &&
		    memcmp(head.p, marks[i].mark, marks[i].n) == 0)
			return marks[i].name;
	}
	return NULL;
}

/* Octets like those of a UTF-16 mark are letters in other charsets. */
static bool
mark_counts(struct slice declared, const char *mark)
{
	return declared.n == 0 || strcmp(mark, "utf-8") == 0 ||
	    slice_starts_nocase(declared, "utf") ||
	    slice_starts_nocase(declared, "ucs") || slice_is(declared, "us-ascii");
}

static bool
mark_agrees(struct slice declared, const char *mark)
{
	if (declared.n == 0 || strcmp(mark, "utf-8") == 0)
		return declared.n == 0 || is_utf8_name(declared);
	return !is_utf8_name(declared) && !slice_is(declared, "us-ascii");
}

static void
decide(struct charset_reader *reader)
{
	struct slice declared = slice_of(reader->declared);
	struct slice head = { reader->head, reader->head_n }, name;
	const char *mark = charset_of_mark(head);

	reader->decided = true;
	if (mark != NULL && mark_counts(declared, mark)) {
		use_charset(reader, slice_of(mark), true);
		if (!mark_agrees(declared, mark))
			reader->facts.unknown = true;
		return;
	}
	if (declared.n > 0) {
		/* us-ascii: every other octet is a fault, and read anyway. */
		reader->is_lenient = slice_is(declared, "us-ascii");
		if (!reader->is_lenient)
			use_charset(reader, declared, true);
		return;
	}
	reader->is_lenient = true;
	name = reader->is_html ? charset_in_html(head) : declared;
	/* What can be read as ASCII is no UTF-16, whatever it says. */
	if (name.n > 0 && !slice_starts_nocase(name, "utf"))
		use_charset(reader, name, false);
}

static void
decide_and_go_on(struct charset_reader *reader)
{
	decide(reader);
	add_decided(reader, reader->head, reader->head_n, false);
}

bool
charset_add(struct charset_reader *reader, const char *bytes, size_t n)
{
	size_t wanted = reader->is_html && reader->declared == NULL ? CHARSET_HEAD : 4;
	size_t size;

	if (!reader->has_8bit)
		reader->has_8bit = (bytes_odd(bytes, n) & BYTES_8BIT) != 0;
	if (!reader->has_nul && n > 0)
		reader->has_nul = memchr(bytes, '\0', n) != NULL;
	if (!reader->decided) {
		size = wanted - reader->head_n < n ? wanted - reader->head_n : n;
		if (size > 0)
			memcpy(reader->head + reader->head_n, bytes, size);
		reader->head_n += size;
		bytes += size;
		n -= size;
		if (reader->head_n < wanted)
			return true;
		decide_and_go_on(reader);
	}
	if (n > 0 && !reader->sated)
		add_decided(reader, bytes, n, false);
	return !reader->sated;
}

void
charset_finish(struct charset_reader *reader, struct charset_facts *facts_r)
{
	if (!reader->decided)
		decide_and_go_on(reader);
	if (!reader->sated) {
		add_decided(reader, "", 0, true);
		if (reader->converter != NO_CONVERTER)
			convert_end(reader);
		out_flush(reader);
	}
	reader->facts.ascii_only = !reader->has_8bit && !reader->has_nul &&
	    !(reader->has_shifted && slice_of(reader->declared).n > 0);
	if (reader->has_8bit && slice_is(slice_of(reader->declared), "us-ascii"))
		reader->facts.unknown = true;
	*facts_r = reader->facts;
}
