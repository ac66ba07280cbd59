/* What the body of bulk mail must show: a way out, and who sends. */
#include <string.h>

#include "base/arena.h"
#include "checks/common.h"
#include "mail/fold.h"
#include "mail/view.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum {
	LINKS_LOOKED_AT = 1000,		/* at either end: a way out stands first or last */
	TARGET_READ = 2000,		/* octets */
};

struct words {				/* folded */
	const char **p;
	size_t n;
};

static bool
is_judged(const struct check_input *input, struct check_result *result)
{
	if (!input->message->stream_known || input->message->view == NULL) {
		check_dunno(result);
		return false;
	}
	check_ok(result);
	return check_is_bulk(input->message);
}

static char *
folded(struct arena *arena, struct slice text)
{
	char *out = arena_alloc(arena, text.n + 1);

	out[fold_text(text, out)] = '\0';
	return out;
}

static struct words
unsubscribe_words(const struct check_input *input)
{
	struct words words;
	const char *const *list;

	list = lists_words(input->settings->lists, LIST_UNSUBSCRIBE, &words.n);
	words.p = arena_array(input->arena, words.n, sizeof(*words.p));
	for (size_t i = 0; i < words.n; i++)
		words.p[i] = folded(input->arena, slice_of(list[i]));
	return words;
}

static bool
has_word(const char *text, const struct words *words)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strstr(text, words->p[i]) != NULL)
			return true;
	}
	return false;
}

static bool
means_unsubscribe(const struct view_link *link, const struct words *words)
{
	char text[TARGET_READ + 1];

	switch (link->url.kind) {
	case URL_HTTP:
	case URL_HTTPS:
	case URL_MAILTO:
		break;
	case URL_NONE:
	case URL_TEL:
	case URL_JAVASCRIPT:
	case URL_DATA:
	case URL_FILE:
	case URL_CID:
	case URL_OTHER:
		return false;
	}
	text[fold_text(slice_sub(slice_of(link->text), 0, TARGET_READ), text)] = '\0';
	if (has_word(text, words))
		return true;
	text[fold_text(slice_sub(slice_of(link->target), 0, TARGET_READ), text)] = '\0';
	return has_word(text, words);
}

/* In plain text the words around a link are its text. */
static bool
part_says_how(const struct check_input *input, size_t part, const struct words *words)
{
	const struct view *view = input->message->view;
	bool has_link = false;

	if (view->parts[part].kind != VIEW_TEXT)
		return false;
	for (size_t i = 0; i < view->n_links && !has_link; i++)
		has_link = view->links[i].part == part;
	return has_link && has_word(folded(input->arena, view->parts[part].text), words);
}

static bool
has_way_out(const struct check_input *input)
{
	const struct view *view = input->message->view;
	struct words words = unsubscribe_words(input);

	for (size_t i = 0; i < view->n_links; i++) {
		if ((i < LINKS_LOOKED_AT || view->n_links - i <= LINKS_LOOKED_AT) &&
		    means_unsubscribe(&view->links[i], &words))
			return true;
	}
	for (size_t i = 0; i < view->n_parts; i++) {
		if (part_says_how(input, i, &words))
			return true;
	}
	return false;
}

/* Something that a reader would see was not read. */
static bool
is_unread(const struct view *view)
{
	for (size_t i = 0; i < view->n_parts; i++) {
		if (view->parts[i].in_encrypted || view->parts[i].over_limit)
			return true;
	}
	return view->over_limit;
}

void
check_bulk_no_body_link(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;

	if (!is_judged(input, result) || has_way_out(input))
		return;
	if (is_unread(view))
		check_dunno(result);
	else if (view->links_total == 0)
		check_hit(input, result, "The body has no link to end the subscription.");
	else
		check_hit(input, result, "The body has %s, none of which says in its "
		    "text or target that it ends the subscription.",
		    check_count(input, view->links_total, "link"));
}

/* ---- the postal address ---- */

/* Letters and digits only, so that line ends and commas are no matter. */
static struct slice
squeezed(struct arena *arena, struct slice text)
{
	char *out = folded(arena, text);
	size_t n = 0;

	for (const char *p = out; *p != '\0'; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
		    (unsigned char)*p >= 0x80)
			out[n++] = *p;
	}
	return (struct slice){ out, n };
}

static bool
shows_address(const struct check_input *input, struct slice address)
{
	const struct view *view = input->message->view;
	struct slice text;

	for (size_t i = 0; i < view->n_parts; i++) {
		if (view->parts[i].kind != VIEW_TEXT && view->parts[i].kind != VIEW_HTML)
			continue;
		text = squeezed(input->arena, view->parts[i].text);
		if (memmem(text.p, text.n, address.p, address.n) != NULL)
			return true;
	}
	return false;
}

void
check_bulk_no_postal_address(const struct check_input *input,
    struct check_result *result)
{
	const struct settings_stream *declared = input->message->declared;
	const char *address = input->settings->postal_address;
	struct slice wanted;

	if (!is_judged(input, result))
		return;
	if (declared != NULL && declared->postal_address != NULL)
		address = declared->postal_address;
	wanted = squeezed(input->arena, slice_of(address));
	if (wanted.n == 0 || shows_address(input, wanted))
		return;
	if (is_unread(input->message->view))
		check_dunno(result);
	else
		check_hit(input, result, "The text shows no postal address \"%s\".",
		    check_safe(input, address));
}
