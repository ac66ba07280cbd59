/*
 * Plain lists: an entry a line.
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/errors.h"
#include "settings/lists_store.h"
#include "settings/names.h"

/* What the entries of a list are. */
enum entry { ENTRY_DOMAIN, ENTRY_LABEL, ENTRY_SUFFIX, ENTRY_WORDS };

static const struct {
	const char *name;
	enum entry entry;
} infos[LISTS] = {
	[LIST_FREEMAIL] = { "freemail", ENTRY_DOMAIN },
	[LIST_SHORTENERS] = { "shorteners", ENTRY_DOMAIN },
	[LIST_GATEWAYS] = { "gateways", ENTRY_DOMAIN },
	[LIST_TLDS] = { "tlds", ENTRY_LABEL },
	[LIST_BRANDS] = { "brands", ENTRY_DOMAIN },
	[LIST_FONTS] = { "fonts", ENTRY_DOMAIN },
	[LIST_MAILBOXES] = { "mailboxes", ENTRY_DOMAIN },
	[LIST_TYPO_TLDS] = { "typo-tlds", ENTRY_LABEL },
	[LIST_UNSUBSCRIBE] = { "unsubscribe", ENTRY_WORDS },
	[LIST_CARD_WORDS] = { "card-words", ENTRY_WORDS },
	[LIST_BLOCKED_GMAIL] = { "blocked-gmail", ENTRY_SUFFIX },
	[LIST_BLOCKED_MICROSOFT] = { "blocked-microsoft", ENTRY_SUFFIX },
	[LIST_BLOCKED_OWA] = { "blocked-owa", ENTRY_SUFFIX },
};

const char *
list_name(enum list list)
{
	return infos[list].name;
}

enum list
list_by_name(const char *name)
{
	size_t i = 0;

	while (i < LISTS && strcmp(infos[i].name, name) != 0)
		i++;
	return (enum list)i;
}

/* The length of a UTF-8 sequence that is no control character, or 0. */
static size_t
character_length(const unsigned char *p, size_t n)
{
	size_t length = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	unsigned second = n > 1 ? p[1] : 0;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f ? 1 : 0;
	if (p[0] < 0xc2 || p[0] > 0xf4 || length > n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	/* overlong forms, surrogates, beyond U+10FFFF, C1 controls (RFC 3629) */
	if ((p[0] == 0xe0 && second < 0xa0) || (p[0] == 0xed && second > 0x9f) ||
	    (p[0] == 0xf0 && second < 0x90) || (p[0] == 0xf4 && second > 0x8f) ||
	    (p[0] == 0xc2 && second < 0xa0))
		return 0;
	return length;
}

static bool
is_text(struct slice text)
{
	size_t length;

	while (text.n > 0) {
		length = character_length((const unsigned char *)text.p, text.n);
		if (length == 0)
			return false;
		text = slice_sub(text, length, text.n);
	}
	return true;
}

/* Without the comment: "#" first or after a blank. */
static struct slice
without_comment(struct slice line)
{
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '#' &&
		    (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			return slice_sub(line, 0, i);
	}
	return line;
}

/* Runs of blanks become one. */
static void
single_blanks(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		if (*in != ' ' && *in != '\t')
			*out++ = *in;
		else if (out[-1] != ' ')	/* trimmed: never the first */
			*out++ = ' ';
	}
	*out = '\0';
}

bool
list_next_line(struct list_source *source, struct slice *rest, size_t max,
    const char **line_r)
{
	struct slice line;
	char *text;

	while (slice_split(rest, '\n', &line)) {
		source->line++;
		line = slice_trim(without_comment(line));
		if (line.n == 0)
			continue;
		text = slice_dup(source->work, line);
		single_blanks(text);
		if (slice_find(line, '\0') < line.n || strlen(text) > max)
			errors_add(source->errors, source->file, source->line, NULL,
			    "expected at most %zu bytes of text (got %s)", max,
			    errors_shown(source->errors, text));
		else if (!is_text(slice_of(text)))
			errors_add(source->errors, source->file, source->line, NULL,
			    "expected text in UTF-8 (got %s)",
			    errors_shown(source->errors, text));
		else {
			*line_r = text;
			return true;
		}
	}
	return false;
}

static bool
entry_fits(enum entry entry, struct slice word)
{
	switch (entry) {
	case ENTRY_DOMAIN:
		return name_is_domain(word);
	case ENTRY_LABEL:
		return name_is_dns(word) && slice_find(word, '.') == word.n &&
		    slice_find(word, '_') == word.n;
	case ENTRY_SUFFIX:
		return name_is_of(word, "-_") && word.n <= 32;
	case ENTRY_WORDS:
		return true;
	}
	return false;
}

static const char *
entry_expected(enum entry entry)
{
	switch (entry) {
	case ENTRY_DOMAIN:
		return "a domain in its ASCII form, as in example.com";
	case ENTRY_LABEL:
		return "a top-level domain without a dot, as in com";
	case ENTRY_SUFFIX:
		return "the end of file names without its dot, as in exe";
	case ENTRY_WORDS:
		return "one word or several";
	}
	return "";
}

static size_t
count_lines(struct slice text)
{
	struct slice line;
	size_t n = 0;

	while (slice_split(&text, '\n', &line))
		n++;
	return n;
}

void
lists_parse_words(struct list_source *source, enum list list, struct lists *lists)
{
	struct word_list *out = &lists->lists[list];
	enum entry entry = infos[list].entry;
	struct slice rest = source->text;
	const char *line;
	const char *word;

	out->index = map_new(source->arena);
	out->words = arena_array(source->arena, count_lines(rest), sizeof(*out->words));
	while (list_next_line(source, &rest, LIST_WORD_MAX, &line)) {
		line = slice_dup_lower(source->work, slice_of(line));
		if (!entry_fits(entry, slice_of(line)))
			errors_add(source->errors, source->file, source->line, NULL,
			    "expected %s (got %s)", entry_expected(entry),
			    errors_shown(source->errors, line));
		else if (map_get(out->index, line) != NULL)
			errors_add(source->errors, source->file, source->line, NULL,
			    "expected each entry once (%s stands above already)",
			    errors_shown(source->errors, line));
		else if (out->n < LIST_ENTRIES_MAX) {
			word = arena_strdup(source->arena, line);
			map_set(out->index, word, (void *)(uintptr_t)word);
			out->words[out->n++] = word;
		} else {
			errors_add(source->errors, source->file, source->line, NULL,
			    "expected at most %d entries", LIST_ENTRIES_MAX);
			return;
		}
	}
}
