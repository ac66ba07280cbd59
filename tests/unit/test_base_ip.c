/*
 * Addresses and networks.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/ip.h"

static struct ip
ip(const char *text)
{
	struct ip parsed;

	assert_true(ip_parse(slice_of(text), &parsed));
	return parsed;
}

static void
test_parse(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "[192.0.2.1]", "192.0.2.1" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "IPv6:2001:db8::1", "2001:db8::1" },
		{ "[ipv6:2001:db8::1]", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:c000:0201", "192.0.2.1" },
		{ "IPv6:::ffff:192.0.2.1", "192.0.2.1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "::", "::" },
		{ "", NULL },
		{ "[]", NULL },
		{ "[192.0.2.1", NULL },
		{ "192.0.2.1]", NULL },
		{ "192.0.2", NULL },
		{ "192.0.2.256", NULL },
		{ "192.0.2.01", NULL },
		{ " 192.0.2.1", NULL },
		{ "IPv6:192.0.2.1", NULL },
		{ "fe80::1%lo", NULL },
		{ "2001:db8::1/64", NULL },
		{ "1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7:8:9:1:2:3:4:5:6:7", NULL },
		{ "localhost", NULL },
	};
	struct arena *arena = arena_new();
	struct ip parsed;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].in);
		char *copy = malloc(n == 0 ? 1 : n);
		bool ok;

		memcpy(copy, cases[i].in, n);
		ok = ip_parse((struct slice){ copy, n }, &parsed);
		assert_int_equal(ok, cases[i].out != NULL);
		if (ok)
			assert_string_equal(ip_text(arena, &parsed), cases[i].out);
		else
			assert_int_equal(parsed.family, 0);
		free(copy);
	}
	assert_false(ip_parse(SLICE("192.0.2.1\0x"), &parsed));
	assert_string_equal(ip_text(arena, &(struct ip){ 0 }), "");
	arena_free(&arena);
}

static void
test_sockaddr(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(25) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(26) };
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct ip got, want = ip("192.0.2.1");
	uint16_t port;

	(void)state;
	inet_pton(AF_INET, "192.0.2.1", &sin.sin_addr);
	assert_true(ip_from_sockaddr((struct sockaddr *)&sin, &got, &port));
	assert_true(ip_eq(&got, &want));
	assert_int_equal(port, 25);
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &sin6.sin6_addr);
	assert_true(ip_from_sockaddr((struct sockaddr *)&sin6, &got, &port));
	assert_true(ip_eq(&got, &want));
	assert_int_equal(port, 26);
	assert_false(ip_from_sockaddr(&other, &got, NULL));
	assert_false(ip_from_sockaddr(NULL, &got, &port));
	assert_int_equal(port, 0);
}

static void
test_networks(void **state)
{
	static const struct { const char *net, *addr; bool inside; } cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.77/24", "192.0.2.1", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/25", "192.0.2.128", false },
		{ "192.0.2.128/25", "192.0.2.129", true },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "203.0.113.9", false },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "[2001:db8::]/32", "2001:db8:1::", true },
		{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
		{ "::ffff:192.0.2.0/120", "192.0.3.9", false },
	};
	static const char *const bad[] = {
		"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/24x",
		"192.0.2.0/24/8", "2001:db8::/129", "::ffff:192.0.2.0/95", "example.com",
	};
	struct ip_net net;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip addr = ip(cases[i].addr);

		assert_true(ip_net_parse(slice_of(cases[i].net), &net));
		assert_int_equal(ip_net_contains(&net, &addr), cases[i].inside);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ip_net_parse(slice_of(bad[i]), &net));
	assert_false(ip_eq(&(struct ip){ 0 }, &(struct ip){ 0 }));
}

static void
test_kinds(void **state)
{
	static const struct { const char *addr; bool loopback, private; } cases[] = {
		{ "127.0.0.1", true, true }, { "127.255.0.1", true, true },
		{ "::1", true, true }, { "::", false, true }, { "::2", false, false },
		{ "0.0.0.0", false, true }, { "10.9.8.7", false, true },
		{ "172.15.0.1", false, false }, { "172.16.0.1", false, true },
		{ "172.31.255.255", false, true }, { "172.32.0.0", false, false },
		{ "192.168.1.1", false, true }, { "192.169.1.1", false, false },
		{ "100.63.0.1", false, false }, { "100.64.0.1", false, true },
		{ "100.127.0.1", false, true }, { "100.128.0.1", false, false },
		{ "169.254.1.1", false, true }, { "224.0.0.1", false, true },
		{ "255.255.255.255", false, true }, { "fe80::1", false, true },
		{ "fd00::1", false, true }, { "fc00::1", false, true },
		{ "ff02::1", false, true }, { "2001:db8::1", false, false },
		{ "192.0.2.1", false, false }, { "198.51.100.1", false, false },
		{ "203.0.113.1", false, false }, { "::ffff:10.0.0.1", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ip addr = ip(cases[i].addr);

		assert_int_equal(ip_is_loopback(&addr), cases[i].loopback);
		assert_int_equal(ip_is_private(&addr), cases[i].private);
	}
	assert_true(ip_is_private(&(struct ip){ 0 }));
}

static void
test_ptr_name(void **state)
{
	struct arena *arena = arena_new();
	struct ip v4 = ip("192.0.2.5"), v6 = ip("2001:db8::567:89ab");

	(void)state;
	assert_string_equal(ip_ptr_name(arena, &v4), "5.2.0.192.in-addr.arpa");
	/* RFC 3596 section 2.5 names nibbles so. */
	assert_string_equal(ip_ptr_name(arena, &v6), "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0."
	    "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	assert_int_equal(ip_bits(&v4), 32);
	assert_int_equal(ip_bits(&v6), 128);
	assert_int_equal(ip_bits(&(struct ip){ 0 }), 0);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_ptr_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
