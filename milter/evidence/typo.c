/*
 * Which large mailbox domain was meant.
 */
#include <string.h>

#include "evidence/typo.h"
#include "mail/domain.h"

enum { SLIPS_MAX = 2 };

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* One row of the table; `rows` are this one and the two before it. */
static unsigned
fill_row(const char *a, size_t i, const char *b, size_t nb, unsigned *const rows[3])
{
	unsigned smallest;

	rows[0][0] = (unsigned)i;
	smallest = rows[0][0];
	for (size_t j = 1; j <= nb; j++) {
		unsigned cost = rows[1][j - 1] + (a[i - 1] != b[j - 1]);

		cost = least(cost, rows[1][j] + 1);
		cost = least(cost, rows[0][j - 1] + 1);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			cost = least(cost, rows[2][j - 2] + 1);
		rows[0][j] = cost;
		smallest = least(smallest, cost);
	}
	return smallest;
}

unsigned
typo_slips(const char *a, size_t na, const char *b, size_t nb, unsigned max)
{
	unsigned table[3][DOMAIN_LABEL_MAX + 1];
	unsigned *rows[3] = { table[0], table[1], table[2] };

	if (na > DOMAIN_LABEL_MAX || nb > DOMAIN_LABEL_MAX ||
	    (na > nb ? na - nb : nb - na) > max)
		return max + 1;
	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = (unsigned)j;
	memset(rows[1], 0, sizeof(table[1]));
	for (size_t i = 1; i <= na; i++) {
		unsigned *oldest = rows[2];

		rows[2] = rows[1];
		rows[1] = rows[0];
		rows[0] = oldest;
		if (fill_row(a, i, b, nb, rows) > max)
			return max + 1;
	}
	return least(rows[0][nb], max + 1);
}

/* Slips that a first label of n letters allows. */
static unsigned
slips_allowed(size_t n, bool takes_mail)
{
	if (takes_mail)
		return n >= 7 ? 2 : n >= 5 ? 1 : 0;
	return n >= 5 ? 2 : n >= 3 ? 1 : 0;
}

static bool
is_listed_tld(const char *tld, const struct typo_words *words)
{
	for (size_t i = 0; i < words->n_tlds; i++)
		if (strcmp(words->tlds[i], tld) == 0)
			return true;
	return false;
}

static bool
is_slip_of_tld(const char *tld, const char *meant)
{
	return strchr(meant, '.') == NULL &&
	    typo_slips(tld, strlen(tld), meant, strlen(meant), 1) == 1;
}

/* How far the domain is from that mailbox domain; over SLIPS_MAX: too far. */
static unsigned
slips_from(const char *domain, const char *mailbox, bool takes_mail, bool odd_tld)
{
	size_t nd = strcspn(domain, "."), nm = strcspn(mailbox, ".");
	unsigned allowed = slips_allowed(nm, takes_mail), slips;
	bool same = strcmp(domain + nd, mailbox + nm) == 0;

	if (domain[nd] == '\0' || mailbox[nm] == '\0' || (!same && !odd_tld))
		return SLIPS_MAX + 1;
	slips = typo_slips(domain, nd, mailbox, nm, SLIPS_MAX);
	if (same)
		return slips <= allowed ? slips : SLIPS_MAX + 1;
	/* a wrong top label is a slip of its own, whatever the name's length */
	if ((slips > 0 && slips + 1 > allowed) ||
	    !is_slip_of_tld(domain + nd + 1, mailbox + nm + 1))
		return SLIPS_MAX + 1;
	return slips + 1;
}

/* "yahoo.co" is yahoo.com sooner than yahoo.ca. */
static bool
is_com(const char *domain)
{
	size_t n = strlen(domain);

	return n > 4 && strcmp(domain + n - 4, ".com") == 0;
}

const char *
typo_likely(const char *domain, bool takes_mail, const struct typo_words *words)
{
	const char *likely = NULL;
	const char *rest = strchr(domain, '.');
	bool odd_tld = rest != NULL && is_listed_tld(rest + 1, words);
	unsigned fewest = SLIPS_MAX + 1, slips;

	for (size_t i = 0; i < words->n_mailboxes; i++) {
		slips = slips_from(domain, words->mailboxes[i], takes_mail, odd_tld);
		if (slips == 0)
			return NULL;	/* the very one */
		if (slips < fewest || (slips == fewest && slips <= SLIPS_MAX &&
		    !is_com(likely) && is_com(words->mailboxes[i]))) {
			fewest = slips;
			likely = words->mailboxes[i];
		}
	}
	return likely;
}
