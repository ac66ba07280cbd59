/*
 * mailworthy keygen --rotate: the next key of a domain beside those it has.
 *
 * The daemon takes it over by itself (keyring_choose()): the old one signs until
 * DNS has shown the new one for longer than the record's TTL.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "checks/check.h"
#include "core/health.h"
#include "dns/dns.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/confedit.h"
#include "tool/keygen.h"
#include "tool/selectors.h"
#include "tool/tool.h"

enum {
	KEEP_DAYS = 14,		/* the old record, after its last signature */
	TTL_DEFAULT = 3600,	/* that of the record we print */
	MINUTE = 60, HOUR = 3600,
};

struct rotation {
	struct keygen *keygen;
	const struct settings *settings;
	const struct settings_domain *domain;
	const struct settings_key *last;	/* of the section */
	bool from_template;	/* one line serves many domains, each with its file */
	bool serves_many;	/* domains with records of their own */
	bool needs_line;	/* the section does not name the selector yet */
	struct selectors *selectors;
	struct arena *arena;
};

/* ---- the name and the place ---- */

/* Where the section has that key for mail of the domain. */
static const char *
path_of(const struct rotation *rotation, const struct settings_key *key)
{
	return selectors_path(rotation->arena, key->file, rotation->keygen->domain,
	    key->selector);
}

static bool
names(const struct settings_domain *section, const char *selector)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		if (strcmp(section->keys[i].selector, selector) == 0)
			return true;
	}
	return false;
}

/* A key that the section names for all its domains, and this one has no file of:
 * it comes after all that are there. */
static const struct settings_key *
find_prepared(const struct rotation *rotation)
{
	const struct settings_domain *domain = rotation->domain;
	const struct settings_key *free_one = NULL;

	for (size_t i = 0; rotation->from_template && i < domain->n_keys; i++) {
		const struct settings_key *key = &domain->keys[i];

		free_one = selectors_exists(path_of(rotation, key)) ? NULL :
		    free_one != NULL ? free_one : key;
	}
	return free_one;
}

/* Where the selector stands in the name of the file, the once; NULL else. */
static const char *
selector_in(const char *file, const char *selector)
{
	const char *slash = strrchr(file, '/');
	const char *at = strstr(slash != NULL ? slash + 1 : file, selector);

	if (at == NULL || (at > file && at[-1] == '%') || strstr(at + 1, selector) != NULL)
		return NULL;
	return at;
}

/* "/keys/%d.%s.pem" serves every selector, "/keys/%d.2026a.pem" the one alone. */
static const char *
next_template(const struct rotation *rotation, const char *selector)
{
	const char *file = rotation->last->file, *old = rotation->last->selector, *at;

	if (strstr(file, "%s") != NULL)
		return file;
	at = selector_in(file, old);
	if (at == NULL)
		return NULL;
	return arena_printf(rotation->arena, "%.*s%s%s", (int)(at - file), file, selector,
	    at + strlen(old));
}

/* Beside the key it follows. */
static const char *
next_path(const struct rotation *rotation, const char *selector)
{
	const char *file = rotation->last->file, *slash = strrchr(file, '/');
	struct keygen *keygen = rotation->keygen;

	if (rotation->from_template)
		return next_template(rotation, selector) == NULL ? NULL :
		    selectors_path(rotation->arena, next_template(rotation, selector),
		    keygen->domain, selector);
	if (!keygen->dir_given && slash != NULL)
		keygen->dir = arena_strndup(rotation->arena, file, (size_t)(slash - file));
	return arena_printf(rotation->arena, "%s/%s.%s.pem", keygen->dir, keygen->sdid,
	    selector);
}

/* Receivers, or another section, may know it. */
static bool
is_free(const struct rotation *rotation, const char *selector)
{
	const struct keygen *keygen = rotation->keygen;

	return !names(rotation->domain, selector) && !selectors_exists(keygen->path) &&
	    !selectors_named(rotation->selectors, selector, keygen->path) &&
	    (keygen->selector_given || !selectors_in_dns(rotation->selectors, selector));
}

static int
choose(struct rotation *rotation)
{
	const struct settings_key *prepared = find_prepared(rotation);
	struct keygen *keygen = rotation->keygen;
	const char *selector = keygen->selector;

	rotation->needs_line = prepared == NULL;
	if (prepared != NULL && !keygen->selector_given) {
		keygen->selector = prepared->selector;
		keygen->path = path_of(rotation, prepared);
		return TOOL_OK;
	}
	rotation->needs_line = true;
	if (rotation->domain->n_keys >= SETTINGS_KEYS_MAX)
		return tool_error("the section \"%s\" names %d keys, the most there can be: take "
		    "an old one out first", rotation->domain->name, SETTINGS_KEYS_MAX);
	for (unsigned n = 0; keygen->selector_given ||
	    (selector = keygen_selector(keygen, n)) != NULL; n++) {
		keygen->path = next_path(rotation, selector);
		if (keygen->path == NULL)
			return tool_error("the name of the file %s does not show where its "
			    "selector stands: write the line of the next key by hand "
			    "(`mailworthy keygen %s` makes it)", rotation->last->file,
			    keygen->sdid);
		if (is_free(rotation, selector)) {
			keygen->selector = selector;
			return TOOL_OK;
		}
		if (keygen->selector_given)
			return tool_error("selector %s is in use already, or %s is there; choose "
			    "another", selector, keygen->path);
	}
	return tool_error("every selector of this year is in use: name one with --selector");
}

/* ---- the words ---- */

static const char *
duration(struct arena *arena, unsigned long seconds)
{
	if (seconds < 2 * MINUTE)
		return arena_printf(arena, "%lu seconds", seconds);
	if (seconds < 2 * HOUR)
		return arena_printf(arena, "%lu minutes", seconds / MINUTE);
	return arena_printf(arena, "%lu hours", seconds / HOUR);
}

static const char *
entry_of(const struct rotation *rotation)
{
	const struct keygen *keygen = rotation->keygen;

	return arena_printf(rotation->arena, "key \"%s\" { file = \"%s\" }",
	    keygen->selector, rotation->from_template ?
	    next_template(rotation, keygen->selector) : keygen_whole_path(keygen));
}

static void
print_takeover(const struct rotation *rotation)
{
	struct arena *arena = rotation->arena;
	const struct dns_answer *answer = selectors_ask(rotation->selectors,
	    rotation->last->selector);
	bool known = answer != NULL && answer->status == DNS_OK;
	const char *ttl = known ? duration(arena, answer->ttl) : duration(arena, TTL_DEFAULT);

	printf("4. Wait. %s goes on signing until DNS has shown the new record for longer "
	    "than its\n   TTL; then %s signs. No message is unsigned in between.\n",
	    rotation->last->selector, rotation->keygen->selector);
	printf("   %s: with a TTL like that it takes %s from\n   when the daemon sees the new "
	    "record, which it looks for at the reload and then every\n   %d minutes. "
	    "`mailworthy status` shows which key signs and when the next takes over.\n",
	    known ? arena_printf(arena, "DNS keeps the record of %s for up to %s",
	    rotation->last->selector, ttl) : arena_printf(arena, "The record above has a TTL of "
	    "%s", ttl), ttl, HEALTH_SECONDS / MINUTE);
}

static void
print_end(const struct rotation *rotation)
{
	const char *old = rotation->last->selector, *sdid = rotation->keygen->sdid;
	const char *withdraw = arena_printf(rotation->arena, "publish \"v=DKIM1; p=\" at "
	    "%s._domainkey.%s\n   (the key is withdrawn) or remove that record", old, sdid);

	printf("5. Keep the old record for %d days after the new key took over: mail that %s "
	    "signed\n   waits in queues, on hold, or unread. Then ", KEEP_DAYS, old);
	if (!rotation->serves_many)
		printf("take the line of %s out of the\n   configuration, reload, %s,\n   and "
		    "delete its file.\n", old, withdraw);
	else if (rotation->from_template)
		printf("delete this domain's file\n   %s, reload, and\n   %s.\n   The line of "
		    "%s stays: other domains of the section \"%s\" sign with theirs.\n   Take "
		    "it out only when each domain has its new key.\n", path_of(rotation,
		    rotation->last), withdraw, old, rotation->domain->name);
	else
		printf("%s.\n   The line of %s and its file stay: other domains of the section "
		    "\"%s\" sign with it.\n   Take them out only when each domain has its new "
		    "key, that is, when DNS shows the\n   record of %s for each.\n", withdraw,
		    old, rotation->domain->name, rotation->keygen->selector);
}

/* ---- the line ---- */

static int
write_line(const struct rotation *rotation)
{
	const char *path = rotation->settings->path, *error = "", *text;
	struct slice before;

	if (!tool_read(rotation->arena, path, SETTINGS_FILE_MAX, &before, &error))
		return tool_error("%s", error);
	text = confedit_add_key(rotation->arena, before, rotation->domain->line,
	    rotation->domain->name, entry_of(rotation), &error);
	if (text == NULL || confedit_replace(rotation->arena, path, before, text,
	    &error) != 0)
		return tool_error("%s. The key is made; put its line in by hand", error);
	return TOOL_OK;
}

/* Sections that share the record of the old key lose it in the end, too. */
static void
say_others(const struct rotation *rotation)
{
	const struct settings *settings = rotation->settings;

	for (size_t i = 0; i < settings->n_domains; i++) {
		const struct settings_domain *section = &settings->domains[i];

		if (section == rotation->domain || strcmp(rotation->keygen->sdid,
		    selectors_sdid(section, section->name)) != 0 ||
		    !names(section, rotation->last->selector))
			continue;
		printf("   The section \"%s\" (line %u) signs with %s as %s, too:\n   put the "
		    "line there as well.\n\n", section->name, section->line,
		    rotation->last->selector, rotation->keygen->sdid);
	}
}

static int
tell_line(const struct rotation *rotation)
{
	const char *path = rotation->settings->path;
	int status = TOOL_OK;

	if (!rotation->needs_line) {
		printf("2. The section \"%s\" in %s names this key already: there is nothing to "
		    "write.\n\n", rotation->domain->name, path);
		return TOOL_OK;
	}
	if (rotation->keygen->write) {
		fflush(stdout);
		status = write_line(rotation);
	}
	if (rotation->keygen->write && status == TOOL_OK)
		printf("2. Written to %s, in the section \"%s\":\n\n\t%s\n\n", path,
		    rotation->domain->name, entry_of(rotation));
	else
		printf("2. %sut this below the last key of the section \"%s\"\n   (line %u of "
		    "%s)%s:\n\n\t%s\n\n   Do not run this again for it, which would make one "
		    "more key.\n\n", rotation->keygen->write ? "When that is mended, p" : "P",
		    rotation->domain->name, rotation->domain->line, path,
		    rotation->keygen->write ? " by hand" : ", as --write does by itself",
		    entry_of(rotation));
	if (rotation->from_template)
		puts("   The line is for all domains of the section: those that have no such file "
		    "go on with\n   the keys they have.\n");
	else if (rotation->serves_many)
		puts("   The line is for all domains of the section: each needs the record at its "
		    "own name,\n   and goes on with the keys it has until DNS shows it.\n");
	say_others(rotation);
	return status;
}

static int
make(struct rotation *rotation)
{
	struct keygen *keygen = rotation->keygen;
	struct key *key;
	int status;

	keygen->like = path_of(rotation, rotation->last);
	key = keygen_make(keygen);
	if (key == NULL)
		return TOOL_USAGE;
	printf("The next key of %s is %s, after %s. Written to %s\n\n", keygen->domain,
	    keygen->selector, rotation->last->selector, keygen_whole_path(keygen));
	keygen_print_record(keygen, key);
	key_free(&key);
	status = tell_line(rotation);
	puts("3. When DNS shows the record, reload: systemctl reload mailworthy, or\n"
	    "   pkill -HUP -x mailworthyd.\n");
	print_takeover(rotation);
	putchar('\n');
	print_end(rotation);
	return status == TOOL_OK ? TOOL_OK : TOOL_STOPPED;
}

/* ---- what it follows ---- */

/* An existing key of that kind, the newest; NULL for none, with a file that could not be
 * read or NULL in *unread_r. */
static const struct settings_key *
last_of_kind(const struct rotation *rotation, struct files *files, unsigned *bits_r,
    const struct file **unread_r)
{
	const struct settings_domain *domain = rotation->domain;

	*unread_r = NULL;
	for (size_t i = domain->n_keys; i-- > 0;) {
		const struct settings_key *key = &domain->keys[i];
		const struct file *file = files_get(files, path_of(rotation, key));
		const char *error = "";
		struct key *parsed = file->bytes == NULL ? NULL : key_parse((struct slice){
		    file->bytes, file->size }, rotation->arena, &error);
		bool same = parsed != NULL && key_type(parsed) == rotation->keygen->type;

		if (same)
			*bits_r = key_bits(parsed);
		key_free(&parsed);
		if (same)
			return key;
		if (file->bytes == NULL && (file->error != ENOENT || !rotation->from_template))
			*unread_r = file;
	}
	return NULL;
}

/* Why no key can be followed; a key that cannot be seen is no reason for a first one. */
static int
say_no_last(const struct rotation *rotation, const struct file *unread)
{
	const struct keygen *keygen = rotation->keygen;
	const struct settings_domain *domain = rotation->domain;
	const char *option = keygen->type == KEY_RSA ? "" : " --ed25519";

	if (unread != NULL && files_credential(unread->path) != NULL)
		return tool_error("keys of the section \"%s\" (line %u of %s) are credentials, "
		    "which the service alone can read: make the next with `mailworthy keygen%s "
		    "%s`, hand it to the service as those (LoadCredential= in its unit), and put "
		    "its line below theirs", domain->name, domain->line,
		    rotation->settings->path, option, keygen->sdid);
	if (unread != NULL)
		return tool_error("the key file %s of the section \"%s\" cannot be read: %s%s",
		    unread->path, domain->name, strerror(unread->error), unread->error ==
		    EACCES || unread->error == EPERM ? "; run this as root" : "");
	return tool_error("the section \"%s\" of %s has no %s key: make the first one with "
	    "`mailworthy keygen%s %s`", domain->name, rotation->settings->path,
	    keygen->type == KEY_RSA ? "RSA" : "Ed25519", option, keygen->sdid);
}

/* The section that signs for the domain, or that of the name "*.example.com". */
static const struct settings_domain *
find_domain(const struct settings *settings, const char *name)
{
	if (name[0] != '*')
		return settings_find_domain(settings, name);
	for (size_t i = 0; i < settings->n_domains; i++) {
		if (strcmp(settings->domains[i].name, name) == 0)
			return &settings->domains[i];
	}
	return NULL;
}

static bool
uses_templates(const struct settings_domain *domain)
{
	for (size_t i = 0; i < domain->n_keys; i++) {
		if (strstr(domain->keys[i].file, "%d") != NULL)
			return true;
	}
	return false;
}

static int
find_section(struct rotation *rotation)
{
	struct keygen *keygen = rotation->keygen;
	const struct settings *settings = rotation->settings;
	const struct settings_domain *domain = find_domain(settings, keygen->domain);

	if (domain == NULL || domain->n_keys == 0)
		return tool_error("%s manages no %s: `mailworthy keygen %s` makes its first key",
		    settings->path, keygen->domain, keygen->domain);
	if (keygen->domain[0] == '*' && (domain->sign_as == NULL || uses_templates(domain)))
		return tool_error("each domain of the section \"%s\" has its own key record: name "
		    "one of them", domain->name);
	rotation->domain = domain;
	keygen->sdid = selectors_sdid(domain, keygen->domain);
	rotation->from_template = uses_templates(domain);
	return TOOL_OK;
}

static int
find_last(struct rotation *rotation, struct files *files)
{
	struct keygen *keygen = rotation->keygen;
	const struct settings_domain *domain = rotation->domain;
	const struct file *unread;
	unsigned bits = 0;

	rotation->last = last_of_kind(rotation, files, &bits, &unread);
	if (rotation->last == NULL)
		return say_no_last(rotation, unread);
	if (domain->source != NULL || rotation->last->source != NULL)
		return tool_error("the keys of %s come from %s: add the next one there (`mailworthy "
		    "keygen %s` makes it)", keygen->domain, domain->source != NULL ?
		    domain->source : rotation->last->source, keygen->sdid);
	if (!keygen->bits_given && bits > keygen->bits)
		keygen->bits = bits;
	rotation->from_template = strstr(rotation->last->file, "%d") != NULL;
	rotation->serves_many = domain->name[0] == '*' && (rotation->from_template ||
	    domain->sign_as == NULL);
	return TOOL_OK;
}

static int
run(struct rotation *rotation, struct files *files)
{
	int status = find_section(rotation);

	if (status == TOOL_OK)
		status = find_last(rotation, files);
	if (status != TOOL_OK)
		return status;
	rotation->selectors = selectors_open(rotation->settings, rotation->keygen->sdid);
	status = choose(rotation);
	return status == TOOL_OK ? make(rotation) : status;
}

int
keygen_rotate(struct keygen *keygen)
{
	struct rotation rotation = { .keygen = keygen, .arena = arena_new() };
	struct files *files = files_new();
	const char *error = "";
	int status;

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	rotation.settings = settings_load(files, keygen->config, check_exists, rotation.arena,
	    &error);
	if (rotation.settings == NULL)
		status = tool_error("%s", error);
	else
		status = run(&rotation, files);
	selectors_close(&rotation.selectors);
	arena_free(&rotation.arena);
	if (rotation.settings != NULL)
		settings_unref(&rotation.settings);
	files_free(&files);
	return status;
}
