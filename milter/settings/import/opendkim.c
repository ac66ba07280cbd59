/*
 * opendkim.conf(5) and what it names.
 */
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "settings/import/hosts.h"
#include "settings/import/signing.h"
#include "settings/import/theirs.h"
#include "settings/names.h"

enum { EXPIRE_LEAST = 3600, EXPIRE_MAX = 31536000 };

struct conf {
	struct import *import;
	struct opendkim options;
	const char *mode;		/* NULL: not set */
};

/* Options that are kept as they are written. */
static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{ "KeyTable", offsetof(struct opendkim, key_table) },
	{ "SigningTable", offsetof(struct opendkim, signing_table) },
	{ "InternalHosts", offsetof(struct opendkim, internal_hosts) },
	{ "PeerList", offsetof(struct opendkim, peer_list) },
	{ "ExemptDomains", offsetof(struct opendkim, exempt_domains) },
	{ "Domain", offsetof(struct opendkim, domain) },
	{ "Selector", offsetof(struct opendkim, selector) },
	{ "KeyFile", offsetof(struct opendkim, key_file) },
};

enum { N_TEXTS = sizeof(texts) / sizeof(texts[0]) };

static struct import_text *
text_at(struct opendkim *options, size_t i)
{
	return (struct import_text *)(void *)((char *)options + texts[i].offset);
}

/* ---- options ---- */

static bool
canon_of(struct slice text, enum canon *canon_r)
{
	if (slice_is(text, "simple"))
		*canon_r = CANON_SIMPLE;
	else if (slice_is(text, "relaxed"))
		*canon_r = CANON_RELAXED;
	else
		return false;
	return true;
}

static void
set_canon(struct import *import, const char *value, struct import_place at)
{
	struct slice text = slice_of(value);
	size_t slash = slice_find(text, '/');
	struct slice body = slash < text.n ? slice_sub(text, slash + 1, text.n) :
	    SLICE("simple");

	if (!canon_of(slice_sub(text, 0, slash), &import->canon_header) ||
	    !canon_of(body, &import->canon_body)) {
		import_say(import, IMPORT_ERROR, at, "Canonicalization",
		    "expected HEADER/BODY, each relaxed or simple (got %s)",
		    import_shown(import, value));
		return;
	}
	import->has_canon = true;
}

static void
set_expire(struct import *import, const char *value, struct import_place at)
{
	unsigned long seconds;

	if (!slice_number(slice_of(value), EXPIRE_MAX, &seconds)) {
		import_say(import, IMPORT_ERROR, at, "SignatureTTL",
		    "expected seconds, at most %d (got %s)", EXPIRE_MAX,
		    import_shown(import, value));
		return;
	}
	if (seconds > 0 && seconds < EXPIRE_LEAST) {
		import_say(import, IMPORT_WARNING, at, "SignatureTTL", "one hour is taken "
		    "for %lu seconds: mail waits in queues", seconds);
		seconds = EXPIRE_LEAST;
	}
	import->expire = (unsigned)seconds;
}

static void
set_oversign(struct import *import, const char *value, struct import_place at)
{
	struct slice rest = slice_of(value), name;

	while (slice_split(&rest, ',', &name)) {
		name = slice_trim(name);
		if (name.n == 0 || slice_is(name, "From"))
			continue;
		import->has_profile = true;
		import->signed_headers = PROFILE_STRICT;
	}
	if (import->has_profile)
		import_say(import, IMPORT_WARNING, at, "OversignHeaders", "signed-headers = "
		    "strict is taken: it oversigns From, Reply-To, Subject, Date, To, Cc, "
		    "Message-ID, MIME-Version and Content-Type");
}

static void
set_mode(struct import *import, const char *value, struct import_place at)
{
	import->verifies = strchr(value, 'v') != NULL;
	if (strchr(value, 's') == NULL)
		import_say(import, IMPORT_ERROR, at, "Mode", "this OpenDKIM signs nothing: "
		    "there is nothing to take over");
	else if (import->verifies)
		import_say(import, import->own == NULL ? IMPORT_WARNING : IMPORT_NOTE, at,
		    "Mode", "only signing is taken over: OpenDKIM verifies mail that comes in, "
		    "too; keep it for that, with Mode v");
}

static void
set_safe_keys(struct import *import, const char *value, struct import_place at)
{
	if (!theirs_yes(value))
		import_say(import, IMPORT_WARNING, at, "RequireSafeKeys", "keys that others can "
		    "read or replace are refused here, always");
}

static void
take(struct conf *conf, const char *name, const char *value, struct import_place at)
{
	struct import *import = conf->import;
	struct slice option = slice_of(name);

	if (slice_is(option, "Canonicalization"))
		set_canon(import, value, at);
	else if (slice_is(option, "SignatureTTL"))
		set_expire(import, value, at);
	else if (slice_is(option, "OversignHeaders"))
		set_oversign(import, value, at);
	else if (slice_is(option, "Mode"))
		set_mode(import, conf->mode = value, at);
	else if (slice_is(option, "RequireSafeKeys"))
		set_safe_keys(import, value, at);
	else if (slice_is(option, "SubDomains"))
		conf->options.sub_domains = theirs_yes(value);
	else if (slice_is(option, "MultipleSignatures"))
		conf->options.multiple_signatures = theirs_yes(value);
	else if (slice_is(option, "BaseDirectory"))
		conf->options.base_directory = value;
	else if (slice_is(option, "Socket"))
		import->socket = value;
	else if (slice_is(option, "Nameservers"))
		import_say(import, IMPORT_NOTE, at, "Nameservers", "write servers into the "
		    "section resolver where those of resolv.conf do not serve (%s)",
		    import_shown(import, value));
}

static void
set_option(void *context, const char *name, const char *value, struct import_place at)
{
	struct conf *conf = context;
	struct import_text *text;

	for (size_t i = 0; i < N_TEXTS; i++) {
		if (!slice_is(slice_of(name), texts[i].name))
			continue;
		text = text_at(&conf->options, i);
		*text = (struct import_text){ value, at };
		return;
	}
	theirs_say(conf->import, &theirs_opendkim, name, at);
	take(conf, name, value, at);
}

/* ---- what the options name ---- */

static void
read_hosts(struct import *import, const struct opendkim *options)
{
	struct import_text internal = options->internal_hosts;
	struct dataset hosts, peers = { .n = 0 };

	if (internal.text == NULL && options->peer_list.text == NULL)
		return;
	if (internal.text == NULL)
		internal = (struct import_text){ "127.0.0.1", options->peer_list.at };
	if (options->peer_list.text != NULL && !dataset_read(import, "PeerList",
	    &options->peer_list, options->base_directory, &peers))
		return;
	if (dataset_read(import, "InternalHosts", &internal, options->base_directory,
	    &hosts))
		hosts_read(import, "InternalHosts", &hosts, peers.n > 0 ? &peers : NULL);
}

/* Domain, Selector and KeyFile: one key for all. */
static void
read_single(struct import *import, const struct opendkim *options)
{
	struct keytable_entry entry = { .name = "KeyFile", .domain = "%",
		.path = options->key_file.text, .at = options->key_file.at };
	struct signing_pattern pattern;
	struct dataset domains;

	if (options->selector.text == NULL || options->key_file.text == NULL ||
	    !name_is_dns(slice_of(options->selector.text)) ||
	    options->key_file.text[0] != '/') {
		import_say(import, IMPORT_ERROR, options->domain.at, "Domain",
		    "expected Selector and KeyFile (a path that starts with \"/\") beside it");
		return;
	}
	entry.selector = slice_dup_lower(import->arena, slice_of(options->selector.text));
	if (!dataset_read(import, "Domain", &options->domain, options->base_directory,
	    &domains))
		return;
	for (size_t i = 0; i < domains.n; i++) {
		const struct dataset_entry *line = &domains.p[i];

		if (domains.kind == DATASET_PATTERNS)
			signing_parse_glob(import->arena, arena_printf(import->arena, "*@%s",
			    line->key), &pattern);
		else
			signing_parse_key(import->arena, line->key, &pattern);
		if (pattern.wrong != NULL || pattern.user != NULL ||
		    pattern.domains[0] == NULL) {
			import_say(import, IMPORT_ERROR, line->at, "Domain",
			    "expected a domain (got %s)", import_shown(import, line->key));
			continue;
		}
		for (size_t j = 0; j < 2 && pattern.domains[j] != NULL; j++)
			signing_add(import, pattern.domains[j], &entry, line->at);
		if (options->sub_domains && pattern.domains[0][0] != '*') {
			struct keytable_entry below = entry;

			below.domain = pattern.domains[0];
			signing_add(import, arena_printf(import->arena, "*.%s",
			    pattern.domains[0]), &below, line->at);
		}
	}
}

struct exempt {
	struct import *import;
	const struct dataset *set;
	const char *name;
};

static bool
is_exempt(void *context, const struct import_domain *domain)
{
	const struct exempt *exempt = context;
	const char *name = domain->name;

	for (size_t i = 0; i < exempt->set->n; i++) {
		const char *key = exempt->set->p[i].key;
		size_t n = strlen(name), tail = strlen(key);

		/* ".example.com" leaves out what is below it */
		if (key[0] == '.' && n > tail &&
		    slice_eq_nocase(slice_of(name + n - tail), slice_of(key)))
			return true;
		if (slice_is(slice_of(key), name))
			return true;
	}
	return false;
}

/* What a wider section still signs. */
static void
say_not_exempt(struct import *import, const struct dataset_entry *line)
{
	const char *pattern = line->key[0] == '.' ?
	    arena_printf(import->arena, "*%s", line->key) : line->key;

	pattern = slice_dup_lower(import->arena, slice_of(pattern));
	while ((pattern = signing_wider(import->arena, pattern)) != NULL) {
		if (map_get(import->by_name, pattern) == NULL)
			continue;
		import_say(import, IMPORT_ERROR, line->at, "ExemptDomains",
		    "%s is signed by the key for %s all the same: name the domains that are "
		    "signed one by one", import_shown(import, line->key),
		    import_shown(import, pattern));
		return;
	}
}

static void
read_exempt(struct import *import, const struct opendkim *options)
{
	struct exempt exempt = { .import = import };
	struct dataset set;

	if (options->exempt_domains.text == NULL || !dataset_read(import, "ExemptDomains",
	    &options->exempt_domains, options->base_directory, &set))
		return;
	exempt.set = &set;
	import_drop(import, is_exempt, &exempt);
	for (size_t i = 0; i < set.n; i++)
		say_not_exempt(import, &set.p[i]);
}

void
import_opendkim_tables(struct import *import, const struct opendkim *options)
{
	struct keytable *keys;

	read_hosts(import, options);
	if (options->key_table.text == NULL && options->signing_table.text == NULL) {
		if (options->domain.text != NULL)
			read_single(import, options);
	} else if (options->key_table.text == NULL || options->signing_table.text == NULL) {
		import_say(import, IMPORT_ERROR, options->key_table.text == NULL ?
		    options->signing_table.at : options->key_table.at, NULL,
		    "expected a KeyTable and a SigningTable");
	} else {
		keys = keytable_read(import, options);
		if (keys != NULL)
			signing_read(import, options, keys);
	}
	read_exempt(import, options);
	if (options->multiple_signatures)
		import_say_several(import, "OpenDKIM");
}

void
import_opendkim(struct import *import, const char *path, const struct opendkim *given)
{
	struct conf conf = { .import = import };
	struct opendkim copy = *given;
	struct import_place at = { path, 0 };

	/* OpenDKIM's own defaults */
	import->has_canon = true;
	import->canon_header = import->canon_body = CANON_SIMPLE;
	theirs_read(import, path, at, set_option, &conf);
	if (conf.mode == NULL)
		set_mode(import, "sv", at);
	for (size_t i = 0; i < N_TEXTS; i++) {
		if (text_at(&copy, i)->text != NULL)
			*text_at(&conf.options, i) = *text_at(&copy, i);
	}
	import_opendkim_tables(import, &conf.options);
	/* Within a configuration of ours a table may fill later, or all be set by hand. */
	if (import->n_domains == 0 && import->n_errors == 0)
		import_say(import, import->own == NULL ? IMPORT_ERROR : IMPORT_WARNING, at,
		    NULL, "no domain is signed: expected lines in KeyTable and SigningTable, "
		    "or Domain, Selector and KeyFile");
}
