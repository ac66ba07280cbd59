/*
 * SPF records among the TXT records of a domain.
 */
#include <string.h>

#include "dns/name.h"
#include "evidence/spf/fetch.h"
#include "evidence/spf/grammar.h"

/* Section 4.3: a name of several labels that DNS can hold, no literal. */
static bool
is_domain(const char *domain)
{
	char canonical[DNS_NAME_TEXT_MAX];

	return domain[0] != '[' && strchr(domain, '.') != NULL &&
	    dns_name_canonical(domain, canonical);
}

struct spf_published
spf_fetch(struct lookups *lookups, const char *domain)
{
	struct spf_published published = { .status = DNS_NXDOMAIN };

	if (!is_domain(domain))
		return published;
	published.answer = dns_get(lookups, domain, DNS_TXT);
	published.status = published.answer->status;
	if (published.status != DNS_OK)
		return published;
	for (size_t i = 0; i < published.answer->n; i++) {
		if (spf_record_is(published.answer->rrs[i].text) && published.n++ == 0)
			published.text = published.answer->rrs[i].text;
	}
	return published;
}
