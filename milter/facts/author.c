/*
 * What the header section says of author and identity.
 */
#include <string.h>

#include "base/arena.h"
#include "facts/message.h"
#include "mail/domain.h"
#include "mail/encoded.h"

/* With one of these there is no address to answer for. */
enum {
	UNREADABLE = ADDRESS_FAULT_SYNTAX | ADDRESS_FAULT_NO_DOMAIN |
	    ADDRESS_FAULT_NO_LOCAL | ADDRESS_FAULT_8BIT_DOMAIN_INVALID,
};

/* From fields read of one message: two are a fault already. */
enum { FROM_FIELDS_READ = 10 };

static void
join(struct arena *arena, struct address_list *all, const struct address_list *more)
{
	struct address *joined;

	all->total += more->total;
	all->groups += more->groups;
	all->faults |= more->faults;
	if (more->n == 0)
		return;
	joined = arena_array(arena, all->n + more->n, sizeof(*joined));
	if (all->n > 0)
		memcpy(joined, all->addresses, all->n * sizeof(*joined));
	memcpy(joined + all->n, more->addresses, more->n * sizeof(*joined));
	all->addresses = joined;
	all->n += more->n;
}

static void
read_from(struct message *message)
{
	struct arena *arena = message->arena;
	const struct header *header = headers_first(message->headers, HDR_FROM);
	struct address_list list;
	unsigned fields;

	for (fields = 0; header != NULL && fields < FROM_FIELDS_READ;
	    header = headers_next(message->headers, header), fields++) {
		address_list_parse(arena, header_unfold(arena, header->value), &list);
		join(arena, &message->from, &list);
	}
}

static enum author_status
author_status(const struct message *message)
{
	const struct address_list *from = &message->from;
	size_t fields = headers_count(message->headers, HDR_FROM);

	if (fields == 0)
		return AUTHOR_MISSING;
	if (fields > 1 || from->total > 1)
		return AUTHOR_SEVERAL;
	if (from->n == 0)
		return from->faults != 0 ? AUTHOR_MALFORMED : AUTHOR_MISSING;
	if ((from->addresses[0].faults & UNREADABLE) != 0)
		return AUTHOR_MALFORMED;
	if (from->addresses[0].domain == NULL || *from->addresses[0].domain == '\0')
		return AUTHOR_MALFORMED;
	return AUTHOR_ONE;
}

/* A name that DNS can be asked for, or NULL. */
static const char *
usable_domain(const struct address *address)
{
	const char *domain = address->domain;

	if (domain == NULL || *domain == '\0' || domain_is_literal(slice_of(domain)))
		return NULL;
	return domain_is_queryable(domain) ? domain : NULL;
}

static void
read_ids(struct message *message)
{
	struct headers *headers = message->headers;
	const struct header *id = headers_first(headers, HDR_MESSAGE_ID);
	const struct header *subject = headers_first(headers, HDR_SUBJECT);

	if (id != NULL)
		message->message_id = slice_dup(message->arena,
		    header_unfold(message->arena, id->value));
	if (subject != NULL)
		message->subject = encoded_decode(message->arena, subject->value, NULL);
	message->missing_date = headers_count(headers, HDR_DATE) == 0;
	message->missing_message_id = headers_count(headers, HDR_MESSAGE_ID) == 0;
}

void
message_read_again(struct message *message, struct headers *headers)
{
	message->headers = headers;
	message->from = (struct address_list){ .n = 0 };
	message->author = (struct address){ .name = NULL };
	message->author_domain = message->envelope_domain = NULL;
	message->message_id = message->subject = NULL;
	message_read_headers(message);
}

static bool
is_sendmail_command(const struct session *session)
{
	return session->mta == MTA_SENDMAIL && session->helo != NULL &&
	    session->mta_name != NULL && strcasecmp(session->helo, session->mta_name) == 0 &&
	    ip_is_loopback(&session->client_addr);
}

void
message_tell_own_dsn(struct message *message)
{
	message->is_own_dsn = message->mail_from_is_null &&
	    (message->is_local || is_sendmail_command(message->session));
}

void
message_read_headers(struct message *message)
{
	read_from(message);
	message->author_status = author_status(message);
	if (message->from.n > 0) {
		message->author = message->from.addresses[0];
		message->author_domain = usable_domain(&message->author);
	}
	if (!message->mail_from_is_null)
		message->envelope_domain = usable_domain(&message->mail_from);
	message_tell_own_dsn(message);
	message_tell_stream(message);
	read_ids(message);
	message->body_reader = body_new(message->arena, message->headers);
}
