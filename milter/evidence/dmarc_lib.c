/*
 * The one place where libopendmarc is called.
 */
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <opendmarc/dmarc.h>

#include "evidence/dmarc_lib.h"

enum { LIB_RECORD_MAX = 128 };	/* octets it is ever given */

/* Makes no DNS query: these calls read what was stored. */
static int
fetch(DMARC_POLICY_T *policy, struct dmarc_letters *letters)
{
	int p, sp, adkim, aspf;

	if (opendmarc_policy_fetch_p(policy, &p) != DMARC_PARSE_OKAY ||
	    opendmarc_policy_fetch_sp(policy, &sp) != DMARC_PARSE_OKAY ||
	    opendmarc_policy_fetch_adkim(policy, &adkim) != DMARC_PARSE_OKAY ||
	    opendmarc_policy_fetch_aspf(policy, &aspf) != DMARC_PARSE_OKAY)
		return -1;
	letters->p = (char)p;
	letters->sp = (char)sp;
	letters->adkim = (char)adkim;
	letters->aspf = (char)aspf;
	return 0;
}

int
dmarc_lib_parse(const char *record, struct dmarc_letters *letters_r)
{
	u_char address[] = "127.0.0.1", domain[] = "example.com";
	u_char copy[LIB_RECORD_MAX + 1];
	size_t n = strlen(record);
	DMARC_POLICY_T *policy;
	int rc = -1;

	if (n > LIB_RECORD_MAX)
		return -1;
	memcpy(copy, record, n + 1);
	policy = opendmarc_policy_connect_init(address, DMARC_POLICY_IP_TYPE_IPV4);
	if (policy == NULL)
		return -1;
	if (opendmarc_policy_parse_dmarc(policy, domain, copy) == DMARC_PARSE_OKAY)
		rc = fetch(policy, letters_r);
	opendmarc_policy_connect_shutdown(policy);
	return rc;
}
