/*
 * Domains and networks from the files of another filter.  What is written by
 * hand comes first: it stands in place of what would be imported.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "settings/build.h"
#include "settings/errors.h"
#include "settings/import/import.h"

enum { REMARKS_TEXT_MAX = 1024 * 1024 };

/* Domains that are set by hand. */
static const struct map *
own_domains(const struct reading *reading)
{
	struct map *own = map_new(reading->work);

	for (size_t i = 0; i < reading->settings->n_domains; i++)
		map_set(own, reading->settings->domains[i].name,
		    &reading->settings->domains[i]);
	return own;
}

static struct import_text
text_of(const struct reading *reading, const struct tree *tree, const char *option,
    const char *text)
{
	unsigned line = build_values(tree, option)->line;

	return (struct import_text){ text, { reading->file, line } };
}

/* Errors go to the others; the rest is kept for who starts the daemon. */
static void
tell_remarks(struct reading *reading, const struct import *import, struct buf *text)
{
	for (size_t i = 0; i < import->n_remarks; i++) {
		const struct import_remark *remark = &import->remarks[i];

		if (remark->weight == IMPORT_NOTE)
			continue;
		if (remark->weight == IMPORT_ERROR) {
			errors_add(reading->errors, remark->at.file, remark->at.line,
			    remark->option, "%s", remark->text);
			continue;
		}
		buf_printf(text, "%s%s", text->n > 0 ? "\n" : "", remark->at.file);
		if (remark->at.line > 0)
			buf_printf(text, ":%u", remark->at.line);
		if (remark->option != NULL)
			buf_printf(text, ": %s", remark->option);
		buf_printf(text, ": %s", remark->text);
	}
	if (import->n_untold > 0)
		buf_printf(text, "\n(%zu more remarks)", import->n_untold);
	if (import->n_errors > 0 && errors_count(reading->errors) == 0)
		errors_add(reading->errors, reading->file, 0, "import", "%zu error%s",
		    import->n_errors, import->n_errors == 1 ? "" : "s");
}

static void
take_keys(struct reading *reading, const struct import_domain *from,
    struct settings_domain *domain)
{
	struct arena *arena = reading->arena;

	domain->keys = arena_array(arena, from->n_keys, sizeof(*domain->keys));
	domain->n_keys = from->n_keys;
	for (size_t i = 0; i < from->n_keys; i++)
		domain->keys[i] = (struct settings_key){
			.selector = arena_strdup(arena, from->keys[i].selector),
			.file = arena_strdup(arena, from->keys[i].file),
			.source = arena_strdup(arena, from->keys[i].at.file),
			.line = from->keys[i].at.line,
		};
}

/* As if the sections stood below those that are written by hand. */
static void
take_domains(struct reading *reading, const struct import *import)
{
	struct settings *settings = reading->settings;
	size_t n = settings->n_domains + import->n_domains;
	struct settings_domain *domains, *domain;
	const struct import_domain *from;

	if (n > SETTINGS_DOMAINS_MAX) {
		errors_add(reading->errors, reading->file, 0, "import",
		    "expected at most %d domains (got %zu)", SETTINGS_DOMAINS_MAX, n);
		return;
	}
	domains = arena_array(reading->arena, n, sizeof(*domains));
	if (settings->n_domains > 0)
		memcpy(domains, settings->domains, settings->n_domains * sizeof(*domains));
	settings->domains = domains;
	for (size_t i = 0; i < import->n_domains; i++) {
		from = &import->domains[i];
		domain = &domains[settings->n_domains++];
		*domain = (struct settings_domain){
			.name = arena_strdup(reading->arena, from->name),
			.source = arena_strdup(reading->arena, from->at.file),
			.line = from->at.line,
			.is_imported = true,
			.sign_as = from->sign_as == NULL ? NULL :
			    arena_strdup(reading->arena, from->sign_as),
			.canon_header = import->has_canon ? import->canon_header :
			    CANON_RELAXED,
			.canon_body = import->has_canon ? import->canon_body : CANON_RELAXED,
			.signed_headers = import->has_profile ? import->signed_headers :
			    PROFILE_STANDARD,
			.expire = import->expire,
		};
		take_keys(reading, from, domain);
	}
}

static void
take_networks(struct reading *reading, const struct import *import)
{
	struct settings *settings = reading->settings;

	if (import->has_networks && !reading->networks_given) {
		settings->networks.n = import->networks.n;
		settings->networks.p = arena_array(reading->arena, import->networks.n,
		    sizeof(*settings->networks.p));
		if (import->networks.n > 0)
			memcpy(settings->networks.p, import->networks.p,
			    import->networks.n * sizeof(*settings->networks.p));
	}
	if (!import->signs_local && !reading->outbound_given)
		settings->outbound &= ~(unsigned)OUTBOUND_LOCAL;
}

static void
build_import(struct reading *reading, const struct tree *tree,
    struct settings_import *section, struct buf *remarks)
{
	struct import *import = import_new(reading->work, reading->files,
	    own_domains(reading));
	struct opendkim given = {
		.key_table = text_of(reading, tree, "key-table", section->key_table),
		.signing_table = text_of(reading, tree, "signing-table",
		    section->signing_table),
		.internal_hosts = text_of(reading, tree, "internal-hosts",
		    section->internal_hosts),
	};

	if (section->config != NULL)
		import_opendkim(import, section->config, &given);
	else
		import_opendkim_tables(import, &given);
	tell_remarks(reading, import, remarks);
	take_domains(reading, import);
	take_networks(reading, import);
}

void
build_imports(struct reading *reading, const struct tree **trees, size_t n)
{
	struct settings *settings = reading->settings;
	struct settings_import *section;
	struct buf remarks;

	settings->imports = arena_array(reading->arena, n, sizeof(*settings->imports));
	buf_init(&remarks, reading->arena, REMARKS_TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		section = &settings->imports[settings->n_imports++];
		section->name = arena_strdup(reading->arena, trees[i]->title);
		section->line = trees[i]->line;
		build_options(reading, trees[i], section);
		if (strcmp(section->name, "opendkim") != 0)
			errors_add(reading->errors, reading->file, section->line, "import",
			    "expected \"opendkim\" (got %s); of others \"mailworthy import\" "
			    "writes a configuration", errors_shown(reading->errors,
			    section->name));
		else if (section->config == NULL && section->key_table == NULL &&
		    section->signing_table == NULL && section->internal_hosts == NULL)
			errors_add(reading->errors, reading->file, section->line, "import",
			    "expected config = \"/etc/opendkim.conf\", or key-table and "
			    "signing-table");
		else
			build_import(reading, trees[i], section, &remarks);
	}
	settings->remarks = buf_str(&remarks);
}
