/*
 * Files that a path template stands for.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "settings/files_store.h"

/* "/keys/" "%d" ".s1" "/x.pem" of "/keys/%d.s1/x.pem", with a prefix in front. */
struct template_parts {
	const char *directory;
	struct slice before, after;	/* around %d within one path component */
	const char *rest;		/* of the path after that component */
};

static bool
template_split(struct arena *arena, const char *path, struct template_parts *parts_r)
{
	const char *mark = strstr(path, "%d"), *slash, *end;

	if (mark == NULL)
		return false;
	slash = mark;
	while (slash > path && *slash != '/')
		slash--;
	if (*slash != '/')
		return false;
	end = strchr(mark, '/');
	if (end == NULL)
		end = mark + strlen(mark);
	parts_r->directory = arena_strndup(arena, path, (size_t)(slash - path) + 1);
	parts_r->before = (struct slice){ slash + 1, (size_t)(mark - slash) - 1 };
	parts_r->after = (struct slice){ mark + 2, (size_t)(end - mark) - 2 };
	parts_r->rest = end;
	return true;
}

static bool
is_domain(struct slice name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

	if (name.n == 0 || name.n > 253 || name.p[0] == '.' || name.p[name.n - 1] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (memchr(allowed, name.p[i], sizeof(allowed) - 1) == NULL)
			return false;
	}
	return true;
}

/* The text in place of %d, or an empty slice. */
static struct slice
component_match(const struct template_parts *parts, struct slice name)
{
	struct slice middle;
	size_t around = parts->before.n + parts->after.n;

	if (name.n <= around ||
	    !slice_eq(slice_sub(name, 0, parts->before.n), parts->before) ||
	    !slice_eq(slice_sub(name, name.n - parts->after.n, name.n), parts->after))
		return slice_of(NULL);
	middle = slice_sub(name, parts->before.n, name.n - around);
	return is_domain(middle) ? middle : slice_of(NULL);
}

static void
matches_add(struct arena *arena, struct matches *matches, struct file_match match)
{
	struct file_match *more;

	/* Doubles at 0, 1, 2, 4, ... */
	if ((matches->n & (matches->n - 1)) == 0) {
		more = arena_array(arena, matches->n == 0 ? 1 : 2 * matches->n,
		    sizeof(*more));
		if (matches->n > 0)
			memcpy(more, matches->p, matches->n * sizeof(*more));
		matches->p = more;
	}
	matches->p[matches->n++] = match;
}

static void
scan_directory(struct arena *arena, const struct template_parts *parts,
    struct matches *matches)
{
	DIR *directory = opendir(parts->directory);
	struct dirent *entry;
	struct slice domain;
	struct stat st;
	char *path;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL && matches->n < FILES_MATCHES_MAX) {
		domain = component_match(parts, slice_of(entry->d_name));
		if (domain.n == 0)
			continue;
		path = arena_printf(arena, "%s%s%s", parts->directory, entry->d_name,
		    parts->rest);
		if (stat(path, &st) != 0 || S_ISDIR(st.st_mode))
			continue;
		matches_add(arena, matches,
		    (struct file_match){ path, slice_dup(arena, domain) });
	}
	closedir(directory);
}

static int
match_order(const void *a, const void *b)
{
	return strcmp(((const struct file_match *)a)->domain,
	    ((const struct file_match *)b)->domain);
}

const struct file_match *
files_match(struct files *files, const char *template_path, size_t *n_r)
{
	struct matches *matches = map_get(files->by_template, template_path);
	struct template_parts parts;
	const char *path;

	if (matches == NULL) {
		matches = arena_alloc(files->arena, sizeof(*matches));
		matches->template_path = arena_strdup(files->arena, template_path);
		map_set(files->by_template, template_path, matches);
		path = files_real_path(files->arena, template_path);
		if (files->has_disk && path != NULL &&
		    template_split(files->arena, path, &parts))
			scan_directory(files->arena, &parts, matches);
		if (matches->n > 0)
			qsort(matches->p, matches->n, sizeof(*matches->p), match_order);
	}
	*n_r = matches->n;
	return matches->p;
}
