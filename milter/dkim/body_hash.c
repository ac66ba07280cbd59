/*
 * Body canonicalization (RFC 6376 sections 3.4.3 and 3.4.4) into SHA-256.  Runs
 * that are canonical as they stand go to the hash in one piece; what may turn
 * out to be the end of a line or of the body is held back as counts.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "dkim/body_hash.h"

enum { PIECES = 4096, PIECE_MAX = 512 };

struct body_hash {
	struct sha256 *sha256;
	enum canon canon;
	unsigned char pieces[PIECES];	/* short runs on their way to the hash */
	size_t n_pieces;
	uint64_t line_ends;		/* CRLFs held back */
	bool blank;			/* relaxed: blanks held back */
	bool cr;			/* a CR held back: the last octet of a chunk */
	bool any;			/* something was hashed */
};

struct body_hash *
body_hash_new(struct arena *arena, enum canon canon)
{
	struct body_hash *hash = arena_alloc(arena, sizeof(*hash));

	hash->sha256 = sha256_new(arena);
	hash->canon = canon;
	return hash;
}

static void
flush(struct body_hash *hash)
{
	sha256_add(hash->sha256, hash->pieces, hash->n_pieces);
	hash->n_pieces = 0;
}

static void
put(struct body_hash *hash, const void *p, size_t n)
{
	if (n > PIECES - hash->n_pieces || n > PIECE_MAX)
		flush(hash);
	if (n > PIECE_MAX) {
		sha256_add(hash->sha256, p, n);
		return;
	}
	memcpy(hash->pieces + hash->n_pieces, p, n);
	hash->n_pieces += n;
}

static bool
is_special(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Hashes content, and before it what was held back. */
static void
add_content(struct body_hash *hash, const unsigned char *p, size_t n)
{
	static const char ends[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
	    "\r\n\r\n\r\n\r\n";
	const uint64_t most = (sizeof(ends) - 1) / 2;

	while (hash->line_ends > 0) {
		uint64_t now = hash->line_ends < most ? hash->line_ends : most;

		put(hash, ends, (size_t)now * 2);
		hash->line_ends -= now;
	}
	if (hash->blank)
		put(hash, " ", 1);
	hash->blank = false;
	put(hash, p, n);
	hash->any = true;
}

/* The CR held back, now that the octet behind it is known; octets taken of it. */
static size_t
resolve_cr(struct body_hash *hash, unsigned char next)
{
	hash->cr = false;
	if (next == '\n') {
		hash->blank = false;
		hash->line_ends++;
		return 1;
	}
	add_content(hash, (const unsigned char *)"\r", 1);
	return 0;
}

/* The high bit of each octet of eight that is c. */
static uint64_t
octets_equal(uint64_t eight, unsigned char c)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), low = ones * 0x7f;
	uint64_t x = eight ^ (ones * c);

	return ~(((x & low) + low) | x | low);
}

/*
 * None of the eight octets at p ends a clean run: no HTAB, no CR, no SP with
 * SP, HTAB or CR behind it.  Nine can be read.
 */
static bool
eight_are_clean(const unsigned char *p)
{
	const uint64_t below = UINT64_C(0x2121212121212121);
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t here, next;

	memcpy(&here, p, sizeof(here));
	if (((here - below) & ~here & high) == 0)
		return true;		/* nothing below 0x21 at all */
	memcpy(&next, p + 1, sizeof(next));
	return (octets_equal(here, '\t') | octets_equal(here, '\r') |
	    (octets_equal(here, ' ') & (octets_equal(next, ' ') |
	    octets_equal(next, '\t') | octets_equal(next, '\r')))) == 0;
}

/* Past content and single spaces between content. */
static const unsigned char *
skip_clean(const unsigned char *p, const unsigned char *end)
{
	for (;;) {
		while (end - p > 8 && eight_are_clean(p))
			p += 8;
		for (int i = 0; i < 8; i++, p++) {
			if (p == end || (is_special(*p) &&
			    (*p != ' ' || p + 1 == end || is_special(p[1]))))
				return p;
		}
	}
}

/*
 * How much from p on, where content stands, is canonical as it is: content,
 * single spaces between content, line ends with content behind them.
 */
static size_t
clean_run(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *q = p + 1, *r;

	for (;;) {
		q = skip_clean(q, end);
		for (r = q; end - r >= 2 && r[0] == '\r' && r[1] == '\n'; r += 2)
			;
		if (r == q || r == end || is_special(*r))
			return (size_t)(q - p);
		q = r + 1;
	}
}

static void
add_relaxed(struct body_hash *hash, const unsigned char *p, const unsigned char *end)
{
	size_t n;

	while (p < end) {
		if (hash->cr) {
			p += resolve_cr(hash, *p);
		} else if (is_special(*p)) {
			hash->cr = *p == '\r';
			hash->blank = hash->blank || !hash->cr;
			p++;
		} else {
			n = clean_run(p, end);
			add_content(hash, p, n);
			p += n;
		}
	}
}

static void
add_simple(struct body_hash *hash, const unsigned char *p, const unsigned char *end)
{
	const unsigned char *last;
	uint64_t line_ends = 0;
	bool cr;

	if (p < end && hash->cr)
		p += resolve_cr(hash, *p);
	if (p == end)
		return;
	cr = end[-1] == '\r';
	if (cr)
		end--;
	for (last = end; last - p >= 2 && last[-2] == '\r' && last[-1] == '\n';
	    last -= 2)
		line_ends++;
	if (last > p)
		add_content(hash, p, (size_t)(last - p));
	hash->line_ends += line_ends;
	hash->cr = cr;
}

void
body_hash_add(struct body_hash *hash, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	if (n == 0)
		return;
	switch (hash->canon) {
	case CANON_SIMPLE:
		add_simple(hash, p, p + n);
		break;
	case CANON_RELAXED:
		add_relaxed(hash, p, p + n);
		break;
	}
}

void
body_hash_finish(struct body_hash *hash, unsigned char digest_r[SHA256_SIZE])
{
	if (hash->cr)
		add_content(hash, (const unsigned char *)"\r", 1);
	if (hash->any || hash->canon == CANON_SIMPLE)
		put(hash, "\r\n", 2);
	flush(hash);
	sha256_finish(hash->sha256, digest_r);
}
