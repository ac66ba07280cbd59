/*
 * DNS blocklists: a section each, named by its zone.
 *
 *	[zen.spamhaus.org]
 *	of        = ipv4 ipv6
 *	127.0.0.2 = what the answer says
 *	test      = a domain that is listed
 *	page      = where to look a listing up
 *	source    = where the codes are from
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/errors.h"
#include "settings/lists_store.h"
#include "settings/names.h"

enum { BLOCKLISTS_MAX = 256, LINE_BYTES_MAX = 1000 };

struct blocklist_file {
	struct list_source *source;
	struct lists *lists;
	struct blocklist *open;		/* section being read, NULL */
	unsigned open_line;
};

static void
wrong(struct blocklist_file *file, const char *expected, struct slice got)
{
	struct list_source *source = file->source;

	errors_add(source->errors, source->file, source->line, NULL, "expected %s (got %s)",
	    expected, errors_shown(source->errors, slice_dup(source->work, got)));
}

bool
blocklist_codes_read(struct slice text, struct blocklist_code *code_r)
{
	size_t dash = slice_find(text, '-');
	struct ip first, last;

	if (!ip_parse(slice_trim(slice_sub(text, 0, dash)), &first) ||
	    !ip_parse(slice_trim(dash < text.n ? slice_sub(text, dash + 1, text.n) : text),
	    &last))
		return false;
	if (first.family != 4 || last.family != 4 || first.bytes[0] != 127 ||
	    last.bytes[0] != 127 || memcmp(first.bytes, last.bytes, 4) > 0)
		return false;
	code_r->first = first;
	code_r->last = last;
	return true;
}

static void
close_section(struct blocklist_file *file)
{
	struct list_source *source = file->source;

	if (file->open != NULL && (file->open->n_codes == 0 || file->open->of == 0))
		errors_add(source->errors, source->file, file->open_line, NULL,
		    "expected of and one code at least in [%s]", file->open->zone);
	file->open = NULL;
}

static void
open_section(struct blocklist_file *file, struct slice line)
{
	struct lists *lists = file->lists;
	struct slice name = slice_sub(line, 1, line.n - 2);
	const char *zone;

	close_section(file);
	if (line.p[line.n - 1] != ']' || !name_is_domain(name)) {
		wrong(file, "a section as in [zen.spamhaus.org]", line);
		return;
	}
	zone = slice_dup_lower(file->source->arena, name);
	if (lists_blocklist(lists, zone) != NULL) {
		wrong(file, "each blocklist once", name);
		return;
	}
	if (lists->n_blocklists == BLOCKLISTS_MAX) {
		wrong(file, "fewer blocklists", name);
		return;
	}
	file->open = &lists->blocklists[lists->n_blocklists++];
	*file->open = (struct blocklist){ .zone = zone, .test = "test", .page = "",
		.source = "" };
	file->open_line = file->source->line;
}

static void
read_of(struct blocklist_file *file, struct slice words)
{
	struct slice word;

	while (slice_split(&words, ' ', &word)) {
		if (slice_is(word, "ipv4"))
			file->open->of |= BLOCKLIST_IPV4;
		else if (slice_is(word, "ipv6"))
			file->open->of |= BLOCKLIST_IPV6;
		else if (slice_is(word, "domains"))
			file->open->of |= BLOCKLIST_DOMAINS;
		else if (word.n > 0)
			wrong(file, "ipv4, ipv6 or domains", word);
	}
}

static void
read_key(struct blocklist_file *file, struct slice key, struct slice value)
{
	struct blocklist *open = file->open;
	const char *text = slice_dup(file->source->arena, value);
	struct blocklist_code code = { .meaning = text };

	if (slice_is(key, "of"))
		read_of(file, value);
	else if (slice_is(key, "test"))
		open->test = text;
	else if (slice_is(key, "page"))
		open->page = text;
	else if (slice_is(key, "source"))
		open->source = text;
	else if (!blocklist_codes_read(key, &code))
		wrong(file, "of, test, page, source or a code as in 127.0.0.2 or "
		    "127.0.0.4-127.0.0.7", key);
	else if (open->n_codes == BLOCKLIST_CODES_MAX)
		wrong(file, "fewer codes", key);
	else
		open->codes[open->n_codes++] = code;
}

void
lists_parse_blocklists(struct list_source *source, struct lists *lists)
{
	struct blocklist_file file = { .source = source, .lists = lists };
	struct slice rest = source->text;
	const char *text;

	lists->blocklists = arena_array(source->arena, BLOCKLISTS_MAX,
	    sizeof(*lists->blocklists));
	while (list_next_line(source, &rest, LINE_BYTES_MAX, &text)) {
		struct slice line = slice_of(text);
		size_t equals = slice_find(line, '=');
		struct slice key = slice_trim(slice_sub(line, 0, equals));
		struct slice value = slice_trim(slice_sub(line, equals + 1, line.n));

		if (line.p[0] == '[')
			open_section(&file, line);
		else if (equals == line.n || key.n == 0 || value.n == 0)
			wrong(&file, "KEY = VALUE", line);
		else if (file.open != NULL)
			read_key(&file, key, value);
		else if (lists->n_blocklists == 0)
			wrong(&file, "a section as in [zen.spamhaus.org] first", line);
	}
	close_section(&file);
}
