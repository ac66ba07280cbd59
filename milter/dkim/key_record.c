/*
 * Key records (RFC 6376 section 3.6.1), read like a strict receiver, and which
 * private key they belong to.  The public key is taken apart here and not by
 * OpenSSL: these octets come from other people's DNS.
 */
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/log.h"
#include "dkim/key.h"
#include "dkim/key_private.h"
#include "mail/tags.h"

enum { STRING_MAX = 255, ED25519_OCTETS = 32 };

/* Tags of X.690. */
enum { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30 };

struct rsa_public {
	struct slice modulus, exponent;		/* without leading zeros */
};

/* Takes one element with that tag off the front of *in. */
static bool
der_take(struct slice *in, unsigned char tag, struct slice *content_r)
{
	const unsigned char *p = (const unsigned char *)in->p;
	size_t head = 2, n;

	if (in->n < 2 || p[0] != tag)
		return false;
	n = p[1];
	if (n == 0x81 && in->n >= 3) {
		n = p[2];
		head = 3;
	} else if (n == 0x82 && in->n >= 4) {
		n = (size_t)p[2] << 8 | p[3];
		head = 4;
	} else if (n >= 0x80)
		return false;
	if (n > in->n - head)
		return false;
	*content_r = slice_sub(*in, head, n);
	*in = slice_sub(*in, head + n, in->n);
	return true;
}

/* A positive INTEGER, without the leading zero. */
static bool
der_take_number(struct slice *in, struct slice *number_r)
{
	if (!der_take(in, DER_INTEGER, number_r) || number_r->n == 0 ||
	    (unsigned char)number_r->p[0] >= 0x80)
		return false;
	while (number_r->n > 0 && number_r->p[0] == 0)
		*number_r = slice_sub(*number_r, 1, number_r->n);
	return number_r->n > 0;
}

/* RSAPublicKey (RFC 8017 appendix A.1.1), nothing behind it. */
static bool
rsa_read_pkcs1(struct slice der, struct rsa_public *rsa_r)
{
	struct slice body;

	return der_take(&der, DER_SEQUENCE, &body) && der.n == 0 &&
	    der_take_number(&body, &rsa_r->modulus) &&
	    der_take_number(&body, &rsa_r->exponent) && body.n == 0;
}

/* SubjectPublicKeyInfo with rsaEncryption (RFC 3279 section 2.3.1). */
static bool
rsa_read_spki(struct slice der, struct rsa_public *rsa_r)
{
	static const char algorithm[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
	const size_t n = sizeof(algorithm) - 1;
	struct slice body, kind, bits;

	if (!der_take(&der, DER_SEQUENCE, &body) || der.n != 0 ||
	    !der_take(&body, DER_SEQUENCE, &kind) ||
	    !der_take(&body, DER_BIT_STRING, &bits) || body.n != 0)
		return false;
	if (kind.n < n || memcmp(kind.p, algorithm, n) != 0)
		return false;
	return bits.n > 0 && bits.p[0] == 0 &&
	    rsa_read_pkcs1(slice_sub(bits, 1, bits.n), rsa_r);
}

static unsigned
rsa_bits(const struct rsa_public *rsa)
{
	unsigned char first = (unsigned char)rsa->modulus.p[0];
	unsigned bits = (unsigned)(rsa->modulus.n - 1) * 8;

	for (; first != 0; first >>= 1)
		bits++;
	return bits;
}

/*
 * base64string of RFC 6376 section 2.10: blanks anywhere, padding at the end
 * and complete.  False for anything else.
 */
static bool
base64_decode(struct arena *arena, struct slice text, struct slice *bytes_r)
{
	char *out = arena_alloc(arena, text.n / 4 * 3 + 3);
	size_t i, n = 0, digits = 0, pads = 0;
	unsigned bits = 0;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];
		int value = base64_value(c);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			pads++;
			continue;
		}
		if (value < 0 || pads > 0)
			return false;
		bits = bits << 6 | (unsigned)value;
		if (++digits % 4 != 1)
			out[n++] = (char)(bits >> (6 - (digits - 1) % 4 * 2));
	}
	*bytes_r = (struct slice){ out, n };
	return (digits + pads) % 4 == 0 && pads <= 2;
}

static void
fault(struct key_record *record, const char *problem)
{
	record->status = KEY_RECORD_MALFORMED;
	record->problem = problem;
}

/* The list "a:b:c" holds one of the two words. */
static bool
list_has(struct slice list, const char *word, const char *other)
{
	struct slice part;

	while (slice_split(&list, ':', &part)) {
		part = slice_trim(part);
		if (slice_is(part, word) || slice_is(part, other))
			return true;
	}
	return false;
}

/* Faults that are seen without reading the tags. */
static const char *
text_fault(struct slice text, size_t n, bool *overlooked_r)
{
	*overlooked_r = n > 1 || slice_find(text, '"') < text.n;
	if (n > 1)
		return "several TXT records stand at this name and a verifier may read "
		    "any of them: leave one";
	if (slice_trim(text).n == 0)
		return "the TXT record is empty";
	if (slice_find(text, '"') < text.n)
		return "quotes stand inside the record, so its value is not what was "
		    "meant: enter it without quotes";
	if (slice_find(text, '\\') < text.n)
		return "a backslash stands inside the record: enter it without "
		    "backslashes";
	return NULL;
}

/* Faults of the tags but k= and p=.  No verifier minds where v= stands. */
static const char *
tags_fault(struct arena *arena, const struct tags *tags, bool *overlooked_r)
{
	const struct tag *v = tags_find(tags, "v"), *h = tags_find(tags, "h"),
	    *s = tags_find(tags, "s");

	if (v != NULL && !slice_eq(v->value, SLICE("DKIM1")))
		return arena_printf(arena, "v= is \"%s\" where \"DKIM1\" is needed",
		    log_safe(arena, v->value, 40));
	*overlooked_r = tags->malformed ||
	    (h != NULL && !list_has(h->value, "sha256", "sha256"));
	if (tags->malformed)
		return arena_printf(arena, "\"%s\" is no part of a tag=value list, or "
		    "its tag stands there twice",
		    log_safe(arena, tags->malformed_at, 40));
	if (h != NULL && !list_has(h->value, "sha256", "sha256"))
		return arena_printf(arena, "h=%s does not allow sha256, the only hash "
		    "in use", log_safe(arena, h->value, 40));
	if (s != NULL && !list_has(s->value, "email", "*"))
		return arena_printf(arena, "s=%s does not allow email",
		    log_safe(arena, s->value, 40));
	if (tags_find(tags, "p") == NULL)
		return "p= is missing: there is no key in it";
	return NULL;
}

/* p= cannot be read: was the record cut by a provider's form? */
static const char *
p_fault(struct slice text, size_t n_strings, const char *otherwise)
{
	if (n_strings <= 1 && text.n >= STRING_MAX - 1 && text.n <= STRING_MAX + 1)
		return "the record is cut at 255 octets, which is all that one string "
		    "of a TXT record can hold: publish it as several quoted strings";
	return otherwise;
}

static const char *
ed25519_fault(struct slice key)
{
	if (key.n == ED25519_OCTETS)
		return NULL;
	if (key.n == ED25519_OCTETS + 12)
		return "p= holds a SubjectPublicKeyInfo; with k=ed25519 it must be the "
		    "bare 32 octets (RFC 8463)";
	return "p= does not hold an Ed25519 key of 32 octets";
}

static void
read_public_key(struct slice text, size_t n_strings, struct key_record *record)
{
	struct rsa_public rsa;
	const char *problem = NULL;

	if (record->type == KEY_ED25519) {
		record->bits = 256;
		problem = ed25519_fault(record->public_key);
	} else if (rsa_read_spki(record->public_key, &rsa))
		record->bits = rsa_bits(&rsa);
	else if (rsa_read_pkcs1(record->public_key, &rsa))
		problem = "p= holds a bare RSAPublicKey (PKCS#1), which most verifiers "
		    "cannot read: it must be a SubjectPublicKeyInfo, as \"openssl rsa "
		    "-pubout\" prints it";
	else if (record->public_key.n == ED25519_OCTETS)
		problem = "p= holds an Ed25519 key, but k=ed25519 is missing";
	else
		problem = p_fault(text, n_strings,
		    "p= does not hold a whole RSA key: it is cut short or damaged");
	if (problem != NULL)
		fault(record, problem);
}

static void
read_tags(struct arena *arena, struct slice text, size_t n_strings,
    const struct tags *tags, struct key_record *record)
{
	const struct tag *k = tags_find(tags, "k"), *t = tags_find(tags, "t"),
	    *p = tags_find(tags, "p");

	record->testing = t != NULL && list_has(t->value, "y", "y");
	record->strict = t != NULL && list_has(t->value, "s", "s");
	if (k == NULL || slice_eq(k->value, SLICE("rsa")))
		record->type = KEY_RSA;
	else if (slice_eq(k->value, SLICE("ed25519")))
		record->type = KEY_ED25519;
	else {
		record->overlooked = slice_is(k->value, "rsa");
		fault(record, arena_printf(arena, "k=%s is a type of key that "
		    "verifiers do not know: it must be rsa or ed25519",
		    log_safe(arena, k->value, 40)));
		return;
	}
	if (p->value.n == 0)
		record->status = KEY_RECORD_REVOKED;
	else if (!base64_decode(arena, p->value, &record->public_key))
		fault(record, p_fault(text, n_strings, "p= is not base64, or its end "
		    "is missing"));
	else
		read_public_key(text, n_strings, record);
}

void
key_record_parse(struct arena *arena, const struct slice *texts,
    const size_t *n_strings, size_t n, struct key_record *record_r)
{
	const char *problem;
	struct tags *tags;

	*record_r = (struct key_record){ .status = KEY_RECORD_VALID };
	problem = text_fault(texts[0], n, &record_r->overlooked);
	if (problem != NULL) {
		fault(record_r, problem);
		return;
	}
	tags = arena_alloc(arena, sizeof(*tags));
	tags_parse(texts[0], tags);
	problem = tags_fault(arena, tags, &record_r->overlooked);
	if (problem != NULL)
		fault(record_r, problem);
	else
		read_tags(arena, texts[0], n_strings[0], tags, record_r);
}

bool
key_record_matches(const struct key_record *record, const struct key *key)
{
	struct rsa_public theirs, ours;

	if (record->status != KEY_RECORD_VALID || record->type != key_type(key))
		return false;
	if (slice_eq(record->public_key, key_public(key)))
		return true;
	return record->type == KEY_RSA && rsa_read_spki(record->public_key, &theirs) &&
	    rsa_read_spki(key_public(key), &ours) &&
	    slice_eq(theirs.modulus, ours.modulus) &&
	    slice_eq(theirs.exponent, ours.exponent);
}
