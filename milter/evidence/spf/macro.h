/*
 * Macro expansion, RFC 7208 section 7.  For this folder only.
 */
#ifndef MW_EVIDENCE_SPF_MACRO_H
#define MW_EVIDENCE_SPF_MACRO_H

#include "base/ip.h"
#include "base/slice.h"

struct arena;

struct spf_values {
	const char *sender;		/* %{s}: local-part@sender-domain */
	const char *local_part;		/* %{l} */
	const char *sender_domain;	/* %{o} */
	const char *domain;		/* %{d}: of the record at hand */
	const char *helo;		/* %{h} */
	const char *validated;		/* %{p}, "unknown" when NULL */
	struct ip ip;			/* %{i}, %{v} */
};

/*
 * The target-name a domain-spec stands for, in the arena: lower-case, without
 * the final dot, labels cut from the left until it has at most 253 octets
 * (section 7.3).  It need not be a valid name.
 */
const char *spf_expand(struct arena *arena, const struct spf_values *values,
    struct slice domain_spec);

/* The name as the resolver takes it: a backslash would begin an escape there. */
const char *spf_query_name(struct arena *arena, struct slice name);

/* The name of the PTR records of the address (section 5.5). */
const char *spf_ptr_name(struct arena *arena, const struct ip *ip);

#endif
