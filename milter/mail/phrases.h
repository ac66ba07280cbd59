/*
 * Finds many phrases in texts at once, without case: Hyperscan's literal
 * matcher where there is one, else an Aho-Corasick automaton of ours.
 */
#ifndef MW_MAIL_PHRASES_H
#define MW_MAIL_PHRASES_H

#include <stddef.h>

#include "base/phrase.h"
#include "base/slice.h"

struct arena;
struct phrases;

/*
 * Compiles them (2,000: 25 to 50 ms with Hyperscan, 2 ms without); list and
 * texts must outlive it.  NULL and *error_r when there are too many or one is
 * too long.
 */
struct phrases *phrases_new(const struct phrase *list, size_t n, const char **error_r);

/* Likewise with the automaton of ours alone: the tests compare the two. */
struct phrases *phrases_new_own(const struct phrase *list, size_t n,
    const char **error_r);

void phrases_free(struct phrases **phrases);

/* A text to look into, of one kind. */
struct phrase_text {
	enum phrase_where where;
	struct slice text;
};

/*
 * Which of them stand in a text of their kind as whole words, each wording
 * once, in the order of the list, at most `max`; returns how many were put
 * into found_r.  Blanks, line ends, letters' case, what is not to be seen, and
 * kinds of quotes, hyphens and blanks are no matter.  Thread-safe.
 */
size_t phrases_find(const struct phrases *phrases, const struct phrase_text *texts,
    size_t n, const struct phrase **found_r, size_t max);

/* "hyperscan 5.4.0" or "aho-corasick", in the arena. */
const char *phrases_engine(struct arena *arena);

#endif
