/*
 * How much there is to read, and words that sell.
 */
#include "checks/readable.h"
#include "mail/phrases.h"
#include "mail/script.h"
#include "mail/text.h"
#include "mail/utf8.h"
#include "settings/settings.h"

enum {
	SHORT_WORDS = 20,		/* HTML with fewer is short */
	PHRASES_SHOWN = 5,
	PHRASES_WEIGHT = 10,		/* beside a grave finding */
};

/* A part that only its reader can open: what is in it cannot be told. */
static bool
is_sealed(const struct view_part *part)
{
	return part->in_encrypted || slice_is(slice_of(part->type),
	    "multipart/encrypted") || slice_starts_nocase(slice_of(part->type),
	    "application/pkcs7-mime") || slice_starts_nocase(slice_of(part->type),
	    "application/x-pkcs7-mime");
}

/* Words to read, a picture to look at, an invitation. */
static bool
shows_something(const struct view_part *part)
{
	if (part->kind == VIEW_HTML && part->html != NULL && part->html->images > 0)
		return true;
	if (slice_is(slice_of(part->type), "text/calendar"))
		return true;
	return (part->kind == VIEW_TEXT || part->kind == VIEW_HTML) &&
	    !text_is_blank(part->text);
}

void
check_body_empty(const struct check_input *input, struct check_result *result)
{
	const struct view *view = input->message->view;
	size_t attachments = 0;

	if (!readable_known(input, result))
		return;
	for (size_t i = 0; i < view->n_parts; i++) {
		const struct view_part *part = &view->parts[i];

		/* What a malformed structure hides is another finding. */
		if (is_sealed(part) || part->over_limit || part->malformed != NULL) {
			check_dunno(result);
			return;
		}
		if (shows_something(part)) {
			check_ok(result);
			return;
		}
		attachments += part->kind == VIEW_OTHER;
	}
	if (view->over_limit)
		check_dunno(result);
	else if (attachments > 0)
		check_hit(input, result, "There is nothing to read beside %s.",
		    check_count(input, attachments, "attachment"));
	else
		check_hit(input, result, "There is nothing to read in the message.");
}

/* Scripts without blanks between words: each character is counted as one. */
static bool
is_word_alone(unsigned code)
{
	enum script script;

	if (code < 0xe00)
		return false;
	script = script_of(code);
	return script == SCRIPT_HAN || script == SCRIPT_HIRAGANA || script ==
	    SCRIPT_KATAKANA || script == SCRIPT_THAI || script == SCRIPT_LAO ||
	    script == SCRIPT_KHMER || script == SCRIPT_MYANMAR;
}

/* Letters, digits, what is beyond ASCII and shows: not bare signs. */
static bool
is_of_word(unsigned code)
{
	if (code < 0x80)
		return (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' &&
		    (code | 0x20) <= 'z');
	return !text_is_invisible(code);
}

/* Words of the text, counted up to `max`. */
static size_t
count_words(struct slice text, size_t max)
{
	bool in_word = false, is_counted = false;
	size_t words = 0, n;
	unsigned code;

	for (size_t i = 0; i < text.n && words < max; i += n) {
		n = utf8_next(slice_sub(text, i, 4), &code);
		in_word = code > ' ' && code != 0xa0;
		if (!in_word) {
			is_counted = false;
		} else if (is_word_alone(code)) {
			words++;
		} else if (!is_counted && is_of_word(code)) {
			is_counted = true;
			words++;
		}
	}
	return words;
}

static size_t
html_links(const struct view *view, const struct view_link **first_r)
{
	size_t n = 0;

	for (size_t i = 0; i < view->n_links && n < 2; i++) {
		const struct view_link *link = &view->links[i];

		if (!readable_is_web(link) || view->parts[link->part].kind != VIEW_HTML)
			continue;
		*first_r = link;
		n++;
	}
	return n;
}

static size_t
html_words(const struct view *view)
{
	const struct view_part *part;
	size_t at = 0, words = 0;

	while (words < SHORT_WORDS &&
	    (part = readable_next(view, false, &at)) != NULL)
		if (part->kind == VIEW_HTML)
			words += count_words(part->text, SHORT_WORDS - words);
	return words;
}

void
check_body_short_link(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	const struct view_link *link = NULL;
	size_t words;

	if (!readable_known(input, result))
		return;
	if (check_is_list(message) || check_is_transactional(message)) {
		check_ok(result);
		return;
	}
	words = html_words(message->view);
	if (words >= SHORT_WORDS || html_links(message->view, &link) > 1)
		check_ok(result);
	else if (link == NULL || message->view->over_limit)
		readable_end(input, result);
	else
		check_hit(input, result, "The HTML is %s and one link: %s in %s.",
		    check_count(input, words, "word"), readable_target(input, link),
		    readable_name(input, &message->view->parts[link->part]));
}

void
check_trigger_words(const struct check_input *input, struct check_result *result)
{
	const struct message *message = input->message;
	struct buf names;

	if (!readable_known(input, result))
		return;
	if (message->n_phrases == 0) {
		if (input->settings->lists == NULL)
			check_dunno(result);
		else
			readable_end(input, result);
		return;
	}
	buf_init(&names, input->arena, (size_t)PHRASE_MAX * 4 * PHRASES_SHOWN);
	for (size_t i = 0; i < message->n_phrases && i < PHRASES_SHOWN; i++)
		buf_printf(&names, "%s\"%s\" (%s)", i > 0 ? ", " : "",
		    check_safe(input, message->phrases[i]->text),
		    check_safe(input, message->phrases[i]->language));
	result->weight = 0;
	result->weight_beside = PHRASES_WEIGHT;
	check_hit(input, result, "The wording is that of advertisements: %s%s.",
	    buf_str(&names), message->n_phrases > PHRASES_SHOWN ? " ..." : "");
}
