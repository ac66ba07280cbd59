/*
 * What phrases cost in CPU time: compiling them, and 100 KB of text, with the
 * matcher of the machine and with ours.
 *
 * usage: bench_phrases [PHRASES]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/phrases.h"

enum { PHRASES = 2000, TEXT_SIZE = 100 * 1024, WORDS = 3000, ROUNDS = 200, FOUND = 1000 };

typedef struct phrases *maker(const struct phrase *, size_t, const char **);

static char words[WORDS][12];

static double
cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static unsigned
next_random(void)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33);
}

/* Words as frequent as those of a language: the k-th as 1/k. */
static const char *
next_word(void)
{
	unsigned bits = next_random() % 12;

	return words[next_random() % (bits == 11 ? WORDS : 2u << bits)];
}

static void
make_words(void)
{
	static const char syllables[] = "etaoinshrdlucmfwypvbgk";

	for (size_t i = 0; i < WORDS; i++) {
		size_t n = 2 + next_random() % 8;

		for (size_t j = 0; j < n; j++)
			words[i][j] = syllables[next_random() % (4 + next_random() % 18)];
	}
}

/* Words that are not the most frequent ones, as phrases have. */
static const char *
make_phrase(struct arena *arena)
{
	const char *text = words[50 + next_random() % (WORDS - 50)];

	for (unsigned n = 1 + next_random() % 3; n > 0; n--)
		text = arena_printf(arena, "%s %s", text,
		    words[next_random() % (n == 1 ? WORDS : 50)]);
	return text;
}

/* Ordinary words, a phrase among some sixty. */
static struct slice
make_text(struct arena *arena, const struct phrase *list, size_t n)
{
	struct buf text;

	buf_init(&text, arena, TEXT_SIZE);
	while (!text.truncated) {
		buf_add_str(&text, next_random() % 60 == 0 ?
		    list[next_random() % n].text : next_word());
		buf_add_char(&text, next_random() % 12 == 0 ? '\n' : ' ');
	}
	return (struct slice){ text.p, text.n };
}

static void
measure(const char *name, maker *make, const struct phrase *list, size_t n,
    struct slice text)
{
	const struct phrase *found[FOUND];
	struct phrase_text in = { PHRASE_BODY, text };
	double start = cpu_ms(), compiled;
	const char *error;
	struct phrases *phrases = make(list, n, &error);
	size_t hits = 0;

	if (phrases == NULL) {
		fprintf(stderr, "%s\n", error);
		exit(1);
	}
	compiled = cpu_ms();
	printf("%-20s %zu phrases: compile %.2f ms", name, n, compiled - start);
	for (int i = 0; i < ROUNDS; i++)
		hits = phrases_find(phrases, &in, 1, found, FOUND);
	printf(", %zu octets: %.3f ms, %zu found\n", text.n,
	    (cpu_ms() - compiled) / ROUNDS, hits);
	phrases_free(&phrases);
}

int
main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : PHRASES;
	struct arena *arena = arena_new();
	struct phrase *list = arena_array(arena, n, sizeof(*list));
	struct slice text;

	make_words();
	for (size_t i = 0; i < n; i++)
		list[i] = (struct phrase){ make_phrase(arena), "xx", PHRASE_BODY };
	text = make_text(arena, list, n);
	measure(phrases_engine(arena), phrases_new, list, n, text);
	measure("ours", phrases_new_own, list, n, text);
	arena_free(&arena);
	return 0;
}
