/*
 * Looks at the keys of an imported configuration before it is started with.
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "settings/files.h"
#include "settings/settings.h"
#include "tool/access.h"
#include "tool/import_keys.h"
#include "tool/reach.h"

#define OURS "/the configuration"	/* a name for what is on no disk yet */

enum { TOLD_MAX = 1000 };

static void
add(struct arena *arena, const char ***list, size_t *n, const char *text)
{
	if (*list == NULL)
		*list = arena_array(arena, TOLD_MAX, sizeof(**list));
	if (*n < TOLD_MAX)
		(*list)[(*n)++] = text;
}

static bool
is_unseen(struct files *files, const char *path)
{
	const struct file *file = files_get(files, path);

	return file->bytes == NULL && (file->error == EACCES || file->error == EPERM);
}

/* Of "FILE:LINE: /path: the rest" what follows the line number. */
static const char *
without_place(struct arena *arena, struct slice line)
{
	const char *text = slice_dup(arena, line), *at = strstr(text, ": ");

	return at != NULL ? at + 2 : text;
}

static void
take_refused(struct arena *arena, const struct map *unseen, const char *errors,
    struct import_keys *keys)
{
	struct slice rest = slice_of(errors), line;

	while (slice_split(&rest, '\n', &line)) {
		const char *text = without_place(arena, line), *end = strstr(text, ": ");

		if (line.n > 0 && (end == NULL || map_get(unseen,
		    arena_strndup(arena, text, (size_t)(end - text))) == NULL))
			add(arena, &keys->refused, &keys->n_refused, text);
	}
}

/* Templates (%d) are many files: those found are in the ring. */
static void
take_closed(struct arena *arena, const struct keyring *ring, struct import_keys *keys)
{
	struct map *met = map_new(arena);
	struct reach_user user;
	const char *at;

	if (keys->user == NULL || !reach_user(keys->user, &user)) {
		keys->user = NULL;
		return;
	}
	for (size_t i = 0; i < keyring_count(ring); i++) {
		const char *path = keyring_at(ring, i)->path;

		if (map_get(met, path) != NULL)
			continue;
		map_set(met, path, keys);
		if (access_may(arena, &user, path, ACCESS_READ, &at) == ACCESS_REFUSED)
			add(arena, &keys->closed, &keys->n_closed, arena_printf(arena,
			    "%s (%s%s%s)", path, strcmp(at, path) == 0 ? "" : at,
			    strcmp(at, path) == 0 ? "" : " is ",
			    access_shown(arena, at)));
	}
}

void
import_keys_look(struct arena *arena, struct files *files, struct slice text,
    struct import_keys *keys_r)
{
	struct map *unseen = map_new(arena);
	const char *error = "", *key_errors = "";
	const struct settings *settings;
	struct snapshot *snapshot;

	*keys_r = (struct import_keys){ 0 };
	if (text.n > FILES_EACH_MAX)
		return;
	files_put(files, OURS, text.p, text.n);
	snapshot = snapshot_load_partial(files, OURS, arena, &error, &key_errors);
	if (snapshot == NULL)
		return;
	settings = snapshot_settings(snapshot);
	for (size_t i = 0; i < settings->n_domains; i++) {
		for (size_t k = 0; k < settings->domains[i].n_keys; k++) {
			const char *path = settings->domains[i].keys[k].file;

			if (map_get(unseen, path) == NULL && is_unseen(files, path)) {
				map_set(unseen, path, keys_r);
				keys_r->unseen++;
			}
		}
	}
	take_refused(arena, unseen, key_errors, keys_r);
	keys_r->user = *settings->user != '\0' ? arena_strdup(arena, settings->user) : NULL;
	take_closed(arena, snapshot_keyring(snapshot), keys_r);
	snapshot_unref(&snapshot);
}
