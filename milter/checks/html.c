/*
 * HTML as mail programs and filters take it: hidden text, active contents,
 * pictures instead of text, and the small faults.  Parts of an attached message
 * are not looked at.
 */
#include "base/arena.h"
#include "checks/common.h"
#include "mail/text.h"
#include "mail/view.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum {
	IMAGE_VISIBLE = 100,		/* characters; fewer is "an image only" */
	IMAGE_TEXT = 200,		/* of the text part */
	HIDDEN_MIN = 60,
	HIDDEN_SHARE = 50,		/* one in so many visible ones: 2 % */
	CLIPPED = 102 * 1024,		/* octets Gmail shows */
	FORM_WEIGHT = 10,
};

/* What could not be read could hold anything; the status says so. */
static void
not_found(const struct view *view, bool is_unread, struct check_result *result)
{
	if (is_unread || view->over_limit)
		check_dunno(result);
	else
		check_ok(result);
}

/* Nothing was found in what was read of it. */
static bool
is_half_read(const struct html_facts *html)
{
	return html->over_limit;
}

/* The first HTML part that meets the test; else NULL, and the status is set. */
static const struct view_part *
find_where(const struct check_input *input,
    bool (*test)(const struct check_input *input, const struct html_facts *html),
    bool (*is_open)(const struct html_facts *html), struct check_result *result)
{
	const struct view *view = input->message->view;
	bool is_unread = false;

	if (view == NULL) {
		check_dunno(result);
		return NULL;
	}
	for (size_t i = 0; i < view->n_parts; i++) {
		const struct view_part *part = &view->parts[i];

		if (part->kind != VIEW_HTML || part->in_attached_message)
			continue;
		if (part->html != NULL && test(input, part->html))
			return part;
		is_unread |= part->html == NULL || is_open(part->html);
	}
	not_found(view, is_unread, result);
	return NULL;
}

static const struct view_part *
find(const struct check_input *input,
    bool (*test)(const struct check_input *input, const struct html_facts *html),
    struct check_result *result)
{
	return find_where(input, test, is_half_read, result);
}

/* "part 1.2 (text/html)" */
static const char *
name_of(const struct check_input *input, const struct view_part *part)
{
	return arena_printf(input->arena, "part %s (%s)", part->section, part->type);
}

struct totals {
	size_t visible;			/* characters */
	bool is_unread;
	const struct view_part *pictures;	/* the first HTML part with one */
};

static void
add_part(struct totals *totals, const struct view_part *part)
{
	const struct html_facts *html = part->html;

	if (part->in_attached_message)
		return;
	if (part->kind == VIEW_HTML && html != NULL) {
		totals->visible += html->visible;
		totals->is_unread |= html->over_limit;
		if (html->images > 0 && totals->pictures == NULL)
			totals->pictures = part;
	} else if (part->kind == VIEW_HTML) {
		totals->is_unread = true;
	}
}

/* Characters of all text parts. */
static size_t
count_text(const struct view *view)
{
	size_t n = 0;

	for (size_t i = 0; i < view->n_parts; i++) {
		if (view->parts[i].kind == VIEW_TEXT && !view->parts[i].in_attached_message)
			n += text_count(view->parts[i].text);
	}
	return n;
}

void
check_html_image_only(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	struct totals totals = { 0 };
	size_t text = 0;

	if (view == NULL) {
		check_dunno(result);
		return;
	}
	for (size_t i = 0; i < view->n_parts; i++)
		add_part(&totals, &view->parts[i]);
	/* Of most messages the text need not be counted. */
	if (totals.visible < IMAGE_VISIBLE && (totals.pictures != NULL ||
	    totals.is_unread || view->over_limit))
		text = count_text(view);
	if (totals.visible >= IMAGE_VISIBLE || text >= IMAGE_TEXT)
		check_ok(result);
	else if (totals.is_unread || totals.pictures == NULL)
		not_found(view, totals.is_unread, result);
	else if (view->over_limit)
		check_dunno(result);
	else
		check_hit(input, result, "The HTML of %s shows %s and only %s of text; "
		    "the text part has %zu.", name_of(input, totals.pictures),
		    check_count(input, totals.pictures->html->images, "image"),
		    check_count(input, totals.visible, "character"), text);
}

static bool
is_hiding(const struct check_input *input, const struct html_facts *html)
{
	(void)input;
	return !html->over_limit && html->hidden >= HIDDEN_MIN &&
	    html->hidden * HIDDEN_SHARE >= html->visible;
}

void
check_html_hidden(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find(input, is_hiding, result);

	if (part != NULL)
		check_hit(input, result, "The HTML of %s hides %s beside %zu that can "
		    "be seen, by %s: \"%s\".", name_of(input, part), check_count(input,
		    part->html->hidden, "character"), part->html->visible,
		    part->html->hidden_how,
		    check_safe(input, part->html->hidden_sample));
}

static bool
has_script(const struct check_input *input, const struct html_facts *html)
{
	(void)input;
	return html->script != NULL;
}

static bool
has_form(const struct check_input *input, const struct html_facts *html)
{
	(void)input;
	return html->form != NULL;
}

void
check_html_active(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find(input, has_script, result);

	if (part != NULL) {
		check_hit(input, result, "The HTML of %s holds %s.",
		    name_of(input, part), check_safe(input, part->html->script));
		return;
	}
	part = find(input, has_form, result);
	if (part == NULL)
		return;
	check_hit(input, result, "The HTML of %s holds %s.", name_of(input, part),
	    check_safe(input, part->html->form));
	result->weight = FORM_WEIGHT;
}

static bool
is_clipped(const struct check_input *input, const struct html_facts *html)
{
	(void)input;
	return html->size > CLIPPED;
}

/* All of it is counted, whatever is read. */
static bool
is_uncounted(const struct html_facts *html)
{
	(void)html;
	return false;
}

void
check_html_clipped(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find_where(input, is_clipped, is_uncounted,
	    result);

	if (part != NULL)
		check_hit(input, result, "The HTML of %s has %llu bytes; Gmail shows "
		    "the first %d and hides the rest behind a link.", name_of(input, part),
		    (unsigned long long)part->html->size, CLIPPED);
}

static bool
is_broken(const struct check_input *input, const struct html_facts *html)
{
	(void)input;
	return html->broken != NULL;
}

void
check_html_broken(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find(input, is_broken, result);

	if (part != NULL)
		check_hit(input, result, "The HTML of %s is broken: %s.",
		    name_of(input, part), check_safe(input, part->html->broken));
}

static bool
lacks_root(const struct check_input *input, const struct html_facts *html)
{
	(void)input;
	return !html->has_root && html->size > 0 && !html->over_limit;
}

static bool
may_have_root(const struct html_facts *html)
{
	return html->over_limit && !html->has_root;
}

void
check_html_no_root(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find_where(input, lacks_root, may_have_root,
	    result);

	if (part != NULL)
		check_hit(input, result, "The HTML of %s has no <html> element.",
		    name_of(input, part));
}

static bool
lacks_alt(const struct check_input *input, const struct html_facts *html)
{
	(void)input;
	return !html->over_limit && html->images_without_alt * 2 > html->images;
}

void
check_html_alt_missing(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find(input, lacks_alt, result);

	if (part != NULL)
		check_hit(input, result, "%zu of %s without an alt attribute stand in the "
		    "HTML of %s.", part->html->images_without_alt, check_count(input,
		    part->html->images, "image"), name_of(input, part));
}

/* The first remote sheet that is none of a font service, or NULL. */
static const char *
find_style(const struct check_input *input, const struct html_facts *html)
{
	struct url url;

	for (size_t i = 0; i < html->n_styles; i++) {
		url_parse(input->arena, slice_of(html->styles[i]), &url);
		if (url.host == NULL ||
		    !lists_has_domain(input->settings->lists, LIST_FONTS, url.host))
			return html->styles[i];
	}
	return NULL;
}

static bool
has_style(const struct check_input *input, const struct html_facts *html)
{
	return find_style(input, html) != NULL;
}

void
check_html_remote_style(const struct check_input *input, struct check_result *result)
{
	const struct view_part *part = find(input, has_style, result);

	if (part != NULL)
		check_hit(input, result, "The HTML of %s takes a style sheet from %s.",
		    name_of(input, part), check_safe(input, find_style(input,
		    part->html)));
}
