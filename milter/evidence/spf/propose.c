/*
 * What to publish so that our addresses pass.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "dns/dns.h"
#include "evidence/spf/fetch.h"
#include "evidence/spf/grammar.h"
#include "evidence/spf/spf.h"

enum {
	TERMS_MAX = 200,		/* of one record; longer ones are left alone */
	MENDS_MAX = 20,			/* terms taken out one by one */
	FLATTENED_MAX = 16,		/* addresses in place of one a or mx */
	QUERIES_MAX = 200,
	TEXT_MAX = 4000,
};

struct draft {
	struct arena *arena;
	struct dns *dns;
	unsigned deadline;
	const struct spf_wish *wish;
	const char *terms[TERMS_MAX];	/* without v=spf1 */
	size_t n;
	bool overflow;
	struct buf changes;
};

static void
note(struct draft *draft, const char *term, const char *what)
{
	buf_printf(&draft->changes, "%s%s %s", draft->changes.n > 0 ? "; " : "",
	    log_safe(draft->arena, slice_of(term), 100), what);
}

static void
insert(struct draft *draft, size_t at, const char *term)
{
	if (draft->n == TERMS_MAX) {
		draft->overflow = true;
		return;
	}
	memmove(&draft->terms[at + 1], &draft->terms[at],
	    (draft->n - at) * sizeof(draft->terms[0]));
	draft->terms[at] = term;
	draft->n++;
}

static void
take_out(struct draft *draft, size_t at)
{
	draft->n--;
	memmove(&draft->terms[at], &draft->terms[at + 1],
	    (draft->n - at) * sizeof(draft->terms[0]));
}

static bool
holds(const struct draft *draft, const char *term)
{
	for (size_t i = 0; i < draft->n; i++) {
		if (strcasecmp(draft->terms[i], term) == 0)
			return true;
	}
	return false;
}

static const char *
text_of(const struct draft *draft)
{
	struct buf text;

	buf_init(&text, draft->arena, SPF_RECORD_MAX);
	buf_add_str(&text, "v=spf1");
	for (size_t i = 0; i < draft->n; i++)
		buf_printf(&text, " %s", draft->terms[i]);
	return buf_str(&text);
}

/* A term alone; false for modifiers but redirect, and for what cannot be read. */
static bool
read_term(const struct draft *draft, const char *text, struct spf_term *term_r)
{
	const char *record = arena_printf(draft->arena, "v=spf1 %s", text);
	struct spf_record parsed;
	struct spf_fault fault;

	if (spf_record_parse(draft->arena, slice_of(record), 2, &parsed, &fault) != 0)
		return false;
	if (parsed.n == 1)
		*term_r = parsed.terms[0];
	else if (parsed.has_redirect)
		*term_r = parsed.redirect;
	return parsed.n == 1 || parsed.has_redirect;
}

static bool
is_kind(const struct draft *draft, size_t i, enum spf_kind kind)
{
	struct spf_term term;

	return read_term(draft, draft->terms[i], &term) && term.kind == kind;
}

/* ---- asking ---- */

static struct lookups *
new_lookups(const struct draft *draft)
{
	return lookups_new(draft->dns, draft->arena, draft->deadline, QUERIES_MAX);
}

static const struct dns_answer *
ask(struct lookups *lookups, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = dns_get(lookups, name, type);

	while (answer->status == DNS_PENDING && lookups_wait(lookups))
		answer = dns_get(lookups, name, type);
	return answer;
}

static void
check_at(const struct draft *draft, const struct ip *ip, const char *domain,
    struct spf_answer *answer_r)
{
	const struct spf_wish *wish = draft->wish;
	struct lookups *lookups = new_lookups(draft);
	const struct spf_query query = {
		.ip = *ip, .domain = domain, .local_part = "postmaster",
		.helo = wish->helo != NULL ? wish->helo : wish->domain,
	};

	dns_pretend_txt(lookups, wish->domain, slice_of(text_of(draft)));
	while (spf_check(draft->arena, lookups, &query, answer_r) != 0)
		lookups_wait(lookups);
}

static bool
sends_by_ipv6(const struct spf_wish *wish)
{
	for (size_t i = 0; i < wish->n; i++) {
		if (wish->ips[i].family == 6)
			return true;
	}
	return false;
}

/* For a client, of each family we send by, that no sensible record lets in:
 * every term is come to. */
static void
check_worst(const struct draft *draft, const char *domain, struct spf_answer *answer_r)
{
	static const struct ip nobody4 = { .family = 4, .bytes = { 255, 255, 255, 254 } };
	static const struct ip nobody6 = { .family = 6, .bytes = { 0xff, 0xfe } };
	struct spf_answer other;
	unsigned lookups;

	check_at(draft, &nobody4, domain, answer_r);
	if (!sends_by_ipv6(draft->wish))
		return;
	check_at(draft, &nobody6, domain, &other);
	lookups = answer_r->lookups > other.lookups ? answer_r->lookups : other.lookups;
	if (answer_r->result == SPF_TEMPERROR || answer_r->result == SPF_PERMERROR)
		return;
	if (other.result == SPF_TEMPERROR || other.result == SPF_PERMERROR ||
	    other.voids > answer_r->voids)
		*answer_r = other;
	answer_r->lookups = lookups;
}

/* ---- what is there ---- */

/* Of the qualifiers of several "all" the mildest that is no pass. */
static int
mildness(const char *term)
{
	switch (term[0]) {
	case '?':
		return 2;
	case '-':
		return 0;
	default:
		return 1;
	}
}

static bool
is_all(const char *term)
{
	return strcasecmp(term + (strchr("+-~?", term[0]) != NULL), "all") == 0;
}

/* What stands behind "all" never counted, but for exp= and the like. */
static void
add_published(struct draft *draft, struct slice record, bool several, const char **all)
{
	struct slice word;
	bool ended = false;

	slice_split(&record, ' ', &word);	/* v=spf1 */
	while (slice_split(&record, ' ', &word)) {
		const char *term = slice_dup(draft->arena, word);

		if (word.n == 0 || holds(draft, term))
			continue;
		if (ended && (strchr(term, '=') == NULL ||
		    slice_starts_nocase(word, "redirect="))) {
			note(draft, term, "left out: what follows all never counts");
			continue;
		}
		if (is_all(term)) {
			if (*all == NULL || mildness(term) > mildness(*all))
				*all = term;
			ended = true;
			continue;
		}
		if (several && slice_starts_nocase(word, "redirect="))
			term = arena_printf(draft->arena, "include:%s", term + 9);
		insert(draft, draft->n, term);
	}
}

static bool
has_redirect(const struct draft *draft)
{
	for (size_t i = 0; i < draft->n; i++) {
		if (is_kind(draft, i, SPF_KIND_REDIRECT))
			return true;
	}
	return false;
}

/* What nothing else matches is no pass, and something says so. */
static void
close_record(struct draft *draft, const char *all)
{
	if (all != NULL && (all[0] == '-' || all[0] == '~' ||
	    (all[0] == '?' && draft->n > 0))) {
		insert(draft, draft->n, all);
		return;
	}
	if (all == NULL && has_redirect(draft))
		return;
	insert(draft, draft->n, "~all");
	if (all != NULL)
		note(draft, all, "changed to ~all");
	else if (draft->n > 1)
		note(draft, "~all", "added");
}

/* False when DNS cannot tell. */
static bool
read_published(struct draft *draft)
{
	struct lookups *lookups = new_lookups(draft);
	const struct dns_answer *answer = ask(lookups, draft->wish->domain, DNS_TXT);
	struct spf_published published = spf_fetch(lookups, draft->wish->domain);
	const char *all = NULL;

	if (answer->status == DNS_TEMPFAIL)
		return false;
	for (size_t i = 0; i < answer->n && answer->status == DNS_OK; i++) {
		if (spf_record_is(answer->rrs[i].text))
			add_published(draft, answer->rrs[i].text, published.n > 1, &all);
	}
	if (published.n > 1)
		buf_printf(&draft->changes, "%zu records joined into one", published.n);
	close_record(draft, all);
	return true;
}

/* ---- mending ---- */

/* Takes out what the grammar does not know. */
static void
mend_syntax(struct draft *draft)
{
	struct spf_record record;
	struct spf_fault fault = { .why = NULL };
	size_t i;

	for (int mends = 0; mends < MENDS_MAX; mends++) {
		if (spf_record_parse(draft->arena, slice_of(text_of(draft)), TERMS_MAX,
		    &record, &fault) == 0)
			return;
		for (i = 0; i < draft->n && !slice_is(fault.term, draft->terms[i]); i++)
			continue;
		if (i == draft->n)
			return;
		note(draft, draft->terms[i], "left out: it cannot be read");
		take_out(draft, i);
	}
}

/* Behind the addresses that stand in front already. */
static size_t
place(const struct draft *draft)
{
	size_t i = 0;

	while (i < draft->n && (strncasecmp(draft->terms[i], "ip4:", 4) == 0 ||
	    strncasecmp(draft->terms[i], "ip6:", 4) == 0))
		i++;
	return i;
}

static void
let_in(struct draft *draft)
{
	const struct spf_wish *wish = draft->wish;
	struct spf_answer answer;
	const char *term;

	for (size_t i = 0; i < wish->n; i++) {
		check_at(draft, &wish->ips[i], wish->domain, &answer);
		if (answer.result == SPF_PASS)
			continue;
		term = arena_printf(draft->arena, "ip%d:%s", wish->ips[i].family,
		    ip_text(draft->arena, &wish->ips[i]));
		insert(draft, place(draft), term);
		note(draft, term, "added");
	}
	if (wish->include == NULL)
		return;
	term = arena_printf(draft->arena, "include:%s", wish->include);
	if (!holds(draft, term)) {
		insert(draft, place(draft), term);
		note(draft, term, "added");
	}
}

/* Receivers give up on it; the limits are another matter. */
static bool
is_broken(const struct spf_answer *answer)
{
	return answer->result == SPF_PERMERROR && answer->lookups <= SPF_LOOKUPS_MAX &&
	    answer->voids <= SPF_VOIDS_MAX;
}

/* The record it leads to is broken, or leads to one that is. */
static bool
leads_to_broken(const struct draft *draft, const char *text)
{
	struct spf_answer answer;
	struct spf_term term;

	if (!read_term(draft, text, &term) || term.letters != 0 ||
	    (term.kind != SPF_KIND_INCLUDE && term.kind != SPF_KIND_REDIRECT))
		return false;
	check_worst(draft, slice_dup_lower(draft->arena, term.domain), &answer);
	return is_broken(&answer);
}

/* Takes out what breaks the record for everybody: an include of a name without a
 * record, say. */
static void
mend_broken(struct draft *draft)
{
	struct spf_answer answer;
	size_t i;

	for (int mends = 0; mends < MENDS_MAX; mends++) {
		check_worst(draft, draft->wish->domain, &answer);
		if (!is_broken(&answer) || answer.term == NULL)
			return;
		for (i = 0; i < draft->n; i++) {
			if (strcmp(draft->terms[i], answer.term) == 0 ||
			    leads_to_broken(draft, draft->terms[i]))
				break;
		}
		if (i == draft->n)
			return;
		note(draft, draft->terms[i], "left out: receivers give up there");
		take_out(draft, i);
	}
}

/* ---- fewer lookups ---- */

static void
add_addresses(struct draft *draft, struct lookups *lookups, const struct spf_term *term,
    const char *host, const char **terms, size_t *n)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	for (int t = 0; t < 2; t++) {
		const struct dns_answer *answer = ask(lookups, host, types[t]);
		unsigned bits = t == 0 ? term->bits4 : term->bits6;

		for (size_t i = 0; i < answer->n && answer->status == DNS_OK; i++) {
			const struct ip *ip = &answer->rrs[i].ip;
			const char *text = ip_text(draft->arena, ip);
			const char *sign = term->qualifier == '+' ? "" :
			    arena_printf(draft->arena, "%c", term->qualifier);

			if (*n > FLATTENED_MAX)
				return;
			terms[(*n)++] = bits == (t == 0 ? 32 : 128) ?
			    arena_printf(draft->arena, "%sip%d:%s", sign, t == 0 ? 4 : 6,
				text) :
			    arena_printf(draft->arena, "%sip%d:%s/%u", sign,
				t == 0 ? 4 : 6, text, bits);
		}
	}
}

/* The addresses that an a or mx term stands for; FLATTENED_MAX + 1 for too many. */
static size_t
addresses_of(struct draft *draft, const struct spf_term *term, const char **terms)
{
	struct lookups *lookups = new_lookups(draft);
	const char *target = term->has_domain ? slice_dup(draft->arena, term->domain) :
	    draft->wish->domain;
	const struct dns_answer *answer;
	size_t n = 0;

	if (term->kind == SPF_KIND_A) {
		add_addresses(draft, lookups, term, target, terms, &n);
		return n;
	}
	answer = ask(lookups, target, DNS_MX);
	for (size_t i = 0; i < answer->n && answer->status == DNS_OK; i++)
		add_addresses(draft, lookups, term, answer->rrs[i].name, terms, &n);
	return n;
}

/* Takes out ptr, and a and mx that lead nowhere; where `flatten`, puts the
 * addresses of the others in their place. */
static void
spare_lookups(struct draft *draft, bool flatten)
{
	const char *terms[FLATTENED_MAX + 1];
	struct spf_term term;

	for (size_t i = 0; i < draft->n; i++) {
		const char *text = draft->terms[i];
		size_t n;

		if (!read_term(draft, text, &term) || term.letters != 0)
			continue;
		if (term.kind == SPF_KIND_PTR) {
			note(draft, text, "left out: RFC 7208 says not to use it");
			take_out(draft, i--);
			continue;
		}
		if (term.kind != SPF_KIND_A && term.kind != SPF_KIND_MX)
			continue;
		n = addresses_of(draft, &term, terms);
		if (n > FLATTENED_MAX || (n > 0 && !flatten))
			continue;
		note(draft, text, n == 0 ? "left out: it has no address" :
		    "replaced by its addresses");
		take_out(draft, i);
		for (size_t j = 0; j < n; j++) {
			if (!holds(draft, terms[j]))
				insert(draft, i++, terms[j]);
		}
		i--;
	}
}

static bool
is_within_limits(const struct draft *draft, struct spf_answer *answer)
{
	check_worst(draft, draft->wish->domain, answer);
	return answer->result != SPF_PERMERROR && answer->result != SPF_TEMPERROR &&
	    answer->lookups <= SPF_LOOKUPS_MAX && answer->voids <= SPF_VOIDS_MAX;
}

static void
list_costs(struct draft *draft, struct spf_proposal *proposal)
{
	struct spf_answer answer;
	struct spf_term term;

	proposal->costs = arena_array(draft->arena, draft->n, sizeof(*proposal->costs));
	for (size_t i = 0; i < draft->n; i++) {
		unsigned lookups = 1;

		if (!read_term(draft, draft->terms[i], &term) ||
		    !spf_kind_asks_dns(term.kind))
			continue;
		if ((term.kind == SPF_KIND_INCLUDE || term.kind == SPF_KIND_REDIRECT) &&
		    term.letters == 0) {
			check_worst(draft, slice_dup_lower(draft->arena, term.domain),
			    &answer);
			lookups += answer.lookups;
		}
		proposal->costs[proposal->n_costs++] = (struct spf_cost){
			log_safe(draft->arena, slice_of(draft->terms[i]), 100), lookups };
	}
}

static bool
all_pass(const struct draft *draft)
{
	struct spf_answer answer;

	for (size_t i = 0; i < draft->wish->n; i++) {
		check_at(draft, &draft->wish->ips[i], draft->wish->domain, &answer);
		if (answer.result != SPF_PASS)
			return false;
	}
	return true;
}

void
spf_propose(struct arena *arena, struct dns *dns, unsigned deadline,
    const struct spf_wish *wish, struct spf_proposal *proposal_r)
{
	struct draft draft = {
		.arena = arena, .dns = dns, .deadline = deadline, .wish = wish,
	};
	struct spf_answer answer;
	bool fits;

	*proposal_r = (struct spf_proposal){ .changes = "" };
	buf_init(&draft.changes, arena, TEXT_MAX);
	if (!read_published(&draft)) {
		proposal_r->why = "DNS could not tell what is published now";
		return;
	}
	mend_syntax(&draft);
	let_in(&draft);
	fits = is_within_limits(&draft, &answer);
	proposal_r->breaks_for_others = !fits && answer.result != SPF_TEMPERROR;
	mend_broken(&draft);
	fits = is_within_limits(&draft, &answer);
	for (int step = 0; step < 2 && !fits && answer.result != SPF_TEMPERROR; step++) {
		spare_lookups(&draft, step == 1);
		mend_broken(&draft);
		fits = is_within_limits(&draft, &answer);
	}
	proposal_r->lookups = answer.lookups;
	proposal_r->voids = answer.voids;
	proposal_r->changes = buf_str(&draft.changes);
	if (fits && !draft.overflow && all_pass(&draft)) {
		proposal_r->record = text_of(&draft);
		return;
	}
	proposal_r->why = answer.problem != NULL ? answer.problem :
	    "the record is too long to be changed by a program";
	if (answer.lookups > SPF_LOOKUPS_MAX)
		list_costs(&draft, proposal_r);
}
