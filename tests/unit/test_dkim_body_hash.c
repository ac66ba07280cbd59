/*
 * The body hash, against a slow reading of RFC 6376 sections 3.4.3 and 3.4.4,
 * in chunks of every kind.
 */
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dkim/body_hash.h"
#include "exact.h"

/* The body in canonical form, line by line. */
static struct slice
canonical(struct arena *arena, enum canon canon, struct slice body)
{
	struct buf out, lines;
	size_t i = 0;

	buf_init(&out, arena, 1 << 20);
	buf_init(&lines, arena, 1 << 20);
	while (i < body.n) {
		size_t n = slice_find_nocase(slice_sub(body, i, body.n), "\r\n");
		struct slice line = slice_sub(body, i, n);

		i += n + 2;
		if (canon == CANON_RELAXED) {
			struct buf reduced;

			while (line.n > 0 && (line.p[line.n - 1] == ' ' ||
			    line.p[line.n - 1] == '\t'))
				line.n--;
			buf_init(&reduced, arena, 1 << 20);
			for (size_t k = 0; k < line.n; k++) {
				bool blank = line.p[k] == ' ' || line.p[k] == '\t';

				if (!blank)
					buf_add_char(&reduced, line.p[k]);
				else if (line.p[k + 1] != ' ' && line.p[k + 1] != '\t')
					buf_add_char(&reduced, ' ');
			}
			line = (struct slice){ reduced.p, reduced.n };
		}
		buf_add_slice(&lines, line);
		buf_add_str(&lines, "\r\n");
		if (line.n > 0) {
			buf_add(&out, lines.p, lines.n);
			buf_clear(&lines);
		}
	}
	if (out.n == 0 && canon == CANON_SIMPLE)
		buf_add_str(&out, "\r\n");
	return (struct slice){ out.p, out.n };
}

/* Hashes the body in pieces of n octets (0: whole). */
static const char *
hash_in(struct arena *arena, enum canon canon, struct slice body, size_t n)
{
	struct body_hash *hash = body_hash_new(arena, canon);
	unsigned char digest[SHA256_SIZE];

	for (size_t i = 0; n > 0 && i < body.n; i += n) {
		struct slice piece = slice_sub(body, i, n);
		struct slice copy = exact_bytes(piece.p, piece.n);

		body_hash_add(hash, copy.p, copy.n);
		exact_drop(copy);
	}
	if (n == 0)
		body_hash_add(hash, body.p, body.n);
	body_hash_finish(hash, digest);
	return base64_encode(arena, digest, sizeof(digest));
}

static const char *
hash_canonical(struct arena *arena, enum canon canon, struct slice body)
{
	struct slice text = canonical(arena, canon, body);
	struct sha256 *sha256 = sha256_new(arena);
	unsigned char digest[SHA256_SIZE];

	sha256_add(sha256, text.p, text.n);
	sha256_finish(sha256, digest);
	return base64_encode(arena, digest, sizeof(digest));
}

static void
check(const char *text, size_t n)
{
	static const size_t pieces[] = { 0, 1, 2, 3, 7, 8, 9, 16, 17, 64 };
	struct arena *arena = arena_new();
	struct slice body = exact_bytes(text, n);

	for (int canon = CANON_SIMPLE; canon <= CANON_RELAXED; canon++) {
		const char *expected = hash_canonical(arena, canon, body);

		for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
			const char *got = hash_in(arena, canon, body, pieces[i]);

			if (strcmp(got, expected) != 0)
				fail_msg("canon %d, pieces of %zu: \"%.*s\"", canon,
				    pieces[i], (int)n, text);
		}
	}
	exact_drop(body);
	arena_free(&arena);
}

#define ENDS_8 "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"

static void
test_shapes(void **state)
{
	static const char *const bodies[] = {
		"", "\r\n", "\r\n\r\n\r\n", " \r\n", " \t \r\n\r\n", "a", "a\r\n",
		"a\r\n\r\n", "a \r\n", "a\t \r\n \r\n", " a\r\n", "\ta  b\t\tc\r\n",
		"\r\n\r\na\r\n", " \r\na\r\n", "a\r\n \r\nb\r\n", "a b c d e f g h i j k\r\n",
		"0123456789012345678901234567890123456789 x\r\n", "a\rb\r\n", "a\nb\r\n",
		"a \rb\r\n", "a\r", "a\r\r\n", "a\r\r\r\n", "\r", "\n", "\n\r\n", "\r\n\r",
		"a \n b\r\n", "\r\n\n", "a  ", "a\r\n ", "a\r\n\t\r", "12345678\t\r\n",
		"1234567 \r\n", "12345678 \r\n", "1234567  8\r\n", "1234567 \t8\r\n",
		"ends" ENDS_8 ENDS_8 ENDS_8 "more", "\xff\x80\xa0 \xc3\xa4\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		check(bodies[i], strlen(bodies[i]));
	check("a\0b \0 \r\n", 9);
}

/* Known hashes: RFC 6376 sections 3.4.3 to 3.4.5, RFC 8463 appendix A. */
static void
test_known(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(hash_in(arena, CANON_SIMPLE, SLICE(""), 0),
	    "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
	assert_string_equal(hash_in(arena, CANON_RELAXED, SLICE(""), 0),
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	assert_string_equal(hash_in(arena, CANON_RELAXED, SLICE("Hi.\r\n\r\n"
	    "We lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"), 0),
	    "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
	arena_free(&arena);
}

static void
test_random(void **state)
{
	static const char *const alphabets[] = { "a \t\r\n", "ab\r\n\r\n\r\n", "abcdefgh  ",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ \r\n" };
	char body[400];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		const char *alphabet = alphabets[round % 4];
		size_t n = (seed >> 8) % sizeof(body);

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			body[i] = alphabet[(seed >> 16) % strlen(alphabet)];
			/* Mostly whole line ends. */
			if (body[i] == '\r' && i + 1 < n && (seed >> 24) % 8 != 0)
				body[++i] = '\n';
		}
		check(body, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
