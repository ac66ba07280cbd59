/*
 * What is written from the configurations of Rspamd, OpenDMARC and OpenDKIM, and
 * that it loads again.
 */
#include <unistd.h>

#include "dkim_keys.h"
#include "settings_text.h"
#include "base/map.h"
#include "settings/import/ucl.h"
#include "tool/import_keys.h"
#include "tool/import_write.h"

static struct arena *arena;
static struct files *files;
static struct import *import;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	files = files_unpack("MWF1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	import = import_new(arena, files, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	files_free(&files);
	arena_free(&arena);
	return 0;
}

static void
put(const char *path, const char *text)
{
	files_put(files, path, text, strlen(text));
}

/* The text that is written, which must load unless errors stand in it. */
static const char *
written(const char *program)
{
	const struct import_source source = { program, "Theirs", "/theirs" };
	const struct settings *settings;
	const char *error;
	struct buf text;

	buf_init(&text, arena, 1024 * 1024);
	import_write(&text, import, &source, NULL);
	put("/f", buf_str(&text));
	settings = settings_load(files, "/f", text_check_exists, arena, &error);
	if (settings == NULL)
		print_error("%s\n%s\n", error, buf_str(&text));
	assert_non_null(settings);
	settings_unref(&settings);
	return buf_str(&text);
}

static void
assert_has(const char *text, const char *wanted)
{
	if (strstr(text, wanted) == NULL)
		print_error("wanted: %s\ngot: %s\n", wanted, text);
	assert_non_null(strstr(text, wanted));
}

static void
assert_says_error(const char *wanted)
{
	bool found = false;

	for (size_t i = 0; i < import->n_remarks; i++)
		found = found || (import->remarks[i].weight == IMPORT_ERROR &&
		    strstr(import->remarks[i].text, wanted) != NULL);
	if (!found)
		print_error("wanted: %s\n", wanted);
	assert_true(found);
}

/* "KEY=VALUE{...}[...]" on one line, to compare. */
static const char *
shown(const struct ucl *node)
{
	const char *text = "";

	for (const struct ucl *child = node->first; child != NULL; child = child->next)
		text = arena_printf(arena, "%s%s%u:%s=%s%s%s%s", text, *text ? " " : "",
		    child->line, child->key, child->text, child->kind == UCL_OBJECT ? "{" :
		    child->kind == UCL_LIST ? "[" : "", shown(child),
		    child->kind == UCL_OBJECT ? "}" : child->kind == UCL_LIST ? "]" : "");
	return text;
}

static void
say(void *context, unsigned line, const char *text)
{
	const char **said = context;

	*said = arena_printf(arena, "%s%u: %s\n", *said, line, text);
}

static const struct {
	const char *text, *tree, *said;
} ucl[] = {
	{ "", "", "" },
	{ "a = 1; b: two words ; c \"q;\\\"x\" # more\nd=e", "1:a=1 1:b=two words 1:c=q;\"x 2:d=e",
	    "" },
	{ "/* a /* b */ c */ a { b = [x, \"y z\", {c = 1}]\n}",
	    "1:a={1:b=[1:=x 1:=y z 1:={1:c=1}]}", "" },
	{ "domain example.com { path = \"/k\"; }", "1:domain={1:example.com={1:path=/k}}", "" },
	{ "domain {\n \"example.com\" {\n s = 1\n }\n}",
	    "1:domain={2:example.com={3:s=1}}", "" },
	{ "f = <<EOD\nreturn 1;\n}\nEOD;\ng = 2", "1:f=return 1;\n}\n 5:g=2", "" },
	{ ".include \"x\"\na = 1", "2:a=1", "1: macros such as .include are not followed: "
	    "write here what they bring\n" },
	{ "a = \"x", "1:a=x", "1: a string is not closed\n" },
	{ "a {\n b = 1", "1:a={2:b=1}", "2: a brace is not closed\n" },
	{ "} a = 1", "1:a=1", "1: a bracket too many\n" },
	{ "= 1", "1:1=", "1: expected a name\n" },
	{ "f = <<EOD\nx", "1:f=", "2: a text that begins with << is not ended\n" },
};

static void
ucl_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ucl) / sizeof(ucl[0]); i++) {
		size_t n = strlen(ucl[i].text);
		char *copy = malloc(n + 1);
		const char *said = "";

		memcpy(copy, ucl[i].text, n);
		assert_string_equal(shown(ucl_parse(arena, (struct slice){ copy, n }, say,
		    &said)), ucl[i].tree);
		assert_string_equal(said, ucl[i].said);
		free(copy);
	}
}

static void
ucl_deep(void **state)
{
	struct buf text;
	const char *said = "";

	(void)state;
	buf_init(&text, arena, 100000);
	for (unsigned i = 0; i < 1000; i++)
		buf_add_str(&text, "a {");
	ucl_parse(arena, (struct slice){ buf_str(&text), text.n }, say, &said);
	assert_has(said, "nested too deeply");
}

static void
rspamd(void **state)
{
	const char *text;

	(void)state;
	put("/r.conf", "path = \"/k/$domain.$selector.key\";\nselector = \"s1\";\n"
	    "sign_networks = [\"192.0.2.0/24\"];\nsign_local = false;\nuse_esld = true;\n"
	    "selector_map = \"/map\";\nuse_redis = false;\nskip_spam_sign = true;\nodd_one = 1;\n"
	    "domain {\n Example.COM { selectors [ { path = \"/k/rsa\"; selector = \"r\" }, "
	    "{ selector = \"e\" } ] }\n}\n");
	put("/map", "example.net  m1 # more\n");
	import_rspamd(import, "/r.conf");
	assert_int_equal(import->n_errors, 0);
	text = written("rspamd");
	assert_has(text, "# /r.conf:11\ndomain \"example.com\" {\n\tkey \"r\" { file = "
	    "\"/k/rsa\" }\n\tkey \"e\" { file = \"/k/example.com.e.key\" }\n}\n");
	assert_has(text, "Rspamd signs mail of \"example.com\" (and 1 more) once with each of its");
	assert_has(text, "domain \"*.example.com\" {");
	assert_has(text, "\tsign-as = \"example.com\"\n");
	assert_has(text, "# /map:1\ndomain \"example.net\" {\n\tkey \"m1\" { file = "
	    "\"/k/example.net.m1.key\" }\n}\n");
	assert_has(text, "domain \"*\" {\n\tkey \"s1\" { file = \"/k/%d.s1.key\" }\n}\n");
	assert_has(text, "outbound = {authenticated, networks}\nnetworks = {\"192.0.2.0/24\"}\n");
	assert_has(text, "/r.conf:8: skip_spam_sign: no counterpart");
	assert_has(text, "/r.conf:9: odd_one: Rspamd has no such option");
	assert_null(strstr(text, "use_redis"));
}

static void
rspamd_exact(void **state)
{
	const char *text;

	(void)state;
	put("/r.conf", "dkim_signing {\n use_esld = no\n try_fallback = false\n"
	    " sign_authenticated = false\n"
	    " domain \"a.example.com\" { path = \"/k/$selector/$domain\"; selector = \"x\" }\n}\n");
	import_rspamd(import, "/r.conf");
	text = written("rspamd");
	assert_has(text, "domain \"a.example.com\" {\n\tkey \"x\" { file = \"/k/x/a.example.com\" "
	    "}\n}\n");
	assert_null(strstr(text, "domain \"*"));
	assert_has(text, "outbound = {local, networks}\n");
}

static const char *
all_but_shop(const char *name)
{
	return strncmp(name, "shop.", 5) == 0 ? name + 5 : name;
}

static void
rspamd_never_asked(void **state)
{
	const char *text;

	(void)state;
	import->registered = all_but_shop;
	put("/r.conf", "try_fallback = false;\ndomain { shop.example.com { path = \"/k\"; "
	    "selector = \"s\" } example.net { path = \"/k\"; selector = \"s\" } }\n");
	import_rspamd(import, "/r.conf");
	text = written("rspamd");
	assert_has(text, "# - /r.conf:2: domain: \"shop.example.com\" is left out: with "
	    "use_esld");
	assert_null(strstr(text, "domain \"shop.example.com\""));
	assert_has(text, "domain \"example.net\" {");
}

#define TABLES(signing) "key_table = \"/kt\"; signing_table = " signing ";"

static const struct {
	const char *text, *wanted;
} bad[] = {
	{ "use_domain = \"envelope\";", "the key goes by From here" },
	{ "enabled = false;", "this module is off" },
	{ "path = \"/k/one.key\";", "a path for all domains wants $domain once" },
	{ "path = \"/k%:/$domain.key\";", "and no \"%\"" },
	{ "path = \"/k/%d.key\";", "and no \"%\"" },
	{ "domain { example.com { path = \"k.pem\" } }", "expected a path that starts with" },
	{ "domain { example { path = \"/k\" } }", "expected a domain and a selector" },
	{ "path_map = \"https://x/\";", "only files are read" },
	{ "selector = \"s\nmode = enforce\";", "expected a selector" },
	{ "domain { example.com { path = \"/k\n\" } }", "or another control character" },
	{ "use_redis = true;", "no key is read from Redis" },
	{ "use_vault = true; vault_url = x;", "no key is read from a vault" },
	{ "use_http_headers = true;", "no key comes with a message" },
	{ "sign_condition = \"return f\";", "there are no scripts" },
	{ "try_fallback = false;\ndomain { .include \"domains.inc\"\n}",
	    "macros such as .include are not followed: write here what they bring" },
	{ "domain { example.com { path = \"/k\"; selector = \"s\"; }", "a brace is not closed" },
	{ "try_fallback = false;", "no domain is signed: name yours" },
	{ "signing_table = \"/st\";", "without key_table Rspamd does not look at it" },
	{ "key_table = \"/kt\";", "without signing_table Rspamd does not look at it" },
	{ TABLES("\"re;/st\""), "a map of the kind \"re;\" cannot be taken over: write a file" },
	{ TABLES("\"hash;/st\""), "a map of the kind \"hash;\" cannot be taken over" },
	{ TABLES("\"https://x/st\""), "starting with \"/\" (got \"https://x/st\")" },
	{ TABLES("{ url = \"/st\"; }"), "or [ ... ] with lines or with paths" },
	{ TABLES("[ { a = 1 } ]"), "expected lines in quotes" },
	{ TABLES("[]"), "no domain is signed" },
	{ TABLES("[\"*@example.com k\", \"*@* k\"]"), "Rspamd takes this line for every" },
	{ TABLES("[\"*@e?.com k\"]"), "stand for letters in Rspamd" },
	{ TABLES("[\"*@*.com k\"]"), "this is no full domain" },
};

static void
rspamd_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		import = import_new(arena, files, NULL);
		put("/r.conf", bad[i].text);
		put("/kt", "k %:s:/k/%.pem\n");
		import_rspamd(import, "/r.conf");
		assert_true(import->n_errors > 0);
		assert_has(written("rspamd"), "# NOT TAKEN OVER");
		assert_says_error(bad[i].wanted);
	}
}

/* Each of them is read as patterns: that is what Rspamd does. */
static void
rspamd_tables(void **state)
{
	static const char *const tables[] = { "\"glob;/st\"", "\"/st\"", "\"file:///st\"",
		"[\"/st\"]", "[\"*@example.com k\", \"*@*.example.org k\", \"bare.example k\"]" };

	(void)state;
	put("/kt", "\"k\" %:/k/%.pem\n");
	put("/st", "\"*@example.com\" k\n*@*.example.org k # more\nbare.example k\n");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		import = import_new(arena, files, NULL);
		put("/r.conf", arena_printf(arena, "key_table = \"/kt\"; selector = \"s\"; "
		    "signing_table = %s;\n", tables[i]));
		import_rspamd(import, "/r.conf");
		assert_int_equal(import->n_errors, 0);
		assert_has(written("rspamd"), "domain \"*.example.org\" {\n\tkey \"s\" { file = "
		    "\"/k/%d.pem\" }\n}\n");
		assert_has(written("rspamd"), "domain \"example.com\" {\n\tkey \"s\" { file = "
		    "\"/k/example.com.pem\" }\n}\n");
		assert_has(written("rspamd"), "domain \"*.bare.example\" {");
		assert_int_equal(import->n_domains, 4);
	}
}

/* The name that ends first, then the one that stands first. */
static void
rspamd_names(void **state)
{
	(void)state;
	put("/r.conf", "key_table = [\"k10 %:s10:/k/10\", \"k1 %:s1:/k/1\", "
	    "\"example.com example.com:c:/k/c\", \"a.example.com %:a:/k/a\"];\n"
	    "signing_table = [\"*@example.net k10\", \"*@example.net.example k10x\", "
	    "\"*@example.com %\", \"*@*.example.com %\"];\n");
	import_rspamd(import, "/r.conf");
	assert_int_equal(import->n_errors, 0);
	assert_has(written("rspamd"), "domain \"example.net\" {\n\tkey \"s1\"");
	assert_has(written("rspamd"), "domain \"*.example.com\" {\n\tkey \"c\" { file = \"/k/c\" "
	    "}\n\tsign-as = \"example.com\"\n");
	assert_null(strstr(written("rspamd"), "domain \"a.example.com\""));
	assert_has(written("rspamd"), "Rspamd signs mail of example.net.example with the key of");
}

static void
opendmarc(void **state)
{
	const char *text;

	(void)state;
	put("/d.conf", "Socket inet:8893@localhost\nIgnoreHosts /hosts\nRejectFailures true\n"
	    "IgnoreAuthenticatedClients true\nFailureReports false\n");
	put("/hosts", "127.0.0.1\n192.0.2.7\n");
	import_opendmarc(import, "/d.conf");
	text = written("opendmarc");
	assert_has(text, "networks = {\"127.0.0.1/32\", \"192.0.2.7/32\"}");
	assert_has(text, "RejectFailures: no counterpart: it is for mail that comes in");
	assert_has(text, "OpenDMARC may stay");
}

static void
opendkim(void **state)
{
	const struct opendkim none = { .base_directory = NULL };
	const char *text;

	(void)state;
	put("/c", "KeyTable /kt\nSigningTable refile:/st\nCanonicalization relaxed/simple\n"
	    "SignatureTTL 604800\nOversignHeaders From,To\nSocket inet:8891@localhost\n");
	put("/kt", "a example.com:s1:/k/\"a\".pem\n");
	put("/st", "*@*.example.com a\n*@example.com a\n*@example.org a\n");
	import_opendkim(import, "/c", &none);
	text = written("opendkim");
	assert_has(text, "# NOT TAKEN OVER");
	assert_has(text, "# - /st:3: SigningTable: mail of example.org would be signed as example.com, "
	    "which\n#   does not count");
	assert_has(text, "# /st:1\ndomain \"*.example.com\" {\n\tkey \"s1\" { file = "
	    "\"/k/\\\"a\\\".pem\" }\n\tsign-as = \"example.com\"\n\tcanonicalization = "
	    "\"relaxed/simple\"\n\tsigned-headers = strict\n\texpire = 604800\n}\n");
	assert_has(text, "# the other filter's is \"inet:8891@localhost\"");
	assert_has(text, "Never let both sign");
	assert_null(strstr(text, " \n"));
}

static const char *
opendkim_with(const char *options)
{
	const struct opendkim none = { .base_directory = NULL };

	put("/kt", "a example.com:s1:/k/a.pem\n");
	put("/st", "example.com a\n");
	put("/c", arena_printf(arena, "KeyTable /kt\nSigningTable /st\n%s", options));
	import = import_new(arena, files, NULL);
	import_opendkim(import, "/c", &none);
	return written("opendkim");
}

/* What to do next goes by what the other filter does besides. */
static void
opendkim_steps(void **state)
{
	const char *text = opendkim_with("");

	(void)state;
	assert_has(text, "# Not quite as it was:\n# - /c: Mode: only signing is taken over");
	assert_has(text, "have the other filter sign no more");
	assert_null(strstr(text, "Stop the old filter"));
	text = opendkim_with("Mode s\nRequireSafeKeys No\n");
	assert_has(text, "# Not quite as it was:\n# - /c:4: RequireSafeKeys: keys that others");
	assert_has(text, "Stop the old filter only when");
	assert_null(strstr(text, "Mode"));
	assert_null(strstr(opendkim_with("Mode s\nRequireSafeKeys yes\n"), "Not quite"));
}

/* Nothing is taken over, and that is no success; to verify alone is told already. */
static void
opendkim_nothing(void **state)
{
	const struct opendkim none = { .base_directory = NULL };

	(void)state;
	put("/c", "KeyTable /kt\nSigningTable /st\n");
	put("/kt", "");
	put("/st", "");
	import_opendkim(import, "/c", &none);
	assert_int_equal(import->n_errors, 1);
	assert_says_error("no domain is signed: expected lines in KeyTable");
	import = import_new(arena, files, NULL);
	put("/c", "Mode v\n");
	import_opendkim(import, "/c", &none);
	assert_int_equal(import->n_errors, 1);
	assert_says_error("this OpenDKIM signs nothing");
	import = import_new(arena, files, map_new(arena));
	put("/c", "KeyTable /kt\nSigningTable /st\n");
	import_opendkim(import, "/c", &none);
	assert_int_equal(import->n_errors, 0);
}

/* Two keys within one line of the configuration are two. */
static void
opendkim_inline_list(void **state)
{
	static const char der[] = "MIIEowIBAAKCAQEAnothingofakeyatallbutitsfirstoctets"
	    "aresuchthatitlookslikeone000000000000000000000000000000000000";
	const struct opendkim none = { .base_directory = NULL };

	(void)state;
	put("/c", arena_printf(arena, "KeyTable csl:a=%%:s1:%s0,b=%%:s2:%s1\n"
	    "SigningTable example.com=a, example.net=b\n", der, der));
	import_opendkim(import, "/c", &none);
	assert_int_equal(import->n_domains, 2);
	assert_string_not_equal(import->domains[0].keys[0].file,
	    import->domains[1].keys[0].file);
}

/* A key of the other filter's that the service may not read: the command is whole. */
static void
test_closed_keys(void **state)
{
#define COPY "install -o root -g mw -m 0640 /k /etc/mailworthy/keys/a.example.s.pem"
	struct import_key_line closed[] = {
		{ "/k (rw------- opendkim:opendkim)", COPY }, { "/a b", NULL } };
	struct import_keys keys = { .user = "mw", .closed = { closed, 2 } };
	struct import_source source = { "opendkim", "Theirs", "/theirs" };
	struct buf text;

	(void)state;
	buf_init(&text, arena, 1024 * 1024);
	import_write(&text, import_new(arena, files, NULL), &source, &keys);
	assert_has(buf_str(&text), "# - /k (rw------- opendkim:opendkim)\n#   " COPY
	    "\n# - /a b\n#\n");
}

/* A key that stands in a table is nothing to copy, whoever may read the table. */
static void
test_closed_table(void **state)
{
	const struct opendkim none = { .base_directory = NULL };
	char dir[] = "/tmp/mw-import-XXXXXX";
	const struct import_source source = { "opendkim", "Theirs", "/theirs" };
	struct slice rest = slice_of(PEM_RSA), line;
	struct import_keys keys;
	struct buf key, text;

	(void)state;
	assert_non_null(mkdtemp(dir));		/* 0700 */
	buf_init(&key, arena, 4096);
	while (slice_split(&rest, '\n', &line))
		if (line.n > 0 && line.p[0] != '-')
			buf_add(&key, line.p, line.n);
	put(arena_printf(arena, "%s/file", dir), PEM_RSA);
	put("/kt", arena_printf(arena, "a a.example:s:%s/file\n", dir));
	put(arena_printf(arena, "%s/kt", dir), arena_printf(arena,
	    "b b.example:s:%s\n", buf_str(&key)));
	put("/st", "a.example a\nb.example b\n");
	put("/c", arena_printf(arena, "KeyTable %s/kt\nSigningTable /st\n", dir));
	import_opendkim(import, "/c", &none);
	put("/c", "KeyTable /kt\nSigningTable /st\n");
	import_opendkim(import, "/c", &none);
	buf_init(&text, arena, 1024 * 1024);
	buf_add_str(&text, "user = nobody\n");
	import_write(&text, import, &source, NULL);
	import_keys_look(arena, files, import, slice_of(buf_str(&text)), &keys);
	rmdir(dir);
	assert_int_equal(keys.closed.n, 1);
	assert_has(keys.closed.p[0].text, arena_printf(arena, "%s/file (%s is", dir, dir));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ucl_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ucl_deep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rspamd, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rspamd_exact, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rspamd_never_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rspamd_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rspamd_tables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rspamd_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opendmarc, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opendkim, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opendkim_steps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opendkim_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_closed_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_closed_table, set_up, tear_down),
		cmocka_unit_test_setup_teardown(opendkim_inline_list, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
