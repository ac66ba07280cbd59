/*
 * The organizational domain by the public suffix list.
 */
#include <string.h>

#include <libpsl.h>

#include "base/ip.h"
#include "mail/domain.h"
#include "mail/psl.h"

/* libpsl takes anything: 2.1 would be the domain of 192.0.2.1. */
static bool
is_name(const char *name)
{
	struct ip ip;

	return domain_is_queryable(name) && !ip_parse(slice_of(name), &ip);
}

const char *
psl_org_domain(const char *name)
{
	if (!is_name(name))
		return NULL;
	return psl_registrable_domain(psl_builtin(), name);
}

bool
psl_is_suffix(const char *name)
{
	return is_name(name) && psl_is_public_suffix(psl_builtin(), name);
}
