/*
 * Bad settings, each with the error that is told.
 */
#include "settings_text.h"

struct bad {
	const char *text;
	const char *error;	/* whole */
};

#define KEY "key \"s\" { file = \"/k\" }"

static const struct bad names_and_structure[] = {
	{ "mod = audit", "/f:1: mod: unknown option (did you mean \"mode\"?)" },
	{ "\n\nsocket_mode = 0660",
	  "/f:3: socket_mode: unknown option (did you mean \"socket-mode\"?)" },
	{ "netwroks = {}", "/f:1: netwroks: unknown option (did you mean \"networks\"?)" },
	{ "rezolver { }", "/f:1: rezolver: unknown section (did you mean \"resolver\"?)" },
	{ "quite-another = 1", "/f:1: quite-another: unknown option" },
	{ "timeout = 3",
	  "/f:1: timeout: unknown option (it belongs in a section \"resolver\")" },
	{ "resolver { networks = {} }", "/f:1: networks: unknown option (it belongs at the "
	  "top level, outside of sections)" },
	{ "key \"s\" { file = \"/k\" }",
	  "/f:1: key: unknown section (it belongs in a section \"domain\")" },
	{ "include(\"/etc/x\")",
	  "/f:1: expected an option, a section or a value (got \"(\")\n"
	  "/f:1: expected an option, a section or a value (got \")\")\n"
	  "/f:1: include: unknown option (one file holds all settings; files cannot be "
	  "included)" },
	{ "mode = audit\nmode = enforce", "/f:2: mode: expected once (set on line 1 already)" },
	{ "networks = {}\n\nnetworks = {}",
	  "/f:3: networks: expected once (set on line 1 already)" },
	{ "networks += {\"::1\"}",
	  "/f:1: networks: expected \"=\" and the whole list (got \"+=\")" },
	{ "blocklist \"zen\" { }", "/f:1: blocklist: expected a zone in DNS, as in "
	  "\"zen.spamhaus.org\"" },
	{ "blocklist \"bl.example\" { }", "/f:1: codes: expected the answers that mean listed, "
	  "as in {\"127.0.0.2\"}: nothing is known of the list \"bl.example\"" },
	{ "blocklist \"bl.example\" { codes = {\"128.0.0.2\"} }", "/f:1: codes: expected answers "
	  "within 127.0.0.0/8: 127.0.0.2 or 127.0.0.4-127.0.0.7 (got \"128.0.0.2\")" },
	{ "blocklist \"zen.spamhaus.org\" { }\nblocklist \"ZEN.spamhaus.org\" { }",
	  "/f:2: blocklist: expected once (\"zen.spamhaus.org\" stands on line 1 already)" },
	{ "blocklist \"zen.spamhaus.org\" { key = \"a.b\" }", "/f:1: key: expected the key that "
	  "the list has given out (got \"a.b\")" },
	{ "opinions { rspamd = \"inet:localhost:11333\" }",
	  "/f:1: rspamd: expected unix:/PATH (at most 107 bytes), inet:ADDRESS:PORT or "
	  "inet:PORT@ADDRESS, ADDRESS as in 127.0.0.1 (got \"inet:localhost:11333\")" },
	{ "mode audit", "/f:1: mode: expected \"=\" (got \"audit\")" },
	{ "mode", "/f:1: mode: expected \"=\" (got the end of the file)" },
	{ "mode =", "/f:1: mode: expected a value after \"=\" (got the end of the file)" },
	{ "mode = = audit", "/f:1: mode: expected a value after \"=\" (got \"=\")\n"
	  "/f:1: expected an option or a section (got \"=\")\n"
	  "/f:1: audit: unknown option" },
	{ "mode { }", "/f:1: mode: expected \"=\": this is an option (got \"{\")" },
	{ "resolver = 1", "/f:1: resolver: expected \"{\": this is a section (got \"=\")" },
	{ "resolver \"a\" { }",
	  "/f:1: resolver: expected \"{\": there is only one, without a name (got \"a\")" },
	{ "", "/f: an empty file: was it cut off while it was saved? For the defaults "
	  "write a comment into it" },
	{ "domain { " KEY " }", "/f:1: domain: expected the domain in quotes before \"{\"" },
	{ "resolver { }\nresolver { }",
	  "/f:2: a second section resolver; the first is on line 1: put the options there" },
	{ "}", "/f:1: expected an option or a section (got \"}\")" },
	{ "resolver {\n timeout = 3\n", "/f:1: resolver: this section is not closed: "
	  "expected \"}\" before the end of the file on line 3" },
	{ "domain \"a.example\" {\n" KEY "\ncheck \"spf-fail\" { }", "/f:1: domain: this "
	  "section is not closed: expected \"}\" before \"check\" on line 3" },
	{ "domain \"a.example\" {\nkey \"s\" {\nfile = \"/k\"\n}\n", "/f:1: domain: this "
	  "section is not closed: expected \"}\" before the end of the file on line 5" },
	{ "networks = {\"::1\" \"::2\"}",
	  "/f:1: networks: expected \",\" or \"}\" in the list (got \"::2\")" },
	{ "networks = {\"::1\"\nmode = audit",
	  "/f:2: networks: expected \",\" or \"}\" in the list (got \"mode\")" },
	{ "networks = {", "/f:1: networks: expected \",\" or \"}\" in the list (got the end of "
	  "the file)" },
	{ "mode = {audit}", "/f:1: mode: expected one value (got a list in braces)" },
	{ "notify = \"a@example.com", "/f:1: the string that starts here is not closed: "
	  "expected \" on the same line" },
	{ "notify = \"\nmode = audit", "/f:1: the string that starts here is not closed: "
	  "expected \" on the same line" },
	{ "mode = audit /* never", "/f:1: the comment that starts here is not closed: "
	  "expected */ before the end of the file" },
	{ "log = \"file:/${HOME}/x\"",
	  "/f:1: expected the value itself: variables are not expanded (got \"${\")" },
	{ "user = ${USER}",
	  "/f:1: expected the value itself: variables are not expanded (got \"${\")\n"
	  "/f:1: user: expected a value after \"=\" (got the end of the file)" },
	{ "notify = \"\\n\"", "/f:1: expected a quote or a backslash after a backslash (got "
	  "\"n\")\n/f:1: notify: expected \"\" or one address, as in "
	  "postmaster@example.com (got \"n\")" },
	{ "mode = \"au\x01" "dit\"", "/f:1: expected text in a string (got the control byte "
	  "0x01)\n/f:1: mode: expected audit or enforce (got \"au\\x01dit\")" },
	{ "mode = audit;", "/f:1: expected an option, a section or a value (got \";\")" },
};

static const struct bad values[] = {
	{ "mode = adit", "/f:1: mode: expected audit or enforce (got \"adit\")" },
	{ "mode = Audit", "/f:1: mode: expected audit or enforce (got \"Audit\")" },
	{ "trace-header = yes", "/f:1: trace-header: expected none, brief or full "
	  "(got \"yes\")" },
	{ "outbound = {local, lokal}", "/f:1: outbound: expected authenticated, local, "
	  "networks or all (got \"lokal\")" },
	{ "outbound = {}", "/f:1: outbound: expected at least one of authenticated, local, "
	  "networks and all" },
	{ "outbound = {all, local}",
	  "/f:1: outbound: expected \"all\" to stand alone (it takes the others in)" },
	{ "repair = {date, body}", "/f:1: repair: expected date, message-id, headers or "
	  "encoding (got \"body\")" },
	{ "repair = {date, date}",
	  "/f:1: repair: expected each value once (got \"date\" twice)" },
	{ "log-privacy = {no-subject, hash-subject}",
	  "/f:1: log-privacy: expected either no-... or hash-... for the same thing" },
	{ "hold-below = 10.5", "/f:1: hold-below: expected points from 0 to 10 with at most "
	  "one decimal, as in 0.5 (got \"10.5\")" },
	{ "hold-below = -1", "/f:1: hold-below: expected points from 0 to 10 with at most "
	  "one decimal, as in 0.5 (got \"-1\")" },
	{ "hold-below = 1.25", "/f:1: hold-below: expected points from 0 to 10 with at most "
	  "one decimal, as in 0.5 (got \"1.25\")" },
	{ "hold-below = 1.", "/f:1: hold-below: expected points from 0 to 10 with at most "
	  "one decimal, as in 0.5 (got \"1.\")" },
	{ "socket-mode = 1777", "/f:1: socket-mode: expected permissions in octal from 0000 to "
	  "0777, as in 0660 (got \"1777\")" },
	{ "socket-mode = 0x1b0", "/f:1: socket-mode: expected permissions in octal from 0000 "
	  "to 0777, as in 0660 (got \"0x1b0\")" },
	{ "user = \"a b\"", "/f:1: user: expected a name as in /etc/passwd and /etc/group "
	  "(got \"a b\")" },
	{ "log = file:x", "/f:1: log: expected syslog, stderr or file:/PATH (got \"file:x\")" },
	{ "link-trackers = {\"*.example.net\"}", "/f:1: link-trackers: expected domains, as "
	  "in clicks.example.net (got \"*.example.net\")" },
	{ "notify = postmaster", "/f:1: notify: expected \"\" or one address, as in "
	  "postmaster@example.com (got \"postmaster\")" },
	{ "state-dir = \"\"",
	  "/f:1: state-dir: expected a path that starts with \"/\" (got \"\")" },
	{ "logins = \"x\"", "/f:1: logins: expected \"\" or the path of a file, starting with "
	  "\"/\" (got \"x\")" },
	{ "logins = /none", "/f:1: logins: expected a file that can be read (/none: No such "
	  "file or directory)" },
	{ "networks = {\"192.0.2.0/24\", \"192.0.2.0/33\"}", "/f:1: networks: expected "
	  "networks, as in 192.0.2.0/24 or 2001:db8::/32 (got \"192.0.2.0/33\")" },
	{ "ignore-daemons = {\"127.0.0.1@0\"}", "/f:1: ignore-daemons: expected names of MTA "
	  "daemons (macro {daemon_name}) or ADDRESS@PORT (got \"127.0.0.1@0\")" },
	{ "resolver { servers = {\"dns.example\"} }", "/f:1: servers: expected addresses of "
	  "DNS servers, ADDRESS or ADDRESS@PORT (got \"dns.example\")" },
	{ "resolver { timeout = 4s }",
	  "/f:1: timeout: expected a whole number from 1 to 30 (got \"4s\")" },
	{ "resolver {\ndeadline = 0\n}",
	  "/f:2: deadline: expected a whole number from 1 to 60 (got \"0\")" },
	{ "resolver {\ntimeout = 20\n}",
	  "/f:2: timeout: expected at most the deadline of 10 seconds (got 20)" },
	{ "resolver {\n\ndeadline = 2\n}",
	  "/f:3: timeout: expected at most the deadline of 2 seconds (got 4)" },
};

static const struct bad egresses[] = {
	{ "egress \"a b\" { }", "/f:1: egress: expected a name of letters, digits, \"-\", "
	  "\"_\" and \".\" (got \"a b\")" },
	{ "egress \"a\" { }\negress \"a\" { domains = {\"a.example\"} }",
	  "/f:2: egress: expected once (\"a\" stands on line 1 already)" },
	{ "egress \"a\" { }\negress \"b\" { }", "/f:2: domains: expected each domain once "
	  "(\"*\" leaves through egress \"a\" of line 1 already)" },
	{ "egress \"a\" { domains = {\"A.example\"} }\n"
	  "egress \"b\" { domains = {\"a.EXAMPLE\"} }", "/f:2: domains: expected each domain "
	  "once (\"a.example\" leaves through egress \"a\" of line 1 already)" },
	{ "egress \"a\" { addresses = {} }",
	  "/f:1: addresses: expected auto or at least one address" },
	{ "egress \"a\" { addresses = {auto, 192.0.2.1} }",
	  "/f:1: addresses: expected auto alone, or addresses (got \"auto\")" },
	{ "egress \"a\" { addresses = {192.0.2.1, \"::ffff:192.0.2.1\"} }",
	  "/f:1: addresses: expected each address once (got \"::ffff:192.0.2.1\")" },
	{ "egress \"a\" { addresses = {10.0.0.1} }", "/f:1: addresses: expected addresses that "
	  "receivers see, and none of a private network; behind NAT those are the outer ones "
	  "(got \"10.0.0.1\")" },
	{ "egress \"a\" { addresses = {mail.example.com} }", "/f:1: addresses: expected auto, "
	  "or addresses that mail leaves from (got \"mail.example.com\")" },
	{ "egress \"a\" { helo = mail }", "/f:1: helo: expected auto or a full host name, as "
	  "in mail.example.com (got \"mail\")" },
	{ "egress \"a\" { domains = {} }",
	  "/f:1: domains: expected at least one domain (\"*\" is every domain)" },
	{ "egress \"a\" { domains = {\"*example.com\"} }", "/f:1: domains: expected domains: "
	  "\"*\", \"*.example.com\" or \"example.com\" (got \"*example.com\")" },
	{ "egress \"a\" { domains = {\"b\xc3\xbc.example\"} }", "/f:1: domains: expected names "
	  "in their ASCII form, which starts with xn-- (idn2 prints it) (got "
	  "\"b\xc3\xbc.example\")" },
	{ "egress \"a\" { via = \"[smtp.example.com]:587\" }", "/f:1: via: expected a host "
	  "name without port and brackets (got \"[smtp.example.com]:587\")" },
	{ "egress \"a\" {\nvia = smtp.example.com\naddresses = {192.0.2.1}\n}", "/f:3: "
	  "addresses: expected none beside \"via\" (line 2): mail leaves from the "
	  "smarthost's addresses" },
	{ "egress \"a\" { via = s.example.com addresses = {auto} }", "/f:1: addresses: "
	  "expected none beside \"via\" (line 1): mail leaves from the smarthost's "
	  "addresses" },
	{ "egress \"a\" { spf-include = _spf.example.com }", "/f:1: spf-include: expected "
	  "\"via\" beside it: the smarthost that this name authorises" },
};

static const struct bad domains[] = {
	{ "domain \"a.example\" { }", "/f:1: domain: expected at least one key in domain "
	  "\"a.example\": its mail leaves signed or not at all" },
	{ "domain \"a.example\" { " KEY " }\ndomain \"A.Example\" { " KEY " }",
	  "/f:2: domain: expected once (\"a.example\" stands on line 1 already)" },
	{ "domain \"B\xc3\xbc.example\" { " KEY " }", "/f:1: domain: expected the name in its "
	  "ASCII form, which starts with xn-- (got \"B\xc3\xbc.example\"; \"idn2 "
	  "B\xc3\xbc.example\" prints it)" },
	{ "domain \"com\" { " KEY " }", "/f:1: domain: expected \"example.com\", "
	  "\"*.example.com\" or \"*\" (got \"com\")" },
	{ "domain \"a.example.\" { " KEY " }", "/f:1: domain: expected \"example.com\", "
	  "\"*.example.com\" or \"*\" (got \"a.example.\")" },
	{ "domain \"a..example\" { " KEY " }", "/f:1: domain: expected \"example.com\", "
	  "\"*.example.com\" or \"*\" (got \"a..example\")" },
	{ "domain \"a.example\" { key \"s\" { } }",
	  "/f:1: key: expected file = \"/PATH\" (or \"credential:NAME\") in key \"s\"" },
	{ "domain \"a.example\" { key \"s_1.x\" { file = \"k.pem\" } }",
	  "/f:1: file: expected a path that starts with \"/\", or credential:NAME "
	  "(got \"k.pem\")" },
	{ "domain \"a.example\" { key \"s\" { file = \"credential:\" } }",
	  "/f:1: file: expected a path that starts with \"/\", or credential:NAME "
	  "(got \"credential:\")" },
	{ "domain \"a.example\" { key \"s\" { file = \"credential:../k\" } }",
	  "/f:1: file: expected a path that starts with \"/\", or credential:NAME "
	  "(got \"credential:../k\")" },
	{ "domain \"a.example\" { key \"s\" { file = \"credential:a/k\" } }",
	  "/f:1: file: expected a path that starts with \"/\", or credential:NAME "
	  "(got \"credential:a/k\")" },
	{ "domain \"a.example\" { key \"s t\" { file = \"/k\" } }", "/f:1: key: expected a "
	  "selector of letters, digits, \"-\", \"_\" and \".\" (got \"s t\")" },
	{ "domain \"a.example\" {\n" KEY "\nkey \"S\" { file = \"/l\" } }",
	  "/f:3: key: expected each selector once (\"s\" stands on line 2 already)" },
	{ "domain \"*\" { " KEY " }", "/f:1: file: expected one %d in the path: the keys of "
	  "several domains are in several files (got \"/k\")" },
	{ "domain \"*\" { key \"s\" { file = \"/%d/%d.pem\" } }", "/f:1: file: expected one "
	  "%d in the path: the keys of several domains are in several files (got "
	  "\"/%d/%d.pem\")" },
	{ "domain \"a.example\" { key \"s\" { file = \"/%n\" } }", "/f:1: file: expected no "
	  "\"%\" but in %d (the domain) and %s (the selector) (got \"/%n\")" },
	{ "domain \"a.example\" { key \"s\" { file = \"/a%\" } }", "/f:1: file: expected no "
	  "\"%\" but in %d (the domain) and %s (the selector) (got \"/a%\")" },
	{ "domain \"a.example\" { " KEY " canonicalization = relaxed }", "/f:1: "
	  "canonicalization: expected HEADER/BODY, each relaxed or simple, as in "
	  "relaxed/relaxed (got \"relaxed\")" },
	{ "domain \"a.example\" { " KEY " canonicalization = \"simple/nowsp\" }", "/f:1: "
	  "canonicalization: expected HEADER/BODY, each relaxed or simple, as in "
	  "relaxed/relaxed (got \"simple/nowsp\")" },
	{ "domain \"a.example\" { " KEY "\nexpire = 60 }", "/f:2: expire: expected 0 or at "
	  "least 3600 seconds: mail waits in queues (got 60)" },
	{ "domain \"a.example\" { " KEY " mode = shadow }",
	  "/f:1: mode: expected audit or enforce (got \"shadow\")" },
	{ "check \"spf-fial\" { }", "/f:1: check: expected a check of mailworthy-checks(7) "
	  "(got \"spf-fial\") (did you mean \"spf-fail\"?)" },
	{ "check \"spf-fai\" { }", "/f:1: check: expected a check of mailworthy-checks(7) "
	  "(got \"spf-fai\") (did you mean \"spf-fail\"?)" },
	{ "check \"spf-faill\" { }", "/f:1: check: expected a check of mailworthy-checks(7) "
	  "(got \"spf-faill\") (did you mean \"spf-fail\"?)" },
	{ "check \"no-such\" { }",
	  "/f:1: check: expected a check of mailworthy-checks(7) (got \"no-such\")" },
	{ "check \"spf-fail\" { }\ncheck \"spf-fail\" { }",
	  "/f:2: check: expected once (\"spf-fail\" stands on line 1 already)" },
	{ "check \"spf-fail\" { action = discard }", "/f:1: action: expected none, hold, "
	  "tempfail or reject (got \"discard\")" },
	{ "check \"spf-fail\" { weight = heavy }", "/f:1: weight: expected points from 0 to 10 "
	  "with at most one decimal, as in 0.5 (got \"heavy\")" },
	{ "check \"spf-fail\" { shadow = maybe }",
	  "/f:1: shadow: expected true or false (got \"maybe\")" },
	{ "check \"spf-fail\" { exempt = {example.com} }", "/f:1: exempt: expected addresses, "
	  "or domains as @example.com or @*.example.com (got \"example.com\")" },
};

static const struct bad streams[] = {
	{ "stream \"a\" { }", "/f:1: stream: expected logins, senders, networks or header in "
	  "stream \"a\": which mail it is" },
	{ "stream \"a\" { logins = {} kind = bulk }", "/f:1: stream: expected logins, senders, "
	  "networks or header in stream \"a\": which mail it is" },
	{ "stream { logins = {x} }", "/f:1: stream: expected a name for it in quotes before "
	  "\"{\"" },
	{ "stream \"a b\" { logins = {x} }", "/f:1: stream: expected a name of letters, "
	  "digits, \"-\", \"_\" and \".\" (got \"a b\")" },
	{ "stream a { logins = {x} }\nstream A { logins = {y} }",
	  "/f:2: stream: expected once (\"a\" stands on line 1 already)" },
	{ "stream a {\nlogins = {x}\nkind = newsletter }", "/f:3: kind: expected auto, "
	  "transactional, bulk, list or dsn (got \"newsletter\")" },
	{ "stream a { logins = {x, \"\"} }", "/f:1: logins: expected logins, as the MTA tells "
	  "them (macro {auth_authen}) (got \"\")" },
	{ "stream a { senders = {example.com} }", "/f:1: senders: expected addresses, or "
	  "domains as @example.com or @*.example.com (got \"example.com\")" },
	{ "stream a { networks = {host} }", "/f:1: networks: expected networks, as in "
	  "192.0.2.0/24 or 2001:db8::/32 (got \"host\")" },
	{ "stream a { header = {X-Campaign} }", "/f:1: header: expected a field and what its "
	  "value is like, as in \"X-Campaign: *\" (\"*\" stands for anything, \"?\" for one "
	  "character; at most 100 of them) (got \"X-Campaign\")" },
	{ "stream a { header = {\"X-Campaign: \"} }", "/f:1: header: expected a field and what "
	  "its value is like, as in \"X-Campaign: *\" (\"*\" stands for anything, \"?\" for "
	  "one character; at most 100 of them) (got \"X-Campaign: \")" },
	{ "stream a { header = {\"X Y: *\"} }", "/f:1: header: expected a field and what its "
	  "value is like, as in \"X-Campaign: *\" (\"*\" stands for anything, \"?\" for one "
	  "character; at most 100 of them) (got \"X Y: *\")" },
	{ "stream a { logins = {x} mode = shadow }",
	  "/f:1: mode: expected audit or enforce (got \"shadow\")" },
	{ "stream a { logins = {x} hold-below = 11 }", "/f:1: hold-below: expected points from "
	  "0 to 10 with at most one decimal, as in 0.5 (got \"11\")" },
	{ "stream a { logins = {x} loggins = {x} }",
	  "/f:1: loggins: unknown option (did you mean \"logins\"?)" },
	{ "stream a { logins = {x}\ncheck spf-fial { } }", "/f:2: check: expected a check of "
	  "mailworthy-checks(7) (got \"spf-fial\") (did you mean \"spf-fail\"?)" },
	{ "stream a { logins = {x}\ncheck spf-fail { }\ncheck spf-fail { } }", "/f:3: check: "
	  "expected once in a stream (\"spf-fail\" stands on line 2 already)" },
	{ "stream a { logins = {x} check spf-fail { exempt = {a@example.com} } }",
	  "/f:1: exempt: unknown option (it belongs in a section \"check\" outside of "
	  "streams)" },
	{ "stream a { logins = {x} check spf-fail { shadow = maybe } }",
	  "/f:1: shadow: expected false or true (got \"maybe\")" },
	{ "stream a {\nlogins = {x}\nstream b { logins = {y} }", "/f:1: stream: this section "
	  "is not closed: expected \"}\" before \"stream\" on line 3" },
};

static const struct bad sockets[] = {
	{ "inet:8893", NULL }, { "inet:127.0.0.1", NULL }, { "inet:127.0.0.1:0", NULL },
	{ "inet:127.0.0.1:65536", NULL }, { "inet:@127.0.0.1", NULL }, { "inet:8893@", NULL },
	{ "inet:a b:25", NULL }, { "unix:relative", NULL }, { "unix:/", NULL },
	{ "unix:/dir/", NULL }, { "/path", NULL }, { "tcp:127.0.0.1:25", NULL }, { "", NULL },
	{ "unix:/and/this/path/too/and/again/this/path/is/longer/than/the/hundred/and/seven/bytes/that/the/address/of/a/"
	  "unix/socket/has/room/for/x", NULL },
};

static void
check_table(const struct bad *table, size_t n)
{
	struct arena *arena = arena_new();
	const struct settings *settings;
	const char *error;

	for (size_t i = 0; i < n; i++) {
		settings = text_load(table[i].text, NULL, arena, &error);
		if (settings != NULL)
			print_error("accepted: %s\n", table[i].text);
		assert_null(settings);
		assert_string_equal(error, table[i].error);
	}
	arena_free(&arena);
}

#define TABLE_TEST(table) \
	static void test_##table(void **state) \
	{ \
		(void)state; \
		check_table(table, sizeof(table) / sizeof(table[0])); \
	}

TABLE_TEST(names_and_structure)
TABLE_TEST(values)
TABLE_TEST(streams)
TABLE_TEST(egresses)
TABLE_TEST(domains)

static void
test_sockets(void **state)
{
	struct arena *arena = arena_new();
	const char *error;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		text = arena_printf(arena, "socket = \"%s\"", sockets[i].text);
		if (text_load(text, NULL, arena, &error) != NULL)
			fail_msg("accepted: %s", sockets[i].text);
		assert_string_equal(error, arena_printf(arena, "/f:1: socket: expected "
		    "unix:/PATH (at most 107 bytes), inet:ADDRESS:PORT or "
		    "inet:PORT@ADDRESS (got \"%.60s%s\")", sockets[i].text,
		    strlen(sockets[i].text) > 60 ? "..." : ""));
	}
	arena_free(&arena);
}

static void
test_all_in_order_of_lines(void **state)
{
	struct arena *arena = arena_new();
	const char *error;

	(void)state;
	assert_null(text_load("# all of these are told\nmode = a\nresolver {\n\ttimeout = x\n"
	    "\tfoo = {1,\n\t2}\n}\nhold-below = 11\nbar\n", NULL, arena, &error));
	assert_string_equal(error,
	    "/f:2: mode: expected audit or enforce (got \"a\")\n"
	    "/f:4: timeout: expected a whole number from 1 to 30 (got \"x\")\n"
	    "/f:5: foo: unknown option\n"
	    "/f:8: hold-below: expected points from 0 to 10 with at most one decimal, as in "
	    "0.5 (got \"11\")\n"
	    "/f:9: bar: unknown option");
	arena_free(&arena);
}

static void
test_many_errors_are_counted(void **state)
{
	struct arena *arena = arena_new();
	const char *error;
	char text[60 * 6 + 1] = "";

	(void)state;
	for (int i = 0; i < 60; i++)
		memcpy(text + i * 6, "x = 1\n", 6);
	text[sizeof(text) - 1] = '\0';
	assert_null(text_load(text, NULL, arena, &error));
	assert_non_null(strstr(error, "/f:50: x: unknown option\n(10 more errors)"));
	arena_free(&arena);
}

/* What a file holds may not do anything to a terminal. */
static void
test_errors_are_harmless(void **state)
{
	struct arena *arena = arena_new();
	const char *error;

	(void)state;
	assert_null(text_load("\xc2\x9b" "31m = 1", NULL, arena, &error));
	assert_string_equal(error, "/f:1: \\xC2\\x9B31m: unknown option");
	arena_free(&arena);
}

static void
test_logins_errors(void **state)
{
	static const struct bad cases[] = {
		{ "a a@example.com", "/logins:1: expected \"login: address @domain *\" (got "
		  "\"a a@example.com\")" },
		{ ": a@example.com",
		  "/logins:1: expected \"login: address @domain *\" (got \": a@example.com\")" },
		{ "", "/logins: expected at least one login: was the file cut off while it "
		  "was saved?" },
		{ "# a: a@example.com\n", "/logins: expected at least one login: was the "
		  "file cut off while it was saved?" },
		{ "a:", "/logins:1: a: expected at least one address, @domain or * after the "
		  "login" },
		{ "a: b\n# x\nc: @d", "/logins:1: a: expected addresses, @domain or * (got "
		  "\"b\")\n/logins:3: c: expected addresses, @domain or * (got \"@d\")" },
		{ "a: *\nA: *", "/logins:2: a: expected each login once (it stands in a line "
		  "above)" },
	};
	struct arena *arena = arena_new();
	const char *error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(text_load("logins = /logins", cases[i].text, arena, &error));
		assert_string_equal(error, cases[i].error);
	}
	arena_free(&arena);
}

static void
test_files_that_cannot_be_read(void **state)
{
	struct arena *arena = arena_new();
	struct files *files = files_new();
	const char *error;
	char *big = calloc(1, SETTINGS_FILE_MAX + 2);

	(void)state;
	assert_null(settings_load(files, "/nonexistent/x", NULL, arena, &error));
	assert_string_equal(error, "/nonexistent/x: cannot be read: No such file or directory; "
	    "-c names another");
	assert_null(settings_load(files, "/", NULL, arena, &error));
	assert_string_equal(error, "/: cannot be read: Is a directory");
	memset(big, '\n', SETTINGS_FILE_MAX + 1);
	files_put(files, "/big", big, SETTINGS_FILE_MAX + 1);
	assert_null(settings_load(files, "/big", NULL, arena, &error));
	assert_string_equal(error, "/big: expected at most 16777216 bytes (got 16777217)");
	free(big);
	files_free(&files);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_structure),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_egresses),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_all_in_order_of_lines),
		cmocka_unit_test(test_many_errors_are_counted),
		cmocka_unit_test(test_errors_are_harmless),
		cmocka_unit_test(test_logins_errors),
		cmocka_unit_test(test_files_that_cannot_be_read),
	};

	(void)text_load_good;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
