/*
 * mailworthy keygen --rotate: the next key of a domain beside those it has.
 *
 * The daemon takes it over by itself (keyring_choose()): the old one signs until
 * DNS has shown the new one for longer than the record's TTL.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "checks/check.h"
#include "core/health.h"
#include "dns/dns.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/confedit.h"
#include "tool/keygen.h"
#include "tool/tool.h"

enum {
	KEEP_DAYS = 14,		/* the old record, after its last signature */
	QUERIES_MAX = 40,
	TTL_DEFAULT = 3600,	/* that of the record we print */
	MINUTE = 60, HOUR = 3600,
};

struct rotation {
	struct keygen *keygen;
	const struct settings *settings;
	const struct settings_domain *domain;
	const struct settings_key *last;	/* of the section */
	bool from_template;	/* one line serves many domains */
	bool needs_line;	/* the section does not name the selector yet */
	struct dns *dns;	/* NULL: cannot be asked */
	struct lookups *lookups;
	struct arena *arena;
};

/* ---- DNS ---- */

static const struct dns_answer *
ask(const struct rotation *rotation, const char *selector)
{
	const char *name = arena_printf(rotation->arena, "%s._domainkey.%s", selector,
	    rotation->keygen->domain);
	const struct dns_answer *answer;

	if (rotation->lookups == NULL)
		return NULL;
	while ((answer = dns_get(rotation->lookups, name, DNS_TXT))->status == DNS_PENDING)
		lookups_wait(rotation->lookups);
	return answer;
}

/* Somebody has used it before: receivers may remember that record. */
static bool
is_published(const struct rotation *rotation, const char *selector)
{
	const struct dns_answer *answer = ask(rotation, selector);

	return answer != NULL && answer->status == DNS_OK;
}

/* ---- the name and the place ---- */

/* With the domain for %d and the selector for %s. */
static const char *
expand(const struct rotation *rotation, const char *file, const char *selector)
{
	struct buf out;

	buf_init(&out, rotation->arena, 4096);
	for (; *file != '\0'; file++) {
		if (file[0] == '%' && (file[1] == 'd' || file[1] == 's'))
			buf_add_str(&out, *++file == 'd' ? rotation->keygen->domain : selector);
		else
			buf_add_char(&out, *file);
	}
	return buf_str(&out);
}

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool
is_ours(const struct rotation *rotation, const char *selector)
{
	for (size_t i = 0; i < rotation->domain->n_keys; i++) {
		if (strcmp(rotation->domain->keys[i].selector, selector) == 0)
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

		free_one = exists(expand(rotation, key->file, key->selector)) ? NULL :
		    free_one != NULL ? free_one : key;
	}
	return free_one;
}

/* "/keys/%d.%s.pem" serves every selector, "/keys/%d.2026a.pem" the one alone. */
static const char *
next_template(const struct rotation *rotation, const char *selector)
{
	const char *file = rotation->last->file, *old = rotation->last->selector;
	const char *at = strstr(file, old);

	if (strstr(file, "%s") != NULL)
		return file;
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
		    expand(rotation, next_template(rotation, selector), selector);
	if (!keygen->dir_given && slash != NULL)
		keygen->dir = arena_strndup(rotation->arena, file, (size_t)(slash - file));
	return arena_printf(rotation->arena, "%s/%s.%s.pem", keygen->dir, keygen->domain,
	    selector);
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
		keygen->path = expand(rotation, prepared->file, prepared->selector);
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
			return tool_error("the path %s does not show where its selector stands: "
			    "write the line of the next key by hand", rotation->last->file);
		if (!is_ours(rotation, selector) && !exists(keygen->path) &&
		    (keygen->selector_given || !is_published(rotation, selector))) {
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
	const struct dns_answer *answer = ask(rotation, rotation->last->selector);
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
	const char *old = rotation->last->selector;

	printf("5. Keep the old record for %d days after the new key took over: mail that %s "
	    "signed\n   waits in queues, on hold, or unread. Then take the line of %s out of "
	    "the\n   configuration, reload, publish \"v=DKIM1; p=\" in its place (the key is "
	    "withdrawn) or\n   remove %s._domainkey.%s, and delete its file.\n", KEEP_DAYS, old,
	    old, old, rotation->keygen->domain);
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
		printf("2. Put this below the last key of the section \"%s\" (line %u of %s), or "
		    "run this\n   with --write%s:\n\n\t%s\n\n", rotation->domain->name,
		    rotation->domain->line, path, rotation->keygen->write ?
		    " when that is mended" : " the next time", entry_of(rotation));
	if (rotation->from_template)
		puts("   The line is for all domains of the section: those that have no such file "
		    "go on with\n   the keys they have.\n");
	return status;
}

static int
make(struct rotation *rotation)
{
	struct keygen *keygen = rotation->keygen;
	struct key *key;
	int status;

	keygen->like = expand(rotation, rotation->last->file, rotation->last->selector);
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

/* An existing key of that kind, the newest; of all where none can be read. */
static const struct settings_key *
last_of_kind(const struct rotation *rotation, struct files *files, unsigned *bits_r)
{
	const struct settings_domain *domain = rotation->domain;

	for (size_t i = domain->n_keys; i-- > 0;) {
		const struct settings_key *key = &domain->keys[i];
		const struct file *file = files_get(files, expand(rotation, key->file,
		    key->selector));
		const char *error = "";
		struct key *parsed = file->bytes == NULL ? NULL : key_parse((struct slice){
		    file->bytes, file->size }, rotation->arena, &error);
		bool same = parsed != NULL && key_type(parsed) == rotation->keygen->type;

		if (same)
			*bits_r = key_bits(parsed);
		key_free(&parsed);
		if (same)
			return key;
	}
	return NULL;
}

static bool
find_section(struct rotation *rotation, struct files *files)
{
	struct keygen *keygen = rotation->keygen;
	unsigned bits = 0;

	rotation->domain = settings_find_domain(rotation->settings, keygen->domain);
	if (rotation->domain == NULL || rotation->domain->n_keys == 0) {
		tool_error("%s manages no %s: `mailworthy keygen %s` makes its first key",
		    rotation->settings->path, keygen->domain, keygen->domain);
		return false;
	}
	rotation->last = last_of_kind(rotation, files, &bits);
	if (rotation->last == NULL) {
		tool_error("the section \"%s\" of %s has no %s key that can be read here: "
		    "run this as root, or make the first one with `mailworthy keygen%s %s`",
		    rotation->domain->name, rotation->settings->path,
		    keygen->type == KEY_RSA ? "RSA" : "Ed25519",
		    keygen->type == KEY_RSA ? "" : " --ed25519", keygen->domain);
		return false;
	}
	if (rotation->domain->source != NULL || rotation->last->source != NULL) {
		tool_error("the keys of %s come from %s: add the next one there (`mailworthy "
		    "keygen %s` makes it)", keygen->domain, rotation->domain->source != NULL ?
		    rotation->domain->source : rotation->last->source, keygen->domain);
		return false;
	}
	if (!keygen->bits_given && bits > keygen->bits)
		keygen->bits = bits;
	rotation->from_template = strstr(rotation->last->file, "%d") != NULL;
	return true;
}

static int
run(struct rotation *rotation, struct files *files)
{
	const char *error = "";
	int status;

	if (!find_section(rotation, files))
		return TOOL_USAGE;
	rotation->dns = dns_new(&rotation->settings->resolver, &clock_system,
	    rotation->arena, &error);
	if (rotation->dns != NULL)
		rotation->lookups = lookups_new(rotation->dns, rotation->arena,
		    rotation->settings->resolver.deadline, QUERIES_MAX);
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
	arena_free(&rotation.arena);	/* before the resolver: its questions live there */
	dns_free(&rotation.dns);
	if (rotation.settings != NULL)
		settings_unref(&rotation.settings);
	files_free(&files);
	return status;
}
