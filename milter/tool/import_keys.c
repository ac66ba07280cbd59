/*
 * Looks at the keys of an imported configuration before it is started with.
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/command.h"
#include "base/map.h"
#include "core/core.h"
#include "dkim/keyring.h"
#include "settings/files.h"
#include "settings/import/import.h"
#include "settings/settings.h"
#include "tool/access.h"
#include "tool/complaint.h"
#include "tool/import_keys.h"
#include "tool/reach.h"

#define OURS "/the configuration"	/* a name for what is on no disk yet */

enum { TOLD_MAX = 1000 };

static void
add(struct arena *arena, struct import_key_lines *lines, const char *text,
    const char *command)
{
	if (lines->p == NULL)
		lines->p = arena_array(arena, TOLD_MAX, sizeof(*lines->p));
	if (lines->n < TOLD_MAX)
		lines->p[lines->n++] = (struct import_key_line){ text, command };
}

static void
count_unseen(struct files *files, struct map *told, const char *path,
    struct import_keys *keys)
{
	const struct file *file = files_get(files, path);

	if (file->bytes != NULL || (file->error != EACCES && file->error != EPERM) ||
	    map_get(told, path) != NULL)
		return;
	map_set(told, path, keys);
	keys->unseen++;
}

static void
take_unseen(const struct settings *settings, struct files *files, struct map *told,
    struct import_keys *keys)
{
	for (size_t i = 0; i < settings->n_domains; i++) {
		for (size_t k = 0; k < settings->domains[i].n_keys; k++) {
			const char *path = settings->domains[i].keys[k].file;
			const struct file_match *matches = NULL;
			size_t n = 0;

			if (strstr(path, "%d") != NULL)
				matches = files_match(files, path, &n);
			for (size_t m = 0; m < n; m++)
				count_unseen(files, told, matches[m].path, keys);
			count_unseen(files, told, path, keys);	/* or the directory */
		}
	}
}

/* Those that stand in a table themselves: a remark says what to do. */
static void
pass_over_inline(const struct import *import, struct map *told)
{
	for (size_t i = 0; i < import->n_domains; i++)
		for (size_t k = 0; k < import->domains[i].n_keys; k++)
			if (import->domains[i].keys[k].is_inline)
				map_set(told, import->domains[i].keys[k].file, told);
}

/* A key of several sections is complained of in each: once is enough. */
static void
take_refused(struct arena *arena, struct map *told, const char *errors,
    struct import_keys *keys)
{
	struct slice rest = slice_of(errors);
	struct complaint complaint;

	while (complaint_next(arena, &rest, &complaint)) {
		if (map_get(told, complaint.path) != NULL)
			continue;
		keys->more_refused = keys->more_refused || *complaint.path == '\0';
		map_set(told, complaint.path, keys);
		if (complaint.before != NULL)
			add(arena, &keys->refused, complaint.before, complaint.command);
		else
			add(arena, &keys->refused, complaint.text, NULL);
	}
}

/* A copy that the user may read, as keygen would write it; NULL for a path that
 * is no good in a shell. */
static const char *
copy_command(struct arena *arena, const struct ring_key *key, const struct reach_user *user)
{
	const char *copy = arena_printf(arena, "/etc/mailworthy/keys/%s.%s.pem", key->domain,
	    key->selector);

	if (!command_is_plain(key->path) || !command_is_plain(copy))
		return NULL;
	return arena_printf(arena, "install -o root -g %s -m 0640 %s %s",
	    reach_group(arena, user), key->path, copy);
}

/* Templates (%d) are many files: those found are in the ring. */
static void
take_closed(struct arena *arena, struct map *told, const struct keyring *ring,
    struct import_keys *keys)
{
	struct reach_user user;
	const char *at;

	if (keys->user == NULL || !reach_user(keys->user, &user)) {
		keys->user = NULL;
		return;
	}
	for (size_t i = 0; i < keyring_count(ring); i++) {
		const char *path = keyring_at(ring, i)->path;

		if (map_get(told, path) != NULL)
			continue;
		map_set(told, path, keys);
		if (access_may(arena, &user, path, ACCESS_READ, &at) != ACCESS_REFUSED)
			continue;
		add(arena, &keys->closed, arena_printf(arena, "%s (%s%s%s)", path,
		    strcmp(at, path) == 0 ? "" : at, strcmp(at, path) == 0 ? "" : " is ",
		    access_shown(arena, at)), copy_command(arena, keyring_at(ring, i), &user));
	}
}

void
import_keys_look(struct arena *arena, struct files *files, const struct import *import,
    struct slice text, struct import_keys *keys_r)
{
	struct map *told = map_new(arena);
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
	pass_over_inline(import, told);
	take_unseen(settings, files, told, keys_r);
	take_refused(arena, told, key_errors, keys_r);
	keys_r->user = *settings->user != '\0' ? arena_strdup(arena, settings->user) : NULL;
	take_closed(arena, told, snapshot_keyring(snapshot), keys_r);
	snapshot_unref(&snapshot);
}
