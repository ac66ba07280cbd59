/*
 * Good settings: what members they become, and how they are looked up.
 */
#include "settings_text.h"

static void
assert_ip(const struct ip *ip, const char *text)
{
	struct arena *arena = arena_new();

	assert_string_equal(ip_text(arena, ip), text);
	arena_free(&arena);
}

static void
assert_strings(const struct settings_strings *strings, const char *joined)
{
	char text[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < strings->n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s ", strings->p[i]);
	assert_string_equal(text, joined);
}

static void
test_defaults(void **state)
{
	const struct settings *s = text_load_good("# defaults", NULL);

	(void)state;
	assert_string_equal(s->path, TEXT_FILE);
	assert_int_equal(s->mode, MODE_AUDIT);
	assert_string_equal(s->socket, "unix:/var/spool/postfix/mailworthy/mailworthy.sock");
	assert_string_equal(s->socket_group, "postfix");
	assert_int_equal(s->socket_mode, 0660);
	assert_string_equal(s->user, "mailworthy");
	assert_int_equal(s->log_kind, LOG_TO_SYSLOG);
	assert_int_equal(s->log_privacy, 0);
	assert_int_equal(s->outbound,
	    OUTBOUND_AUTHENTICATED | OUTBOUND_LOCAL | OUTBOUND_NETWORKS);
	assert_int_equal(s->networks.n, 2);
	assert_ip(&s->networks.p[0].addr, "127.0.0.0");
	assert_int_equal(s->networks.p[0].bits, 8);
	assert_int_equal(s->networks.p[1].bits, 128);
	assert_int_equal(s->ignore_daemons.n, 0);
	assert_int_equal(s->repair, REPAIR_DATE | REPAIR_MESSAGE_ID | REPAIR_HEADERS |
	    REPAIR_ENCODING);
	assert_int_equal(s->trace_header, TRACE_BRIEF);
	assert_int_equal(s->hold_below, 0);
	assert_int_equal(s->link_trackers.n, 0);
	assert_string_equal(s->notify, "");
	assert_string_equal(s->state_dir, "/var/lib/mailworthy");
	assert_string_equal(s->logins_file, "");
	assert_int_equal(s->n_logins, 0);
	assert_string_equal(s->lists_dir, "");
	assert_string_equal(s->phrases_dir, "");
	assert_non_null(s->lists);
	assert_int_equal(s->resolver.servers.n, 0);
	assert_int_equal(s->resolver.timeout, 4);
	assert_int_equal(s->resolver.deadline, 10);
	assert_int_equal(s->n_egresses, 1);
	assert_string_equal(s->egresses[0].name, "default");
	assert_int_equal(s->egresses[0].kind, EGRESS_AUTO);
	assert_string_equal(s->egresses[0].helo, "auto");
	assert_strings(&s->egresses[0].domains, "* ");
	assert_null(s->egresses[0].via);
	assert_null(s->egresses[0].spf_include);
	assert_int_equal(s->n_domains, 0);
	assert_int_equal(s->n_checks, 0);
	assert_int_equal(s->n_streams, 0);
	assert_string_equal(s->postal_address, "");
	settings_unref(&s);
	assert_null(s);
	settings_unref(&s);
}

static void
test_main_values(void **state)
{
	const struct settings *s = text_load_good("\xef\xbb\xbfmode=enforce socket="
	    "'inet:127.0.0.1:8893'socket-group=\"\"\r\nsocket-mode=600 user = \"\"\n"
	    "log = \"file:/var/log/a \\\"b\\\".jsonl\" // comment { \"\n"
	    "log-privacy = {hash-subject, no-recipients,}\noutbound = all\n"
	    "networks = { # two of them\n\t\"192.0.2.0/24\", /* and\n */ 2001:db8::/32\n}\n"
	    "ignore-daemons = {Filter, \"[::1]@10025\"} repair = {} trace-header = full\n"
	    "link-trackers = {Clicks.example.net, \"t.example.org\"}\n"
	    "hold-below = 3.5 notify = \"o'brien@example.com\"\n", NULL);

	(void)state;
	assert_int_equal(s->mode, MODE_ENFORCE);
	assert_string_equal(s->socket, "inet:8893@127.0.0.1");
	assert_string_equal(s->socket_group, "");
	assert_int_equal(s->socket_mode, 0600);
	assert_int_equal(s->log_kind, LOG_TO_FILE);
	assert_string_equal(s->log_file, "/var/log/a \"b\".jsonl");
	assert_int_equal(s->log_privacy, PRIVACY_HASH_SUBJECT | PRIVACY_NO_RECIPIENTS);
	assert_int_equal(s->outbound, OUTBOUND_ALL);
	assert_int_equal(s->networks.n, 2);
	assert_int_equal(s->networks.p[1].bits, 32);
	assert_strings(&s->ignore_daemons, "Filter ::1@10025 ");
	assert_int_equal(s->repair, 0);
	assert_int_equal(s->trace_header, TRACE_FULL);
	assert_strings(&s->link_trackers, "clicks.example.net t.example.org ");
	assert_int_equal(s->hold_below, 35);
	assert_string_equal(s->notify, "o'brien@example.com");
	settings_unref(&s);
}

static void
test_sockets(void **state)
{
	static const struct { const char *in, *out, *shown; } cases[] = {
		{ "unix:/run/m.sock", "unix:/run/m.sock",
		  "unix:/run/m.sock" },
		{ "local:/run/m.sock", "unix:/run/m.sock",
		  "unix:/run/m.sock" },
		{ "inet:8893@127.0.0.1", "inet:8893@127.0.0.1",
		  "inet:127.0.0.1:8893" },
		{ "inet:127.0.0.1:8893", "inet:8893@127.0.0.1",
		  "inet:127.0.0.1:8893" },
		{ "inet:Localhost:8893", "inet:8893@localhost",
		  "inet:localhost:8893" },
		{ "inet:[::1]:8893", "inet6:8893@::1",
		  "inet:[::1]:8893" },
		{ "inet:::1:8893", "inet6:8893@::1",
		  "inet:[::1]:8893" },
		{ "inet6:8893@::1", "inet6:8893@::1",
		  "inet:[::1]:8893" },
		{ "inet6:8893@[::1]", "inet6:8893@::1",
		  "inet:[::1]:8893" },
		{ "inet6:8893@127.0.0.1", "inet:8893@127.0.0.1",
		  "inet:127.0.0.1:8893" },
		{ "inet6:milter.example.com:1", "inet6:1@milter.example.com",
		  "inet6:milter.example.com:1" },
		{ "INET:65535@0.0.0.0", "inet:65535@0.0.0.0",
		  "inet:0.0.0.0:65535" },
	};
	struct arena *arena = arena_new();
	const struct settings *s;
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "socket = \"%s\"", cases[i].in);
		s = text_load_good(text, NULL);
		assert_string_equal(s->socket, cases[i].out);
		assert_string_equal(settings_socket_shown(arena, s->socket), cases[i].shown);
		settings_unref(&s);
	}
	arena_free(&arena);
}

static void
test_domains(void **state)
{
	const struct settings *s = text_load_good(
	    "domain \"Example.COM\" {\n"
	    "	key \"2026A\" { file = \"/k/%d.%s.pem\" }\n"
	    "	key 2026b { file = \"/k/b.pem\" }\n"
	    "	canonicalization = \"relaxed/simple\"\n"
	    "	signed-headers = list-friendly expire = 86400 mode = enforce\n"
	    "}\n"
	    "domain \"*.example.com\" { key \"s1\" { file = \"/k/%d.%s.pem\" } }\n"
	    "domain \"*\" { key \"s1\" { file = \"/k/%d/%s.pem\" } }\n", NULL);
	const struct settings_domain *d;

	(void)state;
	assert_int_equal(s->n_domains, 3);
	d = &s->domains[0];
	assert_string_equal(d->name, "example.com");
	assert_int_equal(d->line, 1);
	assert_int_equal(d->n_keys, 2);
	assert_string_equal(d->keys[0].selector, "2026a");
	assert_string_equal(d->keys[0].file, "/k/example.com.2026a.pem");
	assert_int_equal(d->keys[0].line, 2);
	assert_string_equal(d->keys[1].selector, "2026b");
	assert_int_equal(d->canon_header, CANON_RELAXED);
	assert_int_equal(d->canon_body, CANON_SIMPLE);
	assert_int_equal(d->signed_headers, PROFILE_LIST_FRIENDLY);
	assert_int_equal(d->expire, 86400);
	assert_true(d->has_mode);
	assert_int_equal(d->mode, MODE_ENFORCE);
	d = &s->domains[1];
	assert_string_equal(d->keys[0].file, "/k/%d.%s.pem");
	assert_int_equal(d->canon_body, CANON_RELAXED);
	assert_int_equal(d->signed_headers, PROFILE_STANDARD);
	assert_false(d->has_mode);
	assert_string_equal(s->domains[2].keys[0].file, "/k/%d/%s.pem");
	settings_unref(&s);
}

static void
test_egress_resolver_check(void **state)
{
	const struct settings *s = text_load_good(
	    "egress own { addresses = {192.0.2.1, \"2001:db8::1\"} helo = MX.example.com }\n"
	    "egress relay { via = SMTP.provider.example spf-include = _spf.provider.example "
	    "domains = {shop.example, \"*.Shop.example\"} }\n"
	    "resolver { servers = {127.0.0.1@5353, \"[::1]\"} timeout = 2 deadline = 2 }\n"
	    "check \"spf-fail\" { weight = 0.5 action = none shadow = yes exempt = "
	    "{News@example.com, \"@*.Example.org\"} }\n"
	    "check \"subject-long\" { }\n", NULL);
	const struct settings_check *check;

	(void)state;
	assert_int_equal(s->n_egresses, 2);
	assert_int_equal(s->egresses[0].kind, EGRESS_LIST);
	assert_int_equal(s->egresses[0].n_addresses, 2);
	assert_ip(&s->egresses[0].addresses[1], "2001:db8::1");
	assert_string_equal(s->egresses[0].helo, "mx.example.com");
	assert_int_equal(s->egresses[1].kind, EGRESS_RELAY);
	assert_string_equal(s->egresses[1].via, "smtp.provider.example");
	assert_string_equal(s->egresses[1].spf_include, "_spf.provider.example");
	assert_strings(&s->egresses[1].domains, "shop.example *.shop.example ");
	assert_strings(&s->resolver.servers, "127.0.0.1@5353 ::1 ");
	assert_int_equal(s->resolver.timeout, 2);
	check = settings_find_check(s, "spf-fail");
	assert_int_equal(check->weight, 5);
	assert_int_equal(check->action, ACTION_NONE);
	assert_true(check->shadow);
	assert_strings(&check->exempt, "news@example.com @*.example.org ");
	check = settings_find_check(s, "subject-long");
	assert_int_equal(check->weight, -1);
	assert_int_equal(check->action, -1);
	assert_false(check->shadow);
	assert_null(settings_find_check(s, "spf-none"));
	settings_unref(&s);
}

static void
test_streams(void **state)
{
	const struct settings *s = text_load_good("postal-address = \"Here 1\"\n"
	    "stream News {\n"
	    "	kind = bulk mode = enforce hold-below = 0\n"
	    "	logins = {Newsletter} senders = {News@Example.com, \"@*.example.com\"}\n"
	    "	networks = {192.0.2.0/24} header = {\"X-Mailer:Mautic*\"}\n"
	    "	check spf-fail { weight = 0.5 shadow = false }\n"
	    "	check \"subject-long\" { action = reject }\n"
	    "}\n"
	    "stream \"other\" { header = {\"X-B: ?\"} }\n"
	    "check \"spf-fail\" { weight = 1 }\n", NULL);
	const struct settings_stream *news, *other;
	const struct settings_tuning *tuning;

	(void)state;
	assert_string_equal(s->postal_address, "Here 1");
	assert_int_equal(s->n_streams, 2);
	assert_int_equal(s->n_checks, 1);
	news = &s->streams[0];
	assert_string_equal(news->name, "News");
	assert_int_equal(news->line, 2);
	assert_int_equal(news->kind, STREAM_BULK);
	assert_int_equal(news->mode, MODE_ENFORCE);
	assert_int_equal(news->hold_below, 0);
	assert_null(news->postal_address);
	assert_strings(&news->logins, "newsletter ");
	assert_strings(&news->senders, "news@example.com @*.example.com ");
	assert_strings(&news->header, "x-mailer: mautic* ");
	assert_int_equal(news->networks.n, 1);
	assert_int_equal(news->networks.p[0].bits, 24);
	tuning = settings_find_tuning(news, "spf-fail");
	assert_int_equal(tuning->line, 6);
	assert_int_equal(tuning->weight, 5);
	assert_int_equal(tuning->action, -1);
	assert_int_equal(tuning->shadow, 0);
	tuning = settings_find_tuning(news, "subject-long");
	assert_int_equal(tuning->weight, -1);
	assert_int_equal(tuning->action, ACTION_REJECT);
	assert_int_equal(tuning->shadow, -1);
	assert_null(settings_find_tuning(news, "spf-permerror"));
	other = &s->streams[1];
	assert_int_equal(other->kind, STREAM_NONE);
	assert_int_equal(other->mode, -1);
	assert_int_equal(other->hold_below, -1);
	assert_null(settings_find_tuning(other, "spf-fail"));
	assert_null(settings_find_tuning(NULL, "spf-fail"));
	settings_unref(&s);
}

static void
test_find_domain(void **state)
{
	static const struct { const char *domain, *found; } cases[] = {
		{ "example.com", "example.com" },
		{ "a.example.com", "*.example.com" },
		{ "b.a.example.com", "*.example.com" },
		{ "x.deep.example.com", "*.deep.example.com" },
		{ "deep.example.com", "*.example.com" },
		{ "aexample.com", "*" },
		{ "example.org", "example.org" },
		{ "a.example.org", "*" },
		{ "", "*" },
		{ ".example.com", "*" },
		{ "*", "*" },
		{ ".", "*" },
	};
	static const char text[] =
	    "domain \"example.com\" { key \"s\" { file = \"/k\" } }\n"
	    "domain \"*.example.com\" { key \"s\" { file = \"/k\" } }\n"
	    "domain \"*.deep.example.com\" { key \"s\" { file = \"/k\" } }\n"
	    "domain \"example.org\" { key \"s\" { file = \"/k\" } }\n";
	const struct settings *without = text_load_good(text, NULL), *with;
	const struct settings_domain *found;
	char all[1024];

	(void)state;
	snprintf(all, sizeof(all), "%sdomain \"*\" { key \"s\" { file = \"/%%d\" } }\n", text);
	with = text_load_good(all, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		found = settings_find_domain(with, cases[i].domain);
		assert_string_equal(found->name, cases[i].found);
		found = settings_find_domain(without, cases[i].domain);
		if (strcmp(cases[i].found, "*") == 0)
			assert_null(found);
		else
			assert_string_equal(found->name, cases[i].found);
	}
	settings_unref(&with);
	settings_unref(&without);
}

static void
test_find_egress(void **state)
{
	const struct settings *s = text_load_good(
	    "egress \"all\" { }\n"
	    "egress \"below\" { domains = {\"*.example.com\"} }\n"
	    "egress \"one\" { domains = {\"shop.example\", \"a.example.com\"} }\n", NULL);
	const struct settings *none = text_load_good(
	    "egress \"one\" { domains = {\"shop.example\"} }\n", NULL);

	(void)state;
	assert_string_equal(settings_find_egress(s, "shop.example")->name, "one");
	assert_string_equal(settings_find_egress(s, "a.example.com")->name, "one");
	assert_string_equal(settings_find_egress(s, "b.example.com")->name, "below");
	assert_string_equal(settings_find_egress(s, "example.com")->name, "all");
	assert_null(settings_find_egress(none, "example.com"));
	settings_unref(&s);
	settings_unref(&none);
}

static void
test_domain_matches(void **state)
{
	(void)state;
	assert_true(settings_domain_matches("*", "example.com"));
	assert_true(settings_domain_matches("example.com", "example.com"));
	assert_false(settings_domain_matches("example.com", "a.example.com"));
	assert_true(settings_domain_matches("*.example.com", "a.example.com"));
	assert_true(settings_domain_matches("*.example.com", "b.a.example.com"));
	assert_false(settings_domain_matches("*.example.com", "example.com"));
	assert_false(settings_domain_matches("*.example.com", "aexample.com"));
	assert_false(settings_domain_matches("*.example.com", ".example.com"));
}

static void
test_logins(void **state)
{
	const struct settings *s = text_load_good("logins = /logins",
	    "# who\nAlice: alice@Example.com, @example.org\t# trailing\r\n\n"
	    "  bob@example.com: *\n sip:carl : carl@example.com");
	const struct settings_login *login;

	(void)state;
	assert_int_equal(s->n_logins, 3);
	login = settings_find_login(s, "ALICE");
	assert_string_equal(login->login, "alice");
	assert_strings(&login->owns, "alice@example.com @example.org ");
	assert_strings(&settings_find_login(s, "bob@example.com")->owns, "* ");
	assert_strings(&settings_find_login(s, "sip:carl")->owns, "carl@example.com ");
	assert_null(settings_find_login(s, "carl"));
	settings_unref(&s);
}

static void
test_many_domains(void **state)
{
	const struct settings *s;
	size_t n = 0, size = 10000 * 64;
	char *text = malloc(size), name[64];

	(void)state;
	for (int i = 0; i < 10000; i++)
		n += (size_t)snprintf(text + n, size - n,
		    "domain d%d.example { key s { file = /k } }\n", i);
	s = text_load_good(text, NULL);
	free(text);
	assert_int_equal(s->n_domains, 10000);
	for (int i = 0; i < 10000; i += 7) {
		snprintf(name, sizeof(name), "d%d.example", i);
		assert_ptr_equal(settings_find_domain(s, name), &s->domains[i]);
		assert_int_equal(s->domains[i].line, i + 1);
	}
	settings_unref(&s);
}

static void
test_references(void **state)
{
	const struct settings *s = text_load_good("mode = enforce", NULL), *also;

	(void)state;
	also = settings_ref(s);
	settings_unref(&s);
	assert_int_equal(also->mode, MODE_ENFORCE);
	settings_unref(&also);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_main_values),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_egress_resolver_check),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_find_domain),
		cmocka_unit_test(test_find_egress),
		cmocka_unit_test(test_domain_matches),
		cmocka_unit_test(test_logins),
		cmocka_unit_test(test_many_domains),
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
