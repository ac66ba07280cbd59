/*
 * SPF records as text and as terms: the grammar of RFC 7208 section 12, one
 * function a rule.  For this folder only.
 */
#ifndef MW_EVIDENCE_SPF_GRAMMAR_H
#define MW_EVIDENCE_SPF_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "base/slice.h"

struct arena;

enum spf_kind {
	SPF_KIND_ALL, SPF_KIND_INCLUDE, SPF_KIND_A, SPF_KIND_MX, SPF_KIND_PTR,
	SPF_KIND_IP4, SPF_KIND_IP6, SPF_KIND_EXISTS,
	SPF_KIND_REDIRECT, SPF_KIND_EXP, SPF_KIND_UNKNOWN_MODIFIER,
};

/* One bit for each macro letter, in `letters`. */
#define SPF_LETTER(letter) (1u << ((letter) - 'a'))

struct spf_term {
	enum spf_kind kind;
	char qualifier;			/* '+', '-', '~' or '?'; mechanisms only */
	bool has_domain;
	unsigned char bits4, bits6;	/* of a, mx: 32 and 128 where none is written */
	unsigned letters;		/* macros in the term */
	struct slice text;		/* as written */
	struct slice domain;		/* domain-spec, or empty */
	struct ip_net net;		/* of ip4, ip6; ::ffff:0:0/96 stays IPv6 */
};

struct spf_record {
	struct spf_term *terms;		/* mechanisms, then as written */
	size_t n;
	struct spf_term redirect;
	bool has_redirect;
	unsigned letters;		/* of mechanisms and redirect */
};

/* Why a record cannot be read: the term, and what is wrong with it. */
struct spf_fault {
	struct slice term;
	const char *why;		/* static, for people */
};

/* "v=spf1" at the start, then a space or the end (section 4.5). */
bool spf_record_is(struct slice text);

/*
 * Terms of a record that spf_record_is() took.  -1 on any syntax error
 * anywhere, or over max_terms terms.  The terms point into the text.
 */
int spf_record_parse(struct arena *arena, struct slice text, size_t max_terms,
    struct spf_record *record_r, struct spf_fault *fault_r);

/* A term that section 4.6.4 counts. */
bool spf_kind_asks_dns(enum spf_kind kind);

/*
 * One "%..." at p: the position after it, or NULL.  Used by the expansion
 * too, so that both agree.  The values are those of section 7.1.
 */
struct spf_macro {
	char letter;			/* lower-case, or '%', '_', '-' */
	bool escape;			/* upper-case letter: URL-escaped */
	bool reverse;
	unsigned keep;			/* right-hand parts, 0: all */
	struct slice delimiters;	/* empty: "." */
};
const char *spf_macro_read(const char *p, const char *end, struct spf_macro *macro_r);

#endif
