/*
 * Where links lead: addresses instead of names, shorteners, gateways, top
 * domains, http, many domains, schemes that no mail program follows.
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "checks/readable.h"
#include "mail/domain.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum {
	LINK_PORT_WEIGHT = 8,
	LINK_DOMAINS_MAX = 20,
	DOMAINS_SHOWN = 5,
};

/* "https://... in part 1.2 (text/html)" */
static const char *
shown(const struct check_input *input, const struct view_link *link)
{
	return arena_printf(input->arena, "%s in %s", readable_target(input, link),
	    readable_name(input, &input->message->view->parts[link->part]));
}

/* ", and 3 more" */
static const char *
more(const struct check_input *input, size_t n)
{
	return n > 1 ? arena_printf(input->arena, ", and %zu more", n - 1) : "";
}

/* Links of one message often go to the same host, one after another. */
static bool
is_new_host(const struct view_link *link, const char **last)
{
	if (*last != NULL && strcmp(*last, link->url.host) == 0)
		return false;
	*last = link->url.host;
	return true;
}

static const char *
address_fault(const struct url *url)
{
	if (url->host_is_ip)
		return "leads to an IP address instead of a name";
	if (url->has_userinfo)
		return "has a user name before the host, so that it seems to lead elsewhere";
	return url->port != 0 ? "names an odd port" : NULL;
}

void
check_link_address(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const struct view_link *grave = NULL, *port = NULL, *link;
	size_t n = 0;

	if (!readable_known(input, result))
		return;
	for (size_t i = 0; i < view->n_links; i++) {
		link = &view->links[i];
		if (!readable_is_web(link) || address_fault(&link->url) == NULL)
			continue;
		n++;
		if (link->url.host_is_ip || link->url.has_userinfo)
			grave = grave != NULL ? grave : link;
		else
			port = port != NULL ? port : link;
	}
	link = grave != NULL ? grave : port;
	if (link == NULL) {
		readable_end(input, result);
		return;
	}
	if (grave == NULL) {
		result->weight = LINK_PORT_WEIGHT;
		result->covers = "";	/* whose site it is, is another matter */
	}
	check_hit(input, result, "A link %s: %s%s.", address_fault(&link->url),
	    shown(input, link), more(input, n));
}

/* The first link to a host that the list names, and how many hosts there are. */
static const struct view_link *
find_listed(const struct check_input *input, enum list list, size_t *n_r)
{
	const struct view *view = input->message->view;
	const struct view_link *first = NULL;
	const char *last = NULL;
	struct own own = { .n = 0 };

	*n_r = 0;
	for (size_t i = 0; i < view->n_links; i++) {
		const struct view_link *link = &view->links[i];

		if (!readable_is_web(link) || link->url.host_is_ip ||
		    !is_new_host(link, &last) ||
		    !lists_has_domain(input->settings->lists, list, link->url.host))
			continue;
		if (own.n == 0)
			own_domains(input, &own);
		if (own_has(&own, readable_site(&link->url)) ||
		    own_tracks(input, link->url.host))
			continue;
		if (first == NULL)
			first = link;
		++*n_r;
	}
	return first;
}

static void
judge_listed(const struct check_input *input, struct check_result *result,
    enum list list, const char *what)
{
	const struct view_link *link;
	size_t n;

	if (!readable_known(input, result))
		return;
	if (input->settings->lists == NULL) {
		check_dunno(result);
		return;
	}
	link = find_listed(input, list, &n);
	if (link == NULL)
		readable_end(input, result);
	else
		check_hit(input, result, "A link leads to %s, %s: %s%s.",
		    check_safe(input, link->url.host), what, shown(input, link),
		    more(input, n));
}

void
check_link_shortener(const struct check_input *input, struct check_result *result)
{
	judge_listed(input, result, LIST_SHORTENERS, "a public shortener");
}

void
check_link_gateway(const struct check_input *input, struct check_result *result)
{
	judge_listed(input, result, LIST_GATEWAYS,
	    "where anybody can put files or pages");
}

void
check_link_tld(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const struct lists *lists = input->settings->lists;
	const char *last = NULL;

	if (!readable_known(input, result))
		return;
	if (lists == NULL) {
		check_dunno(result);
		return;
	}
	for (size_t i = 0; i < view->n_links; i++) {
		const struct view_link *link = &view->links[i];
		const char *top;

		if (!readable_is_web(link) || link->url.host_is_ip ||
		    !is_new_host(link, &last))
			continue;
		top = strrchr(link->url.host, '.');
		if (top == NULL || !lists_has(lists, LIST_TLDS, top + 1))
			continue;
		check_hit(input, result, "A link leads to a name under .%s, where much "
		    "spam comes from: %s.", check_safe(input, top + 1),
		    shown(input, link));
		return;
	}
	readable_end(input, result);
}

/* Where all links of the HTML go, or NULL when not to one site. */
static const struct view_link *
only_site(const struct view *view)
{
	const struct view_link *first = NULL;

	for (size_t i = 0; i < view->n_links; i++) {
		const struct view_link *link = &view->links[i];

		if (!readable_is_web(link) || view->parts[link->part].kind != VIEW_HTML)
			continue;
		if (first == NULL)
			first = link;
		else if (strcmp(readable_site(&first->url),
		    readable_site(&link->url)) != 0)
			return NULL;
	}
	return first;
}

void
check_link_foreign_only(const struct check_input *input, struct check_result *result)
{
	const struct view_link *link;
	struct own own;

	if (!readable_known(input, result))
		return;
	if (check_is_list(input->message)) {
		check_ok(result);
		return;
	}
	link = only_site(input->message->view);
	own_domains(input, &own);
	if (link == NULL || own_has(&own, readable_site(&link->url)) ||
	    own_tracks(input, link->url.host)) {
		check_ok(result);
	} else if (input->message->view->over_limit) {
		check_dunno(result);
	} else {
		check_hit(input, result, "Every link of the HTML leads to %s, none to a "
		    "domain of the sender: %s.", check_safe(input,
		    readable_site(&link->url)), shown(input, link));
	}
}

void
check_link_plain(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const struct view_link *first = NULL;
	size_t n = 0;

	if (!readable_known(input, result))
		return;
	for (size_t i = 0; i < view->n_links; i++) {
		if (!readable_is_web(&view->links[i]) ||
		    view->links[i].url.kind != URL_HTTP)
			continue;
		if (first == NULL)
			first = &view->links[i];
		n++;
	}
	if (first == NULL)
		readable_end(input, result);
	else
		check_hit(input, result, "A link is http, not https: %s%s.",
		    shown(input, first), more(input, n));
}

void
check_link_domains(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const char *last = NULL;
	struct buf names;
	struct map *seen;

	if (!readable_known(input, result))
		return;
	if (view->n_links <= LINK_DOMAINS_MAX) {
		readable_end(input, result);
		return;
	}
	seen = map_new(input->arena);
	buf_init(&names, input->arena, DOMAIN_MAX * DOMAINS_SHOWN * 2);
	for (size_t i = 0; i < view->n_links; i++) {
		const struct view_link *link = &view->links[i];
		const char *site;

		if (!readable_is_web(link) || link->url.org_domain == NULL ||
		    !is_new_host(link, &last))
			continue;
		site = link->url.org_domain;
		if (map_get(seen, site) != NULL)
			continue;
		map_set(seen, site, seen);
		if (map_count(seen) <= DOMAINS_SHOWN)
			buf_printf(&names, "%s%s", names.n > 0 ? ", " : "",
			    check_safe(input, site));
	}
	if (map_count(seen) <= LINK_DOMAINS_MAX)
		readable_end(input, result);
	else
		check_hit(input, result, "The links lead to %zu domains: %s ...",
		    map_count(seen), buf_str(&names));
}

void
check_link_dead_scheme(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;

	if (!readable_known(input, result))
		return;
	for (size_t i = 0; i < view->n_links; i++) {
		const struct view_link *link = &view->links[i];

		if (link->url.kind != URL_JAVASCRIPT && link->url.kind != URL_DATA &&
		    link->url.kind != URL_FILE)
			continue;
		check_hit(input, result, "A link leads to no web page: %s.",
		    shown(input, link));
		return;
	}
	readable_end(input, result);
}
