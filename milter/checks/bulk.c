/* What the header section of bulk mail must carry: RFC 8058, Feedback-ID. */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"
#include "settings/settings.h"

enum {
	LIGHT = 5,			/* a fault that leaves the pair usable */
	REASONS_MAX = 2000,		/* octets of all that is wrong */
	AT_SIGNS_MAX = 20,		/* looked at in one URI */
	SENDER_ID_LEAST = 5, SENDER_ID_MOST = 15,
};

/* Of bulk mail only; the status says so otherwise. */
static bool
is_judged(const struct check_input *input, struct check_result *result)
{
	if (!input->message->stream_known) {
		check_dunno(result);
		return false;
	}
	check_ok(result);
	return check_is_bulk(input->message);
}

void
check_bulk_no_unsubscribe(const struct check_input *input, struct check_result *result)
{
	if (is_judged(input, result) &&
	    headers_count(input->message->headers, HDR_LIST_UNSUBSCRIBE) == 0)
		check_hit(input, result, "Bulk mail without a List-Unsubscribe field.");
}

/* ---- the RFC 8058 pair ---- */

struct uris {				/* of one List-Unsubscribe field */
	size_t https, http, other;
	struct slice first_https;
	bool has_blank;			/* in an https URI: folded there */
	bool has_outside;		/* text without angle brackets */
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
add_uri(struct uris *uris, struct slice uri)
{
	uri = slice_trim(uri);
	if (slice_starts_nocase(uri, "https://") && uri.n > strlen("https://")) {
		if (uris->https++ == 0)
			uris->first_https = uri;
		for (size_t i = 0; i < uri.n; i++)
			uris->has_blank = uris->has_blank || is_blank(uri.p[i]);
	} else if (slice_starts_nocase(uri, "http:")) {
		uris->http++;
	} else {
		uris->other++;
	}
}

/* RFC 2369 section 2: URIs in angle brackets, commas between, comments. */
static void
read_uris(struct slice value, struct uris *uris_r)
{
	size_t end;

	*uris_r = (struct uris){ .https = 0 };
	for (size_t i = 0; i < value.n; i++) {
		struct slice rest = slice_sub(value, i, value.n);

		if (value.p[i] == '<') {
			end = slice_find(rest, '>');
			uris_r->has_outside = uris_r->has_outside || end == rest.n;
			if (end < rest.n)
				add_uri(uris_r, slice_sub(rest, 1, end - 1));
			i += end;
		} else if (value.p[i] == '(') {
			i += slice_find(rest, ')');
		} else if (value.p[i] != ',' && !is_blank(value.p[i])) {
			uris_r->has_outside = true;
		}
	}
}

struct reasons {			/* why there is no valid pair */
	struct buf text;
	bool is_heavy;
};

static void __attribute__((format(printf, 3, 4)))
add_reason(struct reasons *reasons, bool is_heavy, const char *format, ...)
{
	va_list ap;

	if (reasons->text.n > 0)
		buf_add_str(&reasons->text, "; ");
	va_start(ap, format);
	buf_add_str(&reasons->text, arena_vprintf(reasons->text.arena, format, ap));
	va_end(ap);
	reasons->is_heavy = reasons->is_heavy || is_heavy;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct slice
percent_decoded(struct arena *arena, struct slice uri)
{
	char *out = arena_alloc(arena, uri.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < uri.n; i++) {
		int high = i + 2 < uri.n ? hex_digit(uri.p[i + 1]) : -1;
		int low = i + 2 < uri.n ? hex_digit(uri.p[i + 2]) : -1;

		out[n] = uri.p[i];
		if (uri.p[i] == '%' && high >= 0 && low >= 0) {
			out[n] = (char)(high * 16 + low);
			i += 2;
		}
		n++;
	}
	return (struct slice){ out, n };
}

/* The recipient's address around an "@" of the text. */
static bool
is_address_at(struct slice text, size_t at, const struct address *rcpt)
{
	size_t local_n, domain_n;

	if (rcpt->local_part == NULL || rcpt->domain == NULL)
		return false;
	local_n = strlen(rcpt->local_part);
	domain_n = strlen(rcpt->domain);
	if (local_n == 0 || domain_n == 0 || local_n > at)
		return false;
	return slice_is(slice_sub(text, at - local_n, local_n), rcpt->local_part) &&
	    slice_is(slice_sub(text, at + 1, domain_n), rcpt->domain);
}

static bool
shows_recipient(const struct check_input *input, struct slice uri)
{
	const struct message *message = input->message;
	struct slice text = percent_decoded(input->arena, uri);
	unsigned seen = 0;

	for (size_t at = 0; at < text.n && seen < AT_SIGNS_MAX; at++) {
		if (text.p[at] != '@')
			continue;
		seen++;
		for (size_t i = 0; i < message->n_rcpts; i++) {
			if (is_address_at(text, at, &message->rcpts[i].address))
				return true;
		}
	}
	return false;
}

static void
judge_uris(const struct check_input *input, const struct header *field,
    struct reasons *reasons, size_t *https_r)
{
	struct uris uris;

	read_uris(header_unfold(input->arena, field->value), &uris);
	*https_r = uris.https;
	if (uris.https > 1)
		add_reason(reasons, true, "List-Unsubscribe holds %zu https URIs, and one "
		    "is allowed", uris.https);
	if (uris.https == 0 && uris.http > 0)
		add_reason(reasons, true, "the URI of List-Unsubscribe is http:, not https:");
	if (uris.https + uris.http + uris.other == 0)
		add_reason(reasons, true, uris.has_outside ? "List-Unsubscribe holds no URI "
		    "in angle brackets" : "List-Unsubscribe is empty");
	if (uris.https == 0 && uris.http == 0 && uris.other > 0)
		add_reason(reasons, true, "List-Unsubscribe holds no https URI");
	if (uris.has_blank)
		add_reason(reasons, false, "its https URI is folded in the middle");
	if (uris.https > 0 && shows_recipient(input, uris.first_https))
		add_reason(reasons, false, "its https URI shows the recipient's address, so "
		    "that anybody can end the subscription of anybody");
}

/* Section 3.1: one pair, at most one blank in front of it. */
static void
judge_post(const struct check_input *input, const struct header *field, size_t https,
    struct reasons *reasons)
{
	struct slice value = field->value;

	if (!slice_is(slice_trim(value), "List-Unsubscribe=One-Click"))
		add_reason(reasons, true, "List-Unsubscribe-Post is \"%s\", not "
		    "\"List-Unsubscribe=One-Click\"",
		    check_safe_slice(input, slice_trim(value)));
	else if (value.n > strlen(" List-Unsubscribe=One-Click"))
		add_reason(reasons, false, "List-Unsubscribe-Post is folded or has blanks "
		    "around its value");
	if (https == 0)
		add_reason(reasons, true, "List-Unsubscribe-Post stands beside no https URI");
}

static void
judge_form(const struct check_input *input, enum header_id id, struct reasons *reasons)
{
	const struct headers *headers = input->message->headers;
	const struct header *field = headers_first(headers, id);
	size_t n = headers_count(headers, id);

	if (n > 1)
		add_reason(reasons, true, "%s stands %zu times", header_id_name(id), n);
	if (field != NULL && (field->odd & HEADER_ODD_LINE_LONG) != 0)
		add_reason(reasons, true, "a line of %s has %zu octets and is cut on the way",
		    header_id_name(id), field->longest_line);
}

void
check_bulk_no_one_click(const struct check_input *input, struct check_result *result)
{
	const struct headers *headers = input->message->headers;
	const struct header *field = headers_first(headers, HDR_LIST_UNSUBSCRIBE);
	const struct header *post = headers_first(headers, HDR_LIST_UNSUBSCRIBE_POST);
	struct reasons reasons = { .is_heavy = false };
	size_t https = 0;

	if (!is_judged(input, result))
		return;
	if (check_is_beyond(input->message, HDR_LIST_UNSUBSCRIBE) ||
	    check_is_beyond(input->message, HDR_LIST_UNSUBSCRIBE_POST)) {
		check_dunno(result);
		return;
	}
	buf_init(&reasons.text, input->arena, REASONS_MAX);
	if (field == NULL)
		add_reason(&reasons, true, "there is no List-Unsubscribe");
	else
		judge_uris(input, field, &reasons, &https);
	if (post == NULL)
		add_reason(&reasons, true, "there is no List-Unsubscribe-Post");
	else
		judge_post(input, post, https, &reasons);
	judge_form(input, HDR_LIST_UNSUBSCRIBE, &reasons);
	judge_form(input, HDR_LIST_UNSUBSCRIBE_POST, &reasons);
	if (reasons.text.n == 0)
		return;
	if (!reasons.is_heavy)
		result->weight = LIGHT;
	check_hit(input, result, "One click does not unsubscribe: %s.",
	    buf_str(&reasons.text));
}

/* ---- what signatures cover ---- */

/* Names of h=, with ":" between. */
static bool
names_all(struct slice names, const char *const *fields)
{
	for (; *fields != NULL; fields++) {
		struct slice rest = names, name;
		bool found = false;

		while (!found && slice_split(&rest, ':', &name))
			found = slice_is(slice_trim(name), *fields);
		if (!found)
			return false;
	}
	return true;
}

static enum known
is_aligned(const struct check_input *input, const char *sdid)
{
	const struct dmarc_evidence *dmarc = &input->evidence->dmarc;
	const char *author = input->message->author_domain;

	if (author == NULL)
		return KNOWN_NO;
	if (strcmp(sdid, author) == 0)
		return KNOWN_VALUE;
	for (size_t i = 0; i < dmarc->n_identifiers; i++) {
		const struct aligned_domain *identifier = &dmarc->identifiers[i];

		if (identifier->is_dkim && identifier->aligned &&
		    strcmp(identifier->domain, sdid) == 0)
			return KNOWN_VALUE;
	}
	if (dmarc->org_domain == NULL)
		return dmarc->org_known == KNOWN_TEMPERROR ? KNOWN_TEMPERROR : KNOWN_NO;
	return KNOWN_ABSENT;
}

struct cover {				/* of some fields by signatures */
	const char *const *fields;
	bool covered, dunno, temperror;
	const char *without;		/* d= of one that verifies and leaves some out */
};

static void
look_at_signature(const struct check_input *input, struct cover *cover, const char *sdid,
    struct slice names, enum dkim_result result)
{
	bool names_them = names_all(names, cover->fields);

	if (result != DKIM_PASS && (result != DKIM_TEMPERROR || !names_them))
		return;
	switch (is_aligned(input, sdid)) {
	case KNOWN_ABSENT:
		return;
	case KNOWN_NO:
		cover->dunno = cover->dunno || names_them;
		return;
	case KNOWN_TEMPERROR:
		cover->temperror = cover->temperror || names_them;
		return;
	case KNOWN_VALUE:
		break;
	}
	if (result == DKIM_TEMPERROR)
		cover->temperror = true;
	else if (names_them)
		cover->covered = true;
	else
		cover->without = sdid;
}

/* Is there, or may there be, an aligned signature over the fields? */
static void
look_for_cover(const struct check_input *input, const char *const *fields,
    struct cover *cover_r)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;

	*cover_r = (struct cover){ .fields = fields };
	for (size_t i = 0; i < dkim->n_own; i++) {
		const struct own_signature *own = &dkim->own[i];

		if (own->made)
			look_at_signature(input, cover_r, own->key->domain,
			    slice_of(own->signed_names),
			    own->doubtful ? DKIM_TEMPERROR : own->predicted);
	}
	for (size_t i = 0; i < dkim->n_existing; i++)
		look_at_signature(input, cover_r, dkim->existing[i].sdid,
		    dkim->existing[i].signed_names, dkim->existing[i].result);
	if (!dkim->existing_known || dkim->existing_total > dkim->n_existing ||
	    dkim->usable == RING_UNSEEN)
		cover_r->dunno = true;
	/* as an ordinary user, who cannot read the keys */
	if (dkim->managed != NULL && dkim->n_own == 0 && dkim->cannot_sign == NULL)
		cover_r->dunno = true;
}

/* True when they are clearly not covered; else sets the status. */
static bool
is_uncovered(const struct cover *cover, struct check_result *result)
{
	if (cover->covered)
		check_ok(result);
	else if (cover->temperror)
		check_temperror(result);
	else if (cover->dunno)
		check_dunno(result);
	else
		return true;
	return false;
}

void
check_unsubscribe_unsigned(const struct check_input *input, struct check_result *result)
{
	static const char *const pair[] = {
		"List-Unsubscribe", "List-Unsubscribe-Post", NULL,
	};
	const struct headers *headers = input->message->headers;
	struct cover cover;

	if (!is_judged(input, result) ||
	    headers_count(headers, HDR_LIST_UNSUBSCRIBE) == 0 ||
	    headers_count(headers, HDR_LIST_UNSUBSCRIBE_POST) == 0)
		return;
	look_for_cover(input, pair, &cover);
	if (!is_uncovered(&cover, result))
		return;
	if (cover.without != NULL)
		check_hit(input, result, "The signature of %s does not name both "
		    "List-Unsubscribe and List-Unsubscribe-Post in h=.",
		    check_safe(input, cover.without));
	else
		check_hit(input, result, "No signature of the author's domain that covers "
		    "List-Unsubscribe and List-Unsubscribe-Post will verify.");
}

/* ---- Feedback-ID ---- */

/* What is wrong with "a:b:c:SenderId", or NULL. */
static const char *
feedback_fault(const struct check_input *input, struct slice value)
{
	struct slice rest = value, part = { NULL, 0 };
	size_t parts = 1;

	for (size_t i = 0; i < value.n; i++)
		parts += value.p[i] == ':' ? 1 : 0;
	if (parts != 4)
		return arena_printf(input->arena, "The Feedback-ID \"%s\" has %s, not four.",
		    check_safe_slice(input, value), check_count(input, parts, "part"));
	for (size_t i = 0; i < parts && rest.n > 0; i++)
		slice_split(&rest, ':', &part);
	if (value.p[value.n - 1] == ':')
		part.n = 0;
	part = slice_trim(part);
	if (part.n < SENDER_ID_LEAST || part.n > SENDER_ID_MOST)
		return arena_printf(input->arena, "The SenderId of Feedback-ID, \"%s\", has "
		    "%s, not 5 to 15.", check_safe_slice(input, part),
		    check_count(input, part.n, "character"));
	return NULL;
}

void
check_feedback_id_malformed(const struct check_input *input, struct check_result *result)
{
	static const char *const names[] = { "Feedback-ID", NULL };
	const struct headers *headers = input->message->headers;
	const struct header *field = headers_first(headers, HDR_FEEDBACK_ID);
	size_t n = headers_count(headers, HDR_FEEDBACK_ID);
	struct cover cover;
	const char *fault;

	if (!is_judged(input, result) || n == 0)
		return;
	if (n > 1) {
		check_hit(input, result, "Feedback-ID stands %zu times.", n);
		return;
	}
	if (field == NULL) {
		check_dunno(result);
		return;
	}
	fault = feedback_fault(input, header_unfold(input->arena, field->value));
	if (fault != NULL) {
		check_hit(input, result, "%s", fault);
		return;
	}
	look_for_cover(input, names, &cover);
	if (is_uncovered(&cover, result))
		check_hit(input, result, "No signature of the author's domain that covers "
		    "Feedback-ID will verify, so Gmail does not count by it.");
}

/* ---- declared streams ---- */

void
check_bulk_from_transactional(const struct check_input *input,
    struct check_result *result)
{
	check_ok(result);
	if (check_is_transactional(input->message) &&
	    headers_count(input->message->headers, HDR_LIST_UNSUBSCRIBE) > 0)
		check_hit(input, result, "List-Unsubscribe stands in a message of the stream "
		    "\"%s\", which is declared transactional.", input->message->declared->name);
}

static const char *
bulk_sign(const struct message *message)
{
	if (message->stream_told == STREAM_LIST)
		return "carries List-Id and List-Post, as mailing lists do";
	if (message->stream_told != STREAM_BULK)
		return NULL;
	return headers_count(message->headers, HDR_FEEDBACK_ID) > 0 ?
	    "carries a Feedback-ID, as bulk mail does" : "carries \"Precedence: bulk\"";
}

static bool
is_auto_reply(const struct message *message)
{
	const struct header *field = headers_first(message->headers, HDR_AUTO_SUBMITTED);

	return field != NULL &&
	    slice_starts_nocase(slice_trim(field->value), "auto-replied");
}

/* What the message carries, or lacks, that its stream does not, or does. */
static const char *
contradiction(const struct message *message)
{
	switch (message->stream) {
	case STREAM_TRANSACTIONAL:
	case STREAM_DSN:
		return bulk_sign(message);
	case STREAM_LIST:
		return headers_count(message->headers, HDR_LIST_ID) == 0 ?
		    "has no List-Id" : NULL;
	case STREAM_BULK:
		if (message->mail_from_is_null)
			return "has the null sender, as delivery reports do";
		return is_auto_reply(message) ? "carries \"Auto-Submitted: "
		    "auto-replied\", as answers of absence do" : NULL;
	case STREAM_NONE:
		break;
	}
	return NULL;
}

void
check_stream_contradicted(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	const char *what;

	check_ok(result);
	if (!message->stream_is_declared)
		return;
	what = contradiction(message);
	if (what != NULL)
		check_hit(input, result, "The message is of the stream \"%s\", declared %s, "
		    "and %s.", message->declared->name, message_stream_name(message->stream), what);
	else if (check_is_beyond(message, HDR_PRECEDENCE) ||
	    check_is_beyond(message, HDR_AUTO_SUBMITTED))
		check_dunno(result);
}
