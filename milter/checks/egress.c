/*
 * The addresses mail leaves from: reverse DNS and the HELO name (RFC 8601
 * section 2.7.3, RFC 5321 section 4.1.1.1).  A relay's names are its own affair.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"
#include "mail/domain.h"
#include "mail/psl.h"

#define NUMBERS_MAX 16		/* numbers of a name that are looked at */

/* False when there is no address of ours to judge; the status says so. */
static bool
has_addresses(const struct check_input *input, struct check_result *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;

	if (egress->is_relay) {
		check_ok(result);
		return false;
	}
	if (egress->n == 0) {
		check_dunno(result);
		return false;
	}
	return true;
}

void
check_egress_unknown(const struct check_input *input, struct check_result *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;

	if (egress->known) {
		check_ok(result);
		return;
	}
	check_hit(input, result, "No public address is known from which mail of egress "
	    "\"%s\" leaves: SPF, reverse DNS and HELO could not be judged.",
	    egress->name != NULL ? egress->name : "default");
}

void
check_egress_no_ptr(const struct check_input *input, struct check_result *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	struct check_tally tally;
	size_t i;

	if (!has_addresses(input, result))
		return;
	check_tally_init(&tally, input);
	for (i = 0; i < egress->n; i++)
		if (check_tally_known(&tally, egress->addresses[i].ptr_known) &&
		    egress->addresses[i].ptr_known == KNOWN_ABSENT)
			check_tally_hit(&tally,
			    ip_text(input->arena, &egress->addresses[i].ip));
	if (!check_tally_any(&tally, result))
		return;
	check_hit(input, result, "No reverse DNS (PTR record) for %s, from which mail "
	    "leaves.", buf_str(&tally.names));
	if (egress->helo != NULL && domain_is_fqdn(egress->helo))
		check_fix(input, result, "Have the owner of the network set the PTR "
		    "record of %s to %s, and let that name lead back to the address.",
		    buf_str(&tally.names), check_safe(input, egress->helo));
}

void
check_egress_ptr_mismatch(const struct check_input *input, struct check_result *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	struct check_tally tally;
	size_t i;

	if (!has_addresses(input, result))
		return;
	check_tally_init(&tally, input);
	for (i = 0; i < egress->n; i++) {
		const struct egress_address *address = &egress->addresses[i];

		if (!check_tally_known(&tally, address->ptr_known) ||
		    address->ptr_known == KNOWN_ABSENT ||
		    !check_tally_known(&tally, address->ptr_forward_known))
			continue;
		if (!address->ptr_forward)
			check_tally_hit(&tally, arena_printf(input->arena, "%s (%s)",
			    ip_text(input->arena, &address->ip),
			    check_safe(input, address->ptr_name)));
	}
	if (check_tally_any(&tally, result))
		check_hit(input, result, "The reverse DNS name does not lead back to "
		    "the address: %s.", buf_str(&tally.names));
}

/* The four octets in a row among the numbers of the name, in either order. */
static bool
has_octets(const char *name, const unsigned char *bytes)
{
	unsigned numbers[NUMBERS_MAX];
	size_t n = 0, i;
	const char *p = name;

	while (*p != '\0' && n < NUMBERS_MAX) {
		unsigned number = 0, digits = 0;

		for (; isdigit((unsigned char)*p); p++, digits++)
			number = digits < 4 ? number * 10 + (unsigned)(*p - '0') : 9999;
		if (digits > 0)
			numbers[n++] = number;
		else
			p++;
	}
	for (i = 0; i + 4 <= n; i++) {
		const unsigned *at = &numbers[i];

		if (at[0] == bytes[0] && at[1] == bytes[1] && at[2] == bytes[2] &&
		    at[3] == bytes[3])
			return true;
		if (at[3] == bytes[0] && at[2] == bytes[1] && at[1] == bytes[2] &&
		    at[0] == bytes[3])
			return true;
	}
	return false;
}

static bool
shows_ipv4(const char *name, const unsigned char *bytes)
{
	char text[16];

	if (has_octets(name, bytes))
		return true;
	snprintf(text, sizeof(text), "%03u%03u%03u%03u", bytes[0], bytes[1], bytes[2],
	    bytes[3]);
	if (strstr(name, text) != NULL)
		return true;
	snprintf(text, sizeof(text), "%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2],
	    bytes[3]);
	return strstr(name, text) != NULL;
}

/* As written with hyphens, or its nibbles in either order. */
static bool
shows_ipv6(struct arena *arena, const char *name, const struct ip *ip)
{
	static const char hex[] = "0123456789abcdef";
	char *text = arena_strdup(arena, ip_text(arena, ip));
	char *bare = arena_strdup(arena, name);
	char nibbles[33], reversed[33];
	size_t i, n;

	for (i = 0; text[i] != '\0'; i++)
		if (text[i] == ':')
			text[i] = '-';
	if (strstr(name, text) != NULL)
		return true;
	for (i = 0, n = 0; bare[i] != '\0'; i++)
		if (bare[i] != '-' && bare[i] != '.')
			bare[n++] = bare[i];
	bare[n] = '\0';
	for (i = 0; i < 32; i++) {
		unsigned char byte = ip->bytes[i / 2];

		nibbles[i] = hex[i % 2 == 0 ? byte >> 4 : byte & 15];
		reversed[31 - i] = nibbles[i];
	}
	nibbles[32] = reversed[32] = '\0';
	return strstr(bare, nibbles) != NULL || strstr(bare, reversed) != NULL;
}

/* A word of the name that providers give to customers' lines. */
static bool
is_pool_word(struct slice word)
{
	static const char *const words[] = {
		"dyn", "dynamic", "dynip", "pool", "pools", "dhcp", "dialup", "dsl",
		    "adsl",
		"vdsl", "xdsl", "sdsl",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is(word, words[i]))
			return true;
	return false;
}

static bool
has_pool_word(const char *name)
{
	const char *p = name;

	while (*p != '\0') {
		const char *start = p;

		while (isalpha((unsigned char)*p))
			p++;
		if (is_pool_word((struct slice){ start, (size_t)(p - start) }))
			return true;
		if (*p != '\0')
			p++;
	}
	return false;
}

/* The host part is looked at only: dsl.example.net may be a company's name. */
static bool
is_generic(const struct check_input *input, const struct egress_address *address)
{
	char *name = slice_dup_lower(input->arena, slice_of(address->ptr_name));
	const char *org = psl_org_domain(name);

	if (org != NULL)
		name[org - name] = '\0';
	if (address->ip.family == 4 && shows_ipv4(name, address->ip.bytes))
		return true;
	if (address->ip.family == 6 && shows_ipv6(input->arena, name, &address->ip))
		return true;
	return has_pool_word(name);
}

void
check_egress_ptr_generic(const struct check_input *input, struct check_result *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	struct check_tally tally;
	size_t i;

	if (!has_addresses(input, result))
		return;
	check_tally_init(&tally, input);
	for (i = 0; i < egress->n; i++) {
		const struct egress_address *address = &egress->addresses[i];

		if (check_tally_known(&tally, address->ptr_known) &&
		    address->ptr_known == KNOWN_VALUE && address->ptr_name != NULL &&
		    is_generic(input, address))
			check_tally_hit(&tally, arena_printf(input->arena, "%s (%s)",
			    ip_text(input->arena, &address->ip),
			    check_safe(input, address->ptr_name)));
	}
	if (check_tally_any(&tally, result))
		check_hit(input, result, "The reverse DNS name looks like that of a "
		    "customer's line, not of a mail host: %s.", buf_str(&tally.names));
}

static void
tally_helo(const struct check_input *input, struct check_tally *tally)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	size_t i;

	check_tally_init(tally, input);
	for (i = 0; i < egress->n; i++) {
		const struct egress_address *address = &egress->addresses[i];

		if (check_tally_known(tally, address->helo_known) &&
		    (address->helo_known == KNOWN_ABSENT || !address->helo_forward))
			check_tally_hit(tally, ip_text(input->arena, &address->ip));
	}
}

void
check_egress_helo(const struct check_input *input, struct check_result *result)
{
	const struct egress_evidence *egress = &input->evidence->egress;
	const char *helo = check_safe(input, egress->helo);
	struct check_tally tally;

	if (egress->is_relay) {
		check_ok(result);
		return;
	}
	if (egress->helo == NULL) {
		check_dunno(result);
		return;
	}
	if (domain_is_literal(slice_of(egress->helo))) {
		check_hit(input, result, "The HELO name %s is an address, not a host "
		    "name.", helo);
		return;
	}
	if (!domain_is_fqdn(egress->helo)) {
		check_hit(input, result, "The HELO name %s is not a full host name.",
		    helo);
		return;
	}
	if (!has_addresses(input, result))
		return;
	tally_helo(input, &tally);
	if (!check_tally_any(&tally, result))
		return;
	check_hit(input, result, "The HELO name %s does not resolve to %s, from which "
	    "mail leaves.", helo, buf_str(&tally.names));
	check_fix(input, result, "Publish address records of %s for %s (A or AAAA), or "
	    "set smtp_helo_name in main.cf to a name that has them. If the MTA says "
	    "another name already, write it as helo into the egress section.", helo,
	    buf_str(&tally.names));
}
