/*
 * Texts made alike, phrases found in them, and both matchers giving the same.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "mail/fold.h"
#include "mail/phrases.h"
#include "mail/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
test_lower(void **state)
{
	static const char *const pairs[][2] = {
		{ "AZaz09@[`{", "azaz09@[`{" },
		{ "ÀÖØÞ×÷ßÿŸ", "àöøþ×÷ßÿÿ" },
		{ "ĀĒĮİıĶĸĹŇŊŶŹŽſ", "āēįiıķĸĺňŋŷźžſ" },
		{ "ƏƠƯǍǛǞȘȚ", "əơưǎǜǟșț" },
		{ "ΆΈΉΊΌΎΏΑΡΣΫάς", "άέήίόύώαρσϋάσ" },
		{ "ЀЏАЯҐӁӐ", "ѐџаяґӂӑ" },
		{ "ԱՖ", "աֆ" },
		{ "ḀẔẠỸẞ", "ḁẕạỹß" },
		{ "漢字かな한글", "漢字かな한글" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct slice in = slice_of(pairs[i][0]), out = slice_of(pairs[i][1]);
		unsigned from, to;

		while (in.n > 0) {
			in = slice_sub(in, utf8_next(in, &from), in.n);
			out = slice_sub(out, utf8_next(out, &to), out.n);
			if (fold_lower(from) != to)
				fail_msg("U+%04X gives U+%04X, not U+%04X", from,
				    fold_lower(from), to);
		}
		assert_int_equal(out.n, 0);
	}
	for (unsigned c = 0; c < 0x110000; c++)
		assert_int_equal(fold_lower(fold_lower(c)), fold_lower(c));
}

static void
test_fold(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ " \t\r\n", "" },
		{ "  Risk \r\n\tFREE  ", "risk free" },
		{ "a\xc2\xa0\xe2\x80\x83 b", "a b" },
		{ "f\xc2\xadr\xe2\x80\x8b" "e\xe2\x81\xa0" "e\xef\xbb\xbf", "free" },
		{ "don\xe2\x80\x99t \xe2\x80\x9cwait\xe2\x80\x9d \xe2\x80\x93 go `now`",
		  "don't \"wait\" - go 'now'" },
		{ "\xef\xbc\xa6\xef\xbc\xb2\xef\xbc\xa5\xef\xbc\xa5\xef\xbc\x81", "free!" },
		{ "ÜBERWEISUNG Ёлка", "überweisung ёлка" },
		{ "a\xff" "b\xc3", "a\x01" "b\x01" },
		{ "a\x7f\x01\xc2\x85z", "a z" },
		{ "\xf0\x9f\x92\xb0 CASH", "\xf0\x9f\x92\xb0 cash" },
	};
	char out[100];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i][0]);
		char *exact = malloc(n > 0 ? n : 1);
		size_t size;

		memcpy(exact, cases[i][0], n);
		size = fold_text((struct slice){ exact, n }, out);
		assert_true(size <= n);
		out[size] = '\0';
		assert_string_equal(out, cases[i][1]);
		free(exact);
	}
}

static const struct phrase list[] = {
	{ "risk free", "en", PHRASE_SUBJECT | PHRASE_BODY },
	{ "free", "en", PHRASE_BODY },
	{ "100% free", "en", PHRASE_BODY },
	{ "double your income", "en", PHRASE_SUBJECT },
	{ "Geld verdienen", "de", PHRASE_BODY },
	{ "ÜBERSCHÜSSIGE Pfunde", "de", PHRASE_BODY },
	{ "免费", "zh", PHRASE_BODY },
	{ "$$$", "en", PHRASE_BODY },
	{ "Free", "nl", PHRASE_BODY | PHRASE_SUBJECT },
	{ "don't wait", "en", PHRASE_BODY },
	{ "\xe2\x80\x8b", "xx", PHRASE_BODY },		/* nothing of it is left */
};

struct find_case {
	unsigned where;
	const char *text;
	const char *found;		/* joined by '|' */
};

static const struct find_case cases[] = {
	{ PHRASE_BODY, "", "" },
	{ PHRASE_BODY, "nothing here", "" },
	{ PHRASE_BODY, "a Risk\r\n  FREE offer", "risk free|free" },
	{ PHRASE_SUBJECT, "risk free", "risk free|Free" },
	{ PHRASE_BODY, "risk freedom", "" },
	{ PHRASE_BODY, "brisk free", "free" },
	{ PHRASE_BODY, "carefree, freedom, and then free", "free" },
	{ PHRASE_BODY, "freefree free_ xfree free2", "free" },
	{ PHRASE_BODY, "éfree freeé", "" },
	{ PHRASE_BODY, "\"free\"", "free" },
	{ PHRASE_BODY, "\xe2\x80\xa6" "free\xe2\x80\xa6", "free" },
	{ PHRASE_BODY, "it is 100% free", "free|100% free" },
	{ PHRASE_BODY, "it is 1100% free", "free" },
	{ PHRASE_BODY, "double your income", "" },
	{ PHRASE_SUBJECT, "RE: Double Your Income", "double your income" },
	{ PHRASE_BODY, "geld   VERDIENEN: überschüssige PFUNDE",
	  "Geld verdienen|ÜBERSCHÜSSIGE Pfunde" },
	{ PHRASE_BODY, "全部免费的", "免费" },
	{ PHRASE_BODY, "make$$$$fast", "$$$" },
	{ PHRASE_BODY, "don\xe2\x80\x99t wait", "don't wait" },
	{ PHRASE_BODY, "f\xe2\x80\x8bree", "free" },
	{ PHRASE_BODY, "free", "free" },
	{ PHRASE_BODY, "\xff" "free\xff", "free" },
	{ PHRASE_BODY, "fre", "" },
};

typedef struct phrases *maker(const struct phrase *, size_t, const char **);

static void
check_cases(maker *make)
{
	const struct phrase *found[COUNT(list)];
	const char *error;
	struct phrases *phrases = make(list, COUNT(list), &error);

	assert_non_null(phrases);
	assert_null(error);
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].text), n_found;
		char *exact = malloc(n > 0 ? n : 1), joined[300] = "";
		struct phrase_text text = { cases[i].where, { exact, n } };

		memcpy(exact, cases[i].text, n);
		n_found = phrases_find(phrases, &text, 1, found, COUNT(found));
		for (size_t j = 0, at = 0; j < n_found; j++)
			at += (size_t)snprintf(joined + at, sizeof(joined) - at, "%s%s",
			    j > 0 ? "|" : "", found[j]->text);
		if (strcmp(joined, cases[i].found) != 0)
			fail_msg("\"%s\": \"%s\", not \"%s\"", cases[i].text, joined,
			    cases[i].found);
		free(exact);
	}
	phrases_free(&phrases);
	assert_null(phrases);
	phrases_free(&phrases);
}

static void
test_find(void **state)
{
	(void)state;
	check_cases(phrases_new);
	check_cases(phrases_new_own);
}

/* Several texts of both kinds; the order is the list's; no more than asked. */
static void
test_find_many(void **state)
{
	const struct phrase *found[3];
	const char *error;
	struct phrases *phrases = phrases_new(list, COUNT(list), &error);
	const struct phrase_text texts[] = {
		{ PHRASE_BODY, SLICE("free money") },
		{ PHRASE_BODY, SLICE("free $$$ and risk free") },
		{ PHRASE_SUBJECT, SLICE("Geld verdienen: double your income") },
		{ PHRASE_BODY, { NULL, 0 } },
	};

	(void)state;
	assert_int_equal(phrases_find(phrases, texts, 4, found, 3), 3);
	assert_ptr_equal(found[0], &list[0]);
	assert_ptr_equal(found[1], &list[1]);
	assert_ptr_equal(found[2], &list[3]);
	assert_int_equal(phrases_find(phrases, texts, 1, found, 3), 1);
	assert_int_equal(phrases_find(phrases, texts, 4, found, 0), 0);
	assert_int_equal(phrases_find(phrases, texts, 0, found, 3), 0);
	phrases_free(&phrases);
}

static void
test_limits(void **state)
{
	static const struct phrase_text text = { PHRASE_BODY, SLICE("any text") };
	char long_text[PHRASE_MAX + 2];
	struct phrase one = { long_text, "en", PHRASE_BODY };
	const struct phrase *found[1];
	struct phrases *phrases;
	const char *error;

	(void)state;
	phrases = phrases_new(NULL, 0, &error);
	assert_int_equal(phrases_find(phrases, &text, 1, found, 1), 0);
	phrases_free(&phrases);
	assert_null(phrases_new(list, PHRASES_MAX + 1, &error));
	assert_string_equal(error, "too many phrases");
	memset(long_text, 'a', sizeof(long_text));
	long_text[PHRASE_MAX + 1] = '\0';
	assert_null(phrases_new(&one, 1, &error));
	assert_string_equal(error, "a phrase that is too long");
	long_text[PHRASE_MAX] = '\0';
	phrases = phrases_new(&one, 1, &error);
	assert_int_equal(phrases_find(phrases, &(struct phrase_text){ PHRASE_BODY,
	    slice_of(long_text) }, 1, found, 1), 1);
	phrases_free(&phrases);
}

/* Deterministic, so that a failure can be seen again. */
static unsigned
next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33);
}

/* Few letters: overlaps, suffixes of one another, repeats. */
static size_t
random_text(uint64_t *seed, char *out, size_t max)
{
	static const char *const pieces[] = { "a", "b", "A", "c", " ", "é", "É", ".", "\xff",
		"免", "\xe2\x80\x8b" };
	size_t n = 0, wanted = next_random(seed) % max, size;

	while (n < wanted) {
		const char *piece = pieces[next_random(seed) % COUNT(pieces)];

		size = strlen(piece);
		if (n + size >= max)
			break;
		memcpy(out + n, piece, size);
		n += size;
	}
	out[n] = '\0';
	return n;
}

/* What a plain search says: the oracle of both. */
static size_t
find_plainly(const struct phrase *all, size_t n, struct slice text,
    const struct phrase **found)
{
	char *folded = calloc(text.n + 5, 1), wording[64];
	size_t n_found = 0;
	struct slice in = { folded, fold_text(text, folded) };

	for (size_t i = 0; i < n; i++) {
		size_t size = fold_text(slice_of(all[i].text), wording);
		bool again = false, hit = false;

		for (size_t at = 0; size > 0 && at + size <= in.n && !hit; at++) {
			unsigned first, last = 0, before = 0, after = 0, code;

			if (memcmp(in.p + at, wording, size) != 0)
				continue;
			for (size_t k = 0; k < at; k += utf8_next(slice_sub(in, k, in.n), &code))
				utf8_next(slice_sub(in, k, in.n), &before);
			for (size_t k = at; k < at + size;
			    k += utf8_next(slice_sub(in, k, in.n), &code))
				utf8_next(slice_sub(in, k, in.n), &last);
			utf8_next(slice_sub(in, at, in.n), &first);
			utf8_next(slice_sub(in, at + size, in.n), &after);
			hit = !(fold_is_word(first) && fold_is_word(before)) &&
			    !(fold_is_word(last) && fold_is_word(after));
		}
		for (size_t j = 0; j < n_found; j++) {
			char other[64];
			size_t other_size = fold_text(slice_of(found[j]->text), other);

			again |= other_size == size && memcmp(other, wording, size) == 0;
		}
		if (hit && !again)
			found[n_found++] = &all[i];
	}
	free(folded);
	return n_found;
}

static void
test_engines_agree(void **state)
{
	enum { PHRASES = 40, TEXT = 300 };
	static char texts[PHRASES][16], text[TEXT];
	const struct phrase *found[3][PHRASES];
	struct phrase random_list[PHRASES];
	uint64_t seed = 1;
	const char *error;
	size_t hits = 0;

	(void)state;
	for (int round = 0; round < 150; round++) {
		struct phrases *fast, *own;

		for (size_t i = 0; i < PHRASES; i++) {
			random_text(&seed, texts[i], sizeof(texts[i]));
			random_list[i] = (struct phrase){ texts[i], "xx", PHRASE_BODY };
		}
		fast = phrases_new(random_list, PHRASES, &error);
		own = phrases_new_own(random_list, PHRASES, &error);
		for (int i = 0; i < 40; i++) {
			size_t n = random_text(&seed, text, TEXT), n_found[3];
			struct phrase_text in = { PHRASE_BODY, { text, n } };

			n_found[0] = find_plainly(random_list, PHRASES, in.text, found[0]);
			n_found[1] = phrases_find(fast, &in, 1, found[1], PHRASES);
			n_found[2] = phrases_find(own, &in, 1, found[2], PHRASES);
			for (int j = 1; j < 3; j++) {
				if (n_found[j] != n_found[0] || memcmp(found[j], found[0],
				    n_found[0] * sizeof(found[0][0])) != 0)
					fail_msg("round %d: matcher %d: \"%s\"", round, j,
					    text);
			}
			hits += n_found[0];
		}
		phrases_free(&fast);
		phrases_free(&own);
	}
	assert_true(hits > 1000);
}

static void *
find_often(void *phrases)
{
	static const struct phrase_text text = { PHRASE_BODY,
		SLICE("a risk free way, 100% FREE, don't wait") };
	const struct phrase *found[COUNT(list)];
	uintptr_t wrong = 0;

	for (int i = 0; i < 300; i++)
		wrong += phrases_find(phrases, &text, 1, found, COUNT(list)) != 4;
	return (void *)wrong;
}

/* One at a time has the scratch space of a scan. */
static void
test_threads(void **state)
{
	const char *error;
	struct phrases *phrases = phrases_new(list, COUNT(list), &error);
	pthread_t threads[8];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, find_often, phrases), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	phrases_free(&phrases);
}

static void
test_engine(void **state)
{
	struct arena *arena = arena_new();
	const char *engine = phrases_engine(arena);

	(void)state;
	assert_true(strcmp(engine, "aho-corasick") == 0 ||
	    strncmp(engine, "hyperscan ", 10) == 0);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lower),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_many),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_engines_agree),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
