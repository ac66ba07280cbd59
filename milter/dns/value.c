/*
 * Answers in and out of one run of bytes.
 */
#include <string.h>

#include "base/arena.h"
#include "dns/value.h"

struct packer {
	char *base;
	size_t used;
};

/* Offset 0 is the struct itself and so stands for NULL. */
static const void *
pack_bytes(struct packer *packer, const void *bytes, size_t n)
{
	size_t at = packer->used;

	if (n > 0)
		memcpy(packer->base + at, bytes, n);
	packer->base[at + n] = '\0';
	packer->used += n + 1;
	return (const void *)(uintptr_t)at;
}

static const char *
pack_text(struct packer *packer, const char *text)
{
	return text == NULL ? NULL : pack_bytes(packer, text, strlen(text));
}

static size_t
text_size(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

static size_t
value_size(const char *name, const struct dns_answer *answer, size_t n)
{
	size_t size = sizeof(struct dns_value) + n * sizeof(struct dns_rr);

	size += text_size(name) + text_size(answer->canonical) +
	    text_size(answer->error) + text_size(answer->server);
	for (size_t i = 0; i < n; i++)
		size += text_size(answer->rrs[i].name) + answer->rrs[i].text.n + 1;
	return size;
}

static uint32_t
value_ttl(const struct dns_answer *answer)
{
	uint32_t max = DNS_TTL_MAX;

	switch (answer->status) {
	case DNS_OK:
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		max = DNS_NEGATIVE_TTL_MAX;
		break;
	case DNS_TEMPFAIL:
	case DNS_PENDING:
		return DNS_FAILURE_SECONDS;
	}
	return answer->ttl < max ? answer->ttl : max;
}

static void
pack_rrs(struct packer *packer, struct dns_rr *rrs, const struct dns_answer *answer,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rrs[i] = answer->rrs[i];
		rrs[i].name = pack_text(packer, rrs[i].name);
		if (rrs[i].text.p != NULL)
			rrs[i].text.p = pack_bytes(packer, rrs[i].text.p,
			    rrs[i].text.n);
	}
}

struct dns_value *
dns_value_pack(struct arena *arena, const char *name, enum dns_type type,
    const struct dns_answer *answer, int64_t now_us)
{
	size_t n = answer->n < DNS_RRS_MAX ? answer->n : DNS_RRS_MAX;
	size_t size = value_size(name, answer, n);
	struct dns_value *value;
	struct packer packer;
	struct dns_rr *rrs;

	value = arena_alloc(arena, size);
	rrs = (struct dns_rr *)(value + 1);
	packer.base = (char *)value;
	packer.used = sizeof(*value) + n * sizeof(*rrs);
	value->size = size;
	value->ttl = value_ttl(answer);
	value->good_until_us = now_us + (int64_t)value->ttl * 1000000;
	value->answer = *answer;
	value->answer.type = type;
	value->answer.n = n;
	value->answer.rrs = (const void *)(uintptr_t)(n > 0 ? sizeof(*value) : 0);
	pack_rrs(&packer, rrs, answer, n);
	value->answer.name = pack_text(&packer, name);
	value->answer.canonical = answer->canonical == NULL ? value->answer.name :
	    pack_text(&packer, answer->canonical);
	value->answer.error = pack_text(&packer, answer->error);
	value->answer.server = pack_text(&packer, answer->server);
	return value;
}

struct dns_value *
dns_value_copy(struct arena *arena, const struct dns_value *packed)
{
	struct dns_value *copy;

	copy = arena_alloc(arena, packed->size);
	memcpy(copy, packed, packed->size);
	return copy;
}

struct dns_value *
dns_value_stale(struct arena *arena, const struct dns_value *packed)
{
	struct dns_value *copy;

	copy = dns_value_copy(arena, packed);
	copy->ttl = DNS_FAILURE_SECONDS;
	copy->answer.stale = true;
	return copy;
}

struct dns_value *
dns_value_until(struct arena *arena, const struct dns_value *packed, int64_t now_us)
{
	struct dns_value *copy;

	copy = dns_value_copy(arena, packed);
	copy->ttl = (uint32_t)((packed->good_until_us - now_us + 999999) / 1000000);
	return copy;
}

bool
dns_value_usable_stale(const struct dns_value *packed, int64_t now_us)
{
	return packed->answer.status != DNS_TEMPFAIL &&
	    now_us < packed->good_until_us + (int64_t)DNS_STALE_SECONDS * 1000000;
}

static const void *
unpacked(const struct dns_value *value, const void *offset)
{
	return offset == NULL ? NULL : (const char *)value + (uintptr_t)offset;
}

struct dns_answer *
dns_value_unpack(struct dns_value *packed)
{
	struct dns_answer *answer = &packed->answer;
	struct dns_rr *rrs = (struct dns_rr *)(packed + 1);

	for (size_t i = 0; i < answer->n; i++) {
		rrs[i].name = unpacked(packed, rrs[i].name);
		rrs[i].text.p = unpacked(packed, rrs[i].text.p);
	}
	answer->rrs = answer->n > 0 ? rrs : NULL;
	answer->name = unpacked(packed, answer->name);
	answer->canonical = unpacked(packed, answer->canonical);
	answer->error = unpacked(packed, answer->error);
	answer->server = unpacked(packed, answer->server);
	return answer;
}
