/*
 * The doctor on a probe that arrived: who signed it, does it verify, and what
 * changed on the way, before or after.
 */
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/feed.h"
#include "dkim/body_hash.h"
#include "dkim/crypto.h"
#include "dkim/verify.h"
#include "dns/dns.h"
#include "facts/message.h"
#include "mail/domain.h"
#include "mail/tags.h"
#include "settings/settings.h"
#include "tool/compare.h"
#include "tool/doctor_send.h"
#include "tool/postfix.h"

#define LEAVING_MAX (1024 * 1024)
#define DIGEST_TEXT 45			/* base64 of 32 octets, and its end */

/* One arrival while it is judged; its arena goes before DNS does. */
struct arrival {
	struct send *send;
	struct arena *arena;
	const struct probe *probe;
	const char *subject;
	struct message_text sent;	/* as it was handed over */
	struct message_text leaving;	/* as mailworthy mends it */
	struct message_text here;	/* as it arrived */
	const struct verified *verified;
	size_t n_verified;
	const struct verified *ours;	/* the one that counts: a failed one, else any */
	size_t n_ours;
	long place;			/* of our signature among the fields, -1 */
};

/* ---- what mailworthy makes of it ---- */

static void
put_bytes(void *context, const void *bytes, size_t n)
{
	buf_add(context, bytes, n);
}

/* The probe as it leaves mailworthy in enforce mode. */
static struct slice
make_leaving(struct arrival *a, struct slice sent)
{
	struct doctor *doctor = a->send->doctor;
	struct session *session = session_new();
	struct message *message = message_new(session, a->probe->sent,
	    clock_mono_us(&clock_system));
	struct rcpt rcpt = { .mailer = "local", .host = "" };
	struct passage *passage;
	struct buf out;
	bool is_null;

	session->client_port = 1;
	buf_init(&out, a->arena, LEAVING_MAX);
	message->direction = DIRECTION_OUTBOUND;
	address_path_parse(message->arena, slice_of(a->probe->from), &message->mail_from,
	    &is_null);
	address_path_parse(message->arena, slice_of(a->probe->to), &rcpt.address, &is_null);
	message_add_rcpt(message, &rcpt);
	core_set_mode(doctor->core, MODE_ENFORCE);
	passage = feed_message(doctor->core, doctor->snapshot, message, sent);
	feed_leaving(passage, sent, put_bytes, &out);
	message_free(&message);
	session_free(&session);
	return (struct slice){ buf_str(&out), out.n };
}

/* ---- signatures ---- */

/* A key of ours has that selector for a domain that covers d=. */
static bool
is_ours(const struct arrival *a, const struct verified *verified)
{
	const struct settings *settings = a->send->doctor->settings;
	const struct settings_domain *domain = settings_find_domain(settings, verified->sdid);
	const char *at = strrchr(a->probe->from, '@');

	if (domain == NULL)	/* judged elsewhere, with another configuration */
		return settings->n_domains == 0 && slice_is(slice_of(verified->sdid), at + 1);
	for (size_t i = 0; i < domain->n_keys; i++)
		if (slice_is(slice_of(domain->keys[i].selector), verified->selector))
			return true;
	return *domain->name == '*' && domain->n_keys == 0;
}

static void
verify(struct arrival *a)
{
	struct doctor *doctor = a->send->doctor;
	struct headers *headers = headers_new(a->arena);
	struct lookups *lookups = lookups_new(doctor->dns, a->arena,
	    doctor->settings->resolver.deadline, DNS_QUERIES_MAX);
	struct verifier *verifier;

	for (size_t i = 0; i < a->here.n; i++)
		headers_add(headers, a->here.names[i], a->here.values[i]);
	verifier = verifier_new(core_dkim(doctor->core), a->arena, headers,
	    clock_now(&clock_system));
	if (verifier == NULL)
		return;
	verifier_body(verifier, a->here.body.p, a->here.body.n);
	while (verifier_finish(verifier, lookups, &a->verified, &a->n_verified) != 0)
		lookups_wait(lookups);
}

/* The signature field with that d= and s=, or -1. */
static long
find_field(const struct arrival *a, const struct verified *verified)
{
	struct tags *tags = arena_alloc(a->arena, sizeof(*tags));

	for (size_t i = 0; i < a->here.n; i++) {
		const struct tag *d, *s;

		if (!slice_is(a->here.names[i], "DKIM-Signature"))
			continue;
		tags_parse(a->here.values[i], tags);
		d = tags_find(tags, "d");
		s = tags_find(tags, "s");
		if (d != NULL && s != NULL && slice_is(d->value, verified->sdid) &&
		    slice_is(s->value, verified->selector))
			return (long)i;
	}
	return -1;
}

static struct slice
tag_of(const struct arrival *a, const char *name)
{
	struct tags *tags = arena_alloc(a->arena, sizeof(*tags));
	const struct tag *tag;

	if (a->place < 0)
		return SLICE("");
	tags_parse(a->here.values[a->place], tags);
	tag = tags_find(tags, name);
	return tag == NULL ? SLICE("") : tag->value;
}

static void
encode(const unsigned char digest[SHA256_SIZE], char text_r[DIGEST_TEXT])
{
	size_t n = 0;

	for (size_t i = 0; i < SHA256_SIZE; i += 3) {
		unsigned bits = (unsigned)digest[i] << 16;

		if (i + 1 < SHA256_SIZE)
			bits |= (unsigned)digest[i + 1] << 8;
		if (i + 2 < SHA256_SIZE)
			bits |= digest[i + 2];
		for (int shift = 18; shift >= 0; shift -= 6)
			text_r[n++] = base64_digit(bits >> shift & 63);
	}
	text_r[DIGEST_TEXT - 2] = '=';		/* 32 octets leave room for one */
	text_r[DIGEST_TEXT - 1] = '\0';
}

/* Whether the signature was made over this body. */
static bool
is_signed_body(const struct arrival *a, struct slice body)
{
	struct slice canon = tag_of(a, "c"), wanted = tag_of(a, "bh");
	size_t slash = slice_find(canon, '/');
	struct body_hash *hash = body_hash_new(a->arena, slice_is(slice_sub(canon, slash + 1,
	    canon.n), "relaxed") ? CANON_RELAXED : CANON_SIMPLE);
	unsigned char digest[SHA256_SIZE];
	char text[DIGEST_TEXT];
	size_t n = 0;

	body_hash_add(hash, body.p, body.n);
	body_hash_finish(hash, digest);
	encode(digest, text);
	for (size_t i = 0; i < wanted.n; i++) {
		if (strchr(" \t\r\n", wanted.p[i]) != NULL)
			continue;
		if (n >= DIGEST_TEXT - 1 || wanted.p[i] != text[n++])
			return false;
	}
	return n == DIGEST_TEXT - 1;
}

static bool
is_signed_field(const struct arrival *a, const char *name)
{
	struct slice names = a->ours->signed_names, one;

	while (slice_split(&names, ':', &one))
		if (slice_is(slice_trim(one), name))
			return true;
	return false;
}

/* ---- who did it ---- */

/* It came into a host once more after it was signed: where, or NULL. */
static const char *
came_back(const struct arrival *a)
{
	for (long i = 0; i < a->place; i++)
		if (slice_is(a->here.names[i], "Received"))
			return log_safe(a->send->doctor->arena,
			    slice_trim(slice_sub(a->here.values[i], 0,
			    slice_find(a->here.values[i], '\r'))), 120);
	return NULL;
}

static const char *
setting(const struct arrival *a, const char *name)
{
	const struct postfix *postfix = a->send->postfix;
	const struct postfix_service *service = NULL;

	if (postfix == NULL)
		return "";
	if (*postfix_get(postfix, name) != '\0')
		return postfix_get(postfix, name);
	while ((service = postfix_next(postfix, service, "smtp")) != NULL)
		if (*postfix_get_in(postfix, service, name) != '\0')
			return postfix_get_in(postfix, service, name);
	return "";
}

static const char *
blame_by_setting(const struct arrival *a, const struct message_change *change)
{
	static const struct {
		const char *name, *instead;
		unsigned kinds;
	} settings[] = {
		{ "smtp_generic_maps", "use sender_canonical_maps, which works before signing",
		    1u << CHANGE_FIELD_ADDRESS },
		{ "smtp_header_checks", "move its rule to header_checks, which works before "
		    "signing", 1u << CHANGE_FIELD_ADDRESS | 1u << CHANGE_FIELD_TEXT |
		    1u << CHANGE_FIELD_LOST | 1u << CHANGE_FIELD_TYPE },
		{ "smtp_mime_header_checks", "move its rule to mime_header_checks",
		    1u << CHANGE_FIELD_TYPE | 1u << CHANGE_BODY_OTHER },
		{ "smtp_body_checks", "move its rule to body_checks",
		    1u << CHANGE_BODY_OTHER },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const char *value = setting(a, settings[i].name);

		if ((settings[i].kinds & 1u << change->kind) != 0 && *value != '\0')
			return arena_printf(a->send->doctor->arena, "It is likely %s (%s): %s.",
			    settings[i].name, log_safe(a->arena, slice_of(value), 100),
			    settings[i].instead);
	}
	return NULL;
}

/* What to do about it, as far as settings and trace fields tell who did it. */
static const char *
blame(const struct arrival *a, const struct message_change *change)
{
	struct arena *arena = a->send->doctor->arena;
	const char *again = came_back(a), *filter = setting(a, "content_filter");

	if (again != NULL)
		return arena_printf(arena, "After it was signed, it came into a host again "
		    "(Received: %s)%s%s: a content filter or relay changed it. Let mailworthy be "
		    "asked after that.", again, *filter == '\0' ? "" : "; content_filter is ",
		    log_safe(a->arena, slice_of(filter), 100));
	if (blame_by_setting(a, change) != NULL)
		return blame_by_setting(a, change);
	switch (change->kind) {
	case CHANGE_BODY_RECODED: case CHANGE_BODY_8BIT_LOST: case CHANGE_FIELD_TYPE:
		return "A host on the way does not offer 8BITMIME. Let `repair` have encoding, or "
		    "set force_mime_input_conversion = yes (Postfix 3.9 and later), so that text "
		    "is recoded before it is signed.";
	case CHANGE_BODY_CUT:
		return "A host on the way cuts long lines (smtp_line_length_limit, Sendmail's "
		    "L=). Let `repair` have encoding.";
	case CHANGE_FIELD_ADDRESS: case CHANGE_FIELD_TEXT: case CHANGE_FIELD_LAYOUT:
	case CHANGE_FIELD_LOST: case CHANGE_BODY_FOOTER: case CHANGE_BODY_BANNER:
	case CHANGE_BODY_BLANKS: case CHANGE_BODY_END: case CHANGE_BODY_DOTS:
	case CHANGE_BODY_FROM: case CHANGE_BODY_OTHER:
		break;
	}
	if (a->send->postfix == NULL && change->kind == CHANGE_FIELD_ADDRESS)
		return "Sendmail's MASQUERADE_AS and genericstable do so while they deliver; else a "
		    "milter that is asked after mailworthy, or a relay. `mailworthy doctor` reads "
		    "the settings.";
	return "No setting that was read explains it: a milter that is asked after mailworthy, or "
	    "a relay that mail leaves by. `mailworthy doctor` names the milters.";
}

/* ---- saying it ---- */

static void
say_change(struct arrival *a, const struct message_change *change, const char *when)
{
	struct doctor *doctor = a->send->doctor;

	send_note(a->send, a->n_ours > 0 ? DOCTOR_FAULT : DOCTOR_WARNING, "send-changed",
	    a->subject, arena_printf(doctor->arena, "%s%s%s%s.", *change->field == '\0' ?
	    "The text: " : change->field, *change->field == '\0' ? "" : " ", change->text,
	    when))->fix = blame(a, change);
}

/* Changes of the body since it was signed; true when there was one. */
static bool
say_body(struct arrival *a)
{
	bool known = true;
	struct slice was = a->leaving.body;
	struct message_change change;

	if (!is_signed_body(a, was)) {
		was = a->sent.body;
		known = is_signed_body(a, was);
	}
	if (is_signed_body(a, a->here.body) ||
	    !compare_body(a->send->doctor->arena, was, a->here.body, &change))
		return false;
	say_change(a, &change, known ? ", after it was signed: the signature does not verify" :
	    ", and the signature does not verify");
	return true;
}

static bool
is_relaxed_header(const struct arrival *a)
{
	return slice_starts_nocase(tag_of(a, "c"), "relaxed");
}

static void
say_fields(struct arrival *a, bool body_changed)
{
	static const char *const skip[] = { PROBE_FIELD, NULL };
	struct message_change *changes = arena_array(a->send->doctor->arena,
	    COMPARE_CHANGES_MAX, sizeof(*changes));
	size_t n = compare_fields(a->send->doctor->arena, &a->leaving, &a->here, skip, changes,
	    COMPARE_CHANGES_MAX);
	bool said = body_changed;

	for (size_t i = 0; i < n; i++) {
		if (!is_signed_field(a, changes[i].field) || (is_relaxed_header(a) &&
		    !change_breaks_relaxed(changes[i].kind)) ||
		    (body_changed && changes[i].kind == CHANGE_FIELD_TYPE))
			continue;
		say_change(a, &changes[i],
		    ", after it was signed: the signature does not verify");
		said = true;
	}
	if (!said)
		send_note(a->send, DOCTOR_FAULT, "send-signature", a->subject, arena_printf(
		    a->send->doctor->arena, "The signature d=%s s=%s does not verify (%s), though "
		    "neither text nor fields differ from what was sent.", a->ours->sdid,
		    a->ours->selector, a->ours->reason == NULL ? "" : a->ours->reason));
}

/* Without a signature: what would have broken one. */
static void
say_all_changes(struct arrival *a)
{
	static const char *const skip[] = { PROBE_FIELD, "Message-ID", NULL };
	struct doctor *doctor = a->send->doctor;
	struct message_change *changes = arena_array(doctor->arena, COMPARE_CHANGES_MAX,
	    sizeof(*changes)), body;
	size_t n = compare_fields(doctor->arena, &a->sent, &a->here, skip, changes,
	    COMPARE_CHANGES_MAX);

	for (size_t i = 0; i < n; i++)
		if (change_breaks_relaxed(changes[i].kind))
			say_change(a, &changes[i], " on its way");
	if (compare_body(doctor->arena, a->sent.body, a->here.body, &body) &&
	    change_breaks_relaxed(body.kind))
		say_change(a, &body, " on its way");
}

static bool
is_sendmail(const struct arrival *a)
{
	return strcmp(a->probe->way, "sendmail") == 0;
}

static void
say_unsigned(struct arrival *a)
{
	struct send *send = a->send;
	const char *domain = strrchr(a->probe->from, '@') + 1;
	struct send_finding *finding;

	if (settings_find_domain(send->doctor->settings, domain) == NULL)
		send_note(send, DOCTOR_UNKNOWN, "send-signature", a->subject, arena_printf(
		    send->doctor->arena, "Not signed: no domain section covers %s.", domain))->fix
		    = "Send from a managed domain with --from.";
	else if (!send->signs)
		send_note(send, DOCTOR_UNKNOWN, "send-signature", a->subject, "Not signed, since "
		    "the mode is audit; whether mailworthy was asked stands in its record alone.");
	else if (message_find(&a->here, "X-Mailworthy", a->here.n) >= 0)
		send_note(send, DOCTOR_FAULT, "send-signature", a->subject, "mailworthy was asked "
		    "and did not sign it.")->fix = "Its record in the mail log says why; "
		    "`mailworthy doctor` looks at the keys.";
	else {
		finding = send_note(send, DOCTOR_FAULT, "send-asked", a->subject, "mailworthy was "
		    "not asked, or took it for inbound mail: it is neither signed nor marked.");
		finding->fix = is_sendmail(a) ? "See that non_smtpd_milters names mailworthy, and "
		    "`outbound` has local; `mailworthy doctor` shows both." :
		    "See that smtpd_milters names mailworthy at this listener, and `outbound` "
		    "has networks or all; `mailworthy doctor` shows it.";
	}
	say_all_changes(a);
}

static void
say_others(struct arrival *a)
{
	for (size_t i = 0; i < a->n_verified; i++) {
		const struct verified *v = &a->verified[i];
		long place = find_field(a, v);

		if (is_ours(a, v))
			continue;
		send_note(a->send, DOCTOR_WARNING, "send-second-signer", a->subject,
		    arena_printf(a->send->doctor->arena, "Signed a second time, with d=%s s=%s "
		    "(%s)%s.", v->sdid, v->selector, dkim_result_name(v->result),
		    a->n_ours == 0 ? "" : place < a->place ? ", after mailworthy" :
		    ", before mailworthy"))->fix = "Let one of them sign: `mailworthy doctor` "
		    "names the other milters.";
	}
}

static bool
is_twice(const struct arrival *a)
{
	for (size_t i = 0; i < a->n_verified; i++)
		for (size_t k = 0; k < i; k++)
			if (is_ours(a, &a->verified[i]) && strcmp(a->verified[i].selector,
			    a->verified[k].selector) == 0 && strcmp(a->verified[i].sdid,
			    a->verified[k].sdid) == 0)
				return true;
	return false;
}

/* What was done to the text before it was signed, which does no harm. */
static const char *
changed_before(const struct arrival *a)
{
	struct arena *arena = a->send->doctor->arena;
	struct message_change change;

	if (!compare_body(arena, a->sent.body, a->here.body, &change) ||
	    change.kind == CHANGE_BODY_END)
		return "";
	if (slice_eq(a->leaving.body, a->here.body))
		return "; mended by mailworthy before it signed";
	return arena_printf(arena, "; before it was signed, %s%s", change.kind ==
	    CHANGE_BODY_FOOTER || change.kind == CHANGE_BODY_BANNER ? "the text " : "",
	    change.text);
}

static void
say_signed(struct arrival *a)
{
	struct arena *arena = a->send->doctor->arena;

	if (is_twice(a))
		send_note(a->send, DOCTOR_FAULT, "send-asked", a->subject, "mailworthy was asked "
		    "twice: there are two signatures with the same key.")->fix = "A content "
		    "filter hands mail back at a listener that asks mailworthy, too; "
		    "`mailworthy doctor` names it.";
	switch (a->ours->result) {
	case DKIM_PASS:
		send_note(a->send, DOCTOR_OK, "send-signature", a->subject, arena_printf(arena,
		    "arrived, and d=%s s=%s verifies%s", a->ours->sdid, a->ours->selector,
		    changed_before(a)));
		break;
	case DKIM_FAIL:
		say_fields(a, say_body(a));
		break;
	case DKIM_NONE: case DKIM_POLICY: case DKIM_NEUTRAL: case DKIM_TEMPERROR:
	case DKIM_PERMERROR:
		send_note(a->send, a->ours->result == DKIM_TEMPERROR ? DOCTOR_UNKNOWN :
		    DOCTOR_FAULT, "send-signature", a->subject, arena_printf(arena,
		    "The signature d=%s s=%s cannot be verified: %s.", a->ours->sdid,
		    a->ours->selector, a->ours->reason == NULL ? "nobody knows why" :
		    a->ours->reason))->fix = "`mailworthy doctor` looks at the key, and prints "
		    "the record to publish.";
		break;
	}
}

static void
choose_ours(struct arrival *a)
{
	for (size_t i = 0; i < a->n_verified; i++) {
		const struct verified *v = &a->verified[i];

		if (!is_ours(a, v))
			continue;
		a->n_ours++;
		if (a->ours == NULL || (a->ours->result == DKIM_PASS && v->result != DKIM_PASS))
			a->ours = v;
	}
	a->place = a->ours == NULL ? -1 : find_field(a, a->ours);
}

void
send_judge(struct send *send, const struct probe *probe, struct slice text)
{
	struct arena *arena = arena_new();
	struct arrival *a = arena_alloc(arena, sizeof(*a));
	struct slice sent = probe_make(arena, probe);

	a->send = send;
	a->arena = arena;
	a->probe = probe;
	a->subject = send_subject(send, probe);
	message_split(sent, &a->sent);
	message_split(make_leaving(a, sent), &a->leaving);
	message_split(text, &a->here);
	verify(a);
	choose_ours(a);
	if (a->n_ours == 0)
		say_unsigned(a);
	else
		say_signed(a);
	say_others(a);
	send->n_judged++;
	arena_free(&arena);
}
