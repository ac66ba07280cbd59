/*
 * How much of the address space a record admits: what any sender may use is
 * worth nothing to receivers.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "evidence/spf/fetch.h"
#include "evidence/spf/grammar.h"
#include "evidence/spf/spf.h"

enum { TEXT_MAX = 200 };

enum breadth { BREADTH_FINE, BREADTH_WIDE, BREADTH_ANYBODY };

struct survey {
	struct arena *arena;
	struct lookups *lookups;
	struct spf_width *width;
	enum breadth worst;
	unsigned left;			/* records that may still be read */
	size_t terms_left;
	bool pending;
};

static void survey_domain(struct survey *survey, const char *domain, bool top);

static enum breadth
net_breadth(unsigned bits, unsigned anybody, unsigned wide)
{
	if (bits < anybody)
		return BREADTH_ANYBODY;
	return bits < wide ? BREADTH_WIDE : BREADTH_FINE;
}

static enum breadth
net4_breadth(unsigned bits)
{
	return net_breadth(bits, 8, 16);
}

static enum breadth
net6_breadth(unsigned bits)
{
	return net_breadth(bits, 16, 32);
}

static enum breadth
term_breadth(const struct spf_term *term)
{
	enum breadth v4, v6;

	switch (term->kind) {
	case SPF_KIND_ALL:
		return BREADTH_ANYBODY;
	case SPF_KIND_IP4:
		return net4_breadth(term->net.bits);
	case SPF_KIND_IP6:
		return net6_breadth(term->net.bits);
	case SPF_KIND_A:
	case SPF_KIND_MX:
		v4 = net4_breadth(term->bits4);
		v6 = net6_breadth(term->bits6);
		return v4 > v6 ? v4 : v6;
	case SPF_KIND_INCLUDE:
	case SPF_KIND_PTR:
	case SPF_KIND_EXISTS:
	case SPF_KIND_REDIRECT:
	case SPF_KIND_EXP:
	case SPF_KIND_UNKNOWN_MODIFIER:
		break;
	}
	return BREADTH_FINE;
}

/* Keeps the widest term; of equals the first. */
static void
note(struct survey *survey, enum breadth breadth, const struct spf_term *term,
    const char *domain)
{
	if (breadth <= survey->worst)
		return;
	survey->worst = breadth;
	survey->width->term = arena_printf(survey->arena, "%s (in the record of %s)",
	    log_safe(survey->arena, term->text, TEXT_MAX),
	    log_safe(survey->arena, slice_of(domain), TEXT_MAX));
}

/* Follows include and redirect where the name is written out. */
static void
follow(struct survey *survey, const struct spf_term *term, bool top)
{
	char *domain;

	if (survey->left == 0 || slice_find(term->domain, '%') < term->domain.n)
		return;
	survey->left--;
	domain = slice_dup_lower(survey->arena, term->domain);
	if (term->domain.n > 0 && domain[term->domain.n - 1] == '.')
		domain[term->domain.n - 1] = '\0';
	survey_domain(survey, domain, top);
}

/* What stands behind "all" is never reached; only "+" admits. */
static void
survey_record(struct survey *survey, const struct spf_record *record,
    const char *domain, bool top)
{
	const struct spf_term *term;

	for (size_t i = 0; i < record->n; i++) {
		term = &record->terms[i];
		if (term->qualifier == '+' && term->kind == SPF_KIND_INCLUDE)
			follow(survey, term, false);
		else if (term->qualifier == '+')
			note(survey, term_breadth(term), term, domain);
		if (term->kind != SPF_KIND_ALL)
			continue;
		if (top && term->qualifier == '?' && i == 0)
			note(survey, BREADTH_WIDE, term, domain);
		return;
	}
	if (record->has_redirect)
		follow(survey, &record->redirect, top);
}

static void
survey_domain(struct survey *survey, const char *domain, bool top)
{
	struct spf_published published = spf_fetch(survey->lookups, domain);
	struct spf_record record;
	struct spf_fault fault;

	if (published.status == DNS_PENDING)
		survey->pending = true;
	if (published.n != 1 || published.text.n > SPF_RECORD_MAX ||
	    spf_record_parse(survey->arena, published.text, survey->terms_left, &record,
	    &fault) == -1)
		return;
	survey->terms_left -= record.n;
	survey_record(survey, &record, domain, top);
}

int
spf_width(struct arena *arena, struct lookups *lookups, const char *domain,
    struct spf_width *width_r)
{
	struct survey survey = {
		.arena = arena, .lookups = lookups, .width = width_r,
		.left = SPF_LOOKUPS_MAX, .terms_left = SPF_TERMS_MAX,
	};

	*width_r = (struct spf_width){ .term = NULL };
	survey_domain(&survey, domain, true);
	if (survey.pending)
		return 1;
	width_r->plus_all = survey.worst == BREADTH_ANYBODY;
	width_r->wide = survey.worst == BREADTH_WIDE;
	return 0;
}
