/*
 * Settings, keys and phrases of one moment, counted.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "checks/check.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "mail/phrases.h"
#include "settings/lists.h"
#include "settings/settings.h"

struct snapshot {
	atomic_uint references;
	const struct settings *settings;
	struct keyring *ring;
	pthread_mutex_t lock;		/* of phrases */
	struct phrases *phrases;	/* NULL before the first message */
};

static struct snapshot *
make(const struct settings *settings, struct keyring *ring)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (snapshot == NULL)
		bug("out of memory");
	atomic_init(&snapshot->references, 1);
	snapshot->settings = settings;
	snapshot->ring = ring;
	pthread_mutex_init(&snapshot->lock, NULL);
	return snapshot;
}

static struct snapshot *
load(struct files *files, const char *path, bool lenient, struct arena *arena,
    const char **error_r)
{
	const struct settings *settings;
	struct keyring *ring;

	settings = settings_load(files, path, check_exists, arena, error_r);
	if (settings == NULL)
		return NULL;
	ring = lenient ? keyring_new_lenient(settings, files, arena, error_r) :
	    keyring_new(settings, files, arena, error_r);
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
	return load(files, path, false, arena, error_r);
}

struct snapshot *
snapshot_load_lenient(struct files *files, const char *path, struct arena *arena,
    const char **error_r)
{
	return load(files, path, true, arena, error_r);
}

struct snapshot *
snapshot_load_partial(struct files *files, const char *path, struct arena *arena,
    const char **error_r, const char **key_errors_r)
{
	const struct settings *settings;

	*key_errors_r = "";
	settings = settings_load(files, path, check_exists, arena, error_r);
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

void
snapshot_unref(struct snapshot **snapshot_p)
{
	struct snapshot *snapshot = *snapshot_p;

	*snapshot_p = NULL;
	if (snapshot == NULL || atomic_fetch_sub(&snapshot->references, 1) > 1)
		return;
	keyring_free(&snapshot->ring);
	phrases_free(&snapshot->phrases);
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

const struct phrases *
snapshot_phrases(struct snapshot *snapshot, bool long_lived)
{
	const struct phrase *list;
	const char *error;
	size_t n;

	pthread_mutex_lock(&snapshot->lock);
	if (snapshot->phrases == NULL) {
		list = lists_phrases(snapshot->settings->lists, &n);
		snapshot->phrases = long_lived ? phrases_new(list, n, &error) :
		    phrases_new_own(list, n, &error);
		if (snapshot->phrases == NULL)	/* the settings hold no such */
			bug("phrases: %s", error);
	}
	pthread_mutex_unlock(&snapshot->lock);
	return snapshot->phrases;
}
