/*
 * Finds many phrases in a text at once, without case: Hyperscan's literal
 * matcher where there is one, else an Aho-Corasick automaton of ours.
 */
#ifndef MW_MAIL_PHRASES_H
#define MW_MAIL_PHRASES_H

#include <stddef.h>

#include "base/phrase.h"
#include "base/slice.h"

struct arena;
struct phrases;

/* Compiles them; the texts must outlive it.  NULL and *error_r on failure. */
struct phrases *phrases_new(const struct phrase *list, size_t n, const char **error_r);
void phrases_free(struct phrases **phrases);

/*
 * Which of them stand in the text as whole words, each once, in the order of
 * the list, at most `max`; returns how many there are.  Blanks, line ends and
 * letters' case are no matter.  Thread-safe.
 */
size_t phrases_find(const struct phrases *phrases, unsigned where, struct slice text,
    struct arena *arena, const struct phrase **found_r, size_t max);

const char *phrases_engine(void);	/* "hyperscan 5.4.0" or "aho-corasick" */

#endif
