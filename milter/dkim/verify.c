/*
 * Judges signatures that came with a message.  What can be told from the field
 * and from the key record is told here; libopendkim gets well-formed fields
 * and clean keys only, and compares hashes.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "dkim/crypto.h"
#include "dkim/key.h"
#include "dkim/opendkim.h"
#include "dkim/verify.h"
#include "dns/dns.h"
#include "mail/domain.h"
#include "mail/tags.h"

enum {
	NAMES_MAX = 256,	/* names in h=; more only costs time */
	FIELDS_MAX = 1000,	/* fields fed */
	RECORD_MAX = 1024,	/* what libopendkim reads of a key record */
};

struct candidate {
	const struct header *field;
	struct verified verified;	/* reason set: decided */
	bool decided;
	const char *key_name;
	struct slice names;		/* h= */
	bool ed25519;
	const char *record;		/* for libopendkim; NULL: no key */
	size_t fed_as;			/* number among those fed */
};

struct verifier {
	struct arena *arena;
	size_t count;
	struct candidate candidates[VERIFY_MAX];
	size_t n;
	struct verify_job *job;		/* NULL: nothing is left to compare */
	size_t fed;
	bool finished;
	struct verified results[VERIFY_MAX];
};

static void
decide(struct candidate *candidate, enum dkim_result result, const char *reason)
{
	candidate->verified.result = result;
	candidate->verified.reason = reason;
	candidate->decided = true;
}

/* ---- the field ---- */

/* Number of names in h=; *from_r tells whether From is one. */
static size_t
count_names(struct slice names, bool *from_r)
{
	struct slice name;
	size_t n = 0;

	*from_r = false;
	while (slice_split(&names, ':', &name)) {
		*from_r = *from_r || slice_is(slice_trim(name), "From");
		n++;
	}
	return n;
}

/* The first of the required tags that is missing or empty (section 3.5). */
static const char *
missing_tag(const struct tags *tags)
{
	static const char *const required[] = { "v", "a", "b", "bh", "d", "h", "s" };

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		const struct tag *tag = tags_find(tags, required[i]);

		if (tag == NULL || tag->value.n == 0)
			return required[i];
	}
	return NULL;
}

static void
read_algorithm(struct candidate *candidate, struct slice algorithm)
{
	candidate->ed25519 = slice_eq(algorithm, SLICE("ed25519-sha256"));
	if (slice_eq(algorithm, SLICE("rsa-sha1")))
		decide(candidate, DKIM_PERMERROR,
		    "rsa-sha1 no longer counts (RFC 8301)");
	else if (!candidate->ed25519 && !slice_eq(algorithm, SLICE("rsa-sha256")))
		decide(candidate, DKIM_PERMERROR, "a= is an unknown algorithm");
}

/* Methods that are not known are passed over (section 3.5). */
static void
read_queries(struct candidate *candidate, const struct tag *q)
{
	struct slice methods, method;

	if (q == NULL)
		return;
	methods = q->value;
	while (slice_split(&methods, ':', &method)) {
		method = slice_trim(method);
		if (slice_is(method, "dns/txt") || slice_is(method, "dns"))
			return;
	}
	decide(candidate, DKIM_PERMERROR, "q= does not name dns/txt");
}

static void
read_names(struct candidate *candidate)
{
	bool has_from;

	if (count_names(candidate->names, &has_from) > NAMES_MAX)
		decide(candidate, DKIM_NEUTRAL, "h= names over 256 fields");
	else if (!has_from)
		decide(candidate, DKIM_PERMERROR, "h= does not name From");
}

/* Where the key is; d= may be a U-label (RFC 8616). */
static void
read_domain(struct arena *arena, struct candidate *candidate, struct slice d,
    struct slice s)
{
	const char *domain = domain_to_ascii(arena, d);
	const char *selector = domain_to_ascii(arena, s);

	if (domain != NULL)
		candidate->verified.sdid = domain;
	if (selector != NULL)
		candidate->verified.selector = selector;
	if (domain == NULL || selector == NULL) {
		decide(candidate, DKIM_PERMERROR, "d= or s= is no domain name");
		return;
	}
	candidate->key_name = arena_printf(arena, "%s._domainkey.%s", selector, domain);
	if (!domain_is_queryable(candidate->key_name))
		decide(candidate, DKIM_PERMERROR, "the name of its key is too long");
}

static struct slice
value_of(const struct tags *tags, const char *name)
{
	const struct tag *tag = tags_find(tags, name);

	return tag == NULL ? (struct slice){ "", 0 } : tag->value;
}

/* The number of a tag, 0 where it is not there or none: libopendkim says which. */
static time_t
time_of(const struct tags *tags, const char *name)
{
	unsigned long seconds;

	return slice_number(value_of(tags, name), LONG_MAX, &seconds) ?
	    (time_t)seconds : 0;
}

/* By the clock of the message, not by libopendkim's (section 3.5, t= and x=). */
static void
read_times(struct candidate *candidate, const struct tags *tags, time_t now)
{
	time_t made = time_of(tags, "t"), ends = time_of(tags, "x");

	if (ends != 0 && ends < now - VERIFY_DRIFT)
		decide(candidate, DKIM_PERMERROR, "it has expired (x=)");
	else if (made > now + VERIFY_DRIFT)
		decide(candidate, DKIM_PERMERROR, "it was made in the future (t=)");
}

static void
read_field(struct arena *arena, struct candidate *candidate, time_t now)
{
	struct tags *tags = arena_alloc(arena, sizeof(*tags));
	struct slice d, s;
	const char *missing;

	tags_parse(candidate->field->value, tags);
	d = value_of(tags, "d");
	s = value_of(tags, "s");
	candidate->names = value_of(tags, "h");
	candidate->verified = (struct verified){
		.sdid = log_safe(arena, d, DOMAIN_MAX),
		.selector = log_safe(arena, s, DOMAIN_MAX),
		.algorithm = log_safe(arena, value_of(tags, "a"), 40),
		.signed_names = candidate->names,
		.has_length = tags_find(tags, "l") != NULL,
	};
	missing = missing_tag(tags);
	if (tags->malformed || (candidate->field->odd & HEADER_ODD_NUL) != 0)
		decide(candidate, DKIM_PERMERROR, "it is no list of tags");
	else if (missing != NULL)
		decide(candidate, DKIM_PERMERROR,
		    arena_printf(arena, "%s= is missing", missing));
	else if (!slice_eq(value_of(tags, "v"), SLICE("1")))
		decide(candidate, DKIM_PERMERROR, "v= is an unknown version");
	if (!candidate->decided)
		read_algorithm(candidate, value_of(tags, "a"));
	if (!candidate->decided)
		read_queries(candidate, tags_find(tags, "q"));
	if (!candidate->decided)
		read_names(candidate);
	if (!candidate->decided)
		read_domain(arena, candidate, d, s);
	if (!candidate->decided)
		read_times(candidate, tags, now);
}

/* ---- what libopendkim gets ---- */

static void
decide_rest(struct verifier *verifier, enum dkim_result result, const char *reason)
{
	for (size_t i = 0; i < verifier->n; i++) {
		if (!verifier->candidates[i].decided)
			decide(&verifier->candidates[i], result, reason);
	}
}

/* Lower-case names that some signature covers. */
static struct map *
names_wanted(const struct verifier *verifier)
{
	struct map *wanted = map_new(verifier->arena);
	struct slice rest, name;

	for (size_t i = 0; i < verifier->n; i++) {
		if (verifier->candidates[i].decided)
			continue;
		rest = verifier->candidates[i].names;
		while (slice_split(&rest, ':', &name))
			map_set(wanted, slice_dup_lower(verifier->arena,
			    slice_trim(name)), wanted);
	}
	return wanted;
}

/* The undecided candidate that this field is, or NULL. */
static struct candidate *
candidate_of(struct verifier *verifier, const struct header *h)
{
	for (size_t i = 0; i < verifier->n; i++) {
		struct candidate *candidate = &verifier->candidates[i];

		if (candidate->field == h && !candidate->decided)
			return candidate;
	}
	return NULL;
}

/*
 * Feeds one field if a signature covers it or it is one.  -1 when libopendkim
 * does not take a signature, which is decided then.
 */
static int
feed_field(struct verifier *verifier, const struct map *wanted, const struct header *h,
    size_t *n)
{
	struct candidate *candidate = candidate_of(verifier, h);
	struct slice name = slice_trim(h->name);

	if (candidate == NULL && (h->id == HDR_DKIM_SIGNATURE ||
	    map_get(wanted, slice_dup_lower(verifier->arena, name)) == NULL))
		return 0;
	if (++*n > FIELDS_MAX) {
		decide_rest(verifier, DKIM_NEUTRAL, "it covers over 1000 fields");
		return -1;
	}
	if (verify_job_field(verifier->job, h->name, h->value) != 0 &&
	    candidate != NULL) {
		decide(candidate, DKIM_PERMERROR, "it cannot be read");
		return -1;
	}
	if (candidate != NULL)
		candidate->fed_as = verifier->fed++;
	return 0;
}

static bool
find_record(void *context, size_t i, char *record, size_t size)
{
	const struct verifier *verifier = context;

	for (size_t k = 0; k < verifier->n; k++) {
		const struct candidate *candidate = &verifier->candidates[k];

		if (candidate->fed_as == i && candidate->record != NULL)
			return (size_t)snprintf(record, size, "%s",
			    candidate->record) < size;
	}
	return false;
}

static bool
all_decided(const struct verifier *verifier)
{
	for (size_t i = 0; i < verifier->n; i++) {
		if (!verifier->candidates[i].decided)
			return false;
	}
	return true;
}

/* -1 when a signature had to be left out: the order of those fed is wrong then. */
static int
feed_header(struct verifier *verifier, const struct headers *headers)
{
	const struct map *wanted = names_wanted(verifier);
	size_t n = 0;

	verifier->fed = 0;
	for (size_t i = 0; i < verifier->n; i++)
		verifier->candidates[i].fed_as = SIZE_MAX;
	for (size_t i = 0; i < headers_kept(headers); i++) {
		if (feed_field(verifier, wanted, headers_at(headers, i), &n) != 0)
			return -1;
	}
	if (verify_job_start(verifier->job) != 0)
		decide_rest(verifier, DKIM_NEUTRAL, "the header cannot be read");
	return 0;
}

static void
start_job(struct verifier *verifier, struct dkim_lib *lib,
    const struct headers *headers)
{
	/* Each round but the last decides one signature at least. */
	while (!all_decided(verifier)) {
		verifier->job = verify_job_new(lib, verifier->arena, find_record,
		    verifier);
		if (verifier->job == NULL)
			decide_rest(verifier, DKIM_NEUTRAL, "libopendkim failed");
		else if (feed_header(verifier, headers) == 0)
			break;
	}
	if (all_decided(verifier))
		verifier->job = NULL;
}

struct verifier *
verifier_new(struct dkim_lib *lib, struct arena *arena, const struct headers *headers,
    time_t now)
{
	struct verifier *verifier;
	const struct header *h;

	if (headers_count(headers, HDR_DKIM_SIGNATURE) == 0)
		return NULL;
	verifier = arena_alloc(arena, sizeof(*verifier));
	verifier->arena = arena;
	verifier->count = headers_count(headers, HDR_DKIM_SIGNATURE);
	for (h = headers_first(headers, HDR_DKIM_SIGNATURE);
	    h != NULL && verifier->n < VERIFY_MAX; h = headers_next(headers, h)) {
		if (h->full_size > VERIFY_FIELD_MAX || (h->odd & HEADER_ODD_CUT) != 0)
			continue;
		verifier->candidates[verifier->n].field = h;
		read_field(arena, &verifier->candidates[verifier->n++], now);
	}
	start_job(verifier, lib, headers);
	return verifier;
}

void
verifier_body(struct verifier *verifier, const void *bytes, size_t n)
{
	if (verifier->job != NULL)
		verify_job_body(verifier->job, bytes, n);
}

size_t
verifier_count(const struct verifier *verifier)
{
	return verifier->count;
}

/* ---- the keys ---- */

static void
use_record(struct arena *arena, struct candidate *candidate,
    const struct key_record *record)
{
	enum key_type type = candidate->ed25519 ? KEY_ED25519 : KEY_RSA;
	const char *text;

	if (record->type != type) {
		decide(candidate, DKIM_PERMERROR, "the key in DNS is of another type");
		return;
	}
	if (type == KEY_RSA && record->bits < KEY_RSA_BITS_MIN) {
		decide(candidate, DKIM_PERMERROR,
		    "its key has less than 1024 bits (RFC 8301)");
		return;
	}
	text = arena_printf(arena, "v=DKIM1; k=%s; %sp=%s",
	    type == KEY_RSA ? "rsa" : "ed25519", record->strict ? "t=s; " : "",
	    base64_encode(arena, record->public_key.p, record->public_key.n));
	if (strlen(text) > RECORD_MAX)
		decide(candidate, DKIM_POLICY, "its key is larger than 4096 bits");
	else
		candidate->record = text;
}

static void
read_answer(struct arena *arena, struct candidate *candidate,
    const struct dns_answer *answer)
{
	struct slice *texts = arena_array(arena, answer->n, sizeof(*texts));
	size_t *n_strings = arena_array(arena, answer->n, sizeof(*n_strings));
	struct key_record record;

	if (answer->n == 0) {
		decide(candidate, DKIM_PERMERROR, "its key is not in DNS");
		return;
	}
	for (size_t i = 0; i < answer->n; i++) {
		texts[i] = answer->rrs[i].text;
		n_strings[i] = answer->rrs[i].n_strings;
	}
	key_record_parse(arena, texts, n_strings, answer->n, &record);
	switch (record.status) {
	case KEY_RECORD_VALID:
		use_record(arena, candidate, &record);
		break;
	case KEY_RECORD_REVOKED:
		decide(candidate, DKIM_PERMERROR, "its key is revoked (empty p=)");
		break;
	case KEY_RECORD_MALFORMED:
		decide(candidate, DKIM_PERMERROR,
		    arena_printf(arena, "its key record is faulty: %s",
		    record.problem));
		break;
	}
}

static void
get_key(struct arena *arena, struct candidate *candidate,
    const struct dns_answer *answer)
{
	switch (answer->status) {
	case DNS_OK:
		read_answer(arena, candidate, answer);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		decide(candidate, DKIM_PERMERROR, "its key is not in DNS");
		break;
	case DNS_TEMPFAIL:
	case DNS_PENDING:
		decide(candidate, DKIM_TEMPERROR, "DNS did not give its key");
		break;
	}
}

/* Asks for all keys at once; true when one is still under way. */
static bool
ask_keys(const struct verifier *verifier, struct lookups *lookups)
{
	bool pending = false;

	for (size_t i = 0; i < verifier->n; i++) {
		const struct candidate *candidate = &verifier->candidates[i];

		if (!candidate->decided && dns_get(lookups, candidate->key_name,
		    DNS_TXT)->status == DNS_PENDING)
			pending = true;
	}
	return pending;
}

static void
compare(struct verifier *verifier)
{
	struct verify_outcome outcomes[VERIFY_MAX];

	if (verifier->job == NULL)
		return;
	verify_job_finish(verifier->job, outcomes, verifier->fed);
	for (size_t i = 0; i < verifier->n; i++) {
		struct candidate *candidate = &verifier->candidates[i];

		if (!candidate->decided)
			decide(candidate, outcomes[candidate->fed_as].result,
			    outcomes[candidate->fed_as].reason);
	}
}

int
verifier_finish(struct verifier *verifier, struct lookups *lookups,
    const struct verified **verified_r, size_t *n_r)
{
	if (!verifier->finished) {
		if (ask_keys(verifier, lookups))
			return 1;
		for (size_t i = 0; i < verifier->n; i++) {
			struct candidate *candidate = &verifier->candidates[i];

			if (!candidate->decided)
				get_key(verifier->arena, candidate,
				    dns_get(lookups, candidate->key_name, DNS_TXT));
		}
		compare(verifier);
		for (size_t i = 0; i < verifier->n; i++)
			verifier->results[i] = verifier->candidates[i].verified;
		verifier->finished = true;
	}
	*verified_r = verifier->results;
	*n_r = verifier->n;
	return 0;
}

const char *
dkim_result_name(enum dkim_result result)
{
	switch (result) {
	case DKIM_NONE:
		return "none";
	case DKIM_PASS:
		return "pass";
	case DKIM_FAIL:
		return "fail";
	case DKIM_POLICY:
		return "policy";
	case DKIM_NEUTRAL:
		return "neutral";
	case DKIM_TEMPERROR:
		return "temperror";
	case DKIM_PERMERROR:
		return "permerror";
	}
	return "";
}
