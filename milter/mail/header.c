/*
 * The header section: fields in chunks that never move, chained by kind.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "mail/bytes.h"
#include "mail/header.h"

enum { CHUNK = 32, CHUNKS = (HEADERS_MAX + CHUNK - 1) / CHUNK, LINE_OCTETS_MAX = 998 };

struct field {
	struct header header;		/* first: a header leads to its field */
	struct field *next;		/* of the same kind */
};

struct kind {
	size_t count;			/* all, also those not kept */
	struct field *first, *last;
};

struct headers {
	struct arena *arena;
	struct field *chunks[CHUNKS];
	struct kind kinds[HDR_IDS];
	struct map *others;		/* lower-case name: the last field kept */
	size_t kept, total;
	size_t kept_bytes, bytes;
	bool full;			/* nothing more is kept */
	bool over_limit;
};

static const struct slice names[HDR_IDS] = {
	[HDR_OTHER] = { "", 0 },
#define NAME(id, text) [id] = { text, sizeof(text) - 1 }
	NAME(HDR_FROM, "From"),
	NAME(HDR_SENDER, "Sender"),
	NAME(HDR_REPLY_TO, "Reply-To"),
	NAME(HDR_TO, "To"),
	NAME(HDR_CC, "Cc"),
	NAME(HDR_BCC, "Bcc"),
	NAME(HDR_DATE, "Date"),
	NAME(HDR_MESSAGE_ID, "Message-ID"),
	NAME(HDR_IN_REPLY_TO, "In-Reply-To"),
	NAME(HDR_REFERENCES, "References"),
	NAME(HDR_SUBJECT, "Subject"),
	NAME(HDR_COMMENTS, "Comments"),
	NAME(HDR_KEYWORDS, "Keywords"),
	NAME(HDR_RESENT_FROM, "Resent-From"),
	NAME(HDR_RESENT_SENDER, "Resent-Sender"),
	NAME(HDR_RESENT_TO, "Resent-To"),
	NAME(HDR_RESENT_CC, "Resent-Cc"),
	NAME(HDR_RESENT_DATE, "Resent-Date"),
	NAME(HDR_RESENT_MESSAGE_ID, "Resent-Message-ID"),
	NAME(HDR_RECEIVED, "Received"),
	NAME(HDR_RETURN_PATH, "Return-Path"),
	NAME(HDR_MIME_VERSION, "MIME-Version"),
	NAME(HDR_CONTENT_TYPE, "Content-Type"),
	NAME(HDR_CONTENT_TRANSFER_ENCODING, "Content-Transfer-Encoding"),
	NAME(HDR_CONTENT_ID, "Content-ID"),
	NAME(HDR_CONTENT_DESCRIPTION, "Content-Description"),
	NAME(HDR_CONTENT_DISPOSITION, "Content-Disposition"),
	NAME(HDR_CONTENT_LANGUAGE, "Content-Language"),
	NAME(HDR_LIST_ID, "List-ID"),
	NAME(HDR_LIST_POST, "List-Post"),
	NAME(HDR_LIST_HELP, "List-Help"),
	NAME(HDR_LIST_OWNER, "List-Owner"),
	NAME(HDR_LIST_ARCHIVE, "List-Archive"),
	NAME(HDR_LIST_SUBSCRIBE, "List-Subscribe"),
	NAME(HDR_LIST_UNSUBSCRIBE, "List-Unsubscribe"),
	NAME(HDR_LIST_UNSUBSCRIBE_POST, "List-Unsubscribe-Post"),
	NAME(HDR_PRECEDENCE, "Precedence"),
	NAME(HDR_AUTO_SUBMITTED, "Auto-Submitted"),
	NAME(HDR_FEEDBACK_ID, "Feedback-ID"),
	NAME(HDR_THREAD_INDEX, "Thread-Index"),
	NAME(HDR_DKIM_SIGNATURE, "DKIM-Signature"),
	NAME(HDR_AUTHENTICATION_RESULTS, "Authentication-Results"),
	NAME(HDR_ARC_SEAL, "ARC-Seal"),
	NAME(HDR_ARC_MESSAGE_SIGNATURE, "ARC-Message-Signature"),
	NAME(HDR_ARC_AUTHENTICATION_RESULTS, "ARC-Authentication-Results"),
	NAME(HDR_X_MAILWORTHY, "X-Mailworthy"),
#undef NAME
};

enum header_id
header_id_of(struct slice name)
{
	for (enum header_id id = HDR_OTHER + 1; id < HDR_IDS; id++) {
		if (names[id].n == name.n &&
		    ((names[id].p[0] ^ name.p[0]) & ~0x20) == 0 &&
		    slice_eq_nocase(names[id], name))
			return id;
	}
	return HDR_OTHER;
}

const char *
header_id_name(enum header_id id)
{
	return names[id].p;
}

struct headers *
headers_new(struct arena *arena)
{
	struct headers *headers;

	headers = arena_alloc(arena, sizeof(*headers));
	headers->arena = arena;
	return headers;
}

/* One pass over a value. */
struct scan {
	size_t line;			/* where the line begins */
	size_t before;			/* octets before the value: name, colon */
	size_t longest;
	size_t lone_lf;			/* LF without a CR before it */
	unsigned odd;
};

static void
scan_line(struct scan *scan, size_t end)
{
	size_t n = end - scan->line + scan->before;

	if (n > scan->longest)
		scan->longest = n;
}

static void
scan_lf(struct scan *scan, struct slice value, size_t i)
{
	if (i > 0 && value.p[i - 1] == '\r') {
		scan_line(scan, i - 1);
	} else {
		scan_line(scan, i);
		scan->lone_lf++;
	}
	scan->line = i + 1;
	scan->before = 0;
}

static void
scan_byte(struct scan *scan, struct slice value, size_t i)
{
	unsigned char c = (unsigned char)value.p[i];

	if (c == '\n')
		scan_lf(scan, value, i);
	else if (c == '\r')
		scan->odd |= i + 1 < value.n && value.p[i + 1] == '\n' ? 0 :
		    HEADER_ODD_BARE_CR;
	else if (c == '\0')
		scan->odd |= HEADER_ODD_NUL;
	else if (c >= 0x80)
		scan->odd |= HEADER_ODD_8BIT;
	else if (c != '\t' && (c < 0x20 || c == 0x7f))
		scan->odd |= HEADER_ODD_CONTROL;
}

/* Reads the whole value, also what will not be kept of it. */
static struct scan
scan_value(size_t name_size, struct slice value)
{
	struct scan scan = { .before = name_size + 1 };

	for (size_t i = 0; i < value.n; i++) {
		i += bytes_plain(value.p + i, value.n - i);
		if (i < value.n)
			scan_byte(&scan, value, i);
	}
	scan_line(&scan, value.n);
	if (scan.longest > LINE_OCTETS_MAX)
		scan.odd |= HEADER_ODD_LINE_LONG;
	return scan;
}

/* RFC 5322 section 2.2: printable ASCII, no colon, and not nothing. */
static bool
is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ':')
			return false;
	}
	return name.n > 0;
}

static struct field *
field_new(struct headers *headers)
{
	struct field **chunk = &headers->chunks[headers->kept / CHUNK];

	if (*chunk == NULL)
		*chunk = arena_array(headers->arena, CHUNK, sizeof(**chunk));
	return &(*chunk)[headers->kept++ % CHUNK];
}

/* Blanks before the colon are no part of a name (RFC 5322 section 4.5.8): a
 * receiver takes "From :" for a From. */
static struct slice
without_blanks(struct slice name)
{
	while (name.n > 0 && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	return name;
}

/* The place among fields of a name that has no id. */
static unsigned
other_index(struct headers *headers, struct field *field)
{
	const struct field *before;
	const char *key;

	if (headers->others == NULL)
		headers->others = map_new(headers->arena);
	key = slice_dup_lower(headers->arena,
	    without_blanks(field->header.name));
	before = map_get(headers->others, key);
	map_set(headers->others, key, field);
	return before == NULL ? 1 : before->header.index + 1;
}

static void
field_link(struct headers *headers, struct field *field)
{
	struct kind *kind = &headers->kinds[field->header.id];

	if (kind->last == NULL)
		kind->first = field;
	else
		kind->last->next = field;
	kind->last = field;
	field->header.index = field->header.id == HDR_OTHER ?
	    other_index(headers, field) : (unsigned)kind->count;
}

/* Counts the field; false when it is not to be kept.  What is kept is the
 * beginning of the section, without holes. */
static bool
headers_take(struct headers *headers, enum header_id id, size_t size)
{
	headers->kinds[id].count++;
	headers->total++;
	if (headers->kept == HEADERS_MAX ||
	    size > HEADERS_BYTES_MAX - headers->kept_bytes)
		headers->full = headers->over_limit = true;
	if (!headers->full)
		headers->kept_bytes += size;
	return !headers->full;
}

void
headers_add(struct headers *headers, struct slice name, struct slice value)
{
	struct scan scan = scan_value(name.n, value);
	struct slice kept = slice_sub(value, 0, HEADER_VALUE_MAX);
	struct slice kept_name = slice_sub(name, 0, HEADER_VALUE_MAX);
	enum header_id id = header_id_of(without_blanks(name));
	struct field *field;

	headers->bytes += name.n + 1 + value.n + scan.lone_lf + 2;
	if (kept.n < value.n || kept_name.n < name.n) {
		scan.odd |= HEADER_ODD_CUT;
		headers->over_limit = true;
	}
	if (!headers_take(headers, id, kept_name.n + kept.n))
		return;
	if (!is_name(name))
		scan.odd |= HEADER_ODD_NAME;

	field = field_new(headers);
	field->header = (struct header){
		.id = id,
		.name = { slice_dup(headers->arena, kept_name), kept_name.n },
		.value = { slice_dup(headers->arena, kept), kept.n },
		.full_size = value.n,
		.longest_line = scan.longest,
		.odd = scan.odd,
	};
	field_link(headers, field);
}

size_t
headers_kept(const struct headers *headers)
{
	return headers->kept;
}

size_t
headers_total(const struct headers *headers)
{
	return headers->total;
}

size_t
headers_bytes(const struct headers *headers)
{
	return headers->bytes;
}

bool
headers_over_limit(const struct headers *headers)
{
	return headers->over_limit;
}

const struct header *
headers_at(const struct headers *headers, size_t i)
{
	if (i >= headers->kept)
		return NULL;
	return &headers->chunks[i / CHUNK][i % CHUNK].header;
}

size_t
headers_count(const struct headers *headers, enum header_id id)
{
	return headers->kinds[id].count;
}

const struct header *
headers_first(const struct headers *headers, enum header_id id)
{
	const struct field *field = headers->kinds[id].first;

	return field == NULL ? NULL : &field->header;
}

const struct header *
headers_last(const struct headers *headers, enum header_id id)
{
	const struct field *field = headers->kinds[id].last;

	return field == NULL ? NULL : &field->header;
}

const struct header *
headers_next(const struct headers *headers, const struct header *h)
{
	const struct field *field = (const struct field *)h;

	(void)headers;
	return field->next == NULL ? NULL : &field->next->header;
}

struct slice
header_unfold(struct arena *arena, struct slice value)
{
	size_t n = 0, end;
	char *out;

	value = slice_trim(value);
	if (slice_find(value, '\n') == value.n)
		return value;
	out = arena_alloc(arena, value.n + 1);
	for (size_t i = 0; i < value.n; i = end + 1) {
		end = i + slice_find(slice_sub(value, i, value.n), '\n');
		if (i > 0 && value.p[i] != ' ' && value.p[i] != '\t')
			out[n++] = ' ';	/* no fold, but words must not grow together */
		memcpy(out + n, value.p + i, end - i);
		n += end - i;
		if (end < value.n && end > i && value.p[end - 1] == '\r')
			n--;
	}
	return (struct slice){ out, n };
}
