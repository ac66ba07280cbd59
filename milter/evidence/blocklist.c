/*
 * Answers of DNS blocklists.
 */
#include <string.h>

#include "base/arena.h"
#include "dns/dns.h"
#include "evidence/blocklist.h"
#include "settings/settings.h"

/* ---- names ---- */

static const char *
below_zone(struct arena *arena, const struct settings_blocklist *settings,
    const char *name)
{
	const char *key = settings->key;

	return arena_printf(arena, "%s.%s%s%s", name, key != NULL ? key : "",
	    key != NULL && *key != '\0' ? "." : "", settings->zone);
}

const char *
blocklist_name_of_ip(struct arena *arena, const struct settings_blocklist *settings,
    const struct ip *ip)
{
	const char *name = ip_ptr_name(arena, ip);
	const char *end = strstr(name, ip->family == 6 ? ".ip6.arpa" : ".in-addr.arpa");

	return below_zone(arena, settings, arena_strndup(arena, name, (size_t)(end - name)));
}

const char *
blocklist_name_of_domain(struct arena *arena, const struct settings_blocklist *settings,
    const char *domain)
{
	return below_zone(arena, settings, domain);
}

const char *
blocklist_control(struct arena *arena, const struct settings_blocklist *settings,
    const struct blocklist *known, unsigned of, bool listed)
{
	struct ip ip = { .family = 4, .bytes = { 127, 0, 0, listed ? 2 : 1 } };

	if (of == BLOCKLIST_DOMAINS)
		return blocklist_name_of_domain(arena, settings, !listed ? "invalid" :
		    known != NULL ? known->test : "test");
	if (of == BLOCKLIST_IPV6) {	/* ::FFFF:7F00:2, and still IPv6 */
		memset(&ip, 0, sizeof(ip));
		ip.family = 6;
		ip.bytes[10] = ip.bytes[11] = 0xff;
		ip.bytes[12] = 127;
		ip.bytes[15] = listed ? 2 : 1;
	}
	return blocklist_name_of_ip(arena, settings, &ip);
}

unsigned
blocklist_of(const struct settings_blocklist *settings, const struct blocklist *known)
{
	if (settings->of != 0)
		return settings->of;
	return known != NULL ? known->of : BLOCKLIST_IPV4;
}

/* ---- answers ---- */

static bool
is_within(const struct blocklist_code *code, const struct ip *ip)
{
	return memcmp(ip->bytes, code->first.bytes, 4) >= 0 &&
	    memcmp(ip->bytes, code->last.bytes, 4) <= 0;
}

/* What a documented code says; NULL for one that is not. */
static const char *
meaning_of(const struct settings_blocklist *settings, const struct blocklist *known,
    const struct ip *ip)
{
	struct blocklist_code code;

	for (size_t i = 0; i < settings->codes.n; i++) {
		if (blocklist_codes_read(slice_of(settings->codes.p[i]), &code) &&
		    is_within(&code, ip))
			return "";
	}
	if (settings->codes.n > 0)
		return NULL;
	for (size_t i = 0; known != NULL && i < known->n_codes; i++) {
		if (is_within(&known->codes[i], ip))
			return known->codes[i].meaning;
	}
	return NULL;
}

/* 127.255.255.0/24, as Spamhaus began to use it and others followed. */
static const char *
error_of(const struct ip *ip)
{
	if (ip->bytes[0] != 127)
		return "the answer is no code of a blocklist: a resolver invents it, or the "
		    "list is given up";
	if (ip->bytes[1] != 255 || ip->bytes[2] != 255)
		return NULL;
	switch (ip->bytes[3]) {
	case 252:
		return "the list says that there is a slip in the name of its zone";
	case 254:
		return "the list does not answer public resolvers: run one of your own";
	case 255:
		return "the list says that too many questions come from this resolver";
	default:
		return "the list answers that it does not like the question";
	}
}

/* The gravest wins: an error says that no answer means anything. */
static void
judge_address(struct arena *arena, const struct settings_blocklist *settings,
    const struct blocklist *known, const struct ip *ip, struct listing_answer *answer)
{
	const char *error = error_of(ip), *meaning = meaning_of(settings, known, ip);

	if (error == NULL && meaning == NULL)
		error = "the list does not document this answer";
	if (error != NULL && (answer->listing != LISTING_LISTED || error_of(ip) != NULL)) {
		*answer = (struct listing_answer){ LISTING_UNKNOWN, error,
			ip_text(arena, ip) };
		return;
	}
	if (error != NULL)
		return;
	*answer = (struct listing_answer){ LISTING_LISTED, meaning, ip_text(arena, ip) };
}

void
blocklist_judge(struct arena *arena, const struct settings_blocklist *settings,
    const struct blocklist *known, const struct dns_answer *answer,
    struct listing_answer *answer_r)
{
	*answer_r = (struct listing_answer){ LISTING_CLEAN, "", NULL };
	switch (answer->status) {
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return;
	case DNS_PENDING:
	case DNS_TEMPFAIL:
		*answer_r = (struct listing_answer){ LISTING_UNKNOWN,
			answer->error != NULL ? answer->error : "DNS gave no answer", NULL };
		return;
	case DNS_OK:
		break;
	}
	for (size_t i = 0; i < answer->n; i++) {
		judge_address(arena, settings, known, &answer->rrs[i].ip, answer_r);
		if (answer_r->listing == LISTING_UNKNOWN && error_of(&answer->rrs[i].ip) != NULL)
			return;
	}
}
