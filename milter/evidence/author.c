/*
 * The author against the login, and whether his domain is one that only its
 * own provider can send for.
 */
#include <string.h>
#include <strings.h>

#include "evidence/collection.h"
#include "settings/lists.h"
#include "settings/settings.h"

/* "*", "@domain" or an address; case is no matter. */
static bool
owns(const struct settings_strings *owned, const struct address *author)
{
	for (size_t i = 0; i < owned->n; i++) {
		const char *pattern = owned->p[i];

		if (strcmp(pattern, "*") == 0)
			return true;
		if (pattern[0] == '@' && strcasecmp(pattern + 1, author->domain) == 0)
			return true;
		if (strcasecmp(pattern, author->text) == 0)
			return true;
	}
	return false;
}

/* A login that is an address owns it; one that the table does not name owns
 * nothing else. */
static bool
login_owns(const struct settings *settings, const char *login,
    const struct address *author)
{
	const struct settings_login *entry;

	if (strcasecmp(login, author->text) == 0)
		return true;
	entry = settings_find_login(settings, login);
	return entry != NULL && owns(&entry->owns, author);
}

/* Every author of the message must be the login's. */
static void
check_login(struct collection *c)
{
	const struct settings *settings = c->input->settings;
	const struct message *message = c->input->message;
	struct evidence *evidence = c->evidence;

	if (settings->n_logins == 0 || message->auth_user == NULL ||
	    message->auth_user[0] == '\0' || message->author_domain == NULL)
		return;
	evidence->login_checked = true;
	evidence->login_owns_author = true;
	for (size_t i = 0; i < message->from.n; i++) {
		const struct address *author = &message->from.addresses[i];

		if (author->text == NULL || author->domain == NULL ||
		    !login_owns(settings, message->auth_user, author))
			evidence->login_owns_author = false;
	}
}

int
collect_author(struct collection *c)
{
	const char *domain = c->input->message->author_domain;

	c->evidence->author_kind = AUTHOR_KIND_OTHER;
	if (lists_has(c->input->settings->lists, LIST_FREEMAIL, domain))
		c->evidence->author_kind = AUTHOR_KIND_MAILBOX_PROVIDER;
	check_login(c);
	return 0;
}
