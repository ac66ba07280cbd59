/*
 * Settings and keys of one moment, counted.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "checks/check.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "settings/settings.h"

struct snapshot {
	atomic_uint references;
	const struct settings *settings;
	struct keyring *ring;
};

static struct snapshot *
load(struct files *files, const char *path, bool lenient, struct arena *arena,
    const char **error_r)
{
	const struct settings *settings;
	struct keyring *ring;
	struct snapshot *snapshot;

	settings = settings_load(files, path, check_exists, arena, error_r);
	if (settings == NULL)
		return NULL;
	ring = lenient ? keyring_new_lenient(settings, files, arena, error_r) :
	    keyring_new(settings, files, arena, error_r);
	if (ring == NULL) {
		settings_unref(&settings);
		return NULL;
	}
	snapshot = calloc(1, sizeof(*snapshot));
	if (snapshot == NULL)
		bug("out of memory");
	atomic_init(&snapshot->references, 1);
	snapshot->settings = settings;
	snapshot->ring = ring;
	return snapshot;
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
