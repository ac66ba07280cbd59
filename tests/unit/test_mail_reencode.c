/*
 * Bodies written anew: what becomes of each part, and that a reader decodes
 * what was there.
 */
#include "exact.h"

#include "base/arena.h"
#include "base/spool.h"
#include "mail/body.h"
#include "mail/header.h"
#include "mail/mend.h"
#include "mail/reencode.h"
#include "mended.h"

struct work {
	struct arena *arena;
	struct headers *headers, *after;
	struct spool *body;
	struct body_facts facts;
	struct reencoded out;
	struct slice octets;		/* of the new body */
	const char *error;
	int status;
};

static const struct mend_options options = { .charset = NULL };

/* `fields`: the message's own, each with a final line feed. */
static void
begin(struct work *w, const char *fields, struct slice body)
{
	struct slice rest = slice_of(fields), line;
	struct body *reader;
	size_t colon;

	*w = (struct work){ .arena = arena_new() };
	w->headers = headers_new(w->arena);
	while (slice_split(&rest, '\n', &line)) {
		colon = slice_find(line, ':');
		headers_add(w->headers, slice_sub(line, 0, colon),
		    slice_sub(line, colon + 1, line.n));
	}
	w->body = spool_new(w->arena, 1 << 26);
	spool_add(w->body, body.p, body.n);
	reader = body_new(w->arena, w->headers);
	body_add(reader, body.p, body.n);
	body_finish(reader, &w->facts);
}

static void
run(struct work *w)
{
	w->status = reencode(w->arena, w->headers, w->body, &options, 1 << 26, &w->out,
	    &w->error);
	w->octets = mended_octets(w->arena, w->out.body != NULL ? w->out.body : w->body);
}

/* What must hold of each that was written anew. */
static void
assert_same(struct work *w)
{
	struct mended_side before = { .headers = w->headers, .body = w->body };
	struct mended_side after = { .body = w->out.body };
	const char *differs;

	if (w->out.body == NULL)
		return;
	w->after = headers_new(w->arena);
	for (size_t i = 0; i < headers_kept(w->headers); i++) {
		const struct header *h = headers_at(w->headers, i);

		if ((h->id != HDR_CONTENT_TRANSFER_ENCODING || w->out.encoding == NULL) &&
		    (h->id != HDR_CONTENT_TYPE || w->out.type == NULL))
			headers_add(w->after, h->name, h->value);
	}
	if (w->out.encoding != NULL)
		headers_add(w->after, SLICE("Content-Transfer-Encoding"),
		    slice_of(w->out.encoding));
	if (w->out.type != NULL)
		headers_add(w->after, SLICE("Content-Type"), slice_of(w->out.type));
	after.headers = w->after;
	differs = mended_differs(w->arena, &before, &after);
	if (differs != NULL)
		fail_msg("%s differ", differs);
	if (!w->out.left && mended_odd(w->octets) != NULL)
		fail_msg("%s is left", mended_odd(w->octets));
}

#define TYPE(type) "MIME-Version: 1.0\nContent-Type: " type "\n"
#define CTE(encoding) "Content-Transfer-Encoding: " encoding "\n"
#define MIXED TYPE("multipart/mixed; boundary=b")
#define G "Gr\xc3\xbc\xc3\x9f" "e aus K\xc3\xb6ln"
#define Q "Gr=C3=BC=C3=9Fe aus K=C3=B6ln"
#define S "--s\r\n\r\n" G "\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n"

enum { NEEDED = 1, LEFT = 2, VERSION = 4 };

static const struct row {
	const char *what, *fields, *body;
	unsigned is;
	const char *encoding, *type;	/* of the message, NULL: as it is */
	const char *out;		/* NULL: as it was */
} rows[] = {
	{ "nothing", TYPE("text/plain"), "plain\r\n", 0, NULL, NULL, NULL },
	{ "8bit", TYPE("text/plain; charset=utf-8") CTE("8bit"), G "\r\n", NEEDED,
	    " quoted-printable", NULL, Q "\r\n" },
	{ "8-bit in 7bit", TYPE("text/html") CTE("7bit"), G "\r\n", NEEDED,
	    " quoted-printable", NULL, Q "\r\n" },
	{ "no MIME", "", G "\r\n", NEEDED | VERSION, " quoted-printable",
	    " text/plain; charset=utf-8", Q "\r\n" },
	{ "no charset", TYPE("text/plain; format=flowed;"), "Gr\xfc\xdf" "e und Worte\r\n",
	    NEEDED, " quoted-printable", " text/plain; format=flowed; charset=unknown-8bit",
	    "Gr=FC=DFe und Worte\r\n" },
	{ "a fold in the type", TYPE("text/plain (x)"), G "\r\n", NEEDED,
	    " quoted-printable", NULL, Q "\r\n" },
	{ "mostly 8-bit", TYPE("text/plain; charset=koi8-r"),
	    "\xd0\xd2\xc9\xd7\xc5\xd4\r\n", NEEDED, " base64", NULL, "0NLJ18XUDQo=\r\n" },
	{ "no text", TYPE("image/png") CTE("binary"), "\x89PNG\r\n", NEEDED, " base64", NULL,
	    "iVBORw0K\r\n" },
	{ "CR, LF", TYPE("text/plain"), "a\rb\nc\r\n", NEEDED, " quoted-printable", NULL,
	    "a=0Db=0Ac\r\n" },
	{ "ASCII said to be 8bit", TYPE("text/plain") CTE("8bit"), "plain\r\n", NEEDED,
	    " 7bit", NULL, NULL },
	{ "ASCII in an 8bit part", MIXED, "--b\r\n" CTE("8bit\r") "\r\nplain\r\n--b--\r\n",
	    NEEDED, NULL, NULL, "--b\r\nContent-Transfer-Encoding: 7bit\r\n\r\nplain\r\n"
	    "--b--\r\n" },
	{ "an odd word", TYPE("text/plain; charset=utf-8") CTE("8-bit"), G "\r\n", NEEDED,
	    " quoted-printable", NULL, Q "\r\n" },
	{ "uuencode", TYPE("text/plain") CTE("x-uuencode"), G "\r\n", NEEDED | LEFT, NULL,
	    NULL, NULL },
	{ "two parts", MIXED CTE("8bit"), "--b\r\n\r\n" G "\r\n--b\r\nContent-Type: text/html"
	    "\r\n" CTE("8BIT\r") CTE("7bit\r") "\r\n" G "\r\n--b--\r\n", NEEDED, " 7bit",
	    NULL, "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" Q "\r\n--b\r\n"
	    "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	    Q "\r\n--b--\r\n" },
	{ "multiparts without MIME-Version", "Content-Type: multipart/mixed; boundary=b\n",
	    "--b\r\nContent-Type: text/html\r\n\r\n" G "\r\n--b--\r\n", NEEDED | VERSION,
	    NULL, NULL, "--b\r\nContent-Type: text/html\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" Q "\r\n--b--\r\n" },
	{ "never closed", MIXED, "--b\r\nContent-Type: image/png\r\n\r\n\xff\xfe\r\n", NEEDED,
	    NULL, NULL, "--b\r\nContent-Type: image/png\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n//4=\r\n" },
	{ "a message inside", MIXED, "--b\r\nContent-Type: message/rfc822\r\n" CTE("8bit\r")
	    "\r\nSubject: \xc3\xa9\r\n\r\n" G "\r\n--b--\r\n", NEEDED, NULL, NULL,
	    "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	    "Subject: =?utf-8?b?w6k=?=\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" Q "\r\n--b--\r\n" },
	{ "a file name", MIXED, "--b\r\nContent-Type: image/png; name=\"\xc3\xa4.png\"\r\n"
	    "\r\nx\r\n--b--\r\n", NEEDED, NULL, NULL,
	    "--b\r\nContent-Type: image/png; name*=utf-8''%C3%A4.png\r\n\r\nx\r\n--b--\r\n" },
	{ "around the parts", MIXED, "\xc3\xa4\r\n--b\r\n\r\nx\r\n--b--\r\n--c\xc3\xa4\r\n",
	    NEEDED, NULL, NULL, "??\r\n--b\r\n\r\nx\r\n--b--\r\n --c??\r\n" },
	{ "a boundary with a stray CR", MIXED, "--b\r\r\n\r\nx\r\n--b--\n", NEEDED, NULL, NULL,
	    "--b\r\n\r\nx\r\n--b--\r\n" },
	{ "no parts", MIXED, G "\r\n", NEEDED | LEFT, NULL, NULL, NULL },
	{ "no boundary", TYPE("multipart/mixed"), G "\r\n", NEEDED | LEFT, NULL, NULL, NULL },
	{ "a part whose header is none", MIXED, "--b\r\nnot a field\r\n\r\n" G "\r\n--b--\r\n",
	    NEEDED | LEFT, NULL, NULL, NULL },
	{ "and with a stray LF behind it", MIXED, "\xc3\xa4\r\n--b\r\nnot a field\r\n\n--b--\r\n",
	    NEEDED | LEFT, NULL, NULL, "??\r\n--b\r\nnot a field\r\n\n--b--\r\n" },
	{ "a boundary that is no ASCII", TYPE("multipart/mixed; boundary=\"\xc3\xa4\""),
	    "--\xc3\xa4\r\n\r\n" G "\r\n--\xc3\xa4--\r\n", NEEDED | LEFT, NULL, NULL,
	    "--\xc3\xa4\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" Q "\r\n--\xc3\xa4--\r\n" },
	{ "signed", TYPE("multipart/signed; boundary=s"), S, NEEDED | LEFT, NULL, NULL, NULL },
	{ "signed in mixed", MIXED CTE("8bit"), "--b\r\n\r\n" G "\r\n--b\r\nContent-Type: "
	    "multipart/signed; boundary=s\r\n\r\n" S "--b--\r\n", NEEDED | LEFT, NULL, NULL,
	    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n" Q "\r\n--b\r\n"
	    "Content-Type: multipart/signed; boundary=s\r\n\r\n" S "--b--\r\n" },
	{ "encrypted", TYPE("multipart/encrypted; boundary=s"), S, NEEDED | LEFT, NULL, NULL,
	    NULL },
	{ "quoted-printable", TYPE("text/plain") CTE("quoted-printable"), "a=20\xc3\xbc\r\n",
	    NEEDED, NULL, NULL, "a=20=C3=BC\r\n" },
	{ "no quoted-printable", TYPE("text/plain") CTE("quoted-printable"), "a=b\xc3\xbc\r\n",
	    NEEDED | LEFT, NULL, NULL, NULL },
	{ "base64", TYPE("image/png") CTE("base64"), "YW\rJj\r\n", NEEDED, NULL, NULL,
	    "YWJj\r\n" },
	{ "no base64", TYPE("image/png") CTE("base64"), "YW\rJj\xc3\r\n", NEEDED | LEFT, NULL,
	    NULL, NULL },
	{ "a report", TYPE("message/delivery-status"), G "\r\n", NEEDED | LEFT, NULL, NULL,
	    NULL },
};

static void
test_rows(void **state)
{
	struct work w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct slice body = exact(row->body);
		const char *expected = row->out != NULL ? row->out : row->body;
		unsigned is;

		begin(&w, row->fields, body);
		run(&w);
		assert_int_equal(w.status, 0);
		is = (reencode_is_needed(&w.facts, &options) ? NEEDED : 0) |
		    (w.out.left ? LEFT : 0) | (w.out.add_mime_version ? VERSION : 0);
		if (is != row->is || !slice_eq(w.octets, slice_of(expected)) ||
		    !slice_eq(slice_of(w.out.encoding), slice_of(row->encoding)) ||
		    !slice_eq(slice_of(w.out.type), slice_of(row->type)) ||
		    (w.out.body == NULL) != (row->out == NULL))
			fail_msg("%s: %u,%s,%s\n%.*s", row->what, is, w.out.encoding,
			    w.out.type, (int)w.octets.n, w.octets.p);
		assert_same(&w);
		exact_drop(body);
		arena_free(&w.arena);
	}
}

/* Lines over the chunks that the body is read in. */
static void
test_long_lines(void **state)
{
	static const char *const fields[] = {
		TYPE("text/plain"), TYPE("text/plain") CTE("quoted-printable"),
		TYPE("image/png"), TYPE("image/png") CTE("base64"), MIXED,
	};
	static const char *const units[] = { "QUJD", "Gr\xc3\xbc\xc3\x9f" "e ", "x \r", "a\0b" };
	struct work w;

	(void)state;
	for (size_t i = 0; i < 5 * 4; i++) {
		for (size_t n = 300; n < 100000; n = n * 7 + 1) {
			struct slice body = exact_repeat(units[i % 4], n, "\r\n");

			begin(&w, fields[i / 4], body);
			run(&w);
			assert_int_equal(w.status, 0);
			assert_same(&w);
			exact_drop(body);
			arena_free(&w.arena);
		}
	}
}

/* Beyond the walker's limits nothing is touched. */
static void
test_limits(void **state)
{
	struct slice body = exact_repeat("--b\r\n\r\nx\r\n", PART_ENTITIES_MAX + 10, G "\r\n");
	struct work w;

	(void)state;
	begin(&w, MIXED, body);
	run(&w);
	assert_int_equal(w.status, -1);
	assert_non_null(strstr(w.error, "more parts"));
	assert_null(w.out.body);
	exact_drop(body);
	arena_free(&w.arena);

	body = exact_repeat("x", 70000, ": y\r\n\r\n" G "\r\n--b--\r\n");
	begin(&w, TYPE("message/rfc822"), body);
	run(&w);
	assert_int_equal(w.status, -1);
	assert_non_null(strstr(w.error, "larger than is read"));
	exact_drop(body);
	arena_free(&w.arena);
}

static void
test_no_room(void **state)
{
	struct slice body = exact_repeat(G "\r\n", 10000, "");
	struct work w;

	(void)state;
	begin(&w, TYPE("text/plain"), body);
	w.status = reencode(w.arena, w.headers, w.body, &options, body.n, &w.out,
	    &w.error);
	assert_int_equal(w.status, -1);
	assert_non_null(w.error);
	assert_null(w.out.body);
	exact_drop(body);
	arena_free(&w.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
