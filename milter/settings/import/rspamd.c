/*
 * Rspamd's module dkim_signing: local.d/dkim_signing.conf and what it names.
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/files.h"
#include "settings/import/hosts.h"
#include "settings/import/signing.h"
#include "settings/import/theirs.h"
#include "settings/import/ucl.h"
#include "settings/names.h"

struct rspamd {
	struct import *import;
	const char *file;		/* the one being read */
	const struct ucl *module;	/* its options */
	const char *path, *selector;	/* for all domains; path as written */
	struct import_place path_at;
	bool fallback, esld;
	struct map *paths, *selectors;	/* of maps: struct dataset_entry */
	enum import_weight not_read;	/* of what is not understood in the file */
};

static struct import_place
place(const struct rspamd *rspamd, const struct ucl *node)
{
	return (struct import_place){ rspamd->file, node->line };
}

static bool
is_on(const struct ucl *node, bool otherwise)
{
	if (node == NULL || node->kind != UCL_TEXT)
		return otherwise;
	return slice_is(slice_of(node->text), "true") ||
	    slice_is(slice_of(node->text), "yes") || slice_is(slice_of(node->text), "on");
}

static const char *
text_or(const struct ucl *node, const char *otherwise)
{
	return node != NULL && node->kind == UCL_TEXT && *node->text != '\0' ? node->text :
	    otherwise;
}

/* `path` with the text in place of each mark. */
static const char *
filled(struct arena *arena, const char *path, const char *mark, const char *text)
{
	const char *at, *out = "";

	while ((at = strstr(path, mark)) != NULL) {
		out = arena_printf(arena, "%s%.*s%s", out, (int)(at - path), path, text);
		path = at + strlen(mark);
	}
	return arena_printf(arena, "%s%s", out, path);
}

/* ---- maps ---- */

static const char *
without_scheme(const char *text)
{
	static const char *const schemes[] = { "file://", "file:", "glob;", "map;",
		"fallback+file://", NULL };

	for (const char *const *scheme = schemes; *scheme != NULL; scheme++) {
		if (strncmp(text, *scheme, strlen(*scheme)) == 0)
			text += strlen(*scheme);
	}
	return text;
}

/* The lines NAME VALUE of a map, by name. */
static struct map *
read_map(struct rspamd *rspamd, const char *option)
{
	const struct ucl *node = ucl_find(rspamd->module, option);
	struct map *map = map_new(rspamd->import->arena);
	struct import_text text;
	struct dataset set;

	if (node == NULL)
		return map;
	if (node->kind != UCL_TEXT || without_scheme(node->text)[0] != '/') {
		import_say(rspamd->import, IMPORT_ERROR, place(rspamd, node), option,
		    "expected the path of a map: only files are read");
		return map;
	}
	text = (struct import_text){ without_scheme(node->text), place(rspamd, node) };
	if (!dataset_read(rspamd->import, option, &text, NULL, &set))
		return map;
	for (size_t i = 0; i < set.n; i++)
		map_set(map, slice_dup_lower(rspamd->import->arena, slice_of(set.p[i].key)),
		    &set.p[i]);
	return map;
}

/* ---- domains ---- */

static void
put_key(struct rspamd *rspamd, const char *name, const char *sign_as,
    const char *selector, const char *path, struct import_place at)
{
	struct import *import = rspamd->import;
	struct import_domain *domain = import_domain(import, name, at);
	struct import_key key = { selector, path, false, at };

	if (domain == NULL)
		return;
	domain->sign_as = sign_as;
	import_key(import, domain, &key);
}

/* With use_esld Rspamd asks for registered domains only. */
static bool
is_asked_for(const struct rspamd *rspamd, const char *domain)
{
	const char *registered;

	if (!rspamd->esld || rspamd->import->registered == NULL)
		return true;
	registered = rspamd->import->registered(domain);
	return registered != NULL && strcmp(registered, domain) == 0;
}

/* The key of a domain, and of those below it where Rspamd takes them together. */
static void
add(struct rspamd *rspamd, const char *domain, const char *selector, const char *path,
    struct import_place at)
{
	struct import *import = rspamd->import;
	const char *small = slice_dup_lower(import->arena, slice_of(domain));

	if (!name_is_domain(slice_of(domain)) || !name_is_dns(slice_of(selector))) {
		import_say(import, IMPORT_ERROR, at, "domain", "expected a domain and a "
		    "selector (got %s and %s)", import_shown(import, domain),
		    import_shown(import, selector));
		return;
	}
	if (!is_asked_for(rspamd, small)) {
		import_say(import, IMPORT_WARNING, at, "domain", "%s is left out: with "
		    "use_esld Rspamd never looks for the key of a subdomain",
		    import_shown(import, small));
		return;
	}
	path = filled(import->arena, filled(import->arena, path, "$domain", small),
	    "$selector", selector);
	selector = slice_dup_lower(import->arena, slice_of(selector));
	if (path[0] != '/' || strchr(path, '$') != NULL || strchr(path, '%') != NULL) {
		import_say(import, IMPORT_ERROR, at, "path", "expected a path that starts "
		    "with \"/\", with no variable but $domain and $selector (got %s)",
		    import_shown(import, path));
		return;
	}
	put_key(rspamd, small, NULL, selector, path, at);
	if (rspamd->esld)
		put_key(rspamd, arena_printf(import->arena, "*.%s", small), small, selector,
		    path, at);
}

static const char *
map_value(const struct map *map, const char *domain, const char *otherwise)
{
	const struct dataset_entry *entry = map_get(map, domain);

	return entry != NULL && *entry->value != '\0' ? entry->value : otherwise;
}

static void
add_domain(struct rspamd *rspamd, const struct ucl *node)
{
	const char *name = slice_dup_lower(rspamd->import->arena, slice_of(node->key));
	const char *path = map_value(rspamd->paths, name, rspamd->path);
	const char *selector = map_value(rspamd->selectors, name, rspamd->selector);
	const struct ucl *list = ucl_find(node, "selectors"), *child;

	if (node->kind != UCL_OBJECT) {
		import_say(rspamd->import, IMPORT_ERROR, place(rspamd, node), "domain",
		    "expected { ... } after %s", import_shown(rspamd->import, node->key));
		return;
	}
	for (child = node->first; child != NULL; child = child->next) {
		if (strcmp(child->key, "path") != 0 && strcmp(child->key, "selector") != 0 &&
		    strcmp(child->key, "selectors") != 0)
			import_say(rspamd->import, IMPORT_WARNING, place(rspamd, child),
			    "domain", "%s is not known and left out",
			    import_shown(rspamd->import, child->key));
	}
	if (list == NULL || ucl_find(node, "path") != NULL ||
	    ucl_find(node, "selector") != NULL)
		add(rspamd, name, text_or(ucl_find(node, "selector"), selector),
		    text_or(ucl_find(node, "path"), path), place(rspamd, node));
	for (child = list == NULL ? NULL : list->first; child != NULL; child = child->next)
		add(rspamd, name, text_or(ucl_find(child, "selector"), selector),
		    text_or(ucl_find(child, "path"), path), place(rspamd, child));
}

static void
add_mapped(void *context, const char *name, void *value)
{
	struct rspamd *rspamd = context;
	const struct dataset_entry *entry = value;

	if (map_get(rspamd->import->by_name, name) == NULL)
		add(rspamd, name, map_value(rspamd->selectors, name, rspamd->selector),
		    map_value(rspamd->paths, name, rspamd->path), entry->at);
}

/* try_fallback: every domain with a file. */
static void
add_fallback(struct rspamd *rspamd)
{
	struct import *import = rspamd->import;
	const char *selector = slice_dup_lower(import->arena, slice_of(rspamd->selector));
	const char *path = filled(import->arena, filled(import->arena, rspamd->path,
	    "$selector", rspamd->selector), "$domain", "%d");
	const struct file_match *matches;
	const char *below;
	size_t n;

	if (!name_is_dns(slice_of(rspamd->selector))) {
		import_say(import, IMPORT_ERROR, rspamd->path_at, "selector", "expected a "
		    "selector (got %s)", import_shown(import, rspamd->selector));
		return;
	}
	/* a "%" of theirs stands for nothing, and would for us */
	if (path[0] != '/' || strchr(path, '$') != NULL || strstr(path, "%d") == NULL ||
	    strchr(rspamd->path, '%') != NULL || strstr(strstr(path, "%d") + 1, "%") != NULL) {
		import_say(import, IMPORT_ERROR, rspamd->path_at, "path", "a path for all "
		    "domains wants $domain once, a \"/\" in front, and no \"%%\" (got %s): name "
		    "the domains in domain { }", import_shown(import, rspamd->path));
		return;
	}
	put_key(rspamd, "*", NULL, selector, path, rspamd->path_at);
	if (!rspamd->esld)
		return;
	matches = files_match(import->files, path, &n);
	for (size_t i = 0; i < n; i++) {
		below = arena_printf(import->arena, "*.%s", matches[i].domain);
		if (name_is_domain(slice_of(matches[i].domain)) &&
		    is_asked_for(rspamd, matches[i].domain) &&
		    map_get(import->by_name, below) == NULL)
			put_key(rspamd, below, matches[i].domain, selector, matches[i].path,
			    rspamd->path_at);
	}
	import_say(import, IMPORT_WARNING, rspamd->path_at, "use_esld", "subdomains are "
	    "signed as the domain above them where it has a file now; one that comes later "
	    "wants a section *.NAME with sign-as");
}

/* ---- networks ---- */

static void
read_networks(struct rspamd *rspamd)
{
	const struct ucl *node = ucl_find(rspamd->module, "sign_networks"), *child;
	const char *list = "csl:127.0.0.0/8, ::1/128";
	struct import *import = rspamd->import;
	struct import_text text = { NULL, { rspamd->file, rspamd->module->line } };
	struct dataset set, more = { .n = 0 };

	import->signs_logins = is_on(ucl_find(rspamd->module, "sign_authenticated"), true);
	import->signs_local = is_on(ucl_find(rspamd->module, "sign_local"), true);
	if (import->signs_local)
		list = arena_printf(import->arena, "%s, 10.0.0.0/8, 172.16.0.0/12, "
		    "192.168.0.0/16, 169.254.0.0/16, fd00::/8, fe80::/10", list);
	else
		list = "csl:";
	if (node != NULL && node->kind == UCL_TEXT &&
	    without_scheme(node->text)[0] == '/') {
		text = (struct import_text){ without_scheme(node->text), place(rspamd, node) };
		if (!dataset_read(import, "sign_networks", &text, NULL, &more))
			return;
	}
	for (child = node == NULL ? NULL : node->first; child != NULL; child = child->next)
		list = arena_printf(import->arena, "%s, %s", list, child->text);
	if (node != NULL && node->kind == UCL_TEXT && more.path == NULL)
		list = arena_printf(import->arena, "%s, %s", list, node->text);
	text.text = list;
	if (!dataset_read(import, "sign_networks", &text, NULL, &set))
		return;
	if (more.n > 0) {
		struct dataset_entry *all = arena_array(import->arena, set.n + more.n,
		    sizeof(*all));

		if (set.n > 0)
			memcpy(all, set.p, set.n * sizeof(*all));
		memcpy(all + set.n, more.p, more.n * sizeof(*all));
		set.p = all;
		set.n += more.n;
	}
	if (import->signs_local)
		import_say(import, IMPORT_NOTE, text.at, "sign_local", "private networks are "
		    "taken, as in Rspamd's local_addrs: name yours in networks");
	hosts_read(import, "sign_networks", &set, NULL);
	import->signs_local = is_on(ucl_find(rspamd->module, "sign_local"), true);
}

/* ---- the module ---- */

static void
say_ucl(void *context, unsigned line, const char *text)
{
	struct rspamd *rspamd = context;

	import_say(rspamd->import, rspamd->not_read,
	    (struct import_place){ rspamd->file, line }, NULL, "not understood: %s", text);
}

/* NULL when the file cannot be read; a section around it is taken off. */
static const struct ucl *
read_module(struct rspamd *rspamd, const char *path, const char *name)
{
	const struct file *file = files_get(rspamd->import->files, path);
	const struct ucl *root, *inner;

	if (file->bytes == NULL)
		return NULL;
	rspamd->file = file->path;
	root = ucl_parse(rspamd->import->arena, (struct slice){ file->bytes, file->size },
	    say_ucl, rspamd);
	inner = ucl_find(root, name);
	return inner != NULL && inner->kind == UCL_OBJECT ? inner : root;
}

static void
say_options(struct rspamd *rspamd, const char *about)
{
	const struct ucl *node;

	for (node = rspamd->module->first; node != NULL; node = node->next) {
		if (about != NULL && *node->key != '\0')
			import_say(rspamd->import, IMPORT_NOTE, place(rspamd, node), node->key,
			    "%s", about);
		else if (node->kind == UCL_TEXT && !is_on(node, true) &&
		    theirs_find(&theirs_rspamd, node->key) != NULL &&
		    (slice_is(slice_of(node->text), "false") ||
		    slice_is(slice_of(node->text), "no")))
			continue;	/* off: nothing is missed */
		else
			theirs_say(rspamd->import, &theirs_rspamd, node->key,
			    place(rspamd, node));
	}
}

/* ---- tables ---- */

/* Maps of another kind than that of tables, which is "glob;". */
static const char *
other_kind(const char *text)
{
	static const char *const kinds[] = { "regexp;", "re;", "regexp_multi;", "re_multi;",
		"glob_multi;", "radix;", "ipnet;", "set;", "hash;", "plain;", "cdb;", "cdb:/",
		NULL };

	for (const char *const *kind = kinds; *kind != NULL; kind++) {
		if (strncmp(text, *kind, strlen(*kind)) == 0)
			return *kind;
	}
	return NULL;
}

static void
add_entries(struct rspamd *rspamd, struct dataset *set, const struct dataset *more,
    const struct import_place *at)
{
	struct arena *arena = rspamd->import->arena;
	struct dataset_entry entry;
	size_t n;

	for (size_t i = 0; i < more->n && set->n < IMPORT_ENTRIES_MAX; i++) {
		entry = more->p[i];
		n = strlen(entry.key);
		if (n > 2 && entry.key[0] == '"' && entry.key[n - 1] == '"')
			entry.key = slice_dup(arena, slice_sub(slice_of(entry.key), 1, n - 2));
		if (at != NULL)
			entry.at = *at;
		dataset_append(arena, set, &entry);
	}
}

static void
add_file(struct rspamd *rspamd, const char *option, const struct ucl *node,
    struct dataset *set)
{
	struct import *import = rspamd->import;
	const char *kind = other_kind(node->text), *path = without_scheme(node->text);
	struct import_text text = { arena_printf(import->arena, "refile:%s", path),
		place(rspamd, node), NULL };
	struct dataset more;

	if (kind != NULL)
		import_say(import, IMPORT_ERROR, text.at, option, "a map of the kind \"%s\" "
		    "cannot be taken over: write a file of patterns such as *@example.com, and "
		    "name it without \"%s\"", kind, kind);
	else if (path[0] != '/')
		import_say(import, IMPORT_ERROR, text.at, option, "expected the path of a "
		    "file, starting with \"/\" (got %s): only files are read, so save there "
		    "what the map holds", import_shown(import, node->text));
	else if (dataset_read(import, option, &text, NULL, &more))
		add_entries(rspamd, set, &more, NULL);
}

/* A path, a list of paths, or a list of lines; all are patterns. */
static const struct dataset *
read_table(struct rspamd *rspamd, const char *option, const struct ucl *node)
{
	struct import *import = rspamd->import;
	struct dataset *set = arena_alloc(import->arena, sizeof(*set));
	const struct ucl *child;
	struct import_place at;
	struct dataset more;
	bool are_paths;

	set->kind = DATASET_PATTERNS;
	if (node->kind == UCL_TEXT) {
		add_file(rspamd, option, node, set);
		return set;
	}
	if (node->kind == UCL_OBJECT)
		import_say(import, IMPORT_ERROR, place(rspamd, node), option, "expected the "
		    "path of a file, or [ ... ] with lines or with paths");
	child = node->kind == UCL_OBJECT ? NULL : node->first;
	are_paths = child != NULL && (without_scheme(child->text)[0] == '/' ||
	    strncmp(child->text, "http", 4) == 0 || other_kind(child->text) != NULL);
	for (; child != NULL; child = child->next) {
		at = place(rspamd, child);
		if (child->kind != UCL_TEXT) {
			import_say(import, IMPORT_ERROR, at, option,
			    "expected lines in quotes, such as \"*@example.com example.com\"");
		} else if (are_paths) {
			add_file(rspamd, option, child, set);
		} else {
			more = (struct dataset){ .kind = DATASET_PATTERNS };
			dataset_parse(import->arena, slice_of(child->text), at.file, &more);
			add_entries(rspamd, set, &more, &at);
		}
	}
	return set;
}

static void
read_tables(struct rspamd *rspamd, const struct ucl *keys, const struct ucl *signing)
{
	struct opendkim options = { .is_rspamd = true,
		.default_selector = rspamd->selector };

	options.key_table = (struct import_text){ "", place(rspamd, keys),
		read_table(rspamd, "key_table", keys) };
	options.signing_table = (struct import_text){ "", place(rspamd, signing),
		read_table(rspamd, "signing_table", signing) };
	import_opendkim_tables(rspamd->import, &options);
}

/* Rspamd looks at neither alone. */
static void
say_alone(struct rspamd *rspamd, const struct ucl *keys, const struct ucl *signing)
{
	const struct ucl *alone = keys != NULL ? keys : signing;

	if (alone == NULL)
		return;
	import_say(rspamd->import, IMPORT_ERROR, place(rspamd, alone), alone->key,
	    "without %s Rspamd does not look at it: write that too, or drop this",
	    keys != NULL ? "signing_table" : "key_table");
}

/* ---- the module as a whole ---- */

static void
take_module(struct rspamd *rspamd)
{
	const struct ucl *module = rspamd->module, *node;
	const struct ucl *keys = ucl_find(module, "key_table");
	const struct ucl *signing = ucl_find(module, "signing_table");

	rspamd->selector = text_or(ucl_find(module, "selector"), "dkim");
	node = ucl_find(module, "path");
	rspamd->path = text_or(node, "/var/lib/rspamd/dkim/$domain.$selector.key");
	rspamd->path_at = node == NULL ? (struct import_place){ rspamd->file, 0 } :
	    place(rspamd, node);
	rspamd->fallback = is_on(ucl_find(module, "try_fallback"), true);
	rspamd->esld = is_on(ucl_find(module, "use_esld"), true);
	node = ucl_find(module, "use_domain");
	if (strcmp(text_or(node, "header"), "header") != 0)
		import_say(rspamd->import, IMPORT_ERROR, place(rspamd, node), "use_domain",
		    "the key goes by From here, as DMARC does (got %s)",
		    import_shown(rspamd->import, node->text));
	read_networks(rspamd);
	if (keys != NULL && signing != NULL) {
		read_tables(rspamd, keys, signing);
		return;
	}
	say_alone(rspamd, keys, signing);
	rspamd->paths = read_map(rspamd, "path_map");
	rspamd->selectors = read_map(rspamd, "selector_map");
	for (node = module->first; node != NULL; node = node->next) {
		if (strcmp(node->key, "domain") != 0 || node->kind != UCL_OBJECT)
			continue;
		for (const struct ucl *child = node->first; child != NULL;
		    child = child->next)
			add_domain(rspamd, child);
	}
	map_each(rspamd->selectors, add_mapped, rspamd);
	map_each(rspamd->paths, add_mapped, rspamd);
	if (rspamd->fallback && is_on(ucl_find(module, "use_redis"), false) == false)
		add_fallback(rspamd);
}

void
import_rspamd(struct import *import, const char *path)
{
	struct rspamd rspamd = { .import = import };
	struct import_place at = { path, 0 };
	size_t n = strlen(path);
	bool is_file = n > 5 && strcmp(path + n - 5, ".conf") == 0;
	const char *file = is_file ? path :
	    arena_printf(import->arena, "%s/local.d/dkim_signing.conf", path);

	rspamd.not_read = IMPORT_ERROR;
	import->verifies = true;
	import->signing_table = "signing_table";
	import->key_table = "key_table";
	import->has_canon = true;	/* Rspamd's own, always */
	import->canon_header = import->canon_body = CANON_RELAXED;
	rspamd.module = read_module(&rspamd, file, "dkim_signing");
	if (rspamd.module == NULL) {
		import_say(import, IMPORT_ERROR, at, NULL, "%s cannot be read", file);
		return;
	}
	say_options(&rspamd, NULL);
	if (!is_on(ucl_find(rspamd.module, "enabled"), true))
		import_say(import, IMPORT_ERROR, at, "enabled", "this module is off: there "
		    "is nothing to take over");
	else
		take_module(&rspamd);
	import_say_several(import, "Rspamd");
	if (import->n_domains == 0 && import->n_errors == 0)
		import_say(import, IMPORT_ERROR, (struct import_place){ file, 0 }, NULL,
		    "no domain is signed: name yours in domain { }, each with path and "
		    "selector, and run this again");
	if (is_file)
		return;
	file = arena_printf(import->arena, "%s/override.d/dkim_signing.conf", path);
	if (read_module(&rspamd, file, "dkim_signing") != NULL)
		import_say(import, IMPORT_ERROR, (struct import_place){ file, 0 }, NULL,
		    "this file overrides what was read: put its options into local.d first");
	rspamd.not_read = IMPORT_NOTE;	/* nothing is taken from these */
	file = arena_printf(import->arena, "%s/local.d/arc.conf", path);
	rspamd.module = read_module(&rspamd, file, "arc");
	if (rspamd.module != NULL)
		say_options(&rspamd, "ARC seals mail that others wrote and that is passed on; "
		    "leave it to Rspamd");
}
