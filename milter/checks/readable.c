/* Parts a person reads, and whose domains are the sender's own. */
#include <string.h>

#include "base/arena.h"
#include "checks/readable.h"
#include "mail/domain.h"
#include "mail/psl.h"
#include "settings/settings.h"

enum { SIGNERS_READ_MAX = 8 };

const struct view_part *
readable_next(const struct view *view, bool with_attached, size_t *at)
{
	while (*at < view->n_parts) {
		const struct view_part *part = &view->parts[(*at)++];

		if ((part->kind == VIEW_TEXT || part->kind == VIEW_HTML) &&
		    (with_attached || !part->in_attached_message) && part->text.n > 0)
			return part;
	}
	return NULL;
}

const char *
readable_name(const struct check_input *input, const struct view_part *part)
{
	return arena_printf(input->arena, "part %s (%s)",
	    part->section != NULL && part->section[0] != '\0' ? part->section : "1",
	    check_safe(input, part->type));
}

bool
readable_known(const struct check_input *input, struct check_result *result)
{
	if (input->message->view == NULL)
		check_dunno(result);
	return input->message->view != NULL;
}

void
readable_end(const struct check_input *input, struct check_result *result)
{
	if (input->message->view->over_limit)
		check_dunno(result);
	else
		check_ok(result);
}

bool
readable_is_web(const struct view_link *link)
{
	return (link->url.kind == URL_HTTP || link->url.kind == URL_HTTPS) &&
	    link->url.host != NULL;
}

const char *
readable_site(const struct url *url)
{
	return url->org_domain != NULL ? url->org_domain : url->host;
}

const char *
readable_quote(const struct check_input *input, struct slice text, size_t from, size_t n)
{
	return check_safe_slice(input, slice_trim(slice_sub(text, from, n)));
}

static void
own_add(struct own *own, const char *domain)
{
	const char *org = domain != NULL ? psl_org_domain(domain) : NULL;

	if (org == NULL)
		org = domain;
	if (org != NULL && *org != '\0' && own->n < OWN_MAX && !own_has(own, org))
		own->domains[own->n++] = org;
}

void
own_domains(const struct check_input *input, struct own *own_r)
{
	const struct dkim_evidence *dkim = &input->evidence->dkim;
	size_t i;

	own_r->n = 0;
	own_add(own_r, input->message->author_domain);
	own_add(own_r, input->message->envelope_domain);
	for (i = 0; i < dkim->n_own; i++)
		if (dkim->own[i].key != NULL)
			own_add(own_r, dkim->own[i].key->domain);
	for (i = 0; i < dkim->n_existing && i < SIGNERS_READ_MAX; i++)
		if (dkim->existing[i].result != DKIM_FAIL)
			own_add(own_r, dkim->existing[i].sdid);
}

bool
own_has(const struct own *own, const char *site)
{
	for (size_t i = 0; i < own->n; i++)
		if (strcmp(own->domains[i], site) == 0)
			return true;
	return false;
}

bool
own_tracks(const struct check_input *input, const char *host)
{
	const struct settings_strings *trackers = &input->settings->link_trackers;

	for (size_t i = 0; i < trackers->n; i++)
		if (domain_is_under(host, trackers->p[i]))
			return true;
	return false;
}

const char *
readable_target(const struct check_input *input, const struct view_link *link)
{
	struct slice target = slice_of(link->target);
	size_t begin = slice_find(target, ':'), end, at = 0, colon;

	while (begin < target.n && strchr(":/\\", target.p[begin]) != NULL)
		begin++;
	for (end = begin; end < target.n && strchr("/\\?#", target.p[end]) == NULL; end++)
		if (target.p[end] == '@')
			at = end;
	colon = begin + slice_find(slice_sub(target, begin, target.n), ':');
	if (colon >= at)
		return check_safe_slice(input, target);
	return arena_printf(input->arena, "%s:...%s",
	    check_safe_slice(input, slice_sub(target, 0, colon)),
	    check_safe_slice(input, slice_sub(target, at, target.n)));
}
