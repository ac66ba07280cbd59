/*
 * Which stream a message is of: what its headers tell, and what the settings
 * declare.
 */
#include <string.h>

#include "base/arena.h"
#include "facts/message.h"
#include "settings/settings.h"

enum {
	FIELDS_READ = 10,	/* of one name, compared with a pattern */
	VALUE_READ = 1000,	/* octets of a value, likewise */
};

/* The keyword of a field without parameters and comment; empty without a field. */
static struct slice
keyword(const struct message *message, enum header_id id)
{
	const struct header *field = headers_first(message->headers, id);
	struct slice value;

	if (field == NULL)
		return (struct slice){ NULL, 0 };
	value = header_unfold(message->arena, field->value);
	value = slice_sub(value, 0, slice_find(value, ';'));
	return slice_trim(slice_sub(value, 0, slice_find(value, '(')));
}

static enum stream
told_by_headers(const struct message *message)
{
	const struct headers *headers = message->headers;
	struct slice automatic = keyword(message, HDR_AUTO_SUBMITTED);

	if (headers_count(headers, HDR_LIST_ID) > 0 &&
	    headers_count(headers, HDR_LIST_POST) > 0)
		return STREAM_LIST;
	/* Answers of absence carry "Precedence: bulk" since long before RFC 3834. */
	if (slice_is(automatic, "auto-replied"))
		return STREAM_TRANSACTIONAL;
	if (headers_count(headers, HDR_FEEDBACK_ID) > 0 ||
	    slice_is(keyword(message, HDR_PRECEDENCE), "bulk"))
		return STREAM_BULK;
	if (automatic.n > 0 && !slice_is(automatic, "no"))
		return STREAM_TRANSACTIONAL;
	return STREAM_NONE;
}

/* Fields whose value was to be read and was not kept. */
static bool
is_beyond(const struct message *message, enum header_id id)
{
	return headers_count(message->headers, id) > 0 &&
	    headers_first(message->headers, id) == NULL;
}

void
message_tell_stream(struct message *message)
{
	message->stream_told = message->mail_from_is_null ? STREAM_DSN :
	    told_by_headers(message);
	message->stream_known = message->mail_from_is_null ||
	    message->stream_told == STREAM_LIST ||
	    (!is_beyond(message, HDR_PRECEDENCE) &&
	    !is_beyond(message, HDR_AUTO_SUBMITTED));
	message->stream = message->stream_told;
}

const char *
message_stream_name(enum stream stream)
{
	switch (stream) {
	case STREAM_NONE:
		return NULL;
	case STREAM_TRANSACTIONAL:
		return "transactional";
	case STREAM_BULK:
		return "bulk";
	case STREAM_LIST:
		return "list";
	case STREAM_DSN:
		return "dsn";
	}
	return NULL;
}

/* ---- declared streams ---- */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* '*' for anything, '?' for one octet; the glob is lower-case.  Goes back to the
 * last '*' only, so never more than glob times value. */
static bool
glob_matches(struct slice glob, struct slice value)
{
	size_t g = 0, v = 0, star = glob.n, from = 0;

	while (v < value.n) {
		if (g < glob.n && glob.p[g] == '*') {
			star = g++;
			from = v;
		} else if (g < glob.n && (glob.p[g] == '?' ||
		    glob.p[g] == lower(value.p[v]))) {
			g++;
			v++;
		} else if (star < glob.n) {
			g = star + 1;
			v = ++from;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.p[g] == '*')
		g++;
	return g == glob.n;
}

static bool
field_matches(const struct message *message, struct slice name, struct slice glob)
{
	const struct headers *headers = message->headers;
	unsigned read = 0;

	for (size_t i = 0; i < headers_kept(headers) && read < FIELDS_READ; i++) {
		const struct header *field = headers_at(headers, i);
		struct slice value;

		if (!slice_eq_nocase(slice_trim(field->name), name))
			continue;
		read++;
		value = header_unfold(message->arena, slice_sub(field->value, 0,
		    field->value.n < VALUE_READ ? field->value.n : VALUE_READ));
		if (glob_matches(glob, value))
			return true;
	}
	return false;
}

/* Each entry is "name: glob". */
static bool
has_field(const struct message *message, const struct settings_strings *header)
{
	for (size_t i = 0; i < header->n; i++) {
		struct slice glob = slice_of(header->p[i]), name = { NULL, 0 };

		slice_split(&glob, ':', &name);
		if (field_matches(message, name, slice_trim(glob)))
			return true;
	}
	return false;
}

static bool
has_login(const struct message *message, const struct settings_strings *logins)
{
	for (size_t i = 0; message->auth_user != NULL && i < logins->n; i++) {
		if (slice_is(slice_of(logins->p[i]), message->auth_user))
			return true;
	}
	return false;
}

bool
message_has_sender(const struct message *message,
    const struct settings_strings *senders)
{
	if (message->author_status == AUTHOR_ONE &&
	    settings_sender_matches(senders, message->author.local_part,
	    message->author.domain))
		return true;
	return !message->mail_from_is_null &&
	    settings_sender_matches(senders, message->mail_from.local_part,
	    message->mail_from.domain);
}

/* A local message has no client: the MTA's own address says nothing. */
static bool
has_network(const struct message *message, const struct settings_networks *networks)
{
	const struct ip *client = &message->session->client_addr;

	if (message->is_local || client->family == 0)
		return false;
	for (size_t i = 0; i < networks->n; i++) {
		if (ip_net_contains(&networks->p[i], client))
			return true;
	}
	return false;
}

static bool
is_of(const struct message *message, const struct settings_stream *stream)
{
	if (message->is_own_dsn && stream->kind != STREAM_DSN)
		return false;
	return (stream->logins.n == 0 || has_login(message, &stream->logins)) &&
	    (stream->senders.n == 0 || message_has_sender(message, &stream->senders)) &&
	    (stream->networks.n == 0 || has_network(message, &stream->networks)) &&
	    (stream->header.n == 0 || has_field(message, &stream->header));
}

bool
message_may_be_of(const struct message *message, const struct settings_stream *stream,
    bool *certain_r)
{
	*certain_r = stream->header.n == 0 && (stream->senders.n == 0 ||
	    message_has_sender(message, &stream->senders));
	return (stream->logins.n == 0 || has_login(message, &stream->logins)) &&
	    (stream->networks.n == 0 || has_network(message, &stream->networks));
}

void
message_declare_stream(struct message *message, const struct settings *settings)
{
	size_t i = 0;

	while (i < settings->n_streams && !is_of(message, &settings->streams[i]))
		i++;
	if (i == settings->n_streams)
		return;
	message->declared = &settings->streams[i];
	if (message->declared->kind == STREAM_NONE)
		return;
	message->stream = message->declared->kind;
	message->stream_is_declared = true;
	message->stream_known = true;
}
