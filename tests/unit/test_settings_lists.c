/*
 * Lists: those built in, files in their place, what is wrong in files, and
 * looking into them.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/phrase.h"
#include "settings/lists.h"
#include "settings_text.h"

/* A directory of lists on disk. */
static char directory[] = "/tmp/mailworthy-lists-XXXXXX";

static void
write_file(const char *name, const char *text)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void
remove_files(void)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

static int
make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL ? -1 : 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	remove_files();
	return rmdir(directory);
}

/* Settings with the option set to the directory. */
static const struct settings *
load(const char *option, struct arena *arena, const char **error_r)
{
	struct files *files = files_new(), *worker;
	const struct settings *settings, *again;
	const char *error;
	char text[256];
	void *packed;
	size_t size;

	snprintf(text, sizeof(text), "%s = \"%s\"\n", option, directory);
	files_put(files, TEXT_FILE, text, strlen(text));
	settings = settings_load(files, TEXT_FILE, text_check_exists, arena, error_r);

	/* the worker reads the same of what it is given, without the disk */
	packed = files_pack(files, arena, &size);
	worker = files_unpack(packed, size);
	again = settings_load(worker, TEXT_FILE, text_check_exists, arena, &error);
	assert_int_equal(settings == NULL, again == NULL);
	if (settings == NULL)
		assert_string_equal(*error_r, error);
	settings_unref(&again);
	files_free(&worker);
	files_free(&files);
	return settings;
}

static const struct settings *
load_good(const char *option)
{
	struct arena *arena = arena_new();
	const char *error;
	const struct settings *settings = load(option, arena, &error);

	if (settings == NULL)
		fail_msg("%s", error);
	arena_free(&arena);
	return settings;
}

static void
test_builtin(void **state)
{
	const struct settings *s = text_load_good("# defaults", NULL);
	const struct provider *provider;
	size_t n;

	(void)state;
	for (size_t i = 0; i < LISTS; i++) {
		lists_words(s->lists, (enum list)i, &n);
		assert_true(n >= 10);
	}
	assert_true(lists_has(s->lists, LIST_FREEMAIL, "gmail.com"));
	assert_true(lists_has(s->lists, LIST_BLOCKED_GMAIL, "exe"));
	assert_true(lists_has(s->lists, LIST_BLOCKED_GMAIL, "ex_"));
	assert_false(lists_has(s->lists, LIST_BLOCKED_GMAIL, "pdf"));
	assert_true(lists_has(s->lists, LIST_BLOCKED_MICROSOFT, "docm"));
	assert_true(lists_has(s->lists, LIST_BLOCKED_OWA, "appref-ms"));
	assert_true(lists_has(s->lists, LIST_TYPO_TLDS, "con"));
	assert_false(lists_has(s->lists, LIST_TYPO_TLDS, "com"));
	provider = lists_provider(s->lists, "gmail-smtp-in.l.google.com");
	assert_string_equal(provider->name, "gmail");
	assert_string_equal(provider->title, "Gmail");
	assert_int_equal(provider->size_max, 26214400);
	assert_true(provider->blocks[LIST_BLOCKED_GMAIL]);
	assert_false(provider->blocks[LIST_BLOCKED_MICROSOFT]);
	assert_non_null(lists_phrases(s->lists, &n));
	settings_unref(&s);
}

/* No two lists may say what cannot both be: what a reader would stumble over. */
static void
test_builtin_agree(void **state)
{
	struct arena *arena = arena_new();
	const struct lists *lists = lists_new_builtin(arena);
	const char *const *words;
	size_t n;

	(void)state;
	words = lists_words(lists, LIST_SHORTENERS, &n);
	for (size_t i = 0; i < n; i++) {
		assert_false(lists_has_domain(lists, LIST_GATEWAYS, words[i]));
		assert_false(lists_has_domain(lists, LIST_BRANDS, words[i]));
		assert_false(lists_has_domain(lists, LIST_FREEMAIL, words[i]));
	}
	words = lists_words(lists, LIST_GATEWAYS, &n);
	for (size_t i = 0; i < n; i++)
		assert_false(lists_has_domain(lists, LIST_BRANDS, words[i]));
	words = lists_words(lists, LIST_MAILBOXES, &n);
	for (size_t i = 0; i < n; i++) {
		if (!lists_has(lists, LIST_FREEMAIL, words[i]))
			fail_msg("%s is in mailboxes.txt and not in freemail.txt", words[i]);
		assert_false(lists_has(lists, LIST_TYPO_TLDS, strrchr(words[i], '.') + 1));
	}
	arena_free(&arena);
}

/* Words that every notice of a login or a payment needs are no phrases. */
static void
test_builtin_phrases(void **state)
{
	static const char *const never[] = {
		"account", "password", "card", "click", "urgent", "hurry",
		"konto", "passwort", "karte", "klick", "dringend",
		"compte", "mot de passe", "carte", "cliqu",
		"cuenta", "contraseña", "tarjeta", "clic", "senha", "cartão", "clique",
		"carta", "wachtwoord", "kaart", "klik", "hasło", "karta", "pilne",
	};
	struct arena *arena = arena_new();
	const struct phrase *phrase;
	size_t n;

	(void)state;
	phrase = lists_phrases(lists_new_builtin(arena), &n);
	assert_true(n >= 1500);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < sizeof(never) / sizeof(never[0]); j++) {
			if (strstr(phrase[i].text, never[j]) != NULL)
				fail_msg("%s.txt: \"%s\" holds \"%s\"", phrase[i].language,
				    phrase[i].text, never[j]);
		}
	}
	arena_free(&arena);
}

static void
test_lookup(void **state)
{
	struct arena *arena = arena_new();
	const struct lists *lists = lists_new_builtin(arena);

	(void)state;
	assert_true(lists_has_domain(lists, LIST_SHORTENERS, "bit.ly"));
	assert_true(lists_has_domain(lists, LIST_SHORTENERS, "a.b.bit.ly"));
	assert_false(lists_has(lists, LIST_SHORTENERS, "a.bit.ly"));
	assert_false(lists_has_domain(lists, LIST_SHORTENERS, "xbit.ly"));
	assert_false(lists_has_domain(lists, LIST_SHORTENERS, "ly"));
	assert_false(lists_has_domain(lists, LIST_SHORTENERS, ""));
	assert_false(lists_has_domain(lists, LIST_SHORTENERS, "."));
	assert_false(lists_has_domain(lists, LIST_SHORTENERS, NULL));
	assert_false(lists_has(lists, LIST_SHORTENERS, ""));
	assert_false(lists_has(lists, LIST_SHORTENERS, NULL));
	assert_true(lists_has_domain(lists, LIST_TLDS, "www.example.top"));
	assert_false(lists_has_domain(lists, LIST_TLDS, "top.example.com"));
	assert_null(lists_provider(lists, "mx.example.com"));
	assert_null(lists_provider(lists, "google.com.example.net"));
	assert_null(lists_provider(lists, NULL));
	assert_string_equal(lists_provider(lists,
	    "example-com.mail.protection.outlook.com")->name, "exchange-online");
	assert_string_equal(lists_provider(lists,
	    "example-com.olc.protection.outlook.com")->name, "outlook");
	arena_free(&arena);
}

static void
test_in_place(void **state)
{
	const struct settings *s;
	const char *const *words;
	size_t n;

	(void)state;
	remove_files();
	write_file("freemail.txt", "\xef\xbb\xbf# mine\r\nPost.Example.org # all\r\n\n \t\n"
	    "example.net");
	write_file("unsubscribe.txt", "Stop \t  it\nкупить\n");
	write_file("blocked-owa.txt", "# none\n");
	s = load_good("lists");
	words = lists_words(s->lists, LIST_FREEMAIL, &n);
	assert_int_equal(n, 2);
	assert_string_equal(words[0], "post.example.org");
	assert_true(lists_has(s->lists, LIST_FREEMAIL, "example.net"));
	assert_false(lists_has(s->lists, LIST_FREEMAIL, "gmail.com"));
	assert_true(lists_has(s->lists, LIST_UNSUBSCRIBE, "stop it"));
	assert_true(lists_has(s->lists, LIST_UNSUBSCRIBE, "купить"));
	lists_words(s->lists, LIST_BLOCKED_OWA, &n);
	assert_int_equal(n, 0);
	assert_true(lists_has(s->lists, LIST_BRANDS, "paypal.com"));
	assert_non_null(lists_provider(s->lists, "mx.icloud.com.google.com"));
	settings_unref(&s);
}

static void
test_providers(void **state)
{
	const struct settings *s;
	const struct provider *provider;

	(void)state;
	remove_files();
	write_file("providers.txt", "[Example]\ntitle = The Example\n"
	    "mx = mx.example.net  example.org\nsize = 1000000\nblocks = gmail OWA\n"
	    "source = a page # of today\n[other]\nTitle = Other\nMX = a.mx.example.net\n");
	s = load_good("lists");
	provider = lists_provider(s->lists, "1.mx.example.net");
	assert_string_equal(provider->name, "example");
	assert_string_equal(provider->title, "The Example");
	assert_string_equal(provider->source, "a page");
	assert_int_equal(provider->size_max, 1000000);
	assert_true(provider->blocks[LIST_BLOCKED_GMAIL]);
	assert_true(provider->blocks[LIST_BLOCKED_OWA]);
	assert_false(provider->blocks[LIST_BLOCKED_MICROSOFT]);
	assert_ptr_equal(lists_provider(s->lists, "example.org"), provider);
	provider = lists_provider(s->lists, "1.a.mx.example.net");
	assert_string_equal(provider->name, "other");
	assert_int_equal(provider->size_max, 0);
	assert_string_equal(provider->source, "");
	assert_null(lists_provider(s->lists, "example.net"));
	settings_unref(&s);
}

static void
test_phrases(void **state)
{
	const struct settings *s;
	const struct phrase *phrase;
	size_t n, en = 0, xx = 0;

	(void)state;
	remove_files();
	write_file("en.txt", "[Subject]\nDouble  your\tincome\n[body]\nthis is no spam\n"
	    "double your income\n");
	write_file("xx.txt", "[body]\nΚέρδος #1 ! # first\n");
	s = load_good("phrases");
	phrase = lists_phrases(s->lists, &n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(phrase[i].language, "en") == 0) {
			assert_string_equal(phrase[i].text,
			    en == 0 ? "double your income" : "this is no spam");
			assert_int_equal(phrase[i].where,
			    en == 0 ? PHRASE_SUBJECT | PHRASE_BODY : PHRASE_BODY);
			en++;
		} else if (strcmp(phrase[i].language, "xx") == 0) {
			assert_string_equal(phrase[i].text, "Κέρδος");
			xx++;
		}
	}
	assert_int_equal(en, 2);
	assert_int_equal(xx, 1);
	settings_unref(&s);
}

struct bad {
	const char *option, *name, *text;
	const char *error;		/* whole, after the directory */
};

static const struct bad bad[] = {
	{ "lists", "freemail.txt", "", "/freemail.txt: an empty file: was it cut off while "
	  "it was saved? For an empty list write a comment into it" },
	{ "lists", "freemail.txt", "a.example\n\n gmail # no\n", "/freemail.txt:3: expected a "
	  "domain in its ASCII form, as in example.com (got \"gmail\")" },
	{ "lists", "freemail.txt", "a.example\nb.example\nA.example", "/freemail.txt:3: "
	  "expected each entry once (\"a.example\" stands above already)" },
	{ "lists", "tlds.txt", ".top", "/tlds.txt:1: expected a top-level domain without a "
	  "dot, as in com (got \".top\")" },
	{ "lists", "blocked-gmail.txt", "# x\n.exe", "/blocked-gmail.txt:2: expected the end "
	  "of file names without its dot, as in exe (got \".exe\")" },
	{ "lists", "unsubscribe.txt", "ok\nab\xffz", "/unsubscribe.txt:2: expected text in "
	  "UTF-8 (got \"ab\\xFFz\")" },
	{ "lists", "unsubscribe.txt", "a\x01z", "/unsubscribe.txt:1: expected text in UTF-8 "
	  "(got \"a\\x01z\")" },
	{ "lists", "unsubscribe.txt", "\xed\xa0\x80", "/unsubscribe.txt:1: expected text in "
	  "UTF-8 (got \"\\xED\\xA0\\x80\")" },
	{ "lists", "fremail.txt", "a.example", "/fremail.txt: expected the name of a list of "
	  "mailworthy-lists(5)" },
	{ "lists", "blocklists.txt", "of = ipv4", "/blocklists.txt:1: expected a section as in "
	  "[zen.spamhaus.org] first (got \"of = ipv4\")" },
	{ "lists", "blocklists.txt", "[zen]", "/blocklists.txt:1: expected a section as in "
	  "[zen.spamhaus.org] (got \"[zen]\")" },
	{ "lists", "blocklists.txt", "[bl.example]\nof = ipv4", "/blocklists.txt:1: expected of "
	  "and one code at least in [bl.example]" },
	{ "lists", "blocklists.txt", "[bl.example]\nof = ipv5\n127.0.0.2 = x\nof = ipv4",
	  "/blocklists.txt:2: expected ipv4, ipv6 or domains (got \"ipv5\")" },
	{ "lists", "blocklists.txt", "[bl.example]\nof = ipv4\n127.0.0.9-127.0.0.2 = x\n"
	  "127.0.0.2 = x", "/blocklists.txt:3: expected of, test, page, source or a code as in "
	  "127.0.0.2 or 127.0.0.4-127.0.0.7 (got \"127.0.0.9-127.0.0.2\")" },
	{ "lists", "blocklists.txt", "[bl.example]\nof = ipv4\n127.0.0.2 = x\n[BL.example]",
	  "/blocklists.txt:4: expected each blocklist once (got \"BL.example\")" },
	{ "lists", "providers.txt", "title = x", "/providers.txt:1: expected a section as in "
	  "[gmail] first (got \"title = x\")" },
	{ "lists", "providers.txt", "[a]\ntitle = x\nmx = a.example\nsize = 25 MB",
	  "/providers.txt:4: expected bytes of a message, at least 1000000 (got \"25 MB\")" },
	{ "lists", "providers.txt", "[a]\ntitle = x\nmx = a.example\nsize = 25",
	  "/providers.txt:4: expected bytes of a message, at least 1000000 (got \"25\")" },
	{ "lists", "providers.txt", "[a]\ntitle = x\n", "/providers.txt:1: expected title and "
	  "mx in [a]" },
	{ "lists", "providers.txt", "[a]\ntitle = x\nmx = a.example\n[b]\ntitle = y\nmx = "
	  "b.example A.EXAMPLE", "/providers.txt:6: expected each name in one provider (got "
	  "\"A.EXAMPLE\")" },
	{ "lists", "providers.txt", "[a]\ntitle = x\ntitle = y\nmx = a.example",
	  "/providers.txt:3: expected each key once in a section (got \"title\")" },
	{ "lists", "providers.txt", "[a]\ntitle = x\nmx = a.example\nblocks = exe",
	  "/providers.txt:4: expected gmail, microsoft or owa (got \"exe\")" },
	{ "lists", "providers.txt", "[a]\ntitle = x\nmx = a.example\nlimit = 1",
	  "/providers.txt:4: expected title, mx, size, blocks or source (got \"limit\")" },
	{ "lists", "providers.txt", "[a]\ntitle = x\nmx = a.example\nsize",
	  "/providers.txt:4: expected KEY = VALUE (got \"size\")" },
	{ "lists", "providers.txt", "[a]\ntitle = x\nmx = a.example\n[A]",
	  "/providers.txt:4: expected each provider once (got \"A\")" },
	{ "lists", "providers.txt", "[a\n", "/providers.txt:1: expected a section as in "
	  "[gmail] (got \"[a\")" },
	{ "phrases", "en.txt", "risk free\n", "/en.txt:1: expected [subject] or [body] before "
	  "the first phrase (got \"risk free\")" },
	{ "phrases", "en.txt", "[text]\n[body]\nrisk free\n", "/en.txt:1: expected [subject] "
	  "or [body] (got \"[text]\")" },
	{ "phrases", "en.txt", "[body]\nrisk free\nRisk  Free", "/en.txt:3: expected each "
	  "phrase once in a section (\"risk free\" stands above already)" },
	{ "phrases", "a-very-long-language.txt", "[body]\nrisk free\n",
	  "/a-very-long-language.txt: expected the name of a language, as in en.txt" },
};

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct arena *arena = arena_new();
		size_t n = strlen(directory);
		const char *error = NULL;

		remove_files();
		write_file(bad[i].name, bad[i].text);
		assert_null(load(bad[i].option, arena, &error));
		assert_memory_equal(error, directory, n);
		/* a name that is wrong leaves the directory without any */
		if (strchr(error, '\n') != NULL)
			*strchr((char *)(uintptr_t)error, '\n') = '\0';
		assert_string_equal(error + n, bad[i].error);
		arena_free(&arena);
	}
}

static void
test_long_entries(void **state)
{
	struct arena *arena = arena_new();
	const char *error;
	char text[400];

	(void)state;
	remove_files();
	snprintf(text, sizeof(text), "[body]\n%0*d\n", PHRASE_MAX, 1);
	write_file("en.txt", text);
	settings_unref(&(const struct settings *){ load_good("phrases") });
	snprintf(text, sizeof(text), "[body]\n%0*d\n", PHRASE_MAX + 1, 1);
	write_file("en.txt", text);
	assert_null(load("phrases", arena, &error));
	assert_non_null(strstr(error, "en.txt:2: expected at most 200 bytes of text (got "));
	arena_free(&arena);
}

static void
test_too_many_phrases(void **state)
{
	struct arena *arena = arena_new();
	char *text = NULL;
	const char *error;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	remove_files();
	fputs("[body]\n", out);
	for (int i = 0; i <= PHRASES_MAX; i++)
		fprintf(out, "phrase %d\n", i);
	fclose(out);
	write_file("xx.txt", text);
	free(text);
	assert_null(load("phrases", arena, &error));
	assert_non_null(strstr(error, "expected at most 20000 phrases in all files"));
	arena_free(&arena);
}

static void
test_directory(void **state)
{
	struct arena *arena = arena_new();
	const char *error;
	char expected[256];

	(void)state;
	remove_files();
	write_file("README", "no list\n");
	snprintf(expected, sizeof(expected), "/f:1: lists: expected a directory with a "
	    "file of mailworthy-lists(5) in it (got \"%s\")", directory);
	assert_null(load("lists", arena, &error));
	assert_string_equal(error, expected);
	assert_null(text_load("phrases = \"/nowhere/at/all\"", NULL, arena, &error));
	assert_string_equal(error, "/f:1: phrases: expected a directory with a "
	    "file of phrases, en.txt or the like, in it (got \"/nowhere/at/all\")");
	assert_null(text_load("lists = \"here\"", NULL, arena, &error));
	assert_string_equal(error, "/f:1: lists: expected \"\" or the path of a directory, "
	    "starting with \"/\" and without \"%\" (got \"here\")");
	assert_null(text_load("lists = \"/a%d\"", NULL, arena, &error));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_builtin_agree),
		cmocka_unit_test(test_builtin_phrases),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_providers),
		cmocka_unit_test(test_phrases),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long_entries),
		cmocka_unit_test(test_too_many_phrases),
		cmocka_unit_test(test_directory),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
