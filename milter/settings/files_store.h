/*
 * What files.c, files_safe.c, files_match.c and files_pack.c share.
 */
#ifndef MW_SETTINGS_FILES_STORE_H
#define MW_SETTINGS_FILES_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/map.h"
#include "settings/files.h"

struct matches {
	const char *template_path;
	struct file_match *p;
	size_t n;
};

struct files {
	struct arena *arena;
	struct map *by_path;		/* struct file */
	struct map *by_template;	/* struct matches */
	bool has_disk;
	uid_t we;			/* as whom the daemon reads them */
};

struct files *files_new_empty(bool has_disk);

/* Where it is on disk; NULL for a credential when there are none. */
const char *files_real_path(struct arena *arena, const char *path);

/* Memory that is wiped with the arena. */
void *files_secret_alloc(struct arena *arena, size_t size);

/* Why others could read or replace the file, or NULL. */
const char *files_why_unsafe(struct arena *arena, const char *path,
    const struct stat *file_stat, uid_t we);

#endif
