/*
 * IPv4 and IPv6 addresses and networks.  An IPv4-mapped IPv6 address
 * (::ffff:a.b.c.d) is an IPv4 address everywhere (RFC 7208 section 5).
 */
#ifndef MW_BASE_IP_H
#define MW_BASE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct sockaddr;
struct arena;

struct ip {
	unsigned char family;		/* 4, 6, or 0 for none */
	unsigned char bytes[16];	/* network order; 4 or 16 in use */
};

struct ip_net {
	struct ip addr;
	unsigned char bits;
};

#define IP_TEXT_MAX 46

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "IPv6:2001:db8::1". */
bool ip_parse(struct slice text, struct ip *ip_r);
bool ip_from_sockaddr(const struct sockaddr *sa, struct ip *ip_r, uint16_t *port_r);

/* "192.0.2.0/24" or an address alone.  Host bits may be set. */
bool ip_net_parse(struct slice text, struct ip_net *net_r);
bool ip_net_contains(const struct ip_net *net, const struct ip *ip);

/* The first `bits` bits are equal and the families are. */
bool ip_prefix_eq(const struct ip *a, const struct ip *b, unsigned bits);
bool ip_eq(const struct ip *a, const struct ip *b);

/* Canonical text (RFC 5952). */
const char *ip_text(struct arena *arena, const struct ip *ip);

/* d.c.b.a.in-addr.arpa or the 32 nibbles of ip6.arpa. */
const char *ip_ptr_name(struct arena *arena, const struct ip *ip);

bool ip_is_loopback(const struct ip *ip);

/*
 * True for addresses no receiver can see mail come from: loopback, RFC 1918,
 * CGNAT (RFC 6598), link-local, unique local, unspecified, multicast.
 * Documentation networks count as public: tests and examples use them.
 */
bool ip_is_private(const struct ip *ip);

/* 32 or 128; 0 for none. */
unsigned ip_bits(const struct ip *ip);

#endif
