/*
 * Questions asked ahead: when one answer of a record is missing, all others
 * that its terms may need are asked for at the same time, so that a tree of
 * records costs as many rounds as it is deep.
 */
#include "evidence/spf/eval.h"
#include "evidence/spf/fetch.h"

struct foresight {
	struct spf_eval *eval;
	struct spf_values values;
	unsigned left;			/* terms that may still ask */
	size_t terms_left;		/* that may still be read */
};

static void foresee_record(struct foresight *f, const struct spf_record *record,
    size_t from);

static void
foresee_published(struct foresight *f, const char *domain)
{
	struct spf_published published = spf_fetch(f->eval->lookups, domain);
	const char *outer = f->values.domain;
	struct spf_record record;
	struct spf_fault fault;

	if (published.n != 1 || f->left == 0 || spf_record_parse(f->eval->arena,
	    published.text, f->terms_left, &record, &fault) == -1)
		return;
	f->terms_left -= record.n;
	f->values.domain = domain;
	foresee_record(f, &record, 0);
	f->values.domain = outer;
}

/* MX or PTR records, and the addresses of what they name. */
static void
foresee_hosts(struct foresight *f, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = dns_get(f->eval->lookups, name, type);

	if (answer->status != DNS_OK)
		return;
	for (size_t i = 0; i < answer->n && i < SPF_HOSTS_MAX; i++) {
		if (answer->rrs[i].name[0] != '\0')
			dns_get(f->eval->lookups, answer->rrs[i].name,
			    f->eval->address_type);
	}
}

static void
foresee_term(struct foresight *f, const struct spf_term *term)
{
	struct spf_eval *eval = f->eval;
	const char *name;

	if (!spf_kind_asks_dns(term->kind) || f->left == 0)
		return;
	f->left--;
	if (term->kind == SPF_KIND_PTR || (term->letters & SPF_LETTER('p')) != 0) {
		foresee_hosts(f, spf_ptr_name(eval->arena, &f->values.ip), DNS_PTR);
		return;
	}
	name = term->has_domain ? spf_expand(eval->arena, &f->values, term->domain) :
	    f->values.domain;
	if (name[0] == '\0')
		return;
	switch (term->kind) {
	case SPF_KIND_INCLUDE:
	case SPF_KIND_REDIRECT:
		foresee_published(f, name);
		break;
	case SPF_KIND_A:
		dns_get(eval->lookups, name, eval->address_type);
		break;
	case SPF_KIND_MX:
		foresee_hosts(f, name, DNS_MX);
		break;
	case SPF_KIND_EXISTS:
		dns_get(eval->lookups, name, DNS_A);
		break;
	case SPF_KIND_PTR:
	case SPF_KIND_ALL:
	case SPF_KIND_IP4:
	case SPF_KIND_IP6:
	case SPF_KIND_EXP:
	case SPF_KIND_UNKNOWN_MODIFIER:
		break;
	}
}

static void
foresee_record(struct foresight *f, const struct spf_record *record, size_t from)
{
	const struct spf_term *term;

	for (size_t i = from; i < record->n; i++) {
		term = &record->terms[i];
		if (term->kind == SPF_KIND_ALL)
			return;
		if ((term->kind == SPF_KIND_IP4 || term->kind == SPF_KIND_IP6) &&
		    ip_net_contains(&term->net, &f->values.ip))
			return;
		foresee_term(f, term);
	}
	if (record->has_redirect)
		foresee_term(f, &record->redirect);
}

void
spf_foresee(struct spf_eval *eval, const struct spf_record *record, size_t from)
{
	struct foresight f = {
		.eval = eval, .values = eval->values,
		.terms_left = SPF_TERMS_MAX - eval->terms,
	};

	if (eval->answer->lookups < SPF_LOOKUPS_MAX)
		f.left = SPF_LOOKUPS_MAX - eval->answer->lookups;
	foresee_record(&f, record, from);
}
