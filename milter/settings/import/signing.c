/*
 * Reads OpenDKIM's SigningTable.  OpenDKIM takes the first pattern that fits an
 * address, or the most exact key; we take the most exact domain.  The patterns
 * of domains lie within each other or apart, so the first one that fits is the
 * most exact one, once those are left out that no address can reach.
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/import/signing.h"
#include "settings/names.h"

struct rule {
	const char *user;		/* NULL: any */
	const char *pattern;
	const char *key;		/* name in the KeyTable, or "%" */
	struct import_place at;
	size_t number;			/* in the order of the file */
	struct rule *next;		/* of the same pattern */
	struct rule *last;		/* of the first one: where the next goes */
};

/* A name in the KeyTable that a pattern fits. */
struct named {
	const struct keytable_entry *entry;
	const char *name;		/* in lower case */
	struct named *next;
};

struct names {				/* in the order of the file */
	struct named *first, *last;
};

struct signing {
	struct import *import;
	const struct keytable *keys;
	enum dataset_kind kind;
	bool all;			/* MultipleSignatures */
	bool is_rspamd;
	struct rule *rules;
	size_t n;
	struct map *by_pattern;		/* rules for any user: the first one */
	struct map *names;		/* by pattern: struct names that "%" stands for */
};

static const char *
sign_as_text(const char *sign_as)
{
	return sign_as == NULL ? "the author's domain" : sign_as;
}

static bool
is_same(const char *sign_as, const char *other)
{
	return sign_as == NULL || other == NULL ? sign_as == other :
	    strcmp(sign_as, other) == 0;
}

static bool
is_own(const struct import *import, const char *pattern)
{
	return import->own != NULL && map_get(import->own, pattern) != NULL;
}

/* The rule with a wider pattern, or the same one, that stands before; or NULL. */
static const struct rule *
find_before(const struct signing *signing, const char *pattern, size_t number)
{
	const struct rule *rule;

	for (; pattern != NULL; pattern = signing_wider(signing->import->arena, pattern)) {
		rule = map_get(signing->by_pattern, pattern);
		if (rule != NULL && rule->number < number)
			return rule;
	}
	return NULL;
}

/* The most exact rule for any user, or NULL. */
static const struct rule *
find_covering(const struct signing *signing, const char *pattern)
{
	const struct rule *rule;

	for (; pattern != NULL; pattern = signing_wider(signing->import->arena, pattern)) {
		rule = map_get(signing->by_pattern, pattern);
		if (rule != NULL)
			return rule;
	}
	return NULL;
}

/* ---- reading ---- */

static void
say_dead(struct signing *signing, const struct rule *rule, const struct rule *before)
{
	import_say(signing->import, IMPORT_NOTE, rule->at, signing->import->signing_table,
	    "%s is never reached: line %u fits first", import_shown(signing->import,
	    rule->pattern), before->at.line);
}

static void
index_rule(struct signing *signing, struct rule *rule)
{
	struct rule *first = map_get(signing->by_pattern, rule->pattern);
	const struct rule *before = NULL;

	if (signing->kind == DATASET_PATTERNS && !signing->all)
		before = find_before(signing, rule->pattern, rule->number);
	else if (signing->kind == DATASET_EXACT)
		before = first;
	if (before != NULL) {
		say_dead(signing, rule, before);
		return;
	}
	if (first == NULL) {
		map_set(signing->by_pattern, rule->pattern, rule);
		rule->last = rule;
		return;
	}
	first->last->next = rule;
	first->last = rule;
}

static void
read_line(struct signing *signing, const struct dataset_entry *line)
{
	struct import *import = signing->import;
	struct signing_pattern pattern;
	struct slice rest = slice_of(line->value), key = { NULL, 0 };
	struct rule *rule;

	if (signing->is_rspamd)
		signing_parse_part(import->arena, line->key, &pattern);
	else if (signing->kind == DATASET_PATTERNS)
		signing_parse_glob(import->arena, line->key, &pattern);
	else
		signing_parse_key(import->arena, line->key, &pattern);
	if (pattern.wrong != NULL) {
		import_say(import, pattern.is_dead ? IMPORT_WARNING : IMPORT_ERROR, line->at,
		    import->signing_table, "%s is left out: %s", import_shown(import, line->key),
		    pattern.wrong);
		return;
	}
	slice_split(&rest, ':', &key);
	if (key.n == 0) {
		import_say(import, IMPORT_ERROR, line->at, import->signing_table,
		    "expected the name of a key after %s", import_shown(import, line->key));
		return;
	}
	if (rest.n > 0)
		import_say(import, IMPORT_WARNING, line->at, import->signing_table,
		    "the signer (i=) is left out: signatures speak for the whole domain");
	if (pattern.is_loose)
		import_say(import, IMPORT_WARNING, line->at, import->signing_table,
		    "%s is taken for the domain and what is below it; other names that end "
		    "so are left out", import_shown(import, line->key));
	for (size_t i = 0; i < 2 && pattern.domains[i] != NULL; i++) {
		rule = &signing->rules[signing->n];
		*rule = (struct rule){ pattern.user, pattern.domains[i],
			slice_dup(import->arena, key), line->at, signing->n, NULL, NULL };
		signing->n++;
		if (rule->user == NULL)
			index_rule(signing, rule);
	}
}

/* ---- keys of a pattern ---- */

/* `path` with the text for each "%". */
static const char *
replaced(struct arena *arena, const char *path, const char *text)
{
	struct slice rest = slice_of(path), part;
	const char *out = "";
	bool is_first = true;

	while (slice_split(&rest, '%', &part)) {
		out = arena_printf(arena, "%s%s%s", out, is_first ? "" : text,
		    slice_dup(arena, part));
		is_first = false;
	}
	return path[0] != '\0' && path[strlen(path) - 1] == '%' ?
	    arena_printf(arena, "%s%s", out, text) : out;
}

static unsigned
count_marks(const char *path)
{
	unsigned n = 0;

	for (; *path != '\0'; path++)
		n += *path == '%';
	return n;
}

static void
put(struct import *import, const char *pattern, const char *sign_as,
    const struct keytable_entry *entry, const char *path, struct import_place at)
{
	struct import_domain *domain = import_domain(import, pattern, at);
	struct import_key key = { entry->selector, path, entry->is_inline, entry->at };

	if (domain == NULL)
		return;
	if (domain->n_keys > 0 && !is_same(domain->sign_as, sign_as)) {
		import_say(import, IMPORT_WARNING, at, import->signing_table, "%s gets one "
		    "signature only, as %s, and none as %s", import_shown(import, pattern),
		    sign_as_text(domain->sign_as), sign_as_text(sign_as));
		return;
	}
	domain->sign_as = sign_as;
	import_key(import, domain, &key);
}

/* No line but "*" is for the pattern, wherever it stands. */
static bool
is_left(const struct signing *signing, const char *pattern)
{
	const struct rule *rule = find_covering(signing, pattern);

	return rule == NULL || strcmp(rule->pattern, "*") == 0;
}

/* A key with one d= for every author: those that are aligned with it. */
static void
add_for_all(const struct signing *signing, const struct keytable_entry *entry,
    struct import_place at)
{
	struct import *import = signing->import;
	const char *below = arena_printf(import->arena, "*.%s", entry->domain);
	const char *path = entry->is_inline ? entry->path :
	    replaced(import->arena, entry->path, entry->domain);

	import_say(import, IMPORT_WARNING, at, import->signing_table, "\"*\" signs mail of every "
	    "author as %s; only that of %s and of its subdomains is signed here, since "
	    "nothing counts for DMARC but a signature of the author's own domain",
	    entry->domain, entry->domain);
	if (is_left(signing, entry->domain))
		put(import, entry->domain, NULL, entry, path, at);
	if (is_left(signing, below))
		put(import, below, entry->domain, entry, path, at);
}

static void
add_wild(struct import *import, const char *pattern, const char *sign_as,
    const struct keytable_entry *entry, struct import_place at)
{
	unsigned marks = entry->is_inline ? 0 : count_marks(entry->path);

	if (marks > 1) {
		import_say(import, IMPORT_ERROR, entry->at, entry->name, "expected one "
		    "\"%%\" in the path of keys for %s (got %s): name the domains one by "
		    "one, or link the files", import_shown(import, pattern),
		    import_shown(import, entry->path));
	} else if (marks == 0 && strcmp(pattern, "*") == 0) {
		import_say(import, IMPORT_ERROR, at, import->signing_table, "key %s would sign "
		    "for every domain there is, and mail of a domain without its record in "
		    "DNS would not leave: name your domains, or put \"%%\" into the path",
		    import_shown(import, entry->name));
	} else {
		put(import, pattern, sign_as, entry, marks == 0 ? entry->path :
		    replaced(import->arena, entry->path, "%d"), at);
	}
}

void
signing_add(struct import *import, const char *pattern,
    const struct keytable_entry *entry, struct import_place at)
{
	const char *base = pattern[0] == '*' && pattern[1] == '.' ? pattern + 2 : pattern;
	const char *sign_as = strcmp(entry->domain, "%") == 0 ||
	    strcmp(entry->domain, pattern) == 0 ? NULL : entry->domain;

	if (is_own(import, pattern))
		return;
	if (sign_as != NULL && !name_is_under(base, sign_as) && !name_is_under(sign_as, base))
		import_say(import, IMPORT_ERROR, at, import->signing_table, "mail of %s would be "
		    "signed as %s, which does not count for DMARC: make a key of its own "
		    "(\"mailworthy keygen\") and write a section for it", pattern, sign_as);
	else if (pattern[0] == '*')
		add_wild(import, pattern, sign_as, entry, at);
	else
		put(import, pattern, sign_as, entry, entry->is_inline ? entry->path :
		    replaced(import->arena, entry->path, pattern), at);
}

static void
add_key(const struct signing *signing, const char *pattern,
    const struct keytable_entry *entry, struct import_place at)
{
	if (strcmp(pattern, "*") == 0 && strcmp(entry->domain, "%") != 0 &&
	    !is_own(signing->import, pattern))
		add_for_all(signing, entry, at);
	else
		signing_add(signing->import, pattern, entry, at);
}

/* The entry of a rule's key for a pattern; NULL and a remark when there is none. */
static const struct keytable_entry *
resolve(struct signing *signing, const struct rule *rule, const char *pattern)
{
	const struct keytable_entry *entry;
	const char *name = strcmp(rule->key, "%") == 0 ? pattern : rule->key;
	struct import *import = signing->import;

	entry = keytable_find(signing->keys, name);
	if (entry == NULL && !is_own(import, pattern))
		import_say(import, IMPORT_ERROR, rule->at, import->signing_table,
		    "expected the name of a key in %s (%s is none; case matters)",
		    import->key_table, import_shown(import, name));
	return entry == NULL || entry->is_bad ? NULL : entry;
}

static void
add_named(struct signing *signing, const char *pattern,
    const struct keytable_entry *entry, const char *name)
{
	struct arena *arena = signing->import->arena;
	struct names *names = map_get(signing->names, pattern);
	struct named *named = arena_alloc(arena, sizeof(*named));

	*named = (struct named){ entry, name, NULL };
	if (names == NULL) {
		names = arena_alloc(arena, sizeof(*names));
		*names = (struct names){ named, named };
		map_set(signing->names, pattern, names);
		return;
	}
	names->last->next = named;
	names->last = named;
}

static void
index_name(struct signing *signing, const struct keytable_entry *entry, const char *name)
{
	const struct rule *rule;

	for (const char *at = name; at != NULL;
	    at = signing_wider(signing->import->arena, at)) {
		rule = map_get(signing->by_pattern, at);
		if (rule != NULL && at[0] == '*')
			add_named(signing, rule->pattern, entry, name);
		if (rule != NULL && !signing->all)
			break;
	}
}

/* Each name once, not once a pattern: tables are long. */
static void
index_names(struct signing *signing)
{
	struct arena *arena = signing->import->arena;
	const struct keytable_entry *entry;

	for (size_t i = 0; i < keytable_count(signing->keys); i++) {
		entry = keytable_at(signing->keys, i);
		if (entry->is_bad || !name_is_domain(slice_of(entry->name)))
			continue;
		const char *name = slice_dup_lower(arena, slice_of(entry->name));

		index_name(signing, entry, name);
		if (signing->is_rspamd)
			index_name(signing, entry, arena_printf(arena, "*.%s", name));
	}
}

/* KEY "%" for a pattern: each name of the KeyTable that it fits. */
static void
add_by_name(struct signing *signing, const struct rule *rule, const char *pattern)
{
	struct import *import = signing->import;
	const struct names *names = map_get(signing->names, pattern);
	const struct keytable_entry *wide;
	bool any = names != NULL;

	for (const struct named *named = any ? names->first : NULL; named != NULL;
	    named = named->next) {
		if (keytable_find(signing->keys, signing->is_rspamd ? named->name :
		    named->entry->name) == named->entry)
			add_key(signing, named->name, named->entry, rule->at);
	}
	wide = keytable_find_pattern(signing->keys, pattern);
	if (wide != NULL && !wide->is_bad)
		add_key(signing, pattern, wide, rule->at);
	else if (!any && !is_own(import, pattern))
		import_say(import, IMPORT_ERROR, rule->at, import->signing_table, "no name in %s "
		    "fits %s", import->key_table, import_shown(import, pattern));
}

static void
add_rule(struct signing *signing, const struct rule *rule, const char *pattern)
{
	const struct keytable_entry *entry;

	if (strcmp(rule->key, "%") == 0 && pattern[0] == '*') {
		add_by_name(signing, rule, pattern);
		return;
	}
	entry = resolve(signing, rule, pattern);
	if (entry != NULL)
		add_key(signing, pattern, entry, rule->at);
}

/*
 * MultipleSignatures: all that fit.  Of exact keys OpenDKIM takes the most exact
 * one and "*".
 */
static void
add_wider(struct signing *signing, const char *pattern)
{
	const struct rule *rule;
	const char *wider = pattern;

	while ((wider = signing_wider(signing->import->arena, wider)) != NULL) {
		if (signing->kind == DATASET_EXACT && strcmp(wider, "*") != 0)
			continue;
		for (rule = map_get(signing->by_pattern, wider); rule != NULL;
		    rule = rule->next)
			add_rule(signing, rule, pattern);
	}
}

static void
add_pattern(void *context, const char *pattern, void *value)
{
	struct signing *signing = context;
	const struct rule *rule = value;

	for (; rule != NULL; rule = rule->next) {
		if (!signing->all && rule != value)
			break;
		add_rule(signing, rule, pattern);
	}
	if (signing->all)
		add_wider(signing, pattern);
}

/* ---- rules for one user ---- */

/* The line that signs for the user is taken for that of the domain, or told. */
static void
judge_user(struct signing *signing, const struct rule *rule)
{
	struct import *import = signing->import;
	const struct rule *of_domain = find_covering(signing, rule->pattern);
	const struct keytable_entry *key, *other;

	if (is_own(import, rule->pattern))
		return;
	if (signing->kind == DATASET_PATTERNS && !signing->all &&
	    find_before(signing, rule->pattern, rule->number) != NULL) {
		say_dead(signing, rule, find_before(signing, rule->pattern, rule->number));
		return;
	}
	key = resolve(signing, rule, rule->pattern);
	if (key == NULL)
		return;
	other = of_domain == NULL ? NULL : resolve(signing, of_domain, rule->pattern);
	if (other == NULL)
		import_say(import, IMPORT_ERROR, rule->at, import->signing_table, "only mail of "
		    "%s@%s is signed, and here all mail of a domain is: write a section "
		    "for the domain, or a line for the whole of it", rule->user,
		    rule->pattern);
	else if (strcmp(key->domain, other->domain) == 0 ||
	    (strcmp(key->domain, rule->pattern) == 0 && strcmp(other->domain, "%") == 0) ||
	    (strcmp(other->domain, rule->pattern) == 0 && strcmp(key->domain, "%") == 0)) {
		if (key != other)
			import_say(import, IMPORT_WARNING, rule->at, import->signing_table, "mail "
			    "of %s@%s is signed with the key of the domain (s=%s) and not "
			    "with its own (s=%s): d= stays the same", rule->user,
			    rule->pattern, other->selector, key->selector);
	} else
		import_say(import, IMPORT_ERROR, rule->at, import->signing_table, "mail of %s@%s "
		    "has a key of its own with d=%s, and here the key goes by the domain: "
		    "write a section for the domain, or drop the line", rule->user,
		    rule->pattern, key->domain);
}

/* ---- Rspamd's order ---- */

/* "*@*": the first part of an address that it fits ends before that of any other. */
static void
say_first_of_all(struct import *import, const struct dataset *set)
{
	const struct dataset_entry *first = NULL;

	for (size_t i = 0; i < set->n; i++) {
		const char *key = set->p[i].key;

		if (key[strspn(key, "*")] == '\0')
			return;		/* then the order of the table counts */
		if (key[strspn(key, "*@")] == '\0' && i > 0 && first == NULL)
			first = &set->p[i];
	}
	if (first != NULL)
		import_say(import, IMPORT_ERROR, first->at, import->signing_table, "Rspamd takes "
		    "this line for every address, wherever it stands, and here the lines "
		    "before it count: drop it, or those");
}

/* A line for example.com fits example.com.br too. */
static void
say_beginning(void *context, const char *pattern, void *value)
{
	struct signing *signing = context;
	struct import *import = signing->import;
	const struct rule *rule = value, *before;
	char *text = arena_strdup(import->arena, pattern);

	for (size_t n = strlen(text); n > 1; n--) {
		text[n - 1] = '\0';
		before = map_get(signing->by_pattern, text);
		if (before == NULL || n < 3 || strcmp(before->key, rule->key) == 0)
			continue;
		import_say(import, IMPORT_WARNING, rule->at, import->signing_table, "Rspamd signs "
		    "mail of %s with the key of line %u, for patterns fit whatever begins so; "
		    "here with the key of this line", pattern, before->at.line);
		return;
	}
}

void
signing_read(struct import *import, const struct opendkim *options,
    const struct keytable *keys)
{
	struct signing signing = { .import = import, .keys = keys,
		.all = options->multiple_signatures, .is_rspamd = options->is_rspamd };
	struct dataset set;

	if (!dataset_read(import, import->signing_table, &options->signing_table,
	    options->base_directory, &set))
		return;
	signing.kind = set.kind;
	signing.rules = arena_array(import->arena, 2 * set.n, sizeof(*signing.rules));
	signing.by_pattern = map_new(import->arena);
	for (size_t i = 0; i < set.n; i++)
		read_line(&signing, &set.p[i]);
	if (signing.is_rspamd) {
		say_first_of_all(import, &set);
		map_each(signing.by_pattern, say_beginning, &signing);
	}
	signing.names = map_new(import->arena);
	index_names(&signing);
	map_each(signing.by_pattern, add_pattern, &signing);
	for (size_t i = 0; i < signing.n; i++) {
		if (signing.rules[i].user != NULL)
			judge_user(&signing, &signing.rules[i]);
	}
	if (set.n == 0)
		import_say(import, IMPORT_WARNING, options->signing_table.at, import->signing_table,
		    "no line in the table: nothing is signed");
}
