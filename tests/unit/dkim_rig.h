/*
 * What the tests of signing and verifying share: a library, two keys of
 * example.com, messages out of text, a zone that holds the keys.
 */
#ifndef MW_TESTS_UNIT_DKIM_RIG_H
#define MW_TESTS_UNIT_DKIM_RIG_H

#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "dkim/keyring.h"
#include "dkim/sign.h"
#include "dkim/verify.h"
#include "dkim_keys.h"
#include "dns/dns.h"
#include "exact.h"
#include "settings/settings.h"

#define RIG_ZONE \
	"rsa._domainkey.example.com TXT \"v=DKIM1; k=rsa; p=\" \"" P_RSA "\"\n" \
	"ed._domainkey.example.com TXT \"v=DKIM1; k=ed25519; p=" P_ED25519 "\"\n"

struct rig {
	struct dkim_lib *lib;
	struct key *keys[2];
	struct settings_domain settings;
	struct ring_key rsa, ed25519;
	struct arena *arena;		/* of one message: rig_message_new() */
	struct clock_fake clock;
};

static inline void
rig_open(struct rig *rig)
{
	struct arena *arena = arena_new();
	const char *error = NULL;

	*rig = (struct rig){ .lib = dkim_lib_new(&error) };
	assert_non_null(rig->lib);
	rig->keys[0] = key_parse(SLICE(PEM_RSA), arena, &error);
	rig->keys[1] = key_parse(SLICE(PEM_ED25519), arena, &error);
	rig->settings = (struct settings_domain){ .canon_header = CANON_RELAXED,
		.canon_body = CANON_RELAXED };
	rig->rsa = (struct ring_key){ .domain = "example.com", .selector = "rsa",
		.key = rig->keys[0], .settings = &rig->settings };
	rig->ed25519 = (struct ring_key){ .domain = "example.com", .selector = "ed",
		.key = rig->keys[1], .settings = &rig->settings };
	clock_fake_init(&rig->clock, time(NULL));
	arena_free(&arena);
}

static inline void
rig_close(struct rig *rig)
{
	arena_free(&rig->arena);
	key_free(&rig->keys[0]);
	key_free(&rig->keys[1]);
	dkim_lib_free(&rig->lib);
}

/*
 * Fields "Name:value", each ended by LF; a line that starts with a blank goes on
 * with the field above.  The memory of the message before is gone.
 */
static inline struct headers *
rig_headers(struct rig *rig, const char *text)
{
	struct headers *headers;

	arena_free(&rig->arena);
	rig->arena = arena_new();
	headers = headers_new(rig->arena);
	while (*text != '\0') {
		const char *colon = strchr(text, ':'), *end = strchr(text, '\n');

		while (end[1] == ' ' || end[1] == '\t')
			end = strchr(end + 1, '\n');
		headers_add(headers, (struct slice){ text, (size_t)(colon - text) },
		    (struct slice){ colon + 1, (size_t)(end - colon) - 1 });
		text = end + 1;
	}
	return headers;
}

/* The signatures of a message with these fields and body, fed in pieces. */
static inline size_t
rig_sign_with(struct rig *rig, const struct ring_key *rsa, const struct ring_key *ed25519,
    const struct headers *headers, struct slice body, size_t piece,
    struct signature signatures_r[2])
{
	struct signer *signer = signer_new(rig->lib, rig->arena, rsa, ed25519, headers, NULL,
	    NULL, rig->clock.now);

	for (size_t i = 0; i < body.n; i += piece) {
		struct slice part = slice_sub(body, i, piece);
		struct slice copy = exact_bytes(part.p, part.n);

		signer_body(signer, copy.p, copy.n);
		exact_drop(copy);
	}
	return signer_finish(signer, signatures_r);
}

/* The fields with the signatures above them. */
static inline const char *
rig_signed_text(struct rig *rig, const char *text, const struct signature *signatures,
    size_t n)
{
	char *whole = strdup(text), *more;

	(void)rig;
	for (size_t i = 0; i < n; i++) {
		assert_null(signatures[i].error);
		assert_non_null(signatures[i].value);
		more = malloc(strlen(whole) + strlen(signatures[i].value) + 32);
		sprintf(more, "DKIM-Signature: %s\n%s", signatures[i].value, whole);
		free(whole);
		whole = more;
	}
	return whole;			/* for free() */
}

static inline size_t
rig_verify(struct rig *rig, const char *text, struct slice body, const char *zone,
    size_t piece, const struct verified **verified_r)
{
	struct headers *headers = rig_headers(rig, text);
	struct verifier *verifier = verifier_new(rig->lib, rig->arena, headers,
	    rig->clock.now);
	struct lookups *lookups;
	const char *error;
	struct dns *dns;
	size_t n = 0;

	if (verifier == NULL)
		return 0;
	for (size_t i = 0; i < body.n; i += piece) {
		struct slice part = slice_sub(body, i, piece);

		verifier_body(verifier, part.p, part.n);
	}
	dns = dns_new_zone(slice_of(zone), &rig->clock.clock, rig->arena, &error);
	assert_non_null(dns);
	lookups = lookups_new(dns, rig->arena, 10, DNS_QUERIES_MAX);
	while (verifier_finish(verifier, lookups, verified_r, &n) != 0)
		lookups_wait(lookups);
	dns_free(&dns);
	return n;
}

#endif
