/*
 * What the view holds of a message, wherever its chunks are cut.
 */
#include "exact.h"

#include "base/arena.h"
#include "base/buf.h"
#include "mail/body.h"
#include "mail/header.h"
#include "mail/utf8.h"
#include "mail/view.h"

static const struct view *
read_message(struct arena *arena, struct slice message, size_t chunk)
{
	struct headers *headers = headers_new(arena);
	struct body_facts facts;
	struct body *body;
	struct slice field, name;

	while (slice_split(&message, '\n', &field) && field.n > 1) {
		name = slice_sub(field, 0, slice_find(field, ':'));
		headers_add(headers, name, slice_trim(slice_sub(field, name.n + 1,
		    field.n)));
	}
	body = body_new(arena, headers);
	for (size_t i = 0; i < message.n; i += chunk) {
		struct slice part = slice_sub(message, i, chunk);
		struct slice copy = exact_bytes(part.p, part.n);

		body_add(body, copy.p, copy.n);
		exact_drop(copy);
	}
	body_finish(body, &facts);
	return body_view(body);
}

static void
write_flags(struct buf *out, const struct view_part *part)
{
	const struct {
		bool is_set;
		const char *name;
	} flags[] = {
		{ part->is_attachment, "attachment" },
		{ part->in_attached_message, "attached" },
		{ part->in_signed, "signed" },
		{ part->in_encrypted, "encrypted" },
		{ part->has_8bit, "8bit" },
		{ part->bad_encoding, "bad-encoding" },
		{ part->charset_unknown, "charset" },
		{ part->ascii_only, "ascii" },
		{ part->over_limit, "over" },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].is_set)
			buf_printf(out, " %s", flags[i].name);
	}
}

/* "section kind type size decoded flags|charset|encoding|name|fault|text" */
static const char *
write_down(struct arena *arena, const struct view *view)
{
	static const char *const kinds[] = { "multipart", "message", "text", "html",
	    "other" };
	const struct view_part *part;
	struct buf out;

	buf_init(&out, arena, 100000);
	for (size_t i = 0; i < view->n_parts; i++) {
		part = &view->parts[i];
		buf_printf(&out, "[%s] %s %s %u %u", part->section, kinds[part->kind],
		    part->type, (unsigned)part->size, (unsigned)part->decoded_size);
		write_flags(&out, part);
		if (part->charset != NULL)
			buf_printf(&out, " =%s", part->charset);
		if (part->encoding_given != NULL)
			buf_printf(&out, " (%s)", part->encoding_given);
		if (part->filename != NULL)
			buf_printf(&out, " <%s>", part->filename);
		if (part->malformed != NULL)
			buf_printf(&out, " !%s", part->malformed);
		if (part->kind == VIEW_TEXT) {
			assert_true(utf8_valid(part->text));
			buf_printf(&out, " |%.*s|", (int)part->text.n, part->text.p);
		}
		buf_add_char(&out, '\n');
		assert_int_equal(part->depth, part->parent == VIEW_NONE ? 1 :
		    view->parts[part->parent].depth + 1);
	}
	if (view->over_limit)
		buf_add_str(&out, "over limit\n");
	return buf_str(&out);
}

#define TEXT_HEAD "Content-Type: text/plain; charset="
#define QP "Content-Transfer-Encoding: quoted-printable\n"
#define B64 "Content-Transfer-Encoding: base64\n"
#define WORD_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

struct row {
	const char *name;
	const char *message;		/* "\n" stands for CRLF in the body */
	const char *view;
};

static const struct row rows[] = {
	{ "nothing", "\n", "[1] text text/plain 0 0 ascii ||\n" },
	{ "plain", "\nhello\nworld\n",
	    "[1] text text/plain 14 14 ascii |hello\r\nworld\r\n|\n" },
	{ "the longest type in common use", "Content-Type: " WORD_TYPE "\n\nx\n",
	    "[1] other " WORD_TYPE " 3 3 ascii\n" },
	{ "no last line end", "\n-x\n--", "[1] text text/plain 6 6 ascii |-x\r\n--|\n" },
	{ "quoted-printable",
	    TEXT_HEAD "utf-8\n" QP "\ngr=C3=BC=\nn = \n=3D\n",
	    "[1] text text/plain 22 9 =utf-8 (quoted-printable) "
	    "|gr\xc3\xbcn = \r\n=\r\n|\n" },
	{ "quoted-printable that is none", QP "\na=xb=4\n==\n=Zz=",
	    "[1] text text/plain 16 15 bad-encoding ascii (quoted-printable) "
	    "|a=xb=4\r\n==\r\n=Zz|\n" },
	{ "quoted-printable, lower case, blank before the line end",
	    TEXT_HEAD "utf-8\n" QP "\n=c3=bc= \t\nx=\n",
	    "[1] text text/plain 15 3 =utf-8 (quoted-printable) "
	    "|\xc3\xbc= \t\r\nx|\n" },
	{ "base64 of shifted octets", TEXT_HEAD "iso-2022-jp\n" B64 "\nGyRCJCIbKEI=\n",
	    "[1] text text/plain 14 8 =iso-2022-jp (base64) |\xe3\x81\x82|\n" },
	{ "base64", TEXT_HEAD "us-ascii\n" B64 "\naGVsbG8g\nd29ybGQ=\n",
	    "[1] text text/plain 20 11 ascii =us-ascii (base64) |hello world|\n" },
	{ "base64 without its last sign", B64 "\naGVsbG8",
	    "[1] text text/plain 7 5 bad-encoding ascii (base64) |hello|\n" },
	{ "base64 with something else in it", B64 "\naGVs!bG8=\n",
	    "[1] text text/plain 11 5 bad-encoding ascii (base64) |hello|\n" },
	{ "base64 after its end", B64 "\naGVsbG8=\nAAAA\n",
	    "[1] text text/plain 16 8 bad-encoding ascii (base64) |hello|\n" },
	{ "two parts",
	    MIXED "preamble\n--b\n\none\n--b\nContent-Type: text/html\n\n<p>two\n\n--b--\n"
	    "epilogue",
	    "[] multipart multipart/mixed 71 71\n"
	    "[1] text text/plain 3 3 ascii |one|\n"
	    "[2] html text/html 8 8 ascii\n" },
	{ "lines like boundaries",
	    MIXED "--b\n\n-\n--\n--bb\n-- b\n\n--b--",
	    "[] multipart multipart/mixed 33 33\n"
	    "[1] text text/plain 19 19 ascii |-\r\n--\r\n--bb\r\n-- b\r\n|\n" },
	{ "an empty part", MIXED "--b\n\n--b\n--b\n\n\n--b--\n",
	    "[] multipart multipart/mixed 28 28\n"
	    "[1] text text/plain 0 0 ascii ||\n"
	    "[2] text text/plain 0 0 ascii ||\n"
	    "[3] text text/plain 0 0 ascii ||\n" },
	{ "no boundary named", "Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n",
	    "[] multipart multipart/mixed 17 17 !no boundary is named\n" },
	{ "boundary never opened", MIXED "x\n",
	    "[] multipart multipart/mixed 3 3 !its boundary never begins a part\n" },
	{ "only the last boundary", MIXED "x\n--b--\n",
	    "[] multipart multipart/mixed 10 10 !its boundary never begins a part\n" },
	{ "boundary never closed", MIXED "--b\n\nx\n",
	    "[] multipart multipart/mixed 10 10 !its last boundary is missing\n"
	    "[1] text text/plain 3 3 ascii |x\r\n|\n" },
	{ "encoded multipart", "Content-Type: multipart/mixed; boundary=b\n" B64
	    "\n--b\n\nx\n--b--\n",
	    "[] multipart multipart/mixed 17 17 (base64) "
	    "!a multipart may not be base64 as a whole\n"
	    "[1] text text/plain 1 1 ascii |x|\n" },
	{ "sections",
	    MIXED "--b\nContent-Type: multipart/alternative; boundary=c\n\n"
	    "--c\n\na\n--c\nContent-Type: text/html\n\nb\n--c--\n"
	    "--b\nContent-Type: message/rfc822\n\nSubject: x\n"
	    "Content-Type: multipart/mixed; boundary=d\n\n--d\n\nc\n"
	    "--d\nContent-Type: message/rfc822\n\n\nd\n--d--\n"
	    "--b\n\ne\n--b--\n",
	    "[] multipart multipart/mixed 278 278\n"
	    "[1] multipart multipart/alternative 52 52\n"
	    "[1.1] text text/plain 1 1 ascii |a|\n"
	    "[1.2] html text/html 1 1 ascii\n"
	    "[2] message message/rfc822 114 114\n"
	    "[2.TEXT] multipart multipart/mixed 59 59 attached\n"
	    "[2.1] text text/plain 1 1 attached ascii |c|\n"
	    "[2.2] message message/rfc822 3 3 attached\n"
	    "[2.2.1] text text/plain 1 1 attached ascii |d|\n"
	    "[3] text text/plain 1 1 ascii |e|\n" },
	{ "a message is attached, nothing else",
	    "Content-Type: message/rfc822\n\nContent-Type: text/html\n\nx\n",
	    "[1] message message/rfc822 30 30\n"
	    "[1.1] html text/html 3 3 attached ascii\n" },
	{ "inner multipart not closed",
	    MIXED "--b\nContent-Type: multipart/related; boundary=c\n\n--c\n\na\n"
	    "--b\n\ne\n--b--\n",
	    "[] multipart multipart/mixed 79 79\n"
	    "[1] multipart multipart/related 8 8 !its last boundary is missing\n"
	    "[1.1] text text/plain 1 1 ascii |a|\n"
	    "[2] text text/plain 1 1 ascii |e|\n" },
	{ "signed and encrypted",
	    "Content-Type: multipart/signed; boundary=b\n\n--b\n"
	    "Content-Type: multipart/encrypted; boundary=c\n\n--c\n\na\n--c--\n"
	    "--b\n\ne\n--b--\n",
	    "[] multipart multipart/signed 88 88\n"
	    "[1] multipart multipart/encrypted 17 17 signed\n"
	    "[1.1] text text/plain 1 1 signed encrypted ascii |a|\n"
	    "[2] text text/plain 1 1 signed ascii |e|\n" },
	{ "attachments",
	    MIXED "--b\nContent-Disposition: attachment\n\na\n"
	    "--b\nContent-Disposition: Attachment; filename*=utf-8''gr%C3%BCn.txt\n\nb\n"
	    "--b\nContent-Type: text/plain; name=\"=?iso-8859-1?q?=fc?=\"\n\nc\n"
	    "--b\nContent-Type: Application/PDF\n" B64 "\nQUJD\n--b--\n",
	    "[] multipart multipart/mixed 269 269\n"
	    "[1] other text/plain 1 1 attachment ascii\n"
	    "[2] other text/plain 1 1 attachment ascii <gr\xc3\xbcn.txt>\n"
	    "[3] other text/plain 1 1 attachment ascii <\xc3\xbc>\n"
	    "[4] other application/pdf 4 3 ascii (base64)\n" },
	{ "a name does not hide the only text",
	    "Content-Type: text/plain; name=x.txt\n\na\n",
	    "[1] text text/plain 3 3 attachment ascii <x.txt> |a\r\n|\n" },
	{ "text that is data", "Content-Type: text/calendar\n\na\n",
	    "[1] other text/calendar 3 3 ascii\n" },
	{ "unknown text", "Content-Type: text/x-mine\n\na\n",
	    "[1] text text/x-mine 3 3 ascii |a\r\n|\n" },
	{ "names are harmless", "Content-Type: text/a\xff" "b; charset=\"u \x02\"\n"
	    "Content-Transfer-Encoding: x\x7fy\n\na",
	    "[1] text text/a?b 1 1 charset ascii =u?? (x?y) |a|\n" },
	{ "digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\n\nx\n--b--\n",
	    "[] multipart multipart/digest 19 19\n"
	    "[1] message message/rfc822 3 3\n"
	    "[1.1] text text/plain 1 1 attached ascii |x|\n" },
	/* charsets */
	{ "latin 1", TEXT_HEAD "iso-8859-1\n\n\xfc\x80\n",
	    "[1] text text/plain 4 4 8bit =iso-8859-1 |\xc3\xbc\xe2\x82\xac\r\n|\n" },
	{ "not declared", "\n\xfc\x81\x93\xc3\xbc\n",
	    "[1] text text/plain 7 7 8bit "
	    "|\xc3\xbc\xef\xbf\xbd\xe2\x80\x9c\xc3\xbc\r\n|\n" },
	{ "no UTF-8", TEXT_HEAD "utf-8\n\n\xfc" "a\xe2\x82\n\xf0\x9f\x98",
	    "[1] text text/plain 9 9 8bit charset =utf-8 "
	    "|\xef\xbf\xbd" "a\xef\xbf\xbd\xef\xbf\xbd\r\n"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\n" },
	{ "8-bit in ASCII", TEXT_HEAD "us-ascii\n\n\xc3\xbc\n",
	    "[1] text text/plain 4 4 8bit charset =us-ascii |\xc3\xbc\r\n|\n" },
	{ "no such charset", TEXT_HEAD "x-klingon\n\n\xfcx\n",
	    "[1] text text/plain 4 4 8bit charset =x-klingon |\xc3\xbcx\r\n|\n" },
	{ "mark of UTF-8", TEXT_HEAD "utf-8\n\n\xef\xbb\xbfx\n",
	    "[1] text text/plain 6 6 8bit =utf-8 |x\r\n|\n" },
	{ "mark of UTF-8 in latin 1", TEXT_HEAD "iso-8859-1\n\n\xef\xbb\xbf\xc3\xbc\n",
	    "[1] text text/plain 7 7 8bit charset =iso-8859-1 |\xc3\xbc\r\n|\n" },
	{ "UTF-16 with mark", TEXT_HEAD "utf-16\n" B64 "\n/v8AeAD8\n",
	    "[1] text text/plain 10 6 =utf-16 (base64) |x\xc3\xbc|\n" },
	{ "UTF-16, little end first", TEXT_HEAD "utf-16le\n" B64 "\neAD8AA==\n",
	    "[1] text text/plain 10 4 =utf-16le (base64) |x\xc3\xbc|\n" },
	{ "half a surrogate", TEXT_HEAD "utf-16be\n" B64 "\n2AAAeA==\n",
	    "[1] text text/plain 10 4 charset =utf-16be (base64) |\xef\xbf\xbdx|\n" },
	{ "UTF-16 that nobody declared", B64 "\n//54APwA\n",
	    "[1] text text/plain 10 6 (base64) |x\xc3\xbc|\n" },
	{ "UTF-32", TEXT_HEAD "utf-32be\n" B64 "\nAAAAeAAAAPw=\n",
	    "[1] text text/plain 14 8 =utf-32be (base64) |x\xc3\xbc|\n" },
	{ "UTF-7 by its first name", TEXT_HEAD "unicode-1-1-utf-7\n\n+APw-\n",
	    "[1] text text/plain 7 7 =unicode-1-1-utf-7 |\xc3\xbc\r\n|\n" },
	{ "charset after RFC 2231", "Content-Type: text/plain; charset*=''koi8-r\n\n\xc1\n",
	    "[1] text text/plain 3 3 8bit =koi8-r |\xd0\xb0\r\n|\n" },
	{ "shifted", TEXT_HEAD "iso-2022-jp\n\n\x1b$B$\"\x1b(Bx\n",
	    "[1] text text/plain 11 11 =iso-2022-jp |\xe3\x81\x82x\r\n|\n" },
	{ "two octets a character", TEXT_HEAD "gb2312\n\n\xc4\xe3\xba\xc3\n",
	    "[1] text text/plain 6 6 8bit =gb2312 |\xe4\xbd\xa0\xe5\xa5\xbd\r\n|\n" },
	{ "half a character at the end", TEXT_HEAD "gb2312\n\n\xc4\xe3\xba",
	    "[1] text text/plain 3 3 8bit charset =gb2312 "
	    "|\xe4\xbd\xa0\xef\xbf\xbd|\n" },
};

/* The header keeps its LF, the body gets CRLF. */
static struct slice
with_crlf(const char *message)
{
	size_t n = strlen(message), header = 0, size = 0;
	char *out = malloc(2 * n + 1);
	struct slice copy;

	if (out == NULL)
		abort();
	if (message[0] != '\n')
		header = (size_t)(strstr(message, "\n\n") - message) + 1;
	for (size_t i = 0; i < n; i++) {
		if (message[i] == '\n' && i > header)
			out[size++] = '\r';
		out[size++] = message[i];
	}
	copy = exact_bytes(out, size);
	free(out);
	return copy;
}

static void
test_rows(void **state)
{
	size_t faults = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice message = with_crlf(rows[i].message);

		bool same = true;

		for (size_t chunk = message.n + 1; same && chunk > 0; chunk--) {
			struct arena *arena = arena_new();
			const char *found = write_down(arena,
			    read_message(arena, message, chunk));

			same = strcmp(found, rows[i].view) == 0;
			if (!same)
				print_error("%s, chunks of %zu:\n%s", rows[i].name,
				    chunk, found);
			arena_free(&arena);
		}
		faults += !same;
		exact_drop(message);
	}
	assert_int_equal(faults, 0);
}

/* ---- HTML, links ---- */

static const struct {
	const char *message, *text;
	bool charset_unknown;
} html_rows[] = {
	{ "Content-Type: text/html\n\n<meta charset=koi8-r><p>\xc1\xc2", "\xd0\xb0\xd0\xb1",
	    false },
	{ "Content-Type: text/html\n\n<!-- <meta charset=utf-8> --><META http-equiv=x "
	    "content='text/html; charset = \"koi8-r\"'><p>\xc1", "\xd0\xb0", false },
	{ "Content-Type: text/html; charset=utf-8\n\n<meta charset=koi8-r><p>\xc3\xbc",
	    "\xc3\xbc", false },
	{ "Content-Type: text/html\n\n<meta charset=utf-16><p>\xc3\xbc", "\xc3\xbc",
	    false },
	{ "Content-Type: text/html\n\n<meta charset=x-none><p>\xfc", "\xc3\xbc", false },
	{ "Content-Type: text/html; charset=x-none\n\n<p>\xfc", "\xc3\xbc", true },
	{ "Content-Type: text/html; charset=utf-16be\n" B64 "\nADwAYgA+APw=",
	    "\xc3\xbc", false },
	{ "Content-Type: text/html\n" QP "\n<p>a=\nb=3D=C3=BC", "ab=\xc3\xbc", false },
};

static void
test_html(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(html_rows) / sizeof(html_rows[0]); i++) {
		struct slice message = with_crlf(html_rows[i].message);

		for (size_t chunk = message.n; chunk > 0; chunk--) {
			struct arena *arena = arena_new();
			const struct view *view = read_message(arena, message, chunk);
			const struct view_part *part = view->parts;

			assert_int_equal(view->n_parts, 1);
			assert_int_equal(part->kind, VIEW_HTML);
			assert_non_null(part->html);
			if (!slice_eq(slice_trim(part->text),
			    slice_of(html_rows[i].text)))
				fail_msg("row %zu, chunks of %zu: %.*s", i, chunk,
				    (int)part->text.n, part->text.p);
			assert_int_equal(part->charset_unknown,
			    html_rows[i].charset_unknown);
			arena_free(&arena);
		}
		exact_drop(message);
	}
}

static void
test_links(void **state)
{
	struct slice message = with_crlf(MIXED
	    "--b\n\nsee https://example.com/a, and www.example.org.\n"
	    "--b\nContent-Type: text/html\n\n<a href='http://example.net/x'>there</a>\n"
	    "--b\nContent-Type: message/rfc822\n\n\nhttps://example.com/inner\n"
	    "--b\nContent-Disposition: attachment\n\nhttps://example.com/att\n"
	    "--b--\n");
	struct arena *arena = arena_new();
	const struct view *view = read_message(arena, message, 7);

	(void)state;
	assert_int_equal(view->n_links, 3);
	assert_int_equal(view->links_total, 3);
	assert_string_equal(view->links[0].target, "https://example.com/a");
	assert_null(view->links[0].text);
	assert_int_equal(view->links[0].part, 1);
	assert_string_equal(view->links[0].url.host, "example.com");
	assert_string_equal(view->links[1].target, "www.example.org");
	assert_string_equal(view->links[2].target, "http://example.net/x");
	assert_string_equal(view->links[2].text, "there");
	assert_int_equal(view->links[2].part, 2);
	arena_free(&arena);
	exact_drop(message);
}

/* ---- limits ---- */

struct limit_row {
	const char *name, *head, *unit;
	size_t n;
	size_t parts, links, text;
};

static const struct limit_row limits[] = {
	{ "a million parts", MIXED, "--b\r\n\r\nx\r\n", 1000000, PART_ENTITIES_MAX, 0, 0 },
	{ "many HTML parts", MIXED,
	    "--b\r\nContent-Type: text/html\r\n\r\n<a href=http://example.com/>x</a>\r\n",
	    20000, PART_ENTITIES_MAX, PART_ENTITIES_MAX - 1, 0 },
	{ "many archives", MIXED,
	    "--b\r\nContent-Type: application/zip\r\n" "Content-Transfer-Encoding: base64"
	    "\r\n\r\nUEsDBAo=\r\n", 20000, PART_ENTITIES_MAX, 0, 0 },
	{ "long text", "\n", "\xc3\xa4", 1024 * 1024, 1, 0, VIEW_TEXT_MAX },
	{ "long text, characters that do not end with the limit", "\n",
	    "\xe2\x82\xac", 1024 * 1024, 1, 0, VIEW_TEXT_MAX - 1 },
	{ "long HTML", "Content-Type: text/html\n\n", "x ", 1024 * 1024, 1, 0, 0 },
	{ "links", "\n", "http://example.com/ ", 20000, 1, VIEW_LINKS_MAX, 400000 },
	{ "bytes of no charset", TEXT_HEAD "shift_jis\n\n", "\xff", 2000000, 1, 0,
	    VIEW_TEXT_MAX - 1 },
};

static void
test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct limit_row *row = &limits[i];
		size_t head = strlen(row->head), unit = strlen(row->unit);
		char *bytes = malloc(head + row->n * unit);
		struct arena *arena = arena_new();
		const struct view *view;

		assert_non_null(bytes);
		memcpy(bytes, row->head, head);
		for (size_t k = 0; k < row->n; k++)
			memcpy(bytes + head + k * unit, row->unit, unit);
		view = read_message(arena, (struct slice){ bytes, head + row->n * unit },
		    65535);
		if (view->n_parts != row->parts || view->n_links != row->links ||
		    !view->over_limit || (row->text != 0 &&
		    view->parts[0].text.n != row->text))
			fail_msg("%s: %zu parts, %zu links, text of %zu", row->name,
			    view->n_parts, view->n_links, view->parts[0].text.n);
		assert_true(utf8_valid(view->parts[0].text));
		if (arena_size(arena) >= 8 * 1024 * 1024)
			fail_msg("%s: %zu octets", row->name, arena_size(arena));
		arena_free(&arena);
		free(bytes);
	}
}

/* What cannot be seen of an archive hides nothing of the text beside it. */
static void
test_broken_archive(void **state)
{
	struct slice message = with_crlf(MIXED "--b\n\nHello\n--b\n"
	    "Content-Type: application/zip; name=a.zip\n"
	    "Content-Transfer-Encoding: base64\n\nUEsDBAo=\n--b--\n");
	struct arena *arena = arena_new();
	const struct view *view = read_message(arena, message, 100);

	(void)state;
	assert_int_equal(view->n_parts, 3);
	assert_true(view->parts[2].attachment->over_limit);
	assert_false(view->over_limit);
	arena_free(&arena);
	exact_drop(message);
}

/* A line that is too long to be looked at whole is content all the same. */
static void
test_long_lines(void **state)
{
	const size_t sizes[] = { PART_LINE_MAX - 1, PART_LINE_MAX, PART_LINE_MAX + 1,
	    20000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct slice line = exact_repeat("-", sizes[i], "\r\n--b--\r\n");
		struct slice head = with_crlf(MIXED "--b\n\n");
		char *whole = malloc(head.n + line.n);
		struct slice message = { whole, head.n + line.n };

		assert_non_null(whole);
		memcpy(whole, head.p, head.n);
		memcpy(whole + head.n, line.p, line.n);
		for (size_t chunk = 1; chunk < 30000; chunk = chunk * 3 + 1) {
			struct arena *arena = arena_new();
			const struct view *view = read_message(arena, message, chunk);

			assert_int_equal(view->n_parts, 2);
			assert_int_equal(view->parts[1].size, sizes[i]);
			assert_int_equal(view->parts[1].text.n, sizes[i]);
			assert_null(view->parts[0].malformed);
			arena_free(&arena);
		}
		free(whole);
		exact_drop(head);
		exact_drop(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_broken_archive),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
