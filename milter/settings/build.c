/*
 * Builds the settings from the blocks of a file.
 */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/build.h"
#include "settings/errors.h"
#include "settings/lists.h"
#include "settings/names.h"

void
build_options(struct reading *reading, const struct tree *tree, void *section)
{
	const struct option *option;
	size_t n;

	option = options_of(tree->section, &n);
	for (size_t i = 0; i < n; i++) {
		if (tree->values[i].again_line > 0)
			errors_add(reading->errors, reading->file,
			    tree->values[i].again_line, option[i].name,
			    "expected once (set on line %u already)",
			    tree->values[i].line);
		type_set(reading, &option[i], section, &tree->values[i]);
	}
}

const struct values *
build_values(const struct tree *tree, const char *option)
{
	const struct option *options;
	size_t n, i = 0;

	options = options_of(tree->section, &n);
	while (strcmp(options[i].name, option) != 0)
		i++;
	return &tree->values[i];
}

/* Reports a title that stands in `lines` already. */
static void
check_unique(struct reading *reading, struct map *lines, const struct tree *tree,
    const char *title)
{
	const struct tree *first = map_get(lines, title);

	if (first == NULL) {
		map_set(lines, title, (void *)(uintptr_t)tree);
		return;
	}
	if (*title == '\0')
		errors_add(reading->errors, reading->file, tree->line, NULL, "a second section "
		    "%s; the first is on line %u: put the options there",
		    section_info(tree->section)->name, first->line);
	else
		errors_add(reading->errors, reading->file, tree->line,
		    section_info(tree->section)->name, "expected once (%s stands on line %u "
		    "already)", errors_shown(reading->errors, title), first->line);
}

static void
check_main(struct reading *reading, const struct tree *tree)
{
	const struct settings *settings = reading->settings;
	const unsigned hash = PRIVACY_HASH_RECIPIENTS, no = PRIVACY_NO_RECIPIENTS;
	const unsigned hash_subject = PRIVACY_HASH_SUBJECT, no_subject = PRIVACY_NO_SUBJECT;
	unsigned privacy = settings->log_privacy;

	if (settings->outbound == 0 && build_values(tree, "outbound")->n == 0)
		errors_add(reading->errors, reading->file,
		    build_values(tree, "outbound")->line, "outbound",
		    "expected at least one of authenticated, local, networks and all");
	if ((settings->outbound & OUTBOUND_ALL) && settings->outbound != OUTBOUND_ALL)
		errors_add(reading->errors, reading->file,
		    build_values(tree, "outbound")->line, "outbound",
		    "expected \"all\" to stand alone (it takes the others in)");
	if (((privacy & no) && (privacy & hash)) ||
	    ((privacy & no_subject) && (privacy & hash_subject)))
		errors_add(reading->errors, reading->file,
		    build_values(tree, "log-privacy")->line, "log-privacy",
		    "expected either no-... or hash-... for the same thing");
}

static void
build_resolver(struct reading *reading, const struct tree *tree)
{
	struct settings_resolver *resolver = &reading->settings->resolver;
	unsigned line;

	build_options(reading, tree, resolver);
	/* 0: was wrong, and told. */
	if (resolver->deadline == 0 || resolver->timeout <= resolver->deadline)
		return;
	line = build_values(tree, "timeout")->line;
	if (line == 0)
		line = build_values(tree, "deadline")->line;
	errors_add(reading->errors, reading->file, line, "timeout",
	    "expected at most the deadline of %u seconds (got %u)", resolver->deadline,
	    resolver->timeout);
}

/* A smarthost delivers for us: the addresses are its own affair. */
static void
check_relay(struct reading *reading, const struct tree *tree,
    struct settings_egress *egress)
{
	const struct values *via = build_values(tree, "via");
	const struct values *addresses = build_values(tree, "addresses");
	const struct values *include = build_values(tree, "spf-include");

	if (!via->is_given) {
		if (include->is_given)
			errors_add(reading->errors, reading->file, include->line,
			    "spf-include", "expected \"via\" beside it: the smarthost that "
			    "this name authorises");
		return;
	}
	egress->kind = EGRESS_RELAY;
	if (addresses->is_given)
		errors_add(reading->errors, reading->file, addresses->line, "addresses",
		    "expected none beside \"via\" (line %u): mail leaves from the "
		    "smarthost's addresses", via->line);
}

static void
build_egress(struct reading *reading, const struct tree *tree,
    struct settings_egress *egress)
{
	egress->name = arena_strdup(reading->arena, tree->title);
	egress->line = tree->line;
	build_options(reading, tree, egress);
	check_relay(reading, tree, egress);
	if (!name_is_of(slice_of(tree->title), "_-."))
		errors_add(reading->errors, reading->file, tree->line, "egress",
		    "expected a name of letters, digits, \"-\", \"_\" and \".\" (got %s)",
		    errors_shown(reading->errors, tree->title));
}

/* A pattern that an egress above has too would never be reached. */
static void
check_egress_patterns(struct reading *reading)
{
	struct map *seen = map_new(reading->work);
	struct settings_egress *egress, *first;

	for (size_t i = 0; i < reading->settings->n_egresses; i++) {
		egress = &reading->settings->egresses[i];
		for (size_t j = 0; j < egress->domains.n; j++) {
			first = map_get(seen, egress->domains.p[j]);
			if (first == NULL)
				map_set(seen, egress->domains.p[j], egress);
			else
				errors_add(reading->errors, reading->file, egress->line,
				    "domains", "expected each domain once (%s leaves "
				    "through egress %s of line %u already)",
				    errors_shown(reading->errors, egress->domains.p[j]),
				    errors_shown(reading->errors, first->name), first->line);
		}
	}
}

enum edit { EDIT_DROP, EDIT_REPLACE, EDIT_INSERT, EDIT_SWAP };

/* The id with one edit at i; false when there is no room for it. */
static bool
edit_id(char *out, const char *id, size_t i, enum edit edit, char letter)
{
	const char *tail = id + i;
	size_t left = strlen(tail);

	if (left < (edit == EDIT_SWAP ? 2u : edit == EDIT_INSERT ? 0u : 1u))
		return false;
	memcpy(out, id, i);
	out += i;
	switch (edit) {
	case EDIT_DROP:
		tail++;
		break;
	case EDIT_REPLACE:
		*out++ = letter;
		tail++;
		break;
	case EDIT_INSERT:
		*out++ = letter;
		break;
	case EDIT_SWAP:
		*out++ = tail[1];
		*out++ = tail[0];
		tail += 2;
		break;
	}
	memcpy(out, tail, strlen(tail) + 1);
	return true;
}

/* An id one edit away that exists, or NULL: tried, since checks are above us. */
static const char *
guess_check(const struct reading *reading, const char *id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	char *guess = arena_alloc(reading->work, strlen(id) + 2);

	for (size_t i = 0; i <= strlen(id); i++) {
		for (unsigned edit = EDIT_DROP; edit <= EDIT_SWAP; edit++) {
			for (const char *letter = letters; *letter != '\0'; letter++) {
				if (edit_id(guess, id, i, (enum edit)edit, *letter) &&
				    reading->check_exists(guess))
					return guess;
			}
		}
	}
	return NULL;
}

void
build_check_id(struct reading *reading, const struct tree *tree)
{
	const char *guess;

	if (reading->check_exists == NULL || reading->check_exists(tree->title))
		return;
	guess = strlen(tree->title) > 64 ? NULL : guess_check(reading, tree->title);
	errors_add(reading->errors, reading->file, tree->line, "check",
	    "expected a check of mailworthy-checks(7) (got %s)%s",
	    errors_shown(reading->errors, tree->title), guess == NULL ? "" :
	    arena_printf(reading->work, " (did you mean \"%s\"?)", guess));
}

static void
build_check(struct reading *reading, const struct tree *tree,
    struct settings_check *check)
{
	check->id = arena_strdup(reading->arena, tree->title);
	check->line = tree->line;
	check->weight = -1;
	check->action = -1;
	build_options(reading, tree, check);
	build_check_id(reading, tree);
}

/* Of a list that is not known somebody must say what its answers mean. */
static void
build_blocklist(struct reading *reading, const struct tree *tree,
    struct settings_blocklist *blocklist)
{
	blocklist->zone = slice_dup_lower(reading->arena, slice_of(tree->title));
	blocklist->line = tree->line;
	build_options(reading, tree, blocklist);
	if (!name_is_domain(slice_of(blocklist->zone)))
		errors_add(reading->errors, reading->file, tree->line, "blocklist",
		    "expected a zone in DNS, as in \"zen.spamhaus.org\"");
	else if (build_values(tree, "codes")->n == 0 && reading->settings->lists != NULL &&
	    lists_blocklist(reading->settings->lists, blocklist->zone) == NULL)
		errors_add(reading->errors, reading->file, tree->line, "codes",
		    "expected the answers that mean listed, as in {\"127.0.0.2\"}: nothing "
		    "is known of the list %s", errors_shown(reading->errors, tree->title));
}

static size_t
count_blocks(const struct block *block, enum section section)
{
	size_t n = 0;

	for (; block != NULL; block = block->next)
		n += block->section == section ? 1 : 0;
	return n;
}

static void
build_block(struct reading *reading, const struct tree *tree, struct map **seen)
{
	struct settings *settings = reading->settings;

	switch (tree->section) {
	case SECTION_MAIN:
		build_options(reading, tree, settings);
		reading->networks_given = build_values(tree, "networks")->is_given;
		reading->outbound_given = build_values(tree, "outbound")->is_given;
		check_main(reading, tree);
		if (settings->logins_file != NULL && *settings->logins_file != '\0')
			build_logins(reading, build_values(tree, "logins")->line);
		build_lists(reading, build_values(tree, "lists")->line,
		    build_values(tree, "phrases")->line);
		break;
	case SECTION_RESOLVER:
		check_unique(reading, seen[tree->section], tree, "");
		build_resolver(reading, tree);
		break;
	case SECTION_OPINIONS:
		check_unique(reading, seen[tree->section], tree, "");
		build_options(reading, tree, &settings->opinions);
		break;
	case SECTION_EGRESS:
		check_unique(reading, seen[tree->section], tree, tree->title);
		build_egress(reading, tree, &settings->egresses[settings->n_egresses++]);
		break;
	case SECTION_DOMAIN:
		check_unique(reading, seen[tree->section], tree,
		    slice_dup_lower(reading->work, slice_of(tree->title)));
		build_domain(reading, tree, &settings->domains[settings->n_domains++]);
		break;
	case SECTION_CHECK:
		check_unique(reading, seen[tree->section], tree, tree->title);
		build_check(reading, tree, &settings->checks[settings->n_checks++]);
		break;
	case SECTION_BLOCKLIST:
		check_unique(reading, seen[tree->section], tree,
		    slice_dup_lower(reading->work, slice_of(tree->title)));
		build_blocklist(reading, tree,
		    &settings->blocklists[settings->n_blocklists++]);
		break;
	case SECTION_STREAM:
		check_unique(reading, seen[tree->section], tree,
		    slice_dup_lower(reading->work, slice_of(tree->title)));
		build_stream(reading, tree, &settings->streams[settings->n_streams++]);
		break;
	case SECTION_IMPORT:		/* built after all others */
		check_unique(reading, seen[tree->section], tree, tree->title);
		break;
	case SECTION_KEY:
	case SECTION_TUNING:
	case SECTIONS:
		break;
	}
}

/* A section that is not written has its defaults. */
static void
build_missing(struct reading *reading)
{
	struct tree tree = { .title = "default" };
	struct values unset[OPTIONS_OF_SECTION_MAX];

	memset(unset, 0, sizeof(unset));
	tree.values = unset;
	if (reading->settings->resolver.deadline == 0) {
		tree.section = SECTION_RESOLVER;
		build_resolver(reading, &tree);
	}
	if (reading->settings->opinions.clamav == NULL) {
		tree.section = SECTION_OPINIONS;
		build_options(reading, &tree, &reading->settings->opinions);
	}
	if (reading->settings->n_egresses == 0) {
		tree.section = SECTION_EGRESS;
		build_egress(reading, &tree, &reading->settings->egresses[0]);
		reading->settings->n_egresses = 1;
	}
}

void
build_settings(struct reading *reading, const struct block *blocks)
{
	struct settings *settings = reading->settings;
	struct map *seen[SECTIONS];
	size_t n = count_blocks(blocks, SECTION_DOMAIN), n_imports = 0;
	const struct tree *tree, **imports;

	if (n > SETTINGS_DOMAINS_MAX) {
		errors_add(reading->errors, reading->file, 0, "domain",
		    "expected at most %d domains (got %zu)", SETTINGS_DOMAINS_MAX, n);
		return;
	}
	settings->domains = arena_array(reading->arena, n, sizeof(*settings->domains));
	n = count_blocks(blocks, SECTION_EGRESS);
	settings->egresses = arena_array(reading->arena, n + 1, sizeof(*settings->egresses));
	n = count_blocks(blocks, SECTION_BLOCKLIST);
	settings->blocklists = arena_array(reading->arena, n, sizeof(*settings->blocklists));
	n = count_blocks(blocks, SECTION_CHECK);
	settings->checks = arena_array(reading->arena, n, sizeof(*settings->checks));
	n = count_blocks(blocks, SECTION_STREAM);
	if (n > SETTINGS_STREAMS_MAX) {
		errors_add(reading->errors, reading->file, 0, "stream",
		    "expected at most %d streams (got %zu)", SETTINGS_STREAMS_MAX, n);
		return;
	}
	settings->streams = arena_array(reading->arena, n, sizeof(*settings->streams));
	for (size_t i = 0; i < SECTIONS; i++)
		seen[i] = map_new(reading->work);
	imports = arena_array(reading->work, count_blocks(blocks, SECTION_IMPORT) + 1,
	    sizeof(*imports));
	for (; blocks != NULL; blocks = blocks->next) {
		tree = tree_read(blocks, reading->work);
		if (tree == NULL)
			errors_add(reading->errors, reading->file, 0, NULL,
			    "libconfuse cannot read this file");
		else
			build_block(reading, tree, seen);
		if (tree != NULL && tree->section == SECTION_IMPORT)
			imports[n_imports++] = tree;
	}
	build_missing(reading);
	build_imports(reading, imports, n_imports);
	check_egress_patterns(reading);
}
