/*
 * Settings, keys and phrases of one moment, counted.
 */
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/phrase.h"
#include "checks/check.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "mail/phrases.h"
#include "settings/files.h"
#include "settings/lists.h"
#include "settings/settings.h"

enum { PASSWD_TEXT = 4096 };

/* What snapshots with the same phrases share. */
struct compiled {
	atomic_uint references;
	const struct settings *settings;	/* whose lists they point into */
	struct phrases *phrases;
};

struct snapshot {
	atomic_uint references;
	const struct settings *settings;
	struct keyring *ring;
	pthread_mutex_t lock;		/* of compiled */
	struct compiled *compiled;	/* NULL before the first message */
};

static struct snapshot *
make(const struct settings *settings, struct keyring *ring)
{
	struct snapshot *snapshot = mem_alloc(sizeof(*snapshot));

	atomic_init(&snapshot->references, 1);
	snapshot->settings = settings;
	snapshot->ring = ring;
	pthread_mutex_init(&snapshot->lock, NULL);
	return snapshot;
}

/* Keys are judged as the daemon's user will judge them at a reload. */
static const struct settings *
read_settings(struct files *files, const char *path, struct arena *arena,
    const char **error_r)
{
	const struct settings *settings = settings_load(files, path, check_exists, arena,
	    error_r);
	struct passwd entry, *found = NULL;
	char text[PASSWD_TEXT];

	if (settings != NULL && geteuid() == 0 && *settings->user != '\0' &&
	    getpwnam_r(settings->user, &entry, text, sizeof(text), &found) == 0 &&
	    found != NULL)
		files_trust(files, found->pw_uid);
	return settings;
}

typedef struct keyring *ring_maker(const struct settings *, struct files *,
    struct arena *, const char **);

static struct snapshot *
load(struct files *files, const char *path, ring_maker *make_ring, struct arena *arena,
    const char **error_r)
{
	const struct settings *settings;
	struct keyring *ring;

	settings = read_settings(files, path, arena, error_r);
	if (settings == NULL)
		return NULL;
	ring = make_ring(settings, files, arena, error_r);
	if (ring == NULL) {
		settings_unref(&settings);
		return NULL;
	}
	return make(settings, ring);
}

struct snapshot *
snapshot_load(struct files *files, const char *path, struct arena *arena,
    const char **error_r)
{
	return load(files, path, keyring_new, arena, error_r);
}

struct snapshot *
snapshot_load_outside(struct files *files, const char *path, struct arena *arena,
    const char **error_r)
{
	return load(files, path, keyring_new_outside, arena, error_r);
}

struct snapshot *
snapshot_load_lenient(struct files *files, const char *path, struct arena *arena,
    const char **error_r)
{
	return load(files, path, keyring_new_lenient, arena, error_r);
}

struct snapshot *
snapshot_load_partial(struct files *files, const char *path, struct arena *arena,
    const char **error_r, const char **key_errors_r)
{
	const struct settings *settings;

	*key_errors_r = "";
	settings = read_settings(files, path, arena, error_r);
	if (settings == NULL)
		return NULL;
	return make(settings, keyring_new_partial(settings, files, arena, key_errors_r));
}

struct snapshot *
snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->references, 1);
	return snapshot;
}

static void
compiled_unref(struct compiled *compiled)
{
	if (compiled == NULL || atomic_fetch_sub(&compiled->references, 1) > 1)
		return;
	phrases_free(&compiled->phrases);
	settings_unref(&compiled->settings);
	free(compiled);
}

void
snapshot_unref(struct snapshot **snapshot_p)
{
	struct snapshot *snapshot = *snapshot_p;

	*snapshot_p = NULL;
	if (snapshot == NULL || atomic_fetch_sub(&snapshot->references, 1) > 1)
		return;
	keyring_free(&snapshot->ring);
	compiled_unref(snapshot->compiled);
	pthread_mutex_destroy(&snapshot->lock);
	settings_unref(&snapshot->settings);
	free(snapshot);
}

const struct settings *
snapshot_settings(const struct snapshot *snapshot)
{
	return snapshot->settings;
}

const struct keyring *
snapshot_keyring(const struct snapshot *snapshot)
{
	return snapshot->ring;
}

static struct compiled *
compile(const struct settings *settings, bool long_lived)
{
	struct compiled *compiled = mem_alloc(sizeof(*compiled));
	const struct phrase *list;
	const char *error;
	size_t n;

	list = lists_phrases(settings->lists, &n);
	compiled->phrases = long_lived ? phrases_new(list, n, &error) :
	    phrases_new_own(list, n, &error);
	if (compiled->phrases == NULL)	/* the settings hold no such */
		bug("phrases: %s", error);
	compiled->settings = settings_ref(settings);
	atomic_init(&compiled->references, 1);
	return compiled;
}

const struct phrases *
snapshot_phrases(struct snapshot *snapshot, bool long_lived)
{
	pthread_mutex_lock(&snapshot->lock);
	if (snapshot->compiled == NULL)
		snapshot->compiled = compile(snapshot->settings, long_lived);
	pthread_mutex_unlock(&snapshot->lock);
	return snapshot->compiled->phrases;
}

static bool
same_phrases(const struct settings *one, const struct settings *other)
{
	size_t n, n_other;
	const struct phrase *a = lists_phrases(one->lists, &n);
	const struct phrase *b = lists_phrases(other->lists, &n_other);

	if (n != n_other)
		return false;
	for (size_t i = 0; i < n; i++)
		if (a[i].where != b[i].where || strcmp(a[i].text, b[i].text) != 0 ||
		    strcmp(a[i].language, b[i].language) != 0)
			return false;
	return true;
}

void
snapshot_keep_phrases(struct snapshot *fresh, struct snapshot *old)
{
	struct compiled *compiled;

	if (!same_phrases(fresh->settings, old->settings))
		return;
	pthread_mutex_lock(&old->lock);
	compiled = old->compiled;
	if (compiled != NULL)
		atomic_fetch_add(&compiled->references, 1);
	pthread_mutex_unlock(&old->lock);
	fresh->compiled = compiled;
}
