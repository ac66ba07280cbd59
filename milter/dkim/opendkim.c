/*
 * The one file that calls libopendkim.
 */
#include <sys/types.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <opendkim/dkim.h>

#include "base/arena.h"
#include "base/mem.h"
#include "dkim/crypto.h"
#include "dkim/key_private.h"
#include "dkim/keyring.h"
#include "dkim/opendkim.h"
#include "dkim/sign.h"

/* Relaxed body canonicalization keeps a line whole; no mail has such lines. */
#define LINE_MAX_FED (1024 * 1024)

struct dkim_lib {
	DKIM_LIB *lib;			/* verifies; keeps OpenSSL set up */
	bool takes_key;			/* libopendkim calls our functions */
	bool takes_digest;
	bool leaks_ed25519;		/* and leaves a reference behind */
};

/* A body on its way: libopendkim wants it to end in CRLF. */
struct feed {
	size_t line;			/* octets since the last line feed */
	char last;
	bool any, crlf, too_long, failed;
};

struct sign_job {
	const struct dkim_lib *owner;
	struct arena *arena;
	const struct ring_key *key;
	DKIM_LIB *lib;			/* of this signature: time and oversigning */
	DKIM *dkim;
	struct feed feed;
};

struct verify_job {
	struct arena *arena;
	DKIM *dkim;
	verify_key_fn *key;
	void *context;
	struct feed feed;
	bool started;
};

/* ---- memory: the arena is the closure ---- */

static void *
take_memory(void *closure, size_t size)
{
	return closure == NULL ? mem_alloc(size) : arena_alloc(closure, size);
}

static void
give_memory(void *closure, void *memory)
{
	if (closure == NULL)
		free(memory);
}

static unsigned char *
octets(const void *p)
{
	return (unsigned char *)(uintptr_t)p;	/* libopendkim does not write there */
}

static const char *
error_of(DKIM *dkim, DKIM_STAT status, struct arena *arena)
{
	const char *text = dkim == NULL ? NULL : dkim_geterror(dkim);

	if (text == NULL || text[0] == '\0')
		text = dkim_getresultstr(status);
	return arena_printf(arena, "libopendkim: %s", text == NULL ? "failed" : text);
}

/* "Name:value" with each fold as CRLF, without a line end of its own. */
static struct slice
field_text(struct arena *arena, struct slice name, struct slice value)
{
	char *text = arena_alloc(arena, name.n + 1 + 2 * value.n + 1);
	size_t n = name.n;

	while (value.n > 0 && (value.p[value.n - 1] == '\n' ||
	    value.p[value.n - 1] == '\r'))
		value.n--;
	memcpy(text, name.p, name.n);
	text[n++] = ':';
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\n' && (i == 0 || value.p[i - 1] != '\r'))
			text[n++] = '\r';
		text[n++] = value.p[i];
	}
	return (struct slice){ text, n };
}

/* ---- the body ---- */

static void
feed_body(struct feed *feed, DKIM *dkim, const char *p, size_t n)
{
	const char *line_feed;

	if (n == 0 || feed->failed || feed->too_long)
		return;
	line_feed = memrchr(p, '\n', n);
	if (line_feed == NULL)
		feed->line += n;
	else
		feed->line = n - (size_t)(line_feed - p) - 1;
	if (feed->line > LINE_MAX_FED) {
		feed->too_long = true;
		return;
	}
	feed->crlf = p[n - 1] == '\n' && (n > 1 ? p[n - 2] : feed->last) == '\r';
	feed->last = p[n - 1];
	feed->any = true;
	feed->failed = dkim_body(dkim, octets(p), n) != DKIM_STAT_OK;
}

static void
feed_end(struct feed *feed, DKIM *dkim)
{
	if (feed->any && !feed->crlf)
		feed_body(feed, dkim, "\r\n", 2);
}

/* ---- signing ---- */

static void
sign_job_free(void *object)
{
	struct sign_job *job = object;

	if (job->dkim != NULL)
		dkim_free(job->dkim);
	if (job->lib != NULL)
		dkim_close(job->lib);
	job->dkim = NULL;
	job->lib = NULL;
}

/*
 * Time, expiry and oversigning are options of a library handle, so each
 * signature gets a handle of its own: a microsecond.
 */
static DKIM_LIB *
lib_for(const char *const *oversign, uint64_t now, uint64_t expire)
{
	DKIM_LIB *lib = dkim_init(take_memory, give_memory);

	if (lib == NULL)
		return NULL;
	if (dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_FIXEDTIME, &now,
	    sizeof(now)) == DKIM_STAT_OK &&
	    dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_SIGNATURETTL, &expire,
	    sizeof(expire)) == DKIM_STAT_OK &&
	    dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_OVERSIGNHDRS, octets(oversign),
	    sizeof(unsigned char **)) == DKIM_STAT_OK)
		return lib;
	dkim_close(lib);
	return NULL;
}

static dkim_canon_t
canon_of(enum canon canon)
{
	return canon == CANON_RELAXED ? DKIM_CANON_RELAXED : DKIM_CANON_SIMPLE;
}

/*
 * libopendkim folds before the b= of an Ed25519 signature only after it has
 * signed the field without that fold: in the simple form none would verify.
 */
static dkim_canon_t
header_canon(const struct ring_key *key)
{
	if (key_type(key->key) == KEY_ED25519)
		return DKIM_CANON_RELAXED;
	return canon_of(key->settings->canon_header);
}

struct sign_job *
sign_job_new(struct dkim_lib *lib, struct arena *arena, const struct ring_key *key,
    const char *const *oversign, time_t now, const char **error_r)
{
	struct sign_job *job = arena_alloc(arena, sizeof(*job));
	const char *pem = HANDOVER_PEM;
	DKIM_STAT status = DKIM_STAT_NORESOURCE;

	*job = (struct sign_job){ .owner = lib, .arena = arena, .key = key };
	arena_defer(arena, sign_job_free, job);
	if (!lib->takes_key)
		pem = key_private_pem(key->key, arena);
	job->lib = lib_for(oversign, (uint64_t)now, key->settings->expire);
	if (job->lib != NULL && pem != NULL)
		job->dkim = dkim_sign(job->lib, octets("mailworthy"), arena,
		    octets(pem), octets(key->selector), octets(key->domain),
		    header_canon(key),
		    canon_of(key->settings->canon_body), key_type(key->key) == KEY_RSA ?
		    DKIM_SIGN_RSASHA256 : DKIM_SIGN_ED25519SHA256, -1, &status);
	if (job->dkim != NULL)
		return job;
	*error_r = error_of(NULL, status, arena);
	return NULL;
}

int
sign_job_field(struct sign_job *job, struct slice name, struct slice value,
    const char **error_r)
{
	struct slice field = field_text(job->arena, name, value);
	DKIM_STAT status = dkim_header(job->dkim, octets(field.p), field.n);

	if (status == DKIM_STAT_OK)
		return 0;
	*error_r = error_of(job->dkim, status, job->arena);
	return -1;
}

int
sign_job_start(struct sign_job *job, const char **error_r)
{
	DKIM_STAT status = dkim_eoh(job->dkim);

	if (status == DKIM_STAT_OK)
		return 0;
	*error_r = error_of(job->dkim, status, job->arena);
	return -1;
}

bool
sign_job_takes_digest(const struct sign_job *job)
{
	return job->owner->takes_digest;
}

void
sign_job_body(struct sign_job *job, const void *bytes, size_t n)
{
	feed_body(&job->feed, job->dkim, bytes, n);
}

/* The finished value out of libopendkim's memory, its references back. */
static const char *
collect_value(struct sign_job *job, bool key_taken, const char **error_r)
{
	const char *value = NULL;
	unsigned char *text;
	DKIM_STAT status;
	size_t n;

	status = dkim_getsighdr_d(job->dkim, sizeof("DKIM-Signature: ") - 1, &text, &n);
	if (status == DKIM_STAT_OK)
		value = arena_strndup(job->arena, (const char *)text, n);
	else
		*error_r = error_of(job->dkim, status, job->arena);
	sign_job_free(job);
	if (key_taken && key_type(job->key->key) == KEY_ED25519 &&
	    job->owner->leaks_ed25519)
		handover_drop(job->key->key);
	return value;
}

static DKIM_STAT
end_message(struct sign_job *job, struct handover *handover)
{
	DKIM_STAT status;

	handover_start(handover);
	status = dkim_eom(job->dkim, NULL);
	handover_stop();
	return status;
}

/*
 * The error paths of libopendkim give the key back and dkim_free() would once
 * more.  Left alone, the handle's memory goes with the arena all the same.
 */
static void
give_up(struct sign_job *job, const struct handover *handover)
{
	if (handover->key_taken)
		job->dkim = NULL;
}

const char *
sign_job_finish(struct sign_job *job, const unsigned char *body_digest,
    const char **error_r)
{
	struct handover handover = { .body_digest = body_digest };
	DKIM_STAT status;

	if (job->owner->takes_key)
		handover.key = job->key->key;
	feed_end(&job->feed, job->dkim);
	if (job->feed.too_long || job->feed.failed) {
		*error_r = "the body has a line over 1 MiB: no verifier would read it";
		return NULL;
	}
	status = end_message(job, &handover);
	if (status == DKIM_STAT_OK)
		return collect_value(job, handover.key_taken, error_r);
	*error_r = error_of(job->dkim, status, job->arena);
	give_up(job, &handover);
	return NULL;
}

/* ---- the library ---- */

/* Signs an empty message with the key; tells what libopendkim came for. */
static int
try_key(struct dkim_lib *lib, const struct key *key, struct handover *handover)
{
	static const char *const oversign[] = { "From", NULL };
	const struct settings_domain settings = { .canon_header = CANON_RELAXED,
		.canon_body = CANON_RELAXED };
	const struct ring_key ring_key = { .domain = "example.com", .selector = "test",
		.key = key, .settings = &settings };
	const unsigned char digest[SHA256_SIZE] = { 0 };
	struct dkim_lib trial = { .takes_key = true };
	struct arena *arena = arena_new();
	struct sign_job *job;
	const char *error;
	int status = -1;

	*handover = (struct handover){ .key = key, .body_digest = digest };
	job = sign_job_new(&trial, arena, &ring_key, oversign, 1, &error);
	if (job != NULL &&
	    sign_job_field(job, SLICE("From"), SLICE(" a@example.com"), &error) == 0 &&
	    sign_job_start(job, &error) == 0) {
		if (end_message(job, handover) == DKIM_STAT_OK)
			status = 0;
		else
			give_up(job, handover);
	}
	arena_free(&arena);
	if (status == 0 && handover->key_taken && key_type(key) == KEY_ED25519 &&
	    lib->leaks_ed25519)
		handover_drop(key);
	return status;
}

static int
probe_with(const struct key *key, void *context)
{
	struct dkim_lib *lib = context;
	struct handover handover;

	if (try_key(lib, key, &handover) != 0)
		return -1;
	lib->takes_key = handover.key_taken;
	lib->takes_digest = handover.digest_taken;
	return 0;
}

static DKIM_CBSTAT
find_key(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buf, size_t size)
{
	struct verify_job *job = dkim_get_user_context(dkim);
	DKIM_SIGINFO **sigs;
	int n;

	if (dkim_getsiglist(dkim, &sigs, &n) != DKIM_STAT_OK)
		return DKIM_CBSTAT_NOTFOUND;
	for (int i = 0; i < n; i++) {
		if (sigs[i] == sig &&
		    job->key(job->context, (size_t)i, (char *)buf, size))
			return DKIM_CBSTAT_CONTINUE;
	}
	return DKIM_CBSTAT_NOTFOUND;
}

struct dkim_lib *
dkim_lib_new(const char **error_r)
{
	unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
	/* times are judged by the message's clock (verify.c): never by the library's */
	uint64_t drift = 1 << 30;	/* it takes this from the time of day */
	struct dkim_lib *lib = mem_alloc(sizeof(*lib));

	lib->lib = dkim_init(take_memory, give_memory);
	if (lib->lib == NULL || !dkim_libfeature(lib->lib, DKIM_FEATURE_SHA256) ||
	    !dkim_libfeature(lib->lib, DKIM_FEATURE_ED25519)) {
		*error_r = "libopendkim cannot be used: it is built without "
		    "rsa-sha256 or ed25519-sha256";
		dkim_lib_free(&lib);
		return NULL;
	}
	dkim_options(lib->lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof(flags));
	dkim_options(lib->lib, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift, sizeof(drift));
	dkim_set_key_lookup(lib->lib, find_key);
	lib->leaks_ed25519 = handover_leaks(probe_with, lib);
	return lib;
}

void
dkim_lib_free(struct dkim_lib **lib_p)
{
	struct dkim_lib *lib = *lib_p;

	*lib_p = NULL;
	if (lib == NULL)
		return;
	if (lib->lib != NULL)
		dkim_close(lib->lib);
	free(lib);
}

bool
dkim_lib_is_fast(struct dkim_lib *lib, const struct ring_key *key)
{
	struct handover handover = { .key = NULL };

	return lib->takes_key && lib->takes_digest &&
	    try_key(lib, key->key, &handover) == 0 && handover.key_taken &&
	    handover.digest_taken;
}

/* ---- verifying ---- */

static void
verify_job_free(void *object)
{
	struct verify_job *job = object;

	if (job->dkim != NULL)
		dkim_free(job->dkim);
	job->dkim = NULL;
}

struct verify_job *
verify_job_new(struct dkim_lib *lib, struct arena *arena, verify_key_fn *key,
    void *context)
{
	struct verify_job *job = arena_alloc(arena, sizeof(*job));
	DKIM_STAT status;

	*job = (struct verify_job){ .arena = arena, .key = key, .context = context };
	job->dkim = dkim_verify(lib->lib, octets("mailworthy"), arena, &status);
	if (job->dkim == NULL)
		return NULL;
	dkim_set_user_context(job->dkim, job);
	arena_defer(arena, verify_job_free, job);
	return job;
}

int
verify_job_field(struct verify_job *job, struct slice name, struct slice value)
{
	struct slice field = field_text(job->arena, name, value);

	return dkim_header(job->dkim, octets(field.p), field.n) == DKIM_STAT_OK ?
	    0 : -1;
}

int
verify_job_start(struct verify_job *job)
{
	job->started = dkim_eoh(job->dkim) == DKIM_STAT_OK;
	return job->started ? 0 : -1;
}

void
verify_job_body(struct verify_job *job, const void *bytes, size_t n)
{
	if (job->started)
		feed_body(&job->feed, job->dkim, bytes, n);
}

/*
 * PERMFAIL of RFC 6376 section 6.1.1 is permerror here, as receivers word it;
 * neutral is for what we did not judge.
 */
static const struct reading {
	int error;
	struct verify_outcome outcome;
} readings[] = {
	{ DKIM_SIGERROR_BADSIG, { DKIM_FAIL,
	    "it does not verify: a signed field or the body was changed" } },
	{ DKIM_SIGERROR_TIMESTAMPS, { DKIM_PERMERROR, "x= is before t=" } },
	{ DKIM_SIGERROR_TOOLARGE_L, { DKIM_PERMERROR,
	    "l= is larger than the body" } },
	{ DKIM_SIGERROR_DOMAIN, { DKIM_PERMERROR, "i= is not below d=" } },
	{ DKIM_SIGERROR_SUBDOMAIN, { DKIM_PERMERROR,
	    "the key does not allow i= of a subdomain (t=s)" } },
	{ DKIM_SIGERROR_INVALID_HC, { DKIM_PERMERROR, "c= is not known" } },
	{ DKIM_SIGERROR_INVALID_BC, { DKIM_PERMERROR, "c= is not known" } },
	{ DKIM_SIGERROR_INVALID_L, { DKIM_PERMERROR, "l= is no number" } },
	{ DKIM_SIGERROR_INVALID_Q, { DKIM_PERMERROR, "q= is not dns/txt" } },
	{ DKIM_SIGERROR_INVALID_QO, { DKIM_PERMERROR, "q= is not dns/txt" } },
	{ DKIM_SIGERROR_CORRUPT_B, { DKIM_PERMERROR, "b= is not base64" } },
	{ DKIM_SIGERROR_CORRUPT_BH, { DKIM_PERMERROR, "bh= is not base64" } },
	{ DKIM_SIGERROR_KEYDECODE, { DKIM_PERMERROR,
	    "its key in DNS is no SubjectPublicKeyInfo: many verifiers cannot read it" } },
};

static struct verify_outcome
outcome_of(DKIM_SIGINFO *sig)
{
	int error = dkim_sig_geterror(sig);

	if (error == DKIM_SIGERROR_OK && DKIM_SIG_CHECK(sig))
		return (struct verify_outcome){ DKIM_PASS, NULL };
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		if (readings[i].error == error)
			return readings[i].outcome;
	}
	return (struct verify_outcome){ DKIM_PERMERROR, "it cannot be read" };
}

void
verify_job_finish(struct verify_job *job, struct verify_outcome *outcomes_r, size_t n)
{
	DKIM_SIGINFO **sigs = NULL;
	int count = 0;

	for (size_t i = 0; i < n; i++)
		outcomes_r[i] = (struct verify_outcome){ DKIM_NEUTRAL,
			"the message cannot be read" };
	if (!job->started)
		return;
	feed_end(&job->feed, job->dkim);
	if (!job->feed.too_long && !job->feed.failed) {
		dkim_eom(job->dkim, NULL);
		if (dkim_getsiglist(job->dkim, &sigs, &count) != DKIM_STAT_OK ||
		    (size_t)count != n)
			count = 0;
	}
	for (int i = 0; i < count; i++)
		outcomes_r[i] = outcome_of(sigs[i]);
	verify_job_free(job);
}
