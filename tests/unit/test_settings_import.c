/*
 * OpenDKIM's files read by the section import: what they come to, and what is
 * said about the rest.  tests/milter/opendkim.py compares with OpenDKIM itself.
 */
#include "settings_text.h"
#include "base/ip.h"
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "exact.h"
#include "settings/import/signing.h"

struct table {
	const char *path, *text;
};

static struct arena *arena;
static const struct settings *settings;
static const char *error;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	settings_unref(&settings);
	arena_free(&arena);
	return 0;
}

/* Loads "/f" and the tables; the settings and the error are kept. */
static void
load(const char *text, const struct table *tables, size_t n)
{
	struct files *files = files_unpack("MWF1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);

	settings_unref(&settings);
	files_put(files, "/f", text, strlen(text));
	for (size_t i = 0; i < n; i++)
		files_put(files, tables[i].path, tables[i].text, strlen(tables[i].text));
	settings = settings_load(files, "/f", text_check_exists, arena, &error);
	files_free(&files);
}

#define LOAD(text, ...) do { \
	const struct table tables[] = { __VA_ARGS__ }; \
	load((text), tables, sizeof(tables) / sizeof(tables[0])); \
} while (0)

static const char in_file[] =
    "import \"opendkim\" { key-table = \"/kt\" signing-table = \"/st\" }\n";
static const char in_refile[] =
    "import \"opendkim\" { key-table = \"/kt\" signing-table = \"refile:/st\" }\n";
static const char keys[] =
    "a example.com:s1:/k/a.pem\n"
    "any %:S2:/k/%.pem\n"
    "one %:s3:/k/one.pem\n"
    "twice %:s4:/k/%/%.pem\n"
    "far example.net:s5:/k/far.pem\n";

static const struct settings_domain *
domain(const char *name)
{
	for (size_t i = 0; settings != NULL && i < settings->n_domains; i++) {
		if (strcmp(settings->domains[i].name, name) == 0)
			return &settings->domains[i];
	}
	return NULL;
}

/* "NAME d=SIGN-AS SELECTOR FILE", a line for each key. */
static const char *
domains(void)
{
	const char *text = "";

	if (settings == NULL)
		print_error("%s\n", error);
	assert_non_null(settings);
	for (size_t i = 0; i < settings->n_domains; i++) {
		const struct settings_domain *d = &settings->domains[i];

		for (size_t k = 0; k < d->n_keys; k++)
			text = arena_printf(arena, "%s%s%s%s %s %s\n", text, d->name,
			    d->sign_as == NULL ? "" : " d=", d->sign_as == NULL ? "" :
			    d->sign_as, d->keys[k].selector, d->keys[k].file);
	}
	return text;
}

static void
assert_says(const char *text, const char *wanted)
{
	if (text == NULL || strstr(text, wanted) == NULL)
		print_error("wanted: %s\ngot: %s\n", wanted, text == NULL ? "none" : text);
	assert_non_null(text);
	assert_non_null(strstr(text, wanted));
}

static void
exact_keys(void **state)
{
	(void)state;
	LOAD(in_file, { "/kt", keys }, { "/st",
	    "# comment\n\n  example.com\ta  # more\r\n.example.com a\nExample.ORG any\n"
	    ".example.org one\n* any\n" });
	assert_string_equal(domains(),
	    "example.com s1 /k/a.pem\n"
	    "*.example.com d=example.com s1 /k/a.pem\n"
	    "example.org s2 /k/example.org.pem\n"
	    "*.example.org s3 /k/one.pem\n"
	    "* s2 /k/%d.pem\n");
	assert_string_equal(settings->remarks, "");
	assert_string_equal(domain("example.com")->source, "/st");
	assert_int_equal(domain("example.com")->line, 3);
	assert_string_equal(domain("example.com")->keys[0].source, "/kt");
	assert_int_equal(domain("*")->keys[0].line, 2);
}

static void
first_pattern(void **state)
{
	(void)state;
	LOAD(in_refile, { "/kt", keys }, { "/st",
	    "*@a.example.com any\n*@*.example.com a\n*@b.example.com any\n"
	    "*@example.com a\n*@a.example.com a\nplain.org any\n*example.org any\n" });
	assert_string_equal(domains(),
	    "a.example.com s2 /k/a.example.com.pem\n"
	    "*.example.com d=example.com s1 /k/a.pem\n"
	    "example.com s1 /k/a.pem\n"
	    "*.example.org s2 /k/%d.pem\n"
	    "example.org s2 /k/example.org.pem\n");
	assert_says(settings->remarks, "/st:6: SigningTable: \"plain.org\" is left out: in a "
	    "refile: this matches no address; write *@ before the domain");
	assert_says(settings->remarks, "/st:7: SigningTable: \"*example.org\" is taken for "
	    "the domain and what is below it");
}

static void
by_hand_first(void **state)
{
	(void)state;
	LOAD("networks = {\"192.0.2.1\"}\n"
	    "domain \"example.org\" { key \"x\" { file = \"/x.pem\" } }\n"
	    "import \"opendkim\" { key-table = \"/kt\" signing-table = \"/st\" "
	    "internal-hosts = \"csl:10.0.0.0/8\" }\n",
	    { "/kt", keys }, { "/st", "example.org far\nexample.com a\nu@example.org far\n" });
	assert_string_equal(domains(), "example.org x /x.pem\nexample.com s1 /k/a.pem\n");
	assert_false(domain("example.org")->is_imported);
	assert_true(domain("example.com")->is_imported);
	assert_int_equal(settings->networks.n, 1);
	assert_int_equal(settings->outbound & OUTBOUND_LOCAL, 0);
}

static const char inline_key[] = "MIIEowIBAAKCAQEAnothingofakeyatallbutitsfirstoctets"
    "aresuchthatitlookslikeone0000000000000000000000000000000000000";

static void
key_in_table(void **state)
{
	char *pem;

	(void)state;
	LOAD(in_file, { "/kt", arena_printf(arena, "in %%:s1:%s=\n", inline_key) },
	    { "/st", "example.com in\n.example.com in\n" });
	assert_string_equal(domains(), "example.com s1 /kt:1\n*.example.com s1 /kt:1\n");
	pem = (char *)(uintptr_t)keytable_pem(arena, inline_key);
	assert_memory_equal(pem, "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKC", 44);
	assert_null(keytable_pem(arena, "bm90IGEga2V5"));
	assert_null(keytable_pem(arena, ""));
	LOAD(in_file, { "/kt", "in %:s1:notbase64!\nbad %:s1:-----BEGIN RSA\n" },
	    { "/st", "example.com in\n" });
	assert_says(error, "/kt:1: in: expected the path of the key");
	assert_says(error, "/kt:2: bad: a PEM key does not fit into a line");
}

static const struct {
	const char *line, *wanted;	/* of the SigningTable with exact keys */
} told[] = {
	{ "example.org far", "/st:1: SigningTable: mail of example.org would be signed as "
	    "example.net, which does not count for DMARC" },
	{ "u@example.com a", "only mail of u@example.com is signed" },
	{ "example.com a\nu@example.com far", "/st:2: SigningTable: mail of u@example.com "
	    "has a key of its own with d=example.net" },
	{ "* one", "key \"one\" would sign for every domain there is" },
	{ ".example.com twice", "/kt:4: twice: expected one \"%\" in the path" },
	{ "example.com nokey", "/st:1: SigningTable: expected the name of a key in KeyTable "
	    "(\"nokey\" is none" },
	{ "example.com", "expected the name of a key after \"example.com\"" },
	{ ".example.com %", "no name in KeyTable fits \"*.example.com\"" },
	{ "b\xc3\xbc""cher.example a", "write the domain in its ASCII form" },
};

static void
errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		LOAD(in_file, { "/kt", keys }, { "/st", told[i].line });
		assert_null(settings);
		assert_says(error, told[i].wanted);
	}
	LOAD(in_refile, { "/kt", keys }, { "/st", "*@example.* any\n" });
	assert_says(error, "\"*\" may stand for whole first labels only");
}

static const char all_patterns[] = "KeyTable /kt\nSigningTable refile:/st\n"
    "MultipleSignatures yes\n";

/* A section has one d=: the more exact line gives it, and the key of another would fail. */
static void
two_domains_in_one(void **state)
{
	(void)state;
	LOAD("import \"opendkim\" { config = \"/od\" }\n", { "/od", all_patterns },
	    { "/kt", "k1 a.example.com:s1:/k/1\nk2 example.com:s2:/k/2\n" },
	    { "/st", "*@*.a.example.com k1\n*@*.example.com k2\n" });
	assert_string_equal(domains(), "*.a.example.com d=a.example.com s1 /k/1\n"
	    "*.example.com d=example.com s2 /k/2\n");
	assert_says(settings->remarks, "/st:2: SigningTable: \"*.a.example.com\" gets one "
	    "signature only, as a.example.com, and none as example.com");
}

static void
two_keys_at_once(void **state)
{
	(void)state;
	LOAD("import \"opendkim\" { config = \"/od\" }\n", { "/od", all_patterns },
	    { "/kt", "k1 %:s1:/k/1\nk2 %:s2:/k/2\n" },
	    { "/st", "*@example.com k1\n*@example.com k2\n*@example.net k1\n" });
	assert_string_equal(domains(), "example.com s1 /k/1\nexample.com s2 /k/2\n"
	    "example.net s1 /k/1\n");
	assert_says(settings->remarks, "/kt:2: OpenDKIM signs mail of \"example.com\" once with "
	    "each of its 2 keys; here");
	assert_null(strstr(settings->remarks, "example.net"));
}

/* Of exact keys "*" is for those that no other line fits, wherever they stand. */
static void
star_is_for_the_rest(void **state)
{
	static const char two[] = "k1 example.com:s1:/k/1\nk2 example.com:s2:/k/2\n"
	    "k3 a.example.com:s3:/k/3\n";

	(void)state;
	LOAD(in_file, { "/kt", two }, { "/st", "* k1\nexample.com k2\n" });
	assert_string_equal(domains(), "*.example.com d=example.com s1 /k/1\n"
	    "example.com s2 /k/2\n");
	LOAD(in_file, { "/kt", two }, { "/st", "example.com k2\n* k1\n" });
	assert_string_equal(domains(), "example.com s2 /k/2\n"
	    "*.example.com d=example.com s1 /k/1\n");
	LOAD(in_file, { "/kt", two }, { "/st", "* k3\n.example.com k2\n" });
	assert_string_equal(domains(), "*.example.com d=example.com s2 /k/2\n");
}

static void
warnings(void **state)
{
	(void)state;
	LOAD(in_file, { "/kt", keys }, { "/st", "example.com any:news@example.com\n"
	    "u@example.com one\n*@example.org a\nlocalhost a\n* a\n" });
	assert_string_equal(domains(), "example.com s2 /k/example.com.pem\n"
	    "*.example.com d=example.com s1 /k/a.pem\n");
	assert_says(settings->remarks, "/st:1: SigningTable: the signer (i=) is left out");
	assert_says(settings->remarks, "/st:2: SigningTable: mail of u@example.com is signed "
	    "with the key of the domain (s=s2) and not with its own (s=s3)");
	assert_says(settings->remarks, "/st:3: SigningTable: \"*@example.org\" is left out: "
	    "\"*\" is no wildcard here");
	assert_says(settings->remarks, "/st:4: SigningTable: \"localhost\" is left out: this "
	    "is no full domain");
	assert_says(settings->remarks, "/st:5: SigningTable: \"*\" signs mail of every author "
	    "as example.com");
}

static void
bad_keys(void **state)
{
	static const struct table cases[] = {
		{ "a \"example.com\":s:/k", "expected a domain or \"%\" before the first" },
		{ "a example.com : s : /k", "expected a domain or \"%\" before the first" },
		{ "a example.com:s s:/k", "expected a selector after the first" },
		{ "a example.com:s", "expected DOMAIN:SELECTOR:KEY" },
		{ "a", "expected DOMAIN:SELECTOR:KEY" },
		{ "a example.com:s:../k", "expected a path that starts with" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		LOAD(in_file, { "/kt", cases[i].path }, { "/st", "example.com a\n" });
		assert_null(settings);
		assert_says(error, "/kt:1: a: ");
		assert_says(error, cases[i].text);
	}
}

static void
other_tables(void **state)
{
	static const char *const kinds[] = { "dsn:mysql://x", "ldap://h/", "db:/x",
		"lua:/x", "memcache:h/k", "/x.db", "mdb:/x" };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		LOAD(arena_printf(arena, "import \"opendkim\" {\n key-table = \"%s\"\n "
		    "signing-table = \"/st\" }\n", kinds[i]), { "/st", "" });
		assert_says(error, "/f:2: KeyTable: a table of the kind ");
	}
	LOAD("import \"opendkim\" { key-table = \"/none\" signing-table = \"/st\" }",
	    { "/st", "" });
	assert_says(error, "KeyTable: expected a file that can be read (/none: No such file");
	LOAD("import \"opendkim\" { key-table = \"/st\" }", { "/st", "" });
	assert_says(error, "expected a KeyTable and a SigningTable");
	LOAD("import \"rspamd\" { config = \"/st\" }", { "/st", "" });
	assert_says(error, "/f:1: import: expected \"opendkim\" (got \"rspamd\")");
	LOAD("import \"opendkim\" { }", { "/st", "" });
	assert_says(error, "expected config = ");
}

static void
whole_conf(void **state)
{
	(void)state;
	LOAD("import \"opendkim\" { config = \"/etc/od.conf\" }", { "/etc/od.conf",
	    "# our filter\nSyslog yes\nUMask 002\nCanonicalization\trelaxed\nMode\tsv\n"
	    "Domain example.com, example.org\nselector 2020\nKeyFile /k/x.pem\n"
	    "SubDomains yes\nSignatureTTL 60\nOversignHeaders From,Subject\n"
	    "Include /etc/more.conf\nOmitHeaders Cc\nNoSuchThing 1\n" },
	    { "/etc/more.conf", "ExemptDomains .example.org\nInternalHosts 10.0.0.0/30, "
	    "!10.0.0.1\n" });
	assert_string_equal(domains(), "example.com 2020 /k/x.pem\n"
	    "*.example.com d=example.com 2020 /k/x.pem\nexample.org 2020 /k/x.pem\n");
	assert_int_equal(settings->domains[0].canon_header, CANON_RELAXED);
	assert_int_equal(settings->domains[0].canon_body, CANON_SIMPLE);
	assert_int_equal(settings->domains[0].expire, 3600);
	assert_int_equal(settings->domains[0].signed_headers, PROFILE_STRICT);
	assert_says(settings->remarks, "/etc/od.conf:13: OmitHeaders: no counterpart: "
	    "signed-headers chooses among three lists of fields");
	assert_says(settings->remarks, "/etc/od.conf:14: NoSuchThing: OpenDKIM has no such "
	    "option that is known here");
	assert_null(strstr(settings->remarks, "Syslog"));
	assert_int_equal(settings->networks.n, 2);
	LOAD("import \"opendkim\" { config = \"/c\" }", { "/c", "Mode v\nInclude /c\n" });
	assert_says(error, "/c:1: Mode: this OpenDKIM signs nothing");
	assert_says(error, "/c:2: expected a path that starts with \"/\", at most 5");
	LOAD("import \"opendkim\" { config = \"/c\" }", { "/c", "Domain example.com\n"
	    "SubDomains yes\nKeyFile /k\nSelector s\nExemptDomains x.example.com\n" });
	assert_says(error, "/c:5: ExemptDomains: \"x.example.com\" is signed by the key for "
	    "\"*.example.com\" all the same");
}

/* The addresses 10.0.0.0 to 10.0.0.31 and 2001:db8::0 to ::f that are in. */
static const char *
inside(const char *hosts)
{
	const char *text = "";
	struct ip ip;

	LOAD(arena_printf(arena, "import \"opendkim\" { internal-hosts = \"csl:%s\" }", hosts),
	    { "/none", "" });
	if (settings == NULL)
		return error;
	for (unsigned i = 0; i < 48; i++) {
		const char *address = i < 32 ? arena_printf(arena, "10.0.0.%u", i) :
		    arena_printf(arena, "2001:db8::%x", i - 32);
		bool in = false;

		assert_true(ip_parse(slice_of(address), &ip));
		for (size_t n = 0; n < settings->networks.n; n++)
			in = in || ip_net_contains(&settings->networks.p[n], &ip);
		text = arena_printf(arena, "%s%c", text, in ? '1' : '.');
	}
	return text;
}

static void
internal_hosts(void **state)
{
	(void)state;
	assert_string_equal(inside("10.0.0.0/28"),
	    "1111111111111111" "................" "................");
	assert_string_equal(inside("10.0.0.0/27,!10.0.0.5,!10.0.0.16/29,10.0.0.18"),
	    "11111.1111111111" "..1.....11111111" "................");
	assert_string_equal(inside("!10.0.0.5,10.0.0.5,10.0.0.6,10.0.0.6"),
	    "......1........." "................" "................");
	assert_string_equal(inside("[2001:db8::]/126,!2001:db8::1, 10.0.0.1"),
	    ".1.............." "................" "1.11............");
	assert_string_equal(inside("10.0.0.0/27,!10.0.0.0/28,10.0.0.4/30,!10.0.0.6"),
	    "....11.1........" "1111111111111111" "................");
	assert_string_equal(inside("10.0.0.1/28,10.0.0.2"),
	    "..1............." "................" "................");
	assert_says(settings->remarks, "OpenDKIM never matches a network whose host part");
	assert_string_equal(inside("mail.example.com,.example.com,10.0.0.2"),
	    "..1............." "................" "................");
	assert_says(settings->remarks, "\"mail.example.com\" is left out: clients go by their "
	    "address here");
	assert_says(inside("!mail.example.com"), "clients go by their address here");
	assert_says(inside("192.0.2/24"), "expected a network as in 192.0.2.0/24");
	assert_int_equal(inside("localhost,10.0.0.1")[1], '1');
	assert_true(settings->outbound & OUTBOUND_LOCAL);
	inside("10.0.0.1");
	assert_false(settings->outbound & OUTBOUND_LOCAL);
}

static void
dump_is_the_same(void **state)
{
	const struct settings *first;
	char *text, *again;

	(void)state;
	LOAD(in_file, { "/kt", keys }, { "/st", "example.com a\n.example.com a\n* any\n" });
	text = text_dump(settings);
	first = settings;
	settings = NULL;
	LOAD(text, { "/kt", keys }, { "/st", "example.com a\n.example.com a\n* any\n" });
	again = text_dump(settings);
	assert_string_equal(text, again);
	settings_unref(&first);
	free(text);
	free(again);
}

static void
many_domains(void **state)
{
	enum { MANY = 10000 };
	char *kt = malloc(MANY * 80), *st = malloc(MANY * 80);
	size_t nk = 0, ns = 0;
	struct timespec start, end;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		nk += (size_t)sprintf(kt + nk, "d%d d%d.example.com:s:/keys/d%d.pem\n", i, i, i);
		ns += (size_t)sprintf(st + ns, "*@d%d.example.com d%d\n", i, i);
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	LOAD(in_refile, { "/kt", kt }, { "/st", st });
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_non_null(settings);
	assert_int_equal(settings->n_domains, MANY);
	print_message("# %d domains in %ld ms\n", MANY, (long)(end.tv_sec - start.tv_sec) *
	    1000 + (end.tv_nsec - start.tv_nsec) / 1000000);
	free(kt);
	free(st);
}

static void
put(const char *directory, const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	if (geteuid() == 0)	/* root's group is trusted */
		assert_int_equal(chown(path, 0, 65534), 0);
}

/* Who may write them says whose mail is signed. */
static void
looks_who_may_write(void **state)
{
	static const struct { mode_t config, table; const char *error, *remark; } rows[] = {
		{ 0644, 0644, NULL, NULL },
		{ 0646, 0644, "everybody can write this file", NULL },
		{ 0644, 0646, "everybody can write this file", NULL },
		{ 0664, 0644, NULL, "its group can write this file" },
		{ 0644, 0664, NULL, "its group can write this file" },
	};
	char dir[] = "/tmp/mw-import.XXXXXX", text[256];

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct files *files = files_new();
		char path[128];

		snprintf(text, sizeof(text), "KeyTable %s/kt\nSigningTable refile:%s/st\n", dir,
		    dir);
		put(dir, "od", text, rows[i].config);
		put(dir, "kt", "k a.example:s1:/nowhere/k.pem\n", rows[i].table);
		put(dir, "st", "*@a.example k\n", 0644);
		snprintf(text, sizeof(text), "import \"opendkim\" { config = \"%s/od\" }\n",
		    dir);
		put(dir, "f", text, 0644);
		snprintf(path, sizeof(path), "%s/f", dir);
		settings_unref(&settings);
		settings = settings_load(files, path, text_check_exists, arena, &error);
		if ((settings == NULL) != (rows[i].error != NULL) || (settings == NULL &&
		    strstr(error, rows[i].error) == NULL))
			fail_msg("row %zu: %s", i, settings == NULL ? error : "loaded");
		if (settings != NULL && (strstr(settings->remarks, "its group can") != NULL) !=
		    (rows[i].remark != NULL))
			fail_msg("row %zu: %s", i, settings->remarks);
		files_free(&files);
	}
	for (const char *const *name = (const char *const []){ "od", "kt", "st", "f", NULL };
	    *name != NULL; name++) {
		snprintf(text, sizeof(text), "%s/%s", dir, *name);
		unlink(text);
	}
	rmdir(dir);
}

static double
seconds_of(const char *text, const char *kt, const char *st)
{
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	LOAD(text, { "/kt", kt }, { "/st", st });
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - start.tv_sec) +
	    (double)(end.tv_nsec - start.tv_nsec) / 1e9;
}

/* The master loads it, and answers nobody meanwhile. */
static void
takes_no_square_of_time(void **state)
{
	enum { MANY = 5000, SAME = 300000, MARKS = 200000 };
	static const char all[] = "import \"opendkim\" { config = \"/od\" }\n";
	char *kt = malloc(MANY * 80), *st = malloc(SAME * 20);
	size_t nk = 0, ns = 0;
	double seconds;

	(void)state;
	/* a pattern for each name: all of a table by "%" */
	for (int i = 0; i < MANY; i++) {
		nk += (size_t)sprintf(kt + nk, "d%d.x.example %%:s:/keys/%%.pem\n", i);
		ns += (size_t)sprintf(st + ns, "*@*.y%d.example %%\n", i);
	}
	sprintf(st + ns, "*@*.x.example %%\n");
	seconds = seconds_of(in_refile, kt, st);
	if (seconds > 5)
		fail_msg("names by \"%%\": %.1f s", seconds);
	/* one pattern again and again, with MultipleSignatures */
	ns = 0;
	for (int i = 0; i < SAME; i++)
		ns += (size_t)sprintf(st + ns, "*@a.example k\n");
	{
		const struct table tables[] = { { "/od", "KeyTable /kt\nSigningTable "
		    "refile:/st\nMultipleSignatures yes\n" },
		    { "/kt", "k a.example:s:/keys/a.pem\n" }, { "/st", st } };
		struct timespec start, end;

		clock_gettime(CLOCK_MONOTONIC, &start);
		load(all, tables, 3);
		clock_gettime(CLOCK_MONOTONIC, &end);
		if (end.tv_sec - start.tv_sec > 10)
			fail_msg("one pattern: %ld s", (long)(end.tv_sec - start.tv_sec));
		assert_non_null(domain("a.example"));
	}
	/* marks in a path */
	nk = (size_t)sprintf(kt, "k %%:s:/");
	memset(kt + nk, '%', MARKS);
	sprintf(kt + nk + MARKS, "\n");
	seconds = seconds_of(in_refile, kt, "*@a.example k\n");
	if (seconds > 5)
		fail_msg("marks: %.1f s", seconds);
	assert_null(settings);
	assert_non_null(strstr(error, "longer than a path can be"));
	free(kt);
	free(st);
}

/* "%" of a pattern is each name below it, and not that of the pattern itself. */
static void
names_below_a_pattern(void **state)
{
	(void)state;
	LOAD(in_refile, { "/kt", "a.x.example %:s:/k/a.pem\nB.A.x.example %:s:/k/b.pem\n"
	    "a.y.example %:s:/k/y.pem\n" }, { "/st", "*@*.a.x.example %\n*@*.x.example %\n" });
	assert_non_null(domain("a.x.example"));
	assert_non_null(domain("b.a.x.example"));
	assert_null(domain("a.y.example"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_no_square_of_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(looks_who_may_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_below_a_pattern, set_up, tear_down),
		cmocka_unit_test_setup_teardown(exact_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(first_pattern, set_up, tear_down),
		cmocka_unit_test_setup_teardown(by_hand_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(key_in_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_domains_in_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_keys_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(star_is_for_the_rest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(warnings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_tables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whole_conf, set_up, tear_down),
		cmocka_unit_test_setup_teardown(internal_hosts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(dump_is_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_domains, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
