/*
 * DMARC as a receiver will decide it (RFC 9989): the record that applies, the
 * alignment of what passes, and the result.
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/collection.h"
#include "evidence/dmarc_rua.h"
#include "evidence/dmarc_tree.h"
#include "mail/domain.h"
#include "mail/psl.h"

enum { IDENTIFIERS_MAX = 8 };

/* What is being decided about one message. */
struct decision {
	struct collection *c;
	struct dmarc_evidence *dmarc;
	const char *author;
	struct dmarc_walk walk;		/* of the author domain */
	bool waits;
};

static const char *
last_label(const char *domain)
{
	const char *dot = strrchr(domain, '.');

	return dot != NULL ? dot + 1 : domain;
}

/*
 * Alignment of one domain (section 4.4).  An organizational domain is the name
 * itself or stands above it, so most names need no walk of their own.
 */
static enum known
align(struct decision *decision, const char *domain, enum align_mode mode)
{
	const struct dmarc_walk *author = &decision->walk;
	struct dmarc_walk walk;

	if (strcmp(domain, decision->author) == 0)
		return KNOWN_VALUE;
	if (mode == ALIGN_STRICT ||
	    strcmp(last_label(domain), last_label(decision->author)) != 0)
		return KNOWN_ABSENT;
	if (author->org_domain == NULL)
		return KNOWN_TEMPERROR;
	if (!domain_is_under(domain, author->org_domain))
		return KNOWN_ABSENT;
	if (dmarc_walk(decision->c, domain, &walk) != 0) {
		decision->waits = true;
		return KNOWN_TEMPERROR;
	}
	if (walk.org_domain == NULL)
		return KNOWN_TEMPERROR;
	return strcmp(walk.org_domain, author->org_domain) == 0 ? KNOWN_VALUE :
	    KNOWN_ABSENT;
}

/* One entry a domain and method. */
static void
note_identifier(struct dmarc_evidence *dmarc, const char *domain, bool is_dkim,
    bool passed, bool aligned)
{
	struct aligned_domain *entry;

	for (size_t i = 0; i < dmarc->n_identifiers; i++) {
		entry = &dmarc->identifiers[i];
		if (entry->is_dkim == is_dkim && strcmp(entry->domain, domain) == 0) {
			entry->passed = entry->passed || passed;
			return;
		}
	}
	if (dmarc->n_identifiers == IDENTIFIERS_MAX)
		return;
	entry = &dmarc->identifiers[dmarc->n_identifiers++];
	entry->domain = domain;
	entry->is_dkim = is_dkim;
	entry->passed = passed;
	entry->aligned = aligned;
}

/* A clear answer: passes from everywhere, or clearly not from somewhere. */
static bool
spf_is_clear(const struct evidence *evidence)
{
	const struct spf_evidence *spf = &evidence->spf;

	if (spf->known != KNOWN_VALUE)
		return false;
	if (evidence->egress.is_relay || spf->worst != SPF_PASS)
		return true;
	return spf->all_pass;
}

static void
judge_spf(struct decision *decision, enum align_mode mode)
{
	const struct evidence *evidence = decision->c->evidence;
	const struct spf_evidence *spf = &evidence->spf;
	struct dmarc_evidence *dmarc = decision->dmarc;
	bool passed = spf->known == KNOWN_VALUE && spf->all_pass;
	enum known aligned;

	if (spf->domain == NULL) {
		/* A HELO name we do not know could be aligned. */
		dmarc->spf_aligned_known = !spf->is_helo;
		return;
	}
	aligned = align(decision, spf->domain, mode);
	note_identifier(dmarc, spf->domain, false, passed, aligned == KNOWN_VALUE);
	dmarc->spf_aligned_pass = passed && aligned == KNOWN_VALUE;
	dmarc->spf_aligned_known = aligned == KNOWN_ABSENT ||
	    (spf_is_clear(evidence) && (!passed || aligned == KNOWN_VALUE));
}

static void
judge_signature(struct decision *decision, const char *sdid, enum dkim_result result,
    enum align_mode mode)
{
	struct dmarc_evidence *dmarc = decision->dmarc;
	bool passed = result == DKIM_PASS;
	enum known aligned;

	if (sdid == NULL || *sdid == '\0')
		return;
	aligned = align(decision, sdid, mode);
	note_identifier(dmarc, sdid, true, passed, aligned == KNOWN_VALUE);
	if (passed && aligned == KNOWN_VALUE)
		dmarc->dkim_aligned_pass = true;
	if (aligned == KNOWN_ABSENT)
		return;
	if (result == DKIM_TEMPERROR || (passed && aligned == KNOWN_TEMPERROR))
		dmarc->dkim_aligned_known = false;
}

static void
judge_dkim(struct decision *decision, enum align_mode mode)
{
	const struct dkim_evidence *dkim = &decision->c->evidence->dkim;
	struct dmarc_evidence *dmarc = decision->dmarc;

	dmarc->dkim_aligned_known = dkim->existing_total <= dkim->n_existing &&
	    dkim->usable != RING_UNSEEN;
	for (size_t i = 0; i < dkim->n_own; i++)
		if (dkim->own[i].predicted != DKIM_NONE)
			judge_signature(decision, dkim->own[i].key->domain,
			    dkim->own[i].doubtful ? DKIM_TEMPERROR :
			    dkim->own[i].predicted, mode);
	for (size_t i = 0; i < dkim->n_existing; i++)
		judge_signature(decision, dkim->existing[i].sdid,
		    dkim->existing[i].result, mode);
	if (dmarc->dkim_aligned_pass)
		dmarc->dkim_aligned_known = true;
}

/* Where no record tells the organization, the suffix list is the best guide. */
static void
judge_envelope(struct decision *decision)
{
	struct dmarc_evidence *dmarc = decision->dmarc;
	const char *envelope = decision->c->input->message->envelope_domain;
	const char *org;
	enum known aligned;

	dmarc->envelope_known = KNOWN_ABSENT;
	if (envelope == NULL)
		return;
	aligned = align(decision, envelope, ALIGN_RELAXED);
	if (decision->walk.org_known == KNOWN_ABSENT && aligned == KNOWN_ABSENT) {
		org = psl_org_domain(envelope);
		if (org != NULL && dmarc->org_domain_psl != NULL &&
		    strcmp(org, dmarc->org_domain_psl) == 0)
			aligned = KNOWN_VALUE;
	}
	dmarc->envelope_aligned = aligned == KNOWN_VALUE;
	dmarc->envelope_known = aligned == KNOWN_TEMPERROR ? KNOWN_TEMPERROR :
	    KNOWN_VALUE;
}

static enum dmarc_policy
milder(enum dmarc_policy a, enum dmarc_policy b)
{
	return a < b ? a : b;
}

/* p, sp or np; and t=y takes one step off (sections 4.7, 4.10.1). */
static void
choose_policy(struct decision *decision)
{
	struct dmarc_evidence *dmarc = decision->dmarc;
	const struct dmarc_record *record = &dmarc->record;
	enum dmarc_policy policy = record->p;

	if (strcmp(record->found_at, decision->author) != 0) {
		switch (decision->c->evidence->author_name.exists) {
		case KNOWN_VALUE:
			policy = record->sp;
			break;
		case KNOWN_ABSENT:
			policy = record->np;
			break;
		case KNOWN_NO:
		case KNOWN_TEMPERROR:
			policy = milder(record->sp, record->np);
			break;
		}
	}
	dmarc->policy_as_published = dmarc->policy = policy;
	if (record->testing && policy == DMARC_POLICY_REJECT)
		dmarc->policy = DMARC_POLICY_QUARANTINE;
	if (record->testing && policy == DMARC_POLICY_QUARANTINE)
		dmarc->policy = DMARC_POLICY_NONE;
}

static void
take_record(struct decision *decision)
{
	const struct dmarc_walk *walk = &decision->walk;
	struct dmarc_evidence *dmarc = decision->dmarc;
	struct arena *arena = decision->c->input->arena;

	dmarc->known = walk->known;
	dmarc->record = walk->record;
	dmarc->org_known = walk->org_known;
	dmarc->org_domain = walk->org_domain;
	dmarc->org_domain_psl = psl_org_domain(decision->author);
	if (walk->org_known == KNOWN_ABSENT && dmarc->org_domain_psl != NULL)
		dmarc->org_domain = dmarc->org_domain_psl;
	if (walk->fault == NULL || walk->known == KNOWN_TEMPERROR)
		return;
	if (walk->known == KNOWN_ABSENT) {
		dmarc->malformed = true;
		dmarc->malformed_why = walk->fault;
		dmarc->record.found_at = walk->fault_at;
	} else if (dmarc->record.problem == NULL) {
		dmarc->record.problem = arena_printf(arena, "at _dmarc.%s, %s",
		    walk->fault_at, walk->fault);
	}
}

/* Several mailboxes of one domain are one Author Domain. */
static bool
has_one_domain(const struct message *message)
{
	const char *domain;

	for (size_t i = 0; i < message->from.n; i++) {
		domain = message->from.addresses[i].domain;
		if (domain == NULL || strcmp(domain, message->author_domain) != 0)
			return false;
	}
	return true;
}

static enum dmarc_result
conclude(const struct decision *decision)
{
	const struct dmarc_evidence *dmarc = decision->dmarc;

	if (!has_one_domain(decision->c->input->message))
		return DMARC_NO_AUTHOR;
	switch (dmarc->known) {
	case KNOWN_NO:
	case KNOWN_TEMPERROR:
		return DMARC_UNKNOWN;
	case KNOWN_ABSENT:
		return decision->walk.unusable ? DMARC_PERMERROR : DMARC_NO_RECORD;
	case KNOWN_VALUE:
		break;
	}
	if (dmarc->spf_aligned_pass || dmarc->dkim_aligned_pass)
		return DMARC_PASS;
	return dmarc->spf_aligned_known && dmarc->dkim_aligned_known ? DMARC_FAIL :
	    DMARC_UNKNOWN;
}

/* Everything but DMARC is through. */
static bool
inputs_are_done(const struct collection *c)
{
	for (unsigned i = 0; i < COLLECT_DMARC; i++)
		if (!c->done[i])
			return false;
	return true;
}

static void
decide(struct decision *decision)
{
	struct dmarc_evidence *dmarc = decision->dmarc;
	enum align_mode adkim = ALIGN_RELAXED, aspf = ALIGN_RELAXED;

	if (dmarc->known == KNOWN_VALUE) {
		adkim = dmarc->record.adkim;
		aspf = dmarc->record.aspf;
		choose_policy(decision);
	}
	judge_spf(decision, aspf);
	judge_dkim(decision, adkim);
	judge_envelope(decision);
	dmarc->result = conclude(decision);
}

int
collect_dmarc(struct collection *c)
{
	struct decision decision = {
		.c = c,
		.dmarc = &c->evidence->dmarc,
		.author = c->input->message->author_domain,
	};
	struct rua_answer rua = { .known = KNOWN_NO };

	memset(decision.dmarc, 0, sizeof(*decision.dmarc));
	decision.dmarc->result = DMARC_NO_AUTHOR;
	if (decision.author == NULL)
		return 0;
	if (dmarc_walk(c, decision.author, &decision.walk) != 0)
		return 1;
	take_record(&decision);
	if (decision.walk.known == KNOWN_VALUE &&
	    dmarc_rua_ask(c, &decision.walk.record, decision.walk.org_domain, &rua) != 0)
		decision.waits = true;
	decision.dmarc->rua_known = rua.known;
	decision.dmarc->rua_refused = rua.refused;
	decide(&decision);
	return decision.waits || !inputs_are_done(c);
}
