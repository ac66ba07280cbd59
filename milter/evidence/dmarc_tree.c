/*
 * Walks up the tree.  All names are asked at once; the answers are then read
 * in the order of the walk, so that what lies beyond its end does not matter.
 */
#include <string.h>

#include "base/arena.h"
#include "evidence/collection.h"
#include "evidence/dmarc_record.h"
#include "evidence/dmarc_tree.h"
#include "evidence/results.h"
#include "mail/domain.h"

struct step {
	const char *name;
	enum dmarc_reading reading;	/* OTHER: nothing that counts */
	struct dmarc_record record;
	const char *why;
};

struct tree {
	struct step steps[DMARC_QUERIES_MAX];
	size_t n;		/* read, up to the end of the walk */
	bool doubt;		/* some answer before the end did not come */
	const char *fault, *fault_at;
};

size_t
dmarc_tree_names(const char *domain, const char *names_r[DMARC_QUERIES_MAX])
{
	const char *name = domain;
	size_t n = 0, labels = domain_labels(domain);

	while (name != NULL && n < DMARC_QUERIES_MAX) {
		names_r[n++] = name;
		name = domain_parent(name);
		labels--;
		/* A long name is cut to seven labels after its own query. */
		for (; n == 1 && name != NULL && labels >= DMARC_QUERIES_MAX; labels--)
			name = domain_parent(name);
	}
	return n;
}

static const struct dns_answer *
ask(const struct collection *c, const char *name, uint32_t *ttl)
{
	const char *at = arena_printf(c->input->arena, "_dmarc.%s", name);

	return collection_ask(c, at, DNS_TXT, ttl);
}

/* Of several records none counts (section 4.10, step 2). */
static void
read_step(const struct collection *c, const struct dns_answer *answer,
    struct step *step)
{
	struct dmarc_record record;
	enum dmarc_reading reading;
	const char *why, *hint = NULL;
	size_t found = 0;

	for (size_t i = 0; i < answer->n; i++) {
		reading = dmarc_record_read(c->input->arena, answer->rrs[i].text,
		    &record, &why);
		if (reading == DMARC_READ_OTHER) {
			hint = hint != NULL ? hint : why;
			continue;
		}
		found++;
		step->reading = reading;
		step->record = record;
		step->why = why;
	}
	if (found > 1) {
		step->reading = DMARC_READ_OTHER;
		step->why = "several records stand there, and receivers take none";
	} else if (found == 0) {
		step->why = hint;
	}
	step->record.found_at = step->name;
}

static int
read_tree(const struct collection *c, const char *domain, struct tree *tree,
    uint32_t *ttl)
{
	const char *names[DMARC_QUERIES_MAX];
	const struct dns_answer *answers[DMARC_QUERIES_MAX];
	size_t n = dmarc_tree_names(domain, names);
	struct step *step;

	for (size_t i = 0; i < n; i++)
		answers[i] = ask(c, names[i], ttl);
	for (size_t i = 0; i < n; i++) {
		step = &tree->steps[tree->n++];
		step->name = names[i];
		if (answers[i]->status == DNS_PENDING)
			return 1;
		if (answers[i]->status == DNS_TEMPFAIL)
			tree->doubt = true;
		if (answers[i]->status != DNS_OK)
			continue;
		read_step(c, answers[i], step);
		if (step->why != NULL && tree->fault == NULL) {
			tree->fault = step->why;
			tree->fault_at = step->name;
		}
		if (step->reading != DMARC_READ_OTHER && step->record.psd != 'u')
			break;
	}
	return 0;
}

/* The name one label longer than `parent` on the way down to `domain`. */
static const char *
one_below(const char *domain, const char *parent)
{
	size_t labels = domain_labels(parent) + 1;

	for (const char *name = domain; name != NULL; name = domain_parent(name))
		if (domain_labels(name) == labels)
			return name;
	return domain;
}

/* Section 4.10.2.  NULL when no record was found. */
static const char *
org_domain(const struct tree *tree, const char *domain)
{
	const char *shortest = NULL;

	for (size_t i = 0; i < tree->n; i++) {
		const struct step *step = &tree->steps[i];

		if (step->reading == DMARC_READ_OTHER)
			continue;
		if (step->record.psd == 'n')
			return step->name;
		if (step->record.psd == 'y' && i > 0)
			return one_below(domain, step->name);
		shortest = step->name;
	}
	return shortest;
}

/* Section 4.10.1: the author's own, the organizational domain's, the suffix's. */
static const struct step *
applying_step(const struct tree *tree, const char *org)
{
	const struct step *step;

	if (tree->steps[0].reading != DMARC_READ_OTHER)
		return &tree->steps[0];
	for (size_t i = 0; org != NULL && i < tree->n; i++) {
		step = &tree->steps[i];
		if (step->reading != DMARC_READ_OTHER && strcmp(step->name, org) == 0)
			return step;
	}
	for (size_t i = 0; i < tree->n; i++) {
		step = &tree->steps[i];
		if (step->reading != DMARC_READ_OTHER && step->record.psd == 'y')
			return step;
	}
	return NULL;
}

static void
judge(const struct tree *tree, const char *domain, struct dmarc_walk *walk)
{
	const char *org = org_domain(tree, domain);
	const struct step *step = applying_step(tree, org);
	bool own = step == &tree->steps[0];

	walk->fault = tree->fault;
	walk->fault_at = tree->fault_at;
	walk->org_known = org != NULL ? KNOWN_VALUE : KNOWN_ABSENT;
	walk->org_domain = org != NULL ? org : domain;
	if (tree->doubt) {
		walk->org_known = KNOWN_TEMPERROR;
		walk->org_domain = NULL;
	}
	/* Doubt further up leaves the domain's own record what it is. */
	if (tree->doubt && !own) {
		walk->known = KNOWN_TEMPERROR;
		return;
	}
	walk->known = KNOWN_ABSENT;
	if (step == NULL)
		return;
	walk->record = step->record;
	walk->unusable = step->reading == DMARC_READ_NO_POLICY;
	if (!walk->unusable)
		walk->known = KNOWN_VALUE;
}

static void
pack_walk(struct buf *value, const struct dmarc_walk *walk)
{
	const struct dmarc_record *record = &walk->record;

	pack_number(value, walk->known);
	pack_number(value, walk->unusable);
	pack_text(value, walk->fault);
	pack_text(value, walk->fault_at);
	pack_number(value, walk->org_known);
	pack_text(value, walk->org_domain);
	pack_text(value, record->text);
	pack_text(value, record->found_at);
	pack_number(value, (uint32_t)record->has_p | (uint32_t)record->has_sp << 1 |
	    (uint32_t)record->has_np << 2 | (uint32_t)record->testing << 3 |
	    (uint32_t)record->has_rua << 4);
	pack_number(value, (uint32_t)record->p | (uint32_t)record->sp << 4 |
	    (uint32_t)record->np << 8 | (uint32_t)record->adkim << 12 |
	    (uint32_t)record->aspf << 16);
	pack_number(value, (uint32_t)record->psd);
	pack_text(value, record->rua);
	pack_text(value, record->problem);
}

static void
unpack_walk(struct unpack *unpack, struct dmarc_walk *walk)
{
	struct dmarc_record *record = &walk->record;
	uint32_t flags, choices;

	walk->known = (enum known)unpack_number(unpack);
	walk->unusable = unpack_number(unpack) != 0;
	walk->fault = unpack_text(unpack);
	walk->fault_at = unpack_text(unpack);
	walk->org_known = (enum known)unpack_number(unpack);
	walk->org_domain = unpack_text(unpack);
	record->text = unpack_text(unpack);
	record->found_at = unpack_text(unpack);
	flags = unpack_number(unpack);
	record->has_p = (flags & 1) != 0;
	record->has_sp = (flags & 2) != 0;
	record->has_np = (flags & 4) != 0;
	record->testing = (flags & 8) != 0;
	record->has_rua = (flags & 16) != 0;
	choices = unpack_number(unpack);
	record->p = (enum dmarc_policy)(choices & 15);
	record->sp = (enum dmarc_policy)(choices >> 4 & 15);
	record->np = (enum dmarc_policy)(choices >> 8 & 15);
	record->adkim = (enum align_mode)(choices >> 12 & 15);
	record->aspf = (enum align_mode)(choices >> 16 & 15);
	record->psd = (char)unpack_number(unpack);
	record->rua = unpack_text(unpack);
	record->problem = unpack_text(unpack);
}

int
dmarc_walk(const struct collection *c, const char *domain, struct dmarc_walk *walk_r)
{
	struct tree tree = { .n = 0 };
	struct dmarc_walk fresh = { .ttl = UINT32_MAX };
	struct buf key, value;
	struct unpack unpack;
	enum result_age age;

	memset(walk_r, 0, sizeof(*walk_r));
	result_key(&key, c->input->arena, 'D');
	result_key_text(&key, domain);
	age = results_get(c, &key, &unpack);
	if (age != RESULT_NONE)
		unpack_walk(&unpack, walk_r);
	if (age == RESULT_FRESH)
		return 0;
	if (read_tree(c, domain, &tree, &fresh.ttl) != 0)
		return age == RESULT_NONE;
	judge(&tree, domain, &fresh);
	if (age == RESULT_DUE && tree.doubt)
		return 0;
	*walk_r = fresh;
	if (tree.doubt)
		return 0;
	pack_new(&value, c->input->arena);
	pack_walk(&value, walk_r);
	results_put(c, &key, &value, fresh.ttl);
	return 0;
}
