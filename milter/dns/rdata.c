/*
 * Record data to values.
 */
#include <string.h>

#include "base/arena.h"
#include "dns/name.h"
#include "dns/rdata.h"

enum { SOA_NUMBERS = 20 };	/* bytes: serial, refresh, retry, expire, minimum */

static bool
rdata_address(struct slice rdata, unsigned char family, size_t size, struct ip *ip_r)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (rdata.n != size)
		return false;
	ip_r->family = family;
	memcpy(ip_r->bytes, rdata.p, size);
	/* An IPv4-mapped address is an IPv4 address everywhere (base/ip.h). */
	if (family == 6 && memcmp(ip_r->bytes, mapped, sizeof(mapped)) == 0) {
		ip_r->family = 4;
		memmove(ip_r->bytes, ip_r->bytes + 12, 4);
		memset(ip_r->bytes + 4, 0, 12);
	}
	return true;
}

/* A name with exactly `after` bytes behind it. */
static bool
rdata_name(struct arena *arena, struct slice rdata, size_t after, const char **name_r)
{
	char text[DNS_NAME_TEXT_MAX];
	size_t used;

	if (!dns_name_from_wire((const unsigned char *)rdata.p, rdata.n, text, &used) ||
	    rdata.n - used != after)
		return false;
	*name_r = arena_strdup(arena, text);
	return true;
}

/* The second name of a SOA is looked at only for its length. */
static bool
rdata_soa(struct arena *arena, struct slice rdata, struct dns_rr *rr_r)
{
	char text[DNS_NAME_TEXT_MAX];
	const char *rname;
	size_t used;

	if (!dns_name_from_wire((const unsigned char *)rdata.p, rdata.n, text, &used) ||
	    !rdata_name(arena, slice_sub(rdata, used, rdata.n), SOA_NUMBERS, &rname))
		return false;
	rr_r->name = arena_strdup(arena, text);
	return true;
}

static bool
rdata_text(struct arena *arena, struct slice rdata, struct dns_rr *rr_r)
{
	size_t at, n = 0;
	char *text;

	for (at = 0; at < rdata.n; at += (unsigned char)rdata.p[at] + 1u) {
		if ((unsigned char)rdata.p[at] > rdata.n - at - 1)
			return false;
		rr_r->n_strings++;
	}
	if (rr_r->n_strings == 0)
		return false;
	text = arena_alloc(arena, rdata.n - rr_r->n_strings + 1);
	for (at = 0; at < rdata.n; at += (unsigned char)rdata.p[at] + 1u) {
		memcpy(text + n, rdata.p + at + 1, (unsigned char)rdata.p[at]);
		n += (unsigned char)rdata.p[at];
	}
	rr_r->text = (struct slice){ text, n };
	return true;
}

bool
dns_rdata_parse(struct arena *arena, enum dns_type type, struct slice rdata,
    struct dns_rr *rr_r)
{
	const unsigned char *p = (const unsigned char *)rdata.p;

	memset(rr_r, 0, sizeof(*rr_r));
	if (rdata.n == 0 || rdata.n > DNS_RDATA_MAX)
		return false;
	switch (type) {
	case DNS_A:
		return rdata_address(rdata, 4, 4, &rr_r->ip);
	case DNS_AAAA:
		return rdata_address(rdata, 6, 16, &rr_r->ip);
	case DNS_MX:
		if (rdata.n < 3)
			return false;
		rr_r->preference = (unsigned)p[0] << 8 | p[1];
		return rdata_name(arena, slice_sub(rdata, 2, rdata.n), 0, &rr_r->name);
	case DNS_PTR:
		return rdata_name(arena, rdata, 0, &rr_r->name);
	case DNS_SOA:
		return rdata_soa(arena, rdata, rr_r);
	case DNS_TXT:
		return rdata_text(arena, rdata, rr_r);
	}
	return false;
}
