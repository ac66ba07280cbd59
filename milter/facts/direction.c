/*
 * Whether a message leaves, by the settings.
 */
#include <string.h>
#include <strings.h>

#include "facts/message.h"
#include "settings/settings.h"

/* "address@port" in any spelling of the address. */
static bool
same_listener(const char *entry, const char *listener)
{
	const char *at_entry = strrchr(entry, '@');
	const char *at_listener = strrchr(listener, '@');
	struct slice a, b;
	struct ip ip_a, ip_b;

	if (at_entry == NULL || at_listener == NULL ||
	    strcmp(at_entry, at_listener) != 0)
		return false;
	a = (struct slice){ entry, (size_t)(at_entry - entry) };
	b = (struct slice){ listener, (size_t)(at_listener - listener) };
	return ip_parse(a, &ip_a) && ip_parse(b, &ip_b) && ip_eq(&ip_a, &ip_b);
}

/* Mail that a content filter hands back was judged before. */
static bool
is_ignored(const struct session *session, const struct settings_strings *ignored)
{
	const char *entry;

	for (size_t i = 0; i < ignored->n; i++) {
		entry = ignored->p[i];
		if (session->daemon_name != NULL &&
		    strcasecmp(session->daemon_name, entry) == 0)
			return true;
		if (session->daemon_addr != NULL &&
		    same_listener(entry, session->daemon_addr))
			return true;
	}
	return false;
}

static bool
in_networks(const struct ip *client, const struct settings *settings)
{
	for (size_t i = 0; i < settings->networks.n; i++)
		if (ip_net_contains(&settings->networks.p[i], client))
			return true;
	return false;
}

enum direction
message_direction(const struct message *message, const struct settings *settings)
{
	const struct session *session = message->session;
	unsigned outbound = settings->outbound;

	if (is_ignored(session, &settings->ignore_daemons))
		return DIRECTION_INBOUND;
	if ((outbound & OUTBOUND_ALL) != 0)
		return DIRECTION_OUTBOUND;
	if ((outbound & OUTBOUND_AUTHENTICATED) != 0 && message->auth_user != NULL &&
	    message->auth_user[0] != '\0')
		return DIRECTION_OUTBOUND;
	if ((outbound & OUTBOUND_LOCAL) != 0 && message->is_local)
		return DIRECTION_OUTBOUND;
	/* A local message's client is the MTA itself: "local" alone decides. */
	if ((outbound & OUTBOUND_NETWORKS) != 0 && !message->is_local &&
	    session->client_addr.family != 0 &&
	    in_networks(&session->client_addr, settings))
		return DIRECTION_OUTBOUND;
	return DIRECTION_INBOUND;
}

/* By the sendmail command; that of Sendmail submits by SMTP to this host. */
static bool
is_of_this_host(const struct message *message)
{
	return (message->auth_user == NULL || *message->auth_user == '\0') &&
	    (message->is_local || ip_is_loopback(&message->session->client_addr));
}

void
message_tell_notice(struct message *message, const struct settings *settings)
{
	size_t n = headers_kept(message->headers);

	message->is_notice = false;
	if (!message->mail_from_is_null || !is_of_this_host(message) || *settings->notify == '\0' ||
	    message->n_rcpts != 1 || message->rcpts_total != 1 ||
	    message->rcpts[0].address.text == NULL ||
	    !slice_eq_nocase(slice_of(message->rcpts[0].address.text),
	    slice_of(settings->notify)))
		return;
	for (size_t i = 0; i < n && !message->is_notice; i++)
		message->is_notice = slice_is(headers_at(message->headers, i)->name,
		    MESSAGE_NOTICE_FIELD);
}
