/*
 * The usual mistakes in SPF records, told apart after the grammar has said no.
 */
#include <stdbool.h>
#include <string.h>

#include "base/ip.h"
#include "evidence/spf/fault.h"
#include "evidence/spf/grammar.h"

static bool
has_foreign_byte(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= 0x20 || text.p[i] >= 0x7f)
			return true;
	}
	return false;
}

static bool
has_bad_macro(struct slice text)
{
	const char *p = text.p, *end = p + text.n;
	struct spf_macro macro;

	while (p != NULL && p < end)
		p = *p == '%' ? spf_macro_read(p, end, &macro) : p + 1;
	return p == NULL;
}

/* An address or a network, perhaps with an end that does not belong there. */
static bool
is_address(struct slice text)
{
	struct ip_net net;

	return ip_net_parse(text, &net);
}

static const struct mistake {
	const char *name;		/* before ":", "=" or "/" */
	const char *why;
} mistakes[] = {
	{ "all", "nothing may follow \"all\"" },
	{ "include", "it needs a domain name: include:_spf.example.com" },
	{ "exists", "it needs a domain name: exists:%{i}._spf.example.com" },
	{ "a",
	    "what follows is no domain name with at least one dot, or no prefix length"
	    " of 0 to 32 (IPv6: //0 to //128)" },
	{ "mx",
	    "what follows is no domain name with at least one dot, or no prefix length"
	    " of 0 to 32 (IPv6: //0 to //128)" },
	{ "ptr", "what follows is no domain name with at least one dot" },
	{ "ip4", "it needs an IPv4 address or network: ip4:192.0.2.0/24" },
	{ "ip6", "it needs an IPv6 address or network: ip6:2001:db8::/32" },
	{ "redirect", "it needs \"=\" and a domain name: redirect=_spf.example.com" },
	{ "exp", "it needs \"=\" and a domain name: exp=explain.example.com" },
};

/* The mistakes that are seen whatever the mechanism is. */
static const char *
common_why(struct slice term, struct slice name, struct slice argument)
{
	if (has_foreign_byte(term))
		return "it holds a character that is not printable ASCII";
	if (has_bad_macro(term))
		return "\"%\" stands alone: write \"%%\", or a macro such as \"%{i}\"";
	if (is_address(term))
		return "an address needs \"ip4:\" or \"ip6:\" before it";
	if (is_address(argument) &&
	    (slice_is(name, "a") || slice_is(name, "mx") || slice_is(name, "include")))
		return "an address stands behind \"ip4:\" or \"ip6:\"";
	return NULL;
}

const char *
spf_fault_why(struct slice term)
{
	struct slice name = term, argument;
	const char *why;
	size_t n = 0;

	if (name.n > 0 && name.p[0] != '\0' && strchr("+-?~", name.p[0]) != NULL)
		name = slice_sub(name, 1, name.n);
	while (n < name.n && name.p[n] != ':' && name.p[n] != '=' && name.p[n] != '/' &&
	    name.p[n] != '.')
		n++;
	argument = slice_sub(name, n + 1, name.n);
	name = slice_sub(name, 0, n);
	why = common_why(term, name, argument);
	if (why != NULL)
		return why;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		if (slice_is(name, mistakes[i].name))
			return mistakes[i].why;
	}
	return "there is no such mechanism";
}
