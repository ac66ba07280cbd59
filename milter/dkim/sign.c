/*
 * Which fields are signed, and the body hash shared by the signatures of one
 * message.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dkim/body_hash.h"
#include "dkim/keyring.h"
#include "dkim/opendkim.h"
#include "dkim/sign.h"
#include "mail/tags.h"

enum { KEYS_MAX = 2, SIGNATURE_TEXT_MAX = 64 * 1024 };

/* RFC 6376 section 5.4.1; Feedback-ID is read by Gmail only when it is signed. */
static const char *const standard_names[] = {
	"From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID", "In-Reply-To",
	"References", "MIME-Version", "Content-*", "Sender", "Resent-*", "List-*",
	"Feedback-ID", NULL,
};

/* What a list leaves alone; RFC 8058 section 4 wants the last two. */
static const char *const list_friendly_names[] = {
	"From", "Subject", "Date", "To", "Cc", "Message-ID", "In-Reply-To",
	"References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"List-Unsubscribe", "List-Unsubscribe-Post", NULL,
};

/* Nobody can add another of these and keep the signature.  Never List-*. */
static const char *const strict_oversign[] = {
	"From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID",
	"MIME-Version", "Content-Type", NULL,
};
static const char *const from_oversign[] = { "From", NULL };

struct work {				/* one signature in the making */
	const struct ring_key *key;
	struct sign_job *job;		/* NULL once it has failed */
	const char *error;
	struct body_hash *body;		/* of both keys when they agree */
};

struct signer {
	struct arena *arena;
	struct work works[KEYS_MAX];
	size_t n;
};

struct selection {			/* the fields of one message to sign */
	struct arena *arena;
	const struct headers *headers;
	const char *const *names;
	const char *oversign[sizeof(strict_oversign) / sizeof(strict_oversign[0])];
	struct { struct slice name, value; } fields[SIGN_HEADERS_MAX];
	size_t n;
	bool *marks;			/* by place in the message */
	unsigned char whole[HDR_IDS];	/* 0 not looked at, 1 whole, 2 not */
};

const char *const *
sign_profile_names(enum header_profile profile)
{
	switch (profile) {
	case PROFILE_STANDARD:
	case PROFILE_STRICT:
		return standard_names;
	case PROFILE_LIST_FRIENDLY:
		return list_friendly_names;
	}
	return standard_names;
}

static bool
is_plain_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    (c < '0' || c > '9') && c != '-' && c != '_')
			return false;
	}
	return name.n > 0;
}

/* Content-Length and Resent-Bcc are dropped on the way. */
static bool
is_lost_on_the_way(struct slice name)
{
	return slice_is(name, "Content-Length") || slice_is(name, "Resent-Bcc");
}

static bool
name_in(struct slice name, const char *const *names)
{
	for (; *names != NULL; names++) {
		size_t n = strlen(*names);

		if ((*names)[n - 1] != '*') {
			if (slice_is(name, *names))
				return true;
		} else if (name.n >= n && slice_eq_nocase(slice_sub(name, 0, n - 1),
		    (struct slice){ *names, n - 1 }))
			return is_plain_name(name) && !is_lost_on_the_way(name);
	}
	return false;
}

static bool
kind_is_whole(const struct headers *headers, enum header_id id)
{
	size_t kept = 0;

	for (const struct header *h = headers_first(headers, id); h != NULL;
	    h = headers_next(headers, h)) {
		if ((h->odd & HEADER_ODD_CUT) != 0)
			return false;
		kept++;
	}
	return kept == headers_count(headers, id);
}

/*
 * A verifier counts from the bottom: where one field of a name was not kept
 * whole, none of that name can be signed.
 */
static bool
name_is_whole(struct selection *selection, const struct header *field)
{
	unsigned char *whole = &selection->whole[field->id];

	if (!headers_over_limit(selection->headers))
		return true;
	if (field->id == HDR_OTHER)
		return false;
	if (*whole == 0)
		*whole = kind_is_whole(selection->headers, field->id) ? 1 : 2;
	return *whole == 1;
}

static void
drop_oversign(struct selection *selection, struct slice name)
{
	const char **from = selection->oversign, **to = from;

	for (; *from != NULL; from++) {
		if (!slice_is(name, *from))
			*to++ = *from;
	}
	*to = NULL;
}

/* Marks one field if it is to be signed; NULL or why nothing can be. */
static const char *
mark_field(struct selection *selection, size_t i, size_t *marked)
{
	const struct header *h = headers_at(selection->headers, i);
	struct slice name = slice_trim(h->name);

	if (!name_in(name, selection->names))
		return NULL;
	if ((h->odd & HEADER_ODD_NUL) != 0)
		return arena_printf(selection->arena, "the %.*s field holds a NUL, "
		    "which no mail may", (int)name.n, name.p);
	if (!name_is_whole(selection, h)) {
		drop_oversign(selection, name);
		return slice_is(name, "From") ?
		    "the From field is too long, or one of too many fields" : NULL;
	}
	selection->marks[i] = true;
	(*marked)++;
	return NULL;
}

/*
 * Marks what to sign, From fields first and then from the bottom up, so that
 * what is left out for number is the topmost of its name.
 */
static const char *
mark_fields(struct selection *selection, size_t room)
{
	const struct headers *headers = selection->headers;
	const char *error = NULL;
	size_t marked = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = headers_kept(headers); i-- > 0 && error == NULL;) {
			struct slice name = slice_trim(headers_at(headers, i)->name);
			bool is_from = slice_is(name, "From");

			if (is_from != (pass == 0))
				continue;
			if (marked < room)
				error = mark_field(selection, i, &marked);
			else if (is_from)
				error = "the message has too many From fields";
			else
				drop_oversign(selection, name);
		}
	}
	if (error == NULL && headers_first(headers, HDR_FROM) == NULL)
		error = "the message has no From field";
	return error;
}

static void
add_field(struct selection *selection, struct slice name, struct slice value)
{
	selection->fields[selection->n].name = name;
	selection->fields[selection->n++].value = value;
}

/* A field that will be added at the top; its value gets a leading blank there.  The
 * name is as Sendmail writes it, which stays when the value is changed: its letters
 * count in the simple form. */
static void
add_new_field(struct selection *selection, const char *name, const char *value)
{
	if (value != NULL && name_in(slice_of(name), selection->names))
		add_field(selection, slice_of(name),
		    slice_of(arena_printf(selection->arena, " %s", value)));
}

static const char *
select_fields(struct selection *selection, const struct settings_domain *settings,
    const char *added_date, const char *added_message_id)
{
	const struct headers *headers = selection->headers;
	size_t kept = headers_kept(headers);
	const char *error;

	selection->marks = arena_array(selection->arena, kept, sizeof(bool));
	selection->names = sign_profile_names(settings->signed_headers);
	if (settings->signed_headers == PROFILE_STRICT)
		memcpy(selection->oversign, strict_oversign, sizeof(strict_oversign));
	else
		memcpy(selection->oversign, from_oversign, sizeof(from_oversign));
	add_new_field(selection, "Message-Id", added_message_id);
	add_new_field(selection, "Date", added_date);
	error = mark_fields(selection, SIGN_HEADERS_MAX - selection->n);
	for (size_t i = 0; error == NULL && i < kept; i++) {
		const struct header *h = headers_at(headers, i);

		/* Blanks before the colon count in the simple form only. */
		if (selection->marks[i])
			add_field(selection, settings->canon_header == CANON_RELAXED ?
			    slice_trim(h->name) : h->name, h->value);
	}
	return error;
}

static void
start_work(struct work *work, struct dkim_lib *lib, struct selection *selection,
    time_t now)
{
	struct sign_job *job;
	size_t i;

	job = sign_job_new(lib, selection->arena, work->key, selection->oversign, now,
	    &work->error);
	if (job == NULL)
		return;
	for (i = 0; i < selection->n; i++) {
		if (sign_job_field(job, selection->fields[i].name,
		    selection->fields[i].value, &work->error) != 0)
			return;
	}
	if (sign_job_start(job, &work->error) == 0)
		work->job = job;
}

/* The hash of the body, computed once where the keys agree on the form. */
static struct body_hash *
body_for(struct signer *signer, const struct work *work)
{
	enum canon canon = work->key->settings->canon_body;

	for (size_t i = 0; i < signer->n; i++) {
		const struct work *other = &signer->works[i];

		if (other->body != NULL && other->key->settings->canon_body == canon)
			return other->body;
	}
	return body_hash_new(signer->arena, canon);
}

static void
add_work(struct signer *signer, struct dkim_lib *lib, const struct ring_key *key,
    struct selection *selection, const char *error, time_t now)
{
	struct work *work = &signer->works[signer->n];

	if (key == NULL)
		return;
	*work = (struct work){ .key = key, .error = error };
	if (error == NULL)
		start_work(work, lib, selection, now);
	if (work->job != NULL && sign_job_takes_digest(work->job))
		work->body = body_for(signer, work);
	signer->n++;
}

struct signer *
signer_new(struct dkim_lib *lib, struct arena *arena, const struct ring_key *rsa,
    const struct ring_key *ed25519, const struct headers *headers,
    const char *added_date, const char *added_message_id, time_t now)
{
	struct signer *signer = arena_alloc(arena, sizeof(*signer));
	struct selection *selection = arena_alloc(arena, sizeof(*selection));
	const struct ring_key *any = rsa != NULL ? rsa : ed25519;
	const char *error;

	signer->arena = arena;
	if (any == NULL)
		return signer;
	selection->arena = arena;
	selection->headers = headers;
	error = select_fields(selection, any->settings, added_date, added_message_id);
	add_work(signer, lib, rsa, selection, error, now);
	add_work(signer, lib, ed25519, selection, error, now);
	return signer;
}

void
signer_body(struct signer *signer, const void *bytes, size_t n)
{
	const struct body_hash *done = NULL;

	for (size_t i = 0; i < signer->n; i++) {
		struct work *work = &signer->works[i];

		if (work->job == NULL)
			continue;
		if (work->body == NULL)
			sign_job_body(work->job, bytes, n);
		else if (work->body != done)
			body_hash_add(work->body, bytes, n);
		done = work->body;
	}
}

/* Folds as the MTA wants them. */
static const char *
without_cr(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text), *to = copy;

	for (const char *from = copy; *from != '\0'; from++) {
		if (*from != '\r')
			*to++ = *from;
	}
	*to = '\0';
	return copy;
}

/* h= without blanks; NULL when From is not in it. */
static const char *
names_signed(struct arena *arena, const char *value)
{
	struct tags *tags = arena_alloc(arena, sizeof(*tags));
	const struct tag *h;
	struct slice rest, name;
	bool has_from = false;
	struct buf buf;

	tags_parse(slice_of(value), tags);
	h = tags_find(tags, "h");
	if (h == NULL)
		return NULL;
	buf_init(&buf, arena, SIGNATURE_TEXT_MAX);
	for (rest = h->value; slice_split(&rest, ':', &name);) {
		name = slice_trim(name);
		has_from = has_from || slice_is(name, "From");
		if (buf.n > 0)
			buf_add_char(&buf, ':');
		buf_add_slice(&buf, name);
	}
	return has_from ? buf_str(&buf) : NULL;
}

static bool
has_body_hash(struct arena *arena, const char *value, const unsigned char *digest)
{
	struct tags *tags = arena_alloc(arena, sizeof(*tags));
	const struct tag *bh;

	tags_parse(slice_of(value), tags);
	bh = tags_find(tags, "bh");
	return bh != NULL &&
	    slice_eq(bh->value, slice_of(base64_encode(arena, digest, SHA256_SIZE)));
}

static void
finish_work(struct signer *signer, struct work *work, const unsigned char *digest,
    struct signature *signature_r)
{
	struct arena *arena = signer->arena;
	const char *value = NULL;

	if (work->job != NULL)
		value = sign_job_finish(work->job, digest, &work->error);
	if (value != NULL) {
		value = without_cr(arena, value);
		signature_r->signed_names = names_signed(arena, value);
		if (signature_r->signed_names == NULL ||
		    (digest != NULL && !has_body_hash(arena, value, digest))) {
			work->error =
			    "libopendkim made a signature that would not verify";
			value = NULL;
		}
	}
	signature_r->key = work->key;
	signature_r->value = value;
	signature_r->error = value == NULL ? work->error : NULL;
}

size_t
signer_finish(struct signer *signer, struct signature signatures_r[2])
{
	unsigned char digest[SHA256_SIZE];
	const struct body_hash *done = NULL;

	for (size_t i = 0; i < signer->n; i++) {
		struct work *work = &signer->works[i];

		if (work->body != NULL && work->body != done)
			body_hash_finish(work->body, digest);
		done = work->body;
		signatures_r[i] = (struct signature){ .key = NULL };
		finish_work(signer, work, done == NULL ? NULL : digest,
		    &signatures_r[i]);
	}
	return signer->n;
}
