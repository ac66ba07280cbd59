/*
 * The limits of RFC 7208 section 4.6.4, and the words for what breaks a check.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "dns/name.h"
#include "evidence/spf/eval.h"

enum { TEXT_MAX = 200 };	/* of remote text in a sentence */

const char *
spf_quoted(struct spf_eval *eval, struct slice text)
{
	return log_safe(eval->arena, text, TEXT_MAX);
}

void
spf_blame(struct spf_eval *eval, struct slice term, const char *problem)
{
	struct spf_answer *answer = eval->answer;

	if (answer->problem != NULL)
		return;
	answer->problem = problem;
	answer->term_domain = spf_quoted(eval, slice_of(eval->values.domain));
	if (term.n > 0)
		answer->term = spf_quoted(eval, term);
}

const char *
spf_term_name(struct spf_eval *eval, const struct spf_term *term)
{
	return arena_printf(eval->arena, "\"%s\" in the SPF record of %s",
	    spf_quoted(eval, term->text),
	    spf_quoted(eval, slice_of(eval->values.domain)));
}

enum spf_match
spf_temperror(struct spf_eval *eval, const struct spf_term *term,
    const struct dns_answer *dns)
{
	struct slice none = { NULL, 0 };

	spf_blame(eval, term == NULL ? none : term->text, arena_printf(eval->arena,
	    "DNS could not be asked for the %s records of %s (%s)",
	    dns_type_name(dns->type), spf_quoted(eval, slice_of(dns->name)),
	    dns->error == NULL ? "no reason given" : dns->error));
	return SPF_MATCH_TEMPERROR;
}

/*
 * Section 4.6.4 limits the terms whose queries find nothing, so a term counts
 * once.  A name that cannot be asked in DNS is no query.
 */
enum spf_match
spf_note_void(struct spf_eval *eval, const struct spf_term *term, const char *name)
{
	struct spf_answer *answer = eval->answer;
	char canonical[DNS_NAME_TEXT_MAX];

	if (eval->void_counted || !dns_name_canonical(name, canonical))
		return SPF_MATCH_NO;
	eval->void_counted = true;
	if (++answer->voids <= SPF_VOIDS_MAX)
		return SPF_MATCH_NO;
	spf_blame(eval, term->text,
	    arena_printf(eval->arena,
		"%s is term number %u that finds no DNS record (%s); more than %d make"
		" receivers give up on the record (RFC 7208 section 4.6.4)",
		spf_term_name(eval, term), answer->voids,
		spf_quoted(eval, slice_of(name)), SPF_VOIDS_MAX));
	return SPF_MATCH_PERMERROR;
}

static bool
is_on_path(const struct spf_eval *eval, const char *domain)
{
	for (size_t i = 0; i < eval->path_n; i++) {
		if (strcmp(eval->path[i], domain) == 0)
			return true;
	}
	return false;
}

/* Section 4.6.4: false when the term is one too many. */
bool
spf_count_lookup(struct spf_eval *eval, const struct spf_term *term)
{
	const char *where;

	if (++eval->answer->lookups <= SPF_LOOKUPS_MAX)
		return true;
	where = spf_term_name(eval, term);
	if (eval->path_n > 1) {
		eval->path_n--;
		if (is_on_path(eval, eval->values.domain))
			where = arena_printf(eval->arena, "%s leads in a circle and",
			    where);
		eval->path_n++;
	}
	spf_blame(eval, term->text,
	    arena_printf(eval->arena,
		"%s is DNS-asking term number %u; more than %d make"
		" receivers give up on the record (RFC 7208 section 4.6.4)",
		where, eval->answer->lookups, SPF_LOOKUPS_MAX));
	return false;
}
