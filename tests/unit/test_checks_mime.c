/* The structure of the message and the text in it. */
#include "viewed.h"

static void no_view(void) { t.message->view = NULL; }
static void not_read(void) { viewed_begin(); viewed.over_limit = true; }

static struct view_part *
one(enum view_kind kind, const char *type)
{
	viewed_begin();
	return viewed_add(VIEW_NONE, kind, type, NULL);
}

static void good(void) { one(VIEW_TEXT, "text/plain"); }
static void unclosed(void)
{
	one(VIEW_MULTIPART, "multipart/mixed")->malformed =
	    "its last boundary is missing";
}
static void no_base64(void)
{
	struct view_part *part = one(VIEW_OTHER, "image/png");

	part->encoding = CTE_BASE64;
	part->bad_encoding = true;
}
static void no_qp(void)
{
	struct view_part *part = one(VIEW_TEXT, "text/plain");

	part->encoding = CTE_QUOTED_PRINTABLE;
	part->bad_encoding = true;
}
static void attached_unclosed(void)
{
	unclosed();
	viewed_parts[0].in_attached_message = true;
}

static void
test_malformed(void **state)
{
	static const struct checked_row rows[] = {
		{ "unclosed", NULL, unclosed, false, HIT(15), "Part 1 (multipart/mixed) is "
		    "malformed: its last boundary is missing.", "MIME library" },
		{ "base64", NULL, no_base64, false, HIT(15), "no valid base64", NULL },
		{ "quoted-printable", NULL, no_qp, false, HIT(15),
		    "no valid quoted-printable", NULL },
		{ "attached", NULL, attached_unclosed, false, NOT(CHECK_OK) },
		{ "good", NULL, good, false, NOT(CHECK_OK) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	ROWS("mime-malformed", rows);
}

static void levels_31(void) { t.message->body.levels = 31; }
static void levels_30(void) { t.message->body.levels = 30; }
static void levels_unread(void) { levels_30(); t.message->body.over_limit = true; }
static void parts_251(void) { t.message->body.parts = 251; }
static void parts_250(void) { t.message->body.parts = 250; }

static void
test_counts(void **state)
{
	static const struct checked_row deep[] = {
		{ "31", NULL, levels_31, false, HIT(20), "nested 31 levels deep", NULL },
		{ "30", NULL, levels_30, false, NOT(CHECK_OK) },
		{ "not all read", NULL, levels_unread, false, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row parts[] = {
		{ "251", NULL, parts_251, false, HIT(20), "The message has 251 parts",
		    NULL },
		{ "250", NULL, parts_250, false, NOT(CHECK_OK) },
	};

	(void)state;
	ROWS("mime-deep", deep);
	ROWS("mime-parts", parts);
}

static void
text(const char *charset, bool unknown, bool ascii_only)
{
	struct view_part *part = one(VIEW_TEXT, "text/plain");

	part->charset = charset;
	part->charset_unknown = unknown;
	part->ascii_only = ascii_only;
}

static void unknown(void) { text("x-none", true, false); }
static void unknown_unnamed(void) { text(NULL, true, false); }
static void unknown_8bit(void) { text("Unknown-8bit", true, false); }
static void unknown_file(void)
{
	unknown();
	viewed_parts[0].kind = VIEW_OTHER;
}
static void latin(void) { text("iso-8859-1", false, false); }
static void unnamed(void) { text(NULL, false, false); }
static void ascii(void) { text(NULL, false, true); }
static void base64(void) { ascii(); viewed_parts[0].encoding = CTE_BASE64; }
static void base64_8bit(void) { latin(); viewed_parts[0].encoding = CTE_BASE64; }
static void base64_empty(void) { base64(); viewed_parts[0].decoded_size = 0; }
static void base64_attached(void)
{
	base64();
	viewed_parts[0].in_attached_message = true;
}

static void
test_text(void **state)
{
	static const struct checked_row charsets[] = {
		{ "unknown", NULL, unknown, false, HIT(8), "cannot be read as x-none",
		    "UTF-8" },
		{ "unnamed", NULL, unknown_unnamed, false, HIT(8), "names no charset",
		    NULL },
		{ "named as unknown", NULL, unknown_8bit, false, HIT(8),
		    "names no charset", NULL },
		{ "no text", NULL, unknown_file, false, NOT(CHECK_OK) },
		{ "known", NULL, latin, false, NOT(CHECK_OK) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row missing[] = {
		{ "missing", NULL, unnamed, false, HIT(3), "which charset", "utf-8" },
		{ "ASCII", NULL, ascii, false, NOT(CHECK_OK) },
		{ "named", NULL, latin, false, NOT(CHECK_OK) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row encoded[] = {
		{ "ASCII", NULL, base64, false, HIT(3), "plain ASCII sent as base64", NULL },
		{ "8-bit", NULL, base64_8bit, false, NOT(CHECK_OK) },
		{ "empty", NULL, base64_empty, false, NOT(CHECK_OK) },
		{ "not encoded", NULL, ascii, false, NOT(CHECK_OK) },
		{ "attached", NULL, base64_attached, false, NOT(CHECK_OK) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	ROWS("charset-unknown", charsets);
	ROWS("charset-missing", missing);
	ROWS("base64-ascii", encoded);
}

/* Kinds of the parts of one multipart: 't'ext, 'b'lank text, 'h'tml, 'r'elated
 * with HTML in it, 'o'ther. */
static void
parts_of(const char *type, const char *kinds)
{
	one(VIEW_MULTIPART, type);
	for (; *kinds != '\0'; kinds++) {
		size_t parent = 0;

		if (*kinds == 'r') {
			parent = viewed.n_parts;
			viewed_add(0, VIEW_MULTIPART, "multipart/related", NULL);
		}
		if (*kinds == 't' || *kinds == 'b')
			viewed_add(parent, VIEW_TEXT, "text/plain", NULL);
		else if (*kinds == 'o')
			viewed_add(parent, VIEW_OTHER, "text/calendar", NULL);
		else
			viewed_add(parent, VIEW_HTML, "text/html", NULL);
		if (*kinds == 'b')
			viewed_parts[viewed.n_parts - 1].text = SLICE(" \n");
	}
}

static void html_only(void) { one(VIEW_HTML, "text/html"); }
static void mixed(void) { parts_of("multipart/mixed", "th"); }
static void both(void) { parts_of("multipart/alternative", "th"); }
static void both_blank(void) { parts_of("multipart/alternative", "bh"); }
static void both_cut(void) { both_blank(); viewed_parts[1].over_limit = true; }
static void both_named(void)
{
	both();
	viewed_parts[1].kind = VIEW_OTHER;
	viewed_parts[1].filename = "plain.txt";
}
static void both_attached(void)
{
	both_named();
	viewed_parts[1].disposition = "attachment";
}
static void both_related(void) { parts_of("multipart/alternative", "tr"); }
static void both_wrong(void) { parts_of("multipart/alternative", "ht"); }
static void both_wrong_related(void) { parts_of("multipart/alternative", "rt"); }
static void both_and_again(void) { parts_of("multipart/alternative", "tht"); }
static void with_calendar(void) { parts_of("multipart/alternative", "tho"); }

static void
test_alternative(void **state)
{
	static const struct checked_row missing[] = {
		{ "alone", NULL, html_only, false, HIT(6), "beside it is missing",
		    "multipart/alternative" },
		{ "blank", NULL, both_blank, false, HIT(6), "beside it is empty", NULL },
		{ "another text", NULL, mixed, false, HIT(6), "missing", NULL },
		{ "attached", NULL, both_attached, false, HIT(6), "missing", NULL },
		{ "both", NULL, both, false, NOT(CHECK_OK) },
		{ "text with a name", NULL, both_named, false, NOT(CHECK_OK) },
		{ "both, with pictures", NULL, both_related, false, NOT(CHECK_OK) },
		{ "text", NULL, good, false, NOT(CHECK_OK) },
		{ "text not kept", NULL, both_cut, false, NOT(CHECK_DUNNO) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row order[] = {
		{ "behind", NULL, both_wrong, false, HIT(3), "Part 2 (text/html) stands "
		    "before the text of the same (part 3)", NULL },
		{ "behind related", NULL, both_wrong_related, false, HIT(3), NULL, NULL },
		{ "right", NULL, both, false, NOT(CHECK_OK) },
		{ "both sides", NULL, both_and_again, false, NOT(CHECK_OK) },
		{ "calendar", NULL, with_calendar, false, NOT(CHECK_OK) },
		{ "mixed", NULL, mixed, false, NOT(CHECK_OK) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	ROWS("text-part-missing", missing);
	ROWS("alternative-order", order);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malformed), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_text), cmocka_unit_test(test_alternative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
