/*
 * Phrases: made alike, matched, and checked for whole words.
 */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "mail/fold.h"
#include "mail/matcher.h"
#include "mail/phrases.h"
#include "mail/utf8.h"

/* Phrases of the same wording are one to the matcher. */
struct wording {
	struct slice text;		/* folded */
	unsigned where;			/* of all of them */
	bool word_first, word_last;	/* begins, ends with a letter or digit */
};

/* The automaton of ours, made when it is first needed. */
struct own {
	pthread_mutex_t lock;
	struct arena *arena;		/* touched under the lock only, once it is shared */
	const struct aho *aho;
};

struct phrases {
	struct arena *arena;
	const struct phrase *list;
	size_t n;
	size_t *wording_of;		/* of each of the list; n_wordings: of none */
	struct wording *wordings;
	size_t n_wordings;
	struct slice *literals;		/* texts of the wordings */
	struct hyperscan *hyperscan;	/* NULL: not used */
	struct own *own;
};

/* One text being looked into. */
struct search {
	const struct phrases *phrases;
	struct slice text;		/* folded */
	unsigned where;
	unsigned char *found;		/* PHRASE_ bits, of each wording */
	bool any;
};

/* The code point that ends before `at`, or begins there; 0 outside the text. */
static unsigned
code_before(struct slice text, size_t at)
{
	size_t start = at;
	unsigned code;

	if (at == 0)
		return 0;
	do {
		start--;
	} while (start > 0 && at - start < 4 && (text.p[start] & 0xc0) == 0x80);
	utf8_next(slice_sub(text, start, at - start), &code);
	return code;
}

static unsigned
code_after(struct slice text, size_t at)
{
	unsigned code;

	utf8_next(slice_sub(text, at, 4), &code);
	return code;
}

static void
on_hit(void *ctx, size_t literal, size_t end)
{
	struct search *search = ctx;
	const struct wording *wording = &search->phrases->wordings[literal];

	if ((search->found[literal] & search->where) != 0 ||
	    (wording->where & search->where) == 0)
		return;
	if (wording->word_first &&
	    fold_is_word(code_before(search->text, end - wording->text.n)))
		return;
	if (wording->word_last && fold_is_word(code_after(search->text, end)))
		return;
	search->found[literal] |= (unsigned char)search->where;
	search->any = true;
}

/* The wordings of the list, each once. */
static void
fold_list(struct phrases *phrases)
{
	struct arena *work = arena_new();
	struct map *seen = map_new(work);	/* wording -> position + 1 */
	struct wording *wording;
	uintptr_t position;
	char *folded;

	for (size_t i = 0; i < phrases->n; i++) {
		struct slice text = slice_of(phrases->list[i].text);

		folded = arena_alloc(phrases->arena, text.n + 1);
		text = (struct slice){ folded, fold_text(text, folded) };
		folded[text.n] = '\0';
		phrases->wording_of[i] = SIZE_MAX;
		if (text.n == 0)
			continue;
		position = (uintptr_t)map_get(seen, folded);
		if (position == 0) {
			phrases->wordings[phrases->n_wordings++] = (struct wording){
				.text = text,
				.word_first = fold_is_word(code_after(text, 0)),
				.word_last = fold_is_word(code_before(text, text.n)),
			};
			position = phrases->n_wordings;
			map_set(seen, folded, (void *)position);
		}
		wording = &phrases->wordings[position - 1];
		wording->where |= phrases->list[i].where;
		phrases->wording_of[i] = position - 1;
	}
	for (size_t i = 0; i < phrases->n; i++) {
		if (phrases->wording_of[i] == SIZE_MAX)
			phrases->wording_of[i] = phrases->n_wordings;
	}
	arena_free(&work);
}

static void
own_free(void *object)
{
	struct own *own = object;

	pthread_mutex_destroy(&own->lock);
}

static struct own *
own_new(struct arena *arena)
{
	struct own *own = arena_alloc(arena, sizeof(*own));

	pthread_mutex_init(&own->lock, NULL);
	own->arena = arena;
	arena_defer(arena, own_free, own);
	return own;
}

static const struct aho *
own_automaton(const struct phrases *phrases)
{
	struct own *own = phrases->own;
	const struct aho *aho;

	pthread_mutex_lock(&own->lock);
	if (own->aho == NULL)
		own->aho = aho_new(own->arena, phrases->literals, phrases->n_wordings);
	aho = own->aho;
	pthread_mutex_unlock(&own->lock);
	return aho;
}

static struct phrases *
make(const struct phrase *list, size_t n, bool only_own, const char **error_r)
{
	struct arena *arena;
	struct phrases *phrases;

	*error_r = n > PHRASES_MAX ? "too many phrases" : NULL;
	for (size_t i = 0; i < n && *error_r == NULL; i++) {
		if (strlen(list[i].text) > PHRASE_MAX)
			*error_r = "a phrase that is too long";
	}
	if (*error_r != NULL)
		return NULL;
	arena = arena_new();
	phrases = arena_alloc(arena, sizeof(*phrases));
	phrases->arena = arena;
	phrases->list = list;
	phrases->n = n;
	phrases->wording_of = arena_array(arena, n, sizeof(*phrases->wording_of));
	phrases->wordings = arena_array(arena, n, sizeof(*phrases->wordings));
	fold_list(phrases);
	phrases->literals = arena_array(arena, n, sizeof(*phrases->literals));
	for (size_t i = 0; i < phrases->n_wordings; i++)
		phrases->literals[i] = phrases->wordings[i].text;
	if (!only_own)
		phrases->hyperscan = hyperscan_new(arena, phrases->literals,
		    phrases->n_wordings);
	phrases->own = own_new(arena);
	if (phrases->hyperscan == NULL)
		own_automaton(phrases);
	return phrases;
}

struct phrases *
phrases_new(const struct phrase *list, size_t n, const char **error_r)
{
	return make(list, n, false, error_r);
}

struct phrases *
phrases_new_own(const struct phrase *list, size_t n, const char **error_r)
{
	return make(list, n, true, error_r);
}

void
phrases_free(struct phrases **phrases)
{
	struct arena *arena;

	if (*phrases == NULL)
		return;
	arena = (*phrases)->arena;
	*phrases = NULL;
	arena_free(&arena);
}

const char *
phrases_engine(struct arena *arena)
{
	const char *version = hyperscan_version(arena);

	return version == NULL ? "aho-corasick" :
	    arena_printf(arena, "hyperscan %s", version);
}

size_t
phrases_find(const struct phrases *phrases, const struct phrase_text *texts, size_t n,
    const struct phrase **found_r, size_t max)
{
	struct search search = { .phrases = phrases };
	struct arena *work = arena_new();
	size_t n_found = 0;

	search.found = arena_alloc(work, phrases->n_wordings + 1);
	for (size_t i = 0; i < n; i++) {
		char *folded = arena_alloc(work, texts[i].text.n);

		search.where = texts[i].where;
		search.text = (struct slice){ folded, fold_text(texts[i].text, folded) };
		if (phrases->hyperscan == NULL ||
		    !hyperscan_scan(phrases->hyperscan, search.text, on_hit, &search))
			aho_scan(own_automaton(phrases), search.text, on_hit, &search);
	}
	for (size_t i = 0; search.any && i < phrases->n && n_found < max; i++) {
		unsigned char *found = &search.found[phrases->wording_of[i]];

		if ((*found & phrases->list[i].where) == 0)
			continue;
		found_r[n_found++] = &phrases->list[i];
		*found = 0;
	}
	arena_free(&work);
	return n_found;
}
