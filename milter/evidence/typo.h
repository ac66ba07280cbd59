/*
 * Slips of the pen in recipients' domains: which large mailbox domain was
 * meant.
 */
#ifndef MW_EVIDENCE_TYPO_H
#define MW_EVIDENCE_TYPO_H

#include <stdbool.h>
#include <stddef.h>

/* Lower-case.  Of two equally near the one in .com is likelier, then the first. */
struct typo_words {
	const char *const *mailboxes;	/* "gmail.com" */
	size_t n_mailboxes;
	const char *const *tlds;	/* slips of a top label: "con" */
	size_t n_tlds;
};

/*
 * The mailbox domain that `domain` (A-label, lower-case) is one or two slips
 * away from, or NULL.  A slip is a letter too many, missing, or wrong, two
 * letters that changed places, or a top label of the list.  Short names allow
 * fewer, and where the domain takes mail fewer still: half of all names of
 * three letters are two slips apart.  The names of one owner under other top
 * labels (gmx.de, gmx.at) are never slips of each other.
 */
const char *typo_likely(const char *domain, bool takes_mail,
    const struct typo_words *words);

/* Slips from a to b as above (optimal string alignment), at most `max` + 1. */
unsigned typo_slips(const char *a, size_t na, const char *b, size_t nb, unsigned max);

#endif
