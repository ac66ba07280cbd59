/*
 * The snapshot: loading, counting references, looking up.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "settings/build.h"
#include "settings/errors.h"

struct snapshot {
	struct settings settings;	/* first: what callers see */
	struct arena *arena;
	struct map *domains;		/* "example.com", ".example.com", "*" */
	struct map *egresses;		/* likewise */
	struct map *checks;
	struct map *logins;
	atomic_uint references;
};

static struct snapshot *
snapshot_of(const struct settings *settings)
{
	return (struct snapshot *)(uintptr_t)settings;
}

/* "*.example.com" is looked up as ".example.com": a tail of names it matches. */
static const char *
pattern_key(const char *pattern)
{
	return pattern[0] == '*' && pattern[1] == '.' ? pattern + 1 : pattern;
}

static void
index_egress(struct map *map, struct settings_egress *egress)
{
	for (size_t i = 0; i < egress->domains.n; i++)
		map_set(map, pattern_key(egress->domains.p[i]), egress);
}

static void
snapshot_index(struct snapshot *snapshot)
{
	struct settings *settings = &snapshot->settings;

	snapshot->domains = map_new(snapshot->arena);
	snapshot->egresses = map_new(snapshot->arena);
	snapshot->checks = map_new(snapshot->arena);
	snapshot->logins = map_new(snapshot->arena);
	for (size_t i = 0; i < settings->n_domains; i++)
		map_set(snapshot->domains, pattern_key(settings->domains[i].name),
		    &settings->domains[i]);
	for (size_t i = 0; i < settings->n_egresses; i++)
		index_egress(snapshot->egresses, &settings->egresses[i]);
	for (size_t i = 0; i < settings->n_checks; i++)
		map_set(snapshot->checks, settings->checks[i].id, &settings->checks[i]);
	for (size_t i = 0; i < settings->n_logins; i++)
		map_set(snapshot->logins, settings->logins[i].login, &settings->logins[i]);
}

static struct snapshot *
snapshot_new(const char *path)
{
	struct arena *arena = arena_new();
	struct snapshot *snapshot;

	snapshot = arena_alloc(arena, sizeof(*snapshot));
	snapshot->arena = arena;
	snapshot->settings.path = arena_strdup(arena, path);
	atomic_init(&snapshot->references, 1);
	return snapshot;
}

static void
snapshot_read(struct snapshot *snapshot, struct files *files,
    settings_check_exists_fn *check_exists, struct arena *work, struct errors *errors)
{
	const char *path = snapshot->settings.path;
	const struct file *file = files_get(files, path);
	struct reading reading = {
		.arena = snapshot->arena, .work = work, .errors = errors, .file = path,
		.files = files, .check_exists = check_exists,
		.settings = &snapshot->settings,
	};

	if (file->bytes == NULL) {
		errors_add(errors, path, 0, NULL, "cannot be read: %s%s",
		    strerror(file->error), file->error == ENOENT ? "; -c names another" : "");
		return;
	}
	/* a full disk, an editor cut off: nothing would be signed from then on */
	if (file->size == 0) {
		errors_add(errors, path, 0, NULL, "an empty file: was it cut off while it "
		    "was saved? For the defaults write a comment into it");
		return;
	}
	if (file->size > SETTINGS_FILE_MAX) {
		errors_add(errors, path, 0, NULL, "expected at most %d bytes (got %zu)",
		    SETTINGS_FILE_MAX, file->size);
		return;
	}
	build_settings(&reading, syntax_read((struct slice){ file->bytes, file->size },
	    path, work, errors));
}

const struct settings *
settings_load(struct files *files, const char *path,
    settings_check_exists_fn *check_exists, struct arena *arena, const char **error_r)
{
	struct snapshot *snapshot = snapshot_new(path);
	struct errors *errors = errors_new(arena);
	const struct settings *settings = &snapshot->settings;
	struct arena *work = arena_new();

	*error_r = NULL;
	snapshot_read(snapshot, files, check_exists, work, errors);
	if (errors_count(errors) == 0) {
		snapshot_index(snapshot);
	} else {
		*error_r = errors_text(errors);
		settings_unref(&settings);
	}
	arena_free(&work);
	return settings;
}

const struct settings *
settings_ref(const struct settings *settings)
{
	atomic_fetch_add_explicit(&snapshot_of(settings)->references, 1,
	    memory_order_relaxed);
	return settings;
}

void
settings_unref(const struct settings **settings)
{
	struct snapshot *snapshot;
	struct arena *arena;

	if (*settings == NULL)
		return;
	snapshot = snapshot_of(*settings);
	*settings = NULL;
	if (atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) > 1)
		return;
	arena = snapshot->arena;
	arena_free(&arena);
}

/* The value of the exact name; the keys of patterns are no names. */
static void *
find_exact(const struct map *map, const char *domain)
{
	return *domain == '.' || *domain == '*' ? NULL : map_get(map, domain);
}

/* The value of the exact name, else of the longest ".parent", else of "*". */
static void *
find_by_domain(const struct map *map, const char *domain)
{
	void *found = find_exact(map, domain);
	const char *dot = *domain == '.' ? domain + 1 : domain;

	while (found == NULL && (dot = strchr(dot, '.')) != NULL) {
		found = map_get(map, dot);
		dot++;
	}
	return found != NULL ? found : map_get(map, "*");
}

const struct settings_domain *
settings_find_domain(const struct settings *settings, const char *domain)
{
	return find_by_domain(snapshot_of(settings)->domains, domain);
}

const struct settings_egress *
settings_find_egress(const struct settings *settings, const char *domain)
{
	return find_by_domain(snapshot_of(settings)->egresses, domain);
}

const struct settings_check *
settings_find_check(const struct settings *settings, const char *id)
{
	return map_get(snapshot_of(settings)->checks, id);
}

const struct settings_tuning *
settings_find_tuning(const struct settings_stream *stream, const char *id)
{
	for (size_t i = 0; stream != NULL && i < stream->n_checks; i++) {
		if (strcmp(stream->checks[i].id, id) == 0)
			return &stream->checks[i];
	}
	return NULL;
}

const struct settings_login *
settings_find_login(const struct settings *settings, const char *login)
{
	struct arena *work;
	void *found;

	if (settings->n_logins == 0)
		return NULL;
	work = arena_new();
	found = map_get(snapshot_of(settings)->logins,
	    slice_dup_lower(work, slice_of(login)));
	arena_free(&work);
	return found;
}

bool
settings_domain_matches(const char *pattern, const char *domain)
{
	size_t n, tail;

	if (strcmp(pattern, "*") == 0)
		return true;
	if (strncmp(pattern, "*.", 2) != 0)
		return strcmp(pattern, domain) == 0;
	n = strlen(domain);
	tail = strlen(pattern + 1);
	return n > tail && strcmp(domain + n - tail, pattern + 1) == 0;
}

bool
settings_sender_matches(const struct settings_strings *senders, const char *local_part,
    const char *domain)
{
	const char *at;
	struct slice local;

	if (local_part == NULL || domain == NULL)
		return false;
	for (size_t i = 0; i < senders->n; i++) {
		at = strrchr(senders->p[i], '@');
		if (at == NULL || !settings_domain_matches(at + 1, domain))
			continue;
		local = (struct slice){ senders->p[i], (size_t)(at - senders->p[i]) };
		if (local.n == 0 || slice_is(local, local_part))
			return true;
	}
	return false;
}
