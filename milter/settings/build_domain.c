/*
 * Managed domains and their keys.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "settings/build.h"
#include "settings/errors.h"
#include "settings/names.h"

enum { EXPIRE_LEAST = 3600, KEY_PATH_MAX = 4095 };

static void
check_name(struct reading *reading, const struct tree *tree)
{
	struct slice name = slice_of(tree->title);

	if (!name_is_ascii(name))
		errors_add(reading->errors, reading->file, tree->line, "domain",
		    "expected the name in its ASCII form, which starts with xn-- (got %s; "
		    "\"idn2 %s\" prints it)", errors_shown(reading->errors, tree->title),
		    log_safe(reading->work, name, 60));
	else if (!name_is_pattern(name))
		errors_add(reading->errors, reading->file, tree->line, "domain",
		    "expected \"example.com\", \"*.example.com\" or \"*\" (got %s)",
		    errors_shown(reading->errors, tree->title));
}

static unsigned
count_marks(const char *path, const char *mark)
{
	unsigned n = 0;

	while ((path = strstr(path, mark)) != NULL) {
		path += strlen(mark);
		n++;
	}
	return n;
}

/* Puts the domain for %d and the selector for %s. */
static const char *
expand_path(struct arena *arena, const char *path, const char *domain,
    const char *selector)
{
	struct buf out;

	buf_init(&out, arena, KEY_PATH_MAX);
	for (; *path != '\0'; path++) {
		if (path[0] == '%' && (path[1] == 'd' || path[1] == 's'))
			buf_add_str(&out, *++path == 'd' ? domain : selector);
		else
			buf_add_char(&out, *path);
	}
	return buf_str(&out);
}

/* What is wrong with the marks in a path, or NULL. */
static const char *
wrong_marks(const char *path, bool is_template)
{
	unsigned domains = count_marks(path, "%d"), selectors = count_marks(path, "%s");

	if (count_marks(path, "%") != domains + selectors)
		return "no \"%\" but in %d (the domain) and %s (the selector)";
	if (is_template && domains != 1)
		return "one %d in the path: the keys of several domains are in "
		    "several files";
	return NULL;
}

static void
build_key_file(struct reading *reading, const struct tree *tree,
    const struct settings_domain *domain, struct settings_key *key)
{
	const struct values *file = build_values(tree, "file");
	bool is_any = strcmp(domain->name, "*") == 0;
	const char *wrong;

	if (!file->is_given) {
		errors_add(reading->errors, reading->file, tree->line, "key",
		    "expected file = \"/PATH\" (or \"credential:NAME\") in key %s",
		    errors_shown(reading->errors, tree->title));
		return;
	}
	if (key->file == NULL)
		return;
	wrong = wrong_marks(key->file, is_any);
	if (wrong != NULL)
		errors_add(reading->errors, reading->file, file->line, "file",
		    "expected %s (got %s)", wrong, errors_shown(reading->errors, key->file));
	else if (domain->name[0] != '*')
		key->file = expand_path(reading->arena, key->file, domain->name,
		    key->selector);
}

static void
build_key(struct reading *reading, const struct tree *tree,
    struct settings_domain *domain)
{
	struct settings_key *key = &domain->keys[domain->n_keys++];

	key->selector = slice_dup_lower(reading->arena, slice_of(tree->title));
	key->line = tree->line;
	build_options(reading, tree, key);
	build_key_file(reading, tree, domain, key);
	if (!name_is_dns(slice_of(tree->title)))
		errors_add(reading->errors, reading->file, tree->line, "key",
		    "expected a selector of letters, digits, \"-\", \"_\" and \".\" (got %s)",
		    errors_shown(reading->errors, tree->title));
	for (struct settings_key *other = domain->keys; other < key; other++) {
		if (strcmp(other->selector, key->selector) == 0)
			errors_add(reading->errors, reading->file, tree->line, "key",
			    "expected each selector once (%s stands on line %u already)",
			    errors_shown(reading->errors, key->selector), other->line);
	}
}

static void
build_keys(struct reading *reading, const struct tree *tree,
    struct settings_domain *domain)
{
	if (tree->n_inner == 0)
		errors_add(reading->errors, reading->file, tree->line, "domain",
		    "expected at least one key in domain %s: its mail leaves signed or not "
		    "at all", errors_shown(reading->errors, tree->title));
	if (tree->n_inner > SETTINGS_KEYS_MAX) {
		errors_add(reading->errors, reading->file, tree->line, "domain",
		    "expected at most %d keys in domain %s (got %zu)", SETTINGS_KEYS_MAX,
		    errors_shown(reading->errors, tree->title), tree->n_inner);
		return;
	}
	domain->keys = arena_array(reading->arena, tree->n_inner, sizeof(*domain->keys));
	for (size_t i = 0; i < tree->n_inner; i++)
		build_key(reading, &tree->inner[i], domain);
}

/* A signature of a domain apart from the author's does not count for DMARC. */
static void
check_sign_as(struct reading *reading, const struct tree *tree,
    const struct settings_domain *domain)
{
	const char *name = domain->name, *sign_as = domain->sign_as;

	if (sign_as == NULL)
		return;
	if (name[0] == '*' && name[1] == '.')
		name += 2;
	if (!name_is_domain(slice_of(sign_as)) || (!name_is_under(name, sign_as) &&
	    !name_is_under(sign_as, name)))
		errors_add(reading->errors, reading->file,
		    build_values(tree, "sign-as")->line, "sign-as", "expected a domain that "
		    "%s is below, or one below it: another signature does not count for "
		    "DMARC (got %s)", errors_shown(reading->errors, domain->name),
		    errors_shown(reading->errors, sign_as));
}

void
build_domain(struct reading *reading, const struct tree *tree,
    struct settings_domain *domain)
{
	domain->name = slice_dup_lower(reading->arena, slice_of(tree->title));
	domain->line = tree->line;
	check_name(reading, tree);
	build_options(reading, tree, domain);
	if (domain->expire > 0 && domain->expire < EXPIRE_LEAST)
		errors_add(reading->errors, reading->file,
		    build_values(tree, "expire")->line, "expire",
		    "expected 0 or at least %d seconds: mail waits in queues (got %u)",
		    EXPIRE_LEAST, domain->expire);
	check_sign_as(reading, tree, domain);
	build_keys(reading, tree, domain);
}
