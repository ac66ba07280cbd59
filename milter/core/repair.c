/*
 * From what is wrong to what leaves.
 */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/spool.h"
#include "core/repair.h"
#include "facts/message.h"
#include "mail/changes.h"
#include "mail/content.h"
#include "mail/mend.h"
#include "mail/reencode.h"
#include "mail/sendmail.h"
#include "mail/utf8.h"
#include "settings/settings.h"

struct repair {
	struct message *message;
	const struct headers *came;	/* as it came */
	struct changes *changes;
	struct mend_options options;
	struct spool *kept;		/* NULL: the body is not needed again */
	bool wants_headers, wants_encoding;
	bool headers_done;
	struct message_repair result;
};

/* Fields that hold something to mend, or may. */
static bool
headers_need(const struct repair *repair)
{
	unsigned wanted = HEADER_ODD_8BIT | HEADER_ODD_NUL | HEADER_ODD_BARE_CR;

	if (repair->options.keep_utf8)
		return false;
	for (size_t i = 0; i < headers_kept(repair->came); i++) {
		const struct header *header = headers_at(repair->came, i);

		if ((header->odd & wanted) != 0 ||
		    header->longest_line > mend_line_max(&repair->options) ||
		    (repair->options.for_sendmail && sendmail_rewrites(header->name)))
			return true;
	}
	return false;
}

static void
mend_headers(struct repair *repair)
{
	struct arena *arena = repair->message->arena;
	struct slice value;

	repair->headers_done = true;
	for (size_t i = 0; i < headers_kept(repair->came); i++) {
		const struct header *header = headers_at(repair->came, i);

		/* An MTA may not find a field again whose name is none. */
		if ((header->odd & (HEADER_ODD_CUT | HEADER_ODD_NAME)) != 0 ||
		    (field_mend(arena, header->name, header->value, &repair->options,
		    &value) & MEND_CHANGED) == 0)
			continue;
		changes_set(repair->changes, i, slice_dup(arena, value));
		repair->result.headers = true;
		if ((header->odd & HEADER_ODD_8BIT) != 0 && utf8_valid(header->value))
			repair->result.had_utf8 = true;
	}
}

/* The fields that go with a body can be written, and found by the MTA. */
static bool
can_change_fields(const struct message *message)
{
	static const enum header_id ids[] = {
		HDR_MIME_VERSION, HDR_CONTENT_TYPE, HDR_CONTENT_TRANSFER_ENCODING,
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct header *h = headers_first(message->headers, ids[i]);

		for (; h != NULL; h = headers_next(message->headers, h)) {
			if ((h->odd & (HEADER_ODD_NAME | HEADER_ODD_CUT)) != 0)
				return false;
		}
	}
	return true;
}

/* False when the new section is over the limits: then nothing is mended. */
static bool
take_headers(struct repair *repair)
{
	struct headers *headers = changes_result(repair->changes);

	if (headers_over_limit(headers))
		return false;
	message_read_again(repair->message, headers);
	repair->result.steps = changes_steps(repair->changes, &repair->result.n_steps);
	repair->message->repair = &repair->result;
	return true;
}

/* All of it is signed or encrypted: nothing in it may change. */
static bool
is_protected(const struct message *message)
{
	const struct header *field = headers_first(message->headers, HDR_CONTENT_TYPE);
	struct content_type type;

	if (field == NULL)
		return false;
	content_type_parse(message->arena, field->value, &type);
	return strcmp(type.type, "multipart") == 0 &&
	    (strcmp(type.subtype, "signed") == 0 ||
	    strcmp(type.subtype, "encrypted") == 0);
}

static void
set_options(struct repair *repair, const struct settings *settings)
{
	const struct header *type = headers_first(repair->came, HDR_CONTENT_TYPE);
	const struct message *message = repair->message;
	const struct settings_domain *domain = NULL;

	repair->options.keep_utf8 = message->is_smtputf8;
	if (message->session->mta == MTA_SENDMAIL) {
		if (message->author_domain != NULL)
			domain = settings_find_domain(settings, message->author_domain);
		repair->options.line_max = SENDMAIL_LINE_MAX;
		repair->options.for_sendmail = true;
		repair->options.exact = domain != NULL &&
		    domain->canon_header == CANON_SIMPLE;
	}
	if (type != NULL)
		repair->options.charset = mend_charset(repair->message->arena,
		    type->value);
}

struct repair *
repair_begin(struct message *message, const struct settings *settings)
{
	struct repair *repair = arena_alloc(message->arena, sizeof(*repair));
	bool is_signed = headers_count(message->headers, HDR_DKIM_SIGNATURE) > 0;

	if (headers_over_limit(message->headers))
		return NULL;
	repair->message = message;
	repair->came = message->headers;
	set_options(repair, settings);
	repair->wants_headers = (settings->repair & REPAIR_HEADERS) != 0 &&
	    headers_need(repair);
	repair->wants_encoding = (settings->repair & REPAIR_ENCODING) != 0 &&
	    !message->session->keeps_body && can_change_fields(message) &&
	    !is_protected(message);
	if (!repair->wants_headers && !repair->wants_encoding)
		return NULL;
	repair->changes = changes_new(message->arena, message->headers);
	if (repair->wants_headers && !is_signed) {
		mend_headers(repair);
		if (repair->result.headers && !take_headers(repair))
			return NULL;
	}
	if (repair->wants_encoding || (repair->wants_headers && is_signed))
		repair->kept = spool_new(message->arena, REPAIR_BODY_MAX);
	return repair;
}

void
repair_body(struct repair *repair, const void *bytes, size_t n)
{
	if (repair->kept != NULL)
		spool_add(repair->kept, bytes, n);
}

bool
repair_is_needed(const struct repair *repair)
{
	if (repair->kept == NULL)
		return false;
	return (repair->wants_headers && !repair->headers_done) ||
	    (repair->wants_encoding && reencode_is_needed(&repair->message->body,
	    &repair->options));
}

/* ---- the body ---- */

static void
say_not_mended(const struct repair *repair, const char *why)
{
	const char *id = repair->message->queue_id;

	log_warning("%s: the body leaves as it came: %s", id != NULL ? id :
	    "no queue id", why);
}

/* The new value in the first field of that name, no others beside it. */
static void
change_field(struct repair *repair, enum header_id id, const char *value)
{
	bool found = false;

	if (value == NULL)
		return;
	for (size_t i = 0; i < headers_kept(repair->came); i++) {
		if (headers_at(repair->came, i)->id != id)
			continue;
		if (found)
			changes_delete(repair->changes, i);
		else
			changes_set(repair->changes, i, value);
		found = true;
	}
	if (!found)
		changes_insert(repair->changes, header_id_name(id), value);
}

static void
mend_body(struct repair *repair)
{
	struct message *message = repair->message;
	struct reencoded reencoded;
	const char *error = NULL;

	if (reencode(message->arena, message->headers, repair->kept, &repair->options,
	    REPAIR_BODY_MAX, &reencoded, &error) != 0) {
		say_not_mended(repair, error);
		return;
	}
	repair->result.body = reencoded.body;
	repair->result.encoding = reencoded.body != NULL || reencoded.type != NULL ||
	    reencoded.encoding != NULL || reencoded.add_mime_version;
	change_field(repair, HDR_CONTENT_TRANSFER_ENCODING, reencoded.encoding);
	change_field(repair, HDR_CONTENT_TYPE, reencoded.type);
	if (reencoded.add_mime_version)
		change_field(repair, HDR_MIME_VERSION, " 1.0");
}

bool
repair_finish(struct repair *repair, const struct spool **body_r)
{
	struct message_repair before = repair->result;

	if (spool_failed(repair->kept)) {
		say_not_mended(repair, spool_error(repair->kept));
		return false;
	}
	if (repair->wants_headers && !repair->headers_done)
		mend_headers(repair);
	if (repair->wants_encoding && reencode_is_needed(&repair->message->body,
	    &repair->options))
		mend_body(repair);
	if (!repair->result.encoding && repair->result.headers == before.headers)
		return false;
	*body_r = repair->result.body != NULL ? repair->result.body : repair->kept;
	if (take_headers(repair))
		return true;
	say_not_mended(repair, "its header section would be too large");
	repair->result = before;
	return false;
}
