/*
 * Reads OpenDKIM's KeyTable.
 */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/map.h"
#include "settings/files.h"
#include "settings/import/keytable.h"
#include "settings/names.h"

enum { PEM_LINE = 64, PEM_MAX = 64 * 1024, DER_LEAST = 48, NAME_MOST = 255 };

struct keytable {
	struct keytable_entry *entries;
	size_t n;
	struct map *by_name;		/* struct keytable_entry, the first of a name */
	const struct keytable_entry **globs;
	size_t n_globs;
	bool is_rspamd;
	bool in_order;			/* Rspamd's, with a name of nothing but "*" */
};

/* ---- keys that stand in the table ---- */

static bool
is_path(const char *text)
{
	return text[0] == '/' || strncmp(text, "./", 2) == 0 || strncmp(text, "../", 3) == 0;
}

/* Octet i of what the base64 stands for. */
static int
octet(const char *base64, size_t i)
{
	const char *group = base64 + i / 3 * 4 + i % 3;
	int high = base64_value(group[0]), low = base64_value(group[1]);
	static const int shift[] = { 2, 4, 6 };

	if (high < 0 || low < 0)
		return -1;
	return ((high << shift[i % 3]) | (low >> (6 - shift[i % 3]))) & 0xff;
}

/* PKCS#8 has an algorithm after the version, PKCS#1 the modulus. */
static const char *
der_label(const char *base64)
{
	size_t at = 1;
	int length = octet(base64, 1);

	if (octet(base64, 0) != 0x30 || length < 0)
		return NULL;
	at += length < 0x80 ? 1 : 1 + (size_t)(length & 0x7f);
	if (at > 6 || octet(base64, at) != 0x02 || octet(base64, at + 1) != 1)
		return NULL;
	switch (octet(base64, at + 3)) {
	case 0x30:
		return "PRIVATE KEY";
	case 0x02:
		return "RSA PRIVATE KEY";
	default:
		return NULL;
	}
}

const char *
keytable_pem(struct arena *arena, const char *base64)
{
	size_t n = 0, length = strlen(base64);
	const char *label;
	struct buf pem;

	while (n < length && base64_value(base64[n]) >= 0)
		n++;
	if (n < DER_LEAST || n > PEM_MAX / 2 || length - n > 2 ||
	    strspn(base64 + n, "=") != length - n)
		return NULL;
	label = der_label(base64);
	if (label == NULL)
		return NULL;
	buf_init(&pem, arena, PEM_MAX);
	buf_printf(&pem, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < length; i += PEM_LINE) {
		buf_add(&pem, base64 + i, length - i < PEM_LINE ? length - i : PEM_LINE);
		buf_add_char(&pem, '\n');
	}
	buf_printf(&pem, "-----END %s-----\n", label);
	return buf_str(&pem);
}

static void
set_inline(struct import *import, size_t number, struct keytable_entry *entry,
    const char *text)
{
	const char *pem;

	if (strncmp(text, "-----BEGIN", 10) == 0) {
		import_say(import, IMPORT_ERROR, entry->at, entry->name, "a PEM key does "
		    "not fit into a line: put it into a file and name that");
		entry->is_bad = true;
		return;
	}
	pem = keytable_pem(import->arena, text);
	if (pem == NULL) {
		import_say(import, IMPORT_ERROR, entry->at, entry->name, "expected the path "
		    "of the key, starting with \"/\", or the key itself in base64");
		entry->is_bad = true;
		return;
	}
	entry->is_inline = true;
	entry->path = arena_printf(import->arena, "%s:%u", entry->at.file, entry->at.line);
	if (number > 0)		/* in a list within a line */
		entry->path = arena_printf(import->arena, "%s.%zu", entry->path, number);
	files_put_part(import->files, entry->path, entry->at.file, pem, strlen(pem));
}

/* ---- lines ---- */

static void
set_key(struct import *import, const struct opendkim *options, size_t number,
    struct keytable_entry *entry, const char *text)
{
	if (!is_path(text)) {
		set_inline(import, number, entry, text);
	} else if (strlen(text) >= PATH_MAX) {
		import_say(import, IMPORT_ERROR, entry->at, entry->name, "the path of the key "
		    "is longer than a path can be");
		entry->is_bad = true;
	} else if (text[0] == '/') {
		entry->path = text;
	} else if (options->base_directory != NULL) {
		entry->path = arena_printf(import->arena, "%s/%s", options->base_directory,
		    text);
	} else {
		import_say(import, IMPORT_ERROR, entry->at, entry->name, "expected a path "
		    "that starts with \"/\" (got %s)", import_shown(import, text));
		entry->is_bad = true;
	}
}

static void
read_entry(struct import *import, const struct opendkim *options,
    const struct dataset_entry *line, size_t number, struct keytable_entry *entry)
{
	struct slice rest = slice_of(line->value), domain = { NULL, 0 };
	struct slice selector = { NULL, 0 };

	*entry = (struct keytable_entry){ .name = line->key, .at = line->at };
	slice_split(&rest, ':', &domain);
	if (!slice_split(&rest, ':', &selector) ||
	    (rest.n == 0 && (options->default_selector == NULL || selector.n == 0))) {
		import_say(import, IMPORT_ERROR, line->at, line->key,
		    "expected DOMAIN:SELECTOR:KEY after the name");
		entry->is_bad = true;
		return;
	}
	if (rest.n == 0) {
		rest = selector;
		selector = slice_of(options->default_selector);
	}
	entry->domain = slice_dup_lower(import->arena, domain);
	entry->selector = slice_dup_lower(import->arena, selector);
	if (strcmp(entry->domain, "%") != 0 && !name_is_domain(domain)) {
		import_say(import, IMPORT_ERROR, line->at, line->key, "expected a domain "
		    "or \"%%\" before the first \":\", without quotes or blanks (got %s)",
		    import_shown(import, entry->domain));
		entry->is_bad = true;
	} else if (!name_is_dns(selector)) {
		import_say(import, IMPORT_ERROR, line->at, line->key, "expected a selector "
		    "after the first \":\", without blanks (got %s)",
		    import_shown(import, entry->selector));
		entry->is_bad = true;
	} else {
		set_key(import, options, number, entry, slice_dup(import->arena, rest));
	}
}

struct keytable *
keytable_read(struct import *import, const struct opendkim *options)
{
	struct keytable *table = arena_alloc(import->arena, sizeof(*table));
	const struct keytable_entry *entry;
	struct dataset set;
	size_t number = 0;

	if (!dataset_read(import, import->key_table, &options->key_table, options->base_directory,
	    &set))
		return NULL;
	table->n = set.n;
	table->entries = arena_array(import->arena, set.n, sizeof(*table->entries));
	table->globs = arena_array(import->arena, set.n, sizeof(*table->globs));
	table->by_name = map_new(import->arena);
	table->is_rspamd = options->is_rspamd;
	for (size_t i = 0; i < set.n; i++) {
		number = i > 0 && set.p[i].at.line == set.p[i - 1].at.line &&
		    strcmp(set.p[i].at.file, set.p[i - 1].at.file) == 0 ? number + 1 : 0;
		read_entry(import, options, &set.p[i], number, &table->entries[i]);
		entry = &table->entries[i];
		table->in_order = table->in_order ||
		    entry->name[strspn(entry->name, "*")] == '\0';
		if (set.kind == DATASET_PATTERNS && strchr(entry->name, '*') != NULL)
			table->globs[table->n_globs++] = entry;
		else if (map_get(table->by_name, entry->name) == NULL)
			map_set(table->by_name, entry->name, &table->entries[i]);
	}
	return table;
}

/*
 * Rspamd takes the name that fits the part of the text which ends first, of two the
 * one that stands first.  With a name that fits no text at all its engine for many
 * patterns refuses the table, and the order alone counts.
 */
struct best {
	const struct keytable_entry *entry;
	size_t end;
};

static void
compare(const struct keytable *table, struct best *best, const struct keytable_entry *entry,
    size_t end)
{
	if (table->in_order)
		end = 0;
	if (best->entry == NULL || end < best->end || (end == best->end && entry < best->entry))
		*best = (struct best){ entry, end };
}

static const struct keytable_entry *
find_part(const struct keytable *table, const char *name)
{
	const struct keytable_entry *entry;
	struct best best = { NULL, 0 };
	char text[NAME_MOST + 1];
	size_t n = strlen(name), end;

	for (end = n > NAME_MOST ? 0 : n; end > 0; end--) {
		memcpy(text, name, end);
		text[end] = '\0';
		for (size_t start = 0; start < end; start++) {
			entry = map_get(table->by_name, text + start);
			if (entry != NULL)
				compare(table, &best, entry, end);
		}
	}
	for (size_t i = 0; i < table->n_globs; i++) {
		end = dataset_find(table->globs[i]->name, name);
		if (end != SIZE_MAX)
			compare(table, &best, table->globs[i], end);
	}
	return best.entry;
}

const struct keytable_entry *
keytable_find(const struct keytable *table, const char *name)
{
	const struct keytable_entry *entry;

	if (table->is_rspamd)
		return find_part(table, name);
	entry = map_get(table->by_name, name);
	/* The first that fits, in the order of the file. */
	for (size_t i = 0; i < table->n_globs; i++) {
		if (entry != NULL && entry < table->globs[i])
			break;
		if (dataset_glob(table->globs[i]->name, name))
			return table->globs[i];
	}
	return entry;
}

const struct keytable_entry *
keytable_find_pattern(const struct keytable *table, const char *pattern)
{
	/* "*" of the name is taken for a letter: only a "*" of the glob fits it. */
	for (size_t i = 0; i < table->n_globs; i++) {
		if (dataset_glob(table->globs[i]->name, pattern))
			return table->globs[i];
	}
	return NULL;
}

size_t
keytable_count(const struct keytable *table)
{
	return table->n;
}

const struct keytable_entry *
keytable_at(const struct keytable *table, size_t i)
{
	return &table->entries[i];
}
