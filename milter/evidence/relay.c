/*
 * Looks for the relay's name in the sender's SPF record.
 */
#include <strings.h>

#include "base/arena.h"
#include "evidence/collection.h"
#include "evidence/relay.h"
#include "mail/domain.h"

/* The names still to be read, and those read before: each once. */
struct search {
	const struct collection *c;
	const char *wanted;
	const char *names[RELAY_RECORDS_MAX];
	size_t n;
	struct relay_answer *answer;
};

/* The one SPF record of an answer; sets *several_r where there are more. */
static struct slice
find_record(const struct dns_answer *answer, bool *several_r)
{
	struct slice found = { NULL, 0 }, text;

	*several_r = false;
	for (size_t i = 0; i < answer->n; i++) {
		text = answer->rrs[i].text;
		if (!slice_starts_nocase(text, "v=spf1") ||
		    (text.n > 6 && text.p[6] != ' '))
			continue;
		*several_r = found.p != NULL;
		found = text;
		if (*several_r)
			break;
	}
	return found;
}

static void
add_name(struct search *search, struct slice name)
{
	const char *domain;

	if (slice_find(name, '%') < name.n || search->n >= RELAY_RECORDS_MAX)
		return;
	domain = domain_to_ascii(search->c->input->arena, name);
	if (domain == NULL)
		return;
	if (strcasecmp(domain, search->wanted) == 0)
		search->answer->authorised = true;
	for (size_t i = 0; i < search->n; i++)
		if (strcasecmp(search->names[i], domain) == 0)
			return;
	search->names[search->n++] = domain;
}

/* What the record says of everybody else (RFC 7208 sections 4.7, 5.1). */
static enum spf_result
qualifier_result(char qualifier)
{
	if (qualifier == '-')
		return SPF_FAIL;
	if (qualifier == '~')
		return SPF_SOFTFAIL;
	return qualifier == '?' ? SPF_NEUTRAL : SPF_PASS;
}

static void
read_record(struct search *search, struct slice record, bool is_first)
{
	struct slice term;
	char qualifier;

	while (slice_split(&record, ' ', &term)) {
		qualifier = term.n > 0 ? term.p[0] : ' ';
		if (qualifier == '+' || qualifier == '-' || qualifier == '~' ||
		    qualifier == '?')
			term = slice_sub(term, 1, term.n);
		else
			qualifier = '+';
		if (is_first && slice_is(term, "all"))
			search->answer->result = qualifier_result(qualifier);
		if (qualifier != '+')
			continue;
		if (slice_starts_nocase(term, "include:"))
			add_name(search, slice_sub(term, 8, term.n));
		if (slice_starts_nocase(term, "redirect="))
			add_name(search, slice_sub(term, 9, term.n));
	}
}

/* 1 pending, else 0; the first name's answer decides what is known. */
static int
read_name(struct search *search, size_t i)
{
	struct relay_answer *found = search->answer;
	const struct dns_answer *answer;
	struct slice record;
	bool several;

	answer = collection_ask(search->c, search->names[i], DNS_TXT, &found->ttl);
	if (answer->status == DNS_PENDING)
		return 1;
	if (answer->status == DNS_TEMPFAIL)
		found->known = KNOWN_TEMPERROR;
	if (answer->status != DNS_OK)
		return 0;
	record = find_record(answer, &several);
	if (several && i == 0)
		found->result = SPF_PERMERROR;
	if (several || record.p == NULL)
		return 0;
	if (i == 0)
		found->result = SPF_NEUTRAL;
	read_record(search, record, i == 0);
	return 0;
}

int
relay_judge(const struct collection *c, const char *domain, const char *include,
    struct relay_answer *answer_r)
{
	struct search search = { .c = c, .wanted = include, .answer = answer_r };

	*answer_r = (struct relay_answer){ .known = KNOWN_VALUE, .result = SPF_NONE,
	    .ttl = UINT32_MAX };
	search.names[search.n++] = domain;
	for (size_t i = 0; i < search.n && !answer_r->authorised; i++)
		if (read_name(&search, i) != 0)
			return 1;
	if (answer_r->authorised) {
		answer_r->known = KNOWN_VALUE;
		answer_r->result = SPF_PASS;
	}
	return 0;
}
