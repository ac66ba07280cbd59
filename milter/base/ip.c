/*
 * IPv4 and IPv6 addresses and networks.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/ip.h"

static const unsigned char mapped_prefix[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

unsigned
ip_bits(const struct ip *ip)
{
	return ip->family == 4 ? 32 : ip->family == 6 ? 128 : 0;
}

/* Takes 16 bytes; an IPv4-mapped address becomes what it stands for. */
static void
ip_set_v6(struct ip *ip, const unsigned char *bytes)
{
	memset(ip, 0, sizeof(*ip));
	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0) {
		ip->family = 4;
		memcpy(ip->bytes, bytes + 12, 4);
		return;
	}
	ip->family = 6;
	memcpy(ip->bytes, bytes, 16);
}

static bool
ip_parse_bare(struct slice text, struct ip *ip_r)
{
	char copy[IP_TEXT_MAX];
	unsigned char bytes[16];

	memset(ip_r, 0, sizeof(*ip_r));
	if (text.n == 0 || text.n >= sizeof(copy) || slice_find(text, '\0') < text.n)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET6, copy, bytes) == 1) {
		ip_set_v6(ip_r, bytes);
		return true;
	}
	if (inet_pton(AF_INET, copy, ip_r->bytes) == 1) {
		ip_r->family = 4;
		return true;
	}
	return false;
}

bool
ip_parse(struct slice text, struct ip *ip_r)
{
	memset(ip_r, 0, sizeof(*ip_r));
	if (text.n >= 2 && text.p[0] == '[') {
		if (text.p[text.n - 1] != ']')
			return false;
		text = slice_sub(text, 1, text.n - 2);
	}
	if (slice_starts_nocase(text, "IPv6:")) {
		text = slice_sub(text, 5, text.n);
		if (slice_find(text, ':') == text.n)
			return false;
	}
	return ip_parse_bare(text, ip_r);
}

bool
ip_from_sockaddr(const struct sockaddr *sa, struct ip *ip_r, uint16_t *port_r)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	uint16_t port = 0;

	memset(ip_r, 0, sizeof(*ip_r));
	if (sa != NULL && sa->sa_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		ip_r->family = 4;
		memcpy(ip_r->bytes, &sin.sin_addr, 4);
		port = ntohs(sin.sin_port);
	} else if (sa != NULL && sa->sa_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		ip_set_v6(ip_r, sin6.sin6_addr.s6_addr);
		port = ntohs(sin6.sin6_port);
	}
	if (port_r != NULL)
		*port_r = port;
	return ip_r->family != 0;
}

bool
ip_net_parse(struct slice text, struct ip_net *net_r)
{
	size_t slash = slice_find(text, '/');
	struct slice addr = slice_sub(text, 0, slash);
	unsigned long bits, most;
	bool v6;

	memset(net_r, 0, sizeof(*net_r));
	if (!ip_parse(addr, &net_r->addr))
		return false;
	net_r->bits = (unsigned char)ip_bits(&net_r->addr);
	if (slash == text.n)
		return true;
	v6 = slice_find(addr, ':') < addr.n;
	most = v6 ? 128 : 32;
	if (!slice_number(slice_sub(text, slash + 1, text.n), most, &bits))
		return false;
	if (v6 && net_r->addr.family == 4) {
		if (bits < 96)
			return false;
		bits -= 96;
	}
	net_r->bits = (unsigned char)bits;
	return true;
}

bool
ip_prefix_eq(const struct ip *a, const struct ip *b, unsigned bits)
{
	unsigned whole, mask;

	if (a->family != b->family || a->family == 0)
		return false;
	if (bits > ip_bits(a))
		bits = ip_bits(a);
	whole = bits / 8;
	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	if (bits % 8 == 0)
		return true;
	mask = 0xffu << (8 - bits % 8) & 0xffu;
	return ((a->bytes[whole] ^ b->bytes[whole]) & mask) == 0;
}

bool
ip_net_contains(const struct ip_net *net, const struct ip *ip)
{
	return ip_prefix_eq(&net->addr, ip, net->bits);
}

bool
ip_eq(const struct ip *a, const struct ip *b)
{
	return ip_prefix_eq(a, b, ip_bits(a));
}

const char *
ip_text(struct arena *arena, const struct ip *ip)
{
	char text[IP_TEXT_MAX];

	if (ip->family == 0 || inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes,
	    text, sizeof(text)) == NULL)
		return arena_strdup(arena, "");
	return arena_strdup(arena, text);
}

const char *
ip_ptr_name(struct arena *arena, const struct ip *ip)
{
	struct buf name;

	buf_init(&name, arena, 80);
	if (ip->family == 4) {
		buf_printf(&name, "%d.%d.%d.%d.in-addr.arpa", ip->bytes[3], ip->bytes[2],
		    ip->bytes[1], ip->bytes[0]);
	} else if (ip->family == 6) {
		for (int i = 15; i >= 0; i--)
			buf_printf(&name, "%x.%x.", ip->bytes[i] & 15, ip->bytes[i] >> 4);
		buf_add_str(&name, "ip6.arpa");
	}
	return buf_str(&name);
}

static bool
ip_in_any(const struct ip *ip, const struct ip_net *nets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (ip_net_contains(&nets[i], ip))
			return true;
	}
	return false;
}

bool
ip_is_loopback(const struct ip *ip)
{
	static const struct ip_net nets[] = {
		{ { 4, { 127 } }, 8 },
		{ { 6, { [15] = 1 } }, 128 },
	};

	return ip_in_any(ip, nets, sizeof(nets) / sizeof(nets[0]));
}

bool
ip_is_private(const struct ip *ip)
{
	static const struct ip_net nets[] = {
		{ { 4, { 0 } }, 8 },		/* RFC 1122: this host */
		{ { 4, { 10 } }, 8 },
		{ { 4, { 100, 64 } }, 10 },
		{ { 4, { 169, 254 } }, 16 },
		{ { 4, { 172, 16 } }, 12 },
		{ { 4, { 192, 168 } }, 16 },
		{ { 4, { 224 } }, 3 },		/* multicast, reserved, broadcast */
		{ { 6, { 0 } }, 128 },
		{ { 6, { 0xfc } }, 7 },
		{ { 6, { 0xfe, 0x80 } }, 10 },
		{ { 6, { 0xfe, 0xc0 } }, 10 },	/* site-local, RFC 3879 */
		{ { 6, { 0xff } }, 8 },
	};

	return ip_bits(ip) == 0 || ip_is_loopback(ip) ||
	    ip_in_any(ip, nets, sizeof(nets) / sizeof(nets[0]));
}
