/*
 * Which servers are asked: settings and resolv.conf.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "dns/servers.h"
#include "settings/settings.h"

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		const char *server;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1@53" },
		{ "127.0.0.1@5353", "127.0.0.1@5353" },
		{ "2001:DB8::1", "2001:db8::1@53" },
		{ "::1@65535", "::1@65535" },
		{ "fe80::1%eth0", "fe80::1%eth0@53" },
		{ "192.0.2.1@", NULL },
		{ "192.0.2.1@0", NULL },
		{ "192.0.2.1@65536", NULL },
		{ "192.0.2.1@53@53", NULL },
		{ "ns.example.com", NULL },
		{ "fe80::1%", NULL },
		{ "fe80::1%e\nforward-addr: 192.0.2.1", NULL },
		{ "", NULL },
		{ "@53", NULL },
	};
	struct arena *arena = arena_new();
	const char *server;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		server = dns_server_parse(arena, slice_of(cases[i].text));
		if (cases[i].server == NULL)
			assert_null(server);
		else
			assert_string_equal(server, cases[i].server);
	}
	arena_free(&arena);
}

static void
test_resolv_conf(void **state)
{
	struct arena *arena = arena_new();
	struct dns_servers servers;

	(void)state;
	dns_servers_resolv_conf(arena, slice_of("# made by hand\n"
	    "search example.com\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 \r\n"
	    "nameserver example\nnameservers 192.0.2.9\n;nameserver 192.0.2.8\n"
	    "nameserver 192.0.2.2 # trailing\nnameserver 192.0.2.3\n"
	    "nameserver 192.0.2.4"), &servers);
	assert_int_equal(servers.n, DNS_SERVERS_MAX);
	assert_string_equal(servers.at[0], "192.0.2.1@53");
	assert_string_equal(servers.at[1], "2001:db8::1@53");
	assert_string_equal(servers.at[2], "192.0.2.2@53");
	assert_string_equal(servers.at[3], "192.0.2.3@53");
	dns_servers_resolv_conf(arena, slice_of("options edns0\n"), &servers);
	assert_int_equal(servers.n, 1);
	assert_string_equal(servers.at[0], "127.0.0.1@53");
	arena_free(&arena);
}

static void
test_choose(void **state)
{
	const char *few[] = { "192.0.2.1", "192.0.2.2@5353" };
	const char *many[] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4",
		"192.0.2.5" };
	const char *wrong[] = { "192.0.2.1", "ns1" };
	struct settings_resolver settings = { .timeout = 4, .deadline = 10 };
	struct arena *arena = arena_new();
	struct dns_servers servers;
	const char *error;

	(void)state;
	settings.servers.p = few;
	settings.servers.n = 2;
	assert_int_equal(dns_servers_choose(&settings, arena, &servers, &error), 0);
	assert_int_equal(servers.n, 2);
	assert_string_equal(servers.at[1], "192.0.2.2@5353");
	settings.servers.p = many;
	settings.servers.n = 5;
	assert_int_equal(dns_servers_choose(&settings, arena, &servers, &error), -1);
	assert_string_equal(error, "resolver: servers: at most 4 can be asked");
	settings.servers.p = wrong;
	settings.servers.n = 2;
	assert_int_equal(dns_servers_choose(&settings, arena, &servers, &error), -1);
	assert_string_equal(error,
	    "resolver: servers: expected ADDRESS or ADDRESS@PORT, not \"ns1\"");
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_resolv_conf),
		cmocka_unit_test(test_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
