/*
 * Links that show one thing and lead to another: an address of another site,
 * a name that looks like a known one (UTS #39).
 */
#include <string.h>

#include "base/arena.h"
#include "checks/readable.h"
#include "mail/domain.h"
#include "mail/lookalike.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum {
	MISMATCH_OWN_WEIGHT = 5,
	LOOKALIKE_BYTES_MIN = 4,	/* "d0" is nobody's forgery */
};

/* What may stand behind an address in the text of a link. */
static bool
is_trailer(struct slice rest)
{
	for (size_t i = 0; i < rest.n; i++)
		if (strchr(".,;:!?)>]\"'/", rest.p[i]) == NULL || rest.p[i] == '\0')
			return false;
	return true;
}

/* The whole text is a URL or a www name: reads it. */
static bool
is_shown_url(const struct check_input *input, const char *text, struct url *url_r)
{
	struct slice shown = slice_trim(slice_of(text)), found;
	size_t at = 0;

	if (shown.n > 0 && (shown.p[0] == '<' || shown.p[0] == '('))
		shown = slice_sub(shown, 1, shown.n);
	if (!slice_starts_nocase(shown, "http://") &&
	    !slice_starts_nocase(shown, "https://") &&
	    !slice_starts_nocase(shown, "www."))
		return false;
	if (!url_find(shown, &at, &found) || found.p != shown.p ||
	    !is_trailer(slice_sub(shown, found.n, shown.n)))
		return false;
	if (slice_starts_nocase(found, "www."))
		found = slice_of(arena_printf(input->arena, "http://%.*s", (int)found.n,
		    found.p));
	url_parse(input->arena, found, url_r);
	return (url_r->kind == URL_HTTP || url_r->kind == URL_HTTPS) &&
	    url_r->host != NULL && (url_r->org_domain != NULL || url_r->host_is_ip);
}

enum lie { LIE_NONE, LIE_OWN, LIE_FOREIGN };

static enum lie
judge_text(const struct check_input *input, const struct view_link *link, struct own *own)
{
	struct url url;

	if (link->text == NULL || !readable_is_web(link) ||
	    !is_shown_url(input, link->text, &url) ||
	    strcmp(readable_site(&url), readable_site(&link->url)) == 0 ||
	    own_tracks(input, link->url.host))
		return LIE_NONE;
	if (own->n == 0)
		own_domains(input, own);
	return own_has(own, readable_site(&link->url)) ? LIE_OWN : LIE_FOREIGN;
}

void
check_link_mismatch(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const struct view_link *worst = NULL;
	enum lie lie, found = LIE_NONE;
	struct own own = { .n = 0 };

	if (!readable_known(input, result))
		return;
	for (size_t i = 0; i < view->n_links && found != LIE_FOREIGN; i++) {
		lie = judge_text(input, &view->links[i], &own);
		if (lie <= found)
			continue;
		found = lie;
		worst = &view->links[i];
	}
	if (worst == NULL) {
		readable_end(input, result);
		return;
	}
	if (found == LIE_OWN)
		result->weight = MISMATCH_OWN_WEIGHT;
	check_hit(input, result, "A link shows \"%s\" and leads to %s: %s in %s.",
	    check_safe(input, worst->text), check_safe(input, worst->url.host),
	    readable_target(input, worst),
	    readable_name(input, &view->parts[worst->part]));
}

/* The labels of a host that somebody chose: all in front of the public suffix. */
static struct slice
chosen_labels(const struct url *url, const char *shown)
{
	struct slice host = slice_of(shown);
	size_t labels = domain_labels(url->host) - domain_labels(url->org_domain) + 1;
	size_t end = 0;

	for (; end < host.n; end++)
		if (host.p[end] == '.' && --labels == 0)
			break;
	return slice_sub(host, 0, end);
}

static struct slice
name_label(const char *domain)
{
	return (struct slice){ domain, strcspn(domain, ".") };
}

/* The domain that the label is made to look like; NULL.  A name that a brand
 * has is nobody's imitation. */
static const char *
imitated(const struct check_input *input, struct slice label, const struct own *own)
{
	size_t n = 0;
	const char *const *brands = input->settings->lists != NULL ?
	    lists_words(input->settings->lists, LIST_BRANDS, &n) : NULL;
	const char *like = NULL;
	struct slice brand;

	for (size_t i = 0; i < n + own->n; i++) {
		const char *domain = i < n ? brands[i] : own->domains[i - n];

		brand = name_label(domain);
		if (slice_eq(brand, label))
			return NULL;
		if (like == NULL && brand.n >= LOOKALIKE_BYTES_MIN &&
		    lookalike_same(label, brand))
			like = domain;
	}
	return like;
}

static const char *
imitated_by(const struct check_input *input, const struct url *url, const char *shown,
    const struct own *own)
{
	struct slice rest = chosen_labels(url, shown), label;
	const char *like = NULL;

	while (like == NULL && slice_split(&rest, '.', &label))
		if (label.n >= LOOKALIKE_BYTES_MIN && lookalike_possible(label))
			like = imitated(input, label, own);
	return like;
}

void
check_link_lookalike(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	const char *last = "", *like;
	struct own own;

	if (!readable_known(input, result))
		return;
	own_domains(input, &own);
	for (size_t i = 0; i < view->n_links; i++) {
		const struct view_link *link = &view->links[i];
		const char *shown = link->url.host;

		if (!readable_is_web(link) || link->url.org_domain == NULL ||
		    strcmp(last, link->url.host) == 0 ||
		    own_has(&own, link->url.org_domain))
			continue;
		last = link->url.host;
		if (strstr(link->url.host, "xn--") != NULL)
			shown = domain_to_utf8(input->arena, link->url.host);
		if (shown != link->url.host &&
		    domain_mixes_scripts(input->arena, link->url.host)) {
			check_hit(input, result, "A link leads to a name that mixes "
			    "alphabets, %s (%s), in %s.", check_safe(input, shown),
			    check_safe(input, link->url.host), readable_name(input,
			    &view->parts[link->part]));
			return;
		}
		like = imitated_by(input, &link->url, shown, &own);
		if (like != NULL) {
			check_hit(input, result, "A link leads to %s, which looks like %s "
			    "and is not: %s in %s.", check_safe(input, shown),
			    check_safe(input, like), readable_target(input, link),
			    readable_name(input, &view->parts[link->part]));
			return;
		}
	}
	readable_end(input, result);
}
