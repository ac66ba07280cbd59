/*
 * The keys of the managed domains: loaded once with the settings, found by
 * author domain.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "dkim/keyring.h"
#include "mail/domain.h"
#include "settings/files.h"
#include "settings/settings.h"

enum { ERRORS_MAX = 64 * 1024, UNTOLD_MAX = 100 };

struct loaded {				/* a key file */
	const char *path;
	struct key *key;
};

/* A section "*" or "*.name": its keys serve domains that it does not name. */
struct wild {
	const struct settings_domain *settings;
	struct loaded *plain[SETTINGS_KEYS_MAX];	/* NULL: from a template */
	struct map *by_domain[SETTINGS_KEYS_MAX];	/* template: struct loaded */
	bool any_plain;
	bool unseen;
	struct map *matched;		/* by domain with a file: struct ring_domain */
	const struct ring_domain *shared;	/* with sign-as: of all without a file */
	struct ring_domain none;	/* for a domain without a file */
};

struct keyring {
	struct arena *arena;
	struct map *exact;		/* section name: struct ring_domain */
	struct map *wild;		/* section name: struct wild */
	const struct ring_key **keys;
	size_t n, capacity;
};

/* Keys that may be left out unread. */
enum unseen { UNSEEN_NONE, UNSEEN_CREDENTIALS, UNSEEN_ALL };

struct load {				/* while the ring is built */
	struct keyring *ring;
	const struct settings *settings;
	struct files *files;
	struct arena *arena;		/* for texts that do not outlive the call */
	struct buf errors;		/* whole lines */
	size_t untold;			/* complaints it has no room for */
	struct map *by_path;		/* struct loaded: one file may serve many domains */
	struct map *listed;		/* by DNS name and path */
	enum unseen unseen;
};

static void
complain(struct load *load, const char *file, unsigned line, const char *what,
    const char *text)
{
	const char *whole = arena_printf(load->arena, "%s%s:%u: %s: %s",
	    load->errors.n > 0 ? "\n" : "", file != NULL ? file : load->settings->path, line,
	    what, text);

	if (load->untold > 0 || load->errors.n + strlen(whole) > ERRORS_MAX - UNTOLD_MAX)
		load->untold++;
	else
		buf_add_str(&load->errors, whole);
}

static void
free_key(void *object)
{
	struct loaded *loaded = object;

	key_free(&loaded->key);
}

static bool
may_not_read(const struct file *file)
{
	return file->bytes == NULL && (file->error == EACCES || file->error == EPERM);
}

/* It is not for this process to see. */
static bool
may_leave_out(const struct load *load, const struct file *file)
{
	return file->bytes == NULL && ((load->unseen >= UNSEEN_CREDENTIALS &&
	    file->error == ENOKEY) || (load->unseen == UNSEEN_ALL && may_not_read(file)));
}

static const char *
why_no_credential(const struct load *load, const struct file *file)
{
	const char *name = files_credential(file->path);

	if (file->error == ENOKEY)
		return arena_printf(load->arena, "only a service that systemd started has "
		    "credentials: put LoadCredential=%s:/PATH into the unit, or name a path",
		    name);
	return arena_printf(load->arena, "the key cannot be read: %s; has the unit "
	    "LoadCredential=%s:/PATH, and was the service started again since?",
	    strerror(file->error), name);
}

/* A daemon that did not start as root reads as its own user. */
static const char *
why_unread(const struct load *load, const struct file *file)
{
	const char *why = strerror(file->error), *user = load->settings->user;

	if (files_credential(file->path) != NULL)
		return why_no_credential(load, file);
	if (!may_not_read(file))
		return arena_printf(load->arena, "the key cannot be read: %s", why);
	if (user == NULL || *user == '\0')
		user = "GROUP";
	return arena_printf(load->arena, "the key cannot be read: %s; let the daemon's "
	    "group read it: chgrp %s %s && chmod 640 %s (and enter its directories), or "
	    "start as root", why, user, file->path, file->path);
}

/* NULL after a complaint, or when the user may not read it and need not. */
static struct loaded *
load_key(struct load *load, const char *path, const struct settings_key *from,
    bool *unseen)
{
	const struct file *file = files_get(load->files, path);
	struct loaded *loaded = map_get(load->by_path, path);
	const char *error = NULL;
	struct key *key = NULL;

	if (loaded != NULL)
		return loaded;
	if (may_leave_out(load, file)) {
		*unseen = true;
		return NULL;
	}
	if (file->bytes == NULL)
		error = why_unread(load, file);
	else if (file->unsafe != NULL)
		error = file->unsafe;
	else
		key = key_parse((struct slice){ file->bytes, file->size }, load->arena,
		    &error);
	if (key == NULL) {
		complain(load, from->source, from->line, path, error);
		return NULL;
	}
	loaded = arena_alloc(load->ring->arena, sizeof(*loaded));
	loaded->path = arena_strdup(load->ring->arena, path);
	loaded->key = key;
	arena_defer(load->ring->arena, free_key, loaded);
	map_set(load->by_path, path, loaded);
	return loaded;
}

static struct ring_key *
ring_key_new(struct arena *arena, const struct ring_domain *domain,
    const struct settings_key *key, const struct loaded *loaded)
{
	struct ring_key *ring_key = arena_alloc(arena, sizeof(*ring_key));

	*ring_key = (struct ring_key){
		.domain = domain->sdid,
		.selector = key->selector,
		.path = loaded->path,
		.key = loaded->key,
		.settings = domain->settings,
		.dns_name = arena_printf(arena, "%s._domainkey.%s", key->selector,
		    domain->sdid),
		.among = domain,
	};
	return ring_key;
}

/* d= for mail of an author's domain. */
static const char *
sdid_of(const struct settings_domain *settings, const char *author_domain)
{
	return settings->sign_as != NULL ? settings->sign_as : author_domain;
}

/* Sections that sign as one domain have the same keys: they are listed once. */
static bool
is_listed(struct load *load, const struct ring_key *key)
{
	const char *name = arena_printf(load->arena, "%s %s", key->dns_name, key->path);

	if (map_get(load->listed, name) != NULL)
		return true;
	map_set(load->listed, name, load);
	return false;
}

/* Adds the keys to those that are listed; false when none is an RSA key. */
static bool
list_keys(struct load *load, const struct ring_domain *domain)
{
	struct keyring *ring = load->ring;
	const struct ring_key **keys;
	bool rsa = domain->n_keys == 0 || domain->unseen;

	for (size_t i = 0; i < domain->n_keys; i++) {
		rsa = rsa || key_type(domain->keys[i]->key) == KEY_RSA;
		if (is_listed(load, domain->keys[i]))
			continue;
		if (ring->n == ring->capacity) {
			ring->capacity = ring->capacity * 2 + 16;
			keys = arena_array(ring->arena, ring->capacity, sizeof(*keys));
			if (ring->n > 0)
				memcpy(keys, ring->keys, ring->n * sizeof(*keys));
			ring->keys = keys;
		}
		ring->keys[ring->n++] = domain->keys[i];
	}
	return rsa;
}

static void
list_domain(struct load *load, const struct ring_domain *domain)
{
	if (!list_keys(load, domain))
		complain(load, domain->settings->source, domain->settings->line,
		    domain->sdid, "only Ed25519 "
		    "keys, which Gmail and Outlook do not verify: add an RSA key of "
		    "2048 bits (\"mailworthy keygen\")");
}

/* ---- sections with a name ---- */

static void
load_exact(struct load *load, const struct settings_domain *settings)
{
	struct arena *arena = load->ring->arena;
	struct ring_domain *domain = arena_alloc(arena, sizeof(*domain));
	const struct ring_key **keys = arena_array(arena, settings->n_keys,
	    sizeof(*keys));
	struct loaded *loaded;

	*domain = (struct ring_domain){ .sdid = sdid_of(settings, settings->name),
		.settings = settings, .keys = keys };
	for (size_t i = 0; i < settings->n_keys; i++) {
		const struct settings_key *key = &settings->keys[i];

		loaded = load_key(load, key->file, key, &domain->unseen);
		if (loaded != NULL)
			keys[domain->n_keys++] = ring_key_new(arena, domain, key, loaded);
	}
	map_set(load->ring->exact, settings->name, domain);
	list_domain(load, domain);
}

/* ---- sections with a star ---- */

/* The domain's keys in file order: those of templates and the plain ones. */
static struct ring_domain *
wild_domain_new(struct arena *arena, const struct wild *wild, const char *name)
{
	const struct settings_domain *settings = wild->settings;
	struct ring_domain *domain = arena_alloc(arena, sizeof(*domain));
	const struct ring_key **keys = arena_array(arena, settings->n_keys,
	    sizeof(*keys));

	*domain = (struct ring_domain){
		.sdid = arena_strdup(arena, sdid_of(settings, name)),
		.settings = settings, .keys = keys, .unseen = wild->unseen };
	for (size_t i = 0; i < settings->n_keys; i++) {
		const struct loaded *loaded = wild->plain[i];

		if (wild->by_domain[i] != NULL)
			loaded = map_get(wild->by_domain[i], name);
		if (loaded != NULL)
			keys[domain->n_keys++] = ring_key_new(arena, domain,
			    &settings->keys[i], loaded);
	}
	return domain;
}

/* The path with the selector in place of each %s. */
static const char *
path_with_selector(struct arena *arena, const char *path, const char *selector)
{
	struct buf buf;

	buf_init(&buf, arena, 4096);
	for (; *path != '\0'; path++) {
		if (path[0] == '%' && path[1] == 's') {
			buf_add_str(&buf, selector);
			path++;
		} else
			buf_add_char(&buf, *path);
	}
	return buf_str(&buf);
}

/* A file of "*.name" may be there for domains elsewhere. */
static bool
serves(const struct wild *wild, const char *domain)
{
	return domain_is_fqdn(domain) &&
	    settings_domain_matches(wild->settings->name, domain);
}

static void
load_template(struct load *load, struct wild *wild, size_t i, const char *path)
{
	const struct settings_key *key = &wild->settings->keys[i];
	const struct file_match *matches;
	struct loaded *loaded;
	size_t n;

	wild->by_domain[i] = map_new(load->ring->arena);
	if (files_credential(path) != NULL && files_get(load->files, path)->error == ENOKEY)
		load_key(load, path, key, &wild->unseen);	/* which ones, nobody can tell */
	matches = files_match(load->files, path, &n);
	for (size_t m = 0; m < n; m++) {
		if (!serves(wild, matches[m].domain))
			continue;
		loaded = load_key(load, matches[m].path, key, &wild->unseen);
		if (loaded == NULL)
			continue;
		map_set(wild->by_domain[i], matches[m].domain, loaded);
		map_set(wild->matched, matches[m].domain, wild);
	}
}

struct fill {
	struct load *load;
	struct wild *wild;
	struct map *domains;
};

static void
fill_domain(void *context, const char *name, void *value)
{
	struct fill *fill = context;
	struct ring_domain *domain;

	(void)value;
	domain = wild_domain_new(fill->load->ring->arena, fill->wild, name);
	map_set(fill->domains, name, domain);
	list_domain(fill->load, domain);
}

static void
load_wild(struct load *load, const struct settings_domain *settings)
{
	struct arena *arena = load->ring->arena;
	struct wild *wild = arena_alloc(arena, sizeof(*wild));
	struct fill fill = { load, wild, map_new(arena) };

	wild->settings = settings;
	wild->none = (struct ring_domain){ .sdid = settings->name,
		.settings = settings };
	wild->matched = map_new(arena);
	for (size_t i = 0; i < settings->n_keys && i < SETTINGS_KEYS_MAX; i++) {
		const struct settings_key *key = &settings->keys[i];
		const char *path = path_with_selector(load->arena, key->file,
		    key->selector);

		if (strstr(path, "%d") != NULL) {
			load_template(load, wild, i, path);
		} else {
			wild->plain[i] = load_key(load, path, key, &wild->unseen);
			wild->any_plain = wild->any_plain || wild->plain[i] != NULL;
		}
	}
	wild->none.unseen = wild->unseen;
	if (settings->sign_as != NULL && wild->any_plain) {
		/* no file has the name with the star: the plain keys alone */
		wild->shared = wild_domain_new(arena, wild, settings->name);
		list_domain(load, wild->shared);
	}
	map_each(wild->matched, fill_domain, &fill);
	wild->matched = fill.domains;
	map_set(load->ring->wild, settings->name, wild);
}

/* ---- the ring ---- */

static struct keyring *
ring_new(void)
{
	struct keyring *ring = mem_alloc(sizeof(*ring));

	ring->arena = arena_new();
	ring->exact = map_new(ring->arena);
	ring->wild = map_new(ring->arena);
	return ring;
}

/* What is wrong is in *error_r, "" for nothing. */
static struct keyring *
load_ring(const struct settings *settings, struct files *files, enum unseen unseen,
    struct arena *arena, const char **error_r)
{
	struct load load = { .settings = settings, .files = files, .arena = arena,
		.by_path = map_new(arena), .listed = map_new(arena), .unseen = unseen };

	load.ring = ring_new();
	buf_init(&load.errors, arena, ERRORS_MAX);
	for (size_t i = 0; i < settings->n_domains; i++) {
		if (settings->domains[i].name[0] == '*')
			load_wild(&load, &settings->domains[i]);
		else
			load_exact(&load, &settings->domains[i]);
	}
	if (load.untold > 0)
		buf_printf(&load.errors, "\n%zu more key%s cannot be used", load.untold,
		    load.untold == 1 ? "" : "s");
	*error_r = buf_str(&load.errors);
	return load.ring;
}

static struct keyring *
load_whole_ring(const struct settings *settings, struct files *files, enum unseen unseen,
    struct arena *arena, const char **error_r)
{
	const char *errors;
	struct keyring *ring = load_ring(settings, files, unseen, arena, &errors);

	if (*errors != '\0') {
		*error_r = errors;
		keyring_free(&ring);
	}
	return ring;
}

struct keyring *
keyring_new(const struct settings *settings, struct files *files, struct arena *arena,
    const char **error_r)
{
	return load_whole_ring(settings, files, UNSEEN_NONE, arena, error_r);
}

struct keyring *
keyring_new_lenient(const struct settings *settings, struct files *files,
    struct arena *arena, const char **error_r)
{
	return load_whole_ring(settings, files, UNSEEN_ALL, arena, error_r);
}

struct keyring *
keyring_new_outside(const struct settings *settings, struct files *files,
    struct arena *arena, const char **error_r)
{
	return load_whole_ring(settings, files, UNSEEN_CREDENTIALS, arena, error_r);
}

struct keyring *
keyring_new_partial(const struct settings *settings, struct files *files,
    struct arena *arena, const char **errors_r)
{
	return load_ring(settings, files, UNSEEN_ALL, arena, errors_r);
}

void
keyring_free(struct keyring **ring_p)
{
	struct keyring *ring = *ring_p;

	*ring_p = NULL;
	if (ring == NULL)
		return;
	arena_free(&ring->arena);
	free(ring);
}

size_t
keyring_count(const struct keyring *ring)
{
	return ring->n;
}

const struct ring_key *
keyring_at(const struct keyring *ring, size_t i)
{
	return ring->keys[i];
}

/*
 * What plain keys serve is made up for whoever asks: senders choose the names, so
 * that a table of them would grow without end.
 */
static const struct ring_domain *
find_in(const struct wild *wild, const char *name, struct arena *arena)
{
	const struct ring_domain *domain = map_get(wild->matched, name);

	if (domain != NULL)
		return domain;
	if (wild->shared != NULL)
		return wild->shared;
	if (wild->any_plain)
		return wild_domain_new(arena, wild, name);
	return wild->unseen ? &wild->none : NULL;
}

const struct ring_domain *
keyring_find(const struct keyring *ring, const char *name, struct arena *arena)
{
	const struct ring_domain *domain = map_get(ring->exact, name);
	const struct wild *wild;
	const char *parent;
	char pattern[DOMAIN_MAX + 3];

	if (domain != NULL || strlen(name) > DOMAIN_MAX)
		return domain;
	for (parent = domain_parent(name); parent != NULL;
	    parent = domain_parent(parent)) {
		snprintf(pattern, sizeof(pattern), "*.%s", parent);
		wild = map_get(ring->wild, pattern);
		if (wild != NULL) {
			domain = find_in(wild, name, arena);
			return domain != NULL ? domain : &wild->none;
		}
	}
	/* "*" manages the domains that it has a key for. */
	wild = map_get(ring->wild, "*");
	return wild == NULL ? NULL : find_in(wild, name, arena);
}
