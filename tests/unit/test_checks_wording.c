/* What is written: place holders, disguises, subjects, how much there is. */
#include "worded.h"
#include "mail/phrases.h"

#define HIT(w, found) NULL, NULL, CHECK_HIT, (w), (found)
#define OK NULL, NULL, CHECK_OK, 0, NULL
#define DUNNO NULL, NULL, CHECK_DUNNO, 0, NULL
#define DEFAULT CHECKED_DEFAULT
#define TEXT(text) NULL, NULL, (text), NULL
#define HTML(html) NULL, NULL, NULL, (html)
#define SUBJECT(subject) "From: a@example.com\nSubject: " subject "\n", NULL, "Hello", NULL

#define COMMON \
	{ "no view", NULL, worded_none, "x", NULL, DUNNO }, \
	{ "not all was read", NULL, worded_over, "x", NULL, DUNNO }

static void
test_template_leftover(void **state)
{
	static const struct worded_row rows[] = {
		{ "braces", TEXT("Hello {{ first_name }}, your order"),
		    HIT(DEFAULT, "{{ first_name }}") },
		{ "braces, no blanks", HTML("{{user.name}}"), HIT(DEFAULT, "part 2") },
		{ "a filter", TEXT("{{name|title}}"), HIT(DEFAULT, NULL) },
		{ "in the HTML", NULL, NULL, "Hello Anna", "Hello {{name}}",
		    HIT(DEFAULT, "part 2 (text/html)") },
		{ "percent", TEXT("Hello %FIRSTNAME%!"), HIT(DEFAULT, "%FIRSTNAME%") },
		{ "last name", TEXT("Hello %LAST_NAME%!"), HIT(DEFAULT, NULL) },
		{ "mail", TEXT("sent to %EMAIL%"), HIT(DEFAULT, NULL) },
		{ "stars", TEXT("Hello *|FNAME|*"), HIT(DEFAULT, "*|FNAME|*") },
		{ "a list's name", TEXT("*|LIST:COMPANY|*"), HIT(DEFAULT, NULL) },
		{ "brackets", TEXT("Hello [[ first_name ]]"), HIT(DEFAULT, NULL) },
		{ "one bracket", TEXT("Hello [FNAME]"), HIT(DEFAULT, "[FNAME]") },
		{ "undefined", TEXT("Hi undefined,\nwelcome"), HIT(DEFAULT,
		    "Hi undefined,") },
		{ "None", TEXT("  Dear None\nwelcome"), HIT(DEFAULT, NULL) },
		{ "null", TEXT("News\nHello null!"), HIT(DEFAULT, NULL) },
		{ "NaN", TEXT("Hello NaN,"), HIT(DEFAULT, NULL) },
		{ "no name", TEXT("Dear ,\nwe"), HIT(DEFAULT, "Dear ,") },
		{ "no name, no-break", HTML("Bonjour\xc2\xa0,\nnous"), HIT(DEFAULT, NULL) },
		{ "no name, German", TEXT("Hallo ,"), HIT(DEFAULT, NULL) },
		{ "subject", SUBJECT("Your offer, {{first_name}}"),
		    HIT(DEFAULT, "subject") },
		{ "subject with brackets", SUBJECT("[[ALERT]] disk full"), OK },
		{ "a list", NULL, worded_list, "{{ name }}", NULL, OK },
		{ "attached", NULL, worded_attached, "{{ name }}", NULL, OK },
		{ "bare undefined", TEXT("The result is undefined, of course."), OK },
		{ "greeting", TEXT("Dear,\nthank you"), OK },
		{ "a grandmother", TEXT("Dear Nan,\nthank you"), OK },
		{ "a sentence", TEXT("Dear None-such\nHello nullable world"), OK },
		{ "shell", TEXT("echo ${HOME} $x {x} { } {{ }} {{a b}} {{{"), OK },
		{ "percentages", TEXT("100% of 20 % are 50%FIRST and %%"), OK },
		{ "footnotes", TEXT("as shown [1], [[2]], [[12]] and * | *"), OK },
		{ "emphasis", TEXT("*really* *|or|* not"), OK },
		{ "cut at the end", TEXT("{{name"), OK },
		{ "Spanish", TEXT("Hola Ana,\nnull y none"), OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("template-leftover", rows);
}

#define ZW "\xe2\x80\x8b"
#define ZWNJ "\xe2\x80\x8c"

static void
odd_link(void)
{
	worded_link(SLICE("https://example.net/a" ZW "b"), SLICE("here"));
	worded.links[0].url.has_invisible = true;
}

static void
persian_link(void)
{
	worded_link(SLICE("https://example.net/\xd9\x85\xdb\x8c" ZWNJ "\xd8\xae\xd9\x88"),
	    SLICE("here"));
	worded.links[0].url.has_invisible = true;
}

static void
test_zero_width(void **state)
{
	static const struct worded_row rows[] = {
		{ "three places", TEXT("pa" ZW "ss wo" ZW ZW "rd ac" ZWNJ "count"),
		    HIT(DEFAULT, "3 places") },
		{ "beyond ASCII", TEXT("\xc3\xbc" ZW "\xc3\xbc" ZW "\xc3\xbc" ZW "\xc3\xbc"),
		    HIT(DEFAULT, NULL) },
		{ "override", HTML("abc \xe2\x80\xae" "cba"), HIT(DEFAULT, "U+202E") },
		{ "in a URL", NULL, odd_link, NULL, "x", HIT(DEFAULT, "part 2") },
		{ "Persian URL", NULL, persian_link, NULL, "x", OK },
		{ "two places", TEXT("pa" ZW "ss wo" ZW "rd"), OK },
		{ "between words", TEXT("a " ZW "b " ZW "c " ZW "d" ZW " e" ZW "."), OK },
		{ "a preheader's filler", HTML("News\xcd\x8f " ZWNJ "\xc2\xa0" ZWNJ "\xcd\x8f "
		    ZWNJ "\xc2\xa0" ZWNJ "\xc2\xa0" ZWNJ), OK },
		{ "soft hyphens", TEXT("Do\xc2\xadnau\xc2\xad" "dampf\xc2\xadschiff\xc2\xad"
		    "fahrt"), OK },
		{ "Persian", TEXT("\xd9\x85\xdb\x8c" ZWNJ "\xd8\xae\xd9\x88\xd8\xa7 \xd9\x85\xdb"
		    "\x8c" ZWNJ "\xd8\xae\xd9\x88\xd8\xa7 \xd9\x85\xdb\x8c" ZWNJ "\xd8\xae"), OK },
		{ "families", TEXT("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7\xf0\x9f\x91\xa9"
		    "\xe2\x80\x8d\xf0\x9f\x91\xa7\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"), OK },
		{ "numbers", TEXT("1" ZW "2" ZW "3" ZW "4"), OK },
		{ "isolates", TEXT("\xe2\x81\xa8" "Anna" "\xe2\x81\xa9"), OK },
		{ "cut at the end", TEXT("a" ZW), OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("zero-width", rows);
}

static void
test_mixed_script_words(void **state)
{
	static const struct worded_row rows[] = {
		{ "two", TEXT("Your P\xd0\xb0ypal acc\xd0\xbeunt"),
		    HIT(DEFAULT, "2 words") },
		{ "Greek", HTML("p\xce\xb1ssword acc\xce\xbfunt"), HIT(DEFAULT, NULL) },
		{ "Cyrillic first", TEXT("\xd0\xa0" "aypal \xd0\xa0" "aypal"),
		    HIT(DEFAULT, NULL) },
		{ "in Russian", TEXT("\xd0\xb1\xd0\xb0o\xd0\xbd\xd0\xba \xd0\xb1\xd0\xb0o\xd0"
		    "\xbd\xd0\xba"), HIT(DEFAULT, NULL) },
		{ "one", TEXT("Your P\xd0\xb0ypal account"), OK },
		{ "short", TEXT("P\xd0\xb0y P\xd0\xb0y P\xd0\xb0y"), OK },
		{ "units", TEXT("10k\xce\xa9, 5\xc2\xb5m, 100M\xce\xa9hm 100M\xce\xa9hm"), OK },
		{ "science", TEXT("TNF\xce\xb1, NF\xce\xba" "B, PPAR\xce\xb3, TGF\xce\xb2; "
		    "\xce\x94time \xce\x94temp"), OK },
		{ "beside each other", TEXT("\xd0\xa1\xd0\xbc\xd0\xbe\xd1\x82\xd1\x80\xd0\xb8 "
		    "PDF-\xd1\x84\xd0\xb0\xd0\xb9\xd0\xbb, Wi-Fi-\xd1\x81\xd0\xb5\xd1\x82\xd1\x8c"),
		    OK },
		{ "Russian", TEXT("\xd0\x97\xd0\xb4\xd1\x80\xd0\xb0\xd0\xb2\xd1\x81\xd1\x82\xd0"
		    "\xb2\xd1\x83\xd0\xb9\xd1\x82\xd0\xb5 from London"), OK },
		{ "Greek text", TEXT("\xce\x9a\xce\xb1\xce\xbb\xce\xb7\xce\xbc\xce\xad\xcf\x81"
		    "\xce\xb1 Maria"), OK },
		{ "Chinese with Latin", TEXT("\xe4\xbd\xa0\xe5\xa5\xbd" "Anna\xe4\xbd\xa0\xe5\xa5"
		    "\xbd"), OK },
		{ "umlauts", TEXT("Gr\xc3\xbc\xc3\x9f" "e aus M\xc3\xbcnchen"), OK },
		{ "cut within a letter", TEXT("abcd\xd0"), OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("mixed-script-words", rows);
}

#define WORDS20 "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima " \
    "mike november oscar papa quebec romeo sierra tango "
#define OTHERS20 "monday tuesday wednesday thursday friday saturday sunday january " \
    "february march april june july august september october november december " \
    "spring summer "

static void
not_alternative(void)
{
	worded.parts[0].type = "multipart/mixed";
}

static void
test_parts_differ(void **state)
{
	static const struct worded_row rows[] = {
		{ "nothing shared but one", NULL, NULL, WORDS20 "uniform",
		    OTHERS20 "winter", HIT(DEFAULT, "they share 1") },
		{ "the same", NULL, NULL, WORDS20 "uniform", WORDS20 "UNIFORM", OK },
		{ "in capitals", NULL, NULL, WORDS20 "uniform", "ALPHA BRAVO CHARLIE DELTA "
		    "ECHO FOXTROT " OTHERS20, OK },
		{ "a fifth", NULL, NULL, WORDS20 "uniform", "alpha bravo charlie delta "
		    OTHERS20, OK },
		{ "20 words", NULL, NULL, WORDS20, OTHERS20 "winter autumn", OK },
		{ "words twice", NULL, NULL, WORDS20 "alpha alpha", OTHERS20 "winter", OK },
		{ "short ones do not count", NULL, NULL, "a be cee " WORDS20 "dee", OTHERS20
		    "winter", OK },
		{ "only addresses", NULL, NULL, "https://alpha.example/bravo/charlie/delta/echo/"
		    "foxtrot/golf/hotel/india/juliet/kilo/lima/mike/november/oscar/papa/"
		    "quebec/romeo/sierra/tango/uniform", OTHERS20 "winter", OK },
		{ "no alternative", NULL, not_alternative, WORDS20 "uniform",
		    OTHERS20 "winter", OK },
		{ "no text", HTML(OTHERS20 "winter"), OK },
		{ "no HTML", TEXT(OTHERS20 "winter"), OK },
		{ "attached", NULL, worded_attached, NULL, OTHERS20 "winter", OK },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("parts-differ", rows);
}

static void
test_subject_caps(void **state)
{
	static const struct worded_row rows[] = {
		{ "capitals", SUBJECT("BUY THIS NOW"), HIT(DEFAULT, "BUY THIS NOW") },
		{ "one letter", SUBJECT("2026-11-20 A"), HIT(DEFAULT, NULL) },
		{ "German", SUBJECT("=?utf-8?q?GR=C3=9CSSE_AN_ALLE?="), HIT(DEFAULT, NULL) },
		{ "Russian", SUBJECT("=?utf-8?q?=D0=A1=D0=9A=D0=98=D0=94=D0=9A=D0=98_"
		    "=D0=92=D0=A1=D0=95=D0=9C?="), HIT(DEFAULT, NULL) },
		{ "one small", SUBJECT("BUY THIS NOw"), OK },
		{ "one small umlaut", SUBJECT("=?utf-8?q?GR=C3=BCSSE_AN_ALLE?="), OK },
		{ "short", SUBJECT("BUY IT NO"), OK },
		{ "one word", SUBJECT("INVOICE-2026-11"), OK },
		{ "numbers", SUBJECT("2026-11-20 12:30"), OK },
		{ "Japanese", SUBJECT("=?utf-8?q?=E3=81=94=E6=B3=A8=E6=96=87 "
		    "=E3=81=AE=E3=81=94=E7=A2=BA=E8=AA=8D=E3=81=94=E6=B3=A8=E6=96=87?="), OK },
		{ "usual", SUBJECT("Your invoice 1234 from ACME"), OK },
		{ "none", "From: a@example.com\n", NULL, "x", NULL, OK },
	};

	(void)state;
	WORDED_TABLE("subject-caps", rows);
}

static void
test_subject_punctuation(void **state)
{
	static const struct worded_row rows[] = {
		{ "exclamation", SUBJECT("Only today!!!"), HIT(DEFAULT, "!!!") },
		{ "dollars", SUBJECT("Make $$ at home"), HIT(DEFAULT, "$$") },
		{ "two", SUBJECT("Only today!!"), OK },
		{ "apart", SUBJECT("! ! !"), OK },
		{ "a price", SUBJECT("Your receipt: $20 and $5"), OK },
		{ "none", "From: a@example.com\n", NULL, "x", NULL, OK },
	};

	(void)state;
	WORDED_TABLE("subject-punctuation", rows);
}

static void
test_subject_fake_reply(void **state)
{
	static const struct worded_row rows[] = {
		{ "Re", SUBJECT("Re: our meeting"), HIT(DEFAULT, "Re: our meeting") },
		{ "RE", SUBJECT("RE: our meeting"), HIT(DEFAULT, NULL) },
		{ "AW", SUBJECT("AW: Treffen"), HIT(DEFAULT, NULL) },
		{ "SV", SUBJECT("Sv: mote"), HIT(DEFAULT, NULL) },
		{ "Antw", SUBJECT("Antw: afspraak"), HIT(DEFAULT, NULL) },
		{ "counted", SUBJECT("Re[2]: our meeting"), HIT(DEFAULT, NULL) },
		{ "References", SUBJECT("Re: a\nReferences: <1@example.net>"), OK },
		{ "In-Reply-To", SUBJECT("Re: a\nIn-Reply-To: <1@example.net>"), OK },
		{ "Thread-Index", SUBJECT("Re: a\nThread-Index: AdE="), OK },
		{ "a list", "From: a@example.com\nSubject: Re: a\n", worded_list, "x", NULL,
		    OK },
		{ "forwarded", SUBJECT("Fwd: our meeting"), OK },
		{ "a word", SUBJECT("Re-opening: our shop"), OK },
		{ "in it", SUBJECT("Invoice re: our meeting"), OK },
		{ "no colon", SUBJECT("Re our meeting"), OK },
		{ "none", "From: a@example.com\n", NULL, "x", NULL, OK },
	};

	(void)state;
	WORDED_TABLE("subject-fake-reply", rows);
}

/* A subject that was not kept. */
static void
test_subject_beyond(void **state)
{
	static const struct checked_row rows[] = {
		{ "not kept", NULL, NULL, true, CHECK_DUNNO, 0, 0, NULL, NULL },
	};

	(void)state;
	CHECKED_TABLE("subject-caps", rows);
	CHECKED_TABLE("subject-punctuation", rows);
	CHECKED_TABLE("subject-fake-reply", rows);
}

static void
with_picture(void)
{
	static const struct html_facts html = { .images = 1 };

	worded.parts[1].html = &html;
}

static void
with_pixel(void)
{
	static const struct html_facts html = { .images_tiny = 1 };

	worded.parts[1].html = &html;
}

static void with_file(void) { worded_part(VIEW_OTHER, "2", "application/pdf", NULL); }

static void
sealed(void)
{
	worded_part(VIEW_OTHER, "1", "application/pkcs7-mime", NULL);
}

static void not_read(void) { worded.parts[1].over_limit = true; }

static void
test_body_empty(void **state)
{
	static const struct worded_row rows[] = {
		{ "nothing", TEXT(""), HIT(DEFAULT, "nothing to read in the message") },
		{ "blanks", TEXT(" \r\n\t\xc2\xa0" ZW "\n"), HIT(DEFAULT, NULL) },
		{ "HTML without text", HTML(" "), HIT(DEFAULT, NULL) },
		{ "a pixel", NULL, with_pixel, NULL, "", HIT(DEFAULT, NULL) },
		{ "a file", NULL, with_file, "", NULL, HIT(DEFAULT, "1 attachment") },
		{ "a picture", NULL, with_picture, NULL, "", OK },
		{ "a letter", TEXT("."), OK },
		{ "text in the HTML alone", NULL, NULL, "", "Hello", OK },
		{ "encrypted", NULL, sealed, NULL, NULL, DUNNO },
		{ "not read", NULL, not_read, "", NULL, DUNNO },
		{ "no view", NULL, worded_none, "", NULL, DUNNO },
		{ "not all was read", NULL, worded_over, "", NULL, DUNNO },
	};

	(void)state;
	WORDED_TABLE("body-empty", rows);
}

#define NINETEEN "one two three four five six seven eight nine ten eleven twelve " \
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
#define URL1 "https://www.example.com/a"

static void
test_body_short_link(void **state)
{
	static const struct worded_row rows[] = {
		{ "a link", NULL, NULL, NULL, "See this", URL1, NULL, CHECK_HIT, DEFAULT,
		    "2 words" },
		{ "19 words", NULL, NULL, NULL, NINETEEN " - -", URL1, NULL, CHECK_HIT,
		    DEFAULT, "19 words" },
		{ "a link alone", NULL, NULL, NULL, "", URL1, NULL, CHECK_HIT, DEFAULT,
		    "0 words" },
		{ "20 words", NULL, NULL, NULL, NINETEEN " twenty", URL1, NULL, CHECK_OK, 0,
		    NULL },
		{ "20 Japanese letters", NULL, NULL, NULL, "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86"
		    "\xe3\x81\x88\xe3\x81\x8a\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88"
		    "\xe3\x81\x8a\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a"
		    "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a", URL1, NULL,
		    CHECK_OK, 0, NULL },
		{ "two links", NULL, NULL, NULL, "See this", URL1 "\n" URL1, NULL, CHECK_OK, 0,
		    NULL },
		{ "no link", NULL, NULL, NULL, "See this", "mailto:a@example.com", NULL,
		    CHECK_OK, 0, NULL },
		{ "a list", NULL, worded_list, NULL, "See this", URL1, NULL, CHECK_OK, 0, NULL },
		{ "declared", NULL, worded_transactional, NULL, "Your code: 123456", URL1, NULL,
		    CHECK_OK, 0, NULL },
		{ "text only", TEXT("See https://www.example.com/a"), OK },
		{ "over the limit", NULL, worded_over, NULL, "See this", URL1, NULL,
		    CHECK_DUNNO, 0, NULL },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("body-short-link", rows);
}

static const struct phrase offers[] = {
	{ .text = "risk free", .language = "en", .where = PHRASE_BODY },
	{ .text = "jetzt zuschlagen", .language = "de", .where = PHRASE_BODY },
};

static void
with_phrases(void)
{
	static const struct phrase *found[] = { &offers[0], &offers[1] };

	t.message->phrases = found;
	t.message->n_phrases = 2;
}

static void
test_trigger_words(void **state)
{
	static const struct worded_row rows[] = {
		{ "two", NULL, with_phrases, "x", NULL,
		    HIT(0, "\"risk free\" (en), \"jetzt zuschlagen\" (de)") },
		{ "none", TEXT("x"), OK },
		{ "no lists", NULL, worded_no_lists, "x", NULL, DUNNO },
		COMMON,
	};

	(void)state;
	WORDED_TABLE("trigger-words", rows);
	assert_int_equal(t.result.weight_beside, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_template_leftover),
		cmocka_unit_test(test_zero_width),
		cmocka_unit_test(test_mixed_script_words),
		cmocka_unit_test(test_parts_differ),
		cmocka_unit_test(test_subject_caps),
		cmocka_unit_test(test_subject_punctuation),
		cmocka_unit_test(test_subject_fake_reply),
		cmocka_unit_test(test_subject_beyond),
		cmocka_unit_test(test_body_empty),
		cmocka_unit_test(test_body_short_link),
		cmocka_unit_test(test_trigger_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
