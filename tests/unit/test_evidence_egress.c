/* Which way mail leaves: interfaces, postconf, sections, the HELO name. */
#include "evidence_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "evidence/egress.h"
#include "evidence/postconf.h"

struct row {
	const char *what;
	struct postconf postconf;	/* bind, bind6, interfaces, protocols, host, helo */
	const char *want;
};

static const struct row rows[] = {
	{ "all of them", { "", "", "all", "all", "", "", "", "" },
	    "192.0.2.1 192.0.2.2 2001:db8::1" },
	{ "bound", { "192.0.2.2", "", "all", "all", "", "", "", "" }, "192.0.2.2 2001:db8::1" },
	{ "bound to another", { "198.51.100.7", "2001:db8::7", "all", "all", "", "", "", "" },
	    "198.51.100.7 2001:db8::7" },
	{ "bound to a private one", { "10.0.0.5", "", "all", "ipv4", "", "", "", "" }, "" },
	{ "in brackets", { "", "[2001:db8::7]", "all", "ipv6", "", "", "", "" }, "2001:db8::7"
	    },
	{ "one listening address", { "", "", "127.0.0.1, 192.0.2.2", "all", "", "", "", "" },
	    "192.0.2.2 2001:db8::1" },
	{ "two listening addresses", { "", "", "192.0.2.1,192.0.2.2", "all", "", "", "", "" },
	    "192.0.2.1 192.0.2.2 2001:db8::1" },
	{ "names are no addresses", { "", "", "localhost", "all", "", "", "", "" },
	    "192.0.2.1 192.0.2.2 2001:db8::1" },
	{ "IPv4 only", { "", "", "all", "ipv4", "", "", "", "" }, "192.0.2.1 192.0.2.2" },
	{ "IPv6 only", { "", "", "all", "ipv6", "", "", "", "" }, "2001:db8::1" },
	{ "both, named", { "", "", "all", "ipv4, ipv6", "", "", "", "" },
	    "192.0.2.1 192.0.2.2 2001:db8::1" },
};

static struct ip
ip_of(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(slice_of(text), &ip));
	return ip;
}

static const char *
list(struct arena *arena, const struct ip *ips, size_t n)
{
	struct buf text;

	buf_init(&text, arena, 1000);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", ip_text(arena, &ips[i]));
	return buf_str(&text);
}

static void
chooses_addresses(void **state)
{
	const struct ip interfaces[] = { ip_of("10.1.2.3"), ip_of("192.0.2.1"),
	    ip_of("192.0.2.2"), ip_of("192.0.2.1"), ip_of("fe80::1"), ip_of("2001:db8::1"),
	    ip_of("fd00::1"), ip_of("100.64.0.1") };
	struct egress_facts facts;
	const char *got;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		facts = (struct egress_facts){ .arena = arena_new() };
		egress_choose(&facts, &rows[i].postconf, interfaces, 8);
		got = list(facts.arena, facts.ips, facts.n);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s, not %s", rows[i].what, got, rows[i].want);
		arena_free(&facts.arena);
	}
}

static const struct {
	const char *enable, *classes;
	bool takes;
} utf8_rows[] = {
	{ "yes", "sendmail, verify", false },
	{ "yes", "all", false },
	{ "yes", "verify", true },
	{ "yes", "", true },
	{ "no", "sendmail, verify", true },
	{ "", "", false },			/* nobody could tell */
};

static void
demands_utf8(void **state)
{
	struct egress_facts facts;

	(void)state;
	for (size_t i = 0; i < sizeof(utf8_rows) / sizeof(utf8_rows[0]); i++) {
		struct postconf postconf = { "", "", "all", "all", "", "",
		    utf8_rows[i].enable, utf8_rows[i].classes };

		facts = (struct egress_facts){ .arena = arena_new() };
		egress_choose(&facts, &postconf, NULL, 0);
		if (facts.takes_utf8 != utf8_rows[i].takes)
			fail_msg("%s: %s", utf8_rows[i].enable, utf8_rows[i].classes);
		arena_free(&facts.arena);
	}
}

static void
this_host_can_be_asked(void **state)
{
	struct egress_facts *facts = egress_facts_new();

	(void)state;
	for (size_t i = 0; i < facts->n; i++)
		assert_false(ip_is_private(&facts->ips[i]));
	egress_facts_free(&facts);
	assert_null(facts);
}

static void
write_script(const char *path, const char *body)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", body);
	fclose(file);
	assert_int_equal(chmod(path, 0700), 0);
}

/* A program in place of postconf, in a directory of its own. */
static int
ask_script(struct arena *arena, const char *conf_dir, const char *body,
    struct postconf *postconf)
{
	char dir[] = "/tmp/mw-egress-XXXXXX";
	const char *path;
	int rc;

	assert_non_null(mkdtemp(dir));
	path = arena_printf(arena, "%s/postconf", dir);
	write_script(path, body);
	rc = postconf_ask(arena, path, conf_dir, postconf);
	unlink(path);
	rmdir(dir);
	return rc;
}

static void
asks_postconf(void **state)
{
	struct arena *arena = arena_new();
	struct postconf postconf;

	(void)state;
	assert_int_equal(ask_script(arena, "/etc/postfix",
	    "test \"$1\" = -hx && printf '192.0.2.1\\n\\nall\\nipv4\\nMail.Example.COM\\n"
	    "mail.example.com\\n'", &postconf), 0);
	assert_string_equal(postconf.bind_address, "192.0.2.1");
	assert_string_equal(postconf.bind_address6, "");
	assert_string_equal(postconf.inet_protocols, "ipv4");
	assert_string_equal(postconf.myhostname, "mail.example.com");
	assert_string_equal(postconf.helo_name, "mail.example.com");
	/* of another Postfix than the one it knows */
	assert_int_equal(ask_script(arena, "/etc/postfix-out",
	    "test \"$1 $2 $3 $4\" = '-hx -c /etc/postfix-out smtp_bind_address'", &postconf), 0);
	assert_int_equal(ask_script(arena, "/etc/postfix", "exit 1", &postconf), -1);
	assert_int_equal(ask_script(arena, "/etc/postfix", "kill -9 $$", &postconf), -1);
	assert_int_equal(ask_script(arena, "/etc/postfix", "yes | head -c 100000", &postconf), -1);
	assert_int_equal(ask_script(arena, "/etc/postfix", "true", &postconf), 0);
	assert_string_equal(postconf.helo_name, "");
	assert_string_equal(postconf.utf8_enable, "");
	assert_int_equal(postconf_ask(arena, "/nowhere/postconf", "/etc/postfix",
	    &postconf), -1);
	arena_free(&arena);
}

/* postconf would complain of each value, and wait for a second first. */
static void
asks_no_postconf_without_its_file(void **state)
{
	char dir[] = "/tmp/mw-egress-XXXXXX";
	struct arena *arena = arena_new();
	struct egress_facts *facts;
	const char *main_cf, *program, *ran;
	FILE *file;
	bool early;

	(void)state;
	assert_non_null(mkdtemp(dir));
	main_cf = arena_printf(arena, "%s/main.cf", dir);
	program = arena_printf(arena, "%s/postconf", dir);
	ran = arena_printf(arena, "%s/ran", dir);
	write_script(program, arena_printf(arena, ": >%s", ran));
	facts = egress_facts_of(program, dir, NULL);
	egress_facts_free(&facts);
	early = access(ran, F_OK) == 0;
	file = fopen(main_cf, "w");
	assert_non_null(file);
	fclose(file);
	facts = egress_facts_of(program, dir, NULL);
	egress_facts_free(&facts);
	assert_int_equal(unlink(ran), 0);
	unlink(main_cf);
	unlink(program);
	rmdir(dir);
	arena_free(&arena);
	assert_false(early);
}

static void
auto_takes_the_hosts(void **state)
{
	const struct ip ips[] = { ip_of("10.0.0.1"), ip_of("192.0.2.1") };
	struct egress_facts *facts = egress_facts_fixed(ips, 2);
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com A 192.0.2.1\n");
	rig.egress->kind = EGRESS_AUTO;
	rig_message(&rig, "example.com", "example.com");
	assert_false(rig_collect(&rig)->egress.known);
	rig.input.egress = facts;
	assert_int_equal(rig_collect(&rig)->egress.n, 1);
	assert_true(rig.evidence.egress.known);
	assert_string_equal(rig.evidence.egress.name, "default");
	assert_string_equal(rig.evidence.egress.helo, "mail.example.com");
	egress_facts_free(&facts);
	rig_close(&rig);
}

static void
chooses_helo(void **state)
{
	struct egress_facts facts = { .arena = NULL };
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com A 192.0.2.1\n");
	rig_message(&rig, "example.com", "example.com");
	rig.egress->helo = "Out.Example.COM";
	assert_string_equal(rig_collect(&rig)->egress.helo, "out.example.com");
	assert_int_equal(rig.evidence.egress.helo_source, HELO_CONFIGURED);
	rig.egress->helo = "auto";
	rig.session->mta_name = NULL;
	assert_null(rig_collect(&rig)->egress.helo);
	assert_int_equal(rig.evidence.egress.helo_source, HELO_UNTOLD);
	facts.myhostname = "host.example.com";
	rig.input.egress = &facts;
	assert_string_equal(rig_collect(&rig)->egress.helo, "host.example.com");
	assert_int_equal(rig.evidence.egress.helo_source, HELO_MTA_SETTINGS);
	rig.session->mta_name = "mta.example.com";
	assert_string_equal(rig_collect(&rig)->egress.helo, "mta.example.com");
	assert_int_equal(rig.evidence.egress.helo_source, HELO_MACRO);
	facts.helo_name = "said.example.com";
	assert_string_equal(rig_collect(&rig)->egress.helo, "said.example.com");
	assert_int_equal(rig.evidence.egress.helo_source, HELO_MTA_SETTINGS);
	rig_close(&rig);
}

static void
goes_by_the_sender(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, "example.com A 192.0.2.1\n");
	rig_settings(&rig, "egress \"shop\" { domains = {\"shop.example.com\"} }\n"
	    "egress \"default\" { domains = {\"*\"} }\n");
	rig_message(&rig, "shop.example.com", "example.com");
	assert_string_equal(rig_collect(&rig)->egress.name, "shop");
	rig_message(&rig, "example.com", "shop.example.com");
	assert_string_equal(rig_collect(&rig)->egress.name, "default");
	rig_message(&rig, NULL, "shop.example.com");
	assert_string_equal(rig_collect(&rig)->egress.name, "shop");
	rig_message(&rig, NULL, NULL);
	assert_string_equal(rig_collect(&rig)->egress.name, "default");
	rig_settings(&rig, "egress \"shop\" { domains = {\"shop.example.com\"} }\n");
	assert_null(rig_collect(&rig)->egress.name);
	assert_false(rig.evidence.egress.known);
	rig_close(&rig);
}

static void
reads_sendmail_cf(void **state)
{
	static const struct { const char *text; size_t line_max; bool keeps_mime; } files[] = {
		{ NULL, 990, false },
		{ "", 990, false },
		{ "O MaxMimeHeaderLength=0/0\nMesmtp,\t\tP=[IPC], F=mDFMuXa, L=998,\n"
		    "\t\tA=TCP $h\nMrelay,\t\tP=[IPC], F=a8, L=2040,\n\t\tA=TCP $h\n", 998, true },
		{ "O MaxMimeHeaderLength=2048/1024\nMlocal, P=/bin/x, F=l, L=80, A=x\n"
		    "Msmtp, P=[IPC], F=mDFMuX, L=990, A=TCP $h\n", 990, false },
	};
	char path[] = "/tmp/mailworthy-cf-XXXXXX";
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct egress_facts facts = { .arena = NULL };

		assert_int_equal(ftruncate(file, 0), 0);
		if (files[i].text != NULL)
			assert_int_equal(pwrite(file, files[i].text, strlen(files[i].text), 0),
			    (ssize_t)strlen(files[i].text));
		egress_ask_sendmail(&facts, files[i].text != NULL ? path : "/nowhere/at/all");
		assert_int_equal(facts.sendmail_line_max, files[i].line_max);
		assert_int_equal(facts.sendmail_keeps_mime, files[i].keeps_mime);
	}
	close(file);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_addresses),
		cmocka_unit_test(demands_utf8),
		cmocka_unit_test(this_host_can_be_asked),
		cmocka_unit_test(asks_postconf),
		cmocka_unit_test(asks_no_postconf_without_its_file),
		cmocka_unit_test(auto_takes_the_hosts),
		cmocka_unit_test(chooses_helo),
		cmocka_unit_test(goes_by_the_sender),
		cmocka_unit_test(reads_sendmail_cf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
