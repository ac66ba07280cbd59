/* Types that are refused, names that hide, what nobody can look into, sizes. */
#include "viewed.h"

static const struct provider gmail = {
	.name = "gmail", .title = "Gmail", .size_max = 26214400,
	.blocks = { [LIST_BLOCKED_GMAIL] = true },
};
static const struct provider exchange = {
	.name = "exchange-online", .title = "Microsoft 365", .size_max = 37748736,
	.blocks = { [LIST_BLOCKED_MICROSOFT] = true },
};
static const struct provider other = { .name = "other", .title = "Other" };

static struct destination to[2];

static void
destination(enum known known, const struct provider *provider)
{
	struct destinations_evidence *all = &t.evidence.destinations;

	to[all->n] = (struct destination){
		.domain = all->n == 0 ? "example.net" : "example.org", .rcpts = 1,
		.provider_known = known, .provider = provider,
	};
	all->p = to;
	all->n++;
	t.message->rcpts_total++;
}

static void none(void) { viewed_begin(); }
static void no_view(void) { t.message->view = NULL; }
static void not_read(void) { viewed_begin(); viewed.over_limit = true; }
static void exe(void) { viewed_file("a.exe", NULL); }
static void exe_odd(void) { viewed_file("A.EXE. ", NULL); }
static void exe_content(void) { viewed_file("a.dat", "exe"); }
static void pdf(void) { viewed_file("a.exe.pdf", "pdf"); }
static void reg(void) { viewed_file("a.reg", NULL); }
static void library(void) { viewed_file("a.ani", NULL); }
static void no_name(void) { viewed_file(NULL, NULL); }
static void not_listed(void) { viewed_file("a.zip", "zip")->over_limit = true; }

static void
text_named_exe(void)
{
	viewed_begin();
	viewed_add(VIEW_NONE, VIEW_TEXT, "text/plain", NULL);
}

static void
zip_of(const char *const *names, const char *const *suffixes)
{
	struct attachment *zip = viewed_file("a.zip", "zip");

	zip->is_archive = true;
	zip->names = names;
	zip->suffixes = suffixes;
	zip->n_names = zip->entries = 1;
}

static void
zip_exe(void)
{
	static const char *const names[] = { "dir/b.scr" }, *const suffixes[] = { NULL };

	zip_of(names, suffixes);
}

static void
zip_exe_content(void)
{
	static const char *const names[] = { "b.doc" }, *const suffixes[] = { "exe" };

	zip_of(names, suffixes);
}

static void
zip_double(void)
{
	static const char *const names[] = { "b.pdf .vbs" }, *const suffixes[] = { NULL };

	zip_of(names, suffixes);
}

static void
zip_reg(void)
{
	static const char *const names[] = { "b.reg" }, *const suffixes[] = { NULL };

	zip_of(names, suffixes);
}

static void
zip_locked_twice(void)
{
	struct attachment *zip = viewed_file("a.zip", "zip");

	zip->is_archive = zip->encrypted = zip->has_archive = true;
	zip->has_encrypted_archive = true;
}

static void exe_gmail(void) { exe(); destination(KNOWN_VALUE, &gmail); }
static void exe_exchange(void) { exe(); destination(KNOWN_VALUE, &exchange); }
static void exe_other(void) { exe_gmail(); destination(KNOWN_VALUE, &other); }
static void exe_unknown(void) { exe_gmail(); destination(KNOWN_NO, NULL); }
static void exe_absent(void) { exe_gmail(); destination(KNOWN_ABSENT, NULL); }
static void exe_both(void) { exe_gmail(); destination(KNOWN_VALUE, &exchange); }
static void exe_local(void) { exe_gmail(); t.message->rcpts_total++; }
static void exe_mailer(void) { exe_gmail(); t.evidence.destinations.unknown_mailer = 1; }
static void ani_gmail(void) { library(); destination(KNOWN_VALUE, &gmail); }
static void zip_gmail(void) { zip_exe(); destination(KNOWN_VALUE, &gmail); }
static void zip_exchange(void) { zip_exe(); destination(KNOWN_VALUE, &exchange); }
static void locked_gmail(void) { zip_locked_twice(); destination(KNOWN_VALUE, &gmail); }

static void
test_blocked(void **state)
{
	static const struct checked_row rows[] = {
		{ "by name", NULL, exe, false, CHECK_HIT, 60, ACTION_NONE,
		    "Part 1 (application/octet-stream, \"a.exe\") is of type .exe, a type "
		    "that Gmail refuses.", "send the link instead." },
		{ "dots behind", NULL, exe_odd, false, CHECK_HIT, 60, ACTION_NONE,
		    "type .exe", NULL },
		{ "by content", NULL, exe_content, false, CHECK_HIT, 60, ACTION_NONE,
		    "type .exe by its content", NULL },
		{ "Microsoft's alone", NULL, library, false, CHECK_HIT, 60, ACTION_NONE,
		    ".ani, a type that Microsoft Defender refuses", NULL },
		{ "inside", NULL, zip_exe, false, CHECK_HIT, 60, ACTION_NONE,
		    "holds \"dir/b.scr\", of type .scr", "packing it does not help" },
		{ "inside by content", NULL, zip_exe_content, false, CHECK_HIT, 60,
		    ACTION_NONE, "holds \"b.doc\", of type .exe by its content", NULL },
		{ "locked in an archive", NULL, zip_locked_twice, false, CHECK_HIT, 60,
		    ACTION_NONE, "one needs a password", NULL },
		{ "to Gmail", NULL, exe_gmail, false, CHECK_HIT, 60, ACTION_REJECT,
		    NULL, NULL },
		{ "to Microsoft", NULL, exe_exchange, false, CHECK_HIT, 60, ACTION_REJECT,
		    NULL, NULL },
		{ "to both", NULL, exe_both, false, CHECK_HIT, 60, ACTION_REJECT, NULL,
		    NULL },
		{ "to one that takes it", NULL, exe_other, false, CHECK_HIT, 60,
		    ACTION_NONE, NULL, NULL },
		{ "to an unknown one", NULL, exe_unknown, false, CHECK_HIT, 60,
		    ACTION_NONE, NULL, NULL },
		{ "to none of the list", NULL, exe_absent, false, CHECK_HIT, 60,
		    ACTION_NONE, NULL, NULL },
		{ "to a local mailbox too", NULL, exe_local, false, CHECK_HIT, 60,
		    ACTION_NONE, NULL, NULL },
		{ "by a mailer nobody told", NULL, exe_mailer, false, CHECK_HIT, 60,
		    ACTION_NONE, NULL, NULL },
		{ "Microsoft's type to Gmail", NULL, ani_gmail, false, CHECK_HIT, 60,
		    ACTION_NONE, NULL, NULL },
		{ "inside, to Gmail", NULL, zip_gmail, false, CHECK_HIT, 60, ACTION_REJECT,
		    NULL, NULL },
		{ "inside, to Microsoft", NULL, zip_exchange, false, CHECK_HIT, 60,
		    ACTION_NONE, NULL, NULL },
		{ "locked, to Gmail", NULL, locked_gmail, false, CHECK_HIT, 60,
		    ACTION_REJECT, NULL, NULL },
		{ "PDF", NULL, pdf, false, NOT(CHECK_OK) },
		{ "Outlook on the web's", NULL, reg, false, NOT(CHECK_OK) },
		{ "no name", NULL, no_name, false, NOT(CHECK_OK) },
		{ "no file", NULL, text_named_exe, false, NOT(CHECK_OK) },
		{ "no parts", NULL, none, false, NOT(CHECK_OK) },
		{ "archive not read", NULL, not_listed, false, NOT(CHECK_DUNNO) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	ROWS("attachment-blocked", rows);
}

static void reg_content(void) { viewed_file("a.dat", "reg"); }
static void reg_exe(void) { viewed_file("a.vbs", "txt"); }

static void
test_hidden(void **state)
{
	static const struct checked_row rows[] = {
		{ "by name", NULL, reg, false, HIT(10), ".reg, a type that Outlook on the "
		    "web does not let people open", NULL },
		{ "by content", NULL, reg_content, false, HIT(10), "by its content", NULL },
		{ "refused anyway", NULL, reg_exe, false, NOT(CHECK_OK) },
		{ "inside", NULL, zip_reg, false, NOT(CHECK_OK) },
		{ "none", NULL, pdf, false, NOT(CHECK_OK) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	ROWS("attachment-hidden", rows);
}

static void double_exe(void) { viewed_file("bill.pdf.exe", NULL); }
static void double_blank(void) { viewed_file("bill.doc      .js", NULL); }
static void pdf_is_exe(void) { viewed_file("bill.pdf", "exe"); }
static void pdf_is_html(void) { viewed_file("bill.pdf", "html"); }
static void jpg_is_zip(void) { viewed_file("a.jpg", "zip"); }
static void turned(void) { viewed_file("cod\xe2\x80\xae" "fdp.exe", NULL); }
static void control(void) { viewed_file("a\x01.pdf", "pdf"); }
static void png_is_jpg(void) { viewed_file("a.png", "jpg"); }
static void xls_is_html(void) { viewed_file("a.xls", "html"); }
static void doc_is_rtf(void) { viewed_file("a.doc", "rtf"); }
static void txt_is_pem(void) { viewed_file("a.pem", "txt"); }
static void tar_gz(void) { viewed_file("a.txt.gz", "gz"); }
static void txt_xz(void) { viewed_file("a.csv.xz", "xz"); }
static void version(void) { viewed_file("v1.2.exe", "exe"); }
static void arabic(void) { viewed_file("\xd9\x81\xd8\xa7\xd8\xaa.pdf", "pdf"); }

static void
test_disguised(void **state)
{
	static const struct checked_row rows[] = {
		{ "double", NULL, double_exe, false, HIT(30), "behind .pdf hides .exe",
		    "one suffix" },
		{ "blanks", NULL, double_blank, false, HIT(30), "behind .doc hides .js",
		    NULL },
		{ "program", NULL, pdf_is_exe, false, HIT(30), "its name says a PDF, its "
		    "content is a program (exe)", NULL },
		{ "web page", NULL, pdf_is_html, false, HIT(30), "a web page", NULL },
		{ "archive", NULL, jpg_is_zip, false, HIT(30), "an archive", NULL },
		{ "turned round", NULL, turned, false, HIT(30), "U+202E", NULL },
		{ "control", NULL, control, false, HIT(30), "U+0001", NULL },
		{ "inside", NULL, zip_double, false, HIT(30), "holds \"b.pdf .vbs\"", NULL },
		{ "program inside", NULL, zip_exe_content, false, HIT(30),
		    "an office document, its content is a program", NULL },
		{ "one picture for another", NULL, png_is_jpg, false, NOT(CHECK_OK) },
		{ "table as HTML", NULL, xls_is_html, false, NOT(CHECK_OK) },
		{ "RTF", NULL, doc_is_rtf, false, NOT(CHECK_OK) },
		{ "unknown suffix", NULL, txt_is_pem, false, NOT(CHECK_OK) },
		{ "packed", NULL, tar_gz, false, NOT(CHECK_OK) },
		{ "packed with xz", NULL, txt_xz, false, NOT(CHECK_OK) },
		{ "version", NULL, version, false, NOT(CHECK_OK) },
		{ "Arabic", NULL, arabic, false, NOT(CHECK_OK) },
		{ "PDF", NULL, pdf, false, NOT(CHECK_OK) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	ROWS("attachment-disguised", rows);
}

static void
locked(void)
{
	struct attachment *zip = viewed_file("a.zip", "zip");

	zip->is_archive = zip->encrypted = true;
}

static void
locked_office(void)
{
	struct attachment *document = viewed_file("a.docx", "docx");

	document->is_office = document->encrypted = true;
}

static void
nested(void)
{
	struct attachment *zip = viewed_file("a.zip", "zip");

	zip->is_archive = zip->has_archive = true;
}

static void
nested_office(void)
{
	struct attachment *document = viewed_file("a.docx", "docx");

	document->is_office = document->has_archive = true;
}

static void
macro(void)
{
	struct attachment *document = viewed_file("a.doc", "doc");

	document->is_office = document->has_macro = true;
}

static void macro_name(void) { viewed_file("a.XLSM", NULL); }
static void macro_like(void) { viewed_file("docm", NULL); }

static void
test_inside(void **state)
{
	static const struct checked_row encrypted[] = {
		{ "locked", NULL, locked, false, HIT(15), "is an archive with a password",
		    NULL },
		{ "a document", NULL, locked_office, false, NOT(CHECK_OK) },
		{ "not locked", NULL, nested, false, NOT(CHECK_OK) },
		{ "not listed", NULL, not_listed, false, NOT(CHECK_DUNNO) },
		{ "not all read", NULL, not_read, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row archives[] = {
		{ "nested", NULL, nested, false, HIT(25), "holds an archive", NULL },
		{ "in a document", NULL, nested_office, false, NOT(CHECK_OK) },
		{ "not nested", NULL, locked, false, NOT(CHECK_OK) },
		{ "not listed", NULL, not_listed, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};
	static const struct checked_row macros[] = {
		{ "by content", NULL, macro, false, HIT(25), "with macros", NULL },
		{ "by name", NULL, macro_name, false, HIT(25), "\"a.XLSM\"", NULL },
		{ "no suffix", NULL, macro_like, false, NOT(CHECK_OK) },
		{ "none", NULL, nested_office, false, NOT(CHECK_OK) },
		{ "locked", NULL, locked_office, false, NOT(CHECK_DUNNO) },
		{ "not listed", NULL, not_listed, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	ROWS("attachment-encrypted", encrypted);
	ROWS("attachment-nested", archives);
	ROWS("attachment-macro", macros);
}

static void big(uint64_t size) { viewed_begin(); t.message->size = size; }
static void mb10(void) { big(10000000); }
static void mb10_signed(void)
{
	static struct own_signature own = { .made = true, .value = "v=1" };

	big(10000000);
	t.evidence.dkim.own[0] = own;
	t.evidence.dkim.n_own = 1;
}
static void mb11(void)
{
	big(11000000);
	viewed_add(VIEW_NONE, VIEW_MULTIPART, "multipart/mixed", NULL)->size = 11000000;
	viewed_add(0, VIEW_OTHER, "video/mp4", "a.mp4")->size = 10999000;
}
static void gmail_most(void) { big(26214400); destination(KNOWN_VALUE, &gmail); }
static void gmail_more(void) { big(26214401); destination(KNOWN_VALUE, &gmail); }
static void two_more(void) { gmail_more(); destination(KNOWN_VALUE, &exchange); }
static void two_most(void) { two_more(); big(40000000); }
static void other_more(void) { gmail_more(); destination(KNOWN_ABSENT, NULL); }
static void nowhere(void) { big(26214401); }
static void unlimited(void) { big(99000000); destination(KNOWN_VALUE, &other); }
static void not_listed_to(void) { big(99000000); destination(KNOWN_ABSENT, NULL); }
static void unknown_to(void) { big(99000000); destination(KNOWN_NO, NULL); }
static void late_to(void) { big(99000000); destination(KNOWN_TEMPERROR, NULL); }

static void
test_size(void **state)
{
	static const struct checked_row oversize[] = {
		{ "over Gmail's", NULL, gmail_more, false, CHECK_HIT, 60, ACTION_REJECT,
		    "The message has 26,214,401 octets as it is sent; Gmail takes at most "
		    "26,214,400 (recipients at example.net).", "links" },
		{ "over one of two", NULL, two_more, false, CHECK_HIT, 60, ACTION_NONE,
		    "Gmail", NULL },
		{ "over both", NULL, two_most, false, CHECK_HIT, 60, ACTION_REJECT,
		    "Gmail takes at most 26,214,400 (recipients at example.net, "
		    "example.org)", NULL },
		{ "one not listed", NULL, other_more, false, CHECK_HIT, 60, ACTION_NONE,
		    "Gmail", NULL },
		{ "as much as Gmail takes", NULL, gmail_most, false, NOT(CHECK_OK) },
		{ "small, to anybody", NULL, mb10, false, NOT(CHECK_OK) },
		{ "limit not known", NULL, unlimited, false, NOT(CHECK_OK) },
		{ "none of the list", NULL, not_listed_to, false, NOT(CHECK_OK) },
		{ "nobody knows", NULL, unknown_to, false, NOT(CHECK_DUNNO) },
		{ "no destination", NULL, nowhere, false, NOT(CHECK_DUNNO) },
		{ "DNS cannot tell now", NULL, late_to, false, NOT(CHECK_TEMPERROR) },
	};
	static const struct checked_row large[] = {
		{ "large", NULL, mb11, false, HIT(8), "Part 2 (video/mp4, \"a.mp4\") has "
		    "10,999,000 of them", NULL },
		{ "with its signature", NULL, mb10_signed, false, HIT(8), "10,000,021",
		    NULL },
		{ "10 MB", NULL, mb10, false, NOT(CHECK_OK) },
	};

	(void)state;
	ROWS("message-oversize", oversize);
	ROWS("attachment-large", large);
}

static void
files(size_t n)
{
	struct view_part *parts = arena_array(t.message->arena, n, sizeof(*parts));

	for (size_t i = 0; i < n; i++)
		parts[i] = (struct view_part){
			.kind = VIEW_OTHER, .is_attachment = true, .parent = VIEW_NONE,
		};
	viewed = (struct view){ .parts = parts, .n_parts = n };
	t.message->view = &viewed;
}

static void files_251(void) { files(251); }
static void files_250(void) { files(250); }
static void parts_1000(void)
{
	files(PART_ENTITIES_MAX);
	for (size_t i = 200; i < viewed.n_parts; i++)
		viewed.parts[i].is_attachment = false;
	viewed.over_limit = true;
}

static void
test_count(void **state)
{
	static const struct checked_row rows[] = {
		{ "251", NULL, files_251, false, HIT(20), "There are 251 attachments",
		    NULL },
		{ "250", NULL, files_250, false, NOT(CHECK_OK) },
		{ "not all seen", NULL, parts_1000, false, NOT(CHECK_DUNNO) },
		{ "nothing read", NULL, no_view, false, NOT(CHECK_DUNNO) },
	};

	(void)state;
	ROWS("attachment-count", rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocked), cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_disguised), cmocka_unit_test(test_inside),
		cmocka_unit_test(test_size), cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
